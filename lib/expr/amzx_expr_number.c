/* SPDX-License-Identifier: Apache-2.0 */
/* Functions on numbers and money. */
#include "amzx_expr_int.h"

#include <string.h>

#include "amzx_money.h"

/* Digits behind the point that a caller may ask for. */
#define DIGITS_MAX 18

/* Most parts of allocate(). */
#define PARTS_MAX 10000

/* The argument i as a number of digits, or the default when it is absent. */
static int digits_of(int *out, amzx_ex_t *c, const amzx_node_t *call, int i,
                     const amzx_val_t *const *argv, int standard)
{
    *out = standard;
    return i >= call->count
           || amzx_ex_as_int(out, c, call->kid[i], argv[i], 0, DIGITS_MAX);
}

static int mode_of(amzx_round_e *out, amzx_ex_t *c, const amzx_node_t *call,
                   int i, const amzx_val_t *const *argv)
{
    int mode;

    *out = AMZX_ROUND_HALF_UP;
    if (i >= call->count) {
        return 1;
    }
    mode = argv[i]->type == AMZX_STR ? amzx_round_of(argv[i]->u.str.s) : -1;
    if (mode < 0) {
        amzx_ex_fail(c, call->kid[i], "expr.type", "no such rounding; there "
                     "are half-up, half-even, half-down, up, down, floor and "
                     "ceiling");
        return 0;
    }
    *out = (amzx_round_e)mode;
    return 1;
}

/* Round the first argument once, also when it is a division. */
static const amzx_val_t *round_first(amzx_ex_t *c, const amzx_node_t *call,
                                     const amzx_val_t *first, int digits,
                                     amzx_round_e mode)
{
    amzx_dec_t a, b;
    apr_status_t rv;

    if (call->is_ratio) {
        if (!amzx_ex_eval_ratio(&a, &b, c, call->kid[0])) {
            return NULL;
        }
        rv = amzx_dec_div_round(&a, a, b, digits, mode);
    }
    else {
        if (!amzx_ex_as_num(&a, c, call->kid[0], first)) {
            return NULL;
        }
        rv = amzx_dec_round(&a, a, digits, mode);
    }
    return rv == APR_SUCCESS ? amzx_ex_num(c, a)
                             : amzx_ex_math_fault(c, call, rv);
}

AMZX_EX_FUNC(abs)
{
    amzx_dec_t d;

    return amzx_ex_as_num(&d, c, call->kid[0], argv[0])
           ? amzx_ex_num(c, amzx_dec_abs(d)) : NULL;
}

AMZX_EX_FUNC(num)
{
    amzx_dec_t d;

    if (call->count == 2
        && (argv[0]->type == AMZX_NULL || argv[0]->type == AMZX_STR)
        && amzx_val_dec(&d, argv[0]) != APR_SUCCESS) {
        return argv[1];
    }
    if (argv[0]->type == AMZX_NUM) {
        return argv[0];
    }
    return amzx_ex_as_num(&d, c, call->kid[0], argv[0]) ? amzx_ex_num(c, d)
                                                        : NULL;
}

AMZX_EX_FUNC(round)
{
    amzx_round_e mode;
    int digits;

    if (!digits_of(&digits, c, call, 1, argv, 0)
        || !mode_of(&mode, c, call, 2, argv)) {
        return NULL;
    }
    return round_first(c, call, argv[0], digits, mode);
}

AMZX_EX_FUNC(div)
{
    amzx_dec_t a, b;
    amzx_round_e mode;
    apr_status_t rv;
    int digits;

    if (!amzx_ex_as_num(&a, c, call->kid[0], argv[0])
        || !amzx_ex_as_num(&b, c, call->kid[1], argv[1])
        || !digits_of(&digits, c, call, 2, argv, 0)
        || !mode_of(&mode, c, call, 3, argv)) {
        return NULL;
    }
    rv = amzx_dec_div_round(&a, a, b, digits, mode);
    return rv == APR_SUCCESS ? amzx_ex_num(c, a)
                             : amzx_ex_math_fault(c, call, rv);
}

AMZX_EX_FUNC(money)
{
    const amzx_val_t *code = argv[1];
    int digits = -1;

    if (code->type == AMZX_NULL) {
        return amzx_ex_fail(c, call->kid[1], "expr.null", "`%s` is null where "
                            "a currency is needed",
                            amzx_ex_text_of(c, call->kid[1]));
    }
    if (code->type == AMZX_STR && code->u.str.len == 3) {
        digits = amzx_money_minor(code->u.str.s);
    }
    if (digits < 0) {
        return amzx_ex_fail(c, call->kid[1], "expr.type", "`%s` is not an ISO "
                            "4217 currency code",
                            amzx_ex_text_of(c, call->kid[1]));
    }
    return round_first(c, call, argv[0], digits, AMZX_ROUND_HALF_UP);
}

AMZX_EX_FUNC(tax_rate)
{
    amzx_dec_t tax, net;
    apr_status_t rv;
    int digits;

    if (!amzx_ex_as_num(&tax, c, call->kid[0], argv[0])
        || !amzx_ex_as_num(&net, c, call->kid[1], argv[1])
        || !digits_of(&digits, c, call, 2, argv, 4)) {
        return NULL;
    }
    if (amzx_dec_sign(net) == 0) {
        return &amzx_val_null;
    }
    rv = amzx_dec_div_round(&tax, tax, net, digits, AMZX_ROUND_HALF_UP);
    return rv == APR_SUCCESS ? amzx_ex_num(c, tax)
                             : amzx_ex_math_fault(c, call, rv);
}

static int weights_of(amzx_dec_t *weight, amzx_ex_t *c,
                      const amzx_node_t *call, const amzx_val_t *list)
{
    apr_size_t i;

    for (i = 0; i < list->u.list.count; ++i) {
        if (!amzx_ex_as_num(&weight[i], c, call->kid[1],
                            list->u.list.item[i])) {
            return 0;
        }
    }
    return 1;
}

AMZX_EX_FUNC(allocate)
{
    const amzx_val_t *list;
    amzx_dec_t total;
    amzx_dec_t *part;
    amzx_val_t *out;
    apr_status_t rv;
    apr_size_t count, i;
    int digits;

    if (!amzx_ex_as_num(&total, c, call->kid[0], argv[0])
        || !amzx_ex_as_list(c, call->kid[1], argv[1])
        || !digits_of(&digits, c, call, 2, argv, 2)) {
        return NULL;
    }
    list = argv[1];
    count = list->u.list.count;
    if (count > PARTS_MAX) {
        return amzx_ex_fail(c, call->kid[1], "limit.size", "more than %d "
                            "weights", PARTS_MAX);
    }
    if (!amzx_ex_burn(c, call, count * 8)) {
        return NULL;
    }
    part = apr_palloc(c->p, (2 * count + 1) * sizeof *part);
    if (!weights_of(part + count, c, call, list)) {
        return NULL;
    }
    rv = amzx_dec_allocate(part, total, part + count, count, digits);
    if (rv == APR_ERANGE) {
        return amzx_ex_math_fault(c, call, rv);
    }
    if (rv != APR_SUCCESS) {
        return amzx_ex_fail(c, call, "expr.type", "allocate() needs a total "
                            "of at most %d digits behind the point, and "
                            "weights that are not negative and not all zero",
                            digits);
    }
    out = amzx_ex_list(c, count);
    for (i = 0; i < count; ++i) {
        amzx_val_push(out, amzx_ex_num(c, part[i]), c->p);
    }
    return out;
}

AMZX_EX_FUNC(sum)
{
    const amzx_val_t *list = amzx_ex_as_list(c, call->kid[0], argv[0]);
    const amzx_node_t *blame = call->kid[call->count - 1];
    amzx_dec_t sum = amzx_dec_from_int(0);
    apr_size_t i;

    if (blame->kind == AMZX_N_LAMBDA) {
        blame = blame->kid[0];
    }
    for (i = 0; list && i < list->u.list.count; ++i) {
        const amzx_val_t *item = list->u.list.item[i];
        amzx_dec_t d;
        apr_status_t rv;
        int ok;

        if (call->count > 1 && call->kid[1]->kind == AMZX_N_LAMBDA) {
            c->local[call->kid[1]->slot] = item;
            ok = amzx_ex_eval_num(&d, c, blame);
        }
        else {
            ok = amzx_ex_burn(c, call, 1)
                 && amzx_ex_as_num(&d, c, blame, item);
        }
        if (!ok) {
            return NULL;
        }
        rv = amzx_dec_add(&sum, sum, d);
        if (rv != APR_SUCCESS) {
            return amzx_ex_math_fault(c, call, rv);
        }
    }
    return list ? amzx_ex_num(c, sum) : NULL;
}

/* The values min() and max() choose from, in one way of ordering. */
static const amzx_val_t *extreme(amzx_ex_t *c, const amzx_node_t *call,
                                 const amzx_val_t *const *key,
                                 apr_size_t count, int sign)
{
    const amzx_keys_e how = amzx_ex_keys(key, count);
    const amzx_val_t *best = &amzx_val_null;
    amzx_dec_t d;
    apr_size_t i;

    if (how == AMZX_KEYS_MIXED) {
        return amzx_ex_fail(c, call, "expr.type", "`%s` compares values of "
                            "kinds that have no common order",
                            amzx_ex_text_of(c, call));
    }
    for (i = 0; i < count; ++i) {
        if (key[i]->type == AMZX_NULL) {
            return amzx_ex_fail(c, call, "expr.null", "a value in `%s` is "
                                "null", amzx_ex_text_of(c, call));
        }
        if (i == 0 || sign * amzx_ex_key_order(how, key[i], best) < 0) {
            best = key[i];
        }
    }
    if (how == AMZX_KEYS_NUM && best->type == AMZX_STR
        && amzx_val_dec(&d, best) == APR_SUCCESS) {
        return amzx_ex_num(c, d);
    }
    return best;
}

static const amzx_val_t *least_or_greatest(amzx_ex_t *c,
                                           const amzx_node_t *call,
                                           const amzx_val_t *const *argv,
                                           int sign)
{
    const amzx_val_t **key;
    const amzx_val_t *list;
    apr_size_t i;

    if (call->count > 1 && call->kid[1]->kind != AMZX_N_LAMBDA) {
        return amzx_ex_burn(c, call, (apr_size_t)call->count)
               ? extreme(c, call, argv, call->count, sign) : NULL;
    }
    list = amzx_ex_as_list(c, call->kid[0], argv[0]);
    if (!list || !amzx_ex_burn(c, call, list->u.list.count)) {
        return NULL;
    }
    key = apr_palloc(c->p, (list->u.list.count + 1) * sizeof *key);
    for (i = 0; i < list->u.list.count; ++i) {
        key[i] = amzx_ex_apply(c, call, list->u.list.item[i]);
        if (!key[i]
            || (key[i]->type == AMZX_STR
                && !amzx_ex_burn(c, call, key[i]->u.str.len / 64))) {
            return NULL;
        }
    }
    return extreme(c, call, key, list->u.list.count, sign);
}

AMZX_EX_FUNC(min)
{
    return least_or_greatest(c, call, argv, 1);
}

AMZX_EX_FUNC(max)
{
    return least_or_greatest(c, call, argv, -1);
}
