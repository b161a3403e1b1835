#!/bin/sh
# Makes the virtual environment VENV with PYTHON, or says in one line what is missing and how to get it.
# Usage: make-venv.sh PYTHON VENV
set -eu
python=$1
venv=$2

fail() {
    echo "glassline: $1" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 ||
    fail "$python is not installed. Install Python 3.11 or newer (Debian: sudo apt install python3 python3-venv)."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version 2>&1) is too old. Install Python 3.11 or newer and run: make PYTHON=python3.11 …"
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "this Python has no venv module. Install it (Debian: sudo apt install python3-venv)."
[ -x "$venv/bin/pip" ] && [ -x "$venv/bin/python" ] || {
    rm -rf "$venv"
    "$python" -m venv "$venv" || fail "cannot make $venv. Is the disk full, or this folder not writable?"
}
