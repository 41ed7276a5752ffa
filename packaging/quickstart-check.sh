#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every test of every runner, and one closing line with all counts.

CHECK_COUNTS=$WORK/log/counts
CHECK_OK=0

# A runner without counts of its own: one test, passed or failed.
check_step() {
    local name=$1
    shift
    if "$@"; then
        echo "1 0 0 $name" >>"$CHECK_COUNTS"
    else
        echo "0 1 0 $name" >>"$CHECK_COUNTS"
        CHECK_OK=1
        return 1
    fi
}

# make check in a build tree; counts come from the logs it leaves.
check_make() {
    local name=$1 status=0
    shift
    say "Running make check ($name)..."
    find "$WORK/$name/tests" -name '*.trs' -exec rm -f {} +
    make -C "$WORK/$name" -k check "$@" >"$WORK/log/$name-check.log" 2>&1 ||
        status=$?
    "$PYTHON" "$TOP/packaging/count-tests.py" "$WORK/$name" "$name" \
        "$status" >>"$CHECK_COUNTS" || CHECK_OK=1
    tail -n 1 "$CHECK_COUNTS"
}

check_python() {
    local status=0
    say "Running the server tests..."
    AMZX_BUILDDIR=$WORK/gcc PYTHONDONTWRITEBYTECODE=1 \
        "$PYTHON" "$TOP/tests/lib/run_tests.py" "$WORK/log/python-counts" \
        "$TOP/tests/httpd" "$TOP/tests/flow" "$TOP/tests/chaos" || status=$?
    if [ -s "$WORK/log/python-counts" ]; then
        cat "$WORK/log/python-counts" >>"$CHECK_COUNTS"
    else
        echo "0 1 0 server tests" >>"$CHECK_COUNTS"
    fi
    [ "$status" -eq 0 ] || CHECK_OK=1
}

check_full() {
    check_step distcheck build_quiet distcheck \
        make -C "$WORK/gcc" -j "$(build_jobs)" distcheck || true
    check_step apxs build_quiet apxs make -C "$WORK/src/apxs" || true
}

check_builds() {
    check_step "build with gcc, warnings as errors" \
        build_make gcc "--enable-maintainer-flags CC=gcc" all bench || return 1
    check_make gcc
    check_python
    if command -v clang >/dev/null; then
        check_step "build with clang and sanitizers, warnings as errors" \
            build_make clang \
            "--enable-maintainer-flags --enable-sanitize CC=clang" &&
            check_make clang check_scripts=
    fi
}

# The sum of all runners. Nothing passed at all is a failure too.
check_sum() {
    awk '{ p += $1; f += $2; s += $3 }
         END { if (p + f == 0) { f = 1 }
               printf "%d passed, %d failed, %d skipped\n", p, f, s
               exit f > 0 }' "$CHECK_COUNTS"
}

check_run() {
    local full=no
    case ${1:-} in
    --full) full=yes ;;
    "") ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
    packages_need "${PACKAGES_RUN[@]}" "${PACKAGES_TEST[@]}"
    PYTHON=$(command -v python3)
    mkdir -p "$WORK/log"
    : >"$CHECK_COUNTS"
    if check_builds && [ "$full" = yes ]; then
        check_full
    fi
    say ""
    cat "$CHECK_COUNTS"
    check_sum || CHECK_OK=1
    exit "$CHECK_OK"
}
