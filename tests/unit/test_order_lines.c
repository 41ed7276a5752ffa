/* SPDX-License-Identifier: Apache-2.0 */
/* workflows/order-to-invoice.xml: what it makes of orders; each run is cut at
 * every row of its journal. */
#include "booking_case.h"

static void a_british_order_becomes_an_invoice_and_a_payment(void **state)
{
    host_t *h = book(&uk, "212.40");

    (void)state;
    host_go(h);
    assert_string_equal(h->outcome, "done");
    is(h, "doc", "InvoiceNumber", "\"AMZ-" ORDER "\"");
    is(h, "doc", "Reference", "\"" ORDER "\"");
    is(h, "doc", "Contact.ContactID", "\"c-1\"");
    is(h, "doc", "LineAmountTypes", "\"Inclusive\"");
    is(h, "doc", "Date", "\"2026-01-31\"");
    is(h, "doc", "CurrencyCode", "\"GBP\"");
    is(h, "doc", "LineItems.0.Tracking.0.Option", "\"Amazon.co.uk\"");
    is(h, "doc", "LineItems.1.ItemCode", "\"BOOK-STAND-OAK\"");
    lines(h, 5);
    LINE(h, 0, "2", "59.9500", "119.90", "\"OUTPUT2\"", "null", "\"200\"");
    LINE(h, 1, "3", "29.1700", "87.51", "\"OUTPUT2\"", "null", "\"201\"");
    LINE(h, 2, "1", "4.99", "4.99", "\"OUTPUT2\"", "null", "\"210\"");
    LINE(h, 3, "1", "2.50", "2.50", "\"OUTPUT2\"", "null", "\"211\"");
    LINE(h, 4, "1", "-2.50", "-2.50", "\"OUTPUT2\"", "null", "\"215\"");
    is(h, "checks", "ok", "true");
    is(h, "booked", "ok", "true");
    assert_string_equal(
        host_asked(h, "CALL payment"),
        "CALL payment #1 xero.payments.create xero {} "
        "{\"Invoice\":{\"InvoiceID\":\"i-1\"},\"Account\":{\"Code\":\"090\"},"
        "\"Date\":\"2026-01-31\",\"Amount\":212.40,\"Reference\":\"" ORDER
        "\"} [pay/AMZ-" ORDER "] confirm xero.payments.ofInvoice");
    assert_int_equal(host_count(h, "CALL"), 5);
}

static void a_net_order_carries_amazons_own_tax(void **state)
{
    static const order_t de = {
        DE, "EUR", "142.79", NULL, NULL,
        { { "A", 1, "100.00", "20.00", NULL, NULL, NULL, "19.00", "3.79",
            0 } }
    };
    host_t *h = book(&de, "142.79");

    (void)state;
    h->settings = "{\"bank_account\":\"090\",\"tax_default\":\"TAX001\"}";
    host_go(h);
    assert_string_equal(h->outcome, "done");
    is(h, "doc", "LineAmountTypes", "\"Exclusive\"");
    is(h, "doc", "Contact.ContactID", "\"c-uk\"");
    LINE(h, 0, "1", "100.0000", "100.00", "\"TAX001\"", "19.00", "\"200\"");
    LINE(h, 1, "1", "20.00", "20.00", "\"TAX001\"", "3.79", "\"210\"");
    is(h, "computed", NULL, "142.79");
}

static void tax_that_the_marketplace_keeps_is_not_due(void **state)
{
    static const order_t us = {
        US, "USD", "113.66", NULL, NULL,
        { { "A", 1, "100.00", "5.00", NULL, NULL, NULL, "8.25", "0.41",
            1 } }
    };
    host_t *h = book(&us, "105.00");

    (void)state;
    host_go(h);
    assert_string_equal(h->outcome, "done");
    lines(h, 2);
    LINE(h, 0, "1", "100.0000", "100.00", "\"NONE\"", "null", "\"200\"");
    LINE(h, 1, "1", "5.00", "5.00", "\"NONE\"", "null", "\"210\"");
    is(h, "expected", NULL, "105.00");
    is(h, "booked", "ok", "true");
}

static void yen_have_no_decimals(void **state)
{
    static const order_t jp = {
        JP, "JPY", "1000", NULL, NULL,
        { { "A", 3, "1000", NULL, NULL, NULL, NULL, NULL, NULL, 0 } }
    };
    host_t *h = book(&jp, "1000");

    (void)state;
    h->settings = "{\"bank_account\":\"090\",\"tax_default\":\"NONE\"}";
    host_go(h);
    assert_string_equal(h->outcome, "done");
    LINE(h, 0, "3", "333.3333", "1000", "\"NONE\"", "null", "\"200\"");
}

static void a_quantity_without_a_unit_price_becomes_one_piece(void **state)
{
    static const order_t many = {
        UK, "GBP", "110.01", NULL, NULL,
        { { "A", 112, "100.01", NULL, NULL, NULL, NULL, NULL, NULL, 0 },
          { "B", 3, "10.00", NULL, NULL, NULL, NULL, NULL, NULL, 0 } }
    };
    host_t *h = book(&many, "110.01");

    (void)state;
    host_go(h);
    assert_string_equal(h->outcome, "done");
    LINE(h, 0, "1", "100.01", "100.01", "\"OUTPUT2\"", "null", "\"200\"");
    is(h, "doc", "LineItems.0.Description", "\"112 x A Thing 0\"");
    is(h, "doc", "LineItems.0.ItemCode", "null");
    LINE(h, 1, "3", "3.3333", "10.00", "\"OUTPUT2\"", "null", "\"200\"");
    is(h, "doc", "LineItems.1.ItemCode", "\"B\"");
}

static void free_shipping_is_income_and_a_promotion(void **state)
{
    static const order_t promo = {
        UK, "GBP", "25.00", NULL, NULL,
        { { "A", 1, "25.00", "4.99", NULL, NULL, "4.99", NULL, NULL, 0 } }
    };
    host_t *h = book(&promo, "25.00");
    host_t *each = book(&promo, "25.00");

    (void)state;
    host_go(h);
    assert_string_equal(h->outcome, "done");
    lines(h, 3);
    LINE(h, 1, "1", "4.99", "4.99", "\"OUTPUT2\"", "null", "\"210\"");
    LINE(h, 2, "1", "-4.99", "-4.99", "\"OUTPUT2\"", "null", "\"215\"");
    each->settings = "{\"bank_account\":\"090\",\"consolidate\":\"none\"}";
    host_go(each);
    lines(each, 3);
}

static void extras_of_two_items_are_one_line_each_kind(void **state)
{
    static const order_t two = {
        UK, "GBP", "39.00", NULL, NULL,
        { { "A", 1, "20.00", "3.00", "1.00", NULL, NULL, NULL, NULL, 0 },
          { "B", 1, "10.00", "4.00", "1.00", NULL, NULL, NULL, NULL, 0 } }
    };
    host_t *h = book(&two, "39.00");
    host_t *each = book(&two, "39.00");

    (void)state;
    host_go(h);
    lines(h, 4);
    LINE(h, 2, "1", "7.00", "7.00", "\"OUTPUT2\"", "null", "\"210\"");
    LINE(h, 3, "1", "2.00", "2.00", "\"OUTPUT2\"", "null", "\"211\"");
    each->settings = "{\"bank_account\":\"090\",\"consolidate\":\"none\"}";
    host_go(each);
    lines(each, 6);
    is(each, "checks", "ok", "true");
}

static void a_promotion_lowers_its_tax(void **state)
{
    static const order_t net = {
        UK, "GBP", "54.00", NULL, NULL,
        { { "A", 1, "50.00", NULL, NULL, "5.00", NULL, "9.00", NULL, 0 } }
    };
    host_t *h = book(&net, "54.00");

    (void)state;
    host_go(h);
    assert_string_equal(h->outcome, "done");
    is(h, "computed", NULL, "54.00");
    is(h, "doc", "LineAmountTypes", "\"Exclusive\"");
    LINE(h, 0, "1", "50.0000", "50.00", "\"OUTPUT2\"", "9.00", "\"200\"");
    LINE(h, 1, "1", "-5.00", "-5.00", "\"OUTPUT2\"", "null", "\"215\"");
}

static void lines_of_nothing_are_left_out(void **state)
{
    static const order_t zero = {
        UK, "GBP", "10.00", NULL, NULL,
        { { "A", 1, "10.00", NULL, NULL, NULL, NULL, NULL, NULL, 0 },
          { "B", 0, "0.00", NULL, NULL, NULL, NULL, NULL, NULL, 0 } }
    };
    host_t *h = book(&zero, "10.00");

    (void)state;
    host_go(h);
    assert_string_equal(h->outcome, "done");
    lines(h, 1);
    is(h, "skus", NULL, "[\"A\"]");
}

static void an_unknown_buyer_becomes_a_contact(void **state)
{
    host_t *h = book(&uk, "212.40");
    const char *ask;

    (void)state;
    host_says_only(h, "match", "{\"best\":{\"ContactID\":\"c-9\","
                   "\"score\":0.60},\"nameTaken\":true}");
    host_says(h, "contactChoice/newContact", "{\"ContactID\":\"c-new\"}");
    host_go(h);
    assert_string_equal(h->outcome, "done");
    is(h, "doc", "Contact.ContactID", "\"c-new\"");
    ask = host_asked(h, "CALL contactChoice/newContact");
    assert_non_null(strstr(ask, "\"Name\":\"Eleanor Whitcombe (NR1 3QU)\""));
    assert_non_null(strstr(ask, "\"PostalCode\":\"NR1 3QU\""));
    assert_non_null(strstr(ask, "[contact/AMZ-"));
}

static void missing_skus_wait_for_a_person(void **state)
{
    host_t *h = book(&uk, "212.40");

    (void)state;
    host_says_only(h, "known", "{\"codes\":[\"BOOK-STAND-OAK\"]}");
    host_run(h);
    assert_string_equal(h->outcome, "open");
    assert_int_equal(host_count(h, "REVIEW skuChoice/skuReview items"), 1);
    host_again(h);
    host_says(h, "skuChoice/skuReview", "{\"choice\":\"added\"}");
    host_says(h, "skuChoice/knownNow",
              "{\"codes\":[\"BOOK-STAND-OAK\",\"TEA-KETTLE-17\"]}");
    host_go(h);
    assert_string_equal(h->outcome, "done");
    is(h, "doc", "LineItems.0.ItemCode", "\"TEA-KETTLE-17\"");
    host_says_only(h, "skuChoice/skuReview", "{\"choice\":\"giveUp\"}");
    host_again(h);
    host_go_dead(h);
    assert_string_equal(h->code, "mapping.sku_not_found");
    assert_int_equal(host_count(h, CREATED), 0);
}

static void missing_skus_may_be_created(void **state)
{
    host_t *h = book(&uk, "212.40");

    (void)state;
    h->settings = "{\"bank_account\":\"090\","
                  "\"sku_missing\":\"auto_create\"}";
    host_says_only(h, "known", "{\"codes\":[]}");
    host_says(h, "xero.items.create", "{\"ItemID\":\"x\"}");
    host_go(h);
    assert_string_equal(h->outcome, "done");
    assert_int_equal(host_count(h, "CALL skuChoice/makeItems[TEA-KETTLE-17]/"
                                   "makeItem #1 xero.items.create"), 1);
    is(h, "doc", "LineItems.0.ItemCode", "\"TEA-KETTLE-17\"");
    is(h, "doc", "LineItems.1.ItemCode", "\"BOOK-STAND-OAK\"");
}

static void missing_skus_may_be_booked_without_items(void **state)
{
    host_t *h = book(&uk, "212.40");

    (void)state;
    h->settings = "{\"bank_account\":\"090\",\"sku_missing\":\"no_item\"}";
    host_says_only(h, "known", "{\"codes\":[\"BOOK-STAND-OAK\"]}");
    host_go(h);
    assert_string_equal(h->outcome, "done");
    is(h, "doc", "LineItems.0.ItemCode", "null");
    is(h, "doc", "LineItems.1.ItemCode", "\"BOOK-STAND-OAK\"");
}

static void amounts_are_converted_and_add_up(void **state)
{
    static const order_t eur = {
        DE, "EUR", "30.01", NULL, NULL,
        { { "A", 1, "10.01", "3.33", NULL, NULL, NULL, NULL, NULL, 0 },
          { "B", 3, "13.34", "3.33", NULL, NULL, NULL, NULL, NULL, 0 } }
    };
    host_t *h = book(&eur, "25.96");

    (void)state;
    h->settings = "{\"bank_account\":\"090\",\"tax_default\":\"OUTPUT2\","
                  "\"currency_mode\":\"convert\",\"fx.EURGBP\":\"0.865\"}";
    host_says(h, "fx", "{\"from\":\"EUR\",\"to\":\"GBP\",\"rate\":0.865}");
    host_go(h);
    assert_string_equal(h->outcome, "done");
    assert_string_equal(host_asked(h, "CALL fx"),
                        "CALL fx #1 fx.rate  {\"from\":\"EUR\","
                        "\"to\":\"GBP\",\"date\":\"2026-01-31\"} - [] "
                        "confirm -");
    is(h, "doc", "CurrencyCode", "\"GBP\"");
    is(h, "expected", NULL, "25.96");
    is(h, "computed", NULL, "25.96");
    is(h, "checks", "ok", "true");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_british_order_becomes_an_invoice_and_a_payment),
        cmocka_unit_test(a_net_order_carries_amazons_own_tax),
        cmocka_unit_test(tax_that_the_marketplace_keeps_is_not_due),
        cmocka_unit_test(yen_have_no_decimals),
        cmocka_unit_test(a_quantity_without_a_unit_price_becomes_one_piece),
        cmocka_unit_test(free_shipping_is_income_and_a_promotion),
        cmocka_unit_test(extras_of_two_items_are_one_line_each_kind),
        cmocka_unit_test(a_promotion_lowers_its_tax),
        cmocka_unit_test(lines_of_nothing_are_left_out),
        cmocka_unit_test(an_unknown_buyer_becomes_a_contact),
        cmocka_unit_test(missing_skus_wait_for_a_person),
        cmocka_unit_test(missing_skus_may_be_created),
        cmocka_unit_test(missing_skus_may_be_booked_without_items),
        cmocka_unit_test(amounts_are_converted_and_add_up),
    };

    return cmocka_run_group_tests(tests, order_setup, host_teardown);
}
