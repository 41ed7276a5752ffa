/* SPDX-License-Identifier: Apache-2.0 */
/* State, ledger and breaches for tests. */
#include "sandbox_ledger.h"

#include <stdlib.h>
#include <string.h>

#include "amzx_crypto.h"

/* Copies members that exist. */
static amzx_val_t *picked(const amzx_val_t *doc, const char *const *fields,
                          apr_pool_t *p)
{
    amzx_val_t *v = amzx_val_obj(16, p);

    for (; *fields; fields++) {
        if (!amzx_val_is_null(amzx_val_get(doc, *fields))) {
            amzx_val_put_ref(v, *fields, amzx_val_get(doc, *fields), p);
        }
    }
    return v;
}

static void docs_picked(amzx_val_t *list, sbx_req_t *req, const char *tenant,
                        const char *kind, const char *const *fields)
{
    apr_array_header_t *rows;
    amzx_val_t *v;
    int i;

    sbx_db_all(&rows, req->db, SBX_SQL_DOC_MADE, req->pool, "ss", tenant,
               kind);
    for (i = 0; i < rows->nelts; i++) {
        v = picked(sbx_load(APR_ARRAY_IDX(rows, i, sbx_row_t).col[0],
                            req->pool),
                   fields, req->pool);
        sbx_put(v, "tenantId", tenant, req->pool);
        amzx_val_push(list, v, req->pool);
    }
}

static const amzx_val_t *figures(sbx_req_t *req)
{
    amzx_val_t *list = amzx_val_list(2, req->pool);
    sbx_figures_t f;
    amzx_val_t *v;
    int i;

    for (i = 0; sbx_live_figures(&f, req->box->live, i, req->pool); i++) {
        v = amzx_val_obj(8, req->pool);
        sbx_put(v, "tenantId", f.tenant, req->pool);
        sbx_put_int(v, "calls", f.calls, req->pool);
        sbx_put_int(v, "refused", f.refused, req->pool);
        sbx_put_int(v, "inFlight", f.in_flight, req->pool);
        sbx_put_int(v, "inFlightMax", f.in_flight_max, req->pool);
        sbx_put_int(v, "minuteMax", f.minute_max, req->pool);
        sbx_put_int(v, "dayCalls", f.day_calls, req->pool);
        amzx_val_push(list, v, req->pool);
    }
    return list;
}

static const amzx_val_t *counts(sbx_req_t *req, sbx_sql_e sql, int names)
{
    amzx_val_t *v = amzx_val_obj(8, req->pool);
    apr_array_header_t *rows;
    const sbx_row_t *row;
    apr_int64_t n;
    int i;

    sbx_db_all(&rows, req->db, sql, req->pool, NULL);
    for (i = 0; i < rows->nelts; i++) {
        row = &APR_ARRAY_IDX(rows, i, sbx_row_t);
        n = 0;
        amzx_int_parse(&n, row->col[names]);
        sbx_put_int(v,
                    names == 1 ? row->col[0]
                               : apr_pstrcat(req->pool, row->col[0], "/",
                                             row->col[1], NULL),
                    n, req->pool);
    }
    return v;
}

/* Documents of all tenants. */
static void state_docs(amzx_val_t *v, sbx_req_t *req)
{
    static const char *const invoice[] = {
        "InvoiceNumber", "InvoiceID",  "Type",     "Status", "Reference",
        "CurrencyCode",  "SubTotal",   "TotalTax", "Total",  "AmountDue",
        "AmountPaid",    "DateString", "Contact",  NULL};
    static const char *const payment[] = {
        "PaymentID", "Amount", "Reference", "Status", "Invoice", "Account",
        NULL};
    static const char *const contact[] = {"ContactID", "Name",
                                          "ContactNumber", "ContactStatus",
                                          "EmailAddress", NULL};
    amzx_val_t *all[3];
    apr_array_header_t *rows;
    const char *tenant;
    int i;

    for (i = 0; i < 3; i++) {
        all[i] = amzx_val_list(16, req->pool);
    }
    sbx_db_all(&rows, req->db, SBX_SQL_TENANTS, req->pool, NULL);
    for (i = 0; i < rows->nelts; i++) {
        tenant = APR_ARRAY_IDX(rows, i, sbx_row_t).col[0];
        docs_picked(all[0], req, tenant, "invoice", invoice);
        docs_picked(all[1], req, tenant, "payment", payment);
        docs_picked(all[2], req, tenant, "contact", contact);
    }
    amzx_val_put_ref(v, "invoices", all[0], req->pool);
    amzx_val_put_ref(v, "payments", all[1], req->pool);
    amzx_val_put_ref(v, "contacts", all[2], req->pool);
}

void sbx_state_show(sbx_res_t *res, sbx_req_t *req)
{
    amzx_val_t *v = amzx_val_obj(8, req->pool);

    amzx_val_put_ref(v, "documents", counts(req, SBX_SQL_DOC_COUNT, 2),
                     req->pool);
    amzx_val_put_ref(v, "orders", counts(req, SBX_SQL_ORDER_COUNT, 1),
                     req->pool);
    amzx_val_put_ref(v, "tokens", counts(req, SBX_SQL_TOKEN_COUNT, 2),
                     req->pool);
    amzx_val_put_ref(v, "violations", counts(req, SBX_SQL_VIOLATION_COUNT, 1),
                     req->pool);
    amzx_val_put_ref(v, "limits", figures(req), req->pool);
    state_docs(v, req);
    sbx_reply_json(res, 200, v, req->pool);
}

/* One line item of the ledger. */
static const amzx_val_t *lines_canonical(const amzx_val_t *lines,
                                         apr_pool_t *p)
{
    static const char *const fields[] = {
        "Description", "Quantity",  "UnitAmount", "LineAmount",  "TaxType",
        "TaxAmount",   "ItemCode",  "AccountCode", "DiscountRate", NULL};
    const amzx_val_t *tracking;
    amzx_val_t *list = amzx_val_list(4, p);
    amzx_val_t *options;
    amzx_val_t *v;
    apr_size_t i;
    apr_size_t k;

    for (i = 0; i < amzx_val_count(lines); i++) {
        v = picked(amzx_val_at(lines, i), fields, p);
        tracking = amzx_val_get(amzx_val_at(lines, i), "Tracking");
        options = amzx_val_list(2, p);
        for (k = 0; k < amzx_val_count(tracking); k++) {
            amzx_val_push(options,
                          amzx_val_get(amzx_val_at(tracking, k), "Option"),
                          p);
        }
        amzx_val_put_ref(v, "Tracking", options, p);
        amzx_val_push(list, v, p);
    }
    return list;
}

static const amzx_val_t *invoice_canonical(const amzx_val_t *doc,
                                           apr_pool_t *p)
{
    static const char *const fields[] = {
        "InvoiceNumber", "Type",          "Status",   "Reference",
        "DateString",    "DueDateString", "CurrencyCode",
        "CurrencyRate",  "LineAmountTypes", "SubTotal", "TotalTax",
        "Total",         "AmountDue",     "AmountPaid", NULL};
    amzx_val_t *v = picked(doc, fields, p);

    amzx_val_put_ref(v, "Contact", amzx_val_path(doc, "Contact.Name"), p);
    amzx_val_put_ref(v, "LineItems",
                     lines_canonical(amzx_val_get(doc, "LineItems"), p), p);
    return v;
}

static const amzx_val_t *payment_canonical(const amzx_val_t *doc,
                                           apr_pool_t *p)
{
    static const char *const fields[] = {"Date", "Amount", "Reference",
                                         "Status", "PaymentType", NULL};
    amzx_val_t *v = picked(doc, fields, p);

    amzx_val_put_ref(v, "Invoice",
                     amzx_val_path(doc, "Invoice.InvoiceNumber"), p);
    amzx_val_put_ref(v, "Account", amzx_val_path(doc, "Account.Code"), p);
    return v;
}

static const amzx_val_t *contact_canonical(const amzx_val_t *doc,
                                           apr_pool_t *p)
{
    static const char *const fields[] = {"Name", "ContactNumber",
                                         "ContactStatus", "EmailAddress",
                                         "Addresses", NULL};

    return picked(doc, fields, p);
}

static const amzx_val_t *item_canonical(const amzx_val_t *doc, apr_pool_t *p)
{
    static const char *const fields[] = {"Code", "Name", "SalesDetails",
                                         NULL};

    return picked(doc, fields, p);
}

static const struct {
    const char *kind;
    const amzx_val_t *(*canonical)(const amzx_val_t *doc, apr_pool_t *p);
} ledgers[] = {{"contact", contact_canonical},
               {"invoice", invoice_canonical},
               {"item", item_canonical},
               {"payment", payment_canonical}};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void ledger_collect(apr_array_header_t *lines, sbx_req_t *req,
                           const char *tenant)
{
    apr_array_header_t *rows;
    const amzx_val_t *doc;
    apr_size_t k;
    int i;

    for (k = 0; k < sizeof(ledgers) / sizeof(*ledgers); k++) {
        sbx_db_all(&rows, req->db, SBX_SQL_DOC_MADE, req->pool, "ss", tenant,
                   ledgers[k].kind);
        for (i = 0; i < rows->nelts; i++) {
            doc = sbx_load(APR_ARRAY_IDX(rows, i, sbx_row_t).col[0],
                           req->pool);
            APR_ARRAY_PUSH(lines, const char *) = apr_pstrcat(
                req->pool, ledgers[k].kind, " ",
                amzx_json_write_sorted(ledgers[k].canonical(doc, req->pool),
                                       NULL, req->pool),
                NULL);
        }
    }
}

void sbx_ledger_show(sbx_res_t *res, sbx_req_t *req)
{
    const char *accept = sbx_req_header(req, "Accept");
    apr_array_header_t *lines =
        apr_array_make(req->pool, 64, sizeof(const char *));
    amzx_val_t *list = amzx_val_list(64, req->pool);
    amzx_val_t *v = amzx_val_obj(2, req->pool);
    apr_array_header_t *rows;
    amzx_buf_t b;
    int i;

    sbx_db_all(&rows, req->db, SBX_SQL_TENANTS, req->pool, NULL);
    for (i = 0; i < rows->nelts; i++) {
        ledger_collect(lines, req, APR_ARRAY_IDX(rows, i, sbx_row_t).col[0]);
    }
    qsort(lines->elts, (size_t)lines->nelts, sizeof(const char *), by_text);
    amzx_buf_init(&b, 4096, req->pool);
    for (i = 0; i < lines->nelts; i++) {
        amzx_buf_puts(&b, APR_ARRAY_IDX(lines, i, const char *));
        amzx_buf_putc(&b, '\n');
        amzx_val_push(list,
                      amzx_val_str(APR_ARRAY_IDX(lines, i, const char *),
                                   req->pool),
                      req->pool);
    }
    if (accept && strstr(accept, "text/plain")) {
        sbx_reply(res, 200, "text/plain; charset=utf-8", b.s);
        return;
    }
    sbx_put(v, "digest", amzx_sha256_hex(b.s, b.len, req->pool), req->pool);
    amzx_val_put_ref(v, "lines", list, req->pool);
    sbx_reply_json(res, 200, v, req->pool);
}

void sbx_violations_show(sbx_res_t *res, sbx_req_t *req)
{
    static const char *const names[] = {"at", "peer", "code", "detail"};
    amzx_val_t *list = amzx_val_list(8, req->pool);
    amzx_val_t *v = amzx_val_obj(2, req->pool);
    apr_array_header_t *rows;
    amzx_val_t *one;
    int i;
    int k;

    sbx_db_all(&rows, req->db, SBX_SQL_VIOLATION_ALL, req->pool, NULL);
    for (i = 0; i < rows->nelts; i++) {
        one = amzx_val_obj(4, req->pool);
        for (k = 0; k < 4; k++) {
            amzx_val_put_str(one, names[k],
                             APR_ARRAY_IDX(rows, i, sbx_row_t).col[k],
                             req->pool);
        }
        amzx_val_push(list, one, req->pool);
    }
    amzx_val_put_ref(v, "violations", list, req->pool);
    amzx_val_put_ref(v, "limits", figures(req), req->pool);
    sbx_reply_json(res, 200, v, req->pool);
}

void sbx_violations_forget(sbx_res_t *res, sbx_req_t *req)
{
    if (sbx_db_begin(req->db) == APR_SUCCESS) {
        sbx_db_run(NULL, req->db, SBX_SQL_WIPE_VIOLATION, NULL);
        sbx_db_end(req->db, 1);
    }
    sbx_reply(res, 200, "application/json", "{\"ok\":true}");
}
