#!/bin/sh
# Fetches into SITE what stands in packages.txt, and what our camera needs in the versions that a Pi installs: wheels for
# Python 3.13. Nothing is done where they are there. PiDNG comes as source only; picamera2 imports what of it is Python.
# Usage: site.sh PYTHON SITE
set -eu
python=$1 site=$2
here=$(dirname "$0")
mkdir -p "$(dirname "$site")"
exec 9>"$site.lock"
flock 9
wanted=$(
    cat "$here/packages.txt"
    ours='opencv-python-headless|simplejpeg|psutil|pydantic|pydantic-core|annotated-types|typing-extensions|typing-inspection'
    sed -nE "s/^(($ours)==[^ ]+).*/\1/p" "$here/../../../../deploy/pi-py313.lock"
)
[ "$(cat "$site/wanted.txt" 2>/dev/null)" != "$wanted" ] || exit 0
rm -rf "$site"
mkdir "$site"
echo "$wanted" >"$site/asked.txt"
machine=$(uname -m)
"$python" -m pip install -q --no-deps --target "$site" --python-version 3.13 --only-binary :all: \
    --platform "manylinux_2_28_$machine" --platform "manylinux2014_$machine" -r "$site/asked.txt"
"$python" -m pip download -q --no-deps --no-binary :all: -d "$site" pidng==4.0.9
tar -xzf "$site/pidng-4.0.9.tar.gz" -C "$site" --strip-components=2 pidng-4.0.9/src/pidng
mv "$site/asked.txt" "$site/wanted.txt"
