#!/usr/bin/env bash
# Runs the commands of docs/experiments.md: experiments.sh BUILD. The ports of the page are free, and its firewall is
# nobody else's: the commands run in a network of their own, and what they start ends with them. Exit code 77: that cannot
# be made here.
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd)

for tool in unshare ip iptables jq curl python3; do
    command -v "$tool" >/dev/null || { echo "skipped: $tool is missing"; exit 77; }
done
if ! unshare --net --pid --fork --mount-proc true 2>/dev/null; then echo "skipped: only root can make a network"; exit 77; fi

work=$(mktemp -d)
export CLUSTER_DIR=$work/cluster BUILD_DIR=$build ELECTIOND_PAGE=$source/docs/experiments.md
trap 'rm -rf "$work"' EXIT
# The page is for the source tree; what it writes lies elsewhere.
mkdir "$work/tree"
ln -s "$source/apps" "$source/docs" "$work/tree/"
ln -s "$build" "$work/tree/build"
awk '/^```/ { on = $0 == "```sh"; next } on' "$ELECTIOND_PAGE" >"$work/commands"

code=0
# shellcheck disable=SC2016
unshare --net --pid --fork --kill-child --mount-proc bash -c '
    ip link set lo up multicast on
    ip route add 239.0.0.0/8 dev lo
    cd "$0/tree"
    set -e
    . ../commands
' "$work" >"$work/said" 2>&1 </dev/null || code=$?
# Each thing that the page promises, in its order.
for words in 'node 1 leads' '"canLose":1' '"quorum": 2' 'killed node 1' '"isLeader":true' 'node 1 .*FOLLOWER' \
    'node 2 .*CANDIDATE' 'node 2 .*FOLLOWER' '"canLose":2' '5 *voter' 'stepped down: node' 'https://'; do
    line=$(tail -n "+${from:-1}" "$work/said" | grep -nEm1 -- "$words" | cut -d: -f1) || true
    if [ -z "$line" ]; then
        echo "after line ${from:-1} nothing says: $words"
        code=1
        break
    fi
    from=$((${from:-1} + line - 1))
done
if [ "$code" != 0 ]; then cat "$work/said"; fi
exit "$code"
