/* SPDX-License-Identifier: Apache-2.0 */
/* Calendar, ISO 8601 and time zones. */
#include "base_test.h"

#include <stdlib.h>
#include <string.h>

#include "amzx_time.h"
#include "amzx_tz_rule.h"

static void every_day_of_ten_thousand_years_survives_the_way_back(
    void **state)
{
    apr_int64_t first = amzx_days_from_civil(1, 1, 1);
    apr_int64_t last = amzx_days_from_civil(9999, 12, 31);
    apr_int64_t days;
    int before = 0;

    (void)state;
    assert_int_equal(amzx_days_from_civil(1970, 1, 1), 0);
    assert_int_equal(amzx_days_from_civil(2000, 3, 1), 11017);
    for (days = first; days <= last; days++) {
        int year;
        int month;
        int day;
        int key;

        amzx_civil_from_days(&year, &month, &day, days);
        key = (year * 16 + month) * 32 + day;
        if (!amzx_civil_is_valid(year, month, day) || key <= before
            || amzx_days_from_civil(year, month, day) != days) {
            fail_msg("day %ld became %d-%d-%d", (long)days, year, month, day);
        }
        before = key;
    }
}

static void only_real_dates_are_valid(void **state)
{
    (void)state;
    assert_true(amzx_civil_is_valid(2024, 2, 29));
    assert_true(amzx_civil_is_valid(2000, 2, 29));
    assert_false(amzx_civil_is_valid(1900, 2, 29));
    assert_false(amzx_civil_is_valid(2025, 2, 29));
    assert_false(amzx_civil_is_valid(2025, 4, 31));
    assert_false(amzx_civil_is_valid(2025, 0, 1));
    assert_false(amzx_civil_is_valid(2025, 13, 1));
    assert_false(amzx_civil_is_valid(0, 1, 1));
    assert_false(amzx_civil_is_valid(10000, 1, 1));
    assert_false(amzx_civil_is_valid(2025, 1, 0));
}

static apr_time_t at(const char *s)
{
    apr_time_t t;

    if (amzx_time_parse(&t, s) != APR_SUCCESS) {
        fail_msg("refused: %s", s);
    }
    return t;
}

static void iso_times_mean_the_same_in_all_spellings(void **state)
{
    apr_time_t t = at("2026-01-31T23:59:59Z");

    (void)state;
    assert_int_equal(t, APR_INT64_C(1769903999000000));
    assert_int_equal(at("2026-01-31 23:59:59"), t);
    assert_int_equal(at("2026-01-31t23:59:59z"), t);
    assert_int_equal(at("2026-02-01T01:59:59+02:00"), t);
    assert_int_equal(at("2026-02-01T05:29:59+0530"), t);
    assert_int_equal(at("2026-01-31T18:59:59-05"), t);
    assert_int_equal(at("2026-01-31T23:59:59.5Z"), t + 500000);
    assert_int_equal(at("2026-01-31T23:59:59.123456789Z"), t + 123456);
    assert_int_equal(at("2016-12-31T23:59:60Z"), at("2017-01-01T00:00:00Z"));
    assert_true(at("0001-01-01T00:00:00Z") < 0);
    assert_true(at("9999-12-31T23:59:59.999999Z") > 0);
}

static void what_is_no_iso_time_is_refused(void **state)
{
    static const char *const bad[] = {
        "", "2026", "2026-01-31", "2026-01-31T", "2026-01-31T23:59",
        "2026-02-30T00:00:00Z", "2026-01-31T24:00:00Z",
        "2026-01-31T23:60:00Z", "2026-01-31T23:59:61Z",
        "2026-01-31T23:59:59.", "2026-01-31T23:59:59.Z",
        "2026-01-31T23:59:59.1234567890Z", "2026-01-31T23:59:59X",
        "2026-01-31T23:59:59ZZ", "2026-01-31T23:59:59+2",
        "2026-01-31T23:59:59+02:", "2026-01-31T23:59:59+24:00",
        "2026-01-31T23:59:59+02:60", "2026-01-31T23:59:59+02:00x",
        " 2026-01-31T23:59:59Z", "-2026-01-31T23:59:59Z", "2026-1-31T00:00:00",
    };
    apr_time_t t;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (amzx_time_parse(&t, bad[i]) != APR_EINVAL) {
            fail_msg("accepted: %s", bad[i]);
        }
        assert_int_equal(t, 0);
    }
    assert_int_equal(amzx_time_parse(&t, NULL), APR_EINVAL);
}

static void times_print_whole_seconds_short(void **state)
{
    char text[AMZX_TIME_TEXT];

    (void)state;
    amzx_time_text(text, at("2026-01-31T23:59:59Z"));
    assert_string_equal(text, "2026-01-31T23:59:59Z");
    amzx_time_text(text, at("2026-01-31T23:59:59.00012Z"));
    assert_string_equal(text, "2026-01-31T23:59:59.000120Z");
    amzx_time_text(text, -1);
    assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
    amzx_time_text(text, INT64_MAX);
    assert_int_equal(strlen(text), 27);
    amzx_time_text(text, INT64_MIN);
    assert_int_equal(strncmp(text, "0001-01-01T", 11), 0);
}

static void dates_parse_and_print(void **state)
{
    char text[AMZX_TIME_TEXT];
    apr_int64_t days;

    (void)state;
    assert_int_equal(amzx_date_parse(&days, "2026-02-28"), APR_SUCCESS);
    amzx_date_text(text, days + 1);
    assert_string_equal(text, "2026-03-01");
    assert_int_equal(amzx_date_parse(&days, "2026-02-29"), APR_EINVAL);
    assert_int_equal(amzx_date_parse(&days, "2026-02-28T"), APR_EINVAL);
    assert_int_equal(amzx_date_parse(&days, "26-02-28"), APR_EINVAL);
    assert_int_equal(amzx_date_parse(&days, NULL), APR_EINVAL);
    amzx_date_text(text, INT64_MAX);
    assert_string_equal(text, "9999-12-31");
    amzx_date_text(text, INT64_MIN);
    assert_string_equal(text, "0001-01-01");
}

static void durations_parse_and_print(void **state)
{
    static const struct {
        const char *in;
        apr_interval_time_t us;
        const char *out;
    } good[] = {
        {"PT0S", 0, "PT0S"},
        {"P0D", 0, "PT0S"},
        {"PT30S", 30000000, "PT30S"},
        {"PT1.5S", 1500000, "PT1.500000S"},
        {"PT0.000001S", 1, "PT0.000001S"},
        {"PT90M", APR_INT64_C(5400000000), "PT1H30M"},
        {"P2W", APR_INT64_C(1209600000000), "P14D"},
        {"P1DT2H", APR_INT64_C(93600000000), "P1DT2H"},
        {"-PT5M", -300000000, "-PT5M"},
        {"P1DT0.5S", APR_INT64_C(86400500000), "P1DT0.500000S"},
    };
    static const char *const bad[] = {
        "", "P", "PT", "T1H", "1H", "P1H", "PT1D", "P1DT", "PT1.5H",
        "PT1S1M", "PT1M1M", "P1Y", "P1M", "PT1.S", "PT.5S", "PT1S ",
        "P9999999999999D", "P999999999999D", "+PT1S", "PT-1S",
    };
    char text[AMZX_TIME_TEXT];
    apr_interval_time_t d;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(amzx_duration_parse(&d, good[i].in), APR_SUCCESS);
        assert_int_equal(d, good[i].us);
        amzx_duration_text(text, d);
        assert_string_equal(text, good[i].out);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (amzx_duration_parse(&d, bad[i]) != APR_EINVAL) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
    assert_int_equal(amzx_duration_parse(&d, NULL), APR_EINVAL);
    amzx_duration_text(text, INT64_MIN);
    assert_string_equal(text, "-P106751991DT4H54.775808S");
}

static void zones_change_their_clocks_to_the_second(void **state)
{
    static const struct {
        const char *zone;
        const char *when;
        int before;
        int after;
    } changes[] = {
        {"Europe/London", "2026-03-29T01:00:00Z", 0, 3600},
        {"Europe/London", "2026-10-25T01:00:00Z", 3600, 0},
        {"Europe/London", "2045-03-26T01:00:00Z", 0, 3600},
        {"Europe/London", "2045-10-29T01:00:00Z", 3600, 0},
        {"America/New_York", "2026-03-08T07:00:00Z", -18000, -14400},
        {"America/New_York", "2026-11-01T06:00:00Z", -14400, -18000},
        {"America/New_York", "2045-03-12T07:00:00Z", -18000, -14400},
        {"America/New_York", "2007-03-11T07:00:00Z", -18000, -14400},
        {"Australia/Sydney", "2026-04-04T16:00:00Z", 39600, 36000},
        {"Australia/Sydney", "2026-10-03T16:00:00Z", 36000, 39600},
        {"Australia/Sydney", "2045-04-01T16:00:00Z", 39600, 36000},
        {"Australia/Sydney", "2045-09-30T16:00:00Z", 36000, 39600},
    };
    const amzx_tz_t *tz;
    size_t i;

    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        apr_time_t t = at(changes[i].when);

        assert_int_equal(amzx_tz_load(&tz, changes[i].zone, *state),
                         APR_SUCCESS);
        assert_int_equal(amzx_tz_offset(tz, t - 1), changes[i].before);
        assert_int_equal(amzx_tz_offset(tz, t), changes[i].after);
    }
}

static void zones_without_summer_time_stay(void **state)
{
    const amzx_tz_t *tz;

    assert_int_equal(amzx_tz_load(&tz, "Asia/Kolkata", *state), APR_SUCCESS);
    assert_int_equal(amzx_tz_offset(tz, at("2026-07-01T00:00:00Z")), 19800);
    assert_int_equal(amzx_tz_offset(tz, at("2045-01-01T00:00:00Z")), 19800);
    assert_int_equal(amzx_tz_load(&tz, "UTC", *state), APR_SUCCESS);
    assert_int_equal(amzx_tz_offset(tz, at("2045-07-01T00:00:00Z")), 0);
    assert_int_equal(amzx_tz_day(tz, -1), -1);
    assert_int_equal(amzx_tz_day(tz, 0), 0);
}

static void the_day_is_the_day_of_the_zone(void **state)
{
    const amzx_tz_t *tz;
    char text[AMZX_TIME_TEXT];

    assert_int_equal(amzx_tz_load(&tz, "Australia/Sydney", *state),
                     APR_SUCCESS);
    amzx_date_text(text, amzx_tz_day(tz, at("2026-01-31T13:00:00Z")));
    assert_string_equal(text, "2026-02-01");
    assert_int_equal(amzx_tz_load(&tz, "America/New_York", *state),
                     APR_SUCCESS);
    amzx_date_text(text, amzx_tz_day(tz, at("2026-02-01T04:59:59Z")));
    assert_string_equal(text, "2026-01-31");
    assert_int_equal(amzx_tz_load(&tz, "Europe/London", *state), APR_SUCCESS);
    amzx_date_text(text, amzx_tz_day(tz, at("2026-06-30T23:30:00Z")));
    assert_string_equal(text, "2026-07-01");
}

static void zone_names_cannot_leave_their_folder(void **state)
{
    static const char *const bad[] = {
        "", "/etc/passwd", "../../etc/passwd", "Europe/../../x", "..",
        "Europe/", "Europe//London", ".hidden", "Europe/.x", "a b",
        "Europe/London\n", "Euro\xc3\xa9",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    const amzx_tz_t *tz;
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (amzx_tz_load(&tz, bad[i], *state) != APR_EINVAL) {
            fail_msg("accepted: %s", bad[i]);
        }
        assert_null(tz);
    }
    assert_int_equal(amzx_tz_load(&tz, NULL, *state), APR_EINVAL);
    assert_int_equal(amzx_tz_load(&tz, "Europe/Nowhere", *state), APR_ENOENT);
    assert_int_equal(amzx_tz_load(&tz, "Europe/London/x", *state),
                     APR_ENOENT);
    assert_int_equal(amzx_tz_load(&tz, "Europe", *state), APR_EINVAL);
    assert_int_equal(amzx_tz_load(&tz, "tzdata.zi", *state), APR_EINVAL);
}

static void cut_and_damaged_zone_files_are_refused(void **state)
{
    /* Two types, one change, a footer; version 1 block empty but a type. */
    static const char good[] =
        "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
        "\0\0\0\0\0\0UTC\0"
        "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\2\0\0\0\4"
        "\0\0\0\0\0\0\0\144\1\0\0\0\0\0\0\0\0\16\20\1\0UTC\0"
        "\nAAA-1\n";
    apr_size_t len = sizeof(good) - 1;
    const amzx_tz_t *tz;
    apr_size_t i;

    assert_int_equal(amzx_tz_parse(&tz, good, len, *state), APR_SUCCESS);
    assert_int_equal(amzx_tz_offset(tz, apr_time_from_sec(99)), 0);
    assert_int_equal(amzx_tz_offset(tz, apr_time_from_sec(100)), 3600);
    for (i = 0; i < len; i++) {
        char *copy = malloc(i + 1);

        memcpy(copy, good, i);
        assert_int_equal(amzx_tz_parse(&tz, copy, i, *state), APR_EINVAL);
        free(copy);
    }
    for (i = 0; i < len; i++) {
        char *copy = malloc(len);
        int k;

        /* Any answer but a crash; the sanitizers watch. */
        for (k = 0; k < 256; k += 5) {
            memcpy(copy, good, len);
            copy[i] = (char)k;
            if (amzx_tz_parse(&tz, copy, len, *state) == APR_SUCCESS) {
                amzx_tz_offset(tz, apr_time_from_sec(1000000000));
            }
        }
        free(copy);
    }
}

static void rules_of_all_kinds_give_their_offsets(void **state)
{
    static const struct {
        const char *rule;
        const char *when;
        int offset;
    } good[] = {
        {"UTC0", "2030-07-01T00:00:00Z", 0},
        {"<+0330>-3:30", "2030-07-01T00:00:00Z", 12600},
        {"EST5EDT,M3.2.0,M11.1.0", "2030-07-01T00:00:00Z", -14400},
        {"EST5EDT,M3.2.0,M11.1.0", "2030-12-01T00:00:00Z", -18000},
        /* Half an hour of summer time, in the south. */
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2030-12-31T23:59:59Z",
         39600},
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2030-07-01T00:00:00Z",
         37800},
        /* Day 60 is March 1 in every year with J, February 29 without. */
        {"AAA0BBB,J60/0,J61/0", "2028-02-29T12:00:00Z", 0},
        {"AAA0BBB,J60/0,J61/0", "2028-03-01T12:00:00Z", 3600},
        {"AAA0BBB,59/0,60/0", "2028-02-29T12:00:00Z", 3600},
        /* Negative times: the evening before. */
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2030-03-31T00:30:00Z", -7200},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2030-03-31T01:00:00Z", -3600},
    };
    static const char *const bad[] = {
        "", "A", "UTC", "UTC0BBB", "UTC25", "<UTC0", "<>0", "UTC0,",
        "EST5EDT,M3.2.0", "EST5EDT,M13.2.0,M11.1.0",
        "EST5EDT,M3.6.0,M11.1.0", "EST5EDT,M3.2.7,M11.1.0",
        "EST5EDT,M3.2.0/168,M11.1.0", "EST5EDT,J0,J1", "EST5EDT,366,1",
        "EST5EDT,M3.2.0,M11.1.0x", "EST5:60EDT,M3.2.0,M11.1.0",
    };
    amzx_tz_rule_t rule;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int offset;

        assert_int_equal(amzx_tz_rule_parse(&rule, good[i].rule),
                         APR_SUCCESS);
        offset = amzx_tz_rule_offset(&rule, at(good[i].when) / 1000000);
        if (offset != good[i].offset) {
            fail_msg("%s at %s: %d", good[i].rule, good[i].when, offset);
        }
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (amzx_tz_rule_parse(&rule, bad[i]) != APR_EINVAL) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            every_day_of_ten_thousand_years_survives_the_way_back),
        cmocka_unit_test(only_real_dates_are_valid),
        cmocka_unit_test(iso_times_mean_the_same_in_all_spellings),
        cmocka_unit_test(what_is_no_iso_time_is_refused),
        cmocka_unit_test(times_print_whole_seconds_short),
        cmocka_unit_test(dates_parse_and_print),
        cmocka_unit_test(durations_parse_and_print),
        POOL_TEST(zones_change_their_clocks_to_the_second),
        POOL_TEST(zones_without_summer_time_stay),
        POOL_TEST(the_day_is_the_day_of_the_zone),
        POOL_TEST(zone_names_cannot_leave_their_folder),
        POOL_TEST(cut_and_damaged_zone_files_are_refused),
        cmocka_unit_test(rules_of_all_kinds_give_their_offsets),
    };

    apr_initialize();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
