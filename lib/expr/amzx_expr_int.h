/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_expr_int.h  Inside of the expression language: nodes, the state
 * of one evaluation, and what its files offer each other.
 *
 *     text --lex--> tokens --parse--> nodes (immutable, workflow's pool)
 *                                       |
 *     scope, fuel, clock ---------------+--eval--> value (caller's pool)
 *
 * Evaluating functions return NULL, or 0 where they return a claim, after
 * they have set the fault; the first fault stands.
 */
#ifndef AMZX_EXPR_INT_H
#define AMZX_EXPR_INT_H

#include "amzx_expr.h"
#include "amzx_expr_regex.h"

/** Nesting of brackets and calls as written, and of lists in lists. */
#define AMZX_EX_NEST 64
/** Longest way from the root of a tree to a leaf: `a + b + c` is 3. */
#define AMZX_EX_HEIGHT 400
/** Most arguments of a call. */
#define AMZX_EX_ARGS 32
/** Output of one step when the caller gives none. */
#define AMZX_EX_OUTPUT (4 * 1024 * 1024)
/** Longest text of an attribute. */
#define AMZX_EX_SOURCE (256 * 1024)

typedef enum {
    AMZX_N_CONST,
    AMZX_N_NAME,  /**< free name */
    AMZX_N_LOCAL, /**< lambda parameter */
    AMZX_N_PATH,  /**< kid[0] and the members behind it */
    AMZX_N_INDEX, /**< kid[0] [ kid[1] ] */
    AMZX_N_CALL,
    AMZX_N_LIST,
    AMZX_N_OBJ,
    AMZX_N_LAMBDA, /**< kid[0] with parameter `slot`; only in calls */
    AMZX_N_NEG,
    AMZX_N_ADD,
    AMZX_N_SUB,
    AMZX_N_MUL,
    AMZX_N_DIV,
    AMZX_N_MOD,
    AMZX_N_NOT,
    AMZX_N_EQ,
    AMZX_N_NE,
    AMZX_N_LT,
    AMZX_N_LE,
    AMZX_N_GT,
    AMZX_N_GE,
    AMZX_N_IN,
    AMZX_N_AND, /**< two or more kids, as OR and COAL */
    AMZX_N_OR,
    AMZX_N_COAL,
    AMZX_N_COND
} amzx_node_e;

typedef struct amzx_node_t amzx_node_t;
typedef struct amzx_ex_t amzx_ex_t;

/** A function's code: argv[i] is NULL where call->kid[i] is a lambda. */
typedef const amzx_val_t *(*amzx_ex_func_t)(amzx_ex_t *c,
                                            const amzx_node_t *call,
                                            const amzx_val_t *const *argv);

typedef enum {
    AMZX_LAMBDA_NO,
    AMZX_LAMBDA_MAY, /**< the second argument may be one */
    AMZX_LAMBDA_MUST
} amzx_lambda_e;

/** What the catalogue keeps beside the public description. */
typedef struct {
    amzx_ex_func_t code;
    amzx_lambda_e lambda;
    int takes_ratio; /**< first argument may be an unrounded division */
} amzx_fdef_t;

struct amzx_node_t {
    unsigned char kind; /**< amzx_node_e */
    unsigned char slot;
    unsigned char is_ratio; /**< a call whose kid[0] is kept as a ratio */
    unsigned short count;   /**< of kids */
    unsigned short height;
    apr_uint32_t from; /**< bytes of the source text */
    apr_uint32_t to;
    const amzx_node_t **kid;
    union {
        const amzx_val_t *val; /**< CONST */
        struct {
            const char *s;
            apr_uint32_t len;
            apr_uint32_t hash;
        } name; /**< NAME */
        struct {
            const amzx_member_t *member; /**< name, len, hash */
            apr_size_t count;
        } path; /**< PATH, OBJ */
        struct {
            int func; /**< index of the catalogue */
            const amzx_regex_t *regex;
        } call;
    } u;
};

/** A piece of a template: text, or a node. */
typedef struct {
    const char *text;
    apr_size_t len;
    const amzx_node_t *node;
} amzx_part_t;

struct amzx_expr_t {
    const char *source;
    const char *file;
    int line;
    const amzx_part_t *part;
    int count;
    const amzx_node_t *root; /**< when it is exactly one {{ }} */
};

/** The state of one evaluation. */
struct amzx_ex_t {
    const amzx_expr_t *expr;
    amzx_eval_t *ev;
    amzx_fault_t *fault;
    apr_pool_t *p;
    apr_int64_t fuel;
    apr_int64_t room; /**< bytes of text that may still be made */
    apr_status_t rv;
    int depth;
    int is_built; /**< lists or objects were made: weigh the result */
    const amzx_regex_t *regex; /**< the last computed pattern */
    const amzx_val_t *regex_of;
    const amzx_val_t *local[AMZX_EX_NEST];
};

/* ---- catalogue (amzx_expr_catalogue.c) */

/** Index of a function, -1. */
int amzx_ex_func(const char *name, apr_size_t len);
const amzx_fdef_t *amzx_ex_fdef(int func);
/** The nearest name of the catalogue, NULL when none is near. */
const char *amzx_ex_nearest(const char *name, apr_size_t len);

/* ---- lexer (amzx_expr_lex.c) */

typedef enum {
    AMZX_T_END = 0, /**< the text is over */
    /* one-character tokens are their character */
    AMZX_T_NUM = 256,
    AMZX_T_STR,
    AMZX_T_NAME,
    AMZX_T_EQ,
    AMZX_T_NE,
    AMZX_T_LE,
    AMZX_T_GE,
    AMZX_T_AND,
    AMZX_T_OR,
    AMZX_T_COAL,
    AMZX_T_ARROW
} amzx_token_e;

typedef struct {
    int kind;
    apr_uint32_t from;
    apr_uint32_t to;
    const char *s; /**< text of a string, unescaped; of a name: the source */
    apr_size_t len;
} amzx_token_t;

/** The state of one compilation. */
typedef struct {
    const char *src;
    apr_uint32_t len;
    apr_uint32_t pos;
    const amzx_place_t *at;
    amzx_fault_t *fault;
    apr_pool_t *p;
    amzx_token_t tok; /**< the token at hand */
    apr_uint32_t end; /**< end of the token before it */
    apr_status_t rv;
    int nest;
    int locals;
    amzx_token_t local[AMZX_EX_NEST];
} amzx_cx_t;

/** Read the next token into cx->tok; 0 after a fault. */
int amzx_ex_next(amzx_cx_t *cx);
/** Is the token behind the one at hand `=>`? */
int amzx_ex_is_arrow_next(const amzx_cx_t *cx);
/** Set expr.syntax at a byte of the source; returns 0. */
int amzx_ex_bad(amzx_cx_t *cx, apr_uint32_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/** Line and column of a byte; columns count characters from 1. */
void amzx_ex_where(int *line, int *column, const char *src, int first_line,
                   apr_uint32_t at);

/* ---- parser (amzx_expr_parse.c, amzx_expr_prim.c, amzx_expr_call.c) */

/** Parse one expression from cx->pos; cx->tok is what follows. */
const amzx_node_t *amzx_ex_parse(amzx_cx_t *cx);
/** Parse an operand with what hangs behind it. */
const amzx_node_t *amzx_ex_parse_post(amzx_cx_t *cx);
/** Parse the arguments of a call; the token at hand is its bracket. */
const amzx_node_t *amzx_ex_parse_call(amzx_cx_t *cx, const amzx_token_t *name,
                                      const amzx_node_t *receiver);
/** Is it a word that cannot be a name? */
int amzx_ex_is_reserved(const amzx_token_t *name);
/** A new node over `count` kids, from byte `from` to the last token. */
amzx_node_t *amzx_ex_node(amzx_cx_t *cx, amzx_node_e kind, apr_uint32_t from,
                          const amzx_node_t *const *kid, int count);
/** Is the token at hand this word? */
int amzx_ex_is_word(const amzx_cx_t *cx, const char *word);
/** Take a one-character token or complain that it is missing. */
int amzx_ex_expect(amzx_cx_t *cx, int c, const char *where);

/* ---- evaluation (amzx_expr_eval.c) */

const amzx_val_t *amzx_ex_eval(amzx_ex_t *c, const amzx_node_t *n);
/** Evaluate to a number; 0 after a fault. */
int amzx_ex_eval_num(amzx_dec_t *out, amzx_ex_t *c, const amzx_node_t *n);
/** Evaluate to a boolean, -1 after a fault. */
int amzx_ex_eval_bool(amzx_ex_t *c, const amzx_node_t *n);
/** Evaluate a product of factors and divisors without rounding. */
int amzx_ex_eval_ratio(amzx_dec_t *num, amzx_dec_t *den, amzx_ex_t *c,
                       const amzx_node_t *n);
/** Does the tree hold a division that a ratio keeps? */
int amzx_ex_is_ratio(const amzx_node_t *n);
/** Evaluate kid[1] of a call for an item; without a lambda the item. */
const amzx_val_t *amzx_ex_apply(amzx_ex_t *c, const amzx_node_t *call,
                                const amzx_val_t *item);
/** The member of that name, NULL when there is none; takes fuel. */
const amzx_member_t *amzx_ex_find(amzx_ex_t *c, const amzx_val_t *v,
                                  const amzx_member_t *m);

/* ---- values (amzx_expr_value.c) */

/** Set a fault at a node; returns NULL. */
const amzx_val_t *amzx_ex_fail(amzx_ex_t *c, const amzx_node_t *at,
                               const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/** The source of a node, cut for a message. */
const char *amzx_ex_text_of(const amzx_ex_t *c, const amzx_node_t *n);
/** Take fuel; 0 when it is out. */
int amzx_ex_burn(amzx_ex_t *c, const amzx_node_t *at, apr_size_t units);
/** Take room for text that is to be made, and fuel; 0 when too much. */
int amzx_ex_room(amzx_ex_t *c, const amzx_node_t *at, apr_size_t bytes);
/** Burn fuel for each value of a tree; refuses trees that are too deep. */
int amzx_ex_weigh(amzx_ex_t *c, const amzx_node_t *at, const amzx_val_t *v);
/** As a number; `arg` is the node to blame. 0 after a fault. */
int amzx_ex_as_num(amzx_dec_t *out, amzx_ex_t *c, const amzx_node_t *arg,
                   const amzx_val_t *v);
/** As a whole number between two bounds. 0 after a fault. */
int amzx_ex_as_int(int *out, amzx_ex_t *c, const amzx_node_t *arg,
                   const amzx_val_t *v, int low, int high);
/** A text argument; null reads as empty; others fail. NULL after a fault. */
const char *amzx_ex_as_text(apr_size_t *len, amzx_ex_t *c,
                            const amzx_node_t *arg, const amzx_val_t *v);
/** A list argument; null and others fail. */
const amzx_val_t *amzx_ex_as_list(amzx_ex_t *c, const amzx_node_t *arg,
                                  const amzx_val_t *v);
/** As a template shows it; NULL after a fault. */
const char *amzx_ex_show(apr_size_t *len, amzx_ex_t *c,
                         const amzx_node_t *arg, const amzx_val_t *v);
/** As JSON; NULL after a fault. */
const char *amzx_ex_show_json(apr_size_t *len, amzx_ex_t *c,
                              const amzx_node_t *arg, const amzx_val_t *v);
/** Report what a calculation returned: overflow or division by zero. */
const amzx_val_t *amzx_ex_math_fault(amzx_ex_t *c, const amzx_node_t *at,
                                     apr_status_t rv);
/** A new text value over bytes of the pool. */
const amzx_val_t *amzx_ex_str(amzx_ex_t *c, const char *s, apr_size_t len);
const amzx_val_t *amzx_ex_num(amzx_ex_t *c, amzx_dec_t d);
/** An empty list or object that marks the result as built. */
amzx_val_t *amzx_ex_list(amzx_ex_t *c, apr_size_t room);
amzx_val_t *amzx_ex_obj(amzx_ex_t *c, apr_size_t room);

/** `points` characters of a text from the character `from` on. */
const amzx_val_t *amzx_ex_cut(amzx_ex_t *c, const amzx_node_t *at,
                              const char *s, apr_size_t len, apr_size_t from,
                              apr_size_t points);

/* ---- comparing (amzx_expr_compare.c) */

/** `==`: 1, 0, or -1 after a fault. */
int amzx_ex_equal(amzx_ex_t *c, const amzx_node_t *at, const amzx_val_t *a,
                  const amzx_val_t *b);
/** Are two values of the same type and equal? 1, 0, or -1 after a fault. */
int amzx_ex_same(amzx_ex_t *c, const amzx_node_t *at, const amzx_val_t *a,
                 const amzx_val_t *b);
/** A hash that agrees with amzx_ex_same. */
apr_uint32_t amzx_ex_hash(const amzx_val_t *v);
/** Order of two values that are not null; 0 when they have none. */
int amzx_ex_order(int *order, const amzx_val_t *a, const amzx_val_t *b);
/** `in`: 1, 0, or -1 after a fault. */
int amzx_ex_in(amzx_ex_t *c, const amzx_node_t *at, const amzx_val_t *item,
               const amzx_val_t *in);

/** One way of ordering for a whole list of keys. */
typedef enum {
    AMZX_KEYS_NONE, /**< only nulls */
    AMZX_KEYS_NUM,
    AMZX_KEYS_TEXT,
    AMZX_KEYS_OTHER, /**< all booleans, dates, datetimes or durations */
    AMZX_KEYS_MIXED
} amzx_keys_e;

/** How may these be ordered, all alike? Nulls are left out of account. */
amzx_keys_e amzx_ex_keys(const amzx_val_t *const *key, apr_size_t count);
/** Order of two keys under one way; nulls come last. */
int amzx_ex_key_order(amzx_keys_e how, const amzx_val_t *a,
                      const amzx_val_t *b);

/* ---- characters (amzx_expr_case.c) */

/** The code point at *s; moves *s on. The text is valid UTF-8. */
apr_uint32_t amzx_ex_point(const char **s);
/** Write a code point, returns the bytes written (1 to 4). */
int amzx_ex_put_point(char *out, apr_uint32_t point);
apr_uint32_t amzx_ex_lower(apr_uint32_t point);
apr_uint32_t amzx_ex_upper(apr_uint32_t point);
/** A lower-case letter without its accent (Latin only), else itself. */
apr_uint32_t amzx_ex_base_letter(apr_uint32_t point);
/** Is it a letter or digit to names of people and goods? */
int amzx_ex_is_wordy(apr_uint32_t point);

#define AMZX_EX_FUNC(name) \
    const amzx_val_t *amzx_fn_##name(amzx_ex_t *c, const amzx_node_t *call, \
                                     const amzx_val_t *const *argv)

/* ---- the functions, one prototype per line of the catalogue */
#define X(name, code, args, result, min, max, method, lambda, ratio, doc) \
    AMZX_EX_FUNC(code);
#include "amzx_expr_func.def"
#undef X

#endif
