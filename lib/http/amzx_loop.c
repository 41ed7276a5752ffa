/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop of one thread: level-triggered epoll, a heap of timers and
 * an eventfd by which other threads and signal handlers end a wait. */
#include "amzx_loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <apr_errno.h>

#define BATCH 256         /* events taken from the kernel at once */
#define WAIT_MAX_MS 60000 /* longer waits come in pieces */

/* A descriptor may be closed and its number given to another socket while
 * events of one batch are being delivered. The generation travels in the
 * event, so that an event of the old socket never reaches the new one. */
typedef struct {
    amzx_fd_fn *fn;
    void *ctx;
    apr_uint32_t generation;
    int events; /* 0: not watched */
} watch_t;

struct amzx_timer_t {
    amzx_loop_t *loop; /* NULL once the loop is gone */
    amzx_timer_fn *fn;
    void *ctx;
    apr_time_t when;
    apr_uint64_t order; /* first armed fires first among equals */
    apr_size_t slot;    /* place in the heap + 1; 0: not armed */
    amzx_timer_t *next; /* all timers of the loop */
    amzx_timer_t *prev;
};

struct amzx_loop_t {
    const amzx_env_t *env;
    int epoll_fd;
    int wake_fd;
    watch_t *watch; /* by descriptor */
    apr_size_t watches;
    apr_uint32_t generation;
    amzx_timer_t **heap;
    apr_size_t timers; /* in the heap */
    apr_size_t room;   /* of the heap, at least made */
    apr_size_t made;
    apr_uint64_t order;
    amzx_timer_t *all;
    apr_time_t round; /* the moment being fired */
    int is_firing;
};

static apr_status_t loop_close(void *data)
{
    amzx_loop_t *loop = data;
    amzx_timer_t *t;

    for (t = loop->all; t != NULL; t = t->next) {
        t->loop = NULL;
    }
    if (loop->wake_fd >= 0) {
        close(loop->wake_fd);
    }
    if (loop->epoll_fd >= 0) {
        close(loop->epoll_fd);
    }
    free(loop->watch);
    free(loop->heap);
    return APR_SUCCESS;
}

apr_status_t amzx_loop_create(amzx_loop_t **out, const amzx_env_t *env,
                              apr_pool_t *p)
{
    amzx_loop_t *loop = apr_pcalloc(p, sizeof(*loop));
    struct epoll_event ev = { .events = EPOLLIN };

    *out = NULL;
    loop->env = env;
    loop->wake_fd = -1;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        return APR_FROM_OS_ERROR(errno);
    }
    apr_pool_cleanup_register(p, loop, loop_close, apr_pool_cleanup_null);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->wake_fd < 0) {
        return APR_FROM_OS_ERROR(errno);
    }
    ev.data.u64 = (apr_uint32_t)loop->wake_fd; /* generation 0: nobody's */
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &ev) != 0) {
        return APR_FROM_OS_ERROR(errno);
    }
    *out = loop;
    return APR_SUCCESS;
}

/* ---- descriptors --------------------------------------------------------- */

static apr_status_t watch_room(amzx_loop_t *loop, int fd)
{
    apr_size_t want = (apr_size_t)fd + 1;
    apr_size_t room = loop->watches > 0 ? loop->watches : 64;
    watch_t *watch;
    apr_size_t i;

    if (want <= loop->watches) {
        return APR_SUCCESS;
    }
    while (room < want) {
        room *= 2;
    }
    watch = realloc(loop->watch, room * sizeof(*watch));
    if (watch == NULL) {
        return APR_ENOMEM;
    }
    for (i = loop->watches; i < room; i++) {
        watch[i] = (watch_t){ NULL, NULL, 0, 0 };
    }
    loop->watch = watch;
    loop->watches = room;
    return APR_SUCCESS;
}

static void watch_drop(amzx_loop_t *loop, int fd)
{
    struct epoll_event ev = { .events = 0 };

    if ((apr_size_t)fd >= loop->watches || loop->watch[fd].events == 0) {
        return;
    }
    loop->watch[fd] = (watch_t){ NULL, NULL, 0, 0 };
    /* Closing a descriptor has taken it out already: any failure is fine. */
    (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, &ev);
}

apr_status_t amzx_loop_fd(amzx_loop_t *loop, int fd, int events,
                          amzx_fd_fn *fn, void *ctx)
{
    struct epoll_event ev = { .events = 0 };
    apr_uint32_t generation;
    apr_status_t rv;
    int op;

    if (fd < 0) {
        return APR_EBADF;
    }
    events &= AMZX_LOOP_READ | AMZX_LOOP_WRITE;
    if (events == 0) {
        watch_drop(loop, fd);
        return APR_SUCCESS;
    }
    rv = watch_room(loop, fd);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    generation = loop->watch[fd].generation;
    op = EPOLL_CTL_MOD;
    if (loop->watch[fd].events == 0) {
        op = EPOLL_CTL_ADD;
        loop->generation = loop->generation == APR_UINT32_MAX
                               ? 1 : loop->generation + 1;
        generation = loop->generation;
    }
    if ((events & AMZX_LOOP_READ) != 0) {
        ev.events |= EPOLLIN;
    }
    if ((events & AMZX_LOOP_WRITE) != 0) {
        ev.events |= EPOLLOUT;
    }
    ev.data.u64 = ((apr_uint64_t)generation << 32) | (apr_uint32_t)fd;
    if (epoll_ctl(loop->epoll_fd, op, fd, &ev) != 0) {
        /* The number was closed and opened anew without telling us, or the
         * kernel still knows it through a copy: try the other way. */
        if (errno != ENOENT && errno != EEXIST) {
            return APR_FROM_OS_ERROR(errno);
        }
        op = errno == ENOENT ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
        if (epoll_ctl(loop->epoll_fd, op, fd, &ev) != 0) {
            return APR_FROM_OS_ERROR(errno);
        }
    }
    loop->watch[fd] = (watch_t){ fn, ctx, generation, events };
    return APR_SUCCESS;
}

/* ---- timers -------------------------------------------------------------- */

static int is_before(const amzx_timer_t *a, const amzx_timer_t *b)
{
    return a->when != b->when ? a->when < b->when : a->order < b->order;
}

static void heap_put(amzx_loop_t *loop, apr_size_t i, amzx_timer_t *t)
{
    loop->heap[i] = t;
    t->slot = i + 1;
}

static void heap_up(amzx_loop_t *loop, apr_size_t i)
{
    amzx_timer_t *t = loop->heap[i];
    apr_size_t parent;

    while (i > 0) {
        parent = (i - 1) / 2;
        if (!is_before(t, loop->heap[parent])) {
            break;
        }
        heap_put(loop, i, loop->heap[parent]);
        i = parent;
    }
    heap_put(loop, i, t);
}

static void heap_down(amzx_loop_t *loop, apr_size_t i)
{
    amzx_timer_t *t = loop->heap[i];
    apr_size_t child;

    for (child = 2 * i + 1; child < loop->timers; child = 2 * i + 1) {
        if (child + 1 < loop->timers
            && is_before(loop->heap[child + 1], loop->heap[child])) {
            child++;
        }
        if (!is_before(loop->heap[child], t)) {
            break;
        }
        heap_put(loop, i, loop->heap[child]);
        i = child;
    }
    heap_put(loop, i, t);
}

/* Arming cannot fail: the heap has room for every timer there is. */
static int heap_room(amzx_loop_t *loop)
{
    amzx_timer_t **heap;
    apr_size_t room = loop->room > 0 ? loop->room * 2 : 32;

    if (loop->made < loop->room) {
        return 1;
    }
    heap = realloc(loop->heap, room * sizeof(amzx_timer_t *));
    if (heap == NULL) {
        return 0;
    }
    loop->heap = heap;
    loop->room = room;
    return 1;
}

static apr_status_t timer_gone(void *data)
{
    amzx_timer_t *t = data;

    if (t->loop == NULL) {
        return APR_SUCCESS;
    }
    amzx_timer_stop(t);
    if (t->prev != NULL) {
        t->prev->next = t->next;
    }
    else {
        t->loop->all = t->next;
    }
    if (t->next != NULL) {
        t->next->prev = t->prev;
    }
    t->loop->made--;
    t->loop = NULL;
    return APR_SUCCESS;
}

amzx_timer_t *amzx_timer_make(amzx_loop_t *loop, amzx_timer_fn *fn, void *ctx,
                              apr_pool_t *p)
{
    amzx_timer_t *t = apr_pcalloc(p, sizeof(*t));
    apr_abortfunc_t no_memory = apr_pool_abort_get(p);

    if (!heap_room(loop)) {
        if (no_memory != NULL) {
            no_memory(APR_ENOMEM);
        }
        return NULL;
    }
    loop->made++;
    t->loop = loop;
    t->fn = fn;
    t->ctx = ctx;
    t->next = loop->all;
    if (t->next != NULL) {
        t->next->prev = t;
    }
    loop->all = t;
    apr_pool_cleanup_register(p, t, timer_gone, apr_pool_cleanup_null);
    return t;
}

void amzx_timer_at(amzx_timer_t *t, apr_time_t when_mono)
{
    amzx_loop_t *loop = t->loop;

    if (loop == NULL) {
        return;
    }
    amzx_timer_stop(t);
    /* What is armed while timers fire comes after all that were due before
     * it: a timer that arms itself for the past cannot starve the others. */
    if (loop->is_firing && when_mono < loop->round) {
        when_mono = loop->round;
    }
    t->when = when_mono;
    t->order = ++loop->order;
    loop->heap[loop->timers++] = t;
    heap_up(loop, loop->timers - 1);
}

void amzx_timer_stop(amzx_timer_t *t)
{
    amzx_loop_t *loop = t->loop;
    amzx_timer_t *last;
    apr_size_t i;

    if (loop == NULL || t->slot == 0) {
        return;
    }
    i = t->slot - 1;
    t->slot = 0;
    last = loop->heap[--loop->timers];
    if (last == t) {
        return;
    }
    heap_put(loop, i, last);
    heap_up(loop, i);
    heap_down(loop, last->slot - 1);
}

static void fire_timers(amzx_loop_t *loop)
{
    apr_uint64_t last = loop->order;
    amzx_timer_t *t;

    loop->round = amzx_mono(loop->env);
    loop->is_firing = 1;
    while (loop->timers > 0) {
        t = loop->heap[0];
        if (t->when > loop->round || t->order > last) {
            break;
        }
        amzx_timer_stop(t);
        t->fn(t->ctx);
    }
    loop->is_firing = 0;
}

/* ---- the wait ------------------------------------------------------------ */

/* Milliseconds to wait, rounded up: a timer never fires early. */
static int wait_ms(const amzx_loop_t *loop, apr_interval_time_t max_wait_us)
{
    apr_interval_time_t wait_us = max_wait_us > 0 ? max_wait_us : 0;
    apr_interval_time_t due_us;

    if (loop->timers > 0) {
        due_us = loop->heap[0]->when - amzx_mono(loop->env);
        if (due_us < wait_us) {
            wait_us = due_us > 0 ? due_us : 0;
        }
    }
    if (wait_us >= (apr_interval_time_t)WAIT_MAX_MS * 1000) {
        return WAIT_MAX_MS;
    }
    return (int)((wait_us + 999) / 1000);
}

static void drain_wake(const amzx_loop_t *loop)
{
    eventfd_t count;

    (void)eventfd_read(loop->wake_fd, &count);
}

static void deliver(amzx_loop_t *loop, const struct epoll_event *ev)
{
    apr_uint32_t fd = (apr_uint32_t)(ev->data.u64 & APR_UINT32_MAX);
    apr_uint32_t generation = (apr_uint32_t)(ev->data.u64 >> 32);
    const watch_t *w;
    int events = 0;

    if (generation == 0) {
        drain_wake(loop);
        return;
    }
    if (fd >= loop->watches) {
        return;
    }
    w = &loop->watch[fd];
    if (w->events == 0 || w->generation != generation) {
        return; /* no longer watched, or another socket by now */
    }
    if ((ev->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        events |= AMZX_LOOP_READ;
    }
    if ((ev->events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) {
        events |= AMZX_LOOP_WRITE;
    }
    /* An earlier callback may have narrowed what is wanted. */
    events &= w->events;
    if ((ev->events & (EPOLLERR | EPOLLHUP)) != 0) {
        events |= AMZX_LOOP_ERROR;
    }
    if (events != 0) {
        w->fn(w->ctx, (int)fd, events);
    }
}

apr_status_t amzx_loop_once(amzx_loop_t *loop, apr_interval_time_t max_wait_us)
{
    struct epoll_event ev[BATCH];
    int count;
    int i;

    count = epoll_wait(loop->epoll_fd, ev, BATCH, wait_ms(loop, max_wait_us));
    if (count < 0) {
        if (errno != EINTR) {
            return APR_FROM_OS_ERROR(errno);
        }
        count = 0; /* the signal may be why the caller wants to look */
    }
    for (i = 0; i < count; i++) {
        deliver(loop, &ev[i]);
    }
    fire_timers(loop);
    return APR_SUCCESS;
}

void amzx_loop_wake(amzx_loop_t *loop)
{
    int saved = errno;

    /* A full counter means a wake is pending already. */
    (void)eventfd_write(loop->wake_fd, 1);
    errno = saved;
}
