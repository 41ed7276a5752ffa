/* SPDX-License-Identifier: Apache-2.0 */
/* The default host of the library (real clock, stderr) and the log sink. */
#include "amzx_env.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <apr_errno.h>

#include "amzx_crypto.h"
#include "amzx_str.h"
#include "amzx_time.h"

#define LINE_MAX_BYTES 2048

static const char *const level_names[] = {
    "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug",
    "trace",
};

static apr_time_t real_now(void *ctx)
{
    (void)ctx;
    return apr_time_now();
}

static apr_time_t real_mono(void *ctx)
{
    struct timespec ts;

    (void)ctx;
    if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0) {
        return apr_time_now();
    }
    return (apr_time_t)ts.tv_sec * APR_USEC_PER_SEC + ts.tv_nsec / 1000;
}

static apr_status_t real_random(void *ctx, unsigned char *out, apr_size_t len)
{
    (void)ctx;
    return amzx_random_bytes(out, len);
}

static void stderr_log(void *ctx, amzx_log_level_e level, int id,
                       apr_status_t rv, const char *tag, const char *line)
{
    char why[160] = "";
    char num[24] = "";
    char when[AMZX_TIME_TEXT];
    int lv = (int)level;

    (void)ctx;
    if (lv < 0 || lv > (int)AMZX_LOG_TRACE) {
        lv = (int)AMZX_LOG_TRACE;
    }
    if (rv != APR_SUCCESS) {
        char text[120];

        apr_strerror(rv, text, sizeof(text));
        snprintf(why, sizeof(why), " (%d: %s)", rv, text);
    }
    if (id > 0) {
        snprintf(num, sizeof(num), "AMZX%04d: ", id);
    }
    amzx_time_text(when, apr_time_now());
    fprintf(stderr, "%s [%s] [%s] %s%s%s\n", when, level_names[lv],
            tag != NULL ? tag : "-", num, line, why);
}

void amzx_env_init(amzx_env_t *env, const char *tag)
{
    memset(env, 0, sizeof(*env));
    env->now = real_now;
    env->mono = real_mono;
    env->random = real_random;
    env->log = stderr_log;
    env->log_level = AMZX_LOG_NOTICE;
    env->tag = tag;
}

apr_time_t amzx_now(const amzx_env_t *env)
{
    return env != NULL && env->now != NULL ? env->now(env->ctx)
                                           : real_now(NULL);
}

apr_time_t amzx_mono(const amzx_env_t *env)
{
    return env != NULL && env->mono != NULL ? env->mono(env->ctx)
                                            : real_mono(NULL);
}

apr_status_t amzx_random(const amzx_env_t *env, unsigned char *out,
                         apr_size_t len)
{
    return env != NULL && env->random != NULL
               ? env->random(env->ctx, out, len)
               : amzx_random_bytes(out, len);
}

/* SplitMix64 over the clock: spreads delays when the random source fails. */
static apr_uint64_t clock_noise(const amzx_env_t *env)
{
    apr_uint64_t z = (apr_uint64_t)amzx_mono(env) * 0x9e3779b97f4a7c15ULL;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

apr_uint64_t amzx_random_below(const amzx_env_t *env, apr_uint64_t bound)
{
    apr_uint64_t limit;
    apr_uint64_t n = 0;
    int tries;

    if (bound == 0) {
        return 0;
    }
    /* The largest multiple of bound; numbers from there on would favour the
     * small remainders. A broken generator must not hold us for ever. */
    limit = UINT64_MAX - UINT64_MAX % bound;
    for (tries = 0; tries < 128; tries++) {
        unsigned char raw[sizeof(n)];

        if (amzx_random(env, raw, sizeof(raw)) != APR_SUCCESS) {
            n = clock_noise(env);
            break;
        }
        memcpy(&n, raw, sizeof(n));
        if (n < limit) {
            break;
        }
    }
    return n % bound;
}

int amzx_log_is_on(const amzx_env_t *env, amzx_log_level_e level)
{
    return env != NULL && env->log != NULL && level <= env->log_level;
}

void amzx_log(const amzx_env_t *env, amzx_log_level_e level, int id,
              apr_status_t rv, const char *fmt, ...)
{
    char line[LINE_MAX_BYTES];
    va_list ap;

    if (!amzx_log_is_on(env, level)) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    amzx_str_clean(line, line, strlen(line), '?');
    env->log(env->ctx, level, id, rv, env->tag, line);
}
