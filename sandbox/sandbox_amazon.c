/* SPDX-License-Identifier: Apache-2.0 */
/* The Selling Partner API's gateway: token, quota, operations. */
#include "sandbox_amazon.h"

#include <string.h>

#include <apr_lib.h>

#include "sandbox_faults.h"
#include "sandbox_seed.h"
#include "sandbox_tokens.h"

typedef struct {
    const char *name;
    apr_int64_t micro_rate; /* per second, times 1,000,000 */
    apr_int64_t burst;
} quota_t;

static const quota_t search_quota = {"searchOrders", 5600, 20};
static const quota_t get_quota = {"getOrder", 500000, 30};
static const quota_t sellers_quota = {"getMarketplaceParticipations", 16000,
                                      15};

void sbx_amazon_error(sbx_res_t *res, const sbx_req_t *req, int status,
                      const char *code, const char *message,
                      const char *details)
{
    amzx_val_t *error = amzx_val_obj(3, req->pool);
    amzx_val_t *list = amzx_val_list(1, req->pool);
    amzx_val_t *v = amzx_val_obj(1, req->pool);

    sbx_put(error, "code", code, req->pool);
    sbx_put(error, "message", message, req->pool);
    sbx_put(error, "details", details, req->pool);
    amzx_val_push(list, error, req->pool);
    amzx_val_put_ref(v, "errors", list, req->pool);
    sbx_header(res, "x-amzn-RequestId", sbx_uuid(req->pool));
    sbx_header(res, "x-amzn-ErrorType", code);
    sbx_reply_json(res, status, v, req->pool);
}

void sbx_amazon_invalid(sbx_res_t *res, sbx_req_t *req, const char *details)
{
    sbx_violation(req, "amazon", "amazon.invalid-input", details);
    sbx_amazon_error(res, req, 400, "InvalidInput", "Invalid Input", details);
}

static void denied(sbx_res_t *res, const sbx_req_t *req, const char *details)
{
    sbx_amazon_error(res, req, 403, "Unauthorized",
                     "Access to requested resource is denied.", details);
}

static int admitted(sbx_grant_t *grant, sbx_res_t *res, sbx_req_t *req)
{
    const char *token = sbx_req_header(req, "x-amz-access-token");
    sbx_token_e state = sbx_token_check(grant, req, "lwa", token);

    if (!sbx_req_header(req, "User-Agent")) {
        sbx_violation(req, "amazon", "amazon.no-user-agent", req->path);
    }
    if (!sbx_req_header(req, "x-amz-date")) {
        sbx_violation(req, "amazon", "amazon.no-date", req->path);
    }
    if (state == SBX_TOKEN_MISSING) {
        sbx_violation(req, "amazon", "amazon.no-token", req->path);
        denied(res, req, "Access token is missing in the request header.");
    }
    else if (state == SBX_TOKEN_EXPIRED) {
        denied(res, req, "The access token you provided has expired.");
    }
    else if (state == SBX_TOKEN_UNKNOWN || !*grant->subject) {
        sbx_violation(req, "amazon", "amazon.bad-token", req->path);
        denied(res, req,
               "The access token you provided is revoked, malformed or "
               "invalid.");
        return 0;
    }
    return state == SBX_TOKEN_OK;
}

/* The rate as Amazon writes it: "0.5", "0.0056". */
static const char *rate_text(apr_int64_t micro_rate, apr_pool_t *p)
{
    char text[AMZX_DEC_TEXT];

    amzx_dec_text_canon(text, amzx_dec_scaled(micro_rate, 6));
    return strchr(text, '.') ? apr_pstrdup(p, text)
                             : apr_pstrcat(p, text, ".0", NULL);
}

static int within_quota(sbx_res_t *res, sbx_req_t *req, const quota_t *q,
                        const sbx_grant_t *grant)
{
    sbx_live_t *live = req->box->live;
    apr_int64_t scale = sbx_live_get(live, SBX_SET_AMAZON_SCALE);
    const char *name;

    if (!sbx_live_get(live, SBX_SET_AMAZON_LIMITS)) {
        sbx_header(res, "x-amzn-RateLimit-Limit",
                   rate_text(q->micro_rate, req->pool));
        return 1;
    }
    scale = scale < 1 ? 1 : scale;
    name = apr_pstrcat(req->pool, q->name, "/", grant->subject, "/",
                       grant->client, NULL);
    if (!sbx_live_bucket(live, name, q->micro_rate * scale,
                         q->burst * scale, req->now)) {
        sbx_violation(req, "amazon", "amazon.over-quota", q->name);
        sbx_amazon_error(res, req, 429, "QuotaExceeded",
                         "You exceeded your quota for the requested "
                         "resource.",
                         "");
        return 0;
    }
    sbx_header(res, "x-amzn-RateLimit-Limit",
               rate_text(q->micro_rate * scale, req->pool));
    return 1;
}

/* 3-7-7 digits. */
static int is_order_id(const char *s)
{
    int i;

    for (i = 0; i < 19; i++) {
        if (i == 3 || i == 11) {
            if (s[i] != '-') {
                return 0;
            }
        }
        else if (!apr_isdigit(s[i])) {
            return 0;
        }
    }
    return s[19] == '\0';
}

static void get_order(sbx_res_t *res, sbx_req_t *req, const char *id,
                      const char *seller)
{
    const char *included = sbx_arg(req, "includedData");
    int with_pii = sbx_live_get(req->box->live, SBX_SET_PII) != 0;
    const sbx_row_t *row;
    amzx_val_t *v;

    if (!is_order_id(id)) {
        sbx_amazon_invalid(res, req, "orderId");
        return;
    }
    if (!sbx_included_is_known(included, req->pool)) {
        sbx_amazon_invalid(res, req, "includedData");
        return;
    }
    row = sbx_db_one(req->db, SBX_SQL_ORDER_GET, req->pool, "ss", id, seller);
    if (!row) {
        sbx_amazon_error(res, req, 404, "NotFound",
                         "The requested resource doesn't exist.", "");
        return;
    }
    v = amzx_val_obj(1, req->pool);
    amzx_val_put_ref(v, "order",
                     sbx_order_shown(sbx_load(row->col[0], req->pool),
                                     included, with_pii, req->pool),
                     req->pool);
    sbx_reply_json(res, 200, v, req->pool);
}

static const struct {
    const char *id;
    const char *country;
    const char *currency;
    const char *language;
    const char *name;
} markets[] = {
    {"A1F83G8C2ARO7P", "GB", "GBP", "en_GB", "Amazon.co.uk"},
    {"A28R8C7NBKEWEA", "IE", "EUR", "en_IE", "Amazon.ie"},
    {"A1PA6795UKMFR9", "DE", "EUR", "de_DE", "Amazon.de"},
    {"A13V1IB3VIYZZH", "FR", "EUR", "fr_FR", "Amazon.fr"},
    {"APJ6JRA9NG5V4", "IT", "EUR", "it_IT", "Amazon.it"},
    {"A1RKKUPIHCS9HS", "ES", "EUR", "es_ES", "Amazon.es"},
    {"A1805IZSGTT6HS", "NL", "EUR", "nl_NL", "Amazon.nl"},
    {"ATVPDKIKX0DER", "US", "USD", "en_US", "Amazon.com"},
};

static void participations(sbx_res_t *res, sbx_req_t *req)
{
    apr_pool_t *p = req->pool;
    amzx_val_t *list = amzx_val_list(8, p);
    amzx_val_t *v = amzx_val_obj(1, p);
    amzx_val_t *part;
    amzx_val_t *one;
    amzx_val_t *m;
    apr_size_t i;

    for (i = 0; i < sizeof(markets) / sizeof(*markets); i++) {
        m = amzx_val_obj(6, p);
        sbx_put(m, "id", markets[i].id, p);
        sbx_put(m, "name", markets[i].name, p);
        sbx_put(m, "countryCode", markets[i].country, p);
        sbx_put(m, "defaultCurrencyCode", markets[i].currency, p);
        sbx_put(m, "defaultLanguageCode", markets[i].language, p);
        sbx_put(m, "domainName",
                apr_pstrcat(p, "www.", sbx_lower(markets[i].name, p), NULL),
                p);
        part = amzx_val_obj(2, p);
        amzx_val_put_ref(part, "isParticipating", &amzx_val_true, p);
        amzx_val_put_ref(part, "hasSuspendedListings", &amzx_val_false, p);
        one = amzx_val_obj(3, p);
        amzx_val_put_ref(one, "marketplace", m, p);
        amzx_val_put_ref(one, "participation", part, p);
        sbx_put(one, "storeName", "Larkspur Home", p);
        amzx_val_push(list, one, p);
    }
    amzx_val_put_ref(v, "payload", list, p);
    sbx_reply_json(res, 200, v, p);
}

void sbx_amazon(sbx_res_t *res, sbx_req_t *req, const char *path)
{
    const char *order = sbx_after(path, "/orders/2026-01-01/orders");
    sbx_grant_t grant;

    if (!admitted(&grant, res, req)) {
        return;
    }
    if (strcmp(req->method, "GET") != 0 ||
        (!order && strcmp(path, "/sellers/v1/marketplaceParticipations"))) {
        /* An unknown path is a 403 there, not a 404. */
        sbx_violation(req, "amazon", "amazon.unknown-path", path);
        denied(res, req, "");
        return;
    }
    if (!within_quota(res, req,
                      !order           ? &sellers_quota
                      : *order ? &get_quota
                               : &search_quota,
                      &grant)) {
        return;
    }
    sbx_header(res, "x-amzn-RequestId", sbx_uuid(req->pool));
    if (!order) {
        participations(res, req);
    }
    else if (*order) {
        get_order(res, req, order + 1, grant.subject);
    }
    else {
        sbx_search_orders(res, req, grant.subject);
    }
}

static apr_time_t time_of(const amzx_val_t *order, const char *name)
{
    apr_time_t t = 0;

    return amzx_time_parse(&t, sbx_text(order, name)) == APR_SUCCESS ? t : 0;
}

const char *sbx_order_save(sbx_req_t *req, const amzx_val_t *order,
                           const char *seller)
{
    const char *status = amzx_val_text(
        amzx_val_path(order, "fulfillment.fulfillmentStatus"), "");
    const amzx_val_t *items = amzx_val_get(order, "orderItems");

    if (!is_order_id(sbx_text(order, "orderId")) || !*status ||
        !time_of(order, "createdTime") || !time_of(order, "lastUpdatedTime") ||
        amzx_val_type(items) != AMZX_LIST) {
        return "an order needs orderId, createdTime, lastUpdatedTime, "
               "fulfillment.fulfillmentStatus and orderItems";
    }
    if (sbx_db_run(NULL, req->db, SBX_SQL_ORDER_PUT, "ssiissss",
                   sbx_text(order, "orderId"), seller,
                   (apr_int64_t)time_of(order, "createdTime"),
                   (apr_int64_t)time_of(order, "lastUpdatedTime"),
                   amzx_val_text(
                       amzx_val_path(order, "salesChannel.marketplaceId"),
                       ""),
                   status,
                   amzx_val_text(
                       amzx_val_path(order, "fulfillment.fulfilledBy"), ""),
                   amzx_json_write(order, NULL, req->pool)) != APR_SUCCESS) {
        return "state file";
    }
    return NULL;
}
