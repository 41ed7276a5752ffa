/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Effects, exactly once: the intent row decides.
 *
 *   none --> SENDING --2xx--> APPLIED
 *               | certainly not executed --> PLANNED --> SENDING
 *               | refused ----------------> REJECTED --> SENDING gen+1
 *               | fate unknown -----------> UNKNOWN
 *   UNKNOWN: young and no error cached --> same key, same bytes again
 *            else look up: ours --> APPLIED, foreign --> REVIEW,
 *            nothing --> SENDING gen+1 (blind operations --> REVIEW)
 */
#include "amzx_engine_int.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_json.h"

/* Xero keeps an Idempotency-Key for 6 minutes from the first call.
 * @fact{xero-api: Idempotency-Key} */
#define RESEND_WINDOW apr_time_from_sec(300)
#define MAX_SENDS 3
#define MAX_GENERATIONS 4
/* Another run's effect under the same natural key may still be under way: it
 * is looked at again and again until then. */
#define FOREIGN_WAIT apr_time_from_sec(120)
#define FOREIGN_LOOK_MIN (APR_USEC_PER_SEC / 4)
#define FOREIGN_LOOK_MAX apr_time_from_sec(10)

static const char *intent_key(const amzx_live_t *live, apr_pool_t *p)
{
    amzx_digest_t *d = amzx_digest_new(p);
    const amzx_ask_t *ask = live->ask;

    amzx_digest_part(d, live->run->tenant, strlen(live->run->tenant));
    amzx_digest_part(d, ask->using_, strlen(ask->using_));
    amzx_digest_part(d, ask->op->name, strlen(ask->op->name));
    amzx_digest_part(d, ask->natural, strlen(ask->natural));
    return amzx_digest_hex(d, p);
}

static const char *wire_key(const amzx_intent_t *in, apr_pool_t *p)
{
    amzx_digest_t *d = amzx_digest_new(p);
    char gen[16];

    apr_snprintf(gen, sizeof(gen), "%d", in->gen);
    amzx_digest_part(d, in->tenant, strlen(in->tenant));
    amzx_digest_part(d, in->key, strlen(in->key));
    amzx_digest_part(d, gen, strlen(gen));
    return amzx_digest_hex(d, p);
}

static amzx_intent_t *fresh(amzx_live_t *live, const char *key,
                            apr_time_t now)
{
    amzx_intent_t *in = apr_pcalloc(live->pool, sizeof(*in));

    in->key = key;
    in->tenant = live->run->tenant;
    in->run_id = live->run->id;
    in->connection = live->ask->using_;
    in->op = live->ask->op->name;
    in->natural = live->ask->natural;
    in->created_at = now;
    return in;
}

/* Freeze the request that the operation built just now. */
static void freeze(amzx_live_t *live, amzx_intent_t *in)
{
    const amzx_http_request_t *req = &live->job.req;

    in->method = apr_pstrdup(live->pool, req->method);
    in->path = apr_pstrdup(live->pool, req->url);
    in->body = req->body
                   ? apr_pstrmemdup(live->pool, req->body, req->body_len)
                   : "";
    in->body_sha = amzx_sha256_hex(in->body, strlen(in->body), live->pool);
    in->tries = 0;
    in->lookups = 0;
    in->saw_5xx = 0;
    in->first_sent_at = 0;
    in->code = NULL;
    in->detail = NULL;
}

static void send_intent(amzx_live_t *live, amzx_intent_t *in, apr_time_t now)
{
    amzx_job_t *job = &live->job;
    const char *access = job->access;

    in->state = AMZX_INTENT_SENDING;
    in->run_id = live->run->id;
    in->tries++;
    in->sent_at = now;
    if (in->first_sent_at == 0) {
        in->first_sent_at = now;
    }
    job->req.method = in->method;
    job->req.url = in->path;
    job->req.body = in->body;
    job->req.body_len = strlen(in->body);
    job->idempotency_key = wire_key(in, live->pool);
    live->intent_dirty = 1;
    live->state = AMZX_LIVE_JOB;
    amzx_job_want(job, 0);
    job->access = access;
}

void amzx_effect_unsend(amzx_live_t *live)
{
    amzx_intent_t *in = live->intent;

    if (in == NULL || live->is_confirming
        || in->state != AMZX_INTENT_SENDING) {
        return;
    }
    in->tries--;
    if (in->tries > 0) {
        /* What became of an earlier send is as open as it was. */
        in->state = AMZX_INTENT_UNKNOWN;
    }
    else {
        in->state = AMZX_INTENT_PLANNED;
        in->first_sent_at = 0;
    }
    live->intent_dirty = 1;
}

void amzx_effect_starts(amzx_live_t *live)
{
    amzx_intent_t *in = live->intent;
    apr_time_t now = amzx_now(live->engine->env);

    if (in->tries == 1) {
        in->first_sent_at = now;
    }
    in->sent_at = now;
    live->intent_dirty = 1;
    amzx_live_heat(live);
}

void amzx_effect_ask_person(amzx_live_t *live, amzx_intent_t *in,
                            const char *why)
{
    in->state = AMZX_INTENT_REVIEW;
    in->code = "intent.review";
    in->detail = why;
    live->intent_dirty = 1;
    amzx_live_leave(live, AMZX_EV_PARK, 0, "intent.review", why);
}

void amzx_effect_wait(amzx_live_t *live, apr_time_t at, const char *why)
{
    amzx_live_leave(live, AMZX_EV_WAIT, at, "intent.unknown", why);
}

static void look_up(amzx_live_t *live, amzx_intent_t *in)
{
    const amzx_val_t *args = NULL;
    const amzx_val_t *result = NULL;
    amzx_fault_t fault;

    amzx_fault_clear(&fault);
    if (!live->ask->has_own_confirm) {
        args = amzx_op_confirm_args(live->ask->op, live->ask->args,
                                    live->ask->body, live->pool);
        if (args == NULL) {
            amzx_effect_ask_person(live, in, "what to look up is missing");
            return;
        }
    }
    else if (amzx_machine_confirm_args(&args, live->machine, &fault,
                                       live->pool) != APR_SUCCESS) {
        amzx_effect_ask_person(live, in, apr_pstrdup(live->pool, fault.detail));
        return;
    }
    if (!amzx_live_prepare_job(live, live->ask->confirm_op, args, NULL)) {
        return;
    }
    live->is_confirming = 1;
    if (!amzx_job_begin(&live->job, &result, &fault)) {
        amzx_effect_ask_person(live, in, apr_pstrdup(live->pool, fault.detail));
        return;
    }
    live->state = AMZX_LIVE_JOB;
    amzx_job_want(&live->job, 0);
}

static void next_generation(amzx_live_t *live, amzx_intent_t *in,
                            apr_time_t now)
{
    if (in->gen + 1 >= MAX_GENERATIONS) {
        amzx_effect_ask_person(
            live, in, "the peer's answers contradict each other");
        return;
    }
    in->gen++;
    freeze(live, in);
    send_intent(live, in, now);
}

/* Fruitless look-ups that prove it did not happen. */
static int lookups_needed(const amzx_op_t *op)
{
    return op->effect == AMZX_EFFECT_UNIQUE ? 1 : 2;
}

void amzx_effect_refused(amzx_live_t *live, const amzx_fault_t *fault,
                         amzx_intent_state_e state)
{
    live->intent->state = state;
    live->intent->code = apr_pstrdup(live->pool, fault->code);
    live->intent->detail = apr_pstrdup(live->pool, fault->detail);
    live->intent_dirty = 1;
    amzx_machine_answer(live->machine, NULL, fault,
                        amzx_now(live->engine->env));
    live->state = AMZX_LIVE_NEXT;
}

/* The peer said that the key is taken, and nothing of ours was found: it
 * would say so again. */
static void refusal_stands(amzx_live_t *live, const amzx_intent_t *in)
{
    amzx_fault_t fault;

    (void)amzx_fault_set(&fault, AMZX_FAULT_REJECTED, APR_EEXIST, in->code,
                         "%s", in->detail != NULL ? in->detail : "");
    amzx_effect_refused(live, &fault, AMZX_INTENT_REJECTED);
}

static void settle_unknown(amzx_live_t *live, amzx_intent_t *in,
                           apr_time_t now)
{
    const amzx_site_t *site = live->engine->site;
    const amzx_op_t *op = live->ask->op;
    apr_time_t at;

    if (!in->saw_5xx && in->tries < MAX_SENDS
        && now < in->first_sent_at + RESEND_WINDOW) {
        at = in->sent_at + apr_time_from_sec(in->tries);
        if (at <= now) {
            send_intent(live, in, now);
        }
        else {
            amzx_effect_wait(live, at, "sends the same bytes again");
        }
        return;
    }
    if (op->effect == AMZX_EFFECT_BLIND || live->ask->confirm_op == NULL) {
        amzx_effect_ask_person(
            live, in, "the peer may have done it and cannot be asked");
        return;
    }
    if (in->lookups >= lookups_needed(op)) {
        if (in->code != NULL && amzx_fault_matches(in->code, "validation")) {
            refusal_stands(live, in);
            return;
        }
        next_generation(live, in, now);
        return;
    }
    at = in->lookups == 0 ? in->sent_at + site->settle_us
                          : in->updated_at + site->relook_us;
    if (at > now) {
        amzx_effect_wait(live, at, "looks up whether the peer did it");
        return;
    }
    look_up(live, in);
}

/* Look again after as long as it has taken so far: mostly it is done soon. */
static void wait_for_other(amzx_live_t *live, apr_time_t sent_at,
                           apr_time_t now)
{
    apr_interval_time_t wait = now - sent_at;

    if (wait < FOREIGN_LOOK_MIN) {
        wait = FOREIGN_LOOK_MIN;
    }
    if (wait > FOREIGN_LOOK_MAX) {
        wait = FOREIGN_LOOK_MAX;
    }
    amzx_effect_wait(live, now + wait, "another run does the same");
}

static void take_applied(amzx_live_t *live, const amzx_intent_t *in,
                         apr_time_t now)
{
    const amzx_val_t *result = &amzx_val_null;
    amzx_fault_t fault;
    apr_status_t rv;

    amzx_fault_clear(&fault);
    rv = amzx_json_parse(&result, in->result, strlen(in->result), NULL,
                         &fault, live->pool);
    amzx_machine_answer(live->machine, rv == APR_SUCCESS ? result : NULL,
                        rv == APR_SUCCESS ? NULL : &fault, now);
    live->state = AMZX_LIVE_NEXT;
}

void amzx_effect_let_go(amzx_live_t *live)
{
    if (live->has_key) {
        apr_hash_set(live->engine->keys, live->intent->key,
                     APR_HASH_KEY_STRING, NULL);
        live->has_key = 0;
    }
}

static void take_key(amzx_live_t *live, amzx_intent_t *in)
{
    live->intent = in;
    live->has_key = 1;
    apr_hash_set(live->engine->keys, in->key, APR_HASH_KEY_STRING, live);
}

/* One run at a time works on a key, in this engine and among all. */
static apr_status_t may_decide(int *is_mine, amzx_live_t *live,
                               amzx_txn_t *txn, const char *key,
                               amzx_fault_t *fault)
{
    if (live->has_key) {
        *is_mine = 1;
        return APR_SUCCESS;
    }
    if (apr_hash_get(live->engine->keys, key, APR_HASH_KEY_STRING) != NULL) {
        *is_mine = 0;
        return APR_SUCCESS;
    }
    return amzx_intent_hold(is_mine, txn, key, fault, live->pool);
}

/* A person has looked at it and sent the run on: look up once more. */
static void reconsider(amzx_live_t *live, amzx_intent_t *in, apr_time_t now)
{
    in->state = AMZX_INTENT_UNKNOWN;
    in->lookups = 0;
    in->saw_5xx = 1;
    live->intent_dirty = 1;
    settle_unknown(live, in, now);
}

/* What the row says. */
static void decide(amzx_live_t *live, amzx_intent_t *in, apr_time_t now)
{
    if ((in->state == AMZX_INTENT_SENDING || in->state == AMZX_INTENT_UNKNOWN)
        && strcmp(in->run_id, live->run->id) != 0
        && now < in->sent_at + FOREIGN_WAIT) {
        wait_for_other(live, in->sent_at, now);
        return;
    }
    take_key(live, in);
    switch (in->state) {
    case AMZX_INTENT_APPLIED:
        take_applied(live, in, now);
        break;
    case AMZX_INTENT_PLANNED:
        send_intent(live, in, now);
        break;
    case AMZX_INTENT_SENDING:
    case AMZX_INTENT_UNKNOWN:
        settle_unknown(live, in, now);
        break;
    case AMZX_INTENT_REJECTED:
        next_generation(live, in, now);
        break;
    case AMZX_INTENT_REVIEW:
    case AMZX_INTENT_STATES:
        reconsider(live, in, now);
        break;
    }
}

apr_status_t amzx_effect_consult(amzx_live_t *live, amzx_txn_t *txn,
                                 amzx_fault_t *fault)
{
    amzx_engine_t *e = live->engine;
    amzx_intent_t *in = live->intent;
    const char *key = intent_key(live, live->pool);
    apr_time_t now = amzx_now(e->env);
    apr_status_t rv;
    int is_mine = 0;

    rv = may_decide(&is_mine, live, txn, key, fault);
    if (rv == APR_SUCCESS && !is_mine) {
        wait_for_other(live, now, now);
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS && in == NULL) {
        rv = amzx_intent_get(&in, e->db, &e->store, key, fault, live->pool);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (in == NULL) {
        in = fresh(live, key, now);
        freeze(live, in);
        take_key(live, in);
        send_intent(live, in, now);
        return APR_SUCCESS;
    }
    decide(live, in, now);
    return APR_SUCCESS;
}
