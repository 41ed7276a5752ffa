/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_flow.h  A workflow definition: loaded, checked, immutable.
 *
 * docs/workflow-language.md is the reference of the language.
 */
#ifndef AMZX_FLOW_H
#define AMZX_FLOW_H

#include "amzx_expr.h"
#include "amzx_fault.h"
#include "amzx_op.h"
#include "amzx_val.h"
#include "amzx_xml.h"

/** A compiled definition; immutable, shared by threads. */
typedef struct amzx_flow_t amzx_flow_t;

/** What the linter knows about the world around a definition. */
typedef struct {
    const amzx_op_t *(*find_op)(const char *name);
    const amzx_op_t *(*op_at)(int i); /**< for suggestions */
    /** Is a workflow of that name known? NULL: do not check. */
    int (*has_workflow)(void *ctx, const char *name);
    void *ctx;
    const amzx_xsd_t *xsd;
} amzx_flow_world_t;

/**
 * Parse, validate, lint and compile.
 *
 * @param ps receives every error and warning with line and column
 * @return APR_SUCCESS only without errors; *flow is NULL else
 */
apr_status_t amzx_flow_load(amzx_flow_t **flow, const char *bytes,
                            apr_size_t len, const amzx_flow_world_t *world,
                            amzx_problems_t *ps, apr_pool_t *p);

const char *amzx_flow_name(const amzx_flow_t *flow);
const char *amzx_flow_title(const amzx_flow_t *flow);
int amzx_flow_version(const amzx_flow_t *flow);
/** SHA-256 of the text as loaded, hex. */
const char *amzx_flow_sha(const amzx_flow_t *flow);
const char *amzx_flow_text(const amzx_flow_t *flow, apr_size_t *len);
int amzx_flow_priority(const amzx_flow_t *flow);
apr_interval_time_t amzx_flow_timeout(const amzx_flow_t *flow);
int amzx_flow_max_running(const amzx_flow_t *flow);
int amzx_flow_is_sensitive(const amzx_flow_t *flow);

typedef enum {
    AMZX_TRIGGER_EVENT = 0,
    AMZX_TRIGGER_POLL,
    AMZX_TRIGGER_SCHEDULE,
    AMZX_TRIGGER_WEBHOOK,
    AMZX_TRIGGER_MANUAL
} amzx_trigger_e;

typedef struct {
    amzx_trigger_e kind;
    const char *id;
    const char *source; /**< event: "amazon.notifications" */
    const char *type;   /**< event: "ORDER_CHANGE" */
    const char *op;     /**< poll */
    const char *using_; /**< poll: logical connection */
    apr_interval_time_t every_us;
    apr_interval_time_t overlap_us;
    const char *cursor; /**< poll: name of the argument it feeds */
    const char *item;   /**< poll: name of one item in expressions */
    const char *path;   /**< webhook */
    const char *verify; /**< webhook */
    apr_size_t max_body; /**< webhook */
} amzx_trigger_t;

/** The i-th trigger, NULL after the last. */
const amzx_trigger_t *amzx_flow_trigger(const amzx_flow_t *flow, int i);
/** By id; NULL when unknown. */
const amzx_trigger_t *amzx_flow_trigger_by_id(const amzx_flow_t *flow,
                                              const char *id);
/** Arguments of a poll, without the cursor: an object of evaluated <arg>. */
apr_status_t amzx_flow_poll_args(const amzx_val_t **args,
                                 const amzx_flow_t *flow,
                                 const amzx_trigger_t *t,
                                 const amzx_val_t *tenant,
                                 const amzx_val_t *config, apr_time_t now,
                                 amzx_fault_t *fault, apr_pool_t *p);

/**
 * The config of a run: declared params with their defaults, overlaid by the
 * tenant's settings (texts), each converted to its declared type.
 * @return CONFIG `config.param` for a missing required one, a bad value or
 *         an undeclared name
 */
apr_status_t amzx_flow_config(const amzx_val_t **config,
                              const amzx_flow_t *flow,
                              const amzx_val_t *settings,
                              amzx_fault_t *fault, apr_pool_t *p);

/** For whom and when something is admitted. */
typedef struct {
    const amzx_val_t *tenant; /**< {id, baseCurrency, timezone} */
    const amzx_val_t *config; /**< from amzx_flow_config */
    apr_time_t now;
} amzx_admit_for_t;

/** What admission of one event, item or body decides. */
typedef struct {
    int is_match;          /**< 0: the filter said no */
    const char *run_key;   /**< "" for manual: the caller's own key */
    const char *partition; /**< "tenant/workflow/..." when not declared */
    const char *payload;   /**< JSON to store as the run's input:
                                {"trigger","event"|"item"|"body","input"} */
    const amzx_val_t *input; /**< the evaluated <input> fields */
} amzx_admit_t;

/**
 * Should this trigger start a run, and under which keys? Evaluates filter,
 * <input> fields (type, pattern, required), dedup-key and partition-key.
 *
 * @param brought the event, the poll's item, or the manual/webhook body
 * @return REJECTED `data.input` naming the field when the input is not as
 *         declared; expression faults else
 */
apr_status_t amzx_flow_admit(amzx_admit_t *out, const amzx_flow_t *flow,
                             const amzx_trigger_t *t,
                             const amzx_val_t *brought,
                             const amzx_admit_for_t *whom,
                             amzx_fault_t *fault, apr_pool_t *p);

#endif
