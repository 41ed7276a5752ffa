/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as the REST endpoint shows them. */
#include "amzxero_rest.h"

#include <string.h>

#include "amzx_json.h"

static void put_time(amzx_val_t *v, const char *name, apr_time_t t,
                     apr_pool_t *p)
{
    if (t != 0) {
        amzx_val_put(v, name, amzx_val_datetime(t, p), p);
    }
}

static void put_text(amzx_val_t *v, const char *name, const char *text,
                     apr_pool_t *p)
{
    if (text != NULL) {
        amzx_val_put_str(v, name, text, p);
    }
}

/* Stored JSON as JSON; what does not parse is shown as text. */
static void put_json(amzx_val_t *v, const char *name, const char *json,
                     apr_pool_t *p)
{
    const amzx_val_t *val = NULL;
    amzx_fault_t fault;

    if (json == NULL) {
        return;
    }
    amzx_fault_clear(&fault);
    if (amzx_json_parse(&val, json, strlen(json), NULL, &fault, p)
        == APR_SUCCESS) {
        amzx_val_put(v, name, val, p);
    }
    else {
        amzx_val_put_str(v, name, json, p);
    }
}

const amzx_val_t *amzxero_view_flow(const amzx_flow_t *flow, apr_pool_t *p)
{
    static const char *const kinds[] = { "event", "poll", "schedule",
                                         "webhook", "manual" };
    amzx_val_t *v = amzx_val_obj(5, p);
    amzx_val_t *triggers = amzx_val_list(4, p);
    const amzx_trigger_t *t;
    int i;

    amzx_val_put_str(v, "name", amzx_flow_name(flow), p);
    amzx_val_put(v, "version", amzx_val_int(amzx_flow_version(flow), p), p);
    put_text(v, "title", amzx_flow_title(flow), p);
    amzx_val_put_str(v, "sha256", amzx_flow_sha(flow), p);
    for (i = 0; (t = amzx_flow_trigger(flow, i)) != NULL; i++) {
        amzx_val_t *one = amzx_val_obj(4, p);

        amzx_val_put_str(one, "id", t->id, p);
        amzx_val_put_str(one, "kind", kinds[t->kind], p);
        put_text(one, "type", t->type, p);
        put_text(one, "op", t->op, p);
        amzx_val_push(triggers, one, p);
    }
    amzx_val_put(v, "triggers", triggers, p);
    return v;
}

amzx_val_t *amzxero_view_run(const amzx_run_t *run, apr_pool_t *p)
{
    amzx_val_t *v = amzx_val_obj(20, p);

    amzx_val_put_str(v, "id", run->id, p);
    amzx_val_put_str(v, "workflow", run->workflow, p);
    amzx_val_put(v, "version", amzx_val_int(run->version, p), p);
    amzx_val_put_str(v, "state", amzx_run_state_name(run->state), p);
    put_text(v, "outcome", run->outcome, p);
    put_text(v, "code", run->code, p);
    put_text(v, "detail", run->detail, p);
    put_text(v, "step", run->step, p);
    put_text(v, "key", run->run_key, p);
    put_text(v, "trigger", run->trigger, p);
    put_text(v, "origin", run->origin, p);
    put_time(v, "created", run->created_at, p);
    put_time(v, "started", run->started_at, p);
    put_time(v, "updated", run->updated_at, p);
    put_time(v, "finished", run->finished_at, p);
    if (run->state == AMZX_RUN_WAITING || run->state == AMZX_RUN_REVIEW) {
        put_time(v, "due", run->due_at, p);
    }
    return v;
}

static const amzx_val_t *view_entries(const apr_array_header_t *entries,
                                      apr_pool_t *p)
{
    amzx_val_t *list = amzx_val_list((apr_size_t)entries->nelts, p);
    int i;

    for (i = 0; i < entries->nelts; i++) {
        const amzx_entry_t *e = &APR_ARRAY_IDX(entries, i, amzx_entry_t);
        amzx_val_t *v = amzx_val_obj(7, p);

        amzx_val_put(v, "seq", amzx_val_int(e->seq, p), p);
        put_time(v, "at", e->at, p);
        put_text(v, "step", e->path, p);
        put_text(v, "kind", e->kind, p);
        put_text(v, "passed", e->trail, p);
        put_json(v, "data", e->data, p);
        amzx_val_push(list, v, p);
    }
    return list;
}

static const amzx_val_t *view_intents(const apr_array_header_t *intents,
                                      apr_pool_t *p)
{
    amzx_val_t *list = amzx_val_list((apr_size_t)intents->nelts, p);
    int i;

    for (i = 0; i < intents->nelts; i++) {
        const amzx_intent_t *in = &APR_ARRAY_IDX(intents, i, amzx_intent_t);
        amzx_val_t *v = amzx_val_obj(14, p);

        amzx_val_put_str(v, "key", in->natural, p);
        amzx_val_put_str(v, "op", in->op, p);
        amzx_val_put_str(v, "state", amzx_intent_state_name(in->state), p);
        amzx_val_put(v, "generation", amzx_val_int(in->gen, p), p);
        amzx_val_put(v, "sends", amzx_val_int(in->tries, p), p);
        put_time(v, "firstSent", in->first_sent_at, p);
        put_time(v, "sent", in->sent_at, p);
        put_text(v, "method", in->method, p);
        put_text(v, "path", in->path, p);
        put_text(v, "bodySha256", in->body_sha, p);
        put_text(v, "remoteId", in->remote_id, p);
        put_text(v, "code", in->code, p);
        put_text(v, "detail", in->detail, p);
        amzx_val_push(list, v, p);
    }
    return list;
}

const amzx_val_t *amzxero_view_run_full(const amzx_run_t *run,
                                        const apr_array_header_t *entries,
                                        const apr_array_header_t *intents,
                                        apr_pool_t *p)
{
    amzx_val_t *v = amzxero_view_run(run, p);

    put_json(v, "input", run->input, p);
    amzx_val_put(v, "journal", view_entries(entries, p), p);
    amzx_val_put(v, "effects", view_intents(intents, p), p);
    return v;
}

const amzx_val_t *amzxero_view_dead(const apr_array_header_t *dead,
                                    apr_pool_t *p)
{
    amzx_val_t *top = amzx_val_obj(1, p);
    amzx_val_t *list = amzx_val_list((apr_size_t)dead->nelts, p);
    int i;

    for (i = 0; i < dead->nelts; i++) {
        const amzx_dead_t *d = &APR_ARRAY_IDX(dead, i, amzx_dead_t);
        amzx_val_t *v = amzx_val_obj(8, p);

        amzx_val_put_str(v, "id", d->id, p);
        amzx_val_put_str(v, "run", d->run_id, p);
        amzx_val_put_str(v, "workflow", d->workflow, p);
        put_text(v, "step", d->step, p);
        put_text(v, "code", d->code, p);
        put_text(v, "detail", d->detail, p);
        put_time(v, "created", d->created_at, p);
        amzx_val_push(list, v, p);
    }
    amzx_val_put(top, "deadLetters", list, p);
    return top;
}

const amzx_val_t *amzxero_view_reviews(const apr_array_header_t *reviews,
                                       apr_pool_t *p)
{
    amzx_val_t *top = amzx_val_obj(1, p);
    amzx_val_t *list = amzx_val_list((apr_size_t)reviews->nelts, p);
    int i;

    for (i = 0; i < reviews->nelts; i++) {
        const amzx_review_t *rv = &APR_ARRAY_IDX(reviews, i, amzx_review_t);
        amzx_val_t *v = amzx_val_obj(12, p);

        amzx_val_put_str(v, "id", rv->id, p);
        amzx_val_put_str(v, "run", rv->run_id, p);
        put_text(v, "step", rv->path, p);
        put_text(v, "queue", rv->queue, p);
        put_text(v, "title", rv->title, p);
        put_json(v, "shown", rv->shown, p);
        put_json(v, "options", rv->options, p);
        put_json(v, "editable", rv->editable, p);
        put_text(v, "onTimeout", rv->on_timeout, p);
        put_time(v, "due", rv->due_at, p);
        put_time(v, "created", rv->created_at, p);
        amzx_val_push(list, v, p);
    }
    amzx_val_put(top, "reviews", list, p);
    return top;
}

const amzx_val_t *amzxero_view_deliveries(const apr_array_header_t *rows,
                                          apr_pool_t *p)
{
    amzx_val_t *top = amzx_val_obj(1, p);
    amzx_val_t *list = amzx_val_list((apr_size_t)rows->nelts, p);
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const amzx_delivery_t *d = &APR_ARRAY_IDX(rows, i, amzx_delivery_t);
        amzx_val_t *v = amzx_val_obj(8, p);

        amzx_val_put_str(v, "id", d->id, p);
        amzx_val_put_str(v, "source", d->source, p);
        put_text(v, "delivery", d->delivery, p);
        put_text(v, "state", d->state, p);
        put_text(v, "detail", d->detail, p);
        amzx_val_put(v, "copies", amzx_val_int(d->copies, p), p);
        put_time(v, "received", d->received_at, p);
        amzx_val_push(list, v, p);
    }
    amzx_val_put(top, "deliveries", list, p);
    return top;
}
