/* SPDX-License-Identifier: Apache-2.0 */
/* The registry: every connector and operation that is built in. */
#include "amzx_connector.h"

#include <string.h>

#include "amzx_call.h"

static const amzx_connector_t *const connectors[] = {
    &amzx_amazon_connector, &amzx_xero_connector, NULL};

const amzx_connector_t *const *amzx_connectors(void)
{
    return connectors;
}

const amzx_connector_t *amzx_connector_find(const char *type)
{
    int i;

    for (i = 0; connectors[i]; i++) {
        if (strcmp(connectors[i]->type, type) == 0) {
            return connectors[i];
        }
    }
    return NULL;
}

static const amzx_op_impl_t *impl_at(int wanted)
{
    const amzx_op_impl_t *impl;
    int i;

    for (i = 0; connectors[i]; i++) {
        for (impl = connectors[i]->ops; impl->op.name; impl++) {
            if (wanted-- == 0) {
                return impl;
            }
        }
    }
    for (impl = amzx_local_ops; impl->op.name; impl++) {
        if (wanted-- == 0) {
            return impl;
        }
    }
    return NULL;
}

const amzx_op_impl_t *amzx_op_impl_find(const char *name)
{
    const amzx_op_impl_t *impl;
    int i;

    for (i = 0; (impl = impl_at(i)) != NULL; i++) {
        if (strcmp(impl->op.name, name) == 0) {
            return impl;
        }
    }
    return NULL;
}

const amzx_op_t *amzx_op_find(const char *name)
{
    const amzx_op_impl_t *impl = amzx_op_impl_find(name);

    return impl ? &impl->op : NULL;
}

const amzx_op_t *amzx_op_at(int i)
{
    const amzx_op_impl_t *impl = i >= 0 ? impl_at(i) : NULL;

    return impl ? &impl->op : NULL;
}
