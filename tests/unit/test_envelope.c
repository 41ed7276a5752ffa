/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications out of every wrapper, and delivery ids without parsing. */
#include "connector_case.h"

#include <apr_file_info.h>

#include "amzx_envelope.h"
#include "amzx_notification.h"

#define ID "d0e9e693-0001-4373-979f-ed4ec98dd746"

static apr_array_header_t *open_it(const char *body, apr_pool_t *p)
{
    apr_array_header_t *events = NULL;
    amzx_fault_t fault;

    amzx_fault_clear(&fault);
    if (amzx_envelope_amazon(&events, body, strlen(body), &fault, p)
        != APR_SUCCESS) {
        fail_msg("%s: %s", fault.code, fault.detail);
    }
    return events;
}

static const amzx_event_t *event_at(const apr_array_header_t *events, int i)
{
    assert_in_range(i, 0, events->nelts - 1);
    return &APR_ARRAY_IDX(events, i, amzx_event_t);
}

/* The notification on one line, and as the text inside a JSON text. */
static const char *bare(apr_pool_t *p)
{
    return amzx_json_write(case_json(case_data("order-change.json", p), p),
                           NULL, p);
}

static const char *as_text(const char *json, apr_pool_t *p)
{
    return amzx_json_write(amzx_val_str(json, p), NULL, p);
}

static void an_order_change_becomes_an_event(void **state)
{
    apr_array_header_t *events = open_it(
        case_data("order-change.json", *state), *state);
    const amzx_event_t *e = event_at(events, 0);

    assert_int_equal(events->nelts, 1);
    assert_string_equal(e->type, "ORDER_CHANGE");
    assert_string_equal(e->id, ID);
    case_is_at(e->event, "type", "'ORDER_CHANGE'", *state);
    case_is_at(e->event, "time", "'2026-01-31T10:30:00.125000Z'", *state);
    case_is_at(e->event, "sellerId", "'A1SELLER'", *state);
    case_is_at(e->event, "marketplaceId", "'A1F83G8C2ARO7P'", *state);
    case_is_at(e->event, "order.orderId", "'026-1520163-6049104'", *state);
    case_is_at(e->event, "order.status", "'PARTIALLY_SHIPPED'", *state);
    case_is_at(e->event, "order.changeType", "'OrderStatusChange'", *state);
    case_is_at(e->event, "order.changedAt", "null", *state);
    case_is_at(e->event, "order.fulfilledBy", "'MERCHANT'", *state);
    case_is_at(e->event, "order.itemsShipped", "2", *state);
    case_is_at(e->event, "order.cancelRequested", "true", *state);
    case_is_at(e->event, "order.items.0.cancelRequested", "false", *state);
    case_is_at(e->event, "order.items.1.cancelRequested", "true", *state);
    case_is_at(e->event, "order.items.1.status", "'UNSHIPPED'", *state);
    case_is_at(e->event, "raw.PayloadVersion", "'1.0'", *state);
    assert_null(strstr(amzx_json_write(amzx_val_get(e->event, "order"), NULL,
                                       *state), "NR1"));
}

static void every_wrapper_is_taken_off(void **state)
{
    apr_pool_t *p = *state;
    const char *n = bare(p);
    const char *t = as_text(n, p);
    const char *record = apr_psprintf(p, "{\"messageId\":\"m\",\"body\":%s,"
        "\"attributes\":{},\"eventSource\":\"aws:sqs\"}", t);
    const char *const all[] = {
        n, apr_psprintf(p, "[%s]", n),
        apr_psprintf(p, "{\"version\":\"0\",\"id\":\"e\",\"detail-type\":"
            "\"ORDER_CHANGE\",\"source\":\"aws.partner/x\",\"detail\":%s}",
            n),
        record, apr_psprintf(p, "[%s]", record),
        apr_psprintf(p, "{\"messageId\":\"m\",\"body\":%s}", n),
        apr_psprintf(p, "{\"Records\":[%s]}", record),
        apr_psprintf(p, "{\"Messages\":[{\"MessageId\":\"m\",\"Body\":%s}]}",
            t),
        apr_psprintf(p, "{\"Type\":\"Notification\",\"MessageId\":\"m\","
            "\"TopicArn\":\"a\",\"Message\":%s}", t),
        apr_psprintf(p, "{\"Records\":[{\"EventSource\":\"aws:sns\",\"Sns\":"
            "{\"Message\":%s}}]}", t),
        apr_psprintf(p, "{\"body\":%s}", as_text(apr_psprintf(p,
            "{\"Type\":\"Notification\",\"Message\":%s}", t), p)),
    };
    apr_size_t i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        apr_array_header_t *events = open_it(all[i], p);

        assert_int_equal(events->nelts, 1);
        assert_string_equal(event_at(events, 0)->id, ID);
        case_is_at(event_at(events, 0)->event, "order.orderId",
                   "'026-1520163-6049104'", p);
    }
}

static void one_delivery_may_hold_several(void **state)
{
    const char *n = bare(*state);
    apr_array_header_t *events = open_it(apr_psprintf(*state,
        "[{\"body\":%s},%s,{\"notificationType\":\"FEED_PROCESSING_"
        "FINISHED\",\"payload\":{\"feedProcessingFinishedNotification\":"
        "{\"sellerId\":\"S\",\"feedId\":\"7\",\"processingStatus\":\"DONE\""
        "}},\"notificationMetadata\":{\"notificationId\":\"f-1\"}}]",
        as_text(n, *state), n), *state);

    assert_int_equal(events->nelts, 3);
    assert_string_equal(event_at(events, 2)->type,
                        "FEED_PROCESSING_FINISHED");
    assert_string_equal(event_at(events, 2)->id, "f-1");
    case_is_at(event_at(events, 2)->event, "feed.feedId", "'7'", *state);
    case_is_at(event_at(events, 2)->event, "sellerId", "'S'", *state);
}

static void what_cannot_be_read_is_kept_beside_what_can(void **state)
{
    apr_array_header_t *events = open_it(apr_psprintf(*state,
        "[{\"x\":1},%s,{\"body\":\"no json\"}]", bare(*state)), *state);

    assert_int_equal(events->nelts, 3);
    assert_string_equal(event_at(events, 0)->type, "UNREADABLE");
    case_is_at(event_at(events, 0)->event, "raw", "{'x':1}", *state);
    assert_string_equal(event_at(events, 1)->type, "ORDER_CHANGE");
    case_is_at(event_at(events, 2)->event, "raw", "'no json'", *state);
}

static void an_unknown_type_is_kept(void **state)
{
    apr_array_header_t *events = open_it("{\"NotificationType\":\"NEW_ONE\","
        "\"Payload\":{\"A\":1}}", *state);

    assert_string_equal(event_at(events, 0)->type, "NEW_ONE");
    assert_string_equal(event_at(events, 0)->id, "");
    case_is_at(event_at(events, 0)->event, "raw.Payload.A", "1", *state);
}

static void a_delivery_without_a_notification_is_refused(void **state)
{
    static const char *const all[][2] = {
        {"", "data.bad_json"}, {"{", "data.bad_json"},
        {"{\"a\":1,\"a\":2}", "data.bad_json"}, {"{}", "data.envelope"},
        {"[]", "data.envelope"}, {"null", "data.envelope"},
        {"7", "data.envelope"}, {"\"text\"", "data.envelope"},
        {"{\"NotificationType\":\"X\"}", "data.envelope"},
        {"{\"Type\":\"SubscriptionConfirmation\",\"Message\":\"You have\"}",
         "data.envelope"},
        {"{\"body\":{\"body\":{\"body\":{\"body\":{\"body\":{\"body\":"
         "{\"body\":{\"body\":{\"body\":{}}}}}}}}}}", "data.envelope"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        apr_array_header_t *events = NULL;
        amzx_fault_t fault;

        assert_int_not_equal(amzx_envelope_amazon(
            &events, all[i][0], strlen(all[i][0]), &fault, *state),
            APR_SUCCESS);
        assert_string_equal(fault.code, all[i][1]);
        assert_int_equal(fault.klass, AMZX_FAULT_REJECTED);
        assert_null(events);
    }
}

static void a_delivery_has_an_end(void **state)
{
    apr_array_header_t *events = NULL;
    amzx_fault_t fault;
    amzx_buf_t body;
    int i;

    amzx_buf_init(&body, 100000, *state);
    amzx_buf_putc(&body, '[');
    for (i = 0; i < 1001; i++) {
        amzx_buf_puts(&body, i > 0 ? ",{\"NotificationType\":\"X\","
                      "\"Payload\":{}}" : "{\"NotificationType\":\"X\","
                      "\"Payload\":{}}");
    }
    amzx_buf_putc(&body, ']');
    assert_int_not_equal(amzx_envelope_amazon(&events, body.s, body.len,
                                              &fault, *state), APR_SUCCESS);
    assert_string_equal(fault.code, "limit.size");
}

static void old_words_become_new_ones(void **state)
{
    static const char *const all[][2] = {
        {"Pending", "PENDING"}, {"Unshipped", "UNSHIPPED"},
        {"PartiallyShipped", "PARTIALLY_SHIPPED"}, {"Shipped", "SHIPPED"},
        {"Canceled", "CANCELLED"}, {"Cancelled", "CANCELLED"},
        {"Unfulfillable", "UNFULFILLABLE"},
        {"InvoiceUnconfirmed", "INVOICE_UNCONFIRMED"},
        {"PendingAvailability", "PENDING_AVAILABILITY"},
        {"PARTIALLY_SHIPPED", "PARTIALLY_SHIPPED"}, {"", ""}};
    apr_size_t i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        assert_string_equal(amzx_order_status(all[i][0], *state),
                            all[i][1]);
    }
}

static const char *id_of(const char *body, apr_pool_t *p)
{
    return amzx_envelope_delivery_id(body, strlen(body), p);
}

static void a_notification_has_one_delivery_id_in_every_wrapper(
    void **state)
{
    apr_pool_t *p = *state;
    const char *n = bare(p);
    const char *t = as_text(n, p);
    const char *tt = as_text(apr_psprintf(p, "{\"Message\":%s}", t), p);

    assert_string_equal(id_of(n, p), "n:" ID);
    assert_string_equal(id_of(case_data("order-change.json", p), p),
                        "n:" ID);
    assert_string_equal(id_of(apr_psprintf(p, "{\"messageId\":\"1\","
        "\"body\":%s}", t), p), "n:" ID);
    assert_string_equal(id_of(apr_psprintf(p, "{\"messageId\":\"2\","
        "\"body\":%s}", t), p), "n:" ID);
    assert_string_equal(id_of(apr_psprintf(p, "{\"body\":%s}", tt), p),
                        "n:" ID);
    assert_string_equal(id_of(as_text(case_data("order-change.json", p), p),
                              p), "n:" ID);
    assert_string_equal(id_of("{\"notificationId\" : \"a\"}", p), "n:a");
    assert_string_equal(id_of("{\"notificationId\":\"a\",\"x\":"
                              "{\"NotificationId\":\"a\"}}", p), "n:a");
}

static void several_or_none_are_digested(void **state)
{
    apr_pool_t *p = *state;
    const char *two = "[{\"NotificationId\":\"a\"},"
                      "{\"NotificationId\":\"b\"}]";

    assert_memory_equal(id_of(two, p), "d:", 2);
    assert_string_equal(id_of(two, p), id_of(
        "[{\"x\":1,\"NotificationId\":\"a\"},{\"NotificationId\":\"b\"}]",
        p));
    assert_string_not_equal(id_of(two, p), id_of(
        "[{\"NotificationId\":\"ab\"},{\"NotificationId\":\"\"}]", p));
    assert_memory_equal(id_of("{\"NotificationId\":\"a b\"}", p), "d:", 2);
    assert_memory_equal(amzx_envelope_delivery_id(
        "\"NotificationId\":\"\0a\"", 21, p), "d:", 2);
    assert_memory_equal(id_of("{}", p), "b:", 2);
    assert_string_not_equal(id_of("{}", p), id_of("{} ", p));
    assert_memory_equal(id_of("", p), "b:", 2);
    assert_memory_equal(id_of("notificationid", p), "b:", 2);
    assert_memory_equal(id_of("\"NotificationId\"", p), "b:", 2);
    assert_memory_equal(id_of("\"NotificationId\":", p), "b:", 2);
    assert_memory_equal(id_of("\"NotificationId\":\"", p), "b:", 2);
    assert_memory_equal(id_of("\"NotificationId\":\"x", p), "b:", 2);
    assert_memory_equal(id_of("\"NotificationId\":7", p), "b:", 2);
    assert_memory_equal(id_of("\"NotificationId\\", p), "b:", 2);
}

/* Amazon's samples: each one a notification with its type and id. */
static void amazons_own_samples_are_read(void **state)
{
    const char *data = getenv("AMZXERO_TESTDATA");
    apr_dir_t *dir = NULL;
    apr_finfo_t info;
    int count = 0;

    if (!data) {
        print_message("AMZXERO_TESTDATA is not set: a folder with"
                      " notifications/official_*.json, the examples of"
                      " github.com/amzn/selling-partner-api-models\n");
        skip();
    }
    data = apr_pstrcat(*state, data, "/notifications", NULL);
    assert_int_equal(apr_dir_open(&dir, data, *state), APR_SUCCESS);
    while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        const amzx_event_t *e;
        apr_array_header_t *events;
        char *bytes = NULL;
        apr_size_t len;

        if (strncmp(info.name, "official_", 9) != 0) {
            continue;
        }
        assert_int_equal(amzx_file_read(&bytes, &len, apr_pstrcat(
            *state, data, "/", info.name, NULL), 1 << 20, *state),
            APR_SUCCESS);
        events = open_it(bytes, *state);
        e = event_at(events, 0);
        assert_int_equal(events->nelts, 1);
        /* the file is named after the type */
        if (strncmp(info.name + 9, e->type, strlen(e->type)) != 0
            || !*e->type || !*e->id) {
            fail_msg("%s: type %s, id %s", info.name, e->type, e->id);
        }
        assert_string_equal(amzx_envelope_delivery_id(bytes, len, *state),
                            apr_pstrcat(*state, "n:", e->id, NULL));
        count++;
    }
    apr_dir_close(dir);
    assert_in_range(count, 20, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(an_order_change_becomes_an_event),
        POOL_TEST(every_wrapper_is_taken_off),
        POOL_TEST(one_delivery_may_hold_several),
        POOL_TEST(what_cannot_be_read_is_kept_beside_what_can),
        POOL_TEST(an_unknown_type_is_kept),
        POOL_TEST(a_delivery_without_a_notification_is_refused),
        POOL_TEST(a_delivery_has_an_end),
        POOL_TEST(old_words_become_new_ones),
        POOL_TEST(a_notification_has_one_delivery_id_in_every_wrapper),
        POOL_TEST(several_or_none_are_digested),
        POOL_TEST(amazons_own_samples_are_read),
    };

    apr_initialize();
    return cmocka_run_group_tests_name("envelope", tests, NULL, NULL);
}
