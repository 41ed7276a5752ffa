/* SPDX-License-Identifier: Apache-2.0 */
/* Digests, MACs, name UUIDs, secrets from files, keyrings, sealing. */
#include "base_test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "amzx_crypto.h"
#include "amzx_id.h"
#include "amzx_str.h"

#define KEY_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY_B "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA="

/* A file with these bytes and mode; its path. */
static const char *file_of(const void *bytes, size_t len, mode_t mode,
                           apr_pool_t *p)
{
    char *path = apr_pstrdup(p, "/tmp/amzx-test-crypto-XXXXXX");
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
    return path;
}

static amzx_keyring_t *ring_of(const char *text, apr_pool_t *p)
{
    const char *path = file_of(text, strlen(text), 0600, p);
    amzx_keyring_t *ring;
    amzx_fault_t fault;

    amzx_fault_clear(&fault);
    if (amzx_keyring_load(&ring, path, &fault, p) != APR_SUCCESS) {
        fail_msg("%s at %s", fault.detail, fault.place);
    }
    unlink(path);
    return ring;
}

static void digests_match_the_published_ones(void **state)
{
    unsigned char out[AMZX_SHA256_LEN];
    char key[131];

    /* FIPS 180-2 appendix B.1; RFC 4231 cases 2 and 6. */
    assert_string_equal(amzx_sha256_hex("abc", 3, *state),
                        "ba7816bf8f01cfea414140de5dae2223"
                        "b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(amzx_sha256_hex("", 0, *state),
                        "e3b0c44298fc1c149afbf4c8996fb924"
                        "27ae41e4649b934ca495991b7852b855");
    amzx_hmac_sha256(out, "Jefe", 4, "what do ya want for nothing?", 28);
    assert_string_equal(amzx_hex(out, sizeof(out), *state),
                        "5bdcc146bf60754e6a042426089575c7"
                        "5a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    amzx_hmac_sha256(out, key, sizeof(key),
                     "Test Using Larger Than Block-Size Key - Hash Key First",
                     54);
    assert_string_equal(amzx_hex(out, sizeof(out), *state),
                        "60e431591ee0b67f0d8a26aacbf5b77f"
                        "8e0bc6213728c5140546040f0ee37f54");
    amzx_hmac_sha256(out, "", 0, "", 0);
    assert_string_equal(amzx_hex(out, sizeof(out), *state),
                        "b613679a0814d9ec772f95d778c35fc5"
                        "ff1697c493715653c6c712144292c5ad");
}

static const char *digest_of(const char *a, const char *b, apr_pool_t *p)
{
    amzx_digest_t *d = amzx_digest_new(p);

    amzx_digest_part(d, a, strlen(a));
    amzx_digest_part(d, b, strlen(b));
    return amzx_digest_hex(d, p);
}

static void parts_of_a_digest_do_not_run_together(void **state)
{
    amzx_digest_t *d = amzx_digest_new(*state);
    const char *one;

    assert_string_equal(digest_of("ab", "c", *state),
                        digest_of("ab", "c", *state));
    assert_string_not_equal(digest_of("ab", "c", *state),
                            digest_of("a", "bc", *state));
    assert_string_not_equal(digest_of("abc", "", *state),
                            digest_of("", "abc", *state));
    amzx_digest_part(d, "ab", 2);
    one = amzx_digest_hex(d, *state);
    assert_string_equal(amzx_digest_hex(d, *state), one);
    amzx_digest_part(d, "c", 1);
    assert_string_equal(amzx_digest_hex(d, *state),
                        digest_of("ab", "c", *state));
}

static void comparing_needs_length_and_bytes(void **state)
{
    (void)state;
    assert_true(amzx_ct_equal("abc", 3, "abc", 3));
    assert_false(amzx_ct_equal("abc", 3, "abd", 3));
    assert_false(amzx_ct_equal("abc", 3, "abcd", 4));
    assert_false(amzx_ct_equal("abc", 3, "", 0));
    assert_true(amzx_ct_equal("", 0, "", 0));
    assert_true(amzx_ct_equal(NULL, 0, "", 0));
}

static void wiped_bytes_are_zero(void **state)
{
    char bytes[16] = "a secret";
    static const char zero[16];

    (void)state;
    amzx_wipe(bytes, sizeof(bytes));
    assert_memory_equal(bytes, zero, sizeof(bytes));
}

static void random_bytes_differ_and_fill(void **state)
{
    unsigned char *a = apr_pcalloc(*state, 200000);
    unsigned char *b = apr_pcalloc(*state, 200000);

    assert_int_equal(amzx_random_bytes(a, 200000), APR_SUCCESS);
    assert_int_equal(amzx_random_bytes(b, 200000), APR_SUCCESS);
    assert_memory_not_equal(a + 199968, b + 199968, 32);
    assert_int_equal(amzx_random_bytes(a, 0), APR_SUCCESS);
}

static void name_uuids_match_the_published_ones(void **state)
{
    static const char *const bad[] = {
        "", "6ba7b810-9dad-11d1-80b4-00c04fd430c",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8x",
        "6ba7b810x9dad-11d1-80b4-00c04fd430c8",
        "6ba7b81g-9dad-11d1-80b4-00c04fd430c8",
        "6ba7b8109dad11d180b400c04fd430c80000",
    };
    char out[37];
    size_t i;

    (void)state;
    assert_int_equal(amzx_uuid5(out, "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
                                "www.example.com"),
                     APR_SUCCESS);
    assert_string_equal(out, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    assert_int_equal(amzx_uuid5(out, "6BA7B810-9DAD-11D1-80B4-00C04FD430C8",
                                "www.example.com"),
                     APR_SUCCESS);
    assert_string_equal(out, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(amzx_uuid5(out, bad[i], "x"), APR_EINVAL);
        assert_string_equal(out, "");
    }
    assert_int_equal(amzx_uuid5(out, NULL, "x"), APR_EINVAL);
}

static void random_uuids_have_their_version(void **state)
{
    char a[37];
    char b[37];

    (void)state;
    amzx_uuid4(a);
    amzx_uuid4(b);
    assert_string_not_equal(a, b);
    assert_int_equal(strlen(a), 36);
    assert_int_equal(a[14], '4');
    assert_non_null(strchr("89ab", a[19]));
}

static void secrets_are_read_without_their_line_end(void **state)
{
    static const struct {
        const char *in;
        const char *out;
    } rows[] = {
        {"key", "key"}, {"key\n", "key"}, {"key \t\r\n\n", "key"},
        {" key", " key"}, {"a\nb\n", "a\nb"},
    };
    amzx_fault_t fault;
    amzx_secret_t *s;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *path =
            file_of(rows[i].in, strlen(rows[i].in), 0600, *state);

        assert_int_equal(amzx_secret_file(&s, path, &fault, *state),
                         APR_SUCCESS);
        assert_string_equal((char *)s->bytes, rows[i].out);
        assert_int_equal(s->len, strlen(rows[i].out));
        unlink(path);
    }
}

static void careless_secret_files_are_refused(void **state)
{
    apr_pool_t *p = *state;
    char *big = apr_pcalloc(p, 65537);
    amzx_fault_t fault;
    amzx_secret_t *s;
    const char *path;
    int mode;

    for (mode = 0; mode < 0100; mode++) {
        path = file_of("x", 1, (mode_t)(0600 | mode), p);
        amzx_fault_clear(&fault);
        if ((mode & 022) != 0) {
            assert_int_equal(amzx_secret_file(&s, path, &fault, p),
                             APR_EACCES);
            assert_null(s);
            assert_string_equal(fault.code, "config.secret_file");
            assert_int_equal(fault.klass, AMZX_FAULT_CONFIG);
            assert_non_null(strstr(fault.detail, "chmod"));
        }
        else {
            assert_int_equal(amzx_secret_file(&s, path, &fault, p),
                             APR_SUCCESS);
        }
        unlink(path);
    }
    path = file_of("\n \n", 3, 0600, p);
    assert_int_equal(amzx_secret_file(&s, path, &fault, p), APR_EINVAL);
    unlink(path);
    memset(big, 'x', 65537);
    path = file_of(big, 65536, 0600, p);
    assert_int_equal(amzx_secret_file(&s, path, &fault, p), APR_SUCCESS);
    unlink(path);
    path = file_of(big, 65537, 0600, p);
    assert_int_equal(amzx_secret_file(&s, path, &fault, p), APR_ENOSPC);
    unlink(path);
    assert_int_equal(amzx_secret_file(&s, "/tmp", &fault, p), APR_EINVAL);
    assert_true(APR_STATUS_IS_ENOENT(
        amzx_secret_file(&s, "/nowhere", &fault, p)));
}

static void a_secret_is_wiped_with_its_pool(void **state)
{
    apr_pool_t *inner;
    amzx_secret_t *s;
    unsigned char *watched;
    static const unsigned char zero[6];

    /* Bytes outside the pool tell what its cleanup did to them. */
    watched = apr_pmemdup(*state, "hidden", 6);
    apr_pool_create(&inner, *state);
    s = amzx_secret_make("hidden", 6, inner);
    assert_string_equal((char *)s->bytes, "hidden");
    s->bytes = watched;
    apr_pool_destroy(inner);
    assert_memory_equal(watched, zero, 6);
}

static void sealed_texts_open_with_their_key_and_owner_only(void **state)
{
    apr_pool_t *p = *state;
    amzx_keyring_t *a = ring_of("# keys\n\nk1 " KEY_A "\n", p);
    amzx_keyring_t *b = ring_of("k1 " KEY_B "\n", p);
    amzx_keyring_t *both = ring_of("k2 " KEY_B "\r\n  k1\t" KEY_A "  \n", p);
    const char *sealed = amzx_seal(a, "secret\0x", 8, "tenant/1", p);
    amzx_fault_t fault;
    apr_size_t len;
    char *plain;

    assert_int_equal(strncmp(sealed, "s1.k1.", 6), 0);
    assert_null(strstr(sealed, "secret"));
    assert_string_not_equal(sealed, amzx_seal(a, "secret\0x", 8, "tenant/1",
                                              p));
    assert_int_equal(
        amzx_unseal(&plain, &len, a, sealed, "tenant/1", &fault, p),
        APR_SUCCESS);
    assert_int_equal(len, 8);
    assert_memory_equal(plain, "secret\0x", 9);
    assert_int_equal(
        amzx_unseal(&plain, &len, both, sealed, "tenant/1", &fault, p),
        APR_SUCCESS);
    assert_int_equal(
        strncmp(amzx_seal(both, "x", 1, "", p), "s1.k2.", 6), 0);
    assert_int_equal(
        amzx_unseal(&plain, &len, a, sealed, "tenant/2", &fault, p),
        APR_EACCES);
    assert_null(plain);
    assert_int_equal(len, 0);
    assert_string_equal(fault.code, "secret.sealed");
    assert_int_equal(
        amzx_unseal(&plain, &len, b, sealed, "tenant/1", &fault, p),
        APR_EACCES);
    assert_int_equal(
        amzx_unseal(&plain, &len, NULL, sealed, "tenant/1", &fault, p),
        APR_EACCES);
    sealed = amzx_seal(a, "", 0, "", p);
    assert_int_equal(amzx_unseal(&plain, &len, a, sealed, "", &fault, p),
                     APR_SUCCESS);
    assert_string_equal(plain, "");
}

static void not_one_bit_of_a_sealed_text_may_change(void **state)
{
    apr_pool_t *p = *state;
    amzx_keyring_t *ring = ring_of("k " KEY_A "\n", p);
    const char *sealed = amzx_seal(ring, "text", 4, "a", p);
    amzx_fault_t fault;
    apr_size_t len;
    char *plain;
    size_t i;
    int bit;

    for (i = 0; i < strlen(sealed); i++) {
        for (bit = 0; bit < 7; bit++) {
            char *copy = apr_pstrdup(p, sealed);

            copy[i] = (char)(copy[i] ^ (1 << bit));
            assert_int_equal(
                amzx_unseal(&plain, &len, ring, copy, "a", &fault, p),
                APR_EACCES);
            assert_null(plain);
        }
        assert_int_equal(
            amzx_unseal(&plain, &len, ring, apr_pstrmemdup(p, sealed, i),
                        "a", &fault, p),
            APR_EACCES);
    }
}

static void without_a_keyring_texts_are_readable_and_say_so(void **state)
{
    apr_pool_t *p = *state;
    const char *open = amzx_seal(NULL, "text", 4, "a", p);
    amzx_fault_t fault;
    apr_size_t len;
    char *plain;

    assert_string_equal(open, "p0.dGV4dA==");
    assert_int_equal(amzx_unseal(&plain, &len, NULL, open, "a", &fault, p),
                     APR_SUCCESS);
    assert_string_equal(plain, "text");
    assert_int_equal(amzx_unseal(&plain, &len, ring_of("k " KEY_A, p), open,
                                 "a", &fault, p),
                     APR_SUCCESS);
    assert_int_equal(
        amzx_unseal(&plain, &len, NULL, "p0.dGV4dA=", "a", &fault, p),
        APR_EACCES);
}

static void bad_key_files_are_refused_with_their_line(void **state)
{
    static const struct {
        const char *text;
        int line;
    } bad[] = {
        {"# nothing\n\n#", 1}, {"k\n", 1}, {"k AAAA\n", 1},
        {"k " KEY_A "\nk " KEY_B "\n", 2}, {"# x\nk.1 " KEY_A "\n", 2},
        {"k " KEY_A "x\n", 1}, {"\n\nk " KEY_A " more\n", 3},
        {"a-name-of-more-than-thirty-two-chars " KEY_A "\n", 1},
        {"k AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gAA==\n", 1},
    };
    apr_pool_t *p = *state;
    amzx_keyring_t *ring;
    amzx_fault_t fault;
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *path = file_of(bad[i].text, strlen(bad[i].text), 0600, p);

        amzx_fault_clear(&fault);
        assert_int_equal(amzx_keyring_load(&ring, path, &fault, p),
                         APR_EINVAL);
        assert_null(ring);
        assert_string_equal(fault.code, "config.key_file");
        assert_string_equal(fault.place,
                            apr_psprintf(p, "%s:%d:1", path, bad[i].line));
        assert_null(strstr(fault.detail, "AAEC"));
        unlink(path);
    }
    assert_int_not_equal(amzx_keyring_load(&ring, "/nowhere", &fault, p),
                         APR_SUCCESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(digests_match_the_published_ones),
        POOL_TEST(parts_of_a_digest_do_not_run_together),
        cmocka_unit_test(comparing_needs_length_and_bytes),
        cmocka_unit_test(wiped_bytes_are_zero),
        POOL_TEST(random_bytes_differ_and_fill),
        cmocka_unit_test(name_uuids_match_the_published_ones),
        cmocka_unit_test(random_uuids_have_their_version),
        POOL_TEST(secrets_are_read_without_their_line_end),
        POOL_TEST(careless_secret_files_are_refused),
        POOL_TEST(a_secret_is_wiped_with_its_pool),
        POOL_TEST(sealed_texts_open_with_their_key_and_owner_only),
        POOL_TEST(not_one_bit_of_a_sealed_text_may_change),
        POOL_TEST(without_a_keyring_texts_are_readable_and_say_so),
        POOL_TEST(bad_key_files_are_refused_with_their_line),
    };

    apr_initialize();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
