/* SPDX-License-Identifier: Apache-2.0 */
/* similarity(): Jaro-Winkler over normalised names, in whole numbers. */
#include "amzx_expr_int.h"

#include <string.h>

/* Longer names are compared by so many characters. */
#define NAME_POINTS 256

/* Characters at the start that count extra. */
#define PREFIX_MAX 4

typedef struct {
    apr_uint32_t point[NAME_POINTS];
    unsigned char is_used[NAME_POINTS];
    int len;
} name_t;

/* Small letters without accents and digits; runs of others are one blank. */
static void normalise(name_t *out, const char *s, apr_size_t len)
{
    const char *end = s + len;
    int is_gap = 0;

    out->len = 0;
    while (s < end && out->len < NAME_POINTS - 1) {
        apr_uint32_t point = amzx_ex_point(&s);

        if (!amzx_ex_is_wordy(point)) {
            is_gap = out->len > 0;
            continue;
        }
        if (is_gap) {
            out->point[out->len++] = ' ';
            is_gap = 0;
        }
        out->point[out->len++] = amzx_ex_base_letter(amzx_ex_lower(point));
    }
    memset(out->is_used, 0, sizeof out->is_used);
}

/* Characters that agree within half the longer name. */
static int matching(name_t *a, name_t *b)
{
    int reach = (a->len > b->len ? a->len : b->len) / 2 - 1;
    int found = 0;
    int i, k;

    reach = reach < 0 ? 0 : reach;
    for (i = 0; i < a->len; ++i) {
        int last = i + reach < b->len - 1 ? i + reach : b->len - 1;

        for (k = i > reach ? i - reach : 0; k <= last; ++k) {
            if (!b->is_used[k] && a->point[i] == b->point[k]) {
                a->is_used[i] = b->is_used[k] = 1;
                ++found;
                break;
            }
        }
    }
    return found;
}

/* Agreeing characters that stand in another order. */
static int out_of_order(const name_t *a, const name_t *b)
{
    int count = 0;
    int i, k = 0;

    for (i = 0; i < a->len; ++i) {
        if (!a->is_used[i]) {
            continue;
        }
        while (!b->is_used[k]) {
            ++k;
        }
        count += a->point[i] != b->point[k];
        ++k;
    }
    return count;
}

/* In ten-thousandths, rounded half up. All terms stay below 2^63. */
static apr_int64_t jaro_winkler(name_t *a, name_t *b)
{
    apr_int64_t m, num, den, la = a->len, lb = b->len;
    int prefix = 0;

    if (a->len == b->len
        && memcmp(a->point, b->point,
                  (apr_size_t)a->len * sizeof *a->point) == 0) {
        return 10000;
    }
    m = matching(a, b);
    if (m == 0) {
        return 0;
    }
    /* (m/la + m/lb + (m - t)/m) / 3 with t half of those out of order */
    num = 2 * m * m * (la + lb) + (2 * m - out_of_order(a, b)) * la * lb;
    den = 6 * m * la * lb;
    while (prefix < PREFIX_MAX && prefix < a->len && prefix < b->len
           && a->point[prefix] == b->point[prefix]) {
        ++prefix;
    }
    num = 10 * num + prefix * (den - num);
    den *= 10;
    return (num * 20000 + den) / (2 * den);
}

AMZX_EX_FUNC(similarity)
{
    apr_size_t a_len, b_len;
    const char *a = amzx_ex_as_text(&a_len, c, call->kid[0], argv[0]);
    const char *b = a ? amzx_ex_as_text(&b_len, c, call->kid[1], argv[1])
                      : NULL;
    name_t left, right;

    if (!b) {
        return NULL;
    }
    normalise(&left, a, a_len);
    normalise(&right, b, b_len);
    if (left.len == 0 || right.len == 0) {
        return amzx_ex_num(c, amzx_dec_scaled(0, 4));
    }
    if (!amzx_ex_burn(c, call, 8 + (a_len + b_len) / 64
                      + (apr_size_t)left.len * (apr_size_t)right.len / 32)) {
        return NULL;
    }
    return amzx_ex_num(c, amzx_dec_scaled(jaro_winkler(&left, &right), 4));
}
