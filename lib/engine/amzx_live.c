/* SPDX-License-Identifier: Apache-2.0 */
/* One claimed run in memory: drives its machine and saves what happened. */
#include "amzx_engine_int.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_id.h"
#include "amzx_json.h"

/* A run that takes the engine down this often is not tried again. The runs
 * beside it are suspected as well, so suspects are tried one at a time. */
#define MAX_CRASHES 25
#define SUSPECT_CRASHES 4

void amzx_live_heat(amzx_live_t *live)
{
    if (!live->is_hot) {
        live->is_hot = 1;
        APR_RING_INSERT_TAIL(&live->engine->hot, live, amzx_live_t, hot_link);
    }
}

void amzx_live_leave(amzx_live_t *live, amzx_run_event_e ev, apr_time_t due,
                     const char *code, const char *detail)
{
    live->state = AMZX_LIVE_GONE;
    live->event = ev;
    live->run->due_at = due;
    live->run->code = code;
    live->run->detail = detail;
    amzx_live_heat(live);
}

void amzx_live_drop(amzx_live_t *live)
{
    amzx_engine_t *e = live->engine;

    amzx_job_drop(&live->job);
    amzx_effect_let_go(live);
    if (live->is_hot) {
        APR_RING_REMOVE(live, hot_link);
    }
    APR_RING_REMOVE(live, link);
    e->live_count--;
    apr_pool_destroy(live->pool);
}

static void die(amzx_live_t *live, const amzx_fault_t *fault)
{
    live->run->outcome = "dead";
    amzx_live_leave(live, AMZX_EV_DIE, 0, apr_pstrdup(live->pool, fault->code),
                    apr_pstrdup(live->pool, fault->detail));
}

static void park(amzx_live_t *live, const amzx_fault_t *fault)
{
    amzx_live_leave(live, AMZX_EV_PARK, 0,
                    apr_pstrdup(live->pool, fault->code),
                    apr_pstrdup(live->pool, fault->detail));
}

/* ---- jobs of a live ----------------------------------------------------- */

static int on_delayed(amzx_job_t *job, apr_time_t at, const char *why)
{
    amzx_live_t *live = job->ctx;
    amzx_engine_t *e = live->engine;

    if (at - amzx_now(e->env) <= AMZX_PARK_AFTER) {
        return 0;
    }
    amzx_effect_unsend(live);
    amzx_live_leave(live, AMZX_EV_WAIT, at, apr_pstrdup(live->pool, why),
                    strcmp(why, "auth.pending") == 0
                        ? "waits for an access token"
                        : "waits for the peer's rate limit");
    return 1;
}

static void on_starts(amzx_job_t *job)
{
    if (job->idempotency_key != NULL) {
        amzx_effect_starts(job->ctx);
    }
}

static void read_over(amzx_live_t *live, const amzx_val_t *result,
                      const amzx_fault_t *fault)
{
    amzx_engine_t *e = live->engine;
    const amzx_ask_t *ask = live->ask;
    apr_time_t now = amzx_now(e->env);

    if (fault == NULL && ask->cache_us > 0) {
        amzx_cache_put(e->cache, &live->job, result, now + ask->cache_us,
                       live->cache_epoch, e->tick_pool);
    }
    amzx_machine_answer(live->machine, result, fault, now);
    live->state = AMZX_LIVE_NEXT;
}

/* A fault that no step can mend: the run waits for a person. */
static int is_parking(const amzx_fault_t *fault)
{
    return fault->klass == AMZX_FAULT_AUTH
           || fault->klass == AMZX_FAULT_CONFIG;
}

static void on_over(amzx_job_t *job, const amzx_val_t *result,
                    const amzx_fault_t *fault)
{
    amzx_live_t *live = job->ctx;

    amzx_live_heat(live);
    if (fault != NULL && is_parking(fault)) {
        amzx_effect_unsend(live);
        park(live, fault);
        return;
    }
    if (live->intent != NULL) {
        amzx_effect_over(live, result, fault);
        return;
    }
    read_over(live, result, fault);
}

/* The connection of an ask; NULL with *ok 1 for operations without one. */
static const amzx_conn_t *conn_of(amzx_live_t *live, const char *name,
                                  int *ok)
{
    const amzx_conn_t *conn;
    amzx_fault_t fault;

    *ok = 1;
    if (name == NULL || name[0] == '\0') {
        return NULL;
    }
    conn = amzx_tenant_conn(live->tenant, name);
    if (conn == NULL) {
        amzx_fault_set(&fault, AMZX_FAULT_CONFIG, APR_ENOENT,
                       "config.connection",
                       "tenant %s has no connection \"%s\"", live->tenant->id,
                       name);
        park(live, &fault);
        *ok = 0;
    }
    return conn;
}

int amzx_live_prepare_job(amzx_live_t *live, const char *op_name,
                          const amzx_val_t *args, const amzx_val_t *body)
{
    amzx_job_t *job = &live->job;
    const amzx_op_impl_t *impl = amzx_op_impl_find(op_name);
    const amzx_conn_t *conn;
    int ok;

    conn = conn_of(live, live->ask->using_, &ok);
    if (!ok) {
        return 0;
    }
    memset(job, 0, sizeof(*job));
    APR_RING_ELEM_INIT(job, link);
    job->engine = live->engine;
    job->conn = conn;
    job->connector = conn ? amzx_connector_find(conn->type) : NULL;
    job->impl = impl;
    job->call.op = &impl->op;
    job->call.conn = conn;
    job->call.tenant = live->tenant;
    job->call.env = live->engine->env;
    job->call.args = args;
    job->call.body = body;
    if (live->call_pool == NULL) {
        apr_pool_create(&live->call_pool, live->pool);
        apr_pool_tag(live->call_pool, "amzxero_call");
    }
    job->call.pool = live->call_pool;
    job->pool = live->call_pool;
    job->timeout_us = live->ask->timeout_us;
    job->priority = live->run->priority;
    job->over = on_over;
    job->starts = on_starts;
    job->delayed = on_delayed;
    job->ctx = live;
    return 1;
}

/* ---- asks that need no database ----------------------------------------- */

static void ask_read(amzx_live_t *live)
{
    amzx_engine_t *e = live->engine;
    const amzx_ask_t *ask = live->ask;
    const amzx_val_t *result = NULL;
    amzx_fault_t fault;
    apr_time_t now = amzx_now(e->env);

    if (!amzx_live_prepare_job(live, ask->op->name, ask->args, ask->body)) {
        return;
    }
    if (ask->cache_us > 0) {
        result = amzx_cache_get(e->cache, live->job.conn, ask->op, ask->args,
                                now, live->pool);
        if (result != NULL) {
            amzx_machine_answer(live->machine, result, NULL, now);
            return;
        }
        live->cache_epoch = amzx_cache_epoch(e->cache, live->job.conn,
                                             ask->op, live->pool);
    }
    if (amzx_job_begin(&live->job, &result, &fault)) {
        live->state = AMZX_LIVE_JOB;
        amzx_job_want(&live->job, 0);
        return;
    }
    if (result == NULL && is_parking(&fault)) {
        park(live, &fault);
        return;
    }
    amzx_machine_answer(live->machine, result, result ? NULL : &fault, now);
}

static void ask_wait(amzx_live_t *live)
{
    apr_time_t now = amzx_now(live->engine->env);

    if (live->ask->until <= now) {
        amzx_machine_answer(live->machine, NULL, NULL, now);
        return;
    }
    amzx_live_leave(live, AMZX_EV_WAIT, live->ask->until, "wait",
                    apr_pstrdup(live->pool, live->ask->why));
}

static void ask_end(amzx_live_t *live)
{
    const amzx_ask_t *ask = live->ask;
    amzx_run_event_e ev = AMZX_EV_FINISH;

    if (strcmp(ask->outcome, "dead") == 0) {
        ev = AMZX_EV_DIE;
    }
    live->run->outcome = ask->outcome;
    amzx_live_leave(live, ev, 0, ask->code, ask->detail);
}

/* Build the request and look for a token before the transaction begins, so
 * that the writers' lock is held for statements only. */
static void ask_effect(amzx_live_t *live)
{
    const amzx_ask_t *ask = live->ask;
    const amzx_val_t *result = NULL;
    amzx_fault_t fault;

    if (!amzx_live_prepare_job(live, ask->op->name, ask->args, ask->body)) {
        return;
    }
    if (!amzx_job_begin(&live->job, &result, &fault)) {
        amzx_machine_answer(live->machine, result, result ? NULL : &fault,
                            amzx_now(live->engine->env));
        return;
    }
    if (live->job.conn != NULL) {
        /* A failure here is met again, and handled, when the job wants. */
        amzx_tokens_get(&live->job.access, live->engine->tokens,
                        live->job.conn, &fault);
    }
    live->state = AMZX_LIVE_TXN;
}

void amzx_live_drive(amzx_live_t *live)
{
    while (live->state == AMZX_LIVE_NEXT) {
        if (live->intent_dirty) {
            APR_ARRAY_PUSH(live->settled, amzx_intent_t *) = live->intent;
            live->intent_dirty = 0;
        }
        amzx_effect_let_go(live);
        live->intent = NULL;
        live->is_confirming = 0;
        if (live->call_pool != NULL) {
            apr_pool_destroy(live->call_pool);
            live->call_pool = NULL;
        }
        live->ask = amzx_machine_next(live->machine);
        switch (live->ask->kind) {
        case AMZX_ASK_CALL:
            if (live->ask->op->effect <= AMZX_EFFECT_READ) {
                ask_read(live);
            }
            else {
                ask_effect(live);
            }
            break;
        case AMZX_ASK_WAIT:
            ask_wait(live);
            break;
        case AMZX_ASK_REVIEW:
        case AMZX_ASK_RUN:
            live->state = AMZX_LIVE_TXN;
            break;
        case AMZX_ASK_END:
            ask_end(live);
            break;
        }
    }
}

/* ---- into memory -------------------------------------------------------- */

static apr_status_t load(amzx_live_t *live, const char *input,
                         amzx_fault_t *fault)
{
    amzx_engine_t *e = live->engine;
    apr_array_header_t *entries = NULL;
    amzx_machine_start_t start = { 0 };
    const amzx_val_t *settings;
    apr_status_t rv;

    live->tenant = amzx_site_find(e->site, live->run->tenant);
    if (live->tenant == NULL) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_ENOENT,
                              "config.tenant", "no tenant \"%s\" here",
                              live->run->tenant);
    }
    rv = amzx_defs_pinned(&live->flow, e->defs, e->db, live->run->workflow,
                          live->run->sha, fault);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    settings = amzx_tenant_settings(live->tenant, live->run->workflow,
                                    e->tick_pool);
    rv = amzx_flow_config(&start.config, live->flow, settings, fault,
                          e->tick_pool);
    if (rv == APR_SUCCESS && live->run->seq > 0) {
        rv = amzx_journal_read(&entries, e->db, &e->store, live->run->id,
                               fault, e->tick_pool);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_json_parse(&start.payload, input, strlen(input), NULL,
                             fault, e->tick_pool);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    start.run_id = live->run->id;
    start.tenant = amzx_tenant_val(live->tenant, e->tick_pool);
    start.env = e->env;
    return amzx_machine_make(
        &live->machine, live->flow, &start,
        entries ? (const amzx_entry_t *)(void *)entries->elts : NULL,
        entries ? entries->nelts : 0, amzx_now(e->env), fault, live->pool);
}

static amzx_run_t *copy_run(const amzx_run_t *run, apr_pool_t *p)
{
    amzx_run_t *c = apr_pmemdup(p, run, sizeof(*run));

    c->id = apr_pstrdup(p, run->id);
    c->tenant = apr_pstrdup(p, run->tenant);
    c->workflow = apr_pstrdup(p, run->workflow);
    c->sha = apr_pstrdup(p, run->sha);
    c->run_key = apr_pstrdup(p, run->run_key);
    c->partition = apr_pstrdup(p, run->partition);
    c->owner = apr_pstrdup(p, run->owner);
    c->trigger = apr_pstrdup(p, run->trigger);
    c->origin = apr_pstrdup(p, run->origin);
    c->input = NULL; /* the machine has it by then */
    c->trace = apr_pstrdup(p, run->trace);
    c->outcome = NULL;
    c->code = NULL;
    c->detail = NULL;
    c->step = apr_pstrdup(p, run->step);
    return c;
}

static int is_other_suspect(const amzx_live_t *live)
{
    const amzx_live_t *other;

    APR_RING_FOREACH(other, &live->engine->lives, amzx_live_t, link) {
        if (other != live && other->was_suspect
            && other->state != AMZX_LIVE_GONE) {
            return 1;
        }
    }
    return 0;
}

void amzx_live_add(amzx_engine_t *e, const amzx_run_t *run)
{
    amzx_live_t *live;
    amzx_fault_t fault;
    apr_pool_t *p;

    apr_pool_create(&p, e->pool);
    apr_pool_tag(p, "amzxero_run");
    live = apr_pcalloc(p, sizeof(*live));
    APR_RING_ELEM_INIT(live, link);
    APR_RING_ELEM_INIT(live, hot_link);
    live->engine = e;
    live->pool = p;
    live->run = copy_run(run, p);
    live->was_suspect = run->crashes > SUSPECT_CRASHES;
    live->settled = apr_array_make(p, 2, sizeof(amzx_intent_t *));
    live->state = AMZX_LIVE_NEXT;
    APR_RING_INSERT_TAIL(&e->lives, live, amzx_live_t, link);
    e->live_count++;
    amzx_live_heat(live);
    amzx_fault_clear(&fault);
    if (run->crashes > MAX_CRASHES) {
        amzx_fault_set(&fault, AMZX_FAULT_BUG, APR_EGENERAL,
                       "internal.poison",
                       "the engine ended %d times while it held this run",
                       run->crashes - 1);
        die(live, &fault);
        return;
    }
    if (run->crashes > SUSPECT_CRASHES && is_other_suspect(live)) {
        live->keeps_crashes = 1;
        live->run->crashes--;
        amzx_live_leave(live, AMZX_EV_WAIT,
                        amzx_now(e->env) + APR_USEC_PER_SEC / 5
                            + (apr_time_t)amzx_random_below(
                                e->env, APR_USEC_PER_SEC),
                        "internal.suspect",
                        "the engine ended while it held this run; it is "
                        "tried again by itself");
        return;
    }
    if (load(live, run->input, &fault) != APR_SUCCESS) {
        if (fault.klass == AMZX_FAULT_TRANSIENT
            || amzx_fault_matches(fault.code, "database")) {
            amzx_live_leave(live, AMZX_EV_WAIT,
                            amzx_now(e->env) + apr_time_from_sec(5),
                            apr_pstrdup(p, fault.code),
                            apr_pstrdup(p, fault.detail));
        }
        else if (fault.klass == AMZX_FAULT_CONFIG) {
            park(live, &fault);
        }
        else {
            die(live, &fault);
        }
    }
}
