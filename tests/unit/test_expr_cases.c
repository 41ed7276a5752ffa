/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the table expr_cases.txt: an expression, a context, an outcome. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "amzx_expr.h"
#include "amzx_json.h"
#include "amzx_str.h"

/* 2026-02-01T10:30:00.25Z */
#define NOW (apr_time_from_sec(1769941800) + 250000)

static apr_pool_t *pool;
static apr_hash_t *contexts;

/* One table: `rate` by country; everything else is not there. */
static apr_status_t lookup(void *ctx, const amzx_val_t **row,
                           const char *table, const amzx_val_t *const *keys,
                           int count, amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_val_t *obj;

    (void)ctx;
    *row = &amzx_val_null;
    if (strcmp(table, "rate") != 0 || count != 1
        || strcmp(amzx_val_text(keys[0], ""), "GB") != 0) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EGENERAL,
                              "mapping.table_miss", "no row of `%s`", table);
    }
    obj = amzx_val_obj(1, p);
    amzx_val_put_str(obj, "rate", "0.20", p);
    *row = obj;
    return APR_SUCCESS;
}

/* The outcome of a line as the table writes it. */
static const char *outcome(const amzx_val_t *v, apr_status_t rv,
                           const amzx_fault_t *fault, apr_pool_t *p)
{
    if (rv == APR_SUCCESS) {
        return amzx_json_write(v, NULL, p);
    }
    return apr_psprintf(p, "!%s ~ %s @ %s", fault->code, fault->detail,
                        fault->place);
}

/* "scaled 2 half-up: ..." and its like: how the rest is to be run. */
static apr_status_t run(const amzx_val_t **v, const char *text,
                        amzx_eval_t *ev, amzx_fault_t *fault, apr_pool_t *p)
{
    const amzx_place_t at = {"flow.xml", 7};
    const amzx_expr_t *e;
    const char *s;
    apr_status_t rv;
    char mode[16];
    int scale, is, used = 0;

    *v = &amzx_val_null;
    if (strncmp(text, "template: ", 10) == 0
        || strncmp(text, "text: ", 6) == 0) {
        rv = amzx_expr_compile_template(&e, strchr(text, ':') + 2, &at, fault,
                                        p);
        if (rv == APR_SUCCESS && text[2] == 'x') {
            rv = amzx_expr_eval_text(&s, e, ev, fault, p);
            *v = amzx_val_str(s, p);
            return rv;
        }
        return rv == APR_SUCCESS ? amzx_expr_eval(v, e, ev, fault, p) : rv;
    }
    if (sscanf(text, "scaled %d %15[a-z-]: %n", &scale, mode, &used) == 2
        && used > 0) {
        rv = amzx_expr_compile_template(&e, apr_psprintf(p, "{{ %s }}",
                                                         text + used),
                                        &at, fault, p);
        return rv == APR_SUCCESS
               ? amzx_expr_eval_scaled(v, e, scale,
                                       (amzx_round_e)amzx_round_of(mode), ev,
                                       fault, p) : rv;
    }
    if (strncmp(text, "raw: ", 5) == 0) {
        rv = amzx_expr_compile(&e, text + 5, &at, fault, p);
    }
    else {
        s = strncmp(text, "bool: ", 6) == 0 ? text + 6 : text;
        rv = amzx_expr_compile(&e, apr_psprintf(p, "{{ %s }}", s), &at, fault,
                               p);
        if (rv == APR_SUCCESS && s != text) {
            rv = amzx_expr_eval_bool(&is, e, ev, fault, p);
            *v = amzx_val_bool(is);
            return rv;
        }
    }
    return rv == APR_SUCCESS ? amzx_expr_eval(v, e, ev, fault, p) : rv;
}

/* Does the outcome agree? `!code` and `!code ~ part` match faults. */
static int agrees(const char *got, const char *want)
{
    const char *part = strstr(want, " ~ ");
    apr_size_t len;

    if (want[0] != '!') {
        return strcmp(got, want) == 0;
    }
    len = part ? (apr_size_t)(part - want) : strlen(want);
    return strncmp(got, want, len) == 0 && got[len] == ' '
           && (!part || strstr(got + len, part + 3));
}

static const amzx_val_t *context_of(const char *text, apr_pool_t *p)
{
    const amzx_val_t *v = apr_hash_get(contexts, text, APR_HASH_KEY_STRING);
    amzx_fault_t fault;

    if (v || *text == '-') {
        return v;
    }
    if (amzx_json_parse(&v, text, strlen(text), NULL, &fault, p)
        != APR_SUCCESS) {
        fail_msg("context `%s`: %s", text, fault.detail);
    }
    return v;
}

static int run_line(char *line, int number)
{
    char *cell[3] = {line, NULL, NULL};
    const amzx_val_t *v;
    amzx_scope_t scope;
    amzx_fault_t fault;
    amzx_eval_t ev;
    apr_status_t rv;
    apr_pool_t *p;
    const char *got;
    int i, ok;

    for (i = 1; i < 3 && cell[i - 1]; ++i) {
        cell[i] = strstr(cell[i - 1], " ;; ");
        if (cell[i]) {
            *cell[i] = '\0';
            cell[i] += 4;
        }
    }
    if (!cell[1]) {
        fail_msg("line %d: no outcome", number);
    }
    apr_pool_create(&p, pool);
    amzx_fault_clear(&fault);
    amzx_scope_of(&scope, cell[2] ? context_of(cell[1], p) : NULL, NULL);
    amzx_eval_init(&ev, &scope, NOW);
    ev.lookup = lookup;
    rv = run(&v, cell[0], &ev, &fault, p);
    got = outcome(v, rv, &fault, p);
    ok = agrees(got, cell[2] ? cell[2] : cell[1]);
    if (!ok) {
        print_error("line %d: %s\n    wanted %s\n    got    %s\n", number,
                    cell[0], cell[2] ? cell[2] : cell[1], got);
    }
    if (rv != APR_SUCCESS && fault.klass != AMZX_FAULT_REJECTED) {
        print_error("line %d: class %d\n", number, fault.klass);
        ok = 0;
    }
    apr_pool_destroy(p);
    return ok;
}

static void define(char *line)
{
    char *blank = strchr(line, ' ');
    const amzx_val_t *v;
    amzx_fault_t fault;

    assert_non_null(blank);
    *blank = '\0';
    if (amzx_json_parse(&v, blank + 1, strlen(blank + 1), NULL, &fault, pool)
        != APR_SUCCESS) {
        fail_msg("%s: %s", line, fault.detail);
    }
    apr_hash_set(contexts, line, APR_HASH_KEY_STRING, v);
}

/* Run a file; returns how many lines it has, *bad counts the wrong ones. */
static int run_file(int *bad, const char *name)
{
    const char *dir = getenv("srcdir");
    const char *path = apr_psprintf(pool, "%s/tests/unit/%s", dir ? dir : ".",
                                    name);
    char *bytes, *line, *next;
    apr_size_t len;
    int number = 0, count = 0;

    *bad = 0;
    assert_int_equal(amzx_file_read(&bytes, &len, path, 4 * 1024 * 1024, pool),
                     APR_SUCCESS);
    for (line = bytes; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next) {
            *next++ = '\0';
        }
        ++number;
        if (*line == '@') {
            define(line);
        }
        else if (*line != '#' && *line != '\0') {
            *bad += !run_line(line, number);
            ++count;
        }
    }
    print_message("%d expressions in %s\n", count, name);
    return count;
}

static void each_line_of_the_table_holds(void **state)
{
    int bad;

    (void)state;
    contexts = apr_hash_make(pool);
    assert_true(run_file(&bad, "expr_cases.txt") >= 1000);
    assert_int_equal(bad, 0);
}

static void expressions_agree_with_an_independent_implementation(void **state)
{
    int bad;

    (void)state;
    contexts = apr_hash_make(pool);
    assert_true(run_file(&bad, "expr_cases_computed.txt") >= 800);
    assert_int_equal(bad, 0);
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
        cmocka_unit_test(each_line_of_the_table_holds),
        cmocka_unit_test(
            expressions_agree_with_an_independent_implementation),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
