/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_loop.h  One thread's event loop: descriptors, timers, wake. */
#ifndef AMZX_LOOP_H
#define AMZX_LOOP_H

#include <apr_pools.h>

#include "amzx_env.h"

typedef struct amzx_loop_t amzx_loop_t;
typedef struct amzx_timer_t amzx_timer_t;

#define AMZX_LOOP_READ 1
#define AMZX_LOOP_WRITE 2
#define AMZX_LOOP_ERROR 4 /**< reported only */

typedef void amzx_fd_fn(void *ctx, int fd, int events);
typedef void amzx_timer_fn(void *ctx);

/** epoll + timer heap. @thread{the one that runs it, but for wake} */
apr_status_t amzx_loop_create(amzx_loop_t **loop, const amzx_env_t *env,
                              apr_pool_t *p);

/** Watch a descriptor; a second call changes the events; 0 stops it. */
apr_status_t amzx_loop_fd(amzx_loop_t *loop, int fd, int events,
                          amzx_fd_fn *fn, void *ctx);

/** A timer, not armed. Reused by amzx_timer_at as often as wanted. */
amzx_timer_t *amzx_timer_make(amzx_loop_t *loop, amzx_timer_fn *fn, void *ctx,
                              apr_pool_t *p);
/** Arm or move: fires once when mono >= when_mono (amzx_mono time). */
void amzx_timer_at(amzx_timer_t *t, apr_time_t when_mono);
void amzx_timer_stop(amzx_timer_t *t);

/**
 * Wait for events at most max_wait_us (0 = poll), deliver them and due
 * timers. @return APR_SUCCESS, or an errno of epoll
 */
apr_status_t amzx_loop_once(amzx_loop_t *loop, apr_interval_time_t max_wait_us);

/** Make a waiting amzx_loop_once return. Async-signal-safe, any thread. */
void amzx_loop_wake(amzx_loop_t *loop);

#endif
