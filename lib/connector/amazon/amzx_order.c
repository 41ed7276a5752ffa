/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical order, member by member as docs/canonical-order.md says. */
#include "amzx_order.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_money.h"
#include "amzx_time.h"

#define DAY_US (APR_INT64_C(86400) * APR_USEC_PER_SEC)

void amzx_order_warn(amzx_order_t *o, const char *code, apr_pool_t *p)
{
    if (!amzx_list_has(o->warnings, code)) {
        amzx_val_push(o->warnings, amzx_val_str(code, p), p);
    }
}

void amzx_put_text(amzx_val_t *obj, const char *name, const amzx_val_t *text,
                   apr_pool_t *p)
{
    const char *s = amzx_val_text(text, "");

    amzx_val_put_ref(obj, name, *s ? text : &amzx_val_null, p);
}

int amzx_list_has(const amzx_val_t *list, const char *text)
{
    apr_size_t i;

    for (i = 0; i < amzx_val_count(list); i++) {
        if (strcmp(amzx_val_text(amzx_val_at(list, i), ""), text) == 0) {
            return 1;
        }
    }
    return 0;
}

/* A moment in our own spelling; null when it is none. */
static void put_time(amzx_val_t *out, const char *name, const amzx_val_t *v,
                     apr_pool_t *p)
{
    char text[AMZX_TIME_TEXT];
    apr_time_t t = 0;

    if (amzx_time_parse(&t, amzx_val_text(v, "")) != APR_SUCCESS) {
        amzx_val_put_ref(out, name, &amzx_val_null, p);
        return;
    }
    amzx_time_text(text, t);
    amzx_val_put_str(out, name, text, p);
}

static void put_buyer(amzx_val_t *out, const amzx_val_t *buyer,
                      apr_pool_t *p)
{
    static const char *const from[] = {"buyerName", "buyerEmail",
        "buyerCompanyName", "buyerPurchaseOrderNumber"};
    static const char *const to[] = {"name", "email", "company",
        "purchaseOrder"};
    amzx_val_t *v = amzx_val_obj(4, p);
    int has_any = 0;
    int i;

    for (i = 0; i < 4; i++) {
        amzx_put_text(v, to[i], amzx_val_get(buyer, from[i]), p);
        has_any = has_any || !amzx_val_is_null(amzx_val_get(v, to[i]));
    }
    amzx_val_put_ref(out, "buyer", has_any ? v : &amzx_val_null, p);
}

static void put_address(amzx_val_t *out, const amzx_val_t *a, apr_pool_t *p)
{
    static const char *const from[] = {"name", "companyName", "addressLine1",
        "addressLine2", "addressLine3", "city", "stateOrRegion",
        "postalCode", "countryCode"};
    static const char *const to[] = {"name", "company", "line1", "line2",
        "line3", "city", "region", "postalCode", "country"};
    amzx_val_t *v = amzx_val_obj(9, p);
    int has_any = 0;
    int i;

    for (i = 0; i < 9; i++) {
        amzx_put_text(v, to[i], amzx_val_get(a, from[i]), p);
        if (strcmp(to[i], "region") == 0
            && amzx_val_is_null(amzx_val_get(v, "region"))) {
            amzx_put_text(v, "region", amzx_val_get(a, "districtOrCounty"),
                          p);
        }
        has_any = has_any || !amzx_val_is_null(amzx_val_get(v, to[i]));
    }
    amzx_val_put_ref(out, "address", has_any ? v : &amzx_val_null, p);
}

/* The orders this one replaces or is exchanged for. */
static void put_originals(amzx_val_t *out, const amzx_val_t *list,
                          apr_pool_t *p)
{
    amzx_val_t *ids = amzx_val_list(amzx_val_count(list), p);
    int is_replacement = 0;
    int is_exchange = 0;
    apr_size_t i;

    for (i = 0; i < amzx_val_count(list); i++) {
        const amzx_val_t *one = amzx_val_at(list, i);
        const char *type = amzx_val_text(
            amzx_val_get(one, "associationType"), "");

        is_replacement |= strcmp(type, "REPLACEMENT_ORIGINAL_ID") == 0;
        is_exchange |= strcmp(type, "EXCHANGE_ORIGINAL_ID") == 0;
        amzx_val_push(ids, amzx_val_get(one, "orderId"), p);
    }
    amzx_val_put_ref(out, "isReplacement", amzx_val_bool(is_replacement), p);
    amzx_val_put_ref(out, "isExchange", amzx_val_bool(is_exchange), p);
    amzx_val_put_ref(out, "originalOrderIds", ids, p);
}

static void put_registrations(amzx_val_t *out, const amzx_val_t *list,
                              apr_pool_t *p)
{
    amzx_val_t *all = amzx_val_list(amzx_val_count(list), p);
    apr_size_t i;

    for (i = 0; i < amzx_val_count(list); i++) {
        const amzx_val_t *one = amzx_val_at(list, i);
        amzx_val_t *v = amzx_val_obj(3, p);

        amzx_put_text(v, "entity", amzx_val_get(one, "entityType"), p);
        amzx_put_text(v, "type", amzx_val_get(one, "taxRegistrationType"),
                      p);
        amzx_put_text(v, "number", amzx_val_get(
            one, "taxRegistrationNumber"), p);
        amzx_val_push(all, v, p);
    }
    amzx_val_put_ref(out, "taxRegistrations", all, p);
}

/* Read the sums of order and lines, and choose how to read them. */
static apr_status_t read_money(amzx_order_t *o, amzx_fault_t *fault,
                               apr_pool_t *p)
{
    static const amzx_part_e of_order[] = {AMZX_PART_TIP, AMZX_PART_COD_FEE,
                                           AMZX_PART_OTHER};
    const amzx_val_t *items = amzx_val_get(o->raw, "orderItems");
    const amzx_val_t *proceeds = amzx_val_get(o->raw, "proceeds");
    const amzx_val_t *grand = amzx_val_get(proceeds, "grandTotal");
    apr_size_t i;
    apr_status_t rv;

    o->currency = amzx_val_text(amzx_val_get(grand, "currencyCode"), "");
    rv = amzx_sums_read(&o->order, &o->currency, proceeds, "proceeds", fault,
                        p);
    o->lines = amzx_val_type(items) == AMZX_LIST ? amzx_val_count(items) : 0;
    o->line = apr_pcalloc(p, (o->lines + 1) * sizeof(*o->line));
    for (i = 0; rv == APR_SUCCESS && i < o->lines; i++) {
        rv = amzx_sums_read(&o->line[i], &o->currency, amzx_val_get(
            amzx_val_at(items, i), "proceeds"), apr_psprintf(
                p, "orderItems.%" APR_SIZE_T_FMT ".proceeds", i), fault, p);
        if (rv == APR_SUCCESS) {
            rv = amzx_sums_add(&o->booked, &o->line[i]);
        }
    }
    for (i = 0; o->order.has_money && i < 3; i++) {
        o->booked.part[of_order[i]] = o->order.part[of_order[i]];
    }
    o->booked.is_tip_pending |= o->order.is_tip_pending;
    o->has_money = !amzx_val_is_null(grand);
    if (rv == APR_SUCCESS && o->has_money
        && amzx_amount_read(&o->total, grand) != APR_SUCCESS) {
        rv = amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                            "data.schema", "the total is not a number");
        amzx_fault_at(fault, "proceeds.grandTotal");
    }
    if (rv == APR_ERANGE) {
        rv = amzx_fault_set(fault, AMZX_FAULT_REJECTED, rv, "data.schema",
                            "an amount is too long");
    }
    return rv;
}

static apr_status_t choose(amzx_order_t *o, amzx_fault_t *fault,
                           apr_pool_t *p)
{
    amzx_reading_t other;
    apr_status_t rv;

    rv = amzx_reading_choose(&o->reading, &o->booked, o->total);
    if (rv == APR_SUCCESS && !o->reading.is_ok && o->order.has_money) {
        /* the lines do not add up; the order itself may still tell how */
        rv = amzx_reading_choose(&other, &o->order, o->total);
        if (rv == APR_SUCCESS && other.is_ok) {
            o->reading = other;
            o->reading.is_ok = 0;
        }
    }
    if (rv != APR_SUCCESS) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, rv, "data.schema",
                              "an amount is too long");
    }
    if (o->has_money && !o->reading.is_ok) {
        amzx_order_warn(o, "sums", p);
    }
    if (o->order.has_unknown || o->booked.has_unknown) {
        amzx_order_warn(o, "unknown_breakdown", p);
    }
    return APR_SUCCESS;
}

static apr_status_t put_money(amzx_val_t *out, amzx_order_t *o,
                              apr_pool_t *p)
{
    amzx_val_t *tip = amzx_val_obj(2, p);
    amzx_dec_t sum = amzx_dec_from_int(0);
    amzx_dec_t rest = amzx_dec_from_int(0);
    apr_status_t rv;

    rv = amzx_sums_total(&sum, &o->booked, &o->reading);
    if (rv == APR_SUCCESS) {
        rv = amzx_dec_sub(&sum, o->total, sum);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_dec_sub(&rest, o->total, o->collected);
    }
    amzx_val_put_ref(out, "total", o->has_money ? amzx_val_num(o->total, p)
                                                : &amzx_val_null, p);
    amzx_val_put_ref(out, "taxInclusive",
                     amzx_val_bool(o->reading.is_inclusive), p);
    amzx_val_put_ref(out, "taxCollected", amzx_val_num(o->collected, p), p);
    amzx_val_put_ref(out, "sellerTotal", o->has_money ? amzx_val_num(rest, p)
                                                      : &amzx_val_null, p);
    amzx_val_put_ref(out, "sumsOk", amzx_val_bool(!o->has_money
                                                  || o->reading.is_ok), p);
    amzx_val_put_ref(out, "sumsDifference", o->has_money
                         ? amzx_val_num(sum, p) : &amzx_val_null, p);
    amzx_val_put_ref(out, "codFee", amzx_val_num(
        o->booked.part[AMZX_PART_COD_FEE], p), p);
    amzx_val_put_ref(out, "other", amzx_val_num(
        o->booked.part[AMZX_PART_OTHER], p), p);
    amzx_val_put_ref(tip, "amount", amzx_val_num(
        o->booked.part[AMZX_PART_TIP], p), p);
    amzx_val_put_str(tip, "status", o->booked.is_tip_pending ? "PENDING"
                                                             : "FINALIZED",
                     p);
    amzx_val_put_ref(tip, "inTotal", amzx_val_bool(
        !o->reading.is_tip_excluded), p);
    amzx_val_put_ref(out, "tip", amzx_dec_sign(
        o->booked.part[AMZX_PART_TIP]) != 0 ? tip : &amzx_val_null, p);
    return rv;
}

/* Everything that is said about the order beside lines and money. */
static void put_head(amzx_val_t *out, amzx_order_t *o, apr_pool_t *p)
{
    const amzx_val_t *raw = o->raw;
    const amzx_val_t *channel = amzx_val_get(raw, "salesChannel");
    const amzx_val_t *programs = amzx_val_get(raw, "programs");
    const char *status = amzx_val_text(amzx_val_path(
        raw, "fulfillment.fulfillmentStatus"), "");
    const char *name = amzx_val_text(amzx_val_get(channel,
                                                  "marketplaceName"), "");
    int is_final = strcmp(status, "UNSHIPPED") == 0
        || strcmp(status, "PARTIALLY_SHIPPED") == 0
        || strcmp(status, "SHIPPED") == 0;

    amzx_put_text(out, "orderId", amzx_val_get(raw, "orderId"), p);
    amzx_val_put_str(out, "status", status, p);
    put_time(out, "purchaseDate", amzx_val_get(raw, "createdTime"), p);
    put_time(out, "lastUpdated", amzx_val_get(raw, "lastUpdatedTime"), p);
    amzx_put_text(out, "marketplaceId", amzx_val_get(channel,
                                                     "marketplaceId"), p);
    if (!*name) {
        name = o->market ? o->market->name
            : strcmp(amzx_val_text(amzx_val_get(channel, "channelName"), ""),
                     "NON_AMAZON") == 0 ? "Non-Amazon" : "Amazon";
    }
    amzx_val_put_str(out, "salesChannel", name, p);
    amzx_put_text(out, "channel", amzx_val_get(channel, "channelName"), p);
    amzx_val_put_str(out, "currency", *o->currency ? o->currency
                     : o->market ? o->market->currency : NULL, p);
    amzx_val_put_ref(out, "paid", amzx_val_bool(
        is_final && o->has_money && amzx_dec_sign(o->total) > 0), p);
    amzx_val_put_ref(out, "isBusiness", amzx_val_bool(
        amzx_list_has(programs, "AMAZON_BUSINESS")), p);
    amzx_val_put_ref(out, "programs", amzx_val_type(programs) == AMZX_LIST
                         ? programs : amzx_val_list(0, p), p);
    put_originals(out, amzx_val_get(raw, "associatedOrders"), p);
    amzx_put_text(out, "fulfilledBy", amzx_val_path(
        raw, "fulfillment.fulfilledBy"), p);
    put_buyer(out, amzx_val_get(raw, "buyer"), p);
    put_address(out, amzx_val_path(raw, "recipient.deliveryAddress"), p);
    put_registrations(out, amzx_val_path(raw, "tax.taxRegistrations"), p);
}

static void set_place(amzx_order_t *o, apr_pool_t *p)
{
    apr_time_t t = 0;
    int minor;

    o->market = amzx_market_find(amzx_val_text(amzx_val_path(
        o->raw, "salesChannel.marketplaceId"), ""));
    o->country = o->market ? o->market->country : "";
    o->destination = amzx_val_text(amzx_val_path(
        o->raw, "recipient.deliveryAddress.countryCode"), "");
    if (strcmp(o->destination, "UK") == 0) { /* both spellings are met */
        o->destination = "GB";
    }
    if (amzx_time_parse(&t, amzx_val_text(amzx_val_get(
            o->raw, "createdTime"), "")) != APR_SUCCESS
        || t < amzx_days_from_civil(2000, 1, 1) * DAY_US) {
        amzx_order_warn(o, "implausible_date", p);
    }
    o->day = t / DAY_US;
    minor = *o->currency ? amzx_money_minor(o->currency) : 2;
    o->unit = amzx_dec_scaled(1, minor < 0 ? 2 : minor);
}

apr_status_t amzx_order_canon(const amzx_val_t **out, const amzx_val_t *raw,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_order_t *o = apr_pcalloc(p, sizeof(*o));
    const amzx_val_t *lines = NULL;
    amzx_val_t *v = amzx_val_obj(36, p);
    apr_status_t rv;

    *out = &amzx_val_null;
    o->raw = raw;
    o->warnings = amzx_val_list(2, p);
    if (!*amzx_val_text(amzx_val_get(raw, "orderId"), "")) {
        rv = amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                            "data.schema", "the order has no orderId");
        amzx_fault_at(fault, "orderId");
        return rv;
    }
    rv = read_money(o, fault, p);
    if (rv == APR_SUCCESS) {
        rv = choose(o, fault, p);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    set_place(o, p);
    rv = amzx_order_lines(&lines, o, fault, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    put_head(v, o, p);
    rv = put_money(v, o, p);
    if (rv != APR_SUCCESS) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, rv, "data.schema",
                              "an amount is too long");
    }
    amzx_val_put_ref(v, "lines", lines, p);
    amzx_val_put_ref(v, "warnings", o->warnings, p);
    amzx_val_put_ref(v, "raw", raw, p);
    *out = v;
    return APR_SUCCESS;
}
