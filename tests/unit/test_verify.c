/* SPDX-License-Identifier: Apache-2.0 */
/* Verifiers: what passes, what does not, and why. */
#include "base_test.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "amzx_json.h"
#include "amzx_str.h"
#include "amzx_verify.h"

#define NOW apr_time_from_sec(1614265330)
#define BODY "{\"test\": 2432232314}"

/** Headers as name, value, ..., NULL. */
static const char *get(void *ctx, const char *name)
{
    const char *const *h = ctx;

    for (; *h; h += 2) {
        if (strcasecmp(h[0], name) == 0) {
            return h[1];
        }
    }
    return NULL;
}

static amzx_secret_t *secret(const char *text, apr_pool_t *p)
{
    return amzx_secret_make(text, strlen(text), p);
}

static const char *verify(const amzx_verify_t *v, const char *body,
                          const char *const *headers, apr_time_t now,
                          apr_pool_t *p)
{
    amzx_verified_t out;

    amzx_verify(&out, v, body, strlen(body), get,
                (void *)(uintptr_t)headers, now, p);
    assert_int_equal(out.is_ok, strncmp(out.reason, "ok", 2) == 0);
    return out.reason;
}

static const char *mac(const char *key, const char *text, int is_hex,
                       apr_pool_t *p)
{
    unsigned char m[AMZX_SHA256_LEN];

    amzx_hmac_sha256(m, key, strlen(key), text, strlen(text));
    return is_hex ? amzx_hex(m, sizeof(m), p)
                  : amzx_base64(m, sizeof(m), p);
}

static void schemes_have_names(void **state)
{
    (void)state;
    assert_int_equal(amzx_verify_of("api-key"), AMZX_VERIFY_API_KEY);
    assert_int_equal(amzx_verify_of("hmac-sha256"), AMZX_VERIFY_HMAC_SHA256);
    assert_int_equal(amzx_verify_of("standard-webhooks"),
                     AMZX_VERIFY_STANDARD);
    assert_int_equal(amzx_verify_of("xero"), AMZX_VERIFY_XERO);
    assert_int_equal(amzx_verify_of("none"), AMZX_VERIFY_NONE);
    assert_int_equal(amzx_verify_of("aws-sns"), AMZX_VERIFY_NONE);
    assert_string_equal(amzx_verify_name(AMZX_VERIFY_XERO), "xero");
    assert_string_equal(amzx_verify_name((amzx_verify_e)99), "none");
}

static void a_secret_header_must_hold_one_of_two_secrets(void **state)
{
    amzx_verify_t v = {0};
    const char *key[] = {"x-api-key", "current-secret-0001", NULL};
    const char *old[] = {"X-API-KEY", "previous-secret-001", NULL};
    const char *bad[] = {"X-API-Key", "current-secret-0002", NULL};
    const char *part[] = {"X-API-Key", "current-secret-000", NULL};
    const char *none[] = {NULL};
    const char *empty[] = {"X-API-Key", "", NULL};

    v.scheme = AMZX_VERIFY_API_KEY;
    v.current = secret("current-secret-0001", *state);
    v.previous = secret("previous-secret-001", *state);
    assert_string_equal(verify(&v, BODY, key, NOW, *state), "ok");
    assert_string_equal(verify(&v, "", key, NOW, *state), "ok");
    assert_string_equal(verify(&v, BODY, old, NOW, *state), "ok_previous");
    assert_string_equal(verify(&v, BODY, bad, NOW, *state), "mismatch");
    assert_string_equal(verify(&v, BODY, part, NOW, *state), "mismatch");
    assert_string_equal(verify(&v, BODY, none, NOW, *state),
                        "missing_header");
    assert_string_equal(verify(&v, BODY, empty, NOW, *state),
                        "missing_header");
    v.previous_until = NOW; /* from this moment on */
    assert_string_equal(verify(&v, BODY, old, NOW - 1, *state),
                        "ok_previous");
    assert_string_equal(verify(&v, BODY, old, NOW, *state), "mismatch");
}

static void a_secret_may_stand_behind_a_prefix(void **state)
{
    amzx_verify_t v = {0};
    const char *good[] = {"Authorization", "bearer current-secret-0001",
                          NULL};
    const char *bad[] = {"Authorization", "current-secret-0001", NULL};

    v.scheme = AMZX_VERIFY_API_KEY;
    v.header = "Authorization";
    v.prefix = "Bearer ";
    v.current = secret("current-secret-0001", *state);
    assert_string_equal(verify(&v, BODY, good, NOW, *state), "ok");
    assert_string_equal(verify(&v, BODY, bad, NOW, *state), "malformed");
}

static void without_a_secret_nothing_passes(void **state)
{
    amzx_verify_t v = {0};
    const char *h[] = {"X-API-Key", "x", NULL};

    v.scheme = AMZX_VERIFY_API_KEY;
    assert_string_equal(verify(&v, BODY, h, NOW, *state), "no_secret");
    v.current = secret("", *state);
    assert_string_equal(verify(&v, BODY, h, NOW, *state), "no_secret");
    v.scheme = AMZX_VERIFY_NONE;
    v.current = secret("x", *state);
    assert_string_equal(verify(&v, BODY, h, NOW, *state), "no_secret");
}

static void a_mac_may_be_hex_or_base64(void **state)
{
    amzx_verify_t v = {0};
    const char *hex = mac("0123456789abcdef", BODY, 1, *state);
    const char *b64 = mac("0123456789abcdef", BODY, 0, *state);
    const char *h[] = {"X-Signature", hex, NULL};
    int i;

    v.scheme = AMZX_VERIFY_HMAC_SHA256;
    v.current = secret("0123456789abcdef", *state);
    assert_string_equal(verify(&v, BODY, h, NOW, *state), "ok");
    assert_string_equal(verify(&v, BODY " ", h, NOW, *state), "mismatch");
    h[1] = b64;
    assert_string_equal(verify(&v, BODY, h, NOW, *state), "ok");
    v.encoding = AMZX_SIGNATURE_HEX;
    assert_string_equal(verify(&v, BODY, h, NOW, *state), "malformed");
    v.encoding = AMZX_SIGNATURE_BASE64;
    h[1] = hex;
    assert_string_equal(verify(&v, BODY, h, NOW, *state), "malformed");
    v.encoding = AMZX_SIGNATURE_ANY;
    for (i = 0; i < 64; i++) { /* every digit counts */
        char *wrong = apr_pstrdup(*state, hex);

        wrong[i] = wrong[i] == '0' ? '1' : '0';
        h[1] = wrong;
        assert_string_equal(verify(&v, BODY, h, NOW, *state), "mismatch");
    }
    h[1] = apr_pstrcat(*state, "SHA256=", hex, NULL);
    v.prefix = "sha256=";
    assert_string_equal(verify(&v, BODY, h, NOW, *state), "ok");
    v.current = secret("another-0123456789", *state);
    v.previous = secret("0123456789abcdef", *state);
    assert_string_equal(verify(&v, BODY, h, NOW, *state), "ok_previous");
}

static void a_timestamp_is_part_of_what_is_signed(void **state)
{
    amzx_verify_t v = {0};
    const char *h[] = {"X-Sig", mac("0123456789abcdef", "1614265330." BODY,
                                    1, *state),
                       "X-Time", "1614265330", NULL};

    v.scheme = AMZX_VERIFY_HMAC_SHA256;
    v.header = "X-Sig";
    v.timestamp_header = "X-Time";
    v.current = secret("0123456789abcdef", *state);
    assert_string_equal(verify(&v, BODY, h, NOW, *state), "ok");
    assert_string_equal(verify(&v, BODY, h, NOW + apr_time_from_sec(300),
                               *state), "ok");
    assert_string_equal(verify(&v, BODY, h, NOW + apr_time_from_sec(301),
                               *state), "stale");
    assert_string_equal(verify(&v, BODY, h, NOW - apr_time_from_sec(301),
                               *state), "future");
    v.tolerance_us = apr_time_from_sec(1000);
    assert_string_equal(verify(&v, BODY, h, NOW + apr_time_from_sec(900),
                               *state), "ok");
    h[3] = "1614265331"; /* moved: the signature no longer fits */
    assert_string_equal(verify(&v, BODY, h, NOW, *state), "mismatch");
    h[3] = "soon";
    assert_string_equal(verify(&v, BODY, h, NOW, *state), "malformed");
    h[3] = "-1";
    assert_string_equal(verify(&v, BODY, h, NOW, *state), "malformed");
    h[2] = "X-Other";
    assert_string_equal(verify(&v, BODY, h, NOW, *state), "missing_header");
}

/* The example that the specification's own libraries test with. */
static void the_example_of_standard_webhooks_passes(void **state)
{
    amzx_verify_t v = {0};
    amzx_verified_t out;
    const char *h[] = {"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp", "1614265330", "webhook-signature",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", NULL};

    v.scheme = AMZX_VERIFY_STANDARD;
    v.current = secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", *state);
    amzx_verify(&out, &v, BODY, strlen(BODY), get, h, NOW, *state);
    assert_true(out.is_ok);
    assert_string_equal(out.delivery_id, "msg_p5jXN8AQM9LWM0D4loKWxJek");
    h[1] = "msg_p5jXN8AQM9LWM0D4loKWxJel";
    amzx_verify(&out, &v, BODY, strlen(BODY), get, h, NOW, *state);
    assert_string_equal(out.reason, "mismatch");
    assert_null(out.delivery_id);
    h[1] = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    assert_string_equal(verify(&v, BODY, h, NOW + apr_time_from_sec(400),
                               *state), "stale");
    h[5] = "v1,AAAA v1a,xyz v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        " v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    assert_string_equal(verify(&v, BODY, h, NOW, *state), "ok");
    h[5] = "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    assert_string_equal(verify(&v, BODY, h, NOW, *state), "mismatch");
    h[4] = "x";
    assert_string_equal(verify(&v, BODY, h, NOW, *state), "missing_header");
    h[4] = "webhook-signature";
    h[5] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    v.previous = v.current;
    v.current = secret("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", *state);
    assert_string_equal(verify(&v, BODY, h, NOW, *state), "ok_previous");
}

static void xeros_intent_to_receive_is_told_from_a_forgery(void **state)
{
    static const char body[] = "{\"events\":[],\"firstEventSequence\": 0,"
        "\"lastEventSequence\": 0, \"entropy\": \"NLDZEGWUXNHESAQVGLYF\"}";
    amzx_verify_t v = {0};
    const char *h[] = {"x-xero-signature",
                       "ixznmr+Pdl6QymsWZM+9UkY4lu97q04sJyejmSOp25U=", NULL};

    v.scheme = AMZX_VERIFY_XERO;
    v.current = secret("test_key", *state);
    assert_string_equal(verify(&v, body, h, NOW, *state), "ok");
    assert_string_equal(verify(&v, BODY, h, NOW, *state), "mismatch");
    h[1] = "this will fail";
    assert_string_equal(verify(&v, body, h, NOW, *state), "malformed");
    h[1] = "ixznmr+Pdl6QymsWZM+9UkY4lu97q04sJyejmSOp25V=";
    assert_string_not_equal(verify(&v, body, h, NOW, *state), "ok");
}

static void the_collected_vectors_of_xero_hold(void **state)
{
    const char *data = getenv("AMZXERO_TESTDATA");
    const amzx_val_t *all = NULL;
    char *bytes = NULL;
    apr_size_t len = 0;
    apr_size_t i;
    int count = 0;

    if (!data) {
        print_message("AMZXERO_TESTDATA is not set: a folder with"
                      " xero/webhooks/vectors.json\n");
        skip();
    }
    assert_int_equal(amzx_file_read(&bytes, &len, apr_pstrcat(
        *state, data, "/xero/webhooks/vectors.json", NULL), 1 << 20,
        *state), APR_SUCCESS);
    assert_int_equal(amzx_json_parse(&all, bytes, len, NULL, NULL, *state),
                     APR_SUCCESS);
    for (i = 0; i < amzx_val_count(all); i++) {
        const amzx_val_t *one = amzx_val_at(all, i);
        const char *key = amzx_val_text(amzx_val_get(one, "key"), NULL);
        const char *h[] = {"x-xero-signature", amzx_val_text(
            amzx_val_get(one, "x-xero-signature"), ""), NULL};
        amzx_verify_t v = {0};
        amzx_dec_t expect;

        if (!key) {
            continue;
        }
        v.scheme = AMZX_VERIFY_XERO;
        v.current = secret(key, *state);
        assert_int_equal(amzx_val_dec(&expect, amzx_val_get(one, "expect")),
                         APR_SUCCESS);
        assert_int_equal(strcmp(verify(&v, amzx_val_text(
            amzx_val_get(one, "body"), ""), h, NOW, *state), "ok") == 0,
            amzx_dec_cmp(expect, amzx_dec_from_int(200)) == 0);
        count++;
    }
    assert_in_range(count, 2, 100);
}

static void a_bad_verifier_is_found_at_start(void **state)
{
    amzx_verify_t v = {0};
    amzx_fault_t fault;

    assert_int_not_equal(amzx_verify_check(&v, &fault, *state), APR_SUCCESS);
    v.scheme = AMZX_VERIFY_HMAC_SHA256;
    assert_int_not_equal(amzx_verify_check(&v, &fault, *state), APR_SUCCESS);
    v.current = secret("too short", *state);
    assert_int_not_equal(amzx_verify_check(&v, &fault, *state), APR_SUCCESS);
    v.current = secret("0123456789abcdef", *state);
    assert_int_equal(amzx_verify_check(&v, &fault, *state), APR_SUCCESS);
    v.previous = secret("short", *state);
    assert_int_not_equal(amzx_verify_check(&v, &fault, *state), APR_SUCCESS);
    v.previous = NULL;
    v.header = "X Signature";
    assert_int_not_equal(amzx_verify_check(&v, &fault, *state), APR_SUCCESS);
    assert_string_equal(fault.code, "config.verify");
    v.header = NULL;
    v.timestamp_header = "";
    assert_int_not_equal(amzx_verify_check(&v, &fault, *state), APR_SUCCESS);
    v.timestamp_header = NULL;
    v.scheme = AMZX_VERIFY_STANDARD;
    v.current = secret("whsec_%%%", *state);
    assert_int_not_equal(amzx_verify_check(&v, &fault, *state), APR_SUCCESS);
    v.current = secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", *state);
    assert_int_equal(amzx_verify_check(&v, &fault, *state), APR_SUCCESS);
    v.scheme = AMZX_VERIFY_XERO;
    v.current = secret("test_key", *state);
    assert_int_equal(amzx_verify_check(&v, &fault, *state), APR_SUCCESS);
    v.current = secret("", *state);
    assert_int_not_equal(amzx_verify_check(&v, &fault, *state), APR_SUCCESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(schemes_have_names),
        POOL_TEST(a_secret_header_must_hold_one_of_two_secrets),
        POOL_TEST(a_secret_may_stand_behind_a_prefix),
        POOL_TEST(without_a_secret_nothing_passes),
        POOL_TEST(a_mac_may_be_hex_or_base64),
        POOL_TEST(a_timestamp_is_part_of_what_is_signed),
        POOL_TEST(the_example_of_standard_webhooks_passes),
        POOL_TEST(xeros_intent_to_receive_is_told_from_a_forgery),
        POOL_TEST(the_collected_vectors_of_xero_hold),
        POOL_TEST(a_bad_verifier_is_found_at_start),
    };

    apr_initialize();
    return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
