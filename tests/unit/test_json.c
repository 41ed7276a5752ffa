/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in and out. */
#include "base_test.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "amzx_json.h"
#include "amzx_str.h"

static const amzx_val_t *parse(const char *s, apr_pool_t *p)
{
    const amzx_val_t *v;
    amzx_fault_t fault;

    amzx_fault_clear(&fault);
    if (amzx_json_parse(&v, s, strlen(s), NULL, &fault, p) != APR_SUCCESS) {
        fail_msg("%s: %s at %s", s, fault.detail, fault.place);
    }
    return v;
}

static void refused(const char *s, apr_size_t len, const char *code,
                    const char *place, apr_pool_t *p)
{
    const amzx_val_t *v = &amzx_val_true;
    amzx_fault_t fault;

    amzx_fault_clear(&fault);
    if (amzx_json_parse(&v, s, len, NULL, &fault, p) == APR_SUCCESS) {
        fail_msg("accepted: %s", s);
    }
    assert_null(v);
    assert_string_equal(fault.code, code);
    assert_int_equal(fault.klass, AMZX_FAULT_REJECTED);
    if (place != NULL) {
        assert_string_equal(fault.place, place);
    }
}

static void documents_of_every_type_come_back_the_same(void **state)
{
    static const char *const texts[] = {
        "null", "true", "false", "0", "-1", "9223372036854775807",
        "-9223372036854775808", "1.5", "-0.05", "\"\"", "\"a\"", "[]", "{}",
        "[1,[2,[3]],{\"a\":{}}]",
        "{\"b\":1,\"a\":[true,false,null],\"c\":\"x\"}",
        "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
        "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\"",
    };
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        apr_size_t len;

        assert_string_equal(
            amzx_json_write(parse(texts[i], *state), &len, *state), texts[i]);
        assert_int_equal(len, strlen(texts[i]));
    }
    assert_string_equal(
        amzx_json_write(parse(" \t\r\n[ 1 , 2 ] \n", *state), NULL, *state),
        "[1,2]");
    assert_string_equal(
        amzx_json_write(parse("\"\\u00e9\\ud83d\\ude00\\/\"", *state), NULL,
                        *state),
        "\"\xc3\xa9\xf0\x9f\x98\x80/\"");
}

static void numbers_are_exact_and_keep_their_scale(void **state)
{
    static const char *const pairs[][2] = {
        {"0.1", "0.1"}, {"1.10", "1.10"}, {"1.0", "1.0"},
        {"-2.675", "-2.675"}, {"1e3", "1000"}, {"1E+2", "100"},
        {"1.5e-7", "0.00000015"}, {"-0.0", "0.0"}, {"0e99", "0"},
        {"0.123456789012345678", "0.123456789012345678"},
        {"1.00000000000000001", "1.00000000000000001"},
        {"9007199254740993.0", "9007199254740993.0"},
        {"9223372036854775808", "9223372036854775808"},
        {"-12345678901234567890123456789012345678",
         "-12345678901234567890123456789012345678"},
        {"1.5e30", "1500000000000000000000000000000"},
        {"1e-38", "0.00000000000000000000000000000000000001"},
        {"[1,9223372036854775808,0.5,-3]", "[1,9223372036854775808,0.5,-3]"},
        {"{\"b\":2,\"a\":[1.5,{\"z\":3e-2}],\"c\":-4}",
         "{\"b\":2,\"a\":[1.5,{\"z\":0.03}],\"c\":-4}"},
    };
    size_t i;

    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        assert_string_equal(
            amzx_json_write(parse(pairs[i][0], *state), NULL, *state),
            pairs[i][1]);
    }
}

static void every_price_of_a_shop_is_exact(void **state)
{
    char text[32];
    int i;

    for (i = 0; i < 200000; i += 7) {
        snprintf(text, sizeof(text), "%d.%02d", i / 100, i % 100);
        assert_true(amzx_val_equal(
            parse(text, *state),
            amzx_val_num(amzx_dec_scaled(i, 2), *state)));
        if (i % 7000 == 0) {
            apr_pool_clear(*state);
        }
    }
}

static void numbers_that_would_lose_digits_are_refused(void **state)
{
    static const char *const bad[] = {
        "1e400", "-1e400", "1e-400", "1e39", "1e38", "1e-39",
        "0.123456789012345678901234567890123456789",
        "999999999999999999999999999999999999999",
        "99999999999999999999999999999999999999999999",
    };
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        refused(bad[i], strlen(bad[i]), "data.bad_json", "json:1:1", *state);
    }
    refused("{\n \"a\": [1,\n  1e99]}", 20, "data.bad_json",
            "json:3:3", *state);
}

static void what_is_no_json_is_refused(void **state)
{
    static const char *const bad[] = {
        "", " ", "x", "nul", "tru", "True", "[1,]", "[,1]", "[1 2]", "{,}",
        "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}", "[1", "{",
        "\"", "\"a", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"",
        "\"\\u0000\"", "{\"a\\u0000\":1}", "\"\x01\"", "\"\n\"", "01", "+1",
        ".5", "1.", "1e", "-", "--1", "1.2.3", "NaN", "Infinity", "-Infinity",
        "[1]x", "{}{}", "1 2", "/* */1", "// x\n1", "\xef\xbb\xbf{}",
        "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "]", "}", "[}",
        "{\"a\":1]", "1e5.5", "\"\\\"", "\\",
    };
    static const char *const bytes[] = {
        "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"",
        "{\"\xff\":1}", "\"\xc3", "\xff",
    };
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        refused(bad[i], strlen(bad[i]), "data.bad_json", NULL, *state);
    }
    for (i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
        refused(bytes[i], strlen(bytes[i]), "data.bad_json", NULL, *state);
    }
    refused("\"a\0b\"", 5, "data.bad_json", NULL, *state);
    refused("[1]\0", 4, "data.bad_json", NULL, *state);
    refused("\0", 1, "data.bad_json", NULL, *state);
}

/* What the engine stores it must be able to read again. */
static void all_that_is_written_can_be_read(void **state)
{
    amzx_val_t *list = amzx_val_list(0, *state);
    amzx_dec_t d;
    int scale;

    for (scale = 0; scale <= 38; scale++) {
        amzx_dec_parse(&d, "-99999999999999999999999999999999999999", 39);
        d.scale = scale;
        amzx_val_push(list, amzx_val_num(d, *state), *state);
        d.coef = 1;
        amzx_val_push(list, amzx_val_num(d, *state), *state);
    }
    amzx_dec_div(&d, amzx_dec_from_int(1), amzx_dec_from_int(3));
    amzx_val_push(list, amzx_val_num(d, *state), *state);
    assert_true(amzx_val_equal(
        parse(amzx_json_write(list, NULL, *state), *state), list));
}

static void a_refusal_tells_the_place_but_no_data(void **state)
{
    static const char text[] = "{\n \"buyer\": \"Jane Doe\",\n \"x\": Jane\n}";
    const amzx_val_t *v;
    amzx_fault_t fault;

    amzx_fault_clear(&fault);
    assert_int_equal(amzx_json_parse(&v, text, sizeof(text) - 1, NULL, &fault,
                                     *state),
                     APR_EINVAL);
    assert_null(strstr(fault.detail, "Jane"));
    assert_int_equal(strncmp(fault.place, "json:3:", 7), 0);
    assert_string_equal(fault.detail, "JSON: invalid syntax");
}

/* A text of that many nested lists. */
static const char *nested(int depth, apr_pool_t *p)
{
    char *s = apr_palloc(p, (apr_size_t)depth * 2 + 1);

    memset(s, '[', (size_t)depth);
    memset(s + depth, ']', (size_t)depth);
    s[2 * depth] = '\0';
    return s;
}

static void depth_size_and_count_are_capped(void **state)
{
    apr_pool_t *p = *state;
    amzx_json_limits_t limits = {20, 3, 6};
    const amzx_val_t *v;
    amzx_fault_t fault;
    char *many;
    int i;

    parse(nested(64, p), p);
    refused(nested(65, p), 130, "limit.size", "json:1:65", p);
    refused(nested(100000, p), 200000, "limit.size", "json:1:65", p);
    many = apr_palloc(p, 1200001);
    for (i = 0; i < 1200001; i++) {
        many[i] = i % 2 == 0 ? ',' : '1';
    }
    many[0] = '[';
    refused(many, 1200001, "limit.size", NULL, p);
    assert_int_equal(
        amzx_json_parse(&v, "[[[1]]]", 7, &limits, &fault, p), APR_SUCCESS);
    assert_int_equal(
        amzx_json_parse(&v, "[[[[1]]]]", 9, &limits, &fault, p), APR_EINVAL);
    assert_string_equal(fault.code, "limit.size");
    assert_int_equal(
        amzx_json_parse(&v, "[1,2,3,4,5,6,7]", 15, &limits, &fault, p),
        APR_EINVAL);
    assert_string_equal(fault.code, "limit.size");
    assert_int_equal(
        amzx_json_parse(&v, "\"aaaaaaaaaaaaaaaaaaa\"", 21, &limits, &fault,
                        p),
        APR_EINVAL);
    assert_string_equal(fault.code, "limit.size");
    /* Brackets and commas within strings count for nothing. */
    assert_int_equal(
        amzx_json_parse(&v, "\"[[[[[,,,,,,\\\"[[\"", 17, &limits, &fault, p),
        APR_SUCCESS);
    assert_int_equal(amzx_json_parse(&v, "[", 1, &limits, NULL, p),
                     APR_EINVAL);
}

static void large_objects_parse_in_good_time(void **state)
{
    const amzx_val_t *v;
    amzx_buf_t b;
    int i;

    amzx_buf_init(&b, 4 * 1024 * 1024, *state);
    amzx_buf_putc(&b, '{');
    for (i = 0; i < 100000; i++) {
        amzx_buf_printf(&b, "%s\"m%d\":%d", i > 0 ? "," : "", i, i);
    }
    amzx_buf_putc(&b, '}');
    v = parse(b.s, *state);
    assert_int_equal(amzx_val_count(v), 100000);
    assert_true(amzx_val_equal(amzx_val_get(v, "m99999"),
                               amzx_val_int(99999, *state)));
}

static void another_locale_changes_no_number(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE",
                                        "fr_FR.UTF-8", "C.UTF-8"};
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (setlocale(LC_NUMERIC, names[i]) != NULL) {
            break;
        }
    }
    assert_string_equal(
        amzx_json_write(parse("[1.5,1.25e-20]", *state), NULL, *state),
        "[1.5,0.0000000000000000000125]");
    setlocale(LC_NUMERIC, "C");
}

static void sorted_text_is_the_same_for_equal_values(void **state)
{
    const char *a = "{\"b\":{\"y\":1,\"x\":2},\"a\":[{\"d\":1,\"c\":2}]}";
    const char *b = "{\"a\":[{\"c\":2,\"d\":1}],\"b\":{\"x\":2,\"y\":1}}";
    apr_size_t len;

    assert_string_equal(
        amzx_json_write_sorted(parse(a, *state), &len, *state), b);
    assert_int_equal(len, strlen(b));
    assert_string_equal(
        amzx_json_write_sorted(parse(b, *state), NULL, *state), b);
    assert_string_equal(amzx_json_write(parse(a, *state), NULL, *state), a);
}

static void pretty_text_is_indented_by_two(void **state)
{
    assert_string_equal(
        amzx_json_write_pretty(
            parse("{\"a\":[1,{}],\"b\":[],\"c\":\"x\"}", *state), NULL,
            *state),
        "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": [],\n  \"c\": \"x\"\n}");
}

static void numbers_keep_their_scale_and_times_become_text(void **state)
{
    apr_pool_t *p = *state;
    amzx_val_t *list = amzx_val_list(4, p);

    amzx_val_push(list, amzx_val_num(amzx_dec_scaled(110, 2), p), p);
    amzx_val_push(list, amzx_val_date(20000, p), p);
    amzx_val_push(list, amzx_val_datetime(1500000, p), p);
    amzx_val_push(list, amzx_val_duration(90000000, p), p);
    assert_string_equal(amzx_json_write(list, NULL, p),
                        "[1.10,\"2024-10-04\","
                        "\"1970-01-01T00:00:01.500000Z\",\"PT1M30S\"]");
    assert_string_equal(amzx_json_write(NULL, NULL, p), "null");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(documents_of_every_type_come_back_the_same),
        POOL_TEST(numbers_are_exact_and_keep_their_scale),
        POOL_TEST(every_price_of_a_shop_is_exact),
        POOL_TEST(numbers_that_would_lose_digits_are_refused),
        POOL_TEST(what_is_no_json_is_refused),
        POOL_TEST(all_that_is_written_can_be_read),
        POOL_TEST(a_refusal_tells_the_place_but_no_data),
        POOL_TEST(depth_size_and_count_are_capped),
        POOL_TEST(large_objects_parse_in_good_time),
        POOL_TEST(another_locale_changes_no_number),
        POOL_TEST(sorted_text_is_the_same_for_equal_values),
        POOL_TEST(pretty_text_is_indented_by_two),
        POOL_TEST(numbers_keep_their_scale_and_times_become_text),
    };

    apr_initialize();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
