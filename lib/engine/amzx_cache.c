/* SPDX-License-Identifier: Apache-2.0 */
/* Remembered reads of <call cache="">, per connection, dropped oldest first. */
#include <apr_hash.h>
#include <apr_strings.h>

#include <string.h>

#include "amzx_engine_int.h"
#include "amzx_json.h"

/* The values sit in generations: when the young one is full it becomes the
 * old one, whose pool goes as a whole. */
typedef struct {
    apr_pool_t *pool;
    apr_hash_t *map;
    apr_size_t bytes;
} generation_t;

typedef struct {
    const amzx_val_t *result;
    apr_time_t until;
    unsigned epoch; /**< of its family when it was put */
} item_t;

struct amzx_cache_t {
    apr_pool_t *pool;
    generation_t young;
    generation_t old;
    apr_hash_t *epochs; /**< family -> unsigned * */
    apr_size_t max_bytes;
};

static void open_generation(amzx_cache_t *c, generation_t *g)
{
    apr_pool_create(&g->pool, c->pool);
    apr_pool_tag(g->pool, "amzxero_cache");
    g->map = apr_hash_make(g->pool);
    g->bytes = 0;
}

amzx_cache_t *amzx_cache_make(apr_size_t max_bytes, apr_pool_t *p)
{
    amzx_cache_t *c = apr_pcalloc(p, sizeof(*c));

    c->pool = p;
    c->max_bytes = max_bytes;
    c->epochs = apr_hash_make(p);
    open_generation(c, &c->young);
    open_generation(c, &c->old);
    return c;
}

/* tenant/connection/"xero.contacts": an op name without its last part. */
static const char *family_of(const amzx_conn_t *conn, const amzx_op_t *op,
                             apr_pool_t *p)
{
    const char *dot = strrchr(op->name, '.');

    return apr_pstrcat(p, conn ? conn->tenant : "", "/",
                       conn ? conn->name : "", "/",
                       apr_pstrmemdup(p, op->name,
                                      dot ? (apr_size_t)(dot - op->name)
                                          : strlen(op->name)),
                       NULL);
}

static unsigned *epoch_of(amzx_cache_t *c, const char *family)
{
    unsigned *epoch = apr_hash_get(c->epochs, family, APR_HASH_KEY_STRING);

    if (epoch == NULL) {
        epoch = apr_pcalloc(c->pool, sizeof(*epoch));
        apr_hash_set(c->epochs, apr_pstrdup(c->pool, family),
                     APR_HASH_KEY_STRING, epoch);
    }
    return epoch;
}

static const char *key_of(const amzx_conn_t *conn, const amzx_op_t *op,
                          const amzx_val_t *args, apr_pool_t *p)
{
    return apr_pstrcat(p, conn ? conn->tenant : "", "/",
                       conn ? conn->name : "", "/", op->name, "?",
                       amzx_json_write_sorted(args, NULL, p), NULL);
}

const amzx_val_t *amzx_cache_get(amzx_cache_t *c, const amzx_conn_t *conn,
                                 const amzx_op_t *op, const amzx_val_t *args,
                                 apr_time_t now, apr_pool_t *p)
{
    const char *key = key_of(conn, op, args, p);
    const item_t *item = apr_hash_get(c->young.map, key, APR_HASH_KEY_STRING);

    if (item == NULL) {
        item = apr_hash_get(c->old.map, key, APR_HASH_KEY_STRING);
    }
    if (item == NULL || item->until <= now
        || item->epoch != *epoch_of(c, family_of(conn, op, p))) {
        return NULL;
    }
    return amzx_val_copy(item->result, p);
}

unsigned amzx_cache_epoch(amzx_cache_t *c, const amzx_conn_t *conn,
                          const amzx_op_t *op, apr_pool_t *scratch)
{
    return *epoch_of(c, family_of(conn, op, scratch));
}

void amzx_cache_put(amzx_cache_t *c, const amzx_job_t *job,
                    const amzx_val_t *result, apr_time_t until,
                    unsigned epoch, apr_pool_t *scratch)
{
    const amzx_op_t *op = job->call.op;
    const char *key = key_of(job->conn, op, job->call.args, scratch);
    apr_size_t len = 0;
    item_t *item;

    if (epoch != amzx_cache_epoch(c, job->conn, op, scratch)) {
        return;
    }
    amzx_json_write(result, &len, scratch);
    if (len > c->max_bytes / 8) {
        return;
    }
    if (c->young.bytes + len > c->max_bytes / 2) {
        apr_pool_destroy(c->old.pool);
        c->old = c->young;
        open_generation(c, &c->young);
    }
    item = apr_pcalloc(c->young.pool, sizeof(*item));
    item->result = amzx_val_copy(result, c->young.pool);
    item->until = until;
    item->epoch = epoch;
    apr_hash_set(c->young.map, apr_pstrdup(c->young.pool, key),
                 APR_HASH_KEY_STRING, item);
    c->young.bytes += len * 4 + strlen(key);
}

void amzx_cache_forget(amzx_cache_t *c, const amzx_conn_t *conn,
                       const amzx_op_t *op)
{
    apr_pool_t *p;

    apr_pool_create(&p, c->pool);
    (*epoch_of(c, family_of(conn, op, p)))++;
    apr_pool_destroy(p);
}
