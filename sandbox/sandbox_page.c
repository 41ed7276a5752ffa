/* SPDX-License-Identifier: Apache-2.0 */
/* The page for people: what the sandbox's Xero and Amazon hold. */
#include "sandbox.h"

#include <string.h>

#include "sandbox_ledger.h"

#define MOST_ROWS 200

static const char style[] =
    "<style>"
    ":root{color-scheme:light dark}"
    "body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:72rem;"
    "padding:1.5rem;color:#1c2733;background:#f6f8fa}"
    "h1{font-size:1.5rem;margin:0 0 .2rem}"
    "h2{font-size:1.1rem;margin:2rem 0 .5rem}"
    "p{margin:.2rem 0;color:#566573}"
    "table{border-collapse:collapse;width:100%;background:#fff;"
    "border-radius:8px;overflow:hidden;box-shadow:0 1px 3px #0002}"
    "th,td{padding:.45rem .7rem;text-align:left;vertical-align:top;"
    "border-bottom:1px solid #e6eaee}"
    "th{background:#eaf0f6;font-weight:600}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}"
    "b.s{font-weight:600;padding:.05rem .45rem;border-radius:9px;"
    "background:#e6eaee}b.PAID{background:#d3f0dc}"
    "b.AUTHORISED{background:#dbe9ff}b.VOIDED,b.DELETED{background:#f7d9d9}"
    "@media(prefers-color-scheme:dark){body{background:#14181d;color:#dde4ea}"
    "table{background:#1c2229}th{background:#262e37}"
    "th,td{border-color:#2d3640}b.s{color:#14181d}p{color:#9fb0bf}}"
    "</style>";

static void text_put(amzx_buf_t *b, const char *s)
{
    for (; *s; s++) {
        switch (*s) {
        case '<':
            amzx_buf_puts(b, "&lt;");
            break;
        case '>':
            amzx_buf_puts(b, "&gt;");
            break;
        case '&':
            amzx_buf_puts(b, "&amp;");
            break;
        case '"':
            amzx_buf_puts(b, "&quot;");
            break;
        case '\'':
            amzx_buf_puts(b, "&#39;");
            break;
        default:
            amzx_buf_putc(b, *s);
        }
    }
}

static const char *shown(const amzx_val_t *v, apr_pool_t *p)
{
    char text[AMZX_DEC_TEXT];

    if (amzx_val_type(v) == AMZX_NUM) {
        amzx_dec_text(text, v->u.num);
        return apr_pstrdup(p, text);
    }
    return amzx_val_text(v, "");
}

static void cell(amzx_buf_t *b, const amzx_val_t *v, apr_pool_t *p)
{
    amzx_buf_puts(b, amzx_val_type(v) == AMZX_NUM ? "<td class=\"n\">"
                                                  : "<td>");
    text_put(b, shown(v, p));
    amzx_buf_puts(b, "</td>");
}

static void status_cell(amzx_buf_t *b, const char *status)
{
    amzx_buf_puts(b, "<td><b class=\"s ");
    text_put(b, status);
    amzx_buf_puts(b, "\">");
    text_put(b, status);
    amzx_buf_puts(b, "</b></td>");
}

static void payments_cell(amzx_buf_t *b, const amzx_val_t *invoice,
                          apr_pool_t *p)
{
    const amzx_val_t *list = amzx_val_get(invoice, "Payments");
    apr_size_t i;

    amzx_buf_puts(b, "<td>");
    for (i = 0; i < amzx_val_count(list); i++) {
        amzx_buf_puts(b, i ? "<br>" : "");
        text_put(b, shown(amzx_val_get(amzx_val_at(list, i), "Amount"), p));
        amzx_buf_puts(b, " &middot; ");
        text_put(b, sbx_text(amzx_val_at(list, i), "Reference"));
    }
    amzx_buf_puts(b, "</td>");
}

static void table_head(amzx_buf_t *b, const char *title,
                       const char *const *heads)
{
    amzx_buf_printf(b, "<h2>%s</h2><table><tr>", title);
    for (; *heads; heads++) {
        amzx_buf_printf(b, "<th>%s</th>", *heads);
    }
    amzx_buf_puts(b, "</tr>");
}

static apr_array_header_t *docs(sbx_req_t *req, const char *tenant,
                                const char *kind)
{
    apr_array_header_t *rows;

    sbx_db_all(&rows, req->db, SBX_SQL_DOC_MADE, req->pool, "ss", tenant,
               kind);
    return rows;
}

static const amzx_val_t *doc_at(const apr_array_header_t *rows, int i,
                                apr_pool_t *p)
{
    return sbx_load(APR_ARRAY_IDX(rows, i, sbx_row_t).col[0], p);
}

static void invoices_put(amzx_buf_t *b, sbx_req_t *req, const char *tenant)
{
    static const char *const heads[] = {"Number", "Contact",  "Date",
                                        "Status", "Currency", "Tax",
                                        "Total",  "Due",      "Payments",
                                        NULL};
    apr_array_header_t *rows = docs(req, tenant, "invoice");
    const amzx_val_t *v;
    int i;

    table_head(b, "Invoices", heads);
    for (i = rows->nelts - 1; i >= 0 && i >= rows->nelts - MOST_ROWS; i--) {
        v = doc_at(rows, i, req->pool);
        amzx_buf_puts(b, "<tr>");
        cell(b, amzx_val_get(v, "InvoiceNumber"), req->pool);
        cell(b, amzx_val_path(v, "Contact.Name"), req->pool);
        amzx_buf_puts(b, "<td>");
        text_put(b, apr_pstrmemdup(req->pool, sbx_text(v, "DateString"),
                                   strcspn(sbx_text(v, "DateString"), "T")));
        amzx_buf_puts(b, "</td>");
        status_cell(b, sbx_text(v, "Status"));
        cell(b, amzx_val_get(v, "CurrencyCode"), req->pool);
        cell(b, amzx_val_get(v, "TotalTax"), req->pool);
        cell(b, amzx_val_get(v, "Total"), req->pool);
        cell(b, amzx_val_get(v, "AmountDue"), req->pool);
        payments_cell(b, v, req->pool);
        amzx_buf_puts(b, "</tr>");
    }
    amzx_buf_printf(b, "</table><p>%d invoices.</p>", rows->nelts);
}

static void contacts_put(amzx_buf_t *b, sbx_req_t *req, const char *tenant)
{
    static const char *const heads[] = {"Name", "Number", "E-mail", "Status",
                                        NULL};
    apr_array_header_t *rows = docs(req, tenant, "contact");
    const amzx_val_t *v;
    int i;

    table_head(b, "Contacts", heads);
    for (i = rows->nelts - 1; i >= 0 && i >= rows->nelts - MOST_ROWS; i--) {
        v = doc_at(rows, i, req->pool);
        amzx_buf_puts(b, "<tr>");
        cell(b, amzx_val_get(v, "Name"), req->pool);
        cell(b, amzx_val_get(v, "ContactNumber"), req->pool);
        cell(b, amzx_val_get(v, "EmailAddress"), req->pool);
        status_cell(b, sbx_text(v, "ContactStatus"));
        amzx_buf_puts(b, "</tr>");
    }
    amzx_buf_printf(b, "</table><p>%d contacts.</p>", rows->nelts);
}

static void orders_put(amzx_buf_t *b, sbx_req_t *req)
{
    static const char *const heads[] = {"Amazon order", "Store", "Created",
                                        "Status", "Total", NULL};
    apr_array_header_t *rows;
    const amzx_val_t *v;
    int i;

    sbx_db_all(&rows, req->db, SBX_SQL_ORDER_ALL, req->pool, NULL);
    table_head(b, "Orders", heads);
    for (i = rows->nelts - 1; i >= 0 && i >= rows->nelts - MOST_ROWS; i--) {
        v = sbx_load(APR_ARRAY_IDX(rows, i, sbx_row_t).col[3], req->pool);
        amzx_buf_puts(b, "<tr>");
        cell(b, amzx_val_get(v, "orderId"), req->pool);
        cell(b, amzx_val_path(v, "salesChannel.marketplaceName"), req->pool);
        cell(b, amzx_val_get(v, "createdTime"), req->pool);
        status_cell(b, amzx_val_text(
                           amzx_val_path(v, "fulfillment.fulfillmentStatus"),
                           ""));
        amzx_buf_puts(b, "<td class=\"n\">");
        text_put(b, amzx_val_text(
                        amzx_val_path(v, "proceeds.grandTotal.amount"), ""));
        amzx_buf_puts(b, "</td></tr>");
    }
    amzx_buf_printf(b, "</table><p>%d orders.</p>", rows->nelts);
}

void sbx_page(sbx_res_t *res, sbx_req_t *req)
{
    const char *accept = sbx_req_header(req, "Accept");
    apr_array_header_t *tenants;
    const amzx_val_t *org;
    const sbx_row_t *row;
    amzx_buf_t b;
    int i;

    if (!req->is_loopback) {
        sbx_reply(res, 403, "text/plain", "loopback only");
        return;
    }
    if (accept && strstr(accept, "application/json")) {
        sbx_state_show(res, req);
        return;
    }
    amzx_buf_init(&b, 16384, req->pool);
    amzx_buf_puts(&b, "<!doctype html><html lang=\"en\"><head>"
                      "<meta charset=\"utf-8\"><meta name=\"viewport\" "
                      "content=\"width=device-width\">"
                      "<title>Sandbox</title>");
    amzx_buf_puts(&b, style);
    amzx_buf_puts(&b, "</head><body>");
    sbx_db_all(&tenants, req->db, SBX_SQL_TENANTS, req->pool, NULL);
    for (i = 0; i < tenants->nelts; i++) {
        row = &APR_ARRAY_IDX(tenants, i, sbx_row_t);
        org = sbx_load(row->col[1], req->pool);
        amzx_buf_puts(&b, "<h1>");
        text_put(&b, sbx_text(org, "Name"));
        amzx_buf_puts(&b, "</h1><p>Sandbox of Xero &middot; ");
        text_put(&b, sbx_text(org, "BaseCurrency"));
        amzx_buf_puts(&b, " &middot; ");
        text_put(&b, sbx_text(org, "TimezoneName"));
        amzx_buf_puts(&b, "</p>");
        invoices_put(&b, req, row->col[0]);
        contacts_put(&b, req, row->col[0]);
    }
    orders_put(&b, req);
    amzx_buf_puts(&b, "</body></html>\n");
    sbx_header(res, "Content-Security-Policy",
               "default-src 'none'; style-src 'unsafe-inline'");
    sbx_header(res, "Cache-Control", "no-store");
    sbx_reply(res, 200, "text/html; charset=utf-8", b.s);
}
