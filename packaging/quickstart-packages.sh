#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Which Debian packages are needed, which are missing, and how to get them.

PACKAGES_RUN=(apache2 apache2-dev libapr1-dev libaprutil1-dev
    libaprutil1-dbd-sqlite3 libaprutil1-dbd-pgsql libcurl4-openssl-dev
    libjansson-dev libssl-dev libxml2-dev libsqlite3-dev libpcre2-dev tzdata
    autoconf automake libtool pkg-config gcc make python3 curl)
PACKAGES_TEST=(libcmocka-dev clang clang-format clang-tidy libclang-rt-dev
    postgresql valgrind wrk nodejs npm libxml2-utils mawk)

# A clone is read with git; a release has a list of its files.
if [ -e "$TOP/.git" ]; then
    PACKAGES_RUN+=(git)
fi

# The command that makes a package superfluous when it came from elsewhere.
packages_command() {
    case $1 in
    nodejs) echo node ;;
    npm | git | python3 | curl | make | gcc | wrk | valgrind) echo "$1" ;;
    clang | mawk) echo "$1" ;;
    clang-format | clang-tidy) echo "$1" ;;
    esac
}

# libclang-rt-dev stands for the runtime of the distribution's own clang.
packages_resolve() {
    local version
    if [ "$1" != libclang-rt-dev ]; then
        echo "$1"
        return
    fi
    version=$(apt-cache depends clang 2>/dev/null |
        sed -n 's/.*Depends: clang-\([0-9][0-9]*\)$/\1/p' | head -n 1)
    echo "libclang-rt-${version:-14}-dev"
}

packages_is_installed() {
    local command
    if [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" \
        = installed ]; then
        return 0
    fi
    command=$(packages_command "$1")
    [ -n "$command" ] && command -v "$command" >/dev/null 2>&1
}

packages_install() {
    local install=(apt-get install -y --no-install-recommends "$@")
    say "Installing: $*"
    export DEBIAN_FRONTEND=noninteractive
    build_quiet packages "${install[@]}" && return
    say "Refreshing the package lists and trying once more."
    build_quiet package-lists apt-get update &&
        build_quiet packages "${install[@]}"
}

# Names every missing package of the list, then installs them or says how.
packages_need() {
    local package missing=()
    if ! command -v dpkg-query >/dev/null; then
        say "This is no Debian: make sure you have what these packages hold:"
        say "  $*"
        return
    fi
    for package in "$@"; do
        package=$(packages_resolve "$package")
        packages_is_installed "$package" || missing+=("$package")
    done
    if [ ${#missing[@]} -eq 0 ]; then
        return
    fi
    say "Missing Debian packages: ${missing[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        say "Install them with this line, then run ./$PROGRAM again:"
        say "sudo apt-get install -y --no-install-recommends ${missing[*]}"
        exit 3
    fi
    packages_install "${missing[@]}" || fail "could not install packages"
}
