#!/usr/bin/env bash
# Follows docs/plugin-in-ten-minutes.md on a machine that has nothing of electiond: authors.sh FOLDER [ROOT]. FOLDER has
# the .deb files. The page's commands run in a container over an overlay of ROOT (this machine); nothing of it stays.
# Each line that the page shows as printed must be printed. With ROOT the container has the network of this machine, so
# that apt-get can fetch what the page installs.
# Ends with 77 where that cannot be made (not root, no systemd-nspawn).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/packages/overlay.sh
. "$here/overlay.sh"
packages=$(cd "$1" && pwd)
page=$here/../../docs/plugin-in-ten-minutes.md
network=()
[ $# -gt 1 ] || network=(--private-network)
make_overlay "$(cd "${2:-/}" && pwd)" "$packages"
[ $# -eq 1 ] || cp -L /etc/resolv.conf "$work/root/etc/resolv.conf"

# The blocks of the page that begin with ```LANGUAGE alone.
blocks() {
    awk -v begin="\`\`\`$1" '/^```/ { open = !open; wanted = open && $0 == begin; next } wanted' "$page"
}
{
    echo 'export DEBIAN_FRONTEND=noninteractive'
    [ $# -eq 1 ] || echo 'apt-get update'
    blocks sh
} >"$work/root/root/packages/page.sh"
[ "$(wc -l <"$work/root/root/packages/page.sh")" -gt 20 ]

SECONDS=0
code=0
timeout -s KILL "${LIMIT:-170}" systemd-nspawn -q -D "$work/root" --register=no --keep-unit "${network[@]}" \
    --as-pid2 --chdir=/root/packages /bin/bash -e page.sh >"$work/said" 2>&1 </dev/null || code=$?
cat "$work/said"
[ "$code" -eq 0 ] || { echo "FAILED: the commands of the page ended with $code"; exit 1; }
echo "== the page took $SECONDS s"
blocks '' | while IFS= read -r line; do
    grep -qF -e "$line" "$work/said" || { echo "FAILED: the page shows what is not printed: $line"; exit 1; }
done
