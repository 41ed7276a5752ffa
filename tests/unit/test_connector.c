/* SPDX-License-Identifier: Apache-2.0 */
/* The registry, connections, tokens, limits, credentials, exchange rates,
 * and how lost effects are settled. */
#include "connector_case.h"

#include <sys/stat.h>
#include <unistd.h>

#define XERO amzx_connector_find("xero.accounting")
#define AMAZON amzx_connector_find("amazon.spapi")

static const char *header(const amzx_http_request_t *req, const char *name)
{
    int i;

    for (i = 0; i < req->headers; i++) {
        if (strcmp(req->header[i].name, name) == 0) {
            return req->header[i].value;
        }
    }
    return NULL;
}

static amzx_http_response_t *reply(int status, const char *body,
                                   const char *name, const char *value,
                                   apr_pool_t *p)
{
    amzx_http_response_t *rsp = apr_pcalloc(p, sizeof(*rsp));

    rsp->header = apr_pcalloc(p, sizeof(*rsp->header));
    rsp->status = status;
    rsp->body = case_quotes(body, p);
    rsp->body_len = strlen(body);
    if (name) {
        rsp->headers = 1;
        rsp->header[0].name = name;
        rsp->header[0].value = value;
    }
    return rsp;
}

static void every_operation_is_found_and_complete(void **state)
{
    const amzx_op_t *op;
    int i;

    (void)state;
    for (i = 0; (op = amzx_op_at(i)) != NULL; i++) {
        assert_ptr_equal(amzx_op_find(op->name), op);
        assert_non_null(op->args);
        assert_non_null(op->result);
        assert_non_null(op->members);
        assert_non_null(op->doc);
        assert_non_null(amzx_op_impl_find(op->name)->step);
        if (op->confirm) {
            const amzx_op_t *confirm = amzx_op_find(op->confirm);

            assert_non_null(confirm);
            assert_int_equal(confirm->effect, AMZX_EFFECT_READ);
        }
        /* an effect that a look-up can settle must say by which */
        assert_true((op->effect == AMZX_EFFECT_UNIQUE
                     || op->effect == AMZX_EFFECT_FINDABLE)
                    == (op->confirm != NULL));
        if (op->connection) {
            assert_non_null(amzx_connector_find(op->connection));
        }
    }
    assert_in_range(i, 25, 100);
    assert_null(amzx_op_at(-1));
    assert_null(amzx_op_find("xero.invoices.destroy"));
    assert_null(amzx_connector_find("ebay"));
    assert_int_equal(amzx_op_find("amazon.orders.getOrder")->interval_us,
                     apr_time_from_sec(2));
    assert_int_equal(amzx_op_find("amazon.orders.getOrder")->burst, 30);
    assert_in_range(amzx_op_find("amazon.orders.searchOrders")->interval_us,
                    apr_time_from_sec(178), apr_time_from_sec(179));
}

static void a_xero_connection_gets_its_defaults(void **state)
{
    amzx_conn_t conn = {0};
    amzx_fault_t fault;

    conn.name = "xero";
    conn.account = "tenant";
    assert_int_equal(XERO->defaults(&conn, &fault, *state), APR_SUCCESS);
    assert_string_equal(conn.base_url, "https://api.xero.com/api.xro/2.0");
    assert_string_equal(conn.token_url,
                        "https://identity.xero.com/connect/token");
    assert_string_equal(conn.grant, "refresh_token");
    assert_string_equal(conn.scope, "");
    assert_int_equal(conn.per_minute, 50);
    assert_int_equal(conn.burst, 10);
    assert_int_equal(conn.per_day, 5000);
    assert_int_equal(conn.concurrent, 4);
    assert_int_equal(conn.use_op_limits, 0);
    conn.base_url = "http://127.0.0.1:1/x";
    conn.per_minute = -1;
    conn.per_day = 1000;
    conn.grant = "client_credentials";
    assert_int_equal(XERO->defaults(&conn, &fault, *state), APR_SUCCESS);
    assert_string_equal(conn.base_url, "http://127.0.0.1:1/x");
    assert_int_equal(conn.per_minute, 0);
    assert_int_equal(conn.per_day, 1000);
    assert_non_null(strstr(conn.scope, "accounting.invoices"));
    conn.grant = "password";
    assert_int_not_equal(XERO->defaults(&conn, &fault, *state), APR_SUCCESS);
    conn.grant = "refresh_token";
    conn.account = "";
    assert_int_not_equal(XERO->defaults(&conn, &fault, *state), APR_SUCCESS);
    assert_string_equal(fault.code, "config.connection");
}

static void an_amazon_connection_has_the_host_of_its_region(void **state)
{
    amzx_conn_t conn = {0};
    amzx_fault_t fault;

    conn.name = "amazon";
    conn.region = "eu";
    assert_int_equal(AMAZON->defaults(&conn, &fault, *state), APR_SUCCESS);
    assert_string_equal(conn.base_url,
                        "https://sellingpartnerapi-eu.amazon.com");
    assert_string_equal(conn.token_url,
                        "https://api.amazon.com/auth/o2/token");
    assert_int_equal(conn.use_op_limits, 1);
    assert_int_equal(conn.per_minute, 0);
    conn.base_url = NULL;
    conn.region = "sandbox-fe";
    conn.use_op_limits = -1;
    assert_int_equal(AMAZON->defaults(&conn, &fault, *state), APR_SUCCESS);
    assert_string_equal(conn.base_url,
                        "https://sandbox.sellingpartnerapi-fe.amazon.com");
    assert_int_equal(conn.use_op_limits, 0);
    conn.base_url = NULL;
    conn.region = "mars";
    assert_int_not_equal(AMAZON->defaults(&conn, &fault, *state),
                         APR_SUCCESS);
    conn.base_url = "http://127.0.0.1:2";
    assert_int_equal(AMAZON->defaults(&conn, &fault, *state), APR_SUCCESS);
}

static void requests_to_xero_are_completed(void **state)
{
    amzx_conn_t conn = {0};
    amzx_http_request_t req = {0};
    amzx_fault_t fault;
    char key[200];

    conn.name = "xero";
    conn.base_url = "https://api.xero.com/api.xro/2.0";
    conn.account = "t-1";
    req.url = "/Items";
    assert_int_equal(XERO->authorize(&req, &conn, "acc", "key-1", 0, &fault,
                                     *state), APR_SUCCESS);
    assert_string_equal(req.url, "https://api.xero.com/api.xro/2.0/Items");
    assert_string_equal(header(&req, "Authorization"), "Bearer acc");
    assert_string_equal(header(&req, "Accept"), "application/json");
    assert_string_equal(header(&req, "xero-tenant-id"), "t-1");
    assert_string_equal(header(&req, "Idempotency-Key"), "key-1");
    memset(&req, 0, sizeof(req));
    req.url = "/Items";
    conn.account = "";
    assert_int_equal(XERO->authorize(&req, &conn, "acc", NULL, 0, &fault,
                                     *state), APR_SUCCESS);
    assert_null(header(&req, "xero-tenant-id"));
    assert_null(header(&req, "Idempotency-Key"));
    memset(key, 'k', sizeof(key));
    key[199] = '\0'; /* Xero takes 128 characters */
    req.url = "/Items";
    assert_int_not_equal(XERO->authorize(&req, &conn, "acc", key, 0, &fault,
                                         *state), APR_SUCCESS);
    req.url = "/Items";
    assert_int_not_equal(XERO->authorize(&req, &conn, "a\ncc", NULL, 0,
                                         &fault, *state), APR_SUCCESS);
    assert_string_equal(fault.code, "config.credential");
}

static void requests_to_amazon_are_completed(void **state)
{
    amzx_conn_t conn = {0};
    amzx_http_request_t req = {0};
    amzx_fault_t fault;

    conn.name = "amazon";
    conn.base_url = "https://sellingpartnerapi-eu.amazon.com";
    req.url = "/orders/x";
    assert_int_equal(AMAZON->authorize(
        &req, &conn, "Atza|1", "key", APR_INT64_C(1787298600000000) , &fault,
        *state), APR_SUCCESS);
    assert_string_equal(req.url,
                        "https://sellingpartnerapi-eu.amazon.com/orders/x");
    assert_string_equal(header(&req, "x-amz-access-token"), "Atza|1");
    assert_string_equal(header(&req, "x-amz-date"), "20260821T075000Z");
    assert_non_null(strstr(header(&req, "User-Agent"), "Language=C"));
    assert_null(header(&req, "Idempotency-Key"));
}

static void token_requests_are_forms(void **state)
{
    amzx_conn_t conn = {0};
    amzx_credential_t cred = {"id/1", "se cret", NULL};
    amzx_http_request_t req;
    amzx_fault_t fault;

    conn.name = "c";
    conn.token_url = "https://t/x";
    conn.scope = "a b";
    XERO->token_request(&req, &conn, &cred, "R+1", &fault, *state);
    assert_string_equal(req.method, "POST");
    assert_string_equal(req.url, "https://t/x");
    assert_string_equal(req.body,
                        "grant_type=refresh_token&refresh_token=R%2B1");
    assert_int_equal(req.body_len, strlen(req.body));
    assert_string_equal(header(&req, "Authorization"),
                        "Basic aWQvMTpzZSBjcmV0");
    XERO->token_request(&req, &conn, &cred, NULL, &fault, *state);
    assert_string_equal(req.body,
                        "grant_type=client_credentials&scope=a%20b");
    AMAZON->token_request(&req, &conn, &cred, "Atzr|x", &fault, *state);
    assert_string_equal(req.body, "grant_type=refresh_token&refresh_token="
        "Atzr%7Cx&client_id=id%2F1&client_secret=se%20cret");
    AMAZON->token_request(&req, &conn, &cred, NULL, &fault, *state);
    assert_string_equal(req.body, "grant_type=client_credentials&scope="
        "a%20b&client_id=id%2F1&client_secret=se%20cret");
    conn.scope = "";
    assert_int_not_equal(AMAZON->token_request(&req, &conn, &cred, NULL,
                                               &fault, *state), APR_SUCCESS);
    assert_string_equal(fault.code, "config.credential");
}

static void token_answers_are_read(void **state)
{
    amzx_token_reply_t out;
    amzx_fault_t fault;

    assert_int_equal(XERO->token_reply(&out, reply(200,
        "{'access_token':'jwt','expires_in':1800,'token_type':'Bearer',"
        "'refresh_token':'r2'}", NULL, NULL, *state), &fault, *state),
        APR_SUCCESS);
    assert_string_equal(out.access, "jwt");
    assert_string_equal(out.refresh, "r2");
    assert_int_equal(out.expires_in_us, apr_time_from_sec(1800));
    assert_int_equal(AMAZON->token_reply(&out, reply(200,
        "{'access_token':'Atza|x','expires_in':'3600'}", NULL, NULL,
        *state), &fault, *state), APR_SUCCESS);
    assert_null(out.refresh);
    assert_int_equal(out.expires_in_us, apr_time_from_sec(3600));
}

static void token_refusals_are_told_apart(void **state)
{
    static const struct {
        int status;
        const char *body;
        amzx_fault_class_e klass;
        const char *code;
    } all[] = {
        {400, "{'error':'invalid_grant'}", AMZX_FAULT_AUTH, "auth.revoked"},
        {400, "{'error':'invalid_grant','error_description':'The request"
              " has an invalid grant parameter : refresh_token.'}",
         AMZX_FAULT_AUTH, "auth.revoked"},
        {401, "{'error':'invalid_client'}", AMZX_FAULT_AUTH, "auth.client"},
        {400, "{'error':'unauthorized_client'}", AMZX_FAULT_AUTH,
         "auth.client"},
        {401, "", AMZX_FAULT_AUTH, "auth.client"},
        {400, "{'error':'invalid_scope'}", AMZX_FAULT_CONFIG,
         "config.token"},
        {400, "<html>", AMZX_FAULT_CONFIG, "config.token"},
        {400, "{'error':'temporarily_unavailable'}", AMZX_FAULT_TRANSIENT,
         "server.token"},
        {500, "{'error':'server_error'}", AMZX_FAULT_TRANSIENT,
         "server.500"},
        {503, "", AMZX_FAULT_TRANSIENT, "server.503"},
        {429, "", AMZX_FAULT_THROTTLED, "rate_limited.token"},
        {200, "{'token':'x'}", AMZX_FAULT_TRANSIENT, "network.garbled"},
        {200, "{'access_token':''}", AMZX_FAULT_TRANSIENT, "network.garbled"},
        {200, "", AMZX_FAULT_TRANSIENT, "network.garbled"},
    };
    amzx_token_reply_t out;
    amzx_fault_t fault;
    apr_size_t i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        amzx_fault_clear(&fault);
        assert_int_not_equal(XERO->token_reply(&out, reply(
            all[i].status, all[i].body, NULL, NULL, *state), &fault,
            *state), APR_SUCCESS);
        assert_string_equal(fault.code, all[i].code);
        assert_int_equal(fault.klass, all[i].klass);
        assert_null(out.access);
    }
}

static void limit_headers_are_read(void **state)
{
    amzx_limit_hint_t hint;

    XERO->limit_hint(&hint, reply(200, "", "X-DayLimit-Remaining", "4711",
                                  *state));
    assert_null(hint.problem);
    assert_int_equal(hint.day_remaining, 4711);
    assert_int_equal(hint.minute_remaining, -1);
    assert_int_equal(hint.retry_after_us, -1);
    XERO->limit_hint(&hint, reply(200, "", "X-MinLimit-Remaining", "x",
                                  *state));
    assert_int_equal(hint.minute_remaining, -1);
    AMAZON->limit_hint(&hint, reply(429, "", "x-amzn-RateLimit-Limit",
                                    "0.0056", *state));
    assert_string_equal(hint.problem, "operation");
    assert_int_equal(hint.op_interval_us, 178571429);
    AMAZON->limit_hint(&hint, reply(200, "", "x-amzn-ratelimit-limit", "0",
                                    *state));
    assert_null(hint.problem);
    assert_int_equal(hint.op_interval_us, 0);
}

static const char *temp_file(const char *text, apr_pool_t *p)
{
    char *path = apr_pstrdup(p, "/tmp/amzx-cred-XXXXXX");
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

static void a_credential_is_read_from_its_file(void **state)
{
    const char *path = temp_file("{\"client_id\":\" id\\n\","
        "\"client_secret\":\"secret\",\"refresh_token\":\"r\\n\"}", *state);
    amzx_credential_t cred;
    amzx_fault_t fault;

    assert_int_equal(amzx_credential_load(&cred, path, &fault, *state),
                     APR_SUCCESS);
    assert_string_equal(cred.client_id, "id");
    assert_string_equal(cred.client_secret, "secret");
    assert_string_equal(cred.refresh_token, "r");
    assert_int_equal(chmod(path, 0666), 0); /* others may write: refused */
    assert_int_not_equal(amzx_credential_load(&cred, path, &fault, *state),
                         APR_SUCCESS);
    unlink(path);
    assert_int_not_equal(amzx_credential_load(&cred, path, &fault, *state),
                         APR_SUCCESS);
    assert_null(cred.client_id);
    path = temp_file("{\"client_id\":\"id\"}", *state);
    assert_int_not_equal(amzx_credential_load(&cred, path, &fault, *state),
                         APR_SUCCESS);
    assert_string_equal(fault.code, "config.credential");
    assert_null(cred.client_id);
    unlink(path);
    path = temp_file("[1]", *state);
    assert_int_not_equal(amzx_credential_load(&cred, path, &fault, *state),
                         APR_SUCCESS);
    unlink(path);
}

static case_t *fx(const char *setting, const char *args, apr_pool_t *p)
{
    case_t *c = case_begin("fx.rate", "{}", NULL, p);
    amzx_setting_t s = {"order-to-invoice", "fx.EURGBP", setting};

    if (setting) {
        APR_ARRAY_PUSH(c->tenant.settings, amzx_setting_t) = s;
    }
    c->call.args = case_json(case_quotes(args, p), p);
    case_step(c, NULL);
    return c;
}

static void an_exchange_rate_comes_from_settings_or_not_at_all(void **state)
{
    static const char ask[] = "{'from':'EUR','to':'GBP',"
                              "'date':'2026-02-10'}";
    case_t *c = fx("0.8650", ask, *state);

    case_is_result(c, "{'from':'EUR','to':'GBP','date':'2026-02-10',"
                      "'rate':0.8650,'source':'settings'}");
    c = fx("2026-01-01=0.8650 2026-03-01=0.8800 2026-02-01=0.8712", ask,
           *state);
    case_is_at(c->result, "rate", "0.8712", *state);
    case_is_fault(fx("2026-03-01=0.88", ask, *state), AMZX_FAULT_CONFIG,
                  "missing.fx_rate");
    case_is_fault(fx(NULL, ask, *state), AMZX_FAULT_CONFIG,
                  "missing.fx_rate");
    case_is_fault(fx("0", ask, *state), AMZX_FAULT_CONFIG, "config.fx_rate");
    case_is_fault(fx("soon=1", ask, *state), AMZX_FAULT_CONFIG,
                  "config.fx_rate");
    c = fx(NULL, "{'from':'GBP','to':'GBP','date':'2026-02-10'}", *state);
    case_is_at(c->result, "rate", "1", *state);
    case_is_fault(fx("1", "{'from':'EUR','to':'XXQ','date':'2026-02-10'}",
                     *state), AMZX_FAULT_REJECTED, "data.argument");
    case_is_fault(fx("1", "{'from':'EUR','to':'GBP','date':'today'}",
                     *state), AMZX_FAULT_REJECTED, "data.argument");
}

/* Is what was found the same, for an effect with these arguments? */
static int same(const char *op, const char *args, const char *body,
                const char *found, apr_pool_t *p)
{
    const amzx_val_t *one;

    return amzx_op_confirm_same(
        &one, amzx_op_find(op), case_json(case_quotes(args, p), p),
        case_json(case_quotes(body, p), p),
        case_json(case_quotes(found, p), p));
}

static void lost_effects_are_settled_by_their_keys(void **state)
{
    static const char invoice[] = "{'InvoiceNumber':'N','Reference':'R',"
        "'Contact':{'ContactID':'c'},'LineAmountTypes':'Inclusive',"
        "'LineItems':[{'LineAmount':10.00},{'Quantity':2,"
        "'UnitAmount':1.005}]}";
    static const char payment[] = "{'Amount':5.00,'Reference':'R',"
        "'Invoice':{'InvoiceID':'i'}}";
    const amzx_val_t *args;

    args = amzx_op_confirm_args(amzx_op_find("xero.payments.create"), NULL,
        case_json(case_quotes(payment, *state), *state), *state);
    case_is_at(args, "InvoiceID", "'i'", *state);
    args = amzx_op_confirm_args(amzx_op_find("xero.invoices.create"), NULL,
        case_json(case_quotes(invoice, *state), *state), *state);
    case_is_at(args, "number", "'N'", *state);
    assert_null(amzx_op_confirm_args(amzx_op_find("xero.items.create"), NULL,
                                     case_json("{}", *state), *state));
    assert_null(amzx_op_confirm_args(amzx_op_find("xero.items.get"), NULL,
                                     NULL, *state));
    assert_true(same("xero.invoices.create", "{}", invoice,
        "{'InvoiceNumber':'N','Reference':'R','Contact':{'ContactID':'c'},"
        "'Status':'AUTHORISED','Total':12.01}", *state));
    assert_false(same("xero.invoices.create", "{}", invoice,
        "{'InvoiceNumber':'N','Reference':'R','Contact':{'ContactID':'c'},"
        "'Status':'VOIDED','Total':12.01}", *state));
    assert_false(same("xero.invoices.create", "{}", invoice,
        "{'InvoiceNumber':'N','Reference':'R','Contact':{'ContactID':'c'},"
        "'Status':'AUTHORISED','Total':12.02}", *state));
    assert_false(same("xero.invoices.create", "{}", invoice, "null",
                      *state));
    assert_true(same("xero.payments.create", "{}", payment,
        "[{'Amount':5,'Reference':'Q','Status':'AUTHORISED'},"
        "{'Amount':5,'Reference':'R','Status':'AUTHORISED'}]", *state));
    assert_false(same("xero.payments.create", "{}", payment,
        "[{'Amount':5,'Reference':'R','Status':'DELETED'}]", *state));
    assert_false(same("xero.payments.create", "{}", payment, "[]", *state));
    assert_true(same("xero.contacts.create", "{}", "{'ContactNumber':'1'}",
        "{'ContactNumber':'1','ContactStatus':'ACTIVE'}", *state));
    assert_true(same("xero.items.create", "{}", "{'Code':'K'}",
        "{'Code':'K'}", *state));
    assert_true(same("xero.invoices.void", "{'InvoiceID':'i'}", "null",
        "{'Status':'VOIDED'}", *state));
    assert_false(same("xero.invoices.void", "{'InvoiceID':'i'}", "null",
        "{'Status':'AUTHORISED'}", *state));
    assert_true(same("xero.invoices.renumber", "{'InvoiceNumber':'2'}",
        "null", "{'InvoiceNumber':'2'}", *state));
    assert_true(same("xero.payments.delete", "{}", "null",
        "{'Status':'DELETED'}", *state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(every_operation_is_found_and_complete),
        POOL_TEST(a_xero_connection_gets_its_defaults),
        POOL_TEST(an_amazon_connection_has_the_host_of_its_region),
        POOL_TEST(requests_to_xero_are_completed),
        POOL_TEST(requests_to_amazon_are_completed),
        POOL_TEST(token_requests_are_forms),
        POOL_TEST(token_answers_are_read),
        POOL_TEST(token_refusals_are_told_apart),
        POOL_TEST(limit_headers_are_read),
        POOL_TEST(a_credential_is_read_from_its_file),
        POOL_TEST(an_exchange_rate_comes_from_settings_or_not_at_all),
        POOL_TEST(lost_effects_are_settled_by_their_keys),
    };

    apr_initialize();
    return cmocka_run_group_tests_name("connector", tests, NULL, NULL);
}
