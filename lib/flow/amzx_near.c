/* SPDX-License-Identifier: Apache-2.0 */
/* The nearest name to a misspelt one. */
#include "amzx_build.h"

#include <apr_strings.h>

#include <string.h>

/* Longer names are not compared: the table below is on the stack. */
#define NEAR_MAX 48

/* Steps from a to b: insert, delete, replace, or swap two neighbours. */
static int distance(const char *a, const char *b)
{
    int row[3][NEAR_MAX + 1];
    int la = (int)strlen(a);
    int lb = (int)strlen(b);
    int *now = row[0], *last = row[1], *before = row[2];
    int i, j;

    for (j = 0; j <= lb; j++) {
        last[j] = j;
    }
    for (i = 1; i <= la; i++) {
        int *spare = before;

        now[0] = i;
        for (j = 1; j <= lb; j++) {
            int best = last[j - 1] + (a[i - 1] != b[j - 1]);

            if (last[j] + 1 < best) {
                best = last[j] + 1;
            }
            if (now[j - 1] + 1 < best) {
                best = now[j - 1] + 1;
            }
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]
                && before[j - 2] + 1 < best) {
                best = before[j - 2] + 1;
            }
            now[j] = best;
        }
        before = last;
        last = now;
        now = spare;
    }
    return last[lb];
}

void amzx_near_init(amzx_near_t *near_, const char *wanted)
{
    near_->wanted = wanted;
    near_->best = NULL;
    /* a third of the letters may be wrong, at least one, at most three */
    near_->cost = (int)(strlen(wanted) / 3) + 1;
    if (near_->cost < 2) {
        near_->cost = 2;
    }
    if (near_->cost > 4) {
        near_->cost = 4;
    }
}

void amzx_near_try(amzx_near_t *near_, const char *candidate)
{
    apr_size_t la = strlen(near_->wanted);
    apr_size_t lb = strlen(candidate);
    int d;

    if (la == 0 || la > NEAR_MAX || lb == 0 || lb > NEAR_MAX) {
        return;
    }
    d = distance(near_->wanted, candidate);
    if (d < near_->cost) {
        near_->cost = d;
        near_->best = candidate;
    }
}

const char *amzx_near_hint(const amzx_near_t *near_, apr_pool_t *p)
{
    return near_->best
               ? apr_psprintf(p, "did you mean %s?", near_->best)
               : NULL;
}
