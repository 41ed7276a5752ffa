/* SPDX-License-Identifier: Apache-2.0 */
/* Faults and ends on their way up the stack: catches, finally, compensation,
 * on-error, the end. */
#include "amzx_run.h"

#include <apr_strings.h>

#include <string.h>

static const char undo_options[] =
    "[{\"name\":\"retry\",\"label\":\"Compensate again\"},"
    "{\"name\":\"done\",\"label\":\"I took it back by hand\"},"
    "{\"name\":\"giveUp\",\"label\":\"Send to dead letters\"}]";

const amzx_val_t *amzx_run_error(amzx_machine_t *m, const amzx_due_t *due)
{
    amzx_val_t *v = amzx_val_obj(4, m->pool);

    amzx_val_put_str(v, "code", due->code, m->pool);
    amzx_val_put_str(v, "detail", due->detail, m->pool);
    amzx_val_put_str(v, "step", due->step, m->pool);
    amzx_val_put_str(v, "connection", due->connection, m->pool);
    return v;
}

void amzx_run_end(amzx_machine_t *m, const amzx_due_t *due)
{
    amzx_val_t *data = amzx_val_obj(4, m->scratch);
    int is_dead = due->kind != AMZX_DUE_STOP;
    const char *path = *due->step ? due->step : "";

    amzx_val_put_str(data, "outcome", is_dead ? "dead" : due->outcome,
                     m->scratch);
    if (is_dead) {
        amzx_val_put_str(data, "code", due->code, m->scratch);
    }
    if (*due->detail) {
        amzx_val_put_str(data, "detail", due->detail, m->scratch);
    }
    m->path = apr_pstrdup(m->pool, path);
    amzx_run_enter(m, m->path, "end", data);
    memset(&m->ask, 0, sizeof(m->ask));
    m->ask.kind = AMZX_ASK_END;
    m->ask.path = m->path;
    m->ask.outcome = is_dead ? "dead" : due->outcome;
    m->ask.code = is_dead ? due->code : NULL;
    m->ask.detail = *due->detail ? apr_pstrdup(m->pool, due->detail) : NULL;
    m->waits = AMZX_FOR_NOTHING;
    m->has_ended = 1;
}

/* ---- compensation -------------------------------------------------------- */

void amzx_run_remember(amzx_machine_t *m)
{
    apr_size_t bytes = (apr_size_t)m->flow->slots->nelts
                       * sizeof(*m->names.slot);
    amzx_undo_t *u;
    int i;

    for (i = m->top - 1; i >= 0; i--) {
        amzx_frame_t *f = &m->frame[i];

        if (f->kind == AMZX_FRAME_UNDO) {
            return;
        }
        if (f->kind == AMZX_FRAME_SAGA && f->state == AMZX_SAGA_BODY) {
            u = apr_pcalloc(m->pool, sizeof(*u));
            u->node = m->node;
            u->path = m->path;
            u->slot = apr_pmemdup(m->pool, m->names.slot, bytes);
            u->next = f->u.saga.undos;
            f->u.saga.undos = u;
            return;
        }
    }
}

void amzx_run_undo_next(amzx_machine_t *m)
{
    amzx_frame_t *saga = &m->frame[m->top - 1];
    amzx_undo_t *u = saga->u.saga.undos;
    const amzx_due_t *due = saga->due;
    const amzx_call_t *call;
    amzx_frame_t *f;

    if (!u) {
        m->top--;
        amzx_run_raise(m, due);
        return;
    }
    saga->u.saga.undos = u->next;
    call = u->node->part;
    m->path = u->path;
    f = amzx_run_push(m, AMZX_FRAME_UNDO, u->node, call->compensate);
    f->u.saved = m->names.slot;
    m->names.slot = u->slot;
    m->names.slot[AMZX_SLOT_ERROR] = amzx_run_error(m, due);
}

static void start_undo(amzx_machine_t *m, const amzx_due_t *due)
{
    amzx_frame_t *saga = &m->frame[m->top - 1];

    saga->state = AMZX_SAGA_UNDO;
    saga->due = due;
    saga->cur = NULL;
    amzx_run_undo_next(m);
}

/* The frame of a failed compensation is still there: the review decides what
 * becomes of it. */
void amzx_run_undo_review(amzx_machine_t *m)
{
    amzx_frame_t *f = &m->frame[m->top - 1];
    amzx_frame_t *saga = &m->frame[m->top - 2];
    const char *path;

    saga->u.saga.reviews++;
    path = amzx_run_review_path(
        m, apr_psprintf(m->scratch, "%s?%d", f->path,
                        saga->u.saga.reviews));
    m->path = path;
    amzx_run_ask_person(m, path,
                        apr_pstrcat(m->scratch, "Compensation failed: ",
                                    f->due->code, NULL),
                        f->due->detail, undo_options, AMZX_FOR_UNDO_REVIEW);
}

void amzx_run_undo_choice(amzx_machine_t *m, const amzx_val_t *result)
{
    amzx_frame_t *f = &m->frame[m->top - 1];
    const amzx_call_t *call = f->node->part;
    const char *choice =
        apr_pstrdup(m->pool, amzx_val_text(amzx_val_get(result, "choice"),
                                           ""));
    const amzx_due_t *failed = f->due;
    amzx_due_t *due;

    amzx_run_enter(m, m->path, "review", result);
    if (strcmp(choice, "retry") == 0) {
        f->due = NULL;
        f->cur = call->compensate;
        return;
    }
    m->names.slot = f->u.saved;
    m->top--;
    if (strcmp(choice, "done") == 0) {
        amzx_run_undo_next(m);
        return;
    }
    due = apr_pmemdup(m->pool, failed, sizeof(*due));
    due->kind = AMZX_DUE_DEAD;
    due->code = "compensation.failed";
    due->detail = apr_pstrcat(m->pool, failed->code, ": ", failed->detail,
                              NULL);
    amzx_run_raise(m, due);
}

/* A compensation has failed. @return 1 when a person is asked */
static int undo_failed(amzx_machine_t *m, const amzx_due_t **due)
{
    amzx_frame_t *f = &m->frame[m->top - 1];
    const amzx_saga_t *part = m->frame[m->top - 2].node->part;
    amzx_due_t *dead;

    if ((*due)->kind == AMZX_DUE_STOP) {
        return 0;
    }
    f->due = *due;
    if (part->is_review) {
        amzx_run_undo_review(m);
        return 1;
    }
    dead = apr_pmemdup(m->pool, *due, sizeof(*dead));
    dead->kind = AMZX_DUE_DEAD;
    dead->detail = apr_pstrcat(m->pool, (*due)->code, ": ", (*due)->detail,
                               NULL);
    dead->code = "compensation.failed";
    *due = dead;
    return 0;
}

/* ---- catches ------------------------------------------------------------- */

/* The first catch that takes a fault; one whose condition cannot be
 * evaluated does not. */
static const amzx_catch_t *find_catch(amzx_machine_t *m,
                                      const amzx_parts_t *catches,
                                      const amzx_due_t *due)
{
    const amzx_val_t *outer = m->names.slot[AMZX_SLOT_ERROR];
    amzx_fault_t fault;
    int i, wanted;

    for (i = 0; i < catches->count; i++) {
        const amzx_catch_t *c = catches->at[i];

        if (!amzx_fault_matches(due->code, c->errors)) {
            continue;
        }
        m->names.slot[AMZX_SLOT_ERROR] = amzx_run_error(m, due);
        if (!c->when) {
            return c;
        }
        amzx_fault_clear(&fault);
        if (amzx_names_test(&wanted, c->when, &m->names, &fault, m->scratch)
                == APR_SUCCESS
            && wanted) {
            return c;
        }
    }
    m->names.slot[AMZX_SLOT_ERROR] = outer;
    return NULL;
}

/* @return 1 when the try goes on */
static int try_takes(amzx_machine_t *m, const amzx_due_t *due)
{
    amzx_frame_t *f = &m->frame[m->top - 1];
    const amzx_try_t *part = f->node->part;
    const amzx_catch_t *c = NULL;

    if (f->state == AMZX_TRY_DO && due->kind == AMZX_DUE_FAULT) {
        c = find_catch(m, &part->catches, due);
    }
    if (c) {
        amzx_run_trace(m, apr_psprintf(m->scratch, "%s!%s", f->path,
                                       due->code),
                       NULL);
        f->state = AMZX_TRY_CATCH;
        f->cur = c->first;
        return 1;
    }
    m->names.slot[AMZX_SLOT_ERROR] = f->error;
    if (f->state == AMZX_TRY_FINALLY || !part->finally_) {
        return 0;
    }
    f->state = AMZX_TRY_FINALLY;
    f->due = due;
    f->cur = part->finally_;
    return 1;
}

/* @return 1 when the innermost frame keeps what is due from going further */
static int frame_takes(amzx_machine_t *m, const amzx_due_t **due)
{
    amzx_frame_t *f = &m->frame[m->top - 1];

    switch (f->kind) {
    case AMZX_FRAME_TRY:
        return try_takes(m, *due);
    case AMZX_FRAME_FOREACH:
        return (*due)->kind == AMZX_DUE_FAULT
               && amzx_run_item_failed(m, *due);
    case AMZX_FRAME_SAGA:
        if ((*due)->kind == AMZX_DUE_FAULT && f->state == AMZX_SAGA_BODY) {
            start_undo(m, *due);
            return 1;
        }
        return 0;
    case AMZX_FRAME_UNDO:
        if (undo_failed(m, due)) {
            return 1;
        }
        m->names.slot = f->u.saved;
        return 0;
    case AMZX_FRAME_BLOCK:
    case AMZX_FRAME_HANDLER:
        break;
    }
    return 0;
}

void amzx_run_raise(amzx_machine_t *m, const amzx_due_t *due)
{
    const amzx_catch_t *c;
    int was_handled = 0;
    amzx_frame_t *f;

    while (m->top > 1) {
        was_handled |= m->frame[m->top - 1].kind == AMZX_FRAME_HANDLER;
        if (frame_takes(m, &due)) {
            return;
        }
        m->top--;
    }
    if (due->kind == AMZX_DUE_FAULT && !was_handled) {
        c = find_catch(m, &m->flow->on_error, due);
        if (c) {
            amzx_run_trace(m, apr_psprintf(m->scratch, "on-error!%s",
                                           due->code),
                           NULL);
            f = amzx_run_push(m, AMZX_FRAME_HANDLER, NULL, c->first);
            f->due = due;
            return;
        }
    }
    amzx_run_end(m, due);
}

void amzx_run_raise_code(amzx_machine_t *m, amzx_due_e kind,
                         const char *code, const char *detail)
{
    amzx_due_t *due = apr_pcalloc(m->pool, sizeof(*due));

    due->kind = kind;
    due->code = apr_pstrdup(m->pool, code);
    due->detail = apr_pstrdup(m->pool, detail);
    due->step = apr_pstrdup(m->pool, m->path ? m->path : "");
    due->connection = "";
    amzx_run_raise(m, due);
}

void amzx_run_raise_fault(amzx_machine_t *m, const amzx_fault_t *fault)
{
    amzx_run_raise_code(m, AMZX_DUE_FAULT, fault->code,
                        fault->place[0]
                            ? apr_pstrcat(m->scratch, fault->detail, " (",
                                          fault->place, ")", NULL)
                            : fault->detail);
}
