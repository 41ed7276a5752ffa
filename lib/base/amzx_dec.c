/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal arithmetic. Magnitudes are unsigned, signs apart; each operation
 * has a path for 64-bit coefficients, where money lives. */
#include "amzx_dec.h"

#include "amzx_dec_wide.h"

static u128 magnitude(amzx_dec_t d)
{
    return d.coef < 0 ? (u128)0 - (u128)d.coef : (u128)d.coef;
}

static int is_small(amzx_dec_t d)
{
    return d.coef >= INT64_MIN && d.coef <= INT64_MAX;
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

amzx_dec_t amzx_dec_from_int(apr_int64_t n)
{
    amzx_dec_t d;

    d.coef = n;
    d.scale = 0;
    return d;
}

amzx_dec_t amzx_dec_scaled(apr_int64_t n, int scale)
{
    amzx_dec_t d;

    d.coef = n;
    d.scale = scale;
    return d;
}

amzx_dec_t amzx_dec_neg(amzx_dec_t d)
{
    d.coef = -d.coef;
    return d;
}

amzx_dec_t amzx_dec_abs(amzx_dec_t d)
{
    if (d.coef < 0) {
        d.coef = -d.coef;
    }
    return d;
}

int amzx_dec_sign(amzx_dec_t d)
{
    return (d.coef > 0) - (d.coef < 0);
}

amzx_dec_t amzx_dec_trim(amzx_dec_t d)
{
    if (d.coef == 0) {
        d.scale = 0;
    }
    if (is_small(d)) {
        apr_int64_t n = (apr_int64_t)d.coef;

        while (d.scale > 0 && n % 10 == 0) {
            n /= 10;
            d.scale--;
        }
        d.coef = n;
        return d;
    }
    while (d.scale > 0 && d.coef % 10 == 0) {
        d.coef /= 10;
        d.scale--;
    }
    return d;
}

/* A coefficient of any width at any scale >= 0: drop trailing zeros of the
 * fraction until it fits. */
static apr_status_t fit(amzx_dec_t *out, amzx_u256_t n, int is_negative,
                        int scale)
{
    if (n.hi == 0 && n.lo == 0 && scale > DEC_DIGITS) {
        scale = DEC_DIGITS;
    }
    while (n.hi != 0 || n.lo >= DEC_LIMIT || scale > DEC_DIGITS) {
        if (scale == 0 || amzx_wide_div10(&n) != 0) {
            return refuse(out, APR_ERANGE);
        }
        scale--;
    }
    *out = make(n.lo, is_negative, scale);
    return APR_SUCCESS;
}

/* |sum| of two magnitudes, each at most 2 * 10^38, and its sign. */
static u128 add_signed(int *is_negative, u128 a, int a_negative, u128 b,
                       int b_negative)
{
    *is_negative = a_negative;
    if (a_negative == b_negative) {
        return a + b;
    }
    if (a >= b) {
        return a - b;
    }
    *is_negative = b_negative;
    return b - a;
}

/* With both trimmed the sum needs exactly the larger scale, unless the scales
 * are equal. */
static apr_status_t add_slow(amzx_dec_t *out, amzx_dec_t a, amzx_dec_t b)
{
    amzx_u256_t sum = {0, 0};
    u128 factor;
    u128 big;
    int is_negative;

    a = amzx_dec_trim(a);
    b = amzx_dec_trim(b);
    if (a.scale > b.scale) {
        amzx_dec_t swap = a;

        a = b;
        b = swap;
    }
    factor = amzx_pow10[b.scale - a.scale];
    big = magnitude(a);
    if (big > 2 * DEC_LIMIT / factor) {
        return refuse(out, APR_ERANGE); /* |b| < 10^38 cannot bring it back */
    }
    sum.lo = add_signed(&is_negative, big * factor, a.coef < 0, magnitude(b),
                        b.coef < 0);
    return fit(out, sum, is_negative, b.scale);
}

static apr_status_t add_wide(amzx_dec_t *out, amzx_dec_t a, amzx_dec_t b)
{
    int gap = a.scale - b.scale;
    u128 factor = amzx_pow10[gap < 0 ? -gap : gap];
    u128 left = magnitude(a);
    u128 right = magnitude(b);
    int is_negative;
    u128 sum;

    if ((gap < 0 ? left : right) > DEC_LIMIT / factor) {
        return add_slow(out, a, b);
    }
    if (gap < 0) {
        left *= factor;
    }
    else {
        right *= factor;
    }
    sum = add_signed(&is_negative, left, a.coef < 0, right, b.coef < 0);
    if (sum >= DEC_LIMIT) {
        return add_slow(out, a, b);
    }
    *out = make(sum, is_negative, gap > 0 ? a.scale : b.scale);
    return APR_SUCCESS;
}

apr_status_t amzx_dec_add(amzx_dec_t *out, amzx_dec_t a, amzx_dec_t b)
{
    int gap = a.scale - b.scale;
    __int128 sum;

    if (gap < -18 || gap > 18 || !is_small(a) || !is_small(b)) {
        return add_wide(out, a, b);
    }
    /* 2^63 * 10^18 twice is below 2^125: no overflow, and below 10^38. */
    if (gap == 0) {
        sum = a.coef + b.coef;
    }
    else if (gap > 0) {
        sum = a.coef + b.coef * (apr_int64_t)amzx_pow10[gap];
    }
    else {
        sum = b.coef + a.coef * (apr_int64_t)amzx_pow10[-gap];
    }
    out->coef = sum;
    out->scale = gap > 0 ? a.scale : b.scale;
    return APR_SUCCESS;
}

apr_status_t amzx_dec_sub(amzx_dec_t *out, amzx_dec_t a, amzx_dec_t b)
{
    return amzx_dec_add(out, a, amzx_dec_neg(b));
}

apr_status_t amzx_dec_mul(amzx_dec_t *out, amzx_dec_t a, amzx_dec_t b)
{
    int scale = a.scale + b.scale;

    if (is_small(a) && is_small(b) && scale <= DEC_DIGITS) {
        out->coef = a.coef * b.coef; /* at most 2^126 < 10^38 */
        out->scale = scale;
        return APR_SUCCESS;
    }
    return fit(out, amzx_wide_mul(magnitude(a), magnitude(b)),
               (a.coef < 0) != (b.coef < 0), scale);
}

int amzx_dec_cmp(amzx_dec_t a, amzx_dec_t b)
{
    int gap = a.scale - b.scale;
    u128 left;
    u128 right;
    u128 factor;
    int order;

    if (gap == 0) {
        return (a.coef > b.coef) - (a.coef < b.coef);
    }
    if (amzx_dec_sign(a) != amzx_dec_sign(b)) {
        return amzx_dec_sign(a) < amzx_dec_sign(b) ? -1 : 1;
    }
    left = magnitude(a);
    right = magnitude(b);
    factor = amzx_pow10[gap < 0 ? -gap : gap];
    /* The side with the lower scale grows; once it is above 2^128 the other,
     * below 10^38, is the smaller. */
    if (gap < 0) {
        order = left > ~(u128)0 / factor
                    ? 1
                    : (left * factor > right) - (left * factor < right);
    }
    else {
        order = right > ~(u128)0 / factor
                    ? -1
                    : (left > right * factor) - (left < right * factor);
    }
    return a.coef < 0 ? -order : order;
}

apr_status_t amzx_dec_to_int(apr_int64_t *out, amzx_dec_t d)
{
    d = amzx_dec_trim(d);
    if (d.scale != 0 || !is_small(d)) {
        *out = 0;
        return APR_ERANGE;
    }
    *out = (apr_int64_t)d.coef;
    return APR_SUCCESS;
}

apr_status_t amzx_dec_mod(amzx_dec_t *out, amzx_dec_t a, amzx_dec_t b)
{
    int gap = a.scale - b.scale;
    u128 left = magnitude(a);
    u128 right = magnitude(b);
    amzx_u256_t wide;
    u128 quot;
    u128 rest;

    if (b.coef == 0) {
        return refuse(out, APR_EINVAL);
    }
    if (gap >= 0) {
        u128 factor = amzx_pow10[gap];

        /* A divisor above 10^38 leaves all of a. */
        rest = right > DEC_LIMIT / factor ? left : left % (right * factor);
        *out = make(rest, a.coef < 0, a.scale);
        return APR_SUCCESS;
    }
    amzx_wide_scale(&wide, left, -gap); /* below 10^76: fits */
    amzx_wide_div(&quot, &rest, wide, right);
    *out = make(rest, a.coef < 0, b.scale);
    return APR_SUCCESS;
}
