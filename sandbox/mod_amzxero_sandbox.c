/* SPDX-License-Identifier: Apache-2.0 */
/* The module record of mod_amzxero_sandbox: directives and hooks. */
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <apr_strings.h>
#include <unixd.h>

#include <unistd.h>

#include "sandbox_http.h"
#include "sandbox_seed.h"

extern module AP_MODULE_DECLARE_DATA amzxero_sandbox_module;
APLOG_USE_MODULE(amzxero_sandbox);

/** Per location. */
typedef struct {
    int is_on;        /* -1: not said */
    const char *base; /* the path of the <Location> that switched it on */
    const char *own;  /* of this section */
} dir_conf_t;

/** Of the whole server; read-only after start. */
typedef struct {
    const char *state;
    const char *seed;
    apr_int64_t delay_ms;
} server_conf_t;

static server_conf_t conf;
static sbx_t *box; /* of this child */

static void *dir_make(apr_pool_t *p, char *dir)
{
    dir_conf_t *d = apr_pcalloc(p, sizeof(*d));

    d->is_on = -1;
    d->own = dir;
    return d;
}

static void *dir_merge(apr_pool_t *p, void *base_ptr, void *add_ptr)
{
    const dir_conf_t *base = base_ptr;
    const dir_conf_t *add = add_ptr;
    dir_conf_t *d = apr_pcalloc(p, sizeof(*d));

    d->is_on = add->is_on >= 0 ? add->is_on : base->is_on;
    d->base = add->is_on >= 0 ? add->base : base->base;
    d->own = add->own;
    if (add->is_on == 1 && base->is_on == 1 &&
        strlen(base->base) > strlen(add->base)) {
        /* Both match the request: the deeper mount is meant. */
        d->base = base->base;
    }
    return d;
}

/* "/sandbox/" and "/sandbox" are the same mount, "/" is "". */
static const char *set_on(cmd_parms *cmd, void *data, int flag)
{
    dir_conf_t *d = data;
    char *base = apr_pstrdup(cmd->pool, d->own ? d->own : "");
    apr_size_t len = strlen(base);

    while (len > 0 && base[len - 1] == '/') {
        base[--len] = '\0';
    }
    d->is_on = flag;
    d->base = base;
    return NULL;
}

static const char *set_state(cmd_parms *cmd, void *data, const char *path)
{
    (void)data;
    conf.state = ap_server_root_relative(cmd->pool, path);
    return conf.state ? NULL
                      : "AmzXeroSandboxState: a path of a file is expected";
}

static const char *set_seed(cmd_parms *cmd, void *data, const char *name)
{
    (void)cmd;
    (void)data;
    if (strcmp(name, "none") != 0 && !sbx_seed_text(name)) {
        return "AmzXeroSandboxSeed: uk-demo or none is expected";
    }
    conf.seed = name;
    return NULL;
}

static const char *set_latency(cmd_parms *cmd, void *data, const char *value)
{
    (void)cmd;
    (void)data;
    if (amzx_int_parse(&conf.delay_ms, value) != APR_SUCCESS ||
        conf.delay_ms < 0 || conf.delay_ms > 600000) {
        return "AmzXeroSandboxLatency: milliseconds from 0 to 600000 are "
               "expected";
    }
    return NULL;
}

static const command_rec directives[] = {
    AP_INIT_FLAG("AmzXeroSandbox", set_on, NULL, ACCESS_CONF,
                 "On: a strict Amazon and Xero answers below this location"),
    AP_INIT_TAKE1("AmzXeroSandboxState", set_state, NULL, RSRC_CONF,
                  "the file that holds the sandbox's state"),
    AP_INIT_TAKE1("AmzXeroSandboxSeed", set_seed, NULL, RSRC_CONF,
                  "the world of an empty state file: uk-demo or none"),
    AP_INIT_TAKE1("AmzXeroSandboxLatency", set_latency, NULL, RSRC_CONF,
                  "milliseconds by which every answer is delayed"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};

static int pre_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    conf.state = ap_runtime_dir_relative(p, "amzxero-sandbox/state.db");
    conf.seed = "uk-demo";
    conf.delay_ms = 0;
    return OK;
}

/* The directory is made by root and given to the user of the children. */
static int post_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp,
                       server_rec *s)
{
    char *dir = apr_pstrdup(ptemp, conf.state);
    char *slash = strrchr(dir, '/');

    (void)p;
    (void)plog;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG ||
        !slash || slash == dir) {
        return OK;
    }
    *slash = '\0';
    if (apr_dir_make(dir, APR_FPROT_UREAD | APR_FPROT_UWRITE |
                              APR_FPROT_UEXECUTE,
                     ptemp) == APR_SUCCESS &&
        geteuid() == 0 &&
        chown(dir, ap_unixd_config.user_id, ap_unixd_config.group_id) != 0) {
        ap_log_error(APLOG_MARK, APLOG_ERR, APR_FROM_OS_ERROR(errno), s,
                     "AMZX1600: cannot give %s to the server's user", dir);
    }
    return OK;
}

static void seed_when_empty(sbx_t *b, server_rec *s, apr_pool_t *p)
{
    sbx_req_t req;
    const char *why = NULL;

    memset(&req, 0, sizeof(req));
    req.box = b;
    req.pool = p;
    req.now = apr_time_now();
    req.method = "PUT";
    req.path = "/";
    req.query = "";
    req.args = apr_table_make(p, 1);
    req.headers = apr_table_make(p, 1);
    req.db = sbx_db_take(b->dbs);
    if (req.db && strcmp(conf.seed, "none") != 0 &&
        !sbx_db_one(req.db, SBX_SQL_META_GET, p, "s", "seeded") &&
        sbx_seed_load(&req, sbx_seed_named(conf.seed, p), &why) !=
            APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, s, "AMZX1601: seed %s: %s",
                     conf.seed, why);
    }
    if (req.db) {
        sbx_db_give(b->dbs, req.db);
    }
}

static void child_init(apr_pool_t *pchild, server_rec *s)
{
    sbx_t *b = apr_pcalloc(pchild, sizeof(*b));
    const char *live = apr_pstrcat(pchild, conf.state, ".live", NULL);
    const char *why = "";
    apr_pool_t *ptemp;
    apr_status_t rv;

    b->delay_ms = conf.delay_ms;
    rv = sbx_live_open(&b->live, live, pchild);
    if (rv == APR_SUCCESS) {
        rv = sbx_dbs_open(&b->dbs, conf.state, &why, pchild);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, s,
                     "AMZX1602: cannot open %s %s; its directory must be "
                     "writable for the server's user",
                     conf.state, why);
        return;
    }
    apr_pool_create(&ptemp, pchild);
    seed_when_empty(b, s, ptemp);
    apr_pool_destroy(ptemp);
    box = b;
}

static const dir_conf_t *conf_of(request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &amzxero_sandbox_module);
}

/* No file stands behind our paths: spare the walk through directories. */
static int translate_name(request_rec *r)
{
    return conf_of(r)->is_on == 1 ? OK : DECLINED;
}

static int map_to_storage(request_rec *r)
{
    return conf_of(r)->is_on == 1 ? OK : DECLINED;
}

static int handler(request_rec *r)
{
    const dir_conf_t *d = conf_of(r);

    if (d->is_on != 1) {
        return DECLINED;
    }
    if (!box) {
        return HTTP_SERVICE_UNAVAILABLE;
    }
    return sbx_http_handle(r, box, d->base);
}

static void register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_translate_name(translate_name, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_map_to_storage(map_to_storage, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_handler(handler, NULL, NULL, APR_HOOK_FIRST);
}

module AP_MODULE_DECLARE_DATA amzxero_sandbox_module = {
    STANDARD20_MODULE_STUFF,
    dir_make,
    dir_merge,
    NULL, /* per-server configuration */
    NULL, /* merge per-server configuration */
    directives,
    register_hooks,
    AP_MODULE_FLAG_NONE
};
