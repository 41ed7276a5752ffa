/* SPDX-License-Identifier: Apache-2.0 */
/* <call>: ask for it, take its answer, confirm what became of it. */
#include "amzx_run.h"

#include <apr_strings.h>

#include <string.h>

static const amzx_call_t *call_of(const amzx_machine_t *m)
{
    return m->node->part;
}

static int is_effect(const amzx_call_t *call)
{
    return call->op && call->op->effect > AMZX_EFFECT_READ;
}

/* The step has its result. */
static void have(amzx_machine_t *m, const amzx_val_t *value)
{
    amzx_run_keep_result(m, m->node, value);
    if (m->node->kind == AMZX_NODE_CALL && call_of(m)->compensate) {
        amzx_run_remember(m);
    }
}

static apr_status_t body_of(const amzx_val_t **body, amzx_machine_t *m,
                            const amzx_call_t *call, amzx_fault_t *fault)
{
    *body = NULL;
    if (call->body) {
        return amzx_names_eval(body, call->body, &m->names, fault,
                               m->scratch);
    }
    if (call->rules) {
        return amzx_mapping_run(body, call->rules, &m->names, fault,
                                m->scratch);
    }
    if (call->has_body) {
        *body = amzx_val_obj(0, m->scratch);
    }
    return APR_SUCCESS;
}

static apr_status_t natural_of(const char **key, amzx_machine_t *m,
                               const amzx_call_t *call, amzx_fault_t *fault)
{
    *key = "";
    if (call->key) {
        apr_status_t rv =
            amzx_names_text(key, call->key, &m->names, fault, m->scratch);

        if (rv == APR_SUCCESS && !**key) {
            rv = amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                                "mapping.key", "the idempotency-key is "
                                "empty");
        }
        return rv;
    }
    if (is_effect(call)) {
        *key = apr_pstrcat(m->scratch, m->run_id, "/", m->path, NULL);
    }
    return APR_SUCCESS;
}

amzx_ask_t *amzx_run_ask(amzx_machine_t *m, amzx_ask_e kind,
                         amzx_for_e waits)
{
    memset(&m->ask, 0, sizeof(m->ask));
    m->ask.kind = kind;
    m->ask.path = m->path;
    m->ask.attempt = m->attempt;
    m->waits = waits;
    return &m->ask;
}

static void ask_call(amzx_machine_t *m)
{
    const amzx_call_t *call = call_of(m);
    const amzx_val_t *args, *body;
    amzx_fault_t fault;
    const char *key;
    amzx_ask_t *ask;
    apr_status_t rv;

    amzx_fault_clear(&fault);
    rv = amzx_names_args(&args, call->args, &m->names, &fault, m->scratch);
    if (rv == APR_SUCCESS) {
        rv = body_of(&body, m, call, &fault);
    }
    if (rv == APR_SUCCESS) {
        rv = natural_of(&key, m, call, &fault);
    }
    if (rv != APR_SUCCESS) {
        amzx_run_raise_fault(m, &fault);
        return;
    }
    ask = amzx_run_ask(m, AMZX_ASK_CALL, AMZX_FOR_CALL);
    ask->op = call->op;
    ask->using_ = call->using_;
    ask->args = amzx_keep(m->keep, args);
    ask->body = body ? amzx_keep(m->keep, body) : NULL;
    ask->natural = *key ? apr_pstrdup(m->pool, key) : "";
    ask->timeout_us = call->timeout_us;
    ask->cache_us = call->cache_us;
    if (call->confirm) {
        ask->confirm_op = call->confirm->op ? call->confirm->op->name : NULL;
        ask->has_own_confirm = 1;
    }
    else if (is_effect(call)) {
        ask->confirm_op = call->op->confirm;
        ask->has_own_confirm = 0;
    }
    /* most runs in memory wait for a call: they need no scratch */
    apr_pool_destroy(m->scratch);
    m->scratch = NULL;
}

/* Take what the journal has of this call. @return 1 when that settles it */
static int take_stored(amzx_machine_t *m)
{
    while (amzx_run_replays(m)) {
        const amzx_entry_t *e =
            amzx_run_consume(m, m->path, "result retry fault");
        const amzx_val_t *data;

        if (!e) {
            return 1;
        }
        data = amzx_run_data(m, e, m->scratch);
        if (strcmp(e->kind, "retry") == 0) {
            amzx_run_retried(m, data);
            continue;
        }
        if (strcmp(e->kind, "result") == 0) {
            have(m, data);
        }
        else {
            amzx_run_faulted(m, data);
        }
        return 1;
    }
    return 0;
}

void amzx_run_call_go(amzx_machine_t *m)
{
    const amzx_val_t *known;

    if (take_stored(m)) {
        return;
    }
    apr_pool_clear(m->scratch);
    amzx_names_step(&m->names, m->now);
    known = m->memo && is_effect(call_of(m))
                ? apr_hash_get(m->memo, m->path, APR_HASH_KEY_STRING)
                : NULL;
    if (known) {
        amzx_run_enter(m, m->path, "result", known);
        have(m, known);
        return;
    }
    if (m->retry_at > m->now) {
        amzx_ask_t *ask = amzx_run_ask(m, AMZX_ASK_WAIT, AMZX_FOR_RETRY);

        ask->until = m->retry_at;
        ask->why = apr_psprintf(m->scratch, "retry, attempt %d", m->attempt);
        return;
    }
    ask_call(m);
}

void amzx_run_call(amzx_machine_t *m)
{
    m->path = apr_pstrdup(m->pool, m->path);
    m->attempt = 1;
    m->counted = 0;
    m->reviews = 0;
    m->drawn = 0;
    m->first_at = m->now;
    m->retry_at = 0;
    amzx_run_call_go(m);
}

/* Does the call turn this fault into a value? */
static const amzx_accept_t *accepted(const amzx_machine_t *m,
                                     const amzx_fault_t *fault)
{
    int i;

    if (m->node->kind != AMZX_NODE_CALL) {
        return NULL;
    }
    for (i = 0; i < call_of(m)->accepts.count; i++) {
        const amzx_accept_t *a = call_of(m)->accepts.at[i];

        if (amzx_fault_matches(fault->code, a->errors)) {
            return a;
        }
    }
    return NULL;
}

static void take_accepted(amzx_machine_t *m, const amzx_accept_t *a,
                          const amzx_fault_t *fault)
{
    const amzx_val_t *outer = m->names.slot[AMZX_SLOT_ERROR];
    amzx_due_t due = { AMZX_DUE_FAULT, NULL, fault->code, fault->detail,
                       m->path, call_of(m)->using_ };
    const amzx_val_t *v;
    amzx_fault_t bad;
    apr_status_t rv;

    amzx_fault_clear(&bad);
    m->names.slot[AMZX_SLOT_ERROR] = amzx_run_error(m, &due);
    rv = amzx_names_eval(&v, a->as, &m->names, &bad, m->scratch);
    m->names.slot[AMZX_SLOT_ERROR] = outer;
    if (rv != APR_SUCCESS) {
        amzx_run_retry(m, &bad);
        return;
    }
    amzx_run_enter(m, m->path, "result", v);
    /* nothing was done, so nothing is to be undone */
    amzx_run_keep_result(m, m->node, v);
}

void amzx_run_call_answer(amzx_machine_t *m, const amzx_val_t *result,
                          const amzx_fault_t *fault)
{
    const amzx_accept_t *a;

    if (fault && fault->klass != AMZX_FAULT_NONE) {
        a = accepted(m, fault);
        if (a) {
            take_accepted(m, a, fault);
        }
        else {
            amzx_run_retry(m, fault);
        }
        return;
    }
    amzx_run_enter(m, m->path, "result", result);
    have(m, result);
}

/* ---- confirmation -------------------------------------------------------- */

static const amzx_val_t *request_of(const amzx_machine_t *m)
{
    return m->ask.body ? m->ask.body : m->ask.args;
}

/* Without an own <confirm> the op's look-up takes what the call had: the
 * argument of the same name, the body's member of that name, or the key. */
static const amzx_val_t *usual_args(amzx_machine_t *m, apr_pool_t *p)
{
    amzx_val_t *args = amzx_val_obj(4, p);
    const amzx_val_t *from[2] = { m->ask.args, m->ask.body };
    apr_size_t k, i;

    for (k = 0; k < 2; k++) {
        for (i = 0; amzx_val_type(from[k]) == AMZX_OBJ
                    && i < from[k]->u.obj.count; i++) {
            amzx_val_put_ref(args, from[k]->u.obj.member[i].name,
                             from[k]->u.obj.member[i].val, p);
        }
    }
    amzx_val_put_str(args, "key", m->ask.natural, p);
    return args;
}

apr_status_t amzx_machine_confirm_args(const amzx_val_t **args,
                                       amzx_machine_t *m,
                                       amzx_fault_t *fault, apr_pool_t *p)
{
    const amzx_val_t **slot = m->names.slot;
    const amzx_val_t *outer = slot[AMZX_SLOT_REQUEST];
    apr_status_t rv;

    *args = &amzx_val_null;
    if (m->waits != AMZX_FOR_CALL || !m->ask.confirm_op) {
        return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EINVAL,
                              "internal.confirm",
                              "no call that can be confirmed is asked");
    }
    if (!call_of(m)->confirm) {
        *args = usual_args(m, p);
        return APR_SUCCESS;
    }
    slot[AMZX_SLOT_REQUEST] = request_of(m);
    amzx_names_step(&m->names, m->now);
    rv = amzx_names_args(args, call_of(m)->confirm->args, &m->names, fault,
                         p);
    slot[AMZX_SLOT_REQUEST] = outer;
    return rv;
}

/* Does what was found carry the natural key, itself or in a member? */
static int carries(const amzx_val_t *found, const char *key, int depth)
{
    apr_size_t i;

    if (amzx_val_type(found) == AMZX_STR) {
        return strcmp(found->u.str.s, key) == 0;
    }
    if (depth > 0 && amzx_val_type(found) == AMZX_OBJ) {
        for (i = 0; i < found->u.obj.count; i++) {
            if (carries(found->u.obj.member[i].val, key, depth - 1)) {
                return 1;
            }
        }
    }
    return 0;
}

apr_status_t amzx_machine_confirm_judge(int *is_same,
                                        const amzx_val_t **result,
                                        amzx_machine_t *m,
                                        const amzx_val_t *found,
                                        amzx_fault_t *fault, apr_pool_t *p)
{
    const amzx_val_t **slot = m->names.slot;
    const amzx_val_t *outer[2] = { slot[AMZX_SLOT_REQUEST],
                                   slot[AMZX_SLOT_FOUND] };
    const amzx_confirm_t *c;
    apr_status_t rv;

    *is_same = 0;
    *result = &amzx_val_null;
    if (m->waits != AMZX_FOR_CALL) {
        return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EINVAL,
                              "internal.confirm", "no call is asked");
    }
    c = call_of(m)->confirm;
    if (!c) {
        *is_same = carries(found, m->ask.natural, 2);
        *result = found;
        return APR_SUCCESS;
    }
    slot[AMZX_SLOT_REQUEST] = request_of(m);
    slot[AMZX_SLOT_FOUND] = found;
    amzx_names_step(&m->names, m->now);
    rv = amzx_names_test(is_same, c->same_if, &m->names, fault, p);
    if (rv == APR_SUCCESS && *is_same) {
        rv = amzx_names_eval(result, c->result, &m->names, fault, p);
    }
    slot[AMZX_SLOT_REQUEST] = outer[0];
    slot[AMZX_SLOT_FOUND] = outer[1];
    return rv;
}
