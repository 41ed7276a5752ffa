/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_counter.h  Counters and gauges in memory that processes share.
 *
 *     block: | header | slot 0: cell, cell, ... | slot 1: ... | ...
 *
 * The host gives the memory (shared, so that numbers survive the process that
 * counted) and each process or thread counts in a slot of its own; slots sit
 * on cache lines of their own. A scrape sums over the slots. Counting is one
 * atomic addition without a lock. The block holds no pointer, so processes
 * may map it anywhere. amzx_counter.def is the catalogue.
 */
#ifndef AMZX_COUNTER_H
#define AMZX_COUNTER_H

#include <apr_errno.h>

#include "amzx_env.h"
#include "amzx_str.h"

typedef enum {
#define X(symbol, kind, family, labels, help) AMZX_COUNTER_##symbol,
#include "amzx_counter.def"
#undef X
    AMZX_COUNTERS
} amzx_counter_e;

/** What is known about a counter. */
typedef struct {
    const char *family; /**< "amzxero_inbox_received_total" */
    const char *labels; /**< "result=\"new\"" or "" */
    const char *help;
    int is_gauge; /**< may fall; else it only grows */
} amzx_counter_info_t;

/** A place to count: a block and one of its slots. */
typedef struct amzx_counters_t amzx_counters_t;
struct amzx_counters_t {
    void *block;
    unsigned slot;
};

/** Bytes of a block with that many slots. */
apr_size_t amzx_counter_size(unsigned slots);

/**
 * Prepare memory, aligned to 64 bytes, for that many slots: all zero. Once,
 * before anybody counts. @return APR_ENOSPC when it is too small, APR_EINVAL
 * when misaligned or without slots
 */
apr_status_t amzx_counter_init(void *block, apr_size_t size, unsigned slots);

/**
 * A place in a prepared block; a slot beyond its end shares one within. Put
 * it into env->counters.
 * @return APR_EINVAL when the block was made by another version
 */
apr_status_t amzx_counter_attach(amzx_counters_t *at, void *block,
                                 unsigned slot);

/** Set a slot's gauges to zero: for a process that takes over a slot. */
void amzx_counter_reset_gauges(const amzx_counters_t *at);

/** Add n; a gauge may go down. Nothing happens without env->counters. */
void amzx_counter_add(const amzx_env_t *env, amzx_counter_e id,
                      apr_int64_t n);

/** Set this slot's share of a gauge. */
void amzx_counter_set(const amzx_env_t *env, amzx_counter_e id,
                      apr_int64_t n);

/** The sum over all slots; 0 without a block. */
apr_int64_t amzx_counter_sum(const amzx_counters_t *at, amzx_counter_e id);

/** The catalogue entry; NULL for an id outside of it. */
const amzx_counter_info_t *amzx_counter_info(amzx_counter_e id);

/** All sums in the Prometheus text format 0.0.4. */
void amzx_counter_text(amzx_buf_t *out, const amzx_counters_t *at);

#endif
