/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client against mock_peer: calls a second, CPU, memory in flight.
 *
 *     bench_http [calls] [in flight] [delay ms]
 *
 * Starts the mock_peer that lies beside it. */
#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "amzx_http.h"

typedef struct {
    amzx_env_t env;
    amzx_loop_t *loop;
    amzx_http_t *http;
    apr_pool_t *pool;
    const char *url;
    long calls;
    long started;
    long ok;
    long failed;
    apr_time_t latency;
} bench_t;

typedef struct {
    bench_t *b;
    apr_pool_t *pool;
    apr_time_t begin;
} one_t;

static long resident_kb(void)
{
    char line[128];
    long kb = 0;
    FILE *f = fopen("/proc/self/status", "r");

    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0) {
            kb = strtol(line + 6, NULL, 10);
        }
    }
    if (f != NULL) {
        fclose(f);
    }
    return kb;
}

static double cpu_s(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec)
           + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void start_one(bench_t *b);

static void on_done(void *ctx, const amzx_http_response_t *rsp,
                    const amzx_fault_t *fault, int maybe_sent)
{
    one_t *one = ctx;
    bench_t *b = one->b;

    (void)maybe_sent;
    b->latency += amzx_mono(&b->env) - one->begin;
    if (rsp != NULL && rsp->status == 200) {
        b->ok++;
    }
    else {
        if (b->failed++ == 0) {
            fprintf(stderr, "first failure: %s\n",
                    fault != NULL ? fault->detail : "status");
        }
    }
    apr_pool_destroy(one->pool);
    if (b->started < b->calls) {
        start_one(b);
    }
}

static void start_one(bench_t *b)
{
    amzx_http_request_t req = { .method = "GET", .url = b->url };
    amzx_http_call_t *call = NULL;
    amzx_fault_t fault;
    apr_pool_t *p = NULL;
    one_t *one;

    amzx_fault_clear(&fault);
    apr_pool_create(&p, b->pool);
    one = apr_palloc(p, sizeof(*one));
    *one = (one_t){ b, p, amzx_mono(&b->env) };
    amzx_http_header(&req, "x-amz-access-token", "Atza|a token of bench_http");
    amzx_http_header(&req, "Accept", "application/json");
    b->started++;
    if (b->http->start(&call, b->http, &req, on_done, one, &fault, p)
        != APR_SUCCESS) {
        fprintf(stderr, "%s: %s\n", fault.code, fault.detail);
        exit(1);
    }
}

static pid_t start_peer(const char *self, const char *delay_ms, int *port)
{
    char here[1024];
    char line[32] = "";
    int fds[2];
    pid_t pid;

    apr_cpystrn(here, self, sizeof(here) - 16);
    if (pipe(fds) != 0) {
        return -1;
    }
    pid = fork();
    if (pid == 0) {
        char path[1100];

        apr_snprintf(path, sizeof(path), "%s/mock_peer", dirname(here));
        dup2(fds[1], 1);
        close(fds[0]);
        close(fds[1]);
        execl(path, "mock_peer", "--delay-ms", delay_ms, (char *)NULL);
        _exit(127);
    }
    close(fds[1]);
    if (read(fds[0], line, sizeof(line) - 1) <= 0) {
        fprintf(stderr, "mock_peer does not start\n");
        return -1;
    }
    close(fds[0]);
    *port = (int)strtol(line, NULL, 10);
    return pid;
}

static void run(bench_t *b, long at_once)
{
    long before_kb = resident_kb();
    long peak_kb = 0;
    long kb;
    double cpu = cpu_s();
    apr_time_t begin = amzx_mono(&b->env);
    apr_time_t looked = begin;
    double wall;
    long i;

    for (i = 0; i < at_once && i < b->calls; i++) {
        start_one(b);
    }
    while (b->http->in_flight(b->http) > 0) {
        amzx_loop_once(b->loop, apr_time_from_sec(1));
        if (amzx_mono(&b->env) - looked > apr_time_from_msec(100)) {
            looked = amzx_mono(&b->env);
            kb = resident_kb();
            peak_kb = kb > peak_kb ? kb : peak_kb;
        }
    }
    wall = (double)(amzx_mono(&b->env) - begin) / 1e6;
    cpu = cpu_s() - cpu;
    peak_kb = peak_kb > 0 ? peak_kb : resident_kb();
    printf("calls=%ld failed=%ld in_flight=%ld calls_per_s=%.0f "
           "mean_ms=%.1f cpu_us_per_call=%.1f rss_kb=%ld "
           "kb_per_call_in_flight=%.1f\n", b->ok, b->failed, at_once,
           (double)b->ok / wall,
           (double)b->latency / 1e3 / (double)(b->ok + b->failed),
           cpu * 1e6 / (double)(b->ok + b->failed), peak_kb,
           (double)(peak_kb - before_kb) / (double)at_once);
}

int main(int argc, char **argv)
{
    bench_t b = { .calls = argc > 1 ? strtol(argv[1], NULL, 10) : 20000 };
    long at_once = argc > 2 ? strtol(argv[2], NULL, 10) : 1000;
    const char *delay_ms = argc > 3 ? argv[3] : "300";
    amzx_http_options_t opt = { .allow_private = "127.0.0.1" };
    struct rlimit files;
    int port = 0;
    pid_t peer;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    peer = start_peer(argv[0], delay_ms, &port);
    if (peer <= 0) {
        return 1;
    }
    apr_initialize();
    amzx_http_init();
    apr_pool_create(&b.pool, NULL);
    amzx_env_init(&b.env, "bench");
    if (amzx_loop_create(&b.loop, &b.env, b.pool) != APR_SUCCESS
        || amzx_http_create(&b.http, b.loop, &b.env, &opt, NULL, b.pool)
               != APR_SUCCESS) {
        return 1;
    }
    b.url = apr_psprintf(b.pool, "http://127.0.0.1:%d/orders/2026-01-01/"
                         "orders/123-1234567-1234567", port);
    run(&b, at_once);
    apr_pool_destroy(b.pool);
    kill(peer, SIGTERM);
    waitpid(peer, NULL, 0);
    return b.failed > 0;
}
