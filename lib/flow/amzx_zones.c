/* SPDX-License-Identifier: Apache-2.0 */
/* The time zones a definition's expressions asked for, read once. A
 * definition is shared by threads, so they are kept in a pool of their own,
 * with its own allocator, behind a lock. */
#include "amzx_model.h"

#include <apr_strings.h>

#include <string.h>

/* More than the tz database has: a full table means nonsense names. */
#define ZONES_KEPT 640

typedef struct {
    const char *name;
    const amzx_tz_t *tz;
} zone_t;

struct amzx_zones_t {
    apr_pool_t *pool;
    apr_thread_mutex_t *lock;
    int count;
    zone_t zone[ZONES_KEPT];
};

static apr_status_t zones_gone(void *data)
{
    amzx_zones_t *z = data;

    apr_pool_destroy(z->pool);
    return APR_SUCCESS;
}

amzx_zones_t *amzx_zones_make(apr_pool_t *p)
{
    amzx_zones_t *z = apr_pcalloc(p, sizeof(*z));

    /* not a child of p: making a child of p's would use p's allocator */
    if (apr_pool_create_unmanaged_ex(&z->pool, NULL, NULL) != APR_SUCCESS) {
        return NULL;
    }
    apr_pool_tag(z->pool, "amzx_zones");
    if (apr_thread_mutex_create(&z->lock, APR_THREAD_MUTEX_DEFAULT, z->pool)
        != APR_SUCCESS) {
        apr_pool_destroy(z->pool);
        return NULL;
    }
    apr_pool_cleanup_register(p, z, zones_gone, apr_pool_cleanup_null);
    return z;
}

const amzx_tz_t *amzx_zones_get(void *zones, const char *name)
{
    amzx_zones_t *z = zones;
    const amzx_tz_t *tz = NULL;
    int i;

    if (!z || apr_thread_mutex_lock(z->lock) != APR_SUCCESS) {
        return NULL;
    }
    for (i = 0; i < z->count && !tz; i++) {
        if (strcmp(z->zone[i].name, name) == 0) {
            tz = z->zone[i].tz;
        }
    }
    if (!tz && z->count < ZONES_KEPT
        && amzx_tz_load(&tz, name, z->pool) == APR_SUCCESS) {
        z->zone[z->count].name = apr_pstrdup(z->pool, name);
        z->zone[z->count].tz = tz;
        z->count++;
    }
    (void)apr_thread_mutex_unlock(z->lock);
    return tz;
}
