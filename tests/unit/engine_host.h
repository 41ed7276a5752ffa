/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file engine_host.h  Real engines over a real database, with a clock that
 * the test moves and a peer in memory: time that goes by, the work that comes
 * in and what has become of it.
 */
#ifndef ENGINE_HOST_H
#define ENGINE_HOST_H

#include "engine_node.h"

/* ---- what is in the database --------------------------------------------- */

static inline apr_int64_t host_runs(host_t *h, amzx_run_state_e state)
{
    apr_int64_t counts[AMZX_RUN_STATES];
    apr_pool_t *p;

    apr_pool_create(&p, h->p);
    assert_ok(h->f, amzx_run_counts(counts, h->f->db, NULL, &h->f->fault, p));
    apr_pool_destroy(p);
    return counts[state];
}

static inline int host_is_idle(host_t *h)
{
    apr_int64_t backlog = 0;
    apr_time_t oldest = 0;
    apr_pool_t *p;

    apr_pool_create(&p, h->p);
    assert_ok(h->f, amzx_inbox_backlog(&backlog, &oldest, h->f->db,
                                       &h->f->fault, p));
    apr_pool_destroy(p);
    return backlog == 0 && host_runs(h, AMZX_RUN_READY) == 0
           && host_runs(h, AMZX_RUN_RUNNING) == 0
           && host_runs(h, AMZX_RUN_WAITING) == 0;
}

/** Let so much time go by, no further than to the end of all work. @return 1
 *  when everything is settled */
static inline int host_go(host_t *h, apr_interval_time_t us)
{
    apr_time_t end = host_clock + us;
    int busy;
    int i;

    for (;;) {
        for (i = 0, busy = 0; i < NODES; i++) {
            busy |= host_turn(h, i);
        }
        if (busy) {
            continue;
        }
        if (host_is_idle(h)) {
            return 1;
        }
        if (host_clock >= end) {
            return 0;
        }
        host_clock += h->peer->in_flight > 0 ? 10000 : 100000;
    }
}

/** Exactly so much time, whatever happens. */
static inline void host_pass(host_t *h, apr_interval_time_t us)
{
    apr_time_t end = host_clock + us;
    int busy;
    int i;

    do {
        for (i = 0, busy = 0; i < NODES; i++) {
            busy |= host_turn(h, i);
        }
        if (!busy) {
            host_clock += 20000;
        }
    } while (host_clock < end);
}

static inline apr_array_header_t *host_all(host_t *h)
{
    amzx_run_filter_t filter = { "acme", NULL, NULL, NULL, 500 };
    apr_array_header_t *runs = NULL;

    assert_ok(h->f, amzx_run_list(&runs, h->f->db, &filter, &h->f->fault,
                                  h->p));
    return runs;
}

/** The only run. */
static inline amzx_run_t *host_run(host_t *h)
{
    apr_array_header_t *runs = host_all(h);

    assert_int_equal(runs->nelts, 1);
    return &APR_ARRAY_IDX(runs, 0, amzx_run_t);
}

static inline apr_array_header_t *host_journal(host_t *h, const char *id)
{
    apr_array_header_t *rows = NULL;

    assert_ok(h->f, amzx_journal_read(&rows, h->f->db, &h->f->st, id,
                                      &h->f->fault, h->p));
    return rows;
}

/** The intents of the only run. */
static inline amzx_intent_t *host_intent(host_t *h, int i)
{
    apr_array_header_t *intents = NULL;

    assert_ok(h->f, amzx_intent_of_run(&intents, h->f->db, &h->f->st,
                                       host_run(h)->id, &h->f->fault, h->p));
    assert_true(intents->nelts > i);
    return &APR_ARRAY_IDX(intents, i, amzx_intent_t);
}

/** Runs with their journals, without ids and times. */
static inline const char *host_history(host_t *h, apr_pool_t *p)
{
    apr_array_header_t *runs = host_all(h);
    apr_array_header_t *lines = apr_array_make(p, 8, sizeof(char *));
    int i;
    int k;

    for (i = 0; i < runs->nelts; i++) {
        const amzx_run_t *run = &APR_ARRAY_IDX(runs, i, amzx_run_t);
        apr_array_header_t *rows = host_journal(h, run->id);
        amzx_buf_t b;

        amzx_buf_init(&b, 1024, p);
        amzx_buf_printf(&b, "%s/%s %s %s %s\n", run->workflow, run->run_key,
                        amzx_run_state_name(run->state),
                        run->outcome ? run->outcome : "-",
                        run->code ? run->code : "-");
        for (k = 0; k < rows->nelts; k++) {
            const amzx_entry_t *e = &APR_ARRAY_IDX(rows, k, amzx_entry_t);

            amzx_buf_printf(&b, "  %d %s %s %s %s\n", (int)e->seq, e->path,
                            e->kind, e->hash ? e->hash : "-",
                            e->data ? e->data : "-");
        }
        APR_ARRAY_PUSH(lines, const char *) = b.s;
    }
    qsort(lines->elts, (size_t)lines->nelts, sizeof(char *), peer_by_text);
    return apr_array_pstrcat(p, lines, 0);
}

/** Everything must be settled in that time. */
static inline void host_settles(host_t *h, apr_interval_time_t us)
{
    if (!host_go(h, us)) {
        fail_msg("not settled; %d calls out, %d begun:\n%s",
                 h->peer->in_flight, h->peer->starts, host_history(h, h->p));
    }
}

/* ---- work ---------------------------------------------------------------- */

/** A delivery with that body. */
static inline const char *host_deliver_body(host_t *h, const char *tenant,
                                            const char *body)
{
    amzx_delivery_t d = { 0 };
    int is_new = 0;

    d.id = apr_psprintf(h->p, "in_%04d", ++h->count);
    d.tenant = tenant;
    d.source = "amazon.notifications";
    d.delivery = d.id;
    d.body = body;
    d.body_len = strlen(body);
    d.received_at = host_clock;
    in_txn(h->f, amzx_inbox_put(&is_new, txn, &h->f->st, &d, &h->f->fault,
                                h->p));
    assert_int_equal(is_new, 1);
    return d.id;
}

/** ORDER_CHANGE of an order. */
static inline const char *host_order_change(const char *order,
                                            const char *status, apr_pool_t *p)
{
    return apr_psprintf(
        p, "{\"NotificationVersion\":\"1.0\",\"NotificationType\":"
        "\"ORDER_CHANGE\",\"PayloadVersion\":\"1.0\",\"EventTime\":"
        "\"2026-02-01T10:21:00.000Z\",\"Payload\":{"
        "\"OrderChangeNotification\":{\"NotificationLevel\":\"OrderLevel\","
        "\"SellerId\":\"A2S\",\"AmazonOrderId\":\"%s\",\"Summary\":{"
        "\"MarketplaceId\":\"A1F83G8C2ARO7P\",\"OrderStatus\":\"%s\"}}},"
        "\"NotificationMetadata\":{\"ApplicationId\":\"a\","
        "\"SubscriptionId\":\"s\",\"PublishTime\":"
        "\"2026-02-01T10:21:00.500Z\",\"NotificationId\":\"n-%s-%s\"}}",
        order, status, order, status);
}

static inline const char *host_notify(host_t *h, const char *order)
{
    return host_deliver_body(h, "acme",
                             host_order_change(order, "Shipped", h->p));
}

/** A run of a workflow with a manual trigger "go", of the newest version in
 *  the folder. */
static inline const char *host_put(host_t *h, const char *flow,
                                   const char *key, const char *partition)
{
    amzx_defs_t *defs = NULL;
    const amzx_flow_t *found;
    amzx_run_t run;

    assert_ok(h->f, amzx_defs_load(&defs, NULL, h->site->workflow_dir,
                                   &h->f->fault, h->p));
    found = amzx_defs_find(defs, flow);
    assert_non_null(found);
    memset(&run, 0, sizeof(run));
    run.id = amzx_id_new(&h->f->env, "run", h->p);
    run.tenant = "acme";
    run.workflow = flow;
    run.version = amzx_flow_version(found);
    run.sha = amzx_flow_sha(found);
    run.run_key = key;
    run.partition = partition;
    run.due_at = host_clock;
    run.trigger = "go";
    run.origin = "rest";
    run.input = "{\"trigger\":\"go\",\"body\":{},\"input\":{}}";
    run.created_at = host_clock;
    fixture_put_run(h->f, &run);
    return run.id;
}

/* ---- small workflows ----------------------------------------------------- */

#define FLOW_HEAD(name, version)                                             \
    "<workflow xmlns='urn:amzxero:workflow:1' name='" name "' version='"     \
    version "'><connections><use name='amazon' type='amazon.spapi'/>"        \
    "<use name='xero' type='xero.accounting'/></connections><retries>"       \
    "<retry name='quick' max-attempts='8' base='PT1S' cap='PT4S' "           \
    "on='network server rate_limited database'/></retries>"
#define FLOW(name, steps)                                                    \
    FLOW_HEAD(name, "1") "<triggers><manual id='go'/></triggers><steps>"     \
    steps "</steps></workflow>"
#define GET_ORDER                                                            \
    "<call id='order' op='amazon.orders.getOrder' using='amazon' "           \
    "retry='quick'><arg name='orderId' value='" ORDER "'/></call>"
/* One item, confirmed by the connector's own rule. */
#define MAKE_ITEM(key)                                                       \
    "<call id='made' op='xero.items.create' using='xero' retry='quick' "     \
    "idempotency-key='" key "'><body><field to='Code' value='A'/>"           \
    "<field to='Name' value='Thing'/></body></call>"

static inline host_t *host_with(fixture_t *f, const char *steps_flow)
{
    host_t *h = host_make(f);

    host_flow(h, "t", steps_flow);
    return h;
}

#endif
