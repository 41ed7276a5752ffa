/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_dec_wide.h  128 and 256 bit magnitudes behind the decimals. */
#ifndef AMZX_DEC_WIDE_H
#define AMZX_DEC_WIDE_H

#include "amzx_dec.h"

typedef unsigned __int128 u128;

/** 10^38 is the first coefficient that does not fit. */
#define DEC_DIGITS 38
#define DEC_LIMIT (amzx_pow10[DEC_DIGITS])

/** hi * 2^128 + lo. */
typedef struct {
    u128 hi;
    u128 lo;
} amzx_u256_t;

/** 10^0 to 10^38. */
extern const u128 amzx_pow10[DEC_DIGITS + 1];

/** Full product. */
amzx_u256_t amzx_wide_mul(u128 a, u128 b);

/** n * 10^exp; 0 when it does not fit. exp >= 0, any size. */
int amzx_wide_scale(amzx_u256_t *out, u128 n, int exp);

/**
 * n / d for 0 < d < 2^127.
 *
 * @param rest the remainder
 * @return 0 when the quotient needs more than 128 bits (rest is still right)
 */
int amzx_wide_div(u128 *quot, u128 *rest, amzx_u256_t n, u128 d);

/** Divide in place by ten. @return the remainder */
unsigned amzx_wide_div10(amzx_u256_t *n);

/** As amzx_dec_allocate, with `stride` bytes from one part to the next. */
apr_status_t amzx_dec_allocate_to(amzx_dec_t *parts, apr_size_t stride,
                                  amzx_dec_t total,
                                  const amzx_dec_t *weights,
                                  apr_size_t count, int scale);

#endif
