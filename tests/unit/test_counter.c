/* SPDX-License-Identifier: Apache-2.0 */
/* Counters shared by threads and processes. */
#include "base_test.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "amzx_counter.h"

#define SLOTS 4

/* A block in memory that child processes share. */
static void *block_of(unsigned slots)
{
    void *block = mmap(NULL, amzx_counter_size(slots), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(block != MAP_FAILED);
    assert_int_equal(
        amzx_counter_init(block, amzx_counter_size(slots), slots),
        APR_SUCCESS);
    return block;
}

static void numbers_of_all_slots_add_up(void **state)
{
    void *block = block_of(SLOTS);
    amzx_counters_t at;
    amzx_env_t env;
    unsigned i;

    (void)state;
    amzx_env_init(&env, "test");
    env.counters = &at;
    for (i = 0; i < SLOTS + 1; i++) {
        /* The last one shares slot 0. */
        assert_int_equal(amzx_counter_attach(&at, block, i), APR_SUCCESS);
        amzx_counter_add(&env, AMZX_COUNTER_INBOX_NEW, 10);
        amzx_counter_add(&env, AMZX_COUNTER_INBOX_NEW, (apr_int64_t)i);
        amzx_counter_set(&env, AMZX_COUNTER_ENGINE_RUNS, 3);
    }
    assert_int_equal(amzx_counter_sum(&at, AMZX_COUNTER_INBOX_NEW), 60);
    assert_int_equal(amzx_counter_sum(&at, AMZX_COUNTER_INBOX_DUPLICATE), 0);
    assert_int_equal(amzx_counter_sum(&at, AMZX_COUNTER_ENGINE_RUNS), 12);
    amzx_counter_add(&env, AMZX_COUNTER_ENGINE_RUNS, -1);
    assert_int_equal(amzx_counter_sum(&at, AMZX_COUNTER_ENGINE_RUNS), 11);
    amzx_counter_reset_gauges(&at);
    assert_int_equal(amzx_counter_sum(&at, AMZX_COUNTER_ENGINE_RUNS), 9);
    assert_int_equal(amzx_counter_sum(&at, AMZX_COUNTER_INBOX_NEW), 60);
    munmap(block, amzx_counter_size(SLOTS));
}

static void a_host_without_counters_is_left_in_peace(void **state)
{
    amzx_counters_t none = {NULL, 0};
    amzx_env_t env;

    (void)state;
    amzx_env_init(&env, "test");
    amzx_counter_add(&env, AMZX_COUNTER_INBOX_NEW, 1);
    amzx_counter_add(NULL, AMZX_COUNTER_INBOX_NEW, 1);
    amzx_counter_set(NULL, AMZX_COUNTER_INBOX_NEW, 1);
    env.counters = &none;
    amzx_counter_add(&env, AMZX_COUNTER_INBOX_NEW, 1);
    amzx_counter_set(&env, AMZX_COUNTER_INBOX_NEW, 1);
    amzx_counter_reset_gauges(&none);
    amzx_counter_reset_gauges(NULL);
    assert_int_equal(amzx_counter_sum(&none, AMZX_COUNTER_INBOX_NEW), 0);
    assert_int_equal(amzx_counter_sum(NULL, AMZX_COUNTER_INBOX_NEW), 0);
}

static void wrong_memory_and_ids_are_refused(void **state)
{
    char *raw = NULL;
    amzx_counters_t at;
    amzx_env_t env;

    (void)state;
    assert_int_equal(posix_memalign((void **)&raw, 64,
                                    amzx_counter_size(2) + 64),
                     0);
    memset(raw, 0, amzx_counter_size(2));
    assert_int_equal(amzx_counter_attach(&at, raw, 0), APR_EINVAL);
    assert_int_equal(amzx_counter_attach(&at, NULL, 0), APR_EINVAL);
    assert_null(at.block);
    assert_int_equal(amzx_counter_init(NULL, 1 << 20, 2), APR_EINVAL);
    assert_int_equal(amzx_counter_init(raw + 8, amzx_counter_size(2), 2),
                     APR_EINVAL);
    assert_int_equal(amzx_counter_init(raw, amzx_counter_size(2), 0),
                     APR_EINVAL);
    assert_int_equal(amzx_counter_init(raw, amzx_counter_size(2), 1u << 30),
                     APR_EINVAL);
    assert_int_equal(amzx_counter_init(raw, amzx_counter_size(2) - 1, 2),
                     APR_ENOSPC);
    assert_int_equal(amzx_counter_init(raw, amzx_counter_size(2), 2),
                     APR_SUCCESS);
    assert_int_equal(amzx_counter_attach(&at, raw, 1), APR_SUCCESS);
    amzx_env_init(&env, "test");
    env.counters = &at;
    amzx_counter_add(&env, AMZX_COUNTERS, 1);
    amzx_counter_add(&env, (amzx_counter_e)-1, 1);
    amzx_counter_set(&env, AMZX_COUNTERS, 1);
    assert_int_equal(amzx_counter_sum(&at, AMZX_COUNTERS), 0);
    assert_null(amzx_counter_info(AMZX_COUNTERS));
    assert_null(amzx_counter_info((amzx_counter_e)-1));
    free(raw);
}

static void *count_many(void *data)
{
    int i;

    for (i = 0; i < 100000; i++) {
        amzx_counter_add(data, AMZX_COUNTER_DB_COMMITS, 1);
    }
    return NULL;
}

static void no_count_is_lost_between_threads_and_processes(void **state)
{
    void *block = block_of(2);
    pthread_t thread[4];
    amzx_counters_t at;
    amzx_env_t env;
    int status = -1;
    pid_t child;
    int i;

    (void)state;
    amzx_env_init(&env, "test");
    env.counters = &at;
    assert_int_equal(amzx_counter_attach(&at, block, 0), APR_SUCCESS);
    child = fork();
    if (child == 0) {
        amzx_counter_attach(&at, block, 1);
        count_many(&env);
        _exit(0);
    }
    for (i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, count_many, &env),
                         0);
    }
    for (i = 0; i < 4; i++) {
        pthread_join(thread[i], NULL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(amzx_counter_sum(&at, AMZX_COUNTER_DB_COMMITS), 500000);
    munmap(block, amzx_counter_size(2));
}

static void the_catalogue_is_fit_for_prometheus(void **state)
{
    const char *family = "";
    int i;
    int k;

    (void)state;
    for (i = 0; i < AMZX_COUNTERS; i++) {
        const amzx_counter_info_t *info =
            amzx_counter_info((amzx_counter_e)i);
        size_t n = strlen(info->family);
        int ends = n > 6 && strcmp(info->family + n - 6, "_total") == 0;

        assert_int_equal(strspn(info->family,
                                "abcdefghijklmnopqrstuvwxyz0123456789_"),
                         n);
        assert_int_equal(ends, !info->is_gauge);
        assert_true(*info->help != '\0');
        for (k = 0; k < i; k++) {
            const amzx_counter_info_t *other =
                amzx_counter_info((amzx_counter_e)k);

            assert_false(strcmp(info->family, other->family) == 0
                         && strcmp(info->labels, other->labels) == 0);
            /* Families stand together. */
            assert_false(strcmp(info->family, other->family) == 0
                         && strcmp(info->family, family) != 0);
        }
        family = info->family;
    }
}

static void the_text_has_one_head_per_family(void **state)
{
    void *block = block_of(1);
    amzx_counters_t at;
    amzx_env_t env;
    amzx_buf_t b;

    amzx_env_init(&env, "test");
    env.counters = &at;
    assert_int_equal(amzx_counter_attach(&at, block, 0), APR_SUCCESS);
    amzx_counter_add(&env, AMZX_COUNTER_INBOX_DUPLICATE, 7);
    amzx_buf_init(&b, 0, *state);
    amzx_counter_text(&b, &at);
    assert_non_null(strstr(
        b.s, "# HELP amzxero_inbox_received_total Deliveries taken in\n"
             "# TYPE amzxero_inbox_received_total counter\n"
             "amzxero_inbox_received_total{result=\"new\"} 0\n"
             "amzxero_inbox_received_total{result=\"duplicate\"} 7\n"
             "amzxero_inbox_received_total{result=\"rejected\"} 0\n"));
    assert_non_null(strstr(b.s, "# TYPE amzxero_engine_runs gauge\n"
                                "amzxero_engine_runs 0\n"));
    munmap(block, amzx_counter_size(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_all_slots_add_up),
        cmocka_unit_test(a_host_without_counters_is_left_in_peace),
        cmocka_unit_test(wrong_memory_and_ids_are_refused),
        cmocka_unit_test(no_count_is_lost_between_threads_and_processes),
        cmocka_unit_test(the_catalogue_is_fit_for_prometheus),
        POOL_TEST(the_text_has_one_head_per_family),
    };

    apr_initialize();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
