#!/bin/sh
# Sets this machine up from the folder of its card that this script lies in, which `glassline flash` wrote.
#
# `first-boot.sh begin` is what cloud-init calls, at every boot while the folder is there: it starts the rest as a service
# of its own. Power may go at any instant: each step can be done again, and what is done again at the next boot is all of
# it, until the folder is gone.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
boot=$(dirname "$here")
etc=/etc/glassline

# Overwrites a file where it lies, and removes it. Under another name first: half overwritten, it is not taken for what it was.
wipe() {
    mv "$1" "$1.used"
    sync
    erase "$1.used"
}
erase() {
    [ -e "$1" ] || return 0
    if [ -s "$1" ]; then dd if=/dev/zero of="$1" bs="$(wc -c <"$1")" count=1 conv=notrunc,fsync 2>/dev/null; fi
    rm "$1"
    sync
}

if [ "${1:-}" = begin ]; then
    # In memory: a boot without the card's folder knows nothing of it.
    mkdir -p /run/systemd/system
    cat >/run/systemd/system/glassline-setup.service <<END
[Unit]
Description=Glassline: sets this machine up from its card
[Service]
Type=exec
ExecStart=/bin/sh $here/first-boot.sh
Restart=on-failure
RestartSec=20
END
    systemctl daemon-reload
    exec systemctl --no-block start glassline-setup.service
fi

finish() {
    # This script last: while it is there, the next boot goes on.
    find "$here" -mindepth 1 ! -name first-boot.sh -delete
    sync
    rm "$here/first-boot.sh"
    rmdir "$here"
    sync
    echo "glassline: this machine is set up; $here is gone"
}
erase "$here/token.used" # power went while these were being wiped
erase "$boot/network-config.used"
[ -d "$here/wheels" ] || { # power went while it was being removed
    finish
    exit 0
}

# What the card holds for /etc comes first: the token leaves the partition that everybody can read.
install -d -m 0755 "$etc"
install -m 0644 "$here/ca.crt" "$here/join.conf" "$etc/"
install -m 0644 "$here/glassline-join.service" /etc/systemd/system/
if [ -e "$here/token" ]; then
    if [ -s "$here/token" ]; then
        (umask 077 && cp "$here/token" "$etc/token.new")
        sync
        mv "$etc/token.new" "$etc/token"
        sync
    fi
    wipe "$here/token"
fi

if grep -qs wifis: "$boot/network-config"; then
    # The image keeps Wi-Fi off until somebody has named the country; network-config names it.
    rfkill unblock wifi 2>/dev/null || true
    for off in /var/lib/systemd/rfkill/*:wlan; do [ ! -e "$off" ] || echo 0 >"$off"; done
fi
if [ -e "$here/ssh" ]; then systemctl enable --now ssh; fi

. "$here/machine.conf"
# The clock of a Pi stands at the day its image was made until a time server answers, and in a network without one stays
# there: the server's certificate would be of the future.
if [ "$(date +%s)" -lt "$WRITTEN_UNIX_S" ]; then date --set "@$WRITTEN_UNIX_S" >/dev/null; fi
# A node that does not come up at once is installed all the same, and tried again by its unit.
sh "$here/install.sh" --id "$ID" --camera "$CAMERA" --wheels "$here/wheels" || [ -e /opt/glassline/current ]
systemctl daemon-reload
systemctl enable glassline-join.service
systemctl --no-block restart glassline-join.service

# Once the system has the network's key on its own partition, this one can do without.
psk=$(sed -n 's/^ *password: .*\([0-9a-f]\{64\}\).*/\1/p' "$boot/network-config" 2>/dev/null || true)
if [ -n "$psk" ] && echo "$psk" | grep -rqsF -f - /etc/netplan /etc/NetworkManager/system-connections; then
    wipe "$boot/network-config"
fi

mv "$here/wheels" "$here/done"
sync
finish
