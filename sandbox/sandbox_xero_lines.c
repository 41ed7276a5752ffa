/* SPDX-License-Identifier: Apache-2.0 */
/* Line items: accounts, items, taxes, tracking, amounts. */
#include "sandbox_invoice.h"

#include <string.h>

/** One line while it is checked. */
typedef struct {
    const amzx_val_t *in;
    const amzx_val_t *item;    /* NULL without ItemCode */
    const amzx_val_t *sales;   /* details of the item for this document */
    const amzx_val_t *account; /* NULL without an account */
    const char *tax_type;
    amzx_dec_t tax_rate;
    amzx_dec_t quantity;
    amzx_dec_t unit;
    amzx_dec_t amount;
    amzx_dec_t tax;
    amzx_dec_t discount_rate;
    amzx_dec_t discount;
    int has_unit;
} line_t;

int sbx_is_approved(const char *status)
{
    return strcmp(status, "DRAFT") != 0;
}

static const char *dec_text(amzx_dec_t d, int scale, apr_pool_t *p)
{
    char text[AMZX_DEC_TEXT];

    amzx_dec_round(&d, d, scale, AMZX_ROUND_HALF_UP);
    amzx_dec_text(text, d);
    return apr_pstrdup(p, text);
}

/* Description alone makes a text line. */
static int is_text_line(const amzx_val_t *in)
{
    return !sbx_has(in, "UnitAmount") && !sbx_has(in, "LineAmount") &&
           !sbx_has(in, "AccountCode") && !sbx_has(in, "AccountID") &&
           !sbx_has(in, "ItemCode");
}

static void item_read(line_t *l, sbx_xcall_t *c, const sbx_invoice_t *inv)
{
    const char *code = sbx_in_text(c, l->in, "ItemCode");

    l->sales = &amzx_val_null;
    if (!*code) {
        return;
    }
    l->item = sbx_doc_cached(c, "item", code);
    if (!l->item) {
        sbx_fail(c, "Item code '%s' is not valid", code);
        return;
    }
    l->sales = amzx_val_get(l->item, !strcmp(inv->type, "ACCREC")
                                         ? "SalesDetails"
                                         : "PurchaseDetails");
}

static int is_line_account(const amzx_val_t *account)
{
    const char *system = sbx_text(account, "SystemAccount");

    return strcmp(sbx_text(account, "Type"), "BANK") != 0 &&
           strcmp(system, "DEBTORS") != 0 && strcmp(system, "CREDITORS") != 0;
}

static void account_read(line_t *l, sbx_xcall_t *c, const sbx_invoice_t *inv)
{
    const char *code = sbx_in_text(c, l->in, "AccountCode");
    const char *id = sbx_in_text(c, l->in, "AccountID");

    code = *code ? code : *id ? id : sbx_text(l->sales, "AccountCode");
    if (!*code) {
        if (sbx_is_approved(inv->status)) {
            sbx_fail(c, "Account code must be specified");
        }
        return;
    }
    l->account = sbx_doc_cached(c, "account", code);
    if (!l->account || !is_line_account(l->account)) {
        l->account = NULL;
        sbx_fail(c, "Account code '%s' is not a valid code for this document.",
                 code);
    }
    else if (strcmp(sbx_text(l->account, "Status"), "ACTIVE") != 0) {
        sbx_fail(c,
                 "Account code '%s' has been archived, or has been deleted. "
                 "Each line item must reference a valid account.",
                 code);
    }
}

/* TaxRates say by account class where they may be used. */
static int tax_fits(const amzx_val_t *rate, const amzx_val_t *account)
{
    static const char *const by_class[][2] = {
        {"ASSET", "CanApplyToAssets"},
        {"EQUITY", "CanApplyToEquity"},
        {"EXPENSE", "CanApplyToExpenses"},
        {"LIABILITY", "CanApplyToLiabilities"},
        {"REVENUE", "CanApplyToRevenue"}};
    const char *name = sbx_text(account, "Class");
    apr_size_t i;

    for (i = 0; i < sizeof(by_class) / sizeof(*by_class); i++) {
        if (!strcmp(by_class[i][0], name)) {
            return amzx_val_truth(amzx_val_get(rate, by_class[i][1]), 0);
        }
    }
    return 0;
}

static void tax_type_read(line_t *l, sbx_xcall_t *c, const sbx_invoice_t *inv)
{
    const char *type = sbx_in_text(c, l->in, "TaxType");
    const amzx_val_t *rate;

    if (inv->mode == SBX_NO_TAX) {
        l->tax_type = "NONE";
        return;
    }
    type = *type ? type : sbx_text(l->sales, "TaxType");
    type = *type ? type : sbx_text(l->account, "TaxType");
    l->tax_type = *type ? type : "NONE";
    rate = sbx_doc_cached(c, "taxrate", l->tax_type);
    if (!rate || strcmp(sbx_text(rate, "Status"), "ACTIVE") != 0) {
        sbx_fail(c,
                 "The TaxType code '%s' does not exist or cannot be used for "
                 "this type of transaction.",
                 l->tax_type);
        return;
    }
    l->tax_rate = sbx_dec(rate, "EffectiveRate");
    if (l->account && !tax_fits(rate, l->account)) {
        sbx_fail(c,
                 "The TaxType code '%s' cannot be used with account code "
                 "'%s'.",
                 l->tax_type, sbx_text(l->account, "Code"));
    }
}

static void quantity_read(line_t *l, sbx_xcall_t *c)
{
    if (!sbx_in_dec(&l->quantity, c, l->in, "Quantity")) {
        l->quantity = amzx_dec_from_int(1);
    }
    amzx_dec_round(&l->quantity, l->quantity, 4, AMZX_ROUND_HALF_UP);
    if (amzx_dec_sign(l->quantity) < 0) {
        sbx_fail(c,
                 "The quantity value '%s' is invalid. Quantity must not be "
                 "less than zero.",
                 dec_text(l->quantity, 4, c->p));
    }
}

static void discount_read(line_t *l, sbx_xcall_t *c, const sbx_invoice_t *inv)
{
    int has_rate = sbx_in_dec(&l->discount_rate, c, l->in, "DiscountRate");
    int has_amount = sbx_in_dec(&l->discount, c, l->in, "DiscountAmount");

    if ((has_rate && amzx_dec_sign(l->discount_rate)) ||
        (has_amount && amzx_dec_sign(l->discount))) {
        if (strcmp(inv->type, "ACCREC") != 0) {
            sbx_fail(c, "Discounts are not allowed on this type of document");
        }
        if (amzx_dec_cmp(l->discount_rate, amzx_dec_from_int(100)) > 0) {
            sbx_fail(c,
                     "The discount rate '%s' is invalid. Discount must not be "
                     "greater than the line total.",
                     dec_text(l->discount_rate, 2, c->p));
        }
    }
}

/* Without UnitAmount it follows from LineAmount. */
static void unit_read(line_t *l, sbx_xcall_t *c)
{
    amzx_dec_t sent;

    l->has_unit = sbx_in_dec(&l->unit, c, l->in, "UnitAmount");
    if (!l->has_unit && sbx_in_dec(&sent, c, l->in, "LineAmount") &&
        amzx_dec_sign(l->quantity) > 0) {
        amzx_dec_div_round(&l->unit, sent, l->quantity, c->unit_scale,
                           AMZX_ROUND_HALF_UP);
        return;
    }
    if (!l->has_unit && sbx_has(l->sales, "UnitPrice")) {
        l->unit = sbx_dec(l->sales, "UnitPrice");
    }
    if (l->unit.scale > 4 &&
        amzx_dec_trim(l->unit).scale > 4) {
        sbx_violation(c->req, "xero", "xero.unit-amount-scale",
                      dec_text(l->unit, 8, c->p));
    }
    amzx_dec_round(&l->unit, l->unit, c->unit_scale, AMZX_ROUND_HALF_UP);
}

static void amount_read(line_t *l, sbx_xcall_t *c)
{
    const amzx_dec_t most = amzx_dec_scaled(999999999999LL, 2);
    amzx_dec_t sent;

    if (sbx_line_amount(&l->amount, l->quantity, l->unit, l->discount_rate,
                        l->discount) != APR_SUCCESS) {
        c->bad_json = "a number is too large";
        return;
    }
    if (sbx_in_dec(&sent, c, l->in, "LineAmount")) {
        if (!l->has_unit && !sbx_has(l->sales, "UnitPrice")) {
            amzx_dec_round(&l->amount, sent, 2, AMZX_ROUND_HALF_UP);
        }
        else if (amzx_dec_cmp(sent, l->amount) != 0) {
            sbx_fail(c,
                     "The line total %s does not match the expected line "
                     "total %s",
                     dec_text(sent, 2, c->p), dec_text(l->amount, 2, c->p));
        }
    }
    if (amzx_dec_cmp(amzx_dec_abs(l->amount), most) > 0) {
        sbx_fail(c, "The line amount must not exceed 9999999999.99");
    }
}

static void tax_read(line_t *l, sbx_xcall_t *c, const sbx_invoice_t *inv)
{
    amzx_dec_t sent;

    if (sbx_line_tax(&l->tax, l->amount, l->tax_rate, inv->mode) !=
        APR_SUCCESS) {
        c->bad_json = "a number is too large";
        return;
    }
    if (!sbx_in_dec(&sent, c, l->in, "TaxAmount") ||
        inv->mode == SBX_NO_TAX || !amzx_dec_sign(l->tax_rate)) {
        return;
    }
    amzx_dec_round(&l->tax, sent, 2, AMZX_ROUND_HALF_UP);
    if (amzx_dec_cmp(amzx_dec_abs(l->tax), amzx_dec_abs(l->amount)) > 0) {
        sbx_fail(c, "The tax amount cannot be greater than the line amount!");
    }
}

/* The option of a category, both by name or by id; NULL when not there. */
static const amzx_val_t *option_of(const amzx_val_t *category,
                                   const amzx_val_t *in)
{
    const amzx_val_t *options = amzx_val_get(category, "Options");
    const amzx_val_t *o;
    apr_size_t i;

    for (i = 0; i < amzx_val_count(options); i++) {
        o = amzx_val_at(options, i);
        if (!strcmp(sbx_text(o, "Status"), "ACTIVE") &&
            (sbx_same(sbx_text(o, "Name"), sbx_text(in, "Option")) ||
             sbx_same(sbx_text(o, "TrackingOptionID"),
                      sbx_text(in, "TrackingOptionID")))) {
            return o;
        }
    }
    return NULL;
}

static const amzx_val_t *tracking_read(sbx_xcall_t *c, const amzx_val_t *in)
{
    const amzx_val_t *list = amzx_val_get(in, "Tracking");
    amzx_val_t *out = amzx_val_list(2, c->p);
    const amzx_val_t *category;
    const amzx_val_t *option;
    const amzx_val_t *one;
    const char *name;
    amzx_val_t *t;
    apr_size_t i;

    if (amzx_val_count(list) > 2) {
        sbx_fail(c, "A line item can have two tracking categories at most");
    }
    for (i = 0; i < amzx_val_count(list) && i < 2; i++) {
        one = amzx_val_at(list, i);
        name = sbx_text(one, "TrackingCategoryID");
        name = *name ? name : sbx_text(one, "Name");
        category = sbx_doc_cached(c, "tracking", name);
        option = category ? option_of(category, one) : NULL;
        if (!option ||
            strcmp(sbx_text(category, "Status"), "ACTIVE") != 0) {
            sbx_fail(c, "The tracking option '%s' of '%s' could not be found",
                     sbx_text(one, "Option"), name);
            continue;
        }
        t = amzx_val_obj(4, c->p);
        sbx_put(t, "TrackingCategoryID",
                sbx_text(category, "TrackingCategoryID"), c->p);
        sbx_put(t, "TrackingOptionID", sbx_text(option, "TrackingOptionID"),
                c->p);
        sbx_put(t, "Name", sbx_text(category, "Name"), c->p);
        sbx_put(t, "Option", sbx_text(option, "Name"), c->p);
        amzx_val_push(out, t, c->p);
    }
    return out;
}

static const char *description_read(const line_t *l, sbx_xcall_t *c,
                                    const sbx_invoice_t *inv)
{
    const char *text = sbx_in_text(c, l->in, "Description");

    if (!*text && l->item) {
        text = sbx_text(l->item, "Description");
        text = *text ? text : sbx_text(l->item, "Name");
    }
    if (!*text && sbx_is_approved(inv->status)) {
        sbx_fail(c, "Description must be specified");
    }
    if (amzx_utf8_count(text, strlen(text)) > 4000) {
        sbx_fail(c, "Description must not be longer than 4000 characters");
    }
    return text;
}

static const char *line_id(sbx_xcall_t *c, const amzx_val_t *in)
{
    const char *id = sbx_in_text(c, in, "LineItemID");

    return *id ? id : sbx_uuid(c->p);
}

static const amzx_val_t *line_shown(const line_t *l, const char *description,
                                    sbx_xcall_t *c)
{
    apr_pool_t *p = c->p;
    amzx_val_t *v = amzx_val_obj(14, p);

    if (l->item) {
        sbx_put(v, "ItemCode", sbx_text(l->item, "Code"), p);
    }
    sbx_put(v, "Description", description, p);
    sbx_put_dec(v, "UnitAmount", l->unit, c->unit_scale, p);
    sbx_put(v, "TaxType", l->tax_type, p);
    sbx_put_dec(v, "TaxAmount", l->tax, 2, p);
    sbx_put_dec(v, "LineAmount", l->amount, 2, p);
    if (l->account) {
        sbx_put(v, "AccountCode", sbx_text(l->account, "Code"), p);
        sbx_put(v, "AccountID", sbx_text(l->account, "AccountID"), p);
    }
    amzx_val_put_ref(v, "Tracking", tracking_read(c, l->in), p);
    sbx_put_dec(v, "Quantity", l->quantity, 4, p);
    if (amzx_dec_sign(l->discount_rate)) {
        sbx_put_dec(v, "DiscountRate", l->discount_rate, 2, p);
    }
    if (amzx_dec_sign(l->discount)) {
        sbx_put_dec(v, "DiscountAmount", l->discount, 2, p);
    }
    sbx_put(v, "LineItemID", line_id(c, l->in), p);
    return v;
}

static void text_line(sbx_invoice_t *inv, sbx_xcall_t *c,
                      const amzx_val_t *in)
{
    amzx_val_t *v = amzx_val_obj(4, c->p);

    sbx_put(v, "Description", sbx_in_text(c, in, "Description"), c->p);
    amzx_val_put_ref(v, "Tracking", amzx_val_list(0, c->p), c->p);
    sbx_put(v, "LineItemID", line_id(c, in), c->p);
    amzx_val_push(inv->lines, v, c->p);
}

static void line_read(sbx_invoice_t *inv, sbx_xcall_t *c,
                      const amzx_val_t *in)
{
    const amzx_dec_t zero = amzx_dec_from_int(0);
    const char *description;
    amzx_dec_t gross;
    line_t l;

    if (is_text_line(in)) {
        text_line(inv, c, in);
        return;
    }
    memset(&l, 0, sizeof(l));
    l.in = in;
    item_read(&l, c, inv);
    account_read(&l, c, inv);
    tax_type_read(&l, c, inv);
    quantity_read(&l, c);
    discount_read(&l, c, inv);
    unit_read(&l, c);
    amount_read(&l, c);
    tax_read(&l, c, inv);
    description = description_read(&l, c, inv);
    amzx_val_push(inv->lines, line_shown(&l, description, c), c->p);
    gross = l.amount;
    if (amzx_dec_sign(l.discount_rate) || amzx_dec_sign(l.discount)) {
        sbx_line_amount(&gross, l.quantity, l.unit, zero, zero);
    }
    if (c->bad_json ||
        amzx_dec_sub(&gross, gross, l.amount) != APR_SUCCESS ||
        sbx_sums_add(&inv->sums, l.amount, l.tax, gross) != APR_SUCCESS) {
        c->bad_json = c->bad_json ? c->bad_json : "a number is too large";
    }
}

/* A sum the client sent must be the sum of the lines. */
static void sums_check(const sbx_invoice_t *inv, sbx_xcall_t *c,
                       const amzx_val_t *in)
{
    amzx_dec_t sent;

    if ((sbx_in_dec(&sent, c, in, "SubTotal") &&
         amzx_dec_cmp(sent, inv->subtotal) != 0) ||
        (sbx_in_dec(&sent, c, in, "TotalTax") &&
         amzx_dec_cmp(sent, inv->tax) != 0) ||
        (sbx_in_dec(&sent, c, in, "Total") &&
         amzx_dec_cmp(sent, inv->total) != 0)) {
        sbx_fail(c, "The document total does not equal the sum of the lines.");
    }
    if (amzx_dec_sign(inv->total) < 0) {
        sbx_fail(c, "The Total for this document must be greater than or "
                    "equal to zero.");
    }
}

void sbx_lines_read(sbx_invoice_t *inv, sbx_xcall_t *c, const amzx_val_t *in)
{
    const amzx_val_t *list = amzx_val_get(in, "LineItems");
    apr_size_t i;

    inv->lines = amzx_val_list(amzx_val_count(list), c->p);
    sbx_sums_init(&inv->sums);
    if (!amzx_val_is_null(list) && amzx_val_type(list) != AMZX_LIST) {
        c->bad_json = "LineItems must be a list";
        return;
    }
    if (amzx_val_count(list) == 0) {
        sbx_fail(c, "One or more line items must be specified");
    }
    for (i = 0; i < amzx_val_count(list) && !c->bad_json; i++) {
        if (amzx_val_type(amzx_val_at(list, i)) != AMZX_OBJ) {
            c->bad_json = "LineItems must be objects";
            return;
        }
        line_read(inv, c, amzx_val_at(list, i));
    }
    if (!c->bad_json &&
        sbx_sums_totals(&inv->subtotal, &inv->tax, &inv->total, &inv->sums,
                        inv->mode) == APR_SUCCESS) {
        sums_check(inv, c, in);
    }
}

void sbx_lines_put(amzx_val_t *out, const sbx_invoice_t *inv, sbx_xcall_t *c)
{
    sbx_put(out, "LineAmountTypes", sbx_mode_name(inv->mode), c->p);
    amzx_val_put_ref(out, "LineItems", inv->lines, c->p);
    sbx_put_dec(out, "SubTotal", inv->subtotal, 2, c->p);
    sbx_put_dec(out, "TotalTax", inv->tax, 2, c->p);
    sbx_put_dec(out, "Total", inv->total, 2, c->p);
    if (amzx_dec_sign(inv->sums.discounts)) {
        sbx_put_dec(out, "TotalDiscount", inv->sums.discounts, 2, c->p);
    }
}
