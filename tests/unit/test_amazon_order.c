/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical order, shape by shape. */
#include "order_case.h"

static void the_demo_order_is_212_40_with_tax_inside(void **state)
{
    apr_pool_t *p = *state;
    const amzx_val_t *o = canon(
        case_data("order-026-1520163-6049104.json", p), p);

    case_is_at(o, "orderId", "'026-1520163-6049104'", p);
    case_is_at(o, "status", "'UNSHIPPED'", p);
    case_is_at(o, "purchaseDate", "'2026-01-31T10:12:33Z'", p);
    case_is_at(o, "lastUpdated", "'2026-01-31T10:29:02.517000Z'", p);
    case_is_at(o, "salesChannel", "'Amazon.co.uk'", p);
    case_is_at(o, "currency", "'GBP'", p);
    case_is_at(o, "total", "212.40", p);
    case_is_at(o, "sellerTotal", "212.40", p);
    case_is_at(o, "taxInclusive", "true", p);
    case_is_at(o, "sumsOk", "true", p);
    case_is_at(o, "sumsDifference", "0.00", p);
    case_is_at(o, "paid", "true", p);
    case_is_at(o, "buyer", "null", p);
    case_is_at(o, "address", "null", p);
    case_is_at(o, "lines.0.qty", "2", p);
    case_is_at(o, "lines.0.amount", "129.90", p);
    case_is_at(o, "lines.0.shipping", "9.50", p);
    case_is_at(o, "lines.0.taxRate", "0.2", p);
    case_is_at(o, "lines.0.taxRateSource", "'marketplace-standard'", p);
    case_is_at(o, "lines.0.collected", "false", p);
    case_is_at(o, "lines.0.price", "64.95", p);
    case_is_at(o, "lines.1.sku", "'CLOTH/WHITE 140'", p);
    case_is_at(o, "lines.1.discount", "2.00", p);
    case_is_at(o, "lines.1.promotions", "['WINTER-2']", p);
    case_is_at(o, "warnings", "[]", p);
    case_is_at(o, "raw.orderId", "'026-1520163-6049104'", p);
}

static void an_amount_is_of_the_line_not_of_a_piece(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {GBP, "GBP", "SHIPPED", "10.00", "ITEM 10.00", NULL,
                       "", "", 3};
    const amzx_val_t *o = shape(&s, p); /* case A04 */

    case_is_at(o, "lines.0.qty", "3", p);
    case_is_at(o, "lines.0.amount", "10.00", p);
    case_is_at(o, "lines.0.price", "null", p);
}

static void yen_have_no_decimals(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {"A1VC38T7YXB528", "JPY", "SHIPPED", "1000",
                       "ITEM 1000", NULL, "", "", 3};
    const amzx_val_t *o = shape(&s, p); /* case A07 */

    case_is_at(o, "total", "1000", p);
    case_is_at(o, "lines.0.amount", "1000", p);
    case_is_at(o, "lines.0.taxRate", "0.1", p);
    case_is_at(o, "salesChannel", "'Amazon.co.jp'", p);
}

static void a_third_decimal_is_kept(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {GBP, "KWD", "SHIPPED", "1.005", "ITEM 1.005", NULL,
                       "", "", 1};

    case_is_at(shape(&s, p), "total", "1.005", p); /* case A08 */
}

static void a_free_shipping_promotion_is_a_shipping_discount(void **state)
{
    apr_pool_t *p = *state;
    const amzx_val_t *o = canon( /* case A09, discount written positive */
        "{'order':{'orderId':'1','createdTime':'2026-01-01T00:00:00Z',"
        "'salesChannel':{'marketplaceId':'" GBP "'},"
        "'proceeds':{'grandTotal':{'amount':'25.00','currencyCode':'GBP'}},"
        "'orderItems':[{'orderItemId':'1','quantityOrdered':1,'proceeds':"
        "{'breakdowns':[{'type':'ITEM','subtotal':{'amount':'25.00'}},"
        "{'type':'SHIPPING','subtotal':{'amount':'4.99'}},"
        "{'type':'DISCOUNT','subtotal':{'amount':'4.99'},"
        "'detailedBreakdowns':[{'subtype':'SHIPPING','value':"
        "{'amount':'4.99'}}]}]}}]}}", p);

    case_is_at(o, "sumsOk", "true", p);
    case_is_at(o, "lines.0.shipping", "4.99", p);
    case_is_at(o, "lines.0.shippingDiscount", "4.99", p);
    case_is_at(o, "lines.0.discount", "0.00", p);
}

static void a_discount_may_come_negative(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {GBP, "GBP", "SHIPPED", "45.00",
                       "ITEM 50.00 DISCOUNT -5.00", NULL, "", "", 1};
    const amzx_val_t *o = shape(&s, p);

    case_is_at(o, "sumsOk", "true", p);
    case_is_at(o, "lines.0.discount", "5.00", p);
}

static void a_discount_that_only_fits_signed_is_an_addition(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {GBP, "GBP", "SHIPPED", "55.00",
                       "ITEM 50.00 DISCOUNT 5.00", NULL, "", "", 1};
    const amzx_val_t *o = shape(&s, p);

    case_is_at(o, "sumsOk", "true", p);
    case_is_at(o, "lines.0.discount", "-5.00", p);
}

static void a_replacement_is_worth_nothing_and_is_not_paid(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {GBP, "GBP", "SHIPPED", "0.00", "ITEM 0.00", NULL, "",
                       "'associatedOrders':[{'orderId':'026-9','association"
                       "Type':'REPLACEMENT_ORIGINAL_ID'}],", 1};
    const amzx_val_t *o = shape(&s, p); /* case A14 */

    case_is_at(o, "isReplacement", "true", p);
    case_is_at(o, "isExchange", "false", p);
    case_is_at(o, "originalOrderIds", "['026-9']", p);
    case_is_at(o, "paid", "false", p);
    case_is_at(o, "total", "0.00", p);
    case_is_at(o, "sumsOk", "true", p);
}

static void a_pending_order_has_no_money(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {GBP, "GBP", "PENDING", NULL, "", NULL, "", "", 2};
    const amzx_val_t *o = shape(&s, p); /* case A16 */

    case_is_at(o, "status", "'PENDING'", p);
    case_is_at(o, "total", "null", p);
    case_is_at(o, "sellerTotal", "null", p);
    case_is_at(o, "sumsOk", "true", p);
    case_is_at(o, "sumsDifference", "null", p);
    case_is_at(o, "paid", "false", p);
    case_is_at(o, "currency", "'GBP'", p);
    case_is_at(o, "lines.0.qty", "2", p);
    case_is_at(o, "lines.0.amount", "null", p);
    case_is_at(o, "lines.0.taxRate", "null", p);
}

static void a_partly_cancelled_line_sells_the_rest(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {GBP, "GBP", "SHIPPED", "20.00", "ITEM 20.00", NULL,
                       "'fulfillment':{'quantityFulfilled':2,"
                       "'quantityUnfulfilled':0},", "", 3};
    const amzx_val_t *o = shape(&s, p); /* case A17 */

    case_is_at(o, "lines.0.qty", "2", p);
    case_is_at(o, "lines.0.qtyCancelled", "1", p);
    case_is_at(o, "lines.0.amount", "20.00", p);
}

static void a_line_with_money_is_never_taken_for_cancelled(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {GBP, "GBP", "SHIPPED", "20.00", "ITEM 20.00", NULL,
                       "'fulfillment':{'quantityFulfilled':0,"
                       "'quantityUnfulfilled':0},'cancellation':"
                       "{'cancellationExecution':{'cancelledBy':'BUYER'}},",
                       "", 3};

    case_is_at(shape(&s, p), "lines.0.qty", "3", p);
}

static void a_cancelled_order_sells_nothing(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {GBP, "GBP", "CANCELLED", "0.00", "ITEM 0.00", NULL,
                       "'fulfillment':{'quantityFulfilled':0,"
                       "'quantityUnfulfilled':0},'cancellation':"
                       "{'cancellationExecution':{'cancelledBy':'MERCHANT'}"
                       "},", "", 3};
    const amzx_val_t *o = shape(&s, p); /* case A20 */

    case_is_at(o, "lines.0.qty", "0", p);
    case_is_at(o, "lines.0.qtyCancelled", "3", p);
    case_is_at(o, "paid", "false", p);
}

static void a_cancelled_order_may_come_without_money(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {GBP, "GBP", "CANCELLED", NULL, "", NULL, "", "", 0};
    const amzx_val_t *o = shape(&s, p); /* with case A18 */

    case_is_at(o, "lines.0.qty", "0", p);
    case_is_at(o, "total", "null", p);
}

static void sums_that_differ_are_told(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {GBP, "GBP", "SHIPPED", "12.34", "ITEM 12.00", NULL,
                       "", "", 1};
    const amzx_val_t *o = shape(&s, p);

    case_is_at(o, "sumsOk", "false", p);
    case_is_at(o, "sumsDifference", "0.34", p);
    case_is_at(o, "warnings", "['sums']", p);
}

static void a_pending_tip_may_be_outside_the_total(void **state)
{
    apr_pool_t *p = *state;
    static const char text[] =
        "{'order':{'orderId':'1','createdTime':'2026-01-01T00:00:00Z',"
        "'salesChannel':{'marketplaceId':'ATVPDKIKX0DER'},"
        "'proceeds':{'grandTotal':{'amount':'%s','currencyCode':'USD'},"
        "'breakdowns':[{'type':'ITEM','subtotal':{'amount':'10.00'}},"
        "{'type':'DELIVERY_TIP','status':'%s','subtotal':"
        "{'amount':'3.00'}}]},'orderItems':[{'orderItemId':'1',"
        "'quantityOrdered':1,'proceeds':{'breakdowns':["
        "{'type':'ITEM','subtotal':{'amount':'10.00'}}]}}]}}";
    const amzx_val_t *o = canon(apr_psprintf(p, text, "10.00", "PENDING"),
                                p); /* case A25 */

    case_is_at(o, "tip", "{'amount':3.00,'status':'PENDING',"
                         "'inTotal':false}", p);
    case_is_at(o, "sumsOk", "true", p);
    o = canon(apr_psprintf(p, text, "13.00", "FINALIZED"), p);
    case_is_at(o, "tip", "{'amount':3.00,'status':'FINALIZED',"
                         "'inTotal':true}", p);
    case_is_at(o, "sumsOk", "true", p);
}

static void cash_on_delivery_and_other_parts_are_the_orders(void **state)
{
    apr_pool_t *p = *state;
    const amzx_val_t *o = canon(
        "{'order':{'orderId':'1','createdTime':'2026-01-01T00:00:00Z',"
        "'salesChannel':{'marketplaceId':'A1VC38T7YXB528'},"
        "'proceeds':{'grandTotal':{'amount':'1350','currencyCode':'JPY'},"
        "'breakdowns':[{'type':'ITEM','subtotal':{'amount':'1000'}},"
        "{'type':'COD_FEE','subtotal':{'amount':'300'}},"
        "{'type':'RECYCLING','subtotal':{'amount':'50'}}]},"
        "'orderItems':[{'orderItemId':'1','quantityOrdered':1,'proceeds':"
        "{'breakdowns':[{'type':'ITEM','subtotal':{'amount':'1000'}}]}}]}}",
        p);

    case_is_at(o, "codFee", "300", p);
    case_is_at(o, "other", "50", p);
    case_is_at(o, "sumsOk", "true", p);
    case_is_at(o, "warnings", "['unknown_breakdown']", p);
}

static void a_business_order_names_company_and_purchase_order(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {GBP, "GBP", "SHIPPED", "12.00", "ITEM 12.00", NULL,
                       "", "'programs':['AMAZON_BUSINESS','PRIME'],"
                       "'buyer':{'buyerName':'Zo\xc3\xab','buyerEmail':'',"
                       "'buyerCompanyName':'Acme Ltd',"
                       "'buyerPurchaseOrderNumber':'4500012'},"
                       "'tax':{'taxRegistrations':[{'entityType':'BUYER',"
                       "'taxRegistrationType':'VAT',"
                       "'taxRegistrationNumber':'GB123456789'}]},", 1};
    const amzx_val_t *o = shape(&s, p); /* case A26 */

    case_is_at(o, "isBusiness", "true", p);
    case_is_at(o, "buyer", "{'name':'Zo\xc3\xab','email':null,"
                           "'company':'Acme Ltd',"
                           "'purchaseOrder':'4500012'}", p);
    case_is_at(o, "taxRegistrations", "[{'entity':'BUYER','type':'VAT',"
                                      "'number':'GB123456789'}]", p);
}

static void an_order_of_another_channel_says_so(void **state)
{
    apr_pool_t *p = *state;
    const amzx_val_t *o = canon( /* case A24 */
        "{'order':{'orderId':'S-1','createdTime':'2026-01-01T00:00:00Z',"
        "'salesChannel':{'channelName':'NON_AMAZON'},"
        "'fulfillment':{'fulfillmentStatus':'SHIPPED'},"
        "'orderItems':[]}}", p);

    case_is_at(o, "salesChannel", "'Non-Amazon'", p);
    case_is_at(o, "channel", "'NON_AMAZON'", p);
    case_is_at(o, "paid", "false", p);
    case_is_at(o, "lines", "[]", p);
}

static void an_implausible_date_is_told(void **state)
{
    apr_pool_t *p = *state;
    const amzx_val_t *o = canon( /* case A23 */
        "{'order':{'orderId':'S-1','createdTime':'1995-01-01T00:00:00Z',"
        "'salesChannel':{},'orderItems':[]}}", p);

    case_is_at(o, "warnings", "['implausible_date']", p);
    case_is_at(o, "salesChannel", "'Amazon'", p);
}

static void a_service_names_the_line_it_belongs_to(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {GBP, "GBP", "SHIPPED", "30.00", "ITEM 30.00", NULL,
                       "'associatedOrderItems':[{'orderId':'026-7',"
                       "'orderItemId':'77','associationType':"
                       "'VALUE_ADD_SERVICE'}],", "", 1};

    case_is_at(shape(&s, p), "lines.0.serviceOf",
               "{'orderId':'026-7','lineId':'77'}", p); /* case A28 */
}

static void amounts_that_are_no_numbers_are_refused(void **state)
{
    apr_pool_t *p = *state;
    static const char *const bad[] = {"12,00", "", "1e400", "abc"};
    int i;

    for (i = 0; i < 4; i++) {
        case_t *c = case_begin("amazon.orders.getOrder",
                               "{'orderId':'1'}", NULL, p);

        case_answer(c, 200, apr_psprintf(
            p, "{'order':{'orderId':'1','proceeds':{'grandTotal':"
            "{'amount':'%s','currencyCode':'GBP'}},'orderItems':[]}}",
            bad[i]));
        case_is_fault(c, AMZX_FAULT_REJECTED, "data.schema");
        assert_string_equal(c->fault.place, "proceeds.grandTotal");
    }
}

static void mixed_currencies_are_refused(void **state)
{
    apr_pool_t *p = *state;
    case_t *c = case_begin("amazon.orders.getOrder", "{'orderId':'1'}", NULL,
                           p);

    case_answer(c, 200, "{'order':{'orderId':'1','proceeds':{'grandTotal':"
                "{'amount':'1.00','currencyCode':'GBP'},'breakdowns':"
                "[{'type':'ITEM','subtotal':{'amount':'1.00',"
                "'currencyCode':'EUR'}}]},'orderItems':[]}}");
    case_is_fault(c, AMZX_FAULT_REJECTED, "data.currency");
    assert_string_equal(c->fault.place, "proceeds.breakdowns.0");
}

/* The samples of the official model are read, and add up. */
static void amazons_own_samples_add_up(void **state)
{
    apr_pool_t *p = *state;
    const char *specs = getenv("AMZXERO_SPECS");
    const amzx_val_t *doc = NULL;
    const amzx_val_t *o;
    char *bytes = NULL;
    apr_size_t len = 0;

    if (!specs) {
        print_message("AMZXERO_SPECS is not set: get orders_2026-01-01.json"
                      " from github.com/amzn/selling-partner-api-models\n");
        skip();
    }
    assert_int_equal(amzx_file_read(&bytes, &len, apr_pstrcat(
        p, specs, "/amazon/orders_2026-01-01.json", NULL), 1 << 24, p),
        APR_SUCCESS);
    assert_int_equal(amzx_json_parse(&doc, bytes, len, NULL, NULL, p),
                     APR_SUCCESS);
    doc = amzx_val_get(amzx_val_get(doc, "paths"),
                       "/orders/2026-01-01/orders/{orderId}");
    o = amzx_val_get(amzx_val_path(doc, "get.responses.200.examples"),
                     "application/json");
    o = canon(amzx_json_write(o, NULL, p), p);
    case_is_at(o, "total", "103.97", p);
    case_is_at(o, "taxInclusive", "false", p);
    case_is_at(o, "sumsOk", "true", p);
    case_is_at(o, "lines.0.tax", "3.00", p);
    case_is_at(o, "lines.0.shippingTax", "1.00", p);
    case_is_at(o, "buyer.name", "'James Wilson'", p);
    case_is_at(o, "address.postalCode", "'M1 2AB'", p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(the_demo_order_is_212_40_with_tax_inside),
        POOL_TEST(an_amount_is_of_the_line_not_of_a_piece),
        POOL_TEST(yen_have_no_decimals),
        POOL_TEST(a_third_decimal_is_kept),
        POOL_TEST(a_free_shipping_promotion_is_a_shipping_discount),
        POOL_TEST(a_discount_may_come_negative),
        POOL_TEST(a_discount_that_only_fits_signed_is_an_addition),
        POOL_TEST(a_replacement_is_worth_nothing_and_is_not_paid),
        POOL_TEST(a_pending_order_has_no_money),
        POOL_TEST(a_partly_cancelled_line_sells_the_rest),
        POOL_TEST(a_line_with_money_is_never_taken_for_cancelled),
        POOL_TEST(a_cancelled_order_sells_nothing),
        POOL_TEST(a_cancelled_order_may_come_without_money),
        POOL_TEST(sums_that_differ_are_told),
        POOL_TEST(a_pending_tip_may_be_outside_the_total),
        POOL_TEST(cash_on_delivery_and_other_parts_are_the_orders),
        POOL_TEST(a_business_order_names_company_and_purchase_order),
        POOL_TEST(an_order_of_another_channel_says_so),
        POOL_TEST(an_implausible_date_is_told),
        POOL_TEST(a_service_names_the_line_it_belongs_to),
        POOL_TEST(amounts_that_are_no_numbers_are_refused),
        POOL_TEST(mixed_currencies_are_refused),
        POOL_TEST(amazons_own_samples_add_up),
    };

    apr_initialize();
    return cmocka_run_group_tests_name("amazon_order", tests, NULL, NULL);
}
