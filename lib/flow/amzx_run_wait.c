/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that wait: <review>, <run>, <wait>. */
#include "amzx_run.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_json.h"
#include "amzx_time.h"

/* Reviews that the machine itself asks for, in this queue and for so long. */
#define OWN_QUEUE "failures"
#define OWN_TIMEOUT (APR_INT64_C(14) * 86400 * APR_USEC_PER_SEC)

/* The label and value pairs of <show>; a null value is shown as empty. */
static apr_status_t shown(const char **json, amzx_machine_t *m,
                          const amzx_ask_review_t *r, amzx_fault_t *fault)
{
    amzx_val_t *list = amzx_val_list(4, m->scratch);
    int i;

    *json = "[]";
    for (i = 0; r->shows[i].name; i++) {
        amzx_val_t *pair = amzx_val_obj(2, m->scratch);
        const amzx_val_t *v;
        apr_status_t rv = amzx_names_eval(&v, r->shows[i].value, &m->names,
                                          fault, m->scratch);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        amzx_val_put_ref(pair, "label",
                         amzx_val_str(r->shows[i].name, m->scratch),
                         m->scratch);
        amzx_val_put_ref(pair, "value", v, m->scratch);
        amzx_val_push(list, pair, m->scratch);
    }
    *json = amzx_json_write(list, NULL, m->scratch);
    return APR_SUCCESS;
}

static void ask_review(amzx_machine_t *m)
{
    const amzx_ask_review_t *r = m->node->part;
    const char *shows, *editable = NULL;
    const amzx_val_t *v = &amzx_val_null;
    amzx_fault_t fault;
    amzx_ask_t *ask;
    apr_status_t rv;

    amzx_fault_clear(&fault);
    rv = shown(&shows, m, r, &fault);
    if (rv == APR_SUCCESS && r->editable) {
        rv = amzx_names_eval(&v, r->editable, &m->names, &fault, m->scratch);
    }
    if (rv != APR_SUCCESS) {
        amzx_run_raise_fault(m, &fault);
        return;
    }
    if (!amzx_val_is_null(v)) {
        editable = amzx_json_write(v, NULL, m->scratch);
    }
    ask = amzx_run_ask(m, AMZX_ASK_REVIEW, AMZX_FOR_REVIEW);
    ask->attempt = 1;
    ask->review.path = m->path;
    ask->review.queue = r->queue;
    ask->review.title = m->node->title;
    ask->review.shown = shows;
    ask->review.options = r->options;
    ask->review.editable = editable;
    ask->review.due_at = m->now + r->timeout_us;
    ask->review.on_timeout = r->on_timeout;
    ask->review.created_at = m->now;
}

void amzx_run_review(amzx_machine_t *m)
{
    const amzx_val_t *data;

    m->path = amzx_run_review_path(m, m->path);
    if (amzx_run_replays(m)) {
        data = amzx_run_peek(m, m->path, "review");
        if (data) {
            amzx_run_review_answer(m, data);
        }
        return;
    }
    ask_review(m);
}

static int is_option(const amzx_ask_review_t *r, const char *choice)
{
    int i;

    for (i = 0; r->names[i]; i++) {
        if (strcmp(r->names[i], choice) == 0) {
            return 1;
        }
    }
    return 0;
}

void amzx_run_review_answer(amzx_machine_t *m, const amzx_val_t *result)
{
    const amzx_ask_review_t *r = m->node->part;
    amzx_val_t *made;

    if (amzx_val_is_null(amzx_val_get(result, "choice")) && r->on_timeout) {
        made = amzx_val_obj(2, m->scratch);
        amzx_val_put_str(made, "choice", r->on_timeout, m->scratch);
        amzx_val_put_str(made, "by", "timeout", m->scratch);
        result = made;
    }
    amzx_run_enter(m, m->path, "review", result);
    if (amzx_val_is_null(amzx_val_get(result, "choice"))) {
        amzx_run_raise_code(m, AMZX_DUE_FAULT, "review.timeout",
                            "nobody decided in time");
        return;
    }
    if (!is_option(r, amzx_val_text(amzx_val_get(result, "choice"), ""))) {
        amzx_run_raise_code(m, AMZX_DUE_FAULT, "review.rejected",
                            "the choice is none of the options");
        return;
    }
    amzx_run_keep_result(m, m->node, result);
}

void amzx_run_ask_person(amzx_machine_t *m, const char *path,
                         const char *title, const char *detail,
                         const char *options, amzx_for_e waits)
{
    amzx_val_t *list = amzx_val_list(1, m->scratch);
    amzx_val_t *pair = amzx_val_obj(2, m->scratch);
    const amzx_val_t *data;
    amzx_ask_t *ask;

    if (amzx_run_replays(m)) {
        data = amzx_run_peek(m, path, "review");
        if (data && waits == AMZX_FOR_RETRY_REVIEW) {
            amzx_run_retry_choice(m, data);
        }
        else if (data) {
            amzx_run_undo_choice(m, data);
        }
        return;
    }
    amzx_val_put_str(pair, "label", "Detail", m->scratch);
    amzx_val_put_str(pair, "value", detail, m->scratch);
    amzx_val_push(list, pair, m->scratch);
    ask = amzx_run_ask(m, AMZX_ASK_REVIEW, waits);
    ask->path = path;
    ask->review.path = path;
    ask->review.queue = OWN_QUEUE;
    ask->review.title = title;
    ask->review.shown = amzx_json_write(list, NULL, m->scratch);
    ask->review.options = options;
    ask->review.due_at = m->now + OWN_TIMEOUT;
    ask->review.on_timeout = "giveUp";
    ask->review.created_at = m->now;
}

static void ask_run(amzx_machine_t *m)
{
    const amzx_start_t *part = m->node->part;
    const amzx_val_t *args;
    amzx_fault_t fault;
    const char *key;
    amzx_ask_t *ask;
    apr_status_t rv;

    amzx_fault_clear(&fault);
    rv = amzx_names_args(&args, part->args, &m->names, &fault, m->scratch);
    if (rv == APR_SUCCESS) {
        rv = amzx_names_text(&key, part->key, &m->names, &fault, m->scratch);
    }
    if (rv == APR_SUCCESS && !*key) {
        rv = amzx_fault_set(&fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                            "mapping.key", "the run-key is empty");
    }
    if (rv != APR_SUCCESS) {
        amzx_run_raise_fault(m, &fault);
        return;
    }
    ask = amzx_run_ask(m, AMZX_ASK_RUN, AMZX_FOR_RUN);
    ask->attempt = 1;
    ask->workflow = part->workflow;
    ask->run_key = key;
    ask->args = args;
    ask->is_detached = part->is_detached;
}

void amzx_run_child(amzx_machine_t *m)
{
    const amzx_entry_t *e;

    m->path = apr_pstrdup(m->pool, m->path);
    m->attempt = 1;
    if (!amzx_run_replays(m)) {
        ask_run(m);
        return;
    }
    e = amzx_run_consume(m, m->path, "result fault");
    if (e && strcmp(e->kind, "result") == 0) {
        amzx_run_keep_result(m, m->node, amzx_run_data(m, e, m->scratch));
    }
    else if (e) {
        amzx_run_faulted(m, amzx_run_data(m, e, m->scratch));
    }
}

/* When the wait is over; a fault when that is no time. */
static apr_status_t wait_until(apr_time_t *until, amzx_machine_t *m,
                               amzx_fault_t *fault)
{
    const amzx_wait_t *part = m->node->part;
    const amzx_val_t *v;
    apr_status_t rv;

    *until = m->now + part->for_us;
    if (!part->for_ && !part->until) {
        return APR_SUCCESS;
    }
    rv = amzx_names_eval(&v, part->for_ ? part->for_ : part->until,
                         &m->names, fault, m->scratch);
    if (rv == APR_SUCCESS) {
        rv = amzx_convert(&v, v,
                          part->for_ ? AMZX_TYPE_DURATION
                                     : AMZX_TYPE_DATETIME,
                          fault, m->scratch);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (amzx_val_is_null(v)) {
        *until = m->now;
    }
    else {
        *until = part->for_ ? m->now + v->u.span_us : v->u.time_us;
    }
    return APR_SUCCESS;
}

void amzx_run_wait(amzx_machine_t *m)
{
    apr_time_t until = 0;
    amzx_fault_t fault;
    amzx_ask_t *ask;

    m->path = apr_pstrdup(m->pool, m->path);
    if (amzx_run_replays(m)) {
        if (amzx_run_consume(m, m->path, "wait")) {
            amzx_run_keep(m, m->node, &amzx_val_null);
        }
        return;
    }
    amzx_fault_clear(&fault);
    if (wait_until(&until, m, &fault) != APR_SUCCESS) {
        amzx_run_raise_fault(m, &fault);
        return;
    }
    ask = amzx_run_ask(m, AMZX_ASK_WAIT, AMZX_FOR_WAIT);
    ask->attempt = 1;
    ask->until = until;
    ask->why = "wait";
}
