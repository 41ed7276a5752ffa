/* SPDX-License-Identifier: Apache-2.0 */
/** @file engine_world.h  Work for engines under test: deliveries, runs and
 *  small workflows. */
#ifndef ENGINE_WORLD_H
#define ENGINE_WORLD_H

#include "engine_host.h"

/* ---- work ------------------------------- */

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
    run.id = apr_psprintf(h->p, "run_%04d", ++h->count);
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

/* ---- small workflows ------------------------------- */

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
