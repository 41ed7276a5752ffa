/* SPDX-License-Identifier: Apache-2.0 */
/* REST calls that change something: start, wake, replay, cancel. */
#include "amzxero_rest.h"

#include <apr_strings.h>
#include <http_request.h>

#include <string.h>

#include "amzx_id.h"
#include "amzx_json.h"

#define MAX_KEY 128

int amzxero_rest_object(const amzx_val_t **body, amzxero_call_t *c,
                        int is_optional)
{
    request_rec *r = c->r;
    const amzxero_dir_t *dir =
        ap_get_module_config(r->per_dir_config, &amzxero_module);
    const char *bytes;
    amzx_fault_t fault;
    apr_size_t len;
    int status;

    *body = NULL;
    status = amzxero_body_read(&bytes, &len, r, dir);
    if (status == HTTP_REQUEST_ENTITY_TOO_LARGE) {
        return amzxero_reply_problem(r, status, "limit.size",
                                     "the body is larger than this endpoint "
                                     "takes",
                                     NULL);
    }
    if (status == DONE || status == AP_FILTER_ERROR) {
        return status; /* the input filter has answered already */
    }
    if (status != OK) {
        return amzxero_reply_problem(r, status, "data.body",
                                     "the body could not be read", NULL);
    }
    if (len == 0 && is_optional) {
        *body = amzx_val_obj(0, r->pool);
        return OK;
    }
    if (!amzxero_is_type(r, "application/json")) {
        return amzxero_reply_problem(r, HTTP_UNSUPPORTED_MEDIA_TYPE,
                                     "media_type", "send application/json",
                                     NULL);
    }
    amzx_fault_clear(&fault);
    if (amzx_json_parse(body, bytes, len, NULL, &fault, r->pool)
        != APR_SUCCESS) {
        *body = NULL;
        return amzxero_reply_problem(r, HTTP_BAD_REQUEST, fault.code,
                                     fault.detail, fault.place);
    }
    if (amzx_val_type(*body) != AMZX_OBJ) {
        *body = NULL;
        return amzxero_reply_problem(r, HTTP_BAD_REQUEST, "data.input",
                                     "the body must be a JSON object", "$");
    }
    return OK;
}

/* ---- start --------------------------------------------------------------- */

typedef struct {
    amzx_run_t run;
    int is_new;
} start_t;

static apr_status_t put_run(void *data, amzx_txn_t *txn,
                            const amzx_store_t *st, amzx_fault_t *fault,
                            apr_pool_t *p)
{
    start_t *job = data;

    return amzx_run_put(&job->is_new, txn, st, &job->run, fault, p);
}

static const amzx_trigger_t *manual_trigger(const amzx_flow_t *flow)
{
    const amzx_trigger_t *t;
    int i;

    for (i = 0; (t = amzx_flow_trigger(flow, i)) != NULL; i++) {
        if (t->kind == AMZX_TRIGGER_MANUAL) {
            return t;
        }
    }
    return NULL;
}

/* "rest/KEY" for an Idempotency-Key, else unique; NULL for a bad key. */
static const char *run_key(const request_rec *r)
{
    const char *key = apr_table_get(r->headers_in, "Idempotency-Key");
    const char *at;

    if (key == NULL) {
        return apr_pstrcat(r->pool, "rest/",
                           amzx_id_new(&amzxero_child->env, "auto", r->pool),
                           NULL);
    }
    for (at = key; *at != '\0'; at++) {
        if (*at < 0x21 || *at > 0x7e) {
            return NULL;
        }
    }
    return at == key || at - key > MAX_KEY
               ? NULL
               : apr_pstrcat(r->pool, "rest/", key, NULL);
}

static apr_status_t admit(start_t *job, amzxero_call_t *c,
                          const amzx_flow_t *flow, const amzx_val_t *body,
                          amzx_fault_t *fault)
{
    const amzx_tenant_t *tenant =
        amzx_site_find(amzxero_main->site, c->key->tenant);
    const amzx_trigger_t *t = manual_trigger(flow);
    apr_pool_t *p = c->r->pool;
    amzx_admit_for_t whom = { 0 };
    amzx_admit_t admitted = { 0 };
    apr_time_t now = amzx_now(&amzxero_child->env);
    apr_status_t rv;

    if (tenant == NULL || t == NULL) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_ENOENT,
                              "config.trigger",
                              tenant ? "this workflow has no manual trigger"
                                     : "the key's tenant is not configured");
    }
    whom.tenant = amzx_tenant_val(tenant, p);
    whom.now = now;
    rv = amzx_flow_config(
        &whom.config, flow,
        amzx_tenant_settings(tenant, amzx_flow_name(flow), p), fault, p);
    if (rv == APR_SUCCESS) {
        rv = amzx_flow_admit(&admitted, flow, t, body, &whom, fault, p);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    job->run.id = amzx_id_new(&amzxero_child->env, "run", p);
    job->run.tenant = tenant->id;
    job->run.workflow = amzx_flow_name(flow);
    job->run.version = amzx_flow_version(flow);
    job->run.sha = amzx_flow_sha(flow);
    job->run.partition = admitted.partition;
    job->run.priority = amzx_flow_priority(flow);
    job->run.due_at = now;
    job->run.trigger = t->id;
    job->run.origin = "rest";
    job->run.input = admitted.payload;
    job->run.trace = amzxero_traceparent(c->r);
    job->run.created_at = now;
    job->run.updated_at = now;
    return APR_SUCCESS;
}

/* ".../workflows/NAME/runs" becomes ".../runs/ID": the same form of the path
 * that the caller used, whatever the location is called. */
static void set_location(request_rec *r, const char *id)
{
    const char *end = NULL;
    const char *at = r->uri;

    while ((at = strstr(at, "/workflows/")) != NULL) {
        end = at++;
    }
    if (end != NULL) {
        apr_table_setn(
            r->headers_out, "Location",
            ap_escape_uri(r->pool,
                          apr_pstrcat(r->pool,
                                      apr_pstrmemdup(r->pool, r->uri,
                                                     (apr_size_t)(end
                                                                  - r->uri)),
                                      "/runs/", id, NULL)));
    }
}

/* The run that already has this key: the same body is answered alike. */
static int answer_known(amzxero_call_t *c, const amzx_run_t *wanted,
                        const amzx_val_t *body)
{
    request_rec *r = c->r;
    const amzx_val_t *input = NULL;
    amzx_run_t *run = NULL;
    amzx_fault_t fault;
    amzx_db_t *db;
    apr_status_t rv;

    rv = amzxero_rest_db(&db, &fault);
    if (rv == APR_SUCCESS) {
        rv = amzx_run_by_key(&run, db, &amzxero_child->store, wanted->tenant,
                             wanted->workflow, wanted->run_key, &fault,
                             r->pool);
    }
    if (rv == APR_SUCCESS && run != NULL) {
        rv = amzx_run_get(&run, db, &amzxero_child->store, wanted->tenant,
                          run->id, &fault, r->pool);
    }
    amzxero_rest_done(db);
    if (rv == APR_SUCCESS && run != NULL && run->input != NULL) {
        rv = amzx_json_parse(&input, run->input, strlen(run->input), NULL,
                             &fault, r->pool);
    }
    if (rv == APR_SUCCESS && input == NULL) {
        rv = amzx_fault_set(&fault, AMZX_FAULT_TRANSIENT, APR_NOTFOUND,
                            "conflict.idempotency",
                            "the run of this key cannot be read now");
    }
    if (rv != APR_SUCCESS) {
        return amzxero_reply_fault(r, &fault);
    }
    if (!amzx_val_equal(amzx_val_get(input, "body"), body)) {
        return amzxero_reply_problem(r, HTTP_UNPROCESSABLE_ENTITY,
                                     "conflict.idempotency",
                                     "this Idempotency-Key was used with "
                                     "another body",
                                     "Idempotency-Key");
    }
    set_location(r, run->id);
    return amzxero_reply_json(r, HTTP_ACCEPTED, amzxero_view_run(run, r->pool));
}

int amzxero_rest_start(amzxero_call_t *c)
{
    request_rec *r = c->r;
    const amzx_flow_t *flow = amzx_defs_find(amzxero_main->defs, c->arg);
    const amzx_val_t *body = NULL;
    amzx_fault_t fault;
    start_t job = { 0 };
    int status;

    status = amzxero_rest_object(&body, c, 1);
    if (body == NULL) {
        return status;
    }
    if (flow == NULL) {
        return amzxero_reply_problem(r, HTTP_NOT_FOUND, "not_found",
                                     "there is no such workflow", NULL);
    }
    amzx_fault_clear(&fault);
    if (admit(&job, c, flow, body, &fault) != APR_SUCCESS) {
        return amzxero_reply_fault(r, &fault);
    }
    job.run.run_key = run_key(r);
    if (job.run.run_key == NULL) {
        return amzxero_reply_problem(r, HTTP_BAD_REQUEST, "data.header",
                                     "an Idempotency-Key has 1 to 128 visible "
                                     "ASCII characters",
                                     "Idempotency-Key");
    }
    if (amzx_writer_run(amzxero_child->writer, put_run, &job, &fault, r->pool)
        != APR_SUCCESS) {
        return amzxero_reply_fault(r, &fault);
    }
    if (!job.is_new) {
        return answer_known(c, &job.run, body);
    }
    amzx_counter_add(&amzxero_child->env, AMZX_COUNTER_RUN_STARTED, 1);
    set_location(r, job.run.id);
    return amzxero_reply_json(r, HTTP_ACCEPTED,
                              amzxero_view_run(&job.run, r->pool));
}

/* ---- moves --------------------------------------------------------------- */

typedef struct {
    const char *tenant;
    const char *id;
    const char *by;
    amzx_run_event_e ev;
    int is_done;
} move_t;

static apr_status_t move_run(void *data, amzx_txn_t *txn,
                             const amzx_store_t *st, amzx_fault_t *fault,
                             apr_pool_t *p)
{
    move_t *m = data;
    apr_time_t now = amzx_now(st->env);
    amzx_dead_t dead = { 0 };
    apr_status_t rv;
    int is_resolved;

    rv = amzx_run_move(&m->is_done, txn, m->tenant, m->id, m->ev, now, fault,
                       p);
    if (rv == APR_SUCCESS && m->is_done && m->ev != AMZX_EV_WAKE) {
        dead.tenant = m->tenant;
        dead.run_id = m->id;
        dead.resolution = m->ev == AMZX_EV_REPLAY ? "replayed" : "discarded";
        dead.by = m->by;
        dead.resolved_at = now;
        rv = amzx_dead_resolve(&is_resolved, txn, &dead, fault, p);
    }
    return rv;
}

static int move(amzxero_call_t *c, amzx_run_event_e ev)
{
    request_rec *r = c->r;
    const amzx_val_t *body = NULL;
    amzx_run_t *run = NULL;
    amzx_fault_t fault;
    amzx_db_t *db;
    move_t m = { 0 };
    apr_status_t rv;
    int status;

    status = amzxero_rest_object(&body, c, 1);
    if (body == NULL) {
        return status;
    }
    m.tenant = c->key->tenant;
    m.id = c->arg;
    m.by = c->key->id;
    m.ev = ev;
    amzx_fault_clear(&fault);
    rv = amzx_writer_run(amzxero_child->writer, move_run, &m, &fault, r->pool);
    if (rv == APR_SUCCESS) {
        rv = amzxero_rest_db(&db, &fault);
        if (rv == APR_SUCCESS) {
            rv = amzx_run_get(&run, db, &amzxero_child->store, m.tenant, m.id,
                              &fault, r->pool);
        }
        amzxero_rest_done(db);
    }
    if (rv != APR_SUCCESS) {
        return amzxero_reply_fault(r, &fault);
    }
    if (run == NULL) {
        return amzxero_reply_problem(r, HTTP_NOT_FOUND, "not_found",
                                     "this tenant has no such run", NULL);
    }
    if (!m.is_done) {
        return amzxero_reply_problem(
            r, HTTP_CONFLICT, "conflict.state",
            apr_psprintf(r->pool, "a run in state %s does not allow this",
                         amzx_run_state_name(run->state)),
            NULL);
    }
    return amzxero_reply_json(r, HTTP_OK, amzxero_view_run(run, r->pool));
}

int amzxero_rest_wake(amzxero_call_t *c)
{
    return move(c, AMZX_EV_WAKE);
}

int amzxero_rest_replay(amzxero_call_t *c)
{
    return move(c, AMZX_EV_REPLAY);
}

int amzxero_rest_cancel(amzxero_call_t *c)
{
    return move(c, AMZX_EV_CANCEL);
}
