/* SPDX-License-Identifier: Apache-2.0 */
/* Payments of invoices. Xero has no key that makes one unique: a lost answer
 * is settled by reading the payments of the invoice (fact sheet 3.3, 4.2). */
#include "amzx_xero.h"

#include <apr_strings.h>

#include <string.h>

static const amzx_shape_t invoice_shape[] = {
    {"InvoiceID", AMZX_SHAPE_TEXT, 36, NULL, 1},
    {NULL, AMZX_SHAPE_TEXT, 0, NULL, 0}};

static const amzx_shape_t account_shape[] = {
    {"AccountID", AMZX_SHAPE_TEXT, 36, NULL, 0},
    {"Code", AMZX_SHAPE_TEXT, 10, NULL, 0},
    {NULL, AMZX_SHAPE_TEXT, 0, NULL, 0}};

static const amzx_shape_t payment_shape[] = {
    {"Invoice", AMZX_SHAPE_OBJECT, 0, invoice_shape, 1},
    {"Account", AMZX_SHAPE_OBJECT, 0, account_shape, 1},
    {"Date", AMZX_SHAPE_DATE, 0, NULL, 1},
    {"Amount", AMZX_SHAPE_NUMBER, 2, NULL, 1},
    {"CurrencyRate", AMZX_SHAPE_NUMBER, 10, NULL, 0},
    {"Reference", AMZX_SHAPE_TEXT, 255, NULL, 0},
    {"IsReconciled", AMZX_SHAPE_BOOL, 0, NULL, 0},
    {NULL, AMZX_SHAPE_TEXT, 0, NULL, 0}};

apr_status_t amzx_xero_payment_create(amzx_step_e *next,
                                      amzx_http_request_t *req,
                                      const amzx_val_t **result,
                                      amzx_op_call_t *call,
                                      const amzx_http_response_t *rsp,
                                      amzx_fault_t *fault)
{
    amzx_val_t *payment = NULL;
    amzx_dec_t amount;
    amzx_buf_t url;
    apr_status_t rv;

    if (rsp) {
        *next = AMZX_STEP_DONE;
        return amzx_xero_made(result, call, rsp, "Payments", "PaymentID",
                              fault);
    }
    rv = amzx_shape_apply(&payment, payment_shape, call->body, "", fault,
                          call->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (amzx_val_dec(&amount, amzx_val_get(payment, "Amount")) != APR_SUCCESS
        || amzx_dec_sign(amount) <= 0) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                              "data.schema", "Amount must be above zero");
    }
    amzx_call_begin(req, &url, call, "PUT");
    amzx_url_segment(&url, "Payments");
    amzx_url_param(&url, "summarizeErrors", "false");
    req->url = url.s;
    amzx_xero_put(req, "Payments", payment, call->pool);
    *next = AMZX_STEP_SEND;
    return APR_SUCCESS;
}

static apr_status_t get_payment(amzx_http_request_t *req,
                                amzx_op_call_t *call, const char *id)
{
    amzx_buf_t url;

    amzx_call_begin(req, &url, call, "GET");
    amzx_url_segment(&url, "Payments");
    amzx_url_segment(&url, id);
    req->url = url.s;
    return APR_SUCCESS;
}

apr_status_t amzx_xero_payment_get(amzx_step_e *next,
                                   amzx_http_request_t *req,
                                   const amzx_val_t **result,
                                   amzx_op_call_t *call,
                                   const amzx_http_response_t *rsp,
                                   amzx_fault_t *fault)
{
    const char *id;
    apr_status_t rv;

    if (rsp) {
        *next = AMZX_STEP_DONE;
        return amzx_xero_first(result, call, rsp, "Payments", fault);
    }
    rv = amzx_call_text(&id, call, "PaymentID", fault);
    if (rv == APR_SUCCESS) {
        rv = get_payment(req, call, id);
        *next = AMZX_STEP_SEND;
    }
    return rv;
}

/** State of ofInvoice: the invoice's own short list, and what it became. */
typedef struct {
    const char *invoice_id;
    const amzx_val_t *listed;
    amzx_val_t *out;
    apr_size_t i; /* the payment that is being fetched */
} of_invoice_t;

/* A payment as the invoice lists it: alive, else it would not be listed. */
static const amzx_val_t *complete(const amzx_val_t *listed,
                                  const char *invoice_id, apr_pool_t *p)
{
    amzx_val_t *out = amzx_val_obj(amzx_val_count(listed) + 2, p);
    amzx_val_t *invoice = amzx_val_obj(1, p);
    apr_size_t i;

    for (i = 0; i < amzx_val_count(listed); i++) {
        const amzx_member_t *m = &listed->u.obj.member[i];

        amzx_val_put_ref(out, m->name, m->val, p);
    }
    if (amzx_val_is_null(amzx_val_get(out, "Status"))) {
        amzx_val_put_str(out, "Status", "AUTHORISED", p);
    }
    amzx_val_put_str(invoice, "InvoiceID", invoice_id, p);
    amzx_val_put_ref(out, "Invoice", invoice, p);
    return out;
}

/* Take what the invoice lists; stop at a payment that needs a fetch. */
static apr_status_t go_on(amzx_step_e *next, amzx_http_request_t *req,
                          const amzx_val_t **result, amzx_op_call_t *call)
{
    of_invoice_t *st = call->state;

    for (; st->i < amzx_val_count(st->listed); st->i++) {
        const amzx_val_t *listed = amzx_val_at(st->listed, st->i);
        const char *id = amzx_val_text(amzx_val_get(listed, "PaymentID"),
                                       "");

        if (amzx_val_is_null(amzx_val_get(listed, "Reference")) && *id) {
            *next = AMZX_STEP_SEND; /* the short form may lack it */
            return get_payment(req, call, id);
        }
        amzx_val_push(st->out, complete(listed, st->invoice_id, call->pool),
                      call->pool);
    }
    *next = AMZX_STEP_DONE;
    *result = st->out;
    return APR_SUCCESS;
}

apr_status_t amzx_xero_payment_of_invoice(amzx_step_e *next,
                                          amzx_http_request_t *req,
                                          const amzx_val_t **result,
                                          amzx_op_call_t *call,
                                          const amzx_http_response_t *rsp,
                                          amzx_fault_t *fault)
{
    of_invoice_t *st = call->state;
    const amzx_val_t *found = &amzx_val_null;
    amzx_buf_t url;
    apr_status_t rv;

    if (!rsp) {
        st = apr_pcalloc(call->pool, sizeof(*st));
        call->state = st;
        rv = amzx_call_text(&st->invoice_id, call, "InvoiceID", fault);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        amzx_call_begin(req, &url, call, "GET");
        amzx_url_segment(&url, "Invoices");
        amzx_url_segment(&url, st->invoice_id);
        req->url = url.s;
        call->phase = 1;
        *next = AMZX_STEP_SEND;
        return APR_SUCCESS;
    }
    if (call->phase == 1) {
        rv = amzx_xero_first(&found, call, rsp, "Invoices", fault);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        st->listed = amzx_val_get(found, "Payments");
        st->out = amzx_val_list(amzx_val_count(st->listed), call->pool);
        call->phase = 2;
        return go_on(next, req, result, call);
    }
    rv = amzx_xero_first(&found, call, rsp, "Payments", fault);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (amzx_val_is_null(found)) { /* gone in between */
        found = amzx_val_at(st->listed, st->i);
    }
    amzx_val_push(st->out, complete(found, st->invoice_id, call->pool),
                  call->pool);
    st->i++;
    return go_on(next, req, result, call);
}

apr_status_t amzx_xero_payment_delete(amzx_step_e *next,
                                      amzx_http_request_t *req,
                                      const amzx_val_t **result,
                                      amzx_op_call_t *call,
                                      const amzx_http_response_t *rsp,
                                      amzx_fault_t *fault)
{
    amzx_val_t *body;
    amzx_buf_t url;
    const char *id;
    apr_status_t rv;

    if (rsp) {
        *next = AMZX_STEP_DONE;
        return amzx_xero_made(result, call, rsp, "Payments", "PaymentID",
                              fault);
    }
    rv = amzx_call_text(&id, call, "PaymentID", fault);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    amzx_call_begin(req, &url, call, "POST");
    amzx_url_segment(&url, "Payments");
    amzx_url_segment(&url, id);
    req->url = url.s;
    body = amzx_val_obj(1, call->pool);
    amzx_val_put_str(body, "Status", "DELETED", call->pool);
    amzx_call_json_body(req, body, call->pool);
    *next = AMZX_STEP_SEND;
    return APR_SUCCESS;
}
