/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator: walks the nodes, takes fuel for each, never loops. */
#include "amzx_expr_int.h"

#include <string.h>

/* A member of a big object costs what finding it costs. */
#define MEMBERS_PER_UNIT 32

static const amzx_val_t *out_of_depth(amzx_ex_t *c, const amzx_node_t *n)
{
    return amzx_ex_fail(c, n, "expr.depth", "the expression is nested too "
                        "deep");
}

static const amzx_val_t *eval_name(amzx_ex_t *c, const amzx_node_t *n)
{
    const amzx_scope_t *s;

    for (s = c->ev->scope; s; s = s->parent) {
        const amzx_val_t *v = s->find(s->ctx, n->u.name.s, n->u.name.len,
                                      n->u.name.hash);

        if (v) {
            return v;
        }
    }
    return &amzx_val_null;
}

const amzx_member_t *amzx_ex_find(amzx_ex_t *c, const amzx_val_t *v,
                                  const amzx_member_t *m)
{
    const amzx_member_t *at, *end;

    if (v->type != AMZX_OBJ || v->u.obj.count == 0) {
        return NULL;
    }
    c->fuel -= (apr_int64_t)(v->u.obj.count / MEMBERS_PER_UNIT);
    at = v->u.obj.member;
    for (end = at + v->u.obj.count; at < end; ++at) {
        if (at->hash == m->hash && at->len == m->len
            && memcmp(at->name, m->name, m->len) == 0) {
            return at;
        }
    }
    return NULL;
}

static const amzx_val_t *member(amzx_ex_t *c, const amzx_val_t *v,
                                const amzx_member_t *name)
{
    const amzx_member_t *m = amzx_ex_find(c, v, name);

    return m ? m->val : &amzx_val_null;
}

static const amzx_val_t *eval_path(amzx_ex_t *c, const amzx_node_t *n)
{
    const amzx_val_t *v = amzx_ex_eval(c, n->kid[0]);
    apr_size_t i;

    for (i = 0; v && i < n->u.path.count; ++i) {
        v = member(c, v, &n->u.path.member[i]);
    }
    return v && amzx_ex_burn(c, n, n->u.path.count - 1) ? v : NULL;
}

static const amzx_val_t *index_list(amzx_ex_t *c, const amzx_node_t *n,
                                    const amzx_val_t *v, const amzx_val_t *at)
{
    amzx_dec_t d;
    apr_int64_t i;

    if (!amzx_ex_as_num(&d, c, n->kid[1], at)) {
        return NULL;
    }
    if (amzx_dec_to_int(&i, d) != APR_SUCCESS) {
        return amzx_ex_fail(c, n->kid[1], "expr.type", "`%s` is not a whole "
                            "number", amzx_ex_text_of(c, n->kid[1]));
    }
    if (i < 0) {
        i += (apr_int64_t)v->u.list.count;
    }
    return i < 0 ? &amzx_val_null : amzx_val_at(v, (apr_size_t)i);
}

static const amzx_val_t *eval_index(amzx_ex_t *c, const amzx_node_t *n)
{
    const amzx_val_t *v = amzx_ex_eval(c, n->kid[0]);
    const amzx_val_t *at = v ? amzx_ex_eval(c, n->kid[1]) : NULL;
    amzx_member_t m;

    if (!at) {
        return NULL;
    }
    if (at->type == AMZX_NULL) {
        return &amzx_val_null;
    }
    if (v->type == AMZX_LIST) {
        return index_list(c, n, v, at);
    }
    if (v->type != AMZX_OBJ) {
        return &amzx_val_null;
    }
    if (at->type != AMZX_STR) {
        return amzx_ex_fail(c, n->kid[1], "expr.type", "a member of an object "
                            "is named by text, not by %s",
                            amzx_val_type_name(at->type));
    }
    if (!amzx_ex_burn(c, n, at->u.str.len / 64)) {
        return NULL;
    }
    m.name = at->u.str.s;
    m.len = (apr_uint32_t)at->u.str.len;
    m.hash = amzx_val_hash(m.name, m.len);
    m.val = NULL;
    return member(c, v, &m);
}

static const amzx_val_t *eval_call(amzx_ex_t *c, const amzx_node_t *n)
{
    const amzx_val_t *argv[AMZX_EX_ARGS];
    int i;

    for (i = 0; i < n->count; ++i) {
        argv[i] = NULL;
        if (n->kid[i]->kind == AMZX_N_LAMBDA || (i == 0 && n->is_ratio)) {
            continue;
        }
        argv[i] = amzx_ex_eval(c, n->kid[i]);
        if (!argv[i]) {
            return NULL;
        }
    }
    return amzx_ex_fdef(n->u.call.func)->code(c, n, argv);
}

const amzx_val_t *amzx_ex_apply(amzx_ex_t *c, const amzx_node_t *call,
                                const amzx_val_t *item)
{
    const amzx_node_t *lambda = call->count > 1 ? call->kid[1] : NULL;

    if (!lambda || lambda->kind != AMZX_N_LAMBDA) {
        return item;
    }
    c->local[lambda->slot] = item;
    return amzx_ex_eval(c, lambda->kid[0]);
}

static const amzx_val_t *eval_list(amzx_ex_t *c, const amzx_node_t *n)
{
    amzx_val_t *list = amzx_ex_list(c, n->count);
    int i;

    for (i = 0; i < n->count; ++i) {
        const amzx_val_t *v = amzx_ex_eval(c, n->kid[i]);

        if (!v) {
            return NULL;
        }
        amzx_val_push(list, v, c->p);
    }
    return list;
}

static const amzx_val_t *eval_object(amzx_ex_t *c, const amzx_node_t *n)
{
    amzx_val_t *obj = amzx_ex_obj(c, n->count);
    int i;

    for (i = 0; i < n->count; ++i) {
        const amzx_val_t *v = amzx_ex_eval(c, n->kid[i]);

        if (!v) {
            return NULL;
        }
        obj->u.obj.member[i] = n->u.path.member[i];
        obj->u.obj.member[i].val = v;
    }
    obj->u.obj.count = n->count;
    return obj;
}

static int calculate(amzx_dec_t *out, amzx_ex_t *c, const amzx_node_t *n)
{
    amzx_dec_t a, b;
    apr_status_t rv = APR_EINVAL;

    if (!amzx_ex_eval_num(&a, c, n->kid[0])
        || !amzx_ex_eval_num(&b, c, n->kid[1])) {
        return 0;
    }
    switch (n->kind) {
    case AMZX_N_ADD: rv = amzx_dec_add(out, a, b); break;
    case AMZX_N_SUB: rv = amzx_dec_sub(out, a, b); break;
    case AMZX_N_MUL: rv = amzx_dec_mul(out, a, b); break;
    case AMZX_N_DIV: rv = amzx_dec_div(out, a, b); break;
    case AMZX_N_MOD: rv = amzx_dec_mod(out, a, b); break;
    default: break;
    }
    if (rv != APR_SUCCESS) {
        amzx_ex_math_fault(c, n, rv);
    }
    return rv == APR_SUCCESS;
}

int amzx_ex_eval_num(amzx_dec_t *out, amzx_ex_t *c, const amzx_node_t *n)
{
    const amzx_val_t *v;
    int ok;

    if (n->kind < AMZX_N_NEG || n->kind > AMZX_N_MOD) {
        v = amzx_ex_eval(c, n);
        return v && amzx_ex_as_num(out, c, n, v);
    }
    if (!amzx_ex_burn(c, n, 1)) {
        return 0;
    }
    if (++c->depth > AMZX_EX_HEIGHT) {
        out_of_depth(c, n);
        return 0;
    }
    if (n->kind == AMZX_N_NEG) {
        ok = amzx_ex_eval_num(out, c, n->kid[0]);
        *out = ok ? amzx_dec_neg(*out) : amzx_dec_from_int(0);
    }
    else {
        ok = calculate(out, c, n);
    }
    --c->depth;
    return ok;
}

int amzx_ex_is_ratio(const amzx_node_t *n)
{
    if (n->kind == AMZX_N_DIV) {
        return 1;
    }
    return (n->kind == AMZX_N_NEG && amzx_ex_is_ratio(n->kid[0]))
           || (n->kind == AMZX_N_MUL && (amzx_ex_is_ratio(n->kid[0])
                                         || amzx_ex_is_ratio(n->kid[1])));
}

/* (a / b) * (x / y) is (a * x) / (b * y); dividing swaps x and y. */
static int multiply_ratios(amzx_dec_t *num, amzx_dec_t *den, amzx_ex_t *c,
                           const amzx_node_t *n)
{
    amzx_dec_t a, b, x, y;
    apr_status_t rv;

    if (!amzx_ex_eval_ratio(&a, &b, c, n->kid[0])
        || !amzx_ex_eval_ratio(&x, &y, c, n->kid[1])) {
        return 0;
    }
    if (n->kind == AMZX_N_DIV) {
        amzx_dec_t swap = x;

        if (amzx_dec_sign(x) == 0) {
            amzx_ex_math_fault(c, n, APR_EINVAL);
            return 0;
        }
        x = y;
        y = swap;
    }
    rv = amzx_dec_mul(num, a, x);
    if (rv == APR_SUCCESS) {
        rv = amzx_dec_mul(den, b, y);
    }
    if (rv != APR_SUCCESS) {
        amzx_ex_math_fault(c, n, rv);
    }
    return rv == APR_SUCCESS;
}

int amzx_ex_eval_ratio(amzx_dec_t *num, amzx_dec_t *den, amzx_ex_t *c,
                       const amzx_node_t *n)
{
    int ok;

    *num = *den = amzx_dec_from_int(1);
    if (!amzx_ex_is_ratio(n)) {
        return amzx_ex_eval_num(num, c, n);
    }
    if (!amzx_ex_burn(c, n, 1)) {
        return 0;
    }
    if (n->kind == AMZX_N_NEG) {
        ok = amzx_ex_eval_ratio(num, den, c, n->kid[0]);
        *num = amzx_dec_neg(*num);
        return ok;
    }
    return multiply_ratios(num, den, c, n);
}

static int as_bool(amzx_ex_t *c, const amzx_node_t *n, const amzx_val_t *v)
{
    if (v->type == AMZX_BOOL) {
        return v->u.boolean != 0;
    }
    amzx_ex_fail(c, n, "expr.type", "`%s` is %s where true or false is "
                 "needed%s", amzx_ex_text_of(c, n),
                 amzx_val_type_name(v->type), v->type == AMZX_NULL
                 ? " (`?? false` gives null a meaning)" : "");
    return -1;
}

/* One of == != < <= > >= in. */
static int compare(amzx_ex_t *c, const amzx_node_t *n)
{
    const amzx_val_t *a = amzx_ex_eval(c, n->kid[0]);
    const amzx_val_t *b = a ? amzx_ex_eval(c, n->kid[1]) : NULL;
    int order, is;

    if (!b) {
        return -1;
    }
    if (n->kind == AMZX_N_EQ || n->kind == AMZX_N_NE) {
        is = amzx_ex_equal(c, n, a, b);
        return n->kind == AMZX_N_EQ || is < 0 ? is : !is;
    }
    if (n->kind == AMZX_N_IN) {
        return amzx_ex_in(c, n, a, b);
    }
    if (a->type == AMZX_NULL || b->type == AMZX_NULL) {
        return 0;
    }
    if ((a->type == AMZX_STR && !amzx_ex_burn(c, n, a->u.str.len / 64))
        || (b->type == AMZX_STR && !amzx_ex_burn(c, n, b->u.str.len / 64))) {
        return -1;
    }
    if (!amzx_ex_order(&order, a, b)) {
        amzx_ex_fail(c, n, "expr.type", "%s and %s have no order in `%s`",
                     amzx_val_type_name(a->type), amzx_val_type_name(b->type),
                     amzx_ex_text_of(c, n));
        return -1;
    }
    switch (n->kind) {
    case AMZX_N_LT: return order < 0;
    case AMZX_N_LE: return order <= 0;
    case AMZX_N_GT: return order > 0;
    default: return order >= 0;
    }
}

/* and, or: from left to right until the answer is known. */
static int eval_logic(amzx_ex_t *c, const amzx_node_t *n)
{
    const int stop = n->kind == AMZX_N_OR;
    int is = !stop;
    int i;

    for (i = 0; i < n->count && is == !stop; ++i) {
        is = amzx_ex_eval_bool(c, n->kid[i]);
    }
    return is;
}

int amzx_ex_eval_bool(amzx_ex_t *c, const amzx_node_t *n)
{
    const amzx_val_t *v;
    int is;

    if (n->kind < AMZX_N_NOT || n->kind > AMZX_N_OR) {
        v = amzx_ex_eval(c, n);
        return v ? as_bool(c, n, v) : -1;
    }
    if (!amzx_ex_burn(c, n, 1)) {
        return -1;
    }
    if (++c->depth > AMZX_EX_HEIGHT) {
        out_of_depth(c, n);
        return -1;
    }
    if (n->kind == AMZX_N_NOT) {
        is = amzx_ex_eval_bool(c, n->kid[0]);
        is = is < 0 ? is : !is;
    }
    else if (n->kind == AMZX_N_AND || n->kind == AMZX_N_OR) {
        is = eval_logic(c, n);
    }
    else {
        is = compare(c, n);
    }
    --c->depth;
    return is;
}

static const amzx_val_t *eval_coalesce(amzx_ex_t *c, const amzx_node_t *n)
{
    const amzx_val_t *v = &amzx_val_null;
    int i;

    for (i = 0; v && v->type == AMZX_NULL && i < n->count; ++i) {
        v = amzx_ex_eval(c, n->kid[i]);
    }
    return v;
}

static const amzx_val_t *eval_cond(amzx_ex_t *c, const amzx_node_t *n)
{
    int is = amzx_ex_eval_bool(c, n->kid[0]);

    return is < 0 ? NULL : amzx_ex_eval(c, n->kid[is ? 1 : 2]);
}

/* The nodes that have other nodes below them. */
static const amzx_val_t *eval_inner(amzx_ex_t *c, const amzx_node_t *n)
{
    switch (n->kind) {
    case AMZX_N_PATH: return eval_path(c, n);
    case AMZX_N_INDEX: return eval_index(c, n);
    case AMZX_N_CALL: return eval_call(c, n);
    case AMZX_N_LIST: return eval_list(c, n);
    case AMZX_N_OBJ: return eval_object(c, n);
    case AMZX_N_COAL: return eval_coalesce(c, n);
    case AMZX_N_COND: return eval_cond(c, n);
    default: return amzx_ex_fail(c, n, "expr.type", "no value here");
    }
}

const amzx_val_t *amzx_ex_eval(amzx_ex_t *c, const amzx_node_t *n)
{
    const amzx_val_t *v;
    amzx_dec_t d;
    int is;

    if (n->kind >= AMZX_N_NEG && n->kind <= AMZX_N_MOD) {
        return amzx_ex_eval_num(&d, c, n) ? amzx_ex_num(c, d) : NULL;
    }
    if (n->kind >= AMZX_N_NOT && n->kind <= AMZX_N_OR) {
        is = amzx_ex_eval_bool(c, n);
        return is < 0 ? NULL : amzx_val_bool(is);
    }
    if (--c->fuel < 0) {
        amzx_ex_burn(c, n, 1);
        return NULL;
    }
    switch (n->kind) {
    case AMZX_N_CONST: return n->u.val;
    case AMZX_N_LOCAL: return c->local[n->slot];
    case AMZX_N_NAME: return eval_name(c, n);
    default: break;
    }
    if (++c->depth > AMZX_EX_HEIGHT) {
        return out_of_depth(c, n);
    }
    v = eval_inner(c, n);
    --c->depth;
    return v;
}
