/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_model.h  The inside of a definition: what the loader makes and
 * the machine walks. Private to lib/flow.
 *
 *     flow --- steps: node -> node -> node        one block, by `next`
 *      |               |
 *      |               +-- part: what the kind needs; inner blocks
 *      +-- slots: every name a step may use, numbered
 *
 * Everything is made once by the loader and only read afterwards.
 */
#ifndef AMZX_MODEL_H
#define AMZX_MODEL_H

#include <apr_thread_mutex.h>

#include "amzx_flow.h"
#include "amzx_table.h"

/** Kinds of steps; the order is that of the table of names. */
typedef enum {
    AMZX_NODE_CALL = 0,
    AMZX_NODE_MAP,
    AMZX_NODE_SET,
    AMZX_NODE_CHOOSE,
    AMZX_NODE_FOREACH,
    AMZX_NODE_TRY,
    AMZX_NODE_SAGA,
    AMZX_NODE_VALIDATE,
    AMZX_NODE_REVIEW,
    AMZX_NODE_RUN,
    AMZX_NODE_WAIT,
    AMZX_NODE_EMIT,
    AMZX_NODE_LOG,
    AMZX_NODE_FAIL,
    AMZX_NODE_STOP,
    AMZX_NODE_SLOT
} amzx_node_e;

/** The ValueType of the schema. */
typedef enum {
    AMZX_TYPE_ANY = 0,
    AMZX_TYPE_STRING,
    AMZX_TYPE_DECIMAL,
    AMZX_TYPE_INTEGER,
    AMZX_TYPE_BOOLEAN,
    AMZX_TYPE_DATE,
    AMZX_TYPE_DATETIME,
    AMZX_TYPE_DURATION,
    AMZX_TYPE_CURRENCY,
    AMZX_TYPE_COUNTRY,
    AMZX_TYPE_OBJECT,
    AMZX_TYPE_LIST
} amzx_type_e;

/** Numbers of the names every definition has. */
enum {
    AMZX_SLOT_EVENT = 0,
    AMZX_SLOT_ITEM,
    AMZX_SLOT_BODY,
    AMZX_SLOT_INPUT,
    AMZX_SLOT_CONFIG,
    AMZX_SLOT_TENANT,
    AMZX_SLOT_RUN,
    AMZX_SLOT_STEPS,
    AMZX_SLOT_TRIGGER,
    AMZX_SLOT_ERROR,
    AMZX_SLOT_FOUND,
    AMZX_SLOT_REQUEST,
    AMZX_SLOT_VARS,
    AMZX_SLOT_OWN /**< the first name of the definition's own */
};

/** A name an expression may use. */
typedef struct {
    const char *name;
    apr_size_t len;
    apr_uint32_t hash;
    int line;
    int is_set_only; /**< defined by <set> steps alone: may be set again */
    /** Members its value has, space separated, for the linter; or NULL. */
    const char *members;
    /** Members that expressions use, space separated; is_whole: all. */
    const char *needs;
    int is_whole;
} amzx_slot_t;

/** A name with an expression: <arg>, <show>. */
typedef struct {
    const char *name;
    const amzx_expr_t *value;
} amzx_named_t;

typedef enum {
    AMZX_BACKOFF_DECORRELATED = 0,
    AMZX_BACKOFF_EXPONENTIAL,
    AMZX_BACKOFF_FIXED
} amzx_backoff_e;

typedef enum {
    AMZX_THEN_DEAD = 0,
    AMZX_THEN_REVIEW,
    AMZX_THEN_FAIL
} amzx_then_e;

/** A retry policy. */
typedef struct {
    const char *name;
    int max_attempts;
    apr_interval_time_t max_elapsed_us;
    amzx_backoff_e backoff;
    apr_interval_time_t base_us;
    apr_interval_time_t cap_us;
    const char *on;
    const char *except; /**< or NULL */
    amzx_then_e then;
} amzx_retry_t;

typedef enum {
    AMZX_RULE_FIELD = 0,
    AMZX_RULE_OBJECT,
    AMZX_RULE_LIST,
    AMZX_RULE_EACH,
    AMZX_RULE_ITEM,
    AMZX_RULE_LET
} amzx_rule_e;

typedef enum {
    AMZX_NULL_OMIT = 0,
    AMZX_NULL_KEEP,
    AMZX_NULL_ERROR
} amzx_null_e;

/** One mapping rule. */
typedef struct amzx_rule_t amzx_rule_t;
struct amzx_rule_t {
    amzx_rule_e kind;
    const char *target;   /**< `to` as written, for messages */
    const char *const *to; /**< members of the target; NULL-terminated,
                                empty for "." */
    const amzx_expr_t *value; /**< of field and let; `in` of each */
    const amzx_expr_t *when;  /**< `if`, or NULL */
    const amzx_expr_t *group_by;
    const char *as;    /**< each: the item's name; let: its name */
    const char *index; /**< each: name of the position, or NULL */
    int is_typed;
    amzx_type_e type;
    int scale; /**< -1: none */
    amzx_round_e round;
    amzx_null_e on_null;
    apr_size_t max_length; /**< code points; 0: none */
    const amzx_rule_t *child;
    const amzx_rule_t *next;
};

typedef struct amzx_flow_step_t amzx_flow_step_t;
struct amzx_flow_step_t {
    amzx_node_e kind;
    const char *id;
    const char *title;
    int slot; /**< where its value goes */
    int line;
    const amzx_expr_t *when; /**< `if`, or NULL */
    const amzx_flow_step_t *next; /**< in the same block */
    const void *part;        /**< amzx_call_t, amzx_choose_t... */
};

/** A list of pointers made by the loader. */
typedef struct {
    const void *const *at;
    int count;
} amzx_parts_t;

typedef struct {
    const char *errors; /**< patterns */
    const amzx_expr_t *as;
} amzx_accept_t;

typedef struct {
    const amzx_op_t *op;
    const amzx_expr_t *same_if;
    const amzx_expr_t *result;
    const amzx_named_t *args; /**< ends with a NULL name */
} amzx_confirm_t;

typedef struct {
    const amzx_op_t *op;
    const char *using_;       /**< "" for none */
    const amzx_named_t *args; /**< ends with a NULL name */
    const amzx_expr_t *body;  /**< the attribute */
    const amzx_rule_t *rules; /**< the element */
    int has_body;             /**< either of the two */
    const amzx_expr_t *key;   /**< idempotency-key, or NULL */
    const amzx_retry_t *retry;
    apr_interval_time_t timeout_us;
    apr_interval_time_t cache_us;
    const amzx_confirm_t *confirm; /**< or NULL */
    amzx_parts_t accepts;          /**< of amzx_accept_t */
    const amzx_flow_step_t *compensate; /**< first step, or NULL */
} amzx_call_t;

typedef struct {
    const amzx_rule_t *rules;
} amzx_map_t;

typedef struct {
    const amzx_expr_t *value;
    int is_typed;
    amzx_type_e type;
} amzx_set_t;

typedef struct {
    const amzx_expr_t *test; /**< NULL for <otherwise> */
    const amzx_flow_step_t *first;
} amzx_when_t;

typedef struct {
    amzx_parts_t whens; /**< of amzx_when_t */
} amzx_choose_t;

typedef enum {
    AMZX_ITEM_STOP = 0,
    AMZX_ITEM_COLLECT,
    AMZX_ITEM_DEAD
} amzx_item_error_e;

typedef struct {
    const amzx_expr_t *in;
    const amzx_expr_t *key;  /**< or NULL */
    const amzx_expr_t *give; /**< or NULL */
    int as;                  /**< slot */
    int inner_from, inner_to; /**< slots of the steps inside: [from, to) */
    amzx_item_error_e on_error;
    int max_failures; /**< -1: any number */
    const amzx_flow_step_t *first;
} amzx_foreach_t;

typedef struct {
    const char *errors;
    const amzx_expr_t *when; /**< or NULL */
    const amzx_flow_step_t *first;
} amzx_catch_t;

typedef struct {
    const amzx_flow_step_t *first;
    amzx_parts_t catches; /**< of amzx_catch_t */
    const amzx_flow_step_t *finally_;
} amzx_try_t;

typedef struct {
    const amzx_flow_step_t *first;
    apr_interval_time_t timeout_us; /**< 0: none */
    int is_review;                  /**< on-compensation-failure */
} amzx_saga_t;

typedef struct {
    const char *id;
    const amzx_expr_t *test;
    const char *severity;
    const char *code;
    const amzx_expr_t *message;
} amzx_check_t;

typedef struct {
    amzx_parts_t checks; /**< of amzx_check_t */
} amzx_validate_t;

typedef struct {
    const char *queue;
    apr_interval_time_t timeout_us;
    const char *on_timeout; /**< or NULL */
    const amzx_expr_t *editable;
    const amzx_named_t *shows; /**< ends with a NULL name */
    const char *options;       /**< JSON, ready to store */
    const char *const *names;  /**< of the options; NULL-terminated */
} amzx_ask_review_t;

typedef struct {
    const char *workflow;
    int is_detached;
    const amzx_expr_t *key;
    const amzx_named_t *args;
} amzx_start_t;

typedef struct {
    apr_interval_time_t for_us;     /**< -1: not given */
    const amzx_expr_t *for_;        /**< for="{{ ... }}", or NULL */
    const amzx_expr_t *until;       /**< or NULL */
} amzx_wait_t;

typedef struct {
    const char *event;
    const amzx_rule_t *rules; /**< or NULL */
} amzx_emit_t;

typedef struct {
    const char *level;
    const amzx_expr_t *message;
} amzx_note_t;

typedef struct {
    const char *code;
    const amzx_expr_t *message;
} amzx_fail_t;

typedef struct {
    const char *outcome;
    const amzx_expr_t *reason; /**< or NULL */
} amzx_stop_t;

typedef struct {
    const char *name;
    amzx_type_e type;
    const char *def;         /**< default text, or NULL */
    int is_required;
    const char *const *choices; /**< NULL: any */
} amzx_param_t;

typedef struct {
    const char *name;
    amzx_type_e type;
    const amzx_expr_t *from; /**< or NULL: the body's member of that name */
    int is_required;
    const char *pattern; /**< or NULL; whole match */
} amzx_field_t;

typedef struct {
    amzx_trigger_t pub;
    const amzx_expr_t *filter;
    const amzx_expr_t *dedup;
    const amzx_named_t *args; /**< poll */
    int item_slot;            /**< poll */
} amzx_trigger_impl_t;

typedef struct {
    const char *name;
    const char *type;
} amzx_use_t;

/** Zones that expressions asked for; grows under its lock. */
typedef struct amzx_zones_t amzx_zones_t;

struct amzx_flow_t {
    const char *name;
    const char *title;
    int version;
    const char *sha;
    const char *text;
    apr_size_t len;
    int priority;
    apr_interval_time_t timeout_us;
    int max_running;
    int is_sensitive;
    int max_steps;
    const amzx_expr_t *partition; /**< or NULL */
    apr_array_header_t *uses;     /**< of amzx_use_t */
    apr_array_header_t *params;   /**< of amzx_param_t */
    apr_array_header_t *tables;   /**< of amzx_table_t * */
    apr_array_header_t *retries;  /**< of amzx_retry_t * */
    apr_array_header_t *triggers; /**< of amzx_trigger_impl_t * */
    apr_array_header_t *fields;   /**< of amzx_field_t */
    apr_array_header_t *slots;    /**< of amzx_slot_t */
    int *index;                   /**< hash table of slot numbers + 1 */
    apr_uint32_t index_mask;
    const amzx_flow_step_t *first;
    amzx_parts_t on_error; /**< of amzx_catch_t */
    int depth;             /**< frames the deepest step needs */
    amzx_zones_t *zones;
    const amzx_expr_t *matches; /**< {{ matches(value, pattern) }} */
};

/** The name of a kind of step as written in XML. */
const char *amzx_node_name(amzx_node_e kind);

/* ---- names (amzx_slots.c) ------------------------------------------------ */

/** The number of a name; -1 when the definition has none such. */
int amzx_slot_find(const amzx_flow_t *flow, const char *name, apr_size_t len,
                   apr_uint32_t hash);
/** Number a name, or give the number it has. */
int amzx_slot_add(amzx_flow_t *flow, const char *name, int line,
                  apr_pool_t *p);
/** The names every definition has. */
void amzx_slots_init(amzx_flow_t *flow, apr_pool_t *p);
/** Build the index, once all names are known. */
void amzx_slots_index(amzx_flow_t *flow, apr_pool_t *p);
/** Is it one of the names kept for the language? */
int amzx_slot_is_reserved(const char *name);

/** Values by slot and what evaluation needs besides. */
typedef struct {
    const amzx_flow_t *flow;
    const amzx_val_t **slot; /**< NULL reads as null */
    amzx_scope_t scope;
    amzx_eval_t ev;
    apr_int64_t fuel; /**< left for the step */
} amzx_names_t;

/** Make empty names in p. */
void amzx_names_init(amzx_names_t *n, const amzx_flow_t *flow,
                     apr_time_t now, apr_pool_t *p);
/** Refill the step's fuel. */
void amzx_names_step(amzx_names_t *n, apr_time_t now);

apr_status_t amzx_names_eval(const amzx_val_t **out, const amzx_expr_t *e,
                             amzx_names_t *n, amzx_fault_t *fault,
                             apr_pool_t *p);
apr_status_t amzx_names_test(int *out, const amzx_expr_t *e, amzx_names_t *n,
                             amzx_fault_t *fault, apr_pool_t *p);
apr_status_t amzx_names_text(const char **out, const amzx_expr_t *e,
                             amzx_names_t *n, amzx_fault_t *fault,
                             apr_pool_t *p);
apr_status_t amzx_names_scaled(const amzx_val_t **out, const amzx_expr_t *e,
                               const amzx_rule_t *rule, amzx_names_t *n,
                               amzx_fault_t *fault, apr_pool_t *p);
/** An object of evaluated arguments; null ones are left out. */
apr_status_t amzx_names_args(const amzx_val_t **out,
                             const amzx_named_t *args, amzx_names_t *n,
                             amzx_fault_t *fault, apr_pool_t *p);

/** Is a word, of len > 0 bytes, in a space separated list? */
int amzx_word_is_in(const char *list, const char *word, apr_size_t len);

/* ---- zones (amzx_zones.c) ------------------------------------------------ */

amzx_zones_t *amzx_zones_make(apr_pool_t *p);
/** Fits amzx_eval_t.zone; any thread. */
const amzx_tz_t *amzx_zones_get(void *zones, const char *name);

/* ---- values (amzx_convert.c) --------------------------------------------- */

/** -1 for an unknown name. */
int amzx_type_of(const char *name);
const char *amzx_type_name(amzx_type_e type);
/**
 * A value as a type; null stays null.
 * @return REJECTED `mapping.type` saying what was expected, never the value
 */
apr_status_t amzx_convert(const amzx_val_t **out, const amzx_val_t *v,
                          amzx_type_e type, amzx_fault_t *fault,
                          apr_pool_t *p);
/** A day, time or duration as text. */
const char *amzx_show_moment(const amzx_val_t *v, char text[AMZX_TIME_TEXT]);
/** A simple value as text; NULL for lists and objects. */
const char *amzx_show(const amzx_val_t *v, apr_pool_t *p);
/**
 * A deep copy as JSON would bring it back: days, times and durations are
 * text. A live result and the same one read from the journal are equal by
 * this.
 */
const amzx_val_t *amzx_settle(const amzx_val_t *v, apr_pool_t *p);
/** Go on hashing (FNV-1a, 64 bits) with a value. */
apr_uint64_t amzx_hash_val(apr_uint64_t h, const amzx_val_t *v);
apr_uint64_t amzx_hash_bytes(apr_uint64_t h, const void *bytes,
                             apr_size_t len);
#define AMZX_HASH_SEED APR_UINT64_C(0xcbf29ce484222325)

/** Does a whole text match the pattern of an input field? Fails when the
 *  pattern is none. */
apr_status_t amzx_pattern_fits(int *fits, const amzx_flow_t *flow,
                               const char *text, const char *pattern,
                               amzx_fault_t *fault, apr_pool_t *p);

/* ---- mapping (amzx_mapping.c) -------------------------------------------- */

/** Run mapping rules; *out is an object, or what a rule `to="."` made. */
apr_status_t amzx_mapping_run(const amzx_val_t **out,
                              const amzx_rule_t *rules, amzx_names_t *n,
                              amzx_fault_t *fault, apr_pool_t *p);

#endif
