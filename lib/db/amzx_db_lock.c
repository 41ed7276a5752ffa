/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writers' lock. Waiting is bounded, because a stopped process must not
 * stop all others, so it is a short sleep between attempts; and it is fair,
 * because a waiter first takes the gate (an open-file-description lock on
 * the same descriptor), which a writer that comes straight back has to queue
 * for too.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <apr_strings.h>
#include <apr_time.h>

#include "amzx_db_lock.h"

#define WAIT_US (10 * APR_USEC_PER_SEC)
#define SLEEP_MIN_US 50
#define SLEEP_MAX_US 1000

struct amzx_db_lock_t {
    const char *path;
    apr_interval_time_t patience_us;
    int fd;
    int is_held;
};

amzx_db_lock_t *amzx_db_lock_make(const char *database, apr_pool_t *p)
{
    amzx_db_lock_t *lock = apr_pcalloc(p, sizeof(*lock));

    lock->path = apr_pstrcat(p, database, ".lock", NULL);
    lock->patience_us = WAIT_US;
    lock->fd = -1;
    return lock;
}

void amzx_db_lock_patience(amzx_db_lock_t *lock, apr_interval_time_t us)
{
    lock->patience_us = us;
}

static apr_status_t lock_open(amzx_db_lock_t *lock, amzx_fault_t *fault)
{
    if (lock->fd >= 0) {
        return APR_SUCCESS;
    }
    lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                    S_IRUSR | S_IWUSR);
    if (lock->fd < 0) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, errno,
                              "database.readonly", "cannot open %s: %s",
                              lock->path, strerror(errno));
    }
    return APR_SUCCESS;
}

/* 1 taken, 0 not now, -1 the system refuses */
static int try_main(const amzx_db_lock_t *lock)
{
    if (flock(lock->fd, LOCK_EX | LOCK_NB) == 0) {
        return 1;
    }
    return errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
}

static int gate(const amzx_db_lock_t *lock, short type)
{
#ifdef F_OFD_SETLK
    struct flock range;

    memset(&range, 0, sizeof(range));
    range.l_type = type;
    range.l_whence = SEEK_SET;
    range.l_len = 1;
    if (fcntl(lock->fd, F_OFD_SETLK, &range) == 0) {
        return 1;
    }
    return errno == EAGAIN || errno == EACCES || errno == EINTR ? 0 : 1;
#else
    (void)lock;
    (void)type;
    return 1; /* no fairness on such systems, exclusion is flock()'s */
#endif
}

apr_status_t amzx_db_lock_take(amzx_db_lock_t *lock, amzx_fault_t *fault)
{
    apr_time_t until = 0;
    apr_interval_time_t pause = SLEEP_MIN_US;
    apr_status_t rv;
    int has_gate = 0;
    int got = 0;

    rv = lock_open(lock, fault);
    while (rv == APR_SUCCESS) {
        has_gate = has_gate || gate(lock, F_WRLCK);
        got = has_gate ? try_main(lock) : 0;
        if (got != 0) {
            break;
        }
        /* the wall clock may jump: then the wait is shorter or longer once */
        if (until == 0) {
            until = apr_time_now() + lock->patience_us;
        }
        else if (apr_time_now() > until) {
            rv = amzx_fault_set(fault, AMZX_FAULT_TRANSIENT, APR_EAGAIN,
                                "database.busy",
                                "another writer holds the database");
            break;
        }
        apr_sleep(pause);
        pause = pause * 2 > SLEEP_MAX_US ? SLEEP_MAX_US : pause * 2;
        if (has_gate && pause > SLEEP_MIN_US * 4) {
            pause = SLEEP_MIN_US * 4; /* the next in line is quick */
        }
    }
    if (got < 0) {
        rv = amzx_fault_set(fault, AMZX_FAULT_CONFIG, errno,
                            "database.readonly", "cannot lock %s: %s",
                            lock->path, strerror(errno));
    }
    if (has_gate) {
        gate(lock, F_UNLCK);
    }
    lock->is_held = (rv == APR_SUCCESS);
    return rv;
}

void amzx_db_lock_give(amzx_db_lock_t *lock)
{
    if (lock->is_held) {
        flock(lock->fd, LOCK_UN);
        lock->is_held = 0;
    }
}

void amzx_db_lock_drop(amzx_db_lock_t *lock)
{
    if (lock && lock->fd >= 0) {
        close(lock->fd);
        lock->fd = -1;
        lock->is_held = 0;
    }
}
