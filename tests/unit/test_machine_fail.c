/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine does with failures: retries, catches, compensation, limits
 * and a second life; each run cut at every row of its journal. */
#include "machine_case.h"

static void a_transient_fault_is_retried_after_a_drawn_pause(void **state)
{
    host_t *h = with(STEPS("<call id='order' retry='quick' " GET ">" ID
                           "</call>"));

    (void)state;
    host_says(h, "order", "!transient network.timeout -1 slow");
    host_says(h, "order", "!transient server.503 -1 down");
    host_says(h, "order", "{\"orderId\":\"1\"}");
    host_go(h);
    assert_string_equal(h->outcome, "done");
    assert_int_equal(host_count(h, "CALL order"), 3);
    assert_int_equal(host_count(h, "WAIT order"), 2);
    assert_int_equal(host_rows(h, "retry"), 2);
}

static void retry_after_is_a_floor_and_throttling_counts_nothing(void **s)
{
    host_t *h = with(STEPS("<call id='order' retry='quick' " GET ">" ID
                           "</call>"));
    const amzx_val_t *row;
    int i;

    (void)s;
    for (i = 0; i < 9; i++) {
        host_says(h, "order", "!throttled rate_limited.minute 23 wait");
    }
    host_says(h, "order", "{\"orderId\":\"1\"}");
    host_go(h);
    assert_string_equal(h->outcome, "done");
    assert_int_equal(host_rows(h, "retry"), 9);
    row = host_json(APR_ARRAY_IDX(h->journal, 1, amzx_entry_t).data, h->p);
    assert_string_equal(amzx_val_text(amzx_val_get(row, "delay"), ""),
                        "PT23S");
}

static void attempts_that_run_out_end_in_the_dead_letters(void **state)
{
    host_t *h = with(STEPS(
        "<try id='t'><do><call id='order' retry='quick' " GET ">" ID
        "</call></do><catch error='*'><log id='no' message='caught'/></catch>"
        "</try>"));

    (void)state;
    host_says(h, "t/order", "!transient network.reset -1 reset");
    host_go_dead(h);
    assert_string_equal(h->outcome, "dead");
    assert_string_equal(h->code, "network.reset");
    assert_int_equal(host_count(h, "CALL"), 3);
    assert_int_equal(host_rows(h, "log"), 0);
}

static void then_fail_can_be_caught(void **state)
{
    host_t *h = with(STEPS(
        "<try id='t'><do><call id='order' retry='soft' " GET ">" ID
        "</call></do><catch error='network'><log id='yes' "
        "message='{{ error.code }} at {{ error.step }} on "
        "{{ error.connection }}'/></catch></try>"));

    (void)state;
    host_says(h, "amazon.orders.getOrder",
              "!transient network.reset -1 reset");
    host_go(h);
    assert_string_equal(h->outcome, "done");
    assert_non_null(strstr(host_journal(h),
                           "network.reset at t/order on amazon"));
}

static void then_review_asks_a_person_and_goes_on(void **state)
{
    host_t *h = with(STEPS("<call id='order' retry='ask' " GET ">" ID
                           "</call>"));

    (void)state;
    host_says(h, "order", "!transient network.reset -1 reset");
    host_says(h, "order", "!transient network.reset -1 reset");
    host_says(h, "order", "{\"orderId\":\"1\"}");
    host_says(h, "order?1", "{\"choice\":\"retry\",\"by\":\"kim\"}");
    host_go(h);
    assert_string_equal(h->outcome, "done");
    assert_int_equal(host_count(h, "REVIEW order?1 failures"), 1);
    host_says_only(h, "order?1", "{\"choice\":\"giveUp\"}");
    host_again(h);
    host_go_dead(h);
    assert_string_equal(h->outcome, "dead");
}

static void a_refusal_is_not_retried(void **state)
{
    host_t *h = with(STEPS("<call id='order' retry='quick' " GET ">" ID
                           "</call>"));

    (void)state;
    host_says(h, "order", "!rejected not_found -1 no such order");
    host_go_dead(h);
    assert_string_equal(h->code, "not_found");
    assert_string_equal(h->detail, "no such order");
    assert_int_equal(host_count(h, "CALL"), 1);
}

static void accept_turns_an_error_into_a_value(void **state)
{
    host_t *h = with(STEPS(
        "<call id='order' " GET ">" ID
        "<accept error='not_found' as=\"{{ {status: error.code} }}\"/></call>"
        "<set id='x' value='{{ order.status }}'/>"));

    (void)state;
    host_says(h, "order", "!rejected not_found -1 no such order");
    host_go(h);
    assert_string_equal(h->outcome, "done");
    value_is(h, "x", "\"not_found\"");
}

static void finally_runs_on_every_way_out(void **state)
{
    host_t *h = with(STEPS(
        "<try id='a'><do><fail id='x' code='business.no' message='no'/></do>"
        "<catch error='other'><log id='c' message='wrong'/></catch><finally>"
        "<log id='fin' message='finally'/></finally></try>"));
    host_t *stop = with(STEPS(
        "<try id='a'><do><stop id='x' outcome='skipped' reason='why'/></do>"
        "<catch error='*'><log id='c' message='wrong'/></catch><finally>"
        "<log id='fin' message='finally'/></finally></try>"));

    (void)state;
    host_go_dead(h);
    assert_string_equal(h->code, "business.no");
    assert_int_equal(host_rows(h, "log"), 1);
    host_go(stop);
    assert_string_equal(stop->outcome, "skipped");
    assert_string_equal(stop->detail, "why");
    assert_int_equal(host_rows(stop, "log"), 1);
}

#define SAGA(attrs)                                                          \
    STEPS("<saga id='s'" attrs ">"                                           \
          "<foreach id='f' in='{{ [1, 2] }}' as='k'>"                        \
          "<call id='order' " GET "><arg name='orderId' value='{{ k }}'/>"   \
          "<compensate><call id='undo' " VOID "><arg name='InvoiceID' "      \
          "value='{{ order.orderId }}'/></call></compensate></call>"         \
          "</foreach><call id='last' " GET ">" ID "</call></saga>")

static void a_saga_takes_its_effects_back_in_reverse_order(void **state)
{
    host_t *h = with(SAGA(""));

    (void)state;
    host_says(h, "s/f[0]/order", "{\"orderId\":\"one\"}");
    host_says(h, "s/f[1]/order", "{\"orderId\":\"two\"}");
    host_says(h, "s/last", "!rejected validation.total -1 no");
    host_says(h, "xero.invoices.void", "{\"Status\":\"VOIDED\"}");
    host_go_dead(h);
    assert_string_equal(h->code, "validation.total");
    assert_string_equal(host_asked(h, "CALL s/f[1]/order/undo"),
                        "CALL s/f[1]/order/undo #1 xero.invoices.void xero "
                        "{\"InvoiceID\":\"two\"} - "
                        "[run_1/s/f[1]/order/undo] confirm "
                        "xero.invoices.get");
    assert_non_null(host_asked(h, "CALL s/f[0]/order/undo #1 "
                                  "xero.invoices.void xero "
                                  "{\"InvoiceID\":\"one\"}"));
}

static void a_failed_compensation_goes_to_a_person(void **state)
{
    host_t *h = with(SAGA(""));
    host_t *dead = with(SAGA(" on-compensation-failure='dead-letter'"));
    int i;

    (void)state;
    for (i = 0; i < 2; i++) {
        host_t *x = i == 0 ? h : dead;

        host_says(x, "amazon.orders.getOrder", "{\"orderId\":\"one\"}");
        host_says(x, "s/last", "!rejected validation.total -1 no");
        host_says(x, "xero.invoices.void", "!rejected conflict -1 paid");
        host_says(x, "s/f[1]/order?1", "{\"choice\":\"done\"}");
        host_says(x, "s/f[0]/order?2", "{\"choice\":\"giveUp\"}");
        host_go_dead(x);
        assert_string_equal(x->code, "compensation.failed");
        assert_int_equal(host_count(x, "REVIEW"), i == 0 ? 2 : 0);
    }
}

static void errors_of_expressions_name_their_place(void **state)
{
    host_t *h = with(STEPS("<set id='a' value='{{ null + 1 }}'/>"
                           "<log id='l' message='{{ a }}'/>"));

    (void)state;
    host_go_dead(h);
    assert_string_equal(h->outcome, "dead");
    assert_string_equal(h->code, "expr.null");
    assert_non_null(strstr(h->detail, "t.xml:1:"));
}

static void on_error_looks_on_and_may_stop(void **state)
{
    const char *xml =
        HEAD "<steps><fail id='x' code='business.a' message='m'/></steps>"
        "<on-error><catch error='business'><emit id='e' event='bad'/></catch>"
        "</on-error>" TAIL;
    const char *stops =
        HEAD "<steps><fail id='x' code='business.a' message='m'/></steps>"
        "<on-error><catch error='business.b'><stop id='n'/></catch>"
        "<catch error='*'><stop id='s' outcome='skipped' "
        "reason='{{ error.code }}'/></catch></on-error>" TAIL;
    host_t *h = with(xml);
    host_t *s = with(stops);

    (void)state;
    host_go_dead(h);
    assert_string_equal(h->code, "business.a");
    assert_int_equal(host_rows(h, "emit"), 1);
    host_go(s);
    assert_string_equal(s->outcome, "skipped");
    assert_string_equal(s->detail, "business.a");
}

static void a_dead_run_lives_again_and_keeps_its_effects(void **state)
{
    host_t *h = with(MATCHED);

    (void)state;
    host_says(h, "order", "{\"orderId\":\"1\"}");
    host_says(h, "made", "{\"Code\":\"A\"}");
    host_says(h, "after", "!rejected not_found -1 gone");
    host_go_dead(h);
    assert_string_equal(h->outcome, "dead");
    assert_int_equal(host_count(h, "CALL made"), 1);
    host_says_only(h, "after", "{\"orderId\":\"1\"}");
    host_run(h);
    assert_string_equal(h->outcome, "done");
    assert_int_equal(host_rows(h, "resume"), 1);
    assert_int_equal(host_count(h, "CALL made"), 1);
    assert_int_equal(host_count(h, "CALL order"), 2);
    assert_int_equal(host_count(h, "CALL after"), 2);
}

static void time_runs_out_but_not_while_a_person_thinks(void **state)
{
    const char *xml =
        "<workflow xmlns='urn:amzxero:workflow:1' name='t' version='1'>"
        "<settings timeout='PT1M' max-steps='20'/>"
        "<connections><use name='amazon' type='amazon.spapi'/></connections>"
        "<triggers><manual id='go'/></triggers><steps>"
        "<wait id='w' for='PT2H'/><call id='order' " GET ">" ID "</call>"
        "<log id='l' message='still here'/></steps></workflow>";
    host_t *h = with(xml);

    (void)state;
    host_says(h, "order", "{}");
    host_go(h);
    assert_string_equal(h->outcome, "done");
    host_says_only(h, "order", "!throttled rate_limited.minute 30 wait");
    host_again(h);
    host_go_dead(h);
    assert_string_equal(h->code, "limit.time");
}

static void endless_work_is_stopped(void **state)
{
    const char *xml =
        "<workflow xmlns='urn:amzxero:workflow:1' name='t' version='1'>"
        "<settings max-steps='20'/>"
        "<connections><use name='amazon' type='amazon.spapi'/></connections>"
        "<triggers><manual id='go'/></triggers><steps>"
        "<foreach id='f' in='{{ [1,2,3,4,5,6,7,8,9,10,11] }}' as='i'>"
        "<set id='a' value='{{ i }}'/><log id='l' message='{{ a }}'/>"
        "</foreach></steps></workflow>";
    host_t *h = with(xml);

    (void)state;
    host_go_dead(h);
    assert_string_equal(h->code, "limit.steps");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_transient_fault_is_retried_after_a_drawn_pause),
        cmocka_unit_test(retry_after_is_a_floor_and_throttling_counts_nothing),
        cmocka_unit_test(attempts_that_run_out_end_in_the_dead_letters),
        cmocka_unit_test(then_fail_can_be_caught),
        cmocka_unit_test(then_review_asks_a_person_and_goes_on),
        cmocka_unit_test(a_refusal_is_not_retried),
        cmocka_unit_test(accept_turns_an_error_into_a_value),
        cmocka_unit_test(finally_runs_on_every_way_out),
        cmocka_unit_test(a_saga_takes_its_effects_back_in_reverse_order),
        cmocka_unit_test(a_failed_compensation_goes_to_a_person),
        cmocka_unit_test(errors_of_expressions_name_their_place),
        cmocka_unit_test(on_error_looks_on_and_may_stop),
        cmocka_unit_test(a_dead_run_lives_again_and_keeps_its_effects),
        cmocka_unit_test(time_runs_out_but_not_while_a_person_thinks),
        cmocka_unit_test(endless_work_is_stopped),
    };

    return cmocka_run_group_tests(tests, host_setup, host_teardown);
}
