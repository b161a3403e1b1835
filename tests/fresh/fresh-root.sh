#!/bin/sh
# The newcomer's machine: a clean clone in a freshly bootstrapped Debian with git, make and python3-venv, no more.
# Measures how long `make demo` takes until a picture can be watched, then runs `make test`. Wants root.
# Usage: fresh-root.sh FOLDER [demo|test|all]     FRESH_BINDS: folders of this machine to show inside (a package cache)
set -eu
folder=$1
what=${2:-all}
here=$(cd "$(dirname "$0")/../.." && pwd)
root=$folder/root
suite=${FRESH_SUITE:-bookworm}

[ -e "$root/usr/bin/git" ] ||
    debootstrap --variant=minbase --include=git,make,python3-venv,ca-certificates "$suite" "$root" >"$folder/debootstrap.log"
for file in /etc/pip.conf /etc/resolv.conf /etc/ssl/certs/ca-certificates.crt; do
    [ ! -e "$file" ] || cp "$file" "$root$file"
done
[ ! -e "$HOME/.config/pip/pip.conf" ] || cp "$HOME/.config/pip/pip.conf" "$root/etc/pip.conf"
[ ! -d /etc/apt/apt.conf.d ] || cp /etc/apt/apt.conf.d/* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true

# Every installed Debian has this file; a bootstrapped one has not.
[ -e "$root/etc/hosts" ] || echo "127.0.0.1 localhost" >"$root/etc/hosts"

cleanup() {
    for mount in ${FRESH_BINDS:-} /dev/shm /dev /proc; do umount -l "$root$mount" 2>/dev/null || true; done
}
trap cleanup EXIT
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --make-rslave "$root/dev"
for bind in ${FRESH_BINDS:-}; do mkdir -p "$root$bind" && mount --bind "$bind" "$root$bind"; done

rm -rf "$root/home/newcomer"
git clone -q "$here" "$root/home/newcomer/glassline"
inside() { chroot "$root" /usr/bin/env HOME=/home/newcomer PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 sh -c "cd /home/newcomer/glassline && $1"; }

watchable() {
    began=$(date +%s.%N)
    inside "exec make demo" >"$folder/demo.log" 2>&1 &
    demo=$!
    until grep -q "ready: open" "$folder/demo.log"; do
        kill -0 $demo 2>/dev/null || { cat "$folder/demo.log"; exit 1; }
        sleep 0.2
    done
    echo "make demo ($1): watchable after $(echo "$(date +%s.%N) $began" | awk '{printf "%.1f", $1 - $2}') s"
    kill -INT "$(below $demo | tail -1)"
    wait $demo || true
}

# The first process below $1 that is the demo itself, last in the chain from make on.
below() {
    for child in $(ps -o pid= --ppid "$1"); do
        echo "$child"
        case $(ps -o args= -p "$child") in *python*"glassline demo"*) return ;; esac
        below "$child"
    done
}

case $what in demo | all)
    watchable "packages not yet fetched in this root"
    rm -rf "$root/home/newcomer/glassline/.venv" "$root/home/newcomer/glassline/var"
    watchable "packages cached, no .venv yet"
    ;;
esac
case $what in test | all) inside "make test" ;; esac
