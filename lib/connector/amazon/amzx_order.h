/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_order.h  The canonical order: docs/canonical-order.md. */
#ifndef AMZX_ORDER_H
#define AMZX_ORDER_H

#include "amzx_breakdown.h"
#include "amzx_market.h"

/** One order while it is made canonical. */
typedef struct {
    const amzx_val_t *raw;
    const char *currency;
    const amzx_market_t *market; /**< NULL: not in our table */
    const char *country;         /**< the store's, "" when unknown */
    const char *destination;     /**< where it goes, "" when unknown */
    apr_int64_t day;             /**< of purchase, UTC */
    amzx_dec_t unit;             /**< the currency's last place */
    amzx_sums_t *line;           /**< one per order item */
    apr_size_t lines;
    amzx_sums_t order;  /**< the order's own breakdowns */
    amzx_sums_t booked; /**< the lines, with the order's tip, COD, other */
    amzx_reading_t reading;
    int has_money;
    amzx_dec_t total;
    amzx_dec_t collected; /**< tax that the marketplace keeps */
    amzx_val_t *warnings;
} amzx_order_t;

/**
 * Make an order of Orders 2026-01-01 canonical.
 *
 * @param raw the order object; kept as `raw`
 * @return REJECTED `data.schema` or `data.currency` with the place
 */
apr_status_t amzx_order_canon(const amzx_val_t **out, const amzx_val_t *raw,
                              amzx_fault_t *fault, apr_pool_t *p);

/** The canonical lines; the sums of `o` are read and chosen before. */
apr_status_t amzx_order_lines(const amzx_val_t **out, amzx_order_t *o,
                              amzx_fault_t *fault, apr_pool_t *p);

/** Add a warning once. */
void amzx_order_warn(amzx_order_t *o, const char *code, apr_pool_t *p);

/** Put a text, or null when it is absent or empty. */
void amzx_put_text(amzx_val_t *obj, const char *name, const amzx_val_t *text,
                   apr_pool_t *p);

/** Is a text in a list of texts? */
int amzx_list_has(const amzx_val_t *list, const char *text);

#endif
