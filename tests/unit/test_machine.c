/* SPDX-License-Identifier: Apache-2.0 */
/* The machine, one kind of step after the other, each run cut at every row
 * of its journal. */
#include "flow_host.h"

#define HEAD                                                                 \
    "<workflow xmlns='urn:amzxero:workflow:1' name='t' version='1'>"         \
    "<connections><use name='amazon' type='amazon.spapi'/>"                  \
    "<use name='xero' type='xero.accounting'/></connections>"                \
    "<config><param name='limit' type='decimal' default='10.50'/></config>"  \
    "<tables><table name='acc' match='kind' give='code'>"                    \
    "<row kind='a*' code='200'/><row kind='*' code='210'/></table></tables>" \
    "<retries><retry name='quick' max-attempts='3' base='PT1S' cap='PT8S'/>" \
    "<retry name='ask' max-attempts='2' then='review'/>"                     \
    "<retry name='soft' max-attempts='2' backoff='fixed' then='fail'/>"      \
    "</retries>"                                                             \
    "<triggers><manual id='go'/></triggers>"
#define TAIL "</workflow>"
#define STEPS(s) HEAD "<steps>" s "</steps>" TAIL
#define GET "op='amazon.orders.getOrder' using='amazon'"
#define ID "<arg name='orderId' value='1'/>"
#define VOID "op='xero.invoices.void' using='xero'"

static host_t *with(const char *xml)
{
    return host_make(host_load(xml, strlen(xml), "t.xml", host_root),
                     host_root);
}

static void value_is(host_t *h, const char *name, const char *json)
{
    assert_string_equal(host_text(amzx_machine_value(h->machine, name),
                                  h->p), json);
}

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

#define MATCHED                                                              \
    STEPS("<call id='order' " GET ">" ID "</call>"                           \
          "<call id='made' op='xero.items.create' using='xero' "             \
          "idempotency-key='item/1'><body><field to='Code' value='A'/>"      \
          "</body><confirm op='xero.items.get' same-if=\"{{ found.Code == "  \
          "request.Code and order.orderId == '1' }}\" "                      \
          "result='{{ found }}'><arg name='Code' "                           \
          "value='{{ request.Code }}'/></confirm></call>"                    \
          "<call id='after' " GET ">" ID "</call>")

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
        cmocka_unit_test(pure_steps_give_values_and_leave_a_trail),
        cmocka_unit_test(a_call_gives_its_result_under_its_id),
        cmocka_unit_test(a_transient_fault_is_retried_after_a_drawn_pause),
        cmocka_unit_test(
            retry_after_is_a_floor_and_throttling_counts_nothing),
        cmocka_unit_test(attempts_that_run_out_end_in_the_dead_letters),
        cmocka_unit_test(then_fail_can_be_caught),
        cmocka_unit_test(then_review_asks_a_person_and_goes_on),
        cmocka_unit_test(a_refusal_is_not_retried),
        cmocka_unit_test(accept_turns_an_error_into_a_value),
        cmocka_unit_test(a_loop_runs_each_item_and_gives_a_list),
        cmocka_unit_test(a_loop_collects_its_failures),
        cmocka_unit_test(values_of_one_item_are_gone_in_the_next),
        cmocka_unit_test(finally_runs_on_every_way_out),
        cmocka_unit_test(a_saga_takes_its_effects_back_in_reverse_order),
        cmocka_unit_test(a_failed_compensation_goes_to_a_person),
        cmocka_unit_test(validation_fails_flags_and_lets_pass),
        cmocka_unit_test(a_person_decides_and_may_edit),
        cmocka_unit_test(a_review_nobody_answers_takes_its_option_or_fails),
        cmocka_unit_test(waits_and_children_and_events),
        cmocka_unit_test(errors_of_expressions_name_their_place),
        cmocka_unit_test(on_error_looks_on_and_may_stop),
        cmocka_unit_test(a_confirm_is_judged_with_found_and_request),
        cmocka_unit_test(a_dead_run_lives_again_and_keeps_its_effects),
        cmocka_unit_test(a_changed_setting_does_not_change_a_run_on_its_way),
        cmocka_unit_test(a_journal_of_another_path_is_refused),
        cmocka_unit_test(time_runs_out_but_not_while_a_person_thinks),
        cmocka_unit_test(endless_work_is_stopped),
    };

    return cmocka_run_group_tests(tests, host_setup, host_teardown);
}
