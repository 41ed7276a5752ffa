/* SPDX-License-Identifier: Apache-2.0 */
/* Shared counters: Xero's windows, places in progress, token buckets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "sandbox_live.h"

#define T0 apr_time_from_sec(1800000000)

typedef struct {
    apr_pool_t *pool;
    char path[64];
    sbx_live_t *live;
} world_t;

static int setup(void **state)
{
    world_t *w = calloc(1, sizeof(*w));
    int fd;

    apr_pool_create(&w->pool, NULL);
    apr_cpystrn(w->path, "/tmp/amzx-live-XXXXXX", sizeof(w->path));
    fd = mkstemp(w->path);
    close(fd);
    *state = w;
    return fd < 0 || sbx_live_open(&w->live, w->path, w->pool);
}

static int teardown(void **state)
{
    world_t *w = *state;

    unlink(w->path);
    apr_pool_destroy(w->pool);
    free(w);
    return 0;
}

static const char *call(world_t *w, apr_time_t now, int leaves)
{
    sbx_gate_t gate;

    sbx_live_enter(&gate, w->live, "tenant", "app", 0, now);
    if (leaves) {
        sbx_live_leave(w->live, &gate);
    }
    return gate.problem;
}

static void sixty_calls_fit_in_a_window(void **state)
{
    world_t *w = *state;
    sbx_gate_t gate;
    int i;

    for (i = 0; i < 60; i++) {
        assert_null(call(w, T0, 1));
    }
    sbx_live_enter(&gate, w->live, "tenant", "app", 0, T0);
    assert_string_equal(gate.problem, "minute");
    assert_in_range(gate.retry_after, 1, 60);
    assert_int_equal(gate.minute_left, 0);
    assert_int_equal(gate.day_left, 4940);
    assert_null(call(w, T0 + apr_time_from_sec(gate.retry_after), 1));
}

static void tenants_have_windows_of_their_own(void **state)
{
    world_t *w = *state;
    sbx_gate_t gate;

    sbx_live_set(w->live, SBX_SET_XERO_MINUTE, 1);
    assert_null(call(w, T0, 1));
    assert_non_null(call(w, T0, 1));
    sbx_live_enter(&gate, w->live, "other", "app", 0, T0);
    assert_null(gate.problem);
}

static void five_are_in_progress_at_once(void **state)
{
    world_t *w = *state;
    sbx_gate_t first;
    sbx_figures_t f;
    int i;

    sbx_live_enter(&first, w->live, "tenant", "app", 0, T0);
    for (i = 0; i < 4; i++) {
        assert_null(call(w, T0, 0));
    }
    assert_string_equal(call(w, T0, 0), "concurrent");
    sbx_live_leave(w->live, &first);
    assert_null(call(w, T0, 0));
    assert_int_equal(sbx_live_figures(&f, w->live, 0, w->pool), 1);
    assert_int_equal(f.in_flight_max, 5);
    assert_int_equal(f.refused, 1);
}

static void a_key_in_progress_is_noticed(void **state)
{
    world_t *w = *state;
    sbx_gate_t one;
    sbx_gate_t two;

    sbx_live_enter(&one, w->live, "tenant", "app", 7, T0);
    assert_false(one.is_key_parallel);
    sbx_live_enter(&two, w->live, "tenant", "app", 7, T0);
    assert_true(two.is_key_parallel);
    sbx_live_leave(w->live, &one);
    sbx_live_leave(w->live, &two);
    sbx_live_enter(&one, w->live, "tenant", "app", 7, T0);
    assert_false(one.is_key_parallel);
}

static void impatience_is_noticed(void **state)
{
    world_t *w = *state;
    sbx_gate_t gate;

    sbx_live_block(w->live, "tenant", 10, T0);
    sbx_live_enter(&gate, w->live, "tenant", "app", 0,
                   T0 + apr_time_from_sec(5));
    assert_true(gate.is_impatient);
    sbx_live_enter(&gate, w->live, "tenant", "app", 0,
                   T0 + apr_time_from_sec(10));
    assert_false(gate.is_impatient);
}

static void a_bucket_fills_with_time(void **state)
{
    world_t *w = *state;
    int i;

    for (i = 0; i < 20; i++) {
        assert_true(sbx_live_bucket(w->live, "search", 5600, 20, T0));
    }
    assert_false(sbx_live_bucket(w->live, "search", 5600, 20, T0));
    assert_false(sbx_live_bucket(w->live, "search", 5600, 20,
                                 T0 + apr_time_from_sec(178)));
    assert_true(sbx_live_bucket(w->live, "search", 5600, 20,
                                T0 + apr_time_from_sec(179)));
    for (i = 0; i < 20; i++) {
        assert_true(sbx_live_bucket(w->live, "search", 5600, 20,
                                    T0 + apr_time_from_sec(900000)));
    }
    assert_false(sbx_live_bucket(w->live, "search", 5600, 20,
                                 T0 + apr_time_from_sec(900000)));
}

static void asking_often_does_not_starve_a_bucket(void **state)
{
    world_t *w = *state;
    apr_time_t t;
    int granted = 0;

    for (t = 0; t < apr_time_from_sec(20); t += 10000) {
        granted += sbx_live_bucket(w->live, "often", 500000, 1, T0 + t);
    }
    assert_in_range(granted, 10, 11);
}

static void settings_have_names_and_survive(void **state)
{
    world_t *w = *state;
    sbx_live_t *again;

    assert_int_equal(sbx_live_setting("xeroMinute"), SBX_SET_XERO_MINUTE);
    assert_int_equal(sbx_live_setting("nonsense"), -1);
    sbx_live_set(w->live, SBX_SET_XERO_MINUTE, 3);
    assert_int_equal(sbx_live_open(&again, w->path, w->pool), APR_SUCCESS);
    assert_int_equal(sbx_live_get(again, SBX_SET_XERO_MINUTE), 3);
    sbx_live_reset(again);
    assert_int_equal(sbx_live_get(w->live, SBX_SET_XERO_MINUTE), 60);
}

static void a_fault_fires_as_often_as_told(void **state)
{
    world_t *w = *state;
    apr_int64_t seen;
    apr_int64_t fired;

    assert_false(sbx_live_has_faults(w->live));
    sbx_live_faults_changed(w->live, 1);
    assert_true(sbx_live_has_faults(w->live));
    assert_int_equal(sbx_live_fault_seen(w->live, 0), 0);
    assert_int_equal(sbx_live_fault_seen(w->live, 0), 1);
    assert_true(sbx_live_fault_fire(w->live, 0, 1));
    assert_false(sbx_live_fault_fire(w->live, 0, 1));
    sbx_live_fault_counts(&seen, &fired, w->live, 0);
    assert_int_equal(seen, 2);
    assert_int_equal(fired, 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(sixty_calls_fit_in_a_window),
        CASE(tenants_have_windows_of_their_own),
        CASE(five_are_in_progress_at_once),
        CASE(a_key_in_progress_is_noticed),
        CASE(impatience_is_noticed),
        CASE(a_bucket_fills_with_time),
        CASE(asking_often_does_not_starve_a_bucket),
        CASE(settings_have_names_and_survive),
        CASE(a_fault_fires_as_often_as_told),
    };
    int rc;

    apr_initialize();
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return rc;
}
