/* SPDX-License-Identifier: Apache-2.0 */
/* What a tick's transaction writes about one run. */
#include "amzx_engine_int.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_id.h"
#include "amzx_json.h"

/* A parent that awaits a child is woken by its end; this is the fallback. */
#define CHILD_POLL apr_time_from_sec(30)

/* ---- reviews ------------------------------------------------------------ */

static const amzx_val_t *decision(const amzx_review_t *r, amzx_fault_t *fault,
                                  apr_pool_t *p)
{
    amzx_val_t *v = amzx_val_obj(5, p);
    const amzx_val_t *edited = &amzx_val_null;

    if (r->edited != NULL) {
        amzx_json_parse(&edited, r->edited, strlen(r->edited), NULL, fault,
                        p);
    }
    amzx_val_put_str(v, "choice", r->choice, p);
    amzx_val_put(v, "edited", edited ? edited : &amzx_val_null, p);
    amzx_val_put_str(v, "by", r->by, p);
    amzx_val_put(v, "at", amzx_val_datetime(r->resolved_at, p), p);
    amzx_val_put_str(v, "note", r->note, p);
    return v;
}

static apr_status_t consult_review(amzx_live_t *live, amzx_txn_t *txn,
                                   amzx_fault_t *fault)
{
    amzx_engine_t *e = live->engine;
    amzx_review_t *known = NULL;
    amzx_review_t review = live->ask->review;
    apr_time_t now = amzx_now(e->env);
    apr_status_t rv;
    int is_done = 0;

    rv = amzx_review_of(&known, e->db, &e->store, live->run->id,
                        live->ask->path, fault, live->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (known != NULL && known->choice == NULL && known->on_timeout != NULL
        && known->due_at <= now) {
        known->choice = known->on_timeout;
        known->by = "timeout";
        known->resolved_at = now;
        rv = amzx_review_decide(&is_done, txn, &e->store, known, fault,
                                live->pool);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        /* Or a person was quicker: the row tells. */
        rv = amzx_review_of(&known, e->db, &e->store, live->run->id,
                            live->ask->path, fault, live->pool);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    if (known != NULL && known->choice != NULL) {
        amzx_machine_answer(live->machine,
                            decision(known, fault, live->pool), NULL, now);
        live->state = AMZX_LIVE_NEXT;
        return APR_SUCCESS;
    }
    if (known == NULL) {
        review.id = amzx_id_new(e->env, "rev", live->pool);
        review.tenant = live->run->tenant;
        review.run_id = live->run->id;
        review.path = live->ask->path;
        review.created_at = now;
        rv = amzx_review_put(txn, &e->store, &review, fault, live->pool);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        known = &review;
    }
    amzx_live_leave(live, AMZX_EV_ASK, known->due_at, "review",
                    apr_pstrdup(live->pool, known->title));
    return APR_SUCCESS;
}

/* ---- children ----------------------------------------------------------- */

static apr_status_t put_child(amzx_live_t *live, amzx_txn_t *txn,
                              amzx_fault_t *fault)
{
    amzx_engine_t *e = live->engine;
    const amzx_ask_t *ask = live->ask;
    const amzx_flow_t *flow = amzx_defs_find(e->defs, ask->workflow);
    const amzx_trigger_t *t = NULL;
    amzx_offer_t offer = { 0 };
    int is_new;
    int i;

    for (i = 0; flow != NULL && (t = amzx_flow_trigger(flow, i)) != NULL;
         i++) {
        if (t->kind == AMZX_TRIGGER_MANUAL) {
            break;
        }
    }
    if (t == NULL) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_ENOENT,
                              "config.workflow",
                              "no workflow \"%s\" with a manual trigger",
                              ask->workflow);
    }
    offer.flow = flow;
    offer.trigger = t;
    offer.tenant = live->tenant;
    offer.brought = ask->args;
    offer.origin = live->run->id;
    offer.trace = live->run->trace;
    offer.run_key = ask->run_key;
    return amzx_intake_admit(&is_new, e, txn, &offer, fault, live->pool);
}

static apr_status_t consult_run(amzx_live_t *live, amzx_txn_t *txn,
                                amzx_fault_t *fault)
{
    amzx_engine_t *e = live->engine;
    const amzx_ask_t *ask = live->ask;
    amzx_run_t *child = NULL;
    amzx_val_t *v;
    apr_time_t now = amzx_now(e->env);
    apr_status_t rv;

    rv = put_child(live, txn, fault);
    if (rv == APR_SUCCESS && !ask->is_detached) {
        rv = amzx_run_by_key(&child, e->db, &e->store, live->run->tenant,
                             ask->workflow, ask->run_key, fault, live->pool);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!ask->is_detached && child == NULL) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_ENOENT,
                              "data.filtered",
                              "workflow \"%s\" does not take this",
                              ask->workflow);
    }
    if (!ask->is_detached
        && ((child->state != AMZX_RUN_DONE && child->state != AMZX_RUN_DEAD
                && child->state != AMZX_RUN_CANCELLED))) {
        amzx_live_leave(live, AMZX_EV_WAIT, now + CHILD_POLL, "child",
                        "waits for another run");
        return APR_SUCCESS;
    }
    v = amzx_val_obj(3, live->pool);
    if (child != NULL) {
        amzx_val_put_str(v, "runId", child->id, live->pool);
        amzx_val_put_str(v, "outcome", child->outcome, live->pool);
        amzx_val_put_str(v, "code", child->code, live->pool);
    }
    amzx_machine_answer(live->machine, v, NULL, now);
    live->state = AMZX_LIVE_NEXT;
    return APR_SUCCESS;
}

static apr_status_t consult(amzx_live_t *live, amzx_txn_t *txn,
                            amzx_fault_t *fault)
{
    switch (live->ask->kind) {
    case AMZX_ASK_CALL:
        return amzx_effect_consult(live, txn, fault);
    case AMZX_ASK_REVIEW:
        return consult_review(live, txn, fault);
    case AMZX_ASK_RUN:
        return consult_run(live, txn, fault);
    case AMZX_ASK_WAIT:
    case AMZX_ASK_END:
        break;
    }
    return APR_SUCCESS;
}

apr_status_t amzx_live_consult(amzx_live_t *live, amzx_txn_t *txn,
                               amzx_fault_t *fault)
{
    apr_status_t rv;

    live->is_dirty = 1;
    rv = consult(live, txn, fault);
    if (rv == APR_SUCCESS || amzx_fault_matches(fault->code, "database")) {
        return rv;
    }
    /* The run's own trouble must not stop those beside it. */
    if (fault->klass == AMZX_FAULT_CONFIG) {
        amzx_live_leave(live, AMZX_EV_PARK, 0,
                        apr_pstrdup(live->pool, fault->code),
                        apr_pstrdup(live->pool, fault->detail));
    }
    else {
        amzx_machine_answer(live->machine, NULL, fault,
                            amzx_now(live->engine->env));
        live->state = AMZX_LIVE_NEXT;
    }
    amzx_fault_clear(fault);
    return APR_SUCCESS;
}

/* ---- save --------------------------------------------------------------- */

static apr_status_t add_events(amzx_live_t *live, amzx_batch_t *batch,
                               const amzx_entry_t *entries, int count,
                               amzx_fault_t *fault)
{
    const amzx_val_t *v = NULL;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < count && rv == APR_SUCCESS; i++) {
        amzx_batch_entry(batch, live->run, &entries[i]);
        if (strcmp(entries[i].kind, "emit") != 0) {
            continue;
        }
        rv = amzx_json_parse(&v, entries[i].data, strlen(entries[i].data),
                             NULL, fault, live->pool);
        if (rv == APR_SUCCESS) {
            amzx_batch_event(
                batch, live->run, entries[i].path,
                apr_pstrdup(live->pool,
                            amzx_val_text(amzx_val_get(v, "event"), "")),
                amzx_json_write(amzx_val_get(v, "body"), NULL, live->pool));
        }
    }
    return rv;
}

static void add_dead(amzx_live_t *live, amzx_batch_t *batch)
{
    const amzx_run_t *run = live->run;
    amzx_dead_t dead = { 0 };

    dead.id = amzx_id_new(live->engine->env, "dead", live->pool);
    dead.tenant = run->tenant;
    dead.run_id = run->id;
    dead.workflow = run->workflow;
    dead.version = run->version;
    dead.step = run->step;
    dead.code = run->code;
    dead.detail = run->detail;
    dead.created_at = amzx_now(live->engine->env);
    amzx_batch_dead(batch, run, &dead);
}

apr_status_t amzx_live_wake_parent(amzx_live_t *live, amzx_txn_t *txn,
                                   amzx_fault_t *fault)
{
    int is_done;

    if (live->state != AMZX_LIVE_GONE || live->run->origin == NULL
        || (live->event != AMZX_EV_DIE && live->event != AMZX_EV_FINISH)
        || !amzx_id_is(live->run->origin, "run")) {
        return APR_SUCCESS;
    }
    return amzx_run_move(&is_done, txn, live->run->tenant, live->run->origin,
                         AMZX_EV_WAKE, amzx_now(live->engine->env), fault,
                         live->pool);
}

apr_status_t amzx_live_save(amzx_live_t *live, amzx_batch_t *batch,
                            amzx_fault_t *fault)
{
    amzx_run_t *run = live->run;
    const amzx_entry_t *entries = NULL;
    apr_status_t rv;
    int count = 0;
    int i;

    if (live->machine != NULL) {
        count = amzx_machine_take(live->machine, &entries);
        run->step = amzx_machine_path(live->machine);
    }
    if (count > 0) {
        run->seq = entries[count - 1].seq;
    }
    if (!live->keeps_crashes) {
        run->crashes = 0;
    }
    amzx_batch_save(batch, run,
                    live->state == AMZX_LIVE_GONE ? live->event : AMZX_EVENTS);
    rv = add_events(live, batch, entries, count, fault);
    for (i = 0; i < live->settled->nelts; i++) {
        amzx_batch_intent(batch, run,
                          APR_ARRAY_IDX(live->settled, i, amzx_intent_t *));
    }
    if (live->intent_dirty) {
        amzx_batch_intent(batch, run, live->intent);
    }
    if (live->state == AMZX_LIVE_GONE && live->event == AMZX_EV_DIE) {
        add_dead(live, batch);
    }
    return rv;
}

static void report(const amzx_live_t *live)
{
    amzx_engine_t *e = live->engine;
    const amzx_run_t *run = live->run;

    if (live->event == AMZX_EV_FINISH) {
        amzx_counter_add(e->env,
                         strcmp(run->outcome, "skipped") == 0
                             ? AMZX_COUNTER_RUN_SKIPPED
                             : AMZX_COUNTER_RUN_DONE,
                         1);
        amzx_log(e->env, AMZX_LOG_INFO, 901, APR_SUCCESS,
                 "run %s of %s/%s: %s after %" APR_TIME_T_FMT " ms", run->id,
                 run->tenant, run->workflow, run->outcome,
                 apr_time_as_msec(amzx_now(e->env) - run->created_at));
    }
    else if (live->event == AMZX_EV_DIE) {
        amzx_counter_add(e->env, AMZX_COUNTER_RUN_DEAD, 1);
        amzx_log(e->env, AMZX_LOG_ERR, 902, APR_SUCCESS,
                 "run %s of %s/%s is dead at %s: %s", run->id, run->tenant,
                 run->workflow, run->step ? run->step : "-",
                 run->code ? run->code : "-");
    }
    else if (live->event == AMZX_EV_PARK) {
        amzx_log(e->env, AMZX_LOG_WARNING, 903, APR_SUCCESS,
                 "run %s of %s/%s needs a person: %s", run->id, run->tenant,
                 run->workflow, run->code ? run->code : "-");
    }
}

int amzx_live_has_news(const amzx_live_t *live)
{
    return live->is_dirty || live->intent_dirty || live->settled->nelts > 0
           || live->state == AMZX_LIVE_GONE;
}

void amzx_live_saved(amzx_live_t *live, int is_held)
{
    amzx_engine_t *e = live->engine;

    if (!is_held) {
        amzx_counter_add(e->env, AMZX_COUNTER_FENCED_WRITES, 1);
        amzx_log(e->env, AMZX_LOG_WARNING, 904, APR_SUCCESS,
                 "run %s: its lease went to another engine", live->run->id);
        amzx_live_drop(live);
        return;
    }
    if (live->machine != NULL) {
        amzx_machine_saved(live->machine);
    }
    live->is_dirty = 0;
    live->intent_dirty = 0;
    apr_array_clear(live->settled);
    if (live->state == AMZX_LIVE_GONE) {
        report(live);
        amzx_live_drop(live);
    }
}
