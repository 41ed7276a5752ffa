/* SPDX-License-Identifier: Apache-2.0 */
/* Taxes of the canonical order: inside or on top, and at which rate. */
#include "order_case.h"

static void an_itemised_tax_makes_the_prices_exclusive(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {GBP, "GBP", "SHIPPED", "120.00",
                       "ITEM 100.00 TAX 20.00", NULL, "", "", 1};
    const amzx_val_t *o = shape(&s, p); /* case A02 */

    case_is_at(o, "taxInclusive", "false", p);
    case_is_at(o, "lines.0.amount", "100.00", p);
    case_is_at(o, "lines.0.tax", "20.00", p);
    case_is_at(o, "lines.0.taxRate", "0.2", p);
    case_is_at(o, "lines.0.taxRateSource", "'line'", p);
    case_is_at(o, "sumsOk", "true", p);
}

static void a_tax_inside_the_total_leaves_the_prices_inclusive(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {GBP, "GBP", "SHIPPED", "19.99",
                       "ITEM 19.99 TAX 3.33", NULL, "", "", 1};
    const amzx_val_t *o = shape(&s, p); /* case A03: net 16.66 */

    case_is_at(o, "taxInclusive", "true", p);
    case_is_at(o, "lines.0.tax", "3.33", p);
    case_is_at(o, "lines.0.taxRate", "0.2", p);
    case_is_at(o, "lines.0.taxRateSource", "'line'", p);
    case_is_at(o, "sumsOk", "true", p);
}

static void a_tax_discount_lowers_the_tax_not_the_shipping(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {GBP, "GBP", "SHIPPED", "54.00",
                       "ITEM 50.00 DISCOUNT 5.00 TAX 9.00",
                       "[{'subtype':'ITEM','value':{'amount':'10.00'}},"
                       "{'subtype':'DISCOUNT','value':{'amount':'-1.00'}}]",
                       "", "", 1};
    const amzx_val_t *o = shape(&s, p); /* case A10 */

    case_is_at(o, "taxInclusive", "false", p);
    case_is_at(o, "lines.0.tax", "9.00", p);
    case_is_at(o, "lines.0.discountTax", "1.00", p);
    case_is_at(o, "lines.0.taxRate", "0.2", p);
}

static void gift_wrap_and_shipping_have_their_own_tax(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {GBP, "GBP", "SHIPPED", "34.79",
                       "ITEM 20.00 GIFT_WRAP 3.99 SHIPPING 5.00 TAX 5.80",
                       "[{'subtype':'ITEM','value':{'amount':'4.00'}},"
                       "{'subtype':'GIFT_WRAP','value':{'amount':'0.80'}},"
                       "{'subtype':'SHIPPING','value':{'amount':'1.00'}}]",
                       "", "", 1};
    const amzx_val_t *o = shape(&s, p); /* case A11 */

    case_is_at(o, "sumsOk", "true", p);
    case_is_at(o, "lines.0.tax", "4.00", p);
    case_is_at(o, "lines.0.giftwrap", "3.99", p);
    case_is_at(o, "lines.0.giftwrapTax", "0.80", p);
    case_is_at(o, "lines.0.shippingTax", "1.00", p);
    case_is_at(o, "lines.0.taxRate", "0.2", p);
}

static void tax_that_amazon_collects_is_not_the_sellers(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {"ATVPDKIKX0DER", "USD", "SHIPPED", "32.39",
                       "ITEM 29.99 TAX 2.40", NULL,
                       "'tax':{'taxCollections':[{'model':"
                       "'MARKETPLACE_FACILITATOR','responsibleParty':"
                       "'Amazon Services, Inc.'}]},", "", 1};
    const amzx_val_t *o = shape(&s, p); /* case A01 */

    case_is_at(o, "total", "32.39", p);
    case_is_at(o, "taxCollected", "2.40", p);
    case_is_at(o, "sellerTotal", "29.99", p);
    case_is_at(o, "lines.0.collected", "true", p);
    case_is_at(o, "lines.0.taxRate", "0.08", p);
    case_is_at(o, "lines.0.taxRateSource", "'ratio'", p);
    case_is_at(o, "warnings", "[]", p);
}

static void a_store_of_sales_tax_without_tax_has_the_rate_zero(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {"ATVPDKIKX0DER", "USD", "SHIPPED", "29.99",
                       "ITEM 29.99", NULL, "", "", 1};
    const amzx_val_t *o = shape(&s, p);

    case_is_at(o, "lines.0.taxRate", "0", p);
    case_is_at(o, "lines.0.taxRateSource", "'itemised'", p);
}

static void no_rate_is_assumed_for_goods_that_leave_the_country(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {GBP, "GBP", "SHIPPED", "80.00", "ITEM 80.00", NULL,
                       "", "'recipient':{'deliveryAddress':{'city':'Ulm',"
                       "'countryCode':'DE'}},", 1};
    const amzx_val_t *o = shape(&s, p); /* case T05 */

    case_is_at(o, "address.country", "'DE'", p);
    case_is_at(o, "lines.0.taxRate", "null", p);
    case_is_at(o, "lines.0.taxRateSource", "'unknown'", p);
}

static void no_rate_is_assumed_where_amazon_collects_out_of_sight(
    void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {GBP, "GBP", "SHIPPED", "60.00", "ITEM 60.00", NULL,
                       "'tax':{'taxCollections':[{'model':"
                       "'MARKETPLACE_FACILITATOR'}]},", "", 1};
    const amzx_val_t *o = shape(&s, p);

    case_is_at(o, "lines.0.taxRate", "null", p);
    case_is_at(o, "warnings", "['collected_tax_hidden']", p);
}

static void the_rate_may_be_that_of_the_destination(void **state)
{
    apr_pool_t *p = *state;
    const shape_t s = {"A1PA6795UKMFR9", "EUR", "SHIPPED", "127.00",
                       "ITEM 100.00 TAX 27.00", NULL,
                       "'tax':{'taxCalculationBreakdowns':"
                       "[{'reportingScheme':'UOSS'}]},", "", 1};
    const amzx_val_t *o = shape(&s, p); /* case T07 */

    case_is_at(o, "lines.0.taxRate", "0.27", p);
    case_is_at(o, "lines.0.taxScheme", "'UOSS'", p);
    case_is_at(o, "lines.0.taxRateSource", "'line'", p);
}

static void a_free_line_borrows_the_rate_of_its_order(void **state)
{
    apr_pool_t *p = *state;
    const amzx_val_t *o = canon(
        "{'order':{'orderId':'1','createdTime':'2026-01-01T00:00:00Z',"
        "'salesChannel':{'marketplaceId':'" GBP "'},"
        "'proceeds':{'grandTotal':{'amount':'12.00','currencyCode':'GBP'}},"
        "'orderItems':["
        "{'orderItemId':'1','quantityOrdered':1,'proceeds':{'breakdowns':["
        "{'type':'ITEM','subtotal':{'amount':'0.00'}}]}},"
        "{'orderItemId':'2','quantityOrdered':1,'proceeds':{'breakdowns':["
        "{'type':'ITEM','subtotal':{'amount':'10.00'}},"
        "{'type':'TAX','subtotal':{'amount':'2.00'}}]}}]}}", p);

    case_is_at(o, "lines.0.taxRate", "0.2", p);
    case_is_at(o, "lines.0.taxRateSource", "'order'", p);
    case_is_at(o, "lines.1.taxRateSource", "'line'", p);
}

static void a_line_without_tax_in_an_order_with_tax_is_zero_rated(
    void **state)
{
    apr_pool_t *p = *state;
    const amzx_val_t *o = canon( /* with case T12 */
        "{'order':{'orderId':'1','createdTime':'2026-01-01T00:00:00Z',"
        "'salesChannel':{'marketplaceId':'" GBP "'},"
        "'proceeds':{'grandTotal':{'amount':'43.00','currencyCode':'GBP'}},"
        "'orderItems':["
        "{'orderItemId':'1','quantityOrdered':1,'proceeds':{'breakdowns':["
        "{'type':'ITEM','subtotal':{'amount':'10.00'}}]}},"
        "{'orderItemId':'2','quantityOrdered':1,'proceeds':{'breakdowns':["
        "{'type':'ITEM','subtotal':{'amount':'20.00'}},"
        "{'type':'TAX','subtotal':{'amount':'1.00'}}]}},"
        "{'orderItemId':'3','quantityOrdered':1,'proceeds':{'breakdowns':["
        "{'type':'ITEM','subtotal':{'amount':'10.00'}},"
        "{'type':'TAX','subtotal':{'amount':'2.00'}}]}}]}}", p);

    case_is_at(o, "lines.0.taxRate", "0", p);
    case_is_at(o, "lines.1.taxRate", "0.05", p);
    case_is_at(o, "lines.2.taxRate", "0.2", p);
}

static void standard_rates_have_their_day(void **state)
{
    apr_pool_t *p = *state;
    static const char text[] =
        "{'order':{'orderId':'1','createdTime':'%s',"
        "'salesChannel':{'marketplaceId':'A1PA6795UKMFR9'},"
        "'proceeds':{'grandTotal':{'amount':'10.00','currencyCode':'EUR'}},"
        "'orderItems':[{'orderItemId':'1','quantityOrdered':1,'proceeds':"
        "{'breakdowns':[{'type':'ITEM','subtotal':{'amount':'10.00'}}]}}]}}";

    case_is_at(canon(apr_psprintf(p, text, "2020-06-30T12:00:00Z"), p),
               "lines.0.taxRate", "0.19", p);
    case_is_at(canon(apr_psprintf(p, text, "2020-12-31T12:00:00Z"), p),
               "lines.0.taxRate", "0.16", p);
    case_is_at(canon(apr_psprintf(p, text, "2026-01-01T12:00:00Z"), p),
               "lines.0.taxRate", "0.19", p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(an_itemised_tax_makes_the_prices_exclusive),
        POOL_TEST(a_tax_inside_the_total_leaves_the_prices_inclusive),
        POOL_TEST(a_tax_discount_lowers_the_tax_not_the_shipping),
        POOL_TEST(gift_wrap_and_shipping_have_their_own_tax),
        POOL_TEST(tax_that_amazon_collects_is_not_the_sellers),
        POOL_TEST(a_store_of_sales_tax_without_tax_has_the_rate_zero),
        POOL_TEST(no_rate_is_assumed_for_goods_that_leave_the_country),
        POOL_TEST(no_rate_is_assumed_where_amazon_collects_out_of_sight),
        POOL_TEST(the_rate_may_be_that_of_the_destination),
        POOL_TEST(a_free_line_borrows_the_rate_of_its_order),
        POOL_TEST(a_line_without_tax_in_an_order_with_tax_is_zero_rated),
        POOL_TEST(standard_rates_have_their_day),
    };

    apr_initialize();
    return cmocka_run_group_tests_name("amazon_tax", tests, NULL, NULL);
}
