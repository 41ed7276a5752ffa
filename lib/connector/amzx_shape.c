/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies by shape: known members only, in order, with exact numbers. */
#include "amzx_shape.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_call.h"
#include "amzx_time.h"

static apr_status_t refuse(amzx_fault_t *fault, const char *where,
                           const char *what)
{
    apr_status_t rv = amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                                     "data.schema", "%s %s", where, what);

    amzx_fault_at(fault, "%s", where);
    return rv;
}

static apr_status_t text_of(const amzx_val_t **out, const amzx_shape_t *s,
                            const amzx_val_t *in, const char *where,
                            amzx_fault_t *fault, apr_pool_t *p)
{
    const char *text = amzx_val_as_text(in, p);

    if (!text) {
        return refuse(fault, where, "must be a text");
    }
    if (s->limit > 0
        && amzx_utf8_count(text, strlen(text)) > (apr_size_t)s->limit) {
        return refuse(fault, where, apr_psprintf(
            p, "is longer than %d characters", s->limit));
    }
    *out = *text ? amzx_val_str(text, p) : &amzx_val_null;
    return APR_SUCCESS;
}

static apr_status_t number_of(const amzx_val_t **out, const amzx_shape_t *s,
                              const amzx_val_t *in, const char *where,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_dec_t d = amzx_dec_from_int(0);

    if (amzx_val_dec(&d, in) != APR_SUCCESS) {
        return refuse(fault, where, "must be a number");
    }
    if (amzx_dec_trim(d).scale > s->limit) {
        return refuse(fault, where, apr_psprintf(
            p, "has more than %d decimals", s->limit));
    }
    /* the spelling follows from the value, so that equal bodies stay equal
     * bytes: 2, 64.95, 129.90 */
    d = amzx_dec_trim(d);
    if (d.scale == 1 && s->limit >= 2) {
        (void)amzx_dec_round(&d, d, 2, AMZX_ROUND_HALF_UP);
    }
    *out = amzx_val_num(d, p);
    return APR_SUCCESS;
}

static apr_status_t date_of(const amzx_val_t **out, const amzx_val_t *in,
                            const char *where, amzx_fault_t *fault,
                            apr_pool_t *p)
{
    const char *text = amzx_val_text(in, "");
    apr_int64_t days = 0;

    if (amzx_val_type(in) == AMZX_DATE) {
        *out = in;
        return APR_SUCCESS;
    }
    if (amzx_date_parse(&days, text) != APR_SUCCESS) {
        return refuse(fault, where, "must be a date (YYYY-MM-DD)");
    }
    *out = amzx_val_date(days, p);
    return APR_SUCCESS;
}

static apr_status_t list_of(const amzx_val_t **out, const amzx_shape_t *s,
                            const amzx_val_t *in, const char *where,
                            amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_val_t *list = amzx_val_list(amzx_val_count(in), p);
    apr_size_t i;

    if (amzx_val_type(in) != AMZX_LIST) {
        return refuse(fault, where, "must be a list");
    }
    for (i = 0; i < amzx_val_count(in); i++) {
        amzx_val_t *item = NULL;
        apr_status_t rv = amzx_shape_apply(
            &item, s->sub, amzx_val_at(in, i),
            apr_psprintf(p, "%s.%" APR_SIZE_T_FMT, where, i), fault, p);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (amzx_val_count(item) > 0) {
            amzx_val_push(list, item, p);
        }
    }
    *out = amzx_val_count(list) > 0 ? list : &amzx_val_null;
    return APR_SUCCESS;
}

static apr_status_t member_of(const amzx_val_t **out, const amzx_shape_t *s,
                              const amzx_val_t *in, const char *where,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_val_t *obj = NULL;
    apr_status_t rv = APR_SUCCESS;

    *out = &amzx_val_null;
    switch (s->kind) {
    case AMZX_SHAPE_TEXT:
        return text_of(out, s, in, where, fault, p);
    case AMZX_SHAPE_NUMBER:
        return number_of(out, s, in, where, fault, p);
    case AMZX_SHAPE_DATE:
        return date_of(out, in, where, fault, p);
    case AMZX_SHAPE_LIST:
        return list_of(out, s, in, where, fault, p);
    case AMZX_SHAPE_BOOL:
        if (amzx_val_type(in) != AMZX_BOOL) {
            return refuse(fault, where, "must be true or false");
        }
        *out = in;
        break;
    case AMZX_SHAPE_OBJECT:
    default:
        rv = amzx_shape_apply(&obj, s->sub, in, where, fault, p);
        if (rv == APR_SUCCESS && amzx_val_count(obj) > 0) {
            *out = obj;
        }
        break;
    }
    return rv;
}

static const char *path_of(const char *where, const char *name, apr_pool_t *p)
{
    return *where ? apr_pstrcat(p, where, ".", name, NULL)
                  : apr_pstrdup(p, name);
}

/* A member that the shape does not know, or NULL. */
static const char *stranger(const amzx_shape_t *shape, const amzx_val_t *in)
{
    apr_size_t i;

    for (i = 0; i < amzx_val_count(in); i++) {
        const amzx_member_t *m = &in->u.obj.member[i];
        const amzx_shape_t *s = shape;

        while (s->name && strcmp(s->name, m->name) != 0) {
            s++;
        }
        if (!s->name && !amzx_val_is_null(m->val)) {
            return m->name;
        }
    }
    return NULL;
}

apr_status_t amzx_shape_apply(amzx_val_t **out, const amzx_shape_t *shape,
                              const amzx_val_t *in, const char *where,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    const amzx_shape_t *s;
    const char *unknown;

    *out = NULL;
    if (amzx_val_type(in) != AMZX_OBJ) {
        return refuse(fault, *where ? where : "body", "must be an object");
    }
    unknown = stranger(shape, in);
    if (unknown) {
        return refuse(fault, path_of(where, amzx_str_printable(
            unknown, 60, p), p), "is not a member that may be sent");
    }
    *out = amzx_val_obj(amzx_val_count(in), p);
    for (s = shape; s->name; s++) {
        const amzx_val_t *given = amzx_val_get(in, s->name);
        const amzx_val_t *val = &amzx_val_null;

        if (!amzx_val_is_null(given)) {
            apr_status_t rv = member_of(&val, s, given,
                                        path_of(where, s->name, p), fault, p);

            if (rv != APR_SUCCESS) {
                return rv;
            }
        }
        if (!amzx_val_is_null(val)) {
            amzx_val_put_ref(*out, s->name, val, p);
        }
        else if (s->is_required) {
            return refuse(fault, path_of(where, s->name, p), "is missing");
        }
    }
    return APR_SUCCESS;
}
