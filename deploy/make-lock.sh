#!/bin/sh
# Resolves anew what a Pi installs, and writes deploy/pi-py311.lock (Bookworm) and deploy/pi-py313.lock (Trixie).
# Usage: make-lock.sh VENV, which has `uv` and `pip`. Each line names one version and the hash of one aarch64 wheel.
set -eu
export LC_ALL=C
venv=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What Bookworm's picamera2 was built against stays: OpenCV 5 wants NumPy 2, with which apt's simplejpeg breaks.
printf 'numpy==1.24.2\nopencv-python-headless==4.11.0.86\n' >"$work/3.11"
: >"$work/3.13"

for python in 3.11 3.13; do
    name=pi-py$(echo $python | tr -d .)
    "$venv/bin/uv" pip compile -q --extra pi --extra ncnn --python-version $python \
        --python-platform aarch64-manylinux_2_36 --only-binary :all: --constraint "$work/$python" \
        --generate-hashes --no-header --no-annotate --output-file "$work/$name" pyproject.toml
    "$venv/bin/python" -m workbench.flash.wheels "$work/$name" "$work/$name.wheels"
    {
        echo "# Made by \`make lock\`: what a Pi with Python $python installs, glassline[pi,ncnn]."
        for wheel in "$work/$name.wheels"/*.whl; do
            file=$(basename "$wheel")
            rest=${file#*-}
            printf '%s==%s --hash=sha256:%s\n' "$(echo "${file%%-*}" | tr 'A-Z_.' 'a-z--')" "${rest%%-*}" \
                "$(sha256sum "$wheel" | cut -d ' ' -f 1)"
        done | sort
    } >"deploy/$name.lock"
    echo "deploy/$name.lock: $(grep -c == "deploy/$name.lock") wheels, $(du -cb "$work/$name.wheels"/*.whl | tail -n 1 | cut -f 1) bytes"
done
