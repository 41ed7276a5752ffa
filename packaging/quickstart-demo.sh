#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The demonstration. When demo_run is called the tree $WORK/release is built:
# its modules are in $WORK/release/.libs.

demo_run() {
    fail "demo: not built yet"
}
