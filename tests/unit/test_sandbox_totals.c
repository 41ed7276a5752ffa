/* SPDX-License-Identifier: Apache-2.0 */
/* Line amounts, taxes per line and sums as Xero has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "sandbox_totals.h"

static amzx_dec_t dec(const char *text)
{
    amzx_dec_t d;

    assert_int_equal(amzx_dec_parse(&d, text, strlen(text)), APR_SUCCESS);
    return d;
}

static void is(amzx_dec_t d, const char *wanted)
{
    char text[AMZX_DEC_TEXT];

    amzx_dec_text(text, d);
    assert_string_equal(text, wanted);
}

static amzx_dec_t amount(const char *quantity, const char *unit,
                         const char *rate, const char *cut)
{
    amzx_dec_t out;

    assert_int_equal(sbx_line_amount(&out, dec(quantity), dec(unit),
                                     dec(rate), dec(cut)),
                     APR_SUCCESS);
    return out;
}

static amzx_dec_t tax(const char *of, const char *rate, sbx_mode_e mode)
{
    amzx_dec_t out;

    assert_int_equal(sbx_line_tax(&out, dec(of), dec(rate), mode),
                     APR_SUCCESS);
    return out;
}

static void a_line_is_quantity_times_price_at_two_digits(void **state)
{
    (void)state;
    is(amount("3", "3.3333", "0", "0"), "10.00");
    is(amount("112", "0.8929", "0", "0"), "100.00");
    is(amount("2", "59.95", "0", "0"), "119.90");
    is(amount("0", "10", "0", "0"), "0.00");
}

static void discounts_reduce_a_line(void **state)
{
    (void)state;
    is(amount("1", "50", "10", "0"), "45.00");
    is(amount("3", "9.99", "33.33", "0"), "19.98");
    is(amount("1", "50", "0", "2.50"), "47.50");
    is(amount("1", "50", "100", "0"), "0.00");
}

static void ties_go_away_from_zero(void **state)
{
    (void)state;
    is(amount("1", "2.035", "0", "0"), "2.04");
    is(amount("1", "-2.035", "0", "0"), "-2.04");
    is(tax("10.025", "20", SBX_EXCLUSIVE), "2.01");
    is(tax("0.125", "20", SBX_EXCLUSIVE), "0.03");
    is(tax("-0.125", "20", SBX_EXCLUSIVE), "-0.03");
}

static void tax_is_inside_or_on_top(void **state)
{
    (void)state;
    is(tax("120.00", "20", SBX_INCLUSIVE), "20.00");
    is(tax("19.99", "20", SBX_INCLUSIVE), "3.33");
    is(tax("19.99", "20", SBX_EXCLUSIVE), "4.00");
    is(tax("19.99", "20", SBX_NO_TAX), "0.00");
    is(tax("-5.50", "20", SBX_INCLUSIVE), "-0.92");
}

static void taxes_are_rounded_by_line_before_they_are_added(void **state)
{
    static const char *const lines[] = {"25.06", "25.61", "25.63"};
    amzx_dec_t sub;
    amzx_dec_t taxes;
    amzx_dec_t total;
    sbx_sums_t sums;
    int i;

    (void)state;
    sbx_sums_init(&sums);
    for (i = 0; i < 3; i++) {
        assert_int_equal(sbx_sums_add(&sums, dec(lines[i]),
                                      tax(lines[i], "15", SBX_EXCLUSIVE),
                                      dec("0")),
                         APR_SUCCESS);
    }
    sbx_sums_totals(&sub, &taxes, &total, &sums, SBX_EXCLUSIVE);
    is(taxes, "11.44");
    is(total, "87.74");
    sbx_sums_totals(&sub, &taxes, &total, &sums, SBX_INCLUSIVE);
    is(sub, "64.86");
    is(total, "76.30");
}

/* The settlement of the worked example: 41.55 + 5.31 = 46.86. */
static void a_settlement_adds_up(void **state)
{
    static const char *const lines[][2] = {
        {"96.00", "20"},  {"30.00", "0"},   {"3.60", "20"},  {"-12.00", "20"},
        {"-18.00", "20"}, {"-12.24", "20"}, {"-5.50", "20"}, {"-20.00", "20"},
        {"10.00", "0"},   {"-25.00", "0"}};
    amzx_dec_t sub;
    amzx_dec_t taxes;
    amzx_dec_t total;
    sbx_sums_t sums;
    int i;

    (void)state;
    sbx_sums_init(&sums);
    for (i = 0; i < 10; i++) {
        sbx_sums_add(&sums, dec(lines[i][0]),
                     tax(lines[i][0], lines[i][1], SBX_INCLUSIVE), dec("0"));
    }
    sbx_sums_totals(&sub, &taxes, &total, &sums, SBX_INCLUSIVE);
    is(sub, "41.55");
    is(taxes, "5.31");
    is(total, "46.86");
}

static void numbers_too_large_are_an_error(void **state)
{
    const char *big = "99999999999999999999999999999999999999";
    amzx_dec_t out;

    (void)state;
    assert_int_not_equal(sbx_line_amount(&out, dec(big), dec(big), dec("0"),
                                         dec("0")),
                         APR_SUCCESS);
}

static void modes_have_names(void **state)
{
    (void)state;
    assert_int_equal(sbx_mode_of("Inclusive"), SBX_INCLUSIVE);
    assert_int_equal(sbx_mode_of("inclusive"), -1);
    assert_string_equal(sbx_mode_name(SBX_NO_TAX), "NoTax");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_quantity_times_price_at_two_digits),
        cmocka_unit_test(discounts_reduce_a_line),
        cmocka_unit_test(ties_go_away_from_zero),
        cmocka_unit_test(tax_is_inside_or_on_top),
        cmocka_unit_test(taxes_are_rounded_by_line_before_they_are_added),
        cmocka_unit_test(a_settlement_adds_up),
        cmocka_unit_test(numbers_too_large_are_an_error),
        cmocka_unit_test(modes_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
