/* SPDX-License-Identifier: Apache-2.0 */
/* The directives that say what this httpd serves. */
#include "mod_amzxero.h"
#include "amzxero_cmds.h"

#include <apr_strings.h>

#include <string.h>

void *amzxero_dir_create(apr_pool_t *p, char *path)
{
    amzxero_dir_t *dir = apr_pcalloc(p, sizeof(*dir));

    (void)path;
    dir->max_body = AMZXERO_UNSET;
    return dir;
}

void *amzxero_dir_merge(apr_pool_t *p, void *base_, void *add_)
{
    const amzxero_dir_t *base = base_;
    const amzxero_dir_t *add = add_;
    amzxero_dir_t *dir = apr_pmemdup(p, base, sizeof(*base));

    if (add->endpoint != AMZXERO_ENDPOINT_UNSET) {
        dir->endpoint = add->endpoint;
        dir->base = add->base;
    }
    if (add->tenant != NULL) {
        dir->tenant = add->tenant;
    }
    if (add->verify != NULL) {
        dir->source = add->source;
        dir->verify = add->verify;
    }
    if (add->max_body != AMZXERO_UNSET) {
        dir->max_body = add->max_body;
    }
    return dir;
}

/* ---- whole installation -------------------------------------------------- */

static const char *set_engine(cmd_parms *cmd, void *conf, int on)
{
    const char *err = ap_check_cmd_context(cmd, GLOBAL_ONLY);

    (void)conf;
    amzxero_main->engine_on = on;
    amzxero_main->has_settings = 1;
    return err;
}

static const char *set_database(cmd_parms *cmd, void *conf, const char *arg)
{
    (void)conf;
    if (strncmp(arg, "sqlite:", 7) == 0) {
        const char *path = ap_server_root_relative(cmd->pool, arg + 7);

        if (path == NULL) {
            return "AmzXeroDatabase: that path is not valid";
        }
        amzxero_main->site->dsn =
            apr_pstrcat(cmd->pool, "sqlite:", path, NULL);
    }
    else if (strncmp(arg, "pgsql:", 6) == 0) {
        amzxero_main->site->dsn = apr_pstrdup(cmd->pool, arg);
    }
    else {
        return "AmzXeroDatabase must be sqlite:PATH or pgsql:PARAMETERS";
    }
    amzxero_main->has_settings = 1;
    return ap_check_cmd_context(cmd, GLOBAL_ONLY);
}

static const char *set_schema(cmd_parms *cmd, void *conf, const char *arg)
{
    (void)conf;
    if (strcasecmp(arg, "migrate") == 0) {
        amzxero_main->must_migrate = 1;
    }
    else if (strcasecmp(arg, "verify") == 0) {
        amzxero_main->must_migrate = 0;
    }
    else {
        return "AmzXeroSchema must be migrate or verify";
    }
    return ap_check_cmd_context(cmd, GLOBAL_ONLY);
}

/* Paths of the installation: where in the struct is said by cmd->info. */
static const char *set_path(cmd_parms *cmd, void *conf, const char *arg)
{
    const char **slot = NULL;
    const char *path = ap_server_root_relative(cmd->pool, arg);

    (void)conf;
    if (path == NULL) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name,
                           ": that path is not valid", NULL);
    }
    switch ((amzxero_path_e)(apr_uintptr_t)cmd->info) {
    case AMZXERO_PATH_KEYS:
        slot = &amzxero_main->api_keys_file;
        break;
    case AMZXERO_PATH_MASTER:
        slot = &amzxero_main->site->key_file;
        break;
    case AMZXERO_PATH_WORKFLOWS:
        slot = &amzxero_main->site->workflow_dir;
        break;
    case AMZXERO_PATH_CA:
        slot = &amzxero_main->site->ca_file;
        break;
    }
    *slot = path;
    amzxero_main->has_settings = 1;
    return ap_check_cmd_context(cmd, GLOBAL_ONLY);
}

static const char *set_text(cmd_parms *cmd, void *conf, const char *arg)
{
    (void)conf;
    if ((apr_uintptr_t)cmd->info == 0) {
        amzxero_main->site->proxy = apr_pstrdup(cmd->pool, arg);
    }
    else {
        const char *known = amzxero_main->site->allow_private;

        amzxero_main->site->allow_private =
            known ? apr_pstrcat(cmd->pool, known, " ", arg, NULL)
                  : apr_pstrdup(cmd->pool, arg);
    }
    return ap_check_cmd_context(cmd, GLOBAL_ONLY);
}

static const char *set_span(cmd_parms *cmd, void *conf, const char *arg)
{
    apr_interval_time_t v;

    (void)conf;
    if (ap_timeout_parameter_parse(arg, &v, "s") != APR_SUCCESS || v <= 0) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name,
                           " must be a duration such as 60, 60s or 500ms",
                           NULL);
    }
    switch ((amzxero_span_e)(apr_uintptr_t)cmd->info) {
    case AMZXERO_SPAN_LEASE:
        if (v < apr_time_from_sec(2)) {
            return "AmzXeroLease must be at least 2 seconds";
        }
        amzxero_main->site->lease_us = v;
        break;
    case AMZXERO_SPAN_DRAIN:
        amzxero_main->site->drain_us = v;
        break;
    case AMZXERO_SPAN_SETTLE:
        amzxero_main->site->settle_us = v;
        amzxero_main->site->relook_us = 2 * v;
        break;
    }
    return ap_check_cmd_context(cmd, GLOBAL_ONLY);
}

static const char *set_number(cmd_parms *cmd, void *conf, const char *arg)
{
    apr_int64_t n;
    char *end = NULL;

    (void)conf;
    n = apr_strtoi64(arg, &end, 10);
    if (end == arg || *end != '\0' || n < 1 || n > 10000000) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name,
                           " must be a number from 1 to 10000000", NULL);
    }
    switch ((amzxero_number_e)(apr_uintptr_t)cmd->info) {
    case AMZXERO_NUMBER_IN_FLIGHT:
        amzxero_main->site->max_in_flight = n > 100000 ? 100000 : (int)n;
        break;
    case AMZXERO_NUMBER_INBOX:
        amzxero_main->inbox_max = n;
        break;
    case AMZXERO_NUMBER_QUEUE:
        amzxero_main->write_queue = n;
        break;
    }
    return ap_check_cmd_context(cmd, GLOBAL_ONLY);
}

/* ---- locations ----------------------------------------------------------- */

/* The path of an endpoint is known before the request: no <LocationMatch>,
 * no "~", and nothing of the file system. */
static const char *in_location(const cmd_parms *cmd)
{
    const ap_directive_t *up = cmd->directive->parent;

    while (up != NULL && strncasecmp(up->directive, "<If", 3) == 0) {
        up = up->parent;
    }
    if (cmd->path == NULL || up == NULL
        || strcasecmp(up->directive, "<Location") != 0
        || up->args[0] == '~') {
        return apr_pstrcat(cmd->pool, cmd->cmd->name,
                           " belongs into a <Location \"/path\">", NULL);
    }
    return NULL;
}

/* For configtest, once a location. */
static void remember(const cmd_parms *cmd, const amzxero_dir_t *dir)
{
    apr_array_header_t *places = amzxero_main->places;
    amzxero_place_t *place;

    if (dir->endpoint > AMZXERO_ENDPOINT_NONE) {
        amzxero_main->has_settings = 1;
    }
    if (places->nelts > 0
        && APR_ARRAY_IDX(places, places->nelts - 1, amzxero_place_t).dir
               == dir) {
        return;
    }
    place = apr_array_push(places);
    place->dir = dir;
    place->at = cmd->directive;
}

static const char *set_endpoint(cmd_parms *cmd, void *conf, const char *arg)
{
    static const struct {
        const char *name;
        amzxero_endpoint_e endpoint;
    } names[] = {
        { "none", AMZXERO_ENDPOINT_NONE },
        { "rest", AMZXERO_ENDPOINT_REST },
        { "webhook", AMZXERO_ENDPOINT_WEBHOOK },
        { "metrics", AMZXERO_ENDPOINT_METRICS },
    };
    amzxero_dir_t *dir = conf;
    const char *err;
    apr_size_t i;

    err = in_location(cmd);
    if (err != NULL) {
        return err;
    }
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcasecmp(arg, names[i].name) == 0) {
            dir->endpoint = names[i].endpoint;
            dir->base = apr_pstrdup(cmd->pool, cmd->path);
            remember(cmd, dir);
            return NULL;
        }
    }
    return "AmzXeroEndpoint must be rest, webhook, metrics or none";
}

static const char *set_max_body(cmd_parms *cmd, void *conf, const char *arg)
{
    amzxero_dir_t *dir = conf;
    apr_off_t n;
    char *end = NULL;

    (void)cmd;
    if (apr_strtoff(&n, arg, &end, 10) != APR_SUCCESS || end == arg
        || *end != '\0' || n < 1 || n > AMZXERO_BODY_LIMIT) {
        return "AmzXeroMaxBody must be a number of bytes from 1 to 8388608";
    }
    dir->max_body = n;
    return NULL;
}

static const char *read_secret(const amzx_secret_t **out, cmd_parms *cmd,
                               const char *arg)
{
    amzx_secret_t *secret = NULL;
    amzx_fault_t fault;
    const char *path;

    if (strncmp(arg, "file:", 5) != 0) {
        return "AmzXeroWebhook: a secret is given as file:PATH";
    }
    path = ap_server_root_relative(cmd->pool, arg + 5);
    amzx_fault_clear(&fault);
    if (path == NULL
        || amzx_secret_file(&secret, path, &fault, cmd->pool)
               != APR_SUCCESS) {
        return apr_psprintf(cmd->pool, "AmzXeroWebhook: %s: %s", arg,
                            fault.detail);
    }
    *out = secret;
    return NULL;
}

/* "api-key:X-Header" and the like. */
static const char *read_scheme(amzx_verify_t *v, cmd_parms *cmd,
                               const char *arg)
{
    const char *colon = strchr(arg, ':');
    const char *name =
        colon ? apr_pstrmemdup(cmd->pool, arg, (apr_size_t)(colon - arg))
              : arg;

    v->scheme = amzx_verify_of(name);
    if (v->scheme == AMZX_VERIFY_NONE) {
        return "AmzXeroWebhook: the verifier must be api-key[:HEADER], "
               "hmac-sha256[:HEADER], standard-webhooks or xero";
    }
    if (colon != NULL) {
        v->header = apr_pstrdup(cmd->pool, colon + 1);
    }
    return NULL;
}

static const char *set_webhook(cmd_parms *cmd, void *conf, int argc,
                               char *const argv[])
{
    amzxero_dir_t *dir = conf;
    amzx_verify_t *v = apr_pcalloc(cmd->pool, sizeof(*v));
    amzx_fault_t fault;
    const char *err;

    if (argc < 3 || argc > 4) {
        return "AmzXeroWebhook takes a source, a verifier and one or two "
               "secrets: AmzXeroWebhook amazon.notifications "
               "api-key:X-Secret file:conf/secret";
    }
    if (strcmp(argv[0], "amazon.notifications") != 0) {
        return "AmzXeroWebhook: the source must be amazon.notifications";
    }
    err = read_scheme(v, cmd, argv[1]);
    if (err == NULL) {
        err = read_secret(&v->current, cmd, argv[2]);
    }
    if (err == NULL && argc == 4) {
        err = read_secret(&v->previous, cmd, argv[3]);
    }
    if (err != NULL) {
        return err;
    }
    amzx_fault_clear(&fault);
    if (amzx_verify_check(v, &fault, cmd->pool) != APR_SUCCESS) {
        return apr_psprintf(cmd->pool, "AmzXeroWebhook: %s", fault.detail);
    }
    dir->source = apr_pstrdup(cmd->pool, argv[0]);
    dir->verify = v;
    return NULL;
}

static const char *bind_tenant(cmd_parms *cmd, void *conf, const char *arg)
{
    amzxero_dir_t *dir = conf;

    dir->tenant = apr_pstrdup(cmd->pool, arg);
    if (cmd->path != NULL) {
        remember(cmd, dir);
    }
    return NULL;
}

const command_rec amzxero_cmds[] = {
    AP_INIT_FLAG("AmzXeroEngine", set_engine, NULL, RSRC_CONF,
                 "On or Off: does this httpd execute workflows?"),
    AP_INIT_TAKE1("AmzXeroDatabase", set_database, NULL, RSRC_CONF,
                  "sqlite:PATH or pgsql:PARAMETERS"),
    AP_INIT_TAKE1("AmzXeroSchema", set_schema, NULL, RSRC_CONF,
                  "migrate or verify"),
    AP_INIT_TAKE1("AmzXeroApiKeys", set_path,
                  AMZXERO_INFO(AMZXERO_PATH_KEYS), RSRC_CONF,
                  "file with the API keys of the REST endpoint"),
    AP_INIT_TAKE1("AmzXeroKeyFile", set_path,
                  AMZXERO_INFO(AMZXERO_PATH_MASTER), RSRC_CONF,
                  "file with the keys that seal stored data"),
    AP_INIT_TAKE1("AmzXeroWorkflowDir", set_path,
                  AMZXERO_INFO(AMZXERO_PATH_WORKFLOWS), RSRC_CONF,
                  "folder of workflow definitions"),
    AP_INIT_TAKE1("AmzXeroCAFile", set_path, AMZXERO_INFO(AMZXERO_PATH_CA),
                  RSRC_CONF, "certificates of trusted authorities"),
    AP_INIT_TAKE1("AmzXeroProxy", set_text, AMZXERO_INFO(0), RSRC_CONF,
                  "URL of a proxy for outbound calls"),
    AP_INIT_ITERATE("AmzXeroAllowPrivate", set_text, AMZXERO_INFO(1),
                    RSRC_CONF,
                    "hosts that may have private addresses or plain http"),
    AP_INIT_TAKE1("AmzXeroLease", set_span, AMZXERO_INFO(AMZXERO_SPAN_LEASE),
                  RSRC_CONF, "how long a claimed run is held"),
    AP_INIT_TAKE1("AmzXeroDrain", set_span, AMZXERO_INFO(AMZXERO_SPAN_DRAIN),
                  RSRC_CONF, "how long a stopping engine finishes its calls"),
    AP_INIT_TAKE1("AmzXeroSettle", set_span,
                  AMZXERO_INFO(AMZXERO_SPAN_SETTLE), RSRC_CONF,
                  "wait before an effect of unknown fate is looked up"),
    AP_INIT_TAKE1("AmzXeroInFlight", set_number,
                  AMZXERO_INFO(AMZXERO_NUMBER_IN_FLIGHT), RSRC_CONF,
                  "runs an engine holds in memory at once"),
    AP_INIT_TAKE1("AmzXeroInboxMax", set_number,
                  AMZXERO_INFO(AMZXERO_NUMBER_INBOX), RSRC_CONF,
                  "waiting deliveries beyond which senders are put off"),
    AP_INIT_TAKE1("AmzXeroWriteQueue", set_number,
                  AMZXERO_INFO(AMZXERO_NUMBER_QUEUE), RSRC_CONF,
                  "writes waiting in one process beyond which senders are "
                  "put off"),
    AP_INIT_TAKE1("AmzXeroEndpoint", set_endpoint, NULL, ACCESS_CONF,
                  "rest, webhook, metrics or none"),
    AP_INIT_TAKE1("AmzXeroTenant", bind_tenant, NULL, ACCESS_CONF | RSRC_CONF,
                  "the tenant of this location"),
    AP_INIT_TAKE_ARGV("AmzXeroWebhook", set_webhook, NULL, ACCESS_CONF,
                      "source, verifier, secret, previous secret"),
    AP_INIT_TAKE1("AmzXeroMaxBody", set_max_body, NULL,
                  ACCESS_CONF | RSRC_CONF, "largest body in bytes"),
    AP_INIT_RAW_ARGS("<AmzXeroTenant", amzxero_tenant_section, NULL,
                     RSRC_CONF, "a merchant: NAME"),
    AP_INIT_TAKE1("AmzXeroBaseCurrency", amzxero_tenant_set,
                  AMZXERO_INFO(AMZXERO_TENANT_CURRENCY), RSRC_CONF,
                  "base currency of the tenant's Xero organisation"),
    AP_INIT_TAKE1("AmzXeroTimeZone", amzxero_tenant_set,
                  AMZXERO_INFO(AMZXERO_TENANT_ZONE), RSRC_CONF,
                  "time zone of the tenant's books"),
    AP_INIT_TAKE3("AmzXeroSet", amzxero_tenant_param, NULL, RSRC_CONF,
                  "workflow, parameter, value"),
    AP_INIT_RAW_ARGS("<AmzXeroConnection", amzxero_conn_section, NULL,
                     RSRC_CONF, "an account at a peer: NAME"),
    AP_INIT_TAKE1("AmzXeroConnector", amzxero_conn_set,
                  AMZXERO_INFO(AMZXERO_CONN_TYPE), RSRC_CONF,
                  "amazon.spapi or xero.accounting"),
    AP_INIT_TAKE1("AmzXeroBaseURL", amzxero_conn_set,
                  AMZXERO_INFO(AMZXERO_CONN_BASE), RSRC_CONF,
                  "where the peer's API is, when not the standard host"),
    AP_INIT_TAKE1("AmzXeroTokenURL", amzxero_conn_set,
                  AMZXERO_INFO(AMZXERO_CONN_TOKEN), RSRC_CONF,
                  "the peer's token endpoint, when not the standard one"),
    AP_INIT_TAKE1("AmzXeroGrant", amzxero_conn_set,
                  AMZXERO_INFO(AMZXERO_CONN_GRANT), RSRC_CONF,
                  "refresh_token or client_credentials"),
    AP_INIT_TAKE1("AmzXeroScope", amzxero_conn_set,
                  AMZXERO_INFO(AMZXERO_CONN_SCOPE), RSRC_CONF,
                  "OAuth scopes, space separated in quotes"),
    AP_INIT_TAKE1("AmzXeroAccount", amzxero_conn_set,
                  AMZXERO_INFO(AMZXERO_CONN_ACCOUNT), RSRC_CONF,
                  "Xero tenant id or Amazon seller id"),
    AP_INIT_TAKE1("AmzXeroRegion", amzxero_conn_set,
                  AMZXERO_INFO(AMZXERO_CONN_REGION), RSRC_CONF,
                  "eu, na or fe"),
    AP_INIT_TAKE1("AmzXeroMarketplaces", amzxero_conn_set,
                  AMZXERO_INFO(AMZXERO_CONN_MARKETPLACES), RSRC_CONF,
                  "marketplace ids, comma separated"),
    AP_INIT_TAKE1("AmzXeroCredential", amzxero_conn_set,
                  AMZXERO_INFO(AMZXERO_CONN_CREDENTIAL), RSRC_CONF,
                  "file:PATH of the credentials"),
    AP_INIT_TAKE_ARGV("AmzXeroRate", amzxero_conn_rate, NULL, RSRC_CONF,
                      "calls a minute, burst, calls a day, at once; or off"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};
