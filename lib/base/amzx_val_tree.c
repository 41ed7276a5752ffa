/* SPDX-License-Identifier: Apache-2.0 */
/* Whole value trees: equality and deep copies. */
#include "amzx_val.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

/* Objects longer than this are compared sorted, not by nested loops. */
#define SORT_FROM 32

static int lists_equal(const amzx_val_t *a, const amzx_val_t *b)
{
    apr_size_t i;

    if (a->u.list.count != b->u.list.count) {
        return 0;
    }
    for (i = 0; i < a->u.list.count; i++) {
        if (!amzx_val_equal(a->u.list.item[i], b->u.list.item[i])) {
            return 0;
        }
    }
    return 1;
}

static int names_equal(const amzx_member_t *a, const amzx_member_t *b)
{
    return a->hash == b->hash && a->len == b->len
           && memcmp(a->name, b->name, a->len) == 0;
}

static int by_hash_and_name(const void *left, const void *right)
{
    const amzx_member_t *a = *(const amzx_member_t *const *)left;
    const amzx_member_t *b = *(const amzx_member_t *const *)right;

    if (a->hash != b->hash) {
        return a->hash < b->hash ? -1 : 1;
    }
    if (a->len != b->len) {
        return a->len < b->len ? -1 : 1;
    }
    return memcmp(a->name, b->name, a->len);
}

static const amzx_member_t **sorted(const amzx_val_t *v)
{
    apr_size_t n = v->u.obj.count;
    const amzx_member_t **list = malloc(n * sizeof(*list));
    apr_size_t i;

    if (list != NULL) {
        for (i = 0; i < n; i++) {
            list[i] = &v->u.obj.member[i];
        }
        qsort(list, n, sizeof(*list), by_hash_and_name);
    }
    return list;
}

/* -1: no memory, compare the slow way. */
static int long_objects_equal(const amzx_val_t *a, const amzx_val_t *b)
{
    const amzx_member_t **left = sorted(a);
    const amzx_member_t **right = sorted(b);
    int is_equal = -1;
    apr_size_t i;

    if (left != NULL && right != NULL) {
        is_equal = 1;
        for (i = 0; is_equal && i < a->u.obj.count; i++) {
            is_equal = names_equal(left[i], right[i])
                       && amzx_val_equal(left[i]->val, right[i]->val);
        }
    }
    free(left);
    free(right);
    return is_equal;
}

static int objects_equal(const amzx_val_t *a, const amzx_val_t *b)
{
    apr_size_t n = a->u.obj.count;
    apr_size_t i = 0;

    if (n != b->u.obj.count) {
        return 0;
    }
    /* Mostly both sides have the same order. */
    while (i < n && names_equal(&a->u.obj.member[i], &b->u.obj.member[i])) {
        if (!amzx_val_equal(a->u.obj.member[i].val, b->u.obj.member[i].val)) {
            return 0;
        }
        i++;
    }
    if (n - i > SORT_FROM) {
        int is_equal = long_objects_equal(a, b);

        if (is_equal >= 0) {
            return is_equal;
        }
    }
    for (; i < n; i++) {
        const amzx_member_t *m = &a->u.obj.member[i];
        apr_size_t k = 0;

        while (k < n && !names_equal(m, &b->u.obj.member[k])) {
            k++;
        }
        if (k == n || !amzx_val_equal(m->val, b->u.obj.member[k].val)) {
            return 0;
        }
    }
    return 1;
}

int amzx_val_equal(const amzx_val_t *a, const amzx_val_t *b)
{
    a = a != NULL ? a : &amzx_val_null;
    b = b != NULL ? b : &amzx_val_null;
    if (a == b) {
        return 1;
    }
    if (a->type != b->type) {
        return 0;
    }
    switch (a->type) {
    case AMZX_NULL:
        return 1;
    case AMZX_BOOL:
        return !a->u.boolean == !b->u.boolean;
    case AMZX_NUM:
        return amzx_dec_cmp(a->u.num, b->u.num) == 0;
    case AMZX_STR:
        return a->u.str.len == b->u.str.len
               && memcmp(a->u.str.s, b->u.str.s, a->u.str.len) == 0;
    case AMZX_LIST:
        return lists_equal(a, b);
    case AMZX_OBJ:
        return objects_equal(a, b);
    case AMZX_DATE:
        return a->u.days == b->u.days;
    case AMZX_DATETIME:
        return a->u.time_us == b->u.time_us;
    case AMZX_DURATION:
        return a->u.span_us == b->u.span_us;
    }
    return 0;
}

static const amzx_val_t *copy_list(const amzx_val_t *v, apr_pool_t *p)
{
    amzx_val_t *out = amzx_val_list(v->u.list.count, p);
    apr_size_t i;

    for (i = 0; i < v->u.list.count; i++) {
        amzx_val_push(out, amzx_val_copy(v->u.list.item[i], p), p);
    }
    return out;
}

static const amzx_val_t *copy_object(const amzx_val_t *v, apr_pool_t *p)
{
    amzx_val_t *out = amzx_val_obj(v->u.obj.count, p);
    apr_size_t i;

    for (i = 0; i < v->u.obj.count; i++) {
        const amzx_member_t *m = &v->u.obj.member[i];
        amzx_member_t *to = &out->u.obj.member[i];

        *to = *m;
        to->name = apr_pstrmemdup(p, m->name, m->len);
        to->val = amzx_val_copy(m->val, p);
    }
    out->u.obj.count = v->u.obj.count;
    return out;
}

const amzx_val_t *amzx_val_copy(const amzx_val_t *v, apr_pool_t *p)
{
    amzx_val_t *out;

    switch (amzx_val_type(v)) {
    case AMZX_NULL:
        return &amzx_val_null;
    case AMZX_BOOL:
        return amzx_val_bool(v->u.boolean);
    case AMZX_STR:
        return amzx_val_strn(v->u.str.s, v->u.str.len, p);
    case AMZX_LIST:
        return copy_list(v, p);
    case AMZX_OBJ:
        return copy_object(v, p);
    case AMZX_NUM:
    case AMZX_DATE:
    case AMZX_DATETIME:
    case AMZX_DURATION:
        break;
    }
    out = apr_palloc(p, sizeof(*out));
    *out = *v;
    return out;
}
