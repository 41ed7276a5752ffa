/* SPDX-License-Identifier: Apache-2.0 */
/* Line amounts, taxes per line and sums: exact decimals throughout. */
#include "sandbox_totals.h"

#include <string.h>

static const char *const modes[] = {"Exclusive", "Inclusive", "NoTax"};

int sbx_mode_of(const char *name)
{
    int i;

    for (i = 0; i < 3; i++) {
        if (!strcmp(modes[i], name)) {
            return i;
        }
    }
    return -1;
}

const char *sbx_mode_name(sbx_mode_e mode)
{
    return modes[mode];
}

apr_status_t sbx_line_amount(amzx_dec_t *out, amzx_dec_t quantity,
                             amzx_dec_t unit, amzx_dec_t discount_rate,
                             amzx_dec_t discount_amount)
{
    const amzx_dec_t hundred = amzx_dec_from_int(100);
    amzx_dec_t gross;
    amzx_dec_t kept;
    apr_status_t rv;

    *out = amzx_dec_from_int(0);
    rv = amzx_dec_mul(&gross, quantity, unit);
    if (rv == APR_SUCCESS) {
        rv = amzx_dec_sub(&kept, hundred, discount_rate);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_dec_mul(&gross, gross, kept);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_dec_div_round(&gross, gross, hundred, 2,
                                AMZX_ROUND_HALF_UP);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_dec_sub(&gross, gross, discount_amount);
    }
    return rv == APR_SUCCESS
               ? amzx_dec_round(out, gross, 2, AMZX_ROUND_HALF_UP)
               : rv;
}

apr_status_t sbx_line_tax(amzx_dec_t *out, amzx_dec_t amount,
                          amzx_dec_t rate, sbx_mode_e mode)
{
    amzx_dec_t divisor = amzx_dec_from_int(100);
    amzx_dec_t product;
    apr_status_t rv;

    *out = amzx_dec_scaled(0, 2);
    if (mode == SBX_NO_TAX) {
        return APR_SUCCESS;
    }
    rv = amzx_dec_mul(&product, amount, rate);
    if (rv == APR_SUCCESS && mode == SBX_INCLUSIVE) {
        rv = amzx_dec_add(&divisor, divisor, rate);
    }
    return rv == APR_SUCCESS ? amzx_dec_div_round(out, product, divisor, 2,
                                                  AMZX_ROUND_HALF_UP)
                             : rv;
}

void sbx_sums_init(sbx_sums_t *sums)
{
    sums->amounts = amzx_dec_scaled(0, 2);
    sums->taxes = sums->amounts;
    sums->discounts = sums->amounts;
}

apr_status_t sbx_sums_add(sbx_sums_t *sums, amzx_dec_t amount,
                          amzx_dec_t tax, amzx_dec_t discount)
{
    apr_status_t rv = amzx_dec_add(&sums->amounts, sums->amounts, amount);

    if (rv == APR_SUCCESS) {
        rv = amzx_dec_add(&sums->taxes, sums->taxes, tax);
    }
    return rv == APR_SUCCESS
               ? amzx_dec_add(&sums->discounts, sums->discounts, discount)
               : rv;
}

apr_status_t sbx_sums_totals(amzx_dec_t *subtotal, amzx_dec_t *tax,
                             amzx_dec_t *total, const sbx_sums_t *sums,
                             sbx_mode_e mode)
{
    *tax = sums->taxes;
    if (mode == SBX_INCLUSIVE) {
        *total = sums->amounts;
        return amzx_dec_sub(subtotal, sums->amounts, sums->taxes);
    }
    *subtotal = sums->amounts;
    return amzx_dec_add(total, sums->amounts, sums->taxes);
}
