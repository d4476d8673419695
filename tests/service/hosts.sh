#!/usr/bin/env bash
# Three hosts, each a container with systemd and a network of its own, form a cluster from their units; the leader is
# killed, and the next one is stopped: tests/service/hosts.sh BIN. BIN is the folder with the built programs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/service/lab.sh
. "$here/lab.sh"
bin=$1
net=lab$$
work=$(mktemp -d)

obstacle=$(lab_obstacle)
if [ -n "$obstacle" ]; then echo "skipped: $obstacle"; exit 77; fi

remove() {
    local n
    for n in 1 2 3; do
        touch "$work/$n/root/root/lab/end" 2>/dev/null || true
    done
    wait
    for n in 1 2 3; do
        ip netns del "$net-$n" 2>/dev/null || true
        lab_remove "$work/$n"
    done
    ip netns del "$net" 2>/dev/null || true
    rm -rf "$work"
}
trap remove EXIT

# A bridge in a network of its own, and a wire from it to each host.
ip netns add "$net"
ip -n "$net" link add bridge type bridge
ip -n "$net" addr add 10.77.0.254/24 dev bridge
ip -n "$net" link set bridge up
for n in 1 2 3; do
    ip netns add "$net-$n"
    ip -n "$net" link add "wire$n" type veth peer name host0 netns "$net-$n"
    ip -n "$net" link set "wire$n" master bridge up
    ip -n "$net-$n" addr add "10.77.0.$n/24" dev host0
    ip -n "$net-$n" link set host0 up
    ip -n "$net-$n" link set lo up
done

# What a host does: starts its unit, and runs the commands that appear in the file `do`.
cat >"$work/host.sh" <<'HOST'
systemd-sysusers /usr/lib/sysusers.d/electiond.conf
systemd-tmpfiles --create /usr/lib/tmpfiles.d/electiond.conf
systemctl start electiond
cd /root/lab
until [ -e end ]; do
    if [ -e do ]; then mv do doing; bash ./doing; rm doing; fi
    sleep 0.1
done
HOST
for n in 1 2 3; do
    mkdir "$work/$n"
    lab_mount "$work/$n"
    lab_install "$work/$n" "$bin"
    lab_script "$work/$n" "$work/host.sh"
    mkdir -p "$work/$n/root/etc/electiond"
    cat >"$work/$n/root/etc/electiond/electiond.yaml" <<YAML
node: {id: "$n", data_dir: /var/lib/electiond}
cluster: {name: hosts, bootstrap: all, expect: 3}
api: {listen: "10.77.0.$n:7400", insecure: true}
transport: {listen: "10.77.0.$n:7401", insecure: true}
discovery: [{plugin: static_list, peers: {"1": "10.77.0.1:7401", "2": "10.77.0.2:7401", "3": "10.77.0.3:7401"}}]
YAML
    lab_boot "$work/$n" 180 --network-namespace-path="/run/netns/$net-$n" &
done

ask() { ip netns exec "$net" curl -s -m 2 "http://10.77.0.$1:7400$2"; }
on() { echo "$2" >"$work/$1/root/root/lab/do.new" && mv "$work/$1/root/root/lab/do.new" "$work/$1/root/root/lab/do"; }
fail() {
    echo "$1"
    for n in 1 2 3; do
        echo "--- host $n"
        tail -n 5 "$work/$n/console"
        ask "$n" /status || true
    done
    exit 1
}
# leader_among N...: the host that leads, once it does, in $leader.
leader_among() {
    local n end=$((SECONDS + 60))
    while [ $SECONDS -lt $end ]; do
        for n in "$@"; do
            if ip netns exec "$net" curl -sf -m 2 -o /dev/null "http://10.77.0.$n:7400/leader"; then leader=$n; return; fi
        done
        sleep 0.05
    done
    fail "no leader among $*"
}
all_vote() {
    local n end=$((SECONDS + 60))
    for n in 1 2 3; do
        until ask "$n" /readyz | grep -q '"ready":true'; do
            [ $SECONDS -lt $end ] || fail "host $n is not ready"
            sleep 0.1
        done
    done
}
gap() { ask "$1" /history | jq '[.history[] | select(.gapMs != null)] | last | .gapMs'; }

begun=$SECONDS
leader_among 1 2 3
all_vote
echo "ok three hosts form a cluster; host $leader leads ($((SECONDS - begun)) s)"

old=$leader
mapfile -t rest < <(printf '%s\n' 1 2 3 | grep -v "$old")
on "$old" 'systemctl kill -s KILL electiond'
leader_among "${rest[@]}"
all_vote
echo "ok kill -9 of the leader: host $leader leads, without a leader for $(gap "$leader") ms; the unit has started host $old again"

old=$leader
mapfile -t rest < <(printf '%s\n' 1 2 3 | grep -v "$old")
on "$old" 'systemctl restart electiond'
leader_among "${rest[@]}"
lost=$(gap "$leader")
echo "ok systemctl restart of the leader: host $leader leads, without a leader for $lost ms"
[ "${lost%.*}" -lt 500 ] || fail "that was no hand-over"
all_vote
echo "ok all hosts are ready again"
