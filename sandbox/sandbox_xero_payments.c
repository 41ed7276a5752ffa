/* SPDX-License-Identifier: Apache-2.0 */
/* Payments: created against an invoice, or deleted; never changed. */
#include "sandbox_invoice.h"

#include <string.h>

static const sbx_list_t list = {
    "payment", "Payments",          "PaymentID", 1, SBX_SQL_COUNT,
    "Invoice.InvoiceID", "Reference", NULL};

static const amzx_val_t *invoice_of(sbx_xcall_t *c, const amzx_val_t *in)
{
    const amzx_val_t *ref = amzx_val_get(in, "Invoice");
    const char *id = sbx_in_text(c, ref, "InvoiceID");
    const char *number = sbx_in_text(c, ref, "InvoiceNumber");
    const amzx_val_t *invoice = NULL;

    number = *number ? number : sbx_in_text(c, in, "InvoiceNumber");
    if (*id) {
        invoice = sbx_doc(c, "invoice", id);
    }
    else if (*number) {
        invoice = sbx_doc_by(c, "invoice", SBX_SQL_DOC_BY_K1, number);
    }
    if (!invoice) {
        sbx_fail(c, "Invoice could not be found");
    }
    else if (strcmp(sbx_text(invoice, "Status"), "AUTHORISED") != 0 &&
             strcmp(sbx_text(invoice, "Status"), "PAID") != 0) {
        sbx_fail(c, "Payments can only be made against Authorised documents");
    }
    return invoice;
}

static void account_currency(sbx_xcall_t *c, const amzx_val_t *account,
                             const amzx_val_t *invoice)
{
    const char *own = sbx_text(account, "CurrencyCode");

    if (*own && invoice && !sbx_same(own, sbx_text(c->org, "BaseCurrency")) &&
        !sbx_same(own, sbx_text(invoice, "CurrencyCode"))) {
        sbx_fail(c, "The currency of the account must be that of the document "
                    "or the base currency");
    }
}

static const amzx_val_t *account_of(sbx_xcall_t *c, const amzx_val_t *in)
{
    const amzx_val_t *ref = amzx_val_get(in, "Account");
    const char *code = sbx_in_text(c, ref, "Code");
    const char *id = sbx_in_text(c, ref, "AccountID");
    const amzx_val_t *account;

    code = *code ? code : *id ? id : sbx_in_text(c, in, "Code");
    if (!*code) {
        sbx_fail(c, "You must specify an Account code or Account ID for the "
                    "payment.");
        return NULL;
    }
    account = sbx_doc_cached(c, "account", code);
    if (!account || strcmp(sbx_text(account, "Status"), "ACTIVE") != 0) {
        sbx_fail(c, "Account could not be found");
        return NULL;
    }
    if (strcmp(sbx_text(account, "Type"), "BANK") != 0 &&
        !amzx_val_truth(amzx_val_get(account, "EnablePaymentsToAccount"),
                        0)) {
        sbx_fail(c, "Account code '%s' is not a valid code for this document.",
                 code);
    }
    return account;
}

static void amount_check(amzx_dec_t *amount, sbx_xcall_t *c,
                         const amzx_val_t *in, const amzx_val_t *invoice)
{
    if (!sbx_in_dec(amount, c, in, "Amount") || amzx_dec_sign(*amount) <= 0) {
        sbx_fail(c, "The payment amount must be greater than zero");
        return;
    }
    if (amzx_dec_trim(*amount).scale > 2) {
        sbx_fail(c, "The payment amount must have two decimal places at most");
    }
    if (invoice &&
        amzx_dec_cmp(*amount, sbx_dec(invoice, "AmountDue")) > 0) {
        sbx_fail(c, "Payment amount exceeds the amount outstanding on this "
                    "document");
    }
}

static const amzx_val_t *small_account(sbx_xcall_t *c,
                                       const amzx_val_t *account)
{
    amzx_val_t *v = amzx_val_obj(2, c->p);

    sbx_put(v, "AccountID", sbx_text(account, "AccountID"), c->p);
    if (sbx_has(account, "Code")) {
        sbx_put(v, "Code", sbx_text(account, "Code"), c->p);
    }
    return v;
}

/* What a payment says of its invoice. */
static const amzx_val_t *small_invoice(sbx_xcall_t *c,
                                       const amzx_val_t *invoice)
{
    static const char *const fields[] = {"Type", "InvoiceID", "InvoiceNumber",
                                         "CurrencyCode", "Contact"};
    amzx_val_t *v = amzx_val_obj(8, c->p);
    apr_size_t i;

    for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        amzx_val_put_ref(v, fields[i], amzx_val_get(invoice, fields[i]),
                         c->p);
    }
    amzx_val_put_ref(v, "HasErrors", &amzx_val_false, c->p);
    amzx_val_put_ref(v, "IsDiscounted", &amzx_val_false, c->p);
    return v;
}

static amzx_val_t *payment_make(sbx_xcall_t *c, const amzx_val_t *in,
                                const amzx_val_t *invoice, amzx_dec_t amount,
                                apr_int64_t date)
{
    apr_pool_t *p = c->p;
    amzx_val_t *v = amzx_val_obj(18, p);
    int is_sale = !strcmp(sbx_text(invoice, "Type"), "ACCREC");

    sbx_put(v, "PaymentID", sbx_uuid(p), p);
    sbx_put(v, "Date",
            apr_psprintf(p, "/Date(%" APR_INT64_T_FMT "+0000)/",
                         date * 86400000),
            p);
    sbx_put_dec(v, "BankAmount", amount, 2, p);
    sbx_put_dec(v, "Amount", amount, 2, p);
    sbx_put(v, "Reference", sbx_in_text(c, in, "Reference"), p);
    sbx_put_dec(v, "CurrencyRate", sbx_dec(invoice, "CurrencyRate"), 6, p);
    sbx_put(v, "PaymentType", is_sale ? "ACCRECPAYMENT" : "ACCPAYPAYMENT", p);
    sbx_put(v, "Status", "AUTHORISED", p);
    sbx_put_updated(v, c, 1);
    amzx_val_put_ref(v, "HasAccount", &amzx_val_true, p);
    amzx_val_put_ref(v, "IsReconciled",
                     amzx_val_bool(amzx_val_truth(
                         amzx_val_get(in, "IsReconciled"), 0)),
                     p);
    amzx_val_put_ref(v, "HasValidationErrors", &amzx_val_false, p);
    return v;
}

static void payment_store(sbx_xcall_t *c, const amzx_val_t *payment)
{
    const char *key[3];

    key[0] = amzx_val_text(amzx_val_path(payment, "Invoice.InvoiceID"), "");
    key[1] = sbx_text(payment, "Reference");
    key[2] = NULL;
    sbx_doc_put(c, "payment", sbx_text(payment, "PaymentID"), key, payment);
}

/* The payment as the invoice shows it. */
static const amzx_val_t *small_payment(sbx_xcall_t *c,
                                       const amzx_val_t *payment)
{
    static const char *const fields[] = {"PaymentID",  "Date",
                                         "Amount",     "Reference",
                                         "CurrencyRate", "HasAccount",
                                         "HasValidationErrors"};
    amzx_val_t *v = amzx_val_obj(8, c->p);
    apr_size_t i;

    for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        amzx_val_put_ref(v, fields[i], amzx_val_get(payment, fields[i]),
                         c->p);
    }
    return v;
}

/* The invoice's list with a payment added, or with one taken out. */
static void invoice_change(sbx_xcall_t *c, const amzx_val_t *invoice,
                           const amzx_val_t *added, const char *removed)
{
    const amzx_val_t *old = amzx_val_get(invoice, "Payments");
    amzx_val_t *payments = amzx_val_list(4, c->p);
    amzx_val_t *out = sbx_clone(invoice, c->p);
    apr_size_t i;

    for (i = 0; i < amzx_val_count(old); i++) {
        if (!removed || strcmp(sbx_text(amzx_val_at(old, i), "PaymentID"),
                               removed) != 0) {
            amzx_val_push(payments, amzx_val_at(old, i), c->p);
        }
    }
    if (added) {
        amzx_val_push(payments, small_payment(c, added), c->p);
    }
    amzx_val_put_ref(out, "Payments", payments, c->p);
    out = sbx_invoice_settle(out, c, added ? sbx_days_of(added, "Date") : 0);
    sbx_invoice_store(c, out);
}

static const amzx_val_t *create(sbx_xcall_t *c, const amzx_val_t *in)
{
    const amzx_val_t *invoice;
    const amzx_val_t *account;
    amzx_dec_t amount;
    apr_int64_t date;
    amzx_val_t *out;

    if (sbx_has(in, "CreditNote") || sbx_has(in, "Prepayment") ||
        sbx_has(in, "Overpayment")) {
        sbx_fail(c, "Only payments of invoices are handled here");
        return NULL;
    }
    invoice = invoice_of(c, in);
    account = account_of(c, in);
    account_currency(c, account, invoice);
    if (!sbx_in_date(&date, c, in, "Date")) {
        date = sbx_today(c);
    }
    sbx_check_lock(c, date);
    amount_check(&amount, c, in, invoice);
    if (c->bad_json || sbx_failed(c)) {
        return NULL;
    }
    out = payment_make(c, in, invoice, amount, date);
    amzx_val_put_ref(out, "Account", small_account(c, account), c->p);
    amzx_val_put_ref(out, "Invoice", small_invoice(c, invoice), c->p);
    payment_store(c, out);
    invoice_change(c, invoice, out, NULL);
    return out;
}

static const amzx_val_t *remove_one(sbx_xcall_t *c, const amzx_val_t *in)
{
    const amzx_val_t *payment = sbx_doc(c, "payment", c->id);
    const amzx_val_t *invoice;
    amzx_val_t *out;

    if (!payment) {
        c->is_missing = 1;
        return NULL;
    }
    if (strcmp(sbx_in_text(c, in, "Status"), "DELETED") != 0 ||
        strcmp(sbx_text(payment, "Status"), "AUTHORISED") != 0) {
        sbx_fail(c, "The payment can only be deleted, and only once");
        return NULL;
    }
    sbx_check_lock(c, sbx_days_of(payment, "Date"));
    if (sbx_failed(c)) {
        return NULL;
    }
    invoice = sbx_doc(
        c, "invoice",
        amzx_val_text(amzx_val_path(payment, "Invoice.InvoiceID"), ""));
    out = sbx_clone(payment, c->p);
    sbx_put(out, "Status", "DELETED", c->p);
    sbx_put_updated(out, c, 1);
    payment_store(c, out);
    if (invoice) {
        invoice_change(c, invoice, NULL, c->id);
    }
    return out;
}

void sbx_xero_payments(sbx_xcall_t *c)
{
    if (!strcmp(c->req->method, "GET")) {
        sbx_xero_get(c, &list);
    }
    else if (!strcmp(c->req->method, "DELETE") || (*c->id && c->is_put)) {
        sbx_xero_501(c);
    }
    else {
        sbx_xero_write(c, &list, *c->id ? remove_one : create);
    }
}
