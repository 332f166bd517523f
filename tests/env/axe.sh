#!/bin/sh
# Fetches axe-core, which looks for what keeps people out of a page, into .axe-tests, and prints the path of its script.
# Needs the network once: a second call finds it there and is done at once. Proxies and npm_config_registry are heeded.
set -eu

version=4.14.1
# As the registry has it: sha512 of the tarball.
wanted=FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
folder=$(dirname -- "$(dirname -- "$here")")/.axe-tests
script=$folder/axe-$version.min.js

say() { printf '%s\n' "$*" >&2; }

fetch() {
    url=${npm_config_registry:-https://registry.npmjs.org}
    url=${url%/}/axe-core/-/axe-core-$version.tgz
    say "Fetching $url"
    python3 -c 'import sys, urllib.request as web; open(sys.argv[2], "wb").write(web.urlopen(sys.argv[1], timeout=120).read())' \
        "$url" "$1" 2>/dev/null && return
    command -v curl >/dev/null && curl -fsSL --max-time 120 -o "$1" "$url" 2>/dev/null && return
    # npm has mirrors and certificates in settings of its own.
    command -v npm >/dev/null && (cd "$folder" && npm pack --silent "axe-core@$version" >/dev/null) &&
        mv "$folder/axe-core-$version.tgz" "$1"
}

# What is not the very tarball that was pinned is not unpacked. The script is moved into place whole.
unpack() {
    python3 - "$1" "$wanted" "$script" <<'PYTHON'
import base64, hashlib, os, sys, tarfile
tarball, wanted, script = sys.argv[1:]
with open(tarball, "rb") as read:
    found = base64.b64encode(hashlib.sha512(read.read()).digest()).decode()
if found != wanted:
    sys.exit(f"axe-core has the sha512 {found}, and {wanted} was expected")
with tarfile.open(tarball) as files:
    text = files.extractfile("package/axe.min.js").read()
with open(f"{script}.{os.getpid()}", "wb") as out:
    out.write(text)
os.rename(f"{script}.{os.getpid()}", script)
PYTHON
}

if [ ! -s "$script" ]; then
    mkdir -p "$folder"
    tarball=$folder/fetched.$$
    trap 'rm -f "$tarball"' EXIT
    fetch "$tarball" ||
        { say "axe-core $version could not be fetched. Set npm_config_registry to a registry that can be reached."; exit 1; }
    unpack "$tarball"
fi
printf '%s\n' "$script"
