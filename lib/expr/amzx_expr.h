/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_expr.h  The expression language of workflows: `{{ ... }}`.
 *
 * Compile once into the workflow's pool, evaluate often from any thread.
 * Exact decimals, no loops, no recursion, fuel-limited, deterministic: the
 * clock is the journaled step time. docs/expressions.md describes it.
 */
#ifndef AMZX_EXPR_H
#define AMZX_EXPR_H

#include "amzx_fault.h"
#include "amzx_time.h"
#include "amzx_val.h"

/** A compiled expression or template; immutable. */
typedef struct amzx_expr_t amzx_expr_t;

/** Default and ceiling of node visits for one evaluation and one step. */
#define AMZX_FUEL_EXPR 200000
#define AMZX_FUEL_STEP 5000000

/** Where a text stands, for messages: file, line of its first character. */
typedef struct {
    const char *file;
    int line;
} amzx_place_t;

/**
 * Compile attribute text of type Expr: blanks, exactly one {{ expr }}, blanks.
 * The reader parses until the expression ends and then expects `}}`.
 * @return APR_EINVAL with code `expr.syntax` and a place "file:line:column"
 */
apr_status_t amzx_expr_compile(const amzx_expr_t **out, const char *text,
                               const amzx_place_t *at, amzx_fault_t *fault,
                               apr_pool_t *p);

/**
 * Compile attribute text of type Template: literal text with any number of
 * {{ expr }}. A template that is exactly one {{ expr }} keeps the type of its
 * value; everything else gives a string.
 */
apr_status_t amzx_expr_compile_template(const amzx_expr_t **out,
                                        const char *text,
                                        const amzx_place_t *at,
                                        amzx_fault_t *fault, apr_pool_t *p);

/** The names a caller offers. */
typedef struct amzx_scope_t amzx_scope_t;
struct amzx_scope_t {
    const amzx_scope_t *parent;
    void *ctx;
    /** A value by name; NULL when this scope does not have it (then the
     *  parent is asked; a name nobody has is null). */
    const amzx_val_t *(*find)(void *ctx, const char *name, apr_size_t len,
                              apr_uint32_t hash);
};

/** A scope over one object value. */
void amzx_scope_of(amzx_scope_t *scope, const amzx_val_t *obj,
                   const amzx_scope_t *parent);

/** What an evaluation may use. One per step; not shared by threads. */
typedef struct {
    const amzx_scope_t *scope;
    apr_time_t now;        /**< the journaled step time, for now() */
    apr_int64_t fuel;      /**< left; evaluations subtract from it */
    /** Bytes of text the step may still make; evaluations subtract from it
     *  and leave at least 1. 0 stands for 4 MiB: set it for each step. */
    apr_size_t max_output;
    /** Decision tables for lookup(); NULL gives `expr.type`. */
    apr_status_t (*lookup)(void *ctx, const amzx_val_t **row,
                           const char *table, const amzx_val_t *const *keys,
                           int count, amzx_fault_t *fault, apr_pool_t *p);
    void *lookup_ctx;
    /** Zones for date(x, tz); NULL means amzx_tz_load on each use. */
    const amzx_tz_t *(*zone)(void *ctx, const char *name);
    void *zone_ctx;
} amzx_eval_t;

/** Fill with defaults: fuel AMZX_FUEL_EXPR, no tables, no zones. */
void amzx_eval_init(amzx_eval_t *ev, const amzx_scope_t *scope,
                    apr_time_t now);

/**
 * Evaluate. Faults are of class REJECTED with codes `expr.null`, `expr.type`,
 * `expr.overflow`, `expr.div0`, `expr.fuel`, `expr.depth`, `limit.size`,
 * `mapping.table_miss`; the place is file:line:column of the offending node.
 */
apr_status_t amzx_expr_eval(const amzx_val_t **out, const amzx_expr_t *e,
                            amzx_eval_t *ev, amzx_fault_t *fault,
                            apr_pool_t *p);

/** Evaluate to a boolean; anything but true/false is `expr.type`. */
apr_status_t amzx_expr_eval_bool(int *out, const amzx_expr_t *e,
                                 amzx_eval_t *ev, amzx_fault_t *fault,
                                 apr_pool_t *p);

/** Evaluate to text as a template would show it; null is "". */
apr_status_t amzx_expr_eval_text(const char **out, const amzx_expr_t *e,
                                 amzx_eval_t *ev, amzx_fault_t *fault,
                                 apr_pool_t *p);

/**
 * If the expression is a division, or round(division, n[, mode]), evaluate it
 * with one correctly rounded division at `scale`; otherwise evaluate and
 * round once. For <field type="decimal" scale="">.
 * A null result gives null.
 */
apr_status_t amzx_expr_eval_scaled(const amzx_val_t **out,
                                   const amzx_expr_t *e, int scale,
                                   amzx_round_e mode, amzx_eval_t *ev,
                                   amzx_fault_t *fault, apr_pool_t *p);

/** Is it literal text without any {{ }}? Then *text is it. */
int amzx_expr_is_literal(const amzx_expr_t *e, const char **text);

/** The source text, as written. */
const char *amzx_expr_source(const amzx_expr_t *e);

/**
 * Visit each free name (a name that is not a lambda parameter) with the
 * member path that follows it, for the linter: `order.buyer.name` gives
 * name "order", path "buyer.name" (path stops at a call or an index).
 */
void amzx_expr_names(const amzx_expr_t *e,
                     void (*visit)(void *ctx, const char *name,
                                   const char *path, int line, int column),
                     void *ctx);

/** Visit each literal table name given to lookup(), with its key count. */
void amzx_expr_tables(const amzx_expr_t *e,
                      void (*visit)(void *ctx, const char *table, int keys,
                                    int line, int column),
                      void *ctx);

/** One function or method of the language, for the linter and the docs. */
typedef struct {
    const char *name;
    const char *args;   /**< "(number, digits, mode?)" */
    const char *result; /**< "number" */
    const char *doc;    /**< one sentence */
    int min_args;
    int max_args;  /**< -1 when open */
    int is_method; /**< may stand behind a dot */
} amzx_func_t;

/** The catalogue; ends with a NULL name. */
const amzx_func_t *amzx_expr_functions(void);

#endif
