/* SPDX-License-Identifier: Apache-2.0 */
/* Poll triggers: a cursor per tenant, moved only after its items are runs. */
#include <apr_strings.h>

#include <string.h>

#include "amzx_engine_int.h"
#include "amzx_time.h"

#define RETRY_AFTER apr_time_from_sec(60)
#define LEASE apr_time_from_sec(300)

typedef enum {
    POLL_IDLE = 0,
    POLL_CALL,  /* its job is on the way */
    POLL_PAGE,  /* a page has come */
    POLL_FAILED /* give up until later */
} poll_e;

typedef struct amzx_poll_t amzx_poll_t;
struct amzx_poll_t {
    amzx_poll_t *next;
    amzx_engine_t *engine;
    const amzx_tenant_t *tenant;
    const amzx_flow_t *flow;
    const amzx_trigger_t *trigger;
    poll_e state;
    apr_time_t due; /* mono */
    amzx_cursor_t cursor;
    amzx_val_t *args;
    const amzx_val_t *page;
    amzx_job_t job;
    amzx_fault_t fault;
    apr_pool_t *pool;
};

apr_status_t amzx_polls_make(amzx_engine_t *e, amzx_fault_t *fault)
{
    const amzx_trigger_t *t;
    amzx_poll_t *poll;
    int f;
    int i;
    int n;

    (void)fault;
    for (n = 0; n < e->site->tenants->nelts; n++) {
        for (f = 0; f < amzx_defs_count(e->defs); f++) {
            const amzx_flow_t *flow = amzx_defs_at(e->defs, f);

            for (i = 0; (t = amzx_flow_trigger(flow, i)) != NULL; i++) {
                if (t->kind != AMZX_TRIGGER_POLL) {
                    continue;
                }
                poll = apr_pcalloc(e->pool, sizeof(*poll));
                poll->engine = e;
                poll->tenant =
                    APR_ARRAY_IDX(e->site->tenants, n, amzx_tenant_t *);
                poll->flow = flow;
                poll->trigger = t;
                poll->next = e->polls;
                e->polls = poll;
            }
        }
    }
    return APR_SUCCESS;
}

int amzx_polls_is_due(const amzx_engine_t *e, apr_time_t mono)
{
    const amzx_poll_t *poll;

    for (poll = e->polls; poll != NULL; poll = poll->next) {
        if (poll->state == POLL_PAGE || poll->state == POLL_FAILED
            || (poll->state == POLL_IDLE && poll->due <= mono)) {
            return 1;
        }
    }
    return 0;
}

static void on_over(amzx_job_t *job, const amzx_val_t *result,
                    const amzx_fault_t *fault)
{
    amzx_poll_t *poll = job->ctx;

    poll->page = result;
    poll->state = fault == NULL ? POLL_PAGE : POLL_FAILED;
    if (fault != NULL) {
        poll->fault = *fault;
    }
    amzx_loop_wake(poll->engine->loop);
}

static int on_delayed(amzx_job_t *job, apr_time_t at, const char *why)
{
    (void)job;
    (void)at;
    (void)why;
    return 0;
}

/* Let go of what the last round made. */
static void rest(amzx_poll_t *poll, apr_time_t due)
{
    if (poll->state == POLL_CALL) {
        amzx_job_drop(&poll->job);
    }
    if (poll->pool != NULL) {
        apr_pool_destroy(poll->pool);
        poll->pool = NULL;
    }
    poll->page = NULL;
    poll->state = POLL_IDLE;
    poll->due = due;
}

void amzx_polls_stop(amzx_engine_t *e)
{
    amzx_poll_t *poll;

    for (poll = e->polls; poll != NULL; poll = poll->next) {
        rest(poll, amzx_mono(e->env) + RETRY_AFTER);
    }
}

/* The cursor's time less the overlap; at first one period back. */
static const char *since(const amzx_poll_t *poll, apr_pool_t *p)
{
    const amzx_trigger_t *t = poll->trigger;
    char text[AMZX_TIME_TEXT];
    apr_time_t at;

    if (poll->cursor.value == NULL
        || amzx_time_parse(&at, poll->cursor.value) != APR_SUCCESS) {
        at = amzx_now(poll->engine->env) - t->every_us;
    }
    amzx_time_text(text, apr_time_from_sec(apr_time_sec(at - t->overlap_us)));
    return apr_pstrdup(p, text);
}

static int send_page(amzx_poll_t *poll)
{
    amzx_engine_t *e = poll->engine;
    amzx_job_t *job = &poll->job;
    const amzx_val_t *result = NULL;
    const amzx_conn_t *conn =
        amzx_tenant_conn(poll->tenant, poll->trigger->using_);

    if (conn == NULL) {
        amzx_fault_set(&poll->fault, AMZX_FAULT_CONFIG, APR_ENOENT,
                       "config.connection",
                       "tenant %s has no connection \"%s\"", poll->tenant->id,
                       poll->trigger->using_);
        return 0;
    }
    memset(job, 0, sizeof(*job));
    APR_RING_ELEM_INIT(job, link);
    job->engine = e;
    job->conn = conn;
    job->connector = amzx_connector_find(conn->type);
    job->impl = amzx_op_impl_find(poll->trigger->op);
    job->call.op = &job->impl->op;
    job->call.conn = conn;
    job->call.tenant = poll->tenant;
    job->call.env = e->env;
    job->call.args = poll->args;
    job->call.pool = poll->pool;
    job->pool = poll->pool;
    job->priority = -1;
    job->over = on_over;
    job->delayed = on_delayed;
    job->ctx = poll;
    if (!amzx_job_begin(job, &result, &poll->fault)) {
        return 0;
    }
    poll->state = POLL_CALL;
    amzx_job_want(job, 0);
    return 1;
}

static apr_status_t begin(amzx_poll_t *poll, amzx_txn_t *txn,
                          amzx_fault_t *fault)
{
    amzx_engine_t *e = poll->engine;
    const amzx_trigger_t *t = poll->trigger;
    const amzx_val_t *config = NULL;
    const amzx_val_t *args = NULL;
    const char *name = amzx_flow_name(poll->flow);
    apr_time_t now = amzx_now(e->env);
    apr_status_t rv;
    int is_mine = 0;

    apr_pool_create(&poll->pool, e->pool);
    poll->cursor.tenant = poll->tenant->id;
    poll->cursor.workflow = name;
    poll->cursor.trigger = t->id;
    poll->cursor.owner = e->owner;
    poll->cursor.lease_until = now + LEASE;
    rv = amzx_cursor_take(&is_mine, &poll->cursor, txn, now, fault,
                          poll->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!is_mine) {
        apr_interval_time_t left = poll->cursor.due_at - now;

        rest(poll, amzx_mono(e->env)
                       + (left > apr_time_from_sec(5) ? left
                                                      : apr_time_from_sec(5)));
        return APR_SUCCESS;
    }
    rv = amzx_flow_config(&config, poll->flow,
                          amzx_tenant_settings(poll->tenant, name,
                                               poll->pool),
                          &poll->fault, poll->pool);
    if (rv == APR_SUCCESS) {
        rv = amzx_flow_poll_args(&args, poll->flow, t,
                                 amzx_tenant_val(poll->tenant, poll->pool),
                                 config, now, &poll->fault, poll->pool);
    }
    poll->state = POLL_FAILED;
    if (rv == APR_SUCCESS) {
        apr_size_t i;

        poll->args = amzx_val_obj(8, poll->pool);
        for (i = 0; i < amzx_val_count(args); i++) {
            amzx_val_put(poll->args, args->u.obj.member[i].name,
                         args->u.obj.member[i].val, poll->pool);
        }
        if (t->cursor != NULL && t->cursor[0] != '\0') {
            amzx_val_put_str(poll->args, t->cursor, since(poll, poll->pool),
                             poll->pool);
        }
        send_page(poll);
    }
    return APR_SUCCESS;
}

static apr_status_t finish(amzx_poll_t *poll, amzx_txn_t *txn,
                           const char *value, apr_interval_time_t again,
                           amzx_fault_t *fault)
{
    amzx_engine_t *e = poll->engine;
    apr_status_t rv;
    int is_mine;

    if (value != NULL) {
        poll->cursor.value = value;
    }
    poll->cursor.due_at = amzx_now(e->env) + again;
    rv = amzx_cursor_save(&is_mine, txn, &poll->cursor, e->owner, fault,
                          poll->pool);
    if (rv == APR_SUCCESS) {
        rest(poll, amzx_mono(e->env) + again);
    }
    return rv;
}

static apr_status_t take_page(amzx_poll_t *poll, amzx_txn_t *txn,
                              amzx_fault_t *fault)
{
    amzx_engine_t *e = poll->engine;
    const amzx_val_t *items = amzx_val_get(poll->page, "items");
    const char *next =
        amzx_val_text(amzx_val_get(poll->page, "nextToken"), NULL);
    amzx_offer_t offer = { .flow = poll->flow, .trigger = poll->trigger,
                           .tenant = poll->tenant, .origin = "poll" };
    apr_status_t rv;
    apr_size_t i;
    int is_new;

    for (i = 0; i < amzx_val_count(items); i++) {
        offer.brought = amzx_val_at(items, i);
        rv = amzx_intake_admit(&is_new, e, txn, &offer, fault, poll->pool);
        if (rv != APR_SUCCESS && amzx_fault_matches(fault->code, "database")) {
            return rv;
        }
        if (rv != APR_SUCCESS) {
            amzx_log(e->env, AMZX_LOG_WARNING, 911, rv,
                     "an item of poll %s/%s was refused: %s",
                     amzx_flow_name(poll->flow), poll->trigger->id,
                     fault->code);
            amzx_fault_clear(fault);
        }
    }
    e->look_now = 1;
    if (next != NULL) {
        amzx_val_put_str(poll->args, "paginationToken", next, poll->pool);
        poll->state = POLL_FAILED;
        send_page(poll);
        return APR_SUCCESS;
    }
    return finish(poll, txn,
                  amzx_val_text(amzx_val_get(poll->page, "cursor"), NULL),
                  poll->trigger->every_us, fault);
}

apr_status_t amzx_polls_tick(amzx_engine_t *e, amzx_txn_t *txn,
                             amzx_fault_t *fault)
{
    amzx_poll_t *poll;
    apr_time_t mono = amzx_mono(e->env);
    apr_status_t rv = APR_SUCCESS;

    for (poll = e->polls; poll != NULL && rv == APR_SUCCESS;
         poll = poll->next) {
        if (poll->state == POLL_IDLE && poll->due <= mono) {
            rv = begin(poll, txn, fault);
        }
        else if (poll->state == POLL_PAGE) {
            rv = take_page(poll, txn, fault);
        }
        else if (poll->state == POLL_FAILED) {
            amzx_log(e->env, AMZX_LOG_WARNING, 912, poll->fault.status,
                     "poll %s/%s of tenant %s failed: %s",
                     amzx_flow_name(poll->flow), poll->trigger->id,
                     poll->tenant->id, poll->fault.code);
            rv = finish(poll, txn, NULL, RETRY_AFTER, fault);
        }
    }
    return rv;
}
