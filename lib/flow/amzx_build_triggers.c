/* SPDX-License-Identifier: Apache-2.0 */
/* <triggers>, <input> and the partition key: what is evaluated before a run
 * exists. */
#include "amzx_build.h"

#include <apr_strings.h>

#include <string.h>

static int kind_of(const char *name)
{
    static const char *const names[] = { "event", "poll", "schedule",
                                         "webhook", "manual" };
    int i;

    for (i = 0; i < 5; i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

static void poll_parts(amzx_build_t *b, const amzx_xelem_t *e,
                 amzx_trigger_impl_t *t)
{
    const amzx_op_t *op;

    t->pub.op = amzx_xattr(e, "op", "");
    t->pub.using_ = amzx_xattr(e, "using", "");
    t->pub.every_us =
        amzx_build_duration(b, e, "every", apr_time_from_sec(900));
    t->pub.overlap_us =
        amzx_build_duration(b, e, "overlap", apr_time_from_sec(300));
    t->pub.cursor = amzx_xattr(e, "cursor", NULL);
    t->pub.item = amzx_xattr(e, "item", "item");
    if (t->pub.every_us < apr_time_from_sec(1)) {
        amzx_build_error(b, e, "lint.duration", NULL,
                         "trigger %s polls more than once a second",
                         t->pub.id);
    }
    op = amzx_build_op(b, e, "op");
    amzx_build_using(b, e, t->pub.using_, op);
    t->args = amzx_build_args(b, e, "arg", "name");
    if (op) {
        amzx_build_op_args(b, e, op, t->pub.cursor);
        if (op->effect > AMZX_EFFECT_READ) {
            amzx_build_error(b, e, "lint.poll_effect", NULL,
                             "trigger %s polls with %s, which changes things",
                             t->pub.id, op->name);
        }
    }
}

/* The name of what the trigger brings. */
static int brought(amzx_trigger_e kind)
{
    if (kind == AMZX_TRIGGER_EVENT) {
        return AMZX_SLOT_EVENT;
    }
    return kind == AMZX_TRIGGER_POLL ? AMZX_SLOT_ITEM : AMZX_SLOT_BODY;
}

static void keys(amzx_build_t *b, const amzx_xelem_t *e,
                 amzx_trigger_impl_t *t)
{
    unsigned char *saved = amzx_build_save(b);

    b->visible[brought(t->pub.kind)] = 1;
    b->visible[AMZX_SLOT_TRIGGER] = 1;
    if (t->item_slot >= 0) {
        b->visible[t->item_slot] = 1;
    }
    t->filter = amzx_build_expr(b, e, "filter");
    b->visible[AMZX_SLOT_INPUT] = 1;
    t->dedup = amzx_build_text(b, e, "dedup-key");
    amzx_build_restore(b, saved);
}

static void add_trigger(amzx_build_t *b, const amzx_xelem_t *e, int kind)
{
    amzx_trigger_impl_t *t = apr_pcalloc(b->pool, sizeof(*t));
    int i;

    t->pub.kind = (amzx_trigger_e)kind;
    t->pub.id = amzx_xattr(e, "id", "");
    b->element = apr_pstrcat(b->pool, "trigger ", t->pub.id, NULL);
    for (i = 0; i < b->flow->triggers->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(b->flow->triggers, i, amzx_trigger_impl_t *)
                       ->pub.id,
                   t->pub.id)
            == 0) {
            amzx_build_error(b, e, "lint.duplicate_id", NULL,
                             "there are two triggers %s", t->pub.id);
        }
    }
    t->pub.source = amzx_xattr(e, "source", NULL);
    t->pub.type = amzx_xattr(e, "type", NULL);
    t->pub.path = amzx_xattr(e, "path", NULL);
    t->pub.verify = amzx_xattr(e, "verify", NULL);
    t->pub.max_body = (apr_size_t)amzx_build_int(b, e, "max-body", 262144);
    t->item_slot = -1;
    if (kind == AMZX_TRIGGER_POLL) {
        poll_parts(b, e, t);
        t->item_slot = amzx_build_slot(b, t->pub.item);
    }
    if (kind == AMZX_TRIGGER_SCHEDULE) {
        amzx_build_error(b, e, "lint.unsupported", NULL,
                         "<schedule> is not available in this version");
    }
    if (amzx_xattr(e, "each", NULL)) {
        amzx_build_error(b, e, "lint.unsupported", NULL,
                         "each is not available in this version");
    }
    keys(b, e, t);
    APR_ARRAY_PUSH(b->flow->triggers, amzx_trigger_impl_t *) = t;
}

static void check_pattern(amzx_build_t *b, const amzx_xelem_t *e,
                          const amzx_field_t *f)
{
    amzx_fault_t fault;
    int fits;

    amzx_fault_clear(&fault);
    if (f->pattern && b->flow->matches
        && amzx_pattern_fits(&fits, b->flow, "", f->pattern, &fault, b->pool)
               != APR_SUCCESS) {
        amzx_build_error(b, e, "lint.pattern", NULL, "pattern of %s: %s",
                         b->element, fault.detail);
    }
}

static void input(amzx_build_t *b, const amzx_xelem_t *root)
{
    const amzx_xelem_t *part = amzx_xchild(root, "input");
    amzx_slot_t *s = &APR_ARRAY_IDX(b->flow->slots, AMZX_SLOT_INPUT,
                                    amzx_slot_t);
    unsigned char *saved = amzx_build_save(b);
    const amzx_xelem_t *e;
    int i, given;

    b->flow->fields = apr_array_make(b->pool, 4, sizeof(amzx_field_t));
    s->members = "";
    b->visible[AMZX_SLOT_EVENT] = 1;
    b->visible[AMZX_SLOT_ITEM] = 1;
    b->visible[AMZX_SLOT_BODY] = 1;
    b->visible[AMZX_SLOT_TRIGGER] = 1;
    for (i = 0; i < b->flow->triggers->nelts; i++) {
        int item = APR_ARRAY_IDX(b->flow->triggers, i, amzx_trigger_impl_t *)
                       ->item_slot;

        if (item >= 0) {
            b->visible[item] = 1;
        }
    }
    for (e = part ? amzx_xchild(part, "field") : NULL; e; e = amzx_xnext(e)) {
        amzx_field_t *f = apr_array_push(b->flow->fields);

        memset(f, 0, sizeof(*f));
        f->name = amzx_xattr(e, "name", "");
        b->element = apr_pstrcat(b->pool, "input field ", f->name, NULL);
        f->type = amzx_build_type(e, &given);
        f->from = amzx_build_expr(b, e, "from");
        f->is_required = amzx_build_bool(e, "required", 1);
        f->pattern = amzx_xattr(e, "pattern", NULL);
        check_pattern(b, e, f);
        s->members = apr_pstrcat(b->pool, s->members, f->name, " ", NULL);
    }
    amzx_build_restore(b, saved);
}

static void partition(amzx_build_t *b, const amzx_xelem_t *root)
{
    const amzx_xelem_t *e = amzx_xchild(root, "settings");
    unsigned char *saved = amzx_build_save(b);

    if (e) {
        b->element = "settings";
        b->visible[AMZX_SLOT_INPUT] = 1;
        b->flow->partition = amzx_build_text(b, e, "partition-key");
        amzx_build_restore(b, saved);
    }
}

void amzx_build_triggers(amzx_build_t *b, const amzx_xelem_t *root)
{
    const amzx_xelem_t *part = amzx_xchild(root, "triggers");
    const amzx_xelem_t *e;

    b->flow->triggers =
        apr_array_make(b->pool, 4, sizeof(amzx_trigger_impl_t *));
    b->visible[AMZX_SLOT_TENANT] = 1;
    b->visible[AMZX_SLOT_CONFIG] = 1;
    /* input first needs the names of polls, keys need the fields of input */
    for (e = part ? part->child : NULL; e; e = e->next) {
        int kind = kind_of(e->name);

        if (kind >= 0) {
            add_trigger(b, e, kind);
        }
    }
    input(b, root);
    partition(b, root);
}
