/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file amzx_site.h  What an installation serves: tenants, connections,
 * settings. Built from httpd's configuration, a CLI file or a test; read-only
 * afterwards.
 */
#ifndef AMZX_SITE_H
#define AMZX_SITE_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "amzx_val.h"

/** One account at a peer, of one tenant. */
typedef struct {
    const char *tenant;
    const char *name;         /**< as workflows say it: "amazon", "xero" */
    const char *type;         /**< "amazon.spapi", "xero.accounting" */
    const char *base_url;     /**< API host, no trailing slash */
    const char *token_url;    /**< token endpoint */
    const char *grant;        /**< "refresh_token", "client_credentials" */
    const char *scope;        /**< space separated; may be "" */
    const char *account;      /**< Xero tenant id; Amazon seller id */
    const char *region;       /**< "eu", "na", "fe"; "" for Xero */
    const char *marketplaces; /**< comma separated ids; may be "" */
    /** JSON file {"client_id","client_secret","refresh_token"?}: read when
     *  needed and again when it changed; "" for none. */
    const char *credential_file;
    /* Limits. Before the connector's defaults are filled in: 0 takes the
     * default, -1 means none. Afterwards: */
    int per_minute;     /**< sustained calls a minute; 0: no limit */
    int burst;          /**< on top of the sustained rate */
    int per_day;        /**< 0: no limit */
    int concurrent;     /**< calls in flight at once; 0: no limit */
    int use_op_limits;  /**< honour the operations' own rates */
} amzx_conn_t;

/** One merchant. */
typedef struct {
    const char *id;
    const char *base_currency; /**< ISO 4217 */
    const char *timezone;      /**< tz database name */
    apr_array_header_t *conns; /**< of amzx_conn_t * */
    /** workflow name -> amzx_val_t object of configured params (texts). */
    apr_array_header_t *settings; /**< of amzx_setting_t */
} amzx_tenant_t;

typedef struct {
    const char *workflow;
    const char *name;
    const char *value;
} amzx_setting_t;

typedef struct {
    apr_array_header_t *tenants; /**< of amzx_tenant_t * */
    const char *workflow_dir;    /**< "" for the shipped ones */
    const char *dsn;
    const char *key_file;        /**< "" for none */
    const char *ca_file;         /**< NULL: the system's */
    const char *proxy;           /**< NULL: none */
    const char *allow_private;   /**< see amzx_http_options_t */
    apr_interval_time_t lease_us;
    apr_interval_time_t drain_us;
    /** An effect of unknown fate is looked up this long after its last send
     *  (a slow peer may still be working on it) ... */
    apr_interval_time_t settle_us;
    /** ... and, when nothing was found, once more after this. */
    apr_interval_time_t relook_us;
    int max_in_flight; /**< runs held in memory by one engine */
} amzx_site_t;

amzx_site_t *amzx_site_make(apr_pool_t *p);
/** Adds when missing. */
amzx_tenant_t *amzx_site_tenant(amzx_site_t *site, const char *id,
                                apr_pool_t *p);
/** NULL when unknown. */
const amzx_tenant_t *amzx_site_find(const amzx_site_t *site, const char *id);
const amzx_conn_t *amzx_tenant_conn(const amzx_tenant_t *t, const char *name);
/** The value `tenant` of expressions: {id, baseCurrency, timezone}. */
const amzx_val_t *amzx_tenant_val(const amzx_tenant_t *t, apr_pool_t *p);
/** Configured texts of a workflow: {name: text}. */
const amzx_val_t *amzx_tenant_settings(const amzx_tenant_t *t,
                                       const char *workflow, apr_pool_t *p);

#endif
