/* SPDX-License-Identifier: Apache-2.0 */
/* Xero's values: its dates, its envelopes, its where clauses.
 * The envelopes are those of fact sheet xero-api 3.5 and 4.13. */
#include "amzx_xero.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_time.h"

#define DAY_US (APR_INT64_C(86400) * APR_USEC_PER_SEC)
#define DEPTH_MAX 24

/* Microseconds of "/Date(1290168061560+0000)/": the offset means nothing,
 * the number is already UTC. */
static int net_date(apr_time_t *out, const char *text)
{
    apr_int64_t ms = 0;
    apr_size_t digits;
    int sign = 1;

    if (strncmp(text, "/Date(", 6) != 0) {
        return 0;
    }
    text += 6;
    if (*text == '-') {
        sign = -1;
        text++;
    }
    digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 15) {
        return 0;
    }
    while (digits-- > 0) {
        ms = ms * 10 + (*text++ - '0');
    }
    if (*text == '+' || *text == '-') {
        text += 1 + strspn(text + 1, "0123456789");
    }
    *out = sign * ms * 1000;
    return strcmp(text, ")/") == 0;
}

static int ends_with(const char *name, apr_size_t len, const char *tail)
{
    apr_size_t n = strlen(tail);

    return len >= n && memcmp(name + len - n, tail, n) == 0;
}

/* A moment of the day is only in members that say so. */
static int is_moment(const amzx_member_t *m)
{
    return ends_with(m->name, m->len, "UTC")
        || ends_with(m->name, m->len, "Utc");
}

static const amzx_val_t *day_text(apr_int64_t days, apr_pool_t *p)
{
    char text[AMZX_TIME_TEXT];

    amzx_date_text(text, days);
    return amzx_val_str(text, p);
}

/* The member's value as ISO text, or NULL when it is no date. */
static const amzx_val_t *iso_date(const amzx_val_t *obj,
                                  const amzx_member_t *m, apr_pool_t *p)
{
    const char *twin;
    char text[AMZX_TIME_TEXT];
    apr_time_t t = 0;
    apr_int64_t days;

    if (!net_date(&t, amzx_val_text(m->val, ""))) {
        return NULL;
    }
    if (is_moment(m)) {
        amzx_time_text(text, t);
        return amzx_val_str(text, p);
    }
    twin = amzx_val_text(
        amzx_val_get(obj, apr_pstrcat(p, m->name, "String", NULL)), "");
    if (strlen(twin) >= 10
        && amzx_date_parse(&days, apr_pstrndup(p, twin, 10))
            == APR_SUCCESS) {
        return day_text(days, p);
    }
    days = t / DAY_US - (t % DAY_US < 0 ? 1 : 0);
    return day_text(days, p);
}

/* The text twin of a date: told by its name and by its partner. */
static int is_twin(const amzx_val_t *obj, const amzx_member_t *m,
                   apr_pool_t *p)
{
    apr_time_t t;

    return ends_with(m->name, m->len, "String")
        && net_date(&t, amzx_val_text(amzx_val_get(
               obj, apr_pstrndup(p, m->name, m->len - 6)), ""));
}

static const amzx_val_t *canon(const amzx_val_t *v, int depth, apr_pool_t *p)
{
    amzx_val_t *out;
    apr_size_t count = amzx_val_count(v);
    apr_size_t i;

    if (depth > DEPTH_MAX) {
        return v;
    }
    if (amzx_val_type(v) == AMZX_LIST) {
        out = amzx_val_list(count, p);
        for (i = 0; i < count; i++) {
            amzx_val_push(out, canon(amzx_val_at(v, i), depth + 1, p), p);
        }
        return out;
    }
    if (amzx_val_type(v) != AMZX_OBJ) {
        return v;
    }
    out = amzx_val_obj(count, p);
    for (i = 0; i < count; i++) {
        const amzx_member_t *m = &v->u.obj.member[i];
        const amzx_val_t *date = amzx_val_type(m->val) == AMZX_STR
            ? iso_date(v, m, p) : NULL;

        if (date) {
            amzx_val_put_ref(out, m->name, date, p);
        }
        else if (!is_twin(v, m, p)) {
            amzx_val_put_ref(out, m->name, canon(m->val, depth + 1, p), p);
        }
    }
    return out;
}

const amzx_val_t *amzx_xero_canon(const amzx_val_t *v, apr_pool_t *p)
{
    return canon(v, 0, p);
}

int amzx_xero_where_is_safe(const char *text)
{
    static const char safe[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        " ._:@+-";

    return *text && text[strspn(text, safe)] == '\0';
}

apr_status_t amzx_xero_list(const amzx_val_t **out,
                            const amzx_op_call_t *call,
                            const amzx_http_response_t *rsp, const char *name,
                            amzx_fault_t *fault)
{
    const amzx_val_t *doc;
    apr_status_t rv;

    *out = &amzx_val_null;
    if (rsp->status == 304) { /* nothing newer: an empty list */
        *out = amzx_val_list(0, call->pool);
        return APR_SUCCESS;
    }
    if (rsp->status < 200 || rsp->status > 299) {
        return amzx_xero_fault(call, rsp, fault);
    }
    rv = amzx_answer_json(&doc, call, rsp, fault);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (amzx_val_type(amzx_val_get(doc, name)) != AMZX_LIST) {
        return amzx_fault_set(fault, amzx_call_is_effect(call)
                                  ? AMZX_FAULT_UNKNOWN
                                  : AMZX_FAULT_TRANSIENT, APR_EGENERAL,
                              "network.garbled",
                              "Xero's answer to %s has no list %s",
                              call->op->name, name);
    }
    *out = amzx_xero_canon(amzx_val_get(doc, name), call->pool);
    return APR_SUCCESS;
}

apr_status_t amzx_xero_first(const amzx_val_t **out,
                             const amzx_op_call_t *call,
                             const amzx_http_response_t *rsp,
                             const char *name, amzx_fault_t *fault)
{
    const amzx_val_t *list;
    apr_status_t rv;

    *out = &amzx_val_null;
    if (rsp->status == 404) {
        return APR_SUCCESS;
    }
    rv = amzx_xero_list(&list, call, rsp, name, fault);
    if (rv == APR_SUCCESS) {
        *out = amzx_val_at(list, 0);
    }
    return rv;
}

apr_status_t amzx_xero_made(const amzx_val_t **out,
                            const amzx_op_call_t *call,
                            const amzx_http_response_t *rsp, const char *name,
                            const char *id, amzx_fault_t *fault)
{
    const amzx_val_t *list;
    const amzx_val_t *element;
    const char *given;
    apr_status_t rv;

    *out = &amzx_val_null;
    rv = amzx_xero_list(&list, call, rsp, name, fault);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    element = amzx_val_at(list, 0);
    rv = amzx_xero_element_check(call, element, fault);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    given = amzx_val_text(amzx_val_get(element, id), "");
    if (amzx_val_count(list) != 1 || !*given
        || strcmp(given, AMZX_XERO_NO_ID) == 0) {
        return amzx_fault_set(fault, AMZX_FAULT_UNKNOWN, APR_EGENERAL,
                              "data.no_id",
                              "Xero answered %s without a %s",
                              call->op->name, id);
    }
    *out = element;
    return APR_SUCCESS;
}

void amzx_xero_put(amzx_http_request_t *req, const char *list,
                   const amzx_val_t *element, apr_pool_t *p)
{
    amzx_val_t *items = amzx_val_list(1, p);
    amzx_val_t *doc = amzx_val_obj(1, p);

    amzx_val_push(items, element, p);
    amzx_val_put(doc, list, items, p);
    amzx_call_json_body(req, doc, p);
}
