/* SPDX-License-Identifier: Apache-2.0 */
/* What an expression may use, what scopes offer, what faults say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "amzx_expr.h"
#include "amzx_expr_regex.h"
#include "amzx_json.h"
#include "amzx_str.h"

static apr_pool_t *pool;
static amzx_fault_t fault;

static const amzx_val_t *json(const char *text)
{
    const amzx_val_t *v;

    if (amzx_json_parse(&v, text, strlen(text), NULL, &fault, pool)) {
        fail_msg("%s", fault.detail);
    }
    return v;
}

static const amzx_expr_t *compile(const char *text)
{
    const amzx_place_t at = {"w.xml", 3};
    const amzx_expr_t *e = NULL;

    if (amzx_expr_compile(&e, apr_pstrcat(pool, "{{ ", text, " }}", NULL), &at,
                          &fault, pool)) {
        fail_msg("%.200s: %s at %s", text, fault.detail, fault.place);
    }
    return e;
}

/* The code of the fault of an evaluation over a context; "" when it works. */
static const char *code_of(const char *text, const char *context,
                           amzx_eval_t *ev)
{
    const amzx_val_t *v;
    amzx_scope_t scope;
    amzx_eval_t own;

    amzx_scope_of(&scope, json(context), NULL);
    if (!ev) {
        ev = &own;
        amzx_eval_init(ev, &scope, 0);
    }
    ev->scope = &scope;
    amzx_fault_clear(&fault);
    amzx_expr_eval(&v, compile(text), ev, &fault, pool);
    return fault.code;
}

static const char *repeat(const char *before, const char *part, int times,
                          const char *after)
{
    amzx_buf_t b;

    amzx_buf_init(&b, 1024, pool);
    amzx_buf_puts(&b, before);
    while (times-- > 0) {
        amzx_buf_puts(&b, part);
    }
    amzx_buf_puts(&b, after);
    return b.s;
}

static const char *numbers(int count)
{
    return repeat("{\"l\":[", "1,", count - 1, "1]}");
}

static void nested_loops_run_out_of_fuel(void **state)
{
    const char *l500 = numbers(500);
    apr_time_t start = apr_time_now();

    (void)state;
    assert_string_equal(code_of("l.map(a => l.map(b => l.map(c => 1)))", l500,
                                NULL), "expr.fuel");
    assert_string_equal(code_of("l.sum(a => l.sum(b => l.sum(c => a * b)))",
                                l500, NULL), "expr.fuel");
    assert_string_equal(code_of("l.all(a => l.all(b => l.all(c => true)))",
                                l500, NULL), "expr.fuel");
    assert_string_equal(code_of("l.map(a => l.sort(b => l.join('')))", l500,
                                NULL), "expr.fuel");
    assert_string_equal(code_of("l.map(x => l.map(y => l == l))", l500, NULL),
                        "expr.fuel");
    assert_string_equal(code_of("l.map(x => l.map(y => 2 in l))", l500, NULL),
                        "expr.fuel");
    assert_string_equal(code_of("l.map(a => l.map(b => b + 1))",
                                numbers(100), NULL), "");
    /* generous: a slow machine under sanitizers */
    assert_true(apr_time_now() - start < apr_time_from_sec(5));
    assert_string_equal(fault.code, "");
}

static void fuel_is_shared_by_the_expressions_of_a_step(void **state)
{
    amzx_eval_t ev;
    apr_int64_t first;

    (void)state;
    amzx_eval_init(&ev, NULL, 0);
    ev.fuel = 100;
    assert_string_equal(code_of("1 + 1", "{}", &ev), "");
    first = 100 - ev.fuel;
    assert_int_equal(first, 3); /* two numbers and their sum */
    while (ev.fuel >= first) {
        assert_string_equal(code_of("1 + 1", "{}", &ev), "");
    }
    assert_string_equal(code_of("1 + 1", "{}", &ev), "expr.fuel");
    assert_true(ev.fuel >= 0);
    assert_int_equal(fault.klass, AMZX_FAULT_REJECTED);
}

static void one_expression_may_not_burn_what_a_step_may(void **state)
{
    amzx_eval_t ev;

    (void)state;
    amzx_eval_init(&ev, NULL, 0);
    ev.fuel = AMZX_FUEL_STEP;
    assert_string_equal(code_of("l.map(a => l.map(b => l.map(c => 1)))",
                                numbers(500), &ev), "expr.fuel");
    assert_int_equal(ev.fuel, AMZX_FUEL_STEP - AMZX_FUEL_EXPR);
    assert_string_equal(code_of("1 + 1", "{}", &ev), "");
}

static const amzx_expr_t *refused(const char *text, const char *part)
{
    const amzx_place_t at = {"w.xml", 3};
    const amzx_expr_t *e = NULL;

    assert_int_equal(amzx_expr_compile(&e, apr_pstrcat(pool, "{{ ", text,
                                                       " }}", NULL),
                                       &at, &fault, pool), APR_EINVAL);
    assert_string_equal(fault.code, "expr.syntax");
    if (!strstr(fault.detail, part)) {
        fail_msg("%s", fault.detail);
    }
    return e;
}

static void brackets_nest_64_deep(void **state)
{
    int n = AMZX_FUEL_EXPR; /* any number that is far too big */

    (void)state;
    compile(apr_pstrcat(pool, repeat("", "(", 63, "1"),
                        repeat("", ")", 63, ""), NULL));
    refused(apr_pstrcat(pool, repeat("", "(", 64, "1"),
                        repeat("", ")", 64, ""), NULL), "64 deep");
    refused(repeat("", "[", 70, ""), "64 deep");
    refused(repeat("", "{a:", 70, ""), "64 deep");
    refused(repeat("", "-", 70, "1"), "64 deep");
    refused(repeat("", "not ", 70, "true"), "64 deep");
    refused(repeat("", "abs(", 70, ""), "64 deep");
    refused(repeat("", "true ? ", 70, ""), "64 deep");
    refused(repeat("", "[1].map(x => ", 70, ""), "64 deep");
    refused(repeat("", "a[", 70, ""), "64 deep");
    refused(repeat("", "(", n, ""), "64 deep");
    assert_null(refused(repeat("1", "+1", n, ""), "longer than"));
}

static void long_chains_work_up_to_a_limit(void **state)
{
    (void)state;
    assert_string_equal(code_of(repeat("1", " + 1", 300, ""), "{}", NULL), "");
    refused(repeat("1", " + 1", 500, ""), "too long");
    assert_string_equal(code_of(repeat("true", " and true", 300, ""), "{}",
                                NULL), "");
    refused(repeat("true", " and true", 500, ""), "in a row");
    assert_string_equal(code_of(repeat("l", ".flatten()", 300, ""),
                                "{\"l\":[1]}", NULL), "");
    refused(repeat("l", ".flatten()", 500, ""), "too long");
    refused(repeat("a", ".a", 500, ""), "in a row");
    refused(repeat("concat(", "1,", 40, "1)"), "at most 32");
    refused(repeat("'", "x", 300000, "'"), "longer than");
}

static void values_that_double_themselves_are_refused(void **state)
{
    const char *grow = repeat("[1]", ".map(a => [a, a])", 30, "");
    const char *deep = repeat("[1]", ".map(a => [[[[a]]]])", 30, "");

    (void)state;
    assert_string_equal(code_of(grow, "{}", NULL), "expr.fuel");
    assert_string_equal(code_of(apr_pstrcat(pool, "json(", grow, ")", NULL),
                                "{}", NULL), "expr.fuel");
    assert_string_equal(code_of(apr_pstrcat(pool, grow, " == ", grow, NULL),
                                "{}", NULL), "expr.fuel");
    assert_string_equal(code_of(apr_pstrcat(pool, grow, ".unique()", NULL),
                                "{}", NULL), "expr.fuel");
    assert_string_equal(code_of(apr_pstrcat(pool, "sha256(", grow, ")", NULL),
                                "{}", NULL), "expr.fuel");
    assert_string_equal(code_of(deep, "{}", NULL), "expr.depth");
    assert_string_equal(code_of(apr_pstrcat(pool, "json(", deep, ")", NULL),
                                "{}", NULL), "expr.depth");
    assert_string_equal(code_of(apr_pstrcat(pool, deep, " == ", deep, NULL),
                                "{}", NULL), "expr.depth");
    assert_string_equal(code_of(apr_pstrcat(pool, deep, ".size()", NULL),
                                "{}", NULL), "");
}

static void text_is_limited_for_the_whole_step(void **state)
{
    amzx_eval_t ev;
    const char *by = repeat("{\"s\":\"x\",\"by\":\"", "x", 1000, "\"}");

    (void)state;
    assert_string_equal(code_of("s.replace('x', by).replace('x', by)", by,
                                NULL), "");
    assert_string_equal(code_of("s.replace('x', by).replace('x', by)"
                                ".replace('x', by)", by, NULL), "limit.size");
    amzx_eval_init(&ev, NULL, 0);
    ev.max_output = 100;
    assert_string_equal(code_of("concat(s, s)", "{\"s\":\"0123456789\"}", &ev),
                        "");
    assert_int_equal(ev.max_output, 80);
    while (ev.max_output >= 20) {
        assert_string_equal(code_of("concat(s, s)",
                                    "{\"s\":\"0123456789\"}", &ev), "");
    }
    assert_string_equal(code_of("concat(s, s)", "{\"s\":\"0123456789\"}", &ev),
                        "limit.size");
    assert_true(ev.max_output > 0); /* 0 would mean the default again */
}

static void bad_patterns_cannot_hold_up_a_thread(void **state)
{
    static const char *const evil[] = {
        "matches(s, '(a+)+$')", "matches(s, '(a|aa)+')",
        "matches(s, '(.*)*x?y')", "matches(s, '([^b]*+)*(?:x|y)')",
        "matches(s, '(a*)*(a*)*(a*)*[bc]')",
        "matches(s, '((a{1,9}){1,9})+[bc]')",
        "matches(s, '(?:(?=(a+))a*)+[bc]')",
    };
    const char *context = repeat("{\"s\":\"", "a", 3000, "!\"}");
    size_t i;

    (void)state;
    for (i = 0; i < sizeof evil / sizeof *evil; ++i) {
        apr_time_t start = apr_time_now();
        const char *code = code_of(evil[i], context, NULL);

        assert_true(strcmp(code, "expr.fuel") == 0 || *code == '\0');
        assert_true(apr_time_now() - start < apr_time_from_sec(1));
    }
    assert_string_equal(code_of("matches(s, '(a+)+$')", context, NULL),
                        "expr.fuel");
}

static void patterns_are_refused_with_a_reason(void **state)
{
    const amzx_regex_t *re;
    const char *why;
    apr_int64_t steps = 1000;
    int fits;
    const char *big = repeat("", "a", AMZX_REGEX_PATTERN + 1, "");

    (void)state;
    assert_int_equal(amzx_regex_compile(&re, "(", 1, &why, pool), APR_EINVAL);
    assert_non_null(strstr(why, "character 2"));
    assert_int_equal(amzx_regex_compile(&re, big, strlen(big), &why, pool),
                     APR_EINVAL);
    assert_int_equal(amzx_regex_compile(&re, "a+", 2, &why, pool), 0);
    assert_int_equal(amzx_regex_match(&fits, re, "aaa", 3, &steps), 0);
    assert_true(fits && steps > 0 && steps < 1000);
    steps = 1;
    assert_int_equal(amzx_regex_match(&fits, re, "aaa", 3, &steps),
                     APR_ENOSPC);
    assert_int_equal(steps, 0);
}

static void a_scope_hides_names_of_its_parent(void **state)
{
    amzx_scope_t outer, inner;
    amzx_eval_t ev;
    const amzx_val_t *v;

    (void)state;
    amzx_scope_of(&outer, json("{\"a\":1,\"b\":2,\"c\":3}"), NULL);
    amzx_scope_of(&inner, json("{\"a\":10,\"b\":null}"), &outer);
    amzx_eval_init(&ev, &inner, 0);
    assert_int_equal(amzx_expr_eval(&v, compile("[a, b, c, d]"), &ev, &fault,
                                    pool), APR_SUCCESS);
    assert_string_equal(amzx_json_write(v, NULL, pool), "[10,null,3,null]");
    assert_int_equal(amzx_expr_eval(&v, compile("[5].map(a => a + c)"), &ev,
                                    &fault, pool), APR_SUCCESS);
    assert_string_equal(amzx_json_write(v, NULL, pool), "[8]");
    amzx_scope_of(&inner, NULL, &outer);
    assert_int_equal(amzx_expr_eval(&v, compile("a"), &ev, &fault, pool), 0);
    assert_string_equal(amzx_json_write(v, NULL, pool), "1");
}

static void faults_name_file_line_and_column(void **state)
{
    const amzx_place_t at = {"order.xml", 40};
    const amzx_expr_t *e;
    const amzx_val_t *v;
    amzx_eval_t ev;

    (void)state;
    amzx_eval_init(&ev, NULL, 0);
    assert_int_equal(amzx_expr_compile(&e, "{{\n  1 +\n  lost.way }}", &at,
                                       &fault, pool), APR_SUCCESS);
    assert_int_not_equal(amzx_expr_eval(&v, e, &ev, &fault, pool), 0);
    assert_string_equal(fault.place, "order.xml:42:3");
    assert_true(amzx_val_is_null(v));
    assert_int_equal(amzx_expr_compile(&e, "{{ 1 }} \n x", &at, &fault, pool),
                     APR_EINVAL);
    assert_string_equal(fault.place, "order.xml:41:2");
    assert_null(e);
    assert_int_equal(amzx_expr_compile(&e, "{{ 1 + }}", NULL, NULL, pool),
                     APR_EINVAL);
    assert_int_equal(amzx_expr_compile(&e, "{{ '\xff' }}", &at, &fault, pool),
                     APR_EINVAL);
    assert_non_null(strstr(fault.detail, "UTF-8"));
    assert_int_equal(amzx_expr_compile_template(&e, "\xc3", &at, &fault, pool),
                     APR_EINVAL);
}

static void messages_hold_no_value_of_the_data(void **state)
{
    static const char *const bad[] = {
        "name + 1", "name > 5", "abs(name)", "name and true", "money(1, name)",
        "date(name)", "uuid5(name, 'x')", "matches('x', concat('(', name))",
        "round(1, name)", "sort([1, name])", "date('2026-01-01', name)",
        "lookup(name, 1)", "name in name", "name.map(x => x)", "num(name)",
        "{a: 1}.pick(5)", "allocate(1, [name])", "sum([name])",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof bad / sizeof *bad; ++i) {
        const char *code = code_of(bad[i], "{\"name\":\"Jane Secret\"}", NULL);

        if (*code == '\0' || strstr(fault.detail, "Jane")) {
            fail_msg("%s: %s %s", bad[i], code, fault.detail);
        }
    }
}

static void the_same_inputs_give_the_same_result(void **state)
{
    const char *text = "[now(), uuid5('url', 'x'), sha256(1, 2), "
                       "groupBy([3, 1, 3], x => x)]";
    const amzx_expr_t *e = compile(text);
    const char *first = NULL;
    int i;

    (void)state;
    for (i = 0; i < 3; ++i) {
        const amzx_val_t *v;
        amzx_eval_t ev;

        amzx_eval_init(&ev, NULL, apr_time_from_sec(5));
        assert_int_equal(amzx_expr_eval(&v, e, &ev, &fault, pool), 0);
        if (first) {
            assert_string_equal(amzx_json_write(v, NULL, pool), first);
        }
        first = amzx_json_write(v, NULL, pool);
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
        cmocka_unit_test(nested_loops_run_out_of_fuel),
        cmocka_unit_test(fuel_is_shared_by_the_expressions_of_a_step),
        cmocka_unit_test(one_expression_may_not_burn_what_a_step_may),
        cmocka_unit_test(brackets_nest_64_deep),
        cmocka_unit_test(long_chains_work_up_to_a_limit),
        cmocka_unit_test(values_that_double_themselves_are_refused),
        cmocka_unit_test(text_is_limited_for_the_whole_step),
        cmocka_unit_test(bad_patterns_cannot_hold_up_a_thread),
        cmocka_unit_test(patterns_are_refused_with_a_reason),
        cmocka_unit_test(a_scope_hides_names_of_its_parent),
        cmocka_unit_test(faults_name_file_line_and_column),
        cmocka_unit_test(messages_hold_no_value_of_the_data),
        cmocka_unit_test(the_same_inputs_give_the_same_result),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
