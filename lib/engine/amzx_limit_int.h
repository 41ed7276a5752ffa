/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_limit_int.h  The state behind amzx_limit.h, for its own files.
 *
 * A bucket row holds what all engines share: rate, day budget, block. It is
 * locked at most once in a transaction and written with each permit. What
 * answers teach (blocks, budgets) waits in memory for the next flush; blocks
 * count here at once. A row seen before may only refuse more than it did:
 * refusals from memory need no database.
 */
#ifndef AMZX_LIMIT_INT_H
#define AMZX_LIMIT_INT_H

#include <apr_hash.h>

#include "amzx_breaker.h"
#include "amzx_limit.h"

#define AMZX_LIMIT_DAY_US apr_time_from_sec(86400)

/* A bucket row and what must be merged into it. */
typedef struct {
    amzx_bucket_t row;
    int is_known;  /* row is as it once was in the database */
    int is_locked; /* row is as it is in this transaction */
    int is_dirty;
    int is_merged;  /* what is below is in the locked row ... */
    int is_flushed; /* ... and the row is written, in this transaction */
    apr_time_t block_until;
    const char *block_reason;
    apr_interval_time_t empty_us; /* the peer says nothing is left: rate... */
    int empty_burst;              /* ... and burst of the bucket */
    apr_int64_t remaining;        /* -1: nothing to correct */
} amzx_limit_cell_t;

typedef struct amzx_limit_state_t amzx_limit_state_t;

/* Of a connection, or of one limit class of it (then only cell, interval). */
struct amzx_limit_state_t {
    amzx_limit_state_t *next; /* of those that txn_end must look at */
    int is_busy;
    amzx_limit_cell_t cell;
    int is_conn;
    apr_interval_time_t interval_us; /* learned; 0: none */
    amzx_breaker_t breaker;
    int has_slots; /* the connection bounds calls in flight */
    int held;      /* calls in flight, with those of this transaction */
    int pending;   /* of this transaction */
    int is_probing; /* the probe is of this transaction */
    int slots_dirty;
    int slots_flushed;
    apr_time_t renew_at; /* of the slot lease; 0: no row */
    int others;          /* slots of others ... */
    int has_others;      /* ... as read in this transaction */
};

struct amzx_limits_t {
    const amzx_env_t *env;
    const char *owner;
    apr_pool_t *pool;
    apr_pool_t *txn_pool;
    apr_hash_t *states;
    amzx_limit_state_t *busy;
    int is_dirty;
    apr_time_t renew_at; /* the first lease to renew; 0: none */
};

/** What a peer calls its limits, "minute" to "other". */
#define AMZX_LIMIT_PROBLEMS 6
typedef struct {
    const char *problem;
    const char *why;                /**< as amzx_limits_take says it */
    apr_interval_time_t default_us; /**< without Retry-After; 0: 1 to 5 s */
} amzx_limit_problem_t;
extern const amzx_limit_problem_t amzx_limit_problems[AMZX_LIMIT_PROBLEMS];
/** The index of a problem; of "other" when it is unknown. */
int amzx_limit_problem(const char *problem);

/** The state of a connection, or of a limit class of it; made when new. */
amzx_limit_state_t *amzx_limit_state(amzx_limits_t *l,
                                     const amzx_conn_t *conn,
                                     const char *klass);
/** Do calls of the connection share limits among the fleet? */
int amzx_limit_has_conn(const amzx_conn_t *conn);
/** Has the operation a rate of its own? */
int amzx_limit_has_op(const amzx_conn_t *conn, const amzx_op_t *op);
/** The limit class of an operation. */
const char *amzx_limit_class(const amzx_op_t *op);

/** The end of the transaction must look at it. */
void amzx_limit_busy(amzx_limits_t *l, amzx_limit_state_t *s);
/** Lock a row once in a transaction and merge what answers taught. */
apr_status_t amzx_limit_lock(amzx_limits_t *l, amzx_limit_state_t *s,
                             amzx_txn_t *txn, apr_time_t now,
                             amzx_fault_t *fault);
/** Write a locked row. */
apr_status_t amzx_limit_save(amzx_limits_t *l, amzx_limit_state_t *s,
                             amzx_txn_t *txn, amzx_fault_t *fault);
/** Write how many calls are in flight, with a new lease. */
apr_status_t amzx_limit_save_slots(amzx_limits_t *l, amzx_limit_state_t *c,
                                   amzx_txn_t *txn, apr_time_t now,
                                   amzx_fault_t *fault);

#endif
