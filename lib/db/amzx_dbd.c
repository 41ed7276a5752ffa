/* SPDX-License-Identifier: Apache-2.0 */
/* APR DBD itself: drivers are loaded once and connections opened here. */
#include <apr_dbd.h>

#include "amzx_db_private.h"

apr_status_t amzx_dbd_load(const char *name, amzx_fault_t *fault,
                           apr_pool_t *p)
{
    const apr_dbd_driver_t *found = NULL;
    apr_status_t rv;

    rv = apr_dbd_init(p); /* counts its callers: only the first does work */
    if (rv == APR_SUCCESS) {
        rv = apr_dbd_get_driver(p, name, &found);
    }
    if (rv != APR_SUCCESS) {
        return amzx_fault_set(fault, AMZX_FAULT_CONFIG, APR_ENOTIMPL,
                              "config.database",
                              "APR has no database driver %s: install it",
                              name);
    }
    return APR_SUCCESS;
}

apr_status_t amzx_dbd_open(const void **driver, void **handle,
                           const char *name, const char *params,
                           const char **error, apr_pool_t *p)
{
    const apr_dbd_driver_t *found = NULL;
    apr_dbd_t *opened = NULL;
    apr_status_t rv;

    *driver = NULL;
    *handle = NULL;
    *error = NULL;
    rv = apr_dbd_get_driver(p, name, &found);
    if (rv == APR_SUCCESS) {
        rv = apr_dbd_open_ex(found, p, params, &opened, error);
    }
    if (rv != APR_SUCCESS || !opened) {
        return rv != APR_SUCCESS ? rv : APR_EGENERAL;
    }
    *driver = found;
    *handle = opened;
    return APR_SUCCESS;
}

void amzx_dbd_close(const void *driver, void *handle)
{
    if (handle) {
        apr_dbd_close(driver, handle);
    }
}

void *amzx_dbd_native(const void *driver, void *handle)
{
    return apr_dbd_native_handle(driver, handle);
}
