/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop: order of timers, life of descriptors, wakes and signals. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>

#include "amzx_loop.h"

#define MANY 2000

static apr_pool_t *pool;
static amzx_env_t env;
static amzx_loop_t *loop;
static apr_time_t clock_us;

static int fired[MANY + 8];
static int fires;

static apr_time_t fake_mono(void *ctx)
{
    (void)ctx;
    return clock_us;
}

static int setup(void **state)
{
    (void)state;
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        return 1;
    }
    amzx_env_init(&env, "test");
    env.mono = fake_mono;
    clock_us = 1000;
    fires = 0;
    return amzx_loop_create(&loop, &env, pool) != APR_SUCCESS;
}

static int teardown(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

static void turn(void)
{
    assert_int_equal(amzx_loop_once(loop, 0), APR_SUCCESS);
}

static void note(void *ctx)
{
    fired[fires++] = *(int *)ctx;
}

/* ---- timers -------------------------------------------------------------- */

static void a_timer_fires_once_at_its_time(void **state)
{
    int one = 1;
    amzx_timer_t *t = amzx_timer_make(loop, note, &one, pool);

    (void)state;
    turn();
    assert_int_equal(fires, 0);
    amzx_timer_at(t, 2000);
    clock_us = 1999;
    turn();
    assert_int_equal(fires, 0);
    clock_us = 2000;
    turn();
    turn();
    assert_int_equal(fires, 1);
    amzx_timer_at(t, 2001);
    clock_us = 5000;
    turn();
    assert_int_equal(fires, 2);
}

static void timers_fire_by_time_and_then_as_armed(void **state)
{
    int id[4] = { 0, 1, 2, 3 };
    amzx_timer_t *t[4];
    int i;

    (void)state;
    for (i = 0; i < 4; i++) {
        t[i] = amzx_timer_make(loop, note, &id[i], pool);
    }
    amzx_timer_at(t[2], 3000);
    amzx_timer_at(t[0], 3000);
    amzx_timer_at(t[3], 2000);
    amzx_timer_at(t[1], 3000);
    amzx_timer_at(t[2], 3000); /* armed anew: now the last of the equals */
    clock_us = 4000;
    turn();
    assert_int_equal(fires, 4);
    assert_int_equal(fired[0], 3);
    assert_int_equal(fired[1], 0);
    assert_int_equal(fired[2], 1);
    assert_int_equal(fired[3], 2);
}

static void a_stopped_timer_never_fires(void **state)
{
    int one = 1;
    amzx_timer_t *t = amzx_timer_make(loop, note, &one, pool);

    (void)state;
    amzx_timer_at(t, 1500);
    amzx_timer_stop(t);
    amzx_timer_stop(t);
    clock_us = 9000;
    turn();
    assert_int_equal(fires, 0);
}

static amzx_timer_t *greedy;

static void rearm(void *ctx)
{
    note(ctx);
    amzx_timer_at(greedy, 0);
}

static void a_timer_armed_for_the_past_waits_its_turn(void **state)
{
    int id[2] = { 7, 8 };
    amzx_timer_t *other = amzx_timer_make(loop, note, &id[1], pool);

    (void)state;
    greedy = amzx_timer_make(loop, rearm, &id[0], pool);
    amzx_timer_at(greedy, 0);
    amzx_timer_at(other, 1000);
    turn();
    assert_int_equal(fires, 2); /* each once, and the turn ends */
    assert_int_equal(fired[0], 7);
    assert_int_equal(fired[1], 8);
    turn();
    assert_int_equal(fires, 3);
}

static void thousands_of_moved_timers_fire_in_order(void **state)
{
    static int id[MANY];
    static apr_time_t due[MANY];
    static amzx_timer_t *t[MANY];
    unsigned seed = 20260131;
    int armed = 0;
    int i;
    int k;

    (void)state;
    for (i = 0; i < MANY; i++) {
        id[i] = i;
        due[i] = 0;
        t[i] = amzx_timer_make(loop, note, &id[i], pool);
    }
    for (k = 0; k < 4 * MANY; k++) {
        i = (int)((seed = seed * 1103515245u + 12345u) >> 8) % MANY;
        due[i] = 0;
        amzx_timer_stop(t[i]);
        if (seed % 5 != 0) {
            due[i] = 2000 + (apr_time_t)(seed >> 4) % 977;
            amzx_timer_at(t[i], due[i]);
        }
    }
    for (i = 0; i < MANY; i++) {
        armed += due[i] != 0;
    }
    clock_us = 10000;
    turn();
    assert_true(armed > MANY / 2);
    assert_int_equal(fires, armed);
    for (i = 0; i < fires; i++) {
        assert_true(due[fired[i]] != 0);
        assert_true(i == 0 || due[fired[i - 1]] <= due[fired[i]]);
        k = fired[i];
        assert_true(i == 0 || fired[i - 1] != k);
    }
}

static void a_timer_dies_with_its_pool(void **state)
{
    int one = 1;
    apr_pool_t *sub = NULL;
    amzx_timer_t *t;

    (void)state;
    assert_int_equal(apr_pool_create(&sub, pool), APR_SUCCESS);
    t = amzx_timer_make(loop, note, &one, sub);
    amzx_timer_at(t, 1500);
    apr_pool_destroy(sub);
    clock_us = 2000;
    turn();
    assert_int_equal(fires, 0);
}

static void a_timer_that_outlives_its_loop_does_nothing(void **state)
{
    int one = 1;
    apr_pool_t *sub = NULL;
    amzx_loop_t *brief = NULL;
    amzx_timer_t *t;

    (void)state;
    assert_int_equal(apr_pool_create(&sub, pool), APR_SUCCESS);
    assert_int_equal(amzx_loop_create(&brief, &env, sub), APR_SUCCESS);
    t = amzx_timer_make(brief, note, &one, pool);
    amzx_timer_at(t, 1500);
    apr_pool_destroy(sub);
    amzx_timer_at(t, 1600);
    amzx_timer_stop(t);
    assert_int_equal(fires, 0);
}

/* ---- descriptors --------------------------------------------------------- */

typedef struct {
    int fd[2];
    int seen;  /* events of all calls together */
    int calls;
    int also;  /* a descriptor to stop watching in the callback, or -1 */
} end_t;

static void open_end(end_t *e)
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, e->fd), 0);
    e->seen = e->calls = 0;
    e->also = -1;
}

static void close_end(end_t *e)
{
    close(e->fd[0]);
    close(e->fd[1]);
}

static void on_event(void *ctx, int fd, int events)
{
    end_t *e = ctx;

    e->seen |= events;
    e->calls++;
    assert_int_equal(fd, e->fd[0]);
    if (e->also >= 0) {
        assert_int_equal(amzx_loop_fd(loop, e->also, 0, NULL, NULL),
                         APR_SUCCESS);
    }
}

static void watch(end_t *e, int events)
{
    assert_int_equal(amzx_loop_fd(loop, e->fd[0], events, on_event, e),
                     APR_SUCCESS);
}

static void unread_bytes_are_reported_again(void **state)
{
    end_t e;
    char c;

    (void)state;
    open_end(&e);
    watch(&e, AMZX_LOOP_READ);
    turn();
    assert_int_equal(e.calls, 0);
    assert_int_equal(write(e.fd[1], "x", 1), 1);
    turn();
    turn();
    assert_int_equal(e.calls, 2);
    assert_int_equal(e.seen, AMZX_LOOP_READ);
    assert_int_equal(read(e.fd[0], &c, 1), 1);
    turn();
    assert_int_equal(e.calls, 2);
    watch(&e, AMZX_LOOP_READ | AMZX_LOOP_WRITE);
    turn();
    assert_int_equal(e.seen, AMZX_LOOP_READ | AMZX_LOOP_WRITE);
    watch(&e, 0);
    watch(&e, 0);
    e.calls = 0;
    turn();
    assert_int_equal(e.calls, 0);
    close_end(&e);
}

static void a_hang_up_is_reported_as_readable(void **state)
{
    end_t e;

    (void)state;
    open_end(&e);
    watch(&e, AMZX_LOOP_READ);
    close(e.fd[1]);
    turn();
    assert_int_equal(e.seen, AMZX_LOOP_READ | AMZX_LOOP_ERROR);
    close(e.fd[0]);
    turn(); /* the kernel forgot it; so may we, late */
    watch(&e, 0);
    assert_int_equal(amzx_loop_fd(loop, -1, AMZX_LOOP_READ, on_event, &e),
                     APR_EBADF);
}

static void a_descriptor_stopped_by_its_neighbour_gets_no_event(void **state)
{
    end_t a;
    end_t b;

    (void)state;
    open_end(&a);
    open_end(&b);
    a.also = b.fd[0];
    b.also = a.fd[0];
    watch(&a, AMZX_LOOP_WRITE);
    watch(&b, AMZX_LOOP_WRITE);
    turn();
    assert_int_equal(a.calls + b.calls, 1);
    close_end(&a);
    close_end(&b);
}

static end_t *victim;
static end_t *heir;

/* Close the victim's descriptor and let the heir have its number, before the
 * victim's event of the same batch is delivered. */
static void usurp(void *ctx, int fd, int events)
{
    (void)ctx;
    (void)events;
    assert_int_equal(amzx_loop_fd(loop, fd, 0, NULL, NULL), APR_SUCCESS);
    assert_int_equal(amzx_loop_fd(loop, victim->fd[0], 0, NULL, NULL),
                     APR_SUCCESS);
    close(victim->fd[0]);
    assert_int_equal(dup2(heir->fd[0], victim->fd[0]), victim->fd[0]);
    close(heir->fd[0]);
    heir->fd[0] = victim->fd[0];
    watch(heir, AMZX_LOOP_READ);
}

static void an_event_of_a_closed_socket_never_reaches_its_heir(void **state)
{
    end_t first;
    end_t old;
    end_t young;

    (void)state;
    open_end(&first);
    open_end(&old);
    open_end(&young);
    victim = &old;
    heir = &young;
    assert_int_equal(amzx_loop_fd(loop, first.fd[0], AMZX_LOOP_WRITE, usurp,
                                  NULL), APR_SUCCESS);
    watch(&old, AMZX_LOOP_READ); /* ready in the same batch, after first */
    assert_int_equal(write(old.fd[1], "x", 1), 1);
    turn();
    assert_int_equal(old.calls, 0);
    assert_int_equal(young.calls, 0);
    assert_int_equal(write(young.fd[1], "x", 1), 1);
    turn();
    assert_int_equal(young.calls, 1);
    close_end(&first);
    close(old.fd[1]);
    close_end(&young);
}

/* ---- waiting ------------------------------------------------------------- */

static apr_time_t real_now(void)
{
    return apr_time_now();
}

static void *wake_later(void *ctx)
{
    (void)ctx;
    usleep(20000);
    amzx_loop_wake(loop);
    return NULL;
}

static void a_wake_of_another_thread_ends_the_wait(void **state)
{
    pthread_t thread;
    apr_time_t begin = real_now();

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, wake_later, NULL), 0);
    assert_int_equal(amzx_loop_once(loop, apr_time_from_sec(20)),
                     APR_SUCCESS);
    assert_true(real_now() - begin < apr_time_from_sec(10));
    pthread_join(thread, NULL);
}

static void a_wake_before_the_wait_counts_once(void **state)
{
    apr_time_t begin = real_now();

    (void)state;
    amzx_loop_wake(loop);
    amzx_loop_wake(loop);
    assert_int_equal(amzx_loop_once(loop, apr_time_from_sec(20)),
                     APR_SUCCESS);
    assert_true(real_now() - begin < apr_time_from_sec(10));
    begin = real_now();
    assert_int_equal(amzx_loop_once(loop, 30000), APR_SUCCESS);
    assert_true(real_now() - begin >= 25000);
}

static void on_alarm(int sig)
{
    (void)sig;
}

static void a_signal_ends_the_wait_without_an_error(void **state)
{
    struct itimerval soon = { { 0, 0 }, { 0, 20000 } };
    struct sigaction sa = { .sa_handler = on_alarm };
    struct sigaction before;
    apr_time_t begin = real_now();

    (void)state;
    assert_int_equal(sigaction(SIGALRM, &sa, &before), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    assert_int_equal(amzx_loop_once(loop, apr_time_from_sec(20)),
                     APR_SUCCESS);
    assert_true(real_now() - begin < apr_time_from_sec(10));
    assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
}

static void the_next_timer_bounds_the_wait(void **state)
{
    int one = 1;
    amzx_timer_t *t;
    apr_time_t begin;

    (void)state;
    amzx_env_init(&env, "test"); /* the real clock */
    t = amzx_timer_make(loop, note, &one, pool);
    begin = amzx_mono(&env);
    amzx_timer_at(t, begin + 15000);
    while (fires == 0 && amzx_mono(&env) - begin < apr_time_from_sec(10)) {
        assert_int_equal(amzx_loop_once(loop, apr_time_from_sec(20)),
                         APR_SUCCESS);
    }
    assert_int_equal(fires, 1);
    assert_true(amzx_mono(&env) - begin >= 15000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_timer_fires_once_at_its_time),
        TEST(timers_fire_by_time_and_then_as_armed),
        TEST(a_stopped_timer_never_fires),
        TEST(a_timer_armed_for_the_past_waits_its_turn),
        TEST(thousands_of_moved_timers_fire_in_order),
        TEST(a_timer_dies_with_its_pool),
        TEST(a_timer_that_outlives_its_loop_does_nothing),
        TEST(unread_bytes_are_reported_again),
        TEST(a_hang_up_is_reported_as_readable),
        TEST(a_descriptor_stopped_by_its_neighbour_gets_no_event),
        TEST(an_event_of_a_closed_socket_never_reaches_its_heir),
        TEST(a_wake_of_another_thread_ends_the_wait),
        TEST(a_wake_before_the_wait_counts_once),
        TEST(a_signal_ends_the_wait_without_an_error),
        TEST(the_next_timer_bounds_the_wait),
    };
    int failed;

    apr_initialize();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed;
}
