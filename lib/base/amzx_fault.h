/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_fault.h  Why something failed, and what may happen next. */
#ifndef AMZX_FAULT_H
#define AMZX_FAULT_H

#include <apr_errno.h>
#include <apr_time.h>

/** What the engine does with a failure. The names are stored on disk. */
typedef enum {
    AMZX_FAULT_NONE = 0,
    AMZX_FAULT_TRANSIENT, /**< back off with jitter, counts an attempt */
    AMZX_FAULT_THROTTLED, /**< wait retry_after, counts no attempt */
    AMZX_FAULT_AUTH,      /**< refresh once, then the connection waits */
    AMZX_FAULT_REJECTED,  /**< the peer refused the content; no retry */
    AMZX_FAULT_UNKNOWN,   /**< fate at the peer unknown; confirm first */
    AMZX_FAULT_CONFIG,    /**< park until a person acts */
    AMZX_FAULT_BUG        /**< ours; dead at once */
} amzx_fault_class_e;

/**
 * A plain value: copy it freely. `code` is stable and dotted, for example
 * `network.timeout`, `rate_limited.minute`, `validation.account_code`,
 * `expr.null`; the first parts are listed in docs/faults.md. `detail` is one
 * line for people: no secret, no buyer's data, no control character.
 */
typedef struct {
    amzx_fault_class_e klass;
    apr_status_t status;
    char code[64];
    char detail[512];
    char place[160]; /**< "file:line:column" or a path; may be "" */
    apr_interval_time_t retry_after_us; /**< -1 when not known */
} amzx_fault_t;

/** Empty a fault. */
void amzx_fault_clear(amzx_fault_t *fault);

/**
 * Fill a fault. A NULL fault is allowed and ignored. The detail is cut at a
 * UTF-8 boundary and control characters become spaces.
 *
 * @return rv, or APR_EGENERAL when rv is APR_SUCCESS, so that callers can
 *         write `return amzx_fault_set(...)`
 */
apr_status_t amzx_fault_set(amzx_fault_t *fault, amzx_fault_class_e klass,
                            apr_status_t rv, const char *code,
                            const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/** Say where: "file:line:column", a JSON path or a step path. */
void amzx_fault_at(amzx_fault_t *fault, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** The stored name of a class: "transient", "throttled", ... "none". */
const char *amzx_fault_class_name(amzx_fault_class_e klass);

/** The class of a stored name; AMZX_FAULT_BUG for an unknown one. */
amzx_fault_class_e amzx_fault_class_of(const char *name);

/**
 * Does a code match a space separated list of prefixes? `network` matches
 * `network.timeout` but not `networks`; `*` matches all.
 */
int amzx_fault_matches(const char *code, const char *patterns);

#endif
