/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts, tax rates, tracking, currencies and the organisation. */
#include "sandbox_xero.h"

#include <string.h>

static const sbx_list_t accounts = {
    "account", "Accounts", "AccountID", 0, SBX_SQL_DOC_BY_K1,
    "Code",    NULL,       NULL};
static const sbx_list_t tax_rates = {"taxrate", "TaxRates", "TaxType", 0,
                                     SBX_SQL_DOC_BY_K1, "TaxType", NULL,
                                     NULL};
static const sbx_list_t tracking = {
    "tracking", "TrackingCategories", "TrackingCategoryID", 0,
    SBX_SQL_DOC_BY_K1, "Name", NULL, NULL};
static const sbx_list_t currencies = {"currency", "Currencies", "Code", 0,
                                      SBX_SQL_DOC_BY_K1, "Code", NULL, NULL};
static const sbx_list_t options = {"tracking", "Options", "TrackingOptionID",
                                   0, SBX_SQL_COUNT, NULL, NULL, NULL};

static const struct {
    const char *type;
    const char *klass;
} classes[] = {
    {"BANK", "ASSET"},           {"CURRENT", "ASSET"},
    {"CURRLIAB", "LIABILITY"},   {"DEPRECIATN", "EXPENSE"},
    {"DIRECTCOSTS", "EXPENSE"},  {"EQUITY", "EQUITY"},
    {"EXPENSE", "EXPENSE"},      {"FIXED", "ASSET"},
    {"INVENTORY", "ASSET"},      {"LIABILITY", "LIABILITY"},
    {"NONCURRENT", "ASSET"},     {"OTHERINCOME", "REVENUE"},
    {"OVERHEADS", "EXPENSE"},    {"PREPAYMENT", "ASSET"},
    {"REVENUE", "REVENUE"},      {"SALES", "REVENUE"},
    {"TERMLIAB", "LIABILITY"},   {"PAYGLIABILITY", "LIABILITY"},
};

static const char *class_of(const char *type)
{
    apr_size_t i;

    for (i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        if (!strcmp(classes[i].type, type)) {
            return classes[i].klass;
        }
    }
    return NULL;
}

static void account_store(sbx_xcall_t *c, const amzx_val_t *account)
{
    const char *key[3] = {NULL, NULL, NULL};

    key[0] = sbx_text(account, "Code");
    sbx_doc_put(c, "account", sbx_text(account, "AccountID"), key, account);
}

static const amzx_val_t *account_create(sbx_xcall_t *c, const amzx_val_t *in)
{
    const char *code = sbx_in_text(c, in, "Code");
    const char *name = sbx_in_text(c, in, "Name");
    const char *type = sbx_in_text(c, in, "Type");
    const char *klass = class_of(type);
    amzx_val_t *out = sbx_clone(in, c->p);

    if (!*name || strlen(name) > 150) {
        sbx_fail(c, "The account name must be specified");
    }
    if (!klass) {
        sbx_fail(c, "The account type is not valid");
    }
    if (!strcmp(type, "BANK") && !sbx_has(in, "BankAccountNumber")) {
        sbx_fail(c, "A bank account needs a BankAccountNumber");
    }
    if (strlen(code) > 10 || (!*code && strcmp(type, "BANK") != 0)) {
        sbx_fail(c, "The account code must have 1 to 10 characters");
    }
    if (*code && sbx_doc_by(c, "account", SBX_SQL_DOC_BY_K1, code)) {
        sbx_fail(c, "Please enter a unique Code.");
    }
    if (c->bad_json || sbx_failed(c)) {
        return NULL;
    }
    sbx_put(out, "AccountID", sbx_uuid(c->p), c->p);
    sbx_put(out, "Class", klass, c->p);
    sbx_put(out, "Status", "ACTIVE", c->p);
    if (!sbx_has(in, "TaxType")) {
        sbx_put(out, "TaxType", "NONE", c->p);
    }
    sbx_put_updated(out, c, 0);
    account_store(c, out);
    return out;
}

/* Archiving must be a call of its own; bank accounts cannot be updated. */
static const amzx_val_t *account_update(sbx_xcall_t *c, const amzx_val_t *in)
{
    const char *id = *c->id ? c->id : sbx_in_text(c, in, "AccountID");
    const amzx_val_t *before = *id ? sbx_doc_cached(c, "account", id) : NULL;
    amzx_val_t *out;
    apr_size_t i;

    if (!before) {
        c->is_missing = 1;
        return NULL;
    }
    if (!strcmp(sbx_text(before, "Type"), "BANK") &&
        !sbx_has(in, "Status")) {
        sbx_fail(c, "Bank accounts cannot be updated");
        return NULL;
    }
    out = sbx_clone(before, c->p);
    for (i = 0; i < amzx_val_count(in); i++) {
        amzx_val_put_ref(out, in->u.obj.member[i].name,
                         in->u.obj.member[i].val, c->p);
    }
    sbx_put(out, "AccountID", sbx_text(before, "AccountID"), c->p);
    sbx_put_updated(out, c, 0);
    account_store(c, out);
    return out;
}

void sbx_xero_accounts(sbx_xcall_t *c)
{
    if (!strcmp(c->req->method, "GET")) {
        sbx_xero_get(c, &accounts);
    }
    else if (!strcmp(c->req->method, "DELETE")) {
        sbx_xero_501(c);
    }
    else {
        sbx_xero_write(c, &accounts,
                       c->is_put ? account_create : account_update);
    }
}

static void get_only(sbx_xcall_t *c, const sbx_list_t *l)
{
    if (!strcmp(c->req->method, "GET")) {
        sbx_xero_get(c, l);
    }
    else {
        sbx_xero_501(c);
    }
}

void sbx_xero_tax_rates(sbx_xcall_t *c)
{
    get_only(c, &tax_rates);
}

static const amzx_val_t *option_add(sbx_xcall_t *c, const amzx_val_t *in)
{
    const char *id = apr_pstrmemdup(c->p, c->id, strcspn(c->id, "/"));
    const amzx_val_t *category = sbx_doc(c, "tracking", id);
    const char *name = sbx_in_text(c, in, "Name");
    const amzx_val_t *old;
    const char *key[3] = {NULL, NULL, NULL};
    amzx_val_t *list;
    amzx_val_t *option;
    amzx_val_t *out;
    apr_size_t i;

    if (!category) {
        c->is_missing = 1;
        return NULL;
    }
    if (!*name || strlen(name) > 100) {
        sbx_fail(c, "The option name must have 1 to 100 characters");
        return NULL;
    }
    old = amzx_val_get(category, "Options");
    list = amzx_val_list(amzx_val_count(old) + 1, c->p);
    for (i = 0; i < amzx_val_count(old); i++) {
        amzx_val_push(list, amzx_val_at(old, i), c->p);
    }
    option = amzx_val_obj(4, c->p);
    sbx_put(option, "TrackingOptionID", sbx_uuid(c->p), c->p);
    sbx_put(option, "Name", name, c->p);
    sbx_put(option, "Status", "ACTIVE", c->p);
    amzx_val_push(list, option, c->p);
    out = sbx_clone(category, c->p);
    amzx_val_put_ref(out, "Options", list, c->p);
    key[0] = sbx_text(out, "Name");
    sbx_doc_put(c, "tracking", id, key, out);
    return option;
}

void sbx_xero_tracking(sbx_xcall_t *c)
{
    if (c->is_put && strstr(c->id, "/Options")) {
        sbx_xero_write(c, &options, option_add);
    }
    else {
        get_only(c, &tracking);
    }
}

static const amzx_val_t *currency_add(sbx_xcall_t *c, const amzx_val_t *in)
{
    const char *code = sbx_in_text(c, in, "Code");
    const char *key[3] = {NULL, NULL, NULL};
    amzx_val_t *out;

    if (strlen(code) != 3) {
        sbx_fail(c, "A currency code has three letters");
        return NULL;
    }
    out = amzx_val_obj(3, c->p);
    sbx_put(out, "Code", code, c->p);
    sbx_put(out, "Description", code, c->p);
    sbx_put_dec(out, "Rate", amzx_dec_from_int(1), 6, c->p);
    key[0] = code;
    sbx_doc_put(c, "currency", code, key, out);
    return out;
}

void sbx_xero_currencies(sbx_xcall_t *c)
{
    if (c->is_put) {
        sbx_xero_write(c, &currencies, currency_add);
    }
    else {
        get_only(c, &currencies);
    }
}

static void actions(sbx_xcall_t *c)
{
    static const char *const names[] = {"UseMulticurrency",
                                        "CreateApprovedInvoice",
                                        "CreateApprovedBill"};
    amzx_val_t *list = amzx_val_list(3, c->p);
    amzx_val_t *v;
    int i;

    for (i = 0; i < 3; i++) {
        v = amzx_val_obj(2, c->p);
        sbx_put(v, "Name", names[i], c->p);
        sbx_put(v, "Status", "ALLOWED", c->p);
        amzx_val_push(list, v, c->p);
    }
    sbx_xero_ok(c, "Actions", list, NULL);
}

void sbx_xero_organisation(sbx_xcall_t *c)
{
    amzx_val_t *list = amzx_val_list(1, c->p);
    amzx_val_t *out = amzx_val_obj(amzx_val_count(c->org), c->p);
    apr_size_t i;

    if (strcmp(c->req->method, "GET") != 0) {
        sbx_xero_501(c);
        return;
    }
    if (!strcmp(c->id, "Actions")) {
        actions(c);
        return;
    }
    for (i = 0; i < amzx_val_count(c->org); i++) {
        /* The zone's own name is for the sandbox; Xero's is "Timezone". */
        if (strcmp(c->org->u.obj.member[i].name, "TimezoneName") != 0 &&
            !amzx_val_is_null(c->org->u.obj.member[i].val)) {
            amzx_val_put_ref(out, c->org->u.obj.member[i].name,
                             c->org->u.obj.member[i].val, c->p);
        }
    }
    amzx_val_push(list, out, c->p);
    sbx_xero_ok(c, "Organisations", list, NULL);
}
