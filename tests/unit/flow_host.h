/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file flow_host.h  A scripted host for workflows: answers asks from a
 * table, keeps the journal, and can begin again from any prefix of it.
 *
 * Everything it does is a function of the journal: the n-th answer of a path
 * is chosen by how many answers the journal holds for it, time moves by a
 * second per answer or to the end of a wait, and random numbers come from
 * the journal's length. So a run that is cut anywhere must go on alike.
 */
#ifndef FLOW_HOST_H
#define FLOW_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "amzx_connector.h"
#include "amzx_json.h"
#include "amzx_machine.h"
#include "amzx_str.h"
#include "amzx_time.h"
#include "amzx_xml.h"

#define HOST_START "2026-02-01T10:30:00Z"
#define HOST_ASKS_MAX 4000

/** One answer: key is a path or an operation; text is JSON, or
 *  "!class code seconds detail" for a fault (-1 seconds: no Retry-After). */
typedef struct {
    const char *key;
    const char *text;
} host_answer_t;

typedef struct {
    apr_pool_t *p;
    amzx_env_t env;
    const amzx_flow_t *flow;
    const char *tenant;   /**< JSON */
    const char *settings; /**< JSON */
    const char *payload;  /**< JSON */
    host_answer_t answer[64];
    int answers;
    apr_array_header_t *journal; /**< of amzx_entry_t */
    apr_array_header_t *asks;    /**< of char *, "journal length: ask" */
    apr_time_t clock;
    amzx_machine_t *machine; /**< the last one */
    amzx_fault_t fault;
    const char *outcome; /**< of the end */
    const char *code;
    const char *detail;
} host_t;

static apr_pool_t *host_root;
static amzx_xsd_t *host_xsd;

static const char *host_path(const char *name, apr_pool_t *p)
{
    const char *top = getenv("AMZX_SRCDIR");

    return apr_pstrcat(p, top && *top ? top : ".", "/", name, NULL);
}

static char *host_file(const char *name, apr_size_t *len, apr_pool_t *p)
{
    char *bytes = NULL;

    if (amzx_file_read(&bytes, len, host_path(name, p), 1 << 22, p)
        != APR_SUCCESS) {
        fail_msg("cannot read %s", name);
    }
    return bytes;
}

static const amzx_flow_world_t *host_world(void)
{
    static amzx_flow_world_t world;

    world.find_op = amzx_op_find;
    world.op_at = amzx_op_at;
    world.xsd = host_xsd;
    return &world;
}

static int host_setup(void **state)
{
    apr_size_t len;
    char *bytes;
    amzx_fault_t fault;

    (void)state;
    apr_initialize();
    amzx_xml_init();
    apr_pool_create(&host_root, NULL);
    bytes = host_file("workflows/amzxero-workflow-1.xsd", &len, host_root);
    amzx_fault_clear(&fault);
    if (amzx_xsd_load(&host_xsd, bytes, len, &fault, host_root)
        != APR_SUCCESS) {
        fail_msg("schema: %s", fault.detail);
    }
    return 0;
}

static int host_teardown(void **state)
{
    (void)state;
    apr_pool_destroy(host_root);
    apr_terminate();
    return 0;
}

/** Load a definition that must be good; warnings are allowed. */
static const amzx_flow_t *host_load(const char *bytes, apr_size_t len,
                                    const char *file, apr_pool_t *p)
{
    amzx_problems_t *ps = amzx_problems_make(file, p);
    amzx_flow_t *flow = NULL;

    if (amzx_flow_load(&flow, bytes, len, host_world(), ps, p)
        != APR_SUCCESS) {
        fail_msg("%s", amzx_problems_text(ps, p));
    }
    return flow;
}

static const amzx_val_t *host_json(const char *text, apr_pool_t *p)
{
    const amzx_val_t *v = NULL;
    amzx_fault_t fault;

    amzx_fault_clear(&fault);
    if (amzx_json_parse(&v, text, strlen(text), NULL, &fault, p)
        != APR_SUCCESS) {
        fail_msg("%s in %s", fault.detail, text);
    }
    return v;
}

static apr_status_t host_random(void *ctx, unsigned char *out,
                                apr_size_t len)
{
    host_t *h = ctx;
    apr_uint64_t x = (apr_uint64_t)h->journal->nelts + 12345;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        x = x * APR_UINT64_C(6364136223846793005)
            + APR_UINT64_C(1442695040888963407);
        out[i] = (unsigned char)(x >> 56);
    }
    return APR_SUCCESS;
}

__attribute__((unused)) static host_t *host_make(const amzx_flow_t *flow,
                                                 apr_pool_t *p)
{
    host_t *h = apr_pcalloc(p, sizeof(*h));

    h->p = p;
    amzx_env_init(&h->env, "test");
    h->env.ctx = h;
    h->env.random = host_random;
    h->flow = flow;
    h->tenant = "{\"id\":\"acme\",\"baseCurrency\":\"GBP\","
                "\"timezone\":\"Europe/London\"}";
    h->settings = "{}";
    h->payload = "{\"trigger\":\"go\",\"body\":{},\"input\":{}}";
    h->journal = apr_array_make(p, 32, sizeof(amzx_entry_t));
    h->asks = apr_array_make(p, 32, sizeof(char *));
    amzx_time_parse(&h->clock, HOST_START);
    return h;
}

/** Add an answer; several of a key are given one after the other, the last
 *  one again and again. */
static void host_says(host_t *h, const char *key, const char *text)
{
    assert_true(h->answers < 64);
    h->answer[h->answers].key = key;
    h->answer[h->answers].text = text;
    h->answers++;
}

/** Replace all answers of a key by one. */
__attribute__((unused)) static void
host_says_only(host_t *h, const char *key, const char *text)
{
    int i, kept = 0;

    for (i = 0; i < h->answers; i++) {
        if (strcmp(h->answer[i].key, key) != 0) {
            h->answer[kept++] = h->answer[i];
        }
    }
    h->answers = kept;
    host_says(h, key, text);
}

/** Forget journal and asks: the next run begins anew. */
__attribute__((unused)) static void host_again(host_t *h)
{
    apr_array_clear(h->journal);
    apr_array_clear(h->asks);
    amzx_time_parse(&h->clock, HOST_START);
}

/* The n-th answer of a key; the last one when there are fewer. */
static const char *host_nth(const host_t *h, const char *key, int n)
{
    const char *found = NULL;
    int i;

    for (i = 0; i < h->answers; i++) {
        if (strcmp(h->answer[i].key, key) == 0) {
            found = h->answer[i].text;
            if (n-- == 0) {
                break;
            }
        }
    }
    return found;
}

static int host_answered(const host_t *h, const char *path)
{
    int i, n = 0;

    for (i = 0; i < h->journal->nelts; i++) {
        const amzx_entry_t *e = &APR_ARRAY_IDX(h->journal, i, amzx_entry_t);

        if (strcmp(e->path, path) == 0
            && (strcmp(e->kind, "result") == 0
                || strcmp(e->kind, "fault") == 0
                || strcmp(e->kind, "retry") == 0
                || strcmp(e->kind, "review") == 0)) {
            n++;
        }
    }
    return n;
}

static const char *host_text(const amzx_val_t *v, apr_pool_t *p)
{
    return v ? amzx_json_write(v, NULL, p) : "-";
}

static const char *host_show(const host_t *h, const amzx_ask_t *a)
{
    char until[AMZX_TIME_TEXT];

    switch (a->kind) {
    case AMZX_ASK_CALL:
        return apr_psprintf(h->p, "CALL %s #%d %s %s %s %s [%s] confirm %s",
                            a->path, a->attempt, a->op->name, a->using_,
                            host_text(a->args, h->p),
                            host_text(a->body, h->p), a->natural,
                            a->confirm_op ? a->confirm_op : "-");
    case AMZX_ASK_WAIT:
        amzx_time_text(until, a->until);
        return apr_psprintf(h->p, "WAIT %s until %s %s", a->path, until,
                            a->why);
    case AMZX_ASK_REVIEW:
        amzx_time_text(until, a->review.due_at);
        return apr_psprintf(h->p, "REVIEW %s %s '%s' %s %s %s %s", a->path,
                            a->review.queue, a->review.title, until,
                            a->review.shown, a->review.options,
                            a->review.editable ? a->review.editable : "-");
    case AMZX_ASK_RUN:
        return apr_psprintf(h->p, "RUN %s %s %s %s %d", a->path, a->workflow,
                            a->run_key, host_text(a->args, h->p),
                            a->is_detached);
    case AMZX_ASK_END:
        return apr_psprintf(h->p, "END %s %s %s %s", a->path, a->outcome,
                            a->code ? a->code : "-",
                            a->detail ? a->detail : "-");
    }
    return "?";
}

/* "!class code seconds detail" */
static void host_fault(amzx_fault_t *f, const char *text)
{
    char klass[32] = "", code[64] = "", detail[200] = "";
    int seconds = -1;

    sscanf(text, "!%31s %63s %d %199[^\n]", klass, code, &seconds, detail);
    amzx_fault_clear(f);
    (void)amzx_fault_set(f, amzx_fault_class_of(klass), APR_EGENERAL, code,
                         "%s", detail);
    f->retry_after_us = seconds < 0 ? -1 : apr_time_from_sec(seconds);
}

static void host_keep(host_t *h, amzx_machine_t *m)
{
    const amzx_entry_t *made;
    int i, n = amzx_machine_take(m, &made);

    for (i = 0; i < n; i++) {
        amzx_entry_t *e = apr_array_push(h->journal);

        e->seq = made[i].seq;
        e->path = apr_pstrdup(h->p, made[i].path);
        e->kind = apr_pstrdup(h->p, made[i].kind);
        e->at = made[i].at;
        e->trail = made[i].trail ? apr_pstrdup(h->p, made[i].trail) : NULL;
        e->hash = made[i].hash ? apr_pstrdup(h->p, made[i].hash) : NULL;
        e->data = made[i].data ? apr_pstrdup(h->p, made[i].data) : NULL;
        assert_int_equal(e->seq, h->journal->nelts);
    }
}

/* @return 0 when there is no answer: the host stops there */
static int host_answer(host_t *h, amzx_machine_t *m, const amzx_ask_t *a)
{
    const char *text;
    amzx_fault_t fault;
    int n;

    if (a->kind == AMZX_ASK_WAIT) {
        h->clock = a->until > h->clock ? a->until : h->clock;
        amzx_machine_answer(m, NULL, NULL, h->clock);
        return 1;
    }
    n = host_answered(h, a->path);
    text = host_nth(h, a->path, n);
    if (!text && a->kind == AMZX_ASK_CALL) {
        text = host_nth(h, a->op->name, n);
    }
    if (!text && a->kind == AMZX_ASK_RUN) {
        text = "null";
    }
    if (!text) {
        return 0;
    }
    h->clock += apr_time_from_sec(1);
    if (*text == '!') {
        host_fault(&fault, text);
        amzx_machine_answer(m, NULL, &fault, h->clock);
    }
    else {
        amzx_machine_answer(m, host_json(text, h->p), NULL, h->clock);
    }
    return 1;
}

/** Go on from the journal until the end or an ask without an answer. */
static void host_run(host_t *h)
{
    amzx_machine_start_t start;
    const amzx_ask_t *a;
    apr_pool_t *run;
    apr_status_t rv;

    apr_pool_create(&run, h->p);
    memset(&start, 0, sizeof(start));
    start.run_id = "run_1";
    start.tenant = host_json(h->tenant, run);
    start.payload = host_json(h->payload, run);
    start.env = &h->env;
    amzx_fault_clear(&h->fault);
    rv = amzx_flow_config(&start.config, h->flow,
                          host_json(h->settings, run), &h->fault, run);
    if (rv != APR_SUCCESS) {
        fail_msg("config: %s", h->fault.detail);
    }
    if (h->journal->nelts > 0) {
        h->clock = APR_ARRAY_IDX(h->journal, h->journal->nelts - 1,
                                 amzx_entry_t).at;
    }
    rv = amzx_machine_make(&h->machine, h->flow, &start,
                           (const amzx_entry_t *)h->journal->elts,
                           h->journal->nelts, h->clock, &h->fault, run);
    if (rv != APR_SUCCESS) {
        fail_msg("replay of %d rows: %s %s", h->journal->nelts,
                 h->fault.code, h->fault.detail);
    }
    for (;;) {
        a = amzx_machine_next(h->machine);
        host_keep(h, h->machine);
        assert_true(h->asks->nelts < HOST_ASKS_MAX);
        APR_ARRAY_PUSH(h->asks, const char *) = apr_psprintf(
            h->p, "%d: %s", h->journal->nelts, host_show(h, a));
        if (a->kind == AMZX_ASK_END) {
            h->outcome = apr_pstrdup(h->p, a->outcome);
            h->code = a->code ? apr_pstrdup(h->p, a->code) : "";
            h->detail = a->detail ? apr_pstrdup(h->p, a->detail) : "";
            return;
        }
        if (!host_answer(h, h->machine, a)) {
            h->outcome = "open";
            h->code = h->detail = "";
            return;
        }
    }
}

#endif
