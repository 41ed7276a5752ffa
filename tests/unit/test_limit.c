/* SPDX-License-Identifier: Apache-2.0 */
/* Rate limits of connections over a database, with two engines and a clock
 * of the test's own. */
#include "store_fixture.h"

#include "amzx_limit.h"

#define SEC(n) apr_time_from_sec(n)
#define DAY SEC(86400)
/* 2026-01-12 10:00 UTC */
#define START (SEC(1768176000) + SEC(36000))

static const amzx_op_t read_op = { .name = "xero.contacts.match" };
static const amzx_op_t get_order = { .name = "amazon.orders.get",
                                     .limit = "getOrder",
                                     .interval_us = SEC(2),
                                     .burst = 30 };
static const amzx_op_t search = { .name = "amazon.orders.search",
                                  .limit = "searchOrders",
                                  .interval_us = SEC(180),
                                  .burst = 20 };

static const amzx_conn_t xero = { .tenant = "acme", .name = "xero",
                                  .per_minute = 50, .burst = 10,
                                  .per_day = 5000, .concurrent = 4 };
static const amzx_conn_t minutes = { .tenant = "acme", .name = "minutes",
                                     .per_minute = 50, .burst = 10 };
static const amzx_conn_t days = { .tenant = "acme", .name = "days",
                                  .per_day = 100 };
static const amzx_conn_t amazon = { .tenant = "acme", .name = "amazon",
                                    .use_op_limits = 1 };
static const amzx_conn_t open = { .tenant = "acme", .name = "open" };

static const amzx_limit_hint_t nothing = { NULL, -1, -1, -1, 0 };

static const char *why;

static apr_status_t try_take(fixture_t *f, apr_time_t *at, amzx_limits_t *l,
                             amzx_txn_t *txn, const amzx_conn_t *conn,
                             const amzx_op_t *op, int priority,
                             apr_time_t now)
{
    amzx_limit_ask_t ask = { conn, op, priority, now };

    return amzx_limits_take(at, &why, l, txn, &ask, &f->fault);
}

/* One tick: take, flush, commit. @return 0 or when to ask again */
static apr_time_t take(fixture_t *f, amzx_limits_t *l,
                       const amzx_conn_t *conn, const amzx_op_t *op,
                       int priority, apr_time_t now)
{
    amzx_txn_t *txn = NULL;
    apr_pool_t *p = NULL;
    apr_time_t at = 0;

    apr_pool_create(&p, f->p);
    assert_ok(f, amzx_txn_begin(&txn, f->db, &f->fault, p));
    assert_ok(f, try_take(f, &at, l, txn, conn, op, priority, now));
    assert_ok(f, amzx_limits_flush(l, txn, now, &f->fault));
    assert_ok(f, amzx_txn_end(txn, APR_SUCCESS, &f->fault));
    amzx_limits_txn_end(l, 1);
    apr_pool_destroy(p);
    assert_true(at == 0 || at > now);
    assert_true((at == 0) == (why == NULL));
    return at;
}

static apr_time_t take_read(fixture_t *f, amzx_limits_t *l, apr_time_t now)
{
    return take(f, l, &xero, &read_op, 0, now);
}

static void flush(fixture_t *f, amzx_limits_t *l, apr_time_t now)
{
    amzx_txn_t *txn = NULL;
    apr_pool_t *p = NULL;

    apr_pool_create(&p, f->p);
    assert_ok(f, amzx_txn_begin(&txn, f->db, &f->fault, p));
    assert_ok(f, amzx_limits_flush(l, txn, now, &f->fault));
    assert_ok(f, amzx_txn_end(txn, APR_SUCCESS, &f->fault));
    amzx_limits_txn_end(l, 1);
    apr_pool_destroy(p);
    assert_false(amzx_limits_is_dirty(l, now));
}

static void done(amzx_limits_t *l, const amzx_conn_t *conn, apr_time_t now)
{
    amzx_limits_done(l, conn, &read_op, &nothing, 0, now);
}

/* ---- the minute ---------------------------------------------------------- */

static void two_engines_share_the_minute_and_use_it_well(void **state)
{
    static apr_time_t went[2000];
    fixture_t *f = *state;
    amzx_limits_t *l[2] = { amzx_limits_make(&f->env, "e1", f->p),
                            amzx_limits_make(&f->env, "e2", f->p) };
    apr_time_t now;
    int count = 0;
    int first = 0;
    int i = 0;

    for (now = START; now < START + SEC(300); now += 170000) {
        i = !i;
        if (take(f, l[i], &minutes, &read_op, 0, now) == 0) {
            went[count++] = now;
            while (went[first] <= now - SEC(60)) {
                first++;
            }
            assert_true(count - first <= 60);
            amzx_limits_done(l[i], &minutes, &read_op, &nothing, 0, now);
        }
    }
    assert_true(count >= 5 * 60 * 8 / 10);
}

static void an_empty_minute_at_the_peer_empties_the_bucket(void **state)
{
    fixture_t *f = *state;
    amzx_limits_t *l = amzx_limits_make(&f->env, "e1", f->p);
    amzx_limit_hint_t hint = { NULL, -1, -1, 0, 0 };

    assert_int_equal(take(f, l, &minutes, &read_op, 0, START), 0);
    amzx_limits_done(l, &minutes, &read_op, &hint, 0, START);
    assert_int_equal(take(f, l, &minutes, &read_op, 0, START),
                     START + 1200000);
    assert_int_equal(take(f, l, &minutes, &read_op, 0, START + 1200000), 0);
}

/* ---- slots --------------------------------------------------------------- */

static void four_calls_are_in_flight_over_two_engines(void **state)
{
    fixture_t *f = *state;
    amzx_limits_t *a = amzx_limits_make(&f->env, "e1", f->p);
    amzx_limits_t *b = amzx_limits_make(&f->env, "e2", f->p);

    assert_int_equal(take_read(f, a, START), 0);
    assert_int_equal(take_read(f, b, START), 0);
    assert_int_equal(take_read(f, a, START), 0);
    assert_int_equal(take_read(f, b, START), 0);
    assert_int_not_equal(take_read(f, a, START), 0);
    assert_string_equal(why, "limit.concurrent");
    assert_int_not_equal(take_read(f, b, START), 0);
    done(a, &xero, START + 1);
    assert_true(amzx_limits_is_dirty(a, START + 1));
    assert_int_not_equal(take_read(f, b, START + 1), 0); /* not told yet */
    flush(f, a, START + 1);
    assert_int_equal(take_read(f, b, START + 1), 0);
    assert_int_not_equal(take_read(f, a, START + 1), 0);
}

static void slots_of_a_dead_engine_end_with_their_lease(void **state)
{
    fixture_t *f = *state;
    amzx_limits_t *a = amzx_limits_make(&f->env, "e1", f->p);
    amzx_limits_t *b = amzx_limits_make(&f->env, "e2", f->p);
    int i;

    for (i = 0; i < 4; i++) {
        assert_int_equal(take_read(f, a, START), 0);
    }
    assert_int_not_equal(take_read(f, b, START + SEC(89)), 0);
    assert_string_equal(why, "limit.concurrent");
    assert_int_equal(take_read(f, b, START + SEC(91)), 0);
}

static void a_living_engine_renews_its_slots(void **state)
{
    fixture_t *f = *state;
    amzx_limits_t *a = amzx_limits_make(&f->env, "e1", f->p);
    amzx_limits_t *b = amzx_limits_make(&f->env, "e2", f->p);
    int i;

    for (i = 0; i < 4; i++) {
        assert_int_equal(take_read(f, a, START), 0);
    }
    assert_false(amzx_limits_is_dirty(a, START + SEC(29)));
    assert_true(amzx_limits_is_dirty(a, START + SEC(31)));
    flush(f, a, START + SEC(31));
    assert_int_not_equal(take_read(f, b, START + SEC(91)), 0);
    for (i = 0; i < 4; i++) {
        done(a, &xero, START + SEC(92));
    }
    flush(f, a, START + SEC(92));
    assert_false(amzx_limits_is_dirty(a, START + SEC(9000)));
    assert_int_equal(take_read(f, b, START + SEC(92)), 0);
}

static void a_rolled_back_transaction_reserves_nothing(void **state)
{
    fixture_t *f = *state;
    amzx_limits_t *l = amzx_limits_make(&f->env, "e1", f->p);
    amzx_txn_t *txn = NULL;
    apr_time_t at = 0;
    int round;
    int i;

    for (round = 0; round < 3; round++) {
        assert_ok(f, amzx_txn_begin(&txn, f->db, &f->fault, f->p));
        for (i = 0; i < 4; i++) {
            assert_ok(f, try_take(f, &at, l, txn, &xero, &read_op, 0, START));
            assert_int_equal(at, 0);
        }
        assert_ok(f, try_take(f, &at, l, txn, &xero, &read_op, 0, START));
        assert_int_not_equal(at, 0);
        (void)amzx_txn_end(txn, APR_EGENERAL, NULL);
        amzx_limits_txn_end(l, 0);
    }
    for (i = 0; i < 4; i++) {
        assert_int_equal(take_read(f, l, START), 0);
    }
    assert_int_not_equal(take_read(f, l, START), 0);
}

/* ---- blocks -------------------------------------------------------------- */

static void throttle(amzx_limits_t *l, const amzx_conn_t *conn,
                     const amzx_op_t *op, const char *problem,
                     apr_interval_time_t retry_after_us, apr_time_t now)
{
    amzx_limit_hint_t hint = { problem, retry_after_us, -1, -1, 0 };

    amzx_limits_done(l, conn, op, &hint, 0, now);
}

static void a_minute_429_stops_the_whole_fleet_until_retry_after(void **state)
{
    fixture_t *f = *state;
    amzx_limits_t *a = amzx_limits_make(&f->env, "e1", f->p);
    amzx_limits_t *b = amzx_limits_make(&f->env, "e2", f->p);

    assert_int_equal(take_read(f, a, START), 0);
    throttle(a, &xero, &read_op, "minute", SEC(42), START);
    assert_int_equal(take_read(f, a, START), START + SEC(42));
    assert_string_equal(why, "limit.blocked.minute");
    assert_int_equal(take_read(f, b, START), START + SEC(42));
    assert_string_equal(why, "limit.blocked.minute");
    throttle(b, &xero, &read_op, "minute", SEC(10), START); /* not shorter */
    assert_int_equal(take_read(f, b, START), START + SEC(42));
    assert_int_equal(take_read(f, b, START + SEC(42)), 0);
    assert_int_equal(take_read(f, a, START + SEC(42)), 0);
}

static void a_block_counts_here_before_it_is_written(void **state)
{
    fixture_t *f = *state;
    amzx_limits_t *l = amzx_limits_make(&f->env, "e1", f->p);
    amzx_txn_t *txn = NULL;
    apr_time_t at = 0;

    assert_int_equal(take_read(f, l, START), 0);
    throttle(l, &xero, &read_op, "appminute", -1, START);
    assert_ok(f, amzx_txn_begin(&txn, f->db, &f->fault, f->p));
    assert_ok(f, try_take(f, &at, l, txn, &xero, &read_op, 0, START));
    (void)amzx_txn_end(txn, APR_EGENERAL, NULL);
    amzx_limits_txn_end(l, 0);
    assert_int_equal(at, START + SEC(10));
    assert_string_equal(why, "limit.blocked.appminute");
    assert_true(amzx_limits_is_dirty(l, START)); /* still to be told */
}

static void a_concurrent_429_pauses_for_a_few_seconds(void **state)
{
    fixture_t *f = *state;
    amzx_limits_t *l = amzx_limits_make(&f->env, "e1", f->p);
    apr_time_t at;

    assert_int_equal(take_read(f, l, START), 0);
    throttle(l, &xero, &read_op, "concurrent", -1, START);
    at = take_read(f, l, START);
    assert_string_equal(why, "limit.blocked.concurrent");
    assert_in_range(at - START, SEC(1), SEC(5));
}

/* ---- the day ------------------------------------------------------------- */

static void the_last_tenth_of_a_day_is_for_urgent_calls(void **state)
{
    fixture_t *f = *state;
    amzx_limits_t *l = amzx_limits_make(&f->env, "e1", f->p);
    apr_time_t midnight = (START / DAY + 1) * DAY;
    int i;

    for (i = 0; i < 90; i++) {
        assert_int_equal(take(f, l, &days, &read_op, -1, START), 0);
        done(l, &days, START);
    }
    assert_int_not_equal(take(f, l, &days, &read_op, -1, START), 0);
    assert_string_equal(why, "limit.day");
    for (i = 0; i < 10; i++) {
        assert_int_equal(take(f, l, &days, &read_op, 0, START), 0);
        done(l, &days, START);
    }
    assert_int_equal(take(f, l, &days, &read_op, 0, START), midnight);
    assert_string_equal(why, "limit.day");
    assert_int_equal(take(f, l, &days, &read_op, -1, midnight), 0);
}

static void report(amzx_limits_t *l, apr_int64_t remaining, apr_time_t now)
{
    amzx_limit_hint_t hint = { NULL, -1, remaining, -1, 0 };

    amzx_limits_done(l, &days, &read_op, &hint, 0, now);
}

static void the_peers_own_count_corrects_the_budget(void **state)
{
    fixture_t *f = *state;
    amzx_limits_t *a = amzx_limits_make(&f->env, "e1", f->p);
    amzx_limits_t *b = amzx_limits_make(&f->env, "e2", f->p);

    assert_int_equal(take(f, a, &days, &read_op, 0, START), 0);
    report(a, 11, START);
    flush(f, a, START);
    assert_int_equal(take(f, b, &days, &read_op, -1, START), 0); /* 11 */
    assert_int_not_equal(take(f, b, &days, &read_op, -1, START), 0);
    assert_string_equal(why, "limit.day");
    report(b, 4000, START); /* more than we thought: another plan */
    flush(f, b, START);
    assert_int_equal(take(f, a, &days, &read_op, -1, START), 0);
}

static void a_spent_day_is_probed_not_guessed(void **state)
{
    fixture_t *f = *state;
    amzx_limits_t *a = amzx_limits_make(&f->env, "e1", f->p);
    amzx_limits_t *b = amzx_limits_make(&f->env, "e2", f->p);
    apr_time_t later = START + SEC(900);

    assert_int_equal(take(f, a, &days, &read_op, 0, START), 0);
    report(a, 0, START);
    flush(f, a, START);
    assert_int_equal(take(f, b, &days, &read_op, 0, START), 0); /* a probe */
    assert_int_equal(take(f, a, &days, &read_op, 0, START), later);
    assert_string_equal(why, "limit.blocked.day");
    throttle(b, &days, &read_op, "day", SEC(7200), START);
    flush(f, b, START);
    assert_int_equal(take(f, a, &days, &read_op, 0, later),
                     START + SEC(7200));
    assert_int_equal(take(f, a, &days, &read_op, 0, START + SEC(7200)), 0);
    report(a, 4999, START + SEC(7201)); /* a new day has begun there */
    flush(f, a, START + SEC(7201));
    assert_int_equal(take(f, b, &days, &read_op, 0, START + SEC(7201)), 0);
    assert_int_equal(take(f, b, &days, &read_op, 0, START + SEC(7201)), 0);
}

/* ---- operations ---------------------------------------------------------- */

static void operations_have_rates_of_their_own(void **state)
{
    fixture_t *f = *state;
    amzx_limits_t *a = amzx_limits_make(&f->env, "e1", f->p);
    amzx_limits_t *b = amzx_limits_make(&f->env, "e2", f->p);
    int i;

    for (i = 0; i < 30; i++) {
        assert_int_equal(take(f, i % 2 ? a : b, &amazon, &get_order, 0,
                              START), 0);
    }
    assert_int_equal(take(f, a, &amazon, &get_order, 0, START),
                     START + SEC(2));
    assert_string_equal(why, "limit.operation");
    for (i = 0; i < 20; i++) {
        assert_int_equal(take(f, a, &amazon, &search, 0, START), 0);
    }
    assert_int_equal(take(f, b, &amazon, &search, 0, START),
                     START + SEC(180));
    assert_int_equal(take(f, b, &amazon, &get_order, 0, START + SEC(2)), 0);
}

static void the_peers_rate_replaces_the_known_one(void **state)
{
    fixture_t *f = *state;
    amzx_limits_t *l = amzx_limits_make(&f->env, "e1", f->p);
    amzx_limit_hint_t hint = { NULL, -1, -1, -1, 200000 }; /* 5 a second */
    int i;

    assert_int_equal(take(f, l, &amazon, &get_order, 0, START), 0);
    amzx_limits_done(l, &amazon, &get_order, &hint, 0, START);
    for (i = 0; i < 30; i++) {
        assert_int_equal(take(f, l, &amazon, &get_order, 0, START + SEC(60)),
                         0);
    }
    assert_int_equal(take(f, l, &amazon, &get_order, 0, START + SEC(60)),
                     START + SEC(60) + 200000);
}

static void a_429_of_an_operation_stops_only_that_one(void **state)
{
    fixture_t *f = *state;
    amzx_limits_t *a = amzx_limits_make(&f->env, "e1", f->p);
    amzx_limits_t *b = amzx_limits_make(&f->env, "e2", f->p);

    assert_int_equal(take(f, a, &amazon, &get_order, 0, START), 0);
    throttle(a, &amazon, &get_order, "operation", -1, START);
    flush(f, a, START);
    assert_int_equal(take(f, a, &amazon, &get_order, 0, START),
                     START + SEC(1));
    assert_string_equal(why, "limit.operation");
    assert_int_equal(take(f, b, &amazon, &get_order, 0, START),
                     START + SEC(1));
    assert_int_equal(take(f, b, &amazon, &search, 0, START), 0);
    /* its bucket at the peer is empty: from now on the sustained rate */
    assert_int_equal(take(f, b, &amazon, &get_order, 0, START + SEC(1)),
                     START + SEC(2));
    assert_int_equal(take(f, b, &amazon, &get_order, 0, START + SEC(2)), 0);
    assert_int_equal(take(f, b, &amazon, &get_order, 0, START + SEC(2)),
                     START + SEC(4));
}

/* ---- without limits, and failing ----------------------------------------- */

static void a_connection_without_limits_needs_no_database(void **state)
{
    fixture_t *f = *state;
    amzx_limits_t *l = amzx_limits_make(&f->env, "e1", f->p);
    apr_time_t at = 1;
    int i;

    for (i = 0; i < 1000; i++) {
        assert_ok(f, try_take(f, &at, l, NULL, &open, &get_order, 0, START));
        assert_int_equal(at, 0);
    }
    assert_ok(f, try_take(f, &at, l, NULL, NULL, &get_order, 0, START));
    amzx_limits_txn_end(l, 1);
    throttle(l, &open, &get_order, "other", SEC(9), START);
    assert_false(amzx_limits_is_dirty(l, START));
    assert_ok(f, try_take(f, &at, l, NULL, &open, &get_order, 0, START));
    assert_int_equal(at, START + SEC(9));
    assert_fault(f, try_take(f, &at, l, NULL, &xero, &read_op, 0, START),
                 "internal.limit");
}

static void a_failing_peer_is_left_alone_and_probed(void **state)
{
    fixture_t *f = *state;
    amzx_limits_t *l = amzx_limits_make(&f->env, "e1", f->p);
    apr_time_t now = START + SEC(30);
    amzx_txn_t *txn = NULL;
    apr_time_t at = 0;
    int i;

    f->env.log_level = AMZX_LOG_CRIT;
    for (i = 0; i < 20; i++) {
        assert_int_equal(take(f, l, &open, &read_op, 0, START), 0);
        amzx_limits_done(l, &open, &read_op, NULL, 1, START);
    }
    assert_int_equal(take(f, l, &open, &read_op, 0, START), now);
    assert_string_equal(why, "limit.breaker");
    /* a probe whose transaction fails was none */
    assert_ok(f, amzx_txn_begin(&txn, f->db, &f->fault, f->p));
    assert_ok(f, try_take(f, &at, l, txn, &open, &read_op, 0, now));
    assert_int_equal(at, 0);
    (void)amzx_txn_end(txn, APR_EGENERAL, NULL);
    amzx_limits_txn_end(l, 0);
    assert_int_equal(take(f, l, &open, &read_op, 0, now), 0);
    assert_int_not_equal(take(f, l, &open, &read_op, 0, now), 0);
    /* a probe that was given up was none either */
    amzx_limits_done(l, &open, &read_op, NULL, 0, now);
    assert_int_equal(take(f, l, &open, &read_op, 0, now), 0);
    done(l, &open, now);
    assert_int_equal(take(f, l, &open, &read_op, 0, now), 0);
    assert_int_equal(take(f, l, &open, &read_op, 0, now), 0);
}

static const struct CMUnitTest tests[] = {
    TEST(two_engines_share_the_minute_and_use_it_well),
    TEST(an_empty_minute_at_the_peer_empties_the_bucket),
    TEST(four_calls_are_in_flight_over_two_engines),
    TEST(slots_of_a_dead_engine_end_with_their_lease),
    TEST(a_living_engine_renews_its_slots),
    TEST(a_rolled_back_transaction_reserves_nothing),
    TEST(a_minute_429_stops_the_whole_fleet_until_retry_after),
    TEST(a_block_counts_here_before_it_is_written),
    TEST(a_concurrent_429_pauses_for_a_few_seconds),
    TEST(the_last_tenth_of_a_day_is_for_urgent_calls),
    TEST(the_peers_own_count_corrects_the_budget),
    TEST(a_spent_day_is_probed_not_guessed),
    TEST(operations_have_rates_of_their_own),
    TEST(the_peers_rate_replaces_the_known_one),
    TEST(a_429_of_an_operation_stops_only_that_one),
    TEST(a_connection_without_limits_needs_no_database),
    TEST(a_failing_peer_is_left_alone_and_probed),
};

FIXTURE_MAIN(tests)
