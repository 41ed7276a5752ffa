/* SPDX-License-Identifier: Apache-2.0 */
/* Growing texts, UTF-8, encodings, splitting, reading files. */
#include "base_test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "amzx_str.h"

static void a_buffer_grows_and_stays_terminated(void **state)
{
    amzx_buf_t b;
    int i;

    amzx_buf_init(&b, 0, *state);
    assert_string_equal(b.s, "");
    amzx_buf_puts(&b, NULL);
    amzx_buf_add(&b, NULL, 0);
    assert_int_equal(b.len, 0);
    for (i = 0; i < 1000; i++) {
        amzx_buf_putc(&b, 'a');
        assert_int_equal(strlen(b.s), (size_t)i + 1);
    }
    amzx_buf_add(&b, "b\0c", 3);
    assert_int_equal(b.len, 1003);
    assert_memory_equal(b.s + 1000, "b\0c", 4);
}

static void printing_into_a_buffer_fits_at_every_length(void **state)
{
    char text[300];
    int i;

    memset(text, 'x', sizeof(text));
    for (i = 0; i < (int)sizeof(text); i++) {
        amzx_buf_t b;

        amzx_buf_init(&b, 1, *state);
        amzx_buf_puts(&b, "<");
        amzx_buf_printf(&b, "%.*s%s", i, text, ">");
        assert_int_equal(b.len, (size_t)i + 2);
        assert_int_equal(strlen(b.s), b.len);
        assert_int_equal(b.s[b.len - 1], '>');
    }
}

static void utf8_is_checked_to_the_letter(void **state)
{
    static const char *const good[] = {
        "", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
        "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf", ("12345678\xc3\xa9" "12345678"),
    };
    static const char *const bad[] = {
        "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41",
        "\xe0\x80\x80", "\xe0\x9f\xbf", "\xe0\xa0", "\xed\xa0\x80",
        "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xfe", "\xff",
        "12345678\xff", ("1234567\xff" "12345678"), "\xe2\x82", "\xf0\x9f\x98",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(amzx_utf8_is_valid(good[i], strlen(good[i])));
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(amzx_utf8_is_valid(bad[i], strlen(bad[i])));
    }
    assert_true(amzx_utf8_is_valid("a\0b", 3));
}

static void characters_are_counted_not_bytes(void **state)
{
    const char *s = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";

    (void)state;
    assert_int_equal(amzx_utf8_count(s, strlen(s)), 5);
    assert_int_equal(amzx_utf8_count("", 0), 0);
    assert_int_equal(amzx_utf8_prefix(s, strlen(s), 0), 0);
    assert_int_equal(amzx_utf8_prefix(s, strlen(s), 1), 1);
    assert_int_equal(amzx_utf8_prefix(s, strlen(s), 2), 3);
    assert_int_equal(amzx_utf8_prefix(s, strlen(s), 4), 10);
    assert_int_equal(amzx_utf8_prefix(s, strlen(s), 5), 11);
    assert_int_equal(amzx_utf8_prefix(s, strlen(s), 99), 11);
}

static void cleaned_text_is_utf8_without_control_characters(void **state)
{
    char out[32];
    char same[] = "a\nb\xe2\x82";
    const char *s = "\xe2\x82\xac\t\xc2\x9b\x80\xf0\x9f";

    (void)state;
    assert_int_equal(amzx_str_clean(out, s, strlen(s), '_'), 6);
    assert_string_equal(out, "\xe2\x82\xac__?");
    assert_int_equal(amzx_str_clean(same, same, strlen(same), ' '), 3);
    assert_string_equal(same, "a b");
    assert_int_equal(amzx_str_clean(out, "a\0b", 3, '?'), 3);
    assert_string_equal(out, "a?b");
}

static void printable_text_is_cut_between_characters(void **state)
{
    assert_string_equal(amzx_str_printable("a\nb", 99, *state), "a?b");
    assert_string_equal(amzx_str_printable("ab\xc3\xa9", 3, *state), "ab");
    assert_string_equal(amzx_str_printable("ab\xc3\xa9", 4, *state),
                        "ab\xc3\xa9");
    assert_string_equal(amzx_str_printable("abc", 0, *state), "");
    assert_string_equal(amzx_str_printable(NULL, 9, *state), "");
}

static void urls_keep_only_unreserved_characters(void **state)
{
    char all[256];
    int i;

    for (i = 1; i < 256; i++) {
        all[i - 1] = (char)i;
    }
    all[255] = '\0';
    assert_string_equal(amzx_url_encode("a b/c?d=e&f+g~h-i_j.k", *state),
                        "a%20b%2Fc%3Fd%3De%26f%2Bg~h-i_j.k");
    assert_string_equal(amzx_url_encode("\xc3\xa9", *state), "%C3%A9");
    assert_string_equal(amzx_url_encode("", *state), "");
    assert_int_equal(strlen(amzx_url_encode(all, *state)), 66 + 189 * 3);
}

static void base64_survives_the_way_back(void **state)
{
    static const char *const pairs[][2] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
    };
    unsigned char bytes[256];
    apr_size_t len;
    size_t i;

    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        assert_string_equal(
            amzx_base64(pairs[i][0], strlen(pairs[i][0]), *state),
            pairs[i][1]);
        assert_string_equal(
            (char *)amzx_base64_decode(&len, pairs[i][1], *state),
            pairs[i][0]);
        assert_int_equal(len, strlen(pairs[i][0]));
    }
    for (i = 0; i < sizeof(bytes); i++) {
        const char *text;

        bytes[i] = (unsigned char)(255 - i);
        text = amzx_base64(bytes, i + 1, *state);
        assert_memory_equal(amzx_base64_decode(&len, text, *state), bytes,
                            i + 1);
        assert_int_equal(len, i + 1);
    }
}

static void only_strict_base64_is_decoded(void **state)
{
    static const char *const bad[] = {
        "Z", "Zg", "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=", "Zm 9v",
        "Zm9v\n", "Zm-v", "Zm_v", "=m9v", "Zg==Zg==", "Z=g=", "Zm9v=",
    };
    apr_size_t len = 7;
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (amzx_base64_decode(&len, bad[i], *state) != NULL) {
            fail_msg("accepted: %s", bad[i]);
        }
        assert_int_equal(len, 0);
    }
    assert_null(amzx_base64_decode(&len, NULL, *state));
}

static void hex_is_lower_case(void **state)
{
    assert_string_equal(amzx_hex("\x00\xff\x1a", 3, *state), "00ff1a");
    assert_string_equal(amzx_hex("", 0, *state), "");
}

static void splitting_drops_empties(void **state)
{
    char **list = amzx_split(",a,, bc ,d,", ", ", *state);
    char *many;
    int i;

    assert_string_equal(list[0], "a");
    assert_string_equal(list[1], "bc");
    assert_string_equal(list[2], "d");
    assert_null(list[3]);
    assert_null(amzx_split("", ",", *state)[0]);
    assert_null(amzx_split(",,,", ",", *state)[0]);
    assert_null(amzx_split(NULL, ",", *state)[0]);
    many = apr_palloc(*state, 2001);
    for (i = 0; i < 1000; i++) {
        memcpy(many + 2 * i, "x,", 2);
    }
    many[2000] = '\0';
    list = amzx_split(many, ",", *state);
    for (i = 0; i < 1000; i++) {
        assert_string_equal(list[i], "x");
    }
    assert_null(list[1000]);
}

static void integers_parse_whole_or_not_at_all(void **state)
{
    static const struct {
        const char *s;
        apr_int64_t n;
    } good[] = {
        {"0", 0}, {"-0", 0}, {"+7", 7}, {"007", 7},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
    };
    static const char *const bad[] = {
        "", "-", "+", " 1", "1 ", "1.0", "0x1", "1e3", "--1",
        "9223372036854775808", "-9223372036854775809",
        "99999999999999999999999999",
    };
    apr_int64_t n;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(amzx_int_parse(&n, good[i].s), APR_SUCCESS);
        assert_true(n == good[i].n);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(amzx_int_parse(&n, bad[i]), APR_EINVAL);
        assert_true(n == 0);
    }
    assert_int_equal(amzx_int_parse(&n, NULL), APR_EINVAL);
}

/* A file of that many bytes; its path. */
static const char *file_of(size_t size, apr_pool_t *p)
{
    char *path = apr_pstrdup(p, "/tmp/amzx-test-str-XXXXXX");
    char *bytes = apr_palloc(p, size + 1);
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    memset(bytes, 'q', size + 1);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    close(fd);
    return path;
}

static void files_are_read_up_to_their_limit(void **state)
{
    static const size_t sizes[] = {0, 1, 63, 64, 65, 65535, 65536, 200000};
    apr_size_t len;
    char *bytes;
    size_t i;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const char *path = file_of(sizes[i], *state);

        assert_int_equal(
            amzx_file_read(&bytes, &len, path, sizes[i], *state),
            APR_SUCCESS);
        assert_int_equal(len, sizes[i]);
        assert_int_equal(bytes[len], '\0');
        assert_true(len == 0 || (bytes[0] == 'q' && bytes[len - 1] == 'q'));
        if (sizes[i] > 0) {
            assert_int_equal(amzx_file_read(&bytes, &len, path, sizes[i] - 1,
                                            *state),
                             APR_ENOSPC);
            assert_null(bytes);
            assert_int_equal(len, 0);
        }
        unlink(path);
    }
}

static void what_is_no_file_is_not_read(void **state)
{
    const char *fifo = file_of(0, *state);
    apr_size_t len;
    char *bytes;

    unlink(fifo);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    /* Nobody writes: a careless open would wait for ever. */
    assert_int_equal(amzx_file_read(&bytes, &len, fifo, 10, *state),
                     APR_EINVAL);
    unlink(fifo);
    assert_int_equal(amzx_file_read(&bytes, &len, "/tmp", 10, *state),
                     APR_EINVAL);
    assert_true(APR_STATUS_IS_ENOENT(
        amzx_file_read(&bytes, &len, "/nowhere/at all", 10, *state)));
    /* The kernel says size 0 here. */
    assert_int_equal(amzx_file_read(&bytes, &len, "/proc/self/status",
                                    100000, *state),
                     APR_SUCCESS);
    assert_true(len > 100);
    assert_int_equal(amzx_file_read(&bytes, &len, "/proc/self/status", 100,
                                    *state),
                     APR_ENOSPC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(a_buffer_grows_and_stays_terminated),
        POOL_TEST(printing_into_a_buffer_fits_at_every_length),
        cmocka_unit_test(utf8_is_checked_to_the_letter),
        cmocka_unit_test(characters_are_counted_not_bytes),
        cmocka_unit_test(cleaned_text_is_utf8_without_control_characters),
        POOL_TEST(printable_text_is_cut_between_characters),
        POOL_TEST(urls_keep_only_unreserved_characters),
        POOL_TEST(base64_survives_the_way_back),
        POOL_TEST(only_strict_base64_is_decoded),
        POOL_TEST(hex_is_lower_case),
        POOL_TEST(splitting_drops_empties),
        cmocka_unit_test(integers_parse_whole_or_not_at_all),
        POOL_TEST(files_are_read_up_to_their_limit),
        POOL_TEST(what_is_no_file_is_not_read),
    };

    apr_initialize();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
