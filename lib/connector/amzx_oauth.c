/* SPDX-License-Identifier: Apache-2.0 */
/* OAuth 2.0 token answers, which both peers give alike. */
#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#include "amzx_call.h"
#include "amzx_json.h"

#define LIFE_MAX_S APR_INT64_C(86400)
#define LIFE_DEFAULT_S APR_INT64_C(1800)
#define TOKEN_MAX 16384

/* 4xx with {"error": ...}: what the grant, the client or we did wrong. */
static apr_status_t refusal(const amzx_http_response_t *rsp,
                            const char *peer, amzx_fault_t *fault,
                            apr_pool_t *p)
{
    const amzx_val_t *doc = NULL;
    const char *error;

    (void)amzx_json_parse(&doc, rsp->body, rsp->body_len, NULL, NULL, p);
    error = amzx_val_text(amzx_val_get_nocase(doc, "error"), "");
    if (strcmp(error, "invalid_grant") == 0) {
        return amzx_fault_set(fault, AMZX_FAULT_AUTH, APR_EACCES,
                              "auth.revoked", "%s no longer takes the refresh"
                              " token: connect again", peer);
    }
    if (strcmp(error, "invalid_client") == 0
        || strcmp(error, "unauthorized_client") == 0
        || rsp->status == 401) {
        return amzx_fault_set(fault, AMZX_FAULT_AUTH, APR_EACCES,
                              "auth.client", "%s does not take the client id"
                              " and secret (%.40s)", peer,
                              *error ? amzx_str_printable(error, 40, p)
                                     : "no reason");
    }
    if (strcmp(error, "temporarily_unavailable") == 0
        || strcmp(error, "server_error") == 0) {
        return amzx_fault_set(fault, AMZX_FAULT_TRANSIENT, APR_EGENERAL,
                              "server.token", "%s gives no token now (%s)",
                              peer, error);
    }
    return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                          "config.token", "%s refuses the token request with"
                          " %d (%.40s)", peer, rsp->status,
                          *error ? amzx_str_printable(error, 40, p)
                                 : "no reason");
}

static const char *token_of(const amzx_val_t *doc, const char *name)
{
    const amzx_val_t *v = amzx_val_get_nocase(doc, name);

    if (amzx_val_type(v) != AMZX_STR || v->u.str.len == 0
        || v->u.str.len > TOKEN_MAX) {
        return NULL;
    }
    return v->u.str.s;
}

apr_status_t amzx_oauth_reply(amzx_token_reply_t *out,
                              const amzx_http_response_t *rsp,
                              const char *peer, amzx_fault_t *fault,
                              apr_pool_t *p)
{
    const amzx_val_t *doc = NULL;
    amzx_dec_t life;
    apr_int64_t seconds = LIFE_DEFAULT_S;
    apr_status_t rv;

    memset(out, 0, sizeof(*out));
    if (rsp->status == 429) {
        rv = amzx_fault_set(fault, AMZX_FAULT_THROTTLED, APR_EGENERAL,
                            "rate_limited.token",
                            "%s limits token requests", peer);
        if (fault) {
            fault->retry_after_us = amzx_answer_retry_after(rsp);
        }
        return rv;
    }
    if (rsp->status >= 400 && rsp->status < 500) {
        return refusal(rsp, peer, fault, p);
    }
    if (rsp->status != 200) {
        char code[32];

        apr_snprintf(code, sizeof(code), "server.%d", rsp->status);
        rv = amzx_fault_set(fault, AMZX_FAULT_TRANSIENT, APR_EGENERAL, code,
                            "%s gives no token: status %d", peer,
                            rsp->status);
        if (fault) {
            fault->retry_after_us = amzx_answer_retry_after(rsp);
        }
        return rv;
    }
    rv = amzx_json_parse(&doc, rsp->body, rsp->body_len, NULL, NULL, p);
    out->access = rv == APR_SUCCESS ? token_of(doc, "access_token") : NULL;
    if (!out->access) {
        return amzx_fault_set(fault, AMZX_FAULT_TRANSIENT, APR_EGENERAL,
                              "network.garbled",
                              "%s answered without an access token", peer);
    }
    out->refresh = token_of(doc, "refresh_token");
    if (amzx_val_dec(&life, amzx_val_get_nocase(doc, "expires_in"))
            == APR_SUCCESS
        && amzx_dec_round(&life, life, 0, AMZX_ROUND_DOWN) == APR_SUCCESS
        && amzx_dec_to_int(&seconds, life) != APR_SUCCESS) {
        seconds = LIFE_DEFAULT_S;
    }
    if (seconds < 0 || seconds > LIFE_MAX_S) {
        seconds = seconds < 0 ? 0 : LIFE_MAX_S;
    }
    out->expires_in_us = apr_time_from_sec(seconds);
    return APR_SUCCESS;
}
