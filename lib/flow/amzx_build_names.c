/* SPDX-License-Identifier: Apache-2.0 */
/* Which names exist where, and whether expressions use them well. */
#include "amzx_build.h"

#include <apr_strings.h>

#include <string.h>

/* What is being checked, for the visitors of amzx_expr. */
typedef struct {
    amzx_build_t *b;
    const amzx_xelem_t *e;
    const char *attr;
} visit_t;

int amzx_build_slot(amzx_build_t *b, const char *name)
{
    apr_size_t len = strlen(name);

    return amzx_slot_find(b->flow, name, len, amzx_val_hash(name, len));
}

void amzx_build_show(amzx_build_t *b, const char *name, int is_visible)
{
    int at = amzx_build_slot(b, name);

    if (at >= 0) {
        b->visible[at] = (unsigned char)is_visible;
    }
}

unsigned char *amzx_build_save(amzx_build_t *b)
{
    return apr_pmemdup(b->pool, b->visible,
                       (apr_size_t)b->flow->slots->nelts);
}

void amzx_build_restore(amzx_build_t *b, const unsigned char *saved)
{
    memcpy(b->visible, saved, (apr_size_t)b->flow->slots->nelts);
}

void amzx_build_merge(amzx_build_t *b, const unsigned char *saved)
{
    int i;

    for (i = 0; i < b->flow->slots->nelts; i++) {
        b->visible[i] |= saved[i];
    }
}

void amzx_build_push(amzx_build_t *b, const amzx_xelem_t *e,
                     const char *name, int is_let)
{
    amzx_blocal_t *l = apr_pcalloc(b->pool, sizeof(*l));

    if (amzx_slot_is_reserved(name) && strcmp(name, "item") != 0) {
        amzx_build_error(b, e, "lint.reserved_name", NULL,
                         "the name %s belongs to the language", name);
    }
    l->name = name;
    l->line = e->line;
    l->is_let = is_let;
    l->varies = b->saw_varying;
    l->outer = b->locals;
    b->locals = l;
}

void amzx_build_pop(amzx_build_t *b, amzx_blocal_t *until)
{
    for (; b->locals != until; b->locals = b->locals->outer) {
        if (b->locals->is_let && !b->locals->is_used) {
            amzx_problems_add(b->ps, b->locals->line, 0, 1, "lint.unused",
                              NULL, "nothing uses the let %s",
                              b->locals->name);
        }
    }
}

/* Take the next member of a list of members: without its marks. */
static const char *next_member(char *out, apr_size_t room, const char *at)
{
    apr_size_t len = 0;

    while (*at == ' ') {
        at++;
    }
    if (!*at) {
        return NULL;
    }
    for (; *at && *at != ' '; at++) {
        if (*at != '?' && *at != '[' && *at != ']' && len + 1 < room) {
            out[len++] = *at;
        }
    }
    out[len] = '\0';
    return at;
}

static int is_below(const char *path, const char *above)
{
    apr_size_t len = strlen(above);

    return strncmp(path, above, len) == 0
           && (path[len] == '\0' || path[len] == '.');
}

/* Is a path such as "best.score" among the members a value has? */
static int has_member(const char *members, const char *path,
                      amzx_near_t *near_, apr_pool_t *p)
{
    char member[128];
    const char *at;

    for (at = next_member(member, sizeof(member), members); at;
         at = next_member(member, sizeof(member), at)) {
        if (is_below(path, member) || is_below(member, path)
            || strcmp(member, "*") == 0) {
            return 1;
        }
        amzx_near_try(near_, apr_pstrdup(p, member));
    }
    return 0;
}

static void check_path(visit_t *v, const char *name, const char *path,
                       int slot, int column)
{
    amzx_build_t *b = v->b;
    const amzx_slot_t *s = &APR_ARRAY_IDX(b->flow->slots, slot, amzx_slot_t);
    amzx_near_t near_;

    if (slot == AMZX_SLOT_CONFIG) {
        apr_size_t len = path ? strcspn(path, ".") : 0;

        amzx_build_use(b, "param",
                       len ? apr_pstrmemdup(b->pool, path, len) : "*");
    }
    if (!path || !*path || !s->members) {
        return;
    }
    amzx_near_init(&near_, path);
    if (has_member(s->members, path, &near_, b->pool)) {
        return;
    }
    if (b->strict[slot]) {
        amzx_build_error(b, v->e, "lint.unknown_member",
                         amzx_near_hint(&near_, b->pool),
                         "%s of %s, column %d: %s has no %s", v->attr,
                         b->element, column, name, path);
    }
    else {
        amzx_build_warn(b, v->e, "lint.unknown_member",
                        amzx_near_hint(&near_, b->pool),
                        "%s of %s, column %d: %s may have no %s", v->attr,
                        b->element, column, name, path);
    }
}

/* Remember which members of a value are used: others need not be kept. */
static void note_need(amzx_build_t *b, const char *path, int slot)
{
    amzx_slot_t *s = &APR_ARRAY_IDX(b->flow->slots, slot, amzx_slot_t);
    const char *member;

    if (!path || !*path) {
        s->is_whole = 1;
        return;
    }
    member = apr_pstrndup(b->pool, path, strcspn(path, "."));
    if (!s->needs || !amzx_word_is_in(s->needs, member, strlen(member))) {
        s->needs = apr_pstrcat(b->pool, s->needs ? s->needs : "",
                               s->needs ? " " : "", member, NULL);
    }
}

static const char *name_hint(amzx_build_t *b, const char *name)
{
    const amzx_blocal_t *l;
    amzx_near_t near_;
    int i;

    amzx_near_init(&near_, name);
    for (l = b->locals; l; l = l->outer) {
        amzx_near_try(&near_, l->name);
    }
    for (i = 0; i < b->flow->slots->nelts; i++) {
        if (b->visible[i]) {
            amzx_near_try(&near_,
                          APR_ARRAY_IDX(b->flow->slots, i, amzx_slot_t).name);
        }
    }
    return amzx_near_hint(&near_, b->pool);
}

static void visit_name(void *ctx, const char *name, const char *path,
                       int line, int column)
{
    visit_t *v = ctx;
    amzx_build_t *b = v->b;
    amzx_blocal_t *l;
    int slot;

    (void)line;
    for (l = b->locals; l; l = l->outer) {
        if (strcmp(l->name, name) == 0) {
            l->is_used = 1;
            b->saw_varying |= l->varies;
            return;
        }
    }
    slot = amzx_build_slot(b, name);
    if (slot >= 0 && b->visible[slot]) {
        b->used[slot] = 1;
        b->saw_varying |= b->varies[slot];
        note_need(b, path, slot);
        check_path(v, name, path, slot, column);
        return;
    }
    if (slot >= 0) {
        b->used[slot] = 1;
        amzx_build_error(b, v->e, "lint.not_yet", NULL,
                         "%s of %s, column %d: %s has no value here",
                         v->attr, b->element, column, name);
        return;
    }
    amzx_build_error(b, v->e, "lint.unknown_name", name_hint(b, name),
                     "%s of %s, column %d: nothing is called %s", v->attr,
                     b->element, column, name);
}

static void visit_table(void *ctx, const char *table, int keys, int line,
                        int column)
{
    visit_t *v = ctx;
    amzx_build_t *b = v->b;
    const amzx_table_t *t = amzx_build_table(b, table);

    (void)line;
    if (!t) {
        amzx_near_t near_;
        int i;

        amzx_near_init(&near_, table);
        for (i = 0; i < b->flow->tables->nelts; i++) {
            amzx_near_try(&near_, amzx_table_name(APR_ARRAY_IDX(
                                      b->flow->tables, i, amzx_table_t *)));
        }
        amzx_build_error(b, v->e, "lint.unknown_table",
                         amzx_near_hint(&near_, b->pool),
                         "%s of %s, column %d: there is no table %s",
                         v->attr, b->element, column, table);
        return;
    }
    amzx_build_use(b, "table", table);
    if (keys != amzx_table_keys(t)) {
        amzx_build_error(b, v->e, "lint.table_keys", NULL,
                         "%s of %s, column %d: table %s has %d match "
                         "columns, lookup gives %d keys", v->attr,
                         b->element, column, table, amzx_table_keys(t),
                         keys);
    }
}

void amzx_build_check(amzx_build_t *b, const amzx_xelem_t *e,
                      const char *attr, const amzx_expr_t *x)
{
    visit_t v = { b, e, attr };

    b->saw_varying = 0;
    amzx_expr_names(x, visit_name, &v);
    amzx_expr_tables(x, visit_table, &v);
}

/* ---- numbering ----------------------------------------------------------- */

static void add_id(amzx_build_t *b, const amzx_xelem_t *e, const char *id)
{
    int before = b->flow->slots->nelts;
    int at;
    amzx_slot_t *s;
    int is_set = strcmp(e->name, "set") == 0;

    if (amzx_slot_is_reserved(id)) {
        amzx_build_error(b, e, "lint.reserved_name", NULL,
                         "the name %s belongs to the language", id);
        return;
    }
    at = amzx_slot_add(b->flow, id, e->line, b->pool);
    s = &APR_ARRAY_IDX(b->flow->slots, at, amzx_slot_t);
    if (at == before) {
        s->is_set_only = is_set;
        return;
    }
    if (!is_set || s->is_set_only != 1) {
        amzx_build_error(b, e, "lint.duplicate_id",
                         "only set may use an id again",
                         "the id %s is already used in line %d", id,
                         s->line);
    }
}

static void add_loop_name(amzx_build_t *b, const amzx_xelem_t *e)
{
    const char *as = amzx_xattr(e, "as", "");
    int before = b->flow->slots->nelts;
    int at;

    if (amzx_slot_is_reserved(as)) {
        /* "item" is what people call it; the trigger's is gone by then */
        if (strcmp(as, "item") != 0) {
            amzx_build_error(b, e, "lint.reserved_name", NULL,
                             "the name %s belongs to the language", as);
        }
        return;
    }
    at = amzx_slot_add(b->flow, as, e->line, b->pool);
    if (at != before
        && APR_ARRAY_IDX(b->flow->slots, at, amzx_slot_t).is_set_only >= 0) {
        amzx_build_error(b, e, "lint.duplicate_id", NULL,
                         "the name %s is already a step's", as);
        return;
    }
    /* -1: a loop's name, which other loops may use too */
    APR_ARRAY_IDX(b->flow->slots, at, amzx_slot_t).is_set_only = -1;
}

static void add_rule_ids(amzx_build_t *b, const amzx_xelem_t *e)
{
    const amzx_xelem_t *c, *d;

    for (c = amzx_xchild(e, "rule"); c; c = amzx_xnext(c)) {
        for (d = amzx_xnext(c); d; d = amzx_xnext(d)) {
            if (strcmp(amzx_xattr(c, "id", ""), amzx_xattr(d, "id", ""))
                == 0) {
                amzx_build_error(b, d, "lint.duplicate_id", NULL,
                                 "the rule id %s is already used in line %d",
                                 amzx_xattr(d, "id", ""), c->line);
            }
        }
    }
}

/* Remember which slots are the loop's own: they are cleared per item. */
static void loop_ids(amzx_build_t *b, const amzx_xelem_t *e)
{
    const amzx_xelem_t **key = apr_pmemdup(b->pool, &e, sizeof(e));
    int *range = apr_palloc(b->pool, 2 * sizeof(int));

    range[0] = b->flow->slots->nelts;
    add_loop_name(b, e);
    amzx_build_ids(b, e);
    range[1] = b->flow->slots->nelts;
    apr_hash_set(b->ranges, key, sizeof(e), range);
}

/* Depth is bounded by the XML reader. */
void amzx_build_ids(amzx_build_t *b, const amzx_xelem_t *e)
{
    const amzx_xelem_t *c;

    for (c = e->child; c; c = c->next) {
        if (amzx_build_kind(c) != -1) {
            add_id(b, c, amzx_xattr(c, "id", ""));
        }
        if (strcmp(c->name, "validate") == 0) {
            add_rule_ids(b, c);
        }
        if (strcmp(c->name, "foreach") == 0) {
            loop_ids(b, c);
        }
        else {
            amzx_build_ids(b, c);
        }
    }
}
