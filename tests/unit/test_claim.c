/* SPDX-License-Identifier: Apache-2.0 */
/* The queue: who may claim what, when, and who may still write. */
#include "store_fixture.h"

#define NOW APR_INT64_C(1750000000000000)
#define MINUTE apr_time_from_sec(60)

static void put(fixture_t *f, const char *id, const char *tenant,
                const char *part, int priority, apr_time_t due)
{
    amzx_run_t run = fixture_a_run(id, tenant, part, due);

    run.priority = priority;
    assert_int_equal(fixture_put_run(f, &run), 1);
}

static apr_array_header_t *claim(fixture_t *f, const char *owner,
                                 apr_time_t now, int max)
{
    amzx_claim_t theirs = { owner, now, MINUTE, max };
    apr_array_header_t *out = NULL;

    in_txn(f, amzx_run_claim(&out, txn, &f->st, &theirs, &f->fault, f->p));
    return out;
}

static amzx_run_t *nth(apr_array_header_t *runs, int n)
{
    assert_in_range(n, 0, runs->nelts - 1);
    return &APR_ARRAY_IDX(runs, n, amzx_run_t);
}

static int save(fixture_t *f, const amzx_run_t *run, amzx_run_event_e ev,
                apr_time_t now)
{
    int is_held = -1;

    in_txn(f, amzx_run_save(&is_held, txn, run, ev, now, &f->fault, f->p));
    return is_held;
}

static amzx_run_t *get(fixture_t *f, const char *id)
{
    amzx_run_t *run = NULL;

    assert_ok(f, amzx_run_get(&run, f->db, &f->st, "a", id, &f->fault, f->p));
    assert_non_null(run);
    return run;
}

static apr_time_t next_due(fixture_t *f)
{
    apr_time_t due = -1;

    assert_ok(f, amzx_run_next_due(&due, f->db, &f->fault, f->p));
    return due;
}

static int move(fixture_t *f, const char *id, amzx_run_event_e ev,
                apr_time_t now)
{
    int is_done = -1;

    in_txn(f, amzx_run_move(&is_done, txn, "a", id, ev, now, &f->fault,
                            f->p));
    return is_done;
}

static void a_claim_leases_with_a_new_token(void **state)
{
    fixture_t *f = *state;
    apr_array_header_t *runs;
    amzx_run_t *run;

    put(f, "run_1", "a", "p", 0, NOW);
    assert_true(next_due(f) == NOW);
    runs = claim(f, "me", NOW, 8);
    assert_int_equal(runs->nelts, 1);
    run = nth(runs, 0);
    assert_int_equal(run->state, AMZX_RUN_RUNNING);
    assert_string_equal(run->owner, "me");
    assert_int_equal(run->token, 1);
    assert_int_equal(run->crashes, 1);
    assert_true(run->lease_until == NOW + MINUTE);
    assert_true(run->started_at == NOW);
    assert_string_equal(run->input, "{\"order\":\"\303\244\"}");
    assert_string_equal(run->trigger, "order");
    assert_int_equal(claim(f, "you", NOW, 8)->nelts, 0);
    assert_true(next_due(f) == 0);
    run->seq = 3;
    run->crashes = 0;
    run->due_at = NOW + 5;
    run->code = "network.timeout";
    run->step = "book";
    assert_int_equal(save(f, run, AMZX_EV_WAIT, NOW), 1);
    assert_int_equal(save(f, run, AMZX_EV_WAIT, NOW), 0); /* not held now */
    assert_true(next_due(f) == NOW + 5);
    assert_int_equal(claim(f, "you", NOW + 4, 8)->nelts, 0);
    run = nth(claim(f, "you", NOW + 5, 8), 0);
    assert_int_equal(run->token, 2);
    assert_int_equal(run->seq, 3);
    assert_int_equal(run->crashes, 1);
    assert_string_equal(run->code, "network.timeout");
    assert_true(run->started_at == NOW);
    run->outcome = "done";
    assert_int_equal(save(f, run, AMZX_EV_FINISH, NOW + 9), 1);
    run = get(f, "run_1");
    assert_int_equal(run->state, AMZX_RUN_DONE);
    assert_true(run->finished_at == NOW + 9);
    assert_null(run->owner);
}

static void a_lost_lease_cannot_write(void **state)
{
    fixture_t *f = *state;
    apr_int64_t count = -1;
    amzx_run_t old;
    amzx_run_t *now_held;

    put(f, "run_1", "a", "p", 0, NOW);
    old = *nth(claim(f, "me", NOW, 8), 0);
    in_txn(f, amzx_run_extend(txn, "me", NOW + 2 * MINUTE, &f->fault, f->p));
    in_txn(f, amzx_run_sweep(&count, txn, NOW + MINUTE + 1, &f->fault,
                             f->p));
    assert_int_equal(count, 0);
    in_txn(f, amzx_run_sweep(&count, txn, NOW + 2 * MINUTE + 1, &f->fault,
                             f->p));
    assert_int_equal(count, 1);
    assert_int_equal(save(f, &old, AMZX_EVENTS, NOW), 0);
    now_held = nth(claim(f, "me", NOW + 3 * MINUTE, 8), 0);
    assert_int_equal(now_held->token, 2);
    assert_int_equal(now_held->crashes, 2); /* no journal row since */
    old.outcome = "done";
    assert_int_equal(save(f, &old, AMZX_EV_FINISH, NOW), 0);
    assert_int_equal(get(f, "run_1")->state, AMZX_RUN_RUNNING);
    in_txn(f, amzx_run_release_all(&count, txn, "me", NOW, &f->fault, f->p));
    assert_int_equal(count, 1);
    assert_int_equal(get(f, "run_1")->state, AMZX_RUN_READY);
}

static void only_the_head_of_a_partition_is_claimed(void **state)
{
    fixture_t *f = *state;
    apr_array_header_t *runs;
    amzx_run_t first;

    put(f, "run_1", "a", "p", 0, NOW + 3); /* due later, but first in line */
    put(f, "run_2", "a", "p", 9, NOW);
    put(f, "run_3", "b", "p", 0, NOW); /* of another tenant: not the same */
    runs = claim(f, "me", NOW, 8);
    assert_int_equal(runs->nelts, 1);
    assert_string_equal(nth(runs, 0)->id, "run_3");
    assert_true(next_due(f) == NOW + 3);
    runs = claim(f, "me", NOW + 3, 8);
    assert_int_equal(runs->nelts, 1);
    first = *nth(runs, 0);
    assert_string_equal(first.id, "run_1");
    assert_int_equal(claim(f, "me", NOW + 4, 8)->nelts, 0);
    assert_int_equal(save(f, &first, AMZX_EV_PARK, NOW + 4), 1);
    assert_int_equal(claim(f, "me", NOW + 5, 8)->nelts, 0); /* still open */
    assert_int_equal(move(f, "run_1", AMZX_EV_CANCEL, NOW + 6), 1);
    runs = claim(f, "me", NOW + 7, 8);
    assert_int_equal(runs->nelts, 1);
    assert_string_equal(nth(runs, 0)->id, "run_2");
}

static void a_deep_partition_is_worked_off_in_order(void **state)
{
    fixture_t *f = *state;
    apr_time_t now = NOW;
    int i;

    for (i = 0; i < 300; i++) {
        put(f, apr_psprintf(f->p, "run_%03d", i), "a", "stock", 0, NOW);
    }
    put(f, "run_x", "a", "other", 0, NOW); /* behind all of these */
    for (i = 0; i < 300; i++) {
        apr_array_header_t *runs = claim(f, "me", ++now, 16);
        amzx_run_t *run = nth(runs, 0);

        assert_string_equal(run->id, apr_psprintf(f->p, "run_%03d", i));
        assert_int_equal(runs->nelts, i == 0 ? 2 : 1);
        assert_int_equal(save(f, run, i % 7 ? AMZX_EV_FINISH : AMZX_EV_DIE,
                              now),
                         1);
    }
    assert_int_equal(claim(f, "me", ++now, 16)->nelts, 0);
}

static void a_replayed_run_waits_for_the_one_that_runs(void **state)
{
    fixture_t *f = *state;
    amzx_run_t first;
    amzx_run_t second;

    put(f, "run_1", "a", "p", 0, NOW);
    put(f, "run_2", "a", "p", 0, NOW);
    first = *nth(claim(f, "me", NOW, 8), 0);
    assert_int_equal(save(f, &first, AMZX_EV_DIE, NOW), 1);
    second = *nth(claim(f, "me", NOW, 8), 0);
    assert_string_equal(second.id, "run_2");
    assert_int_equal(move(f, "run_1", AMZX_EV_REPLAY, NOW + 1), 1);
    assert_int_equal(move(f, "run_1", AMZX_EV_REPLAY, NOW + 1), 0);
    assert_int_equal(claim(f, "me", NOW + 2, 8)->nelts, 0);
    assert_true(next_due(f) == 0); /* nothing to spin for */
    second.due_at = NOW + 2;
    assert_int_equal(save(f, &second, AMZX_EV_WAIT, NOW + 2), 1);
    first = *nth(claim(f, "me", NOW + 3, 8), 0);
    assert_string_equal(first.id, "run_1");
    assert_int_equal(first.crashes, 1); /* a replay begins to count anew */
    assert_int_equal(claim(f, "me", NOW + 3, 8)->nelts, 0);
    assert_int_equal(save(f, &first, AMZX_EV_FINISH, NOW + 4), 1);
    assert_string_equal(nth(claim(f, "me", NOW + 5, 8), 0)->id, "run_2");
}

static void a_person_moves_only_what_nobody_holds(void **state)
{
    fixture_t *f = *state;
    amzx_run_t run;
    apr_int64_t count = -1;

    put(f, "run_1", "a", "p", 0, NOW);
    assert_int_equal(move(f, "run_1", AMZX_EV_WAKE, NOW), 0);
    run = *nth(claim(f, "me", NOW, 8), 0);
    assert_int_equal(move(f, "run_1", AMZX_EV_CANCEL, NOW), 0);
    assert_int_equal(move(f, "run_9", AMZX_EV_CANCEL, NOW), 0);
    run.code = "config.reconnect";
    run.due_at = 0;
    assert_int_equal(save(f, &run, AMZX_EV_PARK, NOW), 1);
    in_txn(f, amzx_run_wake_parked(&count, txn, "a", "conf", NOW, &f->fault,
                                   f->p));
    assert_int_equal(count, 0); /* a prefix of whole words only */
    in_txn(f, amzx_run_wake_parked(&count, txn, "b", "config", NOW,
                                   &f->fault, f->p));
    assert_int_equal(count, 0);
    in_txn(f, amzx_run_wake_parked(&count, txn, "a", "config", NOW,
                                   &f->fault, f->p));
    assert_int_equal(count, 1);
    run = *nth(claim(f, "me", NOW, 8), 0);
    run.due_at = NOW + 10;
    assert_int_equal(save(f, &run, AMZX_EV_ASK, NOW), 1);
    in_txn(f, amzx_run_sweep(&count, txn, NOW + 9, &f->fault, f->p));
    assert_int_equal(get(f, "run_1")->state, AMZX_RUN_REVIEW);
    in_txn(f, amzx_run_sweep(&count, txn, NOW + 10, &f->fault, f->p));
    assert_int_equal(count, 0);
    assert_int_equal(get(f, "run_1")->state, AMZX_RUN_READY);
}

static void an_event_that_is_not_allowed_is_a_bug(void **state)
{
    fixture_t *f = *state;
    amzx_txn_t *open = NULL;
    amzx_run_t run;
    int is_held = -1;

    put(f, "run_1", "a", "p", 0, NOW);
    run = *nth(claim(f, "me", NOW, 8), 0);
    assert_ok(f, amzx_txn_begin(&open, f->db, &f->fault, f->p));
    assert_fault(f, amzx_run_save(&is_held, open, &run, AMZX_EV_REPLAY, NOW,
                                  &f->fault, f->p),
                 "store.transition");
    assert_fault(f, amzx_run_move(&is_held, open, "a", "run_1",
                                  AMZX_EV_FINISH, NOW, &f->fault, f->p),
                 "store.transition");
    amzx_txn_end(open, APR_EGENERAL, NULL);
}

static void priority_goes_before_time(void **state)
{
    fixture_t *f = *state;
    apr_array_header_t *runs;

    put(f, "run_1", "a", "p1", 0, NOW - 50);
    put(f, "run_2", "a", "p2", 5, NOW - 10);
    put(f, "run_3", "a", "p3", -5, NOW - 90);
    put(f, "run_4", "a", "p4", 5, NOW - 20);
    runs = claim(f, "me", NOW, 3);
    assert_int_equal(runs->nelts, 3);
    assert_string_equal(nth(runs, 0)->id, "run_4");
    assert_string_equal(nth(runs, 1)->id, "run_2");
    assert_string_equal(nth(runs, 2)->id, "run_1");
}

/* Many runs in one transaction: a backlog. */
static void put_many(fixture_t *f, const char *tenant, int count,
                     int priority, apr_time_t due)
{
    amzx_txn_t *open = NULL;
    apr_pool_t *p = NULL;
    apr_status_t got = APR_SUCCESS;
    int i;

    assert_ok(f, amzx_txn_begin(&open, f->db, &f->fault, f->p));
    apr_pool_create(&p, f->p);
    for (i = 0; got == APR_SUCCESS && i < count; i++) {
        int is_new = 0;
        const char *id = apr_psprintf(p, "run_%s_%d_%06d", tenant, priority,
                                      i);
        amzx_run_t run = fixture_a_run(id, tenant, id, due + i);

        run.priority = priority;
        got = amzx_run_put(&is_new, open, &f->st, &run, &f->fault, p);
        if (i % 256 == 0) {
            apr_pool_clear(p);
        }
    }
    apr_pool_destroy(p);
    assert_ok(f, amzx_txn_end(open, got, &f->fault));
}

static int of_tenant(apr_array_header_t *runs, const char *tenant)
{
    int count = 0;
    int i;

    for (i = 0; i < runs->nelts; i++) {
        count += strcmp(nth(runs, i)->tenant, tenant) == 0;
    }
    return count;
}

static void a_backlog_of_one_tenant_leaves_room_for_others(void **state)
{
    fixture_t *f = *state;
    apr_array_header_t *runs;

    put_many(f, "a", 2000, 0, NOW - MINUTE);
    put_many(f, "b", 100, 0, NOW - 1000);
    put_many(f, "c", 3, 0, NOW - 1000);
    put_many(f, "d", 10, 7, NOW - 10); /* more urgent */
    runs = claim(f, "me", NOW, 60);
    assert_int_equal(runs->nelts, 60);
    assert_int_equal(of_tenant(runs, "d"), 10);
    assert_int_equal(of_tenant(runs, "c"), 3);
    assert_in_range(of_tenant(runs, "b"), 16, 24);
    assert_in_range(of_tenant(runs, "a"), 23, 31); /* the places left */
}

static void a_single_tenant_gets_all_places(void **state)
{
    fixture_t *f = *state;
    int i;

    put_many(f, "a", 1000, 0, NOW - MINUTE);
    for (i = 0; i < 7; i++) {
        assert_int_equal(claim(f, "me", NOW, 128)->nelts, 128);
    }
    assert_int_equal(claim(f, "me", NOW, 128)->nelts, 104);
    assert_int_equal(claim(f, "me", NOW, 128)->nelts, 0);
}

/* 100,000 that are not due, 20,000 behind a stuck head, 3,000 due: a claim
 * takes milliseconds. The bound is wide, a slow claim is far beyond it. */
static void a_claim_stays_fast_with_a_hundred_thousand_waiting(void **state)
{
    fixture_t *f = *state;
    apr_time_t start;
    apr_time_t worst = 0;
    amzx_txn_t *open = NULL;
    apr_status_t got = APR_SUCCESS;
    int i;
    int taken = 0;

    put_many(f, "later", 100000, 3, NOW + MINUTE);
    put(f, "run_0", "a", "stuck", 0, NOW + MINUTE);
    assert_ok(f, amzx_txn_begin(&open, f->db, &f->fault, f->p));
    for (i = 0; got == APR_SUCCESS && i < 20000; i++) {
        char id[32];
        int is_new = 0;
        amzx_run_t run;

        apr_snprintf(id, sizeof(id), "run_b%06d", i);
        run = fixture_a_run(id, "a", "stuck", NOW - MINUTE);
        got = amzx_run_put(&is_new, open, &f->st, &run, &f->fault, f->p);
    }
    assert_ok(f, amzx_txn_end(open, got, &f->fault));
    put_many(f, "b", 1500, 0, NOW - 5000);
    put_many(f, "c", 1500, 0, NOW - 5000);
    for (i = 0; i < 40 && taken < 3000; i++) {
        apr_time_t took;

        start = apr_time_now();
        taken += claim(f, "me", NOW, 128)->nelts;
        took = apr_time_now() - start;
        worst = took > worst ? took : worst;
    }
    assert_int_equal(taken, 3000);
    start = apr_time_now();
    next_due(f);
    printf("             worst claim of 128: %" APR_TIME_T_FMT
           " us, next due: %" APR_TIME_T_FMT " us\n",
           worst, apr_time_now() - start);
    assert_true(worst < APR_USEC_PER_SEC);
}

static const struct CMUnitTest tests[] = {
    TEST(a_claim_leases_with_a_new_token),
    TEST(a_lost_lease_cannot_write),
    TEST(only_the_head_of_a_partition_is_claimed),
    TEST(a_deep_partition_is_worked_off_in_order),
    TEST(a_replayed_run_waits_for_the_one_that_runs),
    TEST(a_person_moves_only_what_nobody_holds),
    TEST(an_event_that_is_not_allowed_is_a_bug),
    TEST(priority_goes_before_time),
    TEST(a_backlog_of_one_tenant_leaves_room_for_others),
    TEST(a_single_tenant_gets_all_places),
    TEST(a_claim_stays_fast_with_a_hundred_thousand_waiting),
};

FIXTURE_MAIN(tests)
