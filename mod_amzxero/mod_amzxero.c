/* SPDX-License-Identifier: Apache-2.0 */
/* The module record and its hooks. */
#include "mod_amzxero.h"

#include <ap_mpm.h>
#include <apr_strings.h>
#include <http_request.h>

#include <unistd.h>

#include "amzx_http.h"
#include "amzx_xml.h"

amzxero_main_t *amzxero_main;
amzxero_child_t *amzxero_child;

static int pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    amzxero_main_t *m = apr_pcalloc(pconf, sizeof(*m));

    (void)plog;
    (void)ptemp;
    m->pconf = pconf;
    m->site = amzx_site_make(pconf);
    m->engine_on = AMZXERO_UNSET;
    m->must_migrate = 1;
    m->inbox_max = 100000;
    m->wake_fd = -1;
    amzxero_main = m;
    amzxero_child = NULL;
    amzx_xml_init();
    return OK;
}

static int check_config(apr_pool_t *pconf, apr_pool_t *plog,
                        apr_pool_t *ptemp, server_rec *s)
{
    (void)plog;
    amzxero_main->server = s;
    return amzxero_setup_check(s, pconf, ptemp);
}

static int post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                       server_rec *s)
{
    int status;

    (void)plog;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG
        || !amzxero_main->has_settings) {
        return OK;
    }
    status = amzxero_setup_start(s, pconf, ptemp);
    if (status == OK && amzxero_main->engine_on != 0) {
        status = amzxero_proc_start(s, pconf);
    }
    return status;
}

/* ---- web children ------------------------------------------------------- */

/* The engine sleeps on this descriptor. */
static void wake_engine(void *ctx)
{
    apr_uint64_t one = 1;

    (void)ctx;
    if (amzxero_main->wake_fd >= 0
        && write(amzxero_main->wake_fd, &one, sizeof(one)) < 0) {
        return; /* full: it will wake anyway */
    }
}

static void child_init(apr_pool_t *pchild, server_rec *s)
{
    amzxero_child_t *c;
    amzx_writer_options_t options = { 0 };
    amzx_fault_t fault;
    apr_status_t rv;
    int threads = 1;

    if (amzxero_main->defs == NULL) {
        return;
    }
    c = apr_pcalloc(pchild, sizeof(*c));
    amzxero_env_init(&c->env, s, "web");
    if (amzxero_main->counters != NULL
        && amzx_counter_attach(&c->counters, amzxero_main->counters,
                               (unsigned)getpid() % 63 + 1)
               == APR_SUCCESS) {
        c->env.counters = &c->counters;
    }
    c->store.env = &c->env;
    c->store.ring = amzxero_main->ring;
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    options.committed = wake_engine;
    amzx_fault_clear(&fault);
    rv = amzx_db_pool_create(&c->pool, amzxero_main->site->dsn,
                             threads < 8 ? (threads < 1 ? 1 : threads) : 8,
                             &c->env, pchild);
    if (rv == APR_SUCCESS) {
        rv = amzx_writer_start(&c->writer, amzxero_main->site->dsn, &c->store,
                               &options, &fault, pchild);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     "AMZX1300: this process cannot take in deliveries: %s",
                     fault.detail);
        return;
    }
    amzxero_child = c;
}

/* ---- requests ----------------------------------------------------------- */

static const amzxero_dir_t *endpoint_of(const request_rec *r)
{
    const amzxero_dir_t *dir =
        ap_get_module_config(r->per_dir_config, &amzxero_module);

    return dir != NULL && dir->endpoint > AMZXERO_ENDPOINT_NONE ? dir : NULL;
}

/* Our locations are no files: skip the translation and directory walk. */
static int translate_name(request_rec *r)
{
    if (endpoint_of(r) == NULL) {
        return DECLINED;
    }
    r->filename = apr_pstrdup(r->pool, r->uri);
    return OK;
}

static int map_to_storage(request_rec *r)
{
    return endpoint_of(r) != NULL ? OK : DECLINED;
}

static int handler(request_rec *r)
{
    const amzxero_dir_t *dir = endpoint_of(r);

    if (dir == NULL) {
        return DECLINED;
    }
    if (amzxero_child == NULL) {
        apr_table_setn(r->err_headers_out, "Retry-After", "5");
        return amzxero_reply_problem(r, HTTP_SERVICE_UNAVAILABLE,
                                     "server.starting",
                                     "this process is not ready", NULL);
    }
    switch (dir->endpoint) {
    case AMZXERO_ENDPOINT_WEBHOOK:
        return amzxero_webhook_handler(r, dir);
    case AMZXERO_ENDPOINT_REST:
        return amzxero_rest_handler(r, dir);
    case AMZXERO_ENDPOINT_METRICS:
        return amzxero_metrics_handler(r, dir);
    case AMZXERO_ENDPOINT_UNSET:
    case AMZXERO_ENDPOINT_NONE:
        break;
    }
    return DECLINED;
}

static void register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_LAST);
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_translate_name(translate_name, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_map_to_storage(map_to_storage, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_handler(handler, NULL, NULL, APR_HOOK_FIRST);
}

module AP_MODULE_DECLARE_DATA amzxero_module = {
    STANDARD20_MODULE_STUFF,
    amzxero_dir_create,
    amzxero_dir_merge,
    NULL, /* the site is one per httpd, see mod_amzxero.h */
    NULL,
    amzxero_cmds,
    register_hooks,
    AP_MODULE_FLAG_NONE
};
