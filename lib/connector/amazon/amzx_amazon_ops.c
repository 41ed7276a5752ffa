/* SPDX-License-Identifier: Apache-2.0 */
/* Amazon's operations: Orders 2026-01-01, Sellers v1. */
#include <apr_strings.h>

#include <string.h>

#include "amzx_amazon.h"
#include "amzx_order.h"

#define ORDERS "/orders/2026-01-01/orders"
/* what accounting needs; BUYER and RECIPIENT are personal: only on demand */
#define INCLUDED "PROCEEDS,PROMOTION,EXPENSE,CANCELLATION,FULFILLMENT,TAX"
#define MARKETS_MAX 50

/* The JSON of a 2xx, else the fault. */
static apr_status_t answer(const amzx_val_t **doc, const amzx_op_call_t *call,
                           const amzx_http_response_t *rsp,
                           amzx_fault_t *fault)
{
    *doc = &amzx_val_null;
    if (rsp->status < 200 || rsp->status > 299) {
        return amzx_amazon_fault(call, rsp, fault);
    }
    return amzx_answer_json(doc, call, rsp, fault);
}

/* Words of capitals, digits and underscores, or texts of a list: joined by
 * commas, which is how Amazon takes lists. */
static apr_status_t csv(const char **out, const amzx_op_call_t *call,
                        const char *name, amzx_fault_t *fault)
{
    const amzx_val_t *v = amzx_call_arg(call, name);
    amzx_buf_t list;
    apr_size_t i;

    if (amzx_val_type(v) != AMZX_LIST) {
        *out = amzx_call_text_or(call, name);
        return APR_SUCCESS;
    }
    amzx_buf_init(&list, 64, call->pool);
    for (i = 0; i < amzx_val_count(v); i++) {
        const char *text = amzx_val_text(amzx_val_at(v, i), "");

        if (!*text || strchr(text, ',')) {
            return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                                  "data.argument",
                                  "%s must be a list of texts", name);
        }
        if (i > 0) {
            amzx_buf_putc(&list, ',');
        }
        amzx_buf_puts(&list, text);
    }
    *out = list.s;
    return APR_SUCCESS;
}

static apr_status_t included(const char **out, const amzx_op_call_t *call,
                             amzx_fault_t *fault)
{
    apr_status_t rv = csv(out, call, "includedData", fault);

    if (rv == APR_SUCCESS && !**out) {
        *out = INCLUDED;
    }
    return rv;
}

apr_status_t amzx_amazon_get_order(amzx_step_e *next,
                                   amzx_http_request_t *req,
                                   const amzx_val_t **result,
                                   amzx_op_call_t *call,
                                   const amzx_http_response_t *rsp,
                                   amzx_fault_t *fault)
{
    const amzx_val_t *doc;
    const char *data;
    const char *id;
    amzx_buf_t url;
    apr_status_t rv;

    if (rsp) {
        *next = AMZX_STEP_DONE;
        rv = answer(&doc, call, rsp, fault);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (!amzx_val_is_null(amzx_val_get(doc, "order"))) {
            doc = amzx_val_get(doc, "order");
        }
        return amzx_order_canon(result, doc, fault, call->pool);
    }
    rv = amzx_call_text(&id, call, "orderId", fault);
    if (rv == APR_SUCCESS) {
        rv = included(&data, call, fault);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    amzx_call_begin(req, &url, call, "GET");
    amzx_buf_puts(&url, ORDERS);
    amzx_url_segment(&url, id);
    amzx_url_param(&url, "includedData", data);
    req->url = url.s;
    *next = AMZX_STEP_SEND;
    return APR_SUCCESS;
}

static apr_status_t search_request(amzx_http_request_t *req,
                                   amzx_op_call_t *call, amzx_fault_t *fault)
{
    const char *before = amzx_call_text_or(call, "lastUpdatedBefore");
    const char *token = amzx_call_text_or(call, "paginationToken");
    const char *markets = "";
    const char *after;
    const char *data;
    amzx_buf_t url;
    apr_status_t rv;

    rv = amzx_call_text(&after, call, "lastUpdatedAfter", fault);
    if (rv == APR_SUCCESS) {
        rv = csv(&markets, call, "marketplaceIds", fault);
    }
    if (rv == APR_SUCCESS) {
        rv = included(&data, call, fault);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!*markets && call->conn && call->conn->marketplaces) {
        markets = call->conn->marketplaces;
    }
    if (amzx_val_count(amzx_call_arg(call, "marketplaceIds"))
        > MARKETS_MAX) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                              "data.argument",
                              "marketplaceIds may hold %d ids", MARKETS_MAX);
    }
    amzx_call_begin(req, &url, call, "GET");
    amzx_buf_puts(&url, ORDERS);
    amzx_url_param(&url, "lastUpdatedAfter", after);
    if (*before) {
        amzx_url_param(&url, "lastUpdatedBefore", before);
    }
    if (*markets) {
        amzx_url_param(&url, "marketplaceIds", markets);
    }
    amzx_url_param(&url, "maxResultsPerPage", "100");
    if (*token) { /* with the same filters as the first page */
        amzx_url_param(&url, "paginationToken", token);
    }
    amzx_url_param(&url, "includedData", data);
    req->url = url.s;
    return APR_SUCCESS;
}

static apr_status_t search_result(const amzx_val_t **result,
                                  amzx_op_call_t *call,
                                  const amzx_http_response_t *rsp,
                                  amzx_fault_t *fault)
{
    amzx_val_t *out = amzx_val_obj(4, call->pool);
    amzx_val_t *items;
    amzx_val_t *skipped;
    const amzx_val_t *doc;
    const amzx_val_t *orders;
    apr_size_t i;
    apr_status_t rv;

    rv = answer(&doc, call, rsp, fault);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    orders = amzx_val_get(doc, "orders");
    if (amzx_val_type(orders) != AMZX_LIST) {
        return amzx_fault_set(fault, AMZX_FAULT_TRANSIENT, APR_EGENERAL,
                              "network.garbled",
                              "Amazon's answer has no list of orders");
    }
    items = amzx_val_list(amzx_val_count(orders), call->pool);
    skipped = amzx_val_list(0, call->pool);
    for (i = 0; i < amzx_val_count(orders); i++) {
        const amzx_val_t *raw = amzx_val_at(orders, i);
        const amzx_val_t *order = NULL;

        /* one unreadable order must not hold up the rest of the window */
        if (amzx_order_canon(&order, raw, NULL, call->pool) == APR_SUCCESS) {
            amzx_val_push(items, order, call->pool);
        }
        else {
            amzx_val_push(skipped, amzx_val_get(raw, "orderId"), call->pool);
        }
    }
    amzx_val_put_ref(out, "items", items, call->pool);
    amzx_val_put_ref(out, "nextToken", amzx_val_path(
        doc, "pagination.nextToken"), call->pool);
    amzx_val_put_ref(out, "cursor", amzx_val_get(doc, "lastUpdatedBefore"),
                     call->pool);
    amzx_val_put_ref(out, "skipped", skipped, call->pool);
    *result = out;
    return APR_SUCCESS;
}

apr_status_t amzx_amazon_search_orders(amzx_step_e *next,
                                       amzx_http_request_t *req,
                                       const amzx_val_t **result,
                                       amzx_op_call_t *call,
                                       const amzx_http_response_t *rsp,
                                       amzx_fault_t *fault)
{
    if (rsp) {
        *next = AMZX_STEP_DONE;
        return search_result(result, call, rsp, fault);
    }
    *next = AMZX_STEP_SEND;
    return search_request(req, call, fault);
}

apr_status_t amzx_amazon_participations(amzx_step_e *next,
                                        amzx_http_request_t *req,
                                        const amzx_val_t **result,
                                        amzx_op_call_t *call,
                                        const amzx_http_response_t *rsp,
                                        amzx_fault_t *fault)
{
    const amzx_val_t *doc;
    amzx_val_t *out;
    amzx_buf_t url;
    apr_status_t rv;
    apr_size_t i;

    if (!rsp) {
        amzx_call_begin(req, &url, call, "GET");
        amzx_buf_puts(&url, "/sellers/v1/marketplaceParticipations");
        req->url = url.s;
        *next = AMZX_STEP_SEND;
        return APR_SUCCESS;
    }
    *next = AMZX_STEP_DONE;
    rv = answer(&doc, call, rsp, fault);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    doc = amzx_val_get(doc, "payload");
    out = amzx_val_list(amzx_val_count(doc), call->pool);
    for (i = 0; i < amzx_val_count(doc); i++) {
        const amzx_val_t *one = amzx_val_at(doc, i);
        const amzx_val_t *m = amzx_val_get(one, "marketplace");
        amzx_val_t *v = amzx_val_obj(6, call->pool);

        amzx_put_text(v, "marketplaceId", amzx_val_get(m, "id"), call->pool);
        amzx_put_text(v, "name", amzx_val_get(m, "name"), call->pool);
        amzx_put_text(v, "country", amzx_val_get(m, "countryCode"),
                      call->pool);
        amzx_put_text(v, "currency", amzx_val_get(m, "defaultCurrencyCode"),
                      call->pool);
        amzx_put_text(v, "storeName", amzx_val_get(one, "storeName"),
                      call->pool);
        amzx_val_put_ref(v, "isParticipating", amzx_val_bool(amzx_val_truth(
            amzx_val_path(one, "participation.isParticipating"), 0)),
            call->pool);
        amzx_val_push(out, v, call->pool);
    }
    *result = out;
    return APR_SUCCESS;
}

#define T "amazon.spapi"
#define END {NULL, NULL, 0, NULL}

static const amzx_op_arg_t get_args[] = {
    {"orderId", "string", 1, "Amazon's order id, 3-7-7 digits"},
    {"includedData", "string", 0, "comma separated data sets; BUYER and"
                                  " RECIPIENT need their roles"}, END};

static const amzx_op_arg_t search_args[] = {
    {"lastUpdatedAfter", "string", 1, "ISO 8601, the cursor less an overlap"},
    {"lastUpdatedBefore", "string", 0, "ISO 8601, at least 2 minutes past"},
    {"marketplaceIds", "list", 0, "default: those of the connection"},
    {"paginationToken", "string", 0, "nextToken of the page before"},
    {"includedData", "string", 0, "as of getOrder"}, END};

static const amzx_op_arg_t no_args[] = {END};

#define ORDER "orderId status purchaseDate? lastUpdated? marketplaceId? " \
    "salesChannel channel? currency? total? taxInclusive taxCollected " \
    "sellerTotal? sumsOk sumsDifference? codFee other tip? tip.amount " \
    "tip.status paid isBusiness isReplacement isExchange " \
    "originalOrderIds[] programs[] fulfilledBy? buyer? buyer.name? " \
    "buyer.email? buyer.company? buyer.purchaseOrder? address? " \
    "address.name? address.company? address.line1? address.line2? " \
    "address.line3? address.city? address.region? address.postalCode? " \
    "address.country? taxRegistrations[] lines[] lines[].id lines[].sku? " \
    "lines[].asin? lines[].title? lines[].qty lines[].qtyCancelled " \
    "lines[].amount? lines[].tax? lines[].taxRate? lines[].taxRateSource " \
    "lines[].shipping? lines[].shippingTax? lines[].shippingDiscount? " \
    "lines[].giftwrap? lines[].giftwrapTax? lines[].discount? " \
    "lines[].discountTax? lines[].codFee? lines[].codFeeTax? " \
    "lines[].codFeeDiscount? lines[].other? lines[].collected " \
    "lines[].taxScheme? lines[].price? lines[].promotions[] " \
    "lines[].cancelRequested lines[].serviceOf? warnings[] raw"

const amzx_op_impl_t amzx_amazon_ops[] = {
    {{"amazon.orders.getOrder", T, AMZX_EFFECT_READ, get_args, NULL,
      "amazon.Order", ORDER, NULL, "getOrder", apr_time_from_sec(2), 30,
      "One order with its items as a canonical order; GET"
      " /orders/2026-01-01/orders/{orderId}."}, amzx_amazon_get_order},
    {{"amazon.orders.searchOrders", T, AMZX_EFFECT_READ, search_args, NULL,
      "amazon.Orders", "items[] nextToken? cursor? skipped[]", NULL,
      "searchOrders", APR_INT64_C(178571429), 20,
      "A page of up to 100 orders changed in a window; GET"
      " /orders/2026-01-01/orders."}, amzx_amazon_search_orders},
    {{"amazon.sellers.getMarketplaceParticipations", T, AMZX_EFFECT_READ,
      no_args, NULL, "amazon.Participations", "", NULL,
      "getMarketplaceParticipations", APR_INT64_C(62500000), 15,
      "The seller's stores; GET /sellers/v1/marketplaceParticipations."},
     amzx_amazon_participations},
    {{NULL, NULL, AMZX_EFFECT_NONE, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0,
      NULL}, NULL}};
