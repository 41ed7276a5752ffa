/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_curl.h  libcurl behind our own types: policy and transfers. */
#ifndef AMZX_CURL_H
#define AMZX_CURL_H

#include "amzx_http.h"
#include "amzx_reply.h"

/** All transfers of one client, with their connections and caches. */
typedef struct amzx_multi_t amzx_multi_t;
/** One transfer. */
typedef struct amzx_easy_t amzx_easy_t;

/** What a multi asks of the loop. */
typedef struct {
    void *ctx;
    /** Watch a descriptor for AMZX_LOOP_READ and AMZX_LOOP_WRITE; 0: stop. */
    void (*watch)(void *ctx, int fd, int events);
    /** Call amzx_multi_timeout after so long; -1: not at all. */
    void (*timeout)(void *ctx, apr_interval_time_t after_us);
} amzx_multi_host_t;

/** How a transfer ended. The texts live as long as it. */
typedef struct {
    void *owner; /**< as given to amzx_easy_start */
    int status;  /**< 0: no answer */
    amzx_reply_t *reply;
    int maybe_sent;
    int is_safe;      /**< GET or HEAD */
    const char *code; /**< without an answer: see amzx_http_done_fn */
    const char *why;
} amzx_outcome_t;

/** curl_global_init. @return 0 when it failed */
int amzx_curl_init(void);

/** opt must be complete (no defaults are added) and outlive the multi. */
amzx_multi_t *amzx_multi_make(const amzx_http_options_t *opt,
                              const amzx_multi_host_t *host);
/** All transfers must have been freed. */
void amzx_multi_free(amzx_multi_t *m);
/** A descriptor is ready. */
void amzx_multi_ready(amzx_multi_t *m, int fd, int events);
void amzx_multi_timeout(amzx_multi_t *m);
/** How many connections may exist before idle ones are closed. */
void amzx_multi_keep(amzx_multi_t *m, int connections);
/** The next transfer that has ended, stopped already; NULL when none. */
amzx_easy_t *amzx_multi_ended(amzx_outcome_t *out, amzx_multi_t *m);

amzx_easy_t *amzx_easy_make(amzx_multi_t *m);
void amzx_easy_free(amzx_easy_t *e);
/**
 * Begin its one call. Nothing is sent before the loop's next turn. The
 * limits of req must be set; its body must live until the end.
 *
 * @return else the fault says what is wrong with the request
 */
apr_status_t amzx_easy_start(amzx_easy_t *e, const amzx_http_request_t *req,
                             void *owner, amzx_fault_t *fault);
/** Give up a call in flight; its connection is closed. */
void amzx_easy_stop(amzx_easy_t *e);

#endif
