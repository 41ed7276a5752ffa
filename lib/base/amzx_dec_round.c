/* SPDX-License-Identifier: Apache-2.0 */
/* Rounding, division and allocation of decimals. */
#include "amzx_dec.h"

#include <stdlib.h>
#include <string.h>

#include "amzx_dec_wide.h"

#define MODES 7

/* In the order of amzx_round_e. */
static const char *const mode_names[MODES] = {
    "half-up", "half-even", "half-down", "down", "up", "floor", "ceiling",
};

const char *amzx_round_name(amzx_round_e mode)
{
    int i = (int)mode;

    return i >= 0 && i < MODES ? mode_names[i] : "half-up";
}

int amzx_round_of(const char *name)
{
    int i;

    for (i = 0; name != NULL && i < MODES; i++) {
        if (strcmp(name, mode_names[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static u128 magnitude(amzx_dec_t d)
{
    return d.coef < 0 ? (u128)0 - (u128)d.coef : (u128)d.coef;
}

static amzx_dec_t make(u128 coef, int is_negative, int scale)
{
    amzx_dec_t d;

    d.coef = (__int128)coef;
    if (is_negative) {
        d.coef = -d.coef;
    }
    d.scale = scale;
    return d;
}

static apr_status_t refuse(amzx_dec_t *out, apr_status_t rv)
{
    *out = amzx_dec_from_int(0);
    return rv;
}

/* Does the magnitude grow by one? half is -1, 0 or 1: the rest against one
 * half; is_exact says that there is no rest. */
static unsigned rounds_away(amzx_round_e mode, int is_negative, int is_odd,
                            int half, int is_exact)
{
    if (is_exact) {
        return 0;
    }
    switch (mode) {
    case AMZX_ROUND_HALF_UP:
        return half >= 0;
    case AMZX_ROUND_HALF_EVEN:
        return half > 0 || (half == 0 && is_odd);
    case AMZX_ROUND_HALF_DOWN:
        return half > 0;
    case AMZX_ROUND_DOWN:
        return 0;
    case AMZX_ROUND_UP:
        return 1;
    case AMZX_ROUND_FLOOR:
        return is_negative != 0;
    case AMZX_ROUND_CEILING:
        return is_negative == 0;
    }
    return half >= 0;
}

/* rest / d against one half, for rest < d < 2^127. */
static int half_of(u128 rest, u128 d)
{
    u128 twice = rest * 2;

    return (twice > d) - (twice < d);
}

apr_status_t amzx_dec_round(amzx_dec_t *out, amzx_dec_t d, int scale,
                            amzx_round_e mode)
{
    int is_negative = d.coef < 0;
    int gap = d.scale - scale;
    u128 n = magnitude(d);
    u128 factor;
    u128 rest;

    if (scale < 0 || scale > DEC_DIGITS) {
        return refuse(out, APR_EINVAL);
    }
    factor = amzx_pow10[gap < 0 ? -gap : gap];
    if (gap <= 0) {
        if (n != 0 && n > (DEC_LIMIT - 1) / factor) {
            return refuse(out, APR_ERANGE);
        }
        *out = make(n * factor, is_negative, scale);
        return APR_SUCCESS;
    }
    if (n <= UINT64_MAX && gap < 20) {
        apr_uint64_t low = (apr_uint64_t)n;

        rest = low % (apr_uint64_t)factor;
        n = low / (apr_uint64_t)factor;
    }
    else {
        rest = n % factor;
        n /= factor;
    }
    n += rounds_away(mode, is_negative, (int)(n & 1),
                           half_of(rest, factor), rest == 0);
    *out = make(n, is_negative, scale);
    return APR_SUCCESS;
}

/* Digits of n > 0. */
static int digits_of(u128 n)
{
    int i = 1;

    while (i <= DEC_DIGITS && n >= amzx_pow10[i]) {
        i++;
    }
    return i;
}

/* ca / (cb * 10^drop), drop > 0: the divisor may be wider than 128 bits. */
static u128 div_down(int *half, int *is_exact, u128 ca, u128 cb, int drop)
{
    amzx_u256_t divisor;
    amzx_u256_t twice;
    u128 quot;
    u128 rest;

    if (amzx_wide_scale(&divisor, cb, drop) && divisor.hi == 0
        && divisor.lo >> 127 == 0) {
        quot = ca / divisor.lo;
        rest = ca % divisor.lo;
        *half = half_of(rest, divisor.lo);
        *is_exact = rest == 0;
        return quot;
    }
    /* The divisor is above ca: quotient 0, the rest is ca itself. */
    twice.hi = ca >> 127;
    twice.lo = ca << 1;
    *half = -1;
    if (divisor.hi == 0 && twice.hi == 0) {
        *half = (twice.lo > divisor.lo) - (twice.lo < divisor.lo);
    }
    *is_exact = ca == 0;
    return 0;
}

apr_status_t amzx_dec_div_round(amzx_dec_t *out, amzx_dec_t a, amzx_dec_t b,
                                int scale, amzx_round_e mode)
{
    int is_negative = (a.coef < 0) != (b.coef < 0);
    int shift = b.scale - a.scale + scale;
    u128 ca = magnitude(a);
    u128 cb = magnitude(b);
    int is_exact;
    u128 quot;
    int half;

    if (cb == 0 || scale < 0 || scale > DEC_DIGITS) {
        return refuse(out, APR_EINVAL);
    }
    if (ca == 0) {
        *out = make(0, 0, scale);
        return APR_SUCCESS;
    }
    if (shift >= 0) {
        amzx_u256_t n;
        u128 rest;

        /* From 10^77 on the quotient is above 10^39; below it fits 2^256. */
        if (digits_of(ca) + shift > 77 || !amzx_wide_scale(&n, ca, shift)
            || !amzx_wide_div(&quot, &rest, n, cb)) {
            return refuse(out, APR_ERANGE);
        }
        half = half_of(rest, cb);
        is_exact = rest == 0;
    }
    else {
        quot = div_down(&half, &is_exact, ca, cb, -shift);
    }
    if (quot >= DEC_LIMIT) {
        return refuse(out, APR_ERANGE);
    }
    quot += rounds_away(mode, is_negative, (int)(quot & 1), half,
                              is_exact);
    if (quot >= DEC_LIMIT) {
        return refuse(out, APR_ERANGE);
    }
    *out = make(quot, is_negative, scale);
    return APR_SUCCESS;
}

/* A quotient with so many digits before the point that 18 behind it do not
 * fit: whole part and fraction apart, then the fraction's zeros go. */
static apr_status_t div_large(amzx_dec_t *out, amzx_dec_t a, amzx_dec_t b)
{
    int is_negative = (a.coef < 0) != (b.coef < 0);
    int shift = b.scale - a.scale;
    int scale = AMZX_DEC_DIV_SCALE;
    u128 divisor = magnitude(b);
    amzx_u256_t n;
    u128 whole;
    u128 part;
    u128 rest;
    int fits;

    /* A quotient of 10^19 and more leaves the scaled divisor below 10^20. */
    if (shift < 0) {
        divisor *= amzx_pow10[-shift];
    }
    fits = amzx_wide_scale(&n, magnitude(a), shift > 0 ? shift : 0)
           && amzx_wide_div(&whole, &rest, n, divisor);
    if (!fits || whole >= DEC_LIMIT) {
        return refuse(out, APR_ERANGE);
    }
    amzx_wide_scale(&n, rest, scale);
    amzx_wide_div(&part, &rest, n, divisor);
    part += rounds_away(AMZX_ROUND_HALF_EVEN, 0, (int)(part & 1),
                              half_of(rest, divisor), rest == 0);
    if (part == amzx_pow10[scale]) {
        whole++;
        part = 0;
    }
    while (scale > 0 && part % 10 == 0) {
        part /= 10;
        scale--;
    }
    if (whole > (DEC_LIMIT - 1 - part) / amzx_pow10[scale]) {
        return refuse(out, APR_ERANGE);
    }
    *out = make(whole * amzx_pow10[scale] + part, is_negative, scale);
    return APR_SUCCESS;
}

apr_status_t amzx_dec_div(amzx_dec_t *out, amzx_dec_t a, amzx_dec_t b)
{
    apr_status_t rv = amzx_dec_div_round(out, a, b, AMZX_DEC_DIV_SCALE,
                                         AMZX_ROUND_HALF_EVEN);

    if (rv == APR_ERANGE) {
        return div_large(out, a, b);
    }
    if (rv == APR_SUCCESS) {
        *out = amzx_dec_trim(*out);
    }
    return rv;
}

/* A part's claim to one of the units that remain. */
typedef struct {
    amzx_i128_t rest;
    apr_size_t index;
} claim_t;

static int larger_rest_first(const void *left, const void *right)
{
    const claim_t *a = left;
    const claim_t *b = right;

    if (a->rest != b->rest) {
        return a->rest > b->rest ? -1 : 1;
    }
    return (a->index > b->index) - (a->index < b->index);
}

/* The widest scale of the weights and their sum there. */
static apr_status_t sum_weights(u128 *sum, int *scale,
                                const amzx_dec_t *weights, apr_size_t count)
{
    apr_size_t i;

    *sum = 0;
    *scale = 0;
    for (i = 0; i < count; i++) {
        int own = amzx_dec_trim(weights[i]).scale;

        if (weights[i].coef < 0) {
            return APR_EINVAL;
        }
        *scale = own > *scale ? own : *scale;
    }
    for (i = 0; i < count; i++) {
        amzx_dec_t w;

        if (amzx_dec_round(&w, weights[i], *scale, AMZX_ROUND_DOWN)
            != APR_SUCCESS) {
            return APR_ERANGE;
        }
        *sum += magnitude(w);
        if (*sum >= DEC_LIMIT) {
            return APR_ERANGE;
        }
    }
    return *sum > 0 ? APR_SUCCESS : APR_EINVAL;
}

static amzx_dec_t *part_at(amzx_dec_t *parts, apr_size_t stride, apr_size_t i)
{
    return (amzx_dec_t *)(void *)((char *)parts + i * stride);
}

apr_status_t amzx_dec_allocate_to(amzx_dec_t *parts, apr_size_t stride,
                                  amzx_dec_t total,
                                  const amzx_dec_t *weights,
                                  apr_size_t count, int scale)
{
    int is_negative = total.coef < 0;
    claim_t few[32];
    claim_t *claims = few;
    apr_status_t rv;
    amzx_dec_t w;
    apr_size_t i;
    u128 left;
    u128 units;
    u128 sum;
    u128 rest;
    u128 quot;
    int wide;

    total = amzx_dec_trim(total);
    if (count == 0 || total.scale > scale || scale > DEC_DIGITS) {
        return APR_EINVAL;
    }
    rv = sum_weights(&sum, &wide, weights, count);
    if (rv == APR_SUCCESS) {
        rv = amzx_dec_round(&total, total, scale, AMZX_ROUND_DOWN);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (count > sizeof(few) / sizeof(few[0])) {
        claims = calloc(count, sizeof(*claims));
        if (claims == NULL) {
            return APR_ENOMEM;
        }
    }
    units = magnitude(total);
    left = units;
    for (i = 0; i < count; i++) {
        amzx_dec_round(&w, weights[i], wide, AMZX_ROUND_DOWN);
        amzx_wide_div(&quot, &rest, amzx_wide_mul(units, magnitude(w)), sum);
        *part_at(parts, stride, i) = make(quot, is_negative, scale);
        left -= quot;
        claims[i].rest = (__int128)rest;
        claims[i].index = i;
    }
    /* What the floors left is less than one unit per part. */
    qsort(claims, count, sizeof(*claims), larger_rest_first);
    for (i = 0; i < count && left > 0; i++, left--) {
        part_at(parts, stride, claims[i].index)->coef += is_negative ? -1 : 1;
    }
    if (claims != few) {
        free(claims);
    }
    return APR_SUCCESS;
}

apr_status_t amzx_dec_allocate(amzx_dec_t *parts, amzx_dec_t total,
                               const amzx_dec_t *weights, apr_size_t count,
                               int scale)
{
    return amzx_dec_allocate_to(parts, sizeof(*parts), total, weights, count,
                                scale);
}
