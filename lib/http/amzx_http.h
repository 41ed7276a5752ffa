/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_http.h  Outbound HTTP, asynchronous, hardened. */
#ifndef AMZX_HTTP_H
#define AMZX_HTTP_H

#include <apr_pools.h>

#include "amzx_env.h"
#include "amzx_fault.h"
#include "amzx_loop.h"

typedef struct {
    const char *name;
    const char *value; /**< no CR, LF or NUL: refused */
} amzx_header_t;

#define AMZX_HTTP_HEADERS 24

/** A request; the bytes must live until the call is done. */
typedef struct {
    const char *method; /**< "GET", "PUT"... */
    const char *url;    /**< absolute */
    amzx_header_t header[AMZX_HTTP_HEADERS];
    int headers;
    const char *body; /**< NULL for none */
    apr_size_t body_len;
    apr_interval_time_t connect_timeout_us; /**< 0: the client's default */
    apr_interval_time_t total_timeout_us;   /**< 0: the client's default */
    apr_size_t max_body;                    /**< 0: the client's default */
} amzx_http_request_t;

typedef struct {
    int status;
    amzx_header_t *header; /**< names as received */
    int headers;
    const char *body; /**< NUL-terminated; "" when none */
    apr_size_t body_len;
    apr_time_t date;                 /**< the Date header, 0 when absent */
    apr_interval_time_t duration_us; /**< from start to end */
} amzx_http_response_t;

/** Add a header; a full table or a bad value is ignored and returns 0. */
int amzx_http_header(amzx_http_request_t *req, const char *name,
                     const char *value);
/** A response header ignoring case, or NULL. */
const char *amzx_http_get(const amzx_http_response_t *rsp, const char *name);

/**
 * The end of a call, on the loop's thread.
 *
 * @param rsp   the answer (any status); NULL when there is none
 * @param fault without an answer: code `network.dns`, `network.refused`,
 *              `network.tls`, `network.timeout`, `network.reset`,
 *              `network.blocked` (address not allowed), `limit.size`,
 *              `network.cancelled`
 * @param maybe_sent without an answer: could the peer have received the
 *              whole request? 0 only when certainly not
 */
typedef void amzx_http_done_fn(void *ctx, const amzx_http_response_t *rsp,
                               const amzx_fault_t *fault, int maybe_sent);

typedef struct amzx_http_t amzx_http_t;
typedef struct amzx_http_call_t amzx_http_call_t;

/** A client: curl below, or a script in tests and the simulator. */
struct amzx_http_t {
    void *impl;
    apr_status_t (*start)(amzx_http_call_t **call, amzx_http_t *http,
                          const amzx_http_request_t *req,
                          amzx_http_done_fn *done, void *ctx,
                          amzx_fault_t *fault, apr_pool_t *p);
    /** done will not be called any more. */
    void (*cancel)(amzx_http_call_t *call);
    int (*in_flight)(amzx_http_t *http);
};

/** How the real client behaves. Zero members take the defaults. */
typedef struct {
    apr_interval_time_t connect_timeout_us; /**< 10 s */
    apr_interval_time_t total_timeout_us;   /**< 60 s */
    apr_size_t max_body;                    /**< 16 MiB, after inflating */
    const char *ca_file;                    /**< system bundle */
    const char *proxy;                      /**< none; environment ignored */
    const char *user_agent;
    /** Host names or addresses (space separated) that may be private or
     *  plain http, for example "127.0.0.1 localhost"; else https and public
     *  addresses only (operations-security.md 7.3). */
    const char *allow_private;
    int max_connections; /**< kept open in all; 0: 256 */
    int max_per_host;    /**< 0: no limit here (rate limits are elsewhere) */
} amzx_http_options_t;

/** Once per process, before threads. Never cleans up. */
apr_status_t amzx_http_init(void);

/** A curl_multi client on a loop. Destroyed with p, on the loop's thread. */
apr_status_t amzx_http_create(amzx_http_t **http, amzx_loop_t *loop,
                              const amzx_env_t *env,
                              const amzx_http_options_t *options,
                              amzx_fault_t *fault, apr_pool_t *p);

#endif
