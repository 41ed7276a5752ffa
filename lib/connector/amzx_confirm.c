/* SPDX-License-Identifier: Apache-2.0 */
/* Effects and the look-ups that settle them, when a workflow says nothing. */
#include <apr_strings.h>

#include <string.h>

#include "amzx_connector.h"

/** Where the confirm's argument comes from. */
typedef struct {
    const char *op;
    const char *arg;
    int is_of_body;
    const char *path;
} found_by_t;

static const found_by_t keys[] = {
    {"xero.contacts.create", "number", 1, "ContactNumber"},
    {"xero.items.create", "Code", 1, "Code"},
    {"xero.invoices.create", "number", 1, "InvoiceNumber"},
    {"xero.invoices.void", "InvoiceID", 0, "InvoiceID"},
    {"xero.invoices.renumber", "InvoiceID", 0, "InvoiceID"},
    {"xero.payments.create", "InvoiceID", 1, "Invoice.InvoiceID"},
    {"xero.payments.delete", "PaymentID", 0, "PaymentID"},
};

const amzx_val_t *amzx_op_confirm_args(const amzx_op_t *op,
                                       const amzx_val_t *args,
                                       const amzx_val_t *body, apr_pool_t *p)
{
    apr_size_t i;

    for (i = 0; op->confirm && i < sizeof(keys) / sizeof(keys[0]); i++) {
        const amzx_val_t *key;
        amzx_val_t *out;

        if (strcmp(keys[i].op, op->name) != 0) {
            continue;
        }
        key = amzx_val_path(keys[i].is_of_body ? body : args, keys[i].path);
        if (!*amzx_val_text(key, "")) {
            return NULL;
        }
        out = amzx_val_obj(1, p);
        amzx_val_put_ref(out, keys[i].arg, key, p);
        return out;
    }
    return NULL;
}

/* Texts alike, absent ones count as empty. */
static int same_text(const amzx_val_t *a, const amzx_val_t *b,
                     const char *path)
{
    return strcmp(amzx_val_text(amzx_val_path(a, path), ""),
                  amzx_val_text(amzx_val_path(b, path), "")) == 0;
}

static int is_text(const amzx_val_t *v, const char *name, const char *text)
{
    return strcmp(amzx_val_text(amzx_val_get(v, name), ""), text) == 0;
}

static int same_number(const amzx_val_t *a, const amzx_val_t *b)
{
    amzx_dec_t x;
    amzx_dec_t y;

    return amzx_val_dec(&x, a) == APR_SUCCESS
        && amzx_val_dec(&y, b) == APR_SUCCESS && amzx_dec_cmp(x, y) == 0;
}

/* The sum of the lines that were asked for; 0 when one has no amount. */
static int line_sum(amzx_dec_t *sum, const amzx_val_t *lines)
{
    apr_size_t i;

    *sum = amzx_dec_from_int(0);
    for (i = 0; i < amzx_val_count(lines); i++) {
        const amzx_val_t *line = amzx_val_at(lines, i);
        amzx_dec_t d;
        amzx_dec_t n = amzx_dec_from_int(1);

        if (amzx_val_dec(&d, amzx_val_get(line, "LineAmount"))
            != APR_SUCCESS) {
            (void)amzx_val_dec(&n, amzx_val_get(line, "Quantity"));
            if (amzx_val_dec(&d, amzx_val_get(line, "UnitAmount"))
                    != APR_SUCCESS
                || amzx_dec_mul(&d, d, n) != APR_SUCCESS
                || amzx_dec_round(&d, d, 2, AMZX_ROUND_HALF_UP)
                    != APR_SUCCESS) {
                return 0;
            }
        }
        if (amzx_dec_add(sum, *sum, d) != APR_SUCCESS) {
            return 0;
        }
    }
    return i > 0;
}

static int same_invoice(const amzx_val_t *body, const amzx_val_t *found)
{
    int is_net = amzx_val_is_null(amzx_val_get(body, "LineAmountTypes"))
        || is_text(body, "LineAmountTypes", "Exclusive");
    amzx_dec_t sum;
    amzx_dec_t has;

    return same_text(body, found, "InvoiceNumber")
        && same_text(body, found, "Reference")
        && same_text(body, found, "Contact.ContactID")
        && !is_text(found, "Status", "VOIDED")
        && !is_text(found, "Status", "DELETED")
        && line_sum(&sum, amzx_val_get(body, "LineItems"))
        && amzx_val_dec(&has, amzx_val_get(found, is_net ? "SubTotal"
                                                         : "Total"))
            == APR_SUCCESS
        && amzx_dec_cmp(sum, has) == 0;
}

static int same_payment(const amzx_val_t *body, const amzx_val_t *found)
{
    return same_text(body, found, "Reference")
        && same_number(amzx_val_get(body, "Amount"),
                       amzx_val_get(found, "Amount"))
        && is_text(found, "Status", "AUTHORISED");
}

static int is_same(const char *op, const amzx_val_t *args,
                   const amzx_val_t *body, const amzx_val_t *found)
{
    if (strcmp(op, "xero.contacts.create") == 0) {
        return same_text(body, found, "ContactNumber")
            && is_text(found, "ContactStatus", "ACTIVE");
    }
    if (strcmp(op, "xero.items.create") == 0) {
        return same_text(body, found, "Code");
    }
    if (strcmp(op, "xero.invoices.create") == 0) {
        return same_invoice(body, found);
    }
    if (strcmp(op, "xero.invoices.void") == 0) {
        return is_text(found, "Status", amzx_val_text(
            amzx_val_get(args, "Status"), "VOIDED"));
    }
    if (strcmp(op, "xero.invoices.renumber") == 0) {
        return same_text(args, found, "InvoiceNumber");
    }
    if (strcmp(op, "xero.payments.create") == 0) {
        return same_payment(body, found);
    }
    if (strcmp(op, "xero.payments.delete") == 0) {
        return is_text(found, "Status", "DELETED");
    }
    return 0;
}

int amzx_op_confirm_same(const amzx_val_t **same, const amzx_op_t *op,
                         const amzx_val_t *args, const amzx_val_t *body,
                         const amzx_val_t *found)
{
    apr_size_t i;

    *same = &amzx_val_null;
    if (amzx_val_type(found) == AMZX_OBJ) {
        if (is_same(op->name, args, body, found)) {
            *same = found;
        }
    }
    for (i = 0; amzx_val_type(found) == AMZX_LIST
                && i < amzx_val_count(found); i++) {
        if (is_same(op->name, args, body, amzx_val_at(found, i))) {
            *same = amzx_val_at(found, i);
            break;
        }
    }
    return !amzx_val_is_null(*same);
}

int amzx_op_is_duplicate(const amzx_fault_t *fault)
{
    return fault->klass == AMZX_FAULT_UNKNOWN
        && amzx_fault_matches(fault->code, "validation");
}
