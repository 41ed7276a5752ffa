/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_token.h  Access tokens of connections, one refresher per fleet.
 *
 * Tokens are kept sealed in the database; the refresh lock row is held
 * across the HTTP call and the durable write of the new pair. Callers never
 * wait: they get a token, or "not yet" and a callback.
 */
#ifndef AMZX_TOKEN_H
#define AMZX_TOKEN_H

#include "amzx_connector.h"
#include "amzx_store.h"

typedef struct amzx_tokens_t amzx_tokens_t;

/**
 * One per engine.
 *
 * @param st   its env is ours too
 * @param db   a connection the token source may use inside its callbacks
 *             (the engine's; no transaction is open then)
 * @param ready called on the loop when a connection's token state changed
 *             (token there, or fault): the engine looks at its waiting calls
 * @thread{engine loop}
 */
amzx_tokens_t *amzx_tokens_make(const char *owner, amzx_db_t *db,
                                const amzx_store_t *st, amzx_http_t *http,
                                amzx_loop_t *loop,
                                void (*ready)(void *ctx,
                                              const amzx_conn_t *conn),
                                void *ctx, apr_pool_t *p);

/**
 * A usable access token now?
 *
 * @param access valid for at least 60 s more; NULL when not there yet: a
 *               refresh is under way or was started; ready() will be called
 * @return APR_SUCCESS with *access or NULL; else fault: AUTH `auth.revoked`
 *         (state reconnect: park until a person acts), CONFIG
 *         `config.credential` (file missing, wrong or `auth.client`), or
 *         TRANSIENT with retry_after
 */
apr_status_t amzx_tokens_get(const char **access, amzx_tokens_t *t,
                             const amzx_conn_t *conn, amzx_fault_t *fault);

/** The peer said this access token is no longer good: drop it (once per
 *  generation) so that the next get refreshes. */
void amzx_tokens_expired(amzx_tokens_t *t, const amzx_conn_t *conn,
                         const char *access);

/**
 * The tenant of a connection that a person had to mend and whose credential
 * file has changed since; it is asked for anew then. Each change is told
 * once; NULL when there is none (more).
 */
const char *amzx_tokens_mended(amzx_tokens_t *t);

/** Stop: cancels calls, gives locks back as far as possible. */
void amzx_tokens_stop(amzx_tokens_t *t);

#endif
