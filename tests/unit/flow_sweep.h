/* SPDX-License-Identifier: Apache-2.0 */
/** @file flow_sweep.h  What a run asked and wrote; and runs cut anywhere. */
#ifndef FLOW_SWEEP_H
#define FLOW_SWEEP_H

#include "flow_host.h"

static const char *host_row(const amzx_entry_t *e, apr_pool_t *p)
{
    return apr_psprintf(p, "%d %s %s %" APR_TIME_T_FMT " %s %s %s",
                        (int)e->seq, e->path, e->kind, e->at,
                        e->trail ? e->trail : "-", e->hash ? e->hash : "-",
                        e->data ? e->data : "-");
}

/** The journal as text, for messages. */
__attribute__((unused)) static const char *host_journal(const host_t *h)
{
    amzx_buf_t b;
    int i;

    amzx_buf_init(&b, 4096, h->p);
    for (i = 0; i < h->journal->nelts; i++) {
        amzx_buf_puts(&b, host_row(&APR_ARRAY_IDX(h->journal, i,
                                                  amzx_entry_t), h->p));
        amzx_buf_putc(&b, '\n');
    }
    return b.s;
}

/** How many asks begin so, e.g. "CALL book/posted"? */
__attribute__((unused)) static int host_count(const host_t *h,
                                              const char *begin)
{
    int i, n = 0;

    for (i = 0; i < h->asks->nelts; i++) {
        const char *ask = strchr(APR_ARRAY_IDX(h->asks, i, char *), ' ') + 1;

        n += strncmp(ask, begin, strlen(begin)) == 0;
    }
    return n;
}

/** The text of the n-th ask that begins so; NULL. */
__attribute__((unused)) static const char *host_asked(const host_t *h,
                                                      const char *begin)
{
    int i;

    for (i = 0; i < h->asks->nelts; i++) {
        const char *ask = strchr(APR_ARRAY_IDX(h->asks, i, char *), ' ') + 1;

        if (strncmp(ask, begin, strlen(begin)) == 0) {
            return ask;
        }
    }
    return NULL;
}

/** The entries of a kind. */
__attribute__((unused)) static int host_rows(const host_t *h,
                                             const char *kind)
{
    int i, n = 0;

    for (i = 0; i < h->journal->nelts; i++) {
        n += strcmp(APR_ARRAY_IDX(h->journal, i, amzx_entry_t).kind, kind)
             == 0;
    }
    return n;
}

/* Begin again from the first `keep` rows; the rest must come out alike. */
static void host_cut(const host_t *whole, int keep)
{
    apr_pool_t *p;
    host_t *h;
    int i, from = 0;

    apr_pool_create(&p, whole->p);
    h = apr_pmemdup(p, whole, sizeof(*h));
    h->p = p;
    h->env.ctx = h;
    h->journal = apr_array_copy(p, whole->journal);
    h->journal->nelts = keep;
    h->asks = apr_array_make(p, 32, sizeof(char *));
    amzx_time_parse(&h->clock, HOST_START);
    host_run(h);
    assert_int_equal(h->journal->nelts, whole->journal->nelts);
    for (i = 0; i < h->journal->nelts; i++) {
        assert_string_equal(
            host_row(&APR_ARRAY_IDX(h->journal, i, amzx_entry_t), p),
            host_row(&APR_ARRAY_IDX(whole->journal, i, amzx_entry_t), p));
    }
    while (from < whole->asks->nelts
           && strtol(APR_ARRAY_IDX(whole->asks, from, char *), NULL, 10)
                  < keep) {
        from++;
    }
    for (i = 0; i < h->asks->nelts; i++) {
        assert_true(from + i < whole->asks->nelts);
        assert_string_equal(APR_ARRAY_IDX(h->asks, i, char *),
                            APR_ARRAY_IDX(whole->asks, from + i, char *));
    }
    assert_int_equal(from + i, whole->asks->nelts);
    assert_string_equal(h->outcome, whole->outcome);
    apr_pool_destroy(p);
}

/** Cut the journal at every row: each time the same asks and the same rows
 *  must follow. */
static void host_sweep(const host_t *h)
{
    int i;

    for (i = 0; i <= h->journal->nelts; i++) {
        host_cut(h, i);
    }
}

/** Run to the end and sweep. */
__attribute__((unused)) static void host_go(host_t *h)
{
    host_run(h);
    host_sweep(h);
}

/** Cut after a dead end is another life, so these sweeps leave it out. */
__attribute__((unused)) static void host_go_dead(host_t *h)
{
    int i;

    host_run(h);
    for (i = 0; i < h->journal->nelts; i++) {
        host_cut(h, i);
    }
}

#endif
