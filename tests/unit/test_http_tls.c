/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client over TLS, against openssl's own test server. */
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "amzx_http.h"

static apr_pool_t *pool;
static amzx_env_t env;
static amzx_loop_t *loop;
static char folder[] = "/tmp/amzx-tls-XXXXXX";
static const char *key;
static const char *cert;
static int has_openssl;

typedef struct {
    int status;
    int maybe_sent;
    amzx_fault_t fault;
} end_t;

/* Start a program without a shell; its output goes nowhere. */
static pid_t spawn(const char *const *args)
{
    pid_t pid = fork();
    int null;

    if (pid == 0) {
        null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        execvp(args[0], (char *const *)(uintptr_t)args);
        _exit(127);
    }
    return pid;
}

static int run_program(const char *const *args)
{
    pid_t pid = spawn(args);
    int status = 1;

    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static int setup(void **state)
{
    (void)state;
    apr_pool_create(&pool, NULL);
    amzx_env_init(&env, "test");
    if (mkdtemp(folder) == NULL
        || amzx_loop_create(&loop, &env, pool) != APR_SUCCESS) {
        return 1;
    }
    key = apr_pstrcat(pool, folder, "/key.pem", NULL);
    cert = apr_pstrcat(pool, folder, "/cert.pem", NULL);
    const char *const args[] = {
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
        "-keyout", key, "-out", cert, NULL,
    };
    has_openssl = run_program(args);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(key);
    unlink(cert);
    rmdir(folder);
    apr_pool_destroy(pool);
    return 0;
}

static int free_port(void)
{
    struct sockaddr_in addr = { .sin_family = AF_INET };
    socklen_t len = sizeof(addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&addr, len) != 0
        || getsockname(fd, (struct sockaddr *)&addr, &len) != 0) {
        close(fd);
        return 0;
    }
    close(fd);
    return ntohs(addr.sin_port);
}

static int answers(int port)
{
    struct sockaddr_in addr = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int rc;

    addr.sin_port = htons((unsigned short)port);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    rc = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
    close(fd);
    return rc == 0;
}

static void on_done(void *ctx, const amzx_http_response_t *rsp,
                    const amzx_fault_t *fault, int maybe_sent)
{
    end_t *end = ctx;

    end->status = rsp != NULL ? rsp->status : 0;
    end->maybe_sent = maybe_sent;
    if (fault != NULL) {
        end->fault = *fault;
    }
}

static end_t call(const char *ca_file, const char *host, int port)
{
    amzx_http_options_t opt = { .allow_private = "127.0.0.1 localhost",
                                .ca_file = ca_file };
    amzx_http_request_t req = { .method = "GET" };
    amzx_http_call_t *started = NULL;
    amzx_http_t *http = NULL;
    end_t end = { 0 };

    req.url = apr_psprintf(pool, "https://%s:%d/", host, port);
    req.total_timeout_us = apr_time_from_sec(20);
    assert_int_equal(amzx_http_create(&http, loop, &env, &opt, NULL, pool),
                     APR_SUCCESS);
    assert_int_equal(http->start(&started, http, &req, on_done, &end, NULL,
                                 pool), APR_SUCCESS);
    while (http->in_flight(http) > 0) {
        amzx_loop_once(loop, apr_time_from_sec(5));
    }
    return end;
}

static pid_t serve(int *port)
{
    char accept_at[32];
    pid_t pid;
    int i;

    *port = free_port();
    apr_snprintf(accept_at, sizeof(accept_at), "127.0.0.1:%d", *port);
    const char *const args[] = { "openssl", "s_server", "-accept", accept_at,
                                 "-key", key, "-cert", cert, "-www", "-quiet",
                                 NULL };
    pid = spawn(args);
    for (i = 0; i < 200 && !answers(*port); i++) {
        usleep(20000);
    }
    return pid;
}

static void stop(pid_t pid)
{
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

static void only_a_trusted_certificate_of_the_host_is_taken(void **state)
{
    end_t end;
    pid_t pid;
    int port;

    (void)state;
    if (!has_openssl) {
        print_message("skipped: needs the openssl program\n");
        skip();
    }
    pid = serve(&port);
    end = call(cert, "localhost", port);
    assert_int_equal(end.status, 200);
    end = call(NULL, "localhost", port); /* the system trusts it not */
    assert_int_equal(end.status, 0);
    assert_string_equal(end.fault.code, "network.tls");
    assert_int_equal(end.maybe_sent, 0);
    end = call(cert, "127.0.0.1", port); /* not the name it is made out to */
    assert_string_equal(end.fault.code, "network.tls");
    assert_int_equal(end.maybe_sent, 0);
    stop(pid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_trusted_certificate_of_the_host_is_taken),
    };
    int failed;

    apr_initialize();
    amzx_http_init();
    failed = cmocka_run_group_tests(tests, setup, teardown);
    apr_terminate();
    return failed;
}
