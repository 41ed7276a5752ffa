/* SPDX-License-Identifier: Apache-2.0 */
/** @file base_test.h  What the tests of lib/base share: cmocka and a pool. */
#ifndef BASE_TEST_H
#define BASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_pools.h>

/** Give each test its own pool as *state. */
static inline int pool_setup(void **state)
{
    apr_pool_t *p;

    if (apr_pool_create(&p, NULL) != APR_SUCCESS) {
        return -1;
    }
    *state = p;
    return 0;
}

static inline int pool_teardown(void **state)
{
    apr_pool_destroy(*state);
    return 0;
}

#define POOL_TEST(name)                                                      \
    cmocka_unit_test_setup_teardown(name, pool_setup, pool_teardown)

#endif
