/* SPDX-License-Identifier: Apache-2.0 */
/* What a request may say, whom it may reach, and how answers are gathered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "amzx_guard.h"
#include "amzx_reply.h"

static apr_pool_t *pool;

/* Both ways of asking must agree. */
static int is_public(const char *text)
{
    struct sockaddr_in in4 = { .sin_family = AF_INET };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
    int by_text = amzx_guard_text_is_public(text);

    if (inet_pton(AF_INET, text, &in4.sin_addr) == 1) {
        assert_int_equal(amzx_guard_is_public((struct sockaddr *)&in4,
                                              sizeof(in4)), by_text);
    }
    else {
        assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
        assert_int_equal(amzx_guard_is_public((struct sockaddr *)&in6,
                                              sizeof(in6)), by_text);
    }
    return by_text;
}

static void special_addresses_are_not_public(void **state)
{
    static const char *const denied[] = {
        "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255",
        "100.64.0.0", "100.127.255.255", "127.0.0.1", "127.255.255.255",
        "169.254.0.1", "169.254.169.254", "172.16.0.0", "172.31.255.255",
        "192.0.0.0", "192.0.0.255", "192.168.0.0", "192.168.255.255",
        "198.18.0.0", "198.19.255.255", "224.0.0.0", "239.255.255.255",
        "240.0.0.0", "255.255.255.255", "::", "::1", "::7f00:1",
        "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
        "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "fc00::1",
        "fdff:ffff::1", "fe80::1", "febf::1", "fec0::1", "ff02::1",
        "ffff::1",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(denied) / sizeof(denied[0]); i++) {
        if (is_public(denied[i])) {
            fail_msg("%s counts as public", denied[i]);
        }
    }
}

static void their_neighbours_are(void **state)
{
    static const char *const allowed[] = {
        "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255",
        "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255",
        "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255",
        "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255",
        "198.20.0.0", "223.255.255.255", "8.8.8.8", "2606:4700::1111",
        "64:ff9b:2::1", "64:ff9a::1", "2001:4860::8888", "2003::1",
        "fbff::1", "0:0:0:0:1::", "fe00::1",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
        if (!is_public(allowed[i])) {
            fail_msg("%s does not count as public", allowed[i]);
        }
    }
}

static void other_families_and_cut_addresses_are_not_public(void **state)
{
    struct sockaddr_un local = { .sun_family = AF_UNIX };
    struct sockaddr_in in4 = { .sin_family = AF_INET };

    (void)state;
    in4.sin_addr.s_addr = htonl(0x08080808);
    assert_true(amzx_guard_is_public((struct sockaddr *)&in4, sizeof(in4)));
    assert_false(amzx_guard_is_public((struct sockaddr *)&in4, 4));
    assert_false(amzx_guard_is_public((struct sockaddr *)&local,
                                      sizeof(local)));
    assert_false(amzx_guard_text_is_public(NULL));
    assert_false(amzx_guard_text_is_public(""));
    assert_false(amzx_guard_text_is_public("8.8.8"));
    assert_false(amzx_guard_text_is_public("example.org"));
}

static void hosts_are_listed_whole(void **state)
{
    const char *list = " 127.0.0.1  Mock.Example\t[::1] ,last";

    (void)state;
    assert_true(amzx_guard_is_listed("127.0.0.1", list));
    assert_true(amzx_guard_is_listed("mock.EXAMPLE", list));
    assert_true(amzx_guard_is_listed("[::1]", list));
    assert_true(amzx_guard_is_listed("::1", list));
    assert_true(amzx_guard_is_listed("last", list));
    assert_false(amzx_guard_is_listed("mock.example.org", list));
    assert_false(amzx_guard_is_listed("ock.example", list));
    assert_false(amzx_guard_is_listed("127.0.0.10", list));
    assert_false(amzx_guard_is_listed("127.0.0", list));
    assert_false(amzx_guard_is_listed("", list));
    assert_false(amzx_guard_is_listed("last", NULL));
    assert_false(amzx_guard_is_listed("last", ""));
    assert_true(amzx_guard_is_literal("10.0.0.1"));
    assert_true(amzx_guard_is_literal("[fe80::1]"));
    assert_false(amzx_guard_is_literal("10.0.0.example"));
    assert_false(amzx_guard_is_literal(""));
}

static apr_status_t check(const char *method, const char *name,
                          const char *value)
{
    amzx_http_request_t req = { .method = method, .url = "https://x/" };
    amzx_fault_t fault;
    apr_status_t rv;

    amzx_fault_clear(&fault);
    req.header[0].name = name;
    req.header[0].value = value;
    req.headers = name != NULL;
    rv = amzx_guard_request(&req, &fault);
    if (rv != APR_SUCCESS) {
        assert_string_equal(fault.code, "config.http");
        assert_null(strstr(fault.detail, "evil"));
    }
    return rv;
}

static void odd_methods_and_headers_are_refused(void **state)
{
    static const char *const bad[][2] = {
        { "X-A", "evil\r\nX-B: 1" }, { "X-A", "evil\n" }, { "X-A", "\revil" },
        { "X-A", "evil\001" },       { "X-A", "\177" },   { "X-A", NULL },
        { "", "evil" },              { "X A", "evil" },   { "X:A", "evil" },
        { "X-A\r\n", "evil" },       { "Host", "evil" },
        { "content-length", "3" },   { "Transfer-Encoding", "chunked" },
        { "Expect", "100-continue" },
    };
    size_t i;

    (void)state;
    assert_int_equal(check("GET", "X-A", "fine\tvalue \xc3\xa9"),
                     APR_SUCCESS);
    assert_int_equal(check("PUT", NULL, NULL), APR_SUCCESS);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_not_equal(check("GET", bad[i][0], bad[i][1]), APR_SUCCESS);
    }
    assert_int_not_equal(check("get", NULL, NULL), APR_SUCCESS);
    assert_int_not_equal(check("GET /x", NULL, NULL), APR_SUCCESS);
    assert_int_not_equal(check("", NULL, NULL), APR_SUCCESS);
    assert_int_not_equal(check(NULL, NULL, NULL), APR_SUCCESS);
    assert_int_not_equal(check("CONNECT", NULL, NULL), APR_SUCCESS);
}

static void a_header_is_added_only_when_it_fits(void **state)
{
    amzx_http_request_t req = { .method = "GET" };
    int i;

    (void)state;
    assert_false(amzx_http_header(&req, "X-A", "1\r\n"));
    assert_false(amzx_http_header(&req, "X-A", NULL));
    assert_int_equal(req.headers, 0);
    for (i = 0; i < AMZX_HTTP_HEADERS; i++) {
        assert_true(amzx_http_header(&req, "X-A", "1"));
    }
    assert_false(amzx_http_header(&req, "X-A", "1"));
    assert_int_equal(req.headers, AMZX_HTTP_HEADERS);
}

static void the_authorities_are_found_or_named(void **state)
{
    const char *path = "x";
    amzx_fault_t fault;

    (void)state;
    amzx_fault_clear(&fault);
    assert_int_equal(amzx_guard_ca_file(&path, "/nowhere/ca.pem", &fault),
                     APR_ENOENT);
    assert_string_equal(fault.code, "config.ca_file");
    assert_null(path);
    assert_int_equal(amzx_guard_ca_file(&path, "/dev/null", &fault),
                     APR_SUCCESS);
    assert_string_equal(path, "/dev/null");
    assert_int_equal(amzx_guard_ca_file(&path, "", &fault), APR_SUCCESS);
    assert_int_equal(amzx_guard_slow_s(0), 5);
    assert_int_equal(amzx_guard_slow_s(apr_time_from_sec(40)), 30);
    assert_int_equal(amzx_guard_slow_s(apr_time_from_sec(4000)), 60);
}

static int line(amzx_reply_t *r, const char *text)
{
    return amzx_reply_line(r, text, strlen(text));
}

static void a_reply_is_gathered_piece_by_piece(void **state)
{
    amzx_reply_t r = { 0 };
    amzx_http_response_t *rsp;
    char piece[3000];
    int i;

    (void)state;
    memset(piece, 'p', sizeof(piece));
    amzx_reply_reset(&r, 90000);
    assert_true(line(&r, "HTTP/1.1 100 Continue\r\n"));
    assert_true(line(&r, "X-Gone: 1\r\n"));
    assert_true(line(&r, "\r\n"));
    assert_true(line(&r, "HTTP/1.1 200 OK\r\n"));
    assert_true(line(&r, "A:  b c \t\r\n"));
    assert_true(line(&r, "no header\r\n"));
    assert_true(line(&r, " folded: x\r\n"));
    assert_true(line(&r, ": nameless\r\n"));
    assert_true(line(&r, "Date: Sun, 06 Nov 1994 08:49:37 GMT\n"));
    assert_true(line(&r, "\r\n"));
    for (i = 0; i < 30; i++) {
        assert_true(amzx_reply_data(&r, piece, sizeof(piece), 90000));
    }
    assert_true(line(&r, "X-Trailer: 1\r\n"));
    assert_false(amzx_reply_data(&r, "x", 1, 0));
    assert_true(r.is_too_large);
    rsp = amzx_reply_take(&r, 200, pool);
    assert_int_equal(rsp->headers, 2);
    assert_string_equal(rsp->header[0].name, "A");
    assert_string_equal(rsp->header[0].value, "b c");
    assert_int_equal(rsp->date, 784111777LL * 1000000);
    assert_int_equal(rsp->body_len, 90000);
    assert_int_equal(strlen(rsp->body), 90000);
    assert_null(r.body);
    assert_null(r.head);
}

static void a_reply_with_too_many_headers_is_refused(void **state)
{
    amzx_reply_t r = { 0 };
    char long_line[2048];
    int i;

    (void)state;
    amzx_reply_reset(&r, 10);
    for (i = 0; i < AMZX_REPLY_HEADERS_MAX; i++) {
        assert_true(line(&r, "A: b\r\n"));
    }
    assert_false(line(&r, "A: b\r\n"));
    assert_true(r.is_too_large);
    amzx_reply_reset(&r, 10);
    memset(long_line, 'x', sizeof(long_line));
    long_line[1] = ':';
    for (i = 0; i < AMZX_REPLY_HEAD_MAX / 2048; i++) {
        assert_true(amzx_reply_line(&r, long_line, sizeof(long_line)));
    }
    assert_false(line(&r, "\r\n"));
    amzx_reply_reset(&r, 0);
    assert_false(amzx_reply_data(&r, "x", 1, 0));
    amzx_reply_reset(&r, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(special_addresses_are_not_public),
        cmocka_unit_test(their_neighbours_are),
        cmocka_unit_test(other_families_and_cut_addresses_are_not_public),
        cmocka_unit_test(hosts_are_listed_whole),
        cmocka_unit_test(odd_methods_and_headers_are_refused),
        cmocka_unit_test(a_header_is_added_only_when_it_fits),
        cmocka_unit_test(the_authorities_are_found_or_named),
        cmocka_unit_test(a_reply_is_gathered_piece_by_piece),
        cmocka_unit_test(a_reply_with_too_many_headers_is_refused),
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
