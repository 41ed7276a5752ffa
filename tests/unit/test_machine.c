/* SPDX-License-Identifier: Apache-2.0 */
/* The machine, one kind of step after the other, each run cut at every row
 * of its journal. */
#include "machine_case.h"

static void pure_steps_give_values_and_leave_a_trail(void **state)
{
    host_t *h = with(STEPS(
        "<set id='a' value='{{ 1.10 + 2 }}'/>"
        "<map id='m'><field to='X.Y' value='{{ a }}'/>"
        "<field to='X.Z' value='n{{ a }}'/></map>"
        "<set id='off' if='{{ false }}' value='1'/>"
        "<choose id='c'><when test='{{ a lt 2 }}'><set id='w' value='1'/>"
        "</when><otherwise><set id='w' value='{{ m.X.Y * 2 }}'/></otherwise>"
        "</choose><log id='l' message='w is {{ w }}'/>"));

    (void)state;
    host_go(h);
    assert_string_equal(h->outcome, "done");
    value_is(h, "m", "{\"X\":{\"Y\":3.10,\"Z\":\"n3.10\"}}");
    value_is(h, "w", "6.20");
    value_is(h, "off", "null");
    assert_string_equal(APR_ARRAY_IDX(h->journal, 1, amzx_entry_t).trail,
                        "a m -off c=otherwise c/w");
}

static void a_call_gives_its_result_under_its_id(void **state)
{
    host_t *h = with(STEPS("<call id='order' " GET ">" ID "</call>"
                           "<set id='x' value='{{ order.total }}'/>"));

    (void)state;
    host_says(h, "amazon.orders.getOrder",
              "{\"orderId\":\"1\",\"total\":40.00}");
    host_go(h);
    assert_string_equal(h->outcome, "done");
    value_is(h, "x", "40.00");
    assert_string_equal(host_asked(h, "CALL"),
                        "CALL order #1 amazon.orders.getOrder amazon "
                        "{\"orderId\":\"1\"} - [] confirm -");
}

static void a_loop_runs_each_item_and_gives_a_list(void **state)
{
    host_t *h = with(STEPS(
        "<foreach id='f' in=\"{{ ['a', 'b c', 'd'] }}\" as='k' key='{{ k }}' "
        "give='{{ order.total }}'><call id='order' " GET ">"
        "<arg name='orderId' value='{{ k }}'/></call></foreach>"
        "<set id='n' value='{{ f.sum() }}'/>"));

    (void)state;
    host_says(h, "f[a]/order", "{\"total\":1}");
    host_says(h, "amazon.orders.getOrder", "{\"total\":2}");
    host_go(h);
    assert_string_equal(h->outcome, "done");
    value_is(h, "f", "[1,2,2]");
    value_is(h, "n", "5");
    assert_int_equal(host_count(h, "CALL f[b_c~"), 1);
}

static void a_loop_collects_its_failures(void **state)
{
    host_t *h = with(STEPS(
        "<foreach id='f' in='{{ [1, 0, 2] }}' as='k' on-item-error='collect' "
        "give='{{ v }}'><set id='v' value='{{ 10 / k }}'/></foreach>"));
    host_t *dead = with(STEPS(
        "<foreach id='f' in='{{ [1, 0, 0] }}' as='k' "
        "on-item-error='dead-letter'><set id='v' value='{{ 10 / k }}'/>"
        "<log id='l' message='{{ v }}'/></foreach>"));
    host_t *many = with(STEPS(
        "<foreach id='f' in='{{ [0, 0, 1] }}' as='k' max-failures='1' "
        "on-item-error='collect'><set id='v' value='{{ 10 / k }}'/>"
        "<log id='l' message='{{ v }}'/></foreach>"));

    (void)state;
    host_go(h);
    assert_string_equal(h->outcome, "done");
    value_is(h, "f", "[10,5]");
    assert_int_equal(host_rows(h, "log"), 1);
    host_go_dead(dead);
    assert_string_equal(dead->code, "expr.div0");
    assert_non_null(strstr(dead->detail, "2 items failed"));
    host_go_dead(many);
    assert_string_equal(many->code, "expr.div0");
}

static void values_of_one_item_are_gone_in_the_next(void **state)
{
    host_t *h = with(STEPS(
        "<foreach id='f' in='{{ [1, 2] }}' as='k' give='{{ v ?? 0 }}'>"
        "<set id='v' if='{{ k == 1 }}' value='{{ k }}'/></foreach>"));

    (void)state;
    host_go(h);
    value_is(h, "f", "[1,0]");
}

static void validation_fails_flags_and_lets_pass(void **state)
{
    host_t *h = with(STEPS(
        "<validate id='v'><rule id='a' test='{{ 1 == 1 }}' code='business.a' "
        "message='a'/><rule id='b' test='{{ 1 == 2 }}' severity='review' "
        "code='business.b' message='b {{ 1 + 1 }}'/></validate>"
        "<set id='n' value='{{ v.flagged.size() }}'/>"));
    host_t *bad = with(STEPS(
        "<validate id='v'><rule id='a' test='{{ 1 == 2 }}' code='business.a' "
        "message='it is {{ 2 }}'/></validate>"));

    (void)state;
    host_go(h);
    value_is(h, "v", "{\"ok\":false,\"flagged\":[{\"id\":\"b\","
             "\"severity\":\"review\",\"code\":\"business.b\","
             "\"message\":\"b 2\"}],\"failed\":[]}");
    value_is(h, "n", "1");
    host_go_dead(bad);
    assert_string_equal(bad->code, "business.a");
    assert_string_equal(bad->detail, "it is 2");
}

#define REVIEW(attrs)                                                        \
    STEPS("<review id='r' title='Look' queue='q' timeout='PT1H'" attrs ">"   \
          "<show label='One' value='{{ 1 }}'/><option name='yes' "           \
          "label='Yes'/><option name='no' label='No'/></review>"             \
          "<set id='x' value='{{ r.choice }}'/>"                             \
          "<log id='l' message='{{ x }} {{ r.edited.a }}'/>")

static void a_person_decides_and_may_edit(void **state)
{
    host_t *h = with(REVIEW(" on-timeout='no' editable='{{ {a: 1} }}'"));

    (void)state;
    host_run(h);
    assert_string_equal(h->outcome, "open");
    assert_string_equal(host_asked(h, "REVIEW"),
        "REVIEW r q 'Look' 2026-02-01T11:30:00Z "
        "[{\"label\":\"One\",\"value\":1}] "
        "[{\"name\":\"yes\",\"label\":\"Yes\"},"
        "{\"name\":\"no\",\"label\":\"No\"}] {\"a\":1}");
    host_says(h, "r", "{\"choice\":\"yes\",\"edited\":{\"a\":2}}");
    host_again(h);
    host_go(h);
    assert_string_equal(h->outcome, "done");
    assert_non_null(strstr(host_journal(h), "yes 2"));
}

static void a_review_nobody_answers_takes_its_option_or_fails(void **state)
{
    host_t *h = with(REVIEW(" on-timeout='no'"));
    host_t *none = with(REVIEW(""));
    host_t *odd = with(REVIEW(""));

    (void)state;
    host_says(h, "r", "null");
    host_go(h);
    value_is(h, "x", "\"no\"");
    host_says(none, "r", "null");
    host_go_dead(none);
    assert_string_equal(none->code, "review.timeout");
    host_says(odd, "r", "{\"choice\":\"maybe\"}");
    host_go_dead(odd);
    assert_string_equal(odd->code, "review.rejected");
}

static void waits_and_children_and_events(void **state)
{
    host_t *h = with(STEPS(
        "<wait id='w' for='PT2H'/><wait id='u' until='{{ now() }}'/>"
        "<run id='kid' workflow='other' run-key='k{{ 1 }}'>"
        "<arg name='a' value='{{ 2 }}'/></run>"
        "<run id='far' workflow='other' mode='detach' run-key='d'/>"
        "<emit id='e' event='x.y'><body><field to='v' "
        "value='{{ kid.v }}'/></body></emit>"));

    (void)state;
    host_says(h, "kid", "{\"v\":7}");
    host_says(h, "far", "null");
    host_go(h);
    assert_string_equal(h->outcome, "done");
    assert_int_equal(host_count(h, "WAIT w until 2026-02-01T12:30:00Z"), 1);
    assert_string_equal(host_asked(h, "RUN kid"),
                        "RUN kid other k1 {\"a\":2} 0");
    assert_string_equal(host_asked(h, "RUN far"), "RUN far other d {} 1");
    assert_non_null(strstr(host_journal(h),
                           "{\"event\":\"x.y\",\"body\":{\"v\":7}}"));
}

static void a_confirm_is_judged_with_found_and_request(void **state)
{
    host_t *h = with(MATCHED);
    const amzx_val_t *v;
    int same;

    (void)state;
    host_says(h, "order", "{\"orderId\":\"1\"}");
    host_run(h);
    assert_string_equal(h->outcome, "open");
    assert_int_equal(amzx_machine_confirm_args(&v, h->machine, &h->fault,
                                               h->p), APR_SUCCESS);
    assert_string_equal(host_text(v, h->p), "{\"Code\":\"A\"}");
    assert_int_equal(amzx_machine_confirm_judge(
        &same, &v, h->machine, host_json("{\"Code\":\"A\",\"q\":1}", h->p),
        &h->fault, h->p), APR_SUCCESS);
    assert_true(same);
    assert_string_equal(host_text(v, h->p), "{\"Code\":\"A\",\"q\":1}");
    assert_int_equal(amzx_machine_confirm_judge(
        &same, &v, h->machine, host_json("{\"Code\":\"B\"}", h->p),
        &h->fault, h->p), APR_SUCCESS);
    assert_false(same);
}

static void a_changed_setting_does_not_change_a_run_on_its_way(void **state)
{
    host_t *h = with(STEPS(
        "<set id='a' value='{{ config.limit }}'/>"
        "<call id='order' " GET "><arg name='orderId' value='{{ a }}'/>"
        "</call><log id='l' message='{{ config.limit }}'/>"));

    (void)state;
    h->settings = "{\"limit\":\"20\"}";
    host_run(h);
    assert_string_equal(h->outcome, "open");
    h->settings = "{\"limit\":\"30\",\"fx.USDGBP\":\"0.8\"}";
    host_says(h, "order", "{}");
    host_run(h);
    assert_string_equal(h->outcome, "done");
    assert_non_null(strstr(host_journal(h), "\"message\":\"20\""));
}

static void a_journal_of_another_path_is_refused(void **state)
{
    host_t *h = with(STEPS("<set id='a' value='{{ config.limit }}'/>"
                           "<call id='order' " GET ">" ID "</call>"
                           "<log id='l' message='{{ a }}'/>"));
    const char *other = STEPS("<set id='a' value='{{ config.limit * 2 }}'/>"
                              "<call id='order' " GET ">" ID "</call>"
                              "<log id='l' message='{{ a }}'/>");
    const char *third = STEPS("<set id='a' value='{{ config.limit }}'/>"
                              "<log id='m' message='{{ a }}'/>"
                              "<call id='order' " GET ">" ID "</call>");
    const char *const texts[] = { other, third };
    amzx_machine_start_t start;
    amzx_machine_t *m;
    int i;

    (void)state;
    host_says(h, "order", "{}");
    host_run(h);
    assert_string_equal(h->outcome, "done");
    for (i = 0; i < 2; i++) {
        memset(&start, 0, sizeof(start));
        start.run_id = "run_1";
        start.env = &h->env;
        amzx_fault_clear(&h->fault);
        assert_int_not_equal(
            amzx_machine_make(&m, host_load(texts[i], strlen(texts[i]), "o",
                                            h->p), &start,
                              (const amzx_entry_t *)h->journal->elts,
                              h->journal->nelts, 0, &h->fault, h->p),
            APR_SUCCESS);
        assert_string_equal(h->fault.code, "internal.replay");
        assert_int_equal(h->fault.klass, AMZX_FAULT_BUG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pure_steps_give_values_and_leave_a_trail),
        cmocka_unit_test(a_call_gives_its_result_under_its_id),
        cmocka_unit_test(a_loop_runs_each_item_and_gives_a_list),
        cmocka_unit_test(a_loop_collects_its_failures),
        cmocka_unit_test(values_of_one_item_are_gone_in_the_next),
        cmocka_unit_test(validation_fails_flags_and_lets_pass),
        cmocka_unit_test(a_person_decides_and_may_edit),
        cmocka_unit_test(a_review_nobody_answers_takes_its_option_or_fails),
        cmocka_unit_test(waits_and_children_and_events),
        cmocka_unit_test(a_confirm_is_judged_with_found_and_request),
        cmocka_unit_test(a_changed_setting_does_not_change_a_run_on_its_way),
        cmocka_unit_test(a_journal_of_another_path_is_refused),
    };

    return cmocka_run_group_tests(tests, host_setup, host_teardown);
}
