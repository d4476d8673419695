#!/usr/bin/env bash
# Installs, upgrades, removes and purges the packages under a real systemd: life.sh FOLDER [ROOT]. FOLDER has
# the .deb files. The machine is a container over an overlay of ROOT (this machine); nothing of it stays.
# Ends with 77 where that cannot be made (not root, no systemd-nspawn).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/packages/overlay.sh
. "$here/overlay.sh"
packages=$(cd "$1" && pwd)
root=$(cd "${2:-/}" && pwd)
make_overlay "$root" "$packages"
cp "$here/life_inside.sh" "$work/root/root/packages/"

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
WorkingDirectory=/root/packages
ExecStart=/bin/sh -c "/bin/bash life_inside.sh >said 2>&1; echo $$? >code; systemctl poweroff"
UNIT
timeout -s KILL 170 systemd-nspawn -q -D "$work/root" --register=no --keep-unit --private-network \
    --boot systemd.unit=life.target >"$work/console" 2>&1 || true
cat "$work/root/root/packages/said" 2>/dev/null || cat "$work/console"
exit "$(cat "$work/root/root/packages/code" 2>/dev/null || echo 1)"
