/* SPDX-License-Identifier: Apache-2.0 */
/* The value tree: makers and readers. */
#include "amzx_val.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

/* From this many members on the stored hash is compared first. */
#define HASH_FROM 9

const amzx_val_t amzx_val_null = {.type = AMZX_NULL};
const amzx_val_t amzx_val_true = {.type = AMZX_BOOL, .u.boolean = 1};
const amzx_val_t amzx_val_false = {.type = AMZX_BOOL, .u.boolean = 0};
const amzx_val_t amzx_val_empty_str = {
    .type = AMZX_STR,
    .u.str = {"", 0},
};

static amzx_val_t *val_new(amzx_val_e type, apr_pool_t *p)
{
    amzx_val_t *v = apr_palloc(p, sizeof(*v));

    v->type = type;
    return v;
}

const amzx_val_t *amzx_val_bool(int b)
{
    return b ? &amzx_val_true : &amzx_val_false;
}

const amzx_val_t *amzx_val_num(amzx_dec_t d, apr_pool_t *p)
{
    amzx_val_t *v = val_new(AMZX_NUM, p);

    v->u.num = d;
    return v;
}

const amzx_val_t *amzx_val_int(apr_int64_t n, apr_pool_t *p)
{
    return amzx_val_num(amzx_dec_from_int(n), p);
}

const amzx_val_t *amzx_val_str(const char *s, apr_pool_t *p)
{
    return s == NULL ? &amzx_val_null : amzx_val_strn(s, strlen(s), p);
}

const amzx_val_t *amzx_val_strn(const char *s, apr_size_t len, apr_pool_t *p)
{
    amzx_val_t *v;
    char *copy;

    if (len == 0) {
        return &amzx_val_empty_str;
    }
    v = apr_palloc(p, sizeof(*v) + len + 1);
    copy = (char *)(v + 1);
    memcpy(copy, s, len);
    copy[len] = '\0';
    v->type = AMZX_STR;
    v->u.str.s = copy;
    v->u.str.len = len;
    return v;
}

const amzx_val_t *amzx_val_str_ref(const char *s, apr_size_t len,
                                   apr_pool_t *p)
{
    amzx_val_t *v = val_new(AMZX_STR, p);

    v->u.str.s = s;
    v->u.str.len = len;
    return v;
}

const amzx_val_t *amzx_val_date(apr_int64_t days, apr_pool_t *p)
{
    amzx_val_t *v = val_new(AMZX_DATE, p);

    v->u.days = days;
    return v;
}

const amzx_val_t *amzx_val_datetime(apr_time_t t, apr_pool_t *p)
{
    amzx_val_t *v = val_new(AMZX_DATETIME, p);

    v->u.time_us = t;
    return v;
}

const amzx_val_t *amzx_val_duration(apr_interval_time_t d, apr_pool_t *p)
{
    amzx_val_t *v = val_new(AMZX_DURATION, p);

    v->u.span_us = d;
    return v;
}

amzx_val_t *amzx_val_list(apr_size_t room, apr_pool_t *p)
{
    amzx_val_t *v = val_new(AMZX_LIST, p);

    v->u.list.item =
        room > 0 ? apr_palloc(p, room * sizeof(*v->u.list.item)) : NULL;
    v->u.list.count = 0;
    v->u.list.room = room;
    return v;
}

void amzx_val_push(amzx_val_t *list, const amzx_val_t *item, apr_pool_t *p)
{
    if (list->u.list.count == list->u.list.room) {
        apr_size_t room = list->u.list.room > 0 ? 2 * list->u.list.room : 4;
        const amzx_val_t **more = apr_palloc(p, room * sizeof(*more));

        if (list->u.list.count > 0) {
            memcpy(more, list->u.list.item,
                   list->u.list.count * sizeof(*more));
        }
        list->u.list.item = more;
        list->u.list.room = room;
    }
    list->u.list.item[list->u.list.count++] =
        item != NULL ? item : &amzx_val_null;
}

amzx_val_t *amzx_val_obj(apr_size_t room, apr_pool_t *p)
{
    amzx_val_t *v = val_new(AMZX_OBJ, p);

    v->u.obj.member =
        room > 0 ? apr_palloc(p, room * sizeof(*v->u.obj.member)) : NULL;
    v->u.obj.count = 0;
    v->u.obj.room = room;
    return v;
}

apr_uint32_t amzx_val_hash(const char *name, apr_size_t len)
{
    apr_uint32_t h = 2166136261u;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        h = (h ^ (unsigned char)name[i]) * 16777619u;
    }
    return h;
}

static amzx_member_t *find(const amzx_val_t *obj, const char *name,
                           apr_size_t len, apr_uint32_t hash)
{
    amzx_member_t *m = obj->u.obj.member;
    apr_size_t left = obj->u.obj.count;

    for (; left > 0; left--, m++) {
        if (m->hash == hash && m->len == len
            && memcmp(m->name, name, len) == 0) {
            return m;
        }
    }
    return NULL;
}

static void put(amzx_val_t *obj, const char *name, apr_size_t len,
                int is_ref, const amzx_val_t *val, apr_pool_t *p)
{
    apr_uint32_t hash = amzx_val_hash(name, len);
    amzx_member_t *m = find(obj, name, len, hash);

    if (val == NULL) {
        val = &amzx_val_null;
    }
    if (m != NULL) {
        m->val = val;
        return;
    }
    if (obj->u.obj.count == obj->u.obj.room) {
        apr_size_t room = obj->u.obj.room > 0 ? 2 * obj->u.obj.room : 4;
        amzx_member_t *more = apr_palloc(p, room * sizeof(*more));

        if (obj->u.obj.count > 0) {
            memcpy(more, obj->u.obj.member, obj->u.obj.count * sizeof(*more));
        }
        obj->u.obj.member = more;
        obj->u.obj.room = room;
    }
    m = &obj->u.obj.member[obj->u.obj.count++];
    m->name = is_ref ? name : apr_pstrmemdup(p, name, len);
    m->len = (apr_uint32_t)len;
    m->hash = hash;
    m->val = val;
}

void amzx_val_put(amzx_val_t *obj, const char *name, const amzx_val_t *val,
                  apr_pool_t *p)
{
    put(obj, name, strlen(name), 0, val, p);
}

void amzx_val_put_ref(amzx_val_t *obj, const char *name,
                      const amzx_val_t *val, apr_pool_t *p)
{
    put(obj, name, strlen(name), 1, val, p);
}

void amzx_val_put_str(amzx_val_t *obj, const char *name, const char *text,
                      apr_pool_t *p)
{
    put(obj, name, strlen(name), 0, amzx_val_str(text, p), p);
}

amzx_val_e amzx_val_type(const amzx_val_t *v)
{
    return v != NULL ? v->type : AMZX_NULL;
}

int amzx_val_is_null(const amzx_val_t *v)
{
    return amzx_val_type(v) == AMZX_NULL;
}

const amzx_val_t *amzx_val_getn(const amzx_val_t *obj, const char *name,
                                apr_size_t len, apr_uint32_t hash)
{
    const amzx_member_t *m;

    if (amzx_val_type(obj) != AMZX_OBJ) {
        return &amzx_val_null;
    }
    m = find(obj, name, len, hash);
    return m != NULL ? m->val : &amzx_val_null;
}

/* Few members: comparing is cheaper than hashing the name asked for. */
static const amzx_val_t *getn(const amzx_val_t *obj, const char *name,
                              apr_size_t len)
{
    apr_size_t i;

    if (amzx_val_type(obj) != AMZX_OBJ) {
        return &amzx_val_null;
    }
    if (obj->u.obj.count >= HASH_FROM) {
        return amzx_val_getn(obj, name, len, amzx_val_hash(name, len));
    }
    for (i = 0; i < obj->u.obj.count; i++) {
        const amzx_member_t *m = &obj->u.obj.member[i];

        if (m->len == len && memcmp(m->name, name, len) == 0) {
            return m->val;
        }
    }
    return &amzx_val_null;
}

const amzx_val_t *amzx_val_get(const amzx_val_t *obj, const char *name)
{
    return getn(obj, name, strlen(name));
}

const amzx_val_t *amzx_val_get_nocase(const amzx_val_t *obj,
                                      const char *name)
{
    const amzx_val_t *exact = amzx_val_get(obj, name);
    apr_size_t i;

    if (exact != &amzx_val_null || amzx_val_type(obj) != AMZX_OBJ) {
        return exact;
    }
    for (i = 0; i < obj->u.obj.count; i++) {
        if (strcasecmp(obj->u.obj.member[i].name, name) == 0) {
            return obj->u.obj.member[i].val;
        }
    }
    return &amzx_val_null;
}

/* The index a path part names, or -1. */
static apr_int64_t index_of(const char *s, apr_size_t len)
{
    apr_int64_t n = 0;
    apr_size_t i;

    if (len == 0 || len > 9) {
        return -1;
    }
    for (i = 0; i < len; i++) {
        if (s[i] < '0' || s[i] > '9') {
            return -1;
        }
        n = n * 10 + (s[i] - '0');
    }
    return n;
}

const amzx_val_t *amzx_val_path(const amzx_val_t *v, const char *path)
{
    if (v == NULL) {
        return &amzx_val_null;
    }
    while (*path != '\0') {
        apr_size_t n = strcspn(path, ".");

        if (v->type == AMZX_LIST) {
            apr_int64_t i = index_of(path, n);

            v = i >= 0 ? amzx_val_at(v, (apr_size_t)i) : &amzx_val_null;
        }
        else {
            v = getn(v, path, n);
        }
        path += n;
        path += *path == '.';
    }
    return v;
}

apr_size_t amzx_val_count(const amzx_val_t *v)
{
    amzx_val_e type = amzx_val_type(v);

    return type == AMZX_LIST  ? v->u.list.count
           : type == AMZX_OBJ ? v->u.obj.count
                              : 0;
}

const amzx_val_t *amzx_val_at(const amzx_val_t *list, apr_size_t i)
{
    if (amzx_val_type(list) != AMZX_LIST || i >= list->u.list.count) {
        return &amzx_val_null;
    }
    return list->u.list.item[i];
}

const char *amzx_val_text(const amzx_val_t *v, const char *fallback)
{
    return amzx_val_type(v) == AMZX_STR ? v->u.str.s : fallback;
}

int amzx_val_truth(const amzx_val_t *v, int fallback)
{
    return amzx_val_type(v) == AMZX_BOOL ? v->u.boolean : fallback;
}

apr_status_t amzx_val_dec(amzx_dec_t *out, const amzx_val_t *v)
{
    *out = amzx_dec_from_int(0);
    switch (amzx_val_type(v)) {
    case AMZX_NUM:
        *out = v->u.num;
        return APR_SUCCESS;
    case AMZX_STR:
        return amzx_dec_parse(out, v->u.str.s, v->u.str.len);
    default:
        return APR_EINVAL;
    }
}

const char *amzx_val_type_name(amzx_val_e type)
{
    static const char *const names[] = {
        "null",   "boolean", "number",   "text",     "list",
        "object", "date",    "datetime", "duration",
    };
    int i = (int)type;

    return i >= 0 && i < (int)(sizeof(names) / sizeof(names[0])) ? names[i]
                                                                 : "unknown";
}
