/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a request: endpoint, faults, handler. */
#include "sandbox.h"

#include <string.h>

#include "sandbox_faults.h"

typedef void (*handler_t)(sbx_res_t *res, sbx_req_t *req, const char *path);

typedef struct {
    const char *peer;
    const char *op;
    const char *path; /* below the peer's host */
    handler_t handler;
} route_t;

static void lwa(sbx_res_t *res, sbx_req_t *req, const char *path)
{
    if (strcmp(path, "/auth/o2/token")) {
        sbx_reply(res, 404, "text/html", "not found");
        return;
    }
    sbx_lwa_token(res, req);
}

/* "xero.invoices.put": the first path segment in lower case, the method. */
static const char *op_name(const char *peer, const char *path,
                           const sbx_req_t *req)
{
    apr_pool_t *p = req->pool;
    const char *name = path + strspn(path, "/");

    name = apr_pstrmemdup(p, name, strcspn(name, "/"));
    return apr_pstrcat(p, peer, ".", sbx_lower(name, p), ".",
                       sbx_lower(req->method, p), NULL);
}

static int route_xero(route_t *route, const sbx_req_t *req, const char *path)
{
    const char *rest = sbx_after(path, "/api.xro/2.0");

    if (rest) {
        route->peer = "xero";
        route->handler = sbx_xero_api;
        route->op = op_name("xero", rest, req);
        route->path = rest;
        return 1;
    }
    rest = sbx_after(path, "/identity");
    path = rest ? rest : path;
    if (sbx_after(path, "/connect") || sbx_after(path, "/connections")) {
        route->peer = "xero-identity";
        route->handler = sbx_xero_identity;
        route->op = sbx_after(path, "/connect")
                        ? op_name("xero", path + strlen("/connect"), req)
                        : op_name("xero", path, req);
        route->path = path;
        return 1;
    }
    return 0;
}

static int route_amazon(route_t *route, const sbx_req_t *req,
                        const char *path)
{
    const char *rest = sbx_after(path, "/orders/2026-01-01/orders");

    if (!sbx_after(path, "/orders") && !sbx_after(path, "/sellers")) {
        return 0;
    }
    route->peer = "amazon";
    route->handler = sbx_amazon;
    route->path = path;
    route->op = rest && *rest ? "amazon.getOrder"
                : rest        ? "amazon.searchOrders"
                              : op_name("amazon", path, req);
    return 1;
}

static int route_lwa(route_t *route, const char *path)
{
    if (strcmp(path, "/auth/o2/token")) {
        return 0;
    }
    route->peer = "lwa";
    route->op = "lwa.token";
    route->path = path;
    route->handler = lwa;
    return 1;
}

static int route_find(route_t *route, const sbx_req_t *req)
{
    const char *rest;

    rest = sbx_after(req->path, "/xero");
    if (rest) {
        return route_xero(route, req, rest);
    }
    rest = sbx_after(req->path, "/amazon");
    if (rest) {
        if (route_amazon(route, req, rest)) {
            return 1;
        }
        /* A path Amazon does not know is answered by its gateway: 403. */
        route->peer = "amazon";
        route->op = "amazon.unknown";
        route->path = rest;
        route->handler = sbx_amazon;
        return 1;
    }
    rest = sbx_after(req->path, "/lwa");
    if (rest) {
        return route_lwa(route, rest);
    }
    /* Mounted at the root of a host: as the real hosts have it. */
    return route_xero(route, req, req->path) ||
           route_amazon(route, req, req->path) ||
           route_lwa(route, req->path);
}

static void peer_answer(sbx_res_t *res, sbx_req_t *req, const route_t *route)
{
    sbx_fault_t fault;
    int has_fault =
        sbx_fault_find(&fault, req, route->peer, route->op);

    if (has_fault && sbx_fault_before(res, req, &fault, route->peer)) {
        return;
    }
    route->handler(res, req, route->path);
    if (has_fault) {
        sbx_fault_after(res, req, &fault, route->peer);
    }
    res->delay_ms += req->box->delay_ms +
                     sbx_live_get(req->box->live, SBX_SET_DELAY_MS);
}

void sbx_answer(sbx_res_t *res, sbx_req_t *req)
{
    const char *rest = sbx_after(req->path, "/admin");
    route_t route;

    sbx_res_init(res, req->pool);
    req->has_gate = 0;
    req->db = sbx_db_take(req->box->dbs);
    if (!req->db) {
        sbx_reply(res, 500, "text/plain", "no connection to the state file");
        return;
    }
    if (rest && !req->is_loopback) {
        sbx_reply(res, 403, "text/plain", "loopback only");
    }
    else if (rest) {
        sbx_admin(res, req, rest);
    }
    else if (!strcmp(req->path, "/") || !*req->path) {
        sbx_page(res, req);
    }
    else if (route_find(&route, req)) {
        peer_answer(res, req, &route);
    }
    else {
        sbx_reply(res, 404, "text/html",
                  "The resource you're looking for cannot be found");
    }
    sbx_db_give(req->box->dbs, req->db);
    req->db = NULL;
}

void sbx_finish(sbx_req_t *req)
{
    if (req->has_gate) {
        sbx_live_leave(req->box->live, &req->gate);
        req->has_gate = 0;
    }
}
