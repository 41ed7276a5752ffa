/* SPDX-License-Identifier: Apache-2.0 */
/* The yardstick of the accept benchmark: httpd answers 202 and nothing else.
 * BenchEmpty On in a <Location>; like mod_amzxero it skips the translation of
 * names and the directory walk. The body of a request is read and dropped. */
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>
#include <http_request.h>
#include <ap_config.h>
#include <apr_strings.h>

extern module AP_MODULE_DECLARE_DATA bench_empty_module;

typedef struct {
    int is_on;
} dir_t;

static void *dir_create(apr_pool_t *p, char *path)
{
    (void)path;
    return apr_pcalloc(p, sizeof(dir_t));
}

static int is_ours(const request_rec *r)
{
    const dir_t *dir = ap_get_module_config(r->per_dir_config,
                                            &bench_empty_module);

    return dir->is_on;
}

static int translate_name(request_rec *r)
{
    if (!is_ours(r)) {
        return DECLINED;
    }
    r->filename = apr_pstrdup(r->pool, r->uri);
    return OK;
}

static int map_to_storage(request_rec *r)
{
    return is_ours(r) ? OK : DECLINED;
}

static int handler(request_rec *r)
{
    if (!is_ours(r)) {
        return DECLINED;
    }
    if (ap_discard_request_body(r) != OK) {
        return HTTP_BAD_REQUEST;
    }
    r->status = HTTP_ACCEPTED;
    ap_set_content_length(r, 0);
    ap_finalize_request_protocol(r);
    return OK;
}

static void register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_translate_name(translate_name, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_map_to_storage(map_to_storage, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_handler(handler, NULL, NULL, APR_HOOK_FIRST);
}

static const char *set_on(cmd_parms *cmd, void *dir, int on)
{
    (void)cmd;
    ((dir_t *)dir)->is_on = on;
    return NULL;
}

static const command_rec cmds[] = {
    AP_INIT_FLAG("BenchEmpty", set_on, NULL,
                 ACCESS_CONF, "answer 202 without doing anything"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};

module AP_MODULE_DECLARE_DATA bench_empty_module = {
    STANDARD20_MODULE_STUFF,
    dir_create,
    NULL,
    NULL,
    NULL,
    cmds,
    register_hooks,
    AP_MODULE_FLAG_NONE
};
