#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds outside the source tree: the project's files are mirrored to
# build/src, so that a tree configured for other purposes stays untouched.

build_jobs() {
    getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1
}

# Runs a command quietly: its output goes to build/log/NAME.log and is shown,
# as far as it matters, when it fails.
build_quiet() {
    local name=$1 log=$WORK/log/$1.log
    shift
    mkdir -p "$WORK/log"
    if "$@" >"$log" 2>&1; then
        return 0
    fi
    grep -nE '(error|warning|Error [0-9]+)' "$log" | head -n 20 || true
    tail -n 15 "$log"
    say "$name failed; all of it is in $log"
    return 1
}

build_list() {
    if [ -e "$TOP/.git" ]; then
        git -C "$TOP" -c safe.directory='*' ls-files -co --exclude-standard
    else
        cat "$TOP/MANIFEST"
    fi
}

# Removes what the project no longer has, then copies the rest. Times are
# kept, so make sees what changed.
build_copy() {
    local file src=$1 list=$2
    if [ -f "$src/MANIFEST" ]; then
        LC_ALL=C comm -13 "$list" "$src/MANIFEST" |
            while IFS= read -r file; do rm -f "$src/$file"; done
    fi
    while IFS= read -r file; do
        if [ -f "$TOP/$file" ]; then
            printf '%s\0' "$file"
        fi
    done <"$list" | (cd "$TOP" && xargs -0 cp -p --parents -t "$src")
}

# Brings build/src up to date. Called where set -e does not count.
build_mirror() {
    local src=$WORK/src
    mkdir -p "$src" || return 1
    build_list >"$WORK/list.all" || return 1
    LC_ALL=C sort -u "$WORK/list.all" >"$WORK/list.new" || return 1
    build_copy "$src" "$WORK/list.new" || return 1
    mv "$WORK/list.new" "$src/MANIFEST" || return 1
    [ -x "$src/configure" ] || (cd "$src" && autoreconf -fi)
}

build_configure() {
    local dir=$1
    shift
    mkdir -p "$dir"
    (cd "$dir" && "$WORK/src/configure" "$@")
}

# build_make NAME OPTIONS [MAKE ARGUMENTS]: the tree build/NAME, up to date.
build_make() {
    local name=$1 options=$2 dir=$WORK/$1
    shift 2
    say "Building ($name)..."
    build_quiet mirror build_mirror || return 1
    if [ ! -f "$dir/Makefile" ] ||
        [ "$(cat "$dir/.options" 2>/dev/null)" != "$options" ]; then
        rm -rf "$dir"
        # shellcheck disable=SC2086 # options are words
        build_quiet "$name-configure" build_configure "$dir" $options ||
            return 1
        printf '%s\n' "$options" >"$dir/.options"
    fi
    build_quiet "$name-make" make -C "$dir" -j "$(build_jobs)" "${@:-all}"
}
