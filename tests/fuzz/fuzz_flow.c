/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz workflow definitions, without the schema so that the loader meets
 * every shape; what loads is walked with canned answers, and walked again
 * from its journal, which must fit. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>

#include "amzx_connector.h"
#include "amzx_json.h"
#include "amzx_machine.h"
#include "amzx_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ASKS_MAX 40

static void need(int is_true)
{
    if (!is_true) {
        abort();
    }
}

static apr_status_t no_random(void *ctx, unsigned char *out, apr_size_t len)
{
    (void)ctx;
    memset(out, 7, len);
    return APR_SUCCESS;
}

static const amzx_val_t *json(const char *text, apr_pool_t *p)
{
    const amzx_val_t *v = &amzx_val_null;
    amzx_fault_t fault;

    need(amzx_json_parse(&v, text, strlen(text), NULL, &fault, p)
         == APR_SUCCESS);
    return v;
}

/* Every third answer is a failure, every seventh a refusal. */
static void answer(amzx_machine_t *m, const amzx_ask_t *ask, int n,
                   apr_time_t now, apr_pool_t *p)
{
    amzx_fault_t fault;

    if (ask->kind == AMZX_ASK_WAIT) {
        amzx_machine_answer(m, NULL, NULL, ask->until > now ? ask->until
                                                            : now);
        return;
    }
    if (ask->kind == AMZX_ASK_CALL && n % 3 == 2) {
        amzx_fault_clear(&fault);
        (void)amzx_fault_set(&fault,
                             n % 7 == 5 ? AMZX_FAULT_REJECTED
                                        : AMZX_FAULT_TRANSIENT,
                             APR_EGENERAL,
                             n % 7 == 5 ? "validation.x" : "network.reset",
                             "no");
        amzx_machine_answer(m, NULL, &fault, now);
        return;
    }
    amzx_machine_answer(m, json("{\"choice\":\"yes\",\"a\":[1,\"2.50\"],"
                                "\"total\":3.1,\"orderId\":\"x\"}", p),
                        NULL, now);
}

/* @return rows of the journal; the machine stands or has ended */
static int walk(amzx_machine_t *m, const amzx_entry_t **entries,
                apr_pool_t *p)
{
    apr_array_header_t *all = apr_array_make(p, 32, sizeof(amzx_entry_t));
    const amzx_entry_t *made;
    int n, i, count;

    for (n = 0; n < ASKS_MAX; n++) {
        const amzx_ask_t *ask = amzx_machine_next(m);

        count = amzx_machine_take(m, &made);
        for (i = 0; i < count; i++) {
            APR_ARRAY_PUSH(all, amzx_entry_t) = made[i];
        }
        if (ask->kind == AMZX_ASK_END) {
            break;
        }
        answer(m, ask, n, apr_time_from_sec(n + 1), p);
    }
    count = amzx_machine_take(m, &made);
    for (i = 0; i < count; i++) {
        APR_ARRAY_PUSH(all, amzx_entry_t) = made[i];
    }
    *entries = (const amzx_entry_t *)all->elts;
    return all->nelts;
}

static void run(const amzx_flow_t *flow, apr_pool_t *p)
{
    amzx_machine_start_t start;
    const amzx_entry_t *entries;
    amzx_machine_t *m = NULL;
    amzx_env_t env;
    amzx_fault_t fault;
    int rows;

    amzx_env_init(&env, "fuzz");
    env.random = no_random;
    memset(&start, 0, sizeof(start));
    start.run_id = "run_f";
    start.env = &env;
    start.tenant = json("{\"id\":\"t\",\"baseCurrency\":\"GBP\","
                        "\"timezone\":\"UTC\"}", p);
    start.payload = json("{\"trigger\":\"m\",\"body\":{\"a\":1},"
                         "\"input\":{\"orderId\":\"1\"}}", p);
    amzx_fault_clear(&fault);
    if (amzx_flow_config(&start.config, flow, NULL, &fault, p)
        != APR_SUCCESS) {
        return;
    }
    need(amzx_machine_make(&m, flow, &start, NULL, 0, 0, &fault, p)
         == APR_SUCCESS);
    rows = walk(m, &entries, p);
    need(amzx_machine_make(&m, flow, &start, entries, rows, 0, &fault, p)
         == APR_SUCCESS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int is_ready;
    amzx_flow_world_t world = { amzx_op_find, amzx_op_at, NULL, NULL, NULL };
    apr_pool_t *p = NULL;
    amzx_problems_t *ps;
    amzx_flow_t *flow = NULL;
    apr_status_t rv;

    if (!is_ready) {
        apr_initialize();
        amzx_xml_init();
        is_ready = 1;
    }
    apr_pool_create(&p, NULL);
    ps = amzx_problems_make("fuzz.xml", p);
    rv = amzx_flow_load(&flow, (const char *)data, size, &world, ps, p);
    need((rv == APR_SUCCESS) == (flow != NULL));
    need((rv == APR_SUCCESS) == (amzx_problems_errors(ps) == 0));
    if (flow) {
        run(flow, p);
    }
    apr_pool_destroy(p);
    return 0;
}
