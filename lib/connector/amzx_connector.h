/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_connector.h  How the engine talks to a kind of peer.
 *
 * A connector never sends: it builds requests and reads answers. The engine
 * adds tokens, limits, retries, intents and the transport.
 */
#ifndef AMZX_CONNECTOR_H
#define AMZX_CONNECTOR_H

#include "amzx_env.h"
#include "amzx_fault.h"
#include "amzx_http.h"
#include "amzx_op.h"
#include "amzx_site.h"
#include "amzx_val.h"

#define AMZX_CONNECTOR_ABI 1

/** One call of an operation, from first request to result. */
typedef struct {
    const amzx_op_t *op;
    const amzx_conn_t *conn;    /**< NULL for operations without one */
    const amzx_tenant_t *tenant;
    const amzx_env_t *env;
    const amzx_val_t *args;     /**< object; checked against op->args */
    const amzx_val_t *body;     /**< NULL when the op takes none */
    int phase;                  /**< the operation's own counter, 0 first */
    void *state;                /**< the operation's own, in pool */
    apr_pool_t *pool;
} amzx_op_call_t;

typedef enum {
    AMZX_STEP_SEND, /**< *req is filled: send it, call step again */
    AMZX_STEP_DONE  /**< *result is the canonical result */
} amzx_step_e;

/**
 * Drive a call. First with rsp NULL, then with each answer.
 *
 * req->url is a path below the connection's base URL with its query; headers
 * of the content (Content-Type, If-Modified-Since) are the step's business,
 * authorisation and Idempotency-Key are not. Effect operations send exactly
 * one request, so that its bytes can be frozen in the intent.
 *
 * @return APR_SUCCESS, or a fault from the error catalogue: HTTP 429 is class
 *         THROTTLED with retry_after, 5xx and an unreadable 2xx of an effect
 *         are UNKNOWN (of a read TRANSIENT), 401 is AUTH `auth.expired` or
 *         `auth.forbidden`, validation is REJECTED `validation....`; see
 *         amzx_op_is_duplicate for the one kind of refusal that is UNKNOWN
 */
typedef apr_status_t amzx_op_step_fn(amzx_step_e *next,
                                     amzx_http_request_t *req,
                                     const amzx_val_t **result,
                                     amzx_op_call_t *call,
                                     const amzx_http_response_t *rsp,
                                     amzx_fault_t *fault);

typedef struct {
    amzx_op_t op;
    amzx_op_step_fn *step;
} amzx_op_impl_t;

/** The parts of a credential file. */
typedef struct {
    const char *client_id;
    const char *client_secret;
    const char *refresh_token; /**< NULL for client credentials */
} amzx_credential_t;

typedef struct {
    const char *access;
    apr_interval_time_t expires_in_us;
    const char *refresh; /**< NULL when the peer sent none */
} amzx_token_reply_t;

/** What an answer says about limits. */
typedef struct {
    const char *problem; /**< "minute", "day", "concurrent", "appminute",
                              "operation", or NULL when not throttled */
    apr_interval_time_t retry_after_us; /**< -1 when not given */
    apr_int64_t day_remaining;          /**< -1 when not given */
    apr_int64_t minute_remaining;       /**< -1 when not given */
    apr_interval_time_t op_interval_us; /**< from x-amzn-RateLimit-Limit, 0 */
} amzx_limit_hint_t;

typedef struct amzx_connector_t amzx_connector_t;
struct amzx_connector_t {
    unsigned abi;
    const char *type;          /**< "xero.accounting" */
    const amzx_op_impl_t *ops; /**< ends with a NULL op.name */

    /** Complete a request: absolute URL, authorisation, standard headers,
     *  Idempotency-Key when idempotency_key is not NULL. */
    apr_status_t (*authorize)(amzx_http_request_t *req,
                              const amzx_conn_t *conn, const char *access,
                              const char *idempotency_key, apr_time_t now,
                              amzx_fault_t *fault, apr_pool_t *p);
    /** The token request; refresh is NULL for client credentials. */
    apr_status_t (*token_request)(amzx_http_request_t *req,
                                  const amzx_conn_t *conn,
                                  const amzx_credential_t *cred,
                                  const char *refresh, amzx_fault_t *fault,
                                  apr_pool_t *p);
    /** Its answer: fault `auth.revoked` for invalid_grant, `auth.client` for
     *  a bad client (both AUTH), else transient or config. */
    apr_status_t (*token_reply)(amzx_token_reply_t *out,
                                const amzx_http_response_t *rsp,
                                amzx_fault_t *fault, apr_pool_t *p);
    void (*limit_hint)(amzx_limit_hint_t *out,
                       const amzx_http_response_t *rsp);
    /** Standard settings of a connection of this type (hosts by region,
     *  rates); only members that are unset (NULL, "" or 0) are filled. A
     *  negative number means "none" and becomes 0. */
    apr_status_t (*defaults)(amzx_conn_t *conn, amzx_fault_t *fault,
                             apr_pool_t *p);
};

/** All built-in connectors; ends with NULL. */
const amzx_connector_t *const *amzx_connectors(void);
/** By type; NULL when unknown. */
const amzx_connector_t *amzx_connector_find(const char *type);
/** An operation by name over all connectors and the built-in local ones
 *  (fx.rate); NULL when unknown. */
const amzx_op_impl_t *amzx_op_impl_find(const char *name);
/** The descriptor only: the shape the linter takes. */
const amzx_op_t *amzx_op_find(const char *name);
/** The i-th operation of the whole catalogue, NULL after the last. */
const amzx_op_t *amzx_op_at(int i);

/**
 * The arguments of op->confirm, taken from what the effect was called with.
 * @return NULL when op has no confirm or its key is missing
 */
const amzx_val_t *amzx_op_confirm_args(const amzx_op_t *op,
                                       const amzx_val_t *args,
                                       const amzx_val_t *body, apr_pool_t *p);

/**
 * Is what a confirm found the thing that this effect makes? For effects whose
 * workflow gives no same-if.
 *
 * A confirm answers an object, null for "not there", or a list: then each
 * element is a `found` of its own, here as with a same-if, and it is enough
 * that one is the same.
 *
 * @param same the element that is the same; null when none is
 * @return 1 when one is
 */
int amzx_op_confirm_same(const amzx_val_t **same, const amzx_op_t *op,
                         const amzx_val_t *args, const amzx_val_t *body,
                         const amzx_val_t *found);

/**
 * Did the peer refuse the effect because its key is taken (class UNKNOWN, a
 * code of `validation.`)? It may be our own, made by an attempt whose answer
 * was lost: confirm. When nothing that is the same is found, the refusal
 * stands; sending it again would be refused again.
 */
int amzx_op_is_duplicate(const amzx_fault_t *fault);

/** Read a credential file. Secrets are wiped with p. */
apr_status_t amzx_credential_load(amzx_credential_t *out, const char *path,
                                  amzx_fault_t *fault, apr_pool_t *p);

#endif
