/* SPDX-License-Identifier: Apache-2.0 */
/* A call has failed: again after a pause, a person, a catch, or the end.
 *
 * Delays are drawn once and journaled; a replay reads them back. */
#include "amzx_run.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_time.h"

#define RETRY_AFTER_MAX (APR_INT64_C(86400) * APR_USEC_PER_SEC)

static const char *const then_names[] = {
    [AMZX_THEN_DEAD] = "dead-letter",
    [AMZX_THEN_REVIEW] = "review",
    [AMZX_THEN_FAIL] = "fail",
};

static const char failed_options[] =
    "[{\"name\":\"retry\",\"label\":\"Try again\"},"
    "{\"name\":\"giveUp\",\"label\":\"Send to dead letters\"}]";

static const amzx_call_t *call_of(const amzx_machine_t *m)
{
    return m->node->kind == AMZX_NODE_CALL ? m->node->part : NULL;
}

static int is_late(const amzx_fault_t *fault)
{
    return strcmp(fault->code, "limit.time") == 0;
}

static int may_retry(const amzx_call_t *call, const amzx_fault_t *fault)
{
    const amzx_retry_t *r = call ? call->retry : NULL;

    if (!r || fault->klass == AMZX_FAULT_BUG
        || fault->klass == AMZX_FAULT_CONFIG || is_late(fault)) {
        return 0;
    }
    /* an effect of unknown fate is the host's to confirm, never repeated */
    if (fault->klass == AMZX_FAULT_UNKNOWN && call->op
        && call->op->effect > AMZX_EFFECT_READ) {
        return 0;
    }
    if (r->except && amzx_fault_matches(fault->code, r->except)) {
        return 0;
    }
    return fault->klass == AMZX_FAULT_THROTTLED
           || amzx_fault_matches(fault->code, r->on);
}

static apr_interval_time_t uniform(amzx_machine_t *m, apr_interval_time_t lo,
                                   apr_interval_time_t hi)
{
    if (hi <= lo) {
        return lo;
    }
    return lo
           + (apr_interval_time_t)amzx_random_below(
               m->env, (apr_uint64_t)(hi - lo) + 1);
}

/* decorrelated: min(cap, uniform(base, 3 * previous));
 * exponential: uniform(0, min(cap, base * 2^n)), full jitter */
static apr_interval_time_t draw(amzx_machine_t *m, const amzx_retry_t *r)
{
    apr_interval_time_t previous = m->drawn > 0 ? m->drawn : r->base_us;
    apr_interval_time_t d = r->base_us;
    int i;

    if (r->backoff == AMZX_BACKOFF_DECORRELATED) {
        d = previous > r->cap_us / 3 ? r->cap_us : 3 * previous;
        d = uniform(m, r->base_us, d);
    }
    else if (r->backoff == AMZX_BACKOFF_EXPONENTIAL) {
        for (i = 1; i < m->attempt && d < r->cap_us; i++) {
            d *= 2;
        }
        d = uniform(m, 0, d < r->cap_us ? d : r->cap_us);
    }
    return d < r->cap_us ? d : r->cap_us;
}

static amzx_val_t *fault_data(amzx_machine_t *m, const amzx_fault_t *fault)
{
    amzx_val_t *data = amzx_val_obj(8, m->scratch);

    amzx_val_put_ref(data, "attempt", amzx_val_int(m->attempt, m->scratch),
                     m->scratch);
    amzx_val_put_str(data, "class", amzx_fault_class_name(fault->klass),
                     m->scratch);
    amzx_val_put_str(data, "code", fault->code, m->scratch);
    amzx_val_put_str(data, "detail",
                     fault->place[0]
                         ? apr_pstrcat(m->scratch, fault->detail, " (",
                                       fault->place, ")", NULL)
                         : fault->detail,
                     m->scratch);
    return data;
}

/* Take what a retry entry says, written just now or read back. */
void amzx_run_retried(amzx_machine_t *m, const amzx_val_t *data)
{
    apr_interval_time_t drawn = 0;
    apr_time_t due = 0;

    (void)amzx_duration_parse(
        &drawn, amzx_val_text(amzx_val_get(data, "drawn"), "PT0S"));
    (void)amzx_time_parse(&due,
                          amzx_val_text(amzx_val_get(data, "due"), ""));
    m->drawn = drawn;
    m->retry_at = due;
    m->attempt++;
    if (amzx_val_truth(amzx_val_get(data, "counts"), 1)) {
        m->counted++;
    }
}

static void put_time(amzx_val_t *data, const char *name, apr_time_t t,
                     apr_pool_t *p)
{
    char text[AMZX_TIME_TEXT];

    amzx_time_text(text, t);
    amzx_val_put_str(data, name, text, p);
}

static void put_span(amzx_val_t *data, const char *name,
                     apr_interval_time_t d, apr_pool_t *p)
{
    char text[AMZX_TIME_TEXT];

    amzx_duration_text(text, d);
    amzx_val_put_str(data, name, text, p);
}

/* Wait and try again, if the policy still lets us. */
static int again(amzx_machine_t *m, const amzx_retry_t *r,
                 const amzx_fault_t *fault)
{
    int counts = fault->klass != AMZX_FAULT_THROTTLED;
    apr_interval_time_t drawn, delay;
    amzx_val_t *data;

    if (counts && m->counted + 1 >= r->max_attempts) {
        return 0;
    }
    drawn = draw(m, r);
    delay = fault->retry_after_us > RETRY_AFTER_MAX ? RETRY_AFTER_MAX
                                                    : fault->retry_after_us;
    delay = delay > drawn ? delay : drawn;
    if (m->now + delay - m->first_at > r->max_elapsed_us) {
        return 0;
    }
    data = fault_data(m, fault);
    put_span(data, "delay", delay, m->scratch);
    put_span(data, "drawn", drawn, m->scratch);
    put_time(data, "due", m->now + delay, m->scratch);
    if (!counts) {
        amzx_val_put_ref(data, "counts", &amzx_val_false, m->scratch);
    }
    amzx_run_enter(m, m->path, "retry", data);
    amzx_run_retried(m, data);
    amzx_run_call_go(m);
    return 1;
}

static void ask_again(amzx_machine_t *m, const amzx_val_t *data)
{
    const char *title = m->node->title;
    const char *path;

    m->reviews++;
    path = amzx_run_review_path(
        m, apr_psprintf(m->scratch, "%s?%d", m->path, m->reviews));
    amzx_run_ask_person(m, path,
                        apr_pstrcat(m->scratch, title, " failed: ",
                                    amzx_val_text(amzx_val_get(data, "code"),
                                                  ""),
                                    NULL),
                        amzx_val_text(amzx_val_get(data, "detail"), ""),
                        failed_options, AMZX_FOR_RETRY_REVIEW);
}

static void due_of(amzx_machine_t *m, const amzx_val_t *data,
                   amzx_due_e kind)
{
    amzx_due_t *due = apr_pcalloc(m->pool, sizeof(*due));
    const amzx_call_t *call = call_of(m);

    due->kind = kind;
    due->code = apr_pstrdup(
        m->pool, amzx_val_text(amzx_val_get(data, "code"), "internal"));
    due->detail = apr_pstrdup(
        m->pool, amzx_val_text(amzx_val_get(data, "detail"), ""));
    due->step = m->path;
    due->connection = call ? call->using_ : "";
    amzx_run_raise(m, due);
}

/* Take what a fault entry says, written just now or read back. */
void amzx_run_faulted(amzx_machine_t *m, const amzx_val_t *data)
{
    const char *then = amzx_val_text(amzx_val_get(data, "then"), "");

    if (strcmp(then, then_names[AMZX_THEN_REVIEW]) == 0) {
        m->names.slot[m->node->slot] = amzx_settle(data, m->pool);
        ask_again(m, m->names.slot[m->node->slot]);
    }
    else {
        due_of(m, data,
               strcmp(then, then_names[AMZX_THEN_DEAD]) == 0
                   ? AMZX_DUE_DEAD
                   : AMZX_DUE_FAULT);
    }
}

void amzx_run_retry(amzx_machine_t *m, const amzx_fault_t *fault)
{
    const amzx_call_t *call = call_of(m);
    amzx_val_t *data;

    if (may_retry(call, fault)) {
        if (again(m, call->retry, fault)) {
            return;
        }
        data = fault_data(m, fault);
        amzx_val_put_str(data, "then", then_names[call->retry->then],
                         m->scratch);
    }
    else {
        data = fault_data(m, fault);
        if (is_late(fault)) {
            amzx_val_put_str(data, "then", then_names[AMZX_THEN_DEAD],
                             m->scratch);
        }
    }
    amzx_run_enter(m, m->path, "fault", data);
    amzx_run_faulted(m, data);
}

void amzx_run_retry_choice(amzx_machine_t *m, const amzx_val_t *result)
{
    const amzx_val_t *data = m->names.slot[m->node->slot];
    const char *choice = amzx_val_text(amzx_val_get(result, "choice"), "");
    const char *path = amzx_run_review_path(
        m, apr_psprintf(m->scratch, "%s?%d", m->path, m->reviews));
    amzx_val_t *kept = amzx_val_obj(1, m->scratch);

    amzx_val_put_str(kept, "choice", choice, m->scratch);
    amzx_run_enter(m, path, "review",
                   amzx_val_is_null(result) ? kept : result);
    m->names.slot[m->node->slot] = &amzx_val_null;
    if (strcmp(choice, "retry") != 0) {
        due_of(m, data, AMZX_DUE_DEAD);
        return;
    }
    m->attempt++;
    m->counted = 0;
    m->drawn = 0;
    m->first_at = m->now;
    m->retry_at = 0;
    amzx_run_call_go(m);
}
