/* SPDX-License-Identifier: Apache-2.0 */
/* <AmzXeroTenant> and <AmzXeroConnection>: merchants and their accounts. */
#include "amzxero_cmds.h"

#include <apr_strings.h>

#include <ctype.h>
#include <string.h>

#include "amzx_connector.h"
#include "amzx_money.h"
#include "amzx_str.h"
#include "amzx_time.h"

/* "NAME>" of a section's opening line; NULL when it is not a plain name. */
static const char *section_name(cmd_parms *cmd, const char *arg)
{
    const char *end = ap_strrchr_c(arg, '>');
    const char *name;
    const char *at;

    if (end == NULL) {
        return NULL;
    }
    arg = apr_pstrmemdup(cmd->temp_pool, arg, (apr_size_t)(end - arg));
    name = ap_getword_conf(cmd->pool, &arg);
    if (name[0] == '\0' || strlen(name) > 63 || arg[0] != '\0') {
        return NULL;
    }
    for (at = name; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at) && *at != '-' && *at != '_') {
            return NULL;
        }
    }
    return name;
}

const char *amzxero_tenant_section(cmd_parms *cmd, void *conf,
                                   const char *arg)
{
    const char *name = section_name(cmd, arg);
    const char *err;

    if (name == NULL) {
        return "<AmzXeroTenant NAME>: a name of letters, digits, - and _";
    }
    if (amzxero_main->tenant_now != NULL) {
        return "<AmzXeroTenant> cannot stand inside another";
    }
    amzxero_main->has_settings = 1;
    amzxero_main->tenant_now =
        amzx_site_tenant(amzxero_main->site, name, cmd->pool);
    err = ap_walk_config(cmd->directive->first_child, cmd, conf);
    amzxero_main->tenant_now = NULL;
    return err;
}

static const char *outside_tenant(cmd_parms *cmd)
{
    return apr_pstrcat(cmd->pool, cmd->cmd->name,
                       " belongs into an <AmzXeroTenant>", NULL);
}

const char *amzxero_tenant_set(cmd_parms *cmd, void *conf, const char *arg)
{
    amzx_tenant_t *t = amzxero_main->tenant_now;
    const amzx_tz_t *tz = NULL;

    (void)conf;
    if (t == NULL) {
        return outside_tenant(cmd);
    }
    if ((amzxero_tenant_e)(apr_uintptr_t)cmd->info
        == AMZXERO_TENANT_CURRENCY) {
        if (amzx_money_minor(arg) < 0) {
            return "AmzXeroBaseCurrency must be an ISO 4217 code such as GBP";
        }
        t->base_currency = apr_pstrdup(cmd->pool, arg);
        return NULL;
    }
    if (amzx_tz_load(&tz, arg, cmd->temp_pool) != APR_SUCCESS) {
        return "AmzXeroTimeZone must be a name of the tz database such as "
               "Europe/London (is the package tzdata installed?)";
    }
    t->timezone = apr_pstrdup(cmd->pool, arg);
    return NULL;
}

const char *amzxero_tenant_param(cmd_parms *cmd, void *conf,
                                 const char *workflow, const char *name,
                                 const char *value)
{
    amzx_tenant_t *t = amzxero_main->tenant_now;
    amzx_setting_t *s;

    (void)conf;
    if (t == NULL) {
        return outside_tenant(cmd);
    }
    s = apr_array_push(t->settings);
    s->workflow = apr_pstrdup(cmd->pool, workflow);
    s->name = apr_pstrdup(cmd->pool, name);
    s->value = apr_pstrdup(cmd->pool, value);
    return NULL;
}

/* ---- connections --------------------------------------------------------- */

static amzx_conn_t *new_conn(const amzx_tenant_t *t, const char *name,
                             apr_pool_t *p)
{
    amzx_conn_t *c = apr_pcalloc(p, sizeof(*c));

    c->tenant = t->id;
    c->name = name;
    c->scope = "";
    c->account = "";
    c->region = "";
    c->marketplaces = "";
    c->credential_file = "";
    return c;
}

static const char *complete_conn(cmd_parms *cmd, amzx_conn_t *c)
{
    const amzx_connector_t *connector;
    amzx_fault_t fault;

    if (c->type == NULL) {
        return apr_psprintf(cmd->pool,
                            "<AmzXeroConnection %s> needs AmzXeroConnector",
                            c->name);
    }
    connector = amzx_connector_find(c->type);
    amzx_fault_clear(&fault);
    if (connector->defaults(c, &fault, cmd->pool) != APR_SUCCESS) {
        return apr_psprintf(cmd->pool, "<AmzXeroConnection %s>: %s", c->name,
                            fault.detail);
    }
    return NULL;
}

const char *amzxero_conn_section(cmd_parms *cmd, void *conf, const char *arg)
{
    amzx_tenant_t *t = amzxero_main->tenant_now;
    const char *name = section_name(cmd, arg);
    const char *err;

    if (t == NULL) {
        return "<AmzXeroConnection> belongs into an <AmzXeroTenant>";
    }
    if (name == NULL) {
        return "<AmzXeroConnection NAME>: a name of letters, digits, - and _";
    }
    if (amzx_tenant_conn(t, name) != NULL) {
        return apr_psprintf(cmd->pool,
                            "tenant %s has a connection \"%s\" already",
                            t->id, name);
    }
    amzxero_main->conn_now = new_conn(t, name, cmd->pool);
    err = ap_walk_config(cmd->directive->first_child, cmd, conf);
    if (err == NULL) {
        err = complete_conn(cmd, amzxero_main->conn_now);
    }
    if (err == NULL) {
        APR_ARRAY_PUSH(t->conns, amzx_conn_t *) = amzxero_main->conn_now;
    }
    amzxero_main->conn_now = NULL;
    return err;
}

static const char *set_credential(cmd_parms *cmd, amzx_conn_t *c,
                                  const char *arg)
{
    const char *path;

    if (strncmp(arg, "file:", 5) != 0) {
        return "AmzXeroCredential must be file:PATH";
    }
    path = ap_server_root_relative(cmd->pool, arg + 5);
    if (path == NULL) {
        return "AmzXeroCredential: that path is not valid";
    }
    c->credential_file = path;
    return NULL;
}

const char *amzxero_conn_set(cmd_parms *cmd, void *conf, const char *arg)
{
    amzx_conn_t *c = amzxero_main->conn_now;
    const char *value = apr_pstrdup(cmd->pool, arg);

    (void)conf;
    if (c == NULL) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name,
                           " belongs into an <AmzXeroConnection>", NULL);
    }
    switch ((amzxero_conn_e)(apr_uintptr_t)cmd->info) {
    case AMZXERO_CONN_TYPE:
        if (amzx_connector_find(value) == NULL) {
            return "AmzXeroConnector must be amazon.spapi or xero.accounting";
        }
        c->type = value;
        break;
    case AMZXERO_CONN_BASE:
        c->base_url = value;
        break;
    case AMZXERO_CONN_TOKEN:
        c->token_url = value;
        break;
    case AMZXERO_CONN_GRANT:
        if (strcmp(value, "refresh_token") != 0
            && strcmp(value, "client_credentials") != 0) {
            return "AmzXeroGrant must be refresh_token or client_credentials";
        }
        c->grant = value;
        break;
    case AMZXERO_CONN_SCOPE:
        c->scope = value;
        break;
    case AMZXERO_CONN_ACCOUNT:
        c->account = value;
        break;
    case AMZXERO_CONN_REGION:
        c->region = value;
        break;
    case AMZXERO_CONN_MARKETPLACES:
        c->marketplaces = value;
        break;
    case AMZXERO_CONN_CREDENTIAL:
        return set_credential(cmd, c, value);
    }
    return NULL;
}

const char *amzxero_conn_rate(cmd_parms *cmd, void *conf, int argc,
                              char *const argv[])
{
    amzx_conn_t *c = amzxero_main->conn_now;
    int *slots[4];
    apr_int64_t n;
    int i;

    (void)conf;
    if (c == NULL) {
        return "AmzXeroRate belongs into an <AmzXeroConnection>";
    }
    slots[0] = &c->per_minute;
    slots[1] = &c->burst;
    slots[2] = &c->per_day;
    slots[3] = &c->concurrent;
    if (argc == 1 && strcasecmp(argv[0], "off") == 0) {
        for (i = 0; i < 4; i++) {
            *slots[i] = -1;
        }
        c->use_op_limits = -1;
        return NULL;
    }
    if (argc != 4) {
        return "AmzXeroRate takes off, or four numbers: calls a minute, "
               "burst, calls a day, calls at once";
    }
    for (i = 0; i < 4; i++) {
        if (amzx_int_parse(&n, argv[i]) != APR_SUCCESS || n < 0
            || n > 1000000) {
            return apr_psprintf(cmd->pool,
                                "AmzXeroRate: \"%s\" is not a number from 0 "
                                "to 1000000",
                                argv[i]);
        }
        *slots[i] = n == 0 ? -1 : (int)n;
    }
    return NULL;
}
