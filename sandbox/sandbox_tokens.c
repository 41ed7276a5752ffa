/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of both peers, and the endpoint of Login with Amazon. */
#include "sandbox_tokens.h"

#include <string.h>

#include <apr_lib.h>

#include "amzx_crypto.h"

#define TEN_YEARS apr_time_from_sec(3650LL * 86400)

static const char *random_text(apr_size_t bytes, apr_pool_t *p)
{
    unsigned char *raw = apr_palloc(p, bytes);
    char *text;
    char *c;

    amzx_random_bytes(raw, bytes);
    text = apr_pstrdup(p, amzx_base64(raw, bytes, p));
    for (c = text; *c; c++) {
        *c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
    }
    while (c > text && c[-1] == '=') {
        *--c = '\0';
    }
    return text;
}

/* base64url of a JSON text, as a JWT has it. */
static const char *jwt_part(const char *json, apr_pool_t *p)
{
    char *text = apr_pstrdup(p, amzx_base64(json, strlen(json), p));
    char *c;

    for (c = text; *c; c++) {
        *c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
    }
    while (c > text && c[-1] == '=') {
        *--c = '\0';
    }
    return text;
}

/* Xero's access tokens are JWTs; nobody can check the signature of ours. */
const char *sbx_jwt_make(const sbx_issue_t *is, const sbx_req_t *req)
{
    apr_pool_t *p = req->pool;
    amzx_val_t *v = amzx_val_obj(10, p);
    apr_int64_t now = apr_time_sec(req->now);

    sbx_put_int(v, "nbf", now, p);
    sbx_put_int(v, "exp", now + apr_time_sec(is->lives), p);
    sbx_put(v, "iss", "https://identity.xero.com", p);
    sbx_put(v, "aud", "https://identity.xero.com/resources", p);
    sbx_put(v, "client_id", is->client, p);
    sbx_put(v, "xero_userid", is->subject, p);
    sbx_put(v, "jti", sbx_uuid(p), p);
    sbx_put(v, "scope", is->scope, p);
    return apr_pstrcat(
        p, jwt_part("{\"alg\":\"RS256\",\"typ\":\"JWT\"}", p), ".",
        jwt_part(amzx_json_write(v, NULL, p), p), ".",
        random_text(64, p), NULL);
}

static const char *token_text(const sbx_issue_t *is, const sbx_req_t *req)
{
    apr_pool_t *p = req->pool;
    int is_access = !strcmp(is->kind, "access");

    if (!strcmp(is->peer, "lwa")) {
        return apr_pstrcat(p, is_access ? "Atza|" : "Atzr|",
                           random_text(240, p), NULL);
    }
    return is_access ? sbx_jwt_make(is, req) : random_text(32, p);
}

const char *sbx_token_issue(const sbx_issue_t *is, const sbx_req_t *req)
{
    const char *text = token_text(is, req);

    sbx_db_run(NULL, req->db, SBX_SQL_TOKEN_PUT, "ssssssii", text, is->kind,
               is->peer, is->client, is->subject, is->scope,
               (apr_int64_t)req->now, (apr_int64_t)(req->now + is->lives));
    return text;
}

sbx_token_e sbx_token_check(sbx_grant_t *grant, const sbx_req_t *req,
                            const char *peer, const char *token)
{
    const sbx_row_t *row;

    memset(grant, 0, sizeof(*grant));
    if (!token || !*token) {
        return SBX_TOKEN_MISSING;
    }
    row = sbx_db_one(req->db, SBX_SQL_TOKEN_GET, req->pool, "s", token);
    if (!row || strcmp(row->col[0], "access") || strcmp(row->col[1], peer)) {
        return SBX_TOKEN_UNKNOWN;
    }
    grant->client = row->col[2];
    grant->subject = row->col[3];
    grant->scope = row->col[4];
    amzx_int_parse(&grant->expires, row->col[5]);
    return grant->expires > req->now ? SBX_TOKEN_OK : SBX_TOKEN_EXPIRED;
}

const char *sbx_bearer(const sbx_req_t *req)
{
    const char *value = sbx_req_header(req, "Authorization");

    if (!value || apr_cstr_casecmpn(value, "Bearer ", 7)) {
        return NULL;
    }
    return value + 7;
}

const amzx_val_t *sbx_client(const char **secret, const sbx_req_t *req,
                             const char *peer, const char *id)
{
    const sbx_row_t *row = sbx_db_one(req->db, SBX_SQL_CLIENT_GET, req->pool,
                                      "ss", peer, id);

    *secret = row ? row->col[0] : "";
    return row ? sbx_load(row->col[1], req->pool) : NULL;
}

int sbx_scope_has(const char *list, const char *scope)
{
    apr_size_t len = strlen(scope);
    const char *end;

    while (*list) {
        list += strspn(list, " ");
        end = list + strcspn(list, " ");
        if ((apr_size_t)(end - list) == len && !strncmp(list, scope, len)) {
            return 1;
        }
        list = end;
    }
    return 0;
}

void sbx_oauth_refuse(sbx_res_t *res, const sbx_req_t *req, int status,
                   const char *error, const char *detail)
{
    amzx_val_t *v = amzx_val_obj(4, req->pool);

    sbx_put(v, "error", error, req->pool);
    if (detail) {
        sbx_put(v, "error_description", detail, req->pool);
    }
    sbx_header(res, "Cache-Control", "no-store");
    sbx_reply_json(res, status, v, req->pool);
}

int sbx_is_form(const sbx_req_t *req)
{
    const char *type = sbx_req_header(req, "Content-Type");

    return type && !apr_cstr_casecmpn(type,
                                      "application/x-www-form-urlencoded",
                                      33);
}

int sbx_secret_is(const char *given, const char *secret)
{
    return given && amzx_ct_equal(given, strlen(given), secret,
                                  strlen(secret));
}

/* The token of a grant: alive, of this kind and of this client. */
const sbx_row_t *sbx_grant_row(const sbx_req_t *req, const char *token,
                                  const char *kind, const char *peer,
                                  const char *client)
{
    const sbx_row_t *row;
    apr_int64_t expires = 0;

    row = token ? sbx_db_one(req->db, SBX_SQL_TOKEN_GET, req->pool, "s",
                             token)
                : NULL;
    if (!row || strcmp(row->col[0], kind) || strcmp(row->col[1], peer) ||
        strcmp(row->col[2], client)) {
        return NULL;
    }
    amzx_int_parse(&expires, row->col[5]);
    return expires > req->now ? row : NULL;
}

static void lwa_grant(sbx_res_t *res, const sbx_req_t *req, sbx_issue_t *is,
                      const char *refresh)
{
    apr_pool_t *p = req->pool;
    apr_int64_t seconds = sbx_live_get(req->box->live, SBX_SET_LWA_SECONDS);
    amzx_val_t *v = amzx_val_obj(5, p);

    is->kind = "access";
    is->lives = apr_time_from_sec(seconds);
    sbx_put(v, "access_token", sbx_token_issue(is, req), p);
    if (refresh) {
        sbx_put(v, "refresh_token", refresh, p);
    }
    else {
        sbx_put(v, "scope", is->scope, p);
    }
    sbx_put(v, "token_type", "bearer", p);
    sbx_put_int(v, "expires_in", seconds, p);
    sbx_header(res, "Cache-Control", "no-store");
    sbx_reply_json(res, 200, v, p);
}

static void lwa_code(sbx_res_t *res, const sbx_req_t *req, sbx_issue_t *is,
                     const apr_table_t *form)
{
    const char *code = apr_table_get(form, "code");
    const sbx_row_t *row = sbx_grant_row(req, code, "code", "lwa", is->client);

    if (!row) {
        sbx_oauth_refuse(res, req, 400, "invalid_grant",
               "The request has an invalid grant parameter : code");
        return;
    }
    sbx_db_run(NULL, req->db, SBX_SQL_TOKEN_DROP, "s", code);
    is->subject = row->col[3];
    is->kind = "refresh";
    is->lives = TEN_YEARS;
    lwa_grant(res, req, is, sbx_token_issue(is, req));
}

static void lwa_refresh(sbx_res_t *res, const sbx_req_t *req, sbx_issue_t *is,
                        const apr_table_t *form)
{
    const char *token = apr_table_get(form, "refresh_token");
    const sbx_row_t *row = sbx_grant_row(req, token, "refresh", "lwa",
                                     is->client);

    if (!row) {
        sbx_oauth_refuse(res, req, 400, "invalid_grant",
               "The request has an invalid grant parameter : refresh_token. "
               "User may have revoked or didn't grant the permission.");
        return;
    }
    is->subject = row->col[3];
    lwa_grant(res, req, is, token);
}

static void lwa_client(sbx_res_t *res, const sbx_req_t *req, sbx_issue_t *is,
                       const apr_table_t *form)
{
    static const char allowed[] = "sellingpartnerapi::notifications "
                                  "sellingpartnerapi::client_credential:"
                                  "rotation sellingpartnerapi::shipments:"
                                  "track";
    const char *scope = apr_table_get(form, "scope");

    if (!scope || !sbx_scope_has(allowed, scope)) {
        sbx_oauth_refuse(res, req, 400, "invalid_scope",
               "The requested scope is invalid, unknown, or malformed");
        return;
    }
    is->scope = scope;
    is->subject = "";
    lwa_grant(res, req, is, NULL);
}

static void lwa_dispatch(sbx_res_t *res, const sbx_req_t *req,
                         const apr_table_t *form)
{
    const char *grant = apr_table_get(form, "grant_type");
    const char *id = apr_table_get(form, "client_id");
    const char *secret = NULL;
    sbx_issue_t is = {"access", "lwa", id, "", "", 0};

    if (!grant || !id || !apr_table_get(form, "client_secret")) {
        sbx_oauth_refuse(res, req, 400, "invalid_request",
               "The request is missing a required parameter");
    }
    else if (!sbx_client(&secret, req, "lwa", id) ||
             !sbx_secret_is(apr_table_get(form, "client_secret"), secret)) {
        sbx_oauth_refuse(res, req, 401, "invalid_client",
               "Client authentication failed");
    }
    else if (!strcmp(grant, "refresh_token")) {
        lwa_refresh(res, req, &is, form);
    }
    else if (!strcmp(grant, "authorization_code")) {
        lwa_code(res, req, &is, form);
    }
    else if (!strcmp(grant, "client_credentials")) {
        lwa_client(res, req, &is, form);
    }
    else {
        sbx_oauth_refuse(res, req, 400, "unsupported_grant_type",
               "The authorization grant type is not supported");
    }
}

/* Login with Amazon also takes a JSON object of texts. */
static const apr_table_t *lwa_form(const sbx_req_t *req)
{
    const char *type = sbx_req_header(req, "Content-Type");
    const amzx_val_t *v;
    apr_table_t *form;
    apr_size_t i;

    if (sbx_is_form(req)) {
        return sbx_form(req->body, req->pool);
    }
    v = type && !apr_cstr_casecmpn(type, "application/json", 16)
            ? sbx_body_json(req)
            : NULL;
    if (!v) {
        return NULL;
    }
    form = apr_table_make(req->pool, 8);
    for (i = 0; i < amzx_val_count(v); i++) {
        apr_table_set(form, v->u.obj.member[i].name,
                      amzx_val_text(v->u.obj.member[i].val, ""));
    }
    return form;
}

void sbx_lwa_token(sbx_res_t *res, sbx_req_t *req)
{
    const apr_table_t *form = lwa_form(req);

    if (strcmp(req->method, "POST") || !form) {
        sbx_violation(req, "lwa", "token.not-a-form", req->method);
        sbx_oauth_refuse(res, req, 400, "invalid_request",
                         "A form-encoded POST is expected");
        return;
    }
    if (sbx_db_begin(req->db) != APR_SUCCESS) {
        sbx_oauth_refuse(res, req, 500, "server_error", NULL);
        return;
    }
    lwa_dispatch(res, req, form);
    sbx_db_run(NULL, req->db, SBX_SQL_TOKEN_PURGE, "i",
               (apr_int64_t)(req->now - apr_time_from_sec(86400)));
    sbx_db_end(req->db, 1);
}
