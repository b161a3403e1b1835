#!/bin/sh
# Boots the Debian in ROOT with systemd as PID 1, in namespaces of its own, over an overlay in FOLDER, which keeps what it
# writes from one boot to the next. Run by tests/support/container.py under unshare(1).
# Usage: boot.sh ROOT FOLDER
set -eu
root=$1
folder=$2
new=$folder/root

hostname glass-pi
mount -t overlay overlay -o "lowerdir=$root,upperdir=$folder/upper,workdir=$folder/work" "$new"
mount -t proc -o nosuid,nodev,noexec proc "$new/proc"
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$new/sys"
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$new/sys/fs/cgroup"
mount -t tmpfs -o mode=755,nosuid tmpfs "$new/dev"
for device in null zero full random urandom tty; do
    touch "$new/dev/$device"
    mount --bind "/dev/$device" "$new/dev/$device"
done
mkdir "$new/dev/pts" "$new/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$new/dev/pts"
ln -s pts/ptmx "$new/dev/ptmx"
ln -s /proc/self/fd "$new/dev/fd"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$new/dev/shm"
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$new/run"
mount -t tmpfs -o mode=1777 tmpfs "$new/tmp"
mkdir -p "$new/old"
cd "$new"
pivot_root . old
umount -l /old
mount --make-rshared /
exec env -i container=other PATH=/usr/sbin:/usr/bin TERM=linux /usr/lib/systemd/systemd --system
