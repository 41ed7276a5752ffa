/* SPDX-License-Identifier: Apache-2.0 */
/* Amazon's operations: requests, pages, and what its refusals mean. */
#include "connector_case.h"

#define DATA \
    "PROCEEDS%2CPROMOTION%2CEXPENSE%2CCANCELLATION%2CFULFILLMENT%2CTAX"

static case_t *get(apr_pool_t *p)
{
    return case_begin("amazon.orders.getOrder",
                      "{'orderId':'026-1520163-6049104'}", NULL, p);
}

static void an_order_is_fetched_without_personal_data(void **state)
{
    case_is_request(get(*state), "GET", "/orders/2026-01-01/orders/"
                    "026-1520163-6049104?includedData=" DATA);
}

static void personal_data_is_asked_for_on_demand(void **state)
{
    case_t *c = case_begin("amazon.orders.getOrder", "{'orderId':'a/b c',"
                           "'includedData':'PROCEEDS,BUYER'}", NULL, *state);

    case_is_request(c, "GET", "/orders/2026-01-01/orders/a%2Fb%20c"
                              "?includedData=PROCEEDS%2CBUYER");
    c = case_begin("amazon.orders.getOrder", "{'orderId':'1',"
                   "'includedData':['PROCEEDS','RECIPIENT']}", NULL, *state);
    case_is_request(c, "GET", "/orders/2026-01-01/orders/1"
                              "?includedData=PROCEEDS%2CRECIPIENT");
}

static void an_order_needs_its_id(void **state)
{
    case_is_fault(case_begin("amazon.orders.getOrder", "{}", NULL, *state),
                  AMZX_FAULT_REJECTED, "data.argument");
}

static void an_order_may_come_bare(void **state)
{
    case_t *c = get(*state);

    case_answer(c, 200, "{'orderId':'1','orderItems':[]}");
    case_is_at(c->result, "orderId", "'1'", *state);
    c = get(*state);
    case_answer(c, 200, "{'orders':[]}");
    case_is_fault(c, AMZX_FAULT_REJECTED, "data.schema");
}

static void a_window_is_searched_with_its_filters(void **state)
{
    case_t *c = case_begin("amazon.orders.searchOrders",
        "{'lastUpdatedAfter':'2026-01-31T10:00:00Z'}", NULL, *state);

    case_is_request(c, "GET", "/orders/2026-01-01/orders?lastUpdatedAfter="
        "2026-01-31T10%3A00%3A00Z&maxResultsPerPage=100&includedData="
        DATA);
    c = case_begin("amazon.orders.searchOrders",
        "{'lastUpdatedAfter':'A','lastUpdatedBefore':'B','marketplaceIds':"
        "['M1','M2'],'paginationToken':'t=='}", NULL, *state);
    case_is_request(c, "GET", "/orders/2026-01-01/orders?lastUpdatedAfter=A"
        "&lastUpdatedBefore=B&marketplaceIds=M1%2CM2&maxResultsPerPage=100"
        "&paginationToken=t%3D%3D&includedData=" DATA);
    c->conn.marketplaces = "M3,M4";
    c->call.args = case_json("{\"lastUpdatedAfter\":\"A\"}", *state);
    case_step(c, NULL);
    case_is_request(c, "GET", "/orders/2026-01-01/orders?lastUpdatedAfter=A"
        "&marketplaceIds=M3%2CM4&maxResultsPerPage=100&includedData=" DATA);
    case_is_fault(case_begin("amazon.orders.searchOrders",
        "{'lastUpdatedAfter':'A','marketplaceIds':['a,b']}", NULL, *state),
        AMZX_FAULT_REJECTED, "data.argument");
}

static void a_page_has_orders_a_cursor_and_a_token(void **state)
{
    case_t *c = case_begin("amazon.orders.searchOrders",
                           "{'lastUpdatedAfter':'A'}", NULL, *state);

    case_answer(c, 200, "{'orders':[{'orderId':'1','orderItems':[]},"
        "{'orderId':'2','proceeds':{'grandTotal':{'amount':'x'}}},"
        "{'orderId':'3','orderItems':[]}],'pagination':{'nextToken':'n'},"
        "'lastUpdatedBefore':'2026-01-31T11:00:00Z'}");
    case_is_at(c->result, "items.0.orderId", "'1'", *state);
    case_is_at(c->result, "items.1.orderId", "'3'", *state);
    case_is_at(c->result, "skipped", "['2']", *state);
    case_is_at(c->result, "nextToken", "'n'", *state);
    case_is_at(c->result, "cursor", "'2026-01-31T11:00:00Z'", *state);
    c = case_begin("amazon.orders.searchOrders", "{'lastUpdatedAfter':'A'}",
                   NULL, *state);
    case_answer(c, 200, "{'orders':[]}");
    case_is_result(c, "{'items':[],'nextToken':null,'cursor':null,"
                      "'skipped':[]}");
    c = case_begin("amazon.orders.searchOrders", "{'lastUpdatedAfter':'A'}",
                   NULL, *state);
    case_answer(c, 200, "{'payload':{}}");
    case_is_fault(c, AMZX_FAULT_TRANSIENT, "network.garbled");
}

static void stores_are_listed(void **state)
{
    case_t *c = case_begin("amazon.sellers.getMarketplaceParticipations",
                           NULL, NULL, *state);

    case_is_request(c, "GET", "/sellers/v1/marketplaceParticipations");
    case_answer(c, 200, "{'payload':[{'marketplace':{'id':'A1F83G8C2ARO7P',"
        "'name':'Amazon.co.uk','countryCode':'GB','defaultCurrencyCode':"
        "'GBP'},'participation':{'isParticipating':true},'storeName':"
        "'Shop'}]}");
    case_is_result(c, "[{'marketplaceId':'A1F83G8C2ARO7P','name':"
        "'Amazon.co.uk','country':'GB','currency':'GBP','storeName':'Shop',"
        "'isParticipating':true}]");
}

static void a_403_means_what_its_details_say(void **state)
{
    static const struct {
        const char *details;
        const char *code;
    } all[] = {
        {"Access token is missing in the request header.", "auth.expired"},
        {"The access token you provided is revoked, malformed or invalid.",
         "auth.expired"},
        {"The access token you provided has expired.", "auth.expired"},
        {"The LWA secret token you provided has expired.", "auth.client"},
        {"The marketplaces you provided are not valid for region.",
         "config.region"},
        {"", "auth.forbidden"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        case_t *c = get(*state);

        case_answer(c, 403, apr_psprintf(*state, "{'errors':[{'code':"
            "'Unauthorized','message':'Access to requested resource is"
            " denied.','details':'%s'}]}", all[i].details));
        assert_string_equal(c->fault.code, all[i].code);
        assert_int_equal(c->fault.klass, i == 4 ? AMZX_FAULT_CONFIG
                                                : AMZX_FAULT_AUTH);
    }
}

static void a_429_waits_as_long_as_the_rate_says(void **state)
{
    case_t *c = get(*state);

    case_answer_as(c, 429, "application/json", "{'errors':[{'code':"
                   "'QuotaExceeded','message':'You exceeded your quota for"
                   " the requested resource.','details':''}]}",
                   "x-amzn-RateLimit-Limit", "0.25");
    case_is_fault(c, AMZX_FAULT_THROTTLED, "rate_limited.operation");
    assert_int_equal(c->fault.retry_after_us, apr_time_from_sec(4));
    c = get(*state);
    case_answer(c, 429, "");
    assert_int_equal(c->fault.retry_after_us, apr_time_from_sec(2));
    c = get(*state);
    case_answer_as(c, 429, "text/html", "", "Retry-After", "9");
    assert_int_equal(c->fault.retry_after_us, apr_time_from_sec(9));
}

static void the_other_errors_are_told_apart(void **state)
{
    static const struct {
        int status;
        const char *body;
        amzx_fault_class_e klass;
        const char *code;
    } all[] = {
        {400, "{'errors':[{'code':'InvalidInput','message':'bad id'}]}",
         AMZX_FAULT_REJECTED, "validation.input"},
        {400, "", AMZX_FAULT_REJECTED, "validation.input"},
        {404, "{'errors':[{'code':'NotFound'}]}", AMZX_FAULT_REJECTED,
         "not_found"},
        {413, "", AMZX_FAULT_REJECTED, "validation.http_413"},
        {500, "{'errors':[{'code':'InternalFailure'}]}",
         AMZX_FAULT_TRANSIENT, "server.500"},
        {503, "", AMZX_FAULT_TRANSIENT, "server.503"},
        {200, "{'order':{", AMZX_FAULT_TRANSIENT, "network.garbled"},
        {301, "", AMZX_FAULT_CONFIG, "config.redirect"},
        {401, "{'message':'Unauthorized'}", AMZX_FAULT_AUTH,
         "auth.forbidden"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        case_t *c = get(*state);

        case_answer(c, all[i].status, all[i].body);
        case_is_fault(c, all[i].klass, all[i].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(an_order_is_fetched_without_personal_data),
        POOL_TEST(personal_data_is_asked_for_on_demand),
        POOL_TEST(an_order_needs_its_id),
        POOL_TEST(an_order_may_come_bare),
        POOL_TEST(a_window_is_searched_with_its_filters),
        POOL_TEST(a_page_has_orders_a_cursor_and_a_token),
        POOL_TEST(stores_are_listed),
        POOL_TEST(a_403_means_what_its_details_say),
        POOL_TEST(a_429_waits_as_long_as_the_rate_says),
        POOL_TEST(the_other_errors_are_told_apart),
    };

    apr_initialize();
    return cmocka_run_group_tests_name("amazon_ops", tests, NULL, NULL);
}
