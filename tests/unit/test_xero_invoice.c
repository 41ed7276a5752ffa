/* SPDX-License-Identifier: Apache-2.0 */
/* Invoices and payments: requests as bytes, answers of every kind. */
#include "connector_case.h"

#define ID "220ddca8-3144-4085-9a88-2d72c5133734"
#define ZERO "00000000-0000-0000-0000-000000000000"
#define INVOICE \
    "{'Type':'ACCREC','Status':'AUTHORISED','InvoiceNumber':'AMZ-026-1'," \
    "'Reference':'026-1','Contact':{'ContactID':'c-1'}," \
    "'Date':'2026-01-31','DueDate':'2026-01-31','CurrencyCode':'GBP'," \
    "'LineAmountTypes':'Inclusive','LineItems':[%s]}"
#define LINE \
    "{'Description':'Kettle','ItemCode':'KETTLE-12','Quantity':2," \
    "'UnitAmount':64.9500,'LineAmount':129.90,'TaxType':'OUTPUT2'," \
    "'AccountCode':'200','Tracking':[{'Name':'Sales Channel'," \
    "'Option':'Amazon.co.uk'}]}"

static case_t *create(const char *line, apr_pool_t *p)
{
    return case_begin("xero.invoices.create", NULL,
                      apr_psprintf(p, INVOICE, line), p);
}

static void an_invoice_is_put_once_with_all_its_errors(void **state)
{
    case_t *c = create(LINE, *state);

    case_is_request(c, "PUT",
                    "/Invoices?summarizeErrors=false&unitdp=4");
    case_is_body(c, "{'Invoices':[{'Type':'ACCREC','Status':'AUTHORISED',"
        "'InvoiceNumber':'AMZ-026-1','Reference':'026-1','Contact':"
        "{'ContactID':'c-1'},'Date':'2026-01-31','DueDate':'2026-01-31',"
        "'LineAmountTypes':'Inclusive','CurrencyCode':'GBP','LineItems':["
        "{'Description':'Kettle','Quantity':2,'UnitAmount':64.95,"
        "'LineAmount':129.90,'ItemCode':'KETTLE-12','AccountCode':'200',"
        "'TaxType':'OUTPUT2','Tracking':[{'Name':'Sales Channel',"
        "'Option':'Amazon.co.uk'}]}]}]}");
    assert_string_equal(c->req.header[0].name, "Content-Type");
    assert_string_equal(c->req.header[0].value, "application/json");
}

static void equal_bodies_are_equal_bytes(void **state)
{
    case_t *a = create(LINE, *state);
    case_t *b = case_begin("xero.invoices.create", NULL, /* other order */
        "{'LineItems':[{'AccountCode':'200','TaxType':'OUTPUT2','Tracking':"
        "[{'Option':'Amazon.co.uk','Name':'Sales Channel'}],"
        "'LineAmount':129.90,'UnitAmount':64.9500,'Quantity':2,'ItemCode':"
        "'KETTLE-12','Description':'Kettle'}],'LineAmountTypes':'Inclusive',"
        "'CurrencyCode':'GBP','DueDate':'2026-01-31','Date':'2026-01-31',"
        "'Contact':{'ContactID':'c-1'},'Reference':'026-1',"
        "'InvoiceNumber':'AMZ-026-1','Status':'AUTHORISED',"
        "'Type':'ACCREC','Url':null}", *state);

    assert_int_equal(b->rv, APR_SUCCESS);
    assert_string_equal(a->req.body, b->req.body);
}

static void the_answer_is_canonical(void **state)
{
    case_t *c = create(LINE, *state);

    case_answer(c, 200, "{'Id':'x','Status':'OK','Invoices':[{'InvoiceID':'"
        ID "','InvoiceNumber':'AMZ-026-1','Type':'ACCREC','Date':"
        "'\\/Date(1769817600000+0000)\\/','DateString':"
        "'2026-01-31T00:00:00','DueDate':'/Date(1769817600000+0000)/',"
        "'Total':129.95,'AmountDue':129.95,'UpdatedDateUTC':"
        "'/Date(1769853600500+0000)/','UpdatedDateUTCString':"
        "'2026-01-31T10:00:00+00:00','HasErrors':false,"
        "'ValidationErrors':[],'StatusAttributeString':'OK'}]}");
    case_is_result(c, "{'InvoiceID':'" ID "','InvoiceNumber':'AMZ-026-1',"
        "'Type':'ACCREC','Date':'2026-01-31','DueDate':'2026-01-31',"
        "'Total':129.95,'AmountDue':129.95,'UpdatedDateUTC':"
        "'2026-01-31T10:00:00.500000Z','HasErrors':false,"
        "'ValidationErrors':[],'StatusAttributeString':'OK'}");
}

static void a_line_that_has_no_unit_price_gets_a_rounding_line(void **state)
{
    case_t *c = create("{'Description':'Bead','ItemCode':'B','Quantity':112,"
        "'UnitAmount':0.8929,'LineAmount':100.01,'AccountCode':'200',"
        "'TaxType':'OUTPUT2'}", *state);
    const amzx_val_t *lines;

    assert_int_equal(c->rv, APR_SUCCESS);
    lines = amzx_val_path(case_json(c->req.body, *state),
                          "Invoices.0.LineItems");
    case_is_at(lines, "0.Quantity", "112", *state); /* case A05 */
    case_is_at(lines, "0.UnitAmount", "0.8929", *state);
    case_is_at(lines, "0.LineAmount", "100.00", *state);
    case_is_at(lines, "1.Description", "'Rounding: Bead'", *state);
    case_is_at(lines, "1.Quantity", "1", *state);
    case_is_at(lines, "1.UnitAmount", "0.01", *state);
    case_is_at(lines, "1.LineAmount", "0.01", *state);
    case_is_at(lines, "1.AccountCode", "'200'", *state);
    case_is_at(lines, "1.TaxType", "'OUTPUT2'", *state);
    case_is_at(lines, "1.ItemCode", "null", *state);
    assert_int_equal(amzx_val_count(lines), 2);
}

static void three_for_ten_pounds_need_no_rounding_line(void **state)
{
    case_t *c = create("{'Description':'x','Quantity':3,"
        "'UnitAmount':3.3333,'LineAmount':10.00}", *state);

    assert_int_equal(c->rv, APR_SUCCESS); /* case A04 */
    assert_int_equal(amzx_val_count(amzx_val_path(case_json(
        c->req.body, *state), "Invoices.0.LineItems")), 1);
}

static void a_real_difference_is_no_rounding(void **state)
{
    case_t *c = create("{'Description':'x','Quantity':3,"
        "'UnitAmount':10.00,'LineAmount':10.00}", *state);

    case_is_fault(c, AMZX_FAULT_REJECTED, "validation.total");
    assert_string_equal(c->fault.place, "LineItems.0");
}

static void what_xero_would_ignore_or_misread_is_refused(void **state)
{
    static const struct {
        const char *line;
        const char *place;
    } bad[] = {
        {"{'Descripton':'x'}", "LineItems.0.Descripton"},
        {"{'UnitAmount':'abc'}", "LineItems.0.UnitAmount"},
        {"{'UnitAmount':1.23456}", "LineItems.0.UnitAmount"},
        {"{'LineAmount':1.001}", "LineItems.0.LineAmount"},
        {"{'ItemCode':'1234567890123456789012345678901'}",
         "LineItems.0.ItemCode"},
        {"{'Tracking':'x'}", "LineItems.0.Tracking"},
        {"{'Tracking':[1]}", "LineItems.0.Tracking.0"},
        {"", "LineItems"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        case_t *c = create(bad[i].line, *state);

        case_is_fault(c, AMZX_FAULT_REJECTED, "data.schema");
        assert_string_equal(c->fault.place, bad[i].place);
    }
}

static void heads_that_are_dangerous_are_refused(void **state)
{
    static const char *const bad[] = {
        "{'InvoiceID':'x','Type':'ACCREC'}", /* ids are Xero's */
        "{'Type':'ACCREC','Total':1.00}",
        "{'Type':'ACCREC','Contact':{'ContactID':'c','Name':'x'}}",
        "{'Type':'ACCREC','InvoiceNumber':'1','Contact':{'ContactID':'c'},"
        "'Date':'31.01.2026'}",
        "{'Type':'ACCPAY','InvoiceNumber':'1','Contact':{'ContactID':'c'},"
        "'Date':'2026-01-31','LineItems':[{'Description':'x'}]}",
        "{'Type':'ACCREC','InvoiceNumber':'1','Contact':{'ContactID':'c'},"
        "'Date':'2026-01-31','LineItems':[{'Description':'x'}],"
        "'Status':'PAID'}",
        "[]", "null"};
    apr_size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        case_is_fault(case_begin("xero.invoices.create", NULL, bad[i],
                                 *state), AMZX_FAULT_REJECTED,
                      "data.schema");
    }
}

static void a_number_is_looked_up_as_it_is(void **state)
{
    case_t *c = case_begin("xero.invoices.byNumber",
                           "{'number':'AMZ-026 1/2'}", NULL, *state);

    case_is_request(c, "GET", "/Invoices?InvoiceNumbers=AMZ-026%201%2F2"
                              "&page=1&pageSize=100&unitdp=4");
    case_answer(c, 200, "{'Invoices':[{'InvoiceID':'b','Type':'ACCPAY',"
                "'InvoiceNumber':'AMZ-026 1/2'},{'InvoiceID':'c',"
                "'Type':'ACCREC','InvoiceNumber':'AMZ-026 1/23'},"
                "{'InvoiceID':'" ID "','Type':'ACCREC',"
                "'InvoiceNumber':'AMZ-026 1/2','Total':1.00}]}");
    case_is_at(c->result, "InvoiceID", "'" ID "'", *state);
}

static void a_number_that_is_not_there_is_null(void **state)
{
    case_t *c = case_begin("xero.invoices.byNumber", "{'number':'N'}", NULL,
                           *state);

    case_answer(c, 200, "{'Invoices':[]}");
    case_is_result(c, "null");
    c = case_begin("xero.invoices.byNumber", "{'number':'N'}", NULL, *state);
    case_answer_as(c, 404, "text/html", "The resource ...", NULL, NULL);
    case_is_result(c, "null");
    c = case_begin("xero.invoices.get", "{'InvoiceID':'" ID "'}", NULL,
                   *state);
    case_is_request(c, "GET", "/Invoices/" ID "?unitdp=4");
    case_answer_as(c, 404, "text/html", "The resource ...", NULL, NULL);
    case_is_result(c, "null");
}

static void numbers_are_found_together(void **state)
{
    case_t *c = case_begin("xero.invoices.find",
                           "{'numbers':['A-1','A-2']}", NULL, *state);

    case_is_request(c, "GET", "/Invoices?InvoiceNumbers=A-1%2CA-2&page=1"
                              "&pageSize=100&unitdp=4");
    case_answer(c, 200, "{'Invoices':[{'InvoiceNumber':'A-1'}]}");
    case_is_result(c, "[{'InvoiceNumber':'A-1'}]");
    case_is_fault(case_begin("xero.invoices.find", "{'numbers':[]}", NULL,
                             *state), AMZX_FAULT_REJECTED, "data.argument");
    case_is_fault(case_begin("xero.invoices.find", "{'numbers':['a,b']}",
                             NULL, *state), AMZX_FAULT_REJECTED,
                  "data.argument");
}

static void an_invoice_is_voided_or_deleted_by_its_id(void **state)
{
    case_t *c = case_begin("xero.invoices.void", "{'InvoiceID':'" ID "'}",
                           NULL, *state);

    case_is_request(c, "POST", "/Invoices/" ID "?unitdp=4");
    case_is_body(c, "{'Invoices':[{'InvoiceID':'" ID "',"
                    "'Status':'VOIDED'}]}");
    case_answer(c, 200, "{'Invoices':[{'InvoiceID':'" ID "',"
                "'Status':'VOIDED'}]}");
    case_is_at(c->result, "Status", "'VOIDED'", *state);
    c = case_begin("xero.invoices.void", "{'InvoiceID':'" ID "',"
                   "'Status':'DELETED'}", NULL, *state);
    case_is_body(c, "{'Invoices':[{'InvoiceID':'" ID "',"
                    "'Status':'DELETED'}]}");
    case_is_fault(case_begin("xero.invoices.void", "{'InvoiceID':'x',"
                             "'Status':'PAID'}", NULL, *state),
                  AMZX_FAULT_REJECTED, "data.argument");
    case_is_fault(case_begin("xero.invoices.void", NULL, NULL, *state),
                  AMZX_FAULT_REJECTED, "data.argument");
}

static void an_invoice_is_renumbered(void **state)
{
    case_t *c = case_begin("xero.invoices.renumber", "{'InvoiceID':'" ID "',"
                           "'InvoiceNumber':'AMZ-1-V1'}", NULL, *state);

    case_is_request(c, "POST", "/Invoices/" ID "?unitdp=4");
    case_is_body(c, "{'Invoices':[{'InvoiceID':'" ID "',"
                    "'InvoiceNumber':'AMZ-1-V1'}]}");
}

static void a_payment_is_put_once(void **state)
{
    case_t *c = case_begin("xero.payments.create", NULL,
        "{'Reference':'026-1','Amount':'212.45','Date':'2026-01-31',"
        "'Account':{'Code':'090'},'Invoice':{'InvoiceID':'" ID "'}}",
        *state);

    case_is_request(c, "PUT", "/Payments?summarizeErrors=false");
    case_is_body(c, "{'Payments':[{'Invoice':{'InvoiceID':'" ID "'},"
        "'Account':{'Code':'090'},'Date':'2026-01-31','Amount':212.45,"
        "'Reference':'026-1'}]}");
    case_answer(c, 200, "{'Payments':[{'PaymentID':'p-1','Amount':212.45,"
        "'Date':'/Date(1769817600000+0000)/','Reference':'026-1',"
        "'Status':'AUTHORISED','HasValidationErrors':false}]}");
    case_is_at(c->result, "Amount", "212.45", *state);
    case_is_at(c->result, "Date", "'2026-01-31'", *state);
    case_is_fault(case_begin("xero.payments.create", NULL,
        "{'Amount':0,'Date':'2026-01-31','Account':{'Code':'090'},"
        "'Invoice':{'InvoiceID':'x'}}", *state), AMZX_FAULT_REJECTED,
        "data.schema");
}

static void a_payment_may_be_refused_inside_a_200(void **state)
{
    case_t *c = case_begin("xero.payments.create", NULL,
        "{'Amount':1,'Date':'2026-01-31','Account':{'Code':'090'},"
        "'Invoice':{'InvoiceID':'x'}}", *state);

    case_answer(c, 200, "{'Payments':[{'PaymentID':'" ZERO "',"
        "'HasValidationErrors':true,'ValidationErrors':[{'Message':"
        "'Payment amount exceeds the amount outstanding on this document'}]"
        "}]}");
    case_is_fault(c, AMZX_FAULT_REJECTED, "validation.overpayment");
}

static void payments_of_an_invoice_are_a_list_of_live_ones(void **state)
{
    case_t *c = case_begin("xero.payments.ofInvoice",
                           "{'InvoiceID':'" ID "'}", NULL, *state);

    case_is_request(c, "GET", "/Invoices/" ID);
    case_answer(c, 200, "{'Invoices':[{'InvoiceID':'" ID "','Payments':["
        "{'PaymentID':'p-1','Date':'/Date(1769817600000+0000)/',"
        "'Amount':212.45,'Reference':'026-1'}]}]}");
    case_is_result(c, "[{'PaymentID':'p-1','Date':'2026-01-31',"
        "'Amount':212.45,'Reference':'026-1','Status':'AUTHORISED',"
        "'Invoice':{'InvoiceID':'" ID "'}}]");
}

static void a_payment_listed_without_reference_is_fetched(void **state)
{
    case_t *c = case_begin("xero.payments.ofInvoice",
                           "{'InvoiceID':'" ID "'}", NULL, *state);

    case_answer(c, 200, "{'Invoices':[{'Payments':[{'PaymentID':'p-1',"
        "'Amount':1.00},{'PaymentID':'p-2','Amount':2.25}]}]}");
    case_is_request(c, "GET", "/Payments/p-1");
    case_answer(c, 200, "{'Payments':[{'PaymentID':'p-1','Amount':1.00,"
        "'Reference':'R','Status':'DELETED'}]}");
    case_is_request(c, "GET", "/Payments/p-2");
    case_answer_as(c, 404, "text/html", "no", NULL, NULL);
    case_is_at(c->result, "0.Reference", "'R'", *state);
    case_is_at(c->result, "0.Status", "'DELETED'", *state);
    case_is_at(c->result, "1.Amount", "2.25", *state);
    assert_int_equal(amzx_val_count(c->result), 2);
}

static void an_invoice_without_payments_gives_an_empty_list(void **state)
{
    case_t *c = case_begin("xero.payments.ofInvoice",
                           "{'InvoiceID':'" ID "'}", NULL, *state);

    case_answer(c, 200, "{'Invoices':[{'InvoiceID':'" ID "'}]}");
    case_is_result(c, "[]");
    c = case_begin("xero.payments.ofInvoice", "{'InvoiceID':'x'}", NULL,
                   *state);
    case_answer_as(c, 404, "text/html", "no", NULL, NULL);
    case_is_result(c, "[]");
}

static void a_payment_is_deleted_by_its_id(void **state)
{
    case_t *c = case_begin("xero.payments.delete", "{'PaymentID':'p-1'}",
                           NULL, *state);

    case_is_request(c, "POST", "/Payments/p-1");
    case_is_body(c, "{'Status':'DELETED'}");
    case_answer(c, 200, "{'Payments':[{'PaymentID':'p-1',"
                "'Status':'DELETED'}]}");
    case_is_at(c->result, "Status", "'DELETED'", *state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(an_invoice_is_put_once_with_all_its_errors),
        POOL_TEST(equal_bodies_are_equal_bytes),
        POOL_TEST(the_answer_is_canonical),
        POOL_TEST(a_line_that_has_no_unit_price_gets_a_rounding_line),
        POOL_TEST(three_for_ten_pounds_need_no_rounding_line),
        POOL_TEST(a_real_difference_is_no_rounding),
        POOL_TEST(what_xero_would_ignore_or_misread_is_refused),
        POOL_TEST(heads_that_are_dangerous_are_refused),
        POOL_TEST(a_number_is_looked_up_as_it_is),
        POOL_TEST(a_number_that_is_not_there_is_null),
        POOL_TEST(numbers_are_found_together),
        POOL_TEST(an_invoice_is_voided_or_deleted_by_its_id),
        POOL_TEST(an_invoice_is_renumbered),
        POOL_TEST(a_payment_is_put_once),
        POOL_TEST(a_payment_may_be_refused_inside_a_200),
        POOL_TEST(payments_of_an_invoice_are_a_list_of_live_ones),
        POOL_TEST(a_payment_listed_without_reference_is_fetched),
        POOL_TEST(an_invoice_without_payments_gives_an_empty_list),
        POOL_TEST(a_payment_is_deleted_by_its_id),
    };

    apr_initialize();
    return cmocka_run_group_tests_name("xero_invoice", tests, NULL, NULL);
}
