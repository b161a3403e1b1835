#!/bin/sh
# Makes a Debian of its own in the folder DIR, from the mirror of this machine's apt; nothing is done where it is there.
# Usage: debian-root.sh SUITE ARCH DIR [PACKAGE…]
# Of another machine's architecture its files are only laid out, nothing of it is run. Wants root and debootstrap.
set -eu
suite=$1
arch=$2
dir=$3
shift 3
wanted="$suite $arch $*"
stamp=$dir/.glassline-root

fail() {
    echo "debian-root: $1" >&2
    exit 1
}

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
exec 9>"$dir.lock"
flock 9 # whoever else makes the same one is waited for
[ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || exit 0
[ "$(id -u)" = 0 ] || fail "only root can make one"
command -v debootstrap >/dev/null 2>&1 || fail "debootstrap is missing: apt install debootstrap"
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -n 1)
[ -n "$mirror" ] || fail "apt knows no Debian mirror here: see /etc/apt/sources.list"

packages=$(echo "$*" | tr ' ' ',')
rm -rf "$dir"
if [ "$arch" = "$(dpkg --print-architecture)" ]; then
    debootstrap --variant=minbase "$suite" "$dir" "$mirror" >"$dir.log" 2>&1 || fail "no $suite, see $dir.log"
    if [ $# -gt 0 ]; then
        cp /etc/resolv.conf "$dir/etc/resolv.conf"
        printf '#!/bin/sh\nexit 101\n' >"$dir/usr/sbin/policy-rc.d" # nothing starts while it is installed
        chmod +x "$dir/usr/sbin/policy-rc.d"
        DEBIAN_FRONTEND=noninteractive chroot "$dir" apt-get install -y -qq --no-install-recommends "$@" >>"$dir.log" 2>&1 ||
            fail "not all of $* can be installed, see $dir.log"
        rm "$dir/usr/sbin/policy-rc.d"
    fi
else
    debootstrap --variant=minbase --foreign --arch="$arch" ${packages:+--include="$packages"} "$suite" "$dir" "$mirror" \
        >"$dir.log" 2>&1 || fail "no $suite for $arch, see $dir.log"
    for package in "$dir"/var/cache/apt/archives/*.deb; do
        dpkg-deb --extract "$package" "$dir"
    done
fi
rm -f "$dir"/var/cache/apt/archives/*.deb
echo "$wanted" >"$stamp"
