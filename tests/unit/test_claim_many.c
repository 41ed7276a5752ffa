/* SPDX-License-Identifier: Apache-2.0 */
/* The queue under many engines: each run ends once, in the order of its
 * partition, though engines crash and oversleep. */
#include "store_fixture.h"

#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#define NOW APR_INT64_C(1750000000000000)
#define MINUTE apr_time_from_sec(60)
#define ENGINES 8
#define RUNS 4000
#define PARTS 300

/* What the engines did, as seen from outside the database. A run is inside
 * from after the commit of its claim until before the commit, the crash or
 * the loss that ends it: two inside one partition would be an overlap. */
typedef struct {
    fixture_t *f;
    apr_thread_mutex_t *mutex;
    int done[RUNS];    /* how often finished */
    int inside[PARTS]; /* by partition */
    int in_hand;       /* inside anywhere */
    int overlaps;
    int finished;
    int fenced;
    int wrongly_held;
    int claims;
    int claiming;         /* between the begin of a claim and enter() */
    int is_advancing;     /* one waits for the others to stop claiming */
    apr_thread_cond_t *changed;
    apr_time_t clock;     /* moves when everybody is idle: no sleeping */
} arena_t;

typedef struct {
    arena_t *arena;
    const char *name;
    apr_status_t rv;
    amzx_fault_t fault;
} engine_t;

static void enter(arena_t *a, const amzx_run_t *run, int by)
{
    int part = 0;

    sscanf(run->partition, "p%d", &part);
    apr_thread_mutex_lock(a->mutex);
    a->inside[part] += by;
    a->in_hand += by;
    a->overlaps += (by > 0 && a->inside[part] > 1);
    apr_thread_mutex_unlock(a->mutex);
}

static apr_status_t save_in(int *is_held, engine_t *e, amzx_db_t *db,
                            amzx_run_t *run, apr_pool_t *p)
{
    amzx_txn_t *txn = NULL;
    apr_status_t rv;

    run->outcome = "done";
    rv = amzx_txn_begin(&txn, db, &e->fault, p);
    if (rv == APR_SUCCESS) {
        rv = amzx_run_save(is_held, txn, run, AMZX_EV_FINISH,
                           e->arena->clock, &e->fault, p);
    }
    return amzx_txn_end(txn, rv, &e->fault);
}

static apr_status_t finish(engine_t *e, amzx_db_t *db, amzx_run_t *run,
                           apr_pool_t *p)
{
    arena_t *a = e->arena;
    int is_held = 0;
    int number = 0;
    apr_status_t rv;

    enter(a, run, -1);
    rv = save_in(&is_held, e, db, run, p);
    if (rv == APR_SUCCESS) {
        sscanf(run->id, "run_%d", &number);
        apr_thread_mutex_lock(a->mutex);
        a->done[number] += is_held;
        a->finished += is_held;
        apr_thread_mutex_unlock(a->mutex);
    }
    return rv;
}

/* Asleep for longer than the leases: all in hand is lost, and waking up
 * nothing of it can be written. */
static apr_status_t oversleep(engine_t *e, amzx_db_t *db,
                              apr_array_header_t *runs, int from,
                              apr_pool_t *p)
{
    arena_t *a = e->arena;
    amzx_txn_t *txn = NULL;
    apr_int64_t count = 0;
    apr_status_t rv;
    int i;

    for (i = from; i < runs->nelts; i++) {
        enter(a, &APR_ARRAY_IDX(runs, i, amzx_run_t), -1);
    }
    rv = amzx_txn_begin(&txn, db, &e->fault, p);
    if (rv == APR_SUCCESS) {
        rv = amzx_run_release_all(&count, txn, e->name, a->clock, &e->fault,
                                  p);
    }
    rv = amzx_txn_end(txn, rv, &e->fault);
    apr_thread_yield();
    for (i = from; rv == APR_SUCCESS && i < runs->nelts; i++) {
        int is_held = 0;

        rv = save_in(&is_held, e, db, &APR_ARRAY_IDX(runs, i, amzx_run_t),
                     p);
        apr_thread_mutex_lock(a->mutex);
        a->fenced++;
        a->wrongly_held += is_held;
        apr_thread_mutex_unlock(a->mutex);
    }
    return rv;
}

static apr_status_t work(engine_t *e, amzx_db_t *db,
                         apr_array_header_t *runs, apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && i < runs->nelts; i++) {
        amzx_run_t *run = &APR_ARRAY_IDX(runs, i, amzx_run_t);
        apr_uint64_t luck = amzx_random_below(&e->arena->f->env, 200);

        if (luck < 2) { /* crashed: its lease runs out some day */
            enter(e->arena, run, -1);
        }
        else if (luck == 2) {
            return oversleep(e, db, runs, i, p);
        }
        else {
            rv = finish(e, db, run, p);
        }
    }
    return rv;
}

static apr_time_t begin_claim(arena_t *a)
{
    apr_time_t now;

    apr_thread_mutex_lock(a->mutex);
    while (a->is_advancing) {
        apr_thread_cond_wait(a->changed, a->mutex);
    }
    a->claiming++;
    now = a->clock;
    apr_thread_mutex_unlock(a->mutex);
    return now;
}

/* When nobody has anything, only the dead hold leases: let these run out. */
static void end_claim(arena_t *a, int count)
{
    apr_thread_mutex_lock(a->mutex);
    a->claiming--;
    a->claims += count > 0 ? count : 0;
    if (count == 0 && a->in_hand == 0 && !a->is_advancing) {
        a->is_advancing = 1;
        while (a->claiming > 0) {
            apr_thread_cond_wait(a->changed, a->mutex);
        }
        if (a->in_hand == 0) {
            a->clock += MINUTE + 1;
        }
        a->is_advancing = 0;
    }
    apr_thread_cond_broadcast(a->changed);
    apr_thread_mutex_unlock(a->mutex);
}

static apr_status_t engine_round(engine_t *e, amzx_db_t *db, apr_pool_t *p)
{
    arena_t *a = e->arena;
    apr_array_header_t *runs = NULL;
    amzx_txn_t *txn = NULL;
    apr_int64_t count = 0;
    apr_time_t now = begin_claim(a);
    amzx_claim_t mine = { e->name, now, MINUTE, 16 };
    apr_status_t rv;
    int i;

    rv = amzx_txn_begin(&txn, db, &e->fault, p);
    if (rv == APR_SUCCESS) {
        rv = amzx_run_sweep(&count, txn, now, &e->fault, p);
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_run_claim(&runs, txn, &a->f->st, &mine, &e->fault, p);
    }
    rv = amzx_txn_end(txn, rv, &e->fault);
    for (i = 0; rv == APR_SUCCESS && i < runs->nelts; i++) {
        enter(a, &APR_ARRAY_IDX(runs, i, amzx_run_t), 1);
    }
    end_claim(a, rv == APR_SUCCESS ? runs->nelts : -1);
    return rv == APR_SUCCESS ? work(e, db, runs, p) : rv;
}

static int is_finished(arena_t *a)
{
    int n;

    apr_thread_mutex_lock(a->mutex);
    n = a->finished;
    apr_thread_mutex_unlock(a->mutex);
    return n >= RUNS;
}

static void *APR_THREAD_FUNC engine_thread(apr_thread_t *thread, void *data)
{
    engine_t *e = data;
    apr_pool_t *root = NULL;
    apr_pool_t *p = NULL;
    amzx_db_t *db = NULL;
    int busy = 0;

    (void)thread;
    apr_pool_create(&root, NULL);
    apr_pool_create(&p, root);
    e->rv = amzx_db_open(&db, e->arena->f->dsn, &e->arena->f->env, &e->fault,
                         root);
    while (e->rv == APR_SUCCESS && !is_finished(e->arena)) {
        e->rv = engine_round(e, db, p);
        if (e->rv != APR_SUCCESS && busy < 50
            && strcmp(e->fault.code, "database.busy") == 0) {
            busy++; /* a deadlock the server resolved: try again */
            e->rv = APR_SUCCESS;
        }
        apr_pool_clear(p);
    }
    amzx_db_close(db);
    apr_pool_destroy(root);
    return NULL;
}

static void many_engines_finish_each_run_exactly_once(void **state)
{
    fixture_t *f = *state;
    arena_t *a = apr_pcalloc(f->p, sizeof(*a));
    engine_t e[ENGINES];
    apr_thread_t *thread[ENGINES];
    amzx_txn_t *open = NULL;
    apr_status_t got = APR_SUCCESS;
    int i;

    a->f = f;
    a->clock = NOW;
    apr_thread_mutex_create(&a->mutex, APR_THREAD_MUTEX_DEFAULT, f->p);
    apr_thread_cond_create(&a->changed, f->p);
    assert_ok(f, amzx_txn_begin(&open, f->db, &f->fault, f->p));
    for (i = 0; got == APR_SUCCESS && i < RUNS; i++) {
        int is_new = 0;
        amzx_run_t run = fixture_a_run(
            apr_psprintf(f->p, "run_%05d", i), i % 3 ? "a" : "b",
            apr_psprintf(f->p, "p%d", (i * 7919) % PARTS), NOW);

        run.tenant = ((i * 7919) % PARTS) % 3 ? "a" : "b";
        got = amzx_run_put(&is_new, open, &f->st, &run, &f->fault, f->p);
    }
    assert_ok(f, amzx_txn_end(open, got, &f->fault));
    for (i = 0; i < ENGINES; i++) {
        memset(&e[i], 0, sizeof(e[i]));
        e[i].arena = a;
        e[i].name = apr_psprintf(f->p, "engine_%d", i);
        apr_thread_create(&thread[i], NULL, engine_thread, &e[i], f->p);
    }
    for (i = 0; i < ENGINES; i++) {
        apr_thread_join(&got, thread[i]);
    }
    for (i = 0; i < ENGINES; i++) {
        if (e[i].rv != APR_SUCCESS) {
            fail_msg("engine %d: %s: %s", i, e[i].fault.code,
                     e[i].fault.detail);
        }
    }
    printf("             %d claims, %d fenced saves\n", a->claims, a->fenced);
    for (i = 0; i < RUNS; i++) {
        assert_int_equal(a->done[i], 1);
    }
    assert_int_equal(a->overlaps, 0);
    assert_int_equal(a->wrongly_held, 0);
    assert_in_range(a->fenced, 1, RUNS);
    assert_in_range(a->claims, RUNS + 1, 4 * RUNS); /* some ran twice */
}

static const struct CMUnitTest tests[] = {
    TEST(many_engines_finish_each_run_exactly_once),
};

FIXTURE_MAIN(tests)
