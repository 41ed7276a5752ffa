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

#include "amzx_db.h"
#include "amzx_fault.h"
#include "amzx_store_rows.h"

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

/** Who claims, when, for how long and how many at most. */
typedef struct {
    const char *owner; /**< engine that is to hold the leases */
    apr_time_t now;
    apr_interval_time_t lease_us; /**< the leases end at now + lease_us */
    int max;                      /**< below 1 counts as 1 */
} amzx_claim_t;

/**
 * Claim due runs: state running, owner, lease, token + 1, crashes + 1. At
 * most one per partition, and none while an earlier open run of its partition
 * exists; ordered by priority, then due time, one tenant not starving others.
 * The array holds amzx_run_t with input. A run whose input does not open with
 * the keys there are is parked with `config.key` instead.
 */
apr_status_t amzx_run_claim(apr_array_header_t **runs, amzx_txn_t *txn,
                            const amzx_store_t *st, const amzx_claim_t *claim,
                            amzx_fault_t *fault, apr_pool_t *p);
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
/** Which runs to list. */
typedef struct {
    const char *tenant;
    const char *workflow; /**< NULL: all */
    const char *state;    /**< its name, NULL: all */
    const char *before;   /**< the id to continue after, NULL: the newest */
    int max;
} amzx_run_filter_t;

/** Newest first, without input (array of amzx_run_t). */
apr_status_t amzx_run_list(apr_array_header_t **runs, amzx_db_t *db,
                           const amzx_run_filter_t *filter,
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

#endif
