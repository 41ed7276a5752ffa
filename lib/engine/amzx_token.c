/* SPDX-License-Identifier: Apache-2.0 */
/* Access tokens in the memory of this engine: who has one, who waits. */
#include "amzx_token_int.h"

#include <string.h>

#include <apr_strings.h>

#include "amzx_crypto.h"

/* A token must outlast the call it goes with. */
#define MARGIN_US apr_time_from_sec(60)
/* Renewed so long before its end, while the old one still serves. */
#define RENEW_US apr_time_from_sec(300)
#define RENEW_SPREAD_US apr_time_from_sec(60)
#define RETRY_MIN_US apr_time_from_sec(1)
#define RETRY_MAX_US apr_time_from_sec(60)
#define PEER_PAUSE_MAX_US apr_time_from_sec(600)
/* Has a person acted? Looked at no more often than this. */
#define RECHECK_US apr_time_from_sec(30)

static void on_timer(void *ctx)
{
    amzx_token_work(ctx);
}

amzx_tokens_t *amzx_tokens_make(const char *owner, amzx_db_t *db,
                                const amzx_store_t *st, amzx_http_t *http,
                                amzx_loop_t *loop,
                                void (*ready)(void *ctx,
                                              const amzx_conn_t *conn),
                                void *ctx, apr_pool_t *p)
{
    amzx_tokens_t *t = apr_pcalloc(p, sizeof(*t));

    t->env = st->env;
    t->owner = apr_pstrdup(p, owner);
    t->db = db;
    t->st = st;
    t->http = http;
    t->loop = loop;
    t->ready = ready;
    t->ctx = ctx;
    t->pool = p;
    t->by_name = apr_hash_make(p);
    return t;
}

static amzx_token_conn_t *find(amzx_tokens_t *t, const amzx_conn_t *conn)
{
    char key[256];

    apr_snprintf(key, sizeof(key), "%s/%s", conn->tenant, conn->name);
    return apr_hash_get(t->by_name, key, APR_HASH_KEY_STRING);
}

static amzx_token_conn_t *find_or_make(amzx_tokens_t *t,
                                       const amzx_conn_t *conn)
{
    amzx_token_conn_t *c = find(t, conn);

    if (c == NULL) {
        c = apr_pcalloc(t->pool, sizeof(*c));
        c->t = t;
        c->conn = conn;
        c->connector = amzx_connector_find(conn->type);
        c->timer = amzx_timer_make(t->loop, on_timer, c, t->pool);
        c->next = t->all;
        t->all = c;
        apr_hash_set(t->by_name, apr_pstrcat(t->pool, conn->tenant, "/",
                                             conn->name, NULL),
                     APR_HASH_KEY_STRING, c);
    }
    return c;
}

void amzx_token_wake(amzx_token_conn_t *c, apr_interval_time_t after_us)
{
    c->is_busy = 1;
    amzx_timer_at(c->timer, amzx_mono(c->t->env) + after_us);
}

/* ---- ends of a refresh -------------------------------------------------- */

static void end_work(amzx_token_conn_t *c)
{
    c->is_busy = 0;
    c->is_unsaved = 0;
    c->is_grace = 0;
    c->used = NULL;
    memset(&c->row, 0, sizeof(c->row));
    memset(&c->cred, 0, sizeof(c->cred));
    if (c->work != NULL) {
        apr_pool_destroy(c->work);
        c->work = NULL;
    }
}

static void tell(const amzx_token_conn_t *c)
{
    if (!c->t->is_stopped) {
        c->t->ready(c->t->ctx, c->conn);
    }
}

void amzx_token_publish(amzx_token_conn_t *c, const char *access,
                        apr_time_t until, apr_int64_t generation, int is_own)
{
    amzx_tokens_t *t = c->t;
    apr_time_t mono = amzx_mono(t->env);
    apr_interval_time_t life = until - amzx_now(t->env);
    apr_interval_time_t margin = MARGIN_US;
    apr_interval_time_t renew = RENEW_US;
    apr_pool_t **kept = &c->kept[c->kept_at];

    /* A peer that gives very short tokens must not make us ask for ever. */
    if (is_own && margin > life / 4) {
        margin = life / 4;
    }
    renew += (apr_interval_time_t)amzx_random_below(
        t->env, (apr_uint64_t)RENEW_SPREAD_US);
    if (renew > life / 2) {
        renew = life / 2;
    }
    c->kept_at = (c->kept_at + 1) % AMZX_TOKEN_KEPT;
    if (*kept != NULL) {
        apr_pool_destroy(*kept);
        *kept = NULL;
    }
    if (apr_pool_create(kept, t->pool) != APR_SUCCESS) {
        *kept = t->pool;
    }
    c->access = (const char *)amzx_secret_make(access, strlen(access),
                                               *kept)->bytes;
    c->bad = NULL;
    c->good_until = mono + life - margin;
    c->renew_at = mono + life - renew;
    c->generation = generation;
    c->has_fault = 0;
    c->failures = 0;
    end_work(c);
    tell(c);
}

static apr_interval_time_t pause_of(const amzx_token_conn_t *c)
{
    apr_interval_time_t pause = RETRY_MIN_US;
    int i;

    if (c->fault.klass != AMZX_FAULT_TRANSIENT) {
        return RECHECK_US;
    }
    if (c->fault.retry_after_us > 0) {
        return c->fault.retry_after_us < PEER_PAUSE_MAX_US
                   ? c->fault.retry_after_us : PEER_PAUSE_MAX_US;
    }
    for (i = 1; i < c->failures && pause < RETRY_MAX_US; i++) {
        pause *= 2;
    }
    pause = pause < RETRY_MAX_US ? pause : RETRY_MAX_US;
    return pause / 2 + (apr_interval_time_t)amzx_random_below(
                           c->t->env, (apr_uint64_t)pause);
}

/* The first of a row of failures, and every power of two. */
static int is_telling(int count)
{
    return (count & (count - 1)) == 0;
}

/* What tells one state of the credential file from the next. */
static void file_look(apr_finfo_t *seen, const amzx_token_conn_t *c)
{
    apr_pool_t *p = NULL;

    memset(seen, 0, sizeof(*seen));
    if (c->conn->credential_file != NULL
        && apr_pool_create(&p, c->t->pool) == APR_SUCCESS) {
        (void)apr_stat(seen, c->conn->credential_file,
                       APR_FINFO_MTIME | APR_FINFO_SIZE | APR_FINFO_INODE, p);
        seen->pool = NULL;
        apr_pool_destroy(p);
    }
}

void amzx_token_fail(amzx_token_conn_t *c, const amzx_fault_t *fault)
{
    amzx_tokens_t *t = c->t;
    apr_time_t mono = amzx_mono(t->env);

    amzx_token_unlock(c);
    c->fault = *fault;
    if (fault->klass != AMZX_FAULT_AUTH && fault->klass != AMZX_FAULT_CONFIG) {
        /* Asking for a token again does no harm, whatever became of it. */
        c->fault.klass = AMZX_FAULT_TRANSIENT;
    }
    if (c->fault.status == APR_SUCCESS) {
        c->fault.status = APR_EGENERAL;
    }
    c->has_fault = 1;
    file_look(&c->file, c);
    c->failures++;
    c->retry_at = mono + pause_of(c);
    c->renew_at = c->retry_at;
    if (is_telling(c->failures)) {
        amzx_log(t->env, AMZX_LOG_WARNING, 1101, c->fault.status,
                 "no access token for %s of %s (%d in a row): %s: %s",
                 c->conn->name, c->conn->tenant, c->failures, c->fault.code,
                 c->fault.detail);
    }
    end_work(c);
    tell(c);
}

/* ---- what the engine asks ----------------------------------------------- */

static apr_status_t give_fault(amzx_fault_t *out, const amzx_token_conn_t *c,
                               apr_time_t mono)
{
    if (out != NULL) {
        *out = c->fault;
        if (out->klass == AMZX_FAULT_TRANSIENT) {
            out->retry_after_us = c->retry_at - mono;
        }
    }
    return c->fault.status;
}

apr_status_t amzx_tokens_get(const char **access, amzx_tokens_t *t,
                             const amzx_conn_t *conn, amzx_fault_t *fault)
{
    amzx_token_conn_t *c = find_or_make(t, conn);
    apr_time_t mono = amzx_mono(t->env);

    *access = NULL;
    if (t->is_stopped) {
        return amzx_fault_set(fault, AMZX_FAULT_TRANSIENT, APR_EGENERAL,
                              "internal.stopping", "the engine stops");
    }
    if (c->access != NULL && mono < c->good_until) {
        if (mono >= c->renew_at && !c->is_busy) {
            amzx_token_wake(c, 0);
        }
        *access = c->access;
        return APR_SUCCESS;
    }
    if (c->is_busy) {
        return APR_SUCCESS;
    }
    if (c->has_fault && mono < c->retry_at) {
        return give_fault(fault, c, mono);
    }
    amzx_token_wake(c, 0);
    return APR_SUCCESS;
}

const char *amzx_tokens_mended(amzx_tokens_t *t)
{
    amzx_token_conn_t *c;
    apr_finfo_t now;

    for (c = t->all; c != NULL; c = c->next) {
        if (!c->has_fault || c->fault.klass == AMZX_FAULT_TRANSIENT) {
            continue;
        }
        file_look(&now, c);
        if (now.mtime != c->file.mtime || now.size != c->file.size
            || now.inode != c->file.inode) {
            c->file = now;
            c->retry_at = amzx_mono(t->env);
            return c->conn->tenant;
        }
    }
    return NULL;
}

void amzx_tokens_expired(amzx_tokens_t *t, const amzx_conn_t *conn,
                         const char *access)
{
    amzx_token_conn_t *c = find(t, conn);

    if (c != NULL && c->access != NULL && access != NULL
        && strcmp(c->access, access) == 0) {
        c->bad = c->access;
        c->access = NULL;
    }
}

void amzx_tokens_stop(amzx_tokens_t *t)
{
    amzx_token_conn_t *c;

    if (t == NULL) {
        return;
    }
    t->is_stopped = 1;
    for (c = t->all; c != NULL; c = c->next) {
        amzx_timer_stop(c->timer);
        if (c->is_unsaved) {
            amzx_token_work(c); /* a new pair is worth one more try */
        }
        if (c->call != NULL) {
            t->http->cancel(c->call);
            c->call = NULL;
        }
        amzx_token_unlock(c);
        end_work(c);
        amzx_timer_stop(c->timer);
    }
}
