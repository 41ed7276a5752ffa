/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client against a scripted server: answers, ends, crowds. */
#include "http_case.h"

#include <sys/resource.h>

#define CROWD 1000

/* ---- answers ------------------------------------------------------------- */

static void an_answer_comes_with_status_headers_and_body(void **state)
{
    end_t end = put("/body", "{\"a\":1}");

    (void)state;
    assert_int_equal(end.status, 201);
    assert_int_equal(end.maybe_sent, 1);
    assert_string_equal(end.rsp->body, "{\"a\":1}");
    assert_int_equal(end.rsp->body_len, 7);
    assert_string_equal(amzx_http_get(end.rsp, "x-method"), "PUT");
    assert_string_equal(amzx_http_get(end.rsp, "X-Empty"), "");
    assert_null(amzx_http_get(end.rsp, "X-Absent"));
    assert_int_equal(end.rsp->date, 784111777LL * 1000000);
    assert_true(end.rsp->duration_us > 0);
}

static void a_request_carries_its_headers_and_nothing_of_curls_own(
    void **state)
{
    amzx_http_request_t req = request("POST", "/echo");
    end_t end;

    (void)state;
    assert_true(amzx_http_header(&req, "Authorization", "Bearer abc"));
    assert_true(amzx_http_header(&req, "X-Blank", ""));
    req.body = "x=1";
    req.body_len = 3;
    end = run(&req);
    assert_non_null(strstr(end.rsp->body, "POST /echo HTTP/1.1\r\n"));
    assert_non_null(strstr(end.rsp->body, "\r\nAuthorization: Bearer abc"));
    assert_non_null(strstr(end.rsp->body, "\r\nX-Blank:"));
    assert_non_null(strstr(end.rsp->body, "\r\nContent-Length: 3"));
    assert_non_null(strstr(end.rsp->body, "Accept-Encoding: gzip, deflate"));
    assert_null(strstr(end.rsp->body, "Content-Type"));
    assert_null(strstr(end.rsp->body, "Expect"));
    end = get("/echo"); /* the cookie of the first answer stays unsent */
    assert_null(strstr(end.rsp->body, "Cookie"));
    assert_null(strstr(end.rsp->body, "Authorization"));
}

static void an_empty_post_says_its_length(void **state)
{
    amzx_http_request_t req = request("POST", "/echo");
    end_t end = run(&req);

    (void)state;
    assert_non_null(strstr(end.rsp->body, "Content-Length: 0"));
    req = request("DELETE", "/echo");
    end = run(&req);
    assert_non_null(strstr(end.rsp->body, "DELETE /echo"));
    req = request("HEAD", "/ok");
    end = run(&req);
    assert_int_equal(end.status, 200);
    assert_string_equal(end.rsp->body, "");
}

static void chunks_inflation_and_interim_answers_are_undone(void **state)
{
    end_t end = get("/chunked");

    (void)state;
    assert_string_equal(end.rsp->body, "hello, world");
    assert_null(amzx_http_get(end.rsp, "X-Trailer"));
    end = get("/gzip");
    assert_string_equal(end.rsp->body, "hello gzip");
    end = get("/interim");
    assert_int_equal(end.status, 200);
    assert_string_equal(end.rsp->body, "final");
    assert_null(amzx_http_get(end.rsp, "X-Early"));
    assert_string_equal(amzx_http_get(end.rsp, "X-Final"), "1");
    end = get("/no-content");
    assert_int_equal(end.status, 204);
    assert_string_equal(end.rsp->body, "");
}

static void one_connection_serves_many_calls(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 50; i++) {
        assert_int_equal(get("/ok").status, 200);
        assert_int_equal(put("/body", "x").status, 201);
    }
    assert_int_equal(atomic_load(&peer->accepted), 1);
    assert_int_equal(atomic_load(&peer->requests), 100);
}

static void a_redirect_is_an_answer_like_others(void **state)
{
    end_t end = get("/redirect");

    (void)state;
    assert_int_equal(end.status, 302);
    assert_string_equal(amzx_http_get(end.rsp, "location"), "/echo");
    assert_int_equal(atomic_load(&peer->requests), 1);
}

/* ---- cancelling, pools, crowds ------------------------------------------- */

static void a_cancelled_call_is_never_heard_of(void **state)
{
    amzx_http_request_t req = request("GET", "/wait100");
    amzx_http_call_t *call[3] = { NULL, NULL, NULL };
    apr_pool_t *sub = NULL;
    end_t end[3] = { { 0 }, { 0 }, { 0 } };

    (void)state;
    apr_pool_create(&sub, pool);
    http->start(&call[0], http, &req, on_done, &end[0], NULL, pool);
    http->start(&call[1], http, &req, on_done, &end[1], NULL, sub);
    http->start(&call[2], http, &req, on_done, &end[2], NULL, pool);
    assert_int_equal(http->in_flight(http), 3);
    amzx_loop_once(loop, 20000);
    http->cancel(call[0]);
    http->cancel(call[0]);
    apr_pool_destroy(sub); /* its call goes with it */
    assert_int_equal(http->in_flight(http), 1);
    run_while_in_flight();
    assert_int_equal(end[0].calls + end[1].calls, 0);
    assert_int_equal(end[2].status, 200);
    http->cancel(call[2]); /* over already: nothing happens */
}

static void a_client_may_go_with_calls_in_flight(void **state)
{
    amzx_http_request_t req = request("GET", "/wait5000");
    amzx_http_call_t *call = NULL;
    amzx_http_t *brief = NULL;
    amzx_http_options_t opt = { .allow_private = LOCAL };
    apr_pool_t *sub = NULL;
    end_t end = { 0 };

    (void)state;
    apr_pool_create(&sub, pool);
    amzx_http_create(&brief, loop, &env, &opt, NULL, sub);
    brief->start(&call, brief, &req, on_done, &end, NULL, pool);
    amzx_loop_once(loop, 20000);
    apr_pool_destroy(sub);
    amzx_loop_once(loop, 20000);
    assert_int_equal(end.calls, 0);
}

static int chained;

static void start_another(void *ctx, const amzx_http_response_t *rsp,
                          const amzx_fault_t *fault, int maybe_sent)
{
    amzx_http_request_t req = request("GET", "/ok");
    amzx_http_call_t *call = NULL;
    apr_pool_t *sub = ctx;

    (void)fault;
    (void)maybe_sent;
    assert_int_equal(rsp->status, 200);
    apr_pool_destroy(sub); /* the call's own pool, inside its end */
    if (++chained < 20) {
        apr_pool_create(&sub, pool);
        assert_int_equal(http->start(&call, http, &req, start_another, sub,
                                     NULL, sub), APR_SUCCESS);
    }
}

static void a_call_may_begin_where_another_ends(void **state)
{
    amzx_http_request_t req = request("GET", "/ok");
    amzx_http_call_t *call = NULL;
    apr_pool_t *sub = NULL;

    (void)state;
    chained = 0;
    apr_pool_create(&sub, pool);
    http->start(&call, http, &req, start_another, sub, NULL, sub);
    run_while_in_flight();
    assert_int_equal(chained, 20);
    assert_int_equal(atomic_load(&peer->accepted), 1);
}

static void a_thousand_calls_wait_at_the_same_time(void **state)
{
    static end_t end[CROWD];
    struct rlimit files = { 0, 0 };
    amzx_http_request_t req = request("GET", "/wait300");
    amzx_http_call_t *call = NULL;
    int i;

    (void)state;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < 2 * CROWD + 64) {
        print_message("skipped: fewer than %d open files allowed\n",
                      2 * CROWD + 64);
        skip();
    }
    memset(end, 0, sizeof(end));
    for (i = 0; i < CROWD; i++) {
        assert_int_equal(http->start(&call, http, &req, on_done, &end[i],
                                     NULL, pool), APR_SUCCESS);
    }
    assert_int_equal(http->in_flight(http), CROWD);
    run_while_in_flight();
    for (i = 0; i < CROWD; i++) {
        assert_int_equal(end[i].calls, 1);
        assert_int_equal(end[i].status, 200);
        assert_string_equal(end[i].rsp->body, "waited");
    }
    assert_true(atomic_load(&peer->at_once) > CROWD / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_comes_with_status_headers_and_body),
        TEST(a_request_carries_its_headers_and_nothing_of_curls_own),
        TEST(an_empty_post_says_its_length),
        TEST(chunks_inflation_and_interim_answers_are_undone),
        TEST(one_connection_serves_many_calls),
        TEST(a_redirect_is_an_answer_like_others),
        TEST(a_cancelled_call_is_never_heard_of),
        TEST(a_client_may_go_with_calls_in_flight),
        TEST(a_call_may_begin_where_another_ends),
        TEST(a_thousand_calls_wait_at_the_same_time),
    };
    int failed;

    apr_initialize();
    amzx_http_init();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed;
}
