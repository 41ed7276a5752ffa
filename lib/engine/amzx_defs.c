/* SPDX-License-Identifier: Apache-2.0 */
/* The workflow folder, and versions that only the database still has. */
#include "amzx_defs.h"

#include <apr_file_info.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#include "amzx_connector.h"
#include "amzx_str.h"

#define MAX_FILE (1024 * 1024)
#define XSD_NAME "amzxero-workflow-1.xsd"

#ifndef AMZX_DATADIR
#define AMZX_DATADIR "/usr/share/amzxero"
#endif

struct amzx_defs_t {
    apr_pool_t *pool;
    apr_array_header_t *flows; /* amzx_flow_t * of the folder */
    apr_hash_t *pinned;        /* sha -> amzx_flow_t * from the database */
    amzx_xsd_t *xsd;
    apr_array_header_t *names; /* file names, sorted */
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int is_xml(const char *name)
{
    apr_size_t len = strlen(name);

    return name[0] != '.' && len > 4 && strcmp(name + len - 4, ".xml") == 0;
}

static apr_status_t list_files(apr_array_header_t **names, const char *dir,
                               amzx_fault_t *fault, apr_pool_t *p)
{
    apr_dir_t *d = NULL;
    apr_finfo_t info;
    apr_status_t rv;

    *names = apr_array_make(p, 8, sizeof(const char *));
    rv = apr_dir_open(&d, dir, p);
    if (rv != APR_SUCCESS) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, rv,
                              "config.workflow_dir",
                              "cannot read workflow folder %s", dir);
    }
    while (apr_dir_read(&info, APR_FINFO_NAME, d) == APR_SUCCESS) {
        if (is_xml(info.name)) {
            APR_ARRAY_PUSH(*names, const char *) = apr_pstrdup(p, info.name);
        }
    }
    apr_dir_close(d);
    qsort((*names)->elts, (size_t)(*names)->nelts, sizeof(const char *),
          by_name);
    return APR_SUCCESS;
}

static apr_status_t load_xsd(amzx_defs_t *defs, const char *dir,
                             amzx_fault_t *fault)
{
    const char *path = apr_pstrcat(defs->pool, dir, "/" XSD_NAME, NULL);
    char *bytes = NULL;
    apr_size_t len = 0;
    apr_status_t rv;

    rv = amzx_file_read(&bytes, &len, path, MAX_FILE, defs->pool);
    if (APR_STATUS_IS_ENOENT(rv)) {
        path = AMZX_DATADIR "/workflows/" XSD_NAME;
        rv = amzx_file_read(&bytes, &len, path, MAX_FILE, defs->pool);
    }
    if (rv != APR_SUCCESS) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, rv,
                              "config.workflow_schema",
                              "cannot read the workflow schema %s", path);
    }
    return amzx_xsd_load(&defs->xsd, bytes, len, fault, defs->pool);
}

/* What "<run workflow>" may name: any definition of the folder. The files
 * are named like their workflows, which the loader checks afterwards. */
static int has_workflow(void *ctx, const char *name)
{
    const amzx_defs_t *defs = ctx;
    apr_size_t len = strlen(name);
    int i;

    for (i = 0; i < defs->names->nelts; i++) {
        const char *file = APR_ARRAY_IDX(defs->names, i, const char *);

        if (strncmp(file, name, len) == 0 && strcmp(file + len, ".xml") == 0) {
            return 1;
        }
    }
    return 0;
}

static void fill_world(amzx_flow_world_t *world, amzx_defs_t *defs)
{
    memset(world, 0, sizeof(*world));
    world->find_op = amzx_op_find;
    world->op_at = amzx_op_at;
    world->xsd = defs->xsd;
    if (defs->names != NULL) {
        world->has_workflow = has_workflow;
        world->ctx = defs;
    }
}

/* Files of libraries, overlays and tests stand beside workflows. */
static int is_workflow(const char *bytes)
{
    const char *at = strstr(bytes, "<workflow");

    return at != NULL
           && (at[9] == ' ' || at[9] == '\n' || at[9] == '\t'
               || at[9] == '\r' || at[9] == '>');
}

static apr_status_t load_file(amzx_defs_t *defs, amzx_buf_t *out,
                              const char *dir, const char *name,
                              amzx_fault_t *fault)
{
    apr_pool_t *p = defs->pool;
    const char *path = apr_pstrcat(p, dir, "/", name, NULL);
    amzx_problems_t *ps = amzx_problems_make(path, p);
    amzx_flow_world_t world;
    amzx_flow_t *flow = NULL;
    char *bytes = NULL;
    apr_size_t len = 0;
    apr_status_t rv;

    rv = amzx_file_read(&bytes, &len, path, MAX_FILE, p);
    if (rv != APR_SUCCESS) {
        amzx_buf_printf(out, "%s:1:0: error: cannot read it, or it is larger "
                             "than 1 MiB [config.file]\n",
                        path);
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, rv,
                              "config.workflow", "cannot read %s", path);
    }
    if (!is_workflow(bytes)
        && (strstr(bytes, "<library") || strstr(bytes, "<overlay")
            || strstr(bytes, "<tests"))) {
        return APR_SUCCESS;
    }
    fill_world(&world, defs);
    rv = amzx_flow_load(&flow, bytes, len, &world, ps, p);
    if (ps->list->nelts > 0) {
        amzx_buf_puts(out, amzx_problems_text(ps, p));
    }
    if (rv != APR_SUCCESS) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, rv,
                              "config.workflow", "%s has %d errors", path,
                              amzx_problems_errors(ps));
    }
    if (amzx_defs_find(defs, amzx_flow_name(flow)) != NULL) {
        amzx_buf_printf(out, "%s:1:0: error: another file of this folder "
                             "already defines workflow \"%s\" "
                             "[config.workflow]\n",
                        path, amzx_flow_name(flow));
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_EEXIST,
                              "config.workflow", "%s defines \"%s\" again",
                              path, amzx_flow_name(flow));
    }
    APR_ARRAY_PUSH(defs->flows, amzx_flow_t *) = flow;
    return APR_SUCCESS;
}

apr_status_t amzx_defs_load(amzx_defs_t **out, const char **text,
                            const char *dir, amzx_fault_t *fault,
                            apr_pool_t *p)
{
    amzx_defs_t *defs = apr_pcalloc(p, sizeof(*defs));
    amzx_buf_t problems;
    apr_status_t first = APR_SUCCESS;
    apr_status_t rv;
    int i;

    *out = NULL;
    defs->pool = p;
    defs->flows = apr_array_make(p, 4, sizeof(amzx_flow_t *));
    defs->pinned = apr_hash_make(p);
    amzx_buf_init(&problems, 256, p);
    rv = load_xsd(defs, dir, fault);
    if (rv == APR_SUCCESS) {
        rv = list_files(&defs->names, dir, fault, p);
    }
    for (i = 0; rv == APR_SUCCESS && i < defs->names->nelts; i++) {
        apr_status_t one = load_file(
            defs, &problems, dir, APR_ARRAY_IDX(defs->names, i, const char *),
            first == APR_SUCCESS ? fault : NULL);

        if (one != APR_SUCCESS && first == APR_SUCCESS) {
            first = one;
        }
    }
    if (text != NULL) {
        *text = problems.s;
    }
    if (rv == APR_SUCCESS) {
        rv = first;
    }
    if (rv == APR_SUCCESS) {
        *out = defs;
    }
    return rv;
}

apr_status_t amzx_defs_publish(const amzx_defs_t *defs, amzx_txn_t *txn,
                               apr_time_t now, amzx_fault_t *fault,
                               apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < defs->flows->nelts && rv == APR_SUCCESS; i++) {
        const amzx_flow_t *f = APR_ARRAY_IDX(defs->flows, i, amzx_flow_t *);

        rv = amzx_definition_put(txn, amzx_flow_name(f), amzx_flow_version(f),
                                 amzx_flow_sha(f), amzx_flow_text(f, NULL),
                                 now, fault, p);
    }
    return rv;
}

int amzx_defs_count(const amzx_defs_t *defs)
{
    return defs->flows->nelts;
}

const amzx_flow_t *amzx_defs_at(const amzx_defs_t *defs, int i)
{
    return APR_ARRAY_IDX(defs->flows, i, amzx_flow_t *);
}

const amzx_flow_t *amzx_defs_find(const amzx_defs_t *defs, const char *name)
{
    int i;

    for (i = 0; i < defs->flows->nelts; i++) {
        if (strcmp(amzx_flow_name(amzx_defs_at(defs, i)), name) == 0) {
            return amzx_defs_at(defs, i);
        }
    }
    return NULL;
}

apr_status_t amzx_defs_pinned(const amzx_flow_t **flow, amzx_defs_t *defs,
                              amzx_db_t *db, const char *name,
                              const char *sha, amzx_fault_t *fault)
{
    amzx_flow_world_t world;
    amzx_problems_t *ps;
    amzx_flow_t *loaded = NULL;
    const char *text = NULL;
    apr_status_t rv;

    *flow = amzx_defs_find(defs, name);
    if (*flow != NULL && strcmp(amzx_flow_sha(*flow), sha) == 0) {
        return APR_SUCCESS;
    }
    *flow = apr_hash_get(defs->pinned, sha, APR_HASH_KEY_STRING);
    if (*flow != NULL) {
        return APR_SUCCESS;
    }
    rv = amzx_definition_get(&text, db, name, sha, fault, defs->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (text == NULL) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_ENOENT,
                              "config.definition",
                              "the definition of %s this run began with is "
                              "not known here",
                              name);
    }
    ps = amzx_problems_make(name, defs->pool);
    fill_world(&world, defs);
    rv = amzx_flow_load(&loaded, text, strlen(text), &world, ps, defs->pool);
    if (rv != APR_SUCCESS) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, rv,
                              "config.definition",
                              "the stored definition of %s no longer loads",
                              name);
    }
    apr_hash_set(defs->pinned, amzx_flow_sha(loaded), APR_HASH_KEY_STRING,
                 loaded);
    *flow = loaded;
    return APR_SUCCESS;
}
