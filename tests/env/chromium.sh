#!/bin/sh
# Prints the path of chromedriver, which the tests drive a headless Chromium with. Installs both where it may (root on
# Debian); otherwise says what is missing.
set -eu

say() { printf '%s\n' "$*" >&2; }

find_driver() {
    if [ -n "${OPENHEXA_BRIDGE_TEST_CHROMEDRIVER:-}" ]; then
        [ -x "$OPENHEXA_BRIDGE_TEST_CHROMEDRIVER" ] && printf '%s\n' "$OPENHEXA_BRIDGE_TEST_CHROMEDRIVER"
        return
    fi
    PATH=$PATH:/usr/lib/chromium:/opt/homebrew/bin command -v chromedriver
}

find_browser() {
    if [ -n "${OPENHEXA_BRIDGE_TEST_CHROMIUM:-}" ]; then
        [ -x "$OPENHEXA_BRIDGE_TEST_CHROMIUM" ] && printf '%s\n' "$OPENHEXA_BRIDGE_TEST_CHROMIUM"
        return
    fi
    for name in chromium chromium-browser google-chrome-stable google-chrome; do
        command -v "$name" && return
    done
    return 1
}

both() { find_driver >/dev/null && find_browser >/dev/null; }

# A font, so that there is something to read where nothing else is installed; the browser's own words in French.
if ! both; then
    sh "$(dirname "$0")/apt.sh" chromium chromium-driver chromium-l10n fonts-dejavu-core || true
fi
if ! both; then
    for name in OPENHEXA_BRIDGE_TEST_CHROMEDRIVER OPENHEXA_BRIDGE_TEST_CHROMIUM; do
        eval "set_to=\${$name:-}"
        [ -z "$set_to" ] || [ -x "$set_to" ] || say "$name=$set_to is no program."
    done
    say "The tests need Chromium and chromedriver of the same version. Install them (Debian: apt-get install chromium chromium-driver), or name them in OPENHEXA_BRIDGE_TEST_CHROMIUM and OPENHEXA_BRIDGE_TEST_CHROMEDRIVER."
    exit 1
fi
find_driver
