/* SPDX-License-Identifier: Apache-2.0 */
/** @file sandbox_tokens.h  Access tokens of both peers. */
#ifndef AMZX_SANDBOX_TOKENS_H
#define AMZX_SANDBOX_TOKENS_H

#include "sandbox.h"

/** What an access token stands for. */
typedef struct {
    const char *client;
    const char *subject; /**< Amazon: the seller */
    const char *scope;
    apr_time_t expires;
} sbx_grant_t;

typedef enum {
    SBX_TOKEN_OK = 0,
    SBX_TOKEN_MISSING,
    SBX_TOKEN_UNKNOWN,
    SBX_TOKEN_EXPIRED
} sbx_token_e;

/** Look an access token up; `token` may be NULL. */
sbx_token_e sbx_token_check(sbx_grant_t *grant, const sbx_req_t *req,
                            const char *peer, const char *token);

/** The token of "Authorization: Bearer"; NULL when there is none. */
const char *sbx_bearer(const sbx_req_t *req);

/** The body of a registered client; NULL when unknown. */
const amzx_val_t *sbx_client(const char **secret, const sbx_req_t *req,
                             const char *peer, const char *id);

/** Does a scope list hold a scope, or the one whose ".read" it is? */
int sbx_scope_has(const char *list, const char *scope);

#endif
