/* SPDX-License-Identifier: Apache-2.0 */
/* One call of one operation: token, permit, send, read the answer. */
#include "amzx_engine_int.h"

#include <string.h>

/* A token that fails twice for one call is not a matter of expiry. */
#define MAX_AUTH_TRIES 2

static void finish(amzx_job_t *job, const amzx_val_t *result,
                   const amzx_fault_t *fault)
{
    job->state = AMZX_JOB_OVER;
    job->over(job, result, fault);
}

static void count_answer(amzx_job_t *job, const amzx_http_response_t *rsp)
{
    const amzx_env_t *env = job->engine->env;

    if (rsp == NULL) {
        amzx_counter_add(env, AMZX_COUNTER_HTTP_NETWORK, 1);
    }
    else if (rsp->status >= 500) {
        amzx_counter_add(env, AMZX_COUNTER_HTTP_5XX, 1);
    }
    else if (rsp->status >= 400) {
        amzx_counter_add(env, AMZX_COUNTER_HTTP_4XX, 1);
    }
    else {
        amzx_counter_add(env, AMZX_COUNTER_HTTP_2XX, 1);
    }
}

void amzx_job_want(amzx_job_t *job, apr_time_t not_before)
{
    amzx_engine_t *e = job->engine;

    job->state = AMZX_JOB_WANT;
    job->not_before = not_before;
    job->wanted_at = amzx_now(e->env);
    job->access = NULL;
    APR_RING_INSERT_TAIL(&e->want, job, amzx_job_t, link);
}

void amzx_job_drop(amzx_job_t *job)
{
    amzx_engine_t *e = job->engine;

    switch (job->state) {
    case AMZX_JOB_WANT:
    case AMZX_JOB_START:
        APR_RING_REMOVE(job, link);
        break;
    case AMZX_JOB_FLIGHT:
        e->http->cancel(job->http);
        e->flight_count--;
        amzx_limits_done(e->limits, job->conn, &job->impl->op, NULL, 0,
                         amzx_now(e->env));
        break;
    case AMZX_JOB_IDLE:
    case AMZX_JOB_OVER:
        break;
    }
    job->state = AMZX_JOB_OVER;
}

int amzx_job_begin(amzx_job_t *job, const amzx_val_t **result,
                   amzx_fault_t *fault)
{
    amzx_step_e next = AMZX_STEP_DONE;
    apr_status_t rv;

    *result = NULL;
    amzx_fault_clear(fault);
    memset(&job->req, 0, sizeof(job->req));
    rv = job->impl->step(&next, &job->req, result, &job->call, NULL, fault);
    return rv == APR_SUCCESS && next == AMZX_STEP_SEND;
}

/* 401 of an old token: drop it and go again; a second one is real. */
static int is_refreshable(amzx_job_t *job, const amzx_fault_t *fault)
{
    if (fault->klass != AMZX_FAULT_AUTH
        || !amzx_fault_matches(fault->code, "auth.expired")
        || job->auth_tries >= MAX_AUTH_TRIES) {
        return 0;
    }
    job->auth_tries++;
    amzx_tokens_expired(job->engine->tokens, job->conn, job->access);
    return 1;
}

/* Throttling and stale tokens are the host's business, not the step's: the
 * same request goes again. 1: dealt with. */
static int absorb(amzx_job_t *job, const amzx_fault_t *fault, apr_time_t now)
{
    apr_time_t at;

    if (is_refreshable(job, fault)) {
        amzx_job_want(job, 0);
        return 1;
    }
    if (fault->klass != AMZX_FAULT_THROTTLED) {
        return 0;
    }
    amzx_counter_add(job->engine->env, AMZX_COUNTER_HTTP_429, 1);
    at = now + (fault->retry_after_us > 0 ? fault->retry_after_us
                                          : apr_time_from_sec(1));
    job->state = AMZX_JOB_OVER;
    if (!job->delayed(job, at, fault->code)) {
        amzx_job_want(job, at);
    }
    return 1;
}

static void take_answer(amzx_job_t *job, const amzx_http_response_t *rsp,
                        apr_time_t now)
{
    const amzx_val_t *result = NULL;
    amzx_step_e next = AMZX_STEP_DONE;
    amzx_http_request_t sent = job->req;
    amzx_limit_hint_t hint;
    amzx_fault_t fault;
    apr_status_t rv;
    int phase = job->call.phase;

    job->connector->limit_hint(&hint, rsp);
    amzx_limits_done(job->engine->limits, job->conn, &job->impl->op, &hint,
                     rsp->status >= 500, now);
    amzx_fault_clear(&fault);
    memset(&job->req, 0, sizeof(job->req));
    rv = job->impl->step(&next, &job->req, &result, &job->call, rsp, &fault);
    if (rv == APR_SUCCESS && next == AMZX_STEP_SEND) {
        amzx_job_want(job, 0);
        return;
    }
    if (rv == APR_SUCCESS) {
        finish(job, result, NULL);
        return;
    }
    if (fault.retry_after_us < 0 && hint.retry_after_us > 0) {
        fault.retry_after_us = hint.retry_after_us;
    }
    job->req = sent;
    job->call.phase = phase;
    if (!absorb(job, &fault, now)) {
        finish(job, NULL, &fault);
    }
}

/* amzx_http_done_fn */
static void on_done(void *ctx, const amzx_http_response_t *rsp,
                    const amzx_fault_t *fault, int maybe_sent)
{
    amzx_job_t *job = ctx;
    amzx_engine_t *e = job->engine;
    apr_time_t now = amzx_now(e->env);

    e->flight_count--;
    job->http = NULL;
    job->is_answered = rsp != NULL;
    job->maybe_sent = maybe_sent;
    count_answer(job, rsp);
    if (rsp != NULL) {
        take_answer(job, rsp, now);
        return;
    }
    amzx_limits_done(e->limits, job->conn, &job->impl->op, NULL, 1, now);
    finish(job, NULL, fault);
}

/* The token of a wanting job. 1: has one, or needs none. */
static int get_token(amzx_job_t *job, amzx_fault_t *fault, int *is_failed)
{
    *is_failed = 0;
    if (job->conn == NULL) {
        return 1;
    }
    if (amzx_tokens_get(&job->access, job->engine->tokens, job->conn, fault)
        != APR_SUCCESS) {
        *is_failed = 1;
        return 0;
    }
    return job->access != NULL;
}

static void note_want(amzx_engine_t *e, apr_time_t at)
{
    if (e->next_want == 0 || at < e->next_want) {
        e->next_want = at;
    }
}

/* Limits are rows; an effect goes only while its lease holds. */
static int needs_txn(const amzx_job_t *job)
{
    const amzx_conn_t *c = job->conn;

    if (job->idempotency_key != NULL) {
        return 1;
    }
    return c != NULL
           && (c->per_minute > 0 || c->per_day > 0 || c->concurrent > 0
               || (c->use_op_limits && job->impl->op.interval_us > 0));
}

/* A refresh may take long; memory is for runs that go on. */
static void await_token(amzx_job_t *job, apr_time_t until, apr_time_t now)
{
    apr_time_t at = job->not_before;

    if (until <= now) {
        at = now + AMZX_PARK_AFTER + APR_USEC_PER_SEC;
    }
    if (at > now && job->delayed(job, at, "auth.pending")) {
        APR_RING_REMOVE(job, link);
        job->state = AMZX_JOB_OVER;
        return;
    }
    note_want(job->engine, until > now ? until : at);
}

int amzx_jobs_prepare(amzx_engine_t *e)
{
    amzx_job_t *job = APR_RING_FIRST(&e->want);
    amzx_job_t *next;
    amzx_fault_t fault;
    apr_time_t now = amzx_now(e->env);
    int need = 0;
    int is_failed;

    e->next_want = 0;
    while (job != APR_RING_SENTINEL(&e->want, amzx_job_t, link)) {
        next = APR_RING_NEXT(job, link);
        amzx_fault_clear(&fault);
        if (job->not_before <= now) {
            if (get_token(job, &fault, &is_failed)) {
                need = needs_txn(job) ? 2 : (need > 1 ? need : 1);
            }
            else if (!is_failed) {
                await_token(job, job->wanted_at + AMZX_PARK_AFTER, now);
            }
            else if (fault.klass == AMZX_FAULT_TRANSIENT) {
                /* The step did nothing wrong: no attempt of its is used up,
                 * and the run does not end because we cannot ask. */
                job->not_before =
                    now + (fault.retry_after_us > 0 ? fault.retry_after_us
                                                    : APR_USEC_PER_SEC);
                await_token(job, job->not_before, now);
            }
            else {
                APR_RING_REMOVE(job, link);
                finish(job, NULL, &fault);
            }
        }
        else {
            note_want(e, job->not_before);
        }
        job = next;
    }
    return need;
}

/* Connections and operations refused in this tick: ask once, not per job. */
typedef struct {
    const amzx_conn_t *conn[16];
    const amzx_op_t *op[16];
    apr_time_t at[16];
    const char *why[16];
    int count;
} refusals_t;

static int refused_before(const refusals_t *r, const amzx_job_t *job,
                          apr_time_t *at, const char **why)
{
    int i;

    for (i = 0; i < r->count; i++) {
        if (r->conn[i] == job->conn
            && (r->op[i] == NULL || r->op[i] == &job->impl->op)) {
            *at = r->at[i];
            *why = r->why[i];
            return 1;
        }
    }
    return 0;
}

static void refuse(refusals_t *r, const amzx_job_t *job, apr_time_t at,
                   const char *why)
{
    if (r->count < 16) {
        r->conn[r->count] = job->conn;
        r->op[r->count] = strcmp(why, "limit.operation") == 0
                              ? &job->impl->op
                              : NULL;
        r->at[r->count] = at;
        r->why[r->count] = why;
        r->count++;
    }
}

apr_status_t amzx_jobs_permit(amzx_engine_t *e, amzx_txn_t *txn,
                              amzx_fault_t *fault)
{
    refusals_t refusals = { .count = 0 };
    amzx_job_t *job = APR_RING_FIRST(&e->want);
    amzx_job_t *next;
    const char *why = NULL;
    amzx_limit_ask_t ask;
    apr_time_t now = amzx_now(e->env);
    apr_time_t at;
    apr_status_t rv;

    while (job != APR_RING_SENTINEL(&e->want, amzx_job_t, link)) {
        next = APR_RING_NEXT(job, link);
        at = 0;
        if (job->not_before > now
            || (job->conn != NULL && job->access == NULL)) {
            job = next;
            continue;
        }
        if (!refused_before(&refusals, job, &at, &why)) {
            ask = (amzx_limit_ask_t){ job->conn, &job->impl->op,
                                      job->priority, now };
            rv = amzx_limits_take(&at, &why, e->limits, txn, &ask, fault);
            if (rv != APR_SUCCESS) {
                return rv;
            }
            if (at != 0) {
                refuse(&refusals, job, at, why);
            }
        }
        if (at == 0) {
            APR_RING_REMOVE(job, link);
            job->state = AMZX_JOB_START;
            APR_RING_INSERT_TAIL(&e->start, job, amzx_job_t, link);
            if (job->starts != NULL) {
                job->starts(job);
            }
        }
        else {
            /* A slot of ours frees with the next answer: ask each tick. */
            job->not_before = strcmp(why, "limit.concurrent") == 0 ? 0 : at;
            note_want(e, at);
            if (job->delayed(job, at, why)) {
                APR_RING_REMOVE(job, link);
                job->state = AMZX_JOB_OVER;
            }
        }
        job = next;
    }
    return APR_SUCCESS;
}

static void launch(amzx_job_t *job)
{
    amzx_engine_t *e = job->engine;
    amzx_fault_t fault;
    apr_status_t rv;

    amzx_fault_clear(&fault);
    job->wire = job->req;
    job->wire.total_timeout_us = job->timeout_us;
    job->maybe_sent = 0;
    job->is_answered = 0;
    rv = job->connector->authorize(&job->wire, job->conn, job->access,
                                   job->idempotency_key, amzx_now(e->env),
                                   &fault, job->pool);
    if (rv == APR_SUCCESS) {
        rv = e->http->start(&job->http, e->http, &job->wire, on_done, job,
                            &fault, job->pool);
    }
    if (rv != APR_SUCCESS) {
        amzx_limits_done(e->limits, job->conn, &job->impl->op, NULL, 0,
                         amzx_now(e->env));
        finish(job, NULL, &fault);
        return;
    }
    job->state = AMZX_JOB_FLIGHT;
    e->flight_count++;
}

void amzx_jobs_launch(amzx_engine_t *e, int is_committed)
{
    amzx_job_t *job;

    while (!APR_RING_EMPTY(&e->start, amzx_job_t, link)) {
        job = APR_RING_FIRST(&e->start);
        APR_RING_REMOVE(job, link);
        if (is_committed) {
            launch(job);
        }
        else {
            amzx_job_want(job, 0);
        }
    }
}
