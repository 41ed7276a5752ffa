/* SPDX-License-Identifier: Apache-2.0 */
/* workflows/order-to-invoice.xml and order-cancelled.xml: doubts, refusals and
 * orders that are not booked; each run is cut at every row of its journal. */
#include "booking_case.h"

static const order_t odd = {
    UK, "GBP", "12.00", NULL, NULL,
    { { "A", 1, "10.00", NULL, NULL, NULL, NULL, NULL, NULL, 0 } }
};

static void a_wrong_total_waits_for_a_person(void **state)
{
    host_t *h = book(&odd, "10.00");

    (void)state;
    host_run(h);
    assert_string_equal(h->outcome, "open");
    assert_int_equal(host_count(h, "REVIEW mismatch/totalReview totals"), 1);
    assert_int_equal(host_count(h, CREATED), 0);
    host_says(h, "mismatch/totalReview", "{\"choice\":\"approve\"}");
    host_again(h);
    host_go(h);
    assert_string_equal(h->outcome, "done");
    is(h, "doc", "Status", "\"AUTHORISED\"");
    is(h, "booked", "ok", "false");
    host_says_only(h, "mismatch/totalReview", "null");
    host_again(h);
    host_go_dead(h);
    assert_string_equal(h->code, "business.total_mismatch");
    /* replayed by a person, it asks anew */
    host_says(h, "mismatch/totalReview~1", "{\"choice\":\"draft\"}");
    host_run(h);
    assert_string_equal(h->outcome, "done");
    is(h, "doc", "Status", "\"DRAFT\"");
}

static void a_person_may_mend_the_invoice(void **state)
{
    host_t *h = book(&odd, "12.00");

    (void)state;
    host_says(h, "mismatch/totalReview",
              "{\"choice\":\"approve\",\"by\":\"kim\",\"edited\":{"
              "\"InvoiceNumber\":\"AMZ-" ORDER "\",\"Status\":\"AUTHORISED\","
              "\"LineAmountTypes\":\"Inclusive\",\"LineItems\":[{"
              "\"Quantity\":1,\"UnitAmount\":12.00,\"LineAmount\":12.00}]}}");
    host_go(h);
    assert_string_equal(h->outcome, "done");
    is(h, "docTotal", NULL, "12.00");
    is(h, "booked", "ok", "true");
}

static void a_wrong_total_may_become_a_draft(void **state)
{
    host_t *h = book(&odd, "10.00");

    (void)state;
    h->settings = "{\"bank_account\":\"090\",\"on_mismatch\":\"draft\"}";
    host_says_only(h, "bookInvoice/posted", "{\"InvoiceID\":\"i-1\","
                   "\"InvoiceNumber\":\"AMZ-" ORDER "\","
                   "\"Status\":\"DRAFT\",\"Total\":10.00,"
                   "\"AmountDue\":10.00}");
    host_go(h);
    assert_string_equal(h->outcome, "done");
    is(h, "doc", "Status", "\"DRAFT\"");
    assert_int_equal(host_count(h, "REVIEW"), 0);
    assert_int_equal(host_count(h, "CALL payment"), 0);
}

static void a_case_without_a_tax_rule_waits_for_a_person(void **state)
{
    static const order_t jp = {
        JP, "JPY", "1000", NULL, NULL,
        { { "A", 1, "1000", NULL, NULL, NULL, NULL, NULL, NULL, 0 } }
    };
    host_t *h = book(&jp, "1000");

    (void)state;
    host_run(h);
    assert_string_equal(h->outcome, "open");
    is(h, "checks", "flagged.0.code", "\"business.tax_unknown\"");
}

static void a_refused_account_code_is_logged_and_dead(void **state)
{
    host_t *h = book(&uk, "212.40");

    (void)state;
    host_says_only(h, "bookInvoice/posted", "!rejected "
                   "validation.account_code -1 Account code '201' is not a "
                   "valid code for this document.");
    host_go_dead(h);
    assert_string_equal(h->outcome, "dead");
    assert_string_equal(h->code, "validation.account_code");
    assert_non_null(strstr(h->detail, "'201'"));
    assert_int_equal(host_rows(h, "log"), 1);
    assert_int_equal(host_count(h, "CALL payment"), 0);
    /* mended in Xero, a person replays it */
    host_says_only(h, "bookInvoice/posted",
                   "{\"InvoiceID\":\"i-1\",\"Status\":\"AUTHORISED\","
                   "\"InvoiceNumber\":\"AMZ-" ORDER "\",\"Total\":212.40,"
                   "\"AmountDue\":212.40}");
    host_run(h);
    assert_string_equal(h->outcome, "done");
    assert_int_equal(host_count(h, "CALL payment"), 1);
}

static void a_refused_payment_leaves_the_invoice(void **state)
{
    host_t *h = book(&uk, "212.40");

    (void)state;
    host_says_only(h, "payment", "!rejected validation.account -1 no bank");
    host_go_dead(h);
    assert_string_equal(h->outcome, "dead");
    host_says_only(h, "payment", "{\"PaymentID\":\"p-1\"}");
    host_run(h);
    assert_string_equal(h->outcome, "done");
    assert_int_equal(host_count(h, CREATED), 1);
    assert_int_equal(host_count(h, "CALL payment"), 2);
}

static void a_replacement_is_not_booked(void **state)
{
    static const order_t free_one = {
        UK, "GBP", "0.00", NULL,
        ",\"associatedOrders\":[{\"orderId\":\"026-0000000-0000001\","
        "\"associationType\":\"REPLACEMENT_ORIGINAL_ID\"}]",
        { { "A", 1, "0.00", NULL, NULL, NULL, NULL, NULL, NULL, 0 } }
    };
    host_t *h = book(&free_one, "0.00");

    (void)state;
    host_go(h);
    assert_string_equal(h->outcome, "skipped");
    assert_string_equal(h->detail,
                        "zero-value replacement of 026-0000000-0000001");
    assert_int_equal(host_count(h, "CALL"), 1);
}

static void pending_and_cancelled_orders_are_not_booked(void **state)
{
    static const order_t pending = {
        UK, "GBP", NULL, "PENDING", NULL,
        { { "A", 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0 } }
    };
    static const order_t cancelled = {
        UK, "GBP", "0.00", "CANCELLED", NULL,
        { { "A", 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0 } }
    };
    static const order_t no_money = {
        UK, "GBP", NULL, "UNSHIPPED", NULL,
        { { "A", 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0 } }
    };
    host_t *h = book(&pending, "0");

    (void)state;
    host_go(h);
    assert_string_equal(h->outcome, "skipped");
    assert_string_equal(h->detail, "order is PENDING");
    h = book(&cancelled, "0");
    host_go(h);
    assert_string_equal(h->outcome, "skipped");
    assert_string_equal(host_asked(h, "RUN"),
                        "RUN relevant/cancel order-cancelled cancel/" ORDER
                        " {\"orderId\":\"" ORDER "\"} 1");
    h = book(&no_money, "0");
    host_go_dead(h);
    assert_string_equal(h->code, "business.no_amounts");
}

static void a_lost_reply_is_confirmed_by_number_and_total(void **state)
{
    host_t *h = book(&uk, "212.40");
    const amzx_val_t *v;
    int same;

    (void)state;
    host_says_only(h, "bookInvoice/posted", "{}");
    h->answers--; /* nobody answers the invoice */
    host_run(h);
    assert_string_equal(h->outcome, "open");
    assert_int_equal(amzx_machine_confirm_args(&v, h->machine, &h->fault,
                                               h->p), APR_SUCCESS);
    assert_string_equal(host_text(v, h->p),
                        "{\"number\":\"AMZ-" ORDER "\"}");
    assert_int_equal(amzx_machine_confirm_judge(&same, &v, h->machine,
        host_json("{\"Reference\":\"" ORDER "\",\"Contact\":{\"ContactID\":"
                  "\"c-1\"},\"Total\":212.4,\"Status\":\"PAID\"}", h->p),
        &h->fault, h->p), APR_SUCCESS);
    assert_true(same);
    assert_int_equal(amzx_machine_confirm_judge(&same, &v, h->machine,
        host_json("{\"Reference\":\"" ORDER "\",\"Contact\":{\"ContactID\":"
                  "\"c-1\"},\"Total\":200,\"Status\":\"PAID\"}", h->p),
        &h->fault, h->p), APR_SUCCESS);
    assert_false(same);
}

static host_t *cancel(const char *invoice)
{
    host_t *h = host_make(cancel_flow, host_root);

    h->payload = "{\"trigger\":\"requested\",\"body\":{},\"input\":{"
                 "\"orderId\":\"" ORDER "\"}}";
    host_says(h, "existing", invoice);
    host_says(h, "xero.invoices.void", "{\"Status\":\"VOIDED\"}");
    return h;
}

static void a_cancelled_order_loses_its_unpaid_invoice(void **state)
{
    host_t *h = cancel("null");

    (void)state;
    host_go(h);
    assert_string_equal(h->outcome, "skipped");
    assert_string_equal(h->detail, "no invoice AMZ-" ORDER);
    h = cancel("{\"InvoiceID\":\"i-1\",\"Status\":\"VOIDED\"}");
    host_go(h);
    assert_string_equal(h->outcome, "skipped");
    h = cancel("{\"InvoiceID\":\"i-1\",\"Status\":\"AUTHORISED\","
               "\"AmountPaid\":0.00}");
    host_go(h);
    assert_string_equal(h->outcome, "done");
    assert_non_null(host_asked(h, "CALL state/voided #1 xero.invoices.void "
                                  "xero {\"InvoiceID\":\"i-1\"}"));
    h = cancel("{\"InvoiceID\":\"i-1\",\"Status\":\"DRAFT\"}");
    host_go(h);
    assert_non_null(strstr(host_asked(h, "CALL state/dropped"),
                           "\"Status\":\"DELETED\""));
    h = cancel("{\"InvoiceID\":\"i-1\",\"Status\":\"PAID\","
               "\"AmountPaid\":5.00,\"Total\":5.00}");
    host_run(h);
    assert_string_equal(h->outcome, "open");
    assert_int_equal(host_count(h, "REVIEW state/paidReview cancellations"),
                     1);
}

static apr_status_t admit(amzx_admit_t *out, const char *trigger,
                          const char *brought, amzx_fault_t *fault)
{
    amzx_admit_for_t whom = { 0 };

    whom.tenant =
        host_json("{\"id\":\"acme\",\"baseCurrency\":\"GBP\"}", host_root);
    amzx_fault_clear(fault);
    assert_int_equal(amzx_flow_config(&whom.config, invoice_flow, host_json(
        "{\"bank_account\":\"090\"}", host_root), fault, host_root),
                     APR_SUCCESS);
    return amzx_flow_admit(out, invoice_flow, amzx_flow_trigger_by_id(
        invoice_flow, trigger), host_json(brought, host_root), &whom, fault,
                           host_root);
}

static void events_are_admitted_once_per_order_and_state(void **state)
{
    amzx_fault_t fault;
    amzx_admit_t out;

    (void)state;
    assert_int_equal(admit(&out, "notified", "{\"order\":{\"orderId\":\""
        ORDER "\",\"status\":\"SHIPPED\"}}", &fault), APR_SUCCESS);
    assert_true(out.is_match);
    assert_string_equal(out.run_key, ORDER "/SHIPPED");
    assert_string_equal(out.partition, "acme/" ORDER);
    assert_non_null(strstr(out.payload, "\"input\":{\"orderId\":\"" ORDER
                                        "\"}"));
    assert_int_equal(admit(&out, "swept", "{\"orderId\":\"" ORDER
        "\",\"status\":\"SHIPPED\"}", &fault), APR_SUCCESS);
    assert_string_equal(out.run_key, ORDER "/SHIPPED");
    assert_int_equal(admit(&out, "notified", "{\"order\":{\"orderId\":\""
        ORDER "\",\"status\":\"PENDING\"}}", &fault), APR_SUCCESS);
    assert_false(out.is_match);
    assert_int_not_equal(admit(&out, "replay", "{\"orderId\":\"nonsense\"}",
                               &fault), APR_SUCCESS);
    assert_string_equal(fault.code, "data.input");
    assert_int_equal(fault.klass, AMZX_FAULT_REJECTED);
    assert_int_not_equal(admit(&out, "replay", "{}", &fault), APR_SUCCESS);
    assert_string_equal(fault.code, "data.input");
}

static void settings_are_checked(void **state)
{
    static const char *const bad[] = {
        "{}", "{\"bank_account\":\"\"}",
        "{\"bank_account\":\"090\",\"tolerance\":\"much\"}",
        "{\"bank_account\":\"090\",\"sku_missing\":\"maybe\"}",
        "{\"bank_account\":\"090\",\"tolerence\":\"0.01\"}",
    };
    const amzx_val_t *config;
    amzx_fault_t fault;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        amzx_fault_clear(&fault);
        assert_int_not_equal(amzx_flow_config(&config, invoice_flow,
            host_json(bad[i], host_root), &fault, host_root), APR_SUCCESS);
        assert_string_equal(fault.code, "config.param");
        assert_int_equal(fault.klass, AMZX_FAULT_CONFIG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_total_waits_for_a_person),
        cmocka_unit_test(a_person_may_mend_the_invoice),
        cmocka_unit_test(a_wrong_total_may_become_a_draft),
        cmocka_unit_test(a_case_without_a_tax_rule_waits_for_a_person),
        cmocka_unit_test(a_refused_account_code_is_logged_and_dead),
        cmocka_unit_test(a_refused_payment_leaves_the_invoice),
        cmocka_unit_test(a_replacement_is_not_booked),
        cmocka_unit_test(pending_and_cancelled_orders_are_not_booked),
        cmocka_unit_test(a_lost_reply_is_confirmed_by_number_and_total),
        cmocka_unit_test(a_cancelled_order_loses_its_unpaid_invoice),
        cmocka_unit_test(events_are_admitted_once_per_order_and_state),
        cmocka_unit_test(settings_are_checked),
    };

    return cmocka_run_group_tests(tests, order_setup, host_teardown);
}
