/* SPDX-License-Identifier: Apache-2.0 */
/* The read-only model of an installation. */
#include "amzx_site.h"

#include <apr_strings.h>

#include <string.h>

amzx_site_t *amzx_site_make(apr_pool_t *p)
{
    amzx_site_t *site = apr_pcalloc(p, sizeof(*site));

    site->tenants = apr_array_make(p, 4, sizeof(amzx_tenant_t *));
    site->workflow_dir = "";
    site->dsn = "";
    site->key_file = "";
    site->lease_us = apr_time_from_sec(60);
    site->drain_us = apr_time_from_sec(8);
    site->settle_us = apr_time_from_sec(30);
    site->relook_us = apr_time_from_sec(60);
    site->max_in_flight = 1000;
    return site;
}

const amzx_tenant_t *amzx_site_find(const amzx_site_t *site, const char *id)
{
    int i;

    for (i = 0; i < site->tenants->nelts; i++) {
        const amzx_tenant_t *t =
            APR_ARRAY_IDX(site->tenants, i, amzx_tenant_t *);

        if (strcmp(t->id, id) == 0) {
            return t;
        }
    }
    return NULL;
}

amzx_tenant_t *amzx_site_tenant(amzx_site_t *site, const char *id,
                                apr_pool_t *p)
{
    amzx_tenant_t *t;
    int i;

    for (i = 0; i < site->tenants->nelts; i++) {
        t = APR_ARRAY_IDX(site->tenants, i, amzx_tenant_t *);
        if (strcmp(t->id, id) == 0) {
            return t;
        }
    }
    t = apr_pcalloc(p, sizeof(*t));
    t->id = apr_pstrdup(p, id);
    t->base_currency = "GBP";
    t->timezone = "UTC";
    t->conns = apr_array_make(p, 2, sizeof(amzx_conn_t *));
    t->settings = apr_array_make(p, 8, sizeof(amzx_setting_t));
    APR_ARRAY_PUSH(site->tenants, amzx_tenant_t *) = t;
    return t;
}

const amzx_conn_t *amzx_tenant_conn(const amzx_tenant_t *t, const char *name)
{
    int i;

    for (i = 0; i < t->conns->nelts; i++) {
        const amzx_conn_t *c = APR_ARRAY_IDX(t->conns, i, amzx_conn_t *);

        if (strcmp(c->name, name) == 0) {
            return c;
        }
    }
    return NULL;
}

const amzx_val_t *amzx_tenant_val(const amzx_tenant_t *t, apr_pool_t *p)
{
    amzx_val_t *v = amzx_val_obj(3, p);

    amzx_val_put_str(v, "id", t->id, p);
    amzx_val_put_str(v, "baseCurrency", t->base_currency, p);
    amzx_val_put_str(v, "timezone", t->timezone, p);
    return v;
}

const amzx_val_t *amzx_tenant_settings(const amzx_tenant_t *t,
                                       const char *workflow, apr_pool_t *p)
{
    amzx_val_t *v = amzx_val_obj(8, p);
    int i;

    for (i = 0; i < t->settings->nelts; i++) {
        const amzx_setting_t *s =
            &APR_ARRAY_IDX(t->settings, i, amzx_setting_t);

        if (strcmp(s->workflow, workflow) == 0) {
            amzx_val_put_str(v, s->name, s->value, p);
        }
    }
    return v;
}
