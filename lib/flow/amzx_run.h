/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_run.h  The inside of a machine. Private to lib/flow.
 *
 * Control flow is a stack of frames; a step either completes, pushes a frame,
 * asks the host, or raises something that unwinds the stack:
 *
 *     root > saga book > try bookInvoice > call posted   asks
 *
 * A machine that replays takes stored entries where a live one asks or
 * writes, and is otherwise the same.
 */
#ifndef AMZX_RUN_H
#define AMZX_RUN_H

#include <apr_hash.h>

#include "amzx_keep.h"
#include "amzx_machine.h"
#include "amzx_model.h"
#include "amzx_str.h"

/** What unwinds the stack. */
typedef enum {
    AMZX_DUE_FAULT = 0, /**< may be caught, makes sagas compensate */
    AMZX_DUE_DEAD,      /**< ends the run where it stands, to be replayed */
    AMZX_DUE_STOP       /**< ends the run well */
} amzx_due_e;

typedef struct {
    amzx_due_e kind;
    const char *outcome; /**< of a stop */
    const char *code;
    const char *detail;
    const char *step;       /**< path */
    const char *connection; /**< or "" */
} amzx_due_t;

typedef enum {
    AMZX_FRAME_BLOCK = 0, /**< the root, a branch of choose */
    AMZX_FRAME_FOREACH,
    AMZX_FRAME_TRY,
    AMZX_FRAME_SAGA,
    AMZX_FRAME_UNDO,   /**< one compensation */
    AMZX_FRAME_HANDLER /**< a catch of on-error */
} amzx_frame_e;

/** Where a try stands. */
enum { AMZX_TRY_DO = 0, AMZX_TRY_CATCH, AMZX_TRY_FINALLY };
/** Where a loop stands: in an item, or before the next one. */
enum { AMZX_LOOP_ITEM = 0, AMZX_LOOP_NEXT };
/** Where a saga stands. */
enum { AMZX_SAGA_BODY = 0, AMZX_SAGA_UNDO };

/** One effect that a saga can take back. */
typedef struct amzx_undo_t amzx_undo_t;
struct amzx_undo_t {
    const amzx_flow_step_t *node; /**< the call */
    const char *path;
    const amzx_val_t **slot; /**< the values it saw */
    amzx_undo_t *next;       /**< made before this one */
};

typedef struct {
    amzx_frame_e kind;
    int state;
    const amzx_flow_step_t *node; /**< its step; NULL for the root */
    const amzx_flow_step_t *cur;  /**< the step to run next */
    const char *path;        /**< of the step it belongs to */
    const char *prefix;      /**< before the ids of the steps inside */
    const amzx_due_t *due;   /**< try, saga, handler: what is held back */
    const amzx_val_t *error; /**< try: the error of a catch around it */
    union {
        struct {
            const amzx_val_t *items;
            amzx_val_t *gives;
            apr_hash_t *keys;
            apr_size_t at;
            int failures;
            const amzx_due_t *first;
        } loop;
        struct {
            amzx_undo_t *undos;
            apr_time_t deadline; /**< 0: none */
            int reviews;
        } saga;
        const amzx_val_t **saved; /**< undo: slots to put back */
    } u;
} amzx_frame_t;

/** What an answer is for. */
typedef enum {
    AMZX_FOR_NOTHING = 0,
    AMZX_FOR_CALL,
    AMZX_FOR_RETRY,        /**< the pause before the next attempt */
    AMZX_FOR_RETRY_REVIEW, /**< a person, after the last attempt */
    AMZX_FOR_WAIT,
    AMZX_FOR_REVIEW,
    AMZX_FOR_RUN,
    AMZX_FOR_UNDO_REVIEW /**< a person, after a failed compensation */
} amzx_for_e;

struct amzx_machine_t {
    const amzx_flow_t *flow;
    const amzx_env_t *env;
    const char *run_id;
    apr_pool_t *pool;
    apr_pool_t *scratch; /**< of the step; NULL while a call is asked */
    amzx_names_t names;
    amzx_keep_t *keep; /**< the memory of its values */

    amzx_frame_t *frame;
    int top; /**< frames in use */

    const amzx_flow_step_t *node; /**< the step that runs */
    const char *path;        /**< its path, in pool when it waits */
    int steps;

    const amzx_entry_t *old; /**< stored entries, while replaying */
    int old_count;
    int old_at;
    apr_hash_t *memo; /**< path -> value of effects before a resume */
    int life;         /**< how often the run was resumed */
    apr_array_header_t *made; /**< of amzx_entry_t */
    int taken;
    apr_pool_t *texts; /**< data of entries not saved yet; NULL: none */
    apr_int64_t seq;
    amzx_buf_t trail;
    apr_uint64_t hash;

    apr_time_t now;     /**< of the last entry or answer */
    apr_time_t last_at; /**< of the last entry */
    apr_time_t deadline;

    amzx_for_e waits;
    amzx_ask_t ask;
    int attempt;         /**< of the call, from 1 */
    int counted;         /**< attempts that count */
    int reviews;         /**< reviews of the call */
    apr_interval_time_t drawn; /**< the last delay without its floor */
    apr_time_t first_at; /**< when the call was first tried */
    apr_time_t retry_at; /**< 0: now */

    int has_ended;
    int is_broken; /**< the entries do not fit */
    amzx_fault_t *broken;
};

/* ---- journal (amzx_run_journal.c) ---------------------------------------- */

/** Note a pure step for the trail and, with its value, for the hash. */
void amzx_run_trace(amzx_machine_t *m, const char *mark,
                    const amzx_val_t *value);
/** Are there stored entries left? */
int amzx_run_replays(const amzx_machine_t *m);
/** Take the next stored entry of this path and one of the kinds (space
 *  separated). NULL: there is none left, or it does not fit (is_broken). */
const amzx_entry_t *amzx_run_consume(amzx_machine_t *m, const char *path,
                                     const char *kinds);
/** Write an entry, or while replaying take the one that was written. */
void amzx_run_enter(amzx_machine_t *m, const char *path, const char *kind,
                    const amzx_val_t *data);
/** The data of the next stored entry, which is of this path and kind; NULL
 *  when there is none left, or it does not fit (is_broken). */
const amzx_val_t *amzx_run_peek(amzx_machine_t *m, const char *path,
                                const char *kind);
/** The path of a review: a resumed run asks anew, so its reviews are others
 *  than those that were decided before. In the machine's pool. */
const char *amzx_run_review_path(const amzx_machine_t *m, const char *path);
/** The data of an entry, in the machine's pool. */
const amzx_val_t *amzx_run_data(amzx_machine_t *m, const amzx_entry_t *e,
                                apr_pool_t *p);
/** The entries do not fit the definition. */
void amzx_run_break(amzx_machine_t *m, const char *why);

/* ---- start and resume (amzx_run_begin.c) --------------------------------- */

/** Names, start entry, memory of what was done before a resume. */
apr_status_t amzx_run_begin(amzx_machine_t *m,
                            const amzx_machine_start_t *start,
                            const amzx_entry_t *entries, int count,
                            apr_time_t now, amzx_fault_t *fault);

/* ---- steps --------------------------------------------------------------- */

/** Run until the machine asks, has ended or is broken. */
void amzx_run_advance(amzx_machine_t *m);
/** A step has a value: keep it. */
void amzx_run_keep(amzx_machine_t *m, const amzx_flow_step_t *node,
                   const amzx_val_t *value);
/** A step has a result from outside: keep what expressions need of it. */
void amzx_run_keep_result(amzx_machine_t *m, const amzx_flow_step_t *node,
                          const amzx_val_t *result);
/** The path of an inner step, in p. */
const char *amzx_run_path(const amzx_machine_t *m, const char *id,
                          apr_pool_t *p);

void amzx_run_call(amzx_machine_t *m);
void amzx_run_call_answer(amzx_machine_t *m, const amzx_val_t *result,
                          const amzx_fault_t *fault);
/** Go on with the call at hand: replay, wait or ask. */
void amzx_run_call_go(amzx_machine_t *m);
/** After a fault that no <accept> took. */
void amzx_run_retry(amzx_machine_t *m, const amzx_fault_t *fault);
/** A retry entry was read back. */
void amzx_run_retried(amzx_machine_t *m, const amzx_val_t *data);
/** A fault entry was read back. */
void amzx_run_faulted(amzx_machine_t *m, const amzx_val_t *data);
void amzx_run_retry_review(amzx_machine_t *m);
void amzx_run_retry_choice(amzx_machine_t *m, const amzx_val_t *result);

void amzx_run_review(amzx_machine_t *m);
void amzx_run_review_answer(amzx_machine_t *m, const amzx_val_t *result);
void amzx_run_child(amzx_machine_t *m);
void amzx_run_wait(amzx_machine_t *m);
/** An ask of the kind for the step at hand. */
amzx_ask_t *amzx_run_ask(amzx_machine_t *m, amzx_ask_e kind,
                         amzx_for_e waits);
/** A review the machine itself wants: a failed call or compensation. */
void amzx_run_ask_person(amzx_machine_t *m, const char *path,
                         const char *title, const char *detail,
                         const char *options, amzx_for_e waits);

/* ---- frames (amzx_run_frame.c, amzx_run_unwind.c) ------------------------ */

amzx_frame_t *amzx_run_push(amzx_machine_t *m, amzx_frame_e kind,
                            const amzx_flow_step_t *node,
                            const amzx_flow_step_t *first);
void amzx_run_choose(amzx_machine_t *m);
void amzx_run_foreach(amzx_machine_t *m);
void amzx_run_try(amzx_machine_t *m);
void amzx_run_saga(amzx_machine_t *m);
/** The innermost frame has no step left. */
void amzx_run_finish(amzx_machine_t *m);
/** An item of the innermost loop failed. @return 1 when the loop goes on */
int amzx_run_item_failed(amzx_machine_t *m, const amzx_due_t *due);
/** Remember how to take back the call at hand. */
void amzx_run_remember(amzx_machine_t *m);
/** Start or go on compensating in the innermost frame, a saga. */
void amzx_run_undo_next(amzx_machine_t *m);
/** A person has looked at a failed compensation. */
void amzx_run_undo_choice(amzx_machine_t *m, const amzx_val_t *result);
void amzx_run_undo_review(amzx_machine_t *m);

/** Unwind. */
void amzx_run_raise(amzx_machine_t *m, const amzx_due_t *due);
void amzx_run_raise_fault(amzx_machine_t *m, const amzx_fault_t *fault);
void amzx_run_raise_code(amzx_machine_t *m, amzx_due_e kind,
                         const char *code, const char *detail);
/** {code, detail, step, connection} of what is due. */
const amzx_val_t *amzx_run_error(amzx_machine_t *m, const amzx_due_t *due);
/** End the run. */
void amzx_run_end(amzx_machine_t *m, const amzx_due_t *due);

#endif
