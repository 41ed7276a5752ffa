/* SPDX-License-Identifier: Apache-2.0 */
/* Stores and tax rates: tables, and which rate an amount shows. */
#include "amzx_market.h"

#include <string.h>

#include "amzx_time.h"

#define X(id, country, currency, name, region, style) \
    {id, country, currency, name, region, AMZX_MARKET_##style},
static const amzx_market_t markets[] = {
#include "amazon_markets.def"
};
#undef X

typedef struct {
    const char *country;
    const char *from;
    const char *standard;
    const char *nominal;
} rates_t;

#define X(country, from, standard, nominal) \
    {country, from, standard, nominal},
static const rates_t rates[] = {
#include "tax_rates.def"
};
#undef X

#define RATES ((int)(sizeof(rates) / sizeof(rates[0])))

const amzx_market_t *amzx_market_find(const char *id)
{
    apr_size_t i;

    for (i = 0; i < sizeof(markets) / sizeof(markets[0]); i++) {
        if (strcmp(markets[i].id, id) == 0) {
            return &markets[i];
        }
    }
    return NULL;
}

/* Has row i begun on the day, and has no later row of its country? */
static int holds(int i, apr_int64_t day)
{
    apr_int64_t from = 0;

    if (amzx_date_parse(&from, rates[i].from) != APR_SUCCESS || from > day) {
        return 0;
    }
    return i + 1 == RATES
        || strcmp(rates[i + 1].country, rates[i].country) != 0
        || amzx_date_parse(&from, rates[i + 1].from) != APR_SUCCESS
        || from > day;
}

int amzx_tax_standard(amzx_dec_t *rate, const char *country, apr_int64_t day)
{
    int i;

    for (i = 0; i < RATES; i++) {
        if (strcmp(rates[i].country, country) == 0 && holds(i, day)) {
            return *rates[i].standard
                && amzx_dec_parse(rate, rates[i].standard,
                                  strlen(rates[i].standard)) == APR_SUCCESS;
        }
    }
    return 0;
}

/** The search for the nearest rate. */
typedef struct {
    amzx_dec_t net;
    amzx_dec_t tax;
    amzx_dec_t allowed;
    amzx_dec_t best_miss;
    amzx_dec_t best;
    int is_found;
} nearest_t;

static void try_rates(nearest_t *n, const char *list)
{
    while (*list) {
        apr_size_t len = strcspn(list, " ");
        amzx_dec_t rate;
        amzx_dec_t miss;

        if (amzx_dec_parse(&rate, list, len) == APR_SUCCESS
            && amzx_dec_mul(&miss, n->net, rate) == APR_SUCCESS
            && amzx_dec_sub(&miss, miss, n->tax) == APR_SUCCESS) {
            miss = amzx_dec_abs(miss);
            if (amzx_dec_cmp(miss, n->allowed) <= 0
                && (!n->is_found || amzx_dec_cmp(miss, n->best_miss) < 0)) {
                n->is_found = 1;
                n->best = rate;
                n->best_miss = miss;
            }
        }
        list += len;
        list += strspn(list, " ");
    }
}

/* One unit for each piece, at most 0.4 % of the net or one unit. */
static apr_status_t allowance(amzx_dec_t *out, amzx_dec_t net,
                              amzx_dec_t unit, int quantity)
{
    amzx_dec_t most;
    apr_status_t rv;

    rv = amzx_dec_mul(out, unit,
                      amzx_dec_from_int(quantity > 1 ? quantity : 1));
    if (rv == APR_SUCCESS) {
        rv = amzx_dec_mul(&most, net, amzx_dec_scaled(4, 3));
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (amzx_dec_cmp(most, unit) < 0) {
        most = unit;
    }
    if (amzx_dec_cmp(*out, most) > 0) {
        *out = most;
    }
    return APR_SUCCESS;
}

apr_status_t amzx_tax_rate(amzx_dec_t *rate, int *is_nominal, amzx_dec_t net,
                           amzx_dec_t tax, int quantity, amzx_dec_t unit,
                           const char *country, apr_int64_t day)
{
    nearest_t n;
    apr_status_t rv;
    int i;

    memset(&n, 0, sizeof(n));
    n.net = net;
    n.tax = tax;
    *is_nominal = 1;
    rv = allowance(&n.allowed, net, unit, quantity);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (amzx_dec_sign(tax) == 0) {
        *rate = amzx_dec_from_int(0);
        return APR_SUCCESS;
    }
    for (i = 0; i < RATES; i++) {
        if (strcmp(rates[i].country, country) == 0 && holds(i, day)) {
            try_rates(&n, rates[i].nominal);
        }
    }
    /* in a store without a tax of its own kind the ratio is the rate */
    for (i = 0; !n.is_found && i < RATES && strcmp(country, "US") != 0;
         i++) {
        if (holds(i, day)) {
            try_rates(&n, rates[i].nominal);
        }
    }
    if (n.is_found) {
        *rate = n.best;
        return APR_SUCCESS;
    }
    *is_nominal = 0;
    return amzx_dec_div_round(rate, tax, net, 4, AMZX_ROUND_HALF_UP);
}
