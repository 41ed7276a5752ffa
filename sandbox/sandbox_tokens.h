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

/** A token about to be issued. */
typedef struct {
    const char *kind; /**< access, refresh or code */
    const char *peer; /**< lwa or xero */
    const char *client;
    const char *subject;
    const char *scope;
    apr_interval_time_t lives;
} sbx_issue_t;

/** Make, save and return a token. */
const char *sbx_token_issue(const sbx_issue_t *is, const sbx_req_t *req);
/** A JWT of the claims of an issue; its signature is noise. */
const char *sbx_jwt_make(const sbx_issue_t *is, const sbx_req_t *req);
/** The stored token of a grant: alive, of this kind and of this client. */
const sbx_row_t *sbx_grant_row(const sbx_req_t *req, const char *token,
                               const char *kind, const char *peer,
                               const char *client);
/** An OAuth error body. */
void sbx_oauth_refuse(sbx_res_t *res, const sbx_req_t *req, int status,
                      const char *error, const char *detail);
/** Is the body form-encoded? */
int sbx_is_form(const sbx_req_t *req);
/** Compare a secret in constant time. */
int sbx_secret_is(const char *given, const char *secret);

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
