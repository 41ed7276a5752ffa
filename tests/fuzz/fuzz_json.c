/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz JSON: what parses is written and read again without a difference. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>

#include "amzx_json.h"
#include "amzx_str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(int is_true)
{
    if (!is_true) {
        abort();
    }
}

/* A text of ours gives the value it was written from. */
static void check_text(const char *text, apr_size_t len, const amzx_val_t *v,
                       apr_pool_t *p)
{
    amzx_json_limits_t wide = {(apr_size_t)1 << 30, 1000, 10000000};
    const amzx_val_t *back;

    need(strlen(text) == len && amzx_utf8_is_valid(text, len));
    need(amzx_json_parse(&back, text, len, &wide, NULL, p) == APR_SUCCESS);
    need(amzx_val_equal(v, back));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    const amzx_val_t *v;
    amzx_fault_t fault;
    const char *text;
    apr_size_t len;
    apr_pool_t *p;

    if (root == NULL) {
        apr_initialize();
        need(apr_pool_create(&root, NULL) == APR_SUCCESS);
    }
    need(apr_pool_create(&p, root) == APR_SUCCESS);
    amzx_fault_clear(&fault);
    if (amzx_json_parse(&v, (const char *)data, size, NULL, &fault, p)
        == APR_SUCCESS) {
        text = amzx_json_write(v, &len, p);
        check_text(text, len, v, p);
        text = amzx_json_write_sorted(v, &len, p);
        check_text(text, len, v, p);
        text = amzx_json_write_pretty(v, &len, p);
        check_text(text, len, v, p);
        need(amzx_val_equal(v, amzx_val_copy(v, p)));
    }
    else {
        need(v == NULL && fault.code[0] != '\0' && fault.detail[0] != '\0');
        need(fault.klass == AMZX_FAULT_REJECTED);
    }
    apr_pool_destroy(p);
    return 0;
}
