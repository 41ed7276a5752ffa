/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine process: forked by the parent, never by a child, so that web
 * traffic and the life of children do not touch it.
 *
 *   start, restart   post_config forks a new engine
 *   graceful, stop   a cleanup of pconf tells the old one to drain
 *   engine dies      the parent's maintenance forks another; when it cannot,
 *                    its monitor tries again
 *   parent dies      the kernel tells the engine (PDEATHSIG)
 */
#include "amzxero_proc.h"

#include <ap_listen.h>
#include <ap_mpm.h>
#include <apr_thread_proc.h>
#include <mpm_common.h>
#include <unixd.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    server_rec *server;
    apr_pool_t *pconf;
    apr_proc_t proc;
    pid_t parent;
    apr_time_t forked_at;
    int is_registered;
} engine_proc_t;

/* Engines that were told to end and still may be there. More are forgotten:
 * they end all the same. */
#define ELDERS_MAX 8
#define ELDERS_KEY "amzxero_elders"

typedef struct {
    pid_t pids[ELDERS_MAX]; /* 0: free */
} elders_t;

typedef struct {
    apr_proc_t proc;
    pid_t *slot;
} elder_t;

static engine_proc_t *supervised; /* of the parent */

/* ---- inside the engine process ------------------------------------------- */

static amzxero_runner_t runner;

static void on_signal(int sig)
{
    (void)sig;
    amzxero_engine_stop(&runner);
}

/* Called with all signals blocked, as the fork left them. */
static void set_signals(void)
{
    struct sigaction sa;
    sigset_t none;

    memset(&sa, 0, sizeof(sa));
    sigemptyset(&sa.sa_mask);
    sa.sa_handler = on_signal;
    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGHUP, &sa, NULL);
    sa.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &sa, NULL);
    sigaction(SIGUSR1, &sa, NULL);
    sigaction(AP_SIG_GRACEFUL_STOP, &sa, NULL);
    sa.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &sa, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void engine_main(engine_proc_t *ep)
{
    amzx_counters_t counters;
    apr_pool_t *root = NULL;

    memset(&runner, 0, sizeof(runner));
    set_signals();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    prctl(PR_SET_NAME, "amzxero-engine");
    if (getppid() != ep->parent) {
        _exit(0); /* it died before prctl */
    }
    ap_close_listeners();
    if (ap_run_drop_privileges(ep->pconf, ep->server) != OK) {
        _exit(APEXIT_CHILDFATAL);
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* dropping privileges clears it */
    prctl(PR_SET_DUMPABLE, 0);
    if (getppid() != ep->parent || amzxero_engine_root(&root) != APR_SUCCESS) {
        _exit(0);
    }
    amzxero_env_init(&runner.env, ep->server, "engine");
    amzxero_engine_count(&runner.env, &counters);
    runner.defs = amzxero_main->defs;
    amzxero_engine_run(&runner, root);
    apr_pool_destroy(root);
    _exit(0);
}

/* ---- inside the parent --------------------------------------------------- */

static void maintain(int reason, void *data, int status);

static apr_status_t fork_engine(engine_proc_t *ep)
{
    sigset_t all;
    sigset_t before;
    pid_t pid;

    sigfillset(&all); /* until it has handlers of its own */
    sigprocmask(SIG_SETMASK, &all, &before);
    pid = fork();
    if (pid < 0) {
        apr_status_t rv = APR_FROM_OS_ERROR(errno);

        sigprocmask(SIG_SETMASK, &before, NULL);
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, ep->server,
                     "AMZX1321: cannot fork the engine process");
        return rv;
    }
    if (pid == 0) {
        engine_main(ep);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    memset(&ep->proc, 0, sizeof(ep->proc));
    ep->proc.pid = pid;
    ep->forked_at = apr_time_now();
    apr_proc_other_child_register(&ep->proc, maintain, ep, NULL, ep->pconf);
    ep->is_registered = 1;
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, ep->server,
                 "AMZX1322: engine process %" APR_PID_T_FMT " started", pid);
    return APR_SUCCESS;
}

static int is_stopping(void)
{
    int state = 0;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS
           && state == AP_MPMQ_STOPPING;
}

static void maintain(int reason, void *data, int status)
{
    engine_proc_t *ep = data;

    switch (reason) {
    case APR_OC_REASON_DEATH:
    case APR_OC_REASON_LOST:
        apr_proc_other_child_unregister(ep);
        ep->is_registered = 0;
        ep->proc.pid = 0; /* until the next one is there */
        if (is_stopping()) {
            break;
        }
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, ep->server,
                     "AMZX1323: the engine process ended (status %d); "
                     "another takes its work",
                     status);
        if (apr_time_now() - ep->forked_at < APR_USEC_PER_SEC) {
            apr_sleep(APR_USEC_PER_SEC / 5); /* a crash loop must not spin */
        }
        fork_engine(ep);
        break;
    case APR_OC_REASON_RESTART:
    case APR_OC_REASON_UNREGISTER:
        ep->is_registered = 0;
        break;
    default:
        break;
    }
}

/* ---- engines of the configuration before --------------------------------- */

/*
 * They finish their calls beside the new one, as children of this parent, so
 * it must know them: httpd warns of a child that nobody claims. What is known
 * outlives the configuration in the process pool, as plain data: by then this
 * code may be loaded at another place.
 */
static elders_t *elders_of(server_rec *s)
{
    apr_pool_t *p = s->process->pool;
    void *found = NULL;

    apr_pool_userdata_get(&found, ELDERS_KEY, p);
    if (found == NULL) {
        found = apr_pcalloc(p, sizeof(elders_t)); /* once in a lifetime */
        apr_pool_userdata_set(found, ELDERS_KEY, apr_pool_cleanup_null, p);
    }
    return found;
}

static void add_elder(elders_t *e, pid_t pid)
{
    int i;

    for (i = 0; i < ELDERS_MAX; i++) {
        if (e->pids[i] == 0) {
            e->pids[i] = pid;
            return;
        }
    }
}

static void bury(int reason, void *data, int status)
{
    elder_t *elder = data;

    (void)status;
    if (reason == APR_OC_REASON_DEATH || reason == APR_OC_REASON_LOST) {
        *elder->slot = 0;
        apr_proc_other_child_unregister(elder);
    }
}

static void claim_elders(server_rec *s, apr_pool_t *pconf)
{
    elders_t *e = elders_of(s);
    int i;

    for (i = 0; i < ELDERS_MAX; i++) {
        if (e->pids[i] > 0) {
            elder_t *elder = apr_pcalloc(pconf, sizeof(*elder));

            elder->slot = &e->pids[i];
            elder->proc.pid = e->pids[i];
            apr_proc_other_child_register(&elder->proc, bury, elder, NULL,
                                          pconf);
        }
    }
}

/* ---- the end ------------------------------------------------------------- */

static void wait_for_end(pid_t pid, apr_time_t until)
{
    while (apr_time_now() < until) {
        if (waitpid(pid, NULL, WNOHANG) != 0) {
            return;
        }
        apr_sleep(20000);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* A full stop waits for the drain; a restart lets the old engine finish
 * beside the new one. */
static apr_status_t stop_engine(void *data)
{
    engine_proc_t *ep = data;
    elders_t *e = elders_of(ep->server);
    apr_time_t until;
    int i;

    if (getpid() != ep->parent) {
        return APR_SUCCESS; /* a forked child cleans its copy of pconf */
    }
    supervised = NULL;
    if (ep->is_registered) {
        apr_proc_other_child_unregister(ep);
    }
    if (ep->proc.pid > 0) {
        kill(ep->proc.pid, SIGTERM);
        add_elder(e, ep->proc.pid);
        ep->proc.pid = 0;
    }
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_EXITING) {
        until = apr_time_now() + amzxero_main->site->drain_us
                + apr_time_from_sec(2);
        for (i = 0; i < ELDERS_MAX; i++) {
            if (e->pids[i] > 0) {
                wait_for_end(e->pids[i], until);
                e->pids[i] = 0;
            }
        }
    }
    return APR_SUCCESS;
}

int amzxero_proc_start(server_rec *s, apr_pool_t *pconf)
{
    engine_proc_t *ep = apr_pcalloc(pconf, sizeof(*ep));

    ep->server = s;
    ep->pconf = pconf;
    ep->parent = getpid();
    claim_elders(s, pconf);
    if (fork_engine(ep) != APR_SUCCESS) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    supervised = ep;
    apr_pool_pre_cleanup_register(pconf, ep, stop_engine);
    return OK;
}

int amzxero_proc_monitor(apr_pool_t *p, server_rec *s)
{
    engine_proc_t *ep = supervised;

    (void)p;
    (void)s;
    if (ep != NULL && ep->proc.pid == 0 && getpid() == ep->parent
        && !is_stopping()) {
        fork_engine(ep);
    }
    return OK;
}
