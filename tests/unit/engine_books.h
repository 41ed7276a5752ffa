/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file engine_books.h  What the peer of the engine's tests holds: a small
 * Amazon and Xero in memory, and what they answer.
 */
#ifndef ENGINE_BOOKS_H
#define ENGINE_BOOKS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <apr_general.h>
#include <apr_hash.h>
#include <apr_ring.h>
#include <apr_strings.h>

#include "amzx_crypto.h"
#include "amzx_http.h"
#include "amzx_json.h"

#define SEC(n) apr_time_from_sec(n)
#define PEER_KEY_LIFE SEC(360)
#define PEER_RULES 32

/** What a rule does to the calls it fits. */
typedef enum {
    PEER_OK = 0,
    PEER_LOSE_BEFORE, /**< not executed, no answer */
    PEER_LOSE_AFTER,  /**< executed, no answer */
    PEER_REFUSE,      /**< no connection: certainly not sent */
    PEER_SAY,         /**< not executed: status and body of the rule */
    PEER_SAY_AFTER,   /**< executed, but the answer is the rule's, and stays
                           so for the key */
    PEER_HANG         /**< no answer until it is cancelled */
} peer_do_e;

/** The first rule that fits and has count left decides. */
typedef struct {
    const char *fits; /**< part of "METHOD url" */
    peer_do_e what;
    int count; /**< so many times; -1 always */
    int skip;  /**< after so many that fit */
    int status;
    const char *body;
    const char *header[4]; /**< name, value, name, value */
} peer_rule_t;

typedef struct peer_t peer_t;
typedef struct peer_call_t peer_call_t;

struct peer_call_t {
    APR_RING_ENTRY(peer_call_t) link;
    peer_t *peer;
    amzx_http_done_fn *done;
    void *ctx;
    apr_time_t due;
    int status; /**< 0: no answer, see code; -1: never */
    const char *code;
    int maybe_sent;
    int node; /**< the engine that made it */
    const char *key;
    const char *body;
    amzx_header_t header[4];
    int headers;
};

APR_RING_HEAD(peer_ring, peer_call_t);

typedef struct {
    const char *sha;
    const char *body;
    int status;
    apr_time_t until;
} peer_kept_t;

/** One thing at the peer, as JSON. */
typedef struct {
    const char *kind; /**< "invoice", "payment", "contact", "item" */
    const char *id;
    const char *number;
    const char *of; /**< payment: its invoice */
    amzx_val_t *v;
} peer_thing_t;

struct peer_t {
    amzx_http_t http;
    apr_pool_t *p;
    const apr_time_t *clock;
    struct peer_ring calls;
    apr_hash_t *kept;   /**< key -> peer_kept_t */
    apr_array_header_t *things;
    apr_array_header_t *log; /**< of char *: "METHOD url" of API calls */
    apr_array_header_t *keys; /**< of char *: keys of effects, as they came */
    peer_rule_t rule[PEER_RULES];
    int rules;
    apr_interval_time_t delay_us;
    int tokens;      /**< handed out so far */
    int bad_tokens;  /**< tokens up to that number are refused */
    int in_flight;
    int most_in_flight;
    int starts;
    int effects;     /**< executed */
    int parallel;    /**< the same key twice at once */
    int node;        /**< the engine that runs now */
    /** Called first at every start; may not come back. */
    void (*on_start)(peer_t *peer, const amzx_http_request_t *req, void *ctx);
    void *on_start_ctx;
};

static inline peer_rule_t *peer_says(peer_t *peer, const char *fits,
                                     peer_do_e what, int count)
{
    peer_rule_t *r = &peer->rule[peer->rules++];

    assert_true(peer->rules <= PEER_RULES);
    memset(r, 0, sizeof(*r));
    r->fits = fits;
    r->what = what;
    r->count = count;
    return r;
}

static inline int peer_count(const peer_t *peer, const char *fits)
{
    int i;
    int n = 0;

    for (i = 0; i < peer->log->nelts; i++) {
        n += strstr(APR_ARRAY_IDX(peer->log, i, char *), fits) != NULL;
    }
    return n;
}

static inline int peer_things(const peer_t *peer, const char *kind)
{
    int i;
    int n = 0;

    for (i = 0; i < peer->things->nelts; i++) {
        n += strcmp(APR_ARRAY_IDX(peer->things, i, peer_thing_t).kind, kind)
             == 0;
    }
    return n;
}

static inline peer_thing_t *peer_find(const peer_t *peer, const char *kind,
                                      const char *id, const char *number)
{
    int i;

    for (i = 0; i < peer->things->nelts; i++) {
        peer_thing_t *t = &APR_ARRAY_IDX(peer->things, i, peer_thing_t);

        if (strcmp(t->kind, kind) == 0
            && (id == NULL || strcmp(t->id, id) == 0)
            && (number == NULL || strcmp(t->number, number) == 0)) {
            return t;
        }
    }
    return NULL;
}

/* ---- Xero ---------------------------------------------------------------- */

static inline amzx_val_t *peer_copy(const amzx_val_t *v, apr_pool_t *p)
{
    amzx_val_t *out = amzx_val_obj(amzx_val_count(v) + 8, p);
    apr_size_t i;

    for (i = 0; i < amzx_val_count(v); i++) {
        amzx_val_put(out, v->u.obj.member[i].name,
                     amzx_val_copy(v->u.obj.member[i].val, p), p);
    }
    return out;
}

static inline peer_thing_t *peer_add(peer_t *peer, const char *kind,
                                     const amzx_val_t *v, const char *id_name,
                                     const char *number)
{
    peer_thing_t *t = apr_array_push(peer->things);

    t->kind = kind;
    t->number = apr_pstrdup(peer->p, number);
    t->v = peer_copy(v, peer->p);
    /* the same thing gets the same id in every world */
    t->id = apr_psprintf(peer->p, "%.8s-0000-4000-8000-000000000001",
                         amzx_sha256_hex(t->number, strlen(number), peer->p));
    t->of = NULL;
    amzx_val_put_str(t->v, id_name, t->id, peer->p);
    peer->effects++;
    return t;
}

static inline const char *peer_wrap(const char *list, const amzx_val_t *v,
                                    apr_pool_t *p)
{
    return apr_pstrcat(p, "{\"Status\":\"OK\",\"", list, "\":[",
                       v ? amzx_json_write(v, NULL, p) : "", "]}", NULL);
}

static inline const char *peer_refusal(const char *list, const char *why,
                                       apr_pool_t *p)
{
    return apr_psprintf(p, "{\"%s\":[{\"StatusAttributeString\":\"ERROR\","
                        "\"HasErrors\":true,\"ValidationErrors\":[{"
                        "\"Message\":\"%s\"}]}]}", list, why);
}

static inline const char *peer_put_invoice(peer_t *peer, const amzx_val_t *in)
{
    const char *number = amzx_val_text(amzx_val_get(in, "InvoiceNumber"), "");
    const amzx_val_t *lines = amzx_val_get(in, "LineItems");
    amzx_dec_t total = amzx_dec_from_int(0);
    amzx_dec_t one;
    peer_thing_t *t;
    apr_size_t i;

    if (peer_find(peer, "invoice", NULL, number) != NULL) {
        return peer_refusal("Invoices", "Invoice # must be unique.", peer->p);
    }
    for (i = 0; i < amzx_val_count(lines); i++) {
        assert_int_equal(amzx_val_dec(&one, amzx_val_get(
            amzx_val_at(lines, i), "LineAmount")), APR_SUCCESS);
        assert_int_equal(amzx_dec_add(&total, total, one), APR_SUCCESS);
        if (strcmp(amzx_val_text(amzx_val_get(in, "LineAmountTypes"), ""),
                   "Exclusive") == 0) {
            assert_int_equal(amzx_dec_mul(&one, one, amzx_dec_scaled(20, 2)),
                             APR_SUCCESS);
            assert_int_equal(amzx_dec_round(&one, one, 2,
                                            AMZX_ROUND_HALF_UP), APR_SUCCESS);
            assert_int_equal(amzx_dec_add(&total, total, one), APR_SUCCESS);
        }
    }
    t = peer_add(peer, "invoice", in, "InvoiceID", number);
    amzx_val_put(t->v, "Total", amzx_val_num(total, peer->p), peer->p);
    amzx_val_put(t->v, "AmountDue", amzx_val_num(total, peer->p), peer->p);
    return peer_wrap("Invoices", t->v, peer->p);
}

static inline const char *peer_put_payment(peer_t *peer, const amzx_val_t *in)
{
    const char *id = amzx_val_text(
        amzx_val_get(amzx_val_get(in, "Invoice"), "InvoiceID"), "");
    peer_thing_t *invoice = peer_find(peer, "invoice", id, NULL);
    amzx_dec_t due;
    amzx_dec_t amount;
    peer_thing_t *t;

    if (invoice == NULL) {
        return peer_refusal("Payments", "Invoice not found", peer->p);
    }
    amzx_val_dec(&due, amzx_val_get(invoice->v, "AmountDue"));
    amzx_val_dec(&amount, amzx_val_get(in, "Amount"));
    /* Unlike Xero it takes any number of payments, so that a second one of
     * ours would show. */
    amzx_dec_sub(&due, due, amount);
    t = peer_add(peer, "payment", in, "PaymentID",
                 apr_psprintf(peer->p, "%s/%d", id, peer_things(peer,
                                                                "payment")));
    t->of = invoice->id;
    amzx_val_put_str(t->v, "Status", "AUTHORISED", peer->p);
    amzx_val_put(invoice->v, "AmountDue", amzx_val_num(due, peer->p),
                 peer->p);
    if (amzx_dec_sign(due) <= 0) {
        amzx_val_put_str(invoice->v, "Status", "PAID", peer->p);
    }
    return peer_wrap("Payments", t->v, peer->p);
}

static inline const char *peer_put_plain(peer_t *peer, const char *kind,
                                         const char *list, const char *id,
                                         const char *number,
                                         const amzx_val_t *in)
{
    const char *text = amzx_val_text(amzx_val_get(in, number), "");
    peer_thing_t *t;

    if (peer_find(peer, kind, NULL, text) != NULL) {
        return peer_refusal(list, strcmp(kind, "item") == 0
                            ? "Price List Item with Code already exists"
                            : "The contact number already exists", peer->p);
    }
    t = peer_add(peer, kind, in, id, text);
    amzx_val_put_str(t->v, "ContactStatus", "ACTIVE", peer->p);
    return peer_wrap(list, t->v, peer->p);
}

static inline const char *peer_xero_put(peer_t *peer, const char *path,
                                        const amzx_http_request_t *req)
{
    const amzx_val_t *doc = NULL;
    apr_pool_t *p = peer->p;

    assert_int_equal(amzx_json_parse(&doc, req->body, req->body_len, NULL,
                                     NULL, p), APR_SUCCESS);
    if (strncmp(path, "/Invoices", 9) == 0) {
        return peer_put_invoice(peer, amzx_val_at(amzx_val_get(
            doc, "Invoices"), 0));
    }
    if (strncmp(path, "/Payments", 9) == 0) {
        return peer_put_payment(peer, amzx_val_at(amzx_val_get(
            doc, "Payments"), 0));
    }
    if (strncmp(path, "/Contacts", 9) == 0) {
        return peer_put_plain(peer, "contact", "Contacts", "ContactID",
                              "ContactNumber", amzx_val_at(amzx_val_get(
                                  doc, "Contacts"), 0));
    }
    if (strncmp(path, "/Items", 6) == 0) {
        return peer_put_plain(peer, "item", "Items", "ItemID", "Code",
                              amzx_val_at(amzx_val_get(doc, "Items"), 0));
    }
    fail_msg("the peer does not know PUT %s", path);
    return "";
}

/* The text between a mark and the next '&', '"' or the end. */
static inline const char *peer_between(const char *url, const char *mark,
                                       apr_pool_t *p)
{
    const char *at = strstr(url, mark);

    return at ? apr_pstrndup(p, at + strlen(mark),
                             strcspn(at + strlen(mark), "&?\"%")) : "";
}

static inline const char *peer_xero_get(peer_t *peer, const char *path,
                                        int *status)
{
    apr_pool_t *p = peer->p;
    const char *number = peer_between(path, "InvoiceNumbers=", p);
    peer_thing_t *t = NULL;
    amzx_val_t *v;
    amzx_val_t *list;
    int i;

    if (strncmp(path, "/Invoices", 9) == 0) {
        t = *number ? peer_find(peer, "invoice", NULL, number)
                    : peer_find(peer, "invoice",
                                peer_between(path, "/Invoices/", p), NULL);
        if (t == NULL) {
            return peer_wrap("Invoices", NULL, p);
        }
        v = peer_copy(t->v, p);
        list = amzx_val_list(2, p);
        for (i = 0; i < peer->things->nelts; i++) {
            peer_thing_t *o = &APR_ARRAY_IDX(peer->things, i, peer_thing_t);

            if (o->of != NULL && strcmp(o->of, t->id) == 0) {
                amzx_val_push(list, o->v, p);
            }
        }
        amzx_val_put(v, "Payments", list, p);
        return peer_wrap("Invoices", v, p);
    }
    if (strncmp(path, "/Items", 6) == 0) {
        number = peer_between(path, "Code%3D%3D%22", p);
        t = peer_find(peer, "item", NULL, number);
        return peer_wrap("Items", t ? t->v : NULL, p);
    }
    if (strncmp(path, "/Contacts/", 10) == 0) {
        t = peer_find(peer, "contact", NULL,
                      peer_between(path, "/Contacts/", p));
        *status = t ? 200 : 404;
        return t ? peer_wrap("Contacts", t->v, p) : "{}";
    }
    if (strncmp(path, "/Contacts", 9) == 0) {
        t = peer_find(peer, "contact", NULL, NULL);
        return peer_wrap("Contacts", t ? t->v : NULL, p);
    }
    fail_msg("the peer does not know GET %s", path);
    return "";
}

/* ---- Amazon -------------------------------------------------------------- */

#define PEER_MONEY(a) "{\"amount\":\"" a "\",\"currencyCode\":\"GBP\"}"

/** An order of one line of 12.00 with 2.00 VAT in it. */
static inline const char *peer_order(const char *id, apr_pool_t *p)
{
    return apr_psprintf(
        p, "{\"orderId\":\"%s\",\"createdTime\":\"2026-01-31T23:30:00Z\","
        "\"lastUpdatedTime\":\"2026-02-01T09:00:00Z\",\"salesChannel\":{"
        "\"channelName\":\"AMAZON\",\"marketplaceId\":\"A1F83G8C2ARO7P\"},"
        "\"fulfillment\":{\"fulfillmentStatus\":\"SHIPPED\"},"
        "\"proceeds\":{\"grandTotal\":" PEER_MONEY("12.00") "},"
        "\"orderItems\":[{\"orderItemId\":\"1\",\"quantityOrdered\":2,"
        "\"product\":{\"asin\":\"B01\",\"title\":\"Thing\","
        "\"sellerSku\":\"SKU-1\"},\"proceeds\":{\"breakdowns\":["
        "{\"type\":\"ITEM\",\"subtotal\":" PEER_MONEY("10.00") "},"
        "{\"type\":\"TAX\",\"subtotal\":" PEER_MONEY("2.00") ","
        "\"detailedBreakdowns\":[{\"subtype\":\"ITEM\",\"value\":"
        PEER_MONEY("2.00") "}]}]}}]}", id);
}

static inline const char *peer_amazon(peer_t *peer, const char *path)
{
    const char *id = peer_between(path, "/2026-01-01/orders/", peer->p);

    if (*id == '\0') {
        return "{\"orders\":[],\"pagination\":{}}";
    }
    return apr_pstrcat(peer->p, "{\"order\":", peer_order(id, peer->p), "}",
                       NULL);
}

#endif
