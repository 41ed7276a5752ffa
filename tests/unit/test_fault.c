/* SPDX-License-Identifier: Apache-2.0 */
/* Faults: filling, cleaning, naming, matching. */
#include "base_test.h"

#include <string.h>

#include "amzx_fault.h"
#include "amzx_str.h"

static void a_fault_keeps_what_it_was_told(void **state)
{
    amzx_fault_t f;

    (void)state;
    assert_int_equal(amzx_fault_set(&f, AMZX_FAULT_THROTTLED, APR_EAGAIN,
                                    "rate_limited.minute", "wait %d s", 7),
                     APR_EAGAIN);
    assert_int_equal(f.klass, AMZX_FAULT_THROTTLED);
    assert_int_equal(f.status, APR_EAGAIN);
    assert_string_equal(f.code, "rate_limited.minute");
    assert_string_equal(f.detail, "wait 7 s");
    assert_string_equal(f.place, "");
    assert_true(f.retry_after_us == -1);
    amzx_fault_at(&f, "%s:%d:%d", "a.xml", 3, 4);
    assert_string_equal(f.place, "a.xml:3:4");
    amzx_fault_clear(&f);
    assert_int_equal(f.klass, AMZX_FAULT_NONE);
    assert_string_equal(f.code, "");
    assert_string_equal(f.place, "");
}

static void success_never_comes_out_of_setting_a_fault(void **state)
{
    amzx_fault_t f;

    (void)state;
    assert_int_equal(amzx_fault_set(&f, AMZX_FAULT_BUG, APR_SUCCESS, "bug",
                                    "x"),
                     APR_EGENERAL);
    assert_int_equal(f.status, APR_EGENERAL);
    assert_int_equal(amzx_fault_set(NULL, AMZX_FAULT_BUG, APR_SUCCESS, "bug",
                                    "x"),
                     APR_EGENERAL);
    amzx_fault_at(NULL, "x");
    amzx_fault_clear(NULL);
    amzx_fault_set(&f, AMZX_FAULT_BUG, APR_EINVAL, NULL, "x");
    assert_string_equal(f.code, "bug");
}

static void a_fault_can_wrap_itself(void **state)
{
    amzx_fault_t f;

    (void)state;
    amzx_fault_set(&f, AMZX_FAULT_REJECTED, APR_EINVAL, "a.b", "inner");
    amzx_fault_at(&f, "here");
    amzx_fault_set(&f, f.klass, f.status, f.code, "outer at %s: %s", f.place,
                   f.detail);
    assert_string_equal(f.code, "a.b");
    assert_string_equal(f.detail, "outer at here: inner");
}

static void details_are_one_clean_line(void **state)
{
    amzx_fault_t f;

    (void)state;
    amzx_fault_set(&f, AMZX_FAULT_REJECTED, APR_EINVAL, "a\nb",
                   "%s", "x\ny\tz\x1b[31m\x7f\xc2\x85\xff\xc3\xa9");
    assert_string_equal(f.code, "a?b");
    assert_string_equal(f.detail, "x y z [31m  ?\xc3\xa9");
}

static void long_details_are_cut_between_characters(void **state)
{
    char text[1200];
    amzx_fault_t f;
    size_t i;

    (void)state;
    for (i = 0; i + 2 < sizeof(text); i += 2) {
        memcpy(text + i, "\xc3\xa9", 2);
    }
    text[i] = '\0';
    amzx_fault_set(&f, AMZX_FAULT_REJECTED, APR_EINVAL, text, "x%s", text);
    assert_int_equal(strlen(f.detail), sizeof(f.detail) - 1);
    assert_true(amzx_utf8_is_valid(f.detail, strlen(f.detail)));
    assert_true(amzx_utf8_is_valid(f.code, strlen(f.code)));
    assert_int_equal(strlen(f.code), sizeof(f.code) - 2);
    amzx_fault_set(&f, AMZX_FAULT_REJECTED, APR_EINVAL, "a", "%s", text);
    assert_int_equal(strlen(f.detail), sizeof(f.detail) - 2);
    amzx_fault_at(&f, "%s", text);
    assert_true(amzx_utf8_is_valid(f.place, strlen(f.place)));
}

static void class_names_lead_both_ways(void **state)
{
    static const char *const names[] = {"none",     "transient", "throttled",
                                        "auth",     "rejected",  "unknown",
                                        "config",   "bug"};
    int i;

    (void)state;
    for (i = AMZX_FAULT_NONE; i <= AMZX_FAULT_BUG; i++) {
        assert_string_equal(amzx_fault_class_name((amzx_fault_class_e)i),
                            names[i]);
        assert_int_equal(amzx_fault_class_of(names[i]), i);
    }
    assert_string_equal(amzx_fault_class_name((amzx_fault_class_e)99), "bug");
    assert_string_equal(amzx_fault_class_name((amzx_fault_class_e)-1), "bug");
    assert_int_equal(amzx_fault_class_of("odd"), AMZX_FAULT_BUG);
    assert_int_equal(amzx_fault_class_of(""), AMZX_FAULT_BUG);
    assert_int_equal(amzx_fault_class_of(NULL), AMZX_FAULT_BUG);
}

static void codes_match_by_whole_parts(void **state)
{
    (void)state;
    assert_true(amzx_fault_matches("network.timeout", "network"));
    assert_true(amzx_fault_matches("network", "network"));
    assert_true(amzx_fault_matches("network.timeout", "network.timeout"));
    assert_true(amzx_fault_matches("a.b.c", "x y.z a.b"));
    assert_true(amzx_fault_matches("a.b.c", "\t x\n a "));
    assert_true(amzx_fault_matches("anything", "*"));
    assert_true(amzx_fault_matches("anything", "x *"));
    assert_false(amzx_fault_matches("networks.timeout", "network"));
    assert_false(amzx_fault_matches("network", "network.timeout"));
    assert_false(amzx_fault_matches("network.timeouts", "network.timeout"));
    assert_false(amzx_fault_matches("a", ""));
    assert_false(amzx_fault_matches("a", "  "));
    assert_false(amzx_fault_matches("a", "a.*"));
    assert_false(amzx_fault_matches("", "a"));
    assert_false(amzx_fault_matches(NULL, "a"));
    assert_false(amzx_fault_matches("a", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_keeps_what_it_was_told),
        cmocka_unit_test(success_never_comes_out_of_setting_a_fault),
        cmocka_unit_test(a_fault_can_wrap_itself),
        cmocka_unit_test(details_are_one_clean_line),
        cmocka_unit_test(long_details_are_cut_between_characters),
        cmocka_unit_test(class_names_lead_both_ways),
        cmocka_unit_test(codes_match_by_whole_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
