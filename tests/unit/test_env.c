/* SPDX-License-Identifier: Apache-2.0 */
/* The host: clock, randomness, log; and the identifiers made with them. */
#include "base_test.h"

#include <stdio.h>
#include <string.h>

#include "amzx_env.h"
#include "amzx_id.h"

/* A host whose clock stands and whose log is kept. */
typedef struct {
    apr_time_t now;
    unsigned char byte;
    int random_fails;
    int lines;
    int id;
    amzx_log_level_e level;
    apr_status_t rv;
    char tag[32];
    char line[4096];
} host_t;

static apr_time_t host_now(void *ctx)
{
    return ((host_t *)ctx)->now;
}

static apr_status_t host_random(void *ctx, unsigned char *out, apr_size_t len)
{
    host_t *h = ctx;

    if (h->random_fails) {
        return APR_EGENERAL;
    }
    memset(out, h->byte, len);
    return APR_SUCCESS;
}

static void host_log(void *ctx, amzx_log_level_e level, int id,
                     apr_status_t rv, const char *tag, const char *line)
{
    host_t *h = ctx;

    h->lines++;
    h->id = id;
    h->level = level;
    h->rv = rv;
    snprintf(h->tag, sizeof(h->tag), "%s", tag);
    snprintf(h->line, sizeof(h->line), "%s", line);
}

static void host_init(amzx_env_t *env, host_t *h)
{
    memset(h, 0, sizeof(*h));
    amzx_env_init(env, "test 1");
    env->ctx = h;
    env->now = host_now;
    env->random = host_random;
    env->log = host_log;
}

static void the_default_host_has_clocks_and_randomness(void **state)
{
    unsigned char a[32] = {0};
    unsigned char b[32] = {0};
    amzx_env_t env;
    apr_time_t mono;

    (void)state;
    amzx_env_init(&env, "test");
    assert_true(amzx_now(&env) > APR_INT64_C(1700000000000000));
    mono = amzx_mono(&env);
    assert_true(amzx_mono(&env) >= mono);
    assert_int_equal(amzx_random(&env, a, sizeof(a)), APR_SUCCESS);
    assert_int_equal(amzx_random(&env, b, sizeof(b)), APR_SUCCESS);
    assert_memory_not_equal(a, b, sizeof(a));
    assert_null(env.counters);
    assert_true(amzx_now(NULL) > APR_INT64_C(1700000000000000));
    assert_true(amzx_mono(NULL) > 0);
    assert_int_equal(amzx_random(NULL, a, sizeof(a)), APR_SUCCESS);
    /* To stderr; here it is only shown not to fail. */
    amzx_log(&env, AMZX_LOG_NOTICE, 0, APR_ENOENT, "a line for %s", "stderr");
}

static void the_hosts_own_clock_is_used(void **state)
{
    amzx_env_t env;
    host_t h;

    (void)state;
    host_init(&env, &h);
    h.now = 42;
    assert_int_equal(amzx_now(&env), 42);
}

static void lines_above_the_level_are_dropped(void **state)
{
    amzx_env_t env;
    host_t h;

    (void)state;
    host_init(&env, &h);
    env.log_level = AMZX_LOG_INFO;
    amzx_log(&env, AMZX_LOG_DEBUG, 0, 0, "x");
    assert_int_equal(h.lines, 0);
    assert_false(amzx_log_is_on(&env, AMZX_LOG_DEBUG));
    assert_true(amzx_log_is_on(&env, AMZX_LOG_INFO));
    amzx_log(&env, AMZX_LOG_INFO, 0, APR_ENOENT, "run %s: %d", "run_1", 3);
    assert_int_equal(h.lines, 1);
    assert_int_equal(h.level, AMZX_LOG_INFO);
    assert_int_equal(h.rv, APR_ENOENT);
    assert_string_equal(h.tag, "test 1");
    assert_string_equal(h.line, "run run_1: 3");
    amzx_log(NULL, AMZX_LOG_CRIT, 0, 0, "x");
    assert_false(amzx_log_is_on(NULL, AMZX_LOG_CRIT));
    env.log = NULL;
    amzx_log(&env, AMZX_LOG_CRIT, 0, 0, "x");
}

static void log_lines_cannot_be_forged(void **state)
{
    char text[5000];
    amzx_env_t env;
    host_t h;

    (void)state;
    host_init(&env, &h);
    amzx_log(&env, AMZX_LOG_ERR, 0, 0, "id %s", "x\n[crit] all is lost\x1b");
    assert_string_equal(h.line, "id x?[crit] all is lost?");
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    amzx_log(&env, AMZX_LOG_ERR, 0, 0, "%s", text);
    assert_int_equal(strlen(h.line), 2047);
}

static void random_numbers_stay_below_their_bound(void **state)
{
    unsigned seen[7] = {0};
    amzx_env_t env;
    int i;

    (void)state;
    amzx_env_init(&env, "test");
    assert_int_equal(amzx_random_below(&env, 0), 0);
    assert_int_equal(amzx_random_below(&env, 1), 0);
    for (i = 0; i < 7000; i++) {
        apr_uint64_t n = amzx_random_below(&env, 7);

        assert_in_range(n, 0, 6);
        seen[n]++;
    }
    for (i = 0; i < 7; i++) {
        assert_in_range(seen[i], 700, 1300); /* 9 sigma */
    }
    for (i = 0; i < 100; i++) {
        assert_true(amzx_random_below(&env, UINT64_MAX) < UINT64_MAX);
    }
}

static void a_broken_random_source_neither_hangs_nor_escapes(void **state)
{
    amzx_env_t env;
    host_t h;
    int i;

    (void)state;
    host_init(&env, &h);
    h.byte = 0xff; /* always in the part that is thrown away */
    assert_in_range(amzx_random_below(&env, 10), 0, 9);
    h.random_fails = 1;
    for (i = 0; i < 1000; i++) {
        assert_in_range(amzx_random_below(&env, 10), 0, 9);
    }
}

static void ids_sort_by_time_and_know_their_prefix(void **state)
{
    const char *before = "";
    amzx_env_t env;
    host_t h;
    int i;

    host_init(&env, &h);
    h.byte = 0xa5;
    for (i = 0; i < 48; i++) {
        const char *id;

        h.now = (APR_INT64_C(1) << i) * 1000;
        id = amzx_id_new(&env, "run", *state);
        assert_int_equal(strlen(id), 30);
        assert_true(amzx_id_is(id, "run"));
        assert_false(amzx_id_is(id, "ru"));
        assert_false(amzx_id_is(id, "job"));
        assert_true(strcmp(before, id) < 0);
        before = id;
    }
    h.now = 0;
    h.byte = 0;
    assert_string_equal(amzx_id_new(&env, "x", *state),
                        "x_00000000000000000000000000");
    h.now = (APR_INT64_C(1) << 48) * 1000 - 1;
    h.byte = 0xff;
    assert_string_equal(amzx_id_new(&env, "x", *state),
                        "x_7zzzzzzzzzzzzzzzzzzzzzzzzz");
}

static void what_is_no_id_is_told(void **state)
{
    static const char *const bad[] = {
        "", "run", "run_", "run_0000000000000000000000000",
        "run_000000000000000000000000000", "run_8zzzzzzzzzzzzzzzzzzzzzzzzz",
        "run_0000000000000000000000000I", "run_0000000000000000000000000i",
        "run_0000000000000000000000000u", "run-00000000000000000000000000",
        "RUN_00000000000000000000000000", "run_0000000000000000000000000'",
    };
    size_t i;

    (void)state;
    assert_true(amzx_id_is("run_00000000000000000000000000", "run"));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(amzx_id_is(bad[i], "run"));
    }
    assert_false(amzx_id_is(NULL, "run"));
    assert_false(amzx_id_is("run_00000000000000000000000000", NULL));
}

static void ids_differ_even_without_randomness(void **state)
{
    const char *seen[200];
    amzx_env_t env;
    host_t h;
    int i;
    int k;

    host_init(&env, &h);
    h.random_fails = 1;
    for (i = 0; i < 200; i++) {
        seen[i] = amzx_id_new(&env, "x", *state);
        assert_true(amzx_id_is(seen[i], "x"));
        for (k = 0; k < i; k++) {
            assert_string_not_equal(seen[i], seen[k]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_host_has_clocks_and_randomness),
        cmocka_unit_test(the_hosts_own_clock_is_used),
        cmocka_unit_test(lines_above_the_level_are_dropped),
        cmocka_unit_test(log_lines_cannot_be_forged),
        cmocka_unit_test(random_numbers_stay_below_their_bound),
        cmocka_unit_test(a_broken_random_source_neither_hangs_nor_escapes),
        POOL_TEST(ids_sort_by_time_and_know_their_prefix),
        cmocka_unit_test(what_is_no_id_is_told),
        POOL_TEST(ids_differ_even_without_randomness),
    };

    apr_initialize();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
