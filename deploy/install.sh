#!/bin/sh
# Installs Glassline as services of systemd, or brings an installed one up to date; `install.sh --help` says how.
#
# Each version is a folder of its own in /opt/glassline/releases (install-version.sh), and /opt/glassline/current names the
# one that runs. A new one has to come up and stay up; else the one before runs again (install-trial.sh). Whatever a person
# wrote in /etc/glassline stays as it is.
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
  --programs NAMES    which programs to install beside those that are: pi_node (default where none is), broker, bridge, web
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
works_within_s=60
loads_within_s=900 # the node itself gives a detector up then

say() { echo "glassline: $1"; }
fail() {
    echo "glassline: $1" >&2
    exit 1
}
# Make standard input the file $2, with mode $1: whenever power goes, there is all of it or what was there before.
put() {
    (umask 077 && cat >"$2.new")
    chmod "$1" "$2.new"
    sync "$2.new"
    mv -T "$2.new" "$2"
    sync "$(dirname "$2")"
}
camera_password="--camera: a password does not belong here, where everybody can read it: give rtsp://USER@… and, in $settings,
camera_password_file: a file (0600, of the user pi_node) that holds the password alone"
is_among() { case " $programs " in *" $1 "*) ;; *) return 1 ;; esac; }

id="" camera="" broker="" given_credentials="" server="" token_file="" programs="" wheels="" lock=""
while [ $# -gt 0 ]; do
    case $1 in
    --help) usage && exit 0 ;;
    --id | --camera | --broker | --credentials | --server | --token-file | --programs | --wheels | --lock)
        [ $# -gt 1 ] && [ -n "$2" ] || fail "$1 wants a value; --help shows which"
        case $2 in *[\"\\]*) fail "$1 may not hold quotes or backslashes" ;; esac
        case $1 in
        --id) id=$2 ;;
        --camera)
            case $2 in *://*:*@*) fail "$camera_password" ;; esac
            camera=$2
            ;;
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

# What was installed before belongs to each version that follows, for all share one.
choose_programs() {
    already=""
    for program in pi_node broker bridge web; do
        [ ! -e "$units/$program.service" ] || already="$already $program"
    done
    for program in $programs; do
        case $program in pi_node | broker | bridge | web) ;; *) fail "--programs: expected pi_node, broker, bridge, web, got $program" ;; esac
    done
    if [ -n "$id" ] || [ -z "$programs$already" ]; then programs="$programs pi_node"; fi
    asked=" $programs$already "
    programs=""
    for program in pi_node broker bridge web; do
        case $asked in *" $program "*) programs="$programs${programs:+ }$program" ;; esac
    done
}

check_options() {
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
            cat "$settings" 2>/dev/null || true
            printf '[pi_node]\n'
            [ -z "$id" ] || printf 'id = "%s"\n' "$id"
            [ -z "$camera" ] || printf 'camera = "%s"\n' "$camera"
            [ -z "$broker" ] || printf 'broker = "%s"\n' "$broker"
            printf 'credentials = "%s"\nstate_dir = "/var/lib/pi_node"\n' "$credentials"
        } | put 0644 "$settings"
        changed=yes
    fi
    [ -e "$credentials" ] || echo '# Not enrolled yet: `glassline join` writes this file.' | put 0600 "$credentials"
    if [ -n "$given_credentials" ] && ! cmp -s "$given_credentials" "$credentials"; then
        put 0600 "$credentials" <"$given_credentials"
        changed=yes
    fi
}

join() {
    [ -n "$token_file" ] || return 0
    "$release/bin/glassline" join "$server" --out "$credentials" --token-file "$token_file" && changed=yes ||
        not_joined="it is not enrolled, see above; once that is mended: glassline join $server --out $credentials"
}

. "$here/install-version.sh"
. "$here/install-trial.sh"

choose_programs
check_options
exec 9>/run/glassline-install.lock
flock -n 9 || fail "another install.sh runs; wait for it"
work=$(mktemp -d)
trap leave EXIT
trap 'exit 1' HUP INT TERM PIPE
if [ -L "$opt/on-trial" ]; then
    say "the last run was broken off before its version had stood its trial"
    go_back && sleep "$watch_s"
fi
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
