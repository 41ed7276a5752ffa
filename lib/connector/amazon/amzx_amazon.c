/* SPDX-License-Identifier: Apache-2.0 */
/* The Amazon connector: hosts, headers, tokens, limits.
 * After fact sheet amazon-sp-api 1, 2 and 9. */
#include "amzx_amazon.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_dec.h"
#include "amzx_time.h"

#define TOKEN "https://api.amazon.com/auth/o2/token"
#define AGENT "mod_amzxero/0.1 (Language=C; Platform=Linux)"
#define DAY_US (APR_INT64_C(86400) * APR_USEC_PER_SEC)

static const char *const hosts[][2] = {
    {"na", "https://sellingpartnerapi-na.amazon.com"},
    {"eu", "https://sellingpartnerapi-eu.amazon.com"},
    {"fe", "https://sellingpartnerapi-fe.amazon.com"},
    {"sandbox-na", "https://sandbox.sellingpartnerapi-na.amazon.com"},
    {"sandbox-eu", "https://sandbox.sellingpartnerapi-eu.amazon.com"},
    {"sandbox-fe", "https://sandbox.sellingpartnerapi-fe.amazon.com"},
};

/* x-amz-date: 20260821T075000Z */
static const char *amz_date(apr_time_t now, apr_pool_t *p)
{
    int seconds = (int)(now % DAY_US / APR_USEC_PER_SEC);
    int year;
    int month;
    int day;

    amzx_civil_from_days(&year, &month, &day, now / DAY_US);
    return apr_psprintf(p, "%04d%02d%02dT%02d%02d%02dZ", year, month, day,
                        seconds / 3600, seconds / 60 % 60, seconds % 60);
}

static apr_status_t authorize(amzx_http_request_t *req,
                              const amzx_conn_t *conn, const char *access,
                              const char *idempotency_key, apr_time_t now,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    (void)idempotency_key; /* Amazon has no such header */
    req->url = apr_pstrcat(p, conn->base_url, req->url, NULL);
    if (!amzx_http_header(req, "x-amz-access-token", access)
        || !amzx_http_header(req, "x-amz-date", amz_date(now, p))
        || !amzx_http_header(req, "User-Agent", AGENT)
        || !amzx_http_header(req, "Accept", "application/json")) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                              "config.credential", "the access token of %s"
                              " cannot be sent in a header", conn->name);
    }
    return APR_SUCCESS;
}

static apr_status_t token_request(amzx_http_request_t *req,
                                  const amzx_conn_t *conn,
                                  const amzx_credential_t *cred,
                                  const char *refresh, amzx_fault_t *fault,
                                  apr_pool_t *p)
{
    amzx_buf_t form;

    memset(req, 0, sizeof(*req));
    if (!refresh && (!conn->scope || !*conn->scope)) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                              "config.credential", "%s has no refresh token:"
                              " authorise the app and put it into the"
                              " credential file", conn->name);
    }
    amzx_buf_init(&form, 512, p);
    amzx_form_add(&form, "grant_type", refresh ? "refresh_token"
                                               : "client_credentials");
    amzx_form_add(&form, refresh ? "refresh_token" : "scope",
                  refresh ? refresh : conn->scope);
    amzx_form_add(&form, "client_id", cred->client_id);
    amzx_form_add(&form, "client_secret", cred->client_secret);
    req->method = "POST";
    req->url = conn->token_url;
    req->body = form.s;
    req->body_len = form.len;
    amzx_http_header(req, "Content-Type",
                     "application/x-www-form-urlencoded;charset=UTF-8");
    amzx_http_header(req, "Accept", "application/json");
    return APR_SUCCESS;
}

static apr_status_t token_reply(amzx_token_reply_t *out,
                                const amzx_http_response_t *rsp,
                                amzx_fault_t *fault, apr_pool_t *p)
{
    return amzx_oauth_reply(out, rsp, "Amazon", fault, p);
}

/* The header is a rate a second, for example 0.0056. */
static apr_interval_time_t interval_of(const char *rate)
{
    amzx_dec_t micros = amzx_dec_from_int(APR_USEC_PER_SEC);
    amzx_dec_t d;
    apr_int64_t n = 0;

    if (!rate || amzx_dec_parse(&d, rate, strlen(rate)) != APR_SUCCESS
        || amzx_dec_sign(d) <= 0
        || amzx_dec_div_round(&d, micros, d, 0, AMZX_ROUND_UP)
            != APR_SUCCESS
        || amzx_dec_to_int(&n, d) != APR_SUCCESS
        || n > apr_time_from_sec(86400)) {
        return 0;
    }
    return n;
}

static void limit_hint(amzx_limit_hint_t *out,
                       const amzx_http_response_t *rsp)
{
    memset(out, 0, sizeof(*out));
    out->problem = rsp->status == 429 ? "operation" : NULL;
    out->retry_after_us = amzx_answer_retry_after(rsp);
    out->day_remaining = -1;
    out->minute_remaining = -1;
    out->op_interval_us = interval_of(
        amzx_http_get(rsp, "x-amzn-RateLimit-Limit"));
}

static apr_status_t defaults(amzx_conn_t *conn, amzx_fault_t *fault,
                             apr_pool_t *p)
{
    apr_size_t i;

    (void)p;
    amzx_conn_text(&conn->region, "");
    for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        if (strcmp(conn->region, hosts[i][0]) == 0) {
            amzx_conn_text(&conn->base_url, hosts[i][1]);
        }
    }
    amzx_conn_text(&conn->base_url, "");
    amzx_conn_text(&conn->token_url, TOKEN);
    amzx_conn_text(&conn->grant, "refresh_token");
    amzx_conn_text(&conn->scope, "");
    amzx_conn_text(&conn->account, "");
    amzx_conn_text(&conn->marketplaces, "");
    amzx_conn_text(&conn->credential_file, "");
    amzx_conn_number(&conn->per_minute, -1);
    amzx_conn_number(&conn->burst, -1);
    amzx_conn_number(&conn->per_day, -1);
    amzx_conn_number(&conn->concurrent, -1);
    amzx_conn_number(&conn->use_op_limits, 1);
    if (!*conn->base_url) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                              "config.connection", "the region of %s must be"
                              " na, eu or fe (or sandbox-na, sandbox-eu,"
                              " sandbox-fe)", conn->name);
    }
    return APR_SUCCESS;
}

const amzx_connector_t amzx_amazon_connector = {
    AMZX_CONNECTOR_ABI, "amazon.spapi", amzx_amazon_ops, authorize,
    token_request,      token_reply,    limit_hint,      defaults};
