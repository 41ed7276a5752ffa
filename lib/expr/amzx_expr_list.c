/* SPDX-License-Identifier: Apache-2.0 */
/* Functions on lists that look at the items one by one. */
#include "amzx_expr_int.h"

#include "amzx_str.h"

/* Is the condition true for this item? -1 after a fault. */
static int holds(amzx_ex_t *c, const amzx_node_t *call, const amzx_val_t *item)
{
    const amzx_node_t *lambda = call->count > 1 ? call->kid[1] : NULL;

    if (lambda && lambda->kind == AMZX_N_LAMBDA) {
        c->local[lambda->slot] = item;
        return amzx_ex_eval_bool(c, lambda->kid[0]);
    }
    if (lambda) {
        amzx_ex_fail(c, lambda, "expr.type", "a condition `x => ...` is "
                     "needed here");
        return -1;
    }
    if (!amzx_ex_burn(c, call, 1)) {
        return -1;
    }
    if (item->type == AMZX_BOOL) {
        return item->u.boolean != 0;
    }
    amzx_ex_fail(c, call, "expr.type", "`%s` holds %s where true or false is "
                 "needed", amzx_ex_text_of(c, call->kid[0]),
                 amzx_val_type_name(item->type));
    return -1;
}

AMZX_EX_FUNC(map)
{
    const amzx_val_t *list = amzx_ex_as_list(c, call->kid[0], argv[0]);
    amzx_val_t *out;
    apr_size_t i;

    if (!list || !amzx_ex_burn(c, call, list->u.list.count)) {
        return NULL;
    }
    out = amzx_ex_list(c, list->u.list.count);
    for (i = 0; i < list->u.list.count; ++i) {
        const amzx_val_t *v = amzx_ex_apply(c, call, list->u.list.item[i]);

        if (!v) {
            return NULL;
        }
        amzx_val_push(out, v, c->p);
    }
    return out;
}

AMZX_EX_FUNC(filter)
{
    const amzx_val_t *list = amzx_ex_as_list(c, call->kid[0], argv[0]);
    amzx_val_t *out;
    apr_size_t i;

    if (!list) {
        return NULL;
    }
    out = amzx_ex_list(c, 0);
    for (i = 0; i < list->u.list.count; ++i) {
        int is = holds(c, call, list->u.list.item[i]);

        if (is < 0) {
            return NULL;
        }
        if (is) {
            amzx_val_push(out, list->u.list.item[i], c->p);
        }
    }
    return out;
}

AMZX_EX_FUNC(find)
{
    const amzx_val_t *list = amzx_ex_as_list(c, call->kid[0], argv[0]);
    apr_size_t i;

    for (i = 0; list && i < list->u.list.count; ++i) {
        int is = holds(c, call, list->u.list.item[i]);

        if (is != 0) {
            return is < 0 ? NULL : list->u.list.item[i];
        }
    }
    return list ? &amzx_val_null : NULL;
}

static const amzx_val_t *quantify(amzx_ex_t *c, const amzx_node_t *call,
                                  const amzx_val_t *const *argv, int is_any)
{
    const amzx_val_t *list = amzx_ex_as_list(c, call->kid[0], argv[0]);
    apr_size_t i;

    for (i = 0; list && i < list->u.list.count; ++i) {
        int is = holds(c, call, list->u.list.item[i]);

        if (is < 0 || is == is_any) {
            return is < 0 ? NULL : amzx_val_bool(is_any);
        }
    }
    return list ? amzx_val_bool(!is_any) : NULL;
}

AMZX_EX_FUNC(all)
{
    return quantify(c, call, argv, 0);
}

AMZX_EX_FUNC(any)
{
    return quantify(c, call, argv, 1);
}

/* null has no first item: null. */
static const amzx_val_t *end_of(amzx_ex_t *c, const amzx_node_t *call,
                                const amzx_val_t *v, int is_last)
{
    if (v->type == AMZX_NULL) {
        return v;
    }
    if (!amzx_ex_as_list(c, call->kid[0], v)) {
        return NULL;
    }
    if (v->u.list.count == 0) {
        return &amzx_val_null;
    }
    return v->u.list.item[is_last ? v->u.list.count - 1 : 0];
}

AMZX_EX_FUNC(first)
{
    return end_of(c, call, argv[0], 0);
}

AMZX_EX_FUNC(last)
{
    return end_of(c, call, argv[0], 1);
}

static const amzx_val_t *part_of(amzx_ex_t *c, const amzx_node_t *call,
                                 const amzx_val_t *list, apr_size_t from,
                                 apr_size_t to)
{
    amzx_val_t *out;
    apr_size_t i;

    if (!amzx_ex_burn(c, call, (to - from) / 4)) {
        return NULL;
    }
    out = amzx_ex_list(c, to - from);
    for (i = from; i < to; ++i) {
        amzx_val_push(out, list->u.list.item[i], c->p);
    }
    return out;
}

AMZX_EX_FUNC(chunk)
{
    const amzx_val_t *list = amzx_ex_as_list(c, call->kid[0], argv[0]);
    amzx_val_t *out;
    apr_size_t i;
    int size;

    if (!list || !amzx_ex_as_int(&size, c, call->kid[1], argv[1], 1, 1000000)
        || !amzx_ex_burn(c, call, list->u.list.count / (apr_size_t)size)) {
        return NULL;
    }
    out = amzx_ex_list(c, list->u.list.count / (apr_size_t)size + 1);
    for (i = 0; i < list->u.list.count; i += (apr_size_t)size) {
        apr_size_t left = list->u.list.count - i;
        const amzx_val_t *part;

        part = part_of(c, call, list, i,
                       i + (left < (apr_size_t)size ? left
                                                    : (apr_size_t)size));
        if (!part) {
            return NULL;
        }
        amzx_val_push(out, part, c->p);
    }
    return out;
}

AMZX_EX_FUNC(flatten)
{
    const amzx_val_t *list = amzx_ex_as_list(c, call->kid[0], argv[0]);
    apr_size_t total = 0;
    amzx_val_t *out;
    apr_size_t i, k;

    for (i = 0; list && i < list->u.list.count; ++i) {
        const amzx_val_t *v = list->u.list.item[i];

        total += v->type == AMZX_LIST ? v->u.list.count : 1;
        if (total > (apr_size_t)AMZX_FUEL_EXPR * 8) {
            break;
        }
    }
    if (!list
        || !amzx_ex_burn(c, call, list->u.list.count / 8 + total / 2)) {
        return NULL;
    }
    out = amzx_ex_list(c, total);
    for (i = 0; i < list->u.list.count; ++i) {
        const amzx_val_t *v = list->u.list.item[i];

        if (v->type != AMZX_LIST) {
            amzx_val_push(out, v, c->p);
            continue;
        }
        for (k = 0; k < v->u.list.count; ++k) {
            amzx_val_push(out, v->u.list.item[k], c->p);
        }
    }
    return out;
}

/* A place in a list or text: from the end when negative, kept inside. */
static int place_of(apr_size_t *out, amzx_ex_t *c, const amzx_node_t *arg,
                    const amzx_val_t *v, apr_size_t count)
{
    int n;

    if (!amzx_ex_as_int(&n, c, arg, v, -1000000000, 1000000000)) {
        return 0;
    }
    if (n < 0) {
        *out = (apr_size_t)-n > count ? 0 : count - (apr_size_t)-n;
    }
    else {
        *out = (apr_size_t)n > count ? count : (apr_size_t)n;
    }
    return 1;
}

AMZX_EX_FUNC(slice)
{
    const amzx_val_t *v = argv[0];
    const int is_list = v->type == AMZX_LIST;
    const char *s = NULL;
    apr_size_t len = 0, count, from, to;

    if (v->type == AMZX_NULL) {
        return v;
    }
    if (!is_list) {
        s = amzx_ex_as_text(&len, c, call->kid[0], v);
        if (!s || !amzx_ex_burn(c, call, len / 16)) {
            return NULL;
        }
    }
    count = is_list ? v->u.list.count : amzx_utf8_count(s, len);
    to = count;
    if (!place_of(&from, c, call->kid[1], argv[1], count)
        || (call->count == 3 && argv[2]->type != AMZX_NULL
            && !place_of(&to, c, call->kid[2], argv[2], count))) {
        return NULL;
    }
    to = to < from ? from : to;
    return is_list ? part_of(c, call, v, from, to)
                   : amzx_ex_cut(c, call, s, len, from, to - from);
}

AMZX_EX_FUNC(join)
{
    const amzx_val_t *list = amzx_ex_as_list(c, call->kid[0], argv[0]);
    const char *sep = ",";
    apr_size_t sep_len = 1;
    amzx_buf_t b;
    apr_size_t i;

    if (!list || !amzx_ex_burn(c, call, list->u.list.count)) {
        return NULL;
    }
    if (call->count == 2) {
        sep = amzx_ex_as_text(&sep_len, c, call->kid[1], argv[1]);
        if (!sep) {
            return NULL;
        }
    }
    amzx_buf_init(&b, 64, c->p);
    for (i = 0; i < list->u.list.count; ++i) {
        apr_size_t len;
        const char *s = amzx_ex_as_text(&len, c, call->kid[0],
                                        list->u.list.item[i]);

        if (!s || !amzx_ex_room(c, call, len + sep_len)) {
            return NULL;
        }
        if (i > 0) {
            amzx_buf_add(&b, sep, sep_len);
        }
        amzx_buf_add(&b, s, len);
    }
    return amzx_ex_str(c, b.s, b.len);
}
