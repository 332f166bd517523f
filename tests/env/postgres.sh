#!/bin/sh
# Prints the folder of PostgreSQL's programs that the tests start a throwaway cluster with.
# Installs them where it may (root on Debian); otherwise says what is missing. Runs no server.
set -eu

say() { printf '%s\n' "$*" >&2; }

whole() {
    for tool in initdb postgres pg_ctl pg_isready; do
        [ -x "$1/$tool" ] || return 1
    done
}

find_bin() {
    if [ -n "${OPENHEXA_BRIDGE_TEST_PG_BIN:-}" ]; then
        whole "$OPENHEXA_BRIDGE_TEST_PG_BIN" && printf '%s\n' "$OPENHEXA_BRIDGE_TEST_PG_BIN"
        return
    fi
    on_path=$(printf '%s' "$PATH" | tr ':' '\n')
    newest_first=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t / -k 5,5nr || true)
    for folder in $on_path $newest_first; do
        if whole "$folder"; then
            printf '%s\n' "$folder"
            return
        fi
    done
    return 1
}

if ! find_bin; then
    if [ -n "${OPENHEXA_BRIDGE_TEST_PG_BIN:-}" ]; then
        say "OPENHEXA_BRIDGE_TEST_PG_BIN=$OPENHEXA_BRIDGE_TEST_PG_BIN lacks one of initdb, postgres, pg_ctl, pg_isready."
        exit 1
    fi
    sh "$(dirname "$0")/apt.sh" postgresql ||
        { say "The tests need PostgreSQL. Install it (Debian: apt-get install postgresql; macOS: brew install postgresql), or name the folder of its programs in OPENHEXA_BRIDGE_TEST_PG_BIN."; exit 1; }
    find_bin || { say "PostgreSQL was installed, but its programs are not where they were expected."; exit 1; }
fi
