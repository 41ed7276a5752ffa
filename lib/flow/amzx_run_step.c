/* SPDX-License-Identifier: Apache-2.0 */
/* One step after the other: the pure ones, and who does the others. */
#include "amzx_run.h"

#include <apr_strings.h>

#include <string.h>

const char *amzx_run_path(const amzx_machine_t *m, const char *id,
                          apr_pool_t *p)
{
    const char *prefix = m->frame[m->top - 1].prefix;

    return *prefix ? apr_pstrcat(p, prefix, id, NULL) : id;
}

void amzx_run_keep(amzx_machine_t *m, const amzx_flow_step_t *node,
                   const amzx_val_t *value)
{
    m->names.slot[node->slot] = value;
}

void amzx_run_keep_result(amzx_machine_t *m, const amzx_flow_step_t *node,
                          const amzx_val_t *result)
{
    const amzx_slot_t *s =
        &APR_ARRAY_IDX(m->flow->slots, node->slot, amzx_slot_t);
    const char *only = s->is_whole ? NULL : s->needs ? s->needs : "";

    amzx_run_keep(m, node, amzx_keep_settled(m->keep, result, only));
}

/* A pure step has a value: into the run's memory, the trail and the hash. */
static void keep_pure(amzx_machine_t *m, const amzx_val_t *value)
{
    value = amzx_keep(m->keep, value);
    amzx_run_keep(m, m->node, value);
    amzx_run_trace(m, m->path, value);
}

static void run_map(amzx_machine_t *m)
{
    const amzx_map_t *part = m->node->part;
    const amzx_val_t *v;
    amzx_fault_t fault;

    amzx_fault_clear(&fault);
    if (amzx_mapping_run(&v, part->rules, &m->names, &fault, m->scratch)
        != APR_SUCCESS) {
        amzx_run_raise_fault(m, &fault);
        return;
    }
    keep_pure(m, v);
}

static void run_set(amzx_machine_t *m)
{
    const amzx_set_t *part = m->node->part;
    const amzx_val_t *v;
    amzx_fault_t fault;
    apr_status_t rv;

    amzx_fault_clear(&fault);
    rv = amzx_names_eval(&v, part->value, &m->names, &fault, m->scratch);
    if (rv == APR_SUCCESS && part->is_typed) {
        rv = amzx_convert(&v, v, part->type, &fault, m->scratch);
    }
    if (rv != APR_SUCCESS) {
        amzx_run_raise_fault(m, &fault);
        return;
    }
    keep_pure(m, v);
}

static apr_status_t check(amzx_machine_t *m, const amzx_check_t *c,
                          amzx_val_t *flagged, amzx_val_t *failed,
                          amzx_fault_t *fault)
{
    const char *message = "";
    amzx_val_t *found;
    apr_status_t rv;
    int is_good;

    rv = amzx_names_test(&is_good, c->test, &m->names, fault, m->scratch);
    if (rv != APR_SUCCESS || is_good) {
        return rv;
    }
    rv = amzx_names_text(&message, c->message, &m->names, fault, m->scratch);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    found = amzx_val_obj(4, m->scratch);
    amzx_val_put_str(found, "id", c->id, m->scratch);
    amzx_val_put_str(found, "severity", c->severity, m->scratch);
    amzx_val_put_str(found, "code", c->code, m->scratch);
    amzx_val_put_str(found, "message", message, m->scratch);
    if (strcmp(c->severity, "error") == 0) {
        amzx_val_push(failed, found, m->scratch);
    }
    else if (strcmp(c->severity, "info") != 0) {
        amzx_val_push(flagged, found, m->scratch);
    }
    return APR_SUCCESS;
}

static void run_validate(amzx_machine_t *m)
{
    const amzx_validate_t *part = m->node->part;
    amzx_val_t *flagged = amzx_val_list(2, m->scratch);
    amzx_val_t *failed = amzx_val_list(2, m->scratch);
    amzx_val_t *v = amzx_val_obj(3, m->scratch);
    const amzx_val_t *first;
    amzx_fault_t fault;
    int i;

    amzx_fault_clear(&fault);
    for (i = 0; i < part->checks.count; i++) {
        if (check(m, part->checks.at[i], flagged, failed, &fault)
            != APR_SUCCESS) {
            amzx_run_raise_fault(m, &fault);
            return;
        }
    }
    amzx_val_put_ref(v, "ok", amzx_val_bool(amzx_val_count(flagged) == 0
                                            && amzx_val_count(failed) == 0),
                     m->scratch);
    amzx_val_put_ref(v, "flagged", flagged, m->scratch);
    amzx_val_put_ref(v, "failed", failed, m->scratch);
    keep_pure(m, v);
    if (amzx_val_count(failed) > 0) {
        first = amzx_val_at(failed, 0);
        amzx_run_raise_code(m, AMZX_DUE_FAULT,
                            amzx_val_text(amzx_val_get(first, "code"), ""),
                            amzx_val_text(amzx_val_get(first, "message"),
                                          ""));
    }
}

static void run_emit(amzx_machine_t *m)
{
    const amzx_emit_t *part = m->node->part;
    amzx_val_t *data = amzx_val_obj(2, m->scratch);
    const amzx_val_t *body = &amzx_val_null;
    amzx_fault_t fault;

    amzx_fault_clear(&fault);
    if (part->rules
        && amzx_mapping_run(&body, part->rules, &m->names, &fault, m->scratch)
               != APR_SUCCESS) {
        amzx_run_raise_fault(m, &fault);
        return;
    }
    amzx_val_put_str(data, "event", part->event, m->scratch);
    amzx_val_put_ref(data, "body", body, m->scratch);
    amzx_run_enter(m, m->path, "emit", data);
}

static void run_log(amzx_machine_t *m)
{
    const amzx_note_t *part = m->node->part;
    amzx_val_t *data = amzx_val_obj(2, m->scratch);
    const char *message;
    amzx_fault_t fault;

    amzx_fault_clear(&fault);
    if (amzx_names_text(&message, part->message, &m->names, &fault,
                        m->scratch)
        != APR_SUCCESS) {
        amzx_run_raise_fault(m, &fault);
        return;
    }
    amzx_val_put_str(data, "level", part->level, m->scratch);
    amzx_val_put_str(data, "message", message, m->scratch);
    amzx_run_enter(m, m->path, "log", data);
}

static void run_fail(amzx_machine_t *m)
{
    const amzx_fail_t *part = m->node->part;
    const char *message;
    amzx_fault_t fault;

    amzx_fault_clear(&fault);
    if (amzx_names_text(&message, part->message, &m->names, &fault,
                        m->scratch)
        != APR_SUCCESS) {
        amzx_run_raise_fault(m, &fault);
        return;
    }
    amzx_run_raise_code(m, AMZX_DUE_FAULT, part->code, message);
}

static void run_stop(amzx_machine_t *m)
{
    const amzx_stop_t *part = m->node->part;
    const char *reason = "";
    amzx_due_t *due;
    amzx_fault_t fault;

    amzx_fault_clear(&fault);
    if (part->reason
        && amzx_names_text(&reason, part->reason, &m->names, &fault,
                           m->scratch)
               != APR_SUCCESS) {
        amzx_run_raise_fault(m, &fault);
        return;
    }
    due = apr_pcalloc(m->pool, sizeof(*due));
    due->kind = AMZX_DUE_STOP;
    due->outcome = part->outcome;
    due->code = "";
    due->detail = apr_pstrdup(m->pool, reason);
    due->step = apr_pstrdup(m->pool, m->path);
    due->connection = "";
    amzx_run_raise(m, due);
}

static void run_slot(amzx_machine_t *m)
{
    amzx_run_keep(m, m->node, &amzx_val_null);
}

typedef void exec_fn(amzx_machine_t *m);

static exec_fn *const execs[] = {
    [AMZX_NODE_CALL] = amzx_run_call,
    [AMZX_NODE_MAP] = run_map,
    [AMZX_NODE_SET] = run_set,
    [AMZX_NODE_CHOOSE] = amzx_run_choose,
    [AMZX_NODE_FOREACH] = amzx_run_foreach,
    [AMZX_NODE_TRY] = amzx_run_try,
    [AMZX_NODE_SAGA] = amzx_run_saga,
    [AMZX_NODE_VALIDATE] = run_validate,
    [AMZX_NODE_REVIEW] = amzx_run_review,
    [AMZX_NODE_RUN] = amzx_run_child,
    [AMZX_NODE_WAIT] = amzx_run_wait,
    [AMZX_NODE_EMIT] = run_emit,
    [AMZX_NODE_LOG] = run_log,
    [AMZX_NODE_FAIL] = run_fail,
    [AMZX_NODE_STOP] = run_stop,
    [AMZX_NODE_SLOT] = run_slot,
};

/* Has a time run out? Then that has been raised. Judged by the time of the
 * last entry, so a replay judges alike. */
static int is_late(amzx_machine_t *m)
{
    int i;

    if (m->now > m->deadline) {
        m->deadline = APR_INT64_MAX;
        amzx_run_raise_code(m, AMZX_DUE_DEAD, "limit.time",
                            "the run's timeout has passed");
        return 1;
    }
    for (i = m->top - 1; i >= 0; i--) {
        amzx_frame_t *f = &m->frame[i];

        if (f->kind == AMZX_FRAME_SAGA && f->state == AMZX_SAGA_BODY
            && f->u.saga.deadline > 0 && m->now > f->u.saga.deadline) {
            f->u.saga.deadline = 0;
            amzx_run_raise_code(m, AMZX_DUE_FAULT, "limit.time",
                                "the saga's timeout has passed");
            return 1;
        }
    }
    if (++m->steps > m->flow->max_steps) {
        m->steps = 0;
        amzx_run_raise_code(m, AMZX_DUE_DEAD, "limit.steps",
                            "the run made more steps than max-steps");
        return 1;
    }
    return 0;
}

static void run_step(amzx_machine_t *m)
{
    amzx_frame_t *f = &m->frame[m->top - 1];
    const amzx_flow_step_t *node = f->cur;
    amzx_fault_t fault;
    int wanted = 1;

    apr_pool_clear(m->scratch);
    f->cur = node->next;
    m->node = node;
    m->path = amzx_run_path(m, node->id, m->scratch);
    amzx_names_step(&m->names, m->now);
    if (is_late(m)) {
        return;
    }
    if (node->when) {
        amzx_fault_clear(&fault);
        if (amzx_names_test(&wanted, node->when, &m->names, &fault,
                            m->scratch)
            != APR_SUCCESS) {
            amzx_run_raise_fault(m, &fault);
            return;
        }
    }
    if (!wanted) {
        amzx_run_trace(m, apr_pstrcat(m->scratch, "-", m->path, NULL), NULL);
        return;
    }
    execs[node->kind](m);
}

void amzx_run_advance(amzx_machine_t *m)
{
    while (!m->has_ended && !m->is_broken && m->waits == AMZX_FOR_NOTHING) {
        if (m->frame[m->top - 1].cur) {
            run_step(m);
        }
        else {
            amzx_run_finish(m);
        }
    }
}
