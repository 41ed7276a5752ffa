/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_money.h  Amounts with an ISO 4217 currency. */
#ifndef AMZX_MONEY_H
#define AMZX_MONEY_H

#include "amzx_dec.h"

/** An amount in a currency. `currency` is upper case, e.g. "GBP". */
typedef struct {
    amzx_dec_t amount;
    char currency[4];
} amzx_money_t;

/**
 * Minor units of a currency: 2 for GBP, 0 for JPY, 3 for KWD.
 * @return -1 for a code that ISO 4217 does not list
 * @fact{ISO 4217 list one, active codes}
 */
int amzx_money_minor(const char *currency);

/** Build; APR_EINVAL for an unknown currency. Keeps the scale given. */
apr_status_t amzx_money_make(amzx_money_t *out, amzx_dec_t amount,
                             const char *currency);

/** Round to the currency's minor units. */
apr_status_t amzx_money_round(amzx_money_t *out, amzx_money_t m,
                              amzx_round_e mode);

/** Sum; APR_EMISMATCH when the currencies differ. */
apr_status_t amzx_money_add(amzx_money_t *out, amzx_money_t a,
                            amzx_money_t b);

/** Split by weights at the currency's minor units; sums exactly. */
apr_status_t amzx_money_allocate(amzx_money_t *parts, amzx_money_t total,
                                 const amzx_dec_t *weights, apr_size_t count);

#endif
