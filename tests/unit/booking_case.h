/* SPDX-License-Identifier: Apache-2.0 */
/** @file booking_case.h  Orders as Amazon sends them, made canonical by the
 *  connector, for tests of the shipped workflows. */
#ifndef BOOKING_CASE_H
#define BOOKING_CASE_H

#include "flow_sweep.h"

#include "amzx_order.h"

#define UK "A1F83G8C2ARO7P"
#define DE "A1PA6795UKMFR9"
#define US "ATVPDKIKX0DER"
#define JP "A1VC38T7YXB528"
#define ORDER "026-1520163-6049104"
#define CREATED "CALL bookInvoice/posted"

/** An item of a raw order; NULL: not there. */
typedef struct {
    const char *sku;
    int qty;
    const char *item;
    const char *shipping;
    const char *giftwrap;
    const char *discount;      /**< of the item */
    const char *ship_discount;
    const char *tax;           /**< of the item */
    const char *ship_tax;
    int collected;
} item_t;

/** A raw order. */
typedef struct {
    const char *market;
    const char *currency;
    const char *total; /**< NULL: no amounts */
    const char *status;
    const char *extra; /**< further members with a leading comma, or "" */
    item_t items[4];
} order_t;

static const amzx_flow_t *invoice_flow;
static const amzx_flow_t *cancel_flow;

static int order_setup(void **state)
{
    apr_size_t len;
    char *bytes;

    host_setup(state);
    bytes = host_file("workflows/order-to-invoice.xml", &len, host_root);
    invoice_flow = host_load(bytes, len, "order-to-invoice.xml", host_root);
    bytes = host_file("workflows/order-cancelled.xml", &len, host_root);
    cancel_flow = host_load(bytes, len, "order-cancelled.xml", host_root);
    return 0;
}

static const char *amount(const char *value, const char *currency)
{
    return apr_psprintf(host_root,
                        "{\"amount\":\"%s\",\"currencyCode\":\"%s\"}", value,
                        currency);
}

static const char *detail(const char *subtype, const char *value,
                          const char *currency)
{
    return value ? apr_psprintf(host_root, ",{\"subtype\":\"%s\","
                                "\"value\":%s}", subtype,
                                amount(value, currency)) : "";
}

static const char *sum(const char *a, const char *b)
{
    char text[AMZX_DEC_TEXT];
    amzx_dec_t x = amzx_dec_from_int(0), y = x;

    if (a) {
        assert_int_equal(amzx_dec_parse(&x, a, strlen(a)), APR_SUCCESS);
    }
    if (b) {
        assert_int_equal(amzx_dec_parse(&y, b, strlen(b)), APR_SUCCESS);
    }
    assert_int_equal(amzx_dec_add(&x, x, y), APR_SUCCESS);
    amzx_dec_text(text, x);
    return apr_pstrdup(host_root, text);
}

static const char *part(const char *type, const char *value,
                        const char *details, const char *currency)
{
    if (!value) {
        return "";
    }
    return apr_psprintf(host_root, ",{\"type\":\"%s\",\"subtotal\":%s%s%s%s}",
                        type, amount(value, currency),
                        *details ? ",\"detailedBreakdowns\":[" : "",
                        *details ? details + 1 : "", *details ? "]" : "");
}

static const char *raw_item(const item_t *i, int n, const order_t *o)
{
    const char *c = o->currency;
    const char *discount = i->discount || i->ship_discount
        ? sum(i->discount, i->ship_discount) : NULL;
    const char *tax = i->tax || i->ship_tax ? sum(i->tax, i->ship_tax)
                                            : NULL;
    const char *breakdowns = apr_pstrcat(
        host_root, part("ITEM", i->item, "", c),
        part("SHIPPING", i->shipping, "", c),
        part("GIFT_WRAP", i->giftwrap, "", c),
        part("DISCOUNT", discount, apr_pstrcat(
            host_root, detail("ITEM", i->discount, c),
            detail("SHIPPING", i->ship_discount, c), NULL), c),
        part("TAX", tax, apr_pstrcat(host_root, detail("ITEM", i->tax, c),
                                     detail("SHIPPING", i->ship_tax, c),
                                     NULL), c),
        NULL);

    return apr_psprintf(
        host_root,
        "{\"orderItemId\":\"%d\",\"quantityOrdered\":%d,\"product\":{"
        "\"asin\":\"B0%d\",\"title\":\"Thing %d\",\"sellerSku\":\"%s\"}%s%s%s"
        "%s}",
        n, i->qty, n, n, i->sku,
        *breakdowns ? ",\"proceeds\":{\"breakdowns\":[" : "",
        *breakdowns ? breakdowns + 1 : "", *breakdowns ? "]}" : "",
        i->collected ? ",\"tax\":{\"taxCollections\":[{\"model\":"
                       "\"MARKETPLACE_FACILITATOR\"}]}" : "");
}

static const char *canonical(const order_t *o)
{
    const char *items = "", *raw;
    const amzx_val_t *v = NULL;
    amzx_fault_t fault;
    int n;

    for (n = 0; n < 4 && o->items[n].sku; n++) {
        items = apr_pstrcat(host_root, items, n ? "," : "",
                            raw_item(&o->items[n], n, o), NULL);
    }
    raw = apr_psprintf(
        host_root,
        "{\"orderId\":\"" ORDER "\",\"createdTime\":\"2026-01-31T23:30:00Z\","
        "\"lastUpdatedTime\":\"2026-02-01T09:00:00Z\",\"salesChannel\":{"
        "\"channelName\":\"AMAZON\",\"marketplaceId\":\"%s\"},"
        "\"fulfillment\":{\"fulfillmentStatus\":\"%s\"}%s%s%s,"
        "\"orderItems\":[%s]}",
        o->market, o->status ? o->status : "SHIPPED",
        o->total ? ",\"proceeds\":{\"grandTotal\":" : "",
        o->total ? apr_pstrcat(host_root, amount(o->total, o->currency), "}",
                               NULL) : "",
        o->extra ? o->extra : "", items);
    amzx_fault_clear(&fault);
    if (amzx_order_canon(&v, host_json(raw, host_root), &fault, host_root)
        != APR_SUCCESS) {
        fail_msg("%s %s", fault.code, fault.detail);
    }
    return amzx_json_write(v, NULL, host_root);
}

#define BUYER                                                                \
    ",\"buyer\":{\"buyerName\":\"Eleanor Whitcombe\"},\"recipient\":{"       \
    "\"deliveryAddress\":{\"addressLine1\":\"14 Larkspur Way\","             \
    "\"city\":\"Norwich\",\"postalCode\":\"NR1 3QU\","                       \
    "\"countryCode\":\"GB\"}}"

static const order_t uk = {
    UK, "GBP", "212.40", NULL, BUYER,
    { { "TEA-KETTLE-17", 2, "119.90", "4.99", NULL, "2.50", NULL, NULL, NULL,
        0 },
      { "BOOK-STAND-OAK", 3, "87.51", NULL, "2.50", NULL, NULL, NULL, NULL,
        0 } }
};

/** A host for an order; `posted` is the total that Xero answers. */
static host_t *book(const order_t *o, const char *posted)
{
    host_t *h = host_make(invoice_flow, host_root);
    const char *codes = "";
    int n;

    for (n = 0; n < 4 && o->items[n].sku; n++) {
        codes = apr_pstrcat(host_root, codes, n ? "," : "", "\"",
                            o->items[n].sku, "\"", NULL);
    }
    h->settings = "{\"bank_account\":\"090\"}";
    h->payload = "{\"trigger\":\"replay\",\"body\":{\"orderId\":\"" ORDER
                 "\"},\"input\":{\"orderId\":\"" ORDER "\"}}";
    host_says(h, "order", canonical(o));
    host_says(h, "match", "{\"best\":{\"ContactID\":\"c-1\",\"score\":1.00},"
              "\"candidates\":[],\"nameTaken\":true}");
    host_says(h, "shared", "{\"ContactID\":\"c-uk\"}");
    host_says(h, "known", apr_psprintf(host_root, "{\"codes\":[%s]}",
                                       codes));
    host_says(h, "bookInvoice/posted", apr_psprintf(
        host_root, "{\"InvoiceID\":\"i-1\",\"InvoiceNumber\":\"AMZ-" ORDER
        "\",\"Status\":\"AUTHORISED\",\"Total\":%s,\"AmountDue\":%s}",
        posted, posted));
    host_says(h, "payment", "{\"PaymentID\":\"p-1\"}");
    return h;
}

static const char *value(host_t *h, const char *name, const char *path)
{
    const amzx_val_t *v = amzx_machine_value(h->machine, name);

    return host_text(path ? amzx_val_path(v, path) : v, h->p);
}

__attribute__((unused)) static void is(host_t *h, const char *name,
                                       const char *path, const char *wanted)
{
    assert_string_equal(value(h, name, path), wanted);
}

__attribute__((unused)) static void line_is(host_t *h, int n,
                                            const char *const wanted[6])
{
    static const char *const members[] = { "Quantity", "UnitAmount",
        "LineAmount", "TaxType", "TaxAmount", "AccountCode" };
    int i;

    for (i = 0; i < 6; i++) {
        is(h, "doc", apr_psprintf(h->p, "LineItems.%d.%s", n, members[i]),
           wanted[i]);
    }
}

#define LINE(h, n, ...) line_is(h, n, (const char *const[6]){ __VA_ARGS__ })

__attribute__((unused)) static void lines(host_t *h, int count)
{
    assert_int_equal(amzx_val_count(amzx_val_get(
        amzx_machine_value(h->machine, "doc"), "LineItems")), count);
}

#endif
