/* SPDX-License-Identifier: Apache-2.0 */
/* The machine as its host sees it: make, next, answer, take. */
#include "amzx_run.h"

#include <apr_strings.h>

#include <string.h>

/* Pools abort when memory is out, so this has nothing to report. */
static void need_scratch(amzx_machine_t *m)
{
    if (!m->scratch) {
        (void)apr_pool_create(&m->scratch, m->pool);
        apr_pool_tag(m->scratch, "amzx_machine_step");
    }
}

apr_status_t amzx_machine_make(amzx_machine_t **m, const amzx_flow_t *flow,
                               const amzx_machine_start_t *start,
                               const amzx_entry_t *entries, int count,
                               apr_time_t now, amzx_fault_t *fault,
                               apr_pool_t *p)
{
    amzx_machine_t *n = apr_pcalloc(p, sizeof(*n));
    amzx_fault_t broken;
    apr_status_t rv;

    *m = NULL;
    n->flow = flow;
    n->env = start->env;
    n->run_id = apr_pstrdup(p, start->run_id);
    n->pool = p;
    n->broken = &broken;
    need_scratch(n);
    amzx_fault_clear(&broken);
    n->keep = amzx_keep_make(p);
    amzx_names_init(&n->names, flow, now, p);
    n->frame = apr_pcalloc(p, (apr_size_t)flow->depth * sizeof(*n->frame));
    n->made = apr_array_make(p, 8, sizeof(amzx_entry_t));
    amzx_buf_init(&n->trail, 120, p);
    n->hash = AMZX_HASH_SEED;
    rv = amzx_run_begin(n, start, entries, count, now, fault);
    if (rv == APR_SUCCESS) {
        (void)amzx_run_push(n, AMZX_FRAME_BLOCK, NULL, flow->first);
        amzx_run_advance(n);
    }
    if (!n->is_broken && amzx_run_replays(n)) {
        amzx_run_break(n, "there is more of it");
    }
    n->old = NULL;
    n->old_count = n->old_at;
    n->broken = NULL;
    if (n->is_broken) {
        if (fault) {
            *fault = broken;
        }
        return APR_EMISMATCH;
    }
    *m = n;
    return APR_SUCCESS;
}

const amzx_ask_t *amzx_machine_next(amzx_machine_t *m)
{
    if (!m->has_ended && m->waits == AMZX_FOR_NOTHING) {
        amzx_run_advance(m);
    }
    return &m->ask;
}

static void settle_wait(amzx_machine_t *m, const char *kind,
                        const amzx_val_t *data)
{
    amzx_run_enter(m, m->path, kind, data);
    amzx_run_keep(m, m->node, &amzx_val_null);
}

static void answer_retry(amzx_machine_t *m)
{
    if (m->now > m->deadline) {
        amzx_fault_t late;

        amzx_fault_clear(&late);
        (void)amzx_fault_set(&late, AMZX_FAULT_REJECTED, APR_TIMEUP,
                             "limit.time", "the run's timeout has passed");
        amzx_run_retry(m, &late);
        return;
    }
    m->retry_at = 0;
    amzx_run_call_go(m);
}

void amzx_machine_answer(amzx_machine_t *m, const amzx_val_t *result,
                         const amzx_fault_t *fault, apr_time_t now)
{
    amzx_for_e waits = m->waits;

    if (m->has_ended || waits == AMZX_FOR_NOTHING) {
        return;
    }
    need_scratch(m);
    m->now = now > m->now ? now : m->now;
    m->waits = AMZX_FOR_NOTHING;
    switch (waits) {
    case AMZX_FOR_CALL:
    case AMZX_FOR_RUN:
        amzx_run_call_answer(m, result, fault);
        break;
    case AMZX_FOR_RETRY:
        answer_retry(m);
        break;
    case AMZX_FOR_WAIT:
        settle_wait(m, "wait", NULL);
        break;
    case AMZX_FOR_REVIEW:
        amzx_run_review_answer(m, result);
        break;
    case AMZX_FOR_RETRY_REVIEW:
        amzx_run_retry_choice(m, result);
        break;
    case AMZX_FOR_UNDO_REVIEW:
        amzx_run_undo_choice(m, result);
        break;
    case AMZX_FOR_NOTHING:
        break;
    }
}

int amzx_machine_take(amzx_machine_t *m, const amzx_entry_t **entries)
{
    int count = m->made->nelts - m->taken;

    *entries = (const amzx_entry_t *)m->made->elts + m->taken;
    m->taken = m->made->nelts;
    return count;
}

void amzx_machine_saved(amzx_machine_t *m)
{
    if (m->texts && m->taken == m->made->nelts) {
        apr_array_clear(m->made);
        m->taken = 0;
        apr_pool_destroy(m->texts);
        m->texts = NULL;
    }
}

const char *amzx_machine_path(const amzx_machine_t *m)
{
    return m->path ? m->path : "";
}

const amzx_val_t *amzx_machine_value(amzx_machine_t *m, const char *name)
{
    apr_size_t len = strlen(name);
    int at = amzx_slot_find(m->flow, name, len, amzx_val_hash(name, len));

    return at >= 0 && m->names.slot[at] ? m->names.slot[at] : &amzx_val_null;
}
