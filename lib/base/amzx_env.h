/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_env.h  What the library asks of its host: clock, random, log. */
#ifndef AMZX_ENV_H
#define AMZX_ENV_H

#include <apr_pools.h>
#include <apr_time.h>

typedef enum {
    AMZX_LOG_CRIT = 2, /**< work has stopped */
    AMZX_LOG_ERR,      /**< a run died or data is at risk */
    AMZX_LOG_WARNING,  /**< degraded, will retry */
    AMZX_LOG_NOTICE,   /**< start, stop, schema */
    AMZX_LOG_INFO,     /**< one line per run outcome */
    AMZX_LOG_DEBUG,    /**< one line per step */
    AMZX_LOG_TRACE     /**< decisions, timing; carries no id */
} amzx_log_level_e;

/**
 * The host of the library. One per process (httpd child, engine, CLI, test).
 * Every member may be replaced, so tests and the simulator bring their own
 * clock, randomness and log. Members are read-only after start.
 */
typedef struct amzx_env_t amzx_env_t;
struct amzx_counters_t;
struct amzx_env_t {
    void *ctx;                                 /**< for the functions below */
    apr_time_t (*now)(void *ctx);              /**< UTC microseconds */
    apr_time_t (*mono)(void *ctx);             /**< monotonic microseconds */
    apr_status_t (*random)(void *ctx, unsigned char *out, apr_size_t len);
    void (*log)(void *ctx, amzx_log_level_e level, int id, apr_status_t rv,
                const char *tag, const char *line);
    amzx_log_level_e log_level;                /**< lines above are dropped */
    const char *tag;                           /**< "web 1234", "engine 99" */
    struct amzx_counters_t *counters;          /**< amzx_counter.h, or NULL */
};

/** The real clock and RAND_bytes; logs to stderr. For tests and the CLI. */
void amzx_env_init(amzx_env_t *env, const char *tag);

/** Now by the host's clock, UTC microseconds. */
apr_time_t amzx_now(const amzx_env_t *env);

/** Monotonic microseconds of the host. */
apr_time_t amzx_mono(const amzx_env_t *env);

/** Random bytes of the host. */
apr_status_t amzx_random(const amzx_env_t *env, unsigned char *out,
                         apr_size_t len);

/**
 * Uniform random number in [0, bound); 0 when bound is 0.
 */
apr_uint64_t amzx_random_below(const amzx_env_t *env, apr_uint64_t bound);

/**
 * Log one line. `id` is the number behind AMZX0001...; each id belongs to one
 * call site and is described in docs/log-messages.md; 0 only for TRACE. Never
 * pass payloads, tokens, signatures, names, e-mail or postal data.
 */
void amzx_log(const amzx_env_t *env, amzx_log_level_e level, int id,
              apr_status_t rv, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/** Is a level worth building an argument for? */
int amzx_log_is_on(const amzx_env_t *env, amzx_log_level_e level);

#endif
