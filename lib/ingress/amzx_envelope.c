/* SPDX-License-Identifier: Apache-2.0 */
/* Amazon's notifications out of whatever brought them.
 * Shapes after fact sheet amazon-sp-api 5.3 to 5.6. */
#include "amzx_envelope.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#include "amzx_crypto.h"
#include "amzx_json.h"
#include "amzx_notification.h"

#define DEPTH_MAX 8
#define EVENTS_MAX 1000
#define UNREADABLE "UNREADABLE"

typedef struct {
    apr_array_header_t *events;
    int depth;
    int real; /* notifications among them */
    int is_full;
    apr_pool_t *p;
} unwrap_t;

static void push(unwrap_t *u, const char *type, const char *id,
                 const amzx_val_t *event)
{
    amzx_event_t *e;

    if (u->events->nelts >= EVENTS_MAX) {
        u->is_full = 1;
        return;
    }
    e = apr_array_push(u->events);
    e->type = type;
    e->id = id;
    e->event = event;
}

/* A part that is no notification is kept as it came: nothing is lost. */
static void push_unreadable(unwrap_t *u, const amzx_val_t *part)
{
    amzx_val_t *event = amzx_val_obj(3, u->p);

    amzx_val_put_str(event, "type", UNREADABLE, u->p);
    amzx_val_put_str(event, "id", "", u->p);
    amzx_val_put_ref(event, "raw", part, u->p);
    push(u, UNREADABLE, "", event);
}

static void push_notification(unwrap_t *u, const amzx_val_t *n)
{
    const amzx_val_t *event = amzx_notification_canon(n, u->p);

    push(u, amzx_val_text(amzx_val_get(event, "type"), ""),
         amzx_val_text(amzx_val_get(event, "id"), ""), event);
    u->real++;
}

static int is_notification(const amzx_val_t *v)
{
    return *amzx_val_text(amzx_val_get_nocase(v, "notificationType"), "")
        && (!amzx_val_is_null(amzx_val_get_nocase(v, "payload"))
            || !amzx_val_is_null(amzx_val_get_nocase(
                v, "notificationMetadata")));
}

/* What a wrapper wraps; NULL when it is none that we know. */
static const amzx_val_t *inside(const amzx_val_t *v)
{
    static const char *const lists[] = {"Records", "Messages"};
    static const char *const members[] = {"detail", "body", "Sns",
                                          "Message"};
    const amzx_val_t *in;
    apr_size_t i;

    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        in = amzx_val_get_nocase(v, lists[i]);
        if (amzx_val_type(in) == AMZX_LIST) {
            return in;
        }
    }
    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        in = amzx_val_get_nocase(v, members[i]);
        if (amzx_val_type(in) == AMZX_OBJ || amzx_val_type(in) == AMZX_LIST
            || amzx_val_type(in) == AMZX_STR) {
            return in;
        }
    }
    return NULL;
}

static void unwrap(unwrap_t *u, const amzx_val_t *v)
{
    const amzx_val_t *in = NULL;
    apr_size_t i;

    if (++u->depth > DEPTH_MAX) {
        push_unreadable(u, v);
    }
    else if (amzx_val_type(v) == AMZX_LIST) {
        for (i = 0; i < amzx_val_count(v) && !u->is_full; i++) {
            unwrap(u, amzx_val_at(v, i));
        }
    }
    else if (amzx_val_type(v) == AMZX_STR
             && amzx_json_parse(&in, v->u.str.s, v->u.str.len, NULL, NULL,
                                u->p) == APR_SUCCESS
             && (amzx_val_type(in) == AMZX_OBJ
                 || amzx_val_type(in) == AMZX_LIST)) {
        unwrap(u, in);
    }
    else if (is_notification(v)) {
        push_notification(u, v);
    }
    else {
        in = amzx_val_type(v) == AMZX_OBJ ? inside(v) : NULL;
        if (in) {
            unwrap(u, in);
        }
        else {
            push_unreadable(u, v);
        }
    }
    u->depth--;
}

apr_status_t amzx_envelope_amazon(apr_array_header_t **events,
                                  const char *body, apr_size_t len,
                                  amzx_fault_t *fault, apr_pool_t *p)
{
    unwrap_t u = {NULL, 0, 0, 0, p};
    const amzx_val_t *doc = NULL;
    apr_status_t rv;

    *events = NULL;
    rv = amzx_json_parse(&doc, body, len, NULL, fault, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    u.events = apr_array_make(p, 4, sizeof(amzx_event_t));
    unwrap(&u, doc);
    if (u.is_full) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_ENOSPC,
                              "limit.size", "a delivery may hold %d"
                              " notifications", EVENTS_MAX);
    }
    if (u.real == 0) {
        rv = amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                            "data.envelope", "no notification of Amazon is"
                            " in this delivery");
        amzx_fault_at(fault, "$");
        return rv;
    }
    *events = u.events;
    return APR_SUCCESS;
}

/* Backslashes before a quote tell how deep the text is nested. */
static const char *past_quote(const char *at, const char *end)
{
    while (at < end && *at == '\\') {
        at++;
    }
    return at < end && *at == '"' ? at + 1 : NULL;
}

static const char *past_blanks(const char *at, const char *end)
{
    /* "\n" and the like in nested text are escaped white space */
    while (at < end && (apr_isspace(*at)
           || (*at == '\\' && at + 1 < end && at[1]
               && strchr("nrt", at[1])))) {
        at += *at == '\\' ? 2 : 1;
    }
    return at;
}

/* The value after a member name that ends at `at`; 0 when there is none. */
static int id_at(const char **id, apr_size_t *id_len, const char *at,
                 const char *end)
{
    const char *start;

    at = past_quote(at, end);
    at = at ? past_blanks(at, end) : NULL;
    if (!at || at == end || *at != ':') {
        return 0;
    }
    at = past_quote(past_blanks(at + 1, end), end);
    if (!at) {
        return 0;
    }
    start = at;
    while (at < end && *at != '"' && *at != '\\') {
        at++;
    }
    *id = start;
    *id_len = (apr_size_t)(at - start);
    return at < end && *id_len > 0;
}

static int is_plain(const char *s, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (!apr_isalnum(s[i]) && (!s[i] || !strchr("-_.:", s[i]))) {
            return 0;
        }
    }
    return len <= 100;
}

const char *amzx_envelope_delivery_id(const char *body, apr_size_t len,
                                      apr_pool_t *p)
{
    static const char name[] = "notificationid";
    const apr_size_t n = sizeof(name) - 1;
    const char *end = body + len;
    const char *at;
    const char *first = NULL;
    apr_size_t first_len = 0;
    amzx_digest_t *several = amzx_digest_new(p);
    int count = 0;

    for (at = body; len >= n && at <= end - n; at++) {
        const char *id;
        apr_size_t id_len;

        if ((*at != 'n' && *at != 'N') || strncasecmp(at, name, n) != 0
            || !id_at(&id, &id_len, at + n, end)) {
            continue;
        }
        at += n - 1;
        if (first && id_len == first_len && memcmp(id, first, id_len) == 0) {
            continue; /* said twice: in the envelope and inside it */
        }
        if (count++ == 0) {
            first = id;
            first_len = id_len;
        }
        amzx_digest_part(several, id, id_len);
    }
    if (count == 0) {
        return apr_pstrcat(p, "b:", amzx_sha256_hex(body, len, p), NULL);
    }
    if (count == 1 && is_plain(first, first_len)) {
        return apr_pstrcat(p, "n:", apr_pstrndup(p, first, first_len), NULL);
    }
    return apr_pstrcat(p, "d:", amzx_digest_hex(several, p), NULL);
}
