/* SPDX-License-Identifier: Apache-2.0 */
/* The admin API: reset, state, ledger, settings, tokens, orders. */
#include "sandbox.h"

#include <string.h>

#include "sandbox_faults.h"
#include "sandbox_ledger.h"
#include "sandbox_seed.h"
#include "sandbox_xero.h"

static void bad(sbx_res_t *res, const sbx_req_t *req, const char *why)
{
    amzx_val_t *v = amzx_val_obj(1, req->pool);

    sbx_put(v, "error", why, req->pool);
    sbx_reply_json(res, 400, v, req->pool);
}

static void done(sbx_res_t *res)
{
    sbx_reply(res, 200, "application/json", "{\"ok\":true}");
}

static const amzx_val_t *body_of(const sbx_req_t *req)
{
    const amzx_val_t *v = req->body_len ? sbx_body_json(req) : NULL;

    return v ? v : &amzx_val_null;
}

static void reset(sbx_res_t *res, sbx_req_t *req)
{
    const amzx_val_t *seed = amzx_val_get(body_of(req), "seed");
    const char *why = NULL;

    if (amzx_val_type(seed) != AMZX_OBJ) {
        seed = sbx_seed_named(amzx_val_text(seed, "uk-demo"), req->pool);
    }
    if (!seed) {
        bad(res, req, "unknown seed; uk-demo is known");
    }
    else if (sbx_seed_load(req, seed, &why) != APR_SUCCESS) {
        bad(res, req, why);
    }
    else {
        done(res);
    }
}

/* A named seed as an object: the beginning of a world of one's own. */
static void seed_show(sbx_res_t *res, sbx_req_t *req, const char *name)
{
    const amzx_val_t *seed = sbx_seed_named(name, req->pool);

    if (!seed) {
        bad(res, req, "unknown seed; uk-demo is known");
        return;
    }
    sbx_reply_json(res, 200, seed, req->pool);
}

static void settings_show(sbx_res_t *res, sbx_req_t *req)
{
    amzx_val_t *v = amzx_val_obj(SBX_SET_COUNT, req->pool);
    int i;

    for (i = 0; i < SBX_SET_COUNT; i++) {
        sbx_put_int(v, sbx_live_setting_name((sbx_set_e)i),
                    sbx_live_get(req->box->live, (sbx_set_e)i), req->pool);
    }
    sbx_reply_json(res, 200, v, req->pool);
}

static void settings_change(sbx_res_t *res, sbx_req_t *req)
{
    const amzx_val_t *v = body_of(req);
    apr_int64_t value;
    apr_size_t i;
    int known;

    for (i = 0; i < amzx_val_count(v); i++) {
        known = sbx_live_setting(v->u.obj.member[i].name);
        if (known < 0 ||
            amzx_dec_to_int(&value, sbx_dec(v, v->u.obj.member[i].name)) !=
                APR_SUCCESS) {
            bad(res, req, "unknown setting, or its value is no integer");
            return;
        }
        sbx_live_set(req->box->live, (sbx_set_e)known, value);
    }
    settings_show(res, req);
}

/* {"advanceSeconds":400}: the sandbox's clock runs ahead from now on. */
static void clock_move(sbx_res_t *res, sbx_req_t *req)
{
    apr_int64_t seconds = 0;
    apr_int64_t offset = sbx_live_get(req->box->live, SBX_SET_CLOCK_US);

    if (amzx_dec_to_int(&seconds, sbx_dec(body_of(req), "advanceSeconds")) !=
        APR_SUCCESS) {
        bad(res, req, "advanceSeconds must be an integer");
        return;
    }
    sbx_live_set(req->box->live, SBX_SET_CLOCK_US,
                 offset + apr_time_from_sec(seconds));
    done(res);
}

static void tokens_expire(sbx_res_t *res, sbx_req_t *req)
{
    const amzx_val_t *v = body_of(req);
    const char *kind = sbx_text(v, "kind");

    if (sbx_db_begin(req->db) == APR_SUCCESS) {
        /* not long ago, or the next purge would take them for unknown */
        sbx_db_run(NULL, req->db, SBX_SQL_TOKEN_EXPIRE, "ssi",
                   sbx_text(v, "peer"), *kind ? kind : "access",
                   (apr_int64_t)req->now);
        sbx_db_end(req->db, 1);
    }
    done(res);
}

/* Any token a test needs: {"peer","kind","token","client","subject",..}. */
static void token_add(sbx_res_t *res, sbx_req_t *req)
{
    const amzx_val_t *v = body_of(req);
    apr_int64_t seconds = 3600;

    if (sbx_has(v, "seconds")) {
        amzx_dec_to_int(&seconds, sbx_dec(v, "seconds"));
    }
    if (!*sbx_text(v, "token") || !*sbx_text(v, "peer") ||
        !sbx_in_list("access,refresh,code", sbx_text(v, "kind"))) {
        bad(res, req, "token, peer (lwa or xero) and kind are required");
        return;
    }
    if (sbx_db_begin(req->db) == APR_SUCCESS) {
        sbx_db_run(NULL, req->db, SBX_SQL_TOKEN_PUT, "ssssssii",
                   sbx_text(v, "token"), sbx_text(v, "kind"),
                   sbx_text(v, "peer"), sbx_text(v, "client"),
                   sbx_text(v, "subject"), sbx_text(v, "scope"),
                   (apr_int64_t)req->now,
                   (apr_int64_t)(req->now + apr_time_from_sec(seconds)));
        sbx_db_end(req->db, 1);
    }
    done(res);
}

static void orders_add(sbx_res_t *res, sbx_req_t *req)
{
    const amzx_val_t *v = body_of(req);
    const amzx_val_t *list = amzx_val_get(v, "orders");
    const char *seller = sbx_text(v, "seller");
    amzx_val_t *ids = amzx_val_list(16, req->pool);
    amzx_val_t *out = amzx_val_obj(1, req->pool);
    const char *why = NULL;
    apr_size_t i;

    seller = *seller ? seller : SBX_SELLER;
    if (sbx_db_begin(req->db) != APR_SUCCESS) {
        bad(res, req, "state file");
        return;
    }
    if (sbx_has(v, "generate")) {
        why = sbx_orders_generate(req, amzx_val_get(v, "generate"), seller,
                                  ids);
    }
    else if (amzx_val_type(list) == AMZX_LIST) {
        for (i = 0; i < amzx_val_count(list) && !why; i++) {
            why = sbx_order_save(req, amzx_val_at(list, i), seller);
            amzx_val_push(ids, amzx_val_get(amzx_val_at(list, i), "orderId"),
                          req->pool);
        }
    }
    else {
        why = sbx_order_save(req, v, seller);
        amzx_val_push(ids, amzx_val_get(v, "orderId"), req->pool);
    }
    sbx_db_end(req->db, !why);
    if (why) {
        bad(res, req, why);
        return;
    }
    amzx_val_put_ref(out, "orderIds", ids, req->pool);
    sbx_reply_json(res, 200, out, req->pool);
}

static void order_drop(sbx_res_t *res, sbx_req_t *req, const char *id)
{
    if (sbx_db_begin(req->db) == APR_SUCCESS) {
        sbx_db_run(NULL, req->db, SBX_SQL_ORDER_DROP, "s", id);
        sbx_db_end(req->db, 1);
    }
    done(res);
}

static void orders_list(sbx_res_t *res, sbx_req_t *req)
{
    amzx_val_t *list = amzx_val_list(64, req->pool);
    amzx_val_t *out = amzx_val_obj(1, req->pool);
    apr_array_header_t *rows;
    int i;

    sbx_db_all(&rows, req->db, SBX_SQL_ORDER_ALL, req->pool, NULL);
    for (i = 0; i < rows->nelts; i++) {
        amzx_val_push(list,
                      sbx_load(APR_ARRAY_IDX(rows, i, sbx_row_t).col[3],
                               req->pool),
                      req->pool);
    }
    amzx_val_put_ref(out, "orders", list, req->pool);
    sbx_reply_json(res, 200, out, req->pool);
}

/* {"tenantId":..,"set":{"PeriodLockDate":"/Date(..)/"}}; null clears. */
static void organisation_change(sbx_res_t *res, sbx_req_t *req)
{
    const amzx_val_t *v = body_of(req);
    const amzx_val_t *set = amzx_val_get(v, "set");
    const char *wanted = sbx_text(v, "tenantId");
    apr_array_header_t *rows;
    const sbx_row_t *row;
    amzx_val_t *org;
    apr_size_t k;
    int i;

    if (sbx_db_begin(req->db) != APR_SUCCESS) {
        bad(res, req, "state file");
        return;
    }
    sbx_db_all(&rows, req->db, SBX_SQL_TENANTS, req->pool, NULL);
    for (i = 0; i < rows->nelts; i++) {
        row = &APR_ARRAY_IDX(rows, i, sbx_row_t);
        if (*wanted && strcmp(wanted, row->col[0]) != 0) {
            continue;
        }
        org = sbx_clone(sbx_load(row->col[1], req->pool), req->pool);
        for (k = 0; k < amzx_val_count(set); k++) {
            amzx_val_put_ref(org, set->u.obj.member[k].name,
                             set->u.obj.member[k].val, req->pool);
        }
        sbx_db_run(NULL, req->db, SBX_SQL_DOC_PUT, "ssssssis", row->col[0],
                   "organisation", row->col[0], "organisation", NULL, NULL,
                   (apr_int64_t)req->now,
                   amzx_json_write(org, NULL, req->pool));
    }
    sbx_db_end(req->db, 1);
    done(res);
}

typedef struct {
    const char *method;
    const char *path;
    void (*run)(sbx_res_t *res, sbx_req_t *req);
} admin_t;

static const admin_t table[] = {
    {"POST", "/reset", reset},
    {"GET", "/state", sbx_state_show},
    {"GET", "/ledger", sbx_ledger_show},
    {"GET", "/violations", sbx_violations_show},
    {"DELETE", "/violations", sbx_violations_forget},
    {"GET", "/faults", sbx_fault_admin},
    {"POST", "/faults", sbx_fault_admin},
    {"DELETE", "/faults", sbx_fault_admin},
    {"GET", "/settings", settings_show},
    {"POST", "/settings", settings_change},
    {"POST", "/clock", clock_move},
    {"POST", "/tokens", token_add},
    {"POST", "/tokens/expire", tokens_expire},
    {"GET", "/amazon/orders", orders_list},
    {"POST", "/amazon/orders", orders_add},
    {"POST", "/xero/organisation", organisation_change},
    {NULL, NULL, NULL},
};

void sbx_admin(sbx_res_t *res, sbx_req_t *req, const char *path)
{
    const char *order = sbx_after(path, "/amazon/orders");
    const char *seed = sbx_after(path, "/seeds");
    const admin_t *a;

    if (order && *order && !strcmp(req->method, "DELETE")) {
        order_drop(res, req, order + 1);
        return;
    }
    if (seed && *seed && !strcmp(req->method, "GET")) {
        seed_show(res, req, seed + 1);
        return;
    }
    for (a = table; a->method; a++) {
        if (!strcmp(a->path, path) && !strcmp(a->method, req->method)) {
            a->run(res, req);
            return;
        }
    }
    sbx_reply(res, 404, "application/json",
              "{\"error\":\"unknown admin call\"}");
}
