/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts with a currency. */
#include "base_test.h"

#include <string.h>

#include "amzx_money.h"

static amzx_money_t money(const char *amount, const char *currency)
{
    amzx_money_t m;
    amzx_dec_t d;

    assert_int_equal(amzx_dec_parse(&d, amount, strlen(amount)), APR_SUCCESS);
    assert_int_equal(amzx_money_make(&m, d, currency), APR_SUCCESS);
    return m;
}

static void is_money(amzx_money_t m, const char *amount, const char *currency)
{
    char text[AMZX_DEC_TEXT];

    amzx_dec_text(text, m.amount);
    assert_string_equal(text, amount);
    assert_string_equal(m.currency, currency);
}

static void currencies_have_their_minor_units(void **state)
{
    (void)state;
    assert_int_equal(amzx_money_minor("GBP"), 2);
    assert_int_equal(amzx_money_minor("JPY"), 0);
    assert_int_equal(amzx_money_minor("KWD"), 3);
    assert_int_equal(amzx_money_minor("CLF"), 4);
    assert_int_equal(amzx_money_minor("AED"), 2);
    assert_int_equal(amzx_money_minor("ZWG"), 2);
    assert_int_equal(amzx_money_minor("XCG"), 2);
    assert_int_equal(amzx_money_minor("XOF"), 0);
}

static void unknown_currencies_are_refused(void **state)
{
    static const char *const bad[] = {"",    "G",    "GB",  "GBPX", "gbp",
                                      "XXX", "AAA",  "ZZZ", "XAU",  "2AF",
                                      "G P", "\xc2\xa3"};
    amzx_money_t m;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(amzx_money_minor(bad[i]), -1);
        assert_int_equal(amzx_money_make(&m, amzx_dec_from_int(1), bad[i]),
                         APR_EINVAL);
        assert_string_equal(m.currency, "");
    }
    assert_int_equal(amzx_money_minor(NULL), -1);
    assert_int_equal(amzx_money_round(&m, m, AMZX_ROUND_UP), APR_EINVAL);
    assert_int_equal(amzx_money_allocate(&m, m, NULL, 1), APR_EINVAL);
}

static void amounts_round_to_their_minor_units(void **state)
{
    amzx_money_t m;

    (void)state;
    is_money(money("1.0050", "GBP"), "1.0050", "GBP");
    assert_int_equal(
        amzx_money_round(&m, money("1.005", "GBP"), AMZX_ROUND_HALF_UP),
        APR_SUCCESS);
    is_money(m, "1.01", "GBP");
    assert_int_equal(
        amzx_money_round(&m, money("1.5", "JPY"), AMZX_ROUND_HALF_EVEN),
        APR_SUCCESS);
    is_money(m, "2", "JPY");
    assert_int_equal(
        amzx_money_round(&m, money("1.2", "KWD"), AMZX_ROUND_HALF_EVEN),
        APR_SUCCESS);
    is_money(m, "1.200", "KWD");
}

static void only_equal_currencies_add_up(void **state)
{
    amzx_money_t m;

    (void)state;
    assert_int_equal(
        amzx_money_add(&m, money("1.10", "GBP"), money("2.2", "GBP")),
        APR_SUCCESS);
    is_money(m, "3.30", "GBP");
    assert_int_equal(
        amzx_money_add(&m, money("1.10", "GBP"), money("2.2", "EUR")),
        APR_EMISMATCH);
}

static void an_amount_is_split_without_loss(void **state)
{
    amzx_dec_t weights[3];
    amzx_money_t parts[3];
    int i;

    (void)state;
    for (i = 0; i < 3; i++) {
        weights[i] = amzx_dec_from_int(1);
    }
    assert_int_equal(
        amzx_money_allocate(parts, money("-100", "GBP"), weights, 3),
        APR_SUCCESS);
    is_money(parts[0], "-33.34", "GBP");
    is_money(parts[1], "-33.33", "GBP");
    is_money(parts[2], "-33.33", "GBP");
    assert_int_equal(
        amzx_money_allocate(parts, money("100", "JPY"), weights, 3),
        APR_SUCCESS);
    is_money(parts[0], "34", "JPY");
    is_money(parts[2], "33", "JPY");
    assert_int_equal(
        amzx_money_allocate(parts, money("1.005", "GBP"), weights, 3),
        APR_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(currencies_have_their_minor_units),
        cmocka_unit_test(unknown_currencies_are_refused),
        cmocka_unit_test(amounts_round_to_their_minor_units),
        cmocka_unit_test(only_equal_currencies_add_up),
        cmocka_unit_test(an_amount_is_split_without_loss),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
