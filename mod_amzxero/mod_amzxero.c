/* SPDX-License-Identifier: Apache-2.0 */
/* The module record and its hooks. */
#include "mod_amzxero.h"

#include <apr_strings.h>
#include <http_request.h>
#include <mpm_common.h>

#include "amzx_xml.h"

amzxero_main_t *amzxero_main;

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
    m->write_queue = 4096;
    m->places = apr_array_make(pconf, 8, sizeof(amzxero_place_t));
    m->wake_fd = -1;
    amzxero_main = m;
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
    if (status == OK && amzxero_main->engine_on != 0
        && !amzxero_is_one_process()) {
        status = amzxero_proc_start(s, pconf);
    }
    return status;
}

/* ---- requests ------------------------------------------------------------ */

static const amzxero_dir_t *endpoint_of(const request_rec *r)
{
    const amzxero_dir_t *dir =
        ap_get_module_config(r->per_dir_config, &amzxero_module);

    return dir != NULL && dir->endpoint > AMZXERO_ENDPOINT_NONE ? dir : NULL;
}

/* Our locations are no files: skip the translation and the directory walk.
 * Between the two httpd forgets the location, so leave a mark. */
static int translate_name(request_rec *r)
{
    if (endpoint_of(r) == NULL) {
        return DECLINED;
    }
    r->filename = apr_pstrdup(r->pool, r->uri);
    ap_set_module_config(r->request_config, &amzxero_module, r);
    return OK;
}

static int map_to_storage(request_rec *r)
{
    return ap_get_module_config(r->request_config, &amzxero_module) == r
               ? OK
               : DECLINED;
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
    ap_hook_monitor(amzxero_proc_monitor, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(amzxero_child_init, NULL, NULL, APR_HOOK_MIDDLE);
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
