/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_build.h  From the XML tree to the model, complaining on the way.
 * Private to the loader.
 *
 * The tree is walked twice: once to number every name, once in the order in
 * which steps run to compile them. The second walk knows which names can have
 * a value at each place, so every expression is checked where it stands.
 */
#ifndef AMZX_BUILD_H
#define AMZX_BUILD_H

#include <apr_hash.h>

#include "amzx_model.h"

/** A name of <let> or <each> while its rules are compiled. */
typedef struct amzx_blocal_t amzx_blocal_t;
struct amzx_blocal_t {
    const char *name;
    int line;
    int is_let;
    int is_used;
    int varies;
    amzx_blocal_t *outer;
};

typedef struct {
    amzx_flow_t *flow;
    const amzx_flow_world_t *world;
    amzx_problems_t *ps;
    apr_pool_t *pool;
    /* by slot: can it have a value here, was it ever used, does it change
     * from item to item of a loop, are its members all declared */
    unsigned char *visible;
    unsigned char *used;
    unsigned char *varies;
    unsigned char *strict;
    amzx_blocal_t *locals;
    int loops;  /**< how many <foreach> we are in */
    int sagas;  /**< how many <saga> */
    int depth;  /**< frames needed here */
    int saw_varying;     /**< the last expression used a loop's name */
    int has_ended;       /**< the block stops or fails for certain */
    apr_hash_t *uses;    /**< connection, table, retry name -> used? */
    apr_hash_t *ranges;  /**< <foreach> element -> int[2], slots inside */
    const char *element; /**< for messages: "call posted" */
} amzx_build_t;

/** Add an error at an element. */
void amzx_build_error(amzx_build_t *b, const amzx_xelem_t *e,
                      const char *code, const char *hint, const char *fmt,
                      ...) __attribute__((format(printf, 5, 6)));
void amzx_build_warn(amzx_build_t *b, const amzx_xelem_t *e,
                     const char *code, const char *hint, const char *fmt,
                     ...) __attribute__((format(printf, 5, 6)));

/** Compile an attribute of type Expr; NULL when absent or faulty. */
const amzx_expr_t *amzx_build_expr(amzx_build_t *b, const amzx_xelem_t *e,
                                   const char *attr);
/** The same of type Template. */
const amzx_expr_t *amzx_build_text(amzx_build_t *b, const amzx_xelem_t *e,
                                   const char *attr);
/** As the two above, for attributes that must be there. */
const amzx_expr_t *amzx_build_need_expr(amzx_build_t *b,
                                        const amzx_xelem_t *e,
                                        const char *attr);
const amzx_expr_t *amzx_build_need_text(amzx_build_t *b,
                                        const amzx_xelem_t *e,
                                        const char *attr);
apr_interval_time_t amzx_build_duration(amzx_build_t *b,
                                        const amzx_xelem_t *e,
                                        const char *attr,
                                        apr_interval_time_t absent);
int amzx_build_int(amzx_build_t *b, const amzx_xelem_t *e, const char *attr,
                   int absent);
int amzx_build_bool(const amzx_xelem_t *e, const char *attr, int absent);
amzx_type_e amzx_build_type(const amzx_xelem_t *e, int *is_given);
/** The elements of that name below e; ends with a NULL name. */
const amzx_named_t *amzx_build_args(amzx_build_t *b, const amzx_xelem_t *e,
                                    const char *child, const char *name);
/** Turn an array of pointers into parts. */
amzx_parts_t amzx_build_parts(const apr_array_header_t *list);

/** Remember that something declared is used. */
void amzx_build_use(amzx_build_t *b, const char *kind, const char *name);
int amzx_build_is_used(amzx_build_t *b, const char *kind, const char *name);

/* ---- names (amzx_build_names.c) ------------------------------------------ */

/** Check every name and table an expression uses. */
void amzx_build_check(amzx_build_t *b, const amzx_xelem_t *e,
                      const char *attr, const amzx_expr_t *x);
/** The slot of a name; it exists. */
int amzx_build_slot(amzx_build_t *b, const char *name);
void amzx_build_show(amzx_build_t *b, const char *name, int is_visible);
/** Copies of the visible names, to give each branch the same start. */
unsigned char *amzx_build_save(amzx_build_t *b);
void amzx_build_restore(amzx_build_t *b, const unsigned char *saved);
/** What any branch gave is visible behind them all. */
void amzx_build_merge(amzx_build_t *b, const unsigned char *saved);
void amzx_build_push(amzx_build_t *b, const amzx_xelem_t *e,
                     const char *name, int is_let);
void amzx_build_pop(amzx_build_t *b, amzx_blocal_t *until);
/** Number all names below an element; complains about doubles. */
void amzx_build_ids(amzx_build_t *b, const amzx_xelem_t *e);
/** Complain about what nothing uses. */
void amzx_build_unused(amzx_build_t *b, const amzx_xelem_t *root);

/* ---- the nearest name ---------------------------------------------------- */

typedef struct {
    const char *wanted;
    const char *best;
    int cost;
} amzx_near_t;

void amzx_near_init(amzx_near_t *near_, const char *wanted);
void amzx_near_try(amzx_near_t *near_, const char *candidate);
/** "did you mean x?", or NULL when nothing is near. */
const char *amzx_near_hint(const amzx_near_t *near_, apr_pool_t *p);

/* ---- parts --------------------------------------------------------------- */

void amzx_build_head(amzx_build_t *b, const amzx_xelem_t *root);
void amzx_build_tables(amzx_build_t *b, const amzx_xelem_t *root);
void amzx_build_triggers(amzx_build_t *b, const amzx_xelem_t *root);
const amzx_table_t *amzx_build_table(amzx_build_t *b, const char *name);
const amzx_retry_t *amzx_build_retry(amzx_build_t *b, const amzx_xelem_t *e);
/** Checks that the connection is declared and of the type the op needs. */
void amzx_build_using(amzx_build_t *b, const amzx_xelem_t *e,
                      const char *using_, const amzx_op_t *op);
/** The operation an attribute names; NULL with a complaint. */
const amzx_op_t *amzx_build_op(amzx_build_t *b, const amzx_xelem_t *e,
                               const char *attr);
/** Are the required arguments there, and no others? */
void amzx_build_op_args(amzx_build_t *b, const amzx_xelem_t *e,
                        const amzx_op_t *op, const char *fed);

const amzx_rule_t *amzx_build_rules(amzx_build_t *b, const amzx_xelem_t *e);
/** The members rules make, for the linter; NULL when they cannot be told. */
const char *amzx_build_members(amzx_build_t *b, const amzx_rule_t *rules);

/** Compile the steps below an element. */
const amzx_flow_step_t *amzx_build_block(amzx_build_t *b,
                                         const amzx_xelem_t *e);
const amzx_flow_step_t *amzx_build_from(amzx_build_t *b,
                                        const amzx_xelem_t *e);
amzx_parts_t amzx_build_catches(amzx_build_t *b, const amzx_xelem_t *e);
const void *amzx_build_call(amzx_build_t *b, const amzx_xelem_t *e);
const void *amzx_build_control(amzx_build_t *b, const amzx_xelem_t *e,
                               amzx_flow_step_t *node);
const void *amzx_build_simple(amzx_build_t *b, const amzx_xelem_t *e,
                              amzx_flow_step_t *node);
/** The kind of step an element is; -1 for none, -2 for one that this version
 *  does not have. */
int amzx_build_kind(const amzx_xelem_t *e);

#endif
