/* SPDX-License-Identifier: Apache-2.0 */
/* What Xero's refusals mean: statuses, bodies, messages of elements.
 * After fact sheet xero-api 1.6, 2.1, 2.4, 4.13 and 5. */
#include "amzx_xero.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#include "amzx_json.h"

#define DEPTH_MAX 12
#define MESSAGES_MAX 20

typedef struct {
    const char *part;
    const char *code;
    amzx_fault_class_e klass;
    int is_private;
    const char *remedy;
} known_t;

#define X(part, code, klass, is_private, remedy) \
    {part, code, AMZX_FAULT_##klass, is_private, remedy},
static const known_t known[] = {
#include "xero_errors.def"
};
#undef X

#define KNOWN_COUNT ((int)(sizeof(known) / sizeof(known[0])))

/** The messages of one answer. */
typedef struct {
    const char *text[MESSAGES_MAX];
    int count;
} messages_t;

/* Where a part of one word sequence is in text, ignoring case; NULL. */
static const char *find_words(const char *text, const char *part,
                              apr_size_t len)
{
    for (; *text; text++) {
        if (strncasecmp(text, part, len) == 0) {
            return text + len;
        }
    }
    return NULL;
}

/* Does a part with at most a few '*' occur in the text? */
static int has_part(const char *text, const char *part)
{
    while (text && *part) {
        apr_size_t len = strcspn(part, "*");

        text = find_words(text, part, len);
        part += len;
        if (*part == '*') {
            part++;
        }
    }
    return text != NULL;
}

/* The first row that a message matches; KNOWN_COUNT when unknown. */
static int row_of(const char *message)
{
    int i;

    for (i = 0; i < KNOWN_COUNT; i++) {
        if (has_part(message, known[i].part)) {
            break;
        }
    }
    return i;
}

/* A message without anything that looks like an e-mail address. */
static const char *without_mail(const char *message, apr_pool_t *p)
{
    amzx_buf_t out;

    amzx_buf_init(&out, strlen(message) + 16, p);
    while (*message) {
        apr_size_t len = strcspn(message, " \t\r\n,;");

        if (memchr(message, '@', len)) {
            amzx_buf_puts(&out, "(address)");
        }
        else {
            amzx_buf_add(&out, message, len);
        }
        message += len;
        if (*message) {
            amzx_buf_putc(&out, *message++);
        }
    }
    return out.s;
}

static void add_message(messages_t *m, const amzx_val_t *error)
{
    const char *text = amzx_val_text(amzx_val_get(error, "Message"), NULL);
    int i;

    if (!text) { /* some samples of the API say Description */
        text = amzx_val_text(amzx_val_get(error, "Description"), NULL);
    }
    if (!text) {
        text = amzx_val_text(error, NULL);
    }
    for (i = 0; text && i < m->count; i++) {
        if (strcmp(m->text[i], text) == 0) {
            return;
        }
    }
    if (text && *text && m->count < MESSAGES_MAX) {
        m->text[m->count++] = text;
    }
}

/* Every ValidationErrors below an element: of lines, contact, addresses. */
static void collect(messages_t *m, const amzx_val_t *v, int depth)
{
    apr_size_t i;
    apr_size_t j;

    if (depth > DEPTH_MAX) {
        return;
    }
    if (amzx_val_type(v) == AMZX_LIST) {
        for (i = 0; i < amzx_val_count(v); i++) {
            collect(m, amzx_val_at(v, i), depth + 1);
        }
    }
    else if (amzx_val_type(v) == AMZX_OBJ) {
        for (i = 0; i < amzx_val_count(v); i++) {
            const amzx_member_t *member = &v->u.obj.member[i];

            if (strcmp(member->name, "ValidationErrors") == 0) {
                for (j = 0; j < amzx_val_count(member->val); j++) {
                    add_message(m, amzx_val_at(member->val, j));
                }
            }
            else {
                collect(m, member->val, depth + 1);
            }
        }
    }
}

/* The fault of the message whose row stands first. */
static apr_status_t judge(const amzx_op_call_t *call, const messages_t *m,
                          amzx_fault_t *fault)
{
    amzx_buf_t all;
    int best = KNOWN_COUNT;
    int i;

    amzx_buf_init(&all, 256, call->pool);
    for (i = 0; i < m->count; i++) {
        int row = row_of(m->text[i]);

        if (row < best) {
            best = row;
        }
        if (i > 0) {
            amzx_buf_puts(&all, " / ");
        }
        amzx_buf_puts(&all, row < KNOWN_COUNT && known[row].is_private
                          ? known[row].remedy
                          : without_mail(m->text[i], call->pool));
    }
    if (best == KNOWN_COUNT) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EGENERAL,
                              "validation.other", "%s",
                              m->count > 0 ? all.s
                              : "Xero refused it without saying why");
    }
    return amzx_fault_set(fault, known[best].klass, APR_EGENERAL,
                          known[best].code, "%s", all.s);
}

apr_status_t amzx_xero_element_check(const amzx_op_call_t *call,
                                     const amzx_val_t *element,
                                     amzx_fault_t *fault)
{
    messages_t m = {{0}, 0};

    collect(&m, element, 0);
    if (m.count == 0
        && strcasecmp(amzx_val_text(amzx_val_get(
               element, "StatusAttributeString"), ""), "ERROR") != 0
        && !amzx_val_truth(amzx_val_get(element, "HasErrors"), 0)
        && !amzx_val_truth(amzx_val_get(element, "HasValidationErrors"),
                           0)) {
        return APR_SUCCESS;
    }
    return judge(call, &m, fault);
}

/* 400: a validation exception, or a request that we should not have sent. */
static apr_status_t bad_request(const amzx_op_call_t *call,
                                const amzx_val_t *doc, amzx_fault_t *fault)
{
    const char *type = amzx_val_text(amzx_val_get_nocase(doc, "Type"), "");
    const char *text = amzx_val_text(amzx_val_get_nocase(doc, "Message"), "");
    messages_t m = {{0}, 0};

    collect(&m, doc, 0);
    if (m.count == 0 && *text && row_of(text) < KNOWN_COUNT) {
        add_message(&m, doc);
    }
    if (m.count > 0) {
        return judge(call, &m, fault);
    }
    if (!*text) { /* a problem document of something in between */
        text = amzx_val_text(amzx_val_get_nocase(doc, "title"), "");
    }
    text = without_mail(text, call->pool);
    if (strcmp(type, "PostDataInvalidException") == 0) {
        return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EGENERAL,
                              "validation.post_data",
                              "Xero cannot read our request: %s", text);
    }
    if (strcmp(type, "QueryParseException") == 0) {
        return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_EGENERAL,
                              "validation.query",
                              "Xero cannot read our query: %s", text);
    }
    if (strcmp(type, "HighVolumeException") == 0) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EGENERAL,
                              "limit.high_volume", "%s", text);
    }
    return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EGENERAL,
                          "validation.other", "%s",
                          *text ? text
                          : "Xero refused the request without a reason");
}

/* 401 and 403: {"Title", "Status", "Detail"}, names in either case. */
static apr_status_t no_entry(const amzx_http_response_t *rsp,
                             const amzx_val_t *doc, amzx_fault_t *fault)
{
    const char *detail = amzx_val_text(amzx_val_get_nocase(doc, "Detail"),
                                       "");

    if (strncmp(detail, "AuthorizationUnsuccessful", 25) == 0) {
        return amzx_fault_set(fault, AMZX_FAULT_AUTH, APR_EACCES,
                              "auth.forbidden", "the connection lacks a scope"
                              " for this: connect again with the right ones");
    }
    if (rsp->status == 401) {
        return amzx_fault_set(fault, AMZX_FAULT_AUTH, APR_EACCES,
                              "auth.expired", "Xero refused the access token"
                              " (%.40s)", *detail ? detail : "no detail");
    }
    if (strncmp(detail, "AuthenticationUnsuccessful", 26) == 0) {
        return amzx_fault_set(fault, AMZX_FAULT_AUTH, APR_EACCES,
                              "auth.revoked", "the organisation is not"
                              " connected to this app, or its tenant id is"
                              " wrong");
    }
    return amzx_fault_set(fault, AMZX_FAULT_AUTH, APR_EACCES,
                          "auth.forbidden", "the connected user may not do"
                          " this in Xero");
}

static apr_status_t throttled(const amzx_http_response_t *rsp,
                              amzx_fault_t *fault)
{
    amzx_limit_hint_t hint;
    char code[64];
    apr_status_t rv;

    amzx_xero_connector.limit_hint(&hint, rsp);
    apr_snprintf(code, sizeof(code), "rate_limited.%s",
                 strcmp(hint.problem, "appminute") == 0 ? "app"
                 : hint.problem);
    rv = amzx_fault_set(fault, AMZX_FAULT_THROTTLED, APR_EGENERAL, code,
                        "Xero's limit (%s) is used up", hint.problem);
    if (fault) {
        fault->retry_after_us = hint.retry_after_us;
    }
    return rv;
}

/* 503 comes as plain text: maintenance, one organisation, or overload. */
static apr_status_t offline(const amzx_op_call_t *call,
                            const amzx_http_response_t *rsp,
                            amzx_fault_t *fault)
{
    apr_status_t rv = amzx_answer_fault(call, rsp, "Xero", fault);
    int wait_s = 0;

    if (!fault || !rsp->body) {
        return rv;
    }
    if (strstr(rsp->body, "Organisation is offline")) {
        apr_snprintf(fault->detail, sizeof(fault->detail),
                     "Xero says that the organisation is offline");
        wait_s = 300;
    }
    else if (strstr(rsp->body, "offline for maintenance")) {
        apr_snprintf(fault->detail, sizeof(fault->detail),
                     "Xero is offline for maintenance");
        wait_s = 180;
    }
    else if (strstr(rsp->body, "temporarily unavailable")) {
        apr_snprintf(fault->detail, sizeof(fault->detail),
                     "Xero is temporarily unavailable");
        wait_s = 60;
    }
    if (wait_s > 0 && fault->retry_after_us < 0) {
        fault->retry_after_us = apr_time_from_sec(wait_s);
    }
    return rv;
}

apr_status_t amzx_xero_fault(const amzx_op_call_t *call,
                             const amzx_http_response_t *rsp,
                             amzx_fault_t *fault)
{
    const amzx_val_t *doc = &amzx_val_null;

    if (rsp->status == 429) {
        return throttled(rsp, fault);
    }
    if (rsp->status == 503) {
        return offline(call, rsp, fault);
    }
    if (rsp->status == 501) {
        return amzx_fault_set(fault, AMZX_FAULT_BUG, APR_ENOTIMPL,
                              "validation.not_implemented",
                              "Xero does not have what %s asks for",
                              call->op->name);
    }
    if (rsp->status < 400 || rsp->status >= 500) {
        return amzx_answer_fault(call, rsp, "Xero", fault);
    }
    if (amzx_answer_is_json(rsp)) { /* may be HTML, XML, text or empty */
        (void)amzx_json_parse(&doc, rsp->body, rsp->body_len, NULL, NULL,
                              call->pool);
    }
    if (rsp->status == 401 || rsp->status == 403) {
        return no_entry(rsp, doc, fault);
    }
    if (rsp->status == 400 || rsp->status == 422) {
        /* A refusal that arrives broken may be one that says "done before":
         * let it be asked again. */
        return amzx_val_is_null(doc) && amzx_answer_json(&doc, call, rsp, fault)
                   ? fault->status
                   : bad_request(call, doc, fault);
    }
    return amzx_answer_fault(call, rsp, "Xero", fault);
}
