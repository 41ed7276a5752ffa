/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file sandbox_live.h  Counters and settings shared by all processes.
 *
 * A small memory-mapped file beside the state file: it outlives a killed
 * server and costs no transaction per request.
 */
#ifndef AMZX_SANDBOX_LIVE_H
#define AMZX_SANDBOX_LIVE_H

#include <apr_pools.h>
#include <apr_time.h>

/** Settings: X(NAME, "name in the admin API", default). */
#define SBX_SETTINGS(X)                                         \
    X(XERO_LIMITS, "xeroLimits", 1)          /* 0 switches off */ \
    X(XERO_MINUTE, "xeroMinute", 60)                            \
    X(XERO_DAY, "xeroDay", 5000)                                \
    X(XERO_CONCURRENT, "xeroConcurrent", 5)                     \
    X(XERO_APP_MINUTE, "xeroAppMinute", 10000)                  \
    X(AMAZON_LIMITS, "amazonLimits", 1)                         \
    X(AMAZON_SCALE, "amazonScale", 1)        /* times the rates */ \
    X(LWA_SECONDS, "lwaAccessSeconds", 3600)                    \
    X(XERO_SECONDS, "xeroAccessSeconds", 1800)                  \
    X(XERO_GRACE, "xeroRefreshGraceSeconds", 1800)              \
    X(IDEM_SECONDS, "idempotencySeconds", 360)                  \
    X(DELAY_MS, "latencyMs", 0)                                 \
    X(CLOCK_US, "clockOffsetMicros", 0)                         \
    X(PII, "amazonPii", 1)                   /* role granted? */

typedef enum {
#define X(name, text, value) SBX_SET_##name,
    SBX_SETTINGS(X)
#undef X
    SBX_SET_COUNT
} sbx_set_e;

#define SBX_FAULT_SLOTS 64

/** The shared memory of one process. */
typedef struct sbx_live_t sbx_live_t;

/** Map the file, creating it with default settings when missing. */
apr_status_t sbx_live_open(sbx_live_t **live, const char *path,
                           apr_pool_t *p);

/** Read and change a setting. */
apr_int64_t sbx_live_get(const sbx_live_t *live, sbx_set_e what);
void sbx_live_set(sbx_live_t *live, sbx_set_e what, apr_int64_t value);
/** The setting of a name; -1 when unknown. */
int sbx_live_setting(const char *name);
const char *sbx_live_setting_name(sbx_set_e what);

/** Forget counters and faults; settings go back to their defaults. */
void sbx_live_reset(sbx_live_t *live);

/** What Xero's limits said. */
typedef struct {
    const char *problem; /**< NULL, or the X-Rate-Limit-Problem */
    apr_int64_t retry_after; /**< seconds; 0 for none */
    apr_int64_t day_left;
    apr_int64_t minute_left;
    apr_int64_t app_left;
    int slot;             /**< of this call; give it to sbx_live_leave */
    int is_impatient;     /**< the client called during a Retry-After */
    int is_key_parallel;  /**< the same Idempotency-Key is in progress */
} sbx_gate_t;

/**
 * Count a call of an application on a tenant in.
 *
 * @param key_hash of the Idempotency-Key; 0 for none
 */
void sbx_live_enter(sbx_gate_t *gate, sbx_live_t *live, const char *tenant,
                    const char *app, apr_uint64_t key_hash, apr_time_t now);
/** Count it out. */
void sbx_live_leave(sbx_live_t *live, const sbx_gate_t *gate);
/** Remember that a client was told to wait (also by a fault). */
void sbx_live_block(sbx_live_t *live, const char *tenant,
                    apr_int64_t seconds, apr_time_t now);

/**
 * Take a token of a bucket.
 *
 * @param micro_rate tokens per second times 1,000,000
 * @return 1 when there was one
 */
int sbx_live_bucket(sbx_live_t *live, const char *name,
                    apr_int64_t micro_rate, apr_int64_t burst,
                    apr_time_t now);

/** Figures of a tenant for tests. */
typedef struct {
    const char *tenant;
    apr_int64_t calls;
    apr_int64_t in_flight;
    apr_int64_t in_flight_max;
    apr_int64_t minute_max;
    apr_int64_t refused;
    apr_int64_t day_calls;
} sbx_figures_t;

/** The figures of the i-th tenant; 0 when there is none. */
int sbx_live_figures(sbx_figures_t *out, sbx_live_t *live, int i,
                     apr_pool_t *p);

/** Faults: are there rules, and counters per rule. */
int sbx_live_has_faults(const sbx_live_t *live);
/** Start a set of `count` rules with zero counters. */
void sbx_live_faults_changed(sbx_live_t *live, int count);
/** Count a match. @return how often the rule had matched before */
apr_int64_t sbx_live_fault_seen(sbx_live_t *live, int slot);
/** Count a firing, at most `times` (0 = no end). @return 1 to fire */
int sbx_live_fault_fire(sbx_live_t *live, int slot, apr_int64_t times);
void sbx_live_fault_counts(apr_int64_t *seen, apr_int64_t *fired,
                           sbx_live_t *live, int slot);

#endif
