/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: bench_store DSN [RUNS]
 * How many runs a second the database bears: made, claimed 128 at a time,
 * finished with two journal rows and one intent each; and how many deliveries
 * a second the group writer stores for 32 threads. DSN must be an empty
 * database; it is left filled.
 */
#include <stdio.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "amzx_batch.h"
#include "amzx_id.h"
#include "amzx_str.h"
#include "amzx_writer.h"

#define GROUP 128
#define THREADS 32

typedef struct {
    amzx_env_t env;
    amzx_store_t st;
    amzx_db_t *db;
    const char *dsn;
    char text[2048]; /* a body of the usual size */
    apr_pool_t *p;
    amzx_fault_t fault;
} work_t;

static int stop(const work_t *w, const char *what)
{
    fprintf(stderr, "%s: %s: %s\n", what, w->fault.code, w->fault.detail);
    return 1;
}

static void report(const work_t *w, const char *what, int count,
                   apr_time_t start)
{
    apr_time_t us = amzx_mono(&w->env) - start;

    printf("%-44s %8d in %6d ms: %7d a second\n", what, count,
           (int)(us / 1000), (int)((apr_int64_t)count * 1000000 / (us + 1)));
}

static apr_status_t make_group(work_t *w, int count, apr_pool_t *p)
{
    amzx_txn_t *txn = NULL;
    apr_status_t rv;
    int i;

    rv = amzx_txn_begin(&txn, w->db, &w->fault, p);
    for (i = 0; rv == APR_SUCCESS && i < count; i++) {
        amzx_run_t run;
        int is_new = 0;

        memset(&run, 0, sizeof(run));
        run.id = run.run_key = run.partition = amzx_id_new(&w->env, "run", p);
        run.tenant = "bench";
        run.workflow = "orders";
        run.sha = "sha";
        run.trigger = "order";
        run.origin = "rest";
        run.input = w->text;
        run.created_at = run.due_at = amzx_now(&w->env);
        rv = amzx_run_put(&is_new, txn, &w->st, &run, &w->fault, p);
    }
    return amzx_txn_end(txn, rv, &w->fault);
}

static void fill(amzx_batch_t *batch, amzx_run_t *run, const work_t *w,
                 apr_pool_t *p)
{
    amzx_entry_t e;
    amzx_intent_t in;
    int i;

    memset(&e, 0, sizeof(e));
    memset(&in, 0, sizeof(in));
    for (i = 1; i <= 2; i++) {
        e.seq = i;
        e.path = "book/posted";
        e.kind = "result";
        e.at = amzx_now(&w->env);
        e.data = w->text + sizeof(w->text) - 500;
        amzx_batch_entry(batch, run, &e);
    }
    in.key = apr_pstrcat(p, "k_", run->id, NULL);
    in.tenant = run->tenant;
    in.run_id = run->id;
    in.connection = "books";
    in.op = "invoice.create";
    in.natural = run->id;
    in.state = AMZX_INTENT_APPLIED;
    in.method = "PUT";
    in.path = "/Invoices";
    in.body = w->text + 500;
    in.result = "{\"id\":\"1\"}";
    amzx_batch_intent(batch, run, &in);
    run->outcome = "done";
    run->seq = 2;
    amzx_batch_save(batch, run, AMZX_EV_FINISH);
}

/* One tick: claim, then finish in a second transaction. */
static apr_status_t tick(int *done, work_t *w, apr_pool_t *p)
{
    amzx_batch_t *batch = amzx_batch_make(&w->st, p);
    apr_array_header_t *runs = NULL;
    amzx_txn_t *txn = NULL;
    apr_status_t rv;
    int i;

    *done = 0;
    rv = amzx_txn_begin(&txn, w->db, &w->fault, p);
    if (rv == APR_SUCCESS) {
        amzx_claim_t claim = { "bench", amzx_now(&w->env),
                               apr_time_from_sec(60), GROUP };

        rv = amzx_run_claim(&runs, txn, &w->st, &claim, &w->fault, p);
    }
    rv = amzx_txn_end(txn, rv, &w->fault);
    if (rv != APR_SUCCESS || runs->nelts == 0) {
        return rv;
    }
    for (i = 0; i < runs->nelts; i++) {
        fill(batch, &APR_ARRAY_IDX(runs, i, amzx_run_t), w, p);
    }
    rv = amzx_txn_begin(&txn, w->db, &w->fault, p);
    if (rv == APR_SUCCESS) {
        rv = amzx_batch_flush(batch, txn, amzx_now(&w->env), &w->fault, p);
    }
    *done = runs->nelts;
    return amzx_txn_end(txn, rv, &w->fault);
}

typedef struct {
    work_t *w;
    amzx_writer_t *writer;
    int count;
    int good;
} client_t;

static apr_status_t put(void *data, amzx_txn_t *txn, const amzx_store_t *st,
                        amzx_fault_t *fault, apr_pool_t *p)
{
    int is_new = 0;

    return amzx_inbox_put(&is_new, txn, st, data, fault, p);
}

static void *APR_THREAD_FUNC client(apr_thread_t *thread, void *data)
{
    client_t *c = data;
    apr_pool_t *p = NULL;
    int i;

    (void)thread;
    apr_pool_create(&p, NULL);
    for (i = 0; i < c->count; i++) {
        amzx_delivery_t d;

        memset(&d, 0, sizeof(d));
        d.id = d.delivery = amzx_id_new(&c->w->env, "in", p);
        d.tenant = "bench";
        d.source = "bench";
        d.body = c->w->text;
        d.received_at = amzx_now(&c->w->env);
        c->good += amzx_writer_run(c->writer, put, &d, NULL, p)
                   == APR_SUCCESS;
        apr_pool_clear(p);
    }
    apr_pool_destroy(p);
    return NULL;
}

static int bench_writer(work_t *w, int total)
{
    apr_thread_t *thread[THREADS];
    client_t c[THREADS];
    amzx_writer_t *writer = NULL;
    apr_time_t start;
    apr_status_t rv;
    int good = 0;
    int i;

    if (amzx_writer_start(&writer, w->dsn, &w->st, NULL, &w->fault, w->p)
        != APR_SUCCESS) {
        return stop(w, "writer");
    }
    start = amzx_mono(&w->env);
    for (i = 0; i < THREADS; i++) {
        c[i].w = w;
        c[i].writer = writer;
        c[i].count = total / THREADS;
        c[i].good = 0;
        apr_thread_create(&thread[i], NULL, client, &c[i], w->p);
    }
    for (i = 0; i < THREADS; i++) {
        apr_thread_join(&rv, thread[i]);
        good += c[i].good;
    }
    report(w, "deliveries, group writer, 32 threads", good, start);
    return 0;
}

static int bench_runs(work_t *w, int total)
{
    apr_pool_t *p = NULL;
    apr_time_t start = amzx_mono(&w->env);
    int done = 1;
    int count;

    apr_pool_create(&p, w->p);
    for (count = 0; count < total; count += GROUP) {
        if (make_group(w, GROUP, p) != APR_SUCCESS) {
            return stop(w, "put");
        }
        apr_pool_clear(p);
    }
    report(w, "runs made, 128 in a transaction", count, start);
    start = amzx_mono(&w->env);
    for (count = 0; done > 0; count += done) {
        if (tick(&done, w, p) != APR_SUCCESS) {
            return stop(w, "tick");
        }
        apr_pool_clear(p);
    }
    report(w, "runs claimed, journaled, booked, finished", count, start);
    return 0;
}

int main(int argc, const char *const *argv)
{
    apr_int64_t total = 20000;
    work_t w;

    if (argc < 2 || (argc > 2 && amzx_int_parse(&total, argv[2]))) {
        fprintf(stderr, "usage: bench_store DSN [RUNS]\n");
        return 2;
    }
    apr_initialize();
    memset(&w, 0, sizeof(w));
    apr_pool_create(&w.p, NULL);
    amzx_env_init(&w.env, "bench");
    w.env.log_level = AMZX_LOG_ERR;
    w.st.env = &w.env;
    w.dsn = argv[1];
    memset(w.text, 'x', sizeof(w.text) - 1);
    if (amzx_db_open(&w.db, w.dsn, &w.env, &w.fault, w.p) != APR_SUCCESS
        || amzx_db_migrate(w.db, &w.fault, w.p) != APR_SUCCESS) {
        return stop(&w, "open");
    }
    return bench_runs(&w, (int)total) || bench_writer(&w, (int)total);
}
