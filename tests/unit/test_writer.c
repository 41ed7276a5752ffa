/* SPDX-License-Identifier: Apache-2.0 */
/* Group commit: what is acknowledged is on disk, a bad job fails alone. */
#include "store_fixture.h"

#include <errno.h>
#include <signal.h>
#include <apr_atomic.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "amzx_writer.h"

#define NOW APR_INT64_C(1750000000000000)
#define THREADS 64
#define KILLS 6

typedef struct {
    const char *id;
    int is_new;
    int is_bad;   /* fail without touching the database */
    int is_awful; /* fail in the database */
    int times;    /* how often it ran */
} put_t;

static apr_status_t put_delivery(void *data, amzx_txn_t *txn,
                                 const amzx_store_t *st, amzx_fault_t *fault,
                                 apr_pool_t *p)
{
    put_t *put = data;
    amzx_bind_t taken[] = { AMZX_I(1), AMZX_I(1) };
    amzx_delivery_t d;

    put->times++;
    put->is_new = 0;
    memset(&d, 0, sizeof(d));
    d.id = d.delivery = put->id;
    d.tenant = "a";
    d.source = "s";
    d.body = "{}";
    d.received_at = NOW;
    if (put->is_bad) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                              "test.bad", "no");
    }
    if (put->is_awful) {
        return amzx_txn_exec(NULL, txn, AMZX_SQL_SCHEMA_PUT, taken, 2, fault,
                             p);
    }
    return amzx_inbox_put(&put->is_new, txn, st, &d, fault, p);
}

static apr_int64_t stored(fixture_t *f)
{
    apr_int64_t count = 0;
    apr_time_t oldest = 0;

    assert_ok(f, amzx_inbox_backlog(&count, &oldest, f->db, &f->fault, f->p));
    return count;
}

static void count_commit(void *ctx)
{
    apr_atomic_inc32(ctx);
}

static void start(fixture_t *f, amzx_writer_t **w,
                  const amzx_writer_options_t *options, apr_pool_t *p)
{
    assert_ok(f, amzx_writer_start(w, f->dsn, &f->st, options, &f->fault, p));
}

static void a_write_is_durable_when_it_returns(void **state)
{
    fixture_t *f = *state;
    apr_uint32_t commits = 0;
    amzx_writer_options_t options = { 0, 0, count_commit, &commits };
    amzx_writer_t *w = NULL;
    put_t one = { "d1", 0, 0, 0, 0 };

    start(f, &w, &options, f->p);
    assert_ok(f, amzx_writer_run(w, put_delivery, &one, &f->fault, f->p));
    assert_int_equal(one.is_new, 1);
    assert_int_equal(stored(f), 1);
    assert_ok(f, amzx_writer_run(w, put_delivery, &one, &f->fault, f->p));
    assert_int_equal(one.is_new, 0);
    assert_int_equal(commits, 2);
    amzx_writer_stop(w);
    amzx_writer_stop(w);
    assert_fault(f, amzx_writer_run(w, put_delivery, &one, &f->fault, f->p),
                 "limit.stopping");
}

/* ---- many threads -------------------------------------------------------- */

typedef struct {
    fixture_t *f;
    amzx_writer_t *w;
    int number;
    int count;
    int ack_fd; /* -1: do not say */
    int good;
    int bad;
    char code[64];
} client_t;

static void *APR_THREAD_FUNC client_thread(apr_thread_t *thread, void *data)
{
    client_t *c = data;
    apr_pool_t *p = NULL;
    amzx_fault_t fault;
    int i;

    (void)thread;
    apr_pool_create(&p, NULL);
    for (i = 0; i < c->count; i++) {
        put_t put = { NULL, 0, 0, 0, 0 };
        char line[32];

        put.id = apr_psprintf(p, "d%d_%d", c->number, i);
        put.is_bad = c->number % 16 == 1 && i % 8 == 0;
        put.is_awful = c->number % 16 == 2 && i % 8 == 0;
        amzx_fault_clear(&fault);
        if (amzx_writer_run(c->w, put_delivery, &put, &fault, p)
            != APR_SUCCESS) {
            apr_cpystrn(c->code, fault.code, sizeof(c->code));
            c->bad++;
        }
        else if (put.is_new) {
            c->good++;
            apr_snprintf(line, sizeof(line), "%-15s\n", put.id);
            if (c->ack_fd >= 0 && write(c->ack_fd, line, 16) != 16) {
                break;
            }
        }
        apr_pool_clear(p);
    }
    apr_pool_destroy(p);
    return NULL;
}

static void run_clients(fixture_t *f, amzx_writer_t *w, client_t *c,
                        int count, int ack_fd)
{
    apr_thread_t *thread[THREADS];
    apr_status_t rv;
    int i;

    for (i = 0; i < THREADS; i++) {
        memset(&c[i], 0, sizeof(c[i]));
        c[i].f = f;
        c[i].w = w;
        c[i].number = i;
        c[i].count = count;
        c[i].ack_fd = ack_fd;
        apr_thread_create(&thread[i], NULL, client_thread, &c[i], f->p);
    }
    for (i = 0; i < THREADS; i++) {
        apr_thread_join(&rv, thread[i]);
    }
}

static void bad_jobs_of_a_group_fail_alone(void **state)
{
    fixture_t *f = *state;
    apr_uint32_t commits = 0;
    amzx_writer_options_t options = { 0, 0, count_commit, &commits };
    amzx_writer_t *w = NULL;
    client_t c[THREADS];
    int good = 0;
    int i;

    start(f, &w, &options, f->p);
    run_clients(f, w, c, 16, -1);
    for (i = 0; i < THREADS; i++) {
        int wrong = i % 16 == 1 || i % 16 == 2 ? 2 : 0;

        assert_int_equal(c[i].bad, wrong);
        assert_int_equal(c[i].good, 16 - wrong);
        if (wrong) {
            assert_string_equal(c[i].code, i % 16 == 1 ? "test.bad"
                                                       : "database.error");
        }
        good += c[i].good;
    }
    assert_int_equal(stored(f), good);
    printf("             %d writes in %u groups\n", good, commits);
    assert_in_range(commits, 1, good - 1); /* they do share */
}

static void stopping_finishes_what_waits(void **state)
{
    fixture_t *f = *state;
    apr_pool_t *p = NULL;
    amzx_writer_t *w = NULL;
    put_t one = { "d1", 0, 0, 0, 0 };

    apr_pool_create(&p, f->p);
    start(f, &w, NULL, p);
    assert_ok(f, amzx_writer_run(w, put_delivery, &one, &f->fault, f->p));
    apr_pool_destroy(p); /* the pre-cleanup joins */
    assert_int_equal(stored(f), 1);
}

/* ---- a full queue -------------------------------------------------------- */

typedef struct {
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *changed;
    int is_inside;
    int may_go;
} gate_t;

static apr_status_t wait_at_gate(void *data, amzx_txn_t *txn,
                                 const amzx_store_t *st, amzx_fault_t *fault,
                                 apr_pool_t *p)
{
    gate_t *gate = data;

    (void)txn;
    (void)st;
    (void)fault;
    (void)p;
    apr_thread_mutex_lock(gate->mutex);
    gate->is_inside = 1;
    apr_thread_cond_broadcast(gate->changed);
    while (!gate->may_go) {
        apr_thread_cond_wait(gate->changed, gate->mutex);
    }
    apr_thread_mutex_unlock(gate->mutex);
    return APR_SUCCESS;
}

typedef struct {
    amzx_writer_t *w;
    amzx_write_fn *fn;
    void *data;
    apr_pool_t *p;
    apr_status_t rv;
} call_t;

static void *APR_THREAD_FUNC call_thread(apr_thread_t *thread, void *data)
{
    call_t *call = data;

    (void)thread;
    call->rv = amzx_writer_run(call->w, call->fn, call->data, NULL, call->p);
    return NULL;
}

static void a_full_queue_refuses_at_once(void **state)
{
    fixture_t *f = *state;
    amzx_writer_options_t options = { 1, 1, NULL, NULL };
    gate_t gate = { NULL, NULL, 0, 0 };
    put_t one = { "d1", 0, 0, 0, 0 };
    put_t two = { "d2", 0, 0, 0, 0 };
    apr_thread_t *thread[2];
    amzx_writer_t *w = NULL;
    call_t call[2];
    apr_status_t rv;
    int i;
    int tries = 0;

    apr_thread_mutex_create(&gate.mutex, APR_THREAD_MUTEX_DEFAULT, f->p);
    apr_thread_cond_create(&gate.changed, f->p);
    start(f, &w, &options, f->p);
    for (i = 0; i < 2; i++) {
        call[i].w = w;
        call[i].fn = i == 0 ? wait_at_gate : put_delivery;
        call[i].data = i == 0 ? (void *)&gate : (void *)&one;
        apr_pool_create(&call[i].p, NULL);
        apr_thread_create(&thread[i], NULL, call_thread, &call[i], f->p);
        if (i == 0) { /* the first is being written, the queue is empty */
            apr_thread_mutex_lock(gate.mutex);
            while (!gate.is_inside) {
                apr_thread_cond_wait(gate.changed, gate.mutex);
            }
            apr_thread_mutex_unlock(gate.mutex);
        }
    }
    do { /* until the second waits in the queue of one */
        rv = amzx_writer_waiting(w) < 1 ? APR_SUCCESS : APR_EBUSY;
        apr_thread_yield();
    } while (rv == APR_SUCCESS && ++tries < 10000000);
    assert_fault(f, amzx_writer_run(w, put_delivery, &two, &f->fault, f->p),
                 "limit.queue");
    apr_thread_mutex_lock(gate.mutex);
    gate.may_go = 1;
    apr_thread_cond_broadcast(gate.changed);
    apr_thread_mutex_unlock(gate.mutex);
    for (i = 0; i < 2; i++) {
        apr_thread_join(&rv, thread[i]);
        assert_int_equal(call[i].rv, APR_SUCCESS);
        apr_pool_destroy(call[i].p);
    }
    assert_int_equal(one.is_new, 1);
    assert_int_equal(two.times, 0);
}

/* ---- kill -9 ------------------------------------------------------------- */

/* The victim: writes for ever and says on stdout what is acknowledged. */
static int victim(const char *dsn, const char *round)
{
    apr_pool_t *p = NULL;
    fixture_t f;
    amzx_writer_t *w = NULL;
    client_t c[THREADS];
    apr_thread_t *thread[THREADS];
    apr_status_t rv;
    int i;

    apr_pool_create(&p, NULL);
    memset(&f, 0, sizeof(f));
    f.p = p;
    f.dsn = dsn;
    amzx_env_init(&f.env, "victim");
    f.st.env = &f.env;
    if (amzx_writer_start(&w, dsn, &f.st, NULL, &f.fault, p)
        != APR_SUCCESS) {
        return 1;
    }
    for (i = 0; i < THREADS; i++) {
        memset(&c[i], 0, sizeof(c[i]));
        c[i].w = w;
        c[i].number = (round[0] - '0' + 1) * 16 * THREADS + i * 16;
        c[i].count = 1000000;
        c[i].ack_fd = STDOUT_FILENO;
        apr_thread_create(&thread[i], NULL, client_thread, &c[i], p);
    }
    apr_thread_join(&rv, thread[0]);
    return 0;
}

/* Start a victim, read its acknowledgements, kill it in the middle. */
static int kill_a_victim(fixture_t *f, int round, apr_array_header_t *acked)
{
    char self[4096];
    const char *args[] = { self, "victim", f->dsn,
                           apr_psprintf(f->p, "%d", round), NULL };
    apr_procattr_t *attr = NULL;
    apr_exit_why_e why = APR_PROC_EXIT;
    apr_proc_t proc;
    char line[17] = "";
    apr_size_t len = 16;
    int want = acked->nelts + 150 + round * 37;
    int code = 0;
    ssize_t self_len = readlink("/proc/self/exe", self, sizeof(self) - 1);

    assert_true(self_len > 0);
    self[self_len] = '\0';
    apr_procattr_create(&attr, f->p);
    apr_procattr_io_set(attr, APR_NO_PIPE, APR_FULL_BLOCK, APR_NO_PIPE);
    apr_procattr_cmdtype_set(attr, APR_PROGRAM_ENV);
    assert_int_equal(apr_proc_create(&proc, self, args, NULL, attr, f->p),
                     APR_SUCCESS);
    while (acked->nelts < want
           && apr_file_read_full(proc.out, line, 16, &len) == APR_SUCCESS) {
        APR_ARRAY_PUSH(acked, const char *) =
            apr_pstrndup(f->p, line, strcspn(line, " \n"));
    }
    kill(proc.pid, SIGKILL);
    /* what it had said before it died counts as acknowledged as well */
    while (apr_file_read_full(proc.out, line, 16, &len) == APR_SUCCESS) {
        APR_ARRAY_PUSH(acked, const char *) =
            apr_pstrndup(f->p, line, strcspn(line, " \n"));
    }
    apr_proc_wait(&proc, &code, &why, APR_WAIT);
    return acked->nelts >= want;
}

static void what_was_acknowledged_survives_kill_nine(void **state)
{
    fixture_t *f = *state;
    apr_array_header_t *acked = apr_array_make(f->p, 4096, sizeof(char *));
    amzx_txn_t *open = NULL;
    apr_status_t got = APR_SUCCESS;
    apr_int64_t copies = 0;
    int i;

    for (i = 0; i < KILLS; i++) {
        assert_true(kill_a_victim(f, i, acked));
        assert_ok(f, amzx_db_probe(f->db, &f->fault, f->p)); /* lock freed */
    }
    assert_ok(f, amzx_txn_begin(&open, f->db, &f->fault, f->p));
    for (i = 0; got == APR_SUCCESS && i < acked->nelts; i++) {
        amzx_bind_t key[] = { AMZX_S("a"), AMZX_S("s"),
                              AMZX_S(APR_ARRAY_IDX(acked, i, const char *)) };
        apr_int64_t count = 0;

        got = amzx_txn_exec(&count, open, AMZX_SQL_INBOX_COPY, key, 3,
                            &f->fault, f->p);
        copies += count;
    }
    assert_ok(f, amzx_txn_end(open, got, &f->fault));
    printf("             %d acknowledged, %d stored\n", acked->nelts,
           (int)stored(f));
    assert_int_equal(copies, acked->nelts);
    assert_true(stored(f) >= acked->nelts);
}

static const struct CMUnitTest tests[] = {
    TEST(a_write_is_durable_when_it_returns),
    TEST(bad_jobs_of_a_group_fail_alone),
    TEST(stopping_finishes_what_waits),
    TEST(a_full_queue_refuses_at_once),
    TEST(what_was_acknowledged_survives_kill_nine),
};

int main(int argc, const char *const *argv)
{
    apr_initialize();
    if (argc == 4 && strcmp(argv[1], "victim") == 0) {
        return victim(argv[2], argv[3]);
    }
    return fixture_both(tests, sizeof(tests) / sizeof(tests[0]));
}
