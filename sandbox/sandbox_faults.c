/* SPDX-License-Identifier: Apache-2.0 */
/* Failures on demand: rules, matching, and what each kind does. */
#include "sandbox_faults.h"

#include <string.h>

#include <apr_fnmatch.h>

#include "amzx_crypto.h"

static const char *const kinds[] = {
#define X(name, text) text,
    SBX_FAULTS(X)
#undef X
};

static int kind_of(const char *name)
{
    int i;

    for (i = 0; i < SBX_FAULT_COUNT; i++) {
        if (!strcmp(kinds[i], name)) {
            return i;
        }
    }
    return -1;
}

static apr_int64_t number(const amzx_val_t *obj, const char *name,
                          apr_int64_t fallback)
{
    apr_int64_t n = fallback;

    if (!amzx_val_is_null(amzx_val_get(obj, name)) &&
        amzx_dec_to_int(&n, sbx_dec(obj, name)) != APR_SUCCESS) {
        n = fallback;
    }
    return n;
}

static int agrees(const amzx_val_t *match, const char *name,
                  const char *value)
{
    const char *wanted = sbx_text(match, name);

    return !*wanted || !strcmp(wanted, value);
}

/* Absent members match everything; a path is a prefix or a pattern. */
static int matches(const amzx_val_t *rule, const sbx_req_t *req,
                   const char *peer, const char *op)
{
    const amzx_val_t *m = amzx_val_get(rule, "match");
    const char *path = sbx_text(m, "path");

    if (!agrees(m, "peer", peer) || !agrees(m, "op", op) ||
        !agrees(m, "method", req->method)) {
        return 0;
    }
    return strpbrk(path, "*?[")
               ? apr_fnmatch(path, req->path, 0) == APR_SUCCESS
               : !strncmp(req->path, path, strlen(path));
}

/* Does the n-th match fire? Decided by the seed alone, so runs repeat. */
static int is_lucky(const amzx_val_t *rule, apr_int64_t n, apr_pool_t *p)
{
    unsigned char hash[AMZX_SHA256_LEN];
    const char *text;
    amzx_dec_t bound = sbx_dec(rule, "probability");
    amzx_dec_t drawn;

    if (amzx_val_is_null(amzx_val_get(rule, "probability"))) {
        return 1;
    }
    text = apr_psprintf(p, "%" APR_INT64_T_FMT "/%" APR_INT64_T_FMT,
                        number(rule, "seed", 0), n);
    amzx_sha256(hash, text, strlen(text));
    drawn = amzx_dec_scaled((hash[0] << 16 | hash[1] << 8 | hash[2]) % 1000000,
                            6);
    return amzx_dec_cmp(drawn, bound) < 0;
}

static int rule_fires(const amzx_val_t *rule, int slot, const sbx_req_t *req)
{
    apr_int64_t seen = sbx_live_fault_seen(req->box->live, slot);
    apr_int64_t skip = number(rule, "skip", 0);

    if (seen < skip || !is_lucky(rule, seen, req->pool)) {
        return 0;
    }
    return sbx_live_fault_fire(req->box->live, slot,
                               number(rule, "times", 0));
}

int sbx_fault_find(sbx_fault_t *fault, const sbx_req_t *req,
                   const char *peer, const char *op)
{
    apr_array_header_t *rows;
    const amzx_val_t *rule;
    const sbx_row_t *row;
    int kind;
    int i;

    if (!sbx_live_has_faults(req->box->live) ||
        sbx_db_all(&rows, req->db, SBX_SQL_FAULT_ALL, req->pool, NULL) !=
            APR_SUCCESS) {
        return 0;
    }
    for (i = 0; i < rows->nelts && i < SBX_FAULT_SLOTS; i++) {
        row = &APR_ARRAY_IDX(rows, i, sbx_row_t);
        rule = sbx_load(row->col[1], req->pool);
        kind = kind_of(sbx_text(rule, "kind"));
        if (kind < 0 || !matches(rule, req, peer, op) ||
            !rule_fires(rule, i, req)) {
            continue;
        }
        fault->kind = (sbx_fault_e)kind;
        fault->ms = number(rule, "ms", kind == SBX_FAULT_SLOW ? 1000 : 30000);
        fault->retry_after = number(rule, "retryAfter", 1);
        fault->is_after = !strcmp(sbx_text(rule, "when"), "after");
        return 1;
    }
    return 0;
}

static void server_error(sbx_res_t *res, const sbx_req_t *req,
                         const sbx_fault_t *fault, const char *peer)
{
    int status = fault->kind == SBX_FAULT_E500   ? 500
                 : fault->kind == SBX_FAULT_E502 ? 502
                                                 : 503;

    apr_table_clear(res->headers);
    if (status == 502) {
        sbx_reply(res, 502, "text/html",
                  "<html><body><h1>502 Bad Gateway</h1></body></html>");
    }
    else if (!strcmp(peer, "xero")) {
        sbx_reply(res, status, "text/plain",
                  status == 503 ? "The Xero API is temporarily unavailable"
                                : "An error occurred in Xero. Check the API "
                                  "Status page");
    }
    else if (!strcmp(peer, "amazon")) {
        sbx_amazon_error(res, req, status,
                         status == 503 ? "ServiceUnavailable"
                                       : "InternalFailure",
                         status == 503
                             ? "Service is temporarily unavailable."
                             : "We encountered an internal error.",
                         "");
    }
    else {
        sbx_reply(res, status, "application/json",
                  "{\"error\":\"temporarily_unavailable\"}");
    }
}

int sbx_fault_before(sbx_res_t *res, const sbx_req_t *req,
                     const sbx_fault_t *fault, const char *peer)
{
    const char *problem = fault->kind == SBX_FAULT_MINUTE ? "minute"
                          : fault->kind == SBX_FAULT_DAY  ? "day"
                                                          : "concurrent";

    switch (fault->kind) {
    case SBX_FAULT_MINUTE:
    case SBX_FAULT_DAY:
    case SBX_FAULT_CONCURRENT:
        sbx_xero_429(res, req, problem,
                     fault->kind == SBX_FAULT_CONCURRENT
                         ? 0
                         : fault->retry_after);
        return 1;
    case SBX_FAULT_AMAZON:
        sbx_amazon_error(res, req, 429, "QuotaExceeded",
                         "You exceeded your quota for the requested "
                         "resource.",
                         "");
        return 1;
    case SBX_FAULT_E500:
    case SBX_FAULT_E502:
    case SBX_FAULT_E503:
        if (!fault->is_after) {
            server_error(res, req, fault, peer);
        }
        return !fault->is_after;
    case SBX_FAULT_TIMEOUT_BEFORE:
        res->fate = SBX_DROP;
        res->delay_ms = fault->ms;
        return 1;
    default:
        return 0;
    }
}

void sbx_fault_after(sbx_res_t *res, const sbx_req_t *req,
                     const sbx_fault_t *fault, const char *peer)
{
    switch (fault->kind) {
    case SBX_FAULT_E500:
    case SBX_FAULT_E502:
    case SBX_FAULT_E503:
        server_error(res, req, fault, peer);
        break;
    case SBX_FAULT_TIMEOUT_AFTER:
        res->fate = SBX_DROP;
        res->delay_ms = fault->ms;
        break;
    case SBX_FAULT_RESET:
        res->fate = SBX_CUT;
        break;
    case SBX_FAULT_TRUNCATED:
        res->fate = SBX_TRUNCATE;
        break;
    case SBX_FAULT_WRONG_TYPE:
        sbx_reply(res, res->status, "text/html",
                  "<html><body>Please stand by</body></html>");
        break;
    case SBX_FAULT_SLOW:
        res->delay_ms += fault->ms;
        break;
    default:
        break;
    }
}

static int rules_are_good(const amzx_val_t *rules)
{
    apr_size_t i;

    for (i = 0; i < amzx_val_count(rules); i++) {
        if (kind_of(sbx_text(amzx_val_at(rules, i), "kind")) < 0) {
            return 0;
        }
    }
    return i <= SBX_FAULT_SLOTS;
}

static void rules_set(sbx_res_t *res, sbx_req_t *req, const amzx_val_t *rules)
{
    apr_size_t i;

    if (!rules_are_good(rules)) {
        sbx_reply(res, 400, "application/json",
                  "{\"error\":\"at most 64 rules, each with a known kind\"}");
        return;
    }
    if (sbx_db_begin(req->db) != APR_SUCCESS) {
        sbx_reply(res, 500, "text/plain", "state file");
        return;
    }
    sbx_db_run(NULL, req->db, SBX_SQL_WIPE_FAULT, NULL);
    for (i = 0; i < amzx_val_count(rules); i++) {
        sbx_db_run(NULL, req->db, SBX_SQL_FAULT_PUT, "is", (apr_int64_t)i,
                   amzx_json_write(amzx_val_at(rules, i), NULL, req->pool));
    }
    sbx_live_faults_changed(req->box->live, (int)amzx_val_count(rules));
    sbx_db_end(req->db, 1);
    sbx_reply(res, 200, "application/json", "{\"ok\":true}");
}

static void rules_show(sbx_res_t *res, sbx_req_t *req)
{
    apr_pool_t *p = req->pool;
    amzx_val_t *list = amzx_val_list(8, p);
    amzx_val_t *out = amzx_val_obj(1, p);
    apr_array_header_t *rows;
    amzx_val_t *rule;
    apr_int64_t seen;
    apr_int64_t fired;
    int i;

    sbx_db_all(&rows, req->db, SBX_SQL_FAULT_ALL, p, NULL);
    for (i = 0; i < rows->nelts; i++) {
        rule = sbx_clone(
            sbx_load(APR_ARRAY_IDX(rows, i, sbx_row_t).col[1], p), p);
        sbx_live_fault_counts(&seen, &fired, req->box->live, i);
        sbx_put_int(rule, "seen", seen, p);
        sbx_put_int(rule, "fired", fired, p);
        amzx_val_push(list, rule, p);
    }
    amzx_val_put_ref(out, "faults", list, p);
    sbx_reply_json(res, 200, out, p);
}

void sbx_fault_admin(sbx_res_t *res, sbx_req_t *req)
{
    const amzx_val_t *body = NULL;

    if (!strcmp(req->method, "GET")) {
        rules_show(res, req);
    }
    else if (!strcmp(req->method, "DELETE")) {
        rules_set(res, req, &amzx_val_null);
    }
    else if (amzx_json_parse(&body, req->body, req->body_len, NULL, NULL,
                             req->pool) == APR_SUCCESS) {
        if (amzx_val_type(body) == AMZX_OBJ) {
            body = amzx_val_get(body, "faults");
        }
        rules_set(res, req, body);
    }
    else {
        sbx_reply(res, 400, "application/json",
                  "{\"error\":\"a list of rules is expected\"}");
    }
}
