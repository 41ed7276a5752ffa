/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_machine.h  One run of a workflow, interpreted.
 *
 * The machine never blocks and never does I/O. Its host (the engine, a test,
 * the simulator) loops:
 *
 *     next() -> ask -> host does it -> answer() -> next() -> ... -> END
 *
 * and stores the entries the machine hands out. Fed with the stored entries,
 * a new machine of the same definition walks the same path and stands at the
 * first thing that has no entry. Everything that is not pure comes in through
 * answers, so replay is exact; now() is the time of the last entry.
 */
#ifndef AMZX_MACHINE_H
#define AMZX_MACHINE_H

#include "amzx_flow.h"
#include "amzx_store.h"

typedef struct amzx_machine_t amzx_machine_t;

typedef struct {
    const char *run_id;
    const amzx_val_t *tenant;  /**< {id, baseCurrency, timezone} */
    const amzx_val_t *config;  /**< from amzx_flow_config */
    const amzx_val_t *payload; /**< the run's stored input, parsed */
    /** For the drawn back-off delays; each draw is journaled. */
    const amzx_env_t *env;
} amzx_machine_start_t;

typedef enum {
    AMZX_ASK_CALL = 0, /**< execute an operation */
    AMZX_ASK_WAIT,     /**< nothing to do until a time */
    AMZX_ASK_REVIEW,   /**< a person decides */
    AMZX_ASK_RUN,      /**< start another workflow's run */
    AMZX_ASK_END       /**< the run is over */
} amzx_ask_e;

/** What the machine wants. Lives until the next call on the machine. */
typedef struct {
    amzx_ask_e kind;
    const char *path;  /**< step path: "book/bookInvoice/posted" */
    int attempt;       /**< 1, 2, ... of this step */

    /* CALL */
    const amzx_op_t *op;
    const char *using_;           /**< logical connection, "" for none */
    const amzx_val_t *args;       /**< object */
    const amzx_val_t *body;       /**< or NULL */
    const char *natural;          /**< idempotency key text; for an effect
                                       without one: run id and path */
    apr_interval_time_t timeout_us; /**< 0: default */
    apr_interval_time_t cache_us;   /**< 0: no cache */
    const char *confirm_op;       /**< own <confirm> or the op's; NULL none */
    int has_own_confirm;          /**< confirm_op is of an own <confirm> */

    /* WAIT */
    apr_time_t until;
    const char *why; /**< "retry network.timeout, attempt 3", "wait" */

    /* REVIEW: texts ready to store */
    amzx_review_t review; /**< without ids; times absolute */

    /* RUN */
    const char *workflow;
    const char *run_key;
    int is_detached;

    /* END */
    const char *outcome; /**< "done", "skipped", "dead" */
    const char *code;    /**< of dead */
    const char *detail;  /**< reason of skipped or dead */
} amzx_ask_t;

/**
 * Make a machine and replay the stored entries.
 *
 * @param entries in order; may be empty. With none the first entry ("start",
 *                time now) is made
 * @return BUG `internal.replay` when the entries do not fit the definition
 */
apr_status_t amzx_machine_make(amzx_machine_t **m, const amzx_flow_t *flow,
                               const amzx_machine_start_t *start,
                               const amzx_entry_t *entries, int count,
                               apr_time_t now, amzx_fault_t *fault,
                               apr_pool_t *p);

/** Run until something is wanted. Never fails: faults become catches, dead
 *  letters or retries inside; *ask is set. */
const amzx_ask_t *amzx_machine_next(amzx_machine_t *m);

/**
 * Answer the ask that next() returned.
 *
 * CALL: result, or fault. THROTTLED faults and WAITs the host made on its own
 * (limits) need no answer: the host simply comes back later. A fault is
 * retried by the step's policy (then the next ask is a WAIT), caught, or
 * ends the run. WAIT: NULL, NULL when the time has come. REVIEW: the result
 * {choice, edited, by, at, note}. RUN: the child's result, or null when
 * detached.
 */
void amzx_machine_answer(amzx_machine_t *m, const amzx_val_t *result,
                         const amzx_fault_t *fault, apr_time_t now);

/**
 * Entries made since the last take, numbered on from the stored ones. The
 * host must make them durable before it acts on what followed from them (an
 * effect's intent, the end). Texts live until amzx_machine_saved().
 */
int amzx_machine_take(amzx_machine_t *m, const amzx_entry_t **entries);
/** What was taken is durable: its data may be forgotten. */
void amzx_machine_saved(amzx_machine_t *m);

/** Arguments of the confirm read of the CALL that is asked now. */
apr_status_t amzx_machine_confirm_args(const amzx_val_t **args,
                                       amzx_machine_t *m,
                                       amzx_fault_t *fault, apr_pool_t *p);
/**
 * Judge what the confirm read found: `same-if` with found and request.
 *
 * @param found one object (the host tries the elements of a list)
 * @param is_same 1: this is ours, *result is the step's result; without an
 *                own <confirm> equality of the natural key decides
 */
apr_status_t amzx_machine_confirm_judge(int *is_same,
                                        const amzx_val_t **result,
                                        amzx_machine_t *m,
                                        const amzx_val_t *found,
                                        amzx_fault_t *fault, apr_pool_t *p);

/** The path of the step it stands at. */
const char *amzx_machine_path(const amzx_machine_t *m);
/** A name's value as expressions see it now (for tests and the console). */
const amzx_val_t *amzx_machine_value(amzx_machine_t *m, const char *name);

#endif
