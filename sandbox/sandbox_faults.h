/* SPDX-License-Identifier: Apache-2.0 */
/** @file sandbox_faults.h  Failures ordered over the admin API. */
#ifndef AMZX_SANDBOX_FAULTS_H
#define AMZX_SANDBOX_FAULTS_H

#include "sandbox.h"

/** What a rule does; the names are those of the admin API. */
#define SBX_FAULTS(X)                     \
    X(MINUTE, "429-minute")               \
    X(DAY, "429-day")                     \
    X(CONCURRENT, "429-concurrent")       \
    X(AMAZON, "429-amazon")               \
    X(E500, "500")                        \
    X(E502, "502")                        \
    X(E503, "503")                        \
    X(TIMEOUT_BEFORE, "timeout-before")   \
    X(TIMEOUT_AFTER, "timeout-after")     \
    X(RESET, "reset-mid-body")            \
    X(TRUNCATED, "truncated-json")        \
    X(WRONG_TYPE, "wrong-content-type")   \
    X(SLOW, "slow")

typedef enum {
#define X(name, text) SBX_FAULT_##name,
    SBX_FAULTS(X)
#undef X
    SBX_FAULT_COUNT
} sbx_fault_e;

/** A fault that hits this request. */
typedef struct {
    sbx_fault_e kind;
    apr_int64_t ms;          /**< how long to hang or to be slow */
    apr_int64_t retry_after; /**< for 429 */
    int is_after;            /**< 5xx only after the work was committed */
} sbx_fault_t;

/** The first rule that fires; 0 when there is none. */
int sbx_fault_find(sbx_fault_t *fault, const sbx_req_t *req,
                   const char *peer, const char *op);

/** Answer in place of the handler. @return 0: the handler must run */
int sbx_fault_before(sbx_res_t *res, const sbx_req_t *req,
                     const sbx_fault_t *fault, const char *peer);
/** Spoil the handler's answer. */
void sbx_fault_after(sbx_res_t *res, const sbx_req_t *req,
                     const sbx_fault_t *fault, const char *peer);

/** POST, GET and DELETE /admin/faults. */
void sbx_fault_admin(sbx_res_t *res, sbx_req_t *req);

/** Xero's answer to too many calls. */
void sbx_xero_429(sbx_res_t *res, const sbx_req_t *req, const char *problem,
                  apr_int64_t retry_after);
/** Amazon's error body. */
void sbx_amazon_error(sbx_res_t *res, const sbx_req_t *req, int status,
                      const char *code, const char *message,
                      const char *details);

#endif
