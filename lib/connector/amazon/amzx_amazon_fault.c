/* SPDX-License-Identifier: Apache-2.0 */
/* What Amazon's refusals mean. After fact sheet amazon-sp-api 9.2. */
#include "amzx_amazon.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_json.h"

/* 403 stands for many things: a token, a secret, a region, a role, and even
 * a path that does not exist. The details tell which. */
static apr_status_t forbidden(const char *details, amzx_fault_t *fault)
{
    if (!*details) { /* broken on its way: a fresh token shows what it is */
        return amzx_fault_set(fault, AMZX_FAULT_AUTH, APR_EACCES,
                              "auth.expired",
                              "Amazon denies access without a reason");
    }
    if (strstr(details, "LWA secret")) {
        return amzx_fault_set(fault, AMZX_FAULT_AUTH, APR_EACCES,
                              "auth.client", "the client secret has expired:"
                              " rotate it and update the credential");
    }
    if (strstr(details, "not valid for region")) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EACCES,
                              "config.region", "the marketplaces belong to"
                              " another region than the connection");
    }
    if (strstr(details, "ccess token")) {
        return amzx_fault_set(fault, AMZX_FAULT_AUTH, APR_EACCES,
                              "auth.expired",
                              "Amazon does not take the access token");
    }
    return amzx_fault_set(fault, AMZX_FAULT_AUTH, APR_EACCES,
                          "auth.forbidden", "Amazon denies access: a role of"
                          " the app is missing, or was granted after the"
                          " seller authorised it");
}

static apr_status_t throttled(const amzx_op_call_t *call,
                              const amzx_http_response_t *rsp,
                              amzx_fault_t *fault)
{
    amzx_limit_hint_t hint;
    apr_status_t rv;

    amzx_amazon_connector.limit_hint(&hint, rsp);
    rv = amzx_fault_set(fault, AMZX_FAULT_THROTTLED, APR_EGENERAL,
                        "rate_limited.operation",
                        "Amazon's limit for %s is used up", call->op->name);
    if (fault) {
        fault->retry_after_us = hint.retry_after_us >= 0
            ? hint.retry_after_us
            : hint.op_interval_us > 0 ? hint.op_interval_us
                                      : call->op->interval_us;
    }
    return rv;
}

apr_status_t amzx_amazon_fault(const amzx_op_call_t *call,
                               const amzx_http_response_t *rsp,
                               amzx_fault_t *fault)
{
    const amzx_val_t *doc = NULL;
    const amzx_val_t *error;
    const char *code;

    if (rsp->status == 429) {
        return throttled(call, rsp, fault);
    }
    if (rsp->status < 400 || rsp->status >= 500) {
        return amzx_answer_fault(call, rsp, "Amazon", fault);
    }
    if (amzx_answer_is_json(rsp)) { /* gateways answer in HTML */
        (void)amzx_json_parse(&doc, rsp->body, rsp->body_len, NULL, NULL,
                              call->pool);
    }
    error = amzx_val_at(amzx_val_get(doc, "errors"), 0);
    if (rsp->status == 401 || rsp->status == 403) {
        const char *details = amzx_val_text(amzx_val_get(error, "details"),
                                            "");

        if (!*details) { /* some gateways say it in the message */
            details = amzx_val_text(amzx_val_get(error, "message"),
                                    amzx_val_text(amzx_val_get(
                                        doc, "message"), ""));
        }
        return forbidden(details, fault);
    }
    code = amzx_val_text(amzx_val_get(error, "code"), "");
    if (rsp->status == 400) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                              "validation.input",
                              "Amazon refuses %s: %.40s, %.200s",
                              call->op->name, *code ? code : "no code",
                              amzx_val_text(amzx_val_get(error, "message"),
                                            "no message"));
    }
    return amzx_answer_fault(call, rsp, "Amazon", fault);
}
