/* SPDX-License-Identifier: Apache-2.0 */
/** @file sandbox_totals.h  Money of a document as Xero computes it. */
#ifndef AMZX_SANDBOX_TOTALS_H
#define AMZX_SANDBOX_TOTALS_H

#include "amzx_dec.h"

typedef enum {
    SBX_EXCLUSIVE = 0,
    SBX_INCLUSIVE,
    SBX_NO_TAX
} sbx_mode_e;

/** The mode of "Exclusive", "Inclusive", "NoTax"; -1 when unknown. */
int sbx_mode_of(const char *name);
const char *sbx_mode_name(sbx_mode_e mode);

/**
 * quantity * unit less a discount, at two digits.
 *
 * @param discount_rate   percent; zero for none
 * @param discount_amount an amount; zero for none
 */
apr_status_t sbx_line_amount(amzx_dec_t *out, amzx_dec_t quantity,
                             amzx_dec_t unit, amzx_dec_t discount_rate,
                             amzx_dec_t discount_amount);

/**
 * The tax of one line: half away from zero to two digits, per line.
 *
 * @param rate percent
 * @fact{92 of 92 lines of a live capture agree}
 */
apr_status_t sbx_line_tax(amzx_dec_t *out, amzx_dec_t amount,
                          amzx_dec_t rate, sbx_mode_e mode);

/** Sums of a document; start with zeros. */
typedef struct {
    amzx_dec_t amounts;
    amzx_dec_t taxes;
    amzx_dec_t discounts;
} sbx_sums_t;

void sbx_sums_init(sbx_sums_t *sums);
apr_status_t sbx_sums_add(sbx_sums_t *sums, amzx_dec_t amount,
                          amzx_dec_t tax, amzx_dec_t discount);
/** SubTotal, TotalTax and Total of the sums in a mode. */
apr_status_t sbx_sums_totals(amzx_dec_t *subtotal, amzx_dec_t *tax,
                             amzx_dec_t *total, const sbx_sums_t *sums,
                             sbx_mode_e mode);

#endif
