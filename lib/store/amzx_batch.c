/* SPDX-License-Identifier: Apache-2.0 */
/* The batch of a tick: collected by run, fenced by run, written at once. */
#include <string.h>
#include <apr_hash.h>

#include "amzx_batch_private.h"

amzx_batch_t *amzx_batch_make(const amzx_store_t *st, apr_pool_t *p)
{
    amzx_batch_t *batch = apr_pcalloc(p, sizeof(*batch));

    batch->st = st;
    batch->pool = p;
    batch->by_id = apr_hash_make(p);
    batch->runs = apr_array_make(p, 32, sizeof(amzx_batch_run_t));
    batch->entries = apr_array_make(p, 64, sizeof(amzx_batch_entry_t));
    batch->intents = apr_array_make(p, 32, sizeof(amzx_batch_intent_t));
    batch->others = apr_array_make(p, 8, sizeof(amzx_batch_other_t));
    return batch;
}

static int index_of(const amzx_batch_t *batch, const char *id)
{
    const int *at = apr_hash_get(batch->by_id, id, APR_HASH_KEY_STRING);

    return at ? *at : -1;
}

/* The place of a run; a first mention of it adds a save that stays running. */
static int place_of(amzx_batch_t *batch, const amzx_run_t *run)
{
    amzx_batch_run_t *made;
    int at = index_of(batch, run->id);
    int *stored;

    if (at >= 0) {
        return at;
    }
    made = apr_array_push(batch->runs);
    memset(made, 0, sizeof(*made));
    made->run = *run;
    made->ev = AMZX_EVENTS;
    stored = apr_palloc(batch->pool, sizeof(*stored));
    *stored = batch->runs->nelts - 1;
    apr_hash_set(batch->by_id, made->run.id, APR_HASH_KEY_STRING, stored);
    return *stored;
}

void amzx_batch_save(amzx_batch_t *batch, const amzx_run_t *run,
                     amzx_run_event_e ev)
{
    int at = place_of(batch, run);
    amzx_batch_run_t *saved = &APR_ARRAY_IDX(batch->runs, at,
                                             amzx_batch_run_t);

    saved->run = *run;
    saved->ev = ev;
}

void amzx_batch_entry(amzx_batch_t *batch, const amzx_run_t *run,
                      const amzx_entry_t *entry)
{
    int at = place_of(batch, run);
    amzx_batch_entry_t *made = apr_array_push(batch->entries);

    made->run = at;
    made->entry = *entry;
}

void amzx_batch_intent(amzx_batch_t *batch, const amzx_run_t *run,
                       const amzx_intent_t *intent)
{
    int at = place_of(batch, run);
    amzx_batch_intent_t *made = NULL;
    int i;

    for (i = 0; i < batch->intents->nelts; i++) {
        amzx_batch_intent_t *have = &APR_ARRAY_IDX(batch->intents, i,
                                                   amzx_batch_intent_t);

        if (strcmp(have->intent.key, intent->key) == 0) {
            made = have;
            break;
        }
    }
    if (!made) {
        made = apr_array_push(batch->intents);
    }
    made->run = at;
    made->intent = *intent;
}

static amzx_batch_other_t *add_other(amzx_batch_t *batch,
                                     const amzx_run_t *run)
{
    int at = place_of(batch, run);
    amzx_batch_other_t *made = apr_array_push(batch->others);

    memset(made, 0, sizeof(*made));
    made->run = at;
    return made;
}

void amzx_batch_dead(amzx_batch_t *batch, const amzx_run_t *run,
                     const amzx_dead_t *dead)
{
    amzx_batch_other_t *made = add_other(batch, run);

    made->kind = AMZX_BATCH_DEAD;
    made->dead = *dead;
}

void amzx_batch_review(amzx_batch_t *batch, const amzx_run_t *run,
                       const amzx_review_t *review)
{
    amzx_batch_other_t *made = add_other(batch, run);

    made->kind = AMZX_BATCH_REVIEW;
    made->review = *review;
}

void amzx_batch_event(amzx_batch_t *batch, const amzx_run_t *run,
                      const char *path, const char *event, const char *body)
{
    amzx_batch_other_t *made = add_other(batch, run);

    made->kind = AMZX_BATCH_EVENT;
    made->path = path;
    made->event = event;
    made->body = body;
}

int amzx_batch_count(const amzx_batch_t *batch)
{
    return batch->runs->nelts;
}

int amzx_batch_is_held(const amzx_batch_t *batch, const char *run_id)
{
    int at = index_of(batch, run_id);

    return at < 0 ? -1 : amzx_batch_run(batch, at)->is_held;
}

amzx_batch_run_t *amzx_batch_run(const amzx_batch_t *batch, int at)
{
    return &APR_ARRAY_IDX(batch->runs, at, amzx_batch_run_t);
}

/* ---- one by one ---------------------------------------------------------- */

static apr_status_t save_each(amzx_batch_t *batch, amzx_txn_t *txn,
                              apr_time_t now, amzx_fault_t *fault,
                              apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && i < batch->runs->nelts; i++) {
        amzx_batch_run_t *r = amzx_batch_run(batch, i);

        rv = amzx_run_save(&r->is_held, txn, &r->run, r->ev, now, fault, p);
    }
    for (i = 0; rv == APR_SUCCESS && i < batch->entries->nelts; i++) {
        const amzx_batch_entry_t *e = &APR_ARRAY_IDX(batch->entries, i,
                                                     amzx_batch_entry_t);
        const amzx_batch_run_t *r = amzx_batch_run(batch, e->run);

        if (r->is_held) {
            rv = amzx_journal_append(txn, batch->st, &r->run, &e->entry, 1,
                                     fault, p);
        }
    }
    for (i = 0; rv == APR_SUCCESS && i < batch->intents->nelts; i++) {
        const amzx_batch_intent_t *in = &APR_ARRAY_IDX(batch->intents, i,
                                                       amzx_batch_intent_t);

        if (amzx_batch_run(batch, in->run)->is_held) {
            rv = amzx_intent_save(txn, batch->st, &in->intent, now, fault, p);
        }
    }
    return rv;
}

static apr_status_t save_others(amzx_batch_t *batch, amzx_txn_t *txn,
                                apr_time_t now, amzx_fault_t *fault,
                                apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && i < batch->others->nelts; i++) {
        const amzx_batch_other_t *o = &APR_ARRAY_IDX(batch->others, i,
                                                     amzx_batch_other_t);
        const amzx_batch_run_t *r = amzx_batch_run(batch, o->run);
        amzx_outgoing_t event = { r->run.tenant, r->run.id, o->path,
                                  o->event, o->body, now };

        if (!r->is_held) {
            continue;
        }
        switch (o->kind) {
        case AMZX_BATCH_DEAD:
            rv = amzx_dead_put(txn, &o->dead, fault, p);
            break;
        case AMZX_BATCH_REVIEW:
            rv = amzx_review_put(txn, batch->st, &o->review, fault, p);
            break;
        case AMZX_BATCH_EVENT:
            rv = amzx_event_put(txn, batch->st, &event, fault, p);
            break;
        }
    }
    return rv;
}

apr_status_t amzx_batch_flush(amzx_batch_t *batch, amzx_txn_t *txn,
                              apr_time_t now, amzx_fault_t *fault,
                              apr_pool_t *p)
{
    apr_status_t rv;
    int i;

    for (i = 0; i < batch->runs->nelts; i++) {
        amzx_batch_run(batch, i)->is_held = 0;
    }
    rv = amzx_txn_dialect(txn) == AMZX_DIALECT_PGSQL
             ? amzx_batch_arrays(batch, txn, now, fault, p)
             : save_each(batch, txn, now, fault, p);
    if (rv == APR_SUCCESS) {
        rv = save_others(batch, txn, now, fault, p);
    }
    return rv;
}
