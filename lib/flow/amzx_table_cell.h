/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzx_table_cell.h  Inside of decision tables: cells and keys. */
#ifndef AMZX_TABLE_CELL_H
#define AMZX_TABLE_CELL_H

#include "amzx_val.h"

/** What an alternative does. */
typedef enum {
    AMZX_FORM_ANY,
    AMZX_FORM_EQUAL,
    AMZX_FORM_GLOB,
    AMZX_FORM_RANGE
} amzx_form_e;

/** One alternative of a cell. */
typedef struct {
    amzx_form_e form;
    const char *text;
    apr_size_t len;
    int is_num; /**< EQUAL: low is its value; RANGE: it has a low end */
    int has_high;
    amzx_dec_t low;
    amzx_dec_t high;
} amzx_form_t;

/** A cell: its alternatives. */
typedef struct {
    const amzx_form_t *form;
    int count;
} amzx_cell_t;

/** A key as cells see it. */
typedef struct {
    const amzx_val_t *val;
    const char *text; /**< a number without trailing zeros */
    apr_size_t len;
    int is_num; /**< can be compared with a range */
    amzx_dec_t num;
    char room[AMZX_DEC_TEXT];
} amzx_key_t;

/** Read `a|b|c`, NULL being `*`. @return APR_EINVAL for a bad range */
apr_status_t amzx_cell_read(amzx_cell_t *cell, const char *text,
                            apr_pool_t *p);
/** Does a key fit a cell? */
int amzx_cell_fits(const amzx_cell_t *cell, const amzx_key_t *key);
/** Prepare a key; 0 for lists and objects, which are no keys. */
int amzx_cell_key(amzx_key_t *key, const amzx_val_t *v);

#endif
