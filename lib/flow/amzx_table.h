/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_table.h  Decision tables: the first row that fits gives values.
 *
 * Built by the loader from <table> and <row>; read-only afterwards and then
 * shared by threads. A cell of a match column is one of
 *
 *     *          anything, also null
 *     a|b|c      one of several alternatives, each of the forms here
 *     pre*       text that begins so        *mid*  text that holds it
 *     *end       text that ends so           pre*end   text with both
 *     lo..hi     a number in the closed range; either end may be left out
 *     text       equal: text by text, a number by value (0.20 fits 0.2),
 *                booleans as true and false, days as YYYY-MM-DD
 *
 * The empty cell fits null and the empty text. Cells of a give column are
 * text and come back as such.
 */
#ifndef AMZX_TABLE_H
#define AMZX_TABLE_H

#include "amzx_fault.h"
#include "amzx_val.h"

/** Most columns of one kind (match or give) and most rows of a table. */
#define AMZX_TABLE_COLUMNS 16
#define AMZX_TABLE_ROWS 100000

/** A decision table. */
typedef struct amzx_table_t amzx_table_t;

/** What a table looks like; everything is copied by amzx_table_make. */
typedef struct {
    const char *name;
    const char *const *match; /**< names of the match columns */
    int match_count;
    const char *const *give; /**< names of the give columns */
    int give_count;
    int miss_is_null; /**< on-miss="null": no row gives null, not a fault */
} amzx_table_spec_t;

/**
 * Make an empty table in p.
 * @return APR_EINVAL with code `workflow.table` when a name is missing or
 *         given twice, or when a kind has no column or too many
 */
apr_status_t amzx_table_make(amzx_table_t **out, const amzx_table_spec_t *spec,
                             amzx_fault_t *fault, apr_pool_t *p);

/**
 * Add a row behind the rows so far. Cells stand in the order of the columns;
 * everything is copied.
 *
 * @param match a NULL cell means `*`
 * @param give  a NULL cell gives null
 * @return APR_EINVAL with code `workflow.table` for a cell that cannot be
 *         read, as `5..1`
 */
apr_status_t amzx_table_add_row(amzx_table_t *table, const char *const *match,
                                const char *const *give, amzx_fault_t *fault,
                                apr_pool_t *p);

/**
 * Find the first row that fits the keys.
 *
 * @param row   an object of the give columns, as old as the table; the null
 *              value when none fits and the table says so
 * @param count must be the number of match columns: else `expr.type`
 * @param p     scratch; may be NULL
 * @return a fault `mapping.table_miss` (class REJECTED) when no row fits; its
 *         detail names the table and the columns, never the keys
 */
apr_status_t amzx_table_lookup(const amzx_val_t **row,
                               const amzx_table_t *table,
                               const amzx_val_t *const *keys, int count,
                               amzx_fault_t *fault, apr_pool_t *p);

/** Its name, its number of match columns and of rows, for the linter. */
const char *amzx_table_name(const amzx_table_t *table);
int amzx_table_keys(const amzx_table_t *table);
int amzx_table_rows(const amzx_table_t *table);

/** The name of give column i; NULL behind the last. */
const char *amzx_table_give(const amzx_table_t *table, int i);

#endif
