/* SPDX-License-Identifier: Apache-2.0 */
/* Values as the types of the schema, and the one form in which a value is
 * the same live and read back from the journal. */
#include "amzx_model.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_json.h"
#include "amzx_money.h"
#include "amzx_str.h"
#include "amzx_time.h"

#define HASH_PRIME APR_UINT64_C(0x100000001b3)

static const char *const type_names[] = {
    [AMZX_TYPE_ANY] = "any",           [AMZX_TYPE_STRING] = "string",
    [AMZX_TYPE_DECIMAL] = "decimal",   [AMZX_TYPE_INTEGER] = "integer",
    [AMZX_TYPE_BOOLEAN] = "boolean",   [AMZX_TYPE_DATE] = "date",
    [AMZX_TYPE_DATETIME] = "datetime", [AMZX_TYPE_DURATION] = "duration",
    [AMZX_TYPE_CURRENCY] = "currency", [AMZX_TYPE_COUNTRY] = "country",
    [AMZX_TYPE_OBJECT] = "object",     [AMZX_TYPE_LIST] = "list",
};

int amzx_type_of(const char *name)
{
    int i;

    for (i = 0; i <= AMZX_TYPE_LIST; i++) {
        if (strcmp(type_names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

const char *amzx_type_name(amzx_type_e type)
{
    return type_names[type];
}

static const char *show_number(amzx_dec_t d, apr_pool_t *p)
{
    char text[AMZX_DEC_TEXT];
    apr_size_t len = amzx_dec_text(text, d);

    return apr_pstrmemdup(p, text, len);
}

const char *amzx_show_moment(const amzx_val_t *v, char text[AMZX_TIME_TEXT])
{
    if (v->type == AMZX_DATE) {
        amzx_date_text(text, v->u.days);
    }
    else if (v->type == AMZX_DATETIME) {
        amzx_time_text(text, v->u.time_us);
    }
    else {
        amzx_duration_text(text, v->u.span_us);
    }
    return text;
}

const char *amzx_show(const amzx_val_t *v, apr_pool_t *p)
{
    char text[AMZX_TIME_TEXT];

    switch (amzx_val_type(v)) {
    case AMZX_NULL:
        return "";
    case AMZX_BOOL:
        return v->u.boolean ? "true" : "false";
    case AMZX_NUM:
        return show_number(v->u.num, p);
    case AMZX_STR:
        return v->u.str.s;
    case AMZX_DATE:
    case AMZX_DATETIME:
    case AMZX_DURATION:
        return apr_pstrdup(p, amzx_show_moment(v, text));
    case AMZX_LIST:
    case AMZX_OBJ:
        break;
    }
    return NULL;
}

static const amzx_val_t *to_string(const amzx_val_t *v, apr_pool_t *p)
{
    const char *s;

    if (v->type == AMZX_STR) {
        return v;
    }
    s = amzx_show(v, p);
    return s ? amzx_val_str_ref(s, strlen(s), p) : NULL;
}

static const amzx_val_t *to_number(const amzx_val_t *v, int is_whole,
                                   apr_pool_t *p)
{
    amzx_dec_t d;

    if (amzx_val_dec(&d, v) != APR_SUCCESS) {
        return NULL;
    }
    if (is_whole) {
        amzx_dec_t whole;

        if (amzx_dec_round(&whole, d, 0, AMZX_ROUND_DOWN) != APR_SUCCESS
            || amzx_dec_cmp(whole, d) != 0) {
            return NULL;
        }
        d = whole;
    }
    else if (v->type == AMZX_NUM) {
        return v;
    }
    return amzx_val_num(d, p);
}

static const amzx_val_t *to_boolean(const amzx_val_t *v)
{
    if (v->type == AMZX_BOOL) {
        return v;
    }
    if (v->type == AMZX_STR) {
        if (strcmp(v->u.str.s, "true") == 0) {
            return &amzx_val_true;
        }
        if (strcmp(v->u.str.s, "false") == 0) {
            return &amzx_val_false;
        }
    }
    return NULL;
}

/* The UTC day of a moment; floor, also before 1970. */
static apr_int64_t day_of(apr_time_t t)
{
    const apr_int64_t day = APR_INT64_C(86400) * APR_USEC_PER_SEC;
    apr_int64_t days = t / day;

    return t % day < 0 ? days - 1 : days;
}

static const amzx_val_t *to_date(const amzx_val_t *v, apr_pool_t *p)
{
    apr_int64_t days;
    apr_time_t t;

    if (v->type == AMZX_DATE) {
        return v;
    }
    if (v->type == AMZX_DATETIME) {
        return amzx_val_date(day_of(v->u.time_us), p);
    }
    if (v->type == AMZX_STR) {
        if (amzx_date_parse(&days, v->u.str.s) == APR_SUCCESS) {
            return amzx_val_date(days, p);
        }
        if (amzx_time_parse(&t, v->u.str.s) == APR_SUCCESS) {
            return amzx_val_date(day_of(t), p);
        }
    }
    return NULL;
}

static const amzx_val_t *to_datetime(const amzx_val_t *v, apr_pool_t *p)
{
    apr_time_t t;

    if (v->type == AMZX_DATETIME) {
        return v;
    }
    if (v->type == AMZX_STR
        && amzx_time_parse(&t, v->u.str.s) == APR_SUCCESS) {
        return amzx_val_datetime(t, p);
    }
    return NULL;
}

static const amzx_val_t *to_duration(const amzx_val_t *v, apr_pool_t *p)
{
    apr_interval_time_t d;

    if (v->type == AMZX_DURATION) {
        return v;
    }
    if (v->type == AMZX_STR
        && amzx_duration_parse(&d, v->u.str.s) == APR_SUCCESS) {
        return amzx_val_duration(d, p);
    }
    return NULL;
}

static const amzx_val_t *to_code(const amzx_val_t *v, apr_size_t letters)
{
    apr_size_t i;

    if (v->type != AMZX_STR || v->u.str.len != letters) {
        return NULL;
    }
    for (i = 0; i < letters; i++) {
        if (v->u.str.s[i] < 'A' || v->u.str.s[i] > 'Z') {
            return NULL;
        }
    }
    return letters != 3 || amzx_money_minor(v->u.str.s) >= 0 ? v : NULL;
}

apr_status_t amzx_convert(const amzx_val_t **out, const amzx_val_t *v,
                          amzx_type_e type, amzx_fault_t *fault,
                          apr_pool_t *p)
{
    const amzx_val_t *c = v;

    *out = &amzx_val_null;
    if (amzx_val_is_null(v)) {
        return APR_SUCCESS;
    }
    switch (type) {
    case AMZX_TYPE_ANY:
        break;
    case AMZX_TYPE_STRING:
        c = to_string(v, p);
        break;
    case AMZX_TYPE_DECIMAL:
        c = to_number(v, 0, p);
        break;
    case AMZX_TYPE_INTEGER:
        c = to_number(v, 1, p);
        break;
    case AMZX_TYPE_BOOLEAN:
        c = to_boolean(v);
        break;
    case AMZX_TYPE_DATE:
        c = to_date(v, p);
        break;
    case AMZX_TYPE_DATETIME:
        c = to_datetime(v, p);
        break;
    case AMZX_TYPE_DURATION:
        c = to_duration(v, p);
        break;
    case AMZX_TYPE_CURRENCY:
        c = to_code(v, 3);
        break;
    case AMZX_TYPE_COUNTRY:
        c = to_code(v, 2);
        break;
    case AMZX_TYPE_OBJECT:
        c = v->type == AMZX_OBJ ? v : NULL;
        break;
    case AMZX_TYPE_LIST:
        c = v->type == AMZX_LIST ? v : NULL;
        break;
    }
    if (!c) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                              "mapping.type", "expected %s, got %s%s",
                              type_names[type],
                              amzx_val_type_name(v->type),
                              v->type == AMZX_STR ? " that is none" : "");
    }
    *out = c;
    return APR_SUCCESS;
}

const amzx_val_t *amzx_settle(const amzx_val_t *v, apr_pool_t *p)
{
    amzx_val_t *copy;
    apr_size_t i;

    switch (amzx_val_type(v)) {
    case AMZX_NULL:
        return &amzx_val_null;
    case AMZX_BOOL:
        return amzx_val_bool(v->u.boolean);
    case AMZX_NUM:
        return amzx_val_num(v->u.num, p);
    case AMZX_STR:
        return amzx_val_strn(v->u.str.s, v->u.str.len, p);
    case AMZX_DATE:
    case AMZX_DATETIME:
    case AMZX_DURATION:
        return to_string(v, p);
    case AMZX_LIST:
        copy = amzx_val_list(v->u.list.count, p);
        for (i = 0; i < v->u.list.count; i++) {
            amzx_val_push(copy, amzx_settle(v->u.list.item[i], p), p);
        }
        return copy;
    case AMZX_OBJ:
        copy = amzx_val_obj(v->u.obj.count, p);
        for (i = 0; i < v->u.obj.count; i++) {
            amzx_val_put(copy, v->u.obj.member[i].name,
                         amzx_settle(v->u.obj.member[i].val, p), p);
        }
        return copy;
    }
    return &amzx_val_null;
}

apr_uint64_t amzx_hash_bytes(apr_uint64_t h, const void *bytes,
                             apr_size_t len)
{
    const unsigned char *b = bytes;
    apr_size_t i;

    /* the length first: parts can never run into each other */
    h = (h ^ len) * HASH_PRIME;
    for (i = 0; i < len; i++) {
        h = (h ^ b[i]) * HASH_PRIME;
    }
    return h;
}

static apr_uint64_t hash_scalar(apr_uint64_t h, const amzx_val_t *v)
{
    amzx_dec_t d;

    switch (v->type) {
    case AMZX_BOOL:
        return amzx_hash_bytes(h, v->u.boolean ? "t" : "f", 1);
    case AMZX_NUM:
        d = amzx_dec_trim(v->u.num);
        h = amzx_hash_bytes(h, &d.coef, sizeof(d.coef));
        return (h ^ (apr_uint64_t)d.scale) * HASH_PRIME;
    case AMZX_STR:
        return amzx_hash_bytes(h, v->u.str.s, v->u.str.len);
    case AMZX_DATE:
        return amzx_hash_bytes(h, &v->u.days, sizeof(v->u.days));
    case AMZX_DATETIME:
        return amzx_hash_bytes(h, &v->u.time_us, sizeof(v->u.time_us));
    case AMZX_DURATION:
        return amzx_hash_bytes(h, &v->u.span_us, sizeof(v->u.span_us));
    default:
        return h;
    }
}

apr_uint64_t amzx_hash_val(apr_uint64_t h, const amzx_val_t *v)
{
    apr_size_t i;

    h = (h ^ (apr_uint64_t)amzx_val_type(v)) * HASH_PRIME;
    if (amzx_val_type(v) == AMZX_LIST) {
        h = (h ^ v->u.list.count) * HASH_PRIME;
        for (i = 0; i < v->u.list.count; i++) {
            h = amzx_hash_val(h, v->u.list.item[i]);
        }
        return h;
    }
    if (amzx_val_type(v) == AMZX_OBJ) {
        h = (h ^ v->u.obj.count) * HASH_PRIME;
        for (i = 0; i < v->u.obj.count; i++) {
            const amzx_member_t *m = &v->u.obj.member[i];

            h = amzx_hash_bytes(h, m->name, m->len);
            h = amzx_hash_val(h, m->val);
        }
        return h;
    }
    return amzx_val_is_null(v) ? h : hash_scalar(h, v);
}
