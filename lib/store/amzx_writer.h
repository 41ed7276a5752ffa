/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_writer.h  Group commit for web children: one thread, one
 * connection, many small writes in one transaction, no linger.
 */
#ifndef AMZX_WRITER_H
#define AMZX_WRITER_H

#include "amzx_db.h"
#include "amzx_store.h"

typedef struct amzx_writer_t amzx_writer_t;

/**
 * One piece of work inside the group's transaction. It may run more than
 * once (a group that fails is repeated one by one), so it must only write
 * through txn and set its outputs each time.
 * @thread{writer}
 */
typedef apr_status_t amzx_write_fn(void *data, amzx_txn_t *txn,
                                   const amzx_store_t *st,
                                   amzx_fault_t *fault, apr_pool_t *p);

/** What a writer may hold back. */
typedef struct {
    int max_queue; /**< waiting jobs; 0: 4096. Beyond: APR_EBUSY at once */
    int max_group; /**< jobs in one transaction; 0: 128 */
    /** Called after a commit with at least one success, e.g. to wake the
     *  engine. May be NULL. */
    void (*committed)(void *ctx);
    void *ctx;
} amzx_writer_options_t;

/**
 * Start the thread. It opens its own connection and reconnects by itself.
 * A pre-cleanup on p stops and joins it; queued jobs are finished first.
 */
apr_status_t amzx_writer_start(amzx_writer_t **writer, const char *dsn,
                               const amzx_store_t *st,
                               const amzx_writer_options_t *options,
                               amzx_fault_t *fault, apr_pool_t *p);

/**
 * Run fn in the next group and wait until it is durable.
 *
 * @return APR_SUCCESS only after COMMIT; APR_EBUSY (`limit.queue`) when the
 *         queue is full; else the job's or the database's failure
 * @thread{any but the writer}
 */
apr_status_t amzx_writer_run(amzx_writer_t *writer, amzx_write_fn *fn,
                             void *data, amzx_fault_t *fault, apr_pool_t *p);

/** How many jobs wait now: a gauge for the monitor. */
int amzx_writer_waiting(amzx_writer_t *writer);

/** Stop taking jobs, finish the queue, join. Safe to call twice. */
void amzx_writer_stop(amzx_writer_t *writer);

#endif
