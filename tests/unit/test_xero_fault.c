/* SPDX-License-Identifier: Apache-2.0 */
/* What Xero's refusals become: the catalogue of messages one by one, and
 * every status on a read and on an effect. */
#include "connector_case.h"

#define PAYMENT \
    "{'Amount':1,'Date':'2026-01-31','Account':{'Code':'090'}," \
    "'Invoice':{'InvoiceID':'x'}}"

typedef struct {
    const char *message;
    const char *code;
    amzx_fault_class_e klass;
} said_t;

/* As they were met: in answers, help pages and other people's tests. */
static const said_t said[] = {
    {"Account code '999' is not a valid code for this document.",
     "validation.account_code", AMZX_FAULT_REJECTED},
    {"Account code '42945235343232' has been archived, or has been deleted."
     " Each line item must reference a valid account.",
     "validation.account_archived", AMZX_FAULT_REJECTED},
    {"Account code must be specified", "validation.account_code",
     AMZX_FAULT_REJECTED},
    {"The account code or ID must be specified", "validation.account_code",
     AMZX_FAULT_REJECTED},
    {"The TaxType code 'INPUTY24' cannot be used with account code"
     " '200.03'.", "validation.tax_type", AMZX_FAULT_REJECTED},
    {"The TaxType code 'X' does not exist or cannot be used for this type of"
     " transaction.", "validation.tax_type", AMZX_FAULT_REJECTED},
    {"The tax amount cannot be greater than the line amount!",
     "validation.tax_amount", AMZX_FAULT_REJECTED},
    {"Item code 'X' is not valid", "validation.item_code",
     AMZX_FAULT_REJECTED},
    {"Item Code is invalid.", "validation.item_code", AMZX_FAULT_REJECTED},
    {"Insufficient stock. Items are eligible for backorder.",
     "validation.stock", AMZX_FAULT_REJECTED},
    {"Invoice # must be unique.", "validation.duplicate_number",
     AMZX_FAULT_UNKNOWN},
    {"Invoice not of valid status for modification", "validation.status",
     AMZX_FAULT_REJECTED},
    {"Invoice not of valid status for creation", "validation.status",
     AMZX_FAULT_REJECTED},
    {"This document cannot be edited as it has a payment or credit note"
     " allocated to it.", "validation.has_payment", AMZX_FAULT_REJECTED},
    {"The contact with the specified contact details has been archived. The"
     " contact must be un-archived before creating new invoices or credit"
     " notes", "validation.contact_archived", AMZX_FAULT_REJECTED},
    {"A Contact must be specified for this type of transaction",
     "validation.contact_missing", AMZX_FAULT_REJECTED},
    {"The contact name Buzz Lightyear is already assigned to another"
     " contact. The contact name must be unique across all active"
     " contacts.", "validation.contact_name", AMZX_FAULT_UNKNOWN},
    {"Another contact has this contact number. Please enter a different"
     " contact number.", "validation.duplicate_contact_number",
     AMZX_FAULT_UNKNOWN},
    {"One or more line items must be specified", "validation.no_lines",
     AMZX_FAULT_REJECTED},
    {"The quantity value '-x.0000' is invalid. Quantity must not be less"
     " than zero.", "validation.quantity", AMZX_FAULT_REJECTED},
    {"The Total for this document must be greater than or equal to zero.",
     "validation.negative_total", AMZX_FAULT_REJECTED},
    {"The document total does not equal the sum of the lines.",
     "validation.total", AMZX_FAULT_REJECTED},
    {"The invoice total does not equal the sum of the lines.",
     "validation.total", AMZX_FAULT_REJECTED},
    {"The line total -0.01 does not match the expected line total 0.00",
     "validation.total", AMZX_FAULT_REJECTED},
    {"The discount rate '27.83' is invalid. Discount must not be greater"
     " than the line total.", "validation.discount", AMZX_FAULT_REJECTED},
    {"The document date cannot be before the period lock date of 30 June"
     " 2026", "validation.period_locked", AMZX_FAULT_REJECTED},
    {"The document date cannot be before the end of year lock date,"
     " currently set at [Lock Date]", "validation.period_locked",
     AMZX_FAULT_REJECTED},
    {"Payment amount exceeds the amount outstanding on this document",
     "validation.overpayment", AMZX_FAULT_REJECTED},
    {"Payments can only be made against authorised documents",
     "validation.not_authorised", AMZX_FAULT_REJECTED},
    {"You must specify an Account code or Account ID for the payment.",
     "validation.payment_account", AMZX_FAULT_REJECTED},
    {"Account could not be found", "validation.payment_account",
     AMZX_FAULT_REJECTED},
    {"Payments within a batch cannot be deleted.",
     "validation.payment_in_batch", AMZX_FAULT_REJECTED},
    {"Users Organisation is not subscribed to currency NZD",
     "validation.currency", AMZX_FAULT_REJECTED},
    {"Organisation is not subscribed to currency EUR",
     "validation.currency", AMZX_FAULT_REJECTED},
    {"You have reached the limit of invoices you can approve",
     "validation.plan_limit", AMZX_FAULT_REJECTED},
    {"Email address must be valid.", "validation.email",
     AMZX_FAULT_REJECTED},
    {"Due date cannot be empty", "validation.due_date",
     AMZX_FAULT_REJECTED},
    {"The document with the supplied id was not found for this endpoint.",
     "not_found", AMZX_FAULT_REJECTED},
    {"Please enter a unique Name.", "validation.duplicate_name",
     AMZX_FAULT_REJECTED},
    {"You\xe2\x80\x99ve reached the limit of 100 contact groups.",
     "validation.contact_groups", AMZX_FAULT_REJECTED},
    {"Unable to assign an Archived contact.", "validation.contact_archived",
     AMZX_FAULT_REJECTED},
    {"Idempotency Key: KEY_VALUE is used with a different request.",
     "conflict.idempotency", AMZX_FAULT_UNKNOWN},
    {"Something that nobody has met yet", "validation.other",
     AMZX_FAULT_REJECTED},
};

/* The message as JSON text; the tests' JSON has ' for ", so it is escaped. */
static const char *escaped(const char *text, apr_pool_t *p)
{
    amzx_buf_t out;

    amzx_buf_init(&out, 100, p);
    for (; *text; text++) {
        amzx_buf_puts(&out, *text == '\'' ? "\\u0027" : "");
        if (*text != '\'') {
            amzx_buf_putc(&out, *text);
        }
    }
    return out.s;
}

static case_t *effect(apr_pool_t *p)
{
    return case_begin("xero.payments.create", NULL, PAYMENT, p);
}

static case_t *read_op(apr_pool_t *p)
{
    return case_begin("xero.accounts.list", NULL, NULL, p);
}

static void every_message_of_the_catalogue_has_its_code(void **state)
{
    apr_size_t i;

    for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        const char *m = escaped(said[i].message, *state);
        case_t *c = effect(*state);

        case_answer(c, 400, apr_psprintf(*state, /* a summarised 400 */
            "{'ErrorNumber':10,'Type':'ValidationException','Message':"
            "'A validation exception occurred','Elements':[{"
            "'ValidationErrors':[{'Message':'%s'}]}]}", m));
        case_is_fault(c, said[i].klass, said[i].code);
        c = effect(*state);
        case_answer(c, 200, apr_psprintf(*state, /* deep in a 200 */
            "{'Payments':[{'PaymentID':'p','StatusAttributeString':"
            "'ERROR','Invoice':{'Contact':{'ValidationErrors':["
            "{'Description':'%s'}]}}}]}", m));
        case_is_fault(c, said[i].klass, said[i].code);
    }
}

static void the_detail_holds_the_message_but_no_name(void **state)
{
    case_t *c = effect(*state);

    case_answer(c, 400, "{'Elements':[{'ValidationErrors':[{'Message':"
        "'Account code \\u0027201\\u0027 is not a valid code for this"
        " document.'}]}]}");
    assert_string_equal(c->fault.detail, "Account code '201' is not a valid"
                                         " code for this document.");
    c = effect(*state);
    case_answer(c, 400, "{'Elements':[{'ValidationErrors':[{'Message':"
        "'The contact name Ann Lee is already assigned to another contact.'"
        "},{'Message':'Bad thing with ann@example.com, really'}]}]}");
    assert_null(strstr(c->fault.detail, "Ann"));
    assert_null(strstr(c->fault.detail, "ann@"));
    assert_non_null(strstr(c->fault.detail, "really"));
    assert_true(amzx_op_is_duplicate(&c->fault));
}

static void of_several_messages_the_one_to_settle_first_decides(void **state)
{
    case_t *c = effect(*state);

    case_answer(c, 400, "{'Elements':[{'ValidationErrors':["
        "{'Message':'Due date cannot be empty'},"
        "{'Message':'Invoice # must be unique.'}]}]}");
    case_is_fault(c, AMZX_FAULT_UNKNOWN, "validation.duplicate_number");
    assert_true(amzx_op_is_duplicate(&c->fault));
    assert_non_null(strstr(c->fault.detail, "Due date"));
}

static void an_idempotency_conflict_may_be_a_top_level_message(void **state)
{
    case_t *c = effect(*state);

    case_answer(c, 400, "{'Message':'Idempotency Key: abc is used with a"
                        " different request.'}");
    case_is_fault(c, AMZX_FAULT_UNKNOWN, "conflict.idempotency");
    assert_false(amzx_op_is_duplicate(&c->fault));
}

static void other_exceptions_of_400_are_told_apart(void **state)
{
    static const char *const all[][3] = {
        {"PostDataInvalidException", "validation.post_data", "bug"},
        {"QueryParseException", "validation.query", "bug"},
        {"HighVolumeException", "limit.high_volume", "rejected"},
        {"NoDataProcessedException", "validation.other", "rejected"}};
    int i;

    for (i = 0; i < 4; i++) {
        case_t *c = read_op(*state);

        case_answer(c, 400, apr_psprintf(*state, "{'ErrorNumber':14,"
            "'Type':'%s','Message':'because'}", all[i][0]));
        assert_string_equal(c->fault.code, all[i][1]);
        assert_string_equal(amzx_fault_class_name(c->fault.klass),
                            all[i][2]);
    }
}

static void a_refusal_may_come_without_any_reason(void **state)
{
    case_t *c = effect(*state);

    case_answer_as(c, 400, "text/html", "<html>", NULL, NULL);
    case_is_fault(c, AMZX_FAULT_UNKNOWN, "network.garbled");
    c = effect(*state);
    case_answer(c, 200, "{'Payments':[{'PaymentID':'p',"
                        "'HasErrors':true}]}");
    case_is_fault(c, AMZX_FAULT_REJECTED, "validation.other");
}

static void tokens_scopes_and_tenants_are_told_apart(void **state)
{
    case_t *c = read_op(*state);

    case_answer(c, 401, "{'Type':null,'Title':'Unauthorized','Status':401,"
        "'Detail':'TokenExpired: token expired at 01/01/2001 00:00:00'}");
    case_is_fault(c, AMZX_FAULT_AUTH, "auth.expired");
    c = read_op(*state);
    case_answer(c, 401, "{'detail':'AuthenticationUnsuccessful'}");
    case_is_fault(c, AMZX_FAULT_AUTH, "auth.expired");
    c = effect(*state);
    case_answer(c, 401, "{'Status':401,'Detail':"
                        "'AuthorizationUnsuccessful'}");
    case_is_fault(c, AMZX_FAULT_AUTH, "auth.forbidden");
    c = effect(*state);
    case_answer(c, 403, "{'Title':'Forbidden','Status':403,'Detail':"
                        "'AuthenticationUnsuccessful'}");
    case_is_fault(c, AMZX_FAULT_AUTH, "auth.revoked");
    c = effect(*state);
    case_answer_as(c, 403, "text/html", "<html>", NULL, NULL);
    case_is_fault(c, AMZX_FAULT_AUTH, "auth.forbidden");
}

static void limits_are_told_apart_by_their_header(void **state)
{
    static const char *const all[][2] = {
        {"minute", "rate_limited.minute"}, {"Day", "rate_limited.day"},
        {"concurrent", "rate_limited.concurrent"},
        {"appminute", "rate_limited.app"},
        {"something", "rate_limited.concurrent"}};
    case_t *c;
    int i;

    for (i = 0; i < 5; i++) {
        c = effect(*state);
        case_answer_as(c, 429, "text/plain", "", "X-Rate-Limit-Problem",
                       all[i][0]);
        case_is_fault(c, AMZX_FAULT_THROTTLED, all[i][1]);
        assert_int_equal(c->fault.retry_after_us, -1);
    }
    c = effect(*state);
    case_answer_as(c, 429, "text/plain", "", "Retry-After", "17");
    case_is_fault(c, AMZX_FAULT_THROTTLED, "rate_limited.minute");
    assert_int_equal(c->fault.retry_after_us, apr_time_from_sec(17));
}

static void an_outage_says_how_long_to_wait(void **state)
{
    static const struct {
        const char *text;
        int wait_s;
    } all[] = {{"The Xero API is currently offline for maintenance", 180},
               {"The Xero API is temporarily unavailable", 60},
               {"The Organisation is offline", 300}};
    int i;

    for (i = 0; i < 3; i++) {
        case_t *c = read_op(*state);

        case_answer_as(c, 503, "text/plain", all[i].text, NULL, NULL);
        case_is_fault(c, AMZX_FAULT_TRANSIENT, "server.503");
        assert_int_equal(c->fault.retry_after_us,
                         apr_time_from_sec(all[i].wait_s));
        c = effect(*state);
        case_answer_as(c, 503, "text/plain", all[i].text, "Retry-After",
                       "5");
        case_is_fault(c, AMZX_FAULT_UNKNOWN, "server.503");
        assert_int_equal(c->fault.retry_after_us, apr_time_from_sec(5));
    }
}

static void the_fate_of_an_effect_is_unknown_after_these(void **state)
{
    static const struct {
        int status;
        const char *type;
        const char *body;
        const char *code;
    } all[] = {
        {500, "text/html", "<html>", "server.500"},
        {502, "text/html", "<html>", "server.502"},
        {504, "text/html", "", "server.504"},
        {408, "text/html", "", "network.timeout"},
        {200, "text/html", "<html>", "network.garbled"},
        {200, "application/json", "{'Payments':[{'Payme", "network.garbled"},
        {200, "application/json", "", "network.garbled"},
        {200, "application/json", "{'Other':[]}", "network.garbled"},
        {200, "application/json", "{'Payments':[]}", "data.no_id"},
        {200, "application/json", "{'Payments':[{}]}", "data.no_id"},
        {200, "application/json", "{'Payments':[{'PaymentID':"
              "'00000000-0000-0000-0000-000000000000'}]}", "data.no_id"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        case_t *c = effect(*state);

        case_answer_as(c, all[i].status, all[i].type, all[i].body, NULL,
                       NULL);
        case_is_fault(c, AMZX_FAULT_UNKNOWN, all[i].code);
        if (i < 8) {
            c = read_op(*state);
            case_answer_as(c, all[i].status, all[i].type, all[i].body, NULL,
                           NULL);
            case_is_fault(c, AMZX_FAULT_TRANSIENT, all[i].code);
        }
    }
}

static void the_other_statuses_are_final(void **state)
{
    case_t *c = effect(*state);

    case_answer_as(c, 404, "text/html", "The resource you're looking for"
                   " cannot be found", NULL, NULL);
    case_is_fault(c, AMZX_FAULT_REJECTED, "not_found");
    c = effect(*state);
    case_answer_as(c, 412, "text/html", "", NULL, NULL);
    case_is_fault(c, AMZX_FAULT_REJECTED, "validation.http_412");
    c = effect(*state);
    case_answer(c, 501, "{'ErrorNumber':20,'Type':"
                        "'ApiMethodNotImplementedException'}");
    case_is_fault(c, AMZX_FAULT_BUG, "validation.not_implemented");
    c = effect(*state);
    case_answer_as(c, 302, "text/html", "", NULL, NULL);
    case_is_fault(c, AMZX_FAULT_CONFIG, "config.redirect");
}

/* Everything on record has a code of its own. */
static void every_collected_message_is_known(void **state)
{
    const char *data = getenv("AMZXERO_TESTDATA");
    char *bytes = NULL;
    char **line;
    apr_size_t len;
    int count = 0;

    if (!data) {
        print_message("AMZXERO_TESTDATA is not set: a folder with"
                      " xero/errors/messages.tsv, message and source\n");
        skip();
    }
    assert_int_equal(amzx_file_read(&bytes, &len, apr_pstrcat(
        *state, data, "/xero/errors/messages.tsv", NULL), 1 << 20, *state),
        APR_SUCCESS);
    line = amzx_split(bytes, "\n", *state);
    while (*++line) { /* the first is the header */
        case_t *c = effect(*state);

        (*line)[strcspn(*line, "\t")] = '\0';
        case_answer(c, 400, apr_psprintf(*state, "{'Elements':[{"
            "'ValidationErrors':[{'Message':'%s'}]}]}",
            escaped(*line, *state)));
        if (strcmp(c->fault.code, "validation.other") == 0) {
            fail_msg("not known: %s", *line);
        }
        count++;
    }
    assert_in_range(count, 30, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(every_message_of_the_catalogue_has_its_code),
        POOL_TEST(the_detail_holds_the_message_but_no_name),
        POOL_TEST(of_several_messages_the_one_to_settle_first_decides),
        POOL_TEST(an_idempotency_conflict_may_be_a_top_level_message),
        POOL_TEST(other_exceptions_of_400_are_told_apart),
        POOL_TEST(a_refusal_may_come_without_any_reason),
        POOL_TEST(tokens_scopes_and_tenants_are_told_apart),
        POOL_TEST(limits_are_told_apart_by_their_header),
        POOL_TEST(an_outage_says_how_long_to_wait),
        POOL_TEST(the_fate_of_an_effect_is_unknown_after_these),
        POOL_TEST(the_other_statuses_are_final),
        POOL_TEST(every_collected_message_is_known),
    };

    apr_initialize();
    return cmocka_run_group_tests_name("xero_fault", tests, NULL, NULL);
}
