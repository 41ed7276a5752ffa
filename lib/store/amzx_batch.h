/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_batch.h  Everything a tick of the engine did, written at once.
 *
 * Collect what happened to many runs, then flush it in one transaction: a
 * loop on SQLite, a few statements over arrays on PostgreSQL, where round
 * trips would dominate. The fence is part of it: what belongs to a run whose
 * lease was lost is left out.
 */
#ifndef AMZX_BATCH_H
#define AMZX_BATCH_H

#include "amzx_store.h"

typedef struct amzx_batch_t amzx_batch_t;

/**
 * An empty batch. Structures given to it are copied, the texts they point to
 * are not: these live until the flush.
 */
amzx_batch_t *amzx_batch_make(const amzx_store_t *st, apr_pool_t *p);

/**
 * Save a claimed run, as amzx_run_save. A run may come several times while
 * it stays running (AMZX_EVENTS); the last call decides.
 */
void amzx_batch_save(amzx_batch_t *batch, const amzx_run_t *run,
                     amzx_run_event_e ev);

/* What goes with a run. When the batch has no save of that run yet, one that
 * stays running is added: nothing is written without the fence. */
void amzx_batch_entry(amzx_batch_t *batch, const amzx_run_t *run,
                      const amzx_entry_t *entry);
/** The same key again replaces the earlier one. */
void amzx_batch_intent(amzx_batch_t *batch, const amzx_run_t *run,
                       const amzx_intent_t *intent);
void amzx_batch_dead(amzx_batch_t *batch, const amzx_run_t *run,
                     const amzx_dead_t *dead);
void amzx_batch_review(amzx_batch_t *batch, const amzx_run_t *run,
                       const amzx_review_t *review);
/** An outgoing event, unique by (run, path). */
void amzx_batch_event(amzx_batch_t *batch, const amzx_run_t *run,
                      const char *path, const char *event, const char *body);

/** Runs in the batch: 0 means there is nothing to flush. */
int amzx_batch_count(const amzx_batch_t *batch);

/**
 * Write everything inside txn. May be called again on a new transaction when
 * that one failed. The caller commits.
 */
apr_status_t amzx_batch_flush(amzx_batch_t *batch, amzx_txn_t *txn,
                              apr_time_t now, amzx_fault_t *fault,
                              apr_pool_t *p);

/**
 * After a flush: was the lease still ours? Counts only once the transaction
 * has committed.
 * @return 1 held, 0 lost: drop the run; -1 not in this batch
 */
int amzx_batch_is_held(const amzx_batch_t *batch, const char *run_id);

#endif
