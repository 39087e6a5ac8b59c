#!/bin/sh
# postgres.sh - a private, throw-away PostgreSQL server for tests.
#
#   postgres.sh start DIR [PID]  starts one in DIR (made if missing) on 127.0.0.1 and a
#                                free port, and prints its URL; exit 77 when no PostgreSQL
#                                server is installed.  When process PID is gone, the
#                                server is stopped
#   postgres.sh url DIR          prints the URL again
#   postgres.sh stop DIR         stops it and removes DIR
#
# PostgreSQL refuses to run as root: as root, the package's user "postgres" runs it.  The
# server syncs nothing to disk, unless TIDEMILL_POSTGRES_SETTINGS (lines for its
# postgresql.conf) says otherwise.  Roles: tide (superuser, no password asked) and locked
# (password "right", always asked).  Database: tide.
set -eu

usage() {
    echo "usage: postgres.sh start DIR [PID] | url DIR | stop DIR" >&2
    exit 2
}

action=${1:-}
dir=${2:-}
owner=${3:-}
case $dir in
'') usage ;;
/*) ;;
*) dir=$PWD/$dir ;;
esac

find_bin() {
    for folder in $(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null | sort -rV); do
        if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ]; then
            echo "$folder"
            return
        fi
    done
    program=$(command -v initdb 2>/dev/null || true)
    [ -z "$program" ] || dirname "$program"
}

as_server() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && setpriv --reuid=postgres --regid=postgres --clear-groups env HOME=/ "$@")
    else
        (cd / && "$@")
    fi
}

# The server's own folder: DIR/server, or one under /tmp when its user cannot reach DIR.
make_home() {
    home=$dir/server
    mkdir -p "$home"
    if [ "$(id -u)" = 0 ]; then
        id postgres >/dev/null 2>&1 || exit 77
        chown postgres "$home"
        if ! as_server test -w "$home"; then
            home=$(mktemp -d /tmp/tidemill-postgres.XXXXXX)
            chown postgres "$home"
        fi
    fi
    echo "$home" >"$dir/home"
}

configure() {
    as_server tee -a "$home/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
synchronous_commit = off
full_page_writes = off
max_wal_size = 1GB
shared_buffers = 32MB
max_connections = 60
autovacuum = off
timezone = 'UTC'
lc_messages = 'C'
${TIDEMILL_POSTGRES_SETTINGS:-}
CONF
    as_server tee "$home/data/pg_hba.conf" >/dev/null <<HBA
host all locked 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
HBA
}

# Ports are tried until the server gets one that nobody else has.
start_on_free_port() {
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
        if as_server "$bin/pg_ctl" -D "$home/data" -l "$home/log" -w -t 60 \
            -o "-p $port" start >/dev/null 2>&1; then
            return
        fi
    done
    echo "postgres.sh: the server does not start, after $attempt attempts:" >&2
    tail -5 "$home/log" >&2
    exit 1
}

# Stop the server once its owner is gone, however that came.
watch_owner() {
    while kill -0 "$owner" 2>/dev/null && [ -f "$dir/home" ]; do
        sleep 1
    done
    [ ! -f "$dir/home" ] || stop
}

start() {
    bin=$(find_bin)
    [ -n "$bin" ] || exit 77
    mkdir -p "$dir"
    make_home
    as_server "$bin/initdb" -D "$home/data" -U tide -A trust -E UTF8 --locale=C -N \
        >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
    configure
    start_on_free_port
    "$bin/psql" -q -h 127.0.0.1 -p "$port" -U tide -d postgres \
        -c "CREATE DATABASE tide" -c "CREATE ROLE locked LOGIN PASSWORD 'right'"
    echo "postgresql://tide@127.0.0.1:$port/tide" >"$dir/url"
    if [ -n "$owner" ]; then
        # In parentheses: a function would keep our own output open, for whoever reads it.
        (watch_owner) </dev/null >/dev/null 2>&1 &
    fi
    cat "$dir/url"
}

# By the process id in the server's own folder, and no other.
stop() {
    bin=$(find_bin)
    home=$(cat "$dir/home" 2>/dev/null || echo "$dir/server")
    if [ -n "$bin" ] && [ -f "$home/data/postmaster.pid" ]; then
        as_server "$bin/pg_ctl" -D "$home/data" -m immediate -w stop >/dev/null 2>&1 || true
    fi
    rm -rf "$home" "$dir"
}

case $action in
start) start ;;
stop) stop ;;
url) cat "$dir/url" ;;
*) usage ;;
esac
