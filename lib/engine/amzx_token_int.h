/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_token_int.h  The state behind amzx_token.h, for its own files.
 *
 *     get --no good token--> begin: file, row --good row--> adopt ---> ready
 *                              |
 *                              +--> lock row --> read again --> POST
 *                                     | held by another          |
 *                                     v                          v
 *                                   look again soon     save, unlock -> ready
 *
 * The lock row is held from before the POST until the new pair is durable. A
 * token is handed out only afterwards.
 */
#ifndef AMZX_TOKEN_INT_H
#define AMZX_TOKEN_INT_H

#include <apr_file_info.h>
#include <apr_hash.h>

#include "amzx_token.h"

/** A handed-out text stays readable for so many generations. */
#define AMZX_TOKEN_KEPT 8

typedef struct amzx_token_conn_t amzx_token_conn_t;

struct amzx_token_conn_t {
    amzx_token_conn_t *next;
    amzx_tokens_t *t;
    const amzx_conn_t *conn;
    const amzx_connector_t *connector; /**< NULL: unknown type */
    amzx_timer_t *timer;
    int is_busy; /**< the timer is armed or a call is out */

    const char *access; /**< NULL: none, or the peer refused it */
    const char *bad;    /**< refused: not to be adopted again */
    apr_time_t good_until; /**< mono */
    apr_time_t renew_at;   /**< mono */
    apr_int64_t generation;
    apr_pool_t *kept[AMZX_TOKEN_KEPT];
    int kept_at;

    int has_fault;
    amzx_fault_t fault;
    apr_time_t retry_at; /**< mono */
    int failures;        /**< in a row */
    apr_finfo_t file;    /**< the credential file when it failed */

    /* One refresh; in work, which goes at its end. */
    apr_pool_t *work;
    amzx_http_call_t *call;
    amzx_credential_t cred;
    amzx_token_row_t row;
    const char *seed_sha;
    const char *used; /**< the refresh token sent, NULL for none */
    apr_time_t sent_at;
    int has_lock;
    int is_unsaved; /**< row holds a pair that is not durable yet */
    int is_grace;   /**< the previous refresh token was tried */
};

struct amzx_tokens_t {
    const amzx_env_t *env;
    const char *owner;
    amzx_db_t *db;
    const amzx_store_t *st;
    amzx_http_t *http;
    amzx_loop_t *loop;
    void (*ready)(void *ctx, const amzx_conn_t *conn);
    void *ctx;
    apr_pool_t *pool;
    apr_hash_t *by_name;
    amzx_token_conn_t *all;
    int is_stopped;
};

/** Go on with a refresh: from the timer, no transaction is open. */
void amzx_token_work(amzx_token_conn_t *c);
/** Give the lock row back. */
void amzx_token_unlock(amzx_token_conn_t *c);

/** A good token is there: hand it out from now on. */
void amzx_token_publish(amzx_token_conn_t *c, const char *access,
                        apr_time_t until, apr_int64_t generation,
                        int is_own);
/** There is none for now. Unlocks, ends the refresh, tells the engine. */
void amzx_token_fail(amzx_token_conn_t *c, const amzx_fault_t *fault);
/** Call amzx_token_work after so long. */
void amzx_token_wake(amzx_token_conn_t *c, apr_interval_time_t after_us);

#endif
