/* SPDX-License-Identifier: Apache-2.0 */
/* Mapping rules, conversions, and the memory of values. */
#include "machine_case.h"

#include "amzx_keep.h"
#include "amzx_model.h"

#define MAP(rules)                                                           \
    STEPS("<map id='m'>" rules "</map><log id='l' message='{{ m }}'/>")

static void gives(const char *xml, const char *json)
{
    host_t *h = with(xml);

    host_go(h);
    assert_string_equal(h->detail, "");
    assert_string_equal(h->outcome, "done");
    value_is(h, "m", json);
}

static void fails(const char *xml, const char *code, const char *detail)
{
    host_t *h = with(xml);

    host_go_dead(h);
    assert_string_equal(h->outcome, "dead");
    assert_string_equal(h->code, code);
    if (!strstr(h->detail, detail)) {
        fail_msg("%s is not in: %s", detail, h->detail);
    }
}

static void paths_make_the_objects_on_their_way(void **state)
{
    (void)state;
    gives(MAP("<field to='A.B.C' value='{{ 1 }}'/>"
              "<field to='A.B.D' value='x'/><field to='A.E' value='y'/>"),
          "{\"A\":{\"B\":{\"C\":1,\"D\":\"x\"},\"E\":\"y\"}}");
    gives(MAP("<field to='A' value='{{ {x: 1} }}'/>"
              "<field to='A.y' value='{{ 2 }}'/>"),
          "{\"A\":{\"x\":1,\"y\":2}}");
    gives(MAP("<object to='O.P'><field to='Q' value='1'/></object>"
              "<object to='N' if='{{ false }}'/>"),
          "{\"O\":{\"P\":{\"Q\":\"1\"}}}");
}

static void a_point_is_the_place_itself(void **state)
{
    (void)state;
    gives(MAP("<field to='.' value='{{ {a: 1, b: 2} }}'/>"
              "<field to='b' value='{{ 3 }}'/>"), "{\"a\":1,\"b\":3}");
    gives(MAP("<list to='L'><item><field to='.' value='x'/></item>"
              "<item if='{{ false }}'/><item/></list>"),
          "{\"L\":[\"x\",{}]}");
}

static void lists_take_items_groups_and_positions(void **state)
{
    (void)state;
    gives(MAP("<list to='L'><each in=\"{{ ['a', 'b'] }}\" as='x' index='i' "
              "if=\"{{ x != 'a' or i == 0 }}\"><let name='n' "
              "value='{{ i * 10 }}'/><field to='v' value='{{ x }}{{ n }}'/>"
              "</each></list>"),
          "{\"L\":[{\"v\":\"a0\"},{\"v\":\"b10\"}]}");
    gives(MAP("<list to='L'><each in='{{ [{k: 1, v: 5}, {k: 2, v: 6}, "
              "{k: 1, v: 7}] }}' as='g' group-by='{{ g.k }}'>"
              "<field to='k' value='{{ g.key }}'/>"
              "<field to='s' value='{{ g.items.sum(x => x.v) }}'/></each>"
              "</list>"),
          "{\"L\":[{\"k\":1,\"s\":12},{\"k\":2,\"s\":6}]}");
    gives(MAP("<list to='L'><each in='{{ null }}' as='x'/></list>"),
          "{\"L\":[]}");
    fails(MAP("<list to='L'><each in='{{ 5 }}' as='x'/></list>"),
          "mapping.type", "expected list, got number");
}

static void null_is_left_out_kept_or_an_error(void **state)
{
    (void)state;
    gives(MAP("<field to='a' value='{{ null }}'/>"
              "<field to='b' value='{{ null }}' null='keep'/>"
              "<field to='c' value='{{ null }}' type='decimal' scale='2'/>"),
          "{\"b\":null}");
    fails(MAP("<field to='X.y' value='{{ null }}' null='error'/>"),
          "mapping.null", "X.y has no value");
}

static void divisions_are_rounded_once(void **state)
{
    (void)state;
    gives(MAP("<field to='a' value='{{ 10 / 3 }}' scale='2'/>"
              "<field to='b' value='{{ 2.345 }}' scale='2'/>"
              "<field to='c' value='{{ 2.345 }}' scale='2' "
              "round='half-even'/>"
              "<field to='d' value='{{ 2.349 }}' scale='2' round='down'/>"
              "<field to='e' value='{{ 5 }}' type='decimal' scale='2'/>"
              /* at 18 digits this is 0.005 exactly: rounding it again would
               * go up */
              "<field to='f' value='{{ 4999999999999999999999 / "
              "1000000000000000000000000 }}' scale='2'/>"),
          "{\"a\":3.33,\"b\":2.35,\"c\":2.34,\"d\":2.34,\"e\":5.00,"
          "\"f\":0.00}");
}

static void text_is_cut_between_characters(void **state)
{
    (void)state;
    gives(MAP("<field to='a' value='Z\xc3\xbcrich' max-length='2'/>"
              "<field to='b' value='ab' max-length='5'/>"),
          "{\"a\":\"Z\xc3\xbc\",\"b\":\"ab\"}");
}

static void values_are_converted_to_their_type(void **state)
{
    (void)state;
    gives(MAP("<field to='s' value='{{ 1.50 }}' type='string'/>"
              "<field to='d' value='1.50' type='decimal'/>"
              "<field to='i' value='{{ 3.00 }}' type='integer'/>"
              "<field to='b' value='true' type='boolean'/>"
              "<field to='t' value='2026-02-01T23:30:00Z' type='date'/>"
              "<field to='u' value='2026-02-01T23:30:00+01:00' "
              "type='datetime'/>"
              "<field to='p' value='PT90S' type='duration'/>"
              "<field to='c' value='JPY' type='currency'/>"
              "<field to='l' value='GB' type='country'/>"),
          "{\"s\":\"1.50\",\"d\":1.50,\"i\":3,\"b\":true,"
          "\"t\":\"2026-02-01\",\"u\":\"2026-02-01T22:30:00Z\","
          "\"p\":\"PT1M30S\",\"c\":\"JPY\",\"l\":\"GB\"}");
}

static void what_does_not_convert_names_its_target_only(void **state)
{
    static const char *const types[] = { "decimal", "integer", "boolean",
        "date", "datetime", "duration", "currency", "country", "object",
        "list" };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        host_t *h = with(apr_pstrcat(host_root,
            HEAD "<steps><map id='m'><field to='Q' value='secret' type='",
            types[i], "'/></map><log id='l' message='{{ m }}'/></steps>"
            TAIL, NULL));

        host_go_dead(h);
        assert_string_equal(h->code, "mapping.type");
        assert_non_null(strstr(h->detail, "Q: expected "));
        assert_null(strstr(h->detail, "secret"));
    }
    fails(MAP("<field to='n' value='{{ 1.5 }}' type='integer'/>"),
          "mapping.type", "n: expected integer");
    fails(MAP("<field to='n' value='ABC' type='currency'/>"),
          "mapping.type", "n: expected currency");
}

static void kept_values_share_what_is_kept(void **state)
{
    amzx_keep_t *k = amzx_keep_make(host_root);
    const amzx_val_t *a = amzx_keep(k, host_json(
        "{\"x\":{\"y\":[1,\"two\",null,true]},\"z\":\"t\"}", host_root));
    amzx_val_t *b = amzx_val_obj(2, host_root);
    const amzx_val_t *kept;

    (void)state;
    amzx_val_put_ref(b, "part", amzx_val_get(a, "x"), host_root);
    kept = amzx_keep(k, b);
    assert_ptr_equal(amzx_val_get(kept, "part"), amzx_val_get(a, "x"));
    assert_ptr_not_equal(kept, b);
    assert_string_equal(host_text(kept, host_root),
                        "{\"part\":{\"y\":[1,\"two\",null,true]}}");
}

static void settled_values_are_as_the_journal_has_them(void **state)
{
    amzx_keep_t *k = amzx_keep_make(host_root);
    amzx_val_t *v = amzx_val_obj(4, host_root);
    const amzx_val_t *kept;
    int i;

    (void)state;
    amzx_val_put(v, "day", amzx_val_date(20485, host_root), host_root);
    amzx_val_put_str(v, "a", "1", host_root);
    amzx_val_put_str(v, "ab", "2", host_root);
    kept = amzx_keep_settled(k, v, "ab day");
    assert_int_equal(amzx_val_type(amzx_val_get(kept, "day")), AMZX_STR);
    assert_string_equal(host_text(kept, host_root),
                        "{\"day\":\"2026-02-01\",\"ab\":\"2\"}");
    assert_true(amzx_val_equal(amzx_keep_settled(k, v, NULL),
                               host_json(host_text(v, host_root),
                                         host_root)));
    for (i = 0; i < 2000; i++) {
        amzx_val_put(v, apr_psprintf(host_root, "n%d", i),
                     amzx_val_int(i, host_root), host_root);
    }
    assert_true(amzx_val_equal(amzx_keep(k, v), v));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_make_the_objects_on_their_way),
        cmocka_unit_test(a_point_is_the_place_itself),
        cmocka_unit_test(lists_take_items_groups_and_positions),
        cmocka_unit_test(null_is_left_out_kept_or_an_error),
        cmocka_unit_test(divisions_are_rounded_once),
        cmocka_unit_test(text_is_cut_between_characters),
        cmocka_unit_test(values_are_converted_to_their_type),
        cmocka_unit_test(what_does_not_convert_names_its_target_only),
        cmocka_unit_test(kept_values_share_what_is_kept),
        cmocka_unit_test(settled_values_are_as_the_journal_has_them),
    };

    return cmocka_run_group_tests(tests, host_setup, host_teardown);
}
