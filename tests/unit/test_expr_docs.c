/* SPDX-License-Identifier: Apache-2.0 */
/* Every example of docs/expressions.md is run, every function has one; and
 * the expressions of the shipped workflows compile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_file_info.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "amzx_expr.h"
#include "amzx_json.h"
#include "amzx_str.h"
#include "amzx_table.h"
#include "amzx_xml.h"

/* 2026-07-01T08:00:00Z */
#define NOW apr_time_from_sec(1782892800)

static apr_pool_t *pool;
static amzx_fault_t fault;

static const char *source(const char *path)
{
    const char *dir = getenv("srcdir");

    return apr_psprintf(pool, "%s/%s", dir ? dir : ".", path);
}

static char *read_docs(void)
{
    char *bytes;
    apr_size_t len;

    assert_int_equal(amzx_file_read(&bytes, &len,
                                    source("docs/expressions.md"), 1 << 20,
                                    pool), APR_SUCCESS);
    return bytes;
}

static apr_status_t lookup(void *ctx, const amzx_val_t **row,
                           const char *table, const amzx_val_t *const *keys,
                           int count, amzx_fault_t *out, apr_pool_t *p)
{
    (void)table;
    return amzx_table_lookup(row, ctx, keys, count, out, p);
}

static amzx_table_t *tax_table(void)
{
    static const char *const match = "rate";
    static const char *const give = "type";
    static const char *const rows[][2] = {{"0.20", "OUTPUT2"}, {"0", "ZERO"}};
    const amzx_table_spec_t spec = {"tax", &match, 1, &give, 1, 0};
    amzx_table_t *t;
    int i;

    assert_int_equal(amzx_table_make(&t, &spec, &fault, pool), 0);
    for (i = 0; i < 2; ++i) {
        assert_int_equal(amzx_table_add_row(t, &rows[i][0], &rows[i][1],
                                            &fault, pool), 0);
    }
    return t;
}

static const amzx_val_t *docs_context(char *docs)
{
    char *start = strstr(docs, "```json\n");
    char *end = start ? strstr(start + 8, "```") : NULL;
    const amzx_val_t *v;

    assert_non_null(end);
    start += 8;
    if (amzx_json_parse(&v, start, (apr_size_t)(end - start), NULL, &fault,
                        pool)) {
        fail_msg("%s", fault.detail);
    }
    return v;
}

/* `a` gives `b`: the expression and the result of a line, or 0. */
static int example(const char **text, const char **want, char *line)
{
    char *mid = strstr(line, "` gives `");
    char *start = strchr(line, '`');
    char *end = mid ? strrchr(mid, '`') : NULL;

    while (*line == ' ') {
        ++line;
    }
    if (line[0] != '-' || !mid || start > mid || end == mid + 8) {
        return 0;
    }
    *mid = '\0';
    *end = '\0';
    *text = start + 1;
    *want = mid + 9;
    return 1;
}

static void every_example_of_the_docs_holds(void **state)
{
    char *docs = read_docs();
    const amzx_val_t *context = docs_context(docs);
    amzx_table_t *table = tax_table();
    const amzx_place_t at = {"docs/expressions.md", 1};
    const char *text, *want;
    int bad = 0, count = 0;
    char *line, *last;

    (void)state;
    for (line = apr_strtok(docs, "\n", &last); line;
         line = apr_strtok(NULL, "\n", &last)) {
        const amzx_expr_t *e;
        const amzx_val_t *v;
        const char *got;
        amzx_scope_t scope;
        amzx_eval_t ev;

        if (!example(&text, &want, line)) {
            continue;
        }
        ++count;
        amzx_scope_of(&scope, context, NULL);
        amzx_eval_init(&ev, &scope, NOW);
        ev.lookup = lookup;
        ev.lookup_ctx = table;
        if (amzx_expr_compile(&e, apr_pstrcat(pool, "{{ ", text, " }}", NULL),
                              &at, &fault, pool)
            || amzx_expr_eval(&v, e, &ev, &fault, pool)) {
            got = fault.detail;
        }
        else {
            got = amzx_json_write(v, NULL, pool);
        }
        if (strcmp(got, want) != 0) {
            print_error("%s gives %s, not %s\n", text, got, want);
            ++bad;
        }
    }
    print_message("%d examples\n", count);
    assert_true(count >= 90);
    assert_int_equal(bad, 0);
}

static void every_function_has_an_example(void **state)
{
    const amzx_func_t *f = amzx_expr_functions();
    char *docs = read_docs();
    char *line, *last;
    const char *text, *want;
    int i, missing = 0;
    const char *all = "";

    (void)state;
    for (line = apr_strtok(docs, "\n", &last); line;
         line = apr_strtok(NULL, "\n", &last)) {
        if (example(&text, &want, line)) {
            all = apr_pstrcat(pool, all, " ", text, NULL);
        }
    }
    for (i = 0; f[i].name; ++i) {
        const char *hit = strstr(all, apr_pstrcat(pool, f[i].name, "(", NULL));

        if (!hit) {
            print_error("%s has no example\n", f[i].name);
            ++missing;
        }
    }
    assert_int_equal(missing, 0);
}

static int compile_all(const amzx_xelem_t *el, const char *file)
{
    int count = 0;

    for (; el; el = el->next) {
        const amzx_xattr_t *a;

        for (a = el->attrs; a; a = a->next) {
            const amzx_place_t at = {file, el->line};
            const amzx_expr_t *e;

            if (!strstr(a->value, "{{")) {
                continue;
            }
            ++count;
            if (amzx_expr_compile_template(&e, a->value, &at, &fault, pool)) {
                fail_msg("%s: %s", fault.place, fault.detail);
            }
        }
        count += compile_all(el->child, file);
    }
    return count;
}

/* Workflows of the project, and others named by AMZXERO_WORKFLOWS. */
static void every_expression_of_the_workflows_compiles(void **state)
{
    const char *dir = getenv("AMZXERO_WORKFLOWS");
    apr_dir_t *d;
    apr_finfo_t info;
    int count = 0;

    (void)state;
    dir = dir ? dir : source("workflows");
    if (apr_dir_open(&d, dir, pool) != APR_SUCCESS) {
        skip();
    }
    while (apr_dir_read(&info, APR_FINFO_NAME, d) == APR_SUCCESS) {
        apr_size_t len = strlen(info.name);
        const amzx_xelem_t *root;
        const char *path = apr_pstrcat(pool, dir, "/", info.name, NULL);
        amzx_problems_t *ps;
        char *bytes;

        if (len < 5 || strcmp(info.name + len - 4, ".xml") != 0) {
            continue;
        }
        assert_int_equal(amzx_file_read(&bytes, &len, path, 1 << 20, pool), 0);
        ps = amzx_problems_make(path, pool);
        assert_int_equal(amzx_xml_parse(&root, bytes, len, NULL, ps, pool), 0);
        count += compile_all(root, info.name);
    }
    apr_dir_close(d);
    print_message("%d attributes with expressions\n", count);
    if (count == 0) {
        skip();
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
        cmocka_unit_test(every_example_of_the_docs_holds),
        cmocka_unit_test(every_function_has_an_example),
        cmocka_unit_test(every_expression_of_the_workflows_compiles),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
