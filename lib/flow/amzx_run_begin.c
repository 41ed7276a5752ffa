/* SPDX-License-Identifier: Apache-2.0 */
/* How a run begins: the start entry, and a second life after its death.
 *
 * The start entry holds config and tenant as they were: a setting changed
 * while a run waits must not change the path it has already gone. A run that
 * died and is replayed by a person gets a "resume" entry with the settings of
 * that moment: it walks from the start again, reads afresh, and takes back
 * the results of the effects it had, unless they were compensated. */
#include "amzx_run.h"

#include <apr_strings.h>

#include <string.h>

#include "amzx_json.h"

static const amzx_val_t *typed_config(const amzx_machine_t *m,
                                      const amzx_val_t *config)
{
    const amzx_flow_t *flow = m->flow;
    amzx_val_t *obj =
        amzx_val_obj((apr_size_t)flow->params->nelts, m->pool);
    int i;

    for (i = 0; i < flow->params->nelts; i++) {
        const amzx_param_t *param =
            &APR_ARRAY_IDX(flow->params, i, amzx_param_t);
        const amzx_val_t *v = amzx_val_get(config, param->name);

        /* what was a value of its type becomes one again */
        (void)amzx_convert(&v, v, param->type, NULL, m->scratch);
        amzx_val_put_ref(obj, param->name, amzx_keep(m->keep, v), m->pool);
    }
    return obj;
}

static const amzx_val_t *start_data(const amzx_machine_t *m,
                                    const amzx_machine_start_t *start)
{
    apr_pool_t *p = m->scratch;
    amzx_val_t *obj = amzx_val_obj(4, p);

    amzx_val_put_str(obj, "workflow", m->flow->name, p);
    amzx_val_put_ref(obj, "version", amzx_val_int(m->flow->version, p), p);
    amzx_val_put_ref(obj, "config", amzx_settle(start->config, p), p);
    amzx_val_put_ref(obj, "tenant", amzx_settle(start->tenant, p), p);
    return obj;
}

/* What came in may be long; expressions use little of it. */
static const amzx_val_t *needed(amzx_machine_t *m, int at,
                                const amzx_val_t *payload, const char *name)
{
    const amzx_slot_t *s = &APR_ARRAY_IDX(m->flow->slots, at, amzx_slot_t);

    return amzx_keep_settled(m->keep, amzx_val_get(payload, name),
                             s->is_whole ? NULL : s->needs ? s->needs : "");
}

static void bind_names(amzx_machine_t *m, const amzx_machine_start_t *start,
                       const amzx_val_t *data)
{
    const amzx_val_t *payload = start->payload;
    const amzx_val_t **slot = m->names.slot;
    amzx_val_t *run = amzx_val_obj(3, m->pool);
    amzx_val_t *trigger = amzx_val_obj(1, m->pool);
    const char *id = amzx_val_text(amzx_val_get(payload, "trigger"), "");
    int i;

    amzx_val_put_str(run, "id", m->run_id, m->pool);
    amzx_val_put_str(run, "workflow", m->flow->name, m->pool);
    amzx_val_put_ref(run, "version",
                     amzx_val_int(m->flow->version, m->pool), m->pool);
    amzx_val_put_str(trigger, "id", id, m->pool);
    slot[AMZX_SLOT_RUN] = run;
    slot[AMZX_SLOT_TRIGGER] = trigger;
    slot[AMZX_SLOT_EVENT] = needed(m, AMZX_SLOT_EVENT, payload, "event");
    slot[AMZX_SLOT_ITEM] = amzx_keep(m->keep, amzx_val_get(payload, "item"));
    slot[AMZX_SLOT_BODY] = needed(m, AMZX_SLOT_BODY, payload, "body");
    slot[AMZX_SLOT_INPUT] =
        amzx_keep(m->keep, amzx_val_get(payload, "input"));
    for (i = 0; i < m->flow->triggers->nelts; i++) {
        const amzx_trigger_impl_t *t = APR_ARRAY_IDX(
            m->flow->triggers, i, const amzx_trigger_impl_t *);

        if (t->item_slot >= 0 && strcmp(t->pub.id, id) == 0) {
            slot[t->item_slot] = slot[AMZX_SLOT_ITEM];
        }
    }
    slot[AMZX_SLOT_CONFIG] =
        typed_config(m, amzx_val_get(data, "config"));
    slot[AMZX_SLOT_TENANT] =
        amzx_keep(m->keep, amzx_val_get(data, "tenant"));
}

static int is_dead_end(amzx_machine_t *m, const amzx_entry_t *e)
{
    return strcmp(e->kind, "end") == 0
           && strcmp(amzx_val_text(amzx_val_get(amzx_run_data(m, e,
                                                              m->scratch),
                                                "outcome"),
                                   ""),
                     "dead")
                  == 0;
}

/* Forget the effects above a path: their compensation has begun. */
static void forget_above(amzx_machine_t *m, const char *path)
{
    const char *slash;

    for (slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        apr_hash_set(m->memo, path, slash - path, NULL);
    }
}

static void memorise(amzx_machine_t *m, const amzx_entry_t *entries,
                     int count)
{
    int i;

    m->memo = apr_hash_make(m->pool);
    for (i = 0; i < count; i++) {
        const amzx_entry_t *e = &entries[i];

        if (strcmp(e->kind, "result") == 0) {
            apr_hash_set(m->memo, apr_pstrdup(m->pool, e->path),
                         APR_HASH_KEY_STRING,
                         amzx_settle(amzx_run_data(m, e, m->scratch),
                                     m->pool));
        }
        forget_above(m, e->path);
    }
}

/* Everything of one life begins at its first entry. */
static void begin_life(amzx_machine_t *m, const amzx_machine_start_t *start,
                       const char *kind, const amzx_val_t *data)
{
    amzx_run_enter(m, "", kind, data);
    m->deadline = m->now + m->flow->timeout_us;
    bind_names(m, start, data);
}

apr_status_t amzx_run_begin(amzx_machine_t *m,
                            const amzx_machine_start_t *start,
                            const amzx_entry_t *entries, int count,
                            apr_time_t now, amzx_fault_t *fault)
{
    const amzx_val_t *data;
    int life = 0;
    int i;

    (void)fault;
    for (i = 1; i < count; i++) {
        if (strcmp(entries[i].kind, "resume") == 0) {
            life = i;
            m->life++;
        }
    }
    if (count > 0 && is_dead_end(m, &entries[count - 1])) {
        life = count;
        m->life++;
    }
    if (life > 0) {
        memorise(m, entries, life);
        m->seq = entries[life - 1].seq;
        m->now = entries[life - 1].at;
    }
    m->old = count > life ? entries + life : NULL;
    m->old_count = count - life;
    if (m->old_count > 0) {
        data = amzx_run_data(m, m->old, m->scratch);
    }
    else {
        m->now = now > m->now ? now : m->now;
        data = start_data(m, start);
    }
    begin_life(m, start, life > 0 ? "resume" : "start", data);
    return m->is_broken ? APR_EMISMATCH : APR_SUCCESS;
}
