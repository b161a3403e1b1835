# Part of install.sh: puts a version on trial in place of the one that runs, and goes back where it does not stay up.
#
# systemd's names for the units are links through `current`: replacing that one link changes over program and units at
# once. Until a new version has stood its trial, `on-trial` names the version before. Power may go at any instant: the
# next boot (glassline-back.service) or the next run finds that link, and makes it `current` again.

property() { systemctl show --property "$2" --value "$1.service"; }

# Make $2 a link to $1: there is always the old one or the new one.
link() {
    [ "$(readlink "$2" || true)" != "$1" ] || return 0
    ln -sfn "$1" "$2.new"
    mv -T "$2.new" "$2"
}

link_units() {
    mkdir -p "$units/multi-user.target.wants"
    # A file, no link: it must not depend on the version that is on trial.
    cmp -s "$here/glassline-back.service" "$units/glassline-back.service" ||
        put 0644 "$units/glassline-back.service" <"$here/glassline-back.service"
    for unit in "$release"/units/*; do link "$opt/current/units/$(basename "$unit")" "$units/$(basename "$unit")"; done
    # `systemctl enable` would follow the links, and name this version for good.
    for unit in $programs glassline-back; do link "../$unit.service" "$units/multi-user.target.wants/$unit.service"; done
    link "$opt/current/bin/glassline" /usr/local/bin/glassline
}

# Make the link $1 `current`: all is stopped meanwhile, so that nothing of one version is loaded into another.
change_over() {
    # shellcheck disable=SC2086 # several programs
    [ ! -L "$opt/current" ] || systemctl stop $programs glassline-credentials.path 2>/dev/null || true
    mv -T "$1" "$opt/current" || return 1
    sync
    systemctl daemon-reload
    # shellcheck disable=SC2086
    systemctl reset-failed $programs 2>/dev/null || true
}

start_all() {
    for program in $programs; do systemctl start "$program.service" 2>/dev/null || true; done
}

go_back() {
    say "going back to $(basename "$(readlink "$opt/on-trial")") …"
    change_over "$opt/on-trial" || return 1
    start_all
}

# Those programs that run.
running() {
    for program in $programs; do ! systemctl --quiet is-active "$program.service" || echo "$program"; done
}

# Those of which a person has written settings.
set_up() {
    for program in $programs; do ! grep -qs "^\[$program\]" "$settings" || echo "$program"; done
}

say_what_runs() {
    say "$(basename "$release") runs: $(echo $(running))"
    for program in $programs; do
        if systemctl --quiet is-active "$program.service"; then continue; fi
        case " $(echo $(set_up)) " in
        *" $program "*) say "$program does not run, and did not before: systemctl status $program" ;;
        *) say "$program waits for its settings, [$program] in $settings, and is tried again every minute" ;;
        esac
    done
}

stay_up() {
    for program in $must; do
        [ "$(property "$program" ActiveState)" = active ] && [ "$(property "$program" NRestarts)" = 0 ] && continue
        echo "$program does not stay up" >&2
        return 1
    done
}

# What of the node works: "pictures", "detector"; "loading" while it makes its detector ready.
works() {
    is_among pi_node || return 0
    python3 - "$(property pi_node MainPID)" <<'END'
import json, sys, time
try:
    said = json.load(open("/run/pi_node/status.json"))
except (OSError, ValueError):
    sys.exit()
health = said["health"]
frame_age_s, detect_age_s = health.get("last_frame_age_s"), health.get("last_detect_age_s")
if str(said["pid"]) == sys.argv[1] and time.time() - said["at_unix"] < 20:
    print(
        *["pictures"] * (frame_age_s is not None and frame_age_s < 10),
        *["detector"] * (detect_age_s is not None and detect_age_s < 30),
        *["loading"] * ("detector.starting" in health.get("reasons", ())),
    )
END
}

uptime_s() { cut -d. -f1 /proc/uptime; }

# Start all, and see whether those of $must come up, stay up, and do again what worked before: $1.
comes_up() {
    start_all
    sleep "$watch_s"
    since_s=$(uptime_s)
    while stay_up || return 1; do
        now=$(works)
        missing=""
        for one in $1; do case " $now " in *" $one "*) ;; *) missing="$missing $one" ;; esac; done
        [ -n "$missing" ] || return 0
        patience_s=$works_within_s
        case $now in *loading*) patience_s=$loads_within_s ;; esac
        if [ $(($(uptime_s) - since_s)) -ge "$patience_s" ]; then
            echo "what worked before does not work now:$missing" >&2
            return 1
        fi
        sleep 1
    done
}

say_why() {
    for program in $programs; do
        echo "--- $program: $(property "$program" ActiveState), $(property "$program" StatusText)" >&2
        journalctl --unit "$program.service" --since "@$1" --lines 15 --no-pager --output cat >&2 || true
    done
}

# Of a folder that is half removed nothing must say that it is whole.
forget() {
    rm -f "$1/complete"
    sync
    rm -rf "$1"
}

forget_older() {
    for old in "$opt"/releases/*; do [ "$old" = "$release" ] || [ "$old" = "$before" ] || forget "$old"; done
    for old in "$opt"/packages/*; do
        grep -qsx "$(basename "$old")" "$opt"/releases/*/packages || forget "$old"
    done
}

run_release() {
    before=$(readlink "$opt/current" || true)
    [ -e "$before/complete" ] || before=""
    must=$(running)
    if [ "$before" = "$release" ] && [ $changed = no ] && [ "$(echo $must)" = "$programs" ]; then
        say "$(basename "$release") runs already; nothing to do"
        return 0
    fi
    must=${must:-$(set_up)} # what did not run before, or has no settings yet, is not asked to run now
    worked=$(works)
    worked=${worked%loading}
    began=$(date +%s)
    say "starting it …"
    link_units
    [ -z "$before" ] || [ "$before" = "$release" ] || link "$before" "$opt/on-trial"
    ln -sfn "$release" "$opt/current.new"
    sync
    change_over "$opt/current.new"
    if comes_up "$worked"; then
        rm -f "$opt/on-trial"
        sync
        [ "$before" = "$release" ] || forget_older
        say_what_runs
        return 0
    fi
    say_why "$began"
    [ -L "$opt/on-trial" ] || fail "it does not come up yet; the lines above say why. It is tried again every minute"
    go_back && comes_up "" ||
        fail "$(basename "$before") does not come up any more either: systemctl status $programs"
    forget "$release"
    fail "the new version does not come up, so $(basename "$before") runs as before; the lines above say why"
}

# However this ends: what has not stood its trial does not stay.
leave() {
    trap '' HUP INT TERM PIPE
    set +e
    [ ! -L "$opt/on-trial" ] || go_back
    rm -rf "$work"
}
