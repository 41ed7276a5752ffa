/* SPDX-License-Identifier: Apache-2.0 */
/* The database fails at each statement and each commit of an order, once
 * before the deed and once after it: books and journals stay the same. */
#include "engine_host.h"

#include "amzx_db_private.h"

#define STRIDE 9

typedef enum { BEFORE, AFTER, LOST } how_e;

static amzx_driver_t faulty;
static const amzx_driver_t *real;
static long calls;
static long fail_at;    /* 0: never */
static long fail_until; /* all from fail_at to here */
static how_e fail_how;

static const char *calm_books;
static const char *calm_history;
static long calm_calls;
static apr_pool_t *calm_pool;

static int is_turn(void)
{
    calls++;
    return fail_at > 0 && calls >= fail_at && calls <= fail_until;
}

static apr_status_t failure(amzx_db_t *db, amzx_fault_t *fault)
{
    if (fail_how != BEFORE) {
        db->is_lost = 1;
    }
    return amzx_fault_set(fault, AMZX_FAULT_TRANSIENT, APR_EGENERAL,
                          "database.io", "as the test wants it");
}

static apr_status_t faulty_run(amzx_db_t *db, amzx_call_t *call,
                               amzx_fault_t *fault, apr_pool_t *p)
{
    return is_turn() ? failure(db, fault) : real->run(db, call, fault, p);
}

static apr_status_t faulty_begin(amzx_db_t *db, amzx_fault_t *fault)
{
    return is_turn() ? failure(db, fault) : real->begin(db, fault);
}

static apr_status_t faulty_commit(amzx_db_t *db, amzx_fault_t *fault)
{
    if (!is_turn()) {
        return real->commit(db, fault);
    }
    if (fail_how == AFTER) { /* done, but nobody hears of it */
        (void)real->commit(db, fault);
    }
    else {
        real->rollback(db);
    }
    return failure(db, fault);
}

/* From now on the engine's statements are counted, and fail. */
static void harm(host_t *h, long at, long until, how_e how)
{
    amzx_db_t *db = h->node[0].engine->db;

    real = db->driver;
    faulty = *real;
    faulty.run = faulty_run;
    faulty.begin = faulty_begin;
    faulty.commit = faulty_commit;
    db->driver = &faulty;
    calls = 0;
    fail_at = at;
    fail_until = until;
    fail_how = how;
}

static void an_order_is_booked(void **state)
{
    host_t *h = host_shipped(*state);

    host_notify(h, ORDER);
    host_start(h, 0);
    harm(h, 0, 0, BEFORE);
    host_settles(h, SEC(60));
    calm_calls = calls;
    calm_books = peer_books(h->peer, calm_pool);
    calm_history = host_history(h, calm_pool);
    assert_int_equal(host_runs(h, AMZX_RUN_DONE), 1);
}

static void fail_once(void **state, long at, long until, how_e how)
{
    host_t *h = host_shipped(*state);

    host_notify(h, ORDER);
    host_start(h, 0);
    harm(h, at, until, how);
    if (!host_go(h, SEC(400))) {
        fail_msg("failure %d at %ld: stuck: %s", (int)how, at,
                 host_history(h, h->p));
    }
    if (strcmp(peer_books(h->peer, h->p), calm_books) != 0
        || strcmp(host_history(h, h->p), calm_history) != 0) {
        fail_msg("failure %d at %ld:\n%s\n%s", (int)how, at,
                 peer_books(h->peer, h->p), host_history(h, h->p));
    }
    assert_int_equal(h->peer->parallel, 0);
    assert_true(calls >= at);
    host_kill(h, 0);
}

static void a_failing_statement_changes_nothing(void **state)
{
    const char *all = getenv("AMZX_SWEEP");
    long step = all && strcmp(all, "all") == 0 ? 1 : STRIDE;
    long at;
    int n = 0;

    (void)state;
    assert_true(calm_calls > 30);
    for (at = 1; at <= calm_calls; at += step) {
        void *world = NULL;

        assert_int_equal(fixture_setup(&world), 0);
        fail_once(&world, at, at, (how_e)(n % 3));
        fixture_teardown(&world);
        n++;
    }
    print_message("%d failures among %ld statements\n", n, calm_calls);
}

static void a_database_that_is_away_for_long_is_waited_for(void **state)
{
    host_t *h = host_shipped(*state);
    apr_time_t began = host_clock;

    host_notify(h, ORDER);
    host_start(h, 0);
    harm(h, 40, 100, LOST);
    host_settles(h, SEC(400));
    assert_string_equal(peer_books(h->peer, h->p), calm_books);
    assert_string_equal(host_history(h, h->p), calm_history);
    assert_true(host_clock - began > SEC(20)); /* it did not hammer */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_order_is_booked),
        cmocka_unit_test(a_failing_statement_changes_nothing),
        TEST(a_database_that_is_away_for_long_is_waited_for),
    };
    apr_pool_t *p = NULL;
    int failed;

    apr_initialize();
    apr_pool_create(&p, NULL);
    apr_pool_create(&calm_pool, NULL);
    failed = cmocka_run_group_tests_name("sqlite", tests, NULL, NULL);
    if (fixture_pg_start(p)) {
        failed += cmocka_run_group_tests_name("pgsql", tests, NULL, NULL);
        fixture_pg_stop(p);
    }
    apr_pool_destroy(calm_pool);
    apr_terminate();
    return failed != 0;
}
