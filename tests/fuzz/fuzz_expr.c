/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the expression language: compile as expression and as template,
 * evaluate in every way. With AMZX_FUZZ_MS set, an input that takes more
 * processor time than that ends the program. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>

#include "amzx_expr.h"
#include "amzx_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char context[] =
    "{\"a\":1,\"b\":\"2.50\",\"n\":null,\"t\":true,\"s\":\"some text\","
    "\"l\":[1,2,3,\"4\",null],\"o\":{\"x\":{\"y\":[{\"z\":5}]},\"k\":\"v\"},"
    "\"order\":{\"total\":\"212.40\",\"purchaseDate\":"
    "\"2026-01-31T23:30:00Z\",\"lines\":[{\"sku\":\"A\",\"qty\":2,"
    "\"amount\":\"20.00\"},{\"sku\":\"B\",\"qty\":0,\"amount\":-1}]},"
    "\"tz\":\"Europe/London\",\"re\":\"(a|b)*c+\",\"u\":\"Zo\xC3\xAB \xE2\x82"
    "\xAC \xF0\x9F\x98\x80\"}";

static apr_pool_t *root;
static const amzx_val_t *names;

static apr_status_t lookup(void *ctx, const amzx_val_t **row,
                           const char *table, const amzx_val_t *const *keys,
                           int count, amzx_fault_t *fault, apr_pool_t *p)
{
    (void)ctx;
    (void)p;
    *row = count == 1 ? keys[0] : names;
    return table[0] == 'x'
           ? amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EGENERAL,
                            "mapping.table_miss", "no row") : APR_SUCCESS;
}

static void see_name(void *ctx, const char *name, const char *path, int line,
                     int column)
{
    *(size_t *)ctx += strlen(name) + strlen(path) + (size_t)(line + column);
}

static void see_table(void *ctx, const char *table, int keys, int line,
                      int column)
{
    *(size_t *)ctx += strlen(table) + (size_t)(keys + line + column);
}

/* A result must be fit to be written and to be weighed: both end. */
static void evaluate(const amzx_expr_t *e, apr_pool_t *p)
{
    const amzx_val_t *v;
    amzx_scope_t scope;
    amzx_eval_t ev;
    amzx_fault_t fault;
    const char *text;
    size_t seen = 0;
    int is;

    amzx_scope_of(&scope, names, NULL);
    amzx_eval_init(&ev, &scope, apr_time_from_sec(1769941800));
    ev.lookup = lookup;
    if (amzx_expr_eval(&v, e, &ev, &fault, p) == APR_SUCCESS) {
        (void)amzx_json_write(v, NULL, p);
    }
    else if (fault.klass != AMZX_FAULT_REJECTED || !fault.code[0]) {
        abort();
    }
    if (ev.fuel < 0 || ev.fuel > AMZX_FUEL_EXPR) {
        abort();
    }
    ev.fuel = 2000;
    (void)amzx_expr_eval_bool(&is, e, &ev, &fault, p);
    (void)amzx_expr_eval_text(&text, e, &ev, &fault, p);
    (void)amzx_expr_eval_scaled(&v, e, 2, AMZX_ROUND_HALF_UP, &ev, &fault, p);
    amzx_expr_names(e, see_name, &seen);
    amzx_expr_tables(e, see_table, &seen);
}

static void start_up(void)
{
    amzx_fault_t fault;

    apr_initialize();
    if (apr_pool_create(&root, NULL) != APR_SUCCESS
        || amzx_json_parse(&names, context, sizeof context - 1, NULL, &fault,
                           root) != APR_SUCCESS) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const amzx_place_t at = {"fuzz", 1};
    const char *limit = getenv("AMZX_FUZZ_MS");
    const amzx_expr_t *e;
    amzx_fault_t fault;
    clock_t start;
    apr_pool_t *p;
    char *text;

    if (!root) {
        start_up();
    }
    start = clock();
    apr_pool_create(&p, root);
    text = apr_pstrmemdup(p, (const char *)data, size);
    if (amzx_expr_compile_template(&e, text, &at, &fault, p) == APR_SUCCESS) {
        evaluate(e, p);
    }
    text = apr_pstrcat(p, "{{", text, "}}", NULL);
    if (amzx_expr_compile(&e, text, &at, &fault, p) == APR_SUCCESS) {
        evaluate(e, p);
    }
    apr_pool_destroy(p);
    if (limit && (clock() - start) / (CLOCKS_PER_SEC / 1000)
           > apr_atoi64(limit)) {
        fprintf(stderr, "this input takes longer than %s ms\n", limit);
        abort();
    }
    return 0;
}
