/* SPDX-License-Identifier: Apache-2.0 */
/* Decimals: the edges by hand; tests/unit/test_dec_oracle.c does the mass. */
#include "base_test.h"

#include <string.h>

#include "amzx_dec.h"

#define NINES38 "99999999999999999999999999999999999999"

static amzx_dec_t dec(const char *s)
{
    amzx_dec_t d;

    if (amzx_dec_parse(&d, s, strlen(s)) != APR_SUCCESS) {
        fail_msg("refused: %s", s);
    }
    return d;
}

static void is_text(amzx_dec_t d, const char *want)
{
    char text[AMZX_DEC_TEXT];

    assert_int_equal(amzx_dec_text(text, d), strlen(want));
    assert_string_equal(text, want);
}

/* Status and, when it is 0, the text. */
static void gives(apr_status_t rv, amzx_dec_t d, const char *want)
{
    if (strcmp(want, "range") == 0) {
        assert_int_equal(rv, APR_ERANGE);
        assert_int_equal(amzx_dec_sign(d), 0);
    }
    else if (strcmp(want, "bad") == 0) {
        assert_int_equal(rv, APR_EINVAL);
        assert_int_equal(amzx_dec_sign(d), 0);
    }
    else {
        assert_int_equal(rv, APR_SUCCESS);
        is_text(d, want);
    }
}

static void numbers_parse_as_json_writes_them(void **state)
{
    static const char *const pairs[][2] = {
        {"0", "0"}, {"-0", "0"}, {"0.00", "0.00"}, {"1.10", "1.10"},
        {"-0.05", "-0.05"}, {"1e3", "1000"}, {"1.5E+2", "150"},
        {"1.50e1", "15.0"}, {"12e-3", "0.012"}, {"100e-2", "1.00"},
        {"1e-38", "0.00000000000000000000000000000000000001"},
        {"1e37", "10000000000000000000000000000000000000"},
        {NINES38, NINES38}, {"-" NINES38, "-" NINES38},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"9999999999999999999", "9999999999999999999"},
        {"1.00000000000000000000000000000000000000000000000000",
         "1.0000000000000000000000000000000000000"},
        {"10000000000000000000000000000000000000000000000e-40", "1000000.000"
         "0000000000000000000000000000"},
        {"0e999999999999", "0"},
        {"0.000e-2", "0.00000"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        is_text(dec(pairs[i][0]), pairs[i][1]);
    }
}

static void what_is_no_number_is_refused(void **state)
{
    static const char *const bad[] = {
        "", "-", "+1", ".5", "5.", "01", "-01", "00", "1..2", "1.2.3", "1e",
        "1e+", "e5", "1e5.0", " 1", "1 ", "1,000", "0x10", "NaN", "inf",
        "Infinity", "1_0", "--1", "1-", "1e--5", "1.e5", "1.5e", "-.5",
        "\xd9\xa1", "01234567890123456789012345",
        "1234567890123456789012345678901234567890x",
    };
    static const char *const far[] = {
        "1" NINES38, "1e38", "1e-39", "0." NINES38 "9", "-1e400", "1e-400",
        "1e99999999999999999999", "123456789012345678901234567890123456789",
    };
    amzx_dec_t d;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (amzx_dec_parse(&d, bad[i], strlen(bad[i])) != APR_EINVAL) {
            fail_msg("accepted: %s", bad[i]);
        }
        assert_int_equal(amzx_dec_sign(d), 0);
    }
    for (i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
        if (amzx_dec_parse(&d, far[i], strlen(far[i])) != APR_ERANGE) {
            fail_msg("not out of range: %s", far[i]);
        }
        assert_int_equal(amzx_dec_sign(d), 0);
    }
    assert_int_equal(amzx_dec_parse(&d, "1\0", 2), APR_EINVAL);
    assert_int_equal(amzx_dec_parse(&d, "12x", 2), APR_SUCCESS);
    is_text(d, "12");
}

static void text_fits_its_room_at_the_extremes(void **state)
{
    char text[AMZX_DEC_TEXT];
    amzx_dec_t d = dec("-" NINES38);

    (void)state;
    d.scale = 38;
    assert_int_equal(amzx_dec_text(text, d), 41);
    assert_string_equal(text, "-0." NINES38);
    assert_int_equal(amzx_dec_text_canon(text, dec("-120.500")), 6);
    assert_string_equal(text, "-120.5");
    amzx_dec_text_canon(text, dec("0.000"));
    assert_string_equal(text, "0");
    amzx_dec_text_canon(text, dec("1000"));
    assert_string_equal(text, "1000");
    is_text(dec("10000000000000000000.05"), "10000000000000000000.05");
}

static void makers_and_signs(void **state)
{
    (void)state;
    is_text(amzx_dec_from_int(INT64_MIN), "-9223372036854775808");
    is_text(amzx_dec_scaled(-5, 2), "-0.05");
    is_text(amzx_dec_scaled(INT64_MAX, 18), "9.223372036854775807");
    is_text(amzx_dec_neg(dec("1.50")), "-1.50");
    is_text(amzx_dec_neg(dec("0.00")), "0.00");
    is_text(amzx_dec_abs(dec("-1.50")), "1.50");
    assert_int_equal(amzx_dec_sign(dec("-0.01")), -1);
    assert_int_equal(amzx_dec_sign(dec("0.00")), 0);
    assert_int_equal(amzx_dec_sign(dec(NINES38)), 1);
    is_text(amzx_dec_trim(dec("-100.00")), "-100");
    is_text(amzx_dec_trim(dec("1000000000000000000000000.5000")),
            "1000000000000000000000000.5");
}

static void sums_keep_the_larger_scale(void **state)
{
    static const char *const rows[][3] = {
        {"0.1", "0.2", "0.3"}, {"1.10", "2", "3.10"}, {"2", "1.10", "3.10"},
        {"1.005", "-1.005", "0.000"}, {"-1", "-2", "-3"},
        {"9223372036854775807", "9223372036854775807",
         "18446744073709551614"},
        {"1", "1e-37", "1.0000000000000000000000000000000000001"},
        {"1", "1e-38", "range"},
        {NINES38, "1", "range"}, {NINES38, "0.1", "range"},
        {"-" NINES38, "-1", "range"}, {NINES38, "-1",
         "99999999999999999999999999999999999998"},
        {NINES38, "0.00", NINES38},
        {"9.9000000000000000000000000000000000000", "0.1",
         "10.0"},
        /* The sum is shorter than what it is made of. */
        {"1.5e37", "-9999999999999999999999999999999999999.9",
         "5000000000000000000000000000000000000.1"},
        {"5e37", "5e37", "range"},
        {"1e20", "1e-20", "range"},
    };
    amzx_dec_t out;
    apr_status_t rv;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rv = amzx_dec_add(&out, dec(rows[i][0]), dec(rows[i][1]));
        gives(rv, out, rows[i][2]);
        rv = amzx_dec_add(&out, dec(rows[i][1]), dec(rows[i][0]));
        gives(rv, out, rows[i][2]);
        rv = amzx_dec_sub(&out, dec(rows[i][0]),
                          amzx_dec_neg(dec(rows[i][1])));
        gives(rv, out, rows[i][2]);
    }
}

static void products_are_exact_or_refused(void **state)
{
    static const char *const rows[][3] = {
        {"1.10", "2.0", "2.200"}, {"-3", "0.5", "-1.5"},
        {"-9223372036854775808", "-9223372036854775808",
         "85070591730234615865843651857942052864"},
        {NINES38, "1", NINES38}, {NINES38, "2", "range"},
        {NINES38, "0.0", "0.0"},
        {"1e-20", "1e-20", "range"}, {"1e-19", "1e-19",
         "0.00000000000000000000000000000000000001"},
        {"0.00000000000000000000", "0.00000000000000000000",
         "0.00000000000000000000000000000000000000"},
        {"1e-38", "1e37", "0.10000000000000000000000000000000000000"},
        {"5e-20", "2e-20", "range"}, {"5e-20", "2e-19",
         "0.00000000000000000000000000000000000001"},
        {"1000000000000000000000.00", "1000000000000000.0000",
         "1000000000000000000000000000000000000.0"},
    };
    amzx_dec_t out;
    apr_status_t rv;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rv = amzx_dec_mul(&out, dec(rows[i][0]), dec(rows[i][1]));
        gives(rv, out, rows[i][2]);
        rv = amzx_dec_mul(&out, dec(rows[i][1]), dec(rows[i][0]));
        gives(rv, out, rows[i][2]);
    }
}

static void quotients_have_eighteen_digits_or_fewer(void **state)
{
    static const char *const rows[][3] = {
        {"1", "3", "0.333333333333333333"}, {"2", "3", "0.666666666666666667"},
        {"1", "4", "0.25"}, {"100", "10", "10"}, {"0", "7", "0"},
        {"1", "0", "bad"}, {"0", "0.00", "bad"}, {"-1", "8", "-0.125"},
        {NINES38, "1", NINES38}, {NINES38, "0.1", "range"},
        {"1e37", "3", "range"}, {"1e30", "4", "250000000000000000000000000000"},
        {"1e21", "8e-15", "125000000000000000000000000000000000"},
        {"1", NINES38, "0"}, {"1e-38", NINES38, "0"},
        {"5e-19", "1", "0"}, {"15e-19", "1", "0.000000000000000002"},
        /* The digits are rounded up to a whole number. */
        {"99999999999999999999999999999999999999",
         "100000000000000000000", "1000000000000000000"},
        {"9999999999999999999999999999999999.9999", "1",
         "9999999999999999999999999999999999.9999"},
    };
    amzx_dec_t out;
    apr_status_t rv;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rv = amzx_dec_div(&out, dec(rows[i][0]), dec(rows[i][1]));
        gives(rv, out, rows[i][2]);
    }
}

/* Columns: half-up, half-even, half-down, down, up, floor, ceiling. */
static const char *const rounded[][8] = {
    {"2.345", "2.35", "2.34", "2.34", "2.34", "2.35", "2.34", "2.35"},
    {"1.005", "1.01", "1.00", "1.00", "1.00", "1.01", "1.00", "1.01"},
    {"-1.005", "-1.01", "-1.00", "-1.00", "-1.00", "-1.01", "-1.01",
     "-1.00"},
    {"1.015", "1.02", "1.02", "1.01", "1.01", "1.02", "1.01", "1.02"},
    {"1.0151", "1.02", "1.02", "1.02", "1.01", "1.02", "1.01", "1.02"},
    {"-1.0149", "-1.01", "-1.01", "-1.01", "-1.01", "-1.02", "-1.02",
     "-1.01"},
    {"1", "1.00", "1.00", "1.00", "1.00", "1.00", "1.00", "1.00"},
    {"-0.001", "0.00", "0.00", "0.00", "0.00", "-0.01", "-0.01", "0.00"},
    {"0.1250000000000000000000000000000001", "0.13", "0.13", "0.13", "0.12",
     "0.13", "0.12", "0.13"},
};

static void every_mode_rounds_as_its_name_says(void **state)
{
    amzx_dec_t out;
    size_t i;
    int mode;

    (void)state;
    for (i = 0; i < sizeof(rounded) / sizeof(rounded[0]); i++) {
        for (mode = 0; mode < 7; mode++) {
            gives(amzx_dec_round(&out, dec(rounded[i][0]), 2,
                                 (amzx_round_e)mode),
                  out, rounded[i][mode + 1]);
            /* A division by one rounds the same way. */
            gives(amzx_dec_div_round(&out, dec(rounded[i][0]), dec("1"), 2,
                                     (amzx_round_e)mode),
                  out, rounded[i][mode + 1]);
            gives(amzx_dec_div_round(&out, amzx_dec_neg(dec(rounded[i][0])),
                                     dec("-1"), 2, (amzx_round_e)mode),
                  out, rounded[i][mode + 1]);
        }
    }
}

static void scales_out_of_range_are_refused(void **state)
{
    amzx_dec_t out;

    (void)state;
    gives(amzx_dec_round(&out, dec("1"), -1, AMZX_ROUND_UP), out, "bad");
    gives(amzx_dec_round(&out, dec("1"), 39, AMZX_ROUND_UP), out, "bad");
    gives(amzx_dec_round(&out, dec("1"), 38, AMZX_ROUND_UP), out, "range");
    gives(amzx_dec_round(&out, dec("0"), 38, AMZX_ROUND_UP), out,
          "0.00000000000000000000000000000000000000");
    gives(amzx_dec_round(&out, dec("99999999999999999999999999999999999.999"),
                         2, AMZX_ROUND_UP),
          out, "100000000000000000000000000000000000.00");
    gives(amzx_dec_round(&out, dec(NINES38), 1, AMZX_ROUND_UP), out, "range");
    gives(amzx_dec_div_round(&out, dec("1"), dec("3"), 39, AMZX_ROUND_UP),
          out, "bad");
    gives(amzx_dec_div_round(&out, dec("1"), dec("3"), -1, AMZX_ROUND_UP),
          out, "bad");
    gives(amzx_dec_div_round(&out, dec("1"), dec("0"), 2, AMZX_ROUND_UP),
          out, "bad");
}

static void divisions_round_once_only(void **state)
{
    amzx_dec_t out;

    (void)state;
    /* 0.4999... must not become 0.5 and then 1. */
    gives(amzx_dec_div_round(&out, dec("4999999999999999999999"),
                             dec("10000000000000000000000"), 0,
                             AMZX_ROUND_HALF_UP),
          out, "0");
    gives(amzx_dec_div_round(&out, dec("1e-38"), dec(NINES38), 38,
                             AMZX_ROUND_UP),
          out, "0.00000000000000000000000000000000000001");
    gives(amzx_dec_div_round(&out, dec("1e-38"), dec(NINES38), 2,
                             AMZX_ROUND_HALF_UP),
          out, "0.00");
    gives(amzx_dec_div_round(&out, dec("-1e-38"), dec(NINES38), 2,
                             AMZX_ROUND_FLOOR),
          out, "-0.01");
    gives(amzx_dec_div_round(&out, dec(NINES38), dec("1e-38"), 38,
                             AMZX_ROUND_DOWN),
          out, "range");
    gives(amzx_dec_div_round(&out, dec(NINES38), dec(NINES38), 37,
                             AMZX_ROUND_DOWN),
          out, "1.0000000000000000000000000000000000000");
}

static void remainders_take_the_sign_of_the_dividend(void **state)
{
    static const char *const rows[][3] = {
        {"7", "3", "1"}, {"-7", "3", "-1"}, {"7", "-3", "1"},
        {"5.5", "2", "1.5"}, {"1", "0.3", "0.1"}, {"1", "0", "bad"},
        {"6", "3", "0"}, {"2", NINES38, "2"}, {"1e-38", NINES38,
         "0.00000000000000000000000000000000000001"},
        {NINES38, "7e-38", "0.00000000000000000000000000000000000002"},
    };
    amzx_dec_t out;
    apr_status_t rv;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rv = amzx_dec_mod(&out, dec(rows[i][0]), dec(rows[i][1]));
        gives(rv, out, rows[i][2]);
    }
}

static void values_compare_whatever_their_scale(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        int order;
    } rows[] = {
        {"1.10", "1.1", 0}, {"0", "0.000", 0}, {"1", "2", -1},
        {"-1", "1", -1}, {"-2", "-1", -1}, {"1.1", "1.09", 1},
        {NINES38, "1e-38", 1}, {"-" NINES38, "-1e-38", -1},
        {NINES38, "99999999999999999999999999999999999998", 1},
        {"0", "1e-38", -1}, {"0.000", "-1e-38", 1}, {"1e37", "9.99", 1},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        amzx_dec_t a = dec(rows[i].a);
        amzx_dec_t b = dec(rows[i].b);

        assert_int_equal(amzx_dec_cmp(a, b), rows[i].order);
        assert_int_equal(amzx_dec_cmp(b, a), -rows[i].order);
        assert_int_equal(amzx_dec_cmp(a, a), 0);
    }
}

static void only_whole_numbers_become_integers(void **state)
{
    apr_int64_t n;

    (void)state;
    assert_int_equal(amzx_dec_to_int(&n, dec("5.00")), APR_SUCCESS);
    assert_true(n == 5);
    assert_int_equal(amzx_dec_to_int(&n, dec("-9223372036854775808.0")),
                     APR_SUCCESS);
    assert_true(n == INT64_MIN);
    assert_int_equal(amzx_dec_to_int(&n, dec("5.01")), APR_ERANGE);
    assert_int_equal(amzx_dec_to_int(&n, dec("9223372036854775808")),
                     APR_ERANGE);
    assert_true(n == 0);
}

static void allocations_sum_exactly(void **state)
{
    amzx_dec_t weights[100];
    amzx_dec_t parts[100];
    amzx_dec_t sum = amzx_dec_from_int(0);
    int i;

    (void)state;
    weights[0] = weights[1] = weights[2] = dec("1");
    assert_int_equal(
        amzx_dec_allocate(parts, dec("100.00"), weights, 3, 2), APR_SUCCESS);
    is_text(parts[0], "33.34");
    is_text(parts[1], "33.33");
    is_text(parts[2], "33.33");
    assert_int_equal(
        amzx_dec_allocate(parts, dec("-0.05"), weights, 3, 2), APR_SUCCESS);
    is_text(parts[0], "-0.02");
    is_text(parts[1], "-0.02");
    is_text(parts[2], "-0.01");
    /* The larger remainder goes first, whatever its place. */
    weights[0] = dec("1.4");
    weights[1] = dec("0.00");
    weights[2] = dec("1.6");
    assert_int_equal(amzx_dec_allocate(parts, dec("1"), weights, 3, 0),
                     APR_SUCCESS);
    is_text(parts[0], "0");
    is_text(parts[1], "0");
    is_text(parts[2], "1");
    /* More parts than fit the stack, and the weights overwritten. */
    for (i = 0; i < 100; i++) {
        weights[i] = amzx_dec_from_int(i);
    }
    assert_int_equal(amzx_dec_allocate(weights, dec("1234567.891"), weights,
                                       100, 3),
                     APR_SUCCESS);
    for (i = 0; i < 100; i++) {
        assert_int_equal(weights[i].scale, 3);
        assert_int_equal(amzx_dec_add(&sum, sum, weights[i]), APR_SUCCESS);
    }
    is_text(sum, "1234567.891");
}

static void impossible_allocations_are_refused(void **state)
{
    amzx_dec_t weights[2] = {{0, 0}, {0, 0}};
    amzx_dec_t parts[2];

    (void)state;
    assert_int_equal(amzx_dec_allocate(parts, dec("1"), weights, 2, 2),
                     APR_EINVAL);
    weights[0] = dec("1");
    assert_int_equal(amzx_dec_allocate(parts, dec("1"), weights, 0, 2),
                     APR_EINVAL);
    assert_int_equal(amzx_dec_allocate(parts, dec("1.001"), weights, 2, 2),
                     APR_EINVAL);
    assert_int_equal(amzx_dec_allocate(parts, dec("1.100"), weights, 2, 1),
                     APR_SUCCESS);
    assert_int_equal(amzx_dec_allocate(parts, dec("1"), weights, 2, 39),
                     APR_EINVAL);
    assert_int_equal(amzx_dec_allocate(parts, dec("1"), weights, 2, -1),
                     APR_EINVAL);
    assert_int_equal(amzx_dec_allocate(parts, dec(NINES38), weights, 2, 2),
                     APR_ERANGE);
    weights[1] = dec("-1");
    assert_int_equal(amzx_dec_allocate(parts, dec("1"), weights, 2, 2),
                     APR_EINVAL);
    weights[0] = dec(NINES38);
    weights[1] = dec("1");
    assert_int_equal(amzx_dec_allocate(parts, dec("1"), weights, 2, 2),
                     APR_ERANGE);
    weights[1] = dec("0.1");
    assert_int_equal(amzx_dec_allocate(parts, dec("1"), weights, 2, 2),
                     APR_ERANGE);
}

static void mode_names_lead_both_ways(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 7; i++) {
        assert_int_equal(amzx_round_of(amzx_round_name((amzx_round_e)i)), i);
    }
    assert_string_equal(amzx_round_name(AMZX_ROUND_HALF_EVEN), "half-even");
    assert_int_equal(amzx_round_of("bankers"), -1);
    assert_int_equal(amzx_round_of(NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_parse_as_json_writes_them),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(text_fits_its_room_at_the_extremes),
        cmocka_unit_test(makers_and_signs),
        cmocka_unit_test(sums_keep_the_larger_scale),
        cmocka_unit_test(products_are_exact_or_refused),
        cmocka_unit_test(quotients_have_eighteen_digits_or_fewer),
        cmocka_unit_test(every_mode_rounds_as_its_name_says),
        cmocka_unit_test(scales_out_of_range_are_refused),
        cmocka_unit_test(divisions_round_once_only),
        cmocka_unit_test(remainders_take_the_sign_of_the_dividend),
        cmocka_unit_test(values_compare_whatever_their_scale),
        cmocka_unit_test(only_whole_numbers_become_integers),
        cmocka_unit_test(allocations_sum_exactly),
        cmocka_unit_test(impossible_allocations_are_refused),
        cmocka_unit_test(mode_names_lead_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
