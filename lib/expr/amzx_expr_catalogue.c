/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue of functions: what the parser, linter and docs ask. */
#include "amzx_expr_int.h"

#include <string.h>

/* Longest name of a function, and the farthest name worth proposing. */
#define NAME_MAX_LEN 24
#define FAR 3

static const amzx_func_t catalogue[] = {
#define X(name, code, args, result, min, max, method, lambda, ratio, doc) \
    {name, args, result, doc, min, (max) >= AMZX_EX_ARGS ? -1 : (max), method},
#include "amzx_expr_func.def"
#undef X
    {NULL, NULL, NULL, NULL, 0, 0, 0}};

static const amzx_fdef_t definition[] = {
#define X(name, code, args, result, min, max, method, lambda, ratio, doc) \
    {amzx_fn_##code, AMZX_LAMBDA_##lambda, ratio},
#include "amzx_expr_func.def"
#undef X
};

const amzx_func_t *amzx_expr_functions(void)
{
    return catalogue;
}

int amzx_ex_func(const char *name, apr_size_t len)
{
    int i;

    for (i = 0; catalogue[i].name; ++i) {
        if (strncmp(catalogue[i].name, name, len) == 0
            && catalogue[i].name[len] == '\0') {
            return i;
        }
    }
    return -1;
}

const amzx_fdef_t *amzx_ex_fdef(int func)
{
    return &definition[func];
}

static char ascii_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* Edit distance, swapped neighbours counting one, case ignored. */
static int distance(const char *a, apr_size_t a_len, const char *b,
                    apr_size_t b_len)
{
    int row[3][NAME_MAX_LEN + 1];
    apr_size_t i, j;

    for (j = 0; j <= b_len; ++j) {
        row[0][j] = (int)j;
    }
    for (i = 1; i <= a_len; ++i) {
        int *now = row[i % 3];
        const int *up = row[(i - 1) % 3];

        now[0] = (int)i;
        for (j = 1; j <= b_len; ++j) {
            char x = ascii_lower(a[i - 1]);
            char y = ascii_lower(b[j - 1]);
            int best = up[j - 1] + (x != y);

            if (up[j] + 1 < best) {
                best = up[j] + 1;
            }
            if (now[j - 1] + 1 < best) {
                best = now[j - 1] + 1;
            }
            if (i > 1 && j > 1 && x == ascii_lower(b[j - 2])
                && y == ascii_lower(a[i - 2])
                && row[(i - 2) % 3][j - 2] + 1 < best) {
                best = row[(i - 2) % 3][j - 2] + 1;
            }
            now[j] = best;
        }
    }
    return row[a_len % 3][b_len];
}

const char *amzx_ex_nearest(const char *name, apr_size_t len)
{
    const char *best = NULL;
    int best_far = FAR;
    int i;

    if (len < 2 || len > NAME_MAX_LEN) {
        return NULL;
    }
    for (i = 0; catalogue[i].name; ++i) {
        apr_size_t other = strlen(catalogue[i].name);
        int far = distance(name, len, catalogue[i].name, other);

        /* a short name may differ in less */
        if (far < best_far && far * 2 < (int)(len > other ? len : other)) {
            best_far = far;
            best = catalogue[i].name;
        }
    }
    return best;
}
