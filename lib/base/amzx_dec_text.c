/* SPDX-License-Identifier: Apache-2.0 */
/* Decimals from text and to text. */
#include "amzx_dec.h"

#include <string.h>

#include "amzx_dec_wide.h"

/* Exponents beyond this are all the same: out of range. */
#define EXP_CAP 100000

/* The pieces of a number while it is read. */
typedef struct {
    u128 coef;     /* the digits up to the last one that is not zero */
    long digits;   /* how many, without leading zeros */
    long zeros;    /* zeros behind them, not yet in coef */
    long fraction; /* digits after the point */
    int is_long;   /* more than 38 digits that count */
} reading_t;

static void take_digit(reading_t *r, unsigned digit)
{
    if (digit == 0) {
        r->zeros += r->digits > 0;
        return;
    }
    r->digits += r->zeros + 1;
    if (r->digits > DEC_DIGITS) {
        r->is_long = 1;
        return;
    }
    r->coef = r->coef * amzx_pow10[r->zeros + 1] + digit;
    r->zeros = 0;
}

/* Bring coef * 10^(zeros + exp - fraction) to a scale from 0 to 38, keeping
 * the zeros that were written as long as there is room for them. */
static apr_status_t normalise(amzx_dec_t *out, const reading_t *r, long exp,
                              int is_negative)
{
    long power = r->zeros + exp - r->fraction; /* of coef */
    long zeros = r->zeros;

    if (r->coef == 0) {
        long scale = r->fraction - exp;

        out->scale = scale < 0            ? 0
                     : scale > DEC_DIGITS ? DEC_DIGITS
                                          : (int)scale;
        return APR_SUCCESS;
    }
    if (r->is_long || power < -DEC_DIGITS) {
        return APR_ERANGE;
    }
    if (power - zeros > 0) {
        zeros = power; /* 1.5e3 is 1500 */
    }
    if (zeros > DEC_DIGITS - r->digits) {
        zeros = DEC_DIGITS - r->digits;
    }
    if (zeros - power > DEC_DIGITS) {
        zeros = power + DEC_DIGITS;
    }
    if (zeros < power || zeros < 0) {
        return APR_ERANGE;
    }
    out->coef = (__int128)(r->coef * amzx_pow10[zeros]);
    if (is_negative) {
        out->coef = -out->coef;
    }
    out->scale = (int)(zeros - power);
    return APR_SUCCESS;
}

/* Exponent at s; the text ends at end. @return 0 when it is not one */
static int take_exponent(long *exp, const char *s, const char *end)
{
    int is_negative = 0;

    *exp = 0;
    if (s < end && (*s == '+' || *s == '-')) {
        is_negative = *s++ == '-';
    }
    if (s == end) {
        return 0;
    }
    for (; s < end; s++) {
        unsigned digit = (unsigned)(unsigned char)*s - '0';

        if (digit > 9) {
            return 0;
        }
        if (*exp < EXP_CAP) {
            *exp = *exp * 10 + (long)digit;
        }
    }
    if (is_negative) {
        *exp = -*exp;
    }
    return 1;
}

/* Any number; s stands behind the sign. */
static apr_status_t parse_slow(amzx_dec_t *out, const char *s,
                               const char *end, int is_negative)
{
    reading_t r = {0, 0, 0, 0, 0};
    const char *start = s;
    long exp = 0;

    while (s < end && *s >= '0' && *s <= '9') {
        take_digit(&r, (unsigned)(*s++ - '0'));
    }
    if (s == start || (*start == '0' && s - start > 1)) {
        return APR_EINVAL;
    }
    if (s < end && *s == '.') {
        start = ++s;
        while (s < end && *s >= '0' && *s <= '9') {
            take_digit(&r, (unsigned)(*s++ - '0'));
        }
        r.fraction = (long)(s - start);
        if (r.fraction == 0) {
            return APR_EINVAL;
        }
    }
    if (s < end && (*s == 'e' || *s == 'E')) {
        if (!take_exponent(&exp, s + 1, end)) {
            return APR_EINVAL;
        }
        s = end;
    }
    return s == end ? normalise(out, &r, exp, is_negative) : APR_EINVAL;
}

apr_status_t amzx_dec_parse(amzx_dec_t *out, const char *text, apr_size_t len)
{
    const char *end = text + len;
    const char *point = NULL;
    apr_uint64_t n = 0;
    const char *s = text;
    int is_negative = 0;
    const char *start;

    out->coef = 0;
    out->scale = 0;
    if (len > 0 && *s == '-') {
        is_negative = 1;
        s++;
    }
    start = s;
    if (end - s > 19) {
        return parse_slow(out, s, end, is_negative);
    }
    /* Up to 18 digits and a point: what prices look like. */
    for (; s < end; s++) {
        unsigned digit = (unsigned)(unsigned char)*s - '0';

        if (digit <= 9) {
            n = n * 10 + digit;
        }
        else if (*s == '.' && point == NULL) {
            point = s;
        }
        else {
            return parse_slow(out, start, end, is_negative);
        }
    }
    if (start == end || point == start || point == end - 1
        || (*start == '0' && end - start > 1 && start[1] != '.')) {
        return APR_EINVAL;
    }
    if (n > INT64_MAX) {
        return parse_slow(out, start, end, is_negative);
    }
    out->coef = is_negative ? -(apr_int64_t)n : (apr_int64_t)n;
    out->scale = point != NULL ? (int)(end - point) - 1 : 0;
    return APR_SUCCESS;
}

/* Digits of n, right-aligned before end. @return where they start */
static char *digits_before(char *end, apr_uint64_t n)
{
    do {
        *--end = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    return end;
}

apr_size_t amzx_dec_text(char out[AMZX_DEC_TEXT], amzx_dec_t d)
{
    char digits[64];
    char *end = digits + sizeof(digits);
    u128 n = d.coef < 0 ? (u128)0 - (u128)d.coef : (u128)d.coef;
    char *s = end;
    char *o = out;
    apr_size_t whole;

    while (n > UINT64_MAX) {
        char *low = s - 19;

        s = digits_before(s, (apr_uint64_t)(n % amzx_pow10[19]));
        while (s > low) {
            *--s = '0';
        }
        n /= amzx_pow10[19];
    }
    if (n > 0 || s == end) {
        s = digits_before(s, (apr_uint64_t)n);
    }
    while (end - s <= d.scale) {
        *--s = '0'; /* "0.05" has a digit before the point */
    }
    if (d.coef < 0) {
        *o++ = '-';
    }
    whole = (apr_size_t)(end - s) - (apr_size_t)d.scale;
    memcpy(o, s, whole);
    o += whole;
    if (d.scale > 0) {
        *o++ = '.';
        memcpy(o, s + whole, (apr_size_t)d.scale);
        o += d.scale;
    }
    *o = '\0';
    return (apr_size_t)(o - out);
}

apr_size_t amzx_dec_text_canon(char out[AMZX_DEC_TEXT], amzx_dec_t d)
{
    return amzx_dec_text(out, amzx_dec_trim(d));
}
