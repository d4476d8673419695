#!/usr/bin/env bash
# Boots systemd in a container, and has inside.sh run checks.sh there: tests/service/boot.sh BIN PRELOAD OUT
# [CHECK...]. BIN is the folder with the built programs, PRELOAD the library that makes a disk slow (tests/lab); the
# results go to the file OUT. Exit code 77: no container can be booted here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/service/lab.sh
. "$here/lab.sh"
bin=$1 preload=$2 out=$3
shift 3

obstacle=$(lab_obstacle)
if [ -n "$obstacle" ]; then
    echo "skipped: $obstacle" | tee "$out"
    exit 77
fi
folder=$(mktemp -d)
trap 'lab_remove "$folder"; rm -rf "$folder"' EXIT
lab_mount "$folder"
lab_install "$folder" "$bin"
lab_script "$folder" "$here/inside.sh" "$@"
cp "$here/checks.sh" "$here/../../docs/operations.md" "$folder/root/root/lab/"
install -m 755 "$preload" "$folder/root/usr/lib/lab_preload.so"
lab_boot "$folder" 400 --private-network
cp "$folder/root/root/lab/out" "$out" 2>/dev/null || { cat "$folder/console"; echo "the container did not boot"; exit 1; }
grep -E '^(not )?ok ' "$out"
