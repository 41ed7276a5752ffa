/* SPDX-License-Identifier: Apache-2.0 */
/* The Xero connector: hosts, headers, tokens, limits.
 * After fact sheet xero-api 1 and 2. */
#include "amzx_xero.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#include "amzx_json.h"

#define API "https://api.xero.com/api.xro/2.0"
#define TOKEN "https://identity.xero.com/connect/token"
#define SCOPES "accounting.invoices accounting.payments " \
    "accounting.contacts accounting.settings.read"

static apr_status_t authorize(amzx_http_request_t *req,
                              const amzx_conn_t *conn, const char *access,
                              const char *idempotency_key, apr_time_t now,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    int ok;

    (void)now;
    req->url = apr_pstrcat(p, conn->base_url, req->url, NULL);
    ok = amzx_http_header(req, "Authorization",
                          apr_pstrcat(p, "Bearer ", access, NULL));
    ok = ok && amzx_http_header(req, "Accept", "application/json");
    if (conn->account && *conn->account) {
        ok = ok && amzx_http_header(req, "xero-tenant-id", conn->account);
    }
    if (idempotency_key) {
        ok = ok && strlen(idempotency_key) <= 128
            && amzx_http_header(req, "Idempotency-Key", idempotency_key);
    }
    if (!ok) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                              "config.credential", "the access token, tenant"
                              " id or key of %s cannot be sent in a header",
                              conn->name);
    }
    return APR_SUCCESS;
}

static apr_status_t token_request(amzx_http_request_t *req,
                                  const amzx_conn_t *conn,
                                  const amzx_credential_t *cred,
                                  const char *refresh, amzx_fault_t *fault,
                                  apr_pool_t *p)
{
    const char *pair = apr_pstrcat(p, cred->client_id, ":",
                                   cred->client_secret, NULL);
    amzx_buf_t form;

    memset(req, 0, sizeof(*req));
    amzx_buf_init(&form, 256, p);
    if (refresh) {
        amzx_form_add(&form, "grant_type", "refresh_token");
        amzx_form_add(&form, "refresh_token", refresh);
    }
    else {
        amzx_form_add(&form, "grant_type", "client_credentials");
        if (conn->scope && *conn->scope) {
            amzx_form_add(&form, "scope", conn->scope);
        }
    }
    req->method = "POST";
    req->url = conn->token_url;
    req->body = form.s;
    req->body_len = form.len;
    if (!amzx_http_header(req, "Authorization", apr_pstrcat(
            p, "Basic ", amzx_base64(pair, strlen(pair), p), NULL))
        || !amzx_http_header(req, "Content-Type",
                             "application/x-www-form-urlencoded")
        || !amzx_http_header(req, "Accept", "application/json")) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                              "config.credential", "the credential of %s"
                              " cannot be sent", conn->name);
    }
    return APR_SUCCESS;
}

static apr_status_t token_reply(amzx_token_reply_t *out,
                                const amzx_http_response_t *rsp,
                                amzx_fault_t *fault, apr_pool_t *p)
{
    return amzx_oauth_reply(out, rsp, "Xero", fault, p);
}

/* "minute", "day", "concurrent" have been seen; the fourth is not sure. */
static const char *problem_of(const amzx_http_response_t *rsp)
{
    static const char *const known[] = {"minute", "day", "concurrent",
                                        "appminute"};
    const char *text = amzx_http_get(rsp, "X-Rate-Limit-Problem");
    apr_size_t i;

    if (text && strncasecmp(text, "app", 3) == 0) {
        return "appminute";
    }
    for (i = 0; text && i < sizeof(known) / sizeof(known[0]); i++) {
        if (strncasecmp(text, known[i], strlen(known[i])) == 0) {
            return known[i];
        }
    }
    /* only the windows say how long: without that it is the fourth at once */
    return amzx_answer_retry_after(rsp) >= 0 ? "minute" : "concurrent";
}

static void limit_hint(amzx_limit_hint_t *out,
                       const amzx_http_response_t *rsp)
{
    memset(out, 0, sizeof(*out));
    out->retry_after_us = amzx_answer_retry_after(rsp);
    out->day_remaining = amzx_answer_count(rsp, "X-DayLimit-Remaining");
    out->minute_remaining = amzx_answer_count(rsp, "X-MinLimit-Remaining");
    if (rsp->status == 429) {
        out->problem = problem_of(rsp);
    }
}

static apr_status_t defaults(amzx_conn_t *conn, amzx_fault_t *fault,
                             apr_pool_t *p)
{
    (void)p;
    amzx_conn_text(&conn->base_url, API);
    amzx_conn_text(&conn->token_url, TOKEN);
    amzx_conn_text(&conn->region, "");
    amzx_conn_text(&conn->account, "");
    amzx_conn_text(&conn->marketplaces, "");
    amzx_conn_text(&conn->credential_file, "");
    amzx_conn_text(&conn->grant, "refresh_token");
    amzx_conn_text(&conn->scope, strcmp(conn->grant, "client_credentials")
                                     == 0 ? SCOPES : "");
    /* 60 a minute are allowed: 50 sustained and a burst of 10 */
    amzx_conn_number(&conn->per_minute, 50);
    amzx_conn_number(&conn->burst, 10);
    amzx_conn_number(&conn->per_day, 5000);
    amzx_conn_number(&conn->concurrent, 4);
    amzx_conn_number(&conn->use_op_limits, -1);
    if (strcmp(conn->grant, "refresh_token") != 0
        && strcmp(conn->grant, "client_credentials") != 0) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                              "config.connection", "the grant of %s must be"
                              " refresh_token or client_credentials",
                              conn->name);
    }
    if (!*conn->account && strcmp(conn->grant, "refresh_token") == 0) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                              "config.connection", "%s needs the Xero tenant"
                              " id as its account", conn->name);
    }
    return APR_SUCCESS;
}

const amzx_connector_t amzx_xero_connector = {
    AMZX_CONNECTOR_ABI, "xero.accounting", amzx_xero_ops, authorize,
    token_request,      token_reply,       limit_hint,    defaults};
