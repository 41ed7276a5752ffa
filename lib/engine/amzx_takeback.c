/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of engines that ended without a word need not wait for their lease. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "amzx_engine_int.h"

static int is_gone(apr_int64_t pid)
{
    return pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

apr_status_t amzx_take_back(apr_int64_t *count, amzx_engine_t *e,
                            amzx_txn_t *txn, amzx_fault_t *fault)
{
    apr_array_header_t *nodes = NULL;
    apr_int64_t n = 0;
    apr_status_t rv;
    int i;

    *count = 0;
    rv = amzx_node_list(&nodes, txn, e->host, fault, e->tick_pool);
    for (i = 0; rv == APR_SUCCESS && i < nodes->nelts; i++) {
        const amzx_node_t *node = &APR_ARRAY_IDX(nodes, i, amzx_node_t);

        if (strcmp(node->owner, e->owner) == 0 || !is_gone(node->pid)) {
            continue;
        }
        rv = amzx_run_release_all(&n, txn, node->owner, amzx_now(e->env),
                                  fault, e->tick_pool);
        *count += n;
        if (rv == APR_SUCCESS) {
            rv = amzx_node_forget(txn, node->owner, amzx_now(e->env), fault,
                                  e->tick_pool);
        }
    }
    return rv;
}
