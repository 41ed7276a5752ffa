/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client and what goes wrong: peers, limits, forbidden places. */
#include "http_case.h"

/* ---- failures ------------------------------------------------------------ */

static void assert_fault(const end_t *end, const char *code, int maybe_sent)
{
    assert_int_equal(end->status, 0);
    assert_string_equal(end->fault.code, code);
    assert_int_equal(end->maybe_sent, maybe_sent);
    assert_true(end->fault.detail[0] != '\0');
}

static void a_refused_connection_has_sent_nothing(void **state)
{
    amzx_http_request_t req = request("PUT", "/ok");
    end_t end;

    (void)state;
    req.url = "http://127.0.0.1:1/";
    req.body = "x";
    req.body_len = 1;
    end = run(&req);
    assert_fault(&end, "network.refused", 0);
    assert_int_equal(end.fault.klass, AMZX_FAULT_TRANSIENT);
}

static void an_unknown_host_has_been_sent_nothing(void **state)
{
    amzx_http_request_t req = request("PUT", "/ok");
    end_t end;

    (void)state;
    req.url = "https://no-such-host.invalid/";
    req.body = "x";
    req.body_len = 1;
    req.total_timeout_us = apr_time_from_sec(3);
    end = run(&req);
    if (strcmp(end.fault.code, "network.timeout") != 0) {
        assert_string_equal(end.fault.code, "network.dns");
    }
    assert_fault(&end, end.fault.code, 0);
}

static void a_broken_answer_leaves_the_fate_open(void **state)
{
    static const char *const paths[] = { "/truncated", "/reset", "/silent",
                                         "/noise", "/gzip-broken" };
    end_t end;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        end = put(paths[i], "{}");
        assert_fault(&end, "network.reset", 1);
        assert_int_equal(end.fault.klass, AMZX_FAULT_UNKNOWN);
        end = get(paths[i]);
        assert_fault(&end, "network.reset", 1);
        assert_int_equal(end.fault.klass, AMZX_FAULT_TRANSIENT);
    }
    assert_int_equal(get("/ok").status, 200);
}

static void any_mangled_answer_ends_its_call_once(void **state)
{
    end_t end;
    int answers = 0;
    int i;

    (void)state;
    for (i = 0; i < 600; i++) {
        end = put(apr_psprintf(pool, "/mangled%d", i), "{}");
        answers += end.status > 0;
        if (end.status == 0) {
            assert_int_equal(end.maybe_sent, 1);
            assert_int_equal(end.fault.klass, AMZX_FAULT_UNKNOWN);
        }
    }
    assert_in_range(answers, 50, 550); /* some are whole enough */
    assert_int_equal(get("/ok").status, 200);
}

static void a_late_answer_is_a_timeout(void **state)
{
    amzx_http_request_t req = request("PUT", "/wait5000");
    end_t end;

    (void)state;
    req.total_timeout_us = 100000;
    req.body = "x";
    req.body_len = 1;
    end = run(&req);
    assert_fault(&end, "network.timeout", 1);
    assert_int_equal(end.fault.klass, AMZX_FAULT_UNKNOWN);
}

static void a_body_that_did_not_leave_whole_was_not_sent(void **state)
{
    amzx_http_request_t req = request("PUT", "/deaf");
    apr_size_t len = 24 * 1024 * 1024;
    char *body = malloc(len);
    end_t end;

    (void)state;
    memset(body, 'x', len);
    req.total_timeout_us = 400000;
    req.body = body;
    req.body_len = len;
    end = run(&req);
    free(body);
    assert_fault(&end, "network.timeout", 0);
    assert_int_equal(end.fault.klass, AMZX_FAULT_TRANSIENT);
}

static void an_answer_over_the_cap_is_refused(void **state)
{
    static const char *const paths[] = { "/big-announced", "/big-chunked",
                                         "/gzip-bomb", "/big-head" };
    amzx_http_request_t req;
    end_t end;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        req = request("GET", paths[i]);
        req.max_body = 50000;
        end = run(&req);
        assert_fault(&end, "limit.size", 1);
        assert_int_equal(end.fault.klass, AMZX_FAULT_REJECTED);
    }
    req = request("GET", "/gzip-bomb");
    req.max_body = 2000000; /* the same bytes are fine when there is room */
    end = run(&req);
    assert_int_equal(end.status, 0); /* its check sum is wrong, though */
    assert_string_equal(end.fault.code, "network.reset");
    req = request("GET", "/big-chunked");
    req.max_body = 64000;
    end = run(&req);
    assert_int_equal(end.status, 200);
    assert_int_equal(end.rsp->body_len, 64000);
    req.max_body = 63999;
    end = run(&req);
    assert_fault(&end, "limit.size", 1);
}

static void a_write_on_a_dying_connection_is_never_repeated(void **state)
{
    end_t end = get("/ok");

    (void)state;
    end = put("/stale", "{}");
    assert_fault(&end, "network.reset", 1);
    assert_int_equal(end.fault.klass, AMZX_FAULT_UNKNOWN);
    assert_int_equal(atomic_load(&peer->requests), 2);
    /* A read may be: the caller sees an answer, the server two requests. */
    assert_int_equal(get("/ok").status, 200);
    end = get("/stale");
    assert_int_equal(end.status, 200);
    assert_int_equal(atomic_load(&peer->requests), 5);
}

/* ---- whom it may reach --------------------------------------------------- */

static void assert_not_started(const char *url, const char *code)
{
    amzx_http_request_t req = request("GET", "/ok");
    amzx_http_call_t *call = NULL;
    amzx_fault_t fault;
    end_t end = { 0 };

    amzx_fault_clear(&fault);
    req.url = url;
    assert_int_not_equal(http->start(&call, http, &req, on_done, &end, &fault,
                                     pool), APR_SUCCESS);
    assert_null(call);
    assert_string_equal(fault.code, code);
    assert_int_equal(http->in_flight(http), 0);
}

static void a_url_of_another_kind_is_refused(void **state)
{
    (void)state;
    assert_not_started("http://example.org/", "network.blocked");
    assert_not_started("ftp://127.0.0.1/", "network.blocked");
    assert_not_started("file:///etc/passwd", "config.url");
    assert_not_started("https://user:secret@localhost/", "config.url");
    assert_not_started("/relative", "config.url");
    assert_not_started("https://exa mple.org/", "config.url");
    assert_not_started("", "config.url");
    assert_not_started("https://10.1.2.3/", "network.blocked");
    assert_not_started("https://[::ffff:127.0.0.1]/", "network.blocked");
    assert_not_started("https://2130706434/", "network.blocked");
    assert_not_started("https://0x7f.2/", "network.blocked");
}

static void a_name_with_a_private_address_is_blocked(void **state)
{
    amzx_http_request_t req = request("PUT", "/ok");
    end_t end;

    (void)state;
    http = client("somewhere.example");
    req.url = apr_psprintf(pool, "https://localhost:%d/ok", peer->port);
    req.body = "x";
    req.body_len = 1;
    end = run(&req);
    assert_fault(&end, "network.blocked", 0);
    assert_int_equal(end.fault.klass, AMZX_FAULT_CONFIG);
    assert_int_equal(atomic_load(&peer->accepted), 0);
}

static void a_configured_proxy_is_used_and_may_be_private(void **state)
{
    amzx_http_options_t opt = { .allow_private = "books.example" };
    amzx_http_request_t req = request("GET", "/echo");
    end_t end;

    (void)state;
    opt.proxy = apr_psprintf(pool, "http://127.0.0.1:%d", peer->port);
    assert_int_equal(amzx_http_create(&http, loop, &env, &opt, NULL, pool),
                     APR_SUCCESS);
    req.url = "http://books.example/echo";
    setenv("no_proxy", "books.example", 1);
    end = run(&req);
    unsetenv("no_proxy");
    assert_int_equal(end.status, 200);
    assert_non_null(strstr(end.rsp->body, "GET http://books.example/echo"));
    assert_not_started("https://192.168.1.1/", "network.blocked");
    assert_not_started("http://elsewhere.example/", "network.blocked");
}

static void the_environment_names_no_proxy(void **state)
{
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1/", 1);
    assert_int_equal(get("/ok").status, 200);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_refused_connection_has_sent_nothing),
        TEST(an_unknown_host_has_been_sent_nothing),
        TEST(a_broken_answer_leaves_the_fate_open),
        TEST(any_mangled_answer_ends_its_call_once),
        TEST(a_late_answer_is_a_timeout),
        TEST(a_body_that_did_not_leave_whole_was_not_sent),
        TEST(an_answer_over_the_cap_is_refused),
        TEST(a_write_on_a_dying_connection_is_never_repeated),
        TEST(a_url_of_another_kind_is_refused),
        TEST(a_name_with_a_private_address_is_blocked),
        TEST(a_configured_proxy_is_used_and_may_be_private),
        TEST(the_environment_names_no_proxy),
    };
    int failed;

    apr_initialize();
    amzx_http_init();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed;
}
