/* SPDX-License-Identifier: Apache-2.0 */
/** @file connector_case.h  Calls of operations without a network. */
#ifndef CONNECTOR_CASE_H
#define CONNECTOR_CASE_H

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "amzx_connector.h"
#include "amzx_json.h"
#include "amzx_str.h"
#include "base_test.h"

/** One call under test. */
typedef struct {
    apr_pool_t *p;
    amzx_conn_t conn;
    amzx_tenant_t tenant;
    amzx_op_call_t call;
    amzx_http_request_t req;
    amzx_step_e next;
    const amzx_val_t *result;
    amzx_fault_t fault;
    apr_status_t rv;
} case_t;

static inline const amzx_val_t *case_json(const char *text, apr_pool_t *p)
{
    const amzx_val_t *v = NULL;
    amzx_fault_t fault;

    amzx_fault_clear(&fault);
    if (amzx_json_parse(&v, text, strlen(text), NULL, &fault, p)
        != APR_SUCCESS) {
        fail_msg("bad JSON in a test (%s): %.60s", fault.place, text);
    }
    return v;
}

static inline void case_step(case_t *c, const amzx_http_response_t *rsp)
{
    const amzx_op_impl_t *impl = amzx_op_impl_find(c->call.op->name);

    amzx_fault_clear(&c->fault);
    c->result = NULL;
    c->rv = impl->step(&c->next, &c->req, &c->result, &c->call, rsp,
                       &c->fault);
}

/** Begin a call; args and body are JSON with ' for ", or NULL. */
static inline const char *case_quotes(const char *text, apr_pool_t *p)
{
    char *out = apr_pstrdup(p, text);
    char *at;

    for (at = out; *at; at++) {
        if (*at == '\'') {
            *at = '"';
        }
    }
    return out;
}

static inline case_t *case_begin(const char *op, const char *args,
                                 const char *body, apr_pool_t *p)
{
    case_t *c = apr_pcalloc(p, sizeof(*c));
    const amzx_op_impl_t *impl = amzx_op_impl_find(op);

    if (!impl) {
        fail_msg("no operation %s", op);
        return NULL;
    }
    c->p = p;
    c->tenant.id = "acme";
    c->tenant.settings = apr_array_make(p, 2, sizeof(amzx_setting_t));
    c->conn.name = "peer";
    c->call.op = &impl->op;
    c->call.conn = &c->conn;
    c->call.tenant = &c->tenant;
    c->call.args = case_json(case_quotes(args ? args : "{}", p), p);
    c->call.body = body ? case_json(case_quotes(body, p), p) : NULL;
    c->call.pool = p;
    case_step(c, NULL);
    return c;
}

/** Answer the request that is under way. body has ' for ". */
static inline void case_answer_as(case_t *c, int status, const char *type,
                                  const char *body, const char *header,
                                  const char *value)
{
    amzx_header_t *h = apr_pcalloc(c->p, 4 * sizeof(*h));
    amzx_http_response_t *rsp = apr_pcalloc(c->p, sizeof(*rsp));

    assert_int_equal(c->rv, APR_SUCCESS);
    assert_int_equal(c->next, AMZX_STEP_SEND);
    rsp->status = status;
    rsp->header = h;
    h[rsp->headers].name = "content-type";
    h[rsp->headers++].value = type;
    if (header) {
        h[rsp->headers].name = header;
        h[rsp->headers++].value = value;
    }
    rsp->body = case_quotes(body, c->p);
    rsp->body_len = strlen(rsp->body);
    case_step(c, rsp);
}

static inline void case_answer(case_t *c, int status, const char *body)
{
    case_answer_as(c, status, "application/json; charset=utf-8", body, NULL,
                   NULL);
}

static inline void case_is_request(case_t *c, const char *method,
                                   const char *url)
{
    if (c->rv != APR_SUCCESS) {
        fail_msg("%s: %s (%s)", c->fault.code, c->fault.detail,
                 c->fault.place);
    }
    assert_int_equal(c->next, AMZX_STEP_SEND);
    assert_string_equal(c->req.method, method);
    assert_string_equal(c->req.url, url);
}

static inline void case_is_body(case_t *c, const char *body)
{
    assert_non_null(c->req.body);
    assert_string_equal(c->req.body, case_quotes(body, c->p));
    assert_int_equal(c->req.body_len, strlen(c->req.body));
}

/** The result as JSON, with ' for ". */
static inline void case_is_result(case_t *c, const char *json)
{
    const char *is;

    if (c->rv != APR_SUCCESS) {
        fail_msg("%s: %s (%s)", c->fault.code, c->fault.detail,
                 c->fault.place);
    }
    assert_int_equal(c->next, AMZX_STEP_DONE);
    is = amzx_json_write(c->result, NULL, c->p);
    assert_string_equal(is, case_quotes(json, c->p));
}

static inline void case_is_fault(case_t *c, amzx_fault_class_e klass,
                                 const char *code)
{
    if (c->rv == APR_SUCCESS) {
        fail_msg("no fault, wanted %s", code);
    }
    assert_string_equal(c->fault.code, code);
    assert_string_equal(amzx_fault_class_name(c->fault.klass),
                        amzx_fault_class_name(klass));
}

/** A member "a.b.0.c" of a value, as JSON. */
static inline const char *case_at(const amzx_val_t *v, const char *path,
                                  apr_pool_t *p)
{
    return amzx_json_write(amzx_val_path(v, path), NULL, p);
}

#define case_is_at(v, path, json, p) \
    assert_string_equal(case_at(v, path, p), case_quotes(json, p))

/** A file below tests/unit/data. */
static inline char *case_data(const char *name, apr_pool_t *p)
{
    const char *top = getenv("AMZX_SRCDIR");
    char *bytes = NULL;
    apr_size_t len;
    const char *path = apr_pstrcat(p, top ? top : ".", "/tests/unit/data/",
                                   name, NULL);

    if (amzx_file_read(&bytes, &len, path, 1 << 22, p) != APR_SUCCESS) {
        fail_msg("cannot read %s", path);
    }
    return bytes;
}

#endif
