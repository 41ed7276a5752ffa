/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_batch_private.h  The inside of a batch, for its two writers. */
#ifndef AMZX_BATCH_PRIVATE_H
#define AMZX_BATCH_PRIVATE_H

#include <apr_hash.h>

#include "amzx_batch.h"
#include "amzx_store_private.h"

typedef struct {
    amzx_run_t run;
    amzx_run_event_e ev;
    int is_held; /**< after a flush */
} amzx_batch_run_t;

typedef struct {
    int run; /**< index of its run */
    amzx_entry_t entry;
} amzx_batch_entry_t;

typedef struct {
    int run;
    amzx_intent_t intent;
} amzx_batch_intent_t;

/** What is rare: written one by one everywhere. */
typedef struct {
    int run;
    enum { AMZX_BATCH_DEAD, AMZX_BATCH_REVIEW, AMZX_BATCH_EVENT } kind;
    amzx_dead_t dead;
    amzx_review_t review;
    const char *path;
    const char *event;
    const char *body;
} amzx_batch_other_t;

struct amzx_batch_t {
    const amzx_store_t *st;
    apr_pool_t *pool;
    apr_hash_t *by_id; /**< of int, index of the run */
    apr_array_header_t *runs;
    apr_array_header_t *entries;
    apr_array_header_t *intents;
    apr_array_header_t *others;
};

amzx_batch_run_t *amzx_batch_run(const amzx_batch_t *batch, int at);

/** PostgreSQL: runs, entries and intents, each kind in one statement. */
apr_status_t amzx_batch_arrays(amzx_batch_t *batch, amzx_txn_t *txn,
                               apr_time_t now, amzx_fault_t *fault,
                               apr_pool_t *p);

#endif
