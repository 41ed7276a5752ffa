/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing values: `==`, sameness for grouping, order, `in`. */
#include "amzx_expr_int.h"

#include <string.h>

static int is_time(amzx_val_e type)
{
    return type == AMZX_DATE || type == AMZX_DATETIME
           || type == AMZX_DURATION;
}

/* Text as a day, moment or span like `as`. */
static int time_of(apr_int64_t *out, amzx_val_e as, const amzx_val_t *v)
{
    if (v->type == as) {
        *out = as == AMZX_DATE ? v->u.days
               : as == AMZX_DATETIME ? v->u.time_us : v->u.span_us;
        return 1;
    }
    if (v->type != AMZX_STR) {
        return 0;
    }
    switch (as) {
    case AMZX_DATE: return amzx_date_parse(out, v->u.str.s) == APR_SUCCESS;
    case AMZX_DATETIME:
        return amzx_time_parse(out, v->u.str.s) == APR_SUCCESS;
    case AMZX_DURATION:
        return amzx_duration_parse(out, v->u.str.s) == APR_SUCCESS;
    default: return 0;
    }
}

static int order_times(int *order, amzx_val_e as, const amzx_val_t *a,
                       const amzx_val_t *b)
{
    apr_int64_t x, y;

    if (!time_of(&x, as, a) || !time_of(&y, as, b)) {
        return 0;
    }
    *order = (x > y) - (x < y);
    return 1;
}

static int order_text(const amzx_val_t *a, const amzx_val_t *b)
{
    apr_size_t shorter = a->u.str.len < b->u.str.len ? a->u.str.len
                                                     : b->u.str.len;
    int order = memcmp(a->u.str.s, b->u.str.s, shorter);

    if (order != 0) {
        return order < 0 ? -1 : 1;
    }
    return (a->u.str.len > b->u.str.len) - (a->u.str.len < b->u.str.len);
}

int amzx_ex_order(int *order, const amzx_val_t *a, const amzx_val_t *b)
{
    amzx_dec_t x, y;

    *order = 0;
    if (a->type == AMZX_NUM && b->type == AMZX_NUM) {
        *order = amzx_dec_cmp(a->u.num, b->u.num);
        return 1;
    }
    if (is_time(a->type) || is_time(b->type)) {
        return order_times(order, is_time(a->type) ? a->type : b->type, a, b);
    }
    if (amzx_val_dec(&x, a) == APR_SUCCESS
        && amzx_val_dec(&y, b) == APR_SUCCESS) {
        *order = amzx_dec_cmp(x, y);
        return 1;
    }
    if (a->type == AMZX_STR && b->type == AMZX_STR) {
        *order = order_text(a, b);
        return 1;
    }
    return 0;
}

/* Equality of values of one type that hold no others. */
static int equal_leaf(const amzx_val_t *a, const amzx_val_t *b)
{
    switch (a->type) {
    case AMZX_BOOL: return !a->u.boolean == !b->u.boolean;
    case AMZX_NUM: return amzx_dec_cmp(a->u.num, b->u.num) == 0;
    case AMZX_STR:
        return a->u.str.len == b->u.str.len
               && memcmp(a->u.str.s, b->u.str.s, a->u.str.len) == 0;
    case AMZX_DATE: return a->u.days == b->u.days;
    case AMZX_DATETIME: return a->u.time_us == b->u.time_us;
    case AMZX_DURATION: return a->u.span_us == b->u.span_us;
    default: return 1; /* null */
    }
}

/* Values of two types, one of them text: does the text say the other? */
static int equal_mixed(const amzx_val_t *a, const amzx_val_t *b)
{
    const amzx_val_t *text = a->type == AMZX_STR ? a : b;
    const amzx_val_t *other = a->type == AMZX_STR ? b : a;
    amzx_dec_t d;
    int order;

    if (text->type != AMZX_STR) {
        return 0;
    }
    if (other->type == AMZX_NUM) {
        return amzx_val_dec(&d, text) == APR_SUCCESS
               && amzx_dec_cmp(d, other->u.num) == 0;
    }
    return is_time(other->type)
           && order_times(&order, other->type, text, other) && order == 0;
}

typedef struct {
    amzx_ex_t *c;
    const amzx_node_t *at;
    int is_strict;
    int depth;
} equal_t;

static int equal(equal_t *e, const amzx_val_t *a, const amzx_val_t *b);

static int equal_lists(equal_t *e, const amzx_val_t *a, const amzx_val_t *b)
{
    apr_size_t i;
    int is = a->u.list.count == b->u.list.count;

    for (i = 0; is == 1 && i < a->u.list.count; ++i) {
        is = equal(e, a->u.list.item[i], b->u.list.item[i]);
    }
    return is;
}

static int equal_objects(equal_t *e, const amzx_val_t *a, const amzx_val_t *b)
{
    apr_size_t i;
    int is = a->u.obj.count == b->u.obj.count;

    for (i = 0; is == 1 && i < a->u.obj.count; ++i) {
        const amzx_member_t *m = &a->u.obj.member[i];
        const amzx_member_t *n = &b->u.obj.member[i];

        /* mostly both have one order */
        if (m->hash != n->hash || m->len != n->len
            || memcmp(m->name, n->name, m->len) != 0) {
            n = amzx_ex_find(e->c, b, m);
        }
        is = n ? equal(e, m->val, n->val) : 0;
    }
    return is;
}

static int equal(equal_t *e, const amzx_val_t *a, const amzx_val_t *b)
{
    int is;

    if (a->type == AMZX_STR && b->type == AMZX_STR
        && a->u.str.len != b->u.str.len) {
        return 0;
    }
    if (!amzx_ex_burn(e->c, e->at, 1 + (a->type == AMZX_STR
                                        ? a->u.str.len / 64 : 0))) {
        return -1;
    }
    if (a->type != b->type) {
        return e->is_strict ? 0 : equal_mixed(a, b);
    }
    if (a->type != AMZX_LIST && a->type != AMZX_OBJ) {
        return equal_leaf(a, b);
    }
    if (++e->depth > AMZX_EX_NEST) {
        amzx_ex_fail(e->c, e->at, "expr.depth", "a value is nested more than "
                     "%d deep", AMZX_EX_NEST);
        return -1;
    }
    is = a->type == AMZX_LIST ? equal_lists(e, a, b) : equal_objects(e, a, b);
    --e->depth;
    return is;
}

int amzx_ex_equal(amzx_ex_t *c, const amzx_node_t *at, const amzx_val_t *a,
                  const amzx_val_t *b)
{
    equal_t e = {c, at, 0, 0};

    return equal(&e, a, b);
}

int amzx_ex_same(amzx_ex_t *c, const amzx_node_t *at, const amzx_val_t *a,
                 const amzx_val_t *b)
{
    equal_t e = {c, at, 1, 0};

    return equal(&e, a, b);
}

static apr_uint32_t hash_number(amzx_dec_t d)
{
    d = amzx_dec_trim(d);
    return (apr_uint32_t)(apr_uint64_t)d.coef * 2654435761u
           + (apr_uint32_t)(apr_uint64_t)(d.coef >> 64) * 40503u
           + (apr_uint32_t)d.scale;
}

/* Deep lists and objects are left out: it is still the same for the same. */
static apr_uint32_t hash_in(const amzx_val_t *v, int depth)
{
    apr_uint32_t h = (apr_uint32_t)v->type * 0x9E3779B1u;
    apr_size_t i;

    switch (v->type) {
    case AMZX_BOOL: return h + (v->u.boolean ? 1 : 0);
    case AMZX_NUM: return h + hash_number(v->u.num);
    case AMZX_STR: return h + amzx_val_hash(v->u.str.s, v->u.str.len);
    case AMZX_DATE: return h + (apr_uint32_t)v->u.days * 2654435761u;
    case AMZX_DATETIME:
        return h + (apr_uint32_t)(v->u.time_us / 1000) * 2654435761u;
    case AMZX_DURATION:
        return h + (apr_uint32_t)(v->u.span_us / 1000) * 2654435761u;
    case AMZX_LIST:
        for (i = 0; depth < 3 && i < v->u.list.count; ++i) {
            h = h * 31 + hash_in(v->u.list.item[i], depth + 1);
        }
        return h + (apr_uint32_t)v->u.list.count;
    case AMZX_OBJ:
        /* the order of members does not matter: add */
        for (i = 0; depth < 3 && i < v->u.obj.count; ++i) {
            const amzx_member_t *m = &v->u.obj.member[i];

            h += (m->hash | 1u) * hash_in(m->val, depth + 1);
        }
        return h + (apr_uint32_t)v->u.obj.count;
    default: return h;
    }
}

apr_uint32_t amzx_ex_hash(const amzx_val_t *v)
{
    return hash_in(v, 0);
}

static int in_list(amzx_ex_t *c, const amzx_node_t *at, const amzx_val_t *item,
                   const amzx_val_t *list)
{
    apr_size_t i;
    int is = 0;

    for (i = 0; is == 0 && i < list->u.list.count; ++i) {
        is = amzx_ex_equal(c, at, item, list->u.list.item[i]);
        c->fuel -= 1;
    }
    return is;
}

int amzx_ex_in(amzx_ex_t *c, const amzx_node_t *at, const amzx_val_t *item,
               const amzx_val_t *in)
{
    apr_size_t i;

    if (item->type == AMZX_NULL || in->type == AMZX_NULL) {
        return 0;
    }
    if (in->type == AMZX_LIST) {
        return in_list(c, at, item, in);
    }
    if (in->type != AMZX_OBJ || item->type != AMZX_STR) {
        amzx_ex_fail(c, at, "expr.type", "`in` looks into a list, or for a "
                     "name in an object%s", in->type == AMZX_STR
                     ? "; contains() looks into text" : "");
        return -1;
    }
    if (!amzx_ex_burn(c, at, in->u.obj.count / 8 + item->u.str.len / 64)) {
        return -1;
    }
    for (i = 0; i < in->u.obj.count; ++i) {
        if (in->u.obj.member[i].len == item->u.str.len
            && memcmp(in->u.obj.member[i].name, item->u.str.s,
                      item->u.str.len) == 0) {
            return 1;
        }
    }
    return 0;
}

amzx_keys_e amzx_ex_keys(const amzx_val_t *const *key, apr_size_t count)
{
    int all_num = 1, all_text = 1, all_one = 1;
    const amzx_val_t *first = NULL;
    amzx_dec_t d;
    apr_size_t i;

    for (i = 0; i < count; ++i) {
        const amzx_val_t *v = key[i];

        if (v->type == AMZX_NULL) {
            continue;
        }
        first = first ? first : v;
        all_one = all_one && v->type == first->type;
        all_text = all_text && v->type == AMZX_STR;
        all_num = all_num && (v->type == AMZX_NUM
                              || amzx_val_dec(&d, v) == APR_SUCCESS);
    }
    if (!first) {
        return AMZX_KEYS_NONE;
    }
    if (all_num) {
        return AMZX_KEYS_NUM;
    }
    if (all_text) {
        return AMZX_KEYS_TEXT;
    }
    return all_one && (is_time(first->type) || first->type == AMZX_BOOL)
           ? AMZX_KEYS_OTHER : AMZX_KEYS_MIXED;
}

int amzx_ex_key_order(amzx_keys_e how, const amzx_val_t *a,
                      const amzx_val_t *b)
{
    int order = 0;

    if (a->type == AMZX_NULL || b->type == AMZX_NULL) {
        return (a->type == AMZX_NULL) - (b->type == AMZX_NULL);
    }
    if (how == AMZX_KEYS_TEXT) {
        return order_text(a, b);
    }
    if (a->type == AMZX_BOOL) {
        return !!a->u.boolean - !!b->u.boolean;
    }
    amzx_ex_order(&order, a, b);
    return order;
}
