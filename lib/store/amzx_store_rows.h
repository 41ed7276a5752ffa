/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_store_rows.h  The small tables beside the runs.
 *
 * Limits, tokens, dead letters, reviews, events, polls, definitions, nodes;
 * the rules of amzx_store.h hold here too.
 */
#ifndef AMZX_STORE_ROWS_H
#define AMZX_STORE_ROWS_H

#include <apr_tables.h>

#include "amzx_crypto.h"
#include "amzx_db.h"
#include "amzx_fault.h"

/** What store functions need besides a connection. Immutable. */
typedef struct {
    const amzx_env_t *env;
    const amzx_keyring_t *ring; /**< NULL: bodies are readable at rest */
} amzx_store_t;

/* ---- limits -------------------------------------------------------------- */

/** How much of a limit is used up. */
typedef struct {
    const char *name;         /**< "tenant/connection/minute" ... */
    apr_time_t tat;           /**< GCRA: theoretical arrival time */
    apr_time_t blocked_until; /**< 0: open */
    const char *reason;       /**< why blocked */
    apr_int64_t day;          /**< days since 1970 of `used` */
    apr_int64_t used;         /**< calls that day */
    apr_int64_t remaining;    /**< as the peer said; -1 unknown */
} amzx_bucket_t;

/** Read and lock a bucket row for the transaction; made when missing. */
apr_status_t amzx_bucket_lock(amzx_bucket_t *b, amzx_txn_t *txn,
                              const char *name, amzx_fault_t *fault,
                              apr_pool_t *p);
/** Write a bucket that this transaction has locked. */
apr_status_t amzx_bucket_save(amzx_txn_t *txn, const amzx_bucket_t *b,
                              amzx_fault_t *fault, apr_pool_t *p);
/** Slots of a bucket held by others with a live lease. */
apr_status_t amzx_slot_others(apr_int64_t *held, amzx_txn_t *txn,
                              const char *bucket, const char *owner,
                              apr_time_t now, amzx_fault_t *fault,
                              apr_pool_t *p);
/** Say how many slots of a bucket an owner holds, until when. */
apr_status_t amzx_slot_set(amzx_txn_t *txn, const char *bucket,
                           const char *owner, int held, apr_time_t until,
                           amzx_fault_t *fault, apr_pool_t *p);

/* ---- tokens of connections ----------------------------------------------- */

/** What a connection is let in with, and who is refreshing it. */
typedef struct {
    const char *tenant;
    const char *connection;
    const char *access; /**< "" when none */
    apr_time_t access_until;
    const char *refresh; /**< "" when none */
    const char *refresh_prev;
    apr_time_t refreshed_at; /**< when refresh replaced refresh_prev */
    const char *seed_sha;    /**< digest of the refresh token in the file it
                                  began with: a new file begins anew */
    apr_int64_t generation;
    const char *state; /**< "ok", "reconnect" */
    const char *detail;
    const char *lock_owner;
    apr_time_t lock_until;
} amzx_token_row_t;

/** Zeroed row with generation 0 when there is none. */
apr_status_t amzx_token_get(amzx_token_row_t *row, amzx_db_t *db,
                            const amzx_store_t *st, const char *tenant,
                            const char *connection, amzx_fault_t *fault,
                            apr_pool_t *p);
/**
 * Take the refresh lock.
 * @param is_mine 0 when another holds it
 * @param row     tenant and connection say which, lock_owner wants it until
 *                lock_until; the rest is not looked at
 */
apr_status_t amzx_token_lock(int *is_mine, amzx_txn_t *txn,
                             const amzx_token_row_t *row, apr_time_t now,
                             amzx_fault_t *fault, apr_pool_t *p);
/** Write tokens, generation + 1, and drop the lock; only its holder. */
apr_status_t amzx_token_save(int *is_mine, amzx_txn_t *txn,
                             const amzx_store_t *st,
                             const amzx_token_row_t *row, const char *owner,
                             amzx_fault_t *fault, apr_pool_t *p);

/* ---- dead letters, reviews, events, cursors, definitions, nodes ---------- */

/** A run that ended badly, and what a person did about it. */
typedef struct {
    const char *id; /**< "dead_..." */
    const char *tenant;
    const char *run_id;
    const char *workflow;
    int version;
    const char *step;
    const char *code;
    const char *detail;
    apr_time_t created_at;
    apr_time_t resolved_at;
    const char *resolution; /**< "replayed", "discarded", NULL */
    const char *by;
} amzx_dead_t;

/** Insert; the same id again changes nothing. */
apr_status_t amzx_dead_put(amzx_txn_t *txn, const amzx_dead_t *dead,
                           amzx_fault_t *fault, apr_pool_t *p);
/**
 * Close the open dead letter of a run.
 * @param is_done 0 when the tenant has no open one of that run
 * @param dead    tenant and run_id say which, resolution, by and resolved_at
 *                what became of it; the rest is not looked at
 */
apr_status_t amzx_dead_resolve(int *is_done, amzx_txn_t *txn,
                               const amzx_dead_t *dead, amzx_fault_t *fault,
                               apr_pool_t *p);
/** Open ones, newest first (array of amzx_dead_t). */
apr_status_t amzx_dead_list(apr_array_header_t **out, amzx_db_t *db,
                            const char *tenant, int max, amzx_fault_t *fault,
                            apr_pool_t *p);

/** A question to a person, and the answer. */
typedef struct {
    const char *id; /**< "rev_..." */
    const char *tenant;
    const char *run_id;
    const char *path;
    const char *queue;
    const char *title;
    const char *shown;   /**< JSON list of {label, value} */
    const char *options; /**< JSON list of {name, label} */
    const char *editable; /**< JSON value or NULL */
    apr_time_t due_at;
    const char *on_timeout; /**< option name or NULL */
    const char *choice;     /**< NULL while open */
    const char *edited;     /**< JSON or NULL */
    const char *by;
    const char *note;
    apr_time_t created_at;
    apr_time_t resolved_at;
} amzx_review_t;

/** Insert; the same (run, path) again changes nothing. */
apr_status_t amzx_review_put(amzx_txn_t *txn, const amzx_store_t *st,
                             const amzx_review_t *review, amzx_fault_t *fault,
                             apr_pool_t *p);
/**
 * Decide an open review.
 * @param is_done  0 when it is not open
 * @param decision tenant and id say which, choice (never NULL), edited, by,
 *                 note and resolved_at are written; the rest is not looked at
 */
apr_status_t amzx_review_decide(int *is_done, amzx_txn_t *txn,
                                const amzx_store_t *st,
                                const amzx_review_t *decision,
                                amzx_fault_t *fault, apr_pool_t *p);
/** By its id; *review NULL when the tenant has none. */
apr_status_t amzx_review_get(amzx_review_t **review, amzx_db_t *db,
                             const amzx_store_t *st, const char *tenant,
                             const char *id, amzx_fault_t *fault,
                             apr_pool_t *p);
/** The review of a run at a path; *review NULL when there is none. */
apr_status_t amzx_review_of(amzx_review_t **review, amzx_db_t *db,
                            const amzx_store_t *st, const char *run_id,
                            const char *path, amzx_fault_t *fault,
                            apr_pool_t *p);
/** Open ones, oldest first. */
apr_status_t amzx_review_list(apr_array_header_t **out, amzx_db_t *db,
                              const amzx_store_t *st, const char *tenant,
                              int max, amzx_fault_t *fault, apr_pool_t *p);

/** What a run tells others. */
typedef struct {
    const char *tenant;
    const char *run_id;
    const char *path; /**< of the step that says it */
    const char *name; /**< "order.booked" ... */
    const char *body; /**< JSON */
    apr_time_t created_at;
} amzx_outgoing_t;

/** Insert an outgoing event; unique by (run, path), so a replay emits once. */
apr_status_t amzx_event_put(amzx_txn_t *txn, const amzx_store_t *st,
                            const amzx_outgoing_t *event,
                            amzx_fault_t *fault, apr_pool_t *p);

/** How far the poll of a trigger has come, and who does it now. */
typedef struct {
    const char *tenant;
    const char *workflow;
    const char *trigger;
    const char *value; /**< the cursor; NULL at first */
    apr_time_t due_at; /**< next poll */
    const char *owner;
    apr_time_t lease_until;
} amzx_cursor_t;

/**
 * Take the poll of a trigger when it is due and free; made when missing.
 * @param is_mine 1 when it was taken
 * @param cursor  in: tenant, workflow, trigger, and the owner that wants it
 *                until lease_until; out: value and due_at, NULL and 0 when it
 *                was not taken
 */
apr_status_t amzx_cursor_take(int *is_mine, amzx_cursor_t *cursor,
                              amzx_txn_t *txn, apr_time_t now,
                              amzx_fault_t *fault, apr_pool_t *p);
/** Write value and next due time and let go; only its holder. */
apr_status_t amzx_cursor_save(int *is_mine, amzx_txn_t *txn,
                              const amzx_cursor_t *cursor, const char *owner,
                              amzx_fault_t *fault, apr_pool_t *p);

/** Store a definition; APR_EEXIST (`config.version_changed`) when the same
 *  (name, version) has another sha. */
apr_status_t amzx_definition_put(amzx_txn_t *txn, const char *name,
                                 int version, const char *sha,
                                 const char *text, apr_time_t now,
                                 amzx_fault_t *fault, apr_pool_t *p);
/** *text NULL when unknown. */
apr_status_t amzx_definition_get(const char **text, amzx_db_t *db,
                                 const char *name, const char *sha,
                                 amzx_fault_t *fault, apr_pool_t *p);

/** Heartbeat of an engine. */
apr_status_t amzx_node_beat(amzx_txn_t *txn, const char *owner,
                            const char *host, apr_int64_t pid,
                            apr_time_t started_at, apr_time_t now,
                            amzx_fault_t *fault, apr_pool_t *p);
/** An engine. */
typedef struct {
    const char *owner;
    const char *host;
    apr_int64_t pid;
} amzx_node_t;

/** The engines of a host that said hello and not yet good-bye. */
apr_status_t amzx_node_list(apr_array_header_t **nodes, amzx_txn_t *txn,
                            const char *host, amzx_fault_t *fault,
                            apr_pool_t *p);
/** Good-bye: what it held besides runs (token locks, polls, slots) is free
 *  again. Only for a node that has ended. */
apr_status_t amzx_node_forget(amzx_txn_t *txn, const char *owner,
                              apr_time_t now, amzx_fault_t *fault,
                              apr_pool_t *p);
/** The latest heartbeat of any engine; 0 when none. */
apr_status_t amzx_node_latest(apr_time_t *beat_at, amzx_db_t *db,
                              amzx_fault_t *fault, apr_pool_t *p);

#endif
