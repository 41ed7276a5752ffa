/* SPDX-License-Identifier: Apache-2.0 */
/* One refresh: credential file, row, lock, the call, and the durable pair. */
#include "amzx_token_int.h"

#include <string.h>

#include <apr_strings.h>

#include "amzx_crypto.h"

#define LOCK_US apr_time_from_sec(90)
#define CALL_US apr_time_from_sec(30) /* well below the lock */
#define LOOK_AGAIN_US apr_time_from_msec(300)
#define SAVE_AGAIN_US apr_time_from_sec(1)
/* A row's token is taken over when it lasts longer than this. */
#define ADOPT_US apr_time_from_sec(60)
/* So long the refresh token before the last one is still taken.
 * Xero, on tokens: 30 minutes. */
#define GRACE_US apr_time_from_sec(1800)

static int is_refresh_grant(const amzx_token_conn_t *c)
{
    return strcmp(c->conn->grant, "client_credentials") != 0;
}

static int is_text(const char *s)
{
    return s != NULL && *s != '\0';
}

/* Does the row belong to the credential file as it is now? */
static int is_same_chain(const amzx_token_conn_t *c,
                         const amzx_token_row_t *row)
{
    return row->generation > 0 && row->seed_sha != NULL
           && strcmp(row->seed_sha, c->seed_sha) == 0;
}

/* ---- rows --------------------------------------------------------------- */

/* Another may hold the lock: that is no failure, *is_mine tells. */
static apr_status_t take_lock(int *is_mine, amzx_token_conn_t *c,
                              apr_time_t until, amzx_fault_t *fault)
{
    amzx_tokens_t *t = c->t;
    amzx_token_row_t wanted = { 0 };
    amzx_txn_t *txn = NULL;
    apr_status_t rv;

    *is_mine = 0;
    wanted.tenant = c->conn->tenant;
    wanted.connection = c->conn->name;
    wanted.lock_owner = t->owner;
    wanted.lock_until = until;
    rv = amzx_txn_begin(&txn, t->db, fault, c->work);
    if (rv == APR_SUCCESS) {
        rv = amzx_token_lock(is_mine, txn, &wanted, amzx_now(t->env), fault,
                             c->work);
    }
    rv = amzx_txn_end(txn, rv, fault);
    *is_mine = *is_mine && rv == APR_SUCCESS;
    return rv;
}

void amzx_token_unlock(amzx_token_conn_t *c)
{
    int is_mine;

    if (c->has_lock && c->work != NULL) {
        /* Taken by us until the beginning of time: free for anybody. If it
         * fails the lock ends by itself. */
        (void)take_lock(&is_mine, c, 1, NULL);
    }
    c->has_lock = 0;
}

static apr_status_t write_row(int *is_mine, amzx_token_conn_t *c,
                              amzx_fault_t *fault)
{
    amzx_tokens_t *t = c->t;
    amzx_txn_t *txn = NULL;
    apr_status_t rv;

    *is_mine = 0;
    rv = amzx_txn_begin(&txn, t->db, fault, c->work);
    if (rv == APR_SUCCESS) {
        rv = amzx_token_save(is_mine, txn, t->st, &c->row, t->owner, fault,
                             c->work);
    }
    rv = amzx_txn_end(txn, rv, fault);
    *is_mine = *is_mine && rv == APR_SUCCESS;
    if (*is_mine) {
        c->has_lock = 0; /* given back by the same statement */
    }
    return rv;
}

static apr_status_t read_row(amzx_token_row_t *row, amzx_token_conn_t *c,
                             amzx_fault_t *fault)
{
    memset(row, 0, sizeof(*row));
    return amzx_token_get(row, c->t->db, c->t->st, c->conn->tenant,
                          c->conn->name, fault, c->work);
}

/* ---- a pair has come ---------------------------------------------------- */

/* Make the new pair durable, then hand it out. Until that works nobody gets
 * the token: after a crash only what is written could be refreshed. */
static void save_pair(amzx_token_conn_t *c)
{
    amzx_token_row_t now_there;
    amzx_fault_t fault;
    apr_status_t rv;
    int is_mine = 0;

    amzx_fault_clear(&fault);
    c->is_busy = 1;
    rv = write_row(&is_mine, c, &fault);
    if (is_mine) {
        amzx_token_publish(c, c->row.access, c->row.access_until,
                           c->row.generation + 1, 1);
        return;
    }
    if (rv == APR_SUCCESS) {
        /* The lock ran out meanwhile. Whoever wrote since then has the newer
         * pair; if nobody did, ours goes in with a new lock. */
        c->has_lock = 0;
        rv = read_row(&now_there, c, &fault);
        if (rv == APR_SUCCESS && now_there.generation != c->row.generation) {
            c->is_unsaved = 0;
            amzx_token_wake(c, 0);
            return;
        }
        if (rv == APR_SUCCESS) {
            rv = take_lock(&c->has_lock, c, amzx_now(c->t->env) + LOCK_US,
                           &fault);
        }
    }
    if (rv != APR_SUCCESS) {
        amzx_log(c->t->env, AMZX_LOG_ERR, 1103, rv,
                 "the new tokens of %s of %s cannot be stored, trying on: %s",
                 c->conn->name, c->conn->tenant, fault.detail);
    }
    amzx_token_wake(c, SAVE_AGAIN_US);
}

static void take_pair(amzx_token_conn_t *c, const amzx_token_reply_t *got)
{
    amzx_token_row_t *row = &c->row;

    row->tenant = c->conn->tenant;
    row->connection = c->conn->name;
    row->access = got->access;
    row->access_until = c->sent_at + got->expires_in_us;
    if (row->refresh_prev == NULL || !is_same_chain(c, row)) {
        row->refresh_prev = "";
    }
    if (c->used != NULL && got->refresh != NULL
        && strcmp(got->refresh, c->used) != 0) {
        row->refresh_prev = c->used;
        row->refresh = got->refresh;
        row->refreshed_at = amzx_now(c->t->env);
    }
    else {
        row->refresh = c->used != NULL ? c->used : "";
    }
    row->seed_sha = c->seed_sha;
    row->state = "ok";
    row->detail = NULL;
    c->is_unsaved = 1;
    save_pair(c);
}

/* ---- the call ----------------------------------------------------------- */

static void on_reply(void *ctx, const amzx_http_response_t *rsp,
                     const amzx_fault_t *fault, int maybe_sent);

static void send_request(amzx_token_conn_t *c, const char *refresh)
{
    amzx_tokens_t *t = c->t;
    amzx_http_request_t req;
    amzx_fault_t fault;
    apr_status_t rv;

    amzx_fault_clear(&fault);
    memset(&req, 0, sizeof(req));
    c->used = refresh;
    rv = c->connector->token_request(&req, c->conn, &c->cred, refresh, &fault,
                                     c->work);
    if (rv == APR_SUCCESS) {
        req.total_timeout_us = CALL_US;
        c->sent_at = amzx_now(t->env);
        rv = t->http->start(&c->call, t->http, &req, on_reply, c, &fault,
                            c->work);
    }
    if (rv != APR_SUCCESS) {
        c->call = NULL;
        amzx_token_fail(c, &fault);
    }
}

static void close_connection(amzx_token_conn_t *c, const amzx_fault_t *fault)
{
    amzx_fault_t ignored;
    int is_mine = 0;

    amzx_fault_clear(&ignored);
    c->row.tenant = c->conn->tenant;
    c->row.connection = c->conn->name;
    c->row.access = "";
    c->row.access_until = 0;
    c->row.seed_sha = c->seed_sha;
    c->row.state = "reconnect";
    c->row.detail = fault->detail;
    if (write_row(&is_mine, c, &ignored) != APR_SUCCESS || !is_mine) {
        amzx_log(c->t->env, AMZX_LOG_WARNING, 1104, ignored.status,
                 "that %s of %s must be connected again cannot be stored: %s",
                 c->conn->name, c->conn->tenant, ignored.detail);
    }
    amzx_log(c->t->env, AMZX_LOG_ERR, 1102, fault->status,
             "%s of %s must be connected again: %s", c->conn->name,
             c->conn->tenant, fault->detail);
    amzx_token_fail(c, fault);
}

/* invalid_grant. Perhaps another wrote a newer pair (its lock outlasted, or
 * a person connected anew); perhaps our last answer was lost and the token
 * before is still taken. Only then a person is needed; it is never asked
 * for twice. */
static void on_revoked(amzx_token_conn_t *c, const amzx_fault_t *fault)
{
    amzx_token_row_t row;
    amzx_fault_t why;
    apr_time_t now = amzx_now(c->t->env);

    amzx_fault_clear(&why);
    if (read_row(&row, c, &why) != APR_SUCCESS) {
        amzx_token_fail(c, &why);
        return;
    }
    if (row.generation != c->row.generation) {
        amzx_token_unlock(c);
        amzx_token_wake(c, 0);
        return;
    }
    if (!c->is_grace && is_same_chain(c, &row) && c->used != NULL
        && is_text(row.refresh_prev)
        && strcmp(row.refresh_prev, c->used) != 0
        && now - row.refreshed_at < GRACE_US) {
        c->is_grace = 1;
        send_request(c, row.refresh_prev);
        return;
    }
    close_connection(c, fault);
}

static void on_reply(void *ctx, const amzx_http_response_t *rsp,
                     const amzx_fault_t *fault, int maybe_sent)
{
    amzx_token_conn_t *c = ctx;
    amzx_token_reply_t got;
    amzx_fault_t why;
    apr_status_t rv;

    (void)maybe_sent; /* a refresh may always be asked for again */
    c->call = NULL;
    amzx_fault_clear(&why);
    if (rsp == NULL) {
        amzx_token_fail(c, fault);
        return;
    }
    rv = c->connector->token_reply(&got, rsp, &why, c->work);
    if (rv == APR_SUCCESS) {
        take_pair(c, &got);
    }
    else if (amzx_fault_matches(why.code, "auth.revoked")) {
        on_revoked(c, &why);
    }
    else {
        if (amzx_fault_matches(why.code, "auth.client")) {
            why.klass = AMZX_FAULT_CONFIG;
            apr_cpystrn(why.code, "config.credential", sizeof(why.code));
        }
        amzx_token_fail(c, &why);
    }
}

/* ---- the beginning ------------------------------------------------------ */

static apr_status_t read_credential(amzx_token_conn_t *c, amzx_fault_t *fault)
{
    const char *seed;
    apr_status_t rv;

    if (c->connector == NULL || !is_text(c->conn->credential_file)) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_ENOENT,
                              "config.credential", "%s of %s has no file of "
                              "credentials", c->conn->name, c->conn->tenant);
    }
    rv = amzx_credential_load(&c->cred, c->conn->credential_file, fault,
                              c->work);
    if (rv != APR_SUCCESS) {
        fault->klass = AMZX_FAULT_CONFIG;
        apr_cpystrn(fault->code, "config.credential", sizeof(fault->code));
        return rv;
    }
    if (is_refresh_grant(c) && !is_text(c->cred.refresh_token)) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                              "config.credential", "%s has no refresh_token",
                              c->conn->credential_file);
    }
    /* What tells one file from its successor. */
    seed = is_refresh_grant(c)
               ? c->cred.refresh_token
               : apr_pstrcat(c->work, c->cred.client_id, "\n",
                             c->cred.client_secret, NULL);
    c->seed_sha = amzx_sha256_hex(seed, strlen(seed), c->work);
    return APR_SUCCESS;
}

/* Does the row end the search? 1: adopted or refused. */
static int settle_by_row(amzx_token_conn_t *c)
{
    const amzx_token_row_t *row = &c->row;
    apr_time_t now = amzx_now(c->t->env);
    amzx_fault_t fault;

    if (!is_same_chain(c, row)) {
        return 0; /* a new file begins anew */
    }
    if (row->state != NULL && strcmp(row->state, "reconnect") == 0) {
        amzx_fault_clear(&fault);
        (void)amzx_fault_set(&fault, AMZX_FAULT_AUTH, APR_EACCES,
                             "auth.revoked", "%s",
                             is_text(row->detail) ? row->detail
                                                  : "connect again");
        amzx_token_fail(c, &fault);
        return 1;
    }
    if (!is_text(row->access) || row->access_until - now <= ADOPT_US
        || (c->bad != NULL && strcmp(c->bad, row->access) == 0)
        || (c->access != NULL && row->generation <= c->generation)) {
        return 0;
    }
    amzx_token_unlock(c);
    amzx_token_publish(c, row->access, row->access_until, row->generation, 0);
    return 1;
}

static const char *refresh_to_use(const amzx_token_conn_t *c)
{
    const amzx_token_row_t *row = &c->row;

    if (!is_refresh_grant(c)) {
        return NULL;
    }
    if (is_same_chain(c, row) && is_text(row->refresh)) {
        return row->refresh;
    }
    return c->cred.refresh_token;
}

/* Another engine is at it, says the row. */
static int is_locked_elsewhere(const amzx_token_conn_t *c, apr_time_t now)
{
    return is_text(c->row.lock_owner) && c->row.lock_until >= now
           && strcmp(c->row.lock_owner, c->t->owner) != 0;
}

static void begin(amzx_token_conn_t *c)
{
    amzx_fault_t fault;
    apr_time_t now = amzx_now(c->t->env);
    apr_status_t rv;

    amzx_fault_clear(&fault);
    rv = read_credential(c, &fault);
    if (rv == APR_SUCCESS) {
        rv = read_row(&c->row, c, &fault);
    }
    if (rv == APR_SUCCESS) {
        if (settle_by_row(c)) {
            return;
        }
        if (!is_locked_elsewhere(c, now)) {
            rv = take_lock(&c->has_lock, c, now + LOCK_US, &fault);
        }
    }
    if (rv == APR_SUCCESS && !c->has_lock) {
        amzx_token_wake(c, LOOK_AGAIN_US
                               + (apr_interval_time_t)amzx_random_below(
                                   c->t->env, LOOK_AGAIN_US));
        return;
    }
    if (rv == APR_SUCCESS) {
        rv = read_row(&c->row, c, &fault); /* as it is under the lock */
    }
    if (rv != APR_SUCCESS) {
        amzx_token_fail(c, &fault);
        return;
    }
    if (!settle_by_row(c)) {
        c->is_grace = 0;
        send_request(c, refresh_to_use(c));
    }
}

void amzx_token_work(amzx_token_conn_t *c)
{
    if (c->is_unsaved) {
        save_pair(c);
        return;
    }
    if (c->work != NULL) {
        apr_pool_destroy(c->work); /* of an earlier look */
    }
    memset(&c->row, 0, sizeof(c->row));
    memset(&c->cred, 0, sizeof(c->cred));
    c->work = NULL;
    if (apr_pool_create(&c->work, c->t->pool) != APR_SUCCESS) {
        amzx_token_wake(c, SAVE_AGAIN_US);
        return;
    }
    apr_pool_tag(c->work, "amzxero_token");
    begin(c);
}
