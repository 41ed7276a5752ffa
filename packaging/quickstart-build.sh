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

# Brings build/src up to date. Times are kept, so make sees what changed.
build_mirror() {
    local file src=$WORK/src
    mkdir -p "$src"
    build_list | sort -u >"$WORK/list.new"
    if [ -f "$src/MANIFEST" ]; then
        comm -13 "$WORK/list.new" "$src/MANIFEST" |
            while IFS= read -r file; do rm -f "$src/$file"; done
    fi
    while IFS= read -r file; do
        if [ -f "$TOP/$file" ]; then
            printf '%s\0' "$file"
        fi
    done <"$WORK/list.new" |
        (cd "$TOP" && xargs -0 cp -pu --parents -t "$src")
    mv "$WORK/list.new" "$src/MANIFEST"
    if [ ! -x "$src/configure" ]; then
        (cd "$src" && autoreconf -fi)
    fi
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
