/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments, URLs and answers as all connectors handle them. */
#include "amzx_call.h"

#include <apr_date.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#include "amzx_json.h"

#define RETRY_AFTER_MAX apr_time_from_sec(86400)

int amzx_call_is_effect(const amzx_op_call_t *call)
{
    return call->op->effect >= AMZX_EFFECT_UNIQUE;
}

const amzx_val_t *amzx_call_arg(const amzx_op_call_t *call, const char *name)
{
    return amzx_val_get(call->args, name);
}

const char *amzx_val_as_text(const amzx_val_t *v, apr_pool_t *p)
{
    char *text;
    apr_size_t len = 0;

    switch (amzx_val_type(v)) {
    case AMZX_STR:
        return v->u.str.s;
    case AMZX_BOOL:
    case AMZX_NUM:
        return amzx_json_write(v, NULL, p);
    case AMZX_DATE:
    case AMZX_DATETIME:
    case AMZX_DURATION: /* JSON puts quotes around these */
        text = apr_pstrdup(p, amzx_json_write(v, &len, p));
        text[len - 1] = '\0';
        return text + 1;
    case AMZX_NULL:
    case AMZX_LIST:
    case AMZX_OBJ:
    default:
        return NULL;
    }
}

apr_status_t amzx_call_text(const char **out, const amzx_op_call_t *call,
                            const char *name, amzx_fault_t *fault)
{
    *out = amzx_val_as_text(amzx_call_arg(call, name), call->pool);
    if (!*out || !**out) {
        *out = "";
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                              "data.argument", "%s needs the argument %s",
                              call->op->name, name);
    }
    return APR_SUCCESS;
}

const char *amzx_call_text_or(const amzx_op_call_t *call, const char *name)
{
    const char *text = amzx_val_as_text(amzx_call_arg(call, name),
                                        call->pool);

    return text ? text : "";
}

void amzx_call_begin(amzx_http_request_t *req, amzx_buf_t *url,
                     const amzx_op_call_t *call, const char *method)
{
    memset(req, 0, sizeof(*req));
    req->method = method;
    amzx_buf_init(url, 128, call->pool);
}

void amzx_url_segment(amzx_buf_t *url, const char *segment)
{
    amzx_buf_putc(url, '/');
    amzx_buf_puts(url, amzx_url_encode(segment, url->pool));
}

void amzx_url_param(amzx_buf_t *url, const char *name, const char *value)
{
    amzx_buf_putc(url, strchr(url->s, '?') ? '&' : '?');
    amzx_buf_puts(url, amzx_url_encode(name, url->pool));
    amzx_buf_putc(url, '=');
    amzx_buf_puts(url, amzx_url_encode(value, url->pool));
}

void amzx_call_json_body(amzx_http_request_t *req, const amzx_val_t *v,
                         apr_pool_t *p)
{
    req->body = amzx_json_write(v, &req->body_len, p);
    amzx_http_header(req, "Content-Type", "application/json");
}

void amzx_form_add(amzx_buf_t *form, const char *name, const char *value)
{
    if (form->len > 0) {
        amzx_buf_putc(form, '&');
    }
    amzx_buf_puts(form, name);
    amzx_buf_putc(form, '=');
    amzx_buf_puts(form, amzx_url_encode(value, form->pool));
}

int amzx_answer_is_json(const amzx_http_response_t *rsp)
{
    const char *type = amzx_http_get(rsp, "Content-Type");
    apr_size_t len;

    if (!type) {
        return 1;
    }
    len = strcspn(type, "; \t");
    return (len == 16 && strncasecmp(type, "application/json", 16) == 0)
        || (len == 9 && strncasecmp(type, "text/json", 9) == 0)
        || (len > 17 && strncasecmp(type, "application/", 12) == 0
            && strncasecmp(type + len - 5, "+json", 5) == 0);
}

apr_interval_time_t amzx_answer_retry_after(const amzx_http_response_t *rsp)
{
    const char *text = amzx_http_get(rsp, "Retry-After");
    apr_int64_t seconds = 0;
    apr_time_t when;
    apr_interval_time_t wait;

    if (!text) {
        return -1;
    }
    if (amzx_int_parse(&seconds, text) == APR_SUCCESS) {
        if (seconds < 0) {
            return -1;
        }
        return seconds > apr_time_sec(RETRY_AFTER_MAX)
            ? RETRY_AFTER_MAX : apr_time_from_sec(seconds);
    }
    when = apr_date_parse_http(text);
    if (when == APR_DATE_BAD || rsp->date == 0) {
        return -1;
    }
    wait = when - rsp->date;
    if (wait < 0) {
        return 0;
    }
    return wait > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : wait;
}

apr_int64_t amzx_answer_count(const amzx_http_response_t *rsp,
                              const char *name)
{
    const char *text = amzx_http_get(rsp, name);
    apr_int64_t n = 0;

    if (!text || amzx_int_parse(&n, text) != APR_SUCCESS || n < 0) {
        return -1;
    }
    return n;
}

/* What an answer that cannot be read means: an effect may have worked. */
static amzx_fault_class_e unreadable(const amzx_op_call_t *call)
{
    return amzx_call_is_effect(call) ? AMZX_FAULT_UNKNOWN
                                     : AMZX_FAULT_TRANSIENT;
}

apr_status_t amzx_answer_json(const amzx_val_t **out,
                              const amzx_op_call_t *call,
                              const amzx_http_response_t *rsp,
                              amzx_fault_t *fault)
{
    amzx_fault_t why;
    apr_status_t rv;

    *out = &amzx_val_null;
    if (!amzx_answer_is_json(rsp)) {
        return amzx_fault_set(
            fault, unreadable(call), APR_EGENERAL, "network.garbled",
            "%s answered %d with %s instead of JSON", call->op->name,
            rsp->status, amzx_str_printable(
                amzx_http_get(rsp, "Content-Type"), 60, call->pool));
    }
    amzx_fault_clear(&why);
    rv = amzx_json_parse(out, rsp->body, rsp->body_len, NULL, &why,
                         call->pool);
    if (rv != APR_SUCCESS) {
        *out = &amzx_val_null;
        rv = amzx_fault_set(fault, unreadable(call), rv, "network.garbled",
                            "%s answered %d with JSON that cannot be read",
                            call->op->name, rsp->status);
        amzx_fault_at(fault, "%s", why.place);
    }
    return rv;
}

apr_status_t amzx_answer_fault(const amzx_op_call_t *call,
                               const amzx_http_response_t *rsp,
                               const char *peer, amzx_fault_t *fault)
{
    apr_interval_time_t wait = amzx_answer_retry_after(rsp);
    char code[64];
    apr_status_t rv;

    if (rsp->status == 408) {
        rv = amzx_fault_set(fault, unreadable(call), APR_TIMEUP,
                            "network.timeout", "%s gave up waiting (408)",
                            peer);
    }
    else if (rsp->status >= 500) {
        apr_snprintf(code, sizeof(code), "server.%d", rsp->status);
        rv = amzx_fault_set(fault, unreadable(call), APR_EGENERAL, code,
                            "%s failed with status %d", peer, rsp->status);
    }
    else if (rsp->status >= 300 && rsp->status < 400) {
        rv = amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EGENERAL,
                            "config.redirect", "%s answers %s with a redirect"
                            " (%d): check the base URL", peer, call->op->name,
                            rsp->status);
    }
    else if (rsp->status == 404) {
        rv = amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_ENOENT,
                            "not_found", "%s knows no such object (%s)", peer,
                            call->op->name);
    }
    else {
        apr_snprintf(code, sizeof(code), "validation.http_%d", rsp->status);
        rv = amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EGENERAL, code,
                            "%s refused %s with status %d", peer,
                            call->op->name, rsp->status);
    }
    if (fault) {
        fault->retry_after_us = wait;
    }
    return rv;
}

void amzx_conn_text(const char **member, const char *text)
{
    if (!*member || !**member) {
        *member = text;
    }
}

void amzx_conn_number(int *member, int n)
{
    if (*member == 0) {
        *member = n;
    }
    if (*member < 0) {
        *member = 0;
    }
}
