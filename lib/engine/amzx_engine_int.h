/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_engine_int.h  Shared by the engine's files only.
 *
 * Two kinds of things live in the loop. A job is one call of one operation:
 *
 *     WANT --token, permit--> START --commit--> FLIGHT --answer--> over()
 *      ^                                          |
 *      +---- next request, 429, refreshed token --+
 *
 * A live is one claimed run: its machine, the job it waits for, and what the
 * next transaction must write about it.
 */
#ifndef AMZX_ENGINE_INT_H
#define AMZX_ENGINE_INT_H

/* Before APR: its rings then use the real offsetof. */
#include <stddef.h>

#include <apr_hash.h>
#include <apr_ring.h>

#include "amzx_batch.h"
#include "amzx_connector.h"
#include "amzx_counter.h"
#include "amzx_engine.h"
#include "amzx_limit.h"
#include "amzx_machine.h"
#include "amzx_token.h"

/** A wait shorter than this stays in memory; a longer one parks the run. */
#define AMZX_PARK_AFTER apr_time_from_sec(5)

typedef struct amzx_job_t amzx_job_t;
typedef struct amzx_live_t amzx_live_t;

typedef enum {
    AMZX_JOB_IDLE = 0,
    AMZX_JOB_WANT,   /**< wants token and permit */
    AMZX_JOB_START,  /**< permitted: starts after the commit */
    AMZX_JOB_FLIGHT, /**< at the peer */
    AMZX_JOB_OVER
} amzx_job_e;

struct amzx_job_t {
    APR_RING_ENTRY(amzx_job_t) link; /**< in engine->want or ->start */
    amzx_engine_t *engine;
    amzx_job_e state;
    const amzx_conn_t *conn;
    const amzx_connector_t *connector;
    const amzx_op_impl_t *impl;
    amzx_op_call_t call;
    amzx_http_request_t req;  /**< as the operation built it */
    amzx_http_request_t wire; /**< completed for this send */
    const char *idempotency_key; /**< NULL for reads */
    const char *access;
    amzx_http_call_t *http;
    apr_time_t not_before;
    apr_time_t wanted_at;
    apr_interval_time_t timeout_us;
    int priority;
    int auth_tries;
    int maybe_sent; /**< of the last send, when it had no answer */
    int is_answered; /**< the last send got an HTTP answer */
    apr_pool_t *pool;
    /** Ended: result, or fault (then result is NULL). */
    void (*over)(amzx_job_t *job, const amzx_val_t *result,
                 const amzx_fault_t *fault);
    /** It is permitted and starts after the commit; NULL: nothing to do. */
    void (*starts)(amzx_job_t *job);
    /** It cannot start before `at` for that reason: 1 to give the job up. */
    int (*delayed)(amzx_job_t *job, apr_time_t at, const char *why);
    void *ctx;
};

APR_RING_HEAD(amzx_job_ring, amzx_job_t);

typedef enum {
    AMZX_LIVE_NEXT = 0, /**< ask the machine */
    AMZX_LIVE_TXN,      /**< the ask needs the database */
    AMZX_LIVE_JOB,      /**< a job is on its way */
    AMZX_LIVE_GONE      /**< leaves memory after this commit */
} amzx_live_e;

struct amzx_live_t {
    APR_RING_ENTRY(amzx_live_t) link; /**< in engine->lives */
    APR_RING_ENTRY(amzx_live_t) hot_link;
    amzx_engine_t *engine;
    apr_pool_t *pool;
    /** Of the call under way: what the machine takes from it, it copies. */
    apr_pool_t *call_pool;
    amzx_run_t *run;
    const amzx_tenant_t *tenant;
    const amzx_flow_t *flow;
    amzx_machine_t *machine;
    const amzx_ask_t *ask;
    amzx_live_e state;
    int is_hot;
    int is_dirty;           /**< something to save, run stays */
    amzx_run_event_e event; /**< when GONE: how it leaves */
    amzx_intent_t *intent;  /**< of the effect asked now */
    int intent_dirty;
    /** Intents settled since the last save, of amzx_intent_t *: the machine
     *  may be steps further by then. */
    apr_array_header_t *settled;
    int has_key; /**< it stands in engine->keys with its intent's key */
    unsigned cache_epoch; /**< of the family when the read was asked */
    int is_confirming; /**< the job is the confirm read */
    int was_suspect;   /**< claimed after several crashes */
    int keeps_crashes; /**< leaves without having been tried */
    amzx_job_t job;
};

APR_RING_HEAD(amzx_live_ring, amzx_live_t);

/** A remembered read, see amzx_cache.c. */
typedef struct amzx_cache_t amzx_cache_t;

struct amzx_engine_t {
    const amzx_env_t *env;
    const amzx_site_t *site;
    amzx_defs_t *defs;
    amzx_store_t store;
    amzx_db_t *db;
    amzx_loop_t *loop;
    amzx_http_t *http;
    amzx_limits_t *limits;
    amzx_tokens_t *tokens;
    amzx_cache_t *cache;
    const char *owner;
    const char *host;
    int wake_fd;
    apr_pool_t *pool;
    apr_pool_t *tick_pool;

    apr_hash_t *keys; /**< intent key -> the live that works on it */
    struct amzx_live_ring lives;
    struct amzx_live_ring hot;
    struct amzx_job_ring want;
    struct amzx_job_ring start;
    int live_count;
    int flight_count;

    volatile int is_stopping;
    int is_drained;
    apr_time_t started_at;
    apr_time_t drain_until; /**< mono */
    apr_time_t beat_at;     /**< mono: next heartbeat and lease extension */
    apr_time_t sweep_at;    /**< mono: next sweep of expired leases */
    int has_retried;        /**< parked runs had their try at the start */
    apr_time_t look_at;     /**< mono: next look for work */
    apr_time_t lease_ok_until; /**< mono: what we hold is ours until then */
    apr_time_t db_retry_at; /**< mono: after a failed transaction */
    int db_failures;
    apr_time_t next_want;   /**< a waiting job may go on then; 0 none */
    int look_now;           /**< woken: look at once */
    int must_release;       /**< after a failed commit: give all back first */
    apr_array_header_t *claimed; /**< of amzx_run_t, by this tick */
    struct amzx_poll_t *polls; /**< amzx_poll.c */
};

/* amzx_tick.c */
/** Forget everything in memory: the rows decide, not we. */
void amzx_engine_drop_all(amzx_engine_t *e);

/* amzx_job.c */
void amzx_job_want(amzx_job_t *job, apr_time_t not_before);
void amzx_job_drop(amzx_job_t *job);
/** Tokens for what wants to start. 0: nothing can, 1: only calls without
 *  limits, 2: permits are needed, so a transaction. */
int amzx_jobs_prepare(amzx_engine_t *e);
/** Permits inside the tick's transaction; NULL when prepare said 1. */
apr_status_t amzx_jobs_permit(amzx_engine_t *e, amzx_txn_t *txn,
                              amzx_fault_t *fault);
/** After the commit: start; after a failure: back to wanting. */
void amzx_jobs_launch(amzx_engine_t *e, int is_committed);
/** Build the first request: 1 = request made, 0 = *result or *fault. */
int amzx_job_begin(amzx_job_t *job, const amzx_val_t **result,
                   amzx_fault_t *fault);

/* amzx_live.c */
/** Set the live's job up for an operation; 0 when the run was parked. */
int amzx_live_prepare_job(amzx_live_t *live, const char *op_name,
                          const amzx_val_t *args, const amzx_val_t *body);
void amzx_live_add(amzx_engine_t *e, const amzx_run_t *run);
void amzx_live_heat(amzx_live_t *live);
void amzx_live_drop(amzx_live_t *live);
/** Everything that needs no database. */
void amzx_live_drive(amzx_live_t *live);
/* amzx_save.c */
/** Asks that need the database; may leave the live in any state. */
apr_status_t amzx_live_consult(amzx_live_t *live, amzx_txn_t *txn,
                               amzx_fault_t *fault);
/** Write entries, intent, run. */
apr_status_t amzx_live_save(amzx_live_t *live, amzx_batch_t *batch,
                            amzx_fault_t *fault);
/** A child's end wakes the parent that may await it. After all saves: a
 *  parent that begins to wait in the same transaction must hear it too. */
apr_status_t amzx_live_wake_parent(amzx_live_t *live, amzx_txn_t *txn,
                                   amzx_fault_t *fault);
/** Has it anything to write? */
int amzx_live_has_news(const amzx_live_t *live);
/** After the commit: log, count, drop what is gone. */
void amzx_live_saved(amzx_live_t *live, int is_held);
/** Leave memory with that event at the next commit. */
void amzx_live_leave(amzx_live_t *live, amzx_run_event_e ev, apr_time_t due,
                     const char *code, const char *detail);

/* amzx_effect.c */
/** It no longer works on its intent: another run may. */
void amzx_effect_let_go(amzx_live_t *live);
/** Decide what an asked effect needs, from its intent row. */
apr_status_t amzx_effect_consult(amzx_live_t *live, amzx_txn_t *txn,
                                 amzx_fault_t *fault);
/** Only a person can tell: the intent is for review, the run is parked. */
void amzx_effect_ask_person(amzx_live_t *live, amzx_intent_t *in,
                            const char *why);
/** The run waits until then before it goes on with its intent. */
void amzx_effect_wait(amzx_live_t *live, apr_time_t at, const char *why);
/** The step gets the fault; the intent that state. */
void amzx_effect_refused(amzx_live_t *live, const amzx_fault_t *fault,
                         amzx_intent_state_e state);
/** amzx_effect_over.c: its job is over. */
void amzx_effect_over(amzx_live_t *live, const amzx_val_t *result,
                      const amzx_fault_t *fault);
/** The send that was begun certainly did not reach the peer's books. No-op
 *  when the live has no send under way. */
void amzx_effect_unsend(amzx_live_t *live);
/** It starts with this commit: say when, and have the fence checked. */
void amzx_effect_starts(amzx_live_t *live);

/* amzx_intake.c */
apr_status_t amzx_intake(int *count, amzx_engine_t *e, amzx_txn_t *txn,
                         amzx_fault_t *fault);
/** One value brought to one trigger. */
typedef struct {
    const amzx_flow_t *flow;
    const amzx_trigger_t *trigger;
    const amzx_tenant_t *tenant;
    const amzx_val_t *brought;
    const char *origin;
    const char *trace;
    const char *run_key; /**< the caller's own, or NULL for the trigger's */
} amzx_offer_t;

/** Admit it and put the run. */
apr_status_t amzx_intake_admit(int *is_new, amzx_engine_t *e, amzx_txn_t *txn,
                               const amzx_offer_t *offer, amzx_fault_t *fault,
                               apr_pool_t *p);

/** Give back what engines of this host held whose process is gone. */
apr_status_t amzx_take_back(apr_int64_t *count, amzx_engine_t *e,
                            amzx_txn_t *txn, amzx_fault_t *fault);

/* amzx_poll.c */
apr_status_t amzx_polls_make(amzx_engine_t *e, amzx_fault_t *fault);
apr_status_t amzx_polls_tick(amzx_engine_t *e, amzx_txn_t *txn,
                             amzx_fault_t *fault);
int amzx_polls_is_due(const amzx_engine_t *e, apr_time_t mono);
void amzx_polls_stop(amzx_engine_t *e);

/* amzx_cache.c */
amzx_cache_t *amzx_cache_make(apr_size_t max_bytes, apr_pool_t *p);
/** A fresh result of that read, copied into p; NULL when there is none. */
const amzx_val_t *amzx_cache_get(amzx_cache_t *c, const amzx_conn_t *conn,
                                 const amzx_op_t *op, const amzx_val_t *args,
                                 apr_time_t now, apr_pool_t *p);
/** Ask before the read: an effect meanwhile makes its result old. */
unsigned amzx_cache_epoch(amzx_cache_t *c, const amzx_conn_t *conn,
                          const amzx_op_t *op, apr_pool_t *scratch);
void amzx_cache_put(amzx_cache_t *c, const amzx_job_t *job,
                    const amzx_val_t *result, apr_time_t until,
                    unsigned epoch, apr_pool_t *scratch);
/** An effect changed this family ("xero.contacts"): forget its reads. */
void amzx_cache_forget(amzx_cache_t *c, const amzx_conn_t *conn,
                       const amzx_op_t *op);

#endif
