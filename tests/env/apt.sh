#!/bin/sh
# Installs Debian packages where that is possible without asking anybody; fails quietly where not.
# The lists are fetched only when the packages cannot be had without. Nothing goes to standard output.
set -eu

command -v apt-get >/dev/null || exit 1
if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root='sudo -n'
else
    exit 1
fi

install() {
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "$@" </dev/null >&2
}

printf 'Installing %s\n' "$*" >&2
install "$@" 2>/dev/null || { $as_root apt-get update -q </dev/null >&2 && install "$@"; }
