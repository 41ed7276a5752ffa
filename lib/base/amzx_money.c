/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts in ISO 4217 currencies. */
#include "amzx_money.h"

#include <string.h>

#include "amzx_dec_wide.h"

/* Codes in order, each followed by its minor units. The codes of precious
 * metals, bond units, testing and "no currency" have none and are left out.
 * BGN, HRK, ANG and SLL have been withdrawn, but books of former years hold
 * them. @fact{ISO 4217 list one, with the withdrawals of list three since
 * 2022} */
static const char codes[] =
    "AED2AFN2ALL2AMD2ANG2AOA2ARS2AUD2AWG2AZN2BAM2BBD2BDT2BGN2BHD3BIF0BMD2BND2"
    "BOB2BOV2BRL2BSD2BTN2BWP2BYN2BZD2CAD2CDF2CHE2CHF2CHW2CLF4CLP0CNY2COP2COU2"
    "CRC2CUP2CVE2CZK2DJF0DKK2DOP2DZD2EGP2ERN2ETB2EUR2FJD2FKP2GBP2GEL2GHS2GIP2"
    "GMD2GNF0GTQ2GYD2HKD2HNL2HRK2HTG2HUF2IDR2ILS2INR2IQD3IRR2ISK0JMD2JOD3JPY0"
    "KES2KGS2KHR2KMF0KPW2KRW0KWD3KYD2KZT2LAK2LBP2LKR2LRD2LSL2LYD3MAD2MDL2MGA2"
    "MKD2MMK2MNT2MOP2MRU2MUR2MVR2MWK2MXN2MXV2MYR2MZN2NAD2NGN2NIO2NOK2NPR2NZD2"
    "OMR3PAB2PEN2PGK2PHP2PKR2PLN2PYG0QAR2RON2RSD2RUB2RWF0SAR2SBD2SCR2SDG2SEK2"
    "SGD2SHP2SLE2SLL2SOS2SRD2SSP2STN2SVC2SYP2SZL2THB2TJS2TMT2TND3TOP2TRY2TTD2"
    "TWD2TZS2UAH2UGX0USD2USN2UYI0UYU2UYW4UZS2VED2VES2VND0VUV0WST2XAD2XAF0XCD2"
    "XCG2XOF0XPF0YER2ZAR2ZMW2ZWG2";

#define ENTRY 4
#define COUNT ((sizeof(codes) - 1) / ENTRY)

int amzx_money_minor(const char *currency)
{
    size_t low = 0;
    size_t high = COUNT;

    if (currency == NULL || strlen(currency) != 3) {
        return -1;
    }
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = memcmp(currency, codes + mid * ENTRY, 3);

        if (order == 0) {
            return codes[mid * ENTRY + 3] - '0';
        }
        if (order < 0) {
            high = mid;
        }
        else {
            low = mid + 1;
        }
    }
    return -1;
}

apr_status_t amzx_money_make(amzx_money_t *out, amzx_dec_t amount,
                             const char *currency)
{
    memset(out, 0, sizeof(*out));
    if (amzx_money_minor(currency) < 0) {
        return APR_EINVAL;
    }
    out->amount = amount;
    memcpy(out->currency, currency, 3);
    return APR_SUCCESS;
}

apr_status_t amzx_money_round(amzx_money_t *out, amzx_money_t m,
                              amzx_round_e mode)
{
    int minor = amzx_money_minor(m.currency);

    *out = m;
    return minor < 0 ? APR_EINVAL
                     : amzx_dec_round(&out->amount, m.amount, minor, mode);
}

apr_status_t amzx_money_add(amzx_money_t *out, amzx_money_t a,
                            amzx_money_t b)
{
    *out = a;
    if (memcmp(a.currency, b.currency, sizeof(a.currency)) != 0) {
        return APR_EMISMATCH;
    }
    return amzx_dec_add(&out->amount, a.amount, b.amount);
}

apr_status_t amzx_money_allocate(amzx_money_t *parts, amzx_money_t total,
                                 const amzx_dec_t *weights, apr_size_t count)
{
    int minor = amzx_money_minor(total.currency);
    apr_status_t rv;
    apr_size_t i;

    if (minor < 0) {
        return APR_EINVAL;
    }
    rv = amzx_dec_allocate_to(&parts[0].amount, sizeof(parts[0]),
                              total.amount, weights, count, minor);
    for (i = 0; rv == APR_SUCCESS && i < count; i++) {
        memcpy(parts[i].currency, total.currency, sizeof(total.currency));
    }
    return rv;
}
