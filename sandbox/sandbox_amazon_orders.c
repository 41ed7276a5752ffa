/* SPDX-License-Identifier: Apache-2.0 */
/* searchOrders, and which data sets an answer holds. */
#include "sandbox_amazon.h"

#include <string.h>

#include "amzx_crypto.h"

#define TWO_MINUTES apr_time_from_sec(120)
#define A_DAY apr_time_from_sec(86400)

static const struct {
    const char *set;
    const char *order; /* member of the order; NULL for none */
    const char *item;  /* member of each item; NULL for none */
    int is_pii;
} sets[] = {
    {"BUYER", "buyer", NULL, 1},
    {"RECIPIENT", "recipient", NULL, 1},
    {"PROCEEDS", "proceeds", "proceeds", 0},
    {"EXPENSE", NULL, "expense", 0},
    {"PROMOTION", NULL, "promotion", 0},
    {"CANCELLATION", NULL, "cancellation", 0},
    {"FULFILLMENT", "fulfillment", "fulfillment", 0},
    {"PACKAGES", "packages", NULL, 0},
    {"TAX", "tax", "tax", 0},
    {"PAYMENT", "payment", NULL, 0},
    {"FULFILLMENT_ORDERS", "fulfillmentOrders", NULL, 0},
};

#define SETS (sizeof(sets) / sizeof(*sets))

int sbx_included_is_known(const char *included, apr_pool_t *p)
{
    char **name = included ? amzx_split(included, ",", p) : NULL;
    apr_size_t i;

    for (; name && *name; name++) {
        for (i = 0; i < SETS && strcmp(sets[i].set, *name) != 0; i++) {
        }
        if (i == SETS) {
            return 0;
        }
    }
    return 1;
}

/* Is this member a data set that was not asked for, or not allowed? */
static int is_hidden(const char *member, int of_item, const char *included,
                     int with_pii)
{
    const char *own;
    apr_size_t i;

    for (i = 0; i < SETS; i++) {
        own = of_item ? sets[i].item : sets[i].order;
        if (own && !strcmp(own, member)) {
            return !included || !sbx_in_list(included, sets[i].set) ||
                   (sets[i].is_pii && !with_pii);
        }
    }
    return 0;
}

static amzx_val_t *without_hidden(const amzx_val_t *in, int of_item,
                                  const char *included, int with_pii,
                                  apr_pool_t *p)
{
    amzx_val_t *out = amzx_val_obj(amzx_val_count(in), p);
    apr_size_t i;

    for (i = 0; i < amzx_val_count(in); i++) {
        if (!is_hidden(in->u.obj.member[i].name, of_item, included,
                       with_pii)) {
            amzx_val_put_ref(out, in->u.obj.member[i].name,
                             in->u.obj.member[i].val, p);
        }
    }
    return out;
}

const amzx_val_t *sbx_order_shown(const amzx_val_t *order,
                                  const char *included, int with_pii,
                                  apr_pool_t *p)
{
    amzx_val_t *out = without_hidden(order, 0, included, with_pii, p);
    const amzx_val_t *items = amzx_val_get(order, "orderItems");
    amzx_val_t *list = amzx_val_list(amzx_val_count(items), p);
    apr_size_t i;

    for (i = 0; i < amzx_val_count(items); i++) {
        amzx_val_push(list,
                      without_hidden(amzx_val_at(items, i), 1, included,
                                     with_pii, p),
                      p);
    }
    amzx_val_put_ref(out, "orderItems", list, p);
    return out;
}

/** A searchOrders request. */
typedef struct {
    int by_updated;
    apr_time_t from;
    apr_time_t to;
    apr_int64_t page_size;
    apr_int64_t offset;
    const char *filter; /* digest of what must not change between pages */
} search_t;

/* @return -1 when malformed, 0 when absent, 1 when read */
static int time_arg(apr_time_t *out, const sbx_req_t *req, const char *name)
{
    const char *text = sbx_arg(req, name);

    *out = 0;
    if (!text) {
        return 0;
    }
    return strlen(text) >= 19 && amzx_time_parse(out, text) == APR_SUCCESS
               ? 1
               : -1;
}

static const char *filter_digest(const sbx_req_t *req)
{
    static const char *const fixed[] = {
        "createdAfter",   "createdBefore",       "lastUpdatedAfter",
        "marketplaceIds", "lastUpdatedBefore",   "fulfilledBy",
        "fulfillmentStatuses"};
    amzx_digest_t *d = amzx_digest_new(req->pool);
    const char *value;
    apr_size_t i;

    for (i = 0; i < sizeof(fixed) / sizeof(*fixed); i++) {
        value = sbx_arg(req, fixed[i]);
        value = value ? value : "";
        amzx_digest_part(d, value, strlen(value));
    }
    return amzx_digest_hex(d, req->pool);
}

/* "offset.upto.made.digest" in base64; opaque to clients. */
static const char *token_write(const search_t *s, apr_int64_t offset,
                               const sbx_req_t *req)
{
    const char *text = apr_psprintf(
        req->pool,
        "%" APR_INT64_T_FMT ".%" APR_INT64_T_FMT ".%" APR_INT64_T_FMT ".%s",
        offset, (apr_int64_t)s->to, (apr_int64_t)req->now, s->filter);

    return amzx_base64(text, strlen(text), req->pool);
}

static const char *token_read(search_t *s, const sbx_req_t *req,
                              const char *token)
{
    apr_size_t len = 0;
    unsigned char *raw = amzx_base64_decode(&len, token, req->pool);
    apr_int64_t made = 0;
    char **part;

    part = raw ? amzx_split((char *)raw, ".", req->pool) : NULL;
    if (!part || !part[0] || !part[1] || !part[2] || !part[3] ||
        amzx_int_parse(&s->offset, part[0]) != APR_SUCCESS ||
        amzx_int_parse(&s->to, part[1]) != APR_SUCCESS ||
        amzx_int_parse(&made, part[2]) != APR_SUCCESS || s->offset < 0) {
        return "paginationToken is not valid";
    }
    if (req->now - made > A_DAY) {
        return "paginationToken has expired";
    }
    return strcmp(part[3], s->filter) ? "the filters changed between pages"
                                      : NULL;
}

/* The exclusive families of time bounds. @return what is wrong, or NULL */
static const char *bounds_read(search_t *s, const sbx_req_t *req)
{
    apr_time_t t[4];
    int has[4];
    int i;

    has[0] = time_arg(&t[0], req, "createdAfter");
    has[1] = time_arg(&t[1], req, "createdBefore");
    has[2] = time_arg(&t[2], req, "lastUpdatedAfter");
    has[3] = time_arg(&t[3], req, "lastUpdatedBefore");
    for (i = 0; i < 4; i++) {
        if (has[i] < 0) {
            return "a time must be ISO 8601";
        }
    }
    if ((has[0] || has[1]) && (has[2] || has[3])) {
        return "created and lastUpdated bounds exclude each other";
    }
    if (!has[0] && !has[2]) {
        return "createdAfter or lastUpdatedAfter is required";
    }
    s->by_updated = has[2];
    s->from = s->by_updated ? t[2] : t[0];
    s->to = req->now - TWO_MINUTES;
    if (has[1] || has[3]) {
        if ((has[1] ? t[1] : t[3]) > s->to) {
            return "the Before bound must be two minutes in the past";
        }
        s->to = has[1] ? t[1] : t[3];
    }
    return has[1] || has[3]
               ? (s->to < s->from ? "Before must not precede After" : NULL)
               : NULL;
}

static const char *lists_check(const sbx_req_t *req)
{
    const char *markets = sbx_arg(req, "marketplaceIds");
    const char *statuses = sbx_arg(req, "fulfillmentStatuses");
    const char *by = sbx_arg(req, "fulfilledBy");
    char **one;
    int n = 0;

    for (one = markets ? amzx_split(markets, ",", req->pool) : NULL;
         one && *one; one++) {
        n++;
    }
    if (n > 50) {
        return "at most 50 marketplaceIds";
    }
    for (one = statuses ? amzx_split(statuses, ",", req->pool) : NULL;
         one && *one; one++) {
        if (!sbx_in_list("PENDING_AVAILABILITY,PENDING,UNSHIPPED,"
                         "PARTIALLY_SHIPPED,SHIPPED,CANCELLED,UNFULFILLABLE",
                         *one)) {
            return "fulfillmentStatuses";
        }
    }
    for (one = by ? amzx_split(by, ",", req->pool) : NULL; one && *one;
         one++) {
        if (!sbx_in_list("MERCHANT,AMAZON", *one)) {
            return "fulfilledBy";
        }
    }
    return sbx_included_is_known(sbx_arg(req, "includedData"), req->pool)
               ? NULL
               : "includedData";
}

static const char *search_read(search_t *s, const sbx_req_t *req)
{
    const char *size = sbx_arg(req, "maxResultsPerPage");
    const char *token = sbx_arg(req, "paginationToken");
    const char *why;

    memset(s, 0, sizeof(*s));
    s->page_size = 100;
    if (size && (amzx_int_parse(&s->page_size, size) != APR_SUCCESS ||
                 s->page_size < 1 || s->page_size > 100)) {
        return "maxResultsPerPage is 1 to 100";
    }
    why = bounds_read(s, req);
    why = why ? why : lists_check(req);
    s->filter = filter_digest(req);
    if (!why && token) {
        why = token_read(s, req, token);
    }
    return why;
}

static int is_wanted(const sbx_req_t *req, const sbx_row_t *row)
{
    const char *markets = sbx_arg(req, "marketplaceIds");
    const char *statuses = sbx_arg(req, "fulfillmentStatuses");
    const char *by = sbx_arg(req, "fulfilledBy");

    return (!markets || sbx_in_list(markets, row->col[1])) &&
           (!statuses || sbx_in_list(statuses, row->col[2])) &&
           (!by || sbx_in_list(by, row->col[3]));
}

static void search_answer(sbx_res_t *res, sbx_req_t *req, const search_t *s,
                          const amzx_val_t *orders, const char *next)
{
    amzx_val_t *v = amzx_val_obj(3, req->pool);
    amzx_val_t *page = amzx_val_obj(1, req->pool);
    char until[AMZX_TIME_TEXT];

    amzx_val_put_ref(v, "orders", orders, req->pool);
    if (next) {
        sbx_put(page, "nextToken", next, req->pool);
        amzx_val_put_ref(v, "pagination", page, req->pool);
    }
    amzx_time_text(until, s->to);
    sbx_put(v, s->by_updated ? "lastUpdatedBefore" : "createdBefore", until,
            req->pool);
    sbx_reply_json(res, 200, v, req->pool);
}

void sbx_search_orders(sbx_res_t *res, sbx_req_t *req, const char *seller)
{
    const char *included = sbx_arg(req, "includedData");
    int with_pii = sbx_live_get(req->box->live, SBX_SET_PII) != 0;
    amzx_val_t *orders = amzx_val_list(16, req->pool);
    const char *next = NULL;
    apr_array_header_t *rows;
    const sbx_row_t *row;
    const char *why;
    apr_int64_t seen = 0;
    search_t s;
    int i;

    why = search_read(&s, req);
    if (why) {
        sbx_amazon_invalid(res, req, why);
        return;
    }
    sbx_db_all(&rows, req->db,
               s.by_updated ? SBX_SQL_ORDER_BY_UPDATED
                            : SBX_SQL_ORDER_BY_CREATED,
               req->pool, "sii", seller, (apr_int64_t)s.from,
               (apr_int64_t)s.to);
    for (i = 0; i < rows->nelts && !next; i++) {
        row = &APR_ARRAY_IDX(rows, i, sbx_row_t);
        if (!is_wanted(req, row) || seen++ < s.offset) {
            continue;
        }
        if (seen > s.offset + s.page_size) {
            next = token_write(&s, s.offset + s.page_size, req);
        }
        else {
            amzx_val_push(orders,
                          sbx_order_shown(sbx_load(row->col[0], req->pool),
                                          included, with_pii, req->pool),
                          req->pool);
        }
    }
    search_answer(res, req, &s, orders, next);
}
