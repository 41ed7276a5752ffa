/* SPDX-License-Identifier: Apache-2.0 */
/* Walks over compiled expressions for the linter. */
#include "amzx_expr_int.h"

#include <string.h>

/* Longer member paths are cut; the linter knows no deeper schema. */
#define PATH_MAX_LEN 512

typedef struct {
    const amzx_expr_t *expr;
    void *ctx;
    void (*name)(void *ctx, const char *name, const char *path, int line,
                 int column);
    void (*table)(void *ctx, const char *table, int keys, int line,
                  int column);
} visit_t;

static void tell_name(const visit_t *v, const amzx_node_t *name,
                      const amzx_node_t *path)
{
    char text[PATH_MAX_LEN];
    apr_size_t used = 0;
    apr_size_t i;
    int line, column;

    for (i = 0; path && i < path->u.path.count; ++i) {
        const amzx_member_t *m = &path->u.path.member[i];

        if (used + m->len + 2 > sizeof text) {
            break;
        }
        if (i > 0) {
            text[used++] = '.';
        }
        memcpy(text + used, m->name, m->len);
        used += m->len;
    }
    text[used] = '\0';
    amzx_ex_where(&line, &column, v->expr->source, v->expr->line, name->from);
    v->name(v->ctx, name->u.name.s, text, line, column);
}

static void tell_table(const visit_t *v, const amzx_node_t *call)
{
    const amzx_node_t *table = call->kid[0];
    int line, column;

    if (strcmp(amzx_expr_functions()[call->u.call.func].name, "lookup") != 0
        || table->kind != AMZX_N_CONST || table->u.val->type != AMZX_STR) {
        return;
    }
    amzx_ex_where(&line, &column, v->expr->source, v->expr->line, table->from);
    v->table(v->ctx, table->u.val->u.str.s, call->count - 1, line, column);
}

/* The height of a tree is limited, so is this recursion. */
static void walk(const visit_t *v, const amzx_node_t *n)
{
    int i;

    if (v->name && n->kind == AMZX_N_NAME) {
        tell_name(v, n, NULL);
    }
    else if (v->name && n->kind == AMZX_N_PATH
             && n->kid[0]->kind == AMZX_N_NAME) {
        tell_name(v, n->kid[0], n);
        return;
    }
    if (v->table && n->kind == AMZX_N_CALL && n->count > 0) {
        tell_table(v, n);
    }
    for (i = 0; i < n->count; ++i) {
        walk(v, n->kid[i]);
    }
}

static void walk_all(const visit_t *v)
{
    int i;

    for (i = 0; i < v->expr->count; ++i) {
        if (v->expr->part[i].node) {
            walk(v, v->expr->part[i].node);
        }
    }
    if (v->expr->count == 0 && v->expr->root) {
        walk(v, v->expr->root);
    }
}

void amzx_expr_names(const amzx_expr_t *e,
                     void (*visit)(void *ctx, const char *name,
                                   const char *path, int line, int column),
                     void *ctx)
{
    visit_t v = {e, ctx, visit, NULL};

    walk_all(&v);
}

void amzx_expr_tables(const amzx_expr_t *e,
                      void (*visit)(void *ctx, const char *table, int keys,
                                    int line, int column),
                      void *ctx)
{
    visit_t v = {e, ctx, NULL, visit};

    walk_all(&v);
}
