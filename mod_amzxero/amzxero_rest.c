/* SPDX-License-Identifier: Apache-2.0 */
/* The REST endpoint: routes, and the answers that only read. */
#include "mod_amzxero.h"
#include "amzxero_rest.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_str.h"

#define LIST_DEFAULT 50
#define LIST_MAX 500

/* ---- helpers ------------------------------------------------------------- */

apr_status_t amzxero_rest_db(amzx_db_t **db, amzx_fault_t *fault)
{
    amzx_fault_clear(fault);
    *db = NULL;
    return amzx_db_pool_get(db, amzxero_child->pool, fault);
}

void amzxero_rest_done(amzx_db_t *db)
{
    if (db != NULL) {
        amzx_db_pool_put(amzxero_child->pool, db);
    }
}

/* A query parameter, decoded; NULL when absent. */
static const char *query_arg(request_rec *r, const char *name)
{
    apr_size_t len = strlen(name);
    char *state = NULL;
    char *pair;

    if (r->args == NULL) {
        return NULL;
    }
    pair = apr_strtok(apr_pstrdup(r->pool, r->args), "&", &state);
    for (; pair != NULL; pair = apr_strtok(NULL, "&", &state)) {
        if (strncmp(pair, name, len) == 0 && pair[len] == '=') {
            char *value = pair + len + 1;

            return ap_unescape_urlencoded(value) == OK
                           && amzx_utf8_is_valid(value, strlen(value))
                       ? value
                       : "";
        }
    }
    return NULL;
}

static int list_limit(request_rec *r)
{
    const char *text = query_arg(r, "limit");
    apr_int64_t n;

    if (text == NULL || amzx_int_parse(&n, text) != APR_SUCCESS || n < 1) {
        return LIST_DEFAULT;
    }
    return n > LIST_MAX ? LIST_MAX : (int)n;
}

/* ---- reads --------------------------------------------------------------- */

static int get_workflows(amzxero_call_t *c)
{
    request_rec *r = c->r;
    const amzx_defs_t *defs = amzxero_main->defs;
    amzx_val_t *list =
        amzx_val_list((apr_size_t)amzx_defs_count(defs), r->pool);
    amzx_val_t *top = amzx_val_obj(1, r->pool);
    int i;

    for (i = 0; i < amzx_defs_count(defs); i++) {
        amzx_val_push(list, amzxero_view_flow(amzx_defs_at(defs, i), r->pool),
                      r->pool);
    }
    amzx_val_put(top, "workflows", list, r->pool);
    return amzxero_reply_json(r, HTTP_OK, top);
}

static int get_runs(amzxero_call_t *c)
{
    request_rec *r = c->r;
    apr_array_header_t *runs = NULL;
    const char *state = query_arg(r, "state");
    amzx_val_t *top = amzx_val_obj(2, r->pool);
    amzx_val_t *list;
    amzx_fault_t fault;
    amzx_db_t *db;
    apr_status_t rv;
    int limit = list_limit(r);
    int i;

    if (state != NULL && amzx_run_state_of(state) < 0) {
        return amzxero_reply_problem(r, HTTP_BAD_REQUEST, "data.query",
                                     "state must be ready, running, waiting, "
                                     "review, parked, done, dead or cancelled",
                                     "state");
    }
    rv = amzxero_rest_db(&db, &fault);
    if (rv == APR_SUCCESS) {
        amzx_run_filter_t filter = { c->key->tenant, query_arg(r, "workflow"),
                                     state, query_arg(r, "before"), limit };

        rv = amzx_run_list(&runs, db, &filter, &fault, r->pool);
    }
    amzxero_rest_done(db);
    if (rv != APR_SUCCESS) {
        return amzxero_reply_fault(r, &fault);
    }
    list = amzx_val_list((apr_size_t)runs->nelts, r->pool);
    for (i = 0; i < runs->nelts; i++) {
        amzx_val_push(list,
                      amzxero_view_run(&APR_ARRAY_IDX(runs, i, amzx_run_t),
                                       r->pool),
                      r->pool);
    }
    amzx_val_put(top, "runs", list, r->pool);
    if (runs->nelts == limit) {
        amzx_val_put_str(
            top, "before",
            APR_ARRAY_IDX(runs, runs->nelts - 1, amzx_run_t).id, r->pool);
    }
    return amzxero_reply_json(r, HTTP_OK, top);
}

static int get_run(amzxero_call_t *c)
{
    request_rec *r = c->r;
    const amzx_store_t *st = &amzxero_child->store;
    apr_array_header_t *entries = NULL;
    apr_array_header_t *intents = NULL;
    amzx_run_t *run = NULL;
    amzx_fault_t fault;
    amzx_db_t *db;
    apr_status_t rv;

    rv = amzxero_rest_db(&db, &fault);
    if (rv == APR_SUCCESS) {
        rv = amzx_run_get(&run, db, st, c->key->tenant, c->arg, &fault,
                          r->pool);
    }
    if (rv == APR_SUCCESS && run != NULL) {
        rv = amzx_journal_read(&entries, db, st, run->id, &fault, r->pool);
    }
    if (rv == APR_SUCCESS && run != NULL) {
        rv = amzx_intent_of_run(&intents, db, st, run->id, &fault, r->pool);
    }
    amzxero_rest_done(db);
    if (rv != APR_SUCCESS) {
        return amzxero_reply_fault(r, &fault);
    }
    if (run == NULL) {
        return amzxero_reply_problem(r, HTTP_NOT_FOUND, "not_found",
                                     "this tenant has no such run", NULL);
    }
    return amzxero_reply_json(
        r, HTTP_OK, amzxero_view_run_full(run, entries, intents, r->pool));
}

static int get_dead(amzxero_call_t *c)
{
    request_rec *r = c->r;
    apr_array_header_t *dead = NULL;
    amzx_fault_t fault;
    amzx_db_t *db;
    apr_status_t rv;

    rv = amzxero_rest_db(&db, &fault);
    if (rv == APR_SUCCESS) {
        rv = amzx_dead_list(&dead, db, c->key->tenant, list_limit(r), &fault,
                            r->pool);
    }
    amzxero_rest_done(db);
    if (rv != APR_SUCCESS) {
        return amzxero_reply_fault(r, &fault);
    }
    return amzxero_reply_json(r, HTTP_OK, amzxero_view_dead(dead, r->pool));
}

static int get_reviews(amzxero_call_t *c)
{
    request_rec *r = c->r;
    apr_array_header_t *reviews = NULL;
    amzx_fault_t fault;
    amzx_db_t *db;
    apr_status_t rv;

    rv = amzxero_rest_db(&db, &fault);
    if (rv == APR_SUCCESS) {
        rv = amzx_review_list(&reviews, db, &amzxero_child->store,
                              c->key->tenant, list_limit(r), &fault, r->pool);
    }
    amzxero_rest_done(db);
    if (rv != APR_SUCCESS) {
        return amzxero_reply_fault(r, &fault);
    }
    return amzxero_reply_json(r, HTTP_OK,
                              amzxero_view_reviews(reviews, r->pool));
}

static int get_deliveries(amzxero_call_t *c)
{
    request_rec *r = c->r;
    const char *state = query_arg(r, "state");
    apr_array_header_t *rows = NULL;
    amzx_fault_t fault;
    amzx_db_t *db;
    apr_status_t rv;

    if (state != NULL && strcmp(state, "new") != 0
        && strcmp(state, "done") != 0 && strcmp(state, "refused") != 0) {
        return amzxero_reply_problem(r, HTTP_BAD_REQUEST, "data.query",
                                     "state must be new, done or refused",
                                     "state");
    }
    rv = amzxero_rest_db(&db, &fault);
    if (rv == APR_SUCCESS) {
        rv = amzx_inbox_list(&rows, db, c->key->tenant, state, list_limit(r),
                             &fault, r->pool);
    }
    amzxero_rest_done(db);
    if (rv != APR_SUCCESS) {
        return amzxero_reply_fault(r, &fault);
    }
    return amzxero_reply_json(r, HTTP_OK,
                              amzxero_view_deliveries(rows, r->pool));
}

static int get_health(amzxero_call_t *c)
{
    request_rec *r = c->r;
    amzx_val_t *v = amzx_val_obj(4, r->pool);
    apr_int64_t waiting = 0;
    apr_time_t oldest = 0;
    apr_time_t beat = 0;
    apr_time_t now = amzx_now(&amzxero_child->env);
    amzx_fault_t fault;
    amzx_db_t *db;
    apr_status_t rv;
    int is_ok;

    rv = amzxero_rest_db(&db, &fault);
    if (rv == APR_SUCCESS) {
        rv = amzx_inbox_backlog(&waiting, &oldest, db, &fault, r->pool);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_node_latest(&beat, db, &fault, r->pool);
    }
    amzxero_rest_done(db);
    is_ok = rv == APR_SUCCESS && now - beat < apr_time_from_sec(30);
    amzx_val_put_str(v, "status",
                     is_ok ? "ok"
                           : (rv == APR_SUCCESS ? "no engine" : "no database"),
                     r->pool);
    if (rv == APR_SUCCESS) {
        amzx_val_put(v, "waitingDeliveries", amzx_val_int(waiting, r->pool),
                     r->pool);
        amzx_val_put(v, "engineSeen",
                     beat ? amzx_val_datetime(beat, r->pool) : &amzx_val_null,
                     r->pool);
    }
    return amzxero_reply_json(r, is_ok ? HTTP_OK : HTTP_SERVICE_UNAVAILABLE,
                              v);
}

/* ---- routes -------------------------------------------------------------- */

typedef struct {
    const char *method;
    const char *path;  /* "*" stands for one segment: c->arg */
    const char *scope; /* NULL: no key needed */
    int (*serve)(amzxero_call_t *c);
} route_t;

static const route_t routes[] = {
    { "GET", "health", NULL, get_health },
    { "GET", "workflows", "workflows:read", get_workflows },
    { "POST", "workflows/*/runs", "runs:write", amzxero_rest_start },
    { "GET", "runs", "runs:read", get_runs },
    { "GET", "runs/*", "runs:read", get_run },
    { "POST", "runs/*/wake", "runs:write", amzxero_rest_wake },
    { "POST", "runs/*/replay", "dlq:write", amzxero_rest_replay },
    { "POST", "runs/*/cancel", "runs:write", amzxero_rest_cancel },
    { "GET", "dead-letters", "runs:read", get_dead },
    { "GET", "deliveries", "runs:read", get_deliveries },
    { "GET", "reviews", "runs:read", get_reviews },
    { "POST", "reviews/*", "reviews:write", amzxero_rest_decide },
};

/* What an id or the name of a workflow can be at all. */
static int is_name(const char *s, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (s[i] <= 0x20 || s[i] >= 0x7f) {
            return 0;
        }
    }
    return len > 0 && len <= 200;
}

/* Does a path fit a route? The segment at "*" is put to *arg. */
static int fits(const char *route, const char *path, const char **arg,
                apr_pool_t *p)
{
    apr_size_t len;

    while (*route != '\0') {
        if (*route == '*') {
            len = strcspn(path, "/");
            if (!is_name(path, len)) {
                return 0;
            }
            *arg = apr_pstrmemdup(p, path, len);
            path += len;
            route++;
        }
        else if (*route++ != *path++) {
            return 0;
        }
    }
    return *path == '\0';
}

/* The path below the endpoint, without "/" and a leading "v1/". */
static const char *route_path(request_rec *r, const amzxero_dir_t *dir)
{
    const char *path = r->uri;
    apr_size_t len = strlen(dir->base);

    while (len > 0 && dir->base[len - 1] == '/') {
        len--;
    }
    if (strncmp(path, dir->base, len) == 0) {
        path += len;
    }
    while (*path == '/') {
        path++;
    }
    if (len >= 3 && strncmp(dir->base + len - 3, "/v1", 3) == 0) {
        return path; /* the location has said it */
    }
    return strncmp(path, "v1/", 3) == 0 ? path + 3 : path;
}

int amzxero_rest_handler(request_rec *r, const amzxero_dir_t *dir)
{
    const char *path = route_path(r, dir);
    const char *method = r->header_only ? "GET" : r->method;
    const char *allow = NULL;
    amzxero_call_t c = { .r = r };
    apr_size_t i;
    int status = OK;

    for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (!fits(routes[i].path, path, &c.arg, r->pool)) {
            continue;
        }
        if (strcmp(routes[i].method, method) != 0) {
            allow = strcmp(routes[i].method, "GET") == 0 ? "GET, HEAD"
                                                         : routes[i].method;
            continue;
        }
        if (routes[i].scope != NULL) {
            c.key = amzxero_keys_check(r, routes[i].scope, &status);
            if (c.key == NULL) {
                return status;
            }
        }
        return routes[i].serve(&c);
    }
    amzxero_body_skip(r);
    if (allow != NULL) {
        apr_table_setn(r->err_headers_out, "Allow", allow);
        return amzxero_reply_problem(r, HTTP_METHOD_NOT_ALLOWED, "method",
                                     "this resource takes another method",
                                     NULL);
    }
    return amzxero_reply_problem(r, HTTP_NOT_FOUND, "not_found",
                                 "there is no such resource", NULL);
}
