/* SPDX-License-Identifier: Apache-2.0 */
/* One turn of the loop, and the one transaction in it. */
#include "amzx_engine_int.h"

#include <string.h>
#include <unistd.h>

#define CLAIM_MAX 128
#define BEAT_EVERY apr_time_from_sec(10)
#define SWEEP_EVERY apr_time_from_sec(5)
#define LOOK_EVERY (APR_USEC_PER_SEC / 2)

/* ---- one transaction ---------------------------------------------------- */

static int takes_work(const amzx_engine_t *e)
{
    return !e->is_stopping && e->live_count < e->site->max_in_flight;
}

static int is_work_due(const amzx_engine_t *e, apr_time_t mono)
{
    return takes_work(e) && (e->look_now || mono >= e->look_at);
}

/* Does this tick have something to write? */
static int wants_txn(amzx_engine_t *e, int need)
{
    amzx_live_t *live;
    apr_time_t mono = amzx_mono(e->env);

    APR_RING_FOREACH(live, &e->hot, amzx_live_t, hot_link) {
        if (live->state == AMZX_LIVE_TXN || amzx_live_has_news(live)) {
            return 1;
        }
    }
    return need > 1 || e->must_release || is_work_due(e, mono)
           || mono >= e->beat_at || mono >= e->sweep_at
           || amzx_limits_is_dirty(e->limits, amzx_now(e->env))
           || (!e->is_stopping && amzx_polls_is_due(e, mono));
}

/* Runs that wait for a person to mend something of the configuration. */
static apr_status_t wake_tenant(amzx_engine_t *e, amzx_txn_t *txn,
                                const char *tenant, amzx_fault_t *fault)
{
    static const char *const codes[] = { "auth", "config", "missing" };
    apr_time_t now = amzx_now(e->env);
    apr_status_t rv = APR_SUCCESS;
    apr_int64_t count = 0;
    int i;

    for (i = 0; i < 3 && rv == APR_SUCCESS; i++) {
        rv = amzx_run_wake_parked(&count, txn, tenant, codes[i], now, fault,
                                  e->tick_pool);
        e->look_now = e->look_now || count > 0;
    }
    return rv;
}

/* An engine that starts has read the configuration anew: each parked run gets
 * a try. Later a new credential file gives those of its tenant one. */
static apr_status_t wake_mended(amzx_engine_t *e, amzx_txn_t *txn,
                                amzx_fault_t *fault)
{
    const apr_array_header_t *all = e->site->tenants;
    apr_status_t rv = APR_SUCCESS;
    const char *tenant;
    int i;

    for (i = 0; !e->has_retried && i < all->nelts && rv == APR_SUCCESS;
         i++) {
        rv = wake_tenant(e, txn, APR_ARRAY_IDX(all, i, amzx_tenant_t *)->id,
                         fault);
    }
    if (rv == APR_SUCCESS) {
        e->has_retried = 1;
    }
    while (rv == APR_SUCCESS
           && (tenant = amzx_tokens_mended(e->tokens)) != NULL) {
        rv = wake_tenant(e, txn, tenant, fault);
    }
    return rv;
}

static apr_status_t keep_alive(amzx_engine_t *e, amzx_txn_t *txn,
                               apr_time_t mono, amzx_fault_t *fault)
{
    apr_time_t now = amzx_now(e->env);
    apr_int64_t count = 0;
    apr_status_t rv = APR_SUCCESS;

    if (e->must_release) {
        rv = amzx_run_release_all(&count, txn, e->owner, now, fault,
                                  e->tick_pool);
    }
    if (rv == APR_SUCCESS && mono >= e->beat_at) {
        rv = amzx_node_beat(txn, e->owner, e->host, (apr_int64_t)getpid(),
                            e->started_at, now, fault, e->tick_pool);
        if (rv == APR_SUCCESS) {
            rv = amzx_run_extend(txn, e->owner, now + e->site->lease_us,
                                 fault, e->tick_pool);
        }
    }
    if (rv == APR_SUCCESS && mono >= e->sweep_at) {
        rv = amzx_run_sweep(&count, txn, now, fault, e->tick_pool);
        amzx_counter_add(e->env, AMZX_COUNTER_LEASE_EXPIRED, count);
    }
    if (rv == APR_SUCCESS && mono >= e->sweep_at) {
        rv = wake_mended(e, txn, fault);
    }
    return rv;
}

static void kept_alive(amzx_engine_t *e, apr_time_t mono)
{
    e->must_release = 0;
    if (mono >= e->beat_at) {
        e->beat_at = mono + (e->site->lease_us / 3 < BEAT_EVERY
                                 ? e->site->lease_us / 3
                                 : BEAT_EVERY);
        e->lease_ok_until = mono + e->site->lease_us * 3 / 4;
    }
    if (mono >= e->sweep_at) {
        e->sweep_at = mono + SWEEP_EVERY;
    }
}

static apr_status_t look_for_work(amzx_engine_t *e, amzx_txn_t *txn,
                                  int *taken, amzx_fault_t *fault)
{
    int room = e->site->max_in_flight - e->live_count;
    amzx_claim_t claim = { e->owner, 0, e->site->lease_us,
                           room < CLAIM_MAX ? room : CLAIM_MAX };
    apr_status_t rv;

    rv = amzx_intake(taken, e, txn, fault);
    if (rv == APR_SUCCESS) {
        claim.now = amzx_now(e->env);
        rv = amzx_run_claim(&e->claimed, txn, &e->store, &claim, fault,
                            e->tick_pool);
    }
    return rv;
}

static apr_status_t save_lives(amzx_engine_t *e, amzx_batch_t *batch,
                               amzx_txn_t *txn, amzx_fault_t *fault)
{
    amzx_live_t *live;
    apr_status_t rv = APR_SUCCESS;

    APR_RING_FOREACH(live, &e->hot, amzx_live_t, hot_link) {
        if (rv == APR_SUCCESS && live->state == AMZX_LIVE_TXN) {
            rv = amzx_live_consult(live, txn, fault);
        }
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_jobs_permit(e, txn, fault);
    }
    APR_RING_FOREACH(live, &e->hot, amzx_live_t, hot_link) {
        if (rv == APR_SUCCESS && amzx_live_has_news(live)) {
            rv = amzx_live_save(live, batch, fault);
        }
    }
    if (rv == APR_SUCCESS && amzx_batch_count(batch) > 0) {
        rv = amzx_batch_flush(batch, txn, amzx_now(e->env), fault,
                              e->tick_pool);
    }
    APR_RING_FOREACH(live, &e->hot, amzx_live_t, hot_link) {
        if (rv == APR_SUCCESS) {
            rv = amzx_live_wake_parent(live, txn, fault);
        }
    }
    return rv;
}

/* Everything in memory rests on rows we could not write: begin anew. */
void amzx_engine_drop_all(amzx_engine_t *e)
{
    while (!APR_RING_EMPTY(&e->lives, amzx_live_t, link)) {
        amzx_live_drop(APR_RING_FIRST(&e->lives));
    }
    e->must_release = 1;
}

static void commit_failed(amzx_engine_t *e, const amzx_fault_t *fault,
                          apr_time_t mono)
{
    e->db_failures++;
    if ((e->db_failures & (e->db_failures - 1)) == 0) {
        amzx_log(e->env, AMZX_LOG_ERR, 906, fault->status,
                 "the database refuses the engine's transaction (%s, time "
                 "%d): %s",
                 fault->code, e->db_failures, fault->detail);
    }
    amzx_polls_stop(e);
    amzx_engine_drop_all(e);
    e->db_retry_at = mono
                     + (e->db_failures > 5 ? apr_time_from_sec(5)
                                           : APR_USEC_PER_SEC / 5);
}

static void add_claimed(amzx_engine_t *e, int taken)
{
    int count = e->claimed ? e->claimed->nelts : 0;
    int i;

    for (i = 0; i < count; i++) {
        amzx_live_add(e, &APR_ARRAY_IDX(e->claimed, i, amzx_run_t));
    }
    e->claimed = NULL;
    e->look_now = count >= CLAIM_MAX || taken > 0;
    e->look_at = amzx_mono(e->env) + LOOK_EVERY;
}

/* Lives that only wait for their job need no look until it is over. */
static void cool(amzx_engine_t *e)
{
    amzx_live_t *live;
    amzx_live_t *next;

    for (live = APR_RING_FIRST(&e->hot);
         live != APR_RING_SENTINEL(&e->hot, amzx_live_t, hot_link);
         live = next) {
        next = APR_RING_NEXT(live, hot_link);
        if (live->state == AMZX_LIVE_JOB && !amzx_live_has_news(live)) {
            APR_RING_REMOVE(live, hot_link);
            live->is_hot = 0;
        }
    }
}

/* What is written is clean again; the gone leave memory. */
static void committed_lives(amzx_engine_t *e, const amzx_batch_t *batch)
{
    amzx_live_t *live;
    amzx_live_t *next;
    int held;

    for (live = APR_RING_FIRST(&e->hot);
         live != APR_RING_SENTINEL(&e->hot, amzx_live_t, hot_link);
         live = next) {
        next = APR_RING_NEXT(live, hot_link);
        held = amzx_batch_is_held(batch, live->run->id);
        if (held >= 0) {
            amzx_live_saved(live, held);
        }
    }
    cool(e);
}

/* The lease may be another's by now: whatever we hold must not be sent. */
static int check_lease(amzx_engine_t *e)
{
    if (e->live_count > 0 && e->lease_ok_until > 0
        && amzx_mono(e->env) > e->lease_ok_until) {
        amzx_log(e->env, AMZX_LOG_WARNING, 907, APR_SUCCESS,
                 "this engine stood still longer than its leases last; %d "
                 "runs begin anew from their journals",
                 e->live_count);
        amzx_engine_drop_all(e);
        e->beat_at = 0;
        e->claimed = NULL;
        return 1;
    }
    return 0;
}

static int transact(amzx_engine_t *e)
{
    amzx_batch_t *batch = amzx_batch_make(&e->store, e->tick_pool);
    amzx_txn_t *txn = NULL;
    amzx_fault_t fault;
    apr_time_t mono = amzx_mono(e->env);
    apr_status_t rv;
    int is_due = is_work_due(e, mono);
    int taken = 0;

    amzx_fault_clear(&fault);
    rv = amzx_txn_begin(&txn, e->db, &fault, e->tick_pool);
    if (rv == APR_SUCCESS) {
        rv = keep_alive(e, txn, mono, &fault);
    }
    if (rv == APR_SUCCESS) {
        rv = save_lives(e, batch, txn, &fault);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_limits_flush(e->limits, txn, amzx_now(e->env), &fault);
    }
    if (rv == APR_SUCCESS && !e->is_stopping) {
        rv = amzx_polls_tick(e, txn, &fault);
    }
    if (rv == APR_SUCCESS && is_due) {
        rv = look_for_work(e, txn, &taken, &fault);
    }
    rv = amzx_txn_end(txn, rv, &fault);
    amzx_limits_txn_end(e->limits, rv == APR_SUCCESS);
    if (rv != APR_SUCCESS) {
        e->claimed = NULL;
        commit_failed(e, &fault, mono);
        amzx_jobs_launch(e, 0);
        return 0;
    }
    e->db_failures = 0;
    kept_alive(e, mono);
    committed_lives(e, batch);
    if (check_lease(e)) { /* the transaction itself took too long */
        return 1;
    }
    amzx_jobs_launch(e, 1);
    if (is_due) {
        add_claimed(e, taken);
    }
    return 1;
}

/* ---- ticks -------------------------------------------------------------- */

static apr_interval_time_t wait_time(amzx_engine_t *e,
                                     apr_interval_time_t max_wait_us)
{
    apr_time_t mono = amzx_mono(e->env);
    apr_time_t now = amzx_now(e->env);
    apr_interval_time_t wait = max_wait_us;

    if (!APR_RING_EMPTY(&e->hot, amzx_live_t, hot_link)
        || (e->look_now && takes_work(e))) {
        wait = 0;
    }
    if (e->next_want > 0 && e->next_want - now < wait) {
        wait = e->next_want > now ? e->next_want - now : 0;
    }
    if (e->look_at - mono < wait && takes_work(e)) {
        wait = e->look_at > mono ? e->look_at - mono : 0;
    }
    if (e->beat_at - mono < wait) {
        wait = e->beat_at > mono ? e->beat_at - mono : 0;
    }
    if (e->db_retry_at > mono) {
        wait = e->db_retry_at - mono < max_wait_us ? e->db_retry_at - mono
                                                   : max_wait_us;
    }
    return wait < 0 ? 0 : wait;
}

/* Draining: what is not at the peer goes back to the queue. */
static void give_back(amzx_engine_t *e)
{
    amzx_live_t *live;

    APR_RING_FOREACH(live, &e->lives, amzx_live_t, link) {
        if (live->state == AMZX_LIVE_GONE
            || (live->state == AMZX_LIVE_JOB
                && live->job.state == AMZX_JOB_FLIGHT)) {
            continue;
        }
        if (live->state == AMZX_LIVE_JOB) {
            amzx_job_drop(&live->job);
            amzx_effect_unsend(live);
        }
        amzx_live_leave(live, AMZX_EV_RELEASE, amzx_now(e->env), NULL, NULL);
    }
}

static void drive_hot(amzx_engine_t *e)
{
    amzx_live_t *live;

    APR_RING_FOREACH(live, &e->hot, amzx_live_t, hot_link) {
        amzx_live_drive(live);
    }
}

int amzx_engine_tick(amzx_engine_t *e, apr_interval_time_t max_wait_us)
{
    amzx_fault_t fault;
    int need;

    amzx_loop_once(e->loop, wait_time(e, max_wait_us));
    check_lease(e);
    if (e->is_stopping) {
        give_back(e);
    }
    else {
        drive_hot(e);
    }
    if (amzx_mono(e->env) < e->db_retry_at) {
        return 0;
    }
    apr_pool_clear(e->tick_pool);
    need = amzx_jobs_prepare(e);
    if (wants_txn(e, need)) {
        return transact(e);
    }
    if (need == 1 && amzx_jobs_permit(e, NULL, &fault) == APR_SUCCESS) {
        amzx_limits_txn_end(e->limits, 1);
        amzx_jobs_launch(e, 1);
    }
    cool(e);
    return need > 0;
}
