/* SPDX-License-Identifier: Apache-2.0 */
/* Decision tables: cell forms, order of rows, misses, big tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "amzx_json.h"
#include "amzx_table.h"

static apr_pool_t *pool;
static amzx_fault_t fault;

static amzx_table_t *make(const char *match, const char *give, int miss)
{
    const char *names[2][4];
    int count[2] = {0, 0};
    amzx_table_spec_t spec;
    amzx_table_t *t;
    char *last;
    char *s;

    for (s = apr_strtok(apr_pstrdup(pool, match), " ", &last); s;
         s = apr_strtok(NULL, " ", &last)) {
        names[0][count[0]++] = s;
    }
    for (s = apr_strtok(apr_pstrdup(pool, give), " ", &last); s;
         s = apr_strtok(NULL, " ", &last)) {
        names[1][count[1]++] = s;
    }
    spec.name = "tax";
    spec.match = names[0];
    spec.match_count = count[0];
    spec.give = names[1];
    spec.give_count = count[1];
    spec.miss_is_null = miss;
    assert_int_equal(amzx_table_make(&t, &spec, &fault, pool), APR_SUCCESS);
    return t;
}

static void add1(amzx_table_t *t, const char *cell, const char *give)
{
    assert_int_equal(amzx_table_add_row(t, &cell, &give, &fault, pool),
                     APR_SUCCESS);
}

/* What the first give column says for a key written as JSON. */
static const char *ask(const amzx_table_t *t, const char *json)
{
    const amzx_val_t *key;
    const amzx_val_t *row;

    assert_int_equal(amzx_json_parse(&key, json, strlen(json), NULL, &fault,
                                     pool), APR_SUCCESS);
    amzx_fault_clear(&fault);
    if (amzx_table_lookup(&row, t, &key, 1, &fault, pool) != APR_SUCCESS) {
        return fault.code;
    }
    return amzx_val_text(amzx_val_get(row, amzx_table_give(t, 0)), "null");
}

static void each_form_of_cell_fits_what_it_says(void **state)
{
    static const struct {
        const char *cell;
        const char *key;
        int fits;
    } cases[] = {
        {"*", "null", 1},          {"*", "\"x\"", 1},
        {"*", "5", 1},             {"", "null", 1},
        {"", "\"\"", 1},           {"", "\"x\"", 0},
        {"BOOK-*", "\"BOOK-1\"", 1}, {"BOOK-*", "\"BOOK-\"", 1},
        {"BOOK-*", "\"book-1\"", 0}, {"BOOK-*", "\"ABOOK-1\"", 0},
        {"BOOK-*", "null", 0},     {"*mid*", "\"amidst\"", 1},
        {"*mid*", "\"mid\"", 1},   {"*mid*", "\"mdi\"", 0},
        {"*end", "\"the end\"", 1}, {"*end", "\"end.\"", 0},
        {"a*z", "\"az\"", 1},      {"a*z", "\"abcz\"", 1},
        {"a*z", "\"abc\"", 0},     {"a*b*c", "\"a1b2b3c\"", 1},
        {"a*b*c", "\"a1c2b3\"", 0}, {"x|y", "\"y\"", 1},
        {"x|y", "\"x|y\"", 0},     {"x | y", "\"x\"", 1},
        {"x|", "null", 1},         {"x|p*|7", "\"pq\"", 1},
        {"x|p*|7", "7.00", 1},     {"x|p*|7", "\"7.0\"", 0},
        {"0.20", "0.2", 1},        {"0.20", "0.200", 1},
        {"0.20", "\"0.20\"", 1},   {"0.20", "\"0.2\"", 0},
        {"0", "0.0", 1},           {"0", "\"0\"", 1},
        {"0", "false", 0},         {"true", "true", 1},
        {"false", "false", 1},     {"false", "null", 0},
        {"true", "\"true\"", 1},   {"1..5", "1", 1},
        {"1..5", "5.00", 1},       {"1..5", "5.01", 0},
        {"1..5", "\"3.5\"", 1},    {"1..5", "\"x\"", 0},
        {"1..5", "null", 0},       {"..0", "-3", 1},
        {"..0", "0.01", 0},        {"10..", "10", 1},
        {"10..", "9.99", 0},       {"-5..-1", "-2", 1},
        {"-5..-1", "0", 0},        {"0.05..0.2", "0.2", 1},
        {"1..2|8..9", "8.5", 1},   {"1..2|8..9", "5", 0},
        {"2026-01-31", "\"2026-01-31\"", 1},
        {"Z\xC3\xBC*", "\"Z\xC3\xBCrich\"", 1},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof *cases; ++i) {
        amzx_table_t *t = make("k", "v", 0);
        const char *want = cases[i].fits ? "yes" : "mapping.table_miss";
        const char *got;

        add1(t, cases[i].cell, "yes");
        got = ask(t, cases[i].key);
        if (strcmp(got, want) != 0) {
            fail_msg("cell `%s`, key %s: %s", cases[i].cell, cases[i].key,
                     got);
        }
    }
}

static void days_and_booleans_fit_their_text(void **state)
{
    amzx_table_t *t = make("k", "v", 0);
    const amzx_val_t *row;
    const amzx_val_t *key = amzx_val_date(20484, pool);

    (void)state;
    add1(t, "2026-01-31", "day");
    assert_int_equal(amzx_table_lookup(&row, t, &key, 1, &fault, pool),
                     APR_SUCCESS);
    assert_string_equal(amzx_val_text(amzx_val_get(row, "v"), ""), "day");
}

static void the_first_row_that_fits_wins(void **state)
{
    amzx_table_t *t = make("k", "v", 0);

    (void)state;
    add1(t, "BOOK-7", "first");
    add1(t, "BOOK-*", "second");
    add1(t, "BOOK-7", "third");
    add1(t, "*", "last");
    assert_string_equal(ask(t, "\"BOOK-7\""), "first");
    assert_string_equal(ask(t, "\"BOOK-8\""), "second");
    assert_string_equal(ask(t, "\"TOY\""), "last");
}

static void all_columns_must_fit(void **state)
{
    static const char *const rows[][4] = {
        {"UK", "false", "0.20", "OUTPUT2"},
        {"UK", "false", "0", "ZERO"},
        {"UK", "true", "*", "ZERO"},
        {"US", "*", "*", "NONE"},
    };
    amzx_table_t *t = make("market collected rate", "type", 0);
    const amzx_val_t *key[3];
    const amzx_val_t *row;
    size_t i;

    (void)state;
    for (i = 0; i < 4; ++i) {
        assert_int_equal(amzx_table_add_row(t, rows[i], &rows[i][3], &fault,
                                            pool), APR_SUCCESS);
    }
    key[0] = amzx_val_str("UK", pool);
    key[1] = &amzx_val_false;
    key[2] = amzx_val_num(amzx_dec_scaled(20, 2), pool);
    assert_int_equal(amzx_table_lookup(&row, t, key, 3, &fault, pool), 0);
    assert_string_equal(amzx_json_write(row, NULL, pool),
                        "{\"type\":\"OUTPUT2\"}");
    key[2] = amzx_val_num(amzx_dec_scaled(5, 2), pool);
    assert_int_not_equal(amzx_table_lookup(&row, t, key, 3, &fault, pool), 0);
    assert_string_equal(fault.code, "mapping.table_miss");
    assert_int_equal(fault.klass, AMZX_FAULT_REJECTED);
    key[1] = &amzx_val_true;
    assert_int_equal(amzx_table_lookup(&row, t, key, 3, &fault, pool), 0);
    assert_string_equal(amzx_val_text(amzx_val_get(row, "type"), ""), "ZERO");
}

static void a_miss_may_be_null_and_never_tells_the_key(void **state)
{
    amzx_table_t *t = make("k", "v", 1);
    const amzx_val_t *key = amzx_val_str("Jane Buyer", pool);
    const amzx_val_t *row;

    (void)state;
    assert_int_equal(amzx_table_lookup(&row, t, &key, 1, &fault, pool), 0);
    assert_true(amzx_val_is_null(row));
    t = make("k", "v", 0);
    assert_int_not_equal(amzx_table_lookup(&row, t, &key, 1, &fault, pool), 0);
    assert_null(strstr(fault.detail, "Jane"));
    assert_non_null(strstr(fault.detail, "tax"));
}

static void keys_must_be_as_many_as_columns_and_no_lists(void **state)
{
    amzx_table_t *t = make("a b", "v", 1);
    const amzx_val_t *key[3] = {&amzx_val_true, &amzx_val_true, NULL};
    const amzx_val_t *row;

    (void)state;
    assert_int_not_equal(amzx_table_lookup(&row, t, key, 1, &fault, pool), 0);
    assert_string_equal(fault.code, "expr.type");
    assert_int_not_equal(amzx_table_lookup(&row, t, key, 3, &fault, pool), 0);
    key[1] = amzx_val_list(0, pool);
    assert_int_not_equal(amzx_table_lookup(&row, t, key, 2, &fault, pool), 0);
    assert_string_equal(fault.code, "expr.type");
    assert_int_equal(amzx_table_keys(t), 2);
    assert_int_equal(amzx_table_rows(t), 0);
    assert_null(amzx_table_give(t, 1));
}

static void broken_ranges_and_columns_are_refused(void **state)
{
    static const char *const broken[] = {"5..1", "a..b", "..", "1..x",
                                         "x|2..1", "1...3"};
    const char *names[2] = {"k", "k"};
    const char *give = "v";
    amzx_table_spec_t spec = {"t", names, 2, &give, 1, 0};
    amzx_table_t *t = make("k", "v", 0);
    size_t i;

    (void)state;
    for (i = 0; i < sizeof broken / sizeof *broken; ++i) {
        assert_int_equal(amzx_table_add_row(t, &broken[i], &give, &fault,
                                            pool), APR_EINVAL);
        assert_string_equal(fault.code, "workflow.table");
    }
    assert_int_equal(amzx_table_rows(t), 0);
    assert_int_equal(amzx_table_make(&t, &spec, &fault, pool), APR_EINVAL);
    spec.match_count = 0;
    assert_int_equal(amzx_table_make(&t, &spec, &fault, pool), APR_EINVAL);
    spec.match_count = 1;
    spec.name = "";
    assert_int_equal(amzx_table_make(&t, &spec, &fault, pool), APR_EINVAL);
}

/* The plain way: try the rows in order, each in a table of its own. */
static int slow_lookup(const char *const (*cells)[2], int count,
                       const amzx_val_t *const *keys)
{
    const amzx_val_t *row;
    int i;

    for (i = 0; i < count; ++i) {
        amzx_table_t *t = make("a b", "v", 1);
        const char *v = "x";

        amzx_table_add_row(t, cells[i], &v, &fault, pool);
        amzx_table_lookup(&row, t, keys, 2, &fault, pool);
        if (!amzx_val_is_null(row)) {
            return i;
        }
    }
    return -1;
}

static void a_big_table_answers_as_row_by_row(void **state)
{
    static const char *const forms[] = {"*", "1", "2", "3", "1.0", "a", "b",
                                        "a|2", "a*", "1..2", "", "b|*x",
                                        "true", "02"};
    static const char *const keys[] = {"null", "1", "2.0", "\"1\"", "\"2\"",
                                       "\"a\"", "\"b\"", "\"ax\"", "1.5",
                                       "\"\"", "true", "3", "\"02\"", "9"};
    const char *cells[120][2];
    amzx_table_t *t = make("a b", "v", 1);
    unsigned seed = 7;
    int i, k;

    (void)state;
    for (i = 0; i < 120; ++i) {
        const char *v = apr_itoa(pool, i);

        seed = seed * 1103515245u + 12345u;
        /* the wide forms come late, or they would win always */
        cells[i][0] = forms[1 + (seed >> 16) % (i < 60 ? 6 : 13)];
        cells[i][1] = forms[(seed >> 8) % (i < 60 ? 8 : 14)];
        assert_int_equal(amzx_table_add_row(t, cells[i], &v, &fault, pool),
                         APR_SUCCESS);
    }
    for (i = 0; i < 14; ++i) {
        for (k = 0; k < 14; ++k) {
            const amzx_val_t *key[2];
            const amzx_val_t *row;
            int want;

            amzx_json_parse(&key[0], keys[i], strlen(keys[i]), NULL, &fault,
                            pool);
            amzx_json_parse(&key[1], keys[k], strlen(keys[k]), NULL, &fault,
                            pool);
            want = slow_lookup((const char *const (*)[2])cells, 120, key);
            assert_int_equal(amzx_table_lookup(&row, t, key, 2, &fault, pool),
                             APR_SUCCESS);
            assert_string_equal(amzx_val_text(amzx_val_get(row, "v"), "-1"),
                                apr_itoa(pool, want));
        }
    }
}

static int setup(void **state)
{
    (void)state;
    apr_initialize();
    return apr_pool_create(&pool, NULL);
}

static int teardown(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_of_cell_fits_what_it_says),
        cmocka_unit_test(days_and_booleans_fit_their_text),
        cmocka_unit_test(the_first_row_that_fits_wins),
        cmocka_unit_test(all_columns_must_fit),
        cmocka_unit_test(a_miss_may_be_null_and_never_tells_the_key),
        cmocka_unit_test(keys_must_be_as_many_as_columns_and_no_lists),
        cmocka_unit_test(broken_ranges_and_columns_are_refused),
        cmocka_unit_test(a_big_table_answers_as_row_by_row),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
