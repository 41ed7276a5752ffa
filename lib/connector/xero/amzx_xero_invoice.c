/* SPDX-License-Identifier: Apache-2.0 */
/* Sales invoices: made by PUT, which refuses a number that is taken (POST
 * would overwrite the invoice that has it). Fact sheet xero-api 3 and 4.1. */
#include "amzx_xero.h"

#include <apr_strings.h>

#include <string.h>

#define FIND_MAX 40 /* numbers in one query: URLs have an end */

static const amzx_shape_t contact_shape[] = {
    /* more than the id would change the contact */
    {"ContactID", AMZX_SHAPE_TEXT, 36, NULL, 1},
    {NULL, AMZX_SHAPE_TEXT, 0, NULL, 0}};

static const amzx_shape_t tracking_shape[] = {
    {"TrackingCategoryID", AMZX_SHAPE_TEXT, 36, NULL, 0},
    {"TrackingOptionID", AMZX_SHAPE_TEXT, 36, NULL, 0},
    {"Name", AMZX_SHAPE_TEXT, 100, NULL, 0},
    {"Option", AMZX_SHAPE_TEXT, 100, NULL, 0},
    {NULL, AMZX_SHAPE_TEXT, 0, NULL, 0}};

static const amzx_shape_t line_shape[] = {
    {"Description", AMZX_SHAPE_TEXT, 4000, NULL, 0},
    {"Quantity", AMZX_SHAPE_NUMBER, 4, NULL, 0},
    {"UnitAmount", AMZX_SHAPE_NUMBER, 4, NULL, 0},
    {"LineAmount", AMZX_SHAPE_NUMBER, 2, NULL, 0},
    {"ItemCode", AMZX_SHAPE_TEXT, 30, NULL, 0},
    {"AccountCode", AMZX_SHAPE_TEXT, 10, NULL, 0},
    {"AccountID", AMZX_SHAPE_TEXT, 36, NULL, 0},
    {"TaxType", AMZX_SHAPE_TEXT, 50, NULL, 0},
    {"TaxAmount", AMZX_SHAPE_NUMBER, 2, NULL, 0},
    {"DiscountRate", AMZX_SHAPE_NUMBER, 4, NULL, 0},
    {"DiscountAmount", AMZX_SHAPE_NUMBER, 2, NULL, 0},
    {"Tracking", AMZX_SHAPE_LIST, 0, tracking_shape, 0},
    {NULL, AMZX_SHAPE_TEXT, 0, NULL, 0}};

static const amzx_shape_t invoice_shape[] = {
    {"Type", AMZX_SHAPE_TEXT, 6, NULL, 1},
    {"Status", AMZX_SHAPE_TEXT, 10, NULL, 0},
    {"InvoiceNumber", AMZX_SHAPE_TEXT, 255, NULL, 1},
    {"Reference", AMZX_SHAPE_TEXT, 255, NULL, 0},
    {"Contact", AMZX_SHAPE_OBJECT, 0, contact_shape, 1},
    {"Date", AMZX_SHAPE_DATE, 0, NULL, 1},
    {"DueDate", AMZX_SHAPE_DATE, 0, NULL, 0},
    {"LineAmountTypes", AMZX_SHAPE_TEXT, 9, NULL, 0},
    {"CurrencyCode", AMZX_SHAPE_TEXT, 3, NULL, 0},
    {"CurrencyRate", AMZX_SHAPE_NUMBER, 10, NULL, 0},
    {"BrandingThemeID", AMZX_SHAPE_TEXT, 36, NULL, 0},
    {"Url", AMZX_SHAPE_TEXT, 2000, NULL, 0},
    {"SentToContact", AMZX_SHAPE_BOOL, 0, NULL, 0},
    {"PlannedPaymentDate", AMZX_SHAPE_DATE, 0, NULL, 0},
    {"ExpectedPaymentDate", AMZX_SHAPE_DATE, 0, NULL, 0},
    {"LineItems", AMZX_SHAPE_LIST, 0, line_shape, 1},
    {NULL, AMZX_SHAPE_TEXT, 0, NULL, 0}};

static const amzx_val_t *line_with(const amzx_val_t *line,
                                   const char *description,
                                   const amzx_dec_t *quantity,
                                   const amzx_dec_t *unit,
                                   const amzx_dec_t *amount, apr_pool_t *p)
{
    amzx_val_t *out = amzx_val_obj(amzx_val_count(line) + 1, p);
    apr_size_t i;

    for (i = 0; i < amzx_val_count(line); i++) {
        const amzx_member_t *m = &line->u.obj.member[i];

        amzx_val_put_ref(out, m->name, m->val, p);
    }
    if (description) {
        amzx_val_put_str(out, "Description", description, p);
    }
    if (quantity) {
        amzx_val_put(out, "Quantity", amzx_val_num(*quantity, p), p);
    }
    if (unit) {
        amzx_val_put(out, "UnitAmount", amzx_val_num(*unit, p), p);
    }
    amzx_val_put(out, "LineAmount", amzx_val_num(*amount, p), p);
    return out;
}

/* Xero computes quantity times unit price itself and refuses a line amount
 * that differs. 112 pieces for 100.01 have no unit price of four decimals:
 * such a line goes out as 112 x 0.8929 = 100.00 and a second one of 0.01. */
static apr_status_t push_line(amzx_val_t *lines, const amzx_val_t *line,
                              apr_pool_t *p)
{
    const char *description = amzx_val_text(
        amzx_val_get(line, "Description"), "line");
    amzx_val_t *rest;
    amzx_dec_t quantity = amzx_dec_from_int(1);
    amzx_dec_t unit = amzx_dec_from_int(0);
    amzx_dec_t amount = amzx_dec_from_int(0);
    amzx_dec_t xero;
    amzx_dec_t one = amzx_dec_from_int(1);
    apr_status_t rv;

    if (amzx_val_dec(&unit, amzx_val_get(line, "UnitAmount")) != APR_SUCCESS
        || amzx_val_dec(&amount, amzx_val_get(line, "LineAmount"))
            != APR_SUCCESS
        || amzx_val_dec(&quantity, amzx_val_get(line, "Quantity"))
            != APR_SUCCESS
        || !amzx_val_is_null(amzx_val_get(line, "DiscountRate"))
        || !amzx_val_is_null(amzx_val_get(line, "DiscountAmount"))) {
        amzx_val_push(lines, line, p);
        return APR_SUCCESS;
    }
    rv = amzx_dec_mul(&xero, quantity, unit);
    if (rv == APR_SUCCESS) {
        rv = amzx_dec_round(&xero, xero, 2, AMZX_ROUND_HALF_UP);
    }
    if (rv != APR_SUCCESS || amzx_dec_cmp(xero, amount) == 0) {
        amzx_val_push(lines, line, p);
        return rv;
    }
    amzx_val_push(lines, line_with(line, NULL, NULL, NULL, &xero, p), p);
    rv = amzx_dec_sub(&amount, amount, xero);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    description = apr_pstrcat(p, "Rounding: ", description, NULL);
    rest = (amzx_val_t *)line_with(
        line, apr_pstrndup(p, description, amzx_utf8_prefix(
            description, strlen(description), 4000)),
        &one, &amount, &amount, p);
    /* an item on this line would move stock a second time */
    amzx_val_put(rest, "ItemCode", &amzx_val_null, p);
    amzx_val_push(lines, rest, p);
    return APR_SUCCESS;
}

/* What a line may differ by before it is an error and not a rounding: half
 * of the last digit of the unit price for each piece, and half a cent. */
static int is_rounding(const amzx_val_t *line)
{
    amzx_dec_t quantity = amzx_dec_from_int(1);
    amzx_dec_t unit = amzx_dec_from_int(0);
    amzx_dec_t amount = amzx_dec_from_int(0);
    amzx_dec_t allowed;
    amzx_dec_t diff;

    if (amzx_val_dec(&unit, amzx_val_get(line, "UnitAmount")) != APR_SUCCESS
        || amzx_val_dec(&amount, amzx_val_get(line, "LineAmount"))
            != APR_SUCCESS
        || amzx_val_dec(&quantity, amzx_val_get(line, "Quantity"))
            != APR_SUCCESS) {
        return 1;
    }
    return amzx_dec_mul(&diff, quantity, unit) == APR_SUCCESS
        && amzx_dec_sub(&diff, diff, amount) == APR_SUCCESS
        && amzx_dec_mul(&allowed, amzx_dec_abs(quantity),
                        amzx_dec_scaled(5, 5)) == APR_SUCCESS
        && amzx_dec_add(&allowed, allowed, amzx_dec_scaled(5, 3))
            == APR_SUCCESS
        && amzx_dec_cmp(amzx_dec_abs(diff), allowed) <= 0;
}

static apr_status_t exact_lines(amzx_val_t *invoice, amzx_fault_t *fault,
                                apr_pool_t *p)
{
    const amzx_val_t *in = amzx_val_get(invoice, "LineItems");
    amzx_val_t *lines = amzx_val_list(amzx_val_count(in) + 1, p);
    apr_size_t i;

    for (i = 0; i < amzx_val_count(in); i++) {
        const amzx_val_t *line = amzx_val_at(in, i);
        apr_status_t rv;

        if (amzx_val_is_null(amzx_val_get(line, "DiscountRate"))
            && amzx_val_is_null(amzx_val_get(line, "DiscountAmount"))
            && !is_rounding(line)) {
            rv = amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                                "validation.total", "quantity times unit"
                                " price is not the line amount");
            amzx_fault_at(fault, "LineItems.%" APR_SIZE_T_FMT, i);
            return rv;
        }
        rv = push_line(lines, line, p);
        if (rv != APR_SUCCESS) {
            return amzx_fault_set(fault, AMZX_FAULT_REJECTED, rv,
                                  "data.schema", "an amount is too long");
        }
    }
    amzx_val_put(invoice, "LineItems", lines, p);
    return APR_SUCCESS;
}

static apr_status_t check_head(const amzx_val_t *invoice,
                               amzx_fault_t *fault)
{
    const char *type = amzx_val_text(amzx_val_get(invoice, "Type"), "");
    const char *status = amzx_val_text(amzx_val_get(invoice, "Status"),
                                       "DRAFT");

    if (strcmp(type, "ACCREC") != 0) {
        /* bills have no unique number: another way to be made once */
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                              "data.schema", "Type must be ACCREC");
    }
    if (strcmp(status, "DRAFT") != 0 && strcmp(status, "SUBMITTED") != 0
        && strcmp(status, "AUTHORISED") != 0) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                              "data.schema", "Status must be DRAFT, SUBMITTED"
                              " or AUTHORISED");
    }
    return APR_SUCCESS;
}

apr_status_t amzx_xero_invoice_create(amzx_step_e *next,
                                      amzx_http_request_t *req,
                                      const amzx_val_t **result,
                                      amzx_op_call_t *call,
                                      const amzx_http_response_t *rsp,
                                      amzx_fault_t *fault)
{
    amzx_val_t *invoice = NULL;
    amzx_buf_t url;
    apr_status_t rv;

    if (rsp) {
        *next = AMZX_STEP_DONE;
        return amzx_xero_made(result, call, rsp, "Invoices", "InvoiceID",
                              fault);
    }
    rv = amzx_shape_apply(&invoice, invoice_shape, call->body, "", fault,
                          call->pool);
    if (rv == APR_SUCCESS) {
        rv = check_head(invoice, fault);
    }
    if (rv == APR_SUCCESS) {
        rv = exact_lines(invoice, fault, call->pool);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    amzx_call_begin(req, &url, call, "PUT");
    amzx_url_segment(&url, "Invoices");
    amzx_url_param(&url, "summarizeErrors", "false");
    amzx_url_param(&url, "unitdp", "4");
    req->url = url.s;
    amzx_xero_put(req, "Invoices", invoice, call->pool);
    *next = AMZX_STEP_SEND;
    return APR_SUCCESS;
}

apr_status_t amzx_xero_invoice_get(amzx_step_e *next,
                                   amzx_http_request_t *req,
                                   const amzx_val_t **result,
                                   amzx_op_call_t *call,
                                   const amzx_http_response_t *rsp,
                                   amzx_fault_t *fault)
{
    amzx_buf_t url;
    const char *id;
    apr_status_t rv;

    if (rsp) {
        *next = AMZX_STEP_DONE;
        return amzx_xero_first(result, call, rsp, "Invoices", fault);
    }
    rv = amzx_call_text(&id, call, "InvoiceID", fault);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    amzx_call_begin(req, &url, call, "GET");
    amzx_url_segment(&url, "Invoices");
    amzx_url_segment(&url, id);
    amzx_url_param(&url, "unitdp", "4");
    req->url = url.s;
    *next = AMZX_STEP_SEND;
    return APR_SUCCESS;
}

/* The page form of the list has lines and payments, the plain one has not. */
static void numbers_request(amzx_http_request_t *req, amzx_op_call_t *call,
                            const char *numbers)
{
    amzx_buf_t url;

    amzx_call_begin(req, &url, call, "GET");
    amzx_url_segment(&url, "Invoices");
    amzx_url_param(&url, "InvoiceNumbers", numbers);
    amzx_url_param(&url, "page", "1");
    amzx_url_param(&url, "pageSize", AMZX_XERO_PAGE);
    amzx_url_param(&url, "unitdp", "4");
    req->url = url.s;
}

/* The list form takes any number; the path of one invoice takes an id. */
apr_status_t amzx_xero_invoice_by_number(amzx_step_e *next,
                                         amzx_http_request_t *req,
                                         const amzx_val_t **result,
                                         amzx_op_call_t *call,
                                         const amzx_http_response_t *rsp,
                                         amzx_fault_t *fault)
{
    const amzx_val_t *list;
    const char *number;
    apr_size_t i;
    apr_status_t rv = amzx_call_text(&number, call, "number", fault);

    if (rv == APR_SUCCESS && strchr(number, ',')) {
        rv = amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                            "data.argument", "number has a comma");
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!rsp) {
        numbers_request(req, call, number);
        *next = AMZX_STEP_SEND;
        return APR_SUCCESS;
    }
    *next = AMZX_STEP_DONE;
    *result = &amzx_val_null;
    if (rsp->status == 404) {
        return APR_SUCCESS;
    }
    rv = amzx_xero_list(&list, call, rsp, "Invoices", fault);
    for (i = 0; rv == APR_SUCCESS && i < amzx_val_count(list); i++) {
        const amzx_val_t *one = amzx_val_at(list, i);

        /* bills may carry the same number */
        if (strcasecmp(amzx_val_text(amzx_val_get(one, "InvoiceNumber"), ""),
                       number) == 0
            && strcmp(amzx_val_text(amzx_val_get(one, "Type"), "ACCREC"),
                      "ACCREC") == 0) {
            *result = one;
            break;
        }
    }
    return rv;
}

apr_status_t amzx_xero_invoice_find(amzx_step_e *next,
                                    amzx_http_request_t *req,
                                    const amzx_val_t **result,
                                    amzx_op_call_t *call,
                                    const amzx_http_response_t *rsp,
                                    amzx_fault_t *fault)
{
    const amzx_val_t *numbers = amzx_call_arg(call, "numbers");
    amzx_buf_t list;
    apr_size_t i;

    if (rsp) {
        *next = AMZX_STEP_DONE;
        return amzx_xero_list(result, call, rsp, "Invoices", fault);
    }
    if (amzx_val_count(numbers) == 0 || amzx_val_count(numbers) > FIND_MAX) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                              "data.argument",
                              "numbers must be a list of 1 to %d texts",
                              FIND_MAX);
    }
    amzx_buf_init(&list, 256, call->pool);
    for (i = 0; i < amzx_val_count(numbers); i++) {
        const char *number = amzx_val_as_text(amzx_val_at(numbers, i),
                                              call->pool);

        if (!number || !*number || strchr(number, ',')) {
            return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                                  "data.argument", "numbers must be texts"
                                  " without commas");
        }
        if (i > 0) {
            amzx_buf_putc(&list, ',');
        }
        amzx_buf_puts(&list, number);
    }
    numbers_request(req, call, list.s);
    *next = AMZX_STEP_SEND;
    return APR_SUCCESS;
}

/* POST /Invoices/{id} with its id and one change. */
static apr_status_t change(amzx_step_e *next, amzx_http_request_t *req,
                           const amzx_val_t **result, amzx_op_call_t *call,
                           const amzx_http_response_t *rsp,
                           const char *const change_of[2],
                           amzx_fault_t *fault)
{
    amzx_val_t *element = amzx_val_obj(2, call->pool);
    amzx_buf_t url;
    const char *id;
    apr_status_t rv;

    if (rsp) {
        *next = AMZX_STEP_DONE;
        return amzx_xero_made(result, call, rsp, "Invoices", "InvoiceID",
                              fault);
    }
    rv = amzx_call_text(&id, call, "InvoiceID", fault);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    amzx_val_put_str(element, "InvoiceID", id, call->pool);
    amzx_val_put_str(element, change_of[0], change_of[1], call->pool);
    amzx_call_begin(req, &url, call, "POST");
    amzx_url_segment(&url, "Invoices");
    amzx_url_segment(&url, id);
    amzx_url_param(&url, "unitdp", "4"); /* else its lines are rounded anew */
    req->url = url.s;
    amzx_xero_put(req, "Invoices", element, call->pool);
    *next = AMZX_STEP_SEND;
    return APR_SUCCESS;
}

apr_status_t amzx_xero_invoice_void(amzx_step_e *next,
                                    amzx_http_request_t *req,
                                    const amzx_val_t **result,
                                    amzx_op_call_t *call,
                                    const amzx_http_response_t *rsp,
                                    amzx_fault_t *fault)
{
    const char *status = amzx_call_text_or(call, "Status");
    const char *change_of[2] = {"Status", "VOIDED"};

    if (*status) { /* a draft is deleted, an approved one is voided */
        change_of[1] = status;
    }
    if (strcmp(change_of[1], "VOIDED") != 0
        && strcmp(change_of[1], "DELETED") != 0) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                              "data.argument",
                              "Status must be VOIDED or DELETED");
    }
    return change(next, req, result, call, rsp, change_of, fault);
}

apr_status_t amzx_xero_invoice_renumber(amzx_step_e *next,
                                        amzx_http_request_t *req,
                                        const amzx_val_t **result,
                                        amzx_op_call_t *call,
                                        const amzx_http_response_t *rsp,
                                        amzx_fault_t *fault)
{
    const char *change_of[2] = {"InvoiceNumber", ""};
    apr_status_t rv = amzx_call_text(&change_of[1], call, "InvoiceNumber",
                                     fault);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    return change(next, req, result, call, rsp, change_of, fault);
}
