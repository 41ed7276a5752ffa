/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical events. Amazon spells members in two cases, by type. */
#include "amzx_notification.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#include "amzx_str.h"
#include "amzx_time.h"

static const amzx_val_t *get(const amzx_val_t *v, const char *name)
{
    return amzx_val_get_nocase(v, name);
}

static void put(amzx_val_t *out, const char *name, const amzx_val_t *from,
                const char *member, apr_pool_t *p)
{
    const amzx_val_t *v = get(from, member);

    if (amzx_val_type(v) == AMZX_STR && v->u.str.len == 0) {
        v = &amzx_val_null;
    }
    amzx_val_put_ref(out, name, v, p);
}

static void put_time(amzx_val_t *out, const char *name, const amzx_val_t *v,
                     apr_pool_t *p)
{
    char text[AMZX_TIME_TEXT];
    apr_time_t t = 0;

    if (amzx_time_parse(&t, amzx_val_text(v, "")) != APR_SUCCESS) {
        amzx_val_put_ref(out, name, &amzx_val_null, p);
        return;
    }
    amzx_time_text(text, t);
    amzx_val_put_str(out, name, text, p);
}

const char *amzx_order_status(const char *word, apr_pool_t *p)
{
    amzx_buf_t out;
    const char *at;

    amzx_buf_init(&out, strlen(word) + 8, p);
    for (at = word; *at; at++) {
        if (at > word && apr_isupper(*at) && apr_islower(at[-1])) {
            amzx_buf_putc(&out, '_');
        }
        amzx_buf_putc(&out, (char)apr_toupper(*at));
    }
    return strcmp(out.s, "CANCELED") == 0 ? "CANCELLED" : out.s;
}

/* A boolean that some senders write as text. */
static int is_true(const amzx_val_t *v)
{
    return amzx_val_truth(v, 0)
        || strcasecmp(amzx_val_text(v, ""), "true") == 0;
}

static const char *fulfilled_by(const char *type)
{
    return strcmp(type, "AFN") == 0 ? "AMAZON"
        : strcmp(type, "MFN") == 0 ? "MERCHANT" : NULL;
}

static const amzx_val_t *order_items(int *is_cancel, const amzx_val_t *list,
                                     apr_pool_t *p)
{
    amzx_val_t *out = amzx_val_list(amzx_val_count(list), p);
    apr_size_t i;

    for (i = 0; i < amzx_val_count(list); i++) {
        const amzx_val_t *in = amzx_val_at(list, i);
        amzx_val_t *v = amzx_val_obj(6, p);
        int cancel = is_true(get(in, "IsBuyerRequestedCancel"));

        put(v, "lineId", in, "OrderItemId", p);
        put(v, "sku", in, "SellerSKU", p);
        amzx_val_put_str(v, "status", amzx_order_status(amzx_val_text(
            get(in, "OrderItemStatus"), ""), p), p);
        put(v, "qty", in, "Quantity", p);
        put(v, "qtyShipped", in, "QuantityShipped", p);
        amzx_val_put_ref(v, "cancelRequested", amzx_val_bool(cancel), p);
        amzx_val_push(out, v, p);
        *is_cancel |= cancel;
    }
    return out;
}

/* The postal code stays in raw: it is personal and nobody needs it here. */
static const amzx_val_t *order_of(const amzx_val_t *n, apr_pool_t *p)
{
    const amzx_val_t *summary = get(n, "Summary");
    const amzx_val_t *trigger = get(n, "OrderChangeTrigger");
    amzx_val_t *v = amzx_val_obj(16, p);
    const amzx_val_t *items;
    int is_cancel = 0;

    items = order_items(&is_cancel, get(summary, "OrderItems"), p);
    put(v, "orderId", n, "AmazonOrderId", p);
    amzx_val_put_str(v, "status", amzx_order_status(amzx_val_text(
        get(summary, "OrderStatus"), ""), p), p);
    put(v, "changeType", n, "OrderChangeType", p);
    put(v, "level", n, "NotificationLevel", p);
    put(v, "reason", trigger, "ChangeReason", p);
    put_time(v, "changedAt", get(trigger, "TimeOfOrderChange"), p);
    put(v, "marketplaceId", summary, "MarketplaceId", p);
    put_time(v, "purchaseDate", get(summary, "PurchaseDate"), p);
    amzx_val_put_str(v, "fulfilledBy", fulfilled_by(amzx_val_text(
        get(summary, "FulfillmentType"), "")), p);
    put(v, "orderType", summary, "OrderType", p);
    put(v, "programs", summary, "OrderPrograms", p);
    put(v, "itemsShipped", summary, "NumberOfItemsShipped", p);
    put(v, "itemsUnshipped", summary, "NumberOfItemsUnshipped", p);
    amzx_val_put_ref(v, "cancelRequested", amzx_val_bool(is_cancel), p);
    amzx_val_put_ref(v, "items", items, p);
    return v;
}

static const amzx_val_t *report_of(const amzx_val_t *n, apr_pool_t *p)
{
    amzx_val_t *v = amzx_val_obj(4, p);

    put(v, "reportId", n, "reportId", p);
    put(v, "reportType", n, "reportType", p);
    put(v, "status", n, "processingStatus", p);
    put(v, "documentId", n, "reportDocumentId", p);
    return v;
}

static const amzx_val_t *feed_of(const amzx_val_t *n, apr_pool_t *p)
{
    amzx_val_t *v = amzx_val_obj(4, p);

    put(v, "feedId", n, "feedId", p);
    put(v, "feedType", n, "feedType", p);
    put(v, "status", n, "processingStatus", p);
    put(v, "documentId", n, "resultFeedDocumentId", p);
    return v;
}

/* SellerId and MarketplaceId wherever a type has put them. */
static const amzx_val_t *anywhere(const amzx_val_t *payload,
                                  const char *name)
{
    static const char *const below[] = {"Summary", "SellingPartnerMetadata",
                                        "OfferChangeTrigger"};
    const amzx_val_t *v = get(payload, name);
    const amzx_val_t *in = payload;
    apr_size_t i;

    if (amzx_val_is_null(v) && amzx_val_type(payload) == AMZX_OBJ
        && amzx_val_count(payload) == 1) { /* {"xyzNotification": {...}} */
        in = payload->u.obj.member[0].val;
        v = get(in, name);
    }
    for (i = 0; amzx_val_is_null(v) && i < 3; i++) {
        v = get(get(in, below[i]), name);
    }
    if (amzx_val_is_null(v) && strcmp(name, "SellerId") == 0) {
        v = get(get(in, "SellingPartnerMetadata"), "SellingPartnerId");
    }
    return amzx_val_type(v) == AMZX_STR ? v : &amzx_val_null;
}

const amzx_val_t *amzx_notification_canon(const amzx_val_t *n, apr_pool_t *p)
{
    const amzx_val_t *payload = get(n, "payload");
    const char *type = amzx_val_text(get(n, "notificationType"), "");
    const amzx_val_t *id = get(get(n, "notificationMetadata"),
                               "notificationId");
    const amzx_val_t *one;
    amzx_val_t *v = amzx_val_obj(8, p);

    amzx_val_put_str(v, "type", type, p);
    amzx_val_put_str(v, "id", amzx_val_text(id, ""), p);
    put_time(v, "time", get(n, "eventTime"), p);
    amzx_val_put_ref(v, "sellerId", anywhere(payload, "SellerId"), p);
    amzx_val_put_ref(v, "marketplaceId", anywhere(payload, "MarketplaceId"),
                     p);
    one = get(payload, "OrderChangeNotification");
    if (!amzx_val_is_null(one)) {
        amzx_val_put_ref(v, "order", order_of(one, p), p);
    }
    one = get(payload, "reportProcessingFinishedNotification");
    if (!amzx_val_is_null(one)) {
        amzx_val_put_ref(v, "report", report_of(one, p), p);
    }
    one = get(payload, "feedProcessingFinishedNotification");
    if (!amzx_val_is_null(one)) {
        amzx_val_put_ref(v, "feed", feed_of(one, p), p);
    }
    amzx_val_put_ref(v, "raw", n, p);
    return v;
}
