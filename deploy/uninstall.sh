#!/bin/sh
# Takes away what install.sh has installed; `uninstall.sh --help` says how.
set -eu

usage() {
    cat <<'END'
Takes Glassline's services off this machine. Run it as root.

    uninstall.sh [--purge [--lose-detections]]

  --purge            also what people and programs wrote: settings and credentials in /etc/glassline, and in /var/lib the
                     defects, pictures, accounts and keys of a server, the detections of a node that are not stored yet
  --lose-detections  though there are some of those
  --help             this text

Without --purge, install.sh goes on from where it was. Packages of Debian stay.
END
}

opt=/opt/glassline
units=/etc/systemd/system
outbox=/var/lib/pi_node/outbox.db
users="pi_node glassline"

say() { echo "glassline: $1"; }
fail() {
    echo "glassline: $1" >&2
    exit 1
}

purge=no lose=no
for option in "$@"; do
    case $option in
    --help) usage && exit 0 ;;
    --purge) purge=yes ;;
    --lose-detections) lose=yes ;;
    *) fail "there is no option $option; --help lists them" ;;
    esac
done
[ "$(id -u)" = 0 ] || fail "only root can uninstall: sudo $0 …"
[ $lose = no ] || [ $purge = yes ] || fail "--lose-detections belongs to --purge"
exec 9>/run/glassline-install.lock
flock -n 9 || fail "an install.sh runs; wait for it"

# How many detections of this node no bridge has stored yet.
waiting() {
    [ -e "$outbox" ] || { echo 0 && return; }
    python3 - "$outbox" <<'END' || echo unknown
import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute("SELECT count(*) FROM outbox").fetchone()[0])
END
}

stop_all() {
    for unit in pi_node broker bridge web glassline-join glassline-credentials.path 'glassline-again@*'; do
        systemctl stop "$unit" 2>/dev/null || true
    done
}

remove_units() {
    for unit in pi_node broker bridge web glassline-again@ glassline-credentials glassline-back glassline-join; do
        rm -f "$units/$unit.service" "$units/multi-user.target.wants/$unit.service"
    done
    rm -f "$units/glassline-credentials.path"
    systemctl daemon-reload
}

remove_what_was_written() {
    rm -rf /etc/glassline /var/lib/pi_node /var/lib/glassline
    for user in $users; do ! getent passwd "$user" >/dev/null || userdel "$user"; done
}

if [ $purge = yes ] && [ $lose = no ]; then
    systemctl stop pi_node 2>/dev/null || true # so that nothing is found between the look and the end
    count=$(waiting)
    if [ "$count" != 0 ]; then
        systemctl start pi_node 2>/dev/null || true
        fail "$count detections of this node are not stored yet (glassline status says why). Wait for that, or give --lose-detections"
    fi
fi
stop_all
remove_units
[ "$(readlink /usr/local/bin/glassline || true)" != "$opt/current/bin/glassline" ] || rm -f /usr/local/bin/glassline
rm -rf "$opt"
if [ $purge = yes ]; then
    remove_what_was_written
    say "gone, with all that was written"
else
    say "gone; settings stay in /etc/glassline, what was found in /var/lib. install.sh goes on from there, --purge removes it"
fi
