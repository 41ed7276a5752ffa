/* SPDX-License-Identifier: Apache-2.0 */
/* The module record of mod_amzxero_sandbox. */
#include <httpd.h>
#include <http_config.h>

static void register_hooks(apr_pool_t *p)
{
    (void)p;
}

module AP_MODULE_DECLARE_DATA amzxero_sandbox_module = {
    STANDARD20_MODULE_STUFF,
    NULL, /* per-directory configuration */
    NULL, /* merge per-directory configuration */
    NULL, /* per-server configuration */
    NULL, /* merge per-server configuration */
    NULL, /* directives */
    register_hooks,
    AP_MODULE_FLAG_NONE
};
