/* SPDX-License-Identifier: Apache-2.0 */
/* Contacts: unique names among the active, numbers, addresses. */
#include "sandbox_xero.h"

#include <string.h>

#include <apr_lib.h>

static const sbx_list_t list = {
    "contact", "Contacts",      "ContactID",    1, SBX_SQL_DOC_BY_K2,
    "Name",    "ContactNumber", "EmailAddress"};

static const struct {
    const char *name;
    apr_size_t most; /* code points */
} fields[] = {
    {"ContactNumber", 50},    {"AccountNumber", 50}, {"Name", 255},
    {"FirstName", 255},       {"LastName", 255},     {"CompanyNumber", 50},
    {"EmailAddress", 255},    {"BankAccountDetails", 100},
    {"TaxNumber", 50},        {"DefaultCurrency", 3},
    {"AccountsReceivableTaxType", 50},
    {"AccountsPayableTaxType", 50},
};

static const struct {
    const char *name;
    apr_size_t most;
} address_fields[] = {
    {"AddressLine1", 500}, {"AddressLine2", 500}, {"AddressLine3", 500},
    {"AddressLine4", 500}, {"City", 255},         {"Region", 255},
    {"PostalCode", 50},    {"Country", 50},       {"AttentionTo", 255},
};

/* The active contact of a name; archived ones leave their name free. */
static const amzx_val_t *by_name(sbx_xcall_t *c, const char *name)
{
    const amzx_val_t *doc;
    const amzx_val_t *archived = NULL;
    apr_array_header_t *rows;
    int i;

    sbx_db_all(&rows, c->req->db, SBX_SQL_DOC_BY_K1, c->p, "sssi", c->tenant,
               "contact", sbx_lower(name, c->p), (apr_int64_t)0);
    for (i = 0; i < rows->nelts; i++) {
        doc = sbx_load(APR_ARRAY_IDX(rows, i, sbx_row_t).col[0], c->p);
        if (!strcmp(sbx_text(doc, "ContactStatus"), "ACTIVE")) {
            return doc;
        }
        archived = doc;
    }
    return archived;
}

const amzx_val_t *sbx_contact_find(sbx_xcall_t *c, const amzx_val_t *in)
{
    const char *id = sbx_in_text(c, in, "ContactID");
    const char *number = sbx_in_text(c, in, "ContactNumber");
    const char *name = sbx_in_text(c, in, "Name");
    const amzx_val_t *found = NULL;

    if (*id) {
        return sbx_doc(c, "contact", id);
    }
    if (*number) {
        found = sbx_doc_by(c, "contact", SBX_SQL_DOC_BY_K2, number);
    }
    if (!found && *name) {
        found = by_name(c, name);
    }
    return found;
}

static void name_check(sbx_xcall_t *c, const char *name, const char *own_id)
{
    apr_size_t len = strlen(name);
    const amzx_val_t *other;

    if (!len) {
        sbx_fail(c, "The contact name must be specified");
        return;
    }
    if (strpbrk(name, "<>") || name[0] == ' ' || name[len - 1] == ' ' ||
        strstr(name, "  ")) {
        sbx_fail(c, "The contact name contains characters that are not "
                    "allowed");
    }
    other = by_name(c, name);
    if (other && strcmp(sbx_text(other, "ContactID"), own_id) != 0 &&
        !strcmp(sbx_text(other, "ContactStatus"), "ACTIVE")) {
        sbx_fail(c,
                 "The contact name %s is already assigned to another contact. "
                 "The contact name must be unique across all active "
                 "contacts.",
                 name);
    }
}

static void number_check(sbx_xcall_t *c, const char *number,
                         const char *own_id)
{
    const amzx_val_t *other =
        *number ? sbx_doc_by(c, "contact", SBX_SQL_DOC_BY_K2, number) : NULL;

    if (other && strcmp(sbx_text(other, "ContactID"), own_id) != 0) {
        sbx_fail(c, "Another contact has this contact number. Please enter a "
                    "different contact number.");
    }
}

static int is_country(const char *s)
{
    for (; *s; s++) {
        if (!apr_isalpha(*s) && *s != ' ' && (unsigned char)*s < 0x80) {
            return 0;
        }
    }
    return 1;
}

static const amzx_val_t *address_read(sbx_xcall_t *c, const amzx_val_t *in,
                                      const char *type)
{
    amzx_val_t *out = amzx_val_obj(12, c->p);
    const char *text;
    apr_size_t i;

    sbx_put(out, "AddressType", type, c->p);
    for (i = 0; i < sizeof(address_fields) / sizeof(*address_fields); i++) {
        text = sbx_in_text(c, in, address_fields[i].name);
        if (amzx_utf8_count(text, strlen(text)) > address_fields[i].most) {
            sbx_fail(c, "%s must not be longer than %d characters",
                     address_fields[i].name, (int)address_fields[i].most);
        }
        sbx_put(out, address_fields[i].name, text, c->p);
    }
    if (!is_country(sbx_text(out, "Country"))) {
        sbx_fail(c, "The country must be made of letters");
    }
    return out;
}

/* Always one of each type, as Xero shows them. */
static void addresses_put(amzx_val_t *out, sbx_xcall_t *c,
                          const amzx_val_t *in)
{
    static const char *const types[] = {"STREET", "POBOX"};
    const amzx_val_t *given = amzx_val_get(in, "Addresses");
    amzx_val_t *shown = amzx_val_list(2, c->p);
    const amzx_val_t *found;
    apr_size_t i;
    apr_size_t k;

    if (!amzx_val_is_null(given) && amzx_val_type(given) != AMZX_LIST) {
        c->bad_json = "Addresses must be a list";
    }
    for (i = 0; i < 2; i++) {
        found = &amzx_val_null;
        for (k = 0; k < amzx_val_count(given); k++) {
            if (!strcmp(sbx_text(amzx_val_at(given, k), "AddressType"),
                        types[i])) {
                found = amzx_val_at(given, k);
            }
        }
        amzx_val_push(shown, address_read(c, found, types[i]), c->p);
    }
    for (k = 0; k < amzx_val_count(given); k++) {
        found = amzx_val_at(given, k);
        if (!sbx_in_list("STREET,POBOX,DELIVERY",
                         sbx_text(found, "AddressType"))) {
            c->bad_json = "AddressType is STREET or POBOX";
        }
    }
    amzx_val_put_ref(out, "Addresses", shown, c->p);
}

static void phones_put(amzx_val_t *out, sbx_xcall_t *c, const amzx_val_t *in)
{
    static const char *const types[] = {"DDI", "DEFAULT", "FAX", "MOBILE"};
    static const char *const parts[] = {"PhoneNumber", "PhoneAreaCode",
                                        "PhoneCountryCode"};
    const amzx_val_t *given = amzx_val_get(in, "Phones");
    amzx_val_t *shown = amzx_val_list(4, c->p);
    const amzx_val_t *found;
    amzx_val_t *one;
    apr_size_t i;
    apr_size_t k;

    for (i = 0; i < 4; i++) {
        found = &amzx_val_null;
        for (k = 0; k < amzx_val_count(given); k++) {
            if (!strcmp(sbx_text(amzx_val_at(given, k), "PhoneType"),
                        types[i])) {
                found = amzx_val_at(given, k);
            }
        }
        one = amzx_val_obj(4, c->p);
        sbx_put(one, "PhoneType", types[i], c->p);
        for (k = 0; k < 3; k++) {
            sbx_put(one, parts[k], sbx_in_text(c, found, parts[k]), c->p);
        }
        amzx_val_push(shown, one, c->p);
    }
    amzx_val_put_ref(out, "Phones", shown, c->p);
}

static void texts_put(amzx_val_t *out, sbx_xcall_t *c, const amzx_val_t *in)
{
    const char *text;
    apr_size_t i;

    for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        text = sbx_in_text(c, in, fields[i].name);
        if (amzx_utf8_count(text, strlen(text)) > fields[i].most) {
            sbx_fail(c, "%s must not be longer than %d characters",
                     fields[i].name, (int)fields[i].most);
        }
        if (*text) {
            sbx_put(out, fields[i].name, text, c->p);
        }
    }
    text = sbx_text(out, "EmailAddress");
    if (*text && !sbx_is_email(text)) {
        sbx_fail(c, "Email address must be valid.");
    }
}

static void status_put(amzx_val_t *out, sbx_xcall_t *c, const amzx_val_t *in)
{
    const char *status = sbx_in_text(c, in, "ContactStatus");

    status = *status ? status : "ACTIVE";
    if (!sbx_in_list("ACTIVE,ARCHIVED,GDPRREQUEST", status)) {
        c->bad_json = "ContactStatus is ACTIVE, ARCHIVED or GDPRREQUEST";
    }
    sbx_put(out, "ContactStatus", status, c->p);
}

/* Invoices carry the name of their contact. */
static void rename_on_invoices(sbx_xcall_t *c, const amzx_val_t *contact)
{
    const char *id = sbx_text(contact, "ContactID");
    apr_array_header_t *rows;
    amzx_val_t *invoice;
    amzx_val_t *small;
    const char *key[3];
    int i;

    sbx_db_all(&rows, c->req->db, SBX_SQL_DOC_BY_K2, c->p, "sssi", c->tenant,
               "invoice", id, (apr_int64_t)0);
    for (i = 0; i < rows->nelts; i++) {
        invoice = sbx_clone(
            sbx_load(APR_ARRAY_IDX(rows, i, sbx_row_t).col[0], c->p), c->p);
        small = sbx_clone(amzx_val_get(invoice, "Contact"), c->p);
        sbx_put(small, "Name", sbx_text(contact, "Name"), c->p);
        amzx_val_put_ref(invoice, "Contact", small, c->p);
        key[0] = sbx_text(invoice, "InvoiceNumber");
        key[1] = id;
        key[2] = sbx_text(invoice, "Reference");
        sbx_doc_put(c, "invoice", sbx_text(invoice, "InvoiceID"), key,
                    invoice);
    }
}

static const amzx_val_t *build(sbx_xcall_t *c, const amzx_val_t *in,
                               const char *id)
{
    amzx_val_t *out = amzx_val_obj(24, c->p);
    const char *key[3];

    sbx_put(out, "ContactID", id, c->p);
    status_put(out, c, in);
    texts_put(out, c, in);
    name_check(c, sbx_text(out, "Name"), id);
    number_check(c, sbx_text(out, "ContactNumber"), id);
    addresses_put(out, c, in);
    phones_put(out, c, in);
    if (c->bad_json || sbx_failed(c)) {
        return NULL;
    }
    sbx_put_updated(out, c, 0);
    amzx_val_put_ref(out, "ContactGroups", amzx_val_list(0, c->p), c->p);
    amzx_val_put_ref(out, "IsSupplier", &amzx_val_false, c->p);
    amzx_val_put_ref(out, "IsCustomer", &amzx_val_false, c->p);
    amzx_val_put_ref(out, "ContactPersons", amzx_val_list(0, c->p), c->p);
    amzx_val_put_ref(out, "HasAttachments", &amzx_val_false, c->p);
    amzx_val_put_ref(out, "HasValidationErrors", &amzx_val_false, c->p);
    key[0] = sbx_text(out, "Name");
    key[1] = sbx_text(out, "ContactNumber");
    key[2] = sbx_text(out, "EmailAddress");
    sbx_doc_put(c, "contact", id, key, out);
    return out;
}

const amzx_val_t *sbx_contact_save(sbx_xcall_t *c, const amzx_val_t *in)
{
    const amzx_val_t *before = sbx_contact_find(c, in);
    const amzx_val_t *out;
    amzx_val_t *merged;
    apr_size_t i;

    if (!before) {
        return build(c, in, sbx_uuid(c->p));
    }
    merged = sbx_clone(before, c->p);
    for (i = 0; i < amzx_val_count(in); i++) {
        amzx_val_put_ref(merged, in->u.obj.member[i].name,
                         in->u.obj.member[i].val, c->p);
    }
    out = build(c, merged, sbx_text(before, "ContactID"));
    if (out && strcmp(sbx_text(out, "Name"), sbx_text(before, "Name")) != 0) {
        rename_on_invoices(c, out);
    }
    return out;
}

/* One element of PUT (create only) or POST (create or update). */
static const amzx_val_t *save(sbx_xcall_t *c, const amzx_val_t *in)
{
    amzx_val_t *with_id;

    if (c->is_put) {
        if (sbx_has(in, "ContactID")) {
            sbx_fail(c, "ContactID must not be given for a new contact");
            return NULL;
        }
        return build(c, in, sbx_uuid(c->p));
    }
    if (*c->id) {
        if (!sbx_doc(c, "contact", c->id)) {
            c->is_missing = 1;
            return NULL;
        }
        with_id = sbx_clone(in, c->p);
        sbx_put(with_id, "ContactID", c->id, c->p);
        in = with_id;
    }
    else if (sbx_has(in, "ContactID") && !sbx_contact_find(c, in)) {
        sbx_fail(c, "The contact could not be found");
        return NULL;
    }
    return sbx_contact_save(c, in);
}

void sbx_xero_contacts(sbx_xcall_t *c)
{
    if (!strcmp(c->req->method, "GET")) {
        sbx_xero_get(c, &list);
    }
    else if (!strcmp(c->req->method, "DELETE") || strchr(c->id, '/')) {
        sbx_xero_501(c);
    }
    else {
        sbx_xero_write(c, &list, save);
    }
}
