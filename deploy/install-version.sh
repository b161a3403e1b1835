# Part of install.sh: builds the version that is to be installed, in a folder of its own beside those that are there.

# What the wheel is built of, into $1: building leaves things behind, and takes what an earlier build left.
copy_source() {
    mkdir "$1"
    (cd "$here/.." && tar -c --exclude=node_modules --exclude=__pycache__ pyproject.toml README.md LICENSE \
        glassline pi_node broker bridge web workbench deploy) | tar -x -C "$1"
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
        copy_source "$work/source"
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
units = [(file.name, file.read_bytes()) for file in sorted(pathlib.Path(here).glob("*.*")) if file.suffix in (".service", ".path")]
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
    if is_among pi_node; then cp "$here"/glassline-credentials.* "$release/units/" || return 1; fi
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
