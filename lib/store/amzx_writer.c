/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group commit. While one group is being written the next one gathers, so
 * groups grow with the load and nobody waits for company.
 *
 *     callers --queue--> [ take all that wait, BEGIN, each fn, COMMIT ] --wake
 */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <apr_allocator.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include "amzx_writer.h"

#define MAX_QUEUE 4096
#define MAX_GROUP 128

/* Lives on the stack of the caller, who waits until is_done. */
typedef struct job_t job_t;
struct job_t {
    amzx_write_fn *fn;
    void *data;
    apr_status_t rv;
    amzx_fault_t fault;
    apr_thread_cond_t *done;
    int is_done;
    job_t *next;
};

struct amzx_writer_t {
    apr_pool_t *pool; /* of the starter */
    apr_pool_t *own;  /* of the thread */
    const amzx_store_t *st;
    amzx_writer_options_t options;
    amzx_db_t *db;
    apr_thread_t *thread;
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *wake;
    job_t *first; /* the queue, under the mutex */
    job_t **last;
    int waiting;
    int is_stopping;
};

/* ---- in the thread ------------------------------------------------------- */

/* Run some jobs in one transaction; all of them succeed or none. */
static apr_status_t write_group(amzx_writer_t *w, job_t *first, job_t *end,
                                amzx_fault_t *fault)
{
    amzx_txn_t *txn = NULL;
    apr_pool_t *p = NULL;
    apr_status_t rv;
    job_t *job;

    apr_pool_create(&p, w->own);
    apr_pool_tag(p, "amzx_writer_group");
    rv = amzx_txn_begin(&txn, w->db, fault, p);
    for (job = first; rv == APR_SUCCESS && job != end; job = job->next) {
        amzx_fault_clear(&job->fault);
        job->rv = job->fn(job->data, txn, w->st, &job->fault, p);
        if (job->rv != APR_SUCCESS) {
            rv = job->rv;
            if (fault) {
                *fault = job->fault;
            }
        }
    }
    rv = amzx_txn_end(txn, rv, fault);
    apr_pool_destroy(p);
    return rv;
}

/*
 * A group that fails is repeated one by one, so that a bad job fails alone.
 * When the database itself is away the rest fails with the same words: each
 * would only wait for the same.
 */
static int write_singly(amzx_writer_t *w, job_t *first)
{
    amzx_fault_t fault;
    apr_status_t rv = APR_SUCCESS;
    job_t *job;
    int is_away = 0;
    int good = 0;

    amzx_fault_clear(&fault);
    for (job = first; job; job = job->next) {
        if (!is_away) {
            amzx_fault_clear(&fault);
            rv = write_group(w, job, job->next, &fault);
            good += (rv == APR_SUCCESS);
            is_away = rv != APR_SUCCESS
                      && amzx_fault_matches(fault.code,
                                            "database.lost database.busy "
                                            "database.full database.readonly "
                                            "database.corrupt database.io "
                                            "config");
        }
        job->rv = rv;
        job->fault = fault;
    }
    return good;
}

static void write_jobs(amzx_writer_t *w, job_t *first)
{
    amzx_fault_t fault;
    apr_status_t rv;
    job_t *job;
    int good = 1;

    amzx_fault_clear(&fault);
    rv = write_group(w, first, NULL, &fault);
    if (rv == APR_SUCCESS) {
        for (job = first; job; job = job->next) {
            job->rv = APR_SUCCESS;
        }
    }
    else if (!first->next) {
        first->rv = rv;
        first->fault = fault;
        good = 0;
    }
    else {
        good = write_singly(w, first);
    }
    if (good > 0 && w->options.committed) {
        w->options.committed(w->options.ctx);
    }
}

/* Under the mutex: take at most a group from the queue. */
static job_t *take_group(amzx_writer_t *w)
{
    job_t *group = w->first;
    job_t **end = &w->first;
    int count = 0;

    while (*end && count < w->options.max_group) {
        end = &(*end)->next;
        count++;
    }
    if (count > 0) {
        w->first = *end;
        *end = NULL;
        if (!w->first) {
            w->last = &w->first;
        }
        w->waiting -= count;
    }
    return count > 0 ? group : NULL;
}

/* Signals belong to the host's own threads. */
static void block_signals(void)
{
    sigset_t set;

    sigfillset(&set);
    sigdelset(&set, SIGSEGV);
    sigdelset(&set, SIGBUS);
    sigdelset(&set, SIGFPE);
    sigdelset(&set, SIGILL);
    sigdelset(&set, SIGABRT);
    pthread_sigmask(SIG_SETMASK, &set, NULL);
}

static void *APR_THREAD_FUNC writer_thread(apr_thread_t *thread, void *data)
{
    amzx_writer_t *w = data;
    job_t *group;
    job_t *job;

    (void)thread;
    block_signals();
    apr_thread_mutex_lock(w->mutex);
    for (;;) {
        while (!w->first && !w->is_stopping) {
            apr_thread_cond_wait(w->wake, w->mutex);
        }
        group = take_group(w);
        if (!group) {
            break; /* stopping, and nothing waits */
        }
        apr_thread_mutex_unlock(w->mutex);
        write_jobs(w, group);
        apr_thread_mutex_lock(w->mutex);
        while (group) {
            job = group;
            group = job->next; /* the job is gone once its owner wakes */
            job->is_done = 1;
            apr_thread_cond_signal(job->done);
        }
    }
    apr_thread_mutex_unlock(w->mutex);
    amzx_db_close(w->db);
    return NULL;
}

/* ---- outside ------------------------------------------------------------- */

static apr_status_t writer_cleanup(void *data)
{
    amzx_writer_t *w = data;

    amzx_writer_stop(w);
    return APR_SUCCESS;
}

static apr_status_t make_pool(apr_pool_t **own)
{
    apr_allocator_t *allocator = NULL;
    apr_status_t rv = apr_allocator_create(&allocator);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    /* not a child of APR's root pool, which outlives a module's code */
    rv = apr_pool_create_unmanaged_ex(own, NULL, allocator);
    if (rv != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return rv;
    }
    apr_allocator_owner_set(allocator, *own);
    apr_pool_tag(*own, "amzx_writer");
    return APR_SUCCESS;
}

apr_status_t amzx_writer_start(amzx_writer_t **writer, const char *dsn,
                               const amzx_store_t *st,
                               const amzx_writer_options_t *options,
                               amzx_fault_t *fault, apr_pool_t *p)
{
    amzx_writer_t *w = apr_pcalloc(p, sizeof(*w));
    apr_status_t rv;

    *writer = NULL;
    w->pool = p;
    w->st = st;
    w->last = &w->first;
    if (options) {
        w->options = *options;
    }
    if (w->options.max_queue <= 0) {
        w->options.max_queue = MAX_QUEUE;
    }
    if (w->options.max_group <= 0) {
        w->options.max_group = MAX_GROUP;
    }
    rv = make_pool(&w->own);
    if (rv == APR_SUCCESS) {
        rv = amzx_db_open(&w->db, dsn, st->env, fault, w->own);
        if (rv != APR_SUCCESS) {
            apr_pool_destroy(w->own);
            return rv;
        }
    }
    if (rv == APR_SUCCESS) {
        rv = apr_thread_mutex_create(&w->mutex, APR_THREAD_MUTEX_DEFAULT, p);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_thread_cond_create(&w->wake, p);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_thread_create(&w->thread, NULL, writer_thread, w, p);
    }
    if (rv != APR_SUCCESS) {
        if (w->own) {
            apr_pool_destroy(w->own);
        }
        return amzx_fault_set(fault, AMZX_FAULT_TRANSIENT, rv, "limit.memory",
                              "cannot start the writer");
    }
    apr_pool_pre_cleanup_register(p, w, writer_cleanup);
    *writer = w;
    return APR_SUCCESS;
}

apr_status_t amzx_writer_run(amzx_writer_t *writer, amzx_write_fn *fn,
                             void *data, amzx_fault_t *fault, apr_pool_t *p)
{
    job_t job;
    apr_status_t rv;

    memset(&job, 0, sizeof(job));
    job.fn = fn;
    job.data = data;
    rv = apr_thread_cond_create(&job.done, p);
    if (rv != APR_SUCCESS) {
        return amzx_fault_set(fault, AMZX_FAULT_TRANSIENT, rv, "limit.memory",
                              "cannot wait for the writer");
    }
    apr_thread_mutex_lock(writer->mutex);
    if (writer->is_stopping) {
        rv = amzx_fault_set(fault, AMZX_FAULT_TRANSIENT, APR_EBUSY,
                            "limit.stopping", "the server is stopping");
    }
    else if (writer->waiting >= writer->options.max_queue) {
        rv = amzx_fault_set(fault, AMZX_FAULT_TRANSIENT, APR_EBUSY,
                            "limit.queue", "%d writes wait already",
                            writer->waiting);
    }
    else {
        *writer->last = &job;
        writer->last = &job.next;
        writer->waiting++;
        apr_thread_cond_signal(writer->wake);
        while (!job.is_done) {
            apr_thread_cond_wait(job.done, writer->mutex);
        }
        rv = job.rv;
        if (rv != APR_SUCCESS && fault) {
            *fault = job.fault;
        }
    }
    apr_thread_mutex_unlock(writer->mutex);
    apr_thread_cond_destroy(job.done);
    return rv;
}

int amzx_writer_waiting(amzx_writer_t *writer)
{
    int waiting;

    apr_thread_mutex_lock(writer->mutex);
    waiting = writer->waiting;
    apr_thread_mutex_unlock(writer->mutex);
    return waiting;
}

void amzx_writer_stop(amzx_writer_t *writer)
{
    apr_thread_t *thread;
    apr_status_t rv;

    apr_thread_mutex_lock(writer->mutex);
    writer->is_stopping = 1;
    thread = writer->thread;
    writer->thread = NULL;
    apr_thread_cond_signal(writer->wake);
    apr_thread_mutex_unlock(writer->mutex);
    if (thread) {
        apr_thread_join(&rv, thread);
        apr_pool_destroy(writer->own);
        writer->own = NULL;
    }
}
