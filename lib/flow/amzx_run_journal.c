/* SPDX-License-Identifier: Apache-2.0 */
/* Entries: written live, taken back on replay; the trail between them. */
#include "amzx_run.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_json.h"

/* A loop over many items would make a trail nobody reads. */
#define TRAIL_MAX 2000

void amzx_run_trace(amzx_machine_t *m, const char *mark,
                    const amzx_val_t *value)
{
    if (m->trail.len < TRAIL_MAX) {
        if (m->trail.len > 0) {
            amzx_buf_putc(&m->trail, ' ');
        }
        amzx_buf_puts(&m->trail, mark);
    }
    m->hash = amzx_hash_bytes(m->hash, mark, strlen(mark));
    if (value) {
        m->hash = amzx_hash_val(m->hash, value);
    }
}

int amzx_run_replays(const amzx_machine_t *m)
{
    return m->old_at < m->old_count;
}

void amzx_run_break(amzx_machine_t *m, const char *why)
{
    if (m->is_broken) {
        return;
    }
    m->is_broken = 1;
    (void)amzx_fault_set(m->broken, AMZX_FAULT_BUG, APR_EMISMATCH,
                         "internal.replay",
                         "the journal does not fit the workflow at row "
                         "%" APR_INT64_T_FMT ", step %s: %s",
                         m->seq + 1, m->path ? m->path : "", why);
}

static const char *hash_text(amzx_machine_t *m)
{
    return m->hash == AMZX_HASH_SEED
               ? NULL
               : apr_psprintf(m->pool, "%016" APR_UINT64_T_HEX_FMT, m->hash);
}

/* An entry is made or read back: a new section of the trail begins. Time that
 * a person or a <wait> took does not count against the run's timeout. */
static void new_section(amzx_machine_t *m, const char *kind, apr_time_t at)
{
    if (at > m->last_at && m->deadline > 0 && m->deadline < APR_INT64_MAX
        && (strcmp(kind, "wait") == 0 || strcmp(kind, "review") == 0)) {
        m->deadline += at - m->last_at;
    }
    m->last_at = at > m->last_at ? at : m->last_at;
    m->trail.len = 0;
    if (m->trail.s) {
        m->trail.s[0] = '\0';
    }
    m->hash = AMZX_HASH_SEED;
}

const amzx_entry_t *amzx_run_consume(amzx_machine_t *m, const char *path,
                                     const char *kinds)
{
    const amzx_entry_t *e;
    const char *hash;

    if (!amzx_run_replays(m) || m->is_broken) {
        return NULL;
    }
    e = &m->old[m->old_at];
    if (strcmp(e->path, path) != 0
        || !amzx_word_is_in(kinds, e->kind, strlen(e->kind))) {
        amzx_run_break(m, apr_psprintf(m->pool, "there is %s of %s",
                                       e->kind, e->path));
        return NULL;
    }
    hash = hash_text(m);
    if (e->hash && *e->hash && strcmp(e->hash, hash ? hash : "") != 0) {
        amzx_run_break(m, "values before it differ");
        return NULL;
    }
    m->old_at++;
    m->seq = e->seq;
    m->now = e->at > m->now ? e->at : m->now;
    new_section(m, e->kind, e->at);
    return e;
}

const amzx_val_t *amzx_run_data(amzx_machine_t *m, const amzx_entry_t *e,
                                apr_pool_t *p)
{
    const amzx_val_t *v = &amzx_val_null;
    amzx_fault_t fault;

    if (!e->data || !*e->data) {
        return v;
    }
    amzx_fault_clear(&fault);
    if (amzx_json_parse(&v, e->data, strlen(e->data), NULL, &fault, p)
        != APR_SUCCESS) {
        amzx_run_break(m, "its data is no JSON");
        return &amzx_val_null;
    }
    return v;
}

const amzx_val_t *amzx_run_peek(amzx_machine_t *m, const char *path,
                                const char *kind)
{
    const amzx_entry_t *e;

    if (!amzx_run_replays(m) || m->is_broken) {
        return NULL;
    }
    e = &m->old[m->old_at];
    if (strcmp(e->path, path) != 0 || strcmp(e->kind, kind) != 0) {
        amzx_run_break(m, apr_psprintf(m->pool, "there is %s of %s",
                                       e->kind, e->path));
        return NULL;
    }
    return amzx_run_data(m, e, m->scratch);
}

const char *amzx_run_review_path(const amzx_machine_t *m, const char *path)
{
    return m->life > 0 ? apr_psprintf(m->pool, "%s~%d", path, m->life)
                       : apr_pstrdup(m->pool, path);
}

/* Results are long: their text goes as soon as it is saved. */
static const char *entry_text(amzx_machine_t *m, const char *kind,
                              const amzx_val_t *data)
{
    if (strcmp(kind, "result") != 0) {
        return amzx_json_write(data, NULL, m->pool);
    }
    if (!m->texts) {
        apr_pool_create(&m->texts, m->pool);
        apr_pool_tag(m->texts, "amzx_machine_texts");
    }
    return amzx_json_write(data, NULL, m->texts);
}

static void add_entry(amzx_machine_t *m, const char *path, const char *kind,
                      const amzx_val_t *data)
{
    amzx_entry_t *e = apr_array_push(m->made);

    memset(e, 0, sizeof(*e));
    e->seq = ++m->seq;
    e->path = apr_pstrdup(m->pool, path);
    e->kind = kind;
    e->at = m->now;
    e->trail = m->trail.len > 0
                   ? apr_pstrmemdup(m->pool, m->trail.s, m->trail.len)
                   : NULL;
    e->hash = hash_text(m);
    e->data = entry_text(m, kind, data ? data : &amzx_val_null);
    new_section(m, kind, m->now);
}

void amzx_run_enter(amzx_machine_t *m, const char *path, const char *kind,
                    const amzx_val_t *data)
{
    if (amzx_run_replays(m)) {
        (void)amzx_run_consume(m, path, kind);
    }
    else {
        add_entry(m, path, kind, data);
    }
}
