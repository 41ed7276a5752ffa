/* SPDX-License-Identifier: Apache-2.0 */
/* Deliveries: unwrapping and the delivery id never read too far, agree with
 * themselves, and keep what they promise about their results. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>

#include "amzx_envelope.h"
#include "amzx_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    apr_array_header_t *events = NULL;
    apr_pool_t *p = NULL;
    amzx_fault_t fault;
    const char *id;
    int i;

    if (!root && (apr_initialize() != APR_SUCCESS
                  || apr_pool_create(&root, NULL) != APR_SUCCESS)) {
        abort();
    }
    apr_pool_create(&p, root);
    amzx_fault_clear(&fault);
    id = amzx_envelope_delivery_id((const char *)data, size, p);
    if (strlen(id) < 3 || id[1] != ':' || strlen(id) > 110) {
        abort();
    }
    if (amzx_envelope_amazon(&events, (const char *)data, size, &fault, p)
        == APR_SUCCESS) {
        if (!events || events->nelts == 0) {
            abort();
        }
        for (i = 0; i < events->nelts; i++) {
            const amzx_event_t *e = &APR_ARRAY_IDX(events, i, amzx_event_t);

            if (!e->type || !e->id || !e->event
                || !amzx_json_write(e->event, NULL, p)) {
                abort();
            }
        }
    }
    else if (events || fault.klass != AMZX_FAULT_REJECTED) {
        abort();
    }
    apr_pool_destroy(p);
    return 0;
}
