/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway of the Accounting API: token, tenant, scope, limits, keys. */
#include "sandbox_xero.h"

#include <string.h>

#include "amzx_crypto.h"

#include "sandbox_faults.h"

typedef struct {
    const char *name;
    const char *scope;
    const char *other; /* a second scope that serves as well */
    void (*handler)(sbx_xcall_t *c);
} resource_t;

static const resource_t resources[] = {
    {"Invoices", "accounting.invoices", "accounting.transactions",
     sbx_xero_invoices},
    {"Contacts", "accounting.contacts", "", sbx_xero_contacts},
    {"Items", "accounting.invoices", "accounting.settings", sbx_xero_items},
    {"Payments", "accounting.payments", "accounting.transactions",
     sbx_xero_payments},
    {"Accounts", "accounting.settings", "", sbx_xero_accounts},
    {"TaxRates", "accounting.settings", "", sbx_xero_tax_rates},
    {"TrackingCategories", "accounting.settings", "", sbx_xero_tracking},
    {"Currencies", "accounting.settings", "", sbx_xero_currencies},
    {"Organisation", "accounting.settings", "", sbx_xero_organisation},
    {"CreditNotes", "accounting.invoices", "", sbx_xero_501},
    {"BankTransactions", "accounting.banktransactions", "", sbx_xero_501},
    {"BankTransfers", "accounting.banktransactions", "", sbx_xero_501},
    {"ManualJournals", "accounting.manualjournals", "", sbx_xero_501},
    {NULL, NULL, NULL, NULL},
};

static const resource_t *resource_of(const char **id, const char *path,
                                     apr_pool_t *p)
{
    const char *name = path + strspn(path, "/");
    apr_size_t len = strcspn(name, "/");
    const resource_t *r;

    *id = apr_pstrdup(p, name + len + (name[len] == '/'));
    for (r = resources; r->name; r++) {
        if (strlen(r->name) == len && !apr_cstr_casecmpn(r->name, name, len)) {
            return r;
        }
    }
    return NULL;
}

static int scope_serves(const sbx_grant_t *grant, const resource_t *r,
                        const char *method, apr_pool_t *p)
{
    if (sbx_scope_has(grant->scope, r->scope) ||
        (*r->other && sbx_scope_has(grant->scope, r->other))) {
        return 1;
    }
    return !strcmp(method, "GET") &&
           (sbx_scope_has(grant->scope,
                          apr_pstrcat(p, r->scope, ".read", NULL)) ||
            (*r->other &&
             sbx_scope_has(grant->scope,
                           apr_pstrcat(p, r->other, ".read", NULL))));
}

/* Is the tenant connected to this client? Custom Connections may omit it. */
static const char *tenant_of(const sbx_req_t *req, const sbx_grant_t *grant)
{
    const char *given = sbx_req_header(req, "xero-tenant-id");
    apr_array_header_t *rows;

    if (given && *given) {
        return sbx_db_one(req->db, SBX_SQL_DOC_BY_K1, req->pool, "sssi",
                          grant->client, "connection", given,
                          (apr_int64_t)0)
                   ? given
                   : NULL;
    }
    if (sbx_scope_has(grant->scope, "offline_access") ||
        sbx_db_all(&rows, req->db, SBX_SQL_DOC_ALL, req->pool, "ssi",
                   grant->client, "connection",
                   (apr_int64_t)0) != APR_SUCCESS ||
        rows->nelts != 1) {
        return NULL;
    }
    return sbx_text(sbx_load(APR_ARRAY_IDX(rows, 0, sbx_row_t).col[0],
                             req->pool),
                    "tenantId");
}

/* 401 and 403, in the order the gateway decides. */
static int admitted(sbx_xcall_t *c, const resource_t *r)
{
    sbx_req_t *req = c->req;
    sbx_token_e state =
        sbx_token_check(&c->grant, req, "xero", sbx_bearer(req));

    if (state == SBX_TOKEN_EXPIRED) {
        sbx_xero_denied(c->res, req, 401,
                        "TokenExpired: token expired at 01/01/2001 00:00:00");
        return 0;
    }
    if (state != SBX_TOKEN_OK) {
        sbx_violation(req, "xero", "xero.bad-token",
                      state == SBX_TOKEN_MISSING ? "missing" : "unknown");
        sbx_xero_denied(c->res, req, 401, "AuthenticationUnsuccessful");
        return 0;
    }
    c->tenant = tenant_of(req, &c->grant);
    if (!c->tenant) {
        sbx_violation(req, "xero", "xero.bad-tenant", req->path);
        sbx_xero_denied(c->res, req, 403, "AuthenticationUnsuccessful");
        return 0;
    }
    if (!scope_serves(&c->grant, r, req->method, c->p)) {
        sbx_violation(req, "xero", "xero.scope-missing", r->scope);
        sbx_xero_denied(c->res, req, 401, "AuthorizationUnsuccessful");
        return 0;
    }
    return 1;
}

static void limit_headers(sbx_res_t *res, const sbx_gate_t *g, apr_pool_t *p)
{
    sbx_header(res, "X-DayLimit-Remaining",
               apr_psprintf(p, "%" APR_INT64_T_FMT, g->day_left));
    sbx_header(res, "X-MinLimit-Remaining",
               apr_psprintf(p, "%" APR_INT64_T_FMT, g->minute_left));
    sbx_header(res, "X-AppMinLimit-Remaining",
               apr_psprintf(p, "%" APR_INT64_T_FMT, g->app_left));
}

void sbx_xero_429(sbx_res_t *res, const sbx_req_t *req, const char *problem,
                  apr_int64_t retry_after)
{
    const char *tenant = sbx_req_header(req, "xero-tenant-id");

    sbx_reply(res, 429, "text/plain", "");
    res->type = NULL;
    sbx_header(res, "X-Rate-Limit-Problem", problem);
    if (retry_after > 0) {
        sbx_header(res, "Retry-After",
                   apr_psprintf(req->pool, "%" APR_INT64_T_FMT, retry_after));
        sbx_live_block(req->box->live, tenant ? tenant : "", retry_after,
                       req->now);
    }
}

static apr_uint64_t hash_of(const char *a, const char *b)
{
    apr_uint64_t h = 1469598103934665603ULL;

    for (; *a; a++) {
        h = (h ^ (unsigned char)*a) * 1099511628211ULL;
    }
    for (; *b; b++) {
        h = (h ^ (unsigned char)*b) * 1099511628211ULL;
    }
    return h ? h : 1;
}

/* Rate limits come before the idempotency store. */
static int within_limits(sbx_xcall_t *c, const char *key)
{
    sbx_req_t *req = c->req;
    sbx_gate_t *g = &req->gate;

    sbx_live_enter(g, req->box->live, c->tenant, c->grant.client,
                   key ? hash_of(c->grant.client, key) : 0, req->now);
    req->has_gate = 1;
    limit_headers(c->res, g, c->p);
    if (g->is_impatient) {
        sbx_violation(req, "xero", "xero.ignored-retry-after", req->path);
    }
    if (g->is_key_parallel) {
        sbx_violation(req, "xero", "xero.key-in-parallel", key);
    }
    if (g->problem) {
        sbx_violation(req, "xero", "xero.over-limit", g->problem);
        sbx_xero_429(c->res, req, g->problem,
                     strcmp(g->problem, "concurrent") ? g->retry_after : 0);
        return 0;
    }
    return 1;
}

/* Method, URL and body: what makes two requests the same. */
static const char *fingerprint(const sbx_req_t *req)
{
    amzx_digest_t *d = amzx_digest_new(req->pool);

    amzx_digest_part(d, req->method, strlen(req->method));
    amzx_digest_part(d, req->path, strlen(req->path));
    amzx_digest_part(d, req->query, strlen(req->query));
    amzx_digest_part(d, req->body, req->body_len);
    return amzx_digest_hex(d, req->pool);
}

/* @return 1 when the store answered in place of the resource */
static int idempotent_replay(sbx_xcall_t *c, const char *key,
                             const char *print)
{
    apr_time_t since =
        c->req->now - apr_time_from_sec(sbx_live_get(c->req->box->live,
                                                     SBX_SET_IDEM_SECONDS));
    const sbx_row_t *row =
        sbx_db_one(c->req->db, SBX_SQL_IDEM_GET, c->p, "ssi",
                   c->grant.client, key, (apr_int64_t)since);
    apr_int64_t status = 500;

    if (!row) {
        return 0;
    }
    if (strcmp(row->col[0], print)) {
        sbx_violation(c->req, "xero", "xero.key-reused", key);
        sbx_xero_error(c, 400, 10, "ValidationException",
                       apr_psprintf(c->p,
                                    "Idempotency Key: %s is used with a "
                                    "different request.",
                                    key));
        return 1;
    }
    amzx_int_parse(&status, row->col[1]);
    sbx_reply(c->res, (int)status, *row->col[2] ? row->col[2] : NULL,
              row->col[3]);
    return 1;
}

static void idempotent_keep(sbx_xcall_t *c, const char *key,
                            const char *print)
{
    apr_int64_t now = c->req->now;

    sbx_db_run(NULL, c->req->db, SBX_SQL_IDEM_PUT, "sssissi",
               c->grant.client, key, print, (apr_int64_t)c->res->status,
               c->res->type ? c->res->type : "", c->res->body, now);
    if (now / 1000 % 64 == 0) {
        sbx_db_run(NULL, c->req->db, SBX_SQL_IDEM_PURGE, "i",
                   (apr_int64_t)(now - apr_time_from_sec(3600)));
    }
}

static void org_load(sbx_xcall_t *c)
{
    c->org = sbx_doc_by(c, "organisation", SBX_SQL_DOC_BY_K1, "organisation");
    if (!c->org) {
        c->org = &amzx_val_null;
    }
}

static void run_write(sbx_xcall_t *c, const resource_t *r, const char *key)
{
    const char *print = key ? fingerprint(c->req) : NULL;

    if (sbx_db_begin(c->req->db) != APR_SUCCESS) {
        sbx_reply(c->res, 500, "text/plain", "state file");
        return;
    }
    if (!key || !idempotent_replay(c, key, print)) {
        org_load(c);
        r->handler(c);
        if (key) {
            idempotent_keep(c, key, print);
        }
    }
    if (sbx_db_end(c->req->db, 1) != APR_SUCCESS) {
        sbx_reply(c->res, 500, "text/plain", "state file");
    }
}

static int is_json_type(const char *value)
{
    return value && !apr_cstr_casecmpn(value, "application/json", 16);
}

/* @return 0 when the reply is filled with a refusal */
static int write_is_sound(sbx_xcall_t *c, const char *key)
{
    sbx_req_t *req = c->req;

    if (!is_json_type(sbx_req_header(req, "Content-Type"))) {
        sbx_violation(req, "xero", "xero.content-type", req->path);
        sbx_reply(c->res, 415, "text/plain", "application/json is expected");
        return 0;
    }
    if (key && strlen(key) > 128) {
        sbx_violation(req, "xero", "xero.key-too-long", req->path);
        sbx_xero_error(c, 400, 10, "ValidationException",
                       "The Idempotency Key must not be longer than 128 "
                       "characters.");
        return 0;
    }
    return 1;
}

static void call_run(sbx_xcall_t *c, const resource_t *r)
{
    sbx_req_t *req = c->req;
    int is_write = !strcmp(req->method, "PUT") ||
                   !strcmp(req->method, "POST");
    const char *key =
        is_write ? sbx_req_header(req, "Idempotency-Key") : NULL;

    if (!within_limits(c, key)) {
        return;
    }
    if (!strcmp(req->method, "GET")) {
        org_load(c);
        r->handler(c);
    }
    else if (!strcmp(req->method, "DELETE")) {
        run_write(c, r, NULL);
    }
    else if (!is_write) {
        sbx_xero_501(c);
    }
    else if (write_is_sound(c, key)) {
        run_write(c, r, key);
    }
}

void sbx_xero_api(sbx_res_t *res, sbx_req_t *req, const char *path)
{
    const char *accept = sbx_req_header(req, "Accept");
    const char *summarize = sbx_arg(req, "summarizeErrors");
    const char *unitdp = sbx_arg(req, "unitdp");
    const resource_t *r;
    sbx_xcall_t *c = apr_pcalloc(req->pool, sizeof(*c));

    c->res = res;
    c->req = req;
    c->p = req->pool;
    c->seen = apr_hash_make(c->p);
    c->errors = amzx_val_list(4, c->p);
    c->summarize = !sbx_same(summarize, "false");
    c->unit_scale = unitdp && !strcmp(unitdp, "4") ? 4 : 2;
    c->is_put = !strcmp(req->method, "PUT");
    sbx_header(res, "Xero-Correlation-Id", sbx_uuid(c->p));
    r = resource_of(&c->id, path, c->p);
    if (!r) {
        sbx_xero_404(c);
    }
    else if (admitted(c, r)) {
        call_run(c, r);
    }
    if (!accept || (!strstr(accept, "json") && !strstr(accept, "*/*"))) {
        sbx_violation(req, "xero", "xero.accept-not-json", req->path);
    }
    if (!accept || !strstr(accept, "json")) {
        sbx_xero_to_xml(res, c->p);
    }
}
