/* SPDX-License-Identifier: Apache-2.0 */
/** @file amzxero_cmds.h  Between the two files of directives. */
#ifndef AMZXERO_CMDS_H
#define AMZXERO_CMDS_H

#include "mod_amzxero.h"

#define AMZXERO_INFO(n) ((void *)(apr_uintptr_t)(n))

typedef enum {
    AMZXERO_PATH_KEYS,
    AMZXERO_PATH_MASTER,
    AMZXERO_PATH_WORKFLOWS,
    AMZXERO_PATH_CA
} amzxero_path_e;

typedef enum {
    AMZXERO_SPAN_LEASE,
    AMZXERO_SPAN_DRAIN,
    AMZXERO_SPAN_SETTLE
} amzxero_span_e;

typedef enum {
    AMZXERO_NUMBER_IN_FLIGHT,
    AMZXERO_NUMBER_INBOX,
    AMZXERO_NUMBER_QUEUE
} amzxero_number_e;

typedef enum { AMZXERO_TENANT_CURRENCY, AMZXERO_TENANT_ZONE } amzxero_tenant_e;

typedef enum {
    AMZXERO_CONN_TYPE,
    AMZXERO_CONN_BASE,
    AMZXERO_CONN_TOKEN,
    AMZXERO_CONN_GRANT,
    AMZXERO_CONN_SCOPE,
    AMZXERO_CONN_ACCOUNT,
    AMZXERO_CONN_REGION,
    AMZXERO_CONN_MARKETPLACES,
    AMZXERO_CONN_CREDENTIAL
} amzxero_conn_e;

/* amzxero_sections.c */
const char *amzxero_tenant_section(cmd_parms *cmd, void *conf,
                                   const char *arg);
const char *amzxero_tenant_set(cmd_parms *cmd, void *conf, const char *arg);
const char *amzxero_tenant_param(cmd_parms *cmd, void *conf,
                                 const char *workflow, const char *name,
                                 const char *value);
const char *amzxero_conn_section(cmd_parms *cmd, void *conf, const char *arg);
const char *amzxero_conn_set(cmd_parms *cmd, void *conf, const char *arg);
const char *amzxero_conn_rate(cmd_parms *cmd, void *conf, int argc,
                              char *const argv[]);

#endif
