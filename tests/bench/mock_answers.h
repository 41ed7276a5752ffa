/* SPDX-License-Identifier: Apache-2.0 */
/* The answers of mock_peer: an order, empty lists, echoes with ids, tokens. */
#ifndef MOCK_ANSWERS_H
#define MOCK_ANSWERS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char *s;
    size_t len;
    size_t room;
} mock_text_t;

enum {
    MOCK_TOKENS, MOCK_ORDERS, MOCK_READS, MOCK_INVOICES, MOCK_WRITES,
    MOCK_UNKNOWN, MOCK_KINDS
};

static unsigned long mock_seen[MOCK_KINDS];
static unsigned mock_ids;

static inline void mock_add(mock_text_t *t, const char *s, size_t len)
{
    while (t->room - t->len < len + 1) {
        t->room = t->room > 0 ? t->room * 2 : 4096;
        t->s = realloc(t->s, t->room);
        if (t->s == NULL) {
            abort();
        }
    }
    memcpy(t->s + t->len, s, len);
    t->len += len;
    t->s[t->len] = '\0';
}

static inline void mock_puts(mock_text_t *t, const char *s)
{
    mock_add(t, s, strlen(s));
}

/* A whole answer; the body is copied behind its head. */
static inline void mock_reply(mock_text_t *out, const char *status,
                              const char *headers, const mock_text_t *body)
{
    char head[512];
    int len;

    len = snprintf(head, sizeof(head),
                   "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
                   "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n%s"
                   "Content-Length: %zu\r\n\r\n", status, headers,
                   body->len);
    mock_add(out, head, (size_t)len);
    mock_add(out, body->s != NULL ? body->s : "", body->len);
}

/* ---- Amazon -------------------------------------------------------------- */

#define MOCK_GBP(n) "{\"amount\":\"" n "\",\"currencyCode\":\"GBP\"}"
#define MOCK_PART(type, n) \
    "{\"type\":\"" type "\",\"subtotal\":" MOCK_GBP(n) "}"

/* 2 x 12.50 + 3.99 shipping and 1 x 19.99: 48.98, tax included. */
static inline void mock_order(mock_text_t *t, const char *id, size_t id_len)
{
    mock_puts(t, "{\"order\":{\"orderId\":\"");
    mock_add(t, id, id_len);
    mock_puts(t, "\",\"createdTime\":\"2026-01-12T09:15:27Z\","
        "\"lastUpdatedTime\":\"2026-01-13T17:02:11Z\","
        "\"programs\":[\"PRIME\"],"
        "\"salesChannel\":{\"channelName\":\"AMAZON\","
        "\"marketplaceId\":\"A1F83G8C2ARO7P\","
        "\"marketplaceName\":\"Amazon.co.uk\"},"
        "\"buyer\":{\"buyerName\":\"Bench Buyer\","
        "\"buyerEmail\":\"x1y2z3@marketplace.amazon.co.uk\"},"
        "\"recipient\":{\"deliveryAddress\":{\"name\":\"Bench Buyer\","
        "\"addressLine1\":\"1 High Street\",\"districtOrCounty\":\"\","
        "\"stateOrRegion\":\"\",\"postalCode\":\"LS1 4AP\","
        "\"countryCode\":\"GB\",\"addressType\":\"RESIDENTIAL\"}},"
        "\"proceeds\":{\"grandTotal\":" MOCK_GBP("48.98") ","
        "\"breakdowns\":[" MOCK_PART("ITEM", "44.99") ","
        MOCK_PART("SHIPPING", "3.99") "]},"
        "\"fulfillment\":{\"fulfillmentStatus\":\"SHIPPED\","
        "\"fulfilledBy\":\"MERCHANT\","
        "\"fulfillmentServiceLevel\":\"STANDARD\","
        "\"shipByWindow\":{\"earliestDateTime\":\"2026-01-12T23:00:00Z\","
        "\"latestDateTime\":\"2026-01-13T22:59:59Z\"}},");
    mock_puts(t, "\"orderItems\":[{\"orderItemId\":\"10000000000001\","
        "\"quantityOrdered\":2,\"product\":{\"asin\":\"B000000001\","
        "\"title\":\"Enamel mug, 350 ml, blue\",\"sellerSku\":\"MUG-BLUE\","
        "\"condition\":{\"conditionType\":\"NEW\"},"
        "\"price\":{\"unitPrice\":" MOCK_GBP("12.50") "}},"
        "\"proceeds\":{\"proceedsTotal\":" MOCK_GBP("28.99") ","
        "\"breakdowns\":[" MOCK_PART("ITEM", "25.00") ","
        MOCK_PART("SHIPPING", "3.99") "]},"
        "\"fulfillment\":{\"quantityFulfilled\":2,"
        "\"quantityUnfulfilled\":0}},"
        "{\"orderItemId\":\"10000000000002\",\"quantityOrdered\":1,"
        "\"product\":{\"asin\":\"B000000002\","
        "\"title\":\"Tea towel, linen, set of three\","
        "\"sellerSku\":\"TOWEL-3\","
        "\"condition\":{\"conditionType\":\"NEW\"},"
        "\"price\":{\"unitPrice\":" MOCK_GBP("19.99") "}},"
        "\"proceeds\":{\"proceedsTotal\":" MOCK_GBP("19.99") ","
        "\"breakdowns\":[" MOCK_PART("ITEM", "19.99") "]},"
        "\"fulfillment\":{\"quantityFulfilled\":1,"
        "\"quantityUnfulfilled\":0}}]}}");
}

/* ---- Xero ---------------------------------------------------------------- */

static const char mock_limits[] =
    "X-DayLimit-Remaining: 4900\r\nX-MinLimit-Remaining: 55\r\n";

/* A decimal in ten-thousandths. */
static inline long long mock_decimal(const char *s)
{
    long long value = 0;
    int digits = -1;
    int negative = *s == '-';

    for (s += negative || *s == '"'; digits < 4; s++) {
        if (*s == '.' && digits < 0) {
            digits = 0;
        }
        else if (*s >= '0' && *s <= '9') {
            value = value * 10 + (*s - '0');
            digits += digits >= 0;
        }
        else {
            break;
        }
    }
    for (digits = digits > 0 ? digits : 0; digits < 4; digits++) {
        value *= 10;
    }
    return negative ? -value : value;
}

static inline const char *mock_member(const char *from, const char *to,
                                      const char *name)
{
    const char *at = strstr(from, name);

    return at != NULL && at < to ? at + strlen(name) : NULL;
}

/* Quantity times UnitAmount over the lines, plus tax when it is on top. */
static inline long long mock_total(const char *from, const char *to)
{
    const char *at = mock_member(from, to, "\"LineItems\":[");
    const char *mode = mock_member(from, to, "\"LineAmountTypes\":\"");
    int on_top = mode != NULL && *mode == 'E';
    long long total = 0;
    long long quantity;
    const char *end;
    const char *n;

    while (at != NULL && at < to) {
        at = strchr(at, '{');
        end = at != NULL && at < to ? strstr(at, "\"UnitAmount\":") : NULL;
        if (end == NULL || end > to) {
            break;
        }
        end = strchr(end, '}');
        if (end == NULL) {
            break;
        }
        n = mock_member(at, end, "\"Quantity\":");
        quantity = n != NULL ? mock_decimal(n) : 10000;
        n = mock_member(at, end, "\"UnitAmount\":");
        total += quantity * mock_decimal(n) / 10000;
        n = on_top ? mock_member(at, end, "\"TaxAmount\":") : NULL;
        total += n != NULL ? mock_decimal(n) : 0;
        at = end + 1;
    }
    return total;
}

/* The end of the JSON object that begins at s, or NULL. */
static inline const char *mock_object_end(const char *s)
{
    int depth = 0;
    int in_text = 0;

    for (; *s != '\0'; s++) {
        if (in_text) {
            if (*s == '\\' && s[1] != '\0') {
                s++;
            }
            else if (*s == '"') {
                in_text = 0;
            }
        }
        else if (*s == '"') {
            in_text = 1;
        }
        else if (*s == '{') {
            depth++;
        }
        else if (*s == '}' && --depth == 0) {
            return s + 1;
        }
    }
    return NULL;
}

static inline void mock_element(mock_text_t *t, const char *list,
                                const char *from, const char *to)
{
    char line[512];
    const char *date = mock_member(from, to, "\"Date\":\"");
    size_t id_len = strlen(list) - 1; /* "Invoices": InvoiceID */
    long long total;
    int len;

    mock_ids++;
    len = snprintf(line, sizeof(line), "{\"%.*sID\":\"%08x-0000-4000-8000-"
                   "0000%08x\",\"HasErrors\":false,"
                   "\"StatusAttributeString\":\"OK\",",
                   (int)id_len, list, mock_ids, mock_ids);
    mock_add(t, line, (size_t)len);
    if (date != NULL) {
        len = snprintf(line, sizeof(line),
                       "\"DateString\":\"%.10sT00:00:00\",", date);
        mock_add(t, line, (size_t)len);
    }
    if (strcmp(list, "Invoices") == 0) {
        total = (mock_total(from, to) + 50) / 100;
        len = snprintf(line, sizeof(line),
                       "\"SubTotal\":%lld.%02lld,\"TotalTax\":0.00,"
                       "\"Total\":%lld.%02lld,\"AmountDue\":%lld.%02lld,"
                       "\"AmountPaid\":0.00,\"Payments\":[],",
                       total / 100, total % 100, total / 100, total % 100,
                       total / 100, total % 100);
        mock_add(t, line, (size_t)len);
    }
    mock_add(t, from + 1, (size_t)(to - from) - 1);
}

static inline void mock_envelope(mock_text_t *t, const char *list)
{
    mock_puts(t, "{\"Id\":\"00000000-0000-4000-8000-000000000001\","
                 "\"Status\":\"OK\",\"ProviderName\":\"mock\","
                 "\"DateTimeUTC\":\"\\/Date(1768209327000)\\/\",\"");
    mock_puts(t, list);
    mock_puts(t, "\":[");
}

static inline void mock_echo(mock_text_t *t, const char *list,
                             const char *body)
{
    const char *at = strchr(body, '[');
    const char *end;
    int count = 0;

    mock_envelope(t, list);
    for (at = at != NULL ? strchr(at, '{') : NULL; at != NULL;
         at = *end == ',' ? end + 1 : NULL) {
        end = mock_object_end(at);
        if (end == NULL) {
            break;
        }
        if (count++ > 0) {
            mock_puts(t, ",");
        }
        mock_element(t, list, at, end);
    }
    mock_puts(t, "]}");
}

static inline int mock_xero(mock_text_t *t, int is_read, const char *rest,
                            const char *body)
{
    char list[40];
    size_t len = strcspn(rest, "/? ");

    if (len == 0 || len >= sizeof(list)) {
        return MOCK_UNKNOWN;
    }
    memcpy(list, rest, len);
    list[len] = '\0';
    if (is_read) {
        mock_envelope(t, list);
        mock_puts(t, "]}");
        return MOCK_READS;
    }
    mock_echo(t, list, body);
    return strcmp(list, "Invoices") == 0 ? MOCK_INVOICES : MOCK_WRITES;
}

/* ---- routes -------------------------------------------------------------- */

static inline int mock_token(mock_text_t *t, int is_xero)
{
    char line[256];
    int len;

    mock_ids++;
    len = snprintf(line, sizeof(line),
                   "{\"access_token\":\"access-%u\",\"token_type\":\"bearer\","
                   "\"expires_in\":%d,\"refresh_token\":\"refresh-%u\"}",
                   mock_ids, is_xero ? 1800 : 3600, is_xero ? mock_ids : 0);
    mock_add(t, line, (size_t)len);
    return MOCK_TOKENS;
}

/* Without the first parts that the sandbox has before the peers' own. */
static inline const char *mock_path(const char *path)
{
    static const char *const before[] = { "/amazon", "/lwa", "/xero/identity",
                                          "/xero" };
    size_t i;

    for (i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        if (strncmp(path, before[i], strlen(before[i])) == 0
            && path[strlen(before[i])] == '/') {
            return path + strlen(before[i]);
        }
    }
    return path;
}

static inline void mock_answer(mock_text_t *out, const char *head,
                               const char *body)
{
    static const char orders[] = "/orders/2026-01-01/orders/";
    static const char xero[] = "/api.xro/2.0/";
    static mock_text_t t;
    const char *path = strchr(head, ' ');
    const char *headers = "";
    int is_read = strncmp(head, "GET ", 4) == 0;
    int kind = MOCK_UNKNOWN;

    t.len = 0;
    path = mock_path(path != NULL ? path + 1 : "");
    if (is_read && strncmp(path, orders, sizeof(orders) - 1) == 0) {
        path += sizeof(orders) - 1;
        mock_order(&t, path, strspn(path, "0123456789-ABCDEFGHIJKLMNOPQRSTUV"
                                          "WXYZ"));
        headers = "x-amzn-RateLimit-Limit: 0.5\r\n"
                  "x-amzn-RequestId: 00000000-0000-4000-8000-000000000002"
                  "\r\n";
        kind = MOCK_ORDERS;
    }
    else if (strncmp(path, xero, sizeof(xero) - 1) == 0) {
        kind = mock_xero(&t, is_read, path + sizeof(xero) - 1, body);
        headers = mock_limits;
    }
    else if (strncmp(path, "/auth/o2/token", 14) == 0) {
        kind = mock_token(&t, 0);
    }
    else if (strncmp(path, "/connect/token", 14) == 0) {
        kind = mock_token(&t, 1);
    }
    mock_seen[kind]++;
    mock_reply(out, kind == MOCK_UNKNOWN ? "404 Not Found" : "200 OK",
               headers, &t);
}

static inline void mock_report(FILE *to)
{
    fprintf(to, "tokens=%lu orders=%lu reads=%lu invoices=%lu writes=%lu "
            "unknown=%lu\n", mock_seen[MOCK_TOKENS], mock_seen[MOCK_ORDERS],
            mock_seen[MOCK_READS], mock_seen[MOCK_INVOICES],
            mock_seen[MOCK_WRITES], mock_seen[MOCK_UNKNOWN]);
}

#endif
