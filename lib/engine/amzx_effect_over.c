/* SPDX-License-Identifier: Apache-2.0 */
/* What the answer to an effect or its confirm read means for the intent. */
#include "amzx_engine_int.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_json.h"

static const char *remote_id(const amzx_val_t *result, apr_pool_t *p)
{
    apr_size_t i;

    for (i = 0; amzx_val_type(result) == AMZX_OBJ && i < result->u.obj.count;
         i++) {
        const amzx_member_t *m = &result->u.obj.member[i];

        if (m->len > 2 && strcmp(m->name + m->len - 2, "ID") == 0) {
            return apr_pstrdup(p, amzx_val_text(m->val, ""));
        }
    }
    return NULL;
}

static void applied(amzx_live_t *live, const amzx_val_t *result)
{
    amzx_engine_t *e = live->engine;
    amzx_intent_t *in = live->intent;

    in->state = AMZX_INTENT_APPLIED;
    in->result = amzx_json_write(result, NULL, live->pool);
    in->remote_id = remote_id(result, live->pool);
    live->intent_dirty = 1;
    amzx_cache_forget(e->cache, live->job.conn, live->ask->op);
    amzx_machine_answer(live->machine, result, NULL, amzx_now(e->env));
    live->state = AMZX_LIVE_NEXT;
}

static void unknown(amzx_live_t *live, const amzx_fault_t *fault)
{
    amzx_intent_t *in = live->intent;

    in->state = AMZX_INTENT_UNKNOWN;
    in->code = apr_pstrdup(live->pool, fault->code);
    in->detail = apr_pstrdup(live->pool, fault->detail);
    /* An error may be cached under the key; a conflict says the same. */
    if (amzx_fault_matches(fault->code, "server validation conflict")) {
        in->saw_5xx = 1;
    }
    amzx_counter_add(live->engine->env, AMZX_COUNTER_INTENT_UNKNOWN, 1);
    live->intent_dirty = 1;
    live->state = AMZX_LIVE_TXN;
}

/* Judge one object, or the elements of a list. */
static void confirmed(amzx_live_t *live, const amzx_val_t *found)
{
    amzx_intent_t *in = live->intent;
    const amzx_val_t *result = NULL;
    const amzx_val_t *one = found;
    amzx_fault_t fault;
    apr_size_t count = 1;
    apr_size_t i;
    int is_same = 0;

    if (amzx_val_type(found) == AMZX_LIST) {
        count = amzx_val_count(found);
    }
    else if (amzx_val_is_null(found)) {
        count = 0;
    }
    for (i = 0; i < count && !is_same; i++) {
        one = amzx_val_type(found) == AMZX_LIST ? amzx_val_at(found, i)
                                                : found;
        amzx_fault_clear(&fault);
        if (!live->ask->has_own_confirm) {
            is_same = amzx_op_confirm_same(&result, live->ask->op,
                                           live->ask->args, live->ask->body,
                                           one);
        }
        else if (amzx_machine_confirm_judge(&is_same, &result, live->machine,
                                            one, &fault, live->pool)
                 != APR_SUCCESS) {
            amzx_effect_ask_person(live, in,
                                   apr_pstrdup(live->pool, fault.detail));
            return;
        }
    }
    if (is_same) {
        applied(live, result);
    }
    else if (count > 0 && live->ask->op->effect == AMZX_EFFECT_UNIQUE) {
        amzx_effect_ask_person(
            live, in, "the peer holds another document of that key");
    }
    else {
        in->lookups++;
        in->updated_at = amzx_now(live->engine->env);
        live->intent_dirty = 1;
        live->state = AMZX_LIVE_TXN;
    }
}

static void confirm_over(amzx_live_t *live, const amzx_val_t *result,
                         const amzx_fault_t *fault)
{
    const amzx_val_t *ignored = NULL;
    amzx_fault_t scratch;

    live->is_confirming = 0;
    if (fault == NULL) {
        confirmed(live, result);
    }
    else if (amzx_fault_matches(fault->code, "not_found")) {
        confirmed(live, &amzx_val_null);
    }
    else if (fault->klass == AMZX_FAULT_REJECTED
             || fault->klass == AMZX_FAULT_BUG) {
        amzx_effect_ask_person(live, live->intent,
                   apr_pstrdup(live->pool, fault->detail));
        return;
    }
    else {
        amzx_effect_wait(live,
                   amzx_now(live->engine->env)
                       + (fault->retry_after_us > 0 ? fault->retry_after_us
                                                    : apr_time_from_sec(5)),
                   apr_pstrdup(live->pool, fault->detail));
        return;
    }
    if (live->state == AMZX_LIVE_TXN) {
        /* The job was the confirm read: build the effect's request again. */
        amzx_fault_clear(&scratch);
        if (amzx_live_prepare_job(live, live->ask->op->name, live->ask->args,
                                  live->ask->body)
            && !amzx_job_begin(&live->job, &ignored, &scratch)) {
            amzx_effect_ask_person(live, live->intent,
                       apr_pstrdup(live->pool, scratch.detail));
        }
    }
}

void amzx_effect_over(amzx_live_t *live, const amzx_val_t *result,
                      const amzx_fault_t *fault)
{
    const amzx_job_t *job = &live->job;

    if (live->is_confirming) {
        confirm_over(live, result, fault);
        return;
    }
    if (fault == NULL) {
        applied(live, result);
    }
    else if (fault->klass == AMZX_FAULT_UNKNOWN
             || (!job->is_answered && job->maybe_sent)) {
        unknown(live, fault);
    }
    else if (fault->klass == AMZX_FAULT_TRANSIENT) {
        amzx_effect_unsend(live);
        amzx_effect_refused(live, fault, live->intent->state);
    }
    else {
        amzx_effect_refused(live, fault, AMZX_INTENT_REJECTED);
    }
}
