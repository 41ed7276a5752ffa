/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluating as callers ask for it: a value, a boolean, text, scaled. */
#include "amzx_expr_int.h"

#include <string.h>

#include "amzx_str.h"

void amzx_eval_init(amzx_eval_t *ev, const amzx_scope_t *scope,
                    apr_time_t now)
{
    memset(ev, 0, sizeof *ev);
    ev->scope = scope;
    ev->now = now;
    ev->fuel = AMZX_FUEL_EXPR;
}

/* One expression may burn its share of what the step has left. */
static apr_int64_t share(const amzx_eval_t *ev)
{
    return ev->fuel > AMZX_FUEL_EXPR ? AMZX_FUEL_EXPR : ev->fuel;
}

static apr_int64_t room_left(const amzx_eval_t *ev)
{
    return ev->max_output > 0 ? (apr_int64_t)ev->max_output : AMZX_EX_OUTPUT;
}

static void start(amzx_ex_t *c, const amzx_expr_t *e, amzx_eval_t *ev,
                  amzx_fault_t *fault, apr_pool_t *p)
{
    c->expr = e;
    c->ev = ev;
    c->fault = fault;
    c->p = p;
    c->fuel = share(ev);
    c->room = room_left(ev);
    c->rv = APR_SUCCESS;
    c->depth = 0;
    c->is_built = 0;
    c->regex = NULL;
    c->regex_of = NULL;
}

/* Give back what was not used. */
static apr_status_t finish(amzx_ex_t *c, const amzx_node_t *root,
                           const amzx_val_t *v)
{
    if (v && c->is_built
        && (v->type == AMZX_LIST || v->type == AMZX_OBJ)) {
        amzx_ex_weigh(c, root, v);
    }
    if (v && c->fuel < 0) {
        amzx_ex_burn(c, root, 1);
    }
    c->ev->fuel -= share(c->ev) - (c->fuel > 0 ? c->fuel : 0);
    c->ev->max_output = c->room > 0 ? (apr_size_t)c->room : 1;
    return c->rv;
}

/* The pieces of a template behind one another. */
static const amzx_val_t *fill(amzx_ex_t *c, const amzx_expr_t *e)
{
    amzx_buf_t b;
    int i;

    if (e->count == 0) {
        return &amzx_val_empty_str;
    }
    amzx_buf_init(&b, strlen(e->source) + 32, c->p);
    for (i = 0; i < e->count; ++i) {
        const amzx_part_t *part = &e->part[i];
        const amzx_val_t *v;
        const char *s = part->text;
        apr_size_t len = part->len;

        if (part->node) {
            v = amzx_ex_eval(c, part->node);
            s = v ? amzx_ex_show(&len, c, part->node, v) : NULL;
        }
        if (!s || (part->node && !amzx_ex_room(c, part->node, len))) {
            return NULL;
        }
        amzx_buf_add(&b, s, len);
    }
    return amzx_ex_str(c, b.s, b.len);
}

/* What a fault of a whole template points at. */
static const amzx_node_t *root_of(const amzx_expr_t *e)
{
    int i;

    for (i = 0; !e->root && i < e->count; ++i) {
        if (e->part[i].node) {
            return e->part[i].node;
        }
    }
    return e->root;
}

apr_status_t amzx_expr_eval(const amzx_val_t **out, const amzx_expr_t *e,
                            amzx_eval_t *ev, amzx_fault_t *fault,
                            apr_pool_t *p)
{
    const amzx_node_t *root = root_of(e);
    const amzx_val_t *v;
    amzx_ex_t c;

    *out = &amzx_val_null;
    if (!root) {
        *out = e->count > 0 ? amzx_val_str_ref(e->part[0].text,
                                               e->part[0].len, p)
                            : &amzx_val_empty_str;
        return APR_SUCCESS;
    }
    start(&c, e, ev, fault, p);
    v = e->root ? amzx_ex_eval(&c, e->root) : fill(&c, e);
    if (finish(&c, root, v) == APR_SUCCESS) {
        *out = v;
    }
    return c.rv;
}

apr_status_t amzx_expr_eval_bool(int *out, const amzx_expr_t *e,
                                 amzx_eval_t *ev, amzx_fault_t *fault,
                                 apr_pool_t *p)
{
    const amzx_node_t *root = root_of(e);
    const amzx_val_t *v = NULL;
    amzx_ex_t c;
    int is;

    *out = 0;
    if (!e->root) {
        apr_status_t rv = amzx_fault_set(fault, AMZX_FAULT_REJECTED,
                                         APR_EGENERAL, "expr.type", "a "
                                         "condition is one {{ }}, not text");

        amzx_fault_at(fault, "%s:%d:1", e->file, e->line);
        return rv;
    }
    start(&c, e, ev, fault, p);
    is = amzx_ex_eval_bool(&c, e->root);
    if (is >= 0) {
        v = amzx_val_bool(is);
    }
    if (finish(&c, root, v) == APR_SUCCESS) {
        *out = is;
    }
    return c.rv;
}

apr_status_t amzx_expr_eval_text(const char **out, const amzx_expr_t *e,
                                 amzx_eval_t *ev, amzx_fault_t *fault,
                                 apr_pool_t *p)
{
    const amzx_node_t *root = root_of(e);
    const amzx_val_t *v;
    const char *s = NULL;
    apr_size_t len;
    amzx_ex_t c;

    *out = "";
    if (!root) {
        *out = e->count > 0 ? e->part[0].text : "";
        return APR_SUCCESS;
    }
    start(&c, e, ev, fault, p);
    v = e->root ? amzx_ex_eval(&c, e->root) : fill(&c, e);
    if (v) {
        s = amzx_ex_show(&len, &c, root, v);
    }
    if (finish(&c, root, s ? &amzx_val_null : NULL) == APR_SUCCESS) {
        *out = s;
    }
    return c.rv;
}

/* Follow the branch that is taken: c ? a / b : d is a division as well. */
static const amzx_node_t *chosen(amzx_ex_t *c, const amzx_node_t *n)
{
    while (n && n->kind == AMZX_N_COND) {
        int is = amzx_ex_burn(c, n, 1) ? amzx_ex_eval_bool(c, n->kid[0]) : -1;

        n = is < 0 ? NULL : n->kid[is ? 1 : 2];
    }
    return n;
}

/* round(a / b, n) with n at least as fine as the scale: the scale rounds. */
static const amzx_node_t *unround(amzx_ex_t *c, const amzx_node_t *n,
                                  int scale)
{
    const amzx_val_t *digits;
    apr_int64_t wanted;

    if (n->kind != AMZX_N_CALL || !n->is_ratio || n->count < 2
        || strcmp(amzx_expr_functions()[n->u.call.func].name, "round") != 0
        || n->kid[1]->kind != AMZX_N_CONST) {
        return n;
    }
    digits = amzx_ex_eval(c, n->kid[1]);
    if (!digits || digits->type != AMZX_NUM
        || amzx_dec_to_int(&wanted, digits->u.num) != APR_SUCCESS
        || wanted < scale) {
        return n;
    }
    return n->kid[0];
}

static const amzx_val_t *eval_scaled(amzx_ex_t *c, const amzx_node_t *root,
                                     int scale, amzx_round_e mode)
{
    const amzx_node_t *n = chosen(c, root);
    const amzx_val_t *v;
    amzx_dec_t a, b;
    apr_status_t rv;

    if (!n) {
        return NULL;
    }
    n = unround(c, n, scale);
    if (amzx_ex_is_ratio(n)) {
        if (!amzx_ex_eval_ratio(&a, &b, c, n)) {
            return NULL;
        }
        rv = amzx_dec_div_round(&a, a, b, scale, mode);
        return rv == APR_SUCCESS ? amzx_ex_num(c, a)
                                 : amzx_ex_math_fault(c, n, rv);
    }
    v = amzx_ex_eval(c, n);
    if (!v || v->type == AMZX_NULL) {
        return v;
    }
    if (!amzx_ex_as_num(&a, c, n, v)) {
        return NULL;
    }
    rv = amzx_dec_round(&a, a, scale, mode);
    return rv == APR_SUCCESS ? amzx_ex_num(c, a)
                             : amzx_ex_math_fault(c, n, rv);
}

apr_status_t amzx_expr_eval_scaled(const amzx_val_t **out,
                                   const amzx_expr_t *e, int scale,
                                   amzx_round_e mode, amzx_eval_t *ev,
                                   amzx_fault_t *fault, apr_pool_t *p)
{
    const amzx_val_t *v;
    amzx_dec_t d;
    amzx_ex_t c;
    apr_status_t rv;

    *out = &amzx_val_null;
    if (e->root) {
        start(&c, e, ev, fault, p);
        v = eval_scaled(&c, e->root, scale, mode);
        if (finish(&c, e->root, v) == APR_SUCCESS) {
            *out = v;
        }
        return c.rv;
    }
    rv = amzx_expr_eval(&v, e, ev, fault, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = amzx_val_dec(&d, v);
    if (rv == APR_SUCCESS) {
        rv = amzx_dec_round(&d, d, scale, mode);
    }
    if (rv != APR_SUCCESS) {
        rv = amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EGENERAL,
                            rv == APR_ERANGE ? "expr.overflow" : "expr.type",
                            "this text is not a number");
        amzx_fault_at(fault, "%s:%d:1", e->file, e->line);
        return rv;
    }
    *out = amzx_val_num(d, p);
    return APR_SUCCESS;
}
