/* SPDX-License-Identifier: Apache-2.0 */
/* Xero's identity service: tokens that rotate, connections. */
#include "sandbox_tokens.h"

#include <string.h>

#define SIXTY_DAYS apr_time_from_sec(60 * 86400)

static void xero_grant(sbx_res_t *res, const sbx_req_t *req, sbx_issue_t *is,
                       int with_refresh)
{
    apr_pool_t *p = req->pool;
    apr_int64_t seconds = sbx_live_get(req->box->live, SBX_SET_XERO_SECONDS);
    amzx_val_t *v = amzx_val_obj(6, p);

    is->kind = "access";
    is->lives = apr_time_from_sec(seconds);
    if (with_refresh && sbx_scope_has(is->scope, "openid")) {
        sbx_put(v, "id_token", sbx_jwt_make(is, req), p);
    }
    sbx_put(v, "access_token", sbx_token_issue(is, req), p);
    sbx_put_int(v, "expires_in", seconds, p);
    sbx_put(v, "token_type", "Bearer", p);
    if (with_refresh && sbx_scope_has(is->scope, "offline_access")) {
        is->kind = "refresh";
        is->lives = SIXTY_DAYS;
        sbx_put(v, "refresh_token", sbx_token_issue(is, req), p);
    }
    sbx_put(v, "scope", is->scope, p);
    sbx_header(res, "Cache-Control", "no-store, no-cache, max-age=0");
    sbx_reply_json(res, 200, v, p);
}

/* A refresh token that was used once still works for half an hour. */
static int in_grace(const sbx_req_t *req, const sbx_row_t *row)
{
    apr_int64_t spent = 0;

    amzx_int_parse(&spent, row->col[6]);
    return spent == 0 ||
           req->now - spent <=
               apr_time_from_sec(
                   sbx_live_get(req->box->live, SBX_SET_XERO_GRACE));
}

static void xero_refresh(sbx_res_t *res, const sbx_req_t *req, sbx_issue_t *is,
                         const apr_table_t *form)
{
    const char *token = apr_table_get(form, "refresh_token");
    const sbx_row_t *row =
        sbx_grant_row(req, token, "refresh", "xero", is->client);

    if (!row || !in_grace(req, row)) {
        sbx_oauth_refuse(res, req, 400, "invalid_grant", NULL);
        return;
    }
    sbx_db_run(NULL, req->db, SBX_SQL_TOKEN_SPEND, "si", token,
               (apr_int64_t)req->now);
    is->subject = row->col[3];
    is->scope = row->col[4];
    xero_grant(res, req, is, 1);
}

static void xero_code(sbx_res_t *res, const sbx_req_t *req, sbx_issue_t *is,
                      const apr_table_t *form)
{
    const char *code = apr_table_get(form, "code");
    const sbx_row_t *row = sbx_grant_row(req, code, "code", "xero", is->client);

    if (!row || !apr_table_get(form, "redirect_uri")) {
        sbx_oauth_refuse(res, req, 400,
                         row ? "invalid_request" : "invalid_grant", NULL);
        return;
    }
    sbx_db_run(NULL, req->db, SBX_SQL_TOKEN_DROP, "s", code);
    is->subject = row->col[3];
    is->scope = row->col[4];
    xero_grant(res, req, is, 1);
}

static void xero_custom(sbx_res_t *res, const sbx_req_t *req, sbx_issue_t *is,
                        const amzx_val_t *client, const apr_table_t *form)
{
    const char *allowed = sbx_text(client, "scopes");
    const char *scope = apr_table_get(form, "scope");
    const char *one;
    const char *rest;

    if (strcmp(sbx_text(client, "type"), "custom")) {
        sbx_oauth_refuse(res, req, 400, "unauthorized_client", NULL);
        return;
    }
    is->scope = scope && *scope ? scope : allowed;
    is->subject = sbx_text(client, "user");
    for (rest = is->scope; *rest;) {
        rest += strspn(rest, " ");
        one = apr_pstrmemdup(req->pool, rest, strcspn(rest, " "));
        rest += strlen(one);
        if (*one && !sbx_scope_has(allowed, one)) {
            sbx_oauth_refuse(res, req, 400, "invalid_scope", NULL);
            return;
        }
    }
    xero_grant(res, req, is, 0);
}

/* The two halves of "Basic base64(id:secret)". */
static int basic_auth(const char **id, const char **secret,
                      const sbx_req_t *req)
{
    const char *value = sbx_req_header(req, "Authorization");
    unsigned char *raw;
    apr_size_t len = 0;
    char *colon;

    if (!value || apr_cstr_casecmpn(value, "Basic ", 6)) {
        return 0;
    }
    raw = amzx_base64_decode(&len, value + 6, req->pool);
    colon = raw ? memchr(raw, ':', len) : NULL;
    if (!colon) {
        return 0;
    }
    *id = apr_pstrmemdup(req->pool, (char *)raw,
                         (apr_size_t)(colon - (char *)raw));
    *secret = apr_pstrmemdup(req->pool, colon + 1,
                             len - (apr_size_t)(colon + 1 - (char *)raw));
    return 1;
}

static const amzx_val_t *xero_client(const char **id, const sbx_req_t *req)
{
    const char *given = NULL;
    const char *secret = NULL;
    const amzx_val_t *client;

    if (!basic_auth(id, &given, req)) {
        return NULL;
    }
    client = sbx_client(&secret, req, "xero", *id);
    return client && sbx_secret_is(given, secret) ? client : NULL;
}

static void xero_token(sbx_res_t *res, sbx_req_t *req)
{
    apr_table_t *form = sbx_form(req->body, req->pool);
    const char *grant = apr_table_get(form, "grant_type");
    const char *id = NULL;
    const amzx_val_t *client = xero_client(&id, req);
    sbx_issue_t is = {"access", "xero", id, "", "", 0};

    if (!client) {
        sbx_oauth_refuse(res, req, 400, "invalid_client", NULL);
    }
    else if (!grant) {
        sbx_oauth_refuse(res, req, 400, "invalid_request", NULL);
    }
    else if (!strcmp(grant, "refresh_token")) {
        xero_refresh(res, req, &is, form);
    }
    else if (!strcmp(grant, "authorization_code")) {
        xero_code(res, req, &is, form);
    }
    else if (!strcmp(grant, "client_credentials")) {
        xero_custom(res, req, &is, client, form);
    }
    else {
        sbx_oauth_refuse(res, req, 400, "unsupported_grant_type", NULL);
    }
}

static void xero_revoke(sbx_res_t *res, sbx_req_t *req)
{
    apr_table_t *form = sbx_form(req->body, req->pool);
    const char *token = apr_table_get(form, "token");
    const sbx_row_t *row;
    const char *id = NULL;

    if (!xero_client(&id, req)) {
        sbx_oauth_refuse(res, req, 400, "invalid_client", NULL);
        return;
    }
    row = sbx_grant_row(req, token, "refresh", "xero", id);
    if (row) {
        sbx_db_run(NULL, req->db, SBX_SQL_TOKEN_DROP_SUBJECT, "sss", "xero",
                   id, row->col[3]);
        sbx_db_run(NULL, req->db, SBX_SQL_DOC_DROP_KIND, "ss", id,
                   "connection");
    }
    sbx_reply(res, 200, NULL, "");
}

/* GET /connections and DELETE /connections/{id}. */
static void xero_connections(sbx_res_t *res, sbx_req_t *req, const char *rest)
{
    apr_pool_t *p = req->pool;
    amzx_val_t *list = amzx_val_list(2, p);
    apr_array_header_t *rows;
    sbx_grant_t grant;
    int changed = 0;
    int i;

    if (sbx_token_check(&grant, req, "xero", sbx_bearer(req)) !=
        SBX_TOKEN_OK) {
        sbx_reply(res, 401, "application/json",
                  "{\"Type\":null,\"Title\":\"Unauthorized\",\"Status\":401,"
                  "\"Detail\":\"AuthenticationUnsuccessful\"}");
        return;
    }
    if (!strcmp(req->method, "DELETE") && *rest) {
        sbx_db_run(&changed, req->db, SBX_SQL_DOC_DROP, "sss", grant.client,
                   "connection", rest + 1);
        sbx_reply(res, changed ? 204 : 403, NULL, "");
        return;
    }
    sbx_db_all(&rows, req->db, SBX_SQL_DOC_ALL, p, "ssi", grant.client,
               "connection", (apr_int64_t)0);
    for (i = 0; i < rows->nelts; i++) {
        amzx_val_push(list,
                      sbx_load(APR_ARRAY_IDX(rows, i, sbx_row_t).col[0], p),
                      p);
    }
    sbx_reply_json(res, 200, list, p);
}

void sbx_xero_identity(sbx_res_t *res, sbx_req_t *req, const char *path)
{
    const char *connections = sbx_after(path, "/connections");
    int is_token = !strcmp(path, "/connect/token");

    if (!connections && !is_token && strcmp(path, "/connect/revocation")) {
        sbx_reply(res, 404, "text/html", "not found");
        return;
    }
    if (!connections && (strcmp(req->method, "POST") || !sbx_is_form(req))) {
        sbx_violation(req, "xero-identity", "token.not-a-form", req->method);
        sbx_oauth_refuse(res, req, 400, "invalid_request", NULL);
        return;
    }
    if (sbx_db_begin(req->db) != APR_SUCCESS) {
        sbx_oauth_refuse(res, req, 500, "server_error", NULL);
        return;
    }
    if (connections) {
        xero_connections(res, req, connections);
    }
    else if (is_token) {
        xero_token(res, req);
    }
    else {
        xero_revoke(res, req);
    }
    sbx_db_end(req->db, 1);
}
