/* SPDX-License-Identifier: Apache-2.0 */
/* What the linter and the docs learn of expressions and functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "amzx_expr.h"
#include "amzx_str.h"

static apr_pool_t *pool;
static amzx_fault_t fault;

static const amzx_expr_t *compile(const char *text)
{
    const amzx_place_t at = {"w.xml", 3};
    const amzx_expr_t *e = NULL;

    if (amzx_expr_compile(&e, apr_pstrcat(pool, "{{ ", text, " }}", NULL), &at,
                          &fault, pool)) {
        fail_msg("%s: %s at %s", text, fault.detail, fault.place);
    }
    return e;
}

static void collect_name(void *ctx, const char *name, const char *path,
                         int line, int column)
{
    amzx_buf_printf(ctx, "%s/%s@%d:%d ", name, path, line, column);
}

static void collect_table(void *ctx, const char *table, int keys, int line,
                          int column)
{
    amzx_buf_printf(ctx, "%s/%d@%d:%d ", table, keys, line, column);
}

static void the_linter_sees_free_names_and_tables(void **state)
{
    const amzx_expr_t *e;
    const amzx_place_t at = {"w.xml", 3};
    amzx_buf_t b;

    (void)state;
    amzx_buf_init(&b, 64, pool);
    amzx_expr_names(compile("order.buyer.name ?? x + order.lines[i].sku.size()"
                            " + l.map(y => y.a + z)[0].q"), collect_name, &b);
    assert_string_equal(b.s, "order/buyer.name@3:4 x/@3:24 order/lines@3:28 "
                        "i/@3:40 l/@3:56 z/@3:73 ");
    amzx_buf_init(&b, 64, pool);
    amzx_expr_tables(compile("merge(lookup('tax', a, b), c.map(x => "
                             "lookup('fee', x)), lookup(t, 1))"),
                     collect_table, &b);
    assert_string_equal(b.s, "tax/2@3:17 fee/1@3:49 ");
    assert_int_equal(amzx_expr_compile_template(&e, "a {{ x }}\n{{ y.z }}",
                                                &at, &fault, pool), 0);
    amzx_buf_init(&b, 64, pool);
    amzx_expr_names(e, collect_name, &b);
    assert_string_equal(b.s, "x/@3:6 y/z@4:4 ");
}

static void literal_text_is_told_from_expressions(void **state)
{
    const amzx_place_t at = {"w.xml", 1};
    const amzx_expr_t *e;
    const char *text;

    (void)state;
    amzx_expr_compile_template(&e, "ACCREC", &at, &fault, pool);
    assert_true(amzx_expr_is_literal(e, &text));
    assert_string_equal(text, "ACCREC");
    amzx_expr_compile_template(&e, "", &at, &fault, pool);
    assert_true(amzx_expr_is_literal(e, &text));
    assert_string_equal(text, "");
    amzx_expr_compile_template(&e, "{{ 'x' }}", &at, &fault, pool);
    assert_false(amzx_expr_is_literal(e, &text));
    assert_null(text);
    amzx_expr_compile_template(&e, "x{{ 1 }}", &at, &fault, pool);
    assert_false(amzx_expr_is_literal(e, &text));
    assert_string_equal(amzx_expr_source(e), "x{{ 1 }}");
}

static void the_catalogue_is_sorted_and_complete(void **state)
{
    static const char *const wanted[] = {
        "num", "round", "abs", "min", "max", "div", "money", "allocate",
        "taxRate", "lookup", "present", "type", "error", "concat", "lower",
        "upper", "trim", "substr", "replace", "matches", "split", "json",
        "sha256", "uuid5", "similarity", "date", "endOfMonth", "now", "merge",
        "groupBy", "chunk", "flatten", "keys", "map", "filter", "find", "all",
        "any", "sum", "sort", "unique", "join", "size", "slice", "first",
        "last", "pick", "omit", "startsWith", "endsWith", "contains",
    };
    const amzx_func_t *f = amzx_expr_functions();
    size_t i, k, count = 0;

    (void)state;
    for (i = 0; f[i].name; ++i) {
        ++count;
        assert_true(i == 0 || strcmp(f[i - 1].name, f[i].name) < 0);
        assert_true(f[i].args[0] == '(' && f[i].doc[0] && f[i].result[0]);
        assert_true(f[i].max_args < 0 || f[i].min_args <= f[i].max_args);
    }
    for (i = 0; i < sizeof wanted / sizeof *wanted; ++i) {
        for (k = 0; f[k].name && strcmp(f[k].name, wanted[i]) != 0; ++k) {
            continue;
        }
        if (!f[k].name) {
            fail_msg("%s is missing", wanted[i]);
        }
    }
    assert_int_equal(count, sizeof wanted / sizeof *wanted);
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
        cmocka_unit_test(the_linter_sees_free_names_and_tables),
        cmocka_unit_test(literal_text_is_told_from_expressions),
        cmocka_unit_test(the_catalogue_is_sorted_and_complete),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
