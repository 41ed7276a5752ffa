#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: pg.sh start FOLDER [OWNER] | pg.sh stop FOLDER | pg.sh restart FOLDER
# A private PostgreSQL server for tests: data, socket and log in FOLDER, a
# free port of 127.0.0.1, no password. start prints its libpq keywords and
# ends with 77 when the machine has no PostgreSQL. When the process OWNER ends
# without a stop, the server ends too and FOLDER goes. As root it runs as the
# user postgres or nobody, because the server refuses root.
set -eu

bin=
for folder in "${AMZX_PGBIN:-}" "$(pg_config --bindir 2>/dev/null || true)" \
    /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ]; then
        bin=$folder
    fi
done
[ -n "$bin" ] || { echo "no PostgreSQL server on this machine" >&2; exit 77; }

user=$(id -un)
if [ "$(id -u)" = 0 ]; then
    user=postgres
    id "$user" >/dev/null 2>&1 || user=nobody
fi

as_user() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u "$user" -- "$@"
    else
        "$@"
    fi
}

free_port() {
    python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

run() {
    (cd / && as_user "$bin/pg_ctl" -D "$1/data" -l "$1/log" -w -t 30 \
        -o "-k $1 -p $2 -h 127.0.0.1" "$3" >/dev/null)
}

command=$1
dir=$2
case $command in
start)
    mkdir -p "$dir"
    if [ "$(id -u)" = 0 ]; then
        chown "$user" "$dir"
    fi
    (cd / && as_user "$bin/initdb" -D "$dir/data" -A trust -E UTF8 \
        --no-sync -U amzx >/dev/null)
    as_user sh -c "printf '%s\n' 'fsync = ${AMZX_PG_FSYNC:-off}' \
        'max_connections = 200' 'shared_buffers = 64MB' \
        >>'$dir/data/postgresql.conf'"
    port=$(free_port)
    run "$dir" "$port" start
    echo "$port" >"$dir/port"
    if [ -n "${3:-}" ]; then
        (
            while kill -0 "$3" 2>/dev/null && [ -d "$dir/data" ]; do
                sleep 3
            done
            [ ! -d "$dir/data" ] || "$0" stop "$dir"
            rm -rf "$dir"
        ) </dev/null >/dev/null 2>&1 &
    fi
    echo "host=$dir port=$port dbname=postgres user=amzx"
    ;;
restart)
    (cd / && as_user "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop \
        >/dev/null)
    run "$dir" "$(cat "$dir/port")" start
    ;;
stop)
    (cd / && as_user "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop \
        >/dev/null 2>&1) || true
    ;;
*)
    echo "pg.sh: unknown command $command" >&2
    exit 2
    ;;
esac
