/* SPDX-License-Identifier: Apache-2.0 */
/* Steps without inner steps, except <call>. */
#include "amzx_build.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_json.h"

static void set_members(amzx_build_t *b, const amzx_flow_step_t *n,
                        const char *members)
{
    if (n->slot >= 0) {
        APR_ARRAY_IDX(b->flow->slots, n->slot, amzx_slot_t).members = members;
    }
}

static const void *map(amzx_build_t *b, const amzx_xelem_t *e,
                       const amzx_flow_step_t *n)
{
    amzx_map_t *m = apr_pcalloc(b->pool, sizeof(*m));

    m->rules = amzx_build_rules(b, e);
    set_members(b, n, amzx_build_members(b, m->rules));
    return m;
}

static const void *set(amzx_build_t *b, const amzx_xelem_t *e)
{
    amzx_set_t *s = apr_pcalloc(b->pool, sizeof(*s));

    s->value = amzx_build_need_text(b, e, "value");
    s->type = amzx_build_type(e, &s->is_typed);
    return s;
}

static const void *validate(amzx_build_t *b, const amzx_xelem_t *e,
                            const amzx_flow_step_t *n)
{
    apr_array_header_t *list = apr_array_make(b->pool, 4, sizeof(void *));
    amzx_validate_t *v = apr_pcalloc(b->pool, sizeof(*v));
    const amzx_xelem_t *x;

    for (x = amzx_xchild(e, "rule"); x; x = amzx_xnext(x)) {
        amzx_check_t *c = apr_pcalloc(b->pool, sizeof(*c));

        c->id = amzx_xattr(x, "id", "");
        c->test = amzx_build_need_expr(b, x, "test");
        c->severity = amzx_xattr(x, "severity", "error");
        c->code = amzx_xattr(x, "code", "validation.failed");
        c->message = amzx_build_need_text(b, x, "message");
        APR_ARRAY_PUSH(list, const amzx_check_t *) = c;
    }
    v->checks = amzx_build_parts(list);
    set_members(b, n, "ok flagged[] failed[]");
    return v;
}

static void options(amzx_build_t *b, const amzx_xelem_t *e,
                    amzx_ask_review_t *r)
{
    apr_array_header_t *names = apr_array_make(b->pool, 8, sizeof(char *));
    amzx_val_t *list = amzx_val_list(4, b->pool);
    const amzx_xelem_t *x;
    amzx_near_t near_;
    int is_found = r->on_timeout == NULL;
    int i;

    amzx_near_init(&near_, r->on_timeout ? r->on_timeout : "");
    for (x = amzx_xchild(e, "option"); x; x = amzx_xnext(x)) {
        const char *name = amzx_xattr(x, "name", "");
        amzx_val_t *o = amzx_val_obj(2, b->pool);

        for (i = 0; i < names->nelts; i++) {
            if (strcmp(APR_ARRAY_IDX(names, i, const char *), name) == 0) {
                amzx_build_error(b, x, "lint.duplicate_id", NULL,
                                 "%s has two options %s", b->element, name);
            }
        }
        APR_ARRAY_PUSH(names, const char *) = name;
        amzx_near_try(&near_, name);
        is_found |= r->on_timeout && strcmp(r->on_timeout, name) == 0;
        amzx_val_put_str(o, "name", name, b->pool);
        amzx_val_put_str(o, "label", amzx_xattr(x, "label", name), b->pool);
        amzx_val_push(list, o, b->pool);
    }
    APR_ARRAY_PUSH(names, const char *) = NULL;
    r->names = (const char *const *)names->elts;
    r->options = amzx_json_write(list, NULL, b->pool);
    if (!is_found) {
        amzx_build_error(b, e, "lint.unknown_option",
                         amzx_near_hint(&near_, b->pool),
                         "on-timeout of %s: there is no option %s",
                         b->element, r->on_timeout);
    }
}

static const void *review(amzx_build_t *b, const amzx_xelem_t *e,
                          const amzx_flow_step_t *n)
{
    amzx_ask_review_t *r = apr_pcalloc(b->pool, sizeof(*r));

    r->queue = amzx_xattr(e, "queue", "");
    r->timeout_us =
        amzx_build_duration(b, e, "timeout", apr_time_from_sec(14 * 86400));
    r->on_timeout = amzx_xattr(e, "on-timeout", NULL);
    r->editable = amzx_build_expr(b, e, "editable");
    r->shows = amzx_build_args(b, e, "show", "label");
    options(b, e, r);
    set_members(b, n, "choice edited? by? at? note?");
    return r;
}

static const void *run(amzx_build_t *b, const amzx_xelem_t *e)
{
    amzx_start_t *s = apr_pcalloc(b->pool, sizeof(*s));

    s->workflow = amzx_xattr(e, "workflow", "");
    s->is_detached = strcmp(amzx_xattr(e, "mode", "await"), "detach") == 0;
    s->key = amzx_build_need_text(b, e, "run-key");
    if (b->loops > 0 && !b->saw_varying) {
        amzx_build_error(b, e, "lint.key_not_unique",
                         "put the item's key into it",
                         "%s: run-key is the same for every item",
                         b->element);
    }
    s->args = amzx_build_args(b, e, "arg", "name");
    if (b->world->has_workflow
        && strcmp(s->workflow, b->flow->name) != 0
        && !b->world->has_workflow(b->world->ctx, s->workflow)) {
        amzx_build_warn(b, e, "lint.unknown_workflow", NULL,
                        "%s: there is no workflow %s", b->element,
                        s->workflow);
    }
    return s;
}

static const void *pause_step(amzx_build_t *b, const amzx_xelem_t *e)
{
    amzx_wait_t *w = apr_pcalloc(b->pool, sizeof(*w));
    const char *for_ = amzx_xattr(e, "for", NULL);

    w->for_us = -1;
    if (amzx_xattr(e, "event", NULL)) {
        amzx_build_error(b, e, "lint.unsupported", NULL,
                         "%s: waiting for an event is not available in this "
                         "version", b->element);
        return w;
    }
    if (for_ && strstr(for_, "{{")) {
        w->for_ = amzx_build_expr(b, e, "for");
    }
    else if (for_) {
        w->for_us = amzx_build_duration(b, e, "for", 0);
    }
    w->until = amzx_build_expr(b, e, "until");
    if (!for_ == !amzx_xattr(e, "until", NULL)) {
        amzx_build_error(b, e, "lint.wait", NULL,
                         "%s needs either for or until", b->element);
    }
    return w;
}

static const void *emit(amzx_build_t *b, const amzx_xelem_t *e)
{
    const amzx_xelem_t *body = amzx_xchild(e, "body");
    amzx_emit_t *m = apr_pcalloc(b->pool, sizeof(*m));

    m->event = amzx_xattr(e, "event", "");
    m->rules = body ? amzx_build_rules(b, body) : NULL;
    return m;
}

static const void *note(amzx_build_t *b, const amzx_xelem_t *e)
{
    amzx_note_t *n = apr_pcalloc(b->pool, sizeof(*n));

    n->level = amzx_xattr(e, "level", "info");
    n->message = amzx_build_need_text(b, e, "message");
    return n;
}

static const void *fail(amzx_build_t *b, const amzx_xelem_t *e)
{
    amzx_fail_t *f = apr_pcalloc(b->pool, sizeof(*f));

    f->code = amzx_xattr(e, "code", "business.failed");
    f->message = amzx_build_need_text(b, e, "message");
    b->has_ended = 1;
    return f;
}

static const void *stop(amzx_build_t *b, const amzx_xelem_t *e)
{
    amzx_stop_t *s = apr_pcalloc(b->pool, sizeof(*s));

    s->outcome = amzx_xattr(e, "outcome", "done");
    s->reason = amzx_build_text(b, e, "reason");
    b->has_ended = 1;
    return s;
}

const void *amzx_build_simple(amzx_build_t *b, const amzx_xelem_t *e,
                              amzx_flow_step_t *node)
{
    switch (node->kind) {
    case AMZX_NODE_MAP:
        return map(b, e, node);
    case AMZX_NODE_SET:
        return set(b, e);
    case AMZX_NODE_VALIDATE:
        return validate(b, e, node);
    case AMZX_NODE_REVIEW:
        return review(b, e, node);
    case AMZX_NODE_RUN:
        return run(b, e);
    case AMZX_NODE_WAIT:
        return pause_step(b, e);
    case AMZX_NODE_EMIT:
        return emit(b, e);
    case AMZX_NODE_LOG:
        return note(b, e);
    case AMZX_NODE_FAIL:
        return fail(b, e);
    case AMZX_NODE_STOP:
        return stop(b, e);
    default:
        return NULL;
    }
}
