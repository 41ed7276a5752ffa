/* SPDX-License-Identifier: Apache-2.0 */
/* Items: which codes are there, and new ones. Fact sheet xero-api 4.7. */
#include "amzx_xero.h"

#include <apr_strings.h>

#include <string.h>

/** The longest code Xero takes: a longer SKU cannot be there. */
#define CODE_MAX 30
/** Up to this many codes are asked one by one, more by the whole list. */
#define SINGLE_MAX 4

static const amzx_shape_t sales_shape[] = {
    {"UnitPrice", AMZX_SHAPE_NUMBER, 4, NULL, 0},
    {"AccountCode", AMZX_SHAPE_TEXT, 10, NULL, 0},
    {"TaxType", AMZX_SHAPE_TEXT, 50, NULL, 0},
    {NULL, AMZX_SHAPE_TEXT, 0, NULL, 0}};

static const amzx_shape_t purchase_shape[] = {
    {"UnitPrice", AMZX_SHAPE_NUMBER, 4, NULL, 0},
    {"AccountCode", AMZX_SHAPE_TEXT, 10, NULL, 0},
    {"COGSAccountCode", AMZX_SHAPE_TEXT, 10, NULL, 0},
    {"TaxType", AMZX_SHAPE_TEXT, 50, NULL, 0},
    {NULL, AMZX_SHAPE_TEXT, 0, NULL, 0}};

static const amzx_shape_t item_shape[] = {
    {"Code", AMZX_SHAPE_TEXT, CODE_MAX, NULL, 1},
    {"Name", AMZX_SHAPE_TEXT, 50, NULL, 0},
    {"Description", AMZX_SHAPE_TEXT, 4000, NULL, 0},
    {"PurchaseDescription", AMZX_SHAPE_TEXT, 4000, NULL, 0},
    {"InventoryAssetAccountCode", AMZX_SHAPE_TEXT, 50, NULL, 0},
    {"IsSold", AMZX_SHAPE_BOOL, 0, NULL, 0},
    {"IsPurchased", AMZX_SHAPE_BOOL, 0, NULL, 0},
    {"SalesDetails", AMZX_SHAPE_OBJECT, 0, sales_shape, 0},
    {"PurchaseDetails", AMZX_SHAPE_OBJECT, 0, purchase_shape, 0},
    {NULL, AMZX_SHAPE_TEXT, 0, NULL, 0}};

/** State of byCode. */
typedef struct {
    amzx_val_t *wanted; /* texts, each once */
    amzx_val_t *codes;  /* of wanted: those that are there */
    amzx_val_t *items;
    apr_size_t i; /* the code that is being asked */
    int is_whole; /* the whole list is being read */
} by_code_t;

/* GET /Items, all (code NULL) or those of one code. */
static void items_request(amzx_http_request_t *req, amzx_op_call_t *call,
                          const char *code)
{
    amzx_buf_t url;

    amzx_call_begin(req, &url, call, "GET");
    amzx_url_segment(&url, "Items");
    if (code) {
        amzx_url_param(&url, "where", apr_psprintf(
            call->pool, "Code==\"%s\"", code));
    }
    amzx_url_param(&url, "unitdp", "4");
    req->url = url.s;
}

static int has_text(const amzx_val_t *list, const char *text)
{
    apr_size_t i;

    for (i = 0; i < amzx_val_count(list); i++) {
        if (strcmp(amzx_val_text(amzx_val_at(list, i), ""), text) == 0) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t begin(by_code_t *st, amzx_op_call_t *call,
                          amzx_fault_t *fault)
{
    const amzx_val_t *codes = amzx_call_arg(call, "codes");
    apr_size_t count = amzx_val_count(codes);
    apr_size_t i;

    if (amzx_val_type(codes) != AMZX_LIST) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                              "data.argument", "codes must be a list");
    }
    st->wanted = amzx_val_list(count, call->pool);
    st->codes = amzx_val_list(count, call->pool);
    st->items = amzx_val_list(count, call->pool);
    for (i = 0; i < count; i++) {
        const char *code = amzx_val_as_text(amzx_val_at(codes, i),
                                            call->pool);

        if (!code || !*code
            || amzx_utf8_count(code, strlen(code)) > CODE_MAX
            || has_text(st->wanted, code)) {
            continue;
        }
        amzx_val_push(st->wanted, amzx_val_str(code, call->pool),
                      call->pool);
        if (!amzx_xero_where_is_safe(code)) {
            st->is_whole = 1;
        }
    }
    if (amzx_val_count(st->wanted) > SINGLE_MAX) {
        st->is_whole = 1;
    }
    return APR_SUCCESS;
}

/* Keep what the answer has of the codes that are wanted. */
static void keep(by_code_t *st, const amzx_val_t *list, apr_pool_t *p)
{
    apr_size_t i;

    for (i = 0; i < amzx_val_count(list); i++) {
        const amzx_val_t *item = amzx_val_at(list, i);
        const char *code = amzx_val_text(amzx_val_get(item, "Code"), "");

        if (has_text(st->wanted, code) && !has_text(st->codes, code)) {
            amzx_val_push(st->codes, amzx_val_str(code, p), p);
            amzx_val_push(st->items, item, p);
        }
    }
}

apr_status_t amzx_xero_item_by_code(amzx_step_e *next,
                                    amzx_http_request_t *req,
                                    const amzx_val_t **result,
                                    amzx_op_call_t *call,
                                    const amzx_http_response_t *rsp,
                                    amzx_fault_t *fault)
{
    by_code_t *st = call->state;
    const amzx_val_t *list;
    amzx_val_t *out;
    apr_status_t rv;

    if (!rsp) {
        st = apr_pcalloc(call->pool, sizeof(*st));
        call->state = st;
        rv = begin(st, call, fault);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    else {
        rv = amzx_xero_list(&list, call, rsp, "Items", fault);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        keep(st, list, call->pool);
        st->i = st->is_whole ? amzx_val_count(st->wanted) : st->i + 1;
    }
    if (st->i < amzx_val_count(st->wanted)) {
        items_request(req, call, st->is_whole ? NULL
                      : amzx_val_text(amzx_val_at(st->wanted, st->i), ""));
        *next = AMZX_STEP_SEND;
        return APR_SUCCESS;
    }
    out = amzx_val_obj(2, call->pool);
    amzx_val_put_ref(out, "codes", st->codes, call->pool);
    amzx_val_put_ref(out, "items", st->items, call->pool);
    *result = out;
    *next = AMZX_STEP_DONE;
    return APR_SUCCESS;
}

/* One item or null: what a lost creation is settled with. */
apr_status_t amzx_xero_item_get(amzx_step_e *next, amzx_http_request_t *req,
                                const amzx_val_t **result,
                                amzx_op_call_t *call,
                                const amzx_http_response_t *rsp,
                                amzx_fault_t *fault)
{
    const amzx_val_t *list;
    const char *code;
    apr_size_t i;
    apr_status_t rv = amzx_call_text(&code, call, "Code", fault);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!rsp) {
        items_request(req, call, amzx_xero_where_is_safe(code) ? code : NULL);
        *next = AMZX_STEP_SEND;
        return APR_SUCCESS;
    }
    *next = AMZX_STEP_DONE;
    *result = &amzx_val_null;
    rv = amzx_xero_list(&list, call, rsp, "Items", fault);
    for (i = 0; rv == APR_SUCCESS && i < amzx_val_count(list); i++) {
        const amzx_val_t *item = amzx_val_at(list, i);

        if (strcmp(amzx_val_text(amzx_val_get(item, "Code"), ""), code)
            == 0) {
            *result = item;
            break;
        }
    }
    return rv;
}

apr_status_t amzx_xero_item_list(amzx_step_e *next, amzx_http_request_t *req,
                                 const amzx_val_t **result,
                                 amzx_op_call_t *call,
                                 const amzx_http_response_t *rsp,
                                 amzx_fault_t *fault)
{
    if (rsp) {
        *next = AMZX_STEP_DONE;
        return amzx_xero_list(result, call, rsp, "Items", fault);
    }
    items_request(req, call, NULL);
    *next = AMZX_STEP_SEND;
    return APR_SUCCESS;
}

apr_status_t amzx_xero_item_create(amzx_step_e *next,
                                   amzx_http_request_t *req,
                                   const amzx_val_t **result,
                                   amzx_op_call_t *call,
                                   const amzx_http_response_t *rsp,
                                   amzx_fault_t *fault)
{
    amzx_val_t *item = NULL;
    amzx_buf_t url;
    apr_status_t rv;

    if (rsp) {
        *next = AMZX_STEP_DONE;
        return amzx_xero_made(result, call, rsp, "Items", "ItemID", fault);
    }
    rv = amzx_shape_apply(&item, item_shape, call->body, "", fault,
                          call->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    amzx_call_begin(req, &url, call, "PUT");
    amzx_url_segment(&url, "Items");
    amzx_url_param(&url, "summarizeErrors", "false");
    amzx_url_param(&url, "unitdp", "4");
    req->url = url.s;
    amzx_xero_put(req, "Items", item, call->pool);
    *next = AMZX_STEP_SEND;
    return APR_SUCCESS;
}
