/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox's core without httpd: routing, validation, replays, faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <apr_file_io.h>
#include <apr_general.h>

#include "sandbox.h"
#include "sandbox_seed.h"

#define TENANT "f3a1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d"

typedef struct {
    apr_pool_t *pool;
    char dir[64];
    sbx_t box;
    const char *token;
    apr_time_t now;
    apr_table_t *more; /* headers of the next request */
    sbx_res_t res;
} world_t;

/* ' stands for " in bodies. */
static const char *quotes(const char *text, apr_pool_t *p)
{
    char *copy = apr_pstrdup(p, text);
    char *c;

    for (c = copy; *c; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    return copy;
}

static sbx_req_t *request(world_t *w, const char *method, const char *path,
                          const char *body)
{
    sbx_req_t *req = apr_pcalloc(w->pool, sizeof(*req));
    const char *query = strchr(path, '?');

    req->box = &w->box;
    req->pool = w->pool;
    req->now = w->now;
    req->method = method;
    req->base = "";
    req->path = query ? apr_pstrmemdup(w->pool, path,
                                       (apr_size_t)(query - path))
                      : path;
    req->query = query ? query + 1 : "";
    req->args = sbx_form(req->query, w->pool);
    req->headers = w->more;
    req->body = quotes(body ? body : "", w->pool);
    req->body_len = strlen(req->body);
    req->is_loopback = 1;
    w->more = apr_table_make(w->pool, 8);
    return req;
}

static const amzx_val_t *run(world_t *w, const char *method,
                             const char *path, const char *body)
{
    sbx_req_t *req = request(w, method, path, body);

    sbx_answer(&w->res, req);
    sbx_finish(req);
    return sbx_load(w->res.body, w->pool);
}

static const amzx_val_t *xero(world_t *w, const char *method,
                              const char *path, const char *body)
{
    apr_table_setn(w->more, "Authorization",
                   apr_pstrcat(w->pool, "Bearer ", w->token, NULL));
    apr_table_setn(w->more, "xero-tenant-id", TENANT);
    apr_table_setn(w->more, "Accept", "application/json");
    apr_table_setn(w->more, "Content-Type", "application/json");
    return run(w, method, apr_pstrcat(w->pool, "/xero/api.xro/2.0", path,
                                      NULL),
               body);
}

static void token_get(world_t *w)
{
    const amzx_val_t *v;

    apr_table_setn(w->more, "Content-Type",
                   "application/x-www-form-urlencoded");
    apr_table_setn(
        w->more, "Authorization",
        apr_pstrcat(w->pool, "Basic ",
                    amzx_base64("7C1D2E3F4A5B6C7D8E9FA0B1C2D3E4F5:"
                                "sandbox-custom-secret",
                                54, w->pool),
                    NULL));
    v = run(w, "POST", "/xero/identity/connect/token",
            "grant_type=client_credentials");
    assert_int_equal(w->res.status, 200);
    w->token = sbx_text(v, "access_token");
}

static int setup(void **state)
{
    world_t *w = calloc(1, sizeof(*w));
    const char *why;

    apr_pool_create(&w->pool, NULL);
    apr_cpystrn(w->dir, "/tmp/amzx-sandbox-XXXXXX", sizeof(w->dir));
    if (!mkdtemp(w->dir) ||
        sbx_live_open(&w->box.live, apr_pstrcat(w->pool, w->dir, "/l", NULL),
                      w->pool) ||
        sbx_dbs_open(&w->box.dbs, apr_pstrcat(w->pool, w->dir, "/s", NULL),
                     &why, w->pool)) {
        return 1;
    }
    w->now = apr_time_from_sec(1795500000);
    w->more = apr_table_make(w->pool, 8);
    run(w, "POST", "/admin/reset", "{'seed':'uk-demo'}");
    assert_int_equal(w->res.status, 200);
    token_get(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    static const char *const files[] = {"/l", "/s", "/s-wal", "/s-shm",
                                        "/s.lock"};
    world_t *w = *state;
    apr_size_t i;

    for (i = 0; i < 5; i++) {
        unlink(apr_pstrcat(w->pool, w->dir, files[i], NULL));
    }
    rmdir(w->dir);
    apr_pool_destroy(w->pool);
    free(w);
    return 0;
}

#define LINE \
    "{'Description':'x','Quantity':1,'UnitAmount':120,'AccountCode':'200'," \
    "'TaxType':'OUTPUT2'}"
#define HEAD \
    "{'Type':'ACCREC','Status':'AUTHORISED','Contact':{'Name':'Ann'}," \
    "'Date':'2026-11-20','DueDate':'2026-11-20'," \
    "'LineAmountTypes':'Inclusive',"

static const amzx_val_t *put(world_t *w, const char *number,
                             const char *lines)
{
    const char *body =
        apr_pstrcat(w->pool, "{'Invoices':[" HEAD "'InvoiceNumber':'",
                    number, "','LineItems':[", lines, "]}]}", NULL);

    return amzx_val_at(
        amzx_val_get(xero(w, "PUT", "/Invoices?summarizeErrors=false", body),
                     "Invoices"),
        0);
}

static const char *first_error(const amzx_val_t *element)
{
    return amzx_val_text(
        amzx_val_path(element, "ValidationErrors.0.Message"), "");
}

static void an_invoice_is_booked_and_paid(void **state)
{
    world_t *w = *state;
    const amzx_val_t *v = put(w, "U-1", LINE);

    assert_string_equal(sbx_text(v, "StatusAttributeString"), "OK");
    assert_int_equal(amzx_dec_cmp(sbx_dec(v, "TotalTax"),
                                  amzx_dec_from_int(20)),
                     0);
    xero(w, "PUT", "/Payments",
         "{'Invoice':{'InvoiceNumber':'U-1'},'Account':{'Code':'090'},"
         "'Date':'2026-11-20','Amount':'120.00'}");
    assert_int_equal(w->res.status, 200);
    v = amzx_val_path(xero(w, "GET", "/Invoices/U-1", NULL), "Invoices.0");
    assert_string_equal(sbx_text(v, "Status"), "PAID");
    assert_non_null(strstr(w->res.body, "\"AmountDue\":0.00"));
}

static void a_number_is_used_once(void **state)
{
    world_t *w = *state;

    put(w, "U-2", LINE);
    assert_string_equal(first_error(put(w, "u-2", LINE)),
                        "Invoice # must be unique.");
}

static void a_bad_line_says_what_is_wrong(void **state)
{
    static const char *const cases[][2] = {
        {"{'Description':'x','UnitAmount':1,'AccountCode':'404',"
         "'TaxType':'OUTPUT2'}",
         "The TaxType code 'OUTPUT2' cannot be used with account code "
         "'404'."},
        {"{'Description':'x','Quantity':'-0.5','UnitAmount':1,"
         "'AccountCode':'200'}",
         "The quantity value '-0.5000' is invalid. Quantity must not be less "
         "than zero."},
        {"{'Description':'x','Quantity':2,'UnitAmount':1,'LineAmount':3,"
         "'AccountCode':'200'}",
         "The line total 3.00 does not match the expected line total 2.00"},
    };
    world_t *w = *state;
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_string_equal(first_error(put(w, "U-3", cases[i][0])),
                            cases[i][1]);
    }
}

static void a_wrong_type_voids_the_call(void **state)
{
    world_t *w = *state;
    const amzx_val_t *v =
        xero(w, "PUT", "/Invoices",
             "{'Invoices':[" HEAD "'LineItems':[{'Quantity':true,"
             "'UnitAmount':1,'AccountCode':'200'}]}]}");

    assert_int_equal(w->res.status, 400);
    assert_string_equal(sbx_text(v, "Type"), "PostDataInvalidException");
}

static void a_replay_is_answered_from_the_store(void **state)
{
    world_t *w = *state;
    const char *first;

    apr_table_setn(w->more, "Idempotency-Key", "k");
    put(w, "U-4", LINE);
    first = w->res.body;
    apr_table_setn(w->more, "Idempotency-Key", "k");
    put(w, "U-4", LINE);
    assert_string_equal(w->res.body, first);
    apr_table_setn(w->more, "Idempotency-Key", "k");
    put(w, "U-5", LINE);
    assert_int_equal(w->res.status, 400);
    w->now += apr_time_from_sec(361);
    apr_table_setn(w->more, "Idempotency-Key", "k");
    assert_string_equal(first_error(put(w, "U-4", LINE)),
                        "Invoice # must be unique.");
}

static void a_lost_reply_is_a_booked_invoice(void **state)
{
    world_t *w = *state;

    run(w, "POST", "/admin/faults",
        "[{'kind':'timeout-after','ms':0,'times':1,"
        "'match':{'op':'xero.invoices.put'}}]");
    put(w, "U-6", LINE);
    assert_int_equal(w->res.fate, SBX_DROP);
    xero(w, "GET", "/Invoices/U-6", NULL);
    assert_int_equal(w->res.status, 200);
    assert_int_equal(w->res.fate, SBX_SEND);
}

static void a_lost_request_is_no_invoice(void **state)
{
    world_t *w = *state;

    run(w, "POST", "/admin/faults", "[{'kind':'timeout-before','times':1}]");
    put(w, "U-7", LINE);
    assert_int_equal(w->res.fate, SBX_DROP);
    assert_int_equal(w->res.delay_ms, 30000);
    xero(w, "GET", "/Invoices/U-7", NULL);
    assert_int_equal(w->res.status, 404);
}

static void strangers_have_no_admin(void **state)
{
    static const char *const paths[] = {"/admin/state", "/"};
    world_t *w = *state;
    sbx_req_t *req;
    int i;

    for (i = 0; i < 2; i++) {
        req = request(w, "GET", paths[i], NULL);
        req->is_loopback = 0;
        sbx_answer(&w->res, req);
        assert_int_equal(w->res.status, 403);
    }
}

static void the_page_escapes_what_it_shows(void **state)
{
    world_t *w = *state;

    put(w, "\\u003cscript\\u003e\\u0027&", LINE);
    assert_int_equal(w->res.status, 200);
    run(w, "GET", "/", NULL);
    assert_non_null(strstr(w->res.body, "&lt;script&gt;&#39;&amp;"));
    assert_null(strstr(w->res.body, "<script"));
}

static void a_slash_date_inside_a_text_stays_json(void **state)
{
    world_t *w = *state;
    const amzx_val_t *v;

    v = put(w, "U-8)/", LINE);
    assert_string_equal(sbx_text(v, "InvoiceNumber"), "U-8)/");
    v = put(w, "/Date(1)/", LINE);
    assert_string_equal(sbx_text(v, "InvoiceNumber"), "/Date(1)/");
}

static void a_broken_seed_is_refused_and_changes_nothing(void **state)
{
    world_t *w = *state;

    put(w, "U-9", LINE);
    run(w, "POST", "/admin/reset", "{'seed':{'tenants':[{'tenantId':'x'}]}}");
    assert_int_equal(w->res.status, 400);
    xero(w, "GET", "/Invoices/U-9", NULL);
    assert_int_equal(w->res.status, 200);
}

static void generated_orders_repeat(void **state)
{
    static const char body[] = "{'generate':{'count':5,'seed':3}}";
    world_t *w = *state;
    const char *first;

    run(w, "POST", "/admin/amazon/orders", body);
    run(w, "GET", "/admin/amazon/orders", NULL);
    first = w->res.body;
    run(w, "POST", "/admin/reset", NULL);
    run(w, "POST", "/admin/amazon/orders", body);
    run(w, "GET", "/admin/amazon/orders", NULL);
    assert_string_equal(w->res.body, first);
    run(w, "POST", "/admin/amazon/orders", "{'generate':{'count':0}}");
    assert_int_equal(w->res.status, 400);
}

static void forms_decode_percent_and_plus(void **state)
{
    world_t *w = *state;
    apr_table_t *t = sbx_form("a=1+2&b=%41%zz%4&c&d==&%26=x", w->pool);

    assert_string_equal(apr_table_get(t, "a"), "1 2");
    assert_string_equal(apr_table_get(t, "b"), "A%zz%4");
    assert_string_equal(apr_table_get(t, "c"), "");
    assert_string_equal(apr_table_get(t, "d"), "=");
    assert_string_equal(apr_table_get(t, "&"), "x");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_invoice_is_booked_and_paid),
        CASE(a_number_is_used_once),
        CASE(a_bad_line_says_what_is_wrong),
        CASE(a_wrong_type_voids_the_call),
        CASE(a_replay_is_answered_from_the_store),
        CASE(a_lost_reply_is_a_booked_invoice),
        CASE(a_lost_request_is_no_invoice),
        CASE(strangers_have_no_admin),
        CASE(the_page_escapes_what_it_shows),
        CASE(a_slash_date_inside_a_text_stays_json),
        CASE(a_broken_seed_is_refused_and_changes_nothing),
        CASE(generated_orders_repeat),
        CASE(forms_decode_percent_and_plus),
    };
    int rc;

    apr_initialize();
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return rc;
}
