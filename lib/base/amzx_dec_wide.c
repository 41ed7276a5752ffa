/* SPDX-License-Identifier: Apache-2.0 */
/* 256-bit helpers of the decimals: products and long division. */
#include "amzx_dec_wide.h"

#define LOW64 ((u128)UINT64_MAX)

#define TEN19 ((u128)10000000000000000000ULL)

const u128 amzx_pow10[DEC_DIGITS + 1] = {
    1ULL,
    10ULL,
    100ULL,
    1000ULL,
    10000ULL,
    100000ULL,
    1000000ULL,
    10000000ULL,
    100000000ULL,
    1000000000ULL,
    10000000000ULL,
    100000000000ULL,
    1000000000000ULL,
    10000000000000ULL,
    100000000000000ULL,
    1000000000000000ULL,
    10000000000000000ULL,
    100000000000000000ULL,
    1000000000000000000ULL,
    10000000000000000000ULL,
    TEN19 * 10ULL,
    TEN19 * 100ULL,
    TEN19 * 1000ULL,
    TEN19 * 10000ULL,
    TEN19 * 100000ULL,
    TEN19 * 1000000ULL,
    TEN19 * 10000000ULL,
    TEN19 * 100000000ULL,
    TEN19 * 1000000000ULL,
    TEN19 * 10000000000ULL,
    TEN19 * 100000000000ULL,
    TEN19 * 1000000000000ULL,
    TEN19 * 10000000000000ULL,
    TEN19 * 100000000000000ULL,
    TEN19 * 1000000000000000ULL,
    TEN19 * 10000000000000000ULL,
    TEN19 * 100000000000000000ULL,
    TEN19 * 1000000000000000000ULL,
    TEN19 * 10000000000000000000ULL,
};

amzx_u256_t amzx_wide_mul(u128 a, u128 b)
{
    u128 a0 = a & LOW64;
    u128 a1 = a >> 64;
    u128 b0 = b & LOW64;
    u128 b1 = b >> 64;
    u128 low = a0 * b0;
    u128 mid = a1 * b0 + (low >> 64);
    u128 cross = a0 * b1 + (mid & LOW64);
    amzx_u256_t out;

    out.lo = (cross << 64) | (low & LOW64);
    out.hi = a1 * b1 + (mid >> 64) + (cross >> 64);
    return out;
}

int amzx_wide_scale(amzx_u256_t *out, u128 n, int exp)
{
    out->hi = 0;
    out->lo = n;
    if (n == 0) {
        return 1;
    }
    while (exp > 0) {
        int step = exp < 19 ? exp : 19;
        u128 ten = amzx_pow10[step];
        amzx_u256_t low = amzx_wide_mul(out->lo, ten);
        amzx_u256_t high = amzx_wide_mul(out->hi, ten);

        if (high.hi != 0 || high.lo + low.hi < low.hi) {
            return 0;
        }
        out->lo = low.lo;
        out->hi = high.lo + low.hi;
        exp -= step;
    }
    return 1;
}

/* (rest * 2^64 + limb) / d for rest < d < 2^64. */
static apr_uint64_t div_limb(u128 *rest, apr_uint64_t limb, u128 d)
{
    u128 n = (*rest << 64) | limb;

    *rest = n % d;
    return (apr_uint64_t)(n / d);
}

int amzx_wide_div(u128 *quot, u128 *rest, amzx_u256_t n, u128 d)
{
    u128 r = n.hi % d;
    int fits = n.hi < d;
    u128 q = 0;
    int bit;

    if (r == 0) {
        *quot = n.lo / d;
        *rest = n.lo % d;
        return fits;
    }
    if (d <= LOW64) {
        q = (u128)div_limb(&r, (apr_uint64_t)(n.lo >> 64), d) << 64;
        q |= div_limb(&r, (apr_uint64_t)(n.lo & LOW64), d);
    }
    else {
        /* r < d < 2^127, so doubling it cannot overflow. */
        for (bit = 127; bit >= 0; bit--) {
            r = (r << 1) | ((n.lo >> bit) & 1);
            q <<= 1;
            if (r >= d) {
                r -= d;
                q |= 1;
            }
        }
    }
    *quot = q;
    *rest = r;
    return fits;
}

unsigned amzx_wide_div10(amzx_u256_t *n)
{
    u128 rest = n->hi % 10;
    u128 high;

    n->hi /= 10;
    high = div_limb(&rest, (apr_uint64_t)(n->lo >> 64), 10);
    n->lo = (high << 64) | div_limb(&rest, (apr_uint64_t)(n->lo & LOW64), 10);
    return (unsigned)rest;
}
