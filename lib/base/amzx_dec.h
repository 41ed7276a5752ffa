/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_dec.h  Exact decimal numbers: 38 digits, fixed scale each. */
#ifndef AMZX_DEC_H
#define AMZX_DEC_H

#include <apr_pools.h>

#include "amzx_fault.h"

/* apr_palloc aligns to 8 bytes, the compiler expects 16 for __int128. */
typedef __int128 amzx_i128_t __attribute__((aligned(8)));

/** coef * 10^-scale; |coef| < 10^38, 0 <= scale <= 38. A plain value. */
typedef struct {
    amzx_i128_t coef;
    int scale;
} amzx_dec_t;

typedef enum {
    AMZX_ROUND_HALF_UP = 0, /**< ties away from zero: tax lines */
    AMZX_ROUND_HALF_EVEN,
    AMZX_ROUND_HALF_DOWN, /**< ties toward zero */
    AMZX_ROUND_DOWN,      /**< toward zero */
    AMZX_ROUND_UP,        /**< away from zero */
    AMZX_ROUND_FLOOR,
    AMZX_ROUND_CEILING
} amzx_round_e;

/** Enough for any decimal as text: sign, 38 digits, "0.", NUL. */
#define AMZX_DEC_TEXT 48

/** Fractional digits kept by amzx_dec_div. */
#define AMZX_DEC_DIV_SCALE 18

/** From an integer, exact. */
amzx_dec_t amzx_dec_from_int(apr_int64_t n);

/** n * 10^-scale, exact; 0 <= scale <= 18. */
amzx_dec_t amzx_dec_scaled(apr_int64_t n, int scale);

/**
 * Parse JSON number grammar (with exponent), the whole text.
 * @return APR_SUCCESS, APR_EINVAL (not a number), APR_ERANGE (over 38
 *         digits after normalising the exponent; never rounded)
 */
apr_status_t amzx_dec_parse(amzx_dec_t *out, const char *text, apr_size_t len);

/** Shortest plain text keeping the scale ("1.10"); writes a NUL. */
apr_size_t amzx_dec_text(char out[AMZX_DEC_TEXT], amzx_dec_t d);

/** Text without trailing zeros of the fraction ("1.1", "0", "-3"). */
apr_size_t amzx_dec_text_canon(char out[AMZX_DEC_TEXT], amzx_dec_t d);

/* The operations return APR_SUCCESS, or APR_ERANGE when the exact result
 * needs more than 38 digits. Division by zero is APR_EINVAL. Sums have the
 * larger scale, products the sum of the scales; when that is too long but the
 * value is not, zeros at the end of the fraction go. */
apr_status_t amzx_dec_add(amzx_dec_t *out, amzx_dec_t a, amzx_dec_t b);
apr_status_t amzx_dec_sub(amzx_dec_t *out, amzx_dec_t a, amzx_dec_t b);
apr_status_t amzx_dec_mul(amzx_dec_t *out, amzx_dec_t a, amzx_dec_t b);

/** a / b at 18 fractional digits, half-even, trailing zeros removed. */
apr_status_t amzx_dec_div(amzx_dec_t *out, amzx_dec_t a, amzx_dec_t b);

/** a / b rounded once to `scale` digits: never rounds twice. */
apr_status_t amzx_dec_div_round(amzx_dec_t *out, amzx_dec_t a, amzx_dec_t b,
                                int scale, amzx_round_e mode);

/** Remainder with the sign of a (a - b * trunc(a / b)), exact. */
apr_status_t amzx_dec_mod(amzx_dec_t *out, amzx_dec_t a, amzx_dec_t b);

/** To exactly `scale` fractional digits. */
apr_status_t amzx_dec_round(amzx_dec_t *out, amzx_dec_t d, int scale,
                            amzx_round_e mode);

amzx_dec_t amzx_dec_neg(amzx_dec_t d);
amzx_dec_t amzx_dec_abs(amzx_dec_t d);

/** -1, 0 or 1; compares values: 1.10 equals 1.1. Never fails. */
int amzx_dec_cmp(amzx_dec_t a, amzx_dec_t b);

/** -1, 0 or 1. */
int amzx_dec_sign(amzx_dec_t d);

/** The same value with trailing fraction zeros removed. */
amzx_dec_t amzx_dec_trim(amzx_dec_t d);

/** As int64. @return APR_ERANGE when it has a fraction or does not fit */
apr_status_t amzx_dec_to_int(apr_int64_t *out, amzx_dec_t d);

/**
 * Split `total` by `weights` so that the parts sum to it exactly, each part
 * at `scale` digits and within one unit of its quota (largest remainder, ties
 * to the earlier part). total must have at most `scale` digits; weights >= 0
 * with a positive sum, else APR_EINVAL.
 */
apr_status_t amzx_dec_allocate(amzx_dec_t *parts, amzx_dec_t total,
                               const amzx_dec_t *weights, apr_size_t count,
                               int scale);

/** The name of a mode ("half-up", ...); amzx_round_of is the inverse, -1
 * when unknown. */
const char *amzx_round_name(amzx_round_e mode);
int amzx_round_of(const char *name);

#endif
