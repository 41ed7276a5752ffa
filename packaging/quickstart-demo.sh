# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The demo: an Amazon order becomes a paid invoice in Xero, before your eyes.

# demo_run [--once]
demo_run() {
    local arg
    for arg in "$@"; do
        [ "$arg" = --once ] || fail "demo takes --once or nothing"
    done
    python3 "$TOP/packaging/demo.py" "$TOP" "$WORK/release" "$@"
}
