#!/bin/sh
# Runs COMMAND in the Debian ROOT, of which nothing is changed: an overlay in WORK takes what it writes.
# There /opt/glassline is PROJECT, /opt/site is SITE, /opt/test is TEST and /out is WORK/out.
# Usage: in-root.sh ROOT WORK PROJECT SITE TEST COMMAND…
set -eu
root=$1 work=$2 project=$3 site=$4 test=$5
shift 5
mkdir -p "$work/root" "$work/out"
exec unshare --mount --propagation private sh -eu -c '
root=$1 work=$2 project=$3 site=$4 test=$5
shift 5
mount -t tmpfs tmpfs "$work/root"
mkdir "$work/root/upper" "$work/root/overlay" "$work/root/merged"
mount -t overlay overlay -o "lowerdir=$root,upperdir=$work/root/upper,workdir=$work/root/overlay" "$work/root/merged"
cd "$work/root/merged"
mkdir -p opt/glassline opt/site opt/test out usr/share/libcamera/pipeline/virtual
mount --bind "$project" opt/glassline
mount --bind "$site" opt/site
mount --bind "$test" opt/test
mount --bind "$work/out" out
mount -t proc proc proc
cp opt/test/virtual.yaml usr/share/libcamera/pipeline/virtual/
exec chroot . "$@"
' sh "$root" "$work" "$project" "$site" "$test" "$@"
