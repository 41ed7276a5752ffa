/* SPDX-License-Identifier: Apache-2.0 */
/* The values of a run in little memory. */
#include "amzx_keep.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_model.h"

#define CHUNK 2048
#define NAMES 64 /* slots of the table of names; a power of two */

/* Memory of our own, so that we can tell our values from others'. */
typedef struct chunk_t chunk_t;
struct chunk_t {
    char *begin;
    char *end;
    chunk_t *next;
};

/* A member name that is kept. */
typedef struct {
    const char *name;
    apr_uint32_t len;
    apr_uint32_t hash;
} name_t;

struct amzx_keep_t {
    apr_pool_t *pool;
    chunk_t *chunks;
    char *at; /* free memory of the first chunk */
    name_t name[NAMES];
    int is_settling;
};

amzx_keep_t *amzx_keep_make(apr_pool_t *p)
{
    amzx_keep_t *k = apr_pcalloc(p, sizeof(*k));

    k->pool = p;
    return k;
}

static void *take(amzx_keep_t *k, apr_size_t bytes)
{
    void *mem;

    bytes = (bytes + 7) & ~(apr_size_t)7;
    if (!k->chunks || (apr_size_t)(k->chunks->end - k->at) < bytes) {
        apr_size_t room = bytes > CHUNK / 2 ? bytes : CHUNK;
        chunk_t *c = apr_palloc(k->pool, sizeof(*c) + room);

        c->begin = (char *)(c + 1);
        c->end = c->begin + room;
        /* a large value of its own must not waste the chunk in use */
        if (k->chunks && room == bytes) {
            c->next = k->chunks->next;
            k->chunks->next = c;
            return c->begin;
        }
        c->next = k->chunks;
        k->chunks = c;
        k->at = c->begin;
    }
    mem = k->at;
    k->at += bytes;
    return mem;
}

static int is_kept(const amzx_keep_t *k, const void *v)
{
    const chunk_t *c;

    for (c = k->chunks; c; c = c->next) {
        if ((const char *)v >= c->begin && (const char *)v < c->end) {
            return 1;
        }
    }
    return 0;
}

static const char *keep_name(amzx_keep_t *k, const amzx_member_t *m)
{
    name_t *n = &k->name[m->hash & (NAMES - 1)];
    char *copy;

    if (n->name && n->hash == m->hash && n->len == m->len
        && memcmp(n->name, m->name, m->len) == 0) {
        return n->name;
    }
    copy = take(k, (apr_size_t)m->len + 1);
    memcpy(copy, m->name, (apr_size_t)m->len + 1);
    n->name = copy; /* the latest of a slot wins */
    n->len = m->len;
    n->hash = m->hash;
    return copy;
}

static const amzx_val_t *keep_text(amzx_keep_t *k, const char *s,
                                   apr_size_t len)
{
    amzx_val_t *v;
    char *copy;

    if (len == 0) {
        return &amzx_val_empty_str;
    }
    v = take(k, sizeof(*v) + len + 1);
    copy = (char *)(v + 1);
    memcpy(copy, s, len);
    copy[len] = '\0';
    v->type = AMZX_STR;
    v->u.str.s = copy;
    v->u.str.len = len;
    return v;
}

static const amzx_val_t *keep(amzx_keep_t *k, const amzx_val_t *v);

static const amzx_val_t *keep_list(amzx_keep_t *k, const amzx_val_t *v)
{
    amzx_val_t *copy = take(k, sizeof(*copy));
    apr_size_t i, n = v->u.list.count;

    copy->type = AMZX_LIST;
    copy->u.list.item = take(k, n * sizeof(*copy->u.list.item));
    copy->u.list.count = copy->u.list.room = n;
    for (i = 0; i < n; i++) {
        copy->u.list.item[i] = keep(k, v->u.list.item[i]);
    }
    return copy;
}

int amzx_word_is_in(const char *list, const char *word, apr_size_t len)
{
    const char *at;

    for (at = strstr(list, word); at; at = strstr(at + 1, word)) {
        if ((at == list || at[-1] == ' ')
            && (at[len] == ' ' || at[len] == '\0')) {
            return 1;
        }
    }
    return 0;
}

static int is_in(const char *list, const amzx_member_t *m)
{
    return m->len > 0 && amzx_word_is_in(list, m->name, m->len);
}

static const amzx_val_t *keep_object(amzx_keep_t *k, const amzx_val_t *v,
                                     const char *only)
{
    amzx_val_t *copy = take(k, sizeof(*copy));
    apr_size_t i, n = 0;

    for (i = 0; i < v->u.obj.count; i++) {
        n += !only || is_in(only, &v->u.obj.member[i]);
    }
    copy->type = AMZX_OBJ;
    copy->u.obj.member = take(k, n * sizeof(amzx_member_t));
    copy->u.obj.count = copy->u.obj.room = n;
    for (i = 0, n = 0; i < v->u.obj.count; i++) {
        const amzx_member_t *m = &v->u.obj.member[i];

        if (!only || is_in(only, m)) {
            amzx_member_t *c = &copy->u.obj.member[n++];

            c->name = keep_name(k, m);
            c->len = m->len;
            c->hash = m->hash;
            c->val = keep(k, m->val);
        }
    }
    return copy;
}

static const amzx_val_t *keep_plain(amzx_keep_t *k, const amzx_val_t *v)
{
    amzx_val_t *copy = take(k, sizeof(*copy));

    *copy = *v;
    return copy;
}

static const amzx_val_t *keep_moment(amzx_keep_t *k, const amzx_val_t *v)
{
    char room[AMZX_TIME_TEXT];
    const char *s;

    if (!k->is_settling) {
        return keep_plain(k, v);
    }
    s = amzx_show_moment(v, room);
    return keep_text(k, s, strlen(s));
}

static const amzx_val_t *keep(amzx_keep_t *k, const amzx_val_t *v)
{
    switch (amzx_val_type(v)) {
    case AMZX_NULL:
        return &amzx_val_null;
    case AMZX_BOOL:
        return amzx_val_bool(v->u.boolean);
    default:
        break;
    }
    /* what is to be settled may hold a day that was kept as one */
    if (!k->is_settling && is_kept(k, v)) {
        return v;
    }
    switch (v->type) {
    case AMZX_STR:
        return keep_text(k, v->u.str.s, v->u.str.len);
    case AMZX_LIST:
        return keep_list(k, v);
    case AMZX_OBJ:
        return keep_object(k, v, NULL);
    case AMZX_DATE:
    case AMZX_DATETIME:
    case AMZX_DURATION:
        return keep_moment(k, v);
    default:
        return keep_plain(k, v);
    }
}

const amzx_val_t *amzx_keep(amzx_keep_t *k, const amzx_val_t *v)
{
    k->is_settling = 0;
    return keep(k, v);
}

const amzx_val_t *amzx_keep_settled(amzx_keep_t *k, const amzx_val_t *v,
                                    const char *only)
{
    const amzx_val_t *kept;

    k->is_settling = 1;
    if (only && amzx_val_type(v) == AMZX_OBJ) {
        kept = keep_object(k, v, only);
    }
    else {
        kept = keep(k, v);
    }
    k->is_settling = 0;
    return kept;
}
