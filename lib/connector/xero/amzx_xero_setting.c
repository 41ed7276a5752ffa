/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of an organisation's settings: accounts, rates, categories. */
#include "amzx_xero.h"

#include <string.h>

typedef struct {
    const char *op;
    const char *path; /* and the name of the list in the answer */
    int is_single;    /* the answer is its one element */
} setting_t;

static const setting_t settings[] = {
    {"xero.accounts.list", "Accounts", 0},
    {"xero.taxRates.list", "TaxRates", 0},
    {"xero.trackingCategories.list", "TrackingCategories", 0},
    {"xero.organisation.get", "Organisation", 1},
};

static const setting_t *setting_of(const char *op)
{
    apr_size_t i;

    for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (strcmp(settings[i].op, op) == 0) {
            return &settings[i];
        }
    }
    return NULL;
}

apr_status_t amzx_xero_setting_list(amzx_step_e *next,
                                    amzx_http_request_t *req,
                                    const amzx_val_t **result,
                                    amzx_op_call_t *call,
                                    const amzx_http_response_t *rsp,
                                    amzx_fault_t *fault)
{
    const setting_t *s = setting_of(call->op->name);
    amzx_buf_t url;

    if (!s) {
        return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_ENOTIMPL,
                              "internal.op", "no setting of %s",
                              call->op->name);
    }
    if (!rsp) {
        amzx_call_begin(req, &url, call, "GET");
        amzx_url_segment(&url, s->path);
        req->url = url.s;
        *next = AMZX_STEP_SEND;
        return APR_SUCCESS;
    }
    *next = AMZX_STEP_DONE;
    if (!s->is_single) {
        return amzx_xero_list(result, call, rsp, s->path, fault);
    }
    /* the path is singular, the list is plural */
    return amzx_xero_first(result, call, rsp, "Organisations", fault);
}
