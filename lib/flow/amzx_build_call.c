/* SPDX-License-Identifier: Apache-2.0 */
/* <call>: its operation, arguments, body, confirmation and compensation. */
#include "amzx_build.h"

#include <apr_strings.h>

#include <string.h>

const amzx_op_t *amzx_build_op(amzx_build_t *b, const amzx_xelem_t *e,
                               const char *attr)
{
    const char *name = amzx_xattr(e, attr, "");
    const amzx_op_t *op = NULL;
    amzx_near_t near_;
    int i;

    if (!b->world->find_op) {
        return NULL;
    }
    op = b->world->find_op(name);
    if (op) {
        return op;
    }
    amzx_near_init(&near_, name);
    for (i = 0; b->world->op_at && (op = b->world->op_at(i)) != NULL; i++) {
        amzx_near_try(&near_, op->name);
    }
    amzx_build_error(b, e, "lint.unknown_op",
                     amzx_near_hint(&near_, b->pool),
                     "%s: there is no operation %s", b->element, name);
    return NULL;
}

void amzx_build_using(amzx_build_t *b, const amzx_xelem_t *e,
                      const char *using_, const amzx_op_t *op)
{
    const amzx_use_t *use = NULL;
    amzx_near_t near_;
    int i;

    if (!using_ || !*using_) {
        if (op && op->connection) {
            amzx_build_error(b, e, "lint.connection", NULL,
                             "%s: %s needs using=, a connection of type %s",
                             b->element, op->name, op->connection);
        }
        return;
    }
    amzx_near_init(&near_, using_);
    for (i = 0; i < b->flow->uses->nelts && !use; i++) {
        use = &APR_ARRAY_IDX(b->flow->uses, i, amzx_use_t);
        if (strcmp(use->name, using_) != 0) {
            amzx_near_try(&near_, use->name);
            use = NULL;
        }
    }
    if (!use) {
        amzx_build_error(b, e, "lint.unknown_connection",
                         amzx_near_hint(&near_, b->pool),
                         "%s: there is no connection %s", b->element, using_);
        return;
    }
    amzx_build_use(b, "connection", using_);
    if (op && !op->connection) {
        amzx_build_error(b, e, "lint.connection", NULL,
                         "%s: %s takes no connection", b->element, op->name);
    }
    else if (op && strcmp(op->connection, use->type) != 0) {
        amzx_build_error(b, e, "lint.connection", NULL,
                         "%s: %s needs a connection of type %s, %s is a %s",
                         b->element, op->name, op->connection, using_,
                         use->type);
    }
}

static int has_arg(const amzx_xelem_t *e, const char *name)
{
    const amzx_xelem_t *c;

    for (c = amzx_xchild(e, "arg"); c; c = amzx_xnext(c)) {
        if (strcmp(amzx_xattr(c, "name", ""), name) == 0) {
            return 1;
        }
    }
    return 0;
}

void amzx_build_op_args(amzx_build_t *b, const amzx_xelem_t *e,
                        const amzx_op_t *op, const char *fed)
{
    const amzx_op_arg_t *a;
    const amzx_xelem_t *c;

    for (c = amzx_xchild(e, "arg"); c; c = amzx_xnext(c)) {
        const char *name = amzx_xattr(c, "name", "");
        const amzx_xelem_t *d;
        amzx_near_t near_;

        amzx_near_init(&near_, name);
        for (a = op->args; a && a->name && strcmp(a->name, name) != 0; a++) {
            amzx_near_try(&near_, a->name);
        }
        if (!a || !a->name) {
            amzx_build_error(b, c, "lint.unknown_arg",
                             amzx_near_hint(&near_, b->pool),
                             "%s: %s has no argument %s", b->element,
                             op->name, name);
        }
        for (d = amzx_xnext(c); d; d = amzx_xnext(d)) {
            if (strcmp(amzx_xattr(d, "name", ""), name) == 0) {
                amzx_build_error(b, d, "lint.duplicate_arg", NULL,
                                 "%s: the argument %s is given twice",
                                 b->element, name);
            }
        }
    }
    for (a = op->args; a && a->name; a++) {
        if (a->is_required && !has_arg(e, a->name)
            && !(fed && strcmp(fed, a->name) == 0)) {
            amzx_build_error(b, e, "lint.missing_arg", NULL,
                             "%s: %s needs the argument %s", b->element,
                             op->name, a->name);
        }
    }
}

static void body(amzx_build_t *b, const amzx_xelem_t *e, amzx_call_t *c)
{
    const amzx_xelem_t *element = amzx_xchild(e, "body");
    int has_attr = amzx_xattr(e, "body", NULL) != NULL;

    c->body = amzx_build_expr(b, e, "body");
    if (element) {
        c->rules = amzx_build_rules(b, element);
    }
    c->has_body = has_attr || element != NULL;
    if (has_attr && element) {
        amzx_build_error(b, e, "lint.body", NULL,
                         "%s has both a body attribute and a <body>",
                         b->element);
    }
    if (c->op && c->op->body && !c->has_body) {
        amzx_build_error(b, e, "lint.body", NULL, "%s: %s needs a body",
                         b->element, c->op->name);
    }
    if (c->op && !c->op->body && c->has_body) {
        amzx_build_error(b, e, "lint.body", NULL, "%s: %s takes no body",
                         b->element, c->op->name);
    }
}

static const amzx_confirm_t *confirm(amzx_build_t *b, const amzx_xelem_t *e)
{
    unsigned char *saved = amzx_build_save(b);
    amzx_confirm_t *c;

    if (!e) {
        return NULL;
    }
    c = apr_pcalloc(b->pool, sizeof(*c));
    c->op = amzx_build_op(b, e, "op");
    if (c->op && c->op->effect != AMZX_EFFECT_READ
        && c->op->effect != AMZX_EFFECT_NONE) {
        amzx_build_error(b, e, "lint.confirm", NULL,
                         "%s: %s confirms nothing, it changes things",
                         b->element, c->op->name);
    }
    b->visible[AMZX_SLOT_REQUEST] = 1;
    c->args = amzx_build_args(b, e, "arg", "name");
    if (c->op) {
        amzx_build_op_args(b, e, c->op, NULL);
    }
    b->visible[AMZX_SLOT_FOUND] = 1;
    c->same_if = amzx_build_need_expr(b, e, "same-if");
    c->result = amzx_build_need_expr(b, e, "result");
    amzx_build_restore(b, saved);
    return c;
}

static void accepts(amzx_build_t *b, const amzx_xelem_t *e, amzx_call_t *c)
{
    apr_array_header_t *list = apr_array_make(b->pool, 2, sizeof(void *));
    const amzx_xelem_t *x;

    for (x = amzx_xchild(e, "accept"); x; x = amzx_xnext(x)) {
        amzx_accept_t *a = apr_pcalloc(b->pool, sizeof(*a));

        b->visible[AMZX_SLOT_ERROR] = 1;
        a->errors = amzx_xattr(x, "error", "*");
        a->as = amzx_build_need_expr(b, x, "as");
        b->visible[AMZX_SLOT_ERROR] = 0;
        APR_ARRAY_PUSH(list, const amzx_accept_t *) = a;
    }
    c->accepts = amzx_build_parts(list);
}

/* Can an effect of unknown fate be told from one that never happened? */
static void check_effect(amzx_build_t *b, const amzx_xelem_t *e,
                         const amzx_call_t *c, int key_varies)
{
    if (!c->op || c->op->effect <= AMZX_EFFECT_READ) {
        if (c->op && c->key) {
            amzx_build_warn(b, e, "lint.unused", NULL,
                            "%s: %s changes nothing, its idempotency-key is "
                            "not used", b->element, c->op->name);
        }
        return;
    }
    if (!c->key && !c->confirm && !c->op->confirm) {
        amzx_build_error(b, e, "lint.no_key",
                         "add idempotency-key or <confirm>",
                         "%s: a repeat of %s could do it twice", b->element,
                         c->op->name);
    }
    if (c->key && b->loops > 0 && !key_varies) {
        amzx_build_error(b, e, "lint.key_not_unique",
                         "put the item's key into it",
                         "%s: idempotency-key is the same for every item",
                         b->element);
    }
    if (c->cache_us > 0) {
        amzx_build_error(b, e, "lint.cache", NULL,
                         "%s: %s changes things and cannot be cached",
                         b->element, c->op->name);
    }
}

static const amzx_flow_step_t *compensate(amzx_build_t *b,
                                          const amzx_xelem_t *e)
{
    const amzx_xelem_t *x = amzx_xchild(e, "compensate");
    const amzx_flow_step_t *first;
    unsigned char *saved;
    int sagas = b->sagas;

    if (!x) {
        return NULL;
    }
    if (b->sagas == 0) {
        amzx_build_warn(b, x, "lint.unused", "put the call into a <saga>",
                        "%s: nothing would run this <compensate>",
                        b->element);
    }
    saved = amzx_build_save(b);
    b->visible[AMZX_SLOT_ERROR] = 1;
    b->sagas = 0;
    b->depth++;
    first = amzx_build_block(b, x);
    b->depth--;
    b->sagas = sagas;
    b->has_ended = 0;
    amzx_build_restore(b, saved);
    return first;
}

const void *amzx_build_call(amzx_build_t *b, const amzx_xelem_t *e)
{
    amzx_call_t *c = apr_pcalloc(b->pool, sizeof(*c));
    const char *id = amzx_xattr(e, "id", "");
    int slot = amzx_build_slot(b, id);
    int key_varies;

    c->op = amzx_build_op(b, e, "op");
    c->using_ = amzx_xattr(e, "using", "");
    amzx_build_using(b, e, c->using_, c->op);
    c->args = amzx_build_args(b, e, "arg", "name");
    if (c->op) {
        amzx_build_op_args(b, e, c->op, NULL);
    }
    body(b, e, c);
    c->key = amzx_build_text(b, e, "idempotency-key");
    key_varies = c->key != NULL && b->saw_varying;
    c->retry = amzx_build_retry(b, e);
    c->timeout_us = amzx_build_duration(b, e, "timeout", 0);
    c->cache_us = amzx_build_duration(b, e, "cache", 0);
    c->confirm = confirm(b, amzx_xchild(e, "confirm"));
    accepts(b, e, c);
    check_effect(b, e, c, key_varies);
    if (slot >= 0 && c->op) {
        APR_ARRAY_IDX(b->flow->slots, slot, amzx_slot_t).members =
            c->accepts.count == 0 ? c->op->members : NULL;
    }
    amzx_build_show(b, id, 1);
    c->compensate = compensate(b, e);
    return c;
}
