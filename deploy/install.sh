#!/bin/sh
# Installs Glassline as services of systemd, or brings an installed one up to date; `install.sh --help` says how.
#
# Each version is a folder of its own in /opt/glassline/releases, and /opt/glassline/current names the one that runs. A new one has to
# come up and stay up; else the one before runs again. Whatever a person wrote in /etc/glassline stays as it is.
set -eu

usage() {
    cat <<'END'
Installs Glassline as services of systemd, or updates it. Run it as root, as often as you like.

    install.sh --id pi-1 [--camera URI] [--broker ADDRESS] [--credentials FILE | --server PAGE --token-file FILE]
    install.sh --programs "broker bridge web"

  --id NAME           name of this node, like pi-1
  --camera URI        its camera: picamera:0 (default), usb:0, …
  --broker ADDRESS    where the broker is, like mqtts://192.168.1.10:8883; credentials hold it as well
  --credentials FILE  credentials that `glassline enroll` made on the server; they are copied
  --server PAGE       the page's address, like https://192.168.1.10:5000, from which credentials are fetched
  --token-file FILE   file (0600) with the token that `glassline enroll --token` printed
  --programs NAMES    which programs to install: pi_node (default), or broker, bridge, web on a server
  --wheels DIR        take all packages from this folder instead of the network
  --lock FILE         install exactly what this file names, each by its hash; on a Pi the one beside this script
  --help              this text
END
}

here=$(cd "$(dirname "$0")" && pwd)
opt=/opt/glassline
etc=/etc/glassline
settings=$etc/glassline.toml
credentials=$etc/credentials.toml
units=/etc/systemd/system
watch_s=10
frames_within_s=20

say() { echo "glassline: $1"; }
fail() {
    echo "glassline: $1" >&2
    exit 1
}
is_among() { case " $programs " in *" $1 "*) ;; *) return 1 ;; esac; }

id="" camera="" broker="" given_credentials="" server="" token_file="" programs=pi_node wheels="" lock=""
while [ $# -gt 0 ]; do
    case $1 in
    --help) usage && exit 0 ;;
    --id | --camera | --broker | --credentials | --server | --token-file | --programs | --wheels | --lock)
        [ $# -gt 1 ] && [ -n "$2" ] || fail "$1 wants a value; --help shows which"
        case $2 in *[\"\\]*) fail "$1 may not hold quotes or backslashes, got: $2" ;; esac
        case $1 in
        --id) id=$2 ;;
        --camera) camera=$2 ;;
        --broker) broker=$2 ;;
        --credentials) given_credentials=$2 ;;
        --server) server=$2 ;;
        --token-file) token_file=$2 ;;
        --programs) programs=$(echo "$2" | tr ',' ' ') ;;
        --wheels) wheels=$2 ;;
        --lock) lock=$2 ;;
        esac
        shift 2
        ;;
    *) fail "there is no option $1; --help lists them" ;;
    esac
done

check_options() {
    for program in $programs; do
        case $program in pi_node | broker | bridge | web) ;; *) fail "--programs: expected pi_node, broker, bridge, web, got $program" ;; esac
    done
    if [ -n "$server$token_file" ]; then
        [ -n "$server" ] && [ -n "$token_file" ] || fail "--server and --token-file belong together"
        [ -r "$token_file" ] || fail "--token-file: $token_file cannot be read"
        [ -z "$given_credentials" ] || fail "--credentials and --token-file are two ways to the same; give one"
    fi
    [ -z "$given_credentials" ] || [ -r "$given_credentials" ] || fail "--credentials: $given_credentials cannot be read"
    [ -z "$lock" ] || [ -r "$lock" ] || fail "--lock: $lock cannot be read"
    [ -z "$wheels" ] || wheels=$(cd "$wheels" 2>/dev/null && pwd) || fail "--wheels: there is no such folder"
    if is_among pi_node && [ -z "$id" ] && ! grep -qs '^\[pi_node\]' "$settings"; then
        fail "give this node a name: --id pi-1 (1-32 lower case letters, digits or '-')"
    fi
    [ "$(id -u)" = 0 ] || fail "only root can install: sudo $0 …"
    [ -d /run/systemd/system ] || fail "systemd does not run here; without it: python -m pi_node, see README.md"
}

is_pi() { grep -qs '^Raspberry Pi' /proc/device-tree/model; }

install_packages() {
    missing=""
    python3 -c 'import venv, ensurepip' 2>/dev/null || missing="python3-venv"
    if is_among pi_node && is_pi; then
        python3 -c 'import picamera2' 2>/dev/null || missing="$missing python3-picamera2"
    fi
    [ -n "$missing" ] || return 0
    say "installing $missing …"
    # A Pi that was just switched on may have yesterday's time.
    apt-get -qq -o Acquire::Check-Date=false update || say "the lists of packages could not be renewed"
    # shellcheck disable=SC2086 # several packages
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null ||
        fail "cannot install $missing: is there a network? Try: apt-get install $missing"
}

# The program's own wheel, and what its folders are called: by version and a digest of what would lie in them.
find_release() {
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "$(python3 --version) is too old: 3.11 is needed"
    python=$(python3 -c 'import sys; print(f"py{sys.version_info[0]}{sys.version_info[1]}")')
    if [ -z "$lock" ] && [ "$programs" = pi_node ] && [ "$(uname -m)" = aarch64 ]; then
        lock=$here/pi-$python.lock
        [ -r "$lock" ] || fail "there is no $lock, which would say what to install; name another with --lock"
    fi
    if [ -n "$wheels" ]; then
        wheel=$(find "$wheels" -maxdepth 1 -name 'glassline-*.whl')
        [ -n "$wheel" ] || fail "--wheels: $wheels holds no glassline-*.whl"
        [ "$(echo "$wheel" | wc -l)" = 1 ] || fail "--wheels: $wheels holds several glassline-*.whl; leave one"
    else
        [ -f "$here/../pyproject.toml" ] || fail "there is no program beside this script; name its folder with --wheels"
        say "building the program's package …"
        mkdir "$work/source"
        (cd "$here/.." && tar -c --exclude=node_modules --exclude=__pycache__ pyproject.toml README.md LICENSE \
            glassline pi_node broker bridge web workbench) | tar -x -C "$work/source"
        python3 -m venv "$work/build"
        "$work/build/bin/pip" wheel -q --no-deps --wheel-dir "$work" "$work/source" || fail "cannot build it: is there a network?"
        wheel=$(find "$work" -maxdepth 1 -name 'glassline-*.whl')
    fi
    names=$(python3 - "$wheel" "$programs" "$here" ${lock:+"$lock"} <<'END'
import hashlib, pathlib, sys, zipfile
wheel, programs, here, *lock = sys.argv[1:]
def digest(*parts):
    return hashlib.sha256(repr((sys.version_info[:2], sorted(programs.split()), parts)).encode()).hexdigest()[:8]
with zipfile.ZipFile(wheel) as packed:
    content = {name: packed.read(name) for name in sorted(packed.namelist())}
version = pathlib.Path(wheel).name.split("-")[1]
needs = [line for line in content[f"glassline-{version}.dist-info/METADATA"].splitlines() if line.startswith(b"Requires-Dist")]
packages = digest(needs, [pathlib.Path(file).read_bytes() for file in lock])
units = [(file.name, file.read_bytes()) for file in sorted(pathlib.Path(here).glob("*.service"))]
print(f"{version}-{digest(packages, content, units)} {packages}")
END
    )
    release=$opt/releases/${names% *}
    packages=$opt/packages/${names#* }
}

# What the program needs lies apart from it: an update of the program alone is quick, and spares the card.
build_packages() {
    [ ! -e "$packages/complete" ] || return 0
    say "installing what it needs (minutes, on a Pi) …"
    rm -rf "$packages"
    if ! fill_packages; then
        rm -rf "$packages"
        fail "what the new version needs cannot be installed; nothing was changed. The lines above say why"
    fi
    mark_complete "$packages"
}

fill_packages() {
    extras=pi # of a server, too: its `glassline doctor` looks at pictures
    if is_among pi_node; then extras=$extras,ncnn; fi
    if [ "$programs" != pi_node ]; then extras=$extras,server; fi
    python3 -m venv --system-site-packages "$packages" || return 1
    pip="$packages/bin/pip --disable-pip-version-check --no-input --quiet"
    from=${wheels:+--no-index --find-links $wheels}
    # shellcheck disable=SC2086 # several words
    if [ -n "$lock" ]; then
        $pip install $from --require-hashes --requirement "$lock"
    else
        say "nothing names exact versions here: what fits is installed"
        $pip install $from "$wheel[$extras]" && $pip uninstall --yes glassline
    fi
}

build_release() {
    [ ! -e "$release/complete" ] || return 0
    say "installing $(basename "$release") …"
    rm -rf "$release"
    if ! fill_release; then
        rm -rf "$release"
        fail "the new version cannot be installed; nothing was changed. The lines above say why"
    fi
    mark_complete "$release"
}

fill_release() {
    python3 -m venv --without-pip --system-site-packages "$release" || return 1
    site=$("$release/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    echo "$packages/${site#"$release"/}" >"$site/packages.pth"
    "$packages/bin/pip" --python "$release/bin/python" --disable-pip-version-check --quiet install --no-index --no-deps \
        "$wheel" || return 1
    mkdir "$release/units"
    for unit in $programs glassline-again@; do cp "$here/$unit.service" "$release/units/" || return 1; done
    for program in $programs; do
        "$release/bin/python" -c "import importlib; importlib.import_module('$program.__main__')" || return 1
    done
    basename "$packages" >"$release/packages"
}

# A loss of power must not leave half a file behind a name that says it is whole.
mark_complete() {
    sync
    touch "$1/complete"
}

make_user() {
    getent passwd "$1" >/dev/null ||
        useradd --system --user-group --no-create-home --home-dir "/var/lib/$1" --shell /usr/sbin/nologin "$1"
}

# Users, settings and credentials, where there are none yet.
prepare_system() {
    changed=no
    if is_among pi_node; then
        make_user pi_node
        getent group video >/dev/null || groupadd --system video
    fi
    if [ "$programs" != pi_node ]; then
        make_user glassline
        install -d -m 0750 -o glassline -g glassline /var/lib/glassline
    fi
    install -d -m 0755 "$etc"
    if ! is_among pi_node; then return 0; fi
    if grep -qs '^\[pi_node\]' "$settings"; then
        [ -z "$id$camera$broker" ] || say "$settings stays as it is: change it there"
    else
        {
            printf '[pi_node]\n'
            [ -z "$id" ] || printf 'id = "%s"\n' "$id"
            [ -z "$camera" ] || printf 'camera = "%s"\n' "$camera"
            [ -z "$broker" ] || printf 'broker = "%s"\n' "$broker"
            printf 'credentials = "%s"\nstate_dir = "/var/lib/pi_node"\n' "$credentials"
        } >>"$settings"
        chmod 0644 "$settings"
        changed=yes
    fi
    [ -e "$credentials" ] || (umask 077 && echo '# Not enrolled yet: `glassline join` writes this file.' >"$credentials")
    if [ -n "$given_credentials" ] && ! cmp -s "$given_credentials" "$credentials"; then
        install -m 0600 "$given_credentials" "$credentials"
        changed=yes
    fi
}

join() {
    [ -n "$token_file" ] || return 0
    "$release/bin/glassline" join "$server" --out "$credentials" --token-file "$token_file" && changed=yes ||
        not_joined="it is not enrolled, see above; once that is mended: glassline join $server --out $credentials"
}

has_frames() { # whether the node whose process is $1 has pictures now
    python3 - "$1" <<'END'
import json, sys, time
try:
    said = json.load(open("/run/pi_node/status.json"))
    age_s = said["health"]["last_frame_age_s"]
except (OSError, ValueError, KeyError):
    sys.exit(1)
sys.exit(not (str(said["pid"]) == sys.argv[1] and time.time() - said["at_unix"] < 20 and age_s is not None and age_s < 10))
END
}

property() { systemctl show --property "$2" --value "$1.service"; }

# Make $1 the one that runs: stopped meanwhile, so that nothing of the one is loaded into the other.
switch_to() {
    # shellcheck disable=SC2086 # several programs
    systemctl stop $programs 2>/dev/null || true
    for unit in "$1"/units/*.service; do install -m 0644 "$unit" "$units/"; done
    ln -sfn "$1" "$opt/current.new"
    mv -T "$opt/current.new" "$opt/current"
    ln -sfn "$opt/current/bin/glassline" /usr/local/bin/glassline
    systemctl daemon-reload
    # shellcheck disable=SC2086
    systemctl reset-failed $programs 2>/dev/null || true
}

# Start all, and see whether they come up and stay up.
comes_up() {
    up=yes
    for program in $programs; do
        systemctl enable --quiet "$program.service"
        systemctl start "$program.service" || up=no
    done
    [ $up = yes ] || return 1
    sleep "$watch_s"
    for program in $programs; do
        [ "$(property "$program" ActiveState)" = active ] && [ "$(property "$program" NRestarts)" = 0 ] || return 1
    done
    [ "$1" = yes ] || return 0
    for _ in $(seq "$frames_within_s"); do
        ! has_frames "$(property pi_node MainPID)" || return 0
        sleep 1
    done
    echo "the node had pictures before, and has none now" >&2
    return 1
}

say_why() {
    for program in $programs; do
        echo "--- $program: $(property "$program" ActiveState), $(property "$program" StatusText)" >&2
        journalctl --unit "$program.service" --since "@$1" --lines 15 --no-pager --output cat >&2 || true
    done
}

run_release() {
    before=$(readlink "$opt/current" 2>/dev/null || true)
    [ -e "$before/complete" ] || before=""
    # shellcheck disable=SC2086
    if [ "$before" = "$release" ] && [ $changed = no ] && systemctl -q is-active $programs; then
        say "$(basename "$release") runs already; nothing to do"
        return 0
    fi
    had_frames=no
    if is_among pi_node && [ -n "$before" ] && has_frames "$(property pi_node MainPID)"; then had_frames=yes; fi
    began=$(date +%s)
    say "starting it …"
    switch_to "$release"
    if comes_up $had_frames; then
        if [ "$before" != "$release" ]; then
            for old in "$opt"/releases/*; do [ "$old" = "$release" ] || [ "$old" = "$before" ] || rm -rf "$old"; done
            for old in "$opt"/packages/*; do
                grep -qsx "$(basename "$old")" "$opt"/releases/*/packages || rm -rf "$old"
            done
        fi
        say "$(basename "$release") runs"
        return 0
    fi
    say_why "$began"
    [ -n "$before" ] && [ "$before" != "$release" ] || fail "it does not come up yet; the lines above say why. It is tried again every minute"
    say "going back to $(basename "$before") …"
    switch_to "$before"
    comes_up no || fail "$(basename "$before") does not come up any more either: journalctl -u $(echo "$programs" | cut -d' ' -f1)"
    rm -rf "$release"
    fail "the new version does not come up, so $(basename "$before") runs as before; the lines above say why"
}

check_options
exec 9>/run/glassline-install.lock
flock -n 9 || fail "another install.sh runs; wait for it"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
not_joined=""
install_packages
find_release
mkdir -p "$opt/releases" "$opt/packages"
build_packages
build_release
prepare_system
join
run_release
[ -z "$not_joined" ] || fail "$not_joined"
