/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz decimals. The input is two numbers and an option byte, separated by
 * spaces; whatever parses must obey the laws of arithmetic. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "amzx_dec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(int is_true)
{
    if (!is_true) {
        abort();
    }
}

static int same(amzx_dec_t a, amzx_dec_t b)
{
    return amzx_dec_cmp(a, b) == 0 && amzx_dec_cmp(b, a) == 0;
}

static void check_text(amzx_dec_t d)
{
    char text[AMZX_DEC_TEXT];
    amzx_dec_t back;
    apr_size_t len = amzx_dec_text(text, d);

    need(len < sizeof(text) && strlen(text) == len);
    need(amzx_dec_parse(&back, text, len) == APR_SUCCESS);
    need(back.coef == d.coef && back.scale == d.scale);
    len = amzx_dec_text_canon(text, d);
    need(amzx_dec_parse(&back, text, len) == APR_SUCCESS);
    need(same(back, d) && amzx_dec_trim(back).scale == back.scale);
}

static void check_sums(amzx_dec_t a, amzx_dec_t b)
{
    amzx_dec_t sum;
    amzx_dec_t other;
    amzx_dec_t back;

    if (amzx_dec_add(&sum, a, b) == APR_SUCCESS) {
        check_text(sum);
        need(amzx_dec_add(&other, b, a) == APR_SUCCESS && same(sum, other));
        need(amzx_dec_sub(&back, sum, b) == APR_SUCCESS && same(back, a));
    }
    else {
        need(amzx_dec_add(&other, b, a) == APR_ERANGE);
    }
    if (amzx_dec_mul(&sum, a, b) == APR_SUCCESS) {
        check_text(sum);
        need(amzx_dec_mul(&other, b, a) == APR_SUCCESS && same(sum, other));
        need(amzx_dec_sign(sum) == amzx_dec_sign(a) * amzx_dec_sign(b));
        if (b.coef != 0
            && amzx_dec_div_round(&back, sum, b, a.scale, AMZX_ROUND_DOWN)
                   == APR_SUCCESS) {
            need(same(back, a));
        }
    }
}

static void check_quotients(amzx_dec_t a, amzx_dec_t b, int scale)
{
    amzx_dec_t low;
    amzx_dec_t high;
    amzx_dec_t mid;
    amzx_dec_t rest;
    int mode;

    if (b.coef == 0) {
        need(amzx_dec_div(&low, a, b) == APR_EINVAL);
        need(amzx_dec_mod(&low, a, b) == APR_EINVAL);
        return;
    }
    need(amzx_dec_mod(&rest, a, b) == APR_SUCCESS);
    need(amzx_dec_cmp(amzx_dec_abs(rest), amzx_dec_abs(b)) < 0);
    need(amzx_dec_sign(rest) == 0 || amzx_dec_sign(rest) == amzx_dec_sign(a));
    if (amzx_dec_div(&mid, a, b) == APR_SUCCESS) {
        check_text(mid);
    }
    if (amzx_dec_div_round(&low, a, b, scale, AMZX_ROUND_FLOOR)
            != APR_SUCCESS
        || amzx_dec_div_round(&high, a, b, scale, AMZX_ROUND_CEILING)
               != APR_SUCCESS) {
        return;
    }
    need(high.coef - low.coef == 0 || high.coef - low.coef == 1);
    for (mode = 0; mode < 7; mode++) {
        need(amzx_dec_div_round(&mid, a, b, scale, (amzx_round_e)mode)
             == APR_SUCCESS);
        need(mid.coef == low.coef || mid.coef == high.coef);
    }
}

static void check_rounding(amzx_dec_t a, int scale)
{
    amzx_dec_t once;
    amzx_dec_t twice;
    int mode;

    for (mode = 0; mode < 7; mode++) {
        if (amzx_dec_round(&once, a, scale, (amzx_round_e)mode)
            == APR_SUCCESS) {
            need(once.scale == scale);
            need(amzx_dec_round(&twice, once, scale, (amzx_round_e)mode)
                 == APR_SUCCESS);
            need(once.coef == twice.coef);
        }
    }
}

static void check_parts(amzx_dec_t a, amzx_dec_t b)
{
    amzx_dec_t weights[3];
    amzx_dec_t parts[3];
    amzx_dec_t sum;

    weights[0] = amzx_dec_abs(b);
    weights[1] = amzx_dec_from_int(1);
    weights[2] = amzx_dec_abs(a);
    if (amzx_dec_allocate(parts, a, weights, 3, a.scale) == APR_SUCCESS) {
        need(amzx_dec_add(&sum, parts[0], parts[1]) == APR_SUCCESS);
        need(amzx_dec_add(&sum, sum, parts[2]) == APR_SUCCESS);
        need(same(sum, a));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *s = (const char *)data;
    const char *space = memchr(s, ' ', size);
    size_t first = space != NULL ? (size_t)(space - s) : size;
    amzx_dec_t a;
    amzx_dec_t b;
    int scale = size > 0 ? data[size - 1] % 39 : 0;

    if (amzx_dec_parse(&a, s, first) != APR_SUCCESS) {
        return 0;
    }
    check_text(a);
    check_rounding(a, scale);
    need(same(a, amzx_dec_trim(a)));
    if (space == NULL
        || amzx_dec_parse(&b, space + 1, size - first - 1) != APR_SUCCESS) {
        return 0;
    }
    need(amzx_dec_cmp(a, b) == -amzx_dec_cmp(b, a));
    need(amzx_dec_cmp(a, b)
         == -amzx_dec_cmp(amzx_dec_neg(a), amzx_dec_neg(b)));
    check_sums(a, b);
    check_quotients(a, b, scale);
    check_parts(a, b);
    return 0;
}
