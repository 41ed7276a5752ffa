/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue of Xero's operations. */
#include "amzx_xero.h"

#define T "xero.accounting"
#define END {NULL, NULL, 0, NULL}
/* name, connection, effect, args, body, result, members, confirm, limit,
 * interval, burst, doc; the code */
#define OP(name, effect, args, body, result, members, confirm, doc, step) \
    {{name, T, AMZX_EFFECT_##effect, args, body, result, members, confirm, \
      "", 0, 0, doc}, step},

static const amzx_op_arg_t no_args[] = {END};

static const amzx_op_arg_t match_args[] = {
    {"name", "string", 1, "the buyer's name"},
    {"email", "string", 0, "the buyer's e-mail address"},
    {"address", "object", 0, "with PostalCode, as in Xero's Addresses"},
    END};

static const amzx_op_arg_t number_args[] = {
    {"number", "string", 1, "the number, exactly"}, END};

static const amzx_op_arg_t codes_args[] = {
    {"codes", "list", 1, "item codes; those over 30 characters are never"
                         " there"}, END};

static const amzx_op_arg_t code_args[] = {
    {"Code", "string", 1, "the item code, exactly"}, END};

static const amzx_op_arg_t invoice_args[] = {
    {"InvoiceID", "string", 1, "Xero's id of the invoice"}, END};

static const amzx_op_arg_t void_args[] = {
    {"InvoiceID", "string", 1, "Xero's id of the invoice"},
    {"Status", "string", 0, "VOIDED (default), or DELETED for a draft"},
    END};

static const amzx_op_arg_t renumber_args[] = {
    {"InvoiceID", "string", 1, "Xero's id of the invoice"},
    {"InvoiceNumber", "string", 1, "its new number; a voided invoice keeps"
                                   " its number taken"}, END};

static const amzx_op_arg_t numbers_args[] = {
    {"numbers", "list", 1, "1 to 40 invoice numbers"}, END};

static const amzx_op_arg_t payment_args[] = {
    {"PaymentID", "string", 1, "Xero's id of the payment"}, END};

#define INVOICE "InvoiceID Type InvoiceNumber Reference? Contact.ContactID " \
    "Contact.Name? Date DueDate? Status LineAmountTypes LineItems[]? " \
    "SubTotal TotalTax Total AmountDue AmountPaid AmountCredited? " \
    "CurrencyCode CurrencyRate? Payments[]? Warnings[]? UpdatedDateUTC?"
#define PAYMENT "PaymentID Date Amount Reference? Status " \
    "Invoice.InvoiceID Account.Code? Account.AccountID? CurrencyRate? " \
    "IsReconciled? UpdatedDateUTC?"
#define CONTACT "ContactID Name ContactNumber? ContactStatus " \
    "EmailAddress? Addresses[]? UpdatedDateUTC?"
#define ITEM "ItemID Code Name? Description? IsTrackedAsInventory? " \
    "QuantityOnHand? SalesDetails? PurchaseDetails? UpdatedDateUTC?"

const amzx_op_impl_t amzx_xero_ops[] = {
    OP("xero.contacts.match", READ, match_args, NULL, "xero.ContactMatch",
       "best? best.ContactID best.ContactNumber? best.Name best.score "
       "best.why[] candidates[] nameTaken", NULL,
       "Contacts that may be this buyer, with scores; GET /Contacts by name,"
       " search term and e-mail.", amzx_xero_contact_match)
    OP("xero.contacts.create", UNIQUE, no_args, "xero.Contact",
       "xero.Contact", CONTACT, "xero.contacts.byNumber",
       "One new contact, unique by ContactNumber; PUT /Contacts.",
       amzx_xero_contact_create)
    OP("xero.contacts.byNumber", READ, number_args, NULL, "xero.Contact",
       CONTACT, NULL, "The contact of a ContactNumber, or null; GET"
       " /Contacts?searchTerm=.", amzx_xero_contact_by_number)
    OP("xero.items.byCode", READ, codes_args, NULL, "xero.ItemsByCode",
       "codes[] items[]", NULL,
       "Which of these codes are items; GET /Items.", amzx_xero_item_by_code)
    OP("xero.items.get", READ, code_args, NULL, "xero.Item", ITEM, NULL,
       "The item of a code, or null; GET /Items.", amzx_xero_item_get)
    OP("xero.items.list", READ, no_args, NULL, "xero.Items", "", NULL,
       "All items; GET /Items, which has no pages.", amzx_xero_item_list)
    OP("xero.items.create", UNIQUE, no_args, "xero.Item", "xero.Item", ITEM,
       "xero.items.get", "One new item, unique by Code; PUT /Items.",
       amzx_xero_item_create)
    OP("xero.invoices.create", UNIQUE, no_args, "xero.Invoice",
       "xero.Invoice", INVOICE, "xero.invoices.byNumber",
       "One new sales invoice, unique by InvoiceNumber; PUT /Invoices.",
       amzx_xero_invoice_create)
    OP("xero.invoices.byNumber", READ, number_args, NULL, "xero.Invoice",
       INVOICE, NULL, "The sales invoice of a number, or null, voided ones"
       " too; GET /Invoices?InvoiceNumbers=.", amzx_xero_invoice_by_number)
    OP("xero.invoices.get", READ, invoice_args, NULL, "xero.Invoice",
       INVOICE, NULL, "An invoice, or null; GET /Invoices/{InvoiceID}.",
       amzx_xero_invoice_get)
    OP("xero.invoices.find", READ, numbers_args, NULL, "xero.Invoices", "",
       NULL, "The invoices of several numbers; GET"
       " /Invoices?InvoiceNumbers=.", amzx_xero_invoice_find)
    OP("xero.invoices.void", FINDABLE, void_args, NULL, "xero.Invoice",
       INVOICE, "xero.invoices.get",
       "Void an approved invoice without payments, or delete a draft; POST"
       " /Invoices/{InvoiceID}.", amzx_xero_invoice_void)
    OP("xero.invoices.renumber", FINDABLE, renumber_args, NULL,
       "xero.Invoice", INVOICE, "xero.invoices.get",
       "Give an invoice another number before it is voided, so that its old"
       " one is free; POST /Invoices/{InvoiceID}.",
       amzx_xero_invoice_renumber)
    OP("xero.payments.create", FINDABLE, no_args, "xero.Payment",
       "xero.Payment", PAYMENT, "xero.payments.ofInvoice",
       "One payment of an invoice; PUT /Payments.", amzx_xero_payment_create)
    OP("xero.payments.ofInvoice", READ, invoice_args, NULL, "xero.Payments",
       "", NULL, "The payments of an invoice that are not deleted; GET"
       " /Invoices/{InvoiceID}.", amzx_xero_payment_of_invoice)
    OP("xero.payments.get", READ, payment_args, NULL, "xero.Payment",
       PAYMENT, NULL, "A payment, or null, deleted ones too; GET"
       " /Payments/{PaymentID}.", amzx_xero_payment_get)
    OP("xero.payments.delete", FINDABLE, payment_args, NULL, "xero.Payment",
       PAYMENT, "xero.payments.get",
       "Delete a payment; POST /Payments/{PaymentID}.",
       amzx_xero_payment_delete)
    OP("xero.accounts.list", READ, no_args, NULL, "xero.Accounts", "", NULL,
       "The chart of accounts; GET /Accounts.", amzx_xero_setting_list)
    OP("xero.taxRates.list", READ, no_args, NULL, "xero.TaxRates", "", NULL,
       "Tax types and their rates; GET /TaxRates.", amzx_xero_setting_list)
    OP("xero.trackingCategories.list", READ, no_args, NULL,
       "xero.TrackingCategories", "", NULL,
       "Tracking categories and options; GET /TrackingCategories.",
       amzx_xero_setting_list)
    OP("xero.organisation.get", READ, no_args, NULL, "xero.Organisation",
       "OrganisationID? Name BaseCurrency CountryCode? Timezone? "
       "PeriodLockDate? EndOfYearLockDate? IsDemoCompany? ShortCode?", NULL,
       "Name, currency, lock dates; GET /Organisation.",
       amzx_xero_setting_list)
    {{NULL, NULL, AMZX_EFFECT_NONE, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0,
      NULL}, NULL}};
