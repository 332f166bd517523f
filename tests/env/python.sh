#!/bin/sh
# Makes .venv-tests, a Python with OpenHEXA's SDK, and prints the path of its interpreter; with the word fuzz, .venv-fuzz,
# one with schemathesis. Names of their own: .venv is the user's, and is never touched.
# Needs the network once: a second call finds everything there and is done at once.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(dirname -- "$(dirname -- "$here")")
case "${1:-tests}" in
    tests) name=.venv-tests wanted=$here/requirements.txt module=openhexa.sdk ;;
    fuzz) name=.venv-fuzz wanted=$here/fuzz.txt module=schemathesis ;;
    *) echo "tests or fuzz, not $1" >&2; exit 1 ;;
esac
venv=$root/$name
python=$venv/bin/python

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Written last, so that a half-made one is made again.
ready() { cmp -s "$wanted" "$venv/ready.txt" && "$python" -c '' 2>/dev/null; }

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null; }

find_python() {
    for candidate in "${OPENHEXA_BRIDGE_PYTHON:-python3}" python3 /usr/bin/python3 \
        python3.13 python3.12 python3.11 python3.14 \
        "$HOME"/.pyenv/versions/3.1[1-4]*/bin/python3; do
        if fits "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

# Four ways to a venv that pip can fill: Debian ships Python without ensurepip, some images without pip.
make_venv() {
    rm -rf "$venv"
    "$1" -m venv "$venv" >/dev/null 2>&1 && "$python" -m pip --version >/dev/null 2>&1 && return
    rm -rf "$venv"
    "$1" -m virtualenv -q "$venv" >/dev/null 2>&1 && return
    rm -rf "$venv"
    "$1" -m venv --without-pip "$venv" >/dev/null 2>&1 && outside_pip "$1" && return
    rm -rf "$venv"
    sh "$here/apt.sh" "$("$1" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')" ||
        sh "$here/apt.sh" python3-venv || return
    "$1" -m venv "$venv" >/dev/null && return
    "$(command -v /usr/bin/python3)" -m venv "$venv" >/dev/null && fits "$python"
}

# A pip from outside (22.3 or later) that installs into the venv.
outside_pip() { "$1" -m pip --python "$python" --version >/dev/null 2>&1; }

install() {
    if "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m pip install -q --disable-pip-version-check -r "$wanted" </dev/null >&2
    else
        "$1" -m pip --python "$python" install -q --disable-pip-version-check -r "$wanted" </dev/null >&2
    fi
}

make() {
    base=$(find_python) || {
        sh "$here/apt.sh" python3 python3-venv || true
        base=$(find_python)
    } || fail "The tests need Python 3.11 or later (Debian: apt-get install python3 python3-venv)."
    say "Making $name with $base"
    make_venv "$base" || fail "$base cannot make a virtual environment (Debian: apt-get install python3-venv)."
    install "$base" || fail "$module could not be installed into $name: see pip's words above."
    "$python" -c "import $module" || fail "$module is there but does not load."
    cp "$wanted" "$venv/ready.txt"
}

# Two test runs at once make it one after the other.
if ! ready; then
    if command -v flock >/dev/null; then
        exec 9>"$venv.lock"
        flock 9
    fi
    ready || make
    rm -f "$venv.lock"
fi
printf '%s\n' "$python"
