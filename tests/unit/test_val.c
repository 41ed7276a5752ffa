/* SPDX-License-Identifier: Apache-2.0 */
/* The value tree. */
#include "base_test.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "amzx_val.h"

static void makers_make_what_they_say(void **state)
{
    apr_pool_t *p = *state;
    const char *raw = "not copied";
    const amzx_val_t *v;
    apr_int64_t n;

    assert_ptr_equal(amzx_val_bool(5), &amzx_val_true);
    assert_ptr_equal(amzx_val_bool(0), &amzx_val_false);
    assert_ptr_equal(amzx_val_str(NULL, p), &amzx_val_null);
    assert_string_equal(amzx_val_text(amzx_val_str("", p), NULL), "");
    v = amzx_val_strn("abcdef", 3, p);
    assert_string_equal(v->u.str.s, "abc");
    assert_int_equal(v->u.str.len, 3);
    assert_ptr_equal(amzx_val_str_ref(raw, 10, p)->u.str.s, raw);
    assert_int_equal(amzx_dec_to_int(&n, amzx_val_int(-7, p)->u.num),
                     APR_SUCCESS);
    assert_true(n == -7);
    assert_int_equal(amzx_val_date(5, p)->u.days, 5);
    assert_int_equal(amzx_val_datetime(6, p)->u.time_us, 6);
    assert_int_equal(amzx_val_duration(7, p)->u.span_us, 7);
    assert_int_equal(amzx_val_type(amzx_val_duration(7, p)), AMZX_DURATION);
    assert_int_equal(amzx_val_type(NULL), AMZX_NULL);
}

static void lists_grow_in_order(void **state)
{
    amzx_val_t *list = amzx_val_list(0, *state);
    int i;

    for (i = 0; i < 1000; i++) {
        amzx_val_push(list, amzx_val_int(i, *state), *state);
    }
    amzx_val_push(list, NULL, *state);
    assert_int_equal(amzx_val_count(list), 1001);
    for (i = 0; i < 1000; i++) {
        apr_int64_t n;

        amzx_dec_to_int(&n, amzx_val_at(list, (apr_size_t)i)->u.num);
        assert_true(n == i);
    }
    assert_true(amzx_val_is_null(amzx_val_at(list, 1000)));
    assert_ptr_equal(amzx_val_at(list, 1001), &amzx_val_null);
}

static void objects_find_their_members_at_every_size(void **state)
{
    amzx_val_t *obj = amzx_val_obj(0, *state);
    char name[32];
    int i;
    int k;

    for (i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "member%d", i);
        amzx_val_put(obj, name, amzx_val_int(i, *state), *state);
        for (k = 0; k <= i; k++) {
            apr_int64_t n = -1;

            snprintf(name, sizeof(name), "member%d", k);
            amzx_dec_to_int(&n, amzx_val_get(obj, name)->u.num);
            assert_true(n == k);
        }
        assert_ptr_equal(amzx_val_get(obj, "member"), &amzx_val_null);
        assert_ptr_equal(amzx_val_get(obj, ""), &amzx_val_null);
    }
    assert_int_equal(amzx_val_count(obj), 40);
    assert_ptr_equal(amzx_val_getn(obj, "member7xyz", 7,
                                   amzx_val_hash("member7", 7)),
                     amzx_val_get(obj, "member7"));
}

static void putting_again_replaces_in_place(void **state)
{
    amzx_val_t *obj = amzx_val_obj(1, *state);
    char name[] = "b";

    amzx_val_put_str(obj, "a", "1", *state);
    amzx_val_put(obj, name, &amzx_val_true, *state);
    amzx_val_put_ref(obj, "c", NULL, *state);
    name[0] = 'x'; /* the name was copied */
    amzx_val_put_str(obj, "a", NULL, *state);
    amzx_val_put(obj, "b", &amzx_val_false, *state);
    assert_int_equal(amzx_val_count(obj), 3);
    assert_string_equal(obj->u.obj.member[0].name, "a");
    assert_true(amzx_val_is_null(obj->u.obj.member[0].val));
    assert_string_equal(obj->u.obj.member[1].name, "b");
    assert_ptr_equal(amzx_val_get(obj, "b"), &amzx_val_false);
    assert_true(amzx_val_is_null(amzx_val_get(obj, "c")));
}

static void readers_answer_null_instead_of_failing(void **state)
{
    const amzx_val_t *num = amzx_val_int(1, *state);
    amzx_dec_t d;

    assert_ptr_equal(amzx_val_get(NULL, "a"), &amzx_val_null);
    assert_ptr_equal(amzx_val_get(num, "a"), &amzx_val_null);
    assert_ptr_equal(amzx_val_get_nocase(num, "a"), &amzx_val_null);
    assert_ptr_equal(amzx_val_get_nocase(NULL, "a"), &amzx_val_null);
    assert_ptr_equal(amzx_val_getn(NULL, "a", 1, 0), &amzx_val_null);
    assert_ptr_equal(amzx_val_at(num, 0), &amzx_val_null);
    assert_ptr_equal(amzx_val_at(NULL, 0), &amzx_val_null);
    assert_ptr_equal(amzx_val_path(NULL, "a.b"), &amzx_val_null);
    assert_int_equal(amzx_val_count(num), 0);
    assert_int_equal(amzx_val_count(NULL), 0);
    assert_string_equal(amzx_val_text(num, "x"), "x");
    assert_null(amzx_val_text(NULL, NULL));
    assert_int_equal(amzx_val_truth(num, 7), 7);
    assert_int_equal(amzx_val_truth(&amzx_val_true, 7), 1);
    assert_true(amzx_val_is_null(NULL));
    assert_int_equal(amzx_val_dec(&d, NULL), APR_EINVAL);
}

static void names_match_without_case_only_when_asked(void **state)
{
    amzx_val_t *obj = amzx_val_obj(2, *state);

    amzx_val_put_str(obj, "NotificationType", "a", *state);
    amzx_val_put_str(obj, "notificationtype", "b", *state);
    assert_true(amzx_val_is_null(amzx_val_get(obj, "notificationType")));
    assert_string_equal(
        amzx_val_text(amzx_val_get_nocase(obj, "notificationTYPE"), ""), "a");
    assert_string_equal(
        amzx_val_text(amzx_val_get_nocase(obj, "notificationtype"), ""), "b");
}

static void paths_walk_objects_and_lists(void **state)
{
    apr_pool_t *p = *state;
    amzx_val_t *root = amzx_val_obj(1, p);
    amzx_val_t *list = amzx_val_list(1, p);
    amzx_val_t *item = amzx_val_obj(1, p);

    amzx_val_put_str(item, "c", "deep", p);
    amzx_val_put_str(item, "0", "zero", p);
    amzx_val_push(list, &amzx_val_null, p);
    amzx_val_push(list, item, p);
    amzx_val_put(root, "a", list, p);
    assert_string_equal(amzx_val_text(amzx_val_path(root, "a.1.c"), ""),
                        "deep");
    assert_string_equal(amzx_val_text(amzx_val_path(root, "a.1.0"), ""),
                        "zero");
    assert_ptr_equal(amzx_val_path(root, ""), root);
    assert_true(amzx_val_is_null(amzx_val_path(root, "a.x.c")));
    assert_true(amzx_val_is_null(amzx_val_path(root, "a.2.c")));
    assert_true(amzx_val_is_null(amzx_val_path(root, "a.-1.c")));
    assert_true(amzx_val_is_null(amzx_val_path(root, "a..c")));
    assert_true(
        amzx_val_is_null(amzx_val_path(root, "a.99999999999999999999")));
    assert_true(amzx_val_is_null(amzx_val_path(root, "a.1.c.d.e.f")));
}

static void numbers_are_read_from_numbers_and_texts(void **state)
{
    apr_pool_t *p = *state;
    char text[AMZX_DEC_TEXT];
    amzx_dec_t d;

    assert_int_equal(amzx_val_dec(&d, amzx_val_str("12.50", p)), APR_SUCCESS);
    amzx_dec_text(text, d);
    assert_string_equal(text, "12.50");
    assert_int_equal(amzx_val_dec(&d, amzx_val_int(3, p)), APR_SUCCESS);
    assert_int_equal(amzx_val_dec(&d, amzx_val_str("12,50", p)), APR_EINVAL);
    assert_int_equal(amzx_val_dec(&d, amzx_val_str("", p)), APR_EINVAL);
    assert_int_equal(amzx_val_dec(&d, amzx_val_str("1e99", p)), APR_ERANGE);
    assert_int_equal(amzx_val_dec(&d, &amzx_val_true), APR_EINVAL);
}

static amzx_dec_t dec(const char *s)
{
    amzx_dec_t d;

    assert_int_equal(amzx_dec_parse(&d, s, strlen(s)), APR_SUCCESS);
    return d;
}

static void equality_is_by_value_and_type(void **state)
{
    apr_pool_t *p = *state;
    const amzx_val_t *a = amzx_val_num(dec("1.10"), p);

    assert_true(amzx_val_equal(a, amzx_val_num(dec("1.1"), p)));
    assert_false(amzx_val_equal(a, amzx_val_str("1.1", p)));
    assert_true(amzx_val_equal(NULL, &amzx_val_null));
    assert_false(amzx_val_equal(NULL, &amzx_val_false));
    assert_false(amzx_val_equal(&amzx_val_true, &amzx_val_false));
    assert_true(amzx_val_equal(amzx_val_strn("ab", 2, p),
                               amzx_val_str("ab", p)));
    assert_false(amzx_val_equal(amzx_val_str("ab", p),
                                amzx_val_str("abc", p)));
    assert_false(amzx_val_equal(amzx_val_date(1, p), amzx_val_date(2, p)));
    assert_false(amzx_val_equal(amzx_val_date(1, p), amzx_val_datetime(1, p)));
    assert_true(amzx_val_equal(amzx_val_datetime(1, p),
                               amzx_val_datetime(1, p)));
    assert_false(amzx_val_equal(amzx_val_duration(1, p),
                                amzx_val_duration(2, p)));
}

/* An object of n members, in one order or the other, member `odd` unlike. */
static amzx_val_t *object_of(int n, int is_reversed, int odd, apr_pool_t *p)
{
    amzx_val_t *obj = amzx_val_obj(0, p);
    int i;

    for (i = 0; i < n; i++) {
        int k = is_reversed ? n - 1 - i : i;

        amzx_val_put(obj, apr_psprintf(p, "m%d", k),
                     amzx_val_int(k == odd ? -1 : k, p), p);
    }
    return obj;
}

static void objects_are_equal_in_any_order(void **state)
{
    static const int sizes[] = {0, 1, 5, 8, 9, 33, 34, 200};
    apr_pool_t *p = *state;
    size_t i;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        int n = sizes[i];
        amzx_val_t *a = object_of(n, 0, -1, p);

        assert_true(amzx_val_equal(a, object_of(n, 0, -1, p)));
        assert_true(amzx_val_equal(a, object_of(n, 1, -1, p)));
        assert_false(amzx_val_equal(a, object_of(n + 1, 1, -1, p)));
        if (n > 0) {
            amzx_val_t *b = object_of(n, 1, -1, p);

            assert_false(amzx_val_equal(a, object_of(n, 0, n - 1, p)));
            assert_false(amzx_val_equal(a, object_of(n, 1, 0, p)));
            b->u.obj.member[n / 2].name = "other";
            b->u.obj.member[n / 2].len = 5;
            b->u.obj.member[n / 2].hash = amzx_val_hash("other", 5);
            assert_false(amzx_val_equal(a, b));
        }
    }
}

static void large_shuffled_objects_compare_in_good_time(void **state)
{
    amzx_val_t *a = amzx_val_obj(100000, *state);
    amzx_val_t *b = amzx_val_obj(100000, *state);
    int i;

    /* Member by member: putting would search each time. */
    for (i = 0; i < 100000; i++) {
        amzx_member_t *m = &a->u.obj.member[i];

        m->name = apr_psprintf(*state, "%d", i);
        m->len = (apr_uint32_t)strlen(m->name);
        m->hash = amzx_val_hash(m->name, m->len);
        m->val = &amzx_val_true;
        b->u.obj.member[99999 - i] = *m;
    }
    a->u.obj.count = b->u.obj.count = 100000;
    assert_true(amzx_val_equal(a, b));
}

static void a_copy_lives_in_its_own_pool(void **state)
{
    apr_pool_t *p = *state;
    apr_pool_t *other;
    amzx_val_t *obj;
    amzx_val_t *list;
    const amzx_val_t *copy;
    const amzx_val_t *same;

    apr_pool_create(&other, NULL);
    obj = object_of(12, 0, -1, other);
    list = amzx_val_list(0, other);
    amzx_val_push(list, amzx_val_str("text", other), other);
    amzx_val_push(list, amzx_val_date(9, other), other);
    amzx_val_push(list, &amzx_val_true, other);
    amzx_val_push(list, NULL, other);
    amzx_val_put(obj, "list", list, other);
    copy = amzx_val_copy(obj, p);
    assert_true(amzx_val_equal(copy, obj));
    apr_pool_destroy(other);
    assert_int_equal(amzx_val_count(copy), 13);
    assert_string_equal(amzx_val_text(amzx_val_path(copy, "list.0"), ""),
                        "text");
    same = amzx_val_get(copy, "m11");
    assert_true(amzx_val_equal(same, amzx_val_int(11, p)));
    assert_ptr_equal(amzx_val_copy(NULL, p), &amzx_val_null);
}

static void types_have_names_for_people(void **state)
{
    (void)state;
    assert_string_equal(amzx_val_type_name(AMZX_NULL), "null");
    assert_string_equal(amzx_val_type_name(AMZX_STR), "text");
    assert_string_equal(amzx_val_type_name(AMZX_NUM), "number");
    assert_string_equal(amzx_val_type_name(AMZX_DURATION), "duration");
    assert_string_equal(amzx_val_type_name((amzx_val_e)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(makers_make_what_they_say),
        POOL_TEST(lists_grow_in_order),
        POOL_TEST(objects_find_their_members_at_every_size),
        POOL_TEST(putting_again_replaces_in_place),
        POOL_TEST(readers_answer_null_instead_of_failing),
        POOL_TEST(names_match_without_case_only_when_asked),
        POOL_TEST(paths_walk_objects_and_lists),
        POOL_TEST(numbers_are_read_from_numbers_and_texts),
        POOL_TEST(equality_is_by_value_and_type),
        POOL_TEST(objects_are_equal_in_any_order),
        POOL_TEST(large_shuffled_objects_compare_in_good_time),
        POOL_TEST(a_copy_lives_in_its_own_pool),
        cmocka_unit_test(types_have_names_for_people),
    };

    apr_initialize();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
