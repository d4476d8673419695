#!/usr/bin/env bash
# Becomes PID 1 of a container: inside.sh ROOT DATA ETC COMMAND... must be called in new namespaces, and replaces itself
# by COMMAND in ROOT, as the user 65532, without a capability. ROOT is mounted read-only, DATA is the volume, and ETC
# contains the hosts file. /proc and the usual files of /dev are there, too. COMMAND gets the environment of this
# script.
set -euo pipefail
root=$1 data=$2 etc=$3
shift 3
mount --make-rprivate /
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
for device in null zero full random urandom; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mount --bind "$data" "$root/var/lib/electiond"
mount --bind "$etc/hosts" "$root/etc/hosts"
cd "$root"
exec setpriv --bounding-set=-all,+sys_chroot,+setuid,+setgid --inh-caps=-all --no-new-privs \
    chroot --userspec=65532:65532 "$root" "$@"
