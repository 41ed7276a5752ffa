/* SPDX-License-Identifier: Apache-2.0 */
/** @file order_case.h  Canonical orders of a few words. */
#ifndef ORDER_CASE_H
#define ORDER_CASE_H

#include "connector_case.h"

#define GBP "A1F83G8C2ARO7P"

/** Canonical form of an order given as JSON with ' for ". */
static inline const amzx_val_t *canon(const char *order, apr_pool_t *p)
{
    case_t *c = case_begin("amazon.orders.getOrder",
                           "{'orderId':'026-0000000-0000001'}", NULL, p);

    case_answer(c, 200, order);
    if (c->rv != APR_SUCCESS) {
        fail_msg("%s: %s (%s)", c->fault.code, c->fault.detail,
                 c->fault.place);
    }
    return c->result;
}

/** Breakdowns out of "ITEM 10.00 SHIPPING 2.00". */
static inline const char *money(const char *list, const char *currency,
                         const char *details, apr_pool_t *p)
{
    char **word = amzx_split(list, " ", p);
    const char *out = "";
    int i;

    for (i = 0; word[i] && word[i + 1]; i += 2) {
        out = apr_psprintf(
            p, "%s%s{'type':'%s',%s'subtotal':{'amount':'%s',"
            "'currencyCode':'%s'}}", out, i > 0 ? "," : "", word[i],
            strcmp(word[i], "TAX") == 0 && details
                ? apr_pstrcat(p, "'detailedBreakdowns':", details, ",", NULL)
                : "", word[i + 1], currency);
    }
    return out;
}

/** An order of one line. */
typedef struct {
    const char *market;
    const char *currency;
    const char *status;
    const char *total; /* NULL: no money at all */
    const char *parts; /* of order and line */
    const char *details; /* of TAX */
    const char *line;  /* further members of the line, or "" */
    const char *head;  /* further members of the order, or "" */
    int qty;
} shape_t;

/** Its canonical form. */
static inline const amzx_val_t *shape(const shape_t *s, apr_pool_t *p)
{
    const char *parts = s->total ? money(s->parts, s->currency, s->details,
                                         p) : "";
    const char *proceeds = s->total ? apr_psprintf(
        p, "'proceeds':{'grandTotal':{'amount':'%s','currencyCode':'%s'},"
        "'breakdowns':[%s]},", s->total, s->currency, parts) : "";
    const char *item = s->total ? apr_psprintf(
        p, "'proceeds':{'breakdowns':[%s]},", parts) : "";

    return canon(apr_psprintf(
        p, "{'order':{'orderId':'026-0000000-0000001',"
        "'createdTime':'2026-01-31T10:12:33Z',"
        "'lastUpdatedTime':'2026-01-31T11:00:00Z',"
        "'salesChannel':{'channelName':'AMAZON','marketplaceId':'%s'},"
        "'fulfillment':{'fulfillmentStatus':'%s','fulfilledBy':'AMAZON'},"
        "%s%s'orderItems':[{'orderItemId':'1','quantityOrdered':%d,%s%s"
        "'product':{'sellerSku':'S-1','asin':'B1','title':'Thing'}}]}}",
        s->market, s->status, s->head, proceeds, s->qty, s->line, item), p);
}

#endif
