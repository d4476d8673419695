#!/usr/bin/env bash
# Installs, upgrades, removes and purges the packages under a real systemd: life.sh FOLDER [ROOT]. FOLDER has
# the .deb files. The machine is a container over an overlay of ROOT (this machine); nothing of it stays.
# Ends with 77 where that cannot be made (not root, no systemd-nspawn).
set -euo pipefail
packages=$(cd "$1" && pwd)
root=$(cd "${2:-/}" && pwd)
if [ "$(id -u)" -ne 0 ] || ! command -v systemd-nspawn >/dev/null; then
    echo "skipped: needs root and systemd-nspawn"
    exit 77
fi
work=$(mktemp -d)
trap 'umount -l "$work/root" "$work/disk" 2>/dev/null; rm -rf --one-file-system "$work"' EXIT
mkdir "$work/disk" "$work/root"
if ! mount -t tmpfs none "$work/disk"; then
    echo "skipped: may not mount"
    exit 77
fi
mkdir "$work/disk/upper" "$work/disk/work"
mount -t overlay none -o "lowerdir=$root,upperdir=$work/disk/upper,workdir=$work/disk/work" "$work/root"
: >"$work/root/etc/machine-id"
# Whatever this machine has of electiond itself is not there.
rm -rf "$work"/root/etc/electiond "$work"/root/var/lib/electiond* "$work"/root/usr/sbin/policy-rc.d
mkdir "$work/root/root/life"
cp "$packages"/electiond_*.deb "$packages"/electionctl_*.deb "$work/root/root/life/"
cp "$(dirname "$0")/life_inside.sh" "$work/root/root/life/"

units=$work/root/etc/systemd/system
cat >"$units/life.target" <<'UNIT'
[Unit]
Requires=basic.target dbus.service
Wants=life.service
AllowIsolate=yes
UNIT
cat >"$units/life.service" <<'UNIT'
[Unit]
After=basic.target dbus.service
[Service]
Type=oneshot
WorkingDirectory=/root/life
ExecStart=/bin/sh -c "/bin/bash life_inside.sh >said 2>&1; echo $$? >code; systemctl poweroff"
UNIT
timeout -s KILL 170 systemd-nspawn -q -D "$work/root" --register=no --keep-unit --private-network \
    --boot systemd.unit=life.target >"$work/console" 2>&1 || true
cat "$work/root/root/life/said" 2>/dev/null || cat "$work/console"
exit "$(cat "$work/root/root/life/code" 2>/dev/null || echo 1)"
