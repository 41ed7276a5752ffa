/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_breakdown.h  Amazon's money: breakdowns, and how to read them.
 *
 * Two things are not said by the data: whether the tax is on top of the
 * prices or inside them, and the sign of discounts. Each order is read the
 * way that makes its parts add up to its total.
 * @fact{fact sheet amazon-sp-api 4.5}
 */
#ifndef AMZX_BREAKDOWN_H
#define AMZX_BREAKDOWN_H

#include "amzx_fault.h"
#include "amzx_val.h"

typedef enum {
    AMZX_PART_ITEM = 0,
    AMZX_PART_SHIPPING,
    AMZX_PART_GIFT_WRAP,
    AMZX_PART_COD_FEE,
    AMZX_PART_TAX,
    AMZX_PART_DISCOUNT,
    AMZX_PART_TIP,
    AMZX_PART_OTHER,
    AMZX_PARTS
} amzx_part_e;

/** Sums of one order or of one line. */
typedef struct {
    amzx_dec_t part[AMZX_PARTS];
    amzx_dec_t tax[AMZX_PARTS];      /**< of TAX, by what it is on */
    amzx_dec_t discount[AMZX_PARTS]; /**< of DISCOUNT, by what it is off */
    int has_money;                   /**< any breakdown or total at all */
    int is_tip_pending;
    int has_unknown; /**< a type that we do not know went to OTHER */
} amzx_sums_t;

/** How an order is read. */
typedef struct {
    int is_inclusive;    /**< the prices hold the tax */
    int is_signed;       /**< discounts carry their sign */
    int is_tip_excluded; /**< a pending tip is not in the total */
    int is_ok;           /**< this way the parts make the total */
} amzx_reading_t;

/**
 * Sum the breakdowns of a `proceeds` object.
 *
 * @param currency of the order; "" takes the first one met, into it
 * @param place    for messages, e.g. "orderItems.0.proceeds"
 * @return REJECTED `data.schema` for an amount that is no number, or
 *         `data.currency` when currencies are mixed
 */
apr_status_t amzx_sums_read(amzx_sums_t *out, const char **currency,
                            const amzx_val_t *proceeds, const char *place,
                            amzx_fault_t *fault, apr_pool_t *p);

/** Add the sums of a line. */
apr_status_t amzx_sums_add(amzx_sums_t *to, const amzx_sums_t *line);

/** What the parts make when read this way. */
apr_status_t amzx_sums_total(amzx_dec_t *out, const amzx_sums_t *s,
                             const amzx_reading_t *r);

/** Choose the reading; without any that fits is_ok is 0 and prices count as
 *  inclusive exactly when there is no tax. */
apr_status_t amzx_reading_choose(amzx_reading_t *out, const amzx_sums_t *s,
                                 amzx_dec_t total);

/** A discount as a positive number to subtract (negative: an addition). */
amzx_dec_t amzx_discount_of(amzx_dec_t given, const amzx_reading_t *r);

/** An {amount, currencyCode}; APR_EINVAL when the amount is no number. */
apr_status_t amzx_amount_read(amzx_dec_t *out, const amzx_val_t *money);

#endif
