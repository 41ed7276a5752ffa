/* SPDX-License-Identifier: Apache-2.0 */
/* Building a world from a seed. */
#include "sandbox_seed.h"

#include <string.h>

#include "amzx_crypto.h"

#include "sandbox_xero.h"

static const char *stable_id(const char *tenant, const char *kind,
                             const char *key, apr_pool_t *p)
{
    char id[37];

    amzx_uuid5(id, "6ba7b811-9dad-11d1-80b4-00c04fd430c8",
               apr_pstrcat(p, tenant, "/", kind, "/", key, NULL));
    return apr_pstrdup(p, id);
}

const amzx_val_t *sbx_seed_named(const char *name, apr_pool_t *p)
{
    const char *text = sbx_seed_text(name);
    char *copy;
    char *s;

    if (!text) {
        return NULL;
    }
    copy = apr_pstrdup(p, text);
    for (s = copy; *s; s++) {
        *s = *s == '\'' ? '"' : *s;
    }
    return sbx_load(copy, p);
}

static void wipe(sbx_req_t *req)
{
    static const sbx_sql_e all[] = {
        SBX_SQL_WIPE_META, SBX_SQL_WIPE_CLIENT, SBX_SQL_WIPE_TOKEN,
        SBX_SQL_WIPE_ORDERS, SBX_SQL_WIPE_DOC, SBX_SQL_WIPE_IDEM,
        SBX_SQL_WIPE_FAULT, SBX_SQL_WIPE_VIOLATION};
    apr_size_t i;

    for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
        sbx_db_run(NULL, req->db, all[i], NULL);
    }
    sbx_live_reset(req->box->live);
}

static void clients_load(sbx_req_t *req, const amzx_val_t *list)
{
    const amzx_val_t *one;
    apr_size_t i;

    for (i = 0; i < amzx_val_count(list); i++) {
        one = amzx_val_at(list, i);
        sbx_db_run(NULL, req->db, SBX_SQL_CLIENT_PUT, "ssss",
                   sbx_text(one, "peer"), sbx_text(one, "id"),
                   sbx_text(one, "secret"),
                   amzx_json_write(one, NULL, req->pool));
    }
}

static void tokens_load(sbx_req_t *req, const amzx_val_t *list)
{
    const amzx_val_t *one;
    apr_size_t i;

    for (i = 0; i < amzx_val_count(list); i++) {
        one = amzx_val_at(list, i);
        sbx_db_run(NULL, req->db, SBX_SQL_TOKEN_PUT, "ssssssii",
                   sbx_text(one, "token"), sbx_text(one, "kind"),
                   sbx_text(one, "peer"), sbx_text(one, "client"),
                   sbx_text(one, "subject"), sbx_text(one, "scope"),
                   (apr_int64_t)req->now,
                   (apr_int64_t)(req->now +
                                 apr_time_from_sec(3650LL * 86400)));
    }
}

/* Documents as the seed has them, each under a stable id. */
static void docs_load(sbx_xcall_t *c, const amzx_val_t *list,
                      const char *kind, const char *id_name,
                      const char *key_name)
{
    const char *key[3] = {NULL, NULL, NULL};
    const char *id;
    amzx_val_t *doc;
    apr_size_t i;

    for (i = 0; i < amzx_val_count(list); i++) {
        doc = sbx_clone(amzx_val_at(list, i), c->p);
        key[0] = sbx_text(doc, key_name);
        id = key[0];
        if (id_name) {
            id = sbx_has(doc, id_name)
                     ? sbx_text(doc, id_name)
                     : stable_id(c->tenant, kind, key[0], c->p);
            sbx_put(doc, id_name, id, c->p);
            sbx_put_updated(doc, c, 0);
        }
        sbx_doc_put(c, kind, id, key, doc);
    }
}

/* {"Name":..,"Options":["a","b"]} */
static void tracking_load(sbx_xcall_t *c, const amzx_val_t *list)
{
    const char *key[3] = {NULL, NULL, NULL};
    const amzx_val_t *names;
    amzx_val_t *options;
    amzx_val_t *option;
    amzx_val_t *doc;
    const char *name;
    const char *id;
    apr_size_t i;
    apr_size_t k;

    for (i = 0; i < amzx_val_count(list); i++) {
        doc = amzx_val_obj(4, c->p);
        key[0] = sbx_text(amzx_val_at(list, i), "Name");
        id = stable_id(c->tenant, "tracking", key[0], c->p);
        sbx_put(doc, "Name", key[0], c->p);
        sbx_put(doc, "Status", "ACTIVE", c->p);
        sbx_put(doc, "TrackingCategoryID", id, c->p);
        names = amzx_val_get(amzx_val_at(list, i), "Options");
        options = amzx_val_list(amzx_val_count(names), c->p);
        for (k = 0; k < amzx_val_count(names); k++) {
            name = amzx_val_text(amzx_val_at(names, k), "");
            option = amzx_val_obj(3, c->p);
            sbx_put(option, "TrackingOptionID",
                    stable_id(c->tenant, key[0], name, c->p), c->p);
            sbx_put(option, "Name", name, c->p);
            sbx_put(option, "Status", "ACTIVE", c->p);
            amzx_val_push(options, option, c->p);
        }
        amzx_val_put_ref(doc, "Options", options, c->p);
        sbx_doc_put(c, "tracking", id, key, doc);
    }
}

/* Run a PUT of the resource itself: a seed is held to the same rules. */
static int put_through(sbx_xcall_t *c, const char *name,
                       const amzx_val_t *list, void (*f)(sbx_xcall_t *c))
{
    amzx_val_t *body = amzx_val_obj(1, c->p);
    sbx_req_t req = *c->req;
    sbx_res_t res;

    if (amzx_val_count(list) == 0) {
        return 1;
    }
    amzx_val_put(body, name, list, c->p);
    req.method = "PUT";
    req.body = amzx_json_write(body, &req.body_len, c->p);
    sbx_res_init(&res, c->p);
    c->req = &req;
    c->res = &res;
    c->id = "";
    c->is_put = 1;
    c->summarize = 1;
    c->unit_scale = 4;
    c->seen = apr_hash_make(c->p);
    f(c);
    return res.status == 200;
}

static void connections_load(sbx_req_t *req, const amzx_val_t *tenant,
                             const char *name)
{
    const amzx_val_t *clients = amzx_val_get(tenant, "clients");
    const char *id = sbx_text(tenant, "tenantId");
    const char *client;
    const char *own;
    amzx_val_t *v;
    apr_size_t i;

    for (i = 0; i < amzx_val_count(clients); i++) {
        client = amzx_val_text(amzx_val_at(clients, i), "");
        own = stable_id(id, "connection", client, req->pool);
        v = amzx_val_obj(8, req->pool);
        sbx_put(v, "id", own, req->pool);
        sbx_put(v, "authEventId",
                stable_id(id, "event", client, req->pool), req->pool);
        sbx_put(v, "tenantId", id, req->pool);
        sbx_put(v, "tenantType", "ORGANISATION", req->pool);
        sbx_put(v, "tenantName", name, req->pool);
        sbx_put(v, "createdDateUtc", "2026-01-05T09:00:00.1234560", req->pool);
        sbx_put(v, "updatedDateUtc", "2026-01-05T09:00:00.1234560", req->pool);
        sbx_db_run(NULL, req->db, SBX_SQL_DOC_PUT, "ssssssis", client,
                   "connection", own, id, NULL, NULL, (apr_int64_t)req->now,
                   amzx_json_write(v, NULL, req->pool));
    }
}

static const char *tenant_load(sbx_req_t *req, const amzx_val_t *tenant)
{
    const amzx_val_t *org = amzx_val_get(tenant, "organisation");
    sbx_xcall_t *c = apr_pcalloc(req->pool, sizeof(*c));
    const char *key[3] = {"organisation", NULL, NULL};
    sbx_res_t res;

    sbx_res_init(&res, req->pool);
    c->req = req;
    c->res = &res;
    c->p = req->pool;
    c->tenant = sbx_text(tenant, "tenantId");
    c->org = org;
    if (!sbx_is_uuid(c->tenant) || amzx_val_type(org) != AMZX_OBJ) {
        return "a tenant needs tenantId and organisation";
    }
    sbx_doc_put(c, "organisation", c->tenant, key, org);
    docs_load(c, amzx_val_get(tenant, "accounts"), "account", "AccountID",
              "Code");
    docs_load(c, amzx_val_get(tenant, "taxRates"), "taxrate", NULL,
              "TaxType");
    docs_load(c, amzx_val_get(tenant, "currencies"), "currency", NULL,
              "Code");
    tracking_load(c, amzx_val_get(tenant, "tracking"));
    connections_load(req, tenant, sbx_text(org, "Name"));
    if (!put_through(c, "Items", amzx_val_get(tenant, "items"),
                     sbx_xero_items)) {
        return "an item is refused";
    }
    c->req = req;
    if (!put_through(c, "Contacts", amzx_val_get(tenant, "contacts"),
                     sbx_xero_contacts)) {
        return "a contact is refused";
    }
    return NULL;
}

apr_status_t sbx_seed_load(sbx_req_t *req, const amzx_val_t *seed,
                           const char **why)
{
    const amzx_val_t *list;
    apr_size_t i;

    *why = NULL;
    if (sbx_db_begin(req->db) != APR_SUCCESS) {
        *why = "state file";
        return APR_EGENERAL;
    }
    wipe(req);
    clients_load(req, amzx_val_get(seed, "clients"));
    tokens_load(req, amzx_val_get(seed, "tokens"));
    list = amzx_val_get(seed, "tenants");
    for (i = 0; i < amzx_val_count(list) && !*why; i++) {
        *why = tenant_load(req, amzx_val_at(list, i));
    }
    list = amzx_val_get(seed, "orders");
    for (i = 0; i < amzx_val_count(list) && !*why; i++) {
        *why = sbx_order_save(req, amzx_val_at(list, i), SBX_SELLER);
    }
    sbx_db_run(NULL, req->db, SBX_SQL_META_PUT, "ss", "seeded", "1");
    sbx_db_end(req->db, !*why);
    return *why ? APR_EINVAL : APR_SUCCESS;
}
