/* SPDX-License-Identifier: Apache-2.0 */
/* The rules behind the limits: cell rate and circuit breaker, pure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "amzx_breaker.h"
#include "amzx_gcra.h"

#define SEC(n) apr_time_from_sec(n)
#define IVAL apr_time_from_msec(1200)

static void a_burst_goes_at_once_and_then_one_per_interval(void **state)
{
    apr_time_t now = SEC(1000);
    apr_time_t tat = 0;
    int i;

    (void)state;
    for (i = 0; i < 10; i++) {
        assert_int_equal(amzx_gcra_next(tat, IVAL, 10, now), 0);
        tat = amzx_gcra_take(tat, IVAL, now);
    }
    assert_int_equal(amzx_gcra_next(tat, IVAL, 10, now), now + IVAL);
    assert_int_equal(amzx_gcra_next(tat, IVAL, 10, now + IVAL - 1),
                     now + IVAL);
    assert_int_equal(amzx_gcra_next(tat, IVAL, 10, now + IVAL), 0);
    assert_int_equal(amzx_gcra_next(tat, IVAL, 10, now + SEC(60)), 0);
}

static void a_burst_below_one_counts_as_one(void **state)
{
    apr_time_t now = SEC(1000);
    apr_time_t tat = amzx_gcra_take(0, IVAL, now);

    (void)state;
    assert_int_equal(amzx_gcra_next(0, IVAL, 0, now), 0);
    assert_int_equal(amzx_gcra_next(tat, IVAL, 0, now), now + IVAL);
    assert_int_equal(amzx_gcra_next(tat, IVAL, -3, now), now + IVAL);
}

static void an_emptied_bucket_waits_one_interval(void **state)
{
    apr_time_t now = SEC(1000);
    apr_time_t tat = amzx_gcra_empty(0, IVAL, 10, now);

    (void)state;
    assert_int_equal(amzx_gcra_next(tat, IVAL, 10, now), now + IVAL);
    assert_int_equal(amzx_gcra_empty(tat + 5, IVAL, 10, now), tat + 5);
}

static void no_minute_sees_more_than_rate_and_burst(void **state)
{
    static apr_time_t went[4000];
    apr_time_t now = SEC(1000);
    apr_time_t tat = 0;
    unsigned seed = 7;
    int count = 0;
    int first = 0;

    (void)state;
    while (now < SEC(4000)) {
        if (amzx_gcra_next(tat, IVAL, 10, now) == 0) {
            tat = amzx_gcra_take(tat, IVAL, now);
            went[count++] = now;
            while (went[first] <= now - SEC(60)) {
                first++;
            }
            assert_true(count - first <= 60);
        }
        seed = seed * 1103515245u + 12345u;
        /* mostly greedy, with pauses that fill the bucket again */
        now += (seed >> 16) % 50 == 0 ? SEC(25) : (seed >> 16) % 700000;
    }
    assert_true(count > 1000);
}

static void fail_many(amzx_breaker_t *b, int count, apr_time_t now)
{
    while (count-- > 0) {
        (void)amzx_breaker_note(b, 1, now);
    }
}

static void a_breaker_opens_when_half_of_twenty_calls_fail(void **state)
{
    amzx_breaker_t b = { .calls = { 0 } };
    apr_time_t now = SEC(1000);
    int is_probe = 0;
    int i;

    (void)state;
    for (i = 0; i < 10; i++) {
        assert_int_equal(amzx_breaker_note(&b, 0, now), 0);
        assert_int_equal(amzx_breaker_note(&b, i < 9, now), 0);
    }
    assert_int_equal(amzx_breaker_next(&is_probe, &b, now), 0);
    assert_false(is_probe);
    assert_int_equal(amzx_breaker_note(&b, 1, now), 0); /* 10 of 21 */
    assert_int_equal(amzx_breaker_note(&b, 1, now), 1); /* 11 of 22 */
    assert_int_equal(amzx_breaker_next(&is_probe, &b, now), now + SEC(30));
}

static void old_failures_are_forgotten(void **state)
{
    amzx_breaker_t b = { .calls = { 0 } };
    apr_time_t now = SEC(1000);
    int is_probe = 0;

    (void)state;
    fail_many(&b, 19, now);
    assert_int_equal(amzx_breaker_note(&b, 1, now + SEC(61)), 0);
    assert_int_equal(amzx_breaker_next(&is_probe, &b, now + SEC(61)), 0);
    fail_many(&b, 18, now + SEC(100));
    assert_int_equal(amzx_breaker_next(&is_probe, &b, now + SEC(100)), 0);
    assert_int_equal(amzx_breaker_note(&b, 1, now + SEC(100)), 1);
}

static void one_probe_decides_and_pauses_double(void **state)
{
    amzx_breaker_t b = { .calls = { 0 } };
    apr_time_t now = SEC(1000);
    apr_interval_time_t pause = SEC(30);
    int is_probe = 0;
    int i;

    (void)state;
    fail_many(&b, 20, now);
    for (i = 0; i < 8; i++) {
        assert_int_equal(amzx_breaker_next(&is_probe, &b, now), now + pause);
        /* a late failure of an earlier call changes nothing */
        assert_int_equal(amzx_breaker_note(&b, 1, now + 1), 0);
        now += pause;
        assert_int_equal(amzx_breaker_next(&is_probe, &b, now), 0);
        assert_true(is_probe);
        amzx_breaker_probe(&b, now);
        assert_int_not_equal(amzx_breaker_next(&is_probe, &b, now), 0);
        assert_int_equal(amzx_breaker_note(&b, 1, now), 1);
        pause = pause * 2 < SEC(600) ? pause * 2 : SEC(600);
    }
    now += pause;
    amzx_breaker_probe(&b, now);
    assert_int_equal(amzx_breaker_note(&b, 0, now), 0);
    assert_int_equal(amzx_breaker_next(&is_probe, &b, now), 0);
    assert_false(is_probe);
    fail_many(&b, 19, now); /* 19 of 20: open, and for 30 s again */
    assert_int_equal(amzx_breaker_next(&is_probe, &b, now), now + SEC(30));
}

static void a_lost_probe_is_sent_again(void **state)
{
    amzx_breaker_t b = { .calls = { 0 } };
    apr_time_t now = SEC(1000);
    int is_probe = 0;

    (void)state;
    fail_many(&b, 20, now);
    now += SEC(30);
    amzx_breaker_probe(&b, now);
    assert_int_not_equal(amzx_breaker_next(&is_probe, &b, now + SEC(119)), 0);
    assert_int_equal(amzx_breaker_next(&is_probe, &b, now + SEC(121)), 0);
    assert_true(is_probe);
    amzx_breaker_probe(&b, now);
    amzx_breaker_unprobe(&b);
    assert_int_equal(amzx_breaker_next(&is_probe, &b, now), 0);
    assert_true(is_probe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_goes_at_once_and_then_one_per_interval),
        cmocka_unit_test(a_burst_below_one_counts_as_one),
        cmocka_unit_test(an_emptied_bucket_waits_one_interval),
        cmocka_unit_test(no_minute_sees_more_than_rate_and_burst),
        cmocka_unit_test(a_breaker_opens_when_half_of_twenty_calls_fail),
        cmocka_unit_test(old_failures_are_forgotten),
        cmocka_unit_test(one_probe_decides_and_pauses_double),
        cmocka_unit_test(a_lost_probe_is_sent_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
