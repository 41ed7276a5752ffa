/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_store.h  The rows of the engine and what may happen to them.
 *
 * No SQL text here or in the .c files: statements are in lib/db. Functions
 * with a txn run inside it and never commit; functions with a db read only.
 * Text that may hold buyers' data (bodies, inputs, journal data, results,
 * requests) is sealed by the keyring of the store on the way in and opened
 * on the way out: callers see plain text.
 */
#ifndef AMZX_STORE_H
#define AMZX_STORE_H

#include <apr_tables.h>

#include "amzx_crypto.h"
#include "amzx_db.h"
#include "amzx_fault.h"

/** What store functions need besides a connection. Immutable. */
typedef struct {
    const amzx_env_t *env;
    const amzx_keyring_t *ring; /**< NULL: bodies are readable at rest */
} amzx_store_t;

/* ---- inbox: deliveries as they came ------------------------------------ */

typedef struct {
    const char *id;           /**< "in_..." */
    const char *tenant;
    const char *source;       /**< "amazon.notifications", "xero", ... */
    const char *delivery;     /**< unique with tenant and source */
    const char *content_type; /**< may be NULL */
    const char *body;         /**< exact bytes, valid UTF-8, no NUL */
    apr_size_t body_len;
    const char *trace;        /**< W3C traceparent or NULL */
    apr_time_t received_at;
    const char *state;        /**< "new", "done", "refused" */
    const char *detail;       /**< why refused; how many runs */
    int copies;               /**< further deliveries of the same */
} amzx_delivery_t;

/**
 * Store a delivery; a known one only counts a copy.
 * @param is_new 1 when a row was made
 */
apr_status_t amzx_inbox_put(int *is_new, amzx_txn_t *txn,
                            const amzx_store_t *st, const amzx_delivery_t *d,
                            amzx_fault_t *fault, apr_pool_t *p);
/** The oldest deliveries in state "new", at most max (array of
 *  amzx_delivery_t). Locks them against other engines until commit. One that
 *  does not open with the keys there are is left out, and stays. */
apr_status_t amzx_inbox_take(apr_array_header_t **out, amzx_txn_t *txn,
                             const amzx_store_t *st, int max,
                             amzx_fault_t *fault, apr_pool_t *p);
/** Move a taken delivery to "done" or "refused". */
apr_status_t amzx_inbox_close(amzx_txn_t *txn, const char *id,
                              const char *state, const char *detail,
                              apr_time_t now, amzx_fault_t *fault,
                              apr_pool_t *p);
/** Newest first, without bodies; state NULL for all (amzx_delivery_t). */
apr_status_t amzx_inbox_list(apr_array_header_t **out, amzx_db_t *db,
                             const char *tenant, const char *state, int max,
                             amzx_fault_t *fault, apr_pool_t *p);
/** How many are "new", and how old the oldest is (0 when none). */
apr_status_t amzx_inbox_backlog(apr_int64_t *count, apr_time_t *oldest,
                                amzx_db_t *db, amzx_fault_t *fault,
                                apr_pool_t *p);

/* ---- run: instance and queue entry ------------------------------------- */

typedef enum {
    AMZX_RUN_READY = 0, /**< "ready": due now or at due_at */
    AMZX_RUN_RUNNING,   /**< "running": leased */
    AMZX_RUN_WAITING,   /**< "waiting": retry, limit or timer; due_at */
    AMZX_RUN_REVIEW,    /**< "review": a person decides, or due_at passes */
    AMZX_RUN_PARKED,    /**< "parked": configuration or reconnect needed */
    AMZX_RUN_DONE,      /**< "done" (outcome "done" or "skipped") */
    AMZX_RUN_DEAD,      /**< "dead": in the dead letters */
    AMZX_RUN_CANCELLED, /**< "cancelled" by a person */
    AMZX_RUN_STATES
} amzx_run_state_e;

typedef enum {
    AMZX_EV_CLAIM = 0, /**< ready or waiting -> running */
    AMZX_EV_WAIT,      /**< running -> waiting */
    AMZX_EV_ASK,       /**< running -> review */
    AMZX_EV_PARK,      /**< running -> parked */
    AMZX_EV_FINISH,    /**< running -> done */
    AMZX_EV_DIE,       /**< running -> dead */
    AMZX_EV_RELEASE,   /**< running -> ready (drain) */
    AMZX_EV_EXPIRE,    /**< running -> ready (lease ran out) */
    AMZX_EV_WAKE,      /**< waiting, review, parked -> ready */
    AMZX_EV_REPLAY,    /**< dead -> ready */
    AMZX_EV_CANCEL,    /**< any but done -> cancelled */
    AMZX_EVENTS
} amzx_run_event_e;

const char *amzx_run_state_name(amzx_run_state_e s);
/** -1 for an unknown name. */
int amzx_run_state_of(const char *name);
/** The next state, or -1 when the event is not allowed there. */
int amzx_run_next(amzx_run_state_e s, amzx_run_event_e ev);

typedef struct {
    const char *id; /**< "run_..." */
    const char *tenant;
    const char *workflow;
    int version;
    const char *sha;       /**< of the definition, hex */
    const char *run_key;   /**< unique with tenant and workflow */
    const char *partition; /**< one running run each */
    int priority;          /**< higher first */
    amzx_run_state_e state;
    apr_time_t due_at;
    const char *owner;     /**< engine holding the lease, or NULL */
    apr_time_t lease_until;
    apr_int64_t token;     /**< fencing token, grows with each claim */
    int crashes;           /**< claims since the last journal row */
    apr_int64_t seq;       /**< last journal row */
    const char *trigger;   /**< trigger id in the workflow */
    const char *origin;    /**< inbox id, "rest", "poll", parent run */
    const char *input;     /**< JSON: what the trigger brought */
    const char *trace;
    const char *outcome;   /**< "done", "skipped", NULL while open */
    const char *code;      /**< fault code of waiting, parked, dead */
    const char *detail;    /**< one line: why it waits or ended */
    const char *step;      /**< path of the step it stands at */
    apr_time_t created_at;
    apr_time_t started_at; /**< first claim, 0 before */
    apr_time_t updated_at;
    apr_time_t finished_at;
} amzx_run_t;

/**
 * Make a run, state ready. With a known (tenant, workflow, run_key) nothing
 * changes and *is_new is 0.
 */
apr_status_t amzx_run_put(int *is_new, amzx_txn_t *txn,
                          const amzx_store_t *st, const amzx_run_t *run,
                          amzx_fault_t *fault, apr_pool_t *p);

/**
 * Claim due runs: state running, owner, lease, token + 1, crashes + 1. At
 * most one per partition, and none while an earlier open run of its partition
 * exists; ordered by priority, then due time, one tenant not starving others.
 * The array holds amzx_run_t with input. A run whose input does not open with
 * the keys there are is parked with `config.key` instead.
 */
apr_status_t amzx_run_claim(apr_array_header_t **runs, amzx_txn_t *txn,
                            const amzx_store_t *st, const char *owner,
                            apr_time_t now, apr_interval_time_t lease_us,
                            int max, amzx_fault_t *fault, apr_pool_t *p);
/** When the next ready or waiting run is due; 0 when there is none. */
apr_status_t amzx_run_next_due(apr_time_t *due, amzx_db_t *db,
                               amzx_fault_t *fault, apr_pool_t *p);

/**
 * Save a claimed run: writes state, due_at, seq, crashes, outcome, code,
 * detail, step, times. Fenced: only while (id, owner, token, running) still
 * holds. The event must be allowed by amzx_run_next; AMZX_EVENTS means "stay
 * running, only journal".
 *
 * @param is_held 0 when the lease was lost: drop everything of this run
 */
apr_status_t amzx_run_save(int *is_held, amzx_txn_t *txn,
                           const amzx_run_t *run, amzx_run_event_e ev,
                           apr_time_t now, amzx_fault_t *fault,
                           apr_pool_t *p);

/** Extend the leases of all running runs of an owner. */
apr_status_t amzx_run_extend(amzx_txn_t *txn, const char *owner,
                             apr_time_t until, amzx_fault_t *fault,
                             apr_pool_t *p);
/** Runs whose lease ended before now become ready, *count of them; so do
 *  reviews whose due time has come, not counted. */
apr_status_t amzx_run_sweep(apr_int64_t *count, amzx_txn_t *txn,
                            apr_time_t now, amzx_fault_t *fault,
                            apr_pool_t *p);
/** Give back everything an owner holds (drain, start after a crash). */
apr_status_t amzx_run_release_all(apr_int64_t *count, amzx_txn_t *txn,
                                  const char *owner, apr_time_t now,
                                  amzx_fault_t *fault, apr_pool_t *p);
/**
 * A person or another part moves a run that nobody holds: WAKE, REPLAY,
 * CANCEL. *is_done 0 when its state does not allow it, or it is running.
 */
apr_status_t amzx_run_move(int *is_done, amzx_txn_t *txn, const char *tenant,
                           const char *id, amzx_run_event_e ev,
                           apr_time_t now, amzx_fault_t *fault,
                           apr_pool_t *p);
/** Wake all parked runs of a tenant with that code prefix. */
apr_status_t amzx_run_wake_parked(apr_int64_t *count, amzx_txn_t *txn,
                                  const char *tenant, const char *code,
                                  apr_time_t now, amzx_fault_t *fault,
                                  apr_pool_t *p);

/** One run, with input; *run NULL when the tenant has none of that id. */
apr_status_t amzx_run_get(amzx_run_t **run, amzx_db_t *db,
                          const amzx_store_t *st, const char *tenant,
                          const char *id, amzx_fault_t *fault, apr_pool_t *p);
/** By its key. */
apr_status_t amzx_run_by_key(amzx_run_t **run, amzx_db_t *db,
                             const amzx_store_t *st, const char *tenant,
                             const char *workflow, const char *run_key,
                             amzx_fault_t *fault, apr_pool_t *p);
/**
 * Newest first, without input. state and workflow may be NULL for all;
 * before is the id to continue after, or NULL.
 */
apr_status_t amzx_run_list(apr_array_header_t **runs, amzx_db_t *db,
                           const char *tenant, const char *workflow,
                           const char *state, const char *before, int max,
                           amzx_fault_t *fault, apr_pool_t *p);
/** Counts by state of a tenant (NULL: all), AMZX_RUN_STATES entries. */
apr_status_t amzx_run_counts(apr_int64_t counts[AMZX_RUN_STATES],
                             amzx_db_t *db, const char *tenant,
                             amzx_fault_t *fault, apr_pool_t *p);

/* ---- journal ------------------------------------------------------------ */

typedef struct {
    apr_int64_t seq;  /**< 1, 2, ... */
    const char *path; /**< step path, e.g. "book/posted" */
    const char *kind; /**< "start", "result", "fault", "retry", "wait",
                           "review", "log", "emit", "end" */
    apr_time_t at;
    const char *trail; /**< pure steps since the last row, or NULL */
    const char *hash;  /**< of their values, or NULL */
    const char *data;  /**< JSON */
} amzx_entry_t;

/** Append rows of a claimed run, in the transaction that saves it. */
apr_status_t amzx_journal_append(amzx_txn_t *txn, const amzx_store_t *st,
                                 const amzx_run_t *run,
                                 const amzx_entry_t *entries, int count,
                                 amzx_fault_t *fault, apr_pool_t *p);
/** All rows of a run in order (array of amzx_entry_t). */
apr_status_t amzx_journal_read(apr_array_header_t **entries, amzx_db_t *db,
                               const amzx_store_t *st, const char *run_id,
                               amzx_fault_t *fault, apr_pool_t *p);

/* ---- intent: outbound effects ------------------------------------------- */

typedef enum {
    AMZX_INTENT_SENDING = 0, /**< "sending": committed before the first byte */
    AMZX_INTENT_UNKNOWN,     /**< "unknown": confirm before any resend */
    AMZX_INTENT_PLANNED,     /**< "planned": not sent, or the peer certainly
                                  did not execute it */
    AMZX_INTENT_APPLIED,     /**< "applied" */
    AMZX_INTENT_REJECTED,    /**< "rejected" */
    AMZX_INTENT_REVIEW,      /**< "review": a person must look */
    AMZX_INTENT_STATES
} amzx_intent_state_e;

const char *amzx_intent_state_name(amzx_intent_state_e s);

typedef struct {
    const char *key; /**< sha256 hex of tenant, connection, op, natural key */
    const char *tenant;
    const char *run_id;
    const char *connection;
    const char *op;
    const char *natural;  /**< the idempotency-key text of the step */
    amzx_intent_state_e state;
    int gen;              /**< epoch: part of the Idempotency-Key sent */
    const char *method;
    const char *path;     /**< below the connection's base URL, with query */
    const char *body;     /**< frozen bytes */
    const char *body_sha;
    apr_time_t first_sent_at; /**< of this gen; 0 before */
    apr_time_t sent_at;
    int tries;            /**< sends of this gen */
    int lookups;          /**< fruitless confirms of this gen */
    int saw_5xx;          /**< a resend would replay a cached error */
    const char *remote_id;
    const char *result;   /**< JSON of the canonical result when applied */
    const char *code;     /**< fault code when rejected or review */
    const char *detail;
    apr_time_t created_at;
    apr_time_t updated_at;
} amzx_intent_t;

/**
 * Decide about a key alone until the transaction ends: another engine may
 * have found no intent either.
 *
 * @param is_mine 0 when another transaction holds it: come back later
 */
apr_status_t amzx_intent_hold(int *is_mine, amzx_txn_t *txn, const char *key,
                              amzx_fault_t *fault, apr_pool_t *p);
/** *intent NULL when there is none. */
apr_status_t amzx_intent_get(amzx_intent_t **intent, amzx_db_t *db,
                             const amzx_store_t *st, const char *key,
                             amzx_fault_t *fault, apr_pool_t *p);
/** Insert or replace by key, in the transaction that saves its run. */
apr_status_t amzx_intent_save(amzx_txn_t *txn, const amzx_store_t *st,
                              const amzx_intent_t *intent, apr_time_t now,
                              amzx_fault_t *fault, apr_pool_t *p);
/** Intents of a run, oldest first. */
apr_status_t amzx_intent_of_run(apr_array_header_t **intents, amzx_db_t *db,
                                const amzx_store_t *st, const char *run_id,
                                amzx_fault_t *fault, apr_pool_t *p);

/* ---- limits -------------------------------------------------------------- */

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
/** Take the refresh lock; *is_mine 0 when another holds it. */
apr_status_t amzx_token_lock(int *is_mine, amzx_txn_t *txn,
                             const char *tenant, const char *connection,
                             const char *owner, apr_time_t now,
                             apr_time_t until, amzx_fault_t *fault,
                             apr_pool_t *p);
/** Write tokens, generation + 1, and drop the lock; only its holder. */
apr_status_t amzx_token_save(int *is_mine, amzx_txn_t *txn,
                             const amzx_store_t *st,
                             const amzx_token_row_t *row, const char *owner,
                             amzx_fault_t *fault, apr_pool_t *p);

/* ---- dead letters, reviews, events, cursors, definitions, nodes ---------- */

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

apr_status_t amzx_dead_put(amzx_txn_t *txn, const amzx_dead_t *dead,
                           amzx_fault_t *fault, apr_pool_t *p);
/** Close the open dead letter of a run. */
apr_status_t amzx_dead_resolve(int *is_done, amzx_txn_t *txn,
                               const char *tenant, const char *run_id,
                               const char *resolution, const char *by,
                               apr_time_t now, amzx_fault_t *fault,
                               apr_pool_t *p);
/** Open ones, newest first (array of amzx_dead_t). */
apr_status_t amzx_dead_list(apr_array_header_t **out, amzx_db_t *db,
                            const char *tenant, int max, amzx_fault_t *fault,
                            apr_pool_t *p);

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
/** Decide an open review. *is_done 0 when it is not open. */
apr_status_t amzx_review_decide(int *is_done, amzx_txn_t *txn,
                                const amzx_store_t *st, const char *tenant,
                                const char *id, const char *choice,
                                const char *edited, const char *by,
                                const char *note, apr_time_t now,
                                amzx_fault_t *fault, apr_pool_t *p);
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

/** An outgoing event; unique by (run, path), so a replay emits once. */
apr_status_t amzx_event_put(amzx_txn_t *txn, const amzx_store_t *st,
                            const char *tenant, const char *run_id,
                            const char *path, const char *event,
                            const char *body, apr_time_t now,
                            amzx_fault_t *fault, apr_pool_t *p);

typedef struct {
    const char *tenant;
    const char *workflow;
    const char *trigger;
    const char *value; /**< the cursor; NULL at first */
    apr_time_t due_at; /**< next poll */
    const char *owner;
    apr_time_t lease_until;
} amzx_cursor_t;

/** Take the poll of a trigger when it is due and free; made when missing. */
apr_status_t amzx_cursor_take(int *is_mine, amzx_cursor_t *cursor,
                              amzx_txn_t *txn, const char *tenant,
                              const char *workflow, const char *trigger,
                              const char *owner, apr_time_t now,
                              apr_time_t lease_until, amzx_fault_t *fault,
                              apr_pool_t *p);
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
