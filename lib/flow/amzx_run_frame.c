/* SPDX-License-Identifier: Apache-2.0 */
/* Frames: <choose>, <foreach>, <try>, and what happens when one has no step
 * left. */
#include "amzx_run.h"

#include <apr_strings.h>

#include <string.h>

/* Longer keys of items are cut in paths and get a digest. */
#define KEY_MAX 64

amzx_frame_t *amzx_run_push(amzx_machine_t *m, amzx_frame_e kind,
                            const amzx_flow_step_t *node,
                            const amzx_flow_step_t *first)
{
    amzx_frame_t *f = &m->frame[m->top];

    memset(f, 0, sizeof(*f));
    f->kind = kind;
    f->node = node;
    f->cur = first;
    f->path = node ? apr_pstrdup(m->pool, m->path) : "";
    f->prefix = node ? apr_pstrcat(m->pool, f->path, "/", NULL) : "";
    m->top++;
    return f;
}

void amzx_run_choose(amzx_machine_t *m)
{
    const amzx_choose_t *part = m->node->part;
    amzx_fault_t fault;
    int i, is_it = 0;

    amzx_fault_clear(&fault);
    for (i = 0; i < part->whens.count && !is_it; i++) {
        const amzx_when_t *w = part->whens.at[i];

        is_it = !w->test;
        if (w->test
            && amzx_names_test(&is_it, w->test, &m->names, &fault,
                               m->scratch)
                   != APR_SUCCESS) {
            amzx_run_raise_fault(m, &fault);
            return;
        }
        if (is_it) {
            amzx_run_trace(m,
                           w->test ? apr_psprintf(m->scratch, "%s=%d",
                                                  m->path, i + 1)
                                   : apr_pstrcat(m->scratch, m->path,
                                                 "=otherwise", NULL),
                           NULL);
            (void)amzx_run_push(m, AMZX_FRAME_BLOCK, m->node, w->first);
        }
    }
    if (!is_it) {
        amzx_run_trace(m, apr_pstrcat(m->scratch, m->path, "=none", NULL),
                       NULL);
    }
}

/* ---- foreach ------------------------------------------------------------- */

/* A key as it may stand in a path: short, without blanks and slashes. */
static const char *path_key(const char *key, apr_pool_t *p)
{
    apr_size_t len = strlen(key);
    char *made = apr_pstrndup(p, key, KEY_MAX);
    int changed = len > KEY_MAX;
    char *c;

    for (c = made; *c; c++) {
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z')
              || (*c >= '0' && *c <= '9') || strchr("._:@+-", *c))) {
            *c = '_';
            changed = 1;
        }
    }
    if (!changed) {
        return made;
    }
    return apr_psprintf(p, "%s~%016" APR_UINT64_T_HEX_FMT, made,
                        amzx_hash_bytes(AMZX_HASH_SEED, key, len));
}

static apr_status_t item_path(amzx_machine_t *m, amzx_frame_t *f,
                              amzx_fault_t *fault)
{
    const amzx_foreach_t *part = f->node->part;
    const char *key;
    apr_status_t rv;

    if (!part->key) {
        f->prefix = apr_psprintf(m->pool, "%s[%" APR_SIZE_T_FMT "]/",
                                 f->path, f->u.loop.at);
        return APR_SUCCESS;
    }
    rv = amzx_names_text(&key, part->key, &m->names, fault, m->scratch);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    key = path_key(key, m->pool);
    if (apr_hash_get(f->u.loop.keys, key, APR_HASH_KEY_STRING)) {
        return amzx_fault_set(fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                              "mapping.duplicate_key",
                              "two items have the same key");
    }
    apr_hash_set(f->u.loop.keys, key, APR_HASH_KEY_STRING, key);
    f->prefix = apr_pstrcat(m->pool, f->path, "[", key, "]/", NULL);
    return APR_SUCCESS;
}

static void clear_inner(amzx_machine_t *m, const amzx_foreach_t *part)
{
    int i;

    for (i = part->inner_from; i < part->inner_to; i++) {
        m->names.slot[i] = NULL;
    }
    m->names.slot[part->as] = NULL;
}

static void end_loop(amzx_machine_t *m, amzx_frame_t *f)
{
    const amzx_foreach_t *part = f->node->part;
    const amzx_due_t *first = f->u.loop.first;
    int failures = f->u.loop.failures;
    amzx_due_t *due;

    clear_inner(m, part);
    m->node = f->node;
    m->path = f->path;
    amzx_run_keep(m, f->node, f->u.loop.gives);
    amzx_run_trace(m, apr_psprintf(m->scratch, "%s*%" APR_SIZE_T_FMT,
                                   f->path, f->u.loop.at),
                   f->u.loop.gives);
    m->top--;
    if (failures == 0 || part->on_error != AMZX_ITEM_DEAD) {
        return;
    }
    due = apr_pmemdup(m->pool, first, sizeof(*due));
    due->detail = apr_psprintf(m->pool, "%d items failed, the first: %s",
                               failures, first->detail);
    amzx_run_raise(m, due);
}

/* Begin the item the loop stands at, or end the loop. */
static void next_item(amzx_machine_t *m)
{
    amzx_frame_t *f = &m->frame[m->top - 1];
    const amzx_foreach_t *part = f->node->part;
    amzx_fault_t fault;

    if (f->u.loop.at >= amzx_val_count(f->u.loop.items)) {
        end_loop(m, f);
        return;
    }
    clear_inner(m, part);
    m->names.slot[part->as] = amzx_val_at(f->u.loop.items, f->u.loop.at);
    amzx_fault_clear(&fault);
    m->path = f->path;
    m->node = f->node;
    amzx_names_step(&m->names, m->now);
    f->cur = part->first;
    if (item_path(m, f, &fault) != APR_SUCCESS) {
        amzx_run_raise_fault(m, &fault);
    }
}

void amzx_run_foreach(amzx_machine_t *m)
{
    const amzx_foreach_t *part = m->node->part;
    const amzx_val_t *items;
    amzx_fault_t fault;
    amzx_frame_t *f;

    amzx_fault_clear(&fault);
    if (amzx_names_eval(&items, part->in, &m->names, &fault, m->scratch)
        != APR_SUCCESS) {
        amzx_run_raise_fault(m, &fault);
        return;
    }
    if (!amzx_val_is_null(items) && items->type != AMZX_LIST) {
        (void)amzx_fault_set(&fault, AMZX_FAULT_REJECTED, APR_EINVAL,
                             "expr.type", "in: expected list, got %s",
                             amzx_val_type_name(items->type));
        amzx_run_raise_fault(m, &fault);
        return;
    }
    f = amzx_run_push(m, AMZX_FRAME_FOREACH, m->node, NULL);
    f->u.loop.items = amzx_keep(m->keep, items);
    f->u.loop.gives = amzx_val_list(amzx_val_count(items), m->pool);
    f->u.loop.keys = part->key ? apr_hash_make(m->pool) : NULL;
    next_item(m);
}

static void finish_item(amzx_machine_t *m, amzx_frame_t *f)
{
    const amzx_foreach_t *part = f->node->part;
    const amzx_val_t *v;
    amzx_fault_t fault;

    if (f->state == AMZX_LOOP_NEXT) {
        f->state = AMZX_LOOP_ITEM;
        next_item(m);
        return;
    }
    amzx_fault_clear(&fault);
    if (part->give) {
        m->path = f->path;
        m->node = f->node;
        if (amzx_names_eval(&v, part->give, &m->names, &fault, m->scratch)
            != APR_SUCCESS) {
            amzx_run_raise_fault(m, &fault);
            return;
        }
        amzx_val_push(f->u.loop.gives, amzx_keep(m->keep, v), m->pool);
    }
    f->u.loop.at++;
    next_item(m);
}

int amzx_run_item_failed(amzx_machine_t *m, const amzx_due_t *due)
{
    amzx_frame_t *f = &m->frame[m->top - 1];
    const amzx_foreach_t *part = f->node->part;
    amzx_val_t *data;

    if (part->on_error == AMZX_ITEM_STOP) {
        return 0;
    }
    f->u.loop.failures++;
    if (!f->u.loop.first) {
        f->u.loop.first = due;
    }
    if (part->max_failures >= 0 && f->u.loop.failures > part->max_failures) {
        return 0;
    }
    data = amzx_val_obj(2, m->scratch);
    amzx_val_put_str(data, "level", "error", m->scratch);
    amzx_val_put_str(data, "message",
                     apr_pstrcat(m->scratch, due->code, ": ", due->detail,
                                 NULL),
                     m->scratch);
    /* the prefix without its slash names the item */
    amzx_run_enter(m, apr_pstrmemdup(m->scratch, f->prefix,
                                     strlen(f->prefix) - 1),
                   "log", data);
    f->u.loop.at++;
    f->cur = NULL;
    f->state = AMZX_LOOP_NEXT;
    return 1;
}

/* ---- try, saga ----------------------------------------------------------- */

void amzx_run_try(amzx_machine_t *m)
{
    const amzx_try_t *part = m->node->part;

    amzx_run_push(m, AMZX_FRAME_TRY, m->node, part->first)->error =
        m->names.slot[AMZX_SLOT_ERROR];
}

void amzx_run_saga(amzx_machine_t *m)
{
    const amzx_saga_t *part = m->node->part;
    amzx_frame_t *f =
        amzx_run_push(m, AMZX_FRAME_SAGA, m->node, part->first);

    f->u.saga.deadline = part->timeout_us > 0 ? m->now + part->timeout_us
                                              : 0;
}

static void finish_try(amzx_machine_t *m, amzx_frame_t *f)
{
    const amzx_try_t *part = f->node->part;
    const amzx_due_t *due = f->due;

    if (f->state != AMZX_TRY_FINALLY && part->finally_) {
        f->state = AMZX_TRY_FINALLY;
        f->cur = part->finally_;
        m->names.slot[AMZX_SLOT_ERROR] = f->error;
        return;
    }
    m->names.slot[AMZX_SLOT_ERROR] = f->error;
    m->top--;
    if (due) {
        amzx_run_raise(m, due);
    }
}

/* The effects of a saga that went well now belong to the saga around it. */
static void finish_saga(amzx_machine_t *m, amzx_frame_t *f)
{
    amzx_undo_t *last = f->u.saga.undos;
    int i;

    if (f->state == AMZX_SAGA_UNDO) {
        amzx_run_undo_next(m);
        return;
    }
    m->top--;
    for (i = m->top - 1; last && i >= 0; i--) {
        amzx_frame_t *outer = &m->frame[i];

        if (outer->kind == AMZX_FRAME_UNDO) {
            return;
        }
        if (outer->kind == AMZX_FRAME_SAGA
            && outer->state == AMZX_SAGA_BODY) {
            amzx_undo_t *end = last;

            while (end->next) {
                end = end->next;
            }
            end->next = outer->u.saga.undos;
            outer->u.saga.undos = last;
            return;
        }
    }
}

void amzx_run_finish(amzx_machine_t *m)
{
    amzx_frame_t *f = &m->frame[m->top - 1];
    amzx_due_t done = { AMZX_DUE_STOP, "done", "", "", "", "" };

    if (m->top == 1) {
        amzx_run_end(m, &done);
        return;
    }
    switch (f->kind) {
    case AMZX_FRAME_BLOCK:
        m->top--;
        break;
    case AMZX_FRAME_FOREACH:
        finish_item(m, f);
        break;
    case AMZX_FRAME_TRY:
        finish_try(m, f);
        break;
    case AMZX_FRAME_SAGA:
        finish_saga(m, f);
        break;
    case AMZX_FRAME_UNDO:
        m->names.slot = f->u.saved;
        m->top--;
        amzx_run_undo_next(m);
        break;
    case AMZX_FRAME_HANDLER:
        /* a handler that does not stop the run has only looked on */
        amzx_run_end(m, f->due);
        break;
    }
}
