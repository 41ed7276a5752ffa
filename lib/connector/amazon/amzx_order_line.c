/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of the canonical order: quantities, money, tax rate. */
#include "amzx_order.h"

#include <apr_strings.h>

#include <string.h>

/** What a line is worth, after the reading of its order. */
typedef struct {
    amzx_dec_t amount;
    amzx_dec_t tax;
    amzx_dec_t shipping_tax;
    amzx_dec_t giftwrap_tax;
    amzx_dec_t cod_tax;
    amzx_dec_t discount;
    amzx_dec_t shipping_discount;
    amzx_dec_t cod_discount;
} worth_t;

static apr_status_t worth_of(worth_t *w, const amzx_sums_t *s,
                             const amzx_reading_t *r)
{
    apr_status_t rv;

    w->amount = s->part[AMZX_PART_ITEM];
    w->shipping_tax = s->tax[AMZX_PART_SHIPPING];
    w->giftwrap_tax = s->tax[AMZX_PART_GIFT_WRAP];
    w->cod_tax = s->tax[AMZX_PART_COD_FEE];
    w->shipping_discount = amzx_discount_of(
        s->discount[AMZX_PART_SHIPPING], r);
    w->cod_discount = amzx_discount_of(s->discount[AMZX_PART_COD_FEE], r);
    /* the rest of each, so that the parts always make the whole */
    rv = amzx_dec_sub(&w->tax, s->part[AMZX_PART_TAX], w->shipping_tax);
    if (rv == APR_SUCCESS) {
        rv = amzx_dec_sub(&w->tax, w->tax, w->giftwrap_tax);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_dec_sub(&w->tax, w->tax, w->cod_tax);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_dec_sub(&w->discount, amzx_discount_of(
            s->part[AMZX_PART_DISCOUNT], r), w->shipping_discount);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_dec_sub(&w->discount, w->discount, w->cod_discount);
    }
    return rv;
}

static int count_of(const amzx_val_t *v, const char *name, int fallback)
{
    apr_int64_t n = 0;
    amzx_dec_t d;

    if (amzx_val_dec(&d, amzx_val_get(v, name)) != APR_SUCCESS
        || amzx_dec_to_int(&n, amzx_dec_trim(d)) != APR_SUCCESS || n < 0
        || n > 1000000000) {
        return fallback;
    }
    return (int)n;
}

/* What is sold: ordered less cancelled. Amazon lowers the ordered quantity
 * when a part is cancelled, or leaves it and lowers the other two. */
static void quantities(int *sold, int *cancelled, const amzx_val_t *item,
                       const amzx_sums_t *s)
{
    const amzx_val_t *f = amzx_val_get(item, "fulfillment");
    int ordered = count_of(item, "quantityOrdered", 0);
    int shipped = count_of(f, "quantityFulfilled", -1);
    int open = count_of(f, "quantityUnfulfilled", -1);
    int is_cancelled = !amzx_val_is_null(
        amzx_val_path(item, "cancellation.cancellationExecution"));
    int has_value = amzx_dec_sign(s->part[AMZX_PART_ITEM]) != 0;

    *sold = ordered;
    if (shipped >= 0 && open >= 0 && shipped + open > 0
        && shipped + open < ordered) {
        *sold = shipped + open;
    }
    else if (is_cancelled && !has_value && shipped <= 0 && open <= 0) {
        *sold = 0; /* a line with money never vanishes */
    }
    *cancelled = ordered - *sold;
}

static int is_collected(const amzx_val_t *item)
{
    const amzx_val_t *list = amzx_val_path(item, "tax.taxCollections");
    apr_size_t i;

    for (i = 0; i < amzx_val_count(list); i++) {
        if (strcmp(amzx_val_text(amzx_val_get(amzx_val_at(list, i), "model"),
                                 ""), "MARKETPLACE_FACILITATOR") == 0) {
            return 1;
        }
    }
    return 0;
}

static const char *tax_scheme(const amzx_val_t *item)
{
    return amzx_val_text(amzx_val_path(
        item, "tax.taxCalculationBreakdowns.0.reportingScheme"), "");
}

/* Nothing itemised: what the store's prices usually hold, if that may be
 * assumed. Goods that leave the country, schemes and facilitated sales have
 * rules of their own: no guess is made for them. */
static int assumed_rate(amzx_dec_t *rate, const char **source,
                        const amzx_order_t *o, const amzx_val_t *item)
{
    *source = "unknown";
    if (o->market && o->market->style == AMZX_MARKET_SALES) {
        *rate = amzx_dec_from_int(0); /* tax would have been itemised */
        *source = "itemised";
        return 1;
    }
    if (!*o->country || is_collected(item) || *tax_scheme(item)
        || (*o->destination && strcmp(o->destination, o->country) != 0)
        || !amzx_tax_standard(rate, o->country, o->day)) {
        return 0;
    }
    *source = "marketplace-standard";
    return 1;
}

/* The line's rate; 0 when it has none that could be told. */
static int line_rate(amzx_dec_t *rate, const char **source,
                     const amzx_order_t *o, const amzx_val_t *item,
                     const worth_t *w, int quantity)
{
    const char *country = *o->destination ? o->destination : o->country;
    amzx_dec_t net;
    int is_nominal = 1;

    if (amzx_dec_sign(o->booked.part[AMZX_PART_TAX]) == 0) {
        return assumed_rate(rate, source, o, item);
    }
    *source = "unknown";
    if (amzx_dec_sub(&net, w->amount, w->discount) != APR_SUCCESS
        || (o->reading.is_inclusive
            && amzx_dec_sub(&net, net, w->tax) != APR_SUCCESS)
        || amzx_dec_sign(net) <= 0 || amzx_dec_sign(w->tax) < 0
        || amzx_tax_rate(rate, &is_nominal, net, w->tax, quantity, o->unit,
                         country, o->day) != APR_SUCCESS) {
        return 0;
    }
    *source = is_nominal ? "line" : "ratio";
    return 1;
}

static void put_money(amzx_val_t *out, const char *name,
                      const amzx_order_t *o, amzx_dec_t d, apr_pool_t *p)
{
    amzx_val_put_ref(out, name, o->has_money ? amzx_val_num(d, p)
                                             : &amzx_val_null, p);
}

static void put_worth(amzx_val_t *out, const amzx_order_t *o,
                      const amzx_sums_t *s, const worth_t *w, apr_pool_t *p)
{
    put_money(out, "amount", o, w->amount, p);
    put_money(out, "tax", o, w->tax, p);
    put_money(out, "shipping", o, s->part[AMZX_PART_SHIPPING], p);
    put_money(out, "shippingTax", o, w->shipping_tax, p);
    put_money(out, "shippingDiscount", o, w->shipping_discount, p);
    put_money(out, "giftwrap", o, s->part[AMZX_PART_GIFT_WRAP], p);
    put_money(out, "giftwrapTax", o, w->giftwrap_tax, p);
    put_money(out, "discount", o, w->discount, p);
    put_money(out, "discountTax", o,
              amzx_dec_abs(s->tax[AMZX_PART_DISCOUNT]), p);
    put_money(out, "codFee", o, s->part[AMZX_PART_COD_FEE], p);
    put_money(out, "codFeeTax", o, w->cod_tax, p);
    put_money(out, "codFeeDiscount", o, w->cod_discount, p);
    put_money(out, "other", o, s->part[AMZX_PART_OTHER], p);
}

static void put_extras(amzx_val_t *out, const amzx_val_t *item,
                       apr_pool_t *p)
{
    const amzx_val_t *list = amzx_val_path(item, "promotion.breakdowns");
    const amzx_val_t *other = amzx_val_path(item, "associatedOrderItems.0");
    amzx_val_t *promotions = amzx_val_list(amzx_val_count(list), p);
    amzx_val_t *service = amzx_val_obj(2, p);
    amzx_dec_t price;
    apr_size_t i;

    for (i = 0; i < amzx_val_count(list); i++) {
        amzx_val_push(promotions, amzx_val_get(amzx_val_at(list, i),
                                               "promotionId"), p);
    }
    amzx_val_put_ref(out, "promotions", promotions, p);
    amzx_val_put_ref(out, "price", amzx_amount_read(&price, amzx_val_path(
        item, "product.price.unitPrice")) == APR_SUCCESS
            ? amzx_val_num(price, p) : &amzx_val_null, p);
    amzx_val_put_ref(out, "cancelRequested", amzx_val_bool(!amzx_val_is_null(
        amzx_val_path(item, "cancellation.cancellationRequest"))), p);
    if (!amzx_val_is_null(other)) {
        amzx_put_text(service, "orderId", amzx_val_get(other, "orderId"), p);
        amzx_put_text(service, "lineId", amzx_val_get(other, "orderItemId"),
                      p);
        amzx_val_put_ref(out, "serviceOf", service, p);
    }
    else {
        amzx_val_put_ref(out, "serviceOf", &amzx_val_null, p);
    }
}

static void put_rate(amzx_val_t *out, const amzx_order_t *o,
                     const amzx_val_t *item, const worth_t *w, int quantity,
                     apr_pool_t *p)
{
    const char *source = "unknown";
    amzx_dec_t rate;
    int has_rate = o->has_money
        && line_rate(&rate, &source, o, item, w, quantity);

    amzx_val_put_ref(out, "taxRate", has_rate
                         ? amzx_val_num(amzx_dec_trim(rate), p)
                         : &amzx_val_null, p);
    amzx_val_put_str(out, "taxRateSource", source, p);
}

static apr_status_t one_line(const amzx_val_t **out, amzx_order_t *o,
                             apr_size_t i, apr_pool_t *p)
{
    const amzx_val_t *item = amzx_val_at(amzx_val_get(o->raw, "orderItems"),
                                         i);
    const amzx_val_t *product = amzx_val_get(item, "product");
    const amzx_sums_t *s = &o->line[i];
    amzx_val_t *v = amzx_val_obj(32, p);
    worth_t w;
    int sold = 0;
    int cancelled = 0;
    apr_status_t rv;

    memset(&w, 0, sizeof(w));
    rv = worth_of(&w, s, &o->reading);
    quantities(&sold, &cancelled, item, s);
    amzx_put_text(v, "id", amzx_val_get(item, "orderItemId"), p);
    amzx_put_text(v, "sku", amzx_val_get(product, "sellerSku"), p);
    amzx_put_text(v, "asin", amzx_val_get(product, "asin"), p);
    amzx_put_text(v, "title", amzx_val_get(product, "title"), p);
    amzx_val_put_ref(v, "qty", amzx_val_int(sold, p), p);
    amzx_val_put_ref(v, "qtyCancelled", amzx_val_int(cancelled, p), p);
    put_worth(v, o, s, &w, p);
    put_rate(v, o, item, &w, sold, p);
    amzx_val_put_ref(v, "collected", amzx_val_bool(is_collected(item)), p);
    amzx_val_put_ref(v, "taxScheme", *tax_scheme(item)
                         ? amzx_val_str(tax_scheme(item), p)
                         : &amzx_val_null, p);
    put_extras(v, item, p);
    if (rv == APR_SUCCESS && is_collected(item)) {
        if (!o->reading.is_inclusive) {
            rv = amzx_dec_add(&o->collected, o->collected,
                              s->part[AMZX_PART_TAX]);
        }
        else if (o->has_money && o->market
                 && o->market->style == AMZX_MARKET_VAT) {
            amzx_order_warn(o, "collected_tax_hidden", p);
        }
    }
    *out = v;
    return rv;
}

/* A free line of an order with tax has no ratio: it takes the rate of the
 * line with the highest amount. */
static void lend_rates(const amzx_val_t *lines, apr_pool_t *p)
{
    const amzx_val_t *best = &amzx_val_null;
    amzx_dec_t most = amzx_dec_from_int(0);
    apr_size_t i;

    for (i = 0; i < amzx_val_count(lines); i++) {
        const amzx_val_t *v = amzx_val_at(lines, i);
        amzx_dec_t d;

        if (!amzx_val_is_null(amzx_val_get(v, "taxRate"))
            && amzx_val_dec(&d, amzx_val_get(v, "amount")) == APR_SUCCESS
            && amzx_dec_cmp(d, most) > 0) {
            most = d;
            best = amzx_val_get(v, "taxRate");
        }
    }
    for (i = 0; i < amzx_val_count(lines) && !amzx_val_is_null(best); i++) {
        amzx_val_t *v = (amzx_val_t *)lines->u.list.item[i]; /* ours yet */
        amzx_dec_t d;

        if (amzx_val_is_null(amzx_val_get(v, "taxRate"))
            && amzx_val_dec(&d, amzx_val_get(v, "amount")) == APR_SUCCESS
            && amzx_dec_sign(d) == 0) {
            amzx_val_put_ref(v, "taxRate", best, p);
            amzx_val_put_str(v, "taxRateSource", "order", p);
        }
    }
}

apr_status_t amzx_order_lines(const amzx_val_t **out, amzx_order_t *o,
                              amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_val_t *list = amzx_val_list(o->lines, p);
    apr_size_t i;

    *out = list;
    for (i = 0; i < o->lines; i++) {
        const amzx_val_t *line = NULL;
        apr_status_t rv = one_line(&line, o, i, p);

        if (rv != APR_SUCCESS) {
            rv = amzx_fault_set(fault, AMZX_FAULT_REJECTED, rv,
                                "data.schema", "an amount is too long");
            amzx_fault_at(fault, "orderItems.%" APR_SIZE_T_FMT, i);
            return rv;
        }
        amzx_val_push(list, line, p);
    }
    if (amzx_dec_sign(o->booked.part[AMZX_PART_TAX]) != 0) {
        lend_rates(list, p);
    }
    return APR_SUCCESS;
}
