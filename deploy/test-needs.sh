#!/bin/sh
# Installs the system packages that tests use, where it may; says in one line each what it could not.
set -eu
policy=${POLICY_RC_D:-/usr/sbin/policy-rc.d}
missing=""
command -v mosquitto >/dev/null 2>&1 || [ -x /usr/sbin/mosquitto ] || missing="$missing mosquitto"
command -v mosquitto_sub >/dev/null 2>&1 || missing="$missing mosquitto-clients"
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v strace >/dev/null 2>&1 || missing="$missing strace"
{ command -v cc && [ -e /usr/include/stdlib.h ]; } >/dev/null 2>&1 || missing="$missing gcc libc6-dev"
command -v nft >/dev/null 2>&1 || [ -x /usr/sbin/nft ] || missing="$missing nftables"
command -v ip >/dev/null 2>&1 || [ -x /usr/sbin/ip ] || missing="$missing iproute2"
command -v debootstrap >/dev/null 2>&1 || [ -x /usr/sbin/debootstrap ] || missing="$missing debootstrap"
command -v qemu-aarch64 >/dev/null 2>&1 || missing="$missing qemu-user"
/usr/bin/python3 -c 'import gi; gi.require_version("GstRtspServer", "1.0")' >/dev/null 2>&1 ||
    missing="$missing gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-good"
command -v ip >/dev/null 2>&1 || [ -x /usr/sbin/ip ] || missing="$missing iproute2"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
# Playwright's driver is linked against it.
ls /lib/*/libatomic.so.1 /usr/lib/*/libatomic.so.1 /usr/lib64/libatomic.so.1 2>/dev/null | grep -q . || missing="$missing libatomic1"

# A Supabase project on this machine: its packages come by npm, into an ignored folder.
local_supabase=${0%/*}/../workbench/supabase
if [ ! -e "$local_supabase/node_modules/.package-lock.json" ] || [ "$local_supabase/package-lock.json" -nt "$local_supabase/node_modules/.package-lock.json" ]; then
    if command -v npm >/dev/null 2>&1; then
        echo "installing a local Supabase for tests (330 MB, once) …"
        (cd "$local_supabase" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null) ||
            echo "tests that need a local Supabase are skipped: npm could not install it"
    else
        echo "tests that need a local Supabase are skipped: install npm (Node.js 18 or newer)"
    fi
fi

[ -n "$missing" ] || exit 0

skipped() {
    for package in $missing; do
        echo "tests that need $package are skipped: sudo apt install $package"
    done
}

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing$missing …"
    # A test broker must not start by itself on its standard port.
    if [ ! -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        trap 'exit 130' INT TERM
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
    fi
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null || skipped
else
    skipped
fi
