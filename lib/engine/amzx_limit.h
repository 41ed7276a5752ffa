/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_limit.h  Rate limits of connections, shared by the fleet.
 *
 * The engine collects the calls it wants to make during a tick, asks once per
 * connection inside the tick's transaction, and parks what gets no permit. A
 * permit counts one call and holds one slot until amzx_limit_done.
 *
 * Per connection: sustained per-minute rate with burst (GCRA), calls per day,
 * calls in flight, a block until a time after a 429; per operation with its
 * own interval and burst the same without day and slots; and a circuit
 * breaker. Connections without limits cost no database work.
 */
#ifndef AMZX_LIMIT_H
#define AMZX_LIMIT_H

#include "amzx_connector.h"
#include "amzx_store.h"

typedef struct amzx_limits_t amzx_limits_t;

/** One per engine. owner is the engine's lease owner. @thread{engine loop} */
amzx_limits_t *amzx_limits_make(const amzx_env_t *env, const char *owner,
                                apr_pool_t *p);

/** A call that wants to start. */
typedef struct {
    const amzx_conn_t *conn; /**< NULL: it needs none, and may */
    const amzx_op_t *op;
    int priority; /**< below 0: 10 % of the day's budget is not for it */
    apr_time_t now;
} amzx_limit_ask_t;

/**
 * May this call start now?
 *
 * Reserves within the transaction: rolled back with it (the in-memory slot
 * count too: call amzx_limits_txn_end afterwards with the outcome).
 *
 * @param at      0: yes. Else the time when to ask again (never past)
 * @param why     "limit.minute", "limit.day", "limit.concurrent",
 *                "limit.operation", "limit.blocked.<problem>",
 *                "limit.breaker"; static text
 */
apr_status_t amzx_limits_take(apr_time_t *at, const char **why,
                              amzx_limits_t *l, amzx_txn_t *txn,
                              const amzx_limit_ask_t *ask,
                              amzx_fault_t *fault);

/** The transaction ended: keep (committed) or undo the reservations. */
void amzx_limits_txn_end(amzx_limits_t *l, int is_committed);

/**
 * A call ended: frees its slot, feeds breaker and corrections. What must be
 * shared (blocks, day budget) is written by the next amzx_limits_flush.
 *
 * @param hint what the answer said; NULL without an answer
 * @param is_failure network failure, time-out or 5xx
 */
void amzx_limits_done(amzx_limits_t *l, const amzx_conn_t *conn,
                      const amzx_op_t *op, const amzx_limit_hint_t *hint,
                      int is_failure, apr_time_t now);

/** Write what other nodes must know, renew slot leases; cheap when clean. */
apr_status_t amzx_limits_flush(amzx_limits_t *l, amzx_txn_t *txn,
                               apr_time_t now, amzx_fault_t *fault);
/** Is there anything to flush at this time? */
int amzx_limits_is_dirty(const amzx_limits_t *l, apr_time_t now);

#endif
