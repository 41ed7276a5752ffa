/* SPDX-License-Identifier: Apache-2.0 */
/* What configtest checks and what a start prepares. */
#include "mod_amzxero.h"

#include <apr_file_info.h>
#include <apr_shm.h>
#include <apr_strings.h>
#include <unixd.h>

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "amzx_http.h"
#include "amzx_str.h"

#ifndef AMZX_DATADIR
#define AMZX_DATADIR "/usr/share/amzxero"
#endif

/* ---- the environment of library code ------------------------------------- */

static void log_line(void *ctx, amzx_log_level_e level, int id,
                     apr_status_t rv, const char *tag, const char *line)
{
    static const int levels[] = {
        [AMZX_LOG_CRIT] = APLOG_CRIT,       [AMZX_LOG_ERR] = APLOG_ERR,
        [AMZX_LOG_WARNING] = APLOG_WARNING, [AMZX_LOG_NOTICE] = APLOG_NOTICE,
        [AMZX_LOG_INFO] = APLOG_INFO,       [AMZX_LOG_DEBUG] = APLOG_DEBUG,
        [AMZX_LOG_TRACE] = APLOG_TRACE1,
    };
    server_rec *s = ctx;

    if (id > 0) {
        ap_log_error(APLOG_MARK, levels[level], rv, s, "AMZX%04d: %s: %s", id,
                     tag ? tag : "-", line);
    }
    else {
        ap_log_error(APLOG_MARK, levels[level], rv, s, "%s: %s",
                     tag ? tag : "-", line);
    }
}

void amzxero_env_init(amzx_env_t *env, server_rec *s, const char *tag)
{
    int level = ap_get_server_module_loglevel(s, APLOG_MODULE_INDEX);

    amzx_env_init(env, tag);
    env->ctx = s;
    env->log = log_line;
    env->log_level = level >= APLOG_TRACE1  ? AMZX_LOG_TRACE
                     : level >= APLOG_DEBUG ? AMZX_LOG_DEBUG
                     : level >= APLOG_INFO  ? AMZX_LOG_INFO
                                            : AMZX_LOG_NOTICE;
}

/* ---- configtest ---------------------------------------------------------- */

static int complain(server_rec *s, const char *what, const amzx_fault_t *fault)
{
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_EMERG, 0, s,
                 "AMZX1301: %s: %s%s%s", what, fault->detail,
                 fault->place[0] ? " at " : "", fault->place);
    return !OK;
}

/* Warnings of the first of two passes would only be said twice. */
static int is_rehearsal(void)
{
    return ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG
           && ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_NORMAL;
}

/* One line of the log for each problem, so that file and line stay whole. */
static void tell_problems(server_rec *s, const char *text, apr_pool_t *p)
{
    char *state = NULL;
    char *line = apr_strtok(apr_pstrdup(p, text), "\n", &state);

    for (; line != NULL; line = apr_strtok(NULL, "\n", &state)) {
        int is_error = strstr(line, ": error:") != NULL;

        if (!is_error && is_rehearsal()) {
            continue;
        }
        ap_log_error(APLOG_MARK,
                     APLOG_STARTUP | (is_error ? APLOG_EMERG : APLOG_WARNING),
                     0, s, "AMZX1302: %s", line);
    }
}

/* A setting that names no workflow here. */
static int check_names(server_rec *s, const amzx_tenant_t *tenant)
{
    const amzxero_main_t *m = amzxero_main;
    amzx_fault_t fault;
    int status = OK;
    int i;

    for (i = 0; i < tenant->settings->nelts; i++) {
        const amzx_setting_t *set =
            &APR_ARRAY_IDX(tenant->settings, i, amzx_setting_t);

        if (amzx_defs_find(m->defs, set->workflow) == NULL) {
            amzx_fault_clear(&fault);
            amzx_fault_set(&fault, AMZX_FAULT_CONFIG, APR_ENOENT,
                           "config.workflow",
                           "tenant %s: AmzXeroSet names workflow \"%s\", "
                           "which is not in %s",
                           tenant->id, set->workflow, m->site->workflow_dir);
            status = complain(s, "<AmzXeroTenant>", &fault);
        }
    }
    return status;
}

/* A wrong parameter of a workflow is told at the start, not at night. A
 * tenant that sets nothing of a workflow may just not use it. */
static int check_params(server_rec *s, const amzx_tenant_t *tenant,
                        apr_pool_t *ptemp)
{
    const amzxero_main_t *m = amzxero_main;
    const amzx_val_t *config = NULL;
    const amzx_val_t *set;
    const amzx_flow_t *flow;
    amzx_fault_t fault;
    int status = OK;
    int i;

    for (i = 0; i < amzx_defs_count(m->defs); i++) {
        flow = amzx_defs_at(m->defs, i);
        set = amzx_tenant_settings(tenant, amzx_flow_name(flow), ptemp);
        amzx_fault_clear(&fault);
        if (amzx_flow_config(&config, flow, set, &fault, ptemp)
            == APR_SUCCESS) {
            continue;
        }
        if (amzx_val_count(set) > 0) {
            status = complain(s,
                              apr_psprintf(ptemp, "tenant %s, workflow %s",
                                           tenant->id, amzx_flow_name(flow)),
                              &fault);
            continue;
        }
        if (is_rehearsal()) {
            continue;
        }
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_WARNING, 0, s,
                     "AMZX1307: tenant %s cannot run workflow %s: %s",
                     tenant->id, amzx_flow_name(flow), fault.detail);
    }
    return status;
}

static int check_tenants(server_rec *s, apr_pool_t *ptemp)
{
    const apr_array_header_t *tenants = amzxero_main->site->tenants;
    int status = OK;
    int i;

    for (i = 0; i < tenants->nelts; i++) {
        const amzx_tenant_t *tenant =
            APR_ARRAY_IDX(tenants, i, amzx_tenant_t *);

        if (check_names(s, tenant) != OK
            || check_params(s, tenant, ptemp) != OK) {
            status = !OK;
        }
    }
    return status;
}

/* A location may take the tenant from an outer one, so only what is said
 * here can be wrong for certain. */
static int check_places(server_rec *s)
{
    const amzxero_main_t *m = amzxero_main;
    int status = OK;
    int i;

    for (i = 0; i < m->places->nelts; i++) {
        const amzxero_place_t *place =
            &APR_ARRAY_IDX(m->places, i, amzxero_place_t);
        const amzxero_dir_t *dir = place->dir;

        if (dir->tenant != NULL
            && amzx_site_find(m->site, dir->tenant) == NULL) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_EMERG, 0, s,
                         "AMZX1308: %s:%d: there is no <AmzXeroTenant %s>",
                         place->at->filename, place->at->line_num,
                         dir->tenant);
            status = !OK;
        }
        if (dir->endpoint == AMZXERO_ENDPOINT_WEBHOOK && !is_rehearsal()
            && (dir->tenant == NULL || dir->verify == NULL)) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_WARNING, 0, s,
                         "AMZX1309: %s:%d: a webhook needs AmzXeroTenant and "
                         "AmzXeroWebhook; unless an outer section has them "
                         "it answers 503",
                         place->at->filename, place->at->line_num);
        }
    }
    return status;
}

/* Keys of a tenant that is not here open nothing. */
static void check_keys(server_rec *s)
{
    const amzxero_main_t *m = amzxero_main;
    int i;

    for (i = 0; m->keys != NULL && i < m->keys->nelts; i++) {
        const amzxero_key_t *key =
            &APR_ARRAY_IDX(m->keys, i, amzxero_key_t);

        if (!is_rehearsal()
            && amzx_site_find(m->site, key->tenant) == NULL) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_WARNING, 0, s,
                         "AMZX1311: %s: key %s is of tenant %s, which is not "
                         "configured",
                         m->api_keys_file, key->id, key->tenant);
        }
    }
}

/* Secrets and keys, each a file. */
static int check_files(server_rec *s, apr_pool_t *pconf)
{
    amzxero_main_t *m = amzxero_main;
    amzx_keyring_t *ring = NULL;
    amzx_fault_t fault;
    int status = OK;

    amzx_fault_clear(&fault);
    if (m->site->key_file[0] != '\0') {
        if (amzx_keyring_load(&ring, m->site->key_file, &fault, pconf)
            != APR_SUCCESS) {
            status = complain(s, "AmzXeroKeyFile", &fault);
        }
        m->ring = ring;
    }
    amzx_fault_clear(&fault);
    if (m->api_keys_file != NULL
        && amzxero_keys_load(&m->keys, m->api_keys_file, &fault, pconf)
               != APR_SUCCESS) {
        status = complain(s, "AmzXeroApiKeys", &fault);
    }
    check_keys(s);
    return status;
}

static int is_folder(const char *path, apr_pool_t *p)
{
    apr_finfo_t info;

    return apr_stat(&info, path, APR_FINFO_TYPE, p) == APR_SUCCESS
           && info.filetype == APR_DIR;
}

int amzxero_setup_check(server_rec *s, apr_pool_t *pconf, apr_pool_t *ptemp)
{
    amzxero_main_t *m = amzxero_main;
    const char *text = "";
    amzx_fault_t fault;
    int status;

    if (!m->has_settings) {
        return OK;
    }
    amzx_fault_clear(&fault);
    if (m->site->dsn[0] == '\0') {
        amzx_fault_set(&fault, AMZX_FAULT_CONFIG, APR_EINVAL,
                       "config.database",
                       "AmzXeroDatabase is missing, for example: "
                       "AmzXeroDatabase sqlite:/var/lib/amzxero/amzxero.db");
        return complain(s, "mod_amzxero", &fault);
    }
    if (m->site->workflow_dir[0] == '\0') {
        m->site->workflow_dir = AMZX_DATADIR "/workflows";
    }
    if (!is_folder(m->site->workflow_dir, ptemp)) {
        amzx_fault_set(&fault, AMZX_FAULT_CONFIG, APR_ENOENT,
                       "config.workflow_dir", "%s is not a folder",
                       m->site->workflow_dir);
        return complain(s, "AmzXeroWorkflowDir", &fault);
    }
    if (amzx_defs_load(&m->defs, &text, m->site->workflow_dir, &fault, pconf)
        != APR_SUCCESS) {
        tell_problems(s, text, ptemp);
        return complain(s, "AmzXeroWorkflowDir", &fault);
    }
    tell_problems(s, text, ptemp);
    status = check_tenants(s, ptemp);
    if (check_places(s) != OK) {
        status = !OK;
    }
    return check_files(s, pconf) == OK ? status : !OK;
}

/* ---- start --------------------------------------------------------------- */

static apr_status_t close_fd(void *data)
{
    close((int)(apr_uintptr_t)data);
    return APR_SUCCESS;
}

static int make_shared(server_rec *s, apr_pool_t *pconf)
{
    amzxero_main_t *m = amzxero_main;
    apr_shm_t *shm = NULL;
    apr_status_t rv;
    char *base;

    m->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (m->wake_fd < 0) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, APR_FROM_OS_ERROR(errno), s,
                     "AMZX1303: cannot make an event descriptor");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    apr_pool_cleanup_register(pconf, (void *)(apr_uintptr_t)m->wake_fd,
                              close_fd, apr_pool_cleanup_null);
    rv = apr_shm_create(&shm, amzx_counter_size(AMZXERO_COUNTER_SLOTS) + 64,
                        NULL, pconf);
    if (rv == APR_SUCCESS) {
        base = apr_shm_baseaddr_get(shm);
        base += (64 - ((apr_uintptr_t)base & 63)) & 63;
        rv = amzx_counter_init(base, amzx_counter_size(AMZXERO_COUNTER_SLOTS),
                               AMZXERO_COUNTER_SLOTS);
        m->counters = rv == APR_SUCCESS ? base : NULL;
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, rv, s,
                     "AMZX1304: no shared memory for counters: metrics stay "
                     "empty");
    }
    return OK;
}

static int prepare_database(server_rec *s, apr_pool_t *ptemp)
{
    amzxero_main_t *m = amzxero_main;
    amzx_db_t *db = NULL;
    amzx_env_t env;
    amzx_fault_t fault;
    apr_status_t rv;
    int is_root = geteuid() == 0;

    amzxero_env_init(&env, s, "start");
    amzx_fault_clear(&fault);
    rv = amzx_db_open(&db, m->site->dsn, &env, &fault, ptemp);
    if (rv == APR_SUCCESS) {
        rv = m->must_migrate ? amzx_db_migrate(db, &fault, ptemp)
                             : amzx_db_verify(db, &fault, ptemp);
    }
    if (db != NULL) {
        amzx_db_close(db); /* never across fork */
    }
    if (rv == APR_SUCCESS) {
        rv = amzx_db_prepare_files(
            m->site->dsn, is_root ? ap_unixd_config.user_id : (uid_t)-1,
            is_root ? ap_unixd_config.group_id : (gid_t)-1, &fault, ptemp);
    }
    if (rv == APR_SUCCESS) {
        return OK;
    }
    ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s, "AMZX1305: AmzXeroDatabase: %s",
                 fault.detail);
    if (fault.klass == AMZX_FAULT_TRANSIENT) {
        return OK; /* the children answer 503 until it is there */
    }
    return HTTP_INTERNAL_SERVER_ERROR;
}

int amzxero_setup_start(server_rec *s, apr_pool_t *pconf, apr_pool_t *ptemp)
{
    apr_status_t rv;
    int status;

    if (amzxero_main->defs == NULL) {
        return OK;
    }
    rv = amzx_http_init();
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     "AMZX1306: the HTTP client library does not start");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    status = make_shared(s, pconf);
    if (status == OK) {
        status = prepare_database(s, ptemp);
    }
    return status;
}
