/* SPDX-License-Identifier: Apache-2.0 */
/* From stored deliveries to runs: every trigger that matches starts one. */
#include "amzx_engine_int.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_envelope.h"
#include "amzx_id.h"
#include "amzx_json.h"
#include "amzx_str.h"

#define INTAKE_MAX 128

apr_status_t amzx_intake_admit(int *is_new, amzx_engine_t *e, amzx_txn_t *txn,
                               const amzx_offer_t *offer, amzx_fault_t *fault,
                               apr_pool_t *p)
{
    const amzx_flow_t *flow = offer->flow;
    const amzx_tenant_t *tenant = offer->tenant;
    amzx_admit_for_t whom = { 0 };
    amzx_admit_t admit = { 0 };
    amzx_run_t run = { 0 };
    apr_time_t now = amzx_now(e->env);
    apr_status_t rv;

    *is_new = 0;
    whom.tenant = amzx_tenant_val(tenant, p);
    whom.now = now;
    rv = amzx_flow_config(
        &whom.config, flow,
        amzx_tenant_settings(tenant, amzx_flow_name(flow), p), fault, p);
    if (rv == APR_SUCCESS) {
        rv = amzx_flow_admit(&admit, flow, offer->trigger, offer->brought,
                             &whom, fault, p);
    }
    if (rv != APR_SUCCESS || !admit.is_match) {
        return rv;
    }
    run.id = amzx_id_new(e->env, "run", p);
    run.tenant = tenant->id;
    run.workflow = amzx_flow_name(flow);
    run.version = amzx_flow_version(flow);
    run.sha = amzx_flow_sha(flow);
    run.run_key = offer->run_key ? offer->run_key : admit.run_key;
    run.partition = admit.partition;
    run.priority = amzx_flow_priority(flow);
    run.due_at = now;
    run.trigger = offer->trigger->id;
    run.origin = offer->origin;
    run.input = admit.payload;
    run.trace = offer->trace;
    run.created_at = now;
    run.updated_at = now;
    rv = amzx_run_put(is_new, txn, &e->store, &run, fault, p);
    if (rv == APR_SUCCESS && *is_new) {
        amzx_counter_add(e->env, AMZX_COUNTER_RUN_STARTED, 1);
    }
    return rv;
}

/* What became of one delivery, for its row. */
typedef struct {
    int events;
    int runs;
    int refused;
    char why[400];
} tally_t;

/* Cut where a character ends: PostgreSQL takes nothing else. */
static void tell(tally_t *tally, const char *why)
{
    apr_size_t len = strlen(why);

    if (len > sizeof(tally->why) - 1) {
        len = sizeof(tally->why) - 1;
    }
    amzx_str_clean(tally->why, why, len, ' ');
}

/* A fault of the database ends the tick; any other is the delivery's own. */
static int is_database(const amzx_fault_t *fault)
{
    return amzx_fault_matches(fault->code, "database");
}

static apr_status_t offer_one(amzx_engine_t *e, amzx_txn_t *txn,
                              const amzx_offer_t *offer, tally_t *tally,
                              amzx_fault_t *fault)
{
    apr_pool_t *p = e->tick_pool;
    apr_status_t rv;
    int is_new = 0;

    rv = amzx_intake_admit(&is_new, e, txn, offer, fault, p);
    if (rv != APR_SUCCESS && is_database(fault)) {
        return rv;
    }
    if (rv != APR_SUCCESS) {
        tally->refused++;
        tell(tally, apr_psprintf(p, "%s: %s: %s%s%s",
                                 amzx_flow_name(offer->flow), fault->code,
                                 fault->detail,
                                 fault->place[0] ? " at " : "",
                                 fault->place));
        amzx_fault_clear(fault);
    }
    tally->runs += is_new;
    return APR_SUCCESS;
}

static apr_status_t offer_all(amzx_engine_t *e, amzx_txn_t *txn,
                              const amzx_delivery_t *d, amzx_offer_t *offer,
                              const amzx_event_t *ev, tally_t *tally,
                              amzx_fault_t *fault)
{
    apr_status_t rv = APR_SUCCESS;
    int f;
    int i;

    offer->brought = ev->event;
    for (f = 0; f < amzx_defs_count(e->defs); f++) {
        offer->flow = amzx_defs_at(e->defs, f);
        for (i = 0; rv == APR_SUCCESS; i++) {
            offer->trigger = amzx_flow_trigger(offer->flow, i);
            if (offer->trigger == NULL) {
                break;
            }
            if (offer->trigger->kind == AMZX_TRIGGER_EVENT
                && strcmp(offer->trigger->source, d->source) == 0
                && strcmp(offer->trigger->type, ev->type) == 0) {
                rv = offer_one(e, txn, offer, tally, fault);
            }
        }
    }
    return rv;
}

static apr_status_t take_one(amzx_engine_t *e, amzx_txn_t *txn,
                             const amzx_delivery_t *d, amzx_fault_t *fault,
                             apr_pool_t *p)
{
    const amzx_tenant_t *tenant = amzx_site_find(e->site, d->tenant);
    apr_array_header_t *events = NULL;
    amzx_offer_t offer = { .tenant = tenant, .origin = d->id,
                           .trace = d->trace };
    tally_t tally = { 0 };
    apr_status_t rv;
    int i;

    if (tenant == NULL) {
        return amzx_inbox_close(txn, d->id, "refused", "no such tenant here",
                                amzx_now(e->env), fault, p);
    }
    rv = amzx_envelope_amazon(&events, d->body, d->body_len, fault, p);
    if (rv != APR_SUCCESS) {
        tell(&tally, apr_psprintf(p, "%s: %s%s%s", fault->code, fault->detail,
                                  fault->place[0] ? " at " : "",
                                  fault->place));
        amzx_fault_clear(fault);
        amzx_log(e->env, AMZX_LOG_WARNING, 905, APR_SUCCESS,
                 "delivery %s of tenant %s is not readable", d->id,
                 d->tenant);
        return amzx_inbox_close(txn, d->id, "refused", tally.why,
                                amzx_now(e->env), fault, p);
    }
    for (i = 0; i < events->nelts; i++) {
        tally.events++;
        rv = offer_all(e, txn, d, &offer,
                       &APR_ARRAY_IDX(events, i, amzx_event_t), &tally,
                       fault);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return amzx_inbox_close(
        txn, d->id, tally.refused > 0 && tally.runs == 0 ? "refused" : "done",
        tally.refused > 0
            ? tally.why
            : apr_psprintf(p, "%d events, %d new runs", tally.events,
                           tally.runs),
        amzx_now(e->env), fault, p);
}

apr_status_t amzx_intake(int *count, amzx_engine_t *e, amzx_txn_t *txn,
                         amzx_fault_t *fault)
{
    apr_array_header_t *deliveries = NULL;
    apr_status_t rv;
    int i;

    *count = 0;
    rv = amzx_inbox_take(&deliveries, txn, &e->store, INTAKE_MAX, fault,
                         e->tick_pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    *count = deliveries->nelts;
    for (i = 0; i < deliveries->nelts && rv == APR_SUCCESS; i++) {
        rv = take_one(e, txn,
                      &APR_ARRAY_IDX(deliveries, i, amzx_delivery_t), fault,
                      e->tick_pool);
    }
    return rv;
}
