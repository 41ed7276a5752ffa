/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_market.h  Amazon's stores and the taxes of their countries. */
#ifndef AMZX_MARKET_H
#define AMZX_MARKET_H

#include <apr_pools.h>
#include <apr_time.h>

#include "amzx_dec.h"

typedef enum { AMZX_MARKET_VAT = 0, AMZX_MARKET_SALES } amzx_market_e;

typedef struct {
    const char *id;
    const char *country;
    const char *currency;
    const char *name;   /**< "Amazon.co.uk" */
    const char *region; /**< "na", "eu", "fe" */
    amzx_market_e style;
} amzx_market_t;

/** NULL when unknown: ids come and go. */
const amzx_market_t *amzx_market_find(const char *id);

/** The rate a price of this country usually holds on a day.
 *  @return 0 when there is none to assume */
int amzx_tax_standard(amzx_dec_t *rate, const char *country,
                      apr_int64_t day);

/**
 * Which rate does an itemised tax stand for?
 *
 * Of the nominal rates of `country` (then of all countries) that explain the
 * tax within rounding, the nearest; else the ratio itself at four digits.
 * "Within rounding" is one unit of the last place of the amounts for each
 * piece, but at most 0.4 % of the net amount where that is more than one
 * unit: 20 % and 21 % are never taken for each other on real amounts.
 *
 * @param net   without the tax, above zero
 * @param unit  one unit of the currency's last place, e.g. 0.01
 * @param is_nominal set to 0 when it is the bare ratio
 */
apr_status_t amzx_tax_rate(amzx_dec_t *rate, int *is_nominal, amzx_dec_t net,
                           amzx_dec_t tax, int quantity, amzx_dec_t unit,
                           const char *country, apr_int64_t day);

#endif
