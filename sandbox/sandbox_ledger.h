/* SPDX-License-Identifier: Apache-2.0 */
/** @file sandbox_ledger.h  What tests read: state, ledger, breaches. */
#ifndef AMZX_SANDBOX_LEDGER_H
#define AMZX_SANDBOX_LEDGER_H

#include "sandbox.h"

/** GET /admin/state: counts, documents, figures of the limits. */
void sbx_state_show(sbx_res_t *res, sbx_req_t *req);

/**
 * GET /admin/ledger: every document as one sorted line without ids and
 * times, and a digest, so that two runs can be compared.
 */
void sbx_ledger_show(sbx_res_t *res, sbx_req_t *req);

/** GET and DELETE /admin/violations. */
void sbx_violations_show(sbx_res_t *res, sbx_req_t *req);
void sbx_violations_forget(sbx_res_t *res, sbx_req_t *req);

#endif
