/* SPDX-License-Identifier: Apache-2.0 */
/* Invoices: create, update, void, and what payments do to them. */
#include "sandbox_invoice.h"

#include <string.h>

static const sbx_list_t list = {
    "invoice", "Invoices",      "InvoiceID",         1, SBX_SQL_DOC_BY_K1,
    "InvoiceNumber", "Contact.ContactID", "Reference"};

/* Where a status may go by a request; PAID is for payments to give. */
static const struct {
    const char *from;
    const char *to;
} moves[] = {
    {"DRAFT", "DRAFT"},          {"DRAFT", "SUBMITTED"},
    {"DRAFT", "AUTHORISED"},     {"DRAFT", "DELETED"},
    {"SUBMITTED", "SUBMITTED"},  {"SUBMITTED", "AUTHORISED"},
    {"SUBMITTED", "DRAFT"},      {"SUBMITTED", "DELETED"},
    {"AUTHORISED", "AUTHORISED"}, {"AUTHORISED", "VOIDED"},
    {"PAID", "PAID"},            {"PAID", "AUTHORISED"},
};

static int may_move(const char *from, const char *to)
{
    apr_size_t i;

    for (i = 0; i < sizeof(moves) / sizeof(*moves); i++) {
        if (!strcmp(moves[i].from, from) && !strcmp(moves[i].to, to)) {
            return 1;
        }
    }
    return 0;
}

void sbx_invoice_store(sbx_xcall_t *c, const amzx_val_t *invoice)
{
    const char *key[3];

    key[0] = sbx_text(invoice, "InvoiceNumber");
    key[1] = amzx_val_text(amzx_val_path(invoice, "Contact.ContactID"), "");
    key[2] = sbx_text(invoice, "Reference");
    sbx_doc_put(c, "invoice", sbx_text(invoice, "InvoiceID"), key, invoice);
}

amzx_val_t *sbx_invoice_settle(amzx_val_t *invoice, sbx_xcall_t *c,
                               apr_int64_t paid_on)
{
    const amzx_val_t *payments = amzx_val_get(invoice, "Payments");
    const char *status = sbx_text(invoice, "Status");
    amzx_dec_t paid = amzx_dec_scaled(0, 2);
    amzx_dec_t due;
    apr_size_t i;

    for (i = 0; i < amzx_val_count(payments); i++) {
        amzx_dec_add(&paid, paid, sbx_dec(amzx_val_at(payments, i),
                                          "Amount"));
    }
    amzx_dec_sub(&due, sbx_dec(invoice, "Total"), paid);
    amzx_dec_sub(&due, due, sbx_dec(invoice, "AmountCredited"));
    sbx_put_dec(invoice, "AmountDue", due, 2, c->p);
    sbx_put_dec(invoice, "AmountPaid", paid, 2, c->p);
    if (!strcmp(status, "AUTHORISED") && amzx_dec_sign(due) == 0) {
        sbx_put(invoice, "Status", "PAID", c->p);
        sbx_put(invoice, "FullyPaidOnDate",
                apr_psprintf(c->p, "/Date(%" APR_INT64_T_FMT "+0000)/",
                             paid_on * 86400000),
                c->p);
    }
    else if (!strcmp(status, "PAID") && amzx_dec_sign(due) != 0) {
        invoice = sbx_without(invoice, "FullyPaidOnDate", c->p);
        sbx_put(invoice, "Status", "AUTHORISED", c->p);
    }
    sbx_put_updated(invoice, c, 1);
    return invoice;
}

/* A sales invoice of that number, in any status; bills share numbers. */
static const amzx_val_t *by_number(sbx_xcall_t *c, const char *number,
                                   const char *type)
{
    const amzx_val_t *doc;
    apr_array_header_t *rows;
    int i;

    if (!*number) {
        return NULL;
    }
    sbx_db_all(&rows, c->req->db, SBX_SQL_DOC_BY_K1, c->p, "sssi", c->tenant,
               "invoice", sbx_lower(number, c->p), (apr_int64_t)0);
    for (i = 0; i < rows->nelts; i++) {
        doc = sbx_load(APR_ARRAY_IDX(rows, i, sbx_row_t).col[0], c->p);
        if (!*type || !strcmp(sbx_text(doc, "Type"), type)) {
            return doc;
        }
    }
    return NULL;
}

static const char *next_number(sbx_xcall_t *c)
{
    const char *name = apr_pstrcat(c->p, "invoice-number/", c->tenant, NULL);
    const sbx_row_t *row;
    const char *number;
    apr_int64_t n = 0;

    do {
        row = sbx_db_one(c->req->db, SBX_SQL_META_NEXT, c->p, "s", name);
        if (row) {
            amzx_int_parse(&n, row->col[0]);
        }
        number = apr_psprintf(c->p, "INV-%04" APR_INT64_T_FMT, n);
    } while (row && by_number(c, number, "ACCREC"));
    return number;
}

static void number_put(amzx_val_t *out, sbx_xcall_t *c, const amzx_val_t *in,
                       const char *type, const char *own_id)
{
    const char *number = sbx_in_text(c, in, "InvoiceNumber");
    int is_sale = !strcmp(type, "ACCREC");
    const amzx_val_t *other;

    if (strlen(number) > 255) {
        sbx_fail(c, "Invoice number must not be longer than 255 characters");
    }
    other = is_sale ? by_number(c, number, "ACCREC") : NULL;
    if (other && strcmp(sbx_text(other, "InvoiceID"), own_id) != 0) {
        sbx_fail(c, "Invoice # must be unique.");
    }
    if (!*number && is_sale && !sbx_failed(c)) {
        number = next_number(c);
    }
    sbx_put(out, "InvoiceNumber", number, c->p);
}

static int names_more_than_key(const amzx_val_t *contact)
{
    static const char *const keys[] = {"ContactID", "ContactNumber", "Name"};
    apr_size_t known = 0;
    apr_size_t i;

    for (i = 0; i < 3; i++) {
        known += (apr_size_t)sbx_has(contact, keys[i]);
    }
    return amzx_val_count(contact) > known || known > 1;
}

static void contact_put(amzx_val_t *out, sbx_xcall_t *c, const amzx_val_t *in)
{
    const amzx_val_t *given = amzx_val_get(in, "Contact");
    const amzx_val_t *found;
    amzx_val_t *v;

    if (!amzx_val_is_null(given) && amzx_val_type(given) != AMZX_OBJ) {
        c->bad_json = "Contact must be an object";
    }
    if (amzx_val_type(given) != AMZX_OBJ || amzx_val_count(given) == 0) {
        sbx_fail(c, "A Contact must be specified for this type of "
                    "transaction");
        return;
    }
    found = sbx_contact_find(c, given);
    if (!found && !sbx_has(given, "ContactID") && sbx_has(given, "Name")) {
        found = sbx_contact_save(c, given);
    }
    else if (found && names_more_than_key(given)) {
        sbx_violation(c->req, "xero", "xero.contact-fields-in-invoice",
                      sbx_text(found, "ContactID"));
        found = sbx_contact_save(c, given);
    }
    if (!found) {
        if (!sbx_failed(c)) {
            sbx_fail(c, "The contact with the specified contact details "
                        "could not be found");
        }
        return;
    }
    if (strcmp(sbx_text(found, "ContactStatus"), "ACTIVE") != 0) {
        sbx_fail(c, "The contact with the specified contact details has been "
                    "archived. The contact must be un-archived before "
                    "creating new invoices or credit notes");
    }
    v = amzx_val_obj(4, c->p);
    sbx_put(v, "ContactID", sbx_text(found, "ContactID"), c->p);
    if (sbx_has(found, "ContactNumber")) {
        sbx_put(v, "ContactNumber", sbx_text(found, "ContactNumber"), c->p);
    }
    sbx_put(v, "Name", sbx_text(found, "Name"), c->p);
    amzx_val_put_ref(out, "Contact", v, c->p);
}

static void dates_put(amzx_val_t *out, sbx_xcall_t *c, const amzx_val_t *in,
                      const char *status)
{
    apr_int64_t date;
    apr_int64_t due;

    if (!sbx_in_date(&date, c, in, "Date")) {
        date = sbx_today(c);
    }
    sbx_put_date(out, "Date", date, c->p);
    sbx_check_lock(c, date);
    if (sbx_in_date(&due, c, in, "DueDate")) {
        sbx_put_date(out, "DueDate", due, c->p);
    }
    else if (sbx_is_approved(status) && !c->bad_json) {
        sbx_fail(c, "Due date cannot be empty");
    }
}

static void currency_put(amzx_val_t *out, sbx_xcall_t *c,
                         const amzx_val_t *in)
{
    const char *base = sbx_text(c->org, "BaseCurrency");
    const char *code = sbx_in_text(c, in, "CurrencyCode");
    const amzx_val_t *currency;
    amzx_dec_t rate;

    code = *code ? code : base;
    currency = sbx_doc_cached(c, "currency", code);
    if (!currency) {
        sbx_fail(c, "Organisation is not subscribed to currency %s", code);
    }
    if (!strcmp(code, base)) {
        rate = amzx_dec_from_int(1);
    }
    else if (!sbx_in_dec(&rate, c, in, "CurrencyRate")) {
        rate = sbx_dec(currency, "Rate");
    }
    sbx_put(out, "CurrencyCode", code, c->p);
    sbx_put_dec(out, "CurrencyRate", rate, 6, c->p);
}

static void texts_put(amzx_val_t *out, sbx_xcall_t *c, const amzx_val_t *in,
                      const char *type)
{
    const char *reference = sbx_in_text(c, in, "Reference");
    const char *url = sbx_in_text(c, in, "Url");

    /* Bills have no Reference: Xero drops it. */
    sbx_put(out, "Reference", !strcmp(type, "ACCREC") ? reference : "",
            c->p);
    if (*url) {
        if (strstr(sbx_lower(url, c->p), "xero")) {
            sbx_fail(c, "The Url must not contain 'xero'");
        }
        sbx_put(out, "Url", url, c->p);
    }
    amzx_val_put_ref(out, "SentToContact",
                     amzx_val_bool(amzx_val_truth(
                         amzx_val_get(in, "SentToContact"), 0)),
                     c->p);
}

static void figures_put(amzx_val_t *out, sbx_xcall_t *c,
                        const amzx_val_t *before)
{
    static const char *const lists[] = {"Payments", "CreditNotes",
                                        "Prepayments", "Overpayments"};
    const amzx_val_t *list_before;
    apr_size_t i;

    for (i = 0; i < 4; i++) {
        list_before = amzx_val_get(before, lists[i]);
        amzx_val_put_ref(out, lists[i],
                         amzx_val_is_null(list_before)
                             ? amzx_val_list(0, c->p)
                             : list_before,
                         c->p);
    }
    sbx_put_dec(out, "AmountDue", amzx_dec_from_int(0), 2, c->p);
    sbx_put_dec(out, "AmountPaid", amzx_dec_from_int(0), 2, c->p);
    sbx_put_dec(out, "AmountCredited", sbx_dec(before, "AmountCredited"), 2,
                c->p);
    amzx_val_put_ref(out, "HasAttachments", &amzx_val_false, c->p);
    amzx_val_put_ref(out, "HasErrors", &amzx_val_false, c->p);
}

/* The whole document anew from `in`; `before` is NULL for a new one. */
static const amzx_val_t *build(sbx_xcall_t *c, const amzx_val_t *in,
                               const amzx_val_t *before, const char *status)
{
    amzx_val_t *out = amzx_val_obj(36, c->p);
    const char *mode = sbx_in_text(c, in, "LineAmountTypes");
    const char *id = before ? sbx_text(before, "InvoiceID") : sbx_uuid(c->p);
    sbx_invoice_t inv;

    memset(&inv, 0, sizeof(inv));
    inv.type = sbx_in_text(c, in, "Type");
    inv.status = status;
    if (sbx_mode_of(*mode ? mode : "Exclusive") < 0) {
        c->bad_json = "LineAmountTypes is Exclusive, Inclusive or NoTax";
        return NULL;
    }
    inv.mode = (sbx_mode_e)sbx_mode_of(*mode ? mode : "Exclusive");
    sbx_put(out, "Type", inv.type, c->p);
    sbx_put(out, "InvoiceID", id, c->p);
    number_put(out, c, in, inv.type, id);
    texts_put(out, c, in, inv.type);
    figures_put(out, c, before);
    currency_put(out, c, in);
    contact_put(out, c, in);
    dates_put(out, c, in, status);
    sbx_put(out, "Status", status, c->p);
    sbx_lines_read(&inv, c, in);
    if (c->bad_json || sbx_failed(c)) {
        return NULL;
    }
    amzx_val_put_ref(out, "IsDiscounted",
                     amzx_val_bool(amzx_dec_sign(inv.sums.discounts) != 0),
                     c->p);
    sbx_lines_put(out, &inv, c);
    out = sbx_invoice_settle(out, c, sbx_days_of(out, "Date"));
    sbx_invoice_store(c, out);
    return out;
}

static const amzx_val_t *create(sbx_xcall_t *c, const amzx_val_t *in)
{
    const char *type = sbx_in_text(c, in, "Type");
    const char *status = sbx_in_text(c, in, "Status");

    status = *status ? status : "DRAFT";
    if (strcmp(type, "ACCREC") != 0 && strcmp(type, "ACCPAY") != 0) {
        sbx_fail(c, "A valid invoice Type must be specified");
    }
    if (strcmp(status, "DRAFT") != 0 && strcmp(status, "SUBMITTED") != 0 &&
        strcmp(status, "AUTHORISED") != 0) {
        sbx_fail(c, "Invoice not of valid status for creation");
    }
    return build(c, in, NULL, status);
}

/* Does the request touch what a payment freezes? */
static int touches_money(const amzx_val_t *in)
{
    static const char *const fields[] = {"LineItems",       "Date",
                                         "LineAmountTypes", "CurrencyCode",
                                         "CurrencyRate",    "Type"};
    apr_size_t i;

    for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        if (sbx_has(in, fields[i])) {
            return 1;
        }
    }
    return 0;
}

/* The stored document as a request, with the new request laid over it. */
static const amzx_val_t *overlay(sbx_xcall_t *c, const amzx_val_t *before,
                                 const amzx_val_t *in)
{
    static const char *const kept[] = {
        "Type",         "InvoiceNumber", "Reference",       "Date",
        "DueDate",      "CurrencyCode",  "LineAmountTypes", "Url",
        "CurrencyRate", "SentToContact", "LineItems",       "Contact"};
    amzx_val_t *out = amzx_val_obj(20, c->p);
    amzx_val_t *contact = amzx_val_obj(1, c->p);
    apr_size_t i;

    for (i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
        if (sbx_has(before, kept[i])) {
            amzx_val_put_ref(out, kept[i], amzx_val_get(before, kept[i]),
                             c->p);
        }
    }
    sbx_put(contact, "ContactID",
            amzx_val_text(amzx_val_path(before, "Contact.ContactID"), ""),
            c->p);
    amzx_val_put_ref(out, "Contact", contact, c->p);
    for (i = 0; i < amzx_val_count(in); i++) {
        amzx_val_put_ref(out, in->u.obj.member[i].name,
                         in->u.obj.member[i].val, c->p);
    }
    return out;
}

static const amzx_val_t *end_document(sbx_xcall_t *c,
                                      const amzx_val_t *before,
                                      const char *status)
{
    amzx_val_t *out = sbx_clone(before, c->p);

    sbx_check_lock(c, sbx_days_of(before, "Date"));
    if (sbx_failed(c)) {
        return NULL;
    }
    sbx_put(out, "Status", status, c->p);
    sbx_put_dec(out, "AmountDue", amzx_dec_from_int(0), 2, c->p);
    sbx_put_updated(out, c, 1);
    sbx_invoice_store(c, out);
    return out;
}

static const amzx_val_t *update(sbx_xcall_t *c, const amzx_val_t *before,
                                const amzx_val_t *in)
{
    const char *from = sbx_text(before, "Status");
    const char *to = sbx_in_text(c, in, "Status");
    int is_paid = amzx_dec_sign(sbx_dec(before, "AmountPaid")) != 0 ||
                  amzx_dec_sign(sbx_dec(before, "AmountCredited")) != 0;
    int is_end;

    to = *to ? to : from;
    is_end = !strcmp(to, "VOIDED") || !strcmp(to, "DELETED");
    if (!strcmp(from, "AUTHORISED") && is_paid &&
        (is_end || touches_money(in))) {
        sbx_fail(c, "This document cannot be edited as it has a payment or "
                    "credit note allocated to it.");
        return NULL;
    }
    if (!may_move(from, to) ||
        (!strcmp(from, "PAID") && touches_money(in))) {
        sbx_fail(c, "Invoice not of valid status for modification");
        return NULL;
    }
    if (is_end) {
        return end_document(c, before, to);
    }
    return build(c, overlay(c, before, in), before,
                 !strcmp(from, "PAID") ? "AUTHORISED" : to);
}

static const amzx_val_t *save(sbx_xcall_t *c, const amzx_val_t *in)
{
    const char *id = sbx_in_text(c, in, "InvoiceID");
    const char *number = sbx_in_text(c, in, "InvoiceNumber");
    const amzx_val_t *before = NULL;

    if (c->is_put) {
        if (*id) {
            sbx_fail(c, "InvoiceID must not be given for a new invoice");
            return NULL;
        }
        return create(c, in);
    }
    if (*c->id) {
        before = sbx_is_uuid(c->id) ? sbx_doc(c, "invoice", c->id)
                                    : by_number(c, c->id, "");
        c->is_missing = !before;
    }
    else if (*id) {
        before = sbx_doc(c, "invoice", id);
        if (!before) {
            sbx_fail(c, "Invoice could not be found");
            return NULL;
        }
    }
    else {
        before = by_number(c, number, "");
        if (before && sbx_has(in, "LineItems")) {
            sbx_violation(c->req, "xero", "xero.post-used-number", number);
        }
    }
    if (c->is_missing) {
        return NULL;
    }
    return before ? update(c, before, in) : create(c, in);
}

void sbx_xero_invoices(sbx_xcall_t *c)
{
    const char *sub = strchr(c->id, '/');

    if (sub || !strcmp(c->req->method, "DELETE")) {
        sbx_xero_501(c);
    }
    else if (!strcmp(c->req->method, "GET")) {
        sbx_xero_get(c, &list);
    }
    else {
        sbx_xero_write(c, &list, save);
    }
}
