#!/bin/sh
# Prints the path of nginx, which the tests start with deploy/nginx.conf on ports of their own.
# Installs it where it may (root on Debian); otherwise says what is missing.
set -eu

find_nginx() {
    if [ -n "${OPENHEXA_BRIDGE_TEST_NGINX:-}" ]; then
        [ -x "$OPENHEXA_BRIDGE_TEST_NGINX" ] && printf '%s\n' "$OPENHEXA_BRIDGE_TEST_NGINX"
        return
    fi
    PATH=$PATH:/usr/sbin:/usr/local/sbin:/opt/homebrew/bin command -v nginx
}

# Debian starts a service where a package has one: the tests want the program alone, and nobody's port 80.
install() {
    if [ ! -e /usr/sbin/policy-rc.d ] && [ "$(id -u)" -eq 0 ]; then
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod +x /usr/sbin/policy-rc.d
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    sh "$(dirname "$0")/apt.sh" nginx-light
}

if ! find_nginx; then
    if ! install; then
        echo "The tests need nginx. Install it (Debian: apt-get install nginx-light), or name it in OPENHEXA_BRIDGE_TEST_NGINX." >&2
        exit 1
    fi
    find_nginx
fi
