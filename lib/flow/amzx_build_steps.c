/* SPDX-License-Identifier: Apache-2.0 */
/* Steps in the order in which they run: blocks and control flow. */
#include "amzx_build.h"

#include <apr_strings.h>

#include <string.h>

/* Elements of the schema that a later version brings. */
static const char *const later[] = { "http", "stream", "parallel",
                                     "use-fragment" };

int amzx_build_kind(const amzx_xelem_t *e)
{
    int i;

    for (i = 0; i <= AMZX_NODE_SLOT; i++) {
        if (strcmp(amzx_node_name((amzx_node_e)i), e->name) == 0) {
            return i;
        }
    }
    for (i = 0; i < (int)(sizeof(later) / sizeof(later[0])); i++) {
        if (strcmp(later[i], e->name) == 0) {
            return -2;
        }
    }
    return -1;
}

static void enter(amzx_build_t *b)
{
    b->depth++;
    if (b->depth > b->flow->depth) {
        b->flow->depth = b->depth;
    }
}

static void leave(amzx_build_t *b)
{
    b->depth--;
}

static const void *choose(amzx_build_t *b, const amzx_xelem_t *e)
{
    apr_array_header_t *list = apr_array_make(b->pool, 4, sizeof(void *));
    amzx_choose_t *c = apr_pcalloc(b->pool, sizeof(*c));
    unsigned char *before = amzx_build_save(b);
    unsigned char *behind = amzx_build_save(b);
    int all_ended = 1, has_otherwise = 0;
    const amzx_xelem_t *x;
    int i;

    for (x = e->child; x; x = x->next) {
        amzx_when_t *w = apr_pcalloc(b->pool, sizeof(*w));

        amzx_build_restore(b, before);
        if (strcmp(x->name, "otherwise") == 0) {
            has_otherwise = 1;
        }
        else {
            w->test = amzx_build_need_expr(b, x, "test");
        }
        w->first = amzx_build_block(b, x);
        all_ended &= b->has_ended;
        for (i = 0; i < b->flow->slots->nelts; i++) {
            behind[i] |= b->visible[i];
        }
        APR_ARRAY_PUSH(list, const amzx_when_t *) = w;
    }
    amzx_build_restore(b, behind);
    b->has_ended = all_ended && has_otherwise;
    c->whens = amzx_build_parts(list);
    return c;
}

static amzx_item_error_e item_error(const char *name)
{
    if (strcmp(name, "collect") == 0) {
        return AMZX_ITEM_COLLECT;
    }
    return strcmp(name, "dead-letter") == 0 ? AMZX_ITEM_DEAD : AMZX_ITEM_STOP;
}

static const void *foreach(amzx_build_t *b, const amzx_xelem_t *e)
{
    amzx_foreach_t *f = apr_pcalloc(b->pool, sizeof(*f));
    const int *range = apr_hash_get(b->ranges, &e, sizeof(e));
    const char *as = amzx_xattr(e, "as", "");
    unsigned char *saved;
    int i;

    f->in = amzx_build_need_expr(b, e, "in");
    f->as = amzx_build_slot(b, as);
    f->on_error = item_error(amzx_xattr(e, "on-item-error", "stop"));
    f->max_failures = amzx_build_int(b, e, "max-failures", -1);
    f->inner_from = range ? range[0] : 0;
    f->inner_to = range ? range[1] : 0;
    if (b->loops > 0 && f->as != AMZX_SLOT_ITEM && b->visible[f->as]) {
        amzx_build_error(b, e, "lint.duplicate_id", NULL,
                         "%s: an outer loop already calls its item %s",
                         b->element, as);
    }
    saved = amzx_build_save(b);
    b->visible[f->as] = 1;
    b->varies[f->as] = 1;
    for (i = f->inner_from; i < f->inner_to; i++) {
        b->varies[i] = 1;
    }
    f->key = amzx_build_expr(b, e, "key");
    b->loops++;
    enter(b);
    f->first = amzx_build_block(b, e);
    leave(b);
    b->loops--;
    b->element = apr_pstrcat(b->pool, "foreach ", amzx_xattr(e, "id", ""),
                             NULL);
    f->give = amzx_build_expr(b, e, "give");
    /* names set before the loop stay, those of its steps go */
    amzx_build_restore(b, saved);
    b->has_ended = 0;
    return f;
}

amzx_parts_t amzx_build_catches(amzx_build_t *b, const amzx_xelem_t *e)
{
    apr_array_header_t *list = apr_array_make(b->pool, 2, sizeof(void *));
    unsigned char *before = amzx_build_save(b);
    unsigned char *behind = amzx_build_save(b);
    const char *element = b->element;
    const amzx_xelem_t *x;
    int i, all_ended = 1, had_all = 0;

    for (x = amzx_xchild(e, "catch"); x; x = amzx_xnext(x)) {
        amzx_catch_t *c = apr_pcalloc(b->pool, sizeof(*c));

        amzx_build_restore(b, before);
        b->visible[AMZX_SLOT_ERROR] = 1;
        b->element = element;
        c->errors = amzx_xattr(x, "error", "*");
        if (had_all) {
            amzx_build_error(b, x, "lint.unreachable", NULL,
                             "%s: an earlier catch takes every error",
                             b->element);
        }
        c->when = amzx_build_expr(b, x, "if");
        had_all |= !c->when && strcmp(c->errors, "*") == 0;
        c->first = amzx_build_block(b, x);
        all_ended &= b->has_ended;
        for (i = 0; i < b->flow->slots->nelts; i++) {
            behind[i] |= i == AMZX_SLOT_ERROR ? 0 : b->visible[i];
        }
        APR_ARRAY_PUSH(list, const amzx_catch_t *) = c;
    }
    amzx_build_restore(b, behind);
    b->has_ended = all_ended;
    return amzx_build_parts(list);
}

static const void *try_(amzx_build_t *b, const amzx_xelem_t *e)
{
    amzx_try_t *t = apr_pcalloc(b->pool, sizeof(*t));
    const amzx_xelem_t *finally_ = amzx_xchild(e, "finally");
    int has_ended;

    enter(b);
    t->first = amzx_build_from(b, amzx_xchild(e, "do"));
    has_ended = b->has_ended;
    t->catches = amzx_build_catches(b, e);
    has_ended &= b->has_ended;
    if (finally_) {
        t->finally_ = amzx_build_from(b, finally_);
        has_ended |= b->has_ended;
    }
    leave(b);
    b->has_ended = has_ended;
    return t;
}

static const void *saga(amzx_build_t *b, const amzx_xelem_t *e)
{
    amzx_saga_t *s = apr_pcalloc(b->pool, sizeof(*s));

    s->timeout_us = amzx_build_duration(b, e, "timeout", 0);
    s->is_review = strcmp(amzx_xattr(e, "on-compensation-failure", "review"),
                          "review")
                   == 0;
    b->sagas++;
    enter(b);
    s->first = amzx_build_block(b, e);
    leave(b);
    b->sagas--;
    return s;
}

const void *amzx_build_control(amzx_build_t *b, const amzx_xelem_t *e,
                               amzx_flow_step_t *node)
{
    const void *part;

    switch (node->kind) {
    case AMZX_NODE_CHOOSE:
        enter(b);
        part = choose(b, e);
        leave(b);
        return part;
    case AMZX_NODE_FOREACH:
        return foreach(b, e);
    case AMZX_NODE_TRY:
        return try_(b, e);
    default:
        return saga(b, e);
    }
}

static amzx_flow_step_t *step(amzx_build_t *b, const amzx_xelem_t *e, int kind)
{
    amzx_flow_step_t *n = apr_pcalloc(b->pool, sizeof(*n));

    n->kind = (amzx_node_e)kind;
    n->id = amzx_xattr(e, "id", "");
    n->title = amzx_xattr(e, "title", n->id);
    n->line = e->line;
    n->slot = amzx_build_slot(b, n->id);
    n->when = amzx_build_expr(b, e, "if");
    b->has_ended = 0;
    if (kind == AMZX_NODE_CALL) {
        n->part = amzx_build_call(b, e);
    }
    else if (kind == AMZX_NODE_CHOOSE || kind == AMZX_NODE_FOREACH
             || kind == AMZX_NODE_TRY || kind == AMZX_NODE_SAGA) {
        n->part = amzx_build_control(b, e, n);
    }
    else {
        n->part = amzx_build_simple(b, e, n);
    }
    if (n->when) {
        b->has_ended = 0;
    }
    amzx_build_show(b, n->id, 1);
    return n;
}

const amzx_flow_step_t *amzx_build_block(amzx_build_t *b, const amzx_xelem_t *e)
{
    amzx_flow_step_t *first = NULL, *last = NULL;
    int has_ended = 0, has_complained = 0;
    const amzx_xelem_t *c;

    for (c = e->child; c; c = c->next) {
        int kind = amzx_build_kind(c);
        amzx_flow_step_t *n;

        if (kind == -1) {
            continue;
        }
        b->element = apr_pstrcat(b->pool, c->name, " ",
                                 amzx_xattr(c, "id", ""), NULL);
        if (has_ended && !has_complained) {
            amzx_build_error(b, c, "lint.unreachable", NULL,
                             "%s is never reached: the step before it ends "
                             "the run", b->element);
            has_complained = 1;
        }
        if (kind == -2) {
            amzx_build_error(b, c, "lint.unsupported", NULL,
                             "<%s> is not available in this version",
                             c->name);
            amzx_build_show(b, amzx_xattr(c, "id", ""), 1);
            continue;
        }
        n = step(b, c, kind);
        has_ended |= b->has_ended;
        if (last) {
            last->next = n;
        }
        else {
            first = n;
        }
        last = n;
    }
    b->has_ended = has_ended;
    return first;
}

const amzx_flow_step_t *amzx_build_from(amzx_build_t *b, const amzx_xelem_t *e)
{
    b->has_ended = 0;
    return e ? amzx_build_block(b, e) : NULL;
}
