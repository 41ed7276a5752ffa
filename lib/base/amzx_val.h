/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_val.h  The one value tree of expressions, steps and connectors.
 *
 * Values are immutable once another function has seen them and live in the
 * pool that made them; trees may share sub-trees of longer-lived pools. A
 * value never holds a double.
 */
#ifndef AMZX_VAL_H
#define AMZX_VAL_H

#include <apr_pools.h>
#include <apr_time.h>

#include "amzx_dec.h"

typedef enum {
    AMZX_NULL = 0,
    AMZX_BOOL,
    AMZX_NUM,
    AMZX_STR,
    AMZX_LIST,
    AMZX_OBJ,
    AMZX_DATE,     /**< calendar day: days since 1970-01-01 */
    AMZX_DATETIME, /**< UTC microseconds */
    AMZX_DURATION  /**< microseconds */
} amzx_val_e;

typedef struct amzx_val_t amzx_val_t;

typedef struct {
    const char *name; /**< NUL-terminated */
    const amzx_val_t *val;
    apr_uint32_t len;  /**< of name */
    apr_uint32_t hash; /**< amzx_val_hash(name, len) */
} amzx_member_t;

struct amzx_val_t {
    amzx_val_e type;
    union {
        int boolean;
        amzx_dec_t num;
        struct {
            const char *s; /**< valid UTF-8, NUL-terminated, no NUL inside */
            apr_size_t len;
        } str;
        struct {
            const amzx_val_t **item;
            apr_size_t count;
            apr_size_t room;
        } list;
        struct {
            amzx_member_t *member; /**< in order of insertion */
            apr_size_t count;
            apr_size_t room;
        } obj;
        apr_int64_t days;
        apr_time_t time_us;
        apr_interval_time_t span_us;
    } u;
};

/** Shared constants. */
extern const amzx_val_t amzx_val_null;
extern const amzx_val_t amzx_val_true;
extern const amzx_val_t amzx_val_false;
extern const amzx_val_t amzx_val_empty_str;

/* Makers: never return NULL (out of memory aborts through the pool). */
const amzx_val_t *amzx_val_bool(int b);
const amzx_val_t *amzx_val_num(amzx_dec_t d, apr_pool_t *p);
const amzx_val_t *amzx_val_int(apr_int64_t n, apr_pool_t *p);
/** A copy of a NUL-terminated text; a NULL text gives null. */
const amzx_val_t *amzx_val_str(const char *s, apr_pool_t *p);
/** A copy of len bytes. */
const amzx_val_t *amzx_val_strn(const char *s, apr_size_t len, apr_pool_t *p);
/** Not copied: the caller's bytes must live as long and end with a NUL. */
const amzx_val_t *amzx_val_str_ref(const char *s, apr_size_t len,
                                   apr_pool_t *p);
const amzx_val_t *amzx_val_date(apr_int64_t days, apr_pool_t *p);
const amzx_val_t *amzx_val_datetime(apr_time_t t, apr_pool_t *p);
const amzx_val_t *amzx_val_duration(apr_interval_time_t d, apr_pool_t *p);

/** An empty list; fill it with amzx_val_push before anybody else sees it. */
amzx_val_t *amzx_val_list(apr_size_t room, apr_pool_t *p);
void amzx_val_push(amzx_val_t *list, const amzx_val_t *item, apr_pool_t *p);

/** An empty object; fill it with amzx_val_put. */
amzx_val_t *amzx_val_obj(apr_size_t room, apr_pool_t *p);
/** Set a member: replaces in place or appends. name is copied. */
void amzx_val_put(amzx_val_t *obj, const char *name, const amzx_val_t *val,
                  apr_pool_t *p);
/** As amzx_val_put; name is not copied (literals, longer-lived text). */
void amzx_val_put_ref(amzx_val_t *obj, const char *name,
                      const amzx_val_t *val, apr_pool_t *p);
/** Shorthand for tests and connectors: put a copied text. */
void amzx_val_put_str(amzx_val_t *obj, const char *name, const char *text,
                      apr_pool_t *p);

/** FNV-1a of a member name. */
apr_uint32_t amzx_val_hash(const char *name, apr_size_t len);

/* Readers. They accept NULL and any type, and answer null or the default
 * instead of failing: `amzx_val_get(v, "a")` on a number is null. */
amzx_val_e amzx_val_type(const amzx_val_t *v);
int amzx_val_is_null(const amzx_val_t *v);
/** A member; &amzx_val_null when absent or not an object. */
const amzx_val_t *amzx_val_get(const amzx_val_t *obj, const char *name);
const amzx_val_t *amzx_val_getn(const amzx_val_t *obj, const char *name,
                                apr_size_t len, apr_uint32_t hash);
/** As amzx_val_get ignoring ASCII case (Amazon's envelopes differ). */
const amzx_val_t *amzx_val_get_nocase(const amzx_val_t *obj,
                                      const char *name);
/** A path "a.b.0.c". */
const amzx_val_t *amzx_val_path(const amzx_val_t *v, const char *path);
/** Items of a list or members of an object; else 0. */
apr_size_t amzx_val_count(const amzx_val_t *v);
/** An item; null when out of range. */
const amzx_val_t *amzx_val_at(const amzx_val_t *list, apr_size_t i);
/** The text of a string; fallback (may be NULL) for any other type. */
const char *amzx_val_text(const amzx_val_t *v, const char *fallback);
int amzx_val_truth(const amzx_val_t *v, int fallback); /**< of a boolean */
/**
 * A number, or a string in JSON number grammar.
 * @return APR_SUCCESS, APR_EINVAL (neither), APR_ERANGE (too long)
 */
apr_status_t amzx_val_dec(amzx_dec_t *out, const amzx_val_t *v);

/** Deep equality by value: 1.10 equals 1.1; "1.1" does not equal 1.1. */
int amzx_val_equal(const amzx_val_t *a, const amzx_val_t *b);

/** Deep copy into p. */
const amzx_val_t *amzx_val_copy(const amzx_val_t *v, apr_pool_t *p);

/** The name of a type as people read it: "text", "number", "list"... */
const char *amzx_val_type_name(amzx_val_e type);

#endif
