/* SPDX-License-Identifier: Apache-2.0 */
/* Functions on lists that look at all items: grouping and sorting. */
#include "amzx_expr_int.h"

#include <string.h>

#define FREE ((apr_size_t)-1)

/* Indexes of distinct keys by hash, open addressing. */
typedef struct {
    amzx_ex_t *c;
    const amzx_node_t *at;
    apr_size_t *slot;
    apr_size_t mask;
    const amzx_val_t **key;
    apr_size_t count;
} distinct_t;

static int distinct_init(distinct_t *d, amzx_ex_t *c, const amzx_node_t *at,
                         apr_size_t items)
{
    apr_size_t room = 16;

    while (room < 2 * items) {
        room *= 2;
    }
    if (!amzx_ex_burn(c, at, items)) {
        return 0;
    }
    d->c = c;
    d->at = at;
    d->mask = room - 1;
    d->slot = apr_palloc(c->p, room * sizeof *d->slot);
    memset(d->slot, 0xFF, room * sizeof *d->slot); /* all FREE */
    d->key = apr_palloc(c->p, (items + 1) * sizeof *d->key);
    d->count = 0;
    return 1;
}

/* The index of a key among the distinct ones; adds it when it is new. */
static int distinct_find(apr_size_t *index, int *is_new, distinct_t *d,
                         const amzx_val_t *key)
{
    apr_size_t at;

    *is_new = 0;
    if (!amzx_ex_weigh(d->c, d->at, key)) {
        return 0;
    }
    at = amzx_ex_hash(key);
    for (at ^= at >> 15; d->slot[at & d->mask] != FREE; ++at) {
        int is;

        *index = d->slot[at & d->mask];
        is = amzx_ex_same(d->c, d->at, key, d->key[*index]);
        if (is != 0) {
            return is > 0;
        }
    }
    *is_new = 1;
    *index = d->count;
    d->slot[at & d->mask] = d->count;
    d->key[d->count++] = key;
    return 1;
}

AMZX_EX_FUNC(unique)
{
    const amzx_val_t *list = amzx_ex_as_list(c, call->kid[0], argv[0]);
    distinct_t d;
    amzx_val_t *out;
    apr_size_t i, index;
    int is_new;

    if (!list || !distinct_init(&d, c, call, list->u.list.count)) {
        return NULL;
    }
    if (call->count > 1 && argv[1]) {
        return amzx_ex_fail(c, call->kid[1], "expr.type", "a key `x => ...` "
                            "is needed here");
    }
    out = amzx_ex_list(c, 0);
    for (i = 0; i < list->u.list.count; ++i) {
        const amzx_val_t *key = amzx_ex_apply(c, call, list->u.list.item[i]);

        if (!key || !distinct_find(&index, &is_new, &d, key)) {
            return NULL;
        }
        if (is_new) {
            amzx_val_push(out, list->u.list.item[i], c->p);
        }
    }
    return out;
}

AMZX_EX_FUNC(group_by)
{
    const amzx_val_t *list = amzx_ex_as_list(c, call->kid[0], argv[0]);
    distinct_t d;
    amzx_val_t **items;
    amzx_val_t *out;
    apr_size_t i, index;
    int is_new;

    if (!list || !distinct_init(&d, c, call, list->u.list.count)) {
        return NULL;
    }
    items = apr_palloc(c->p, (list->u.list.count + 1) * sizeof *items);
    out = amzx_ex_list(c, 0);
    for (i = 0; i < list->u.list.count; ++i) {
        const amzx_val_t *key = amzx_ex_apply(c, call, list->u.list.item[i]);

        if (!key || !distinct_find(&index, &is_new, &d, key)) {
            return NULL;
        }
        if (is_new) {
            amzx_val_t *group = amzx_ex_obj(c, 2);

            items[index] = amzx_ex_list(c, 0);
            amzx_val_put_ref(group, "key", key, c->p);
            amzx_val_put_ref(group, "items", items[index], c->p);
            amzx_val_push(out, group, c->p);
        }
        amzx_val_push(items[index], list->u.list.item[i], c->p);
    }
    return out;
}

typedef struct {
    const amzx_val_t *key;
    const amzx_val_t *item;
} sorting_t;

typedef struct {
    amzx_ex_t *c;
    amzx_keys_e how;
    int sign;
} order_t;

/* Does b belong before a? Null is last in both directions. */
static int is_wrong(const order_t *o, const sorting_t *a, const sorting_t *b)
{
    int order = amzx_ex_key_order(o->how, a->key, b->key);
    int has_null = a->key->type == AMZX_NULL || b->key->type == AMZX_NULL;

    o->c->fuel -= 1;
    if (o->how == AMZX_KEYS_TEXT && !has_null) {
        o->c->fuel -= (apr_int64_t)(a->key->u.str.len / 64);
    }
    return (has_null ? order : o->sign * order) > 0;
}

static void merge_runs(const order_t *o, sorting_t *out, const sorting_t *in,
                       apr_size_t middle, apr_size_t end)
{
    apr_size_t a = 0, b = middle, n = 0;

    while (a < middle && b < end) {
        out[n++] = is_wrong(o, &in[a], &in[b]) ? in[b++] : in[a++];
    }
    while (a < middle) {
        out[n++] = in[a++];
    }
    while (b < end) {
        out[n++] = in[b++];
    }
}

/* Merge sort from the bottom up: stable. Returns where the result is. */
static const sorting_t *merge_sort(const order_t *o, sorting_t *a,
                                   sorting_t *b, apr_size_t count)
{
    apr_size_t width, i;

    for (width = 1; width < count && o->c->fuel >= 0; width *= 2) {
        sorting_t *swap = a;

        for (i = 0; i < count; i += 2 * width) {
            apr_size_t end = count - i < 2 * width ? count - i : 2 * width;
            apr_size_t middle = end < width ? end : width;

            merge_runs(o, b + i, a + i, middle, end);
        }
        a = b;
        b = swap;
    }
    return a;
}

/* 'asc' or 'desc' as the last argument. */
static int direction_of(int *sign, amzx_ex_t *c, const amzx_node_t *call,
                        const amzx_val_t *const *argv)
{
    const amzx_val_t *last = argv[call->count - 1];
    const char *text;

    *sign = 1;
    if (call->count == 1 || !last) {
        return 1;
    }
    text = amzx_val_text(last, "");
    if (call->count == 3 && argv[1]) {
        text = "";
    }
    if (strcmp(text, "desc") == 0) {
        *sign = -1;
    }
    else if (strcmp(text, "asc") != 0) {
        amzx_ex_fail(c, call->kid[call->count - 1], "expr.type", "sort() "
                     "takes a key `x => ...`, then 'asc' or 'desc'");
        return 0;
    }
    return 1;
}

/* The keys of all items; numbers in text become numbers. */
static int sort_keys(order_t *o, sorting_t *pair, const amzx_node_t *call,
                     const amzx_val_t *list)
{
    const amzx_val_t **key;
    amzx_dec_t d;
    apr_size_t i;

    key = apr_palloc(o->c->p, (list->u.list.count + 1) * sizeof *key);
    for (i = 0; i < list->u.list.count; ++i) {
        key[i] = amzx_ex_apply(o->c, call, list->u.list.item[i]);
        if (!key[i]
            || (key[i]->type == AMZX_STR
                && !amzx_ex_burn(o->c, call, key[i]->u.str.len / 64))) {
            return 0;
        }
    }
    o->how = amzx_ex_keys(key, list->u.list.count);
    if (o->how == AMZX_KEYS_MIXED) {
        amzx_ex_fail(o->c, call, "expr.type", "the keys of `%s` are of kinds "
                     "that have no common order",
                     amzx_ex_text_of(o->c, call));
        return 0;
    }
    for (i = 0; i < list->u.list.count; ++i) {
        if (o->how == AMZX_KEYS_NUM && key[i]->type == AMZX_STR) {
            amzx_val_dec(&d, key[i]);
            key[i] = amzx_ex_num(o->c, d);
        }
        pair[i].key = key[i];
        pair[i].item = list->u.list.item[i];
    }
    return 1;
}

AMZX_EX_FUNC(sort)
{
    const amzx_val_t *list = amzx_ex_as_list(c, call->kid[0], argv[0]);
    order_t o = {c, AMZX_KEYS_NONE, 1};
    const sorting_t *sorted;
    sorting_t *pair;
    amzx_val_t *out;
    apr_size_t count, i;

    if (!list || !direction_of(&o.sign, c, call, argv)
        || !amzx_ex_burn(c, call, list->u.list.count)) {
        return NULL;
    }
    count = list->u.list.count;
    pair = apr_palloc(c->p, (2 * count + 1) * sizeof *pair);
    if (!sort_keys(&o, pair, call, list)) {
        return NULL;
    }
    sorted = merge_sort(&o, pair, pair + count, count);
    if (!amzx_ex_burn(c, call, 0)) {
        return NULL;
    }
    out = amzx_ex_list(c, count);
    for (i = 0; i < count; ++i) {
        amzx_val_push(out, sorted[i].item, c->p);
    }
    return out;
}
