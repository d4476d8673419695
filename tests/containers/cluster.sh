#!/usr/bin/env bash
# Three containers of the image's root, with the variables of config/container/compose.yaml and networks of their own,
# form a cluster; daemons are killed, stopped and started again: cluster.sh BUILD. The test needs no engine: it uses
# unshare, chroot and setpriv (inside.sh). Exit code 77: that is not possible here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$1
config=$here/../../config/container
net=ctr$$

if [ "$(id -u)" -ne 0 ]; then echo "skipped: only root can make containers"; exit 77; fi
for tool in unshare nsenter setpriv ip curl jq python3; do
    command -v "$tool" >/dev/null || { echo "skipped: $tool is missing"; exit 77; }
done
python3 -c 'import yaml' 2>/dev/null || { echo "skipped: python3-yaml is missing"; exit 77; }
if ! unshare --mount --pid --fork --uts --ipc true 2>/dev/null; then
    echo "skipped: no namespaces can be made here"
    exit 77
fi

work=$(mktemp -d)
declare -A outer
remove() {
    local n
    for n in "${!outer[@]}"; do pkill -KILL -P "${outer[$n]}" || true; done
    wait 2>/dev/null || true
    for n in 1 2 3; do ip netns del "$net-$n" 2>/dev/null || true; done
    ip netns del "$net" 2>/dev/null || true
    rm -rf "$work"
}
trap remove EXIT
fail() {
    echo "not ok $1"
    for n in 1 2 3; do echo "--- node $n"; tail -n 8 "$work/log$n" 2>/dev/null || true; done
    exit 1
}

# A bridge in its own network namespace, with a veth pair to each container.
ip netns add "$net"
ip -n "$net" link add bridge type bridge
ip -n "$net" link set bridge up
for n in 1 2 3; do
    ip netns add "$net-$n"
    ip -n "$net" link add "wire$n" type veth peer name eth0 netns "$net-$n"
    ip -n "$net" link set "wire$n" master bridge up
    ip -n "$net-$n" addr add "10.78.0.$n/24" dev eth0
    ip -n "$net-$n" link set eth0 up
    ip -n "$net-$n" link set lo up
    echo "10.78.0.$n node$n" >>"$work/hosts"
    install -d -o 65532 -g 65532 -m 755 "$work/data$n"
done
echo "127.0.0.1 localhost" >>"$work/hosts"
chmod 755 "$work"

"$config/make-root" "$build" "$work/root" >"$work/size"
: >"$work/root/etc/hosts"  # engines mount over this file

# contain NET DATA COMMAND...: runs COMMAND as PID 1 of a container, in place of this shell; call it in a subshell.
contain() {
    local wire=$1 data=$2
    shift 2
    exec ip netns exec "$wire" unshare --mount --pid --fork --uts --ipc \
        env -i PATH=/usr/sbin:/usr/bin "${variables[@]}" "$here/inside.sh" "$work/root" "$data" "$work" "$@"
}
variables_of() { mapfile -d '' variables < <("$here/compose.py" "$config/compose.yaml" environment "node$1"); }
start() {
    variables_of "$1"
    contain "$net-$1" "$work/data$1" electiond >>"$work/log$1" 2>&1 &
    outer[$1]=$!
}
# The process ids outside of the container of its PID 1, and of its daemon.
first() { pgrep -P "${outer[$1]}"; }
daemon() { pgrep -P "$(first "$1")"; }
# inside N COMMAND...: runs COMMAND in the running container, as its user, like `podman exec`.
inside() {
    local n=$1
    shift
    nsenter --target "$(first "$n")" --mount --pid --net --uts --ipc --root --setuid 65532 --setgid 65532 \
        "/usr/bin/$1" "${@:2}"
}
mapfile -t health < <(sed -n 's/^HEALTHCHECK .* CMD //p' "$config/Containerfile" | jq -r '.[]')
healthy() { inside "$1" "${health[@]}" >/dev/null 2>&1; }
ask() { ip netns exec "$net-$1" curl -s -m 2 "http://127.0.0.1:7400$2"; }
# until_true SECONDS COMMAND...
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.05
    done
}
find_leader() {
    local n
    for n in "$@"; do
        if ip netns exec "$net-$n" curl -sf -m 2 -o /dev/null http://127.0.0.1:7400/leader; then leader=$n; return 0; fi
    done
    return 1
}
leader_among() { until_true 60 find_leader "$@" || fail "no leader among $*"; }
is_ready() { ask "$1" /readyz | grep -q '"ready":true'; }
all_ready() {
    local n
    for n in 1 2 3; do until_true 60 is_ready "$n" || fail "node $n is not ready"; done
}
uuid() { ask "$1" /status | jq -r .uuid; }
# ended N: waits for the end of the container; its exit code is then in $code.
ended() {
    code=0
    wait "${outer[$1]}" || code=$?
    unset "outer[$1]"
}
others() { printf '%s\n' 1 2 3 | grep -v "$1"; }

for n in 1 2 3; do start "$n"; done
leader_among 1 2 3
all_ready
echo "ok three containers form a cluster from their environment alone; node $leader leads"

for n in 1 2 3; do
    pid=$(daemon "$n")
    grep -q '^Uid:.65532.65532.65532.65532$' "/proc/$pid/status" || fail "node $n runs as another user"
    grep -Eq '^CapEff:.0+$' "/proc/$pid/status" || fail "node $n has capabilities"
    [ "$(cat "/proc/$pid/comm")" = electiond ] || fail "node $n is no daemon"
    [ "$(cat "/proc/$(first "$n")/comm")" = electiond-init ] || fail "PID 1 of node $n is not the forwarder"
    grep -q ' / ro[, ]' "/proc/$pid/mountinfo" || fail "node $n may write to its root"
    healthy "$n" || fail "the health check of node $n fails"
done
inside 1 electionctl members | grep -q 10.78.0.2 || inside 1 electionctl members | grep -q node2 ||
    fail "electionctl in the container does not show node 2"
inside 2 electionctl wait-leader --timeout 10s >/dev/null || fail "electionctl wait-leader fails"
echo "ok each runs as uid 65532 without a capability, its root is read-only; health check and electionctl work"

pid=$(daemon "$leader")
kill -STOP "$pid"
! healthy "$leader" || fail "the health check accepts a daemon that stands still"
kill -CONT "$pid"
leader_among 1 2 3
all_ready
echo "ok the health check fails while the daemon stands still"

old=$leader
mine=$(uuid "$old")
kill -KILL "$(daemon "$old")"
ended "$old"
[ "$code" -eq 137 ] || fail "the container ended with $code, not with 137"
grep -q "the daemon was ended by the signal KILL" "$work/log$old" || fail "the log does not say why the container ended"
mapfile -t rest < <(others "$old")
leader_among "${rest[@]}"
echo "ok kill -9 of the leader's daemon ends its container with 137, and node $leader leads"

start "$old"
all_ready
[ "$(uuid "$old")" = "$mine" ] || fail "node $old has come back as another member"
echo "ok a new container on the same volume is the same member"

leader_among 1 2 3
old=$leader
kill -TERM "$(first "$old")"
ended "$old"
[ "$code" -eq 0 ] || fail "the container that was stopped ended with $code"
mapfile -t rest < <(others "$old")
leader_among "${rest[@]}"
lost=$(ask "$leader" /history | jq '[.history[] | select(.gapMs != null)] | last | .gapMs')
[ "${lost%.*}" -lt 500 ] || fail "no hand-over: $lost ms without a leader"
start "$old"
all_ready
echo "ok TERM to PID 1 of the leader hands over ($lost ms without a leader), and its container ends with 0"

# A required variable is missing, or all are.
variables=(ELECTIOND_NODE_ID=1 ELECTIOND_NODE_DATA_DIR=relative)
code=0
said=$(contain "$net-1" "$work/data1" electiond --check 2>&1) || code=$?
[ "$code" -eq 78 ] || fail "a check without cluster.name ended with $code"
grep -q 'environment ELECTIOND_CLUSTER_NAME: cluster.name is missing' <<<"$said" || fail "no variable is named: $said"
variables=()
code=0
said=$(contain "$net-1" "$work/data1" electiond 2>&1) || code=$?
[ "$code" -eq 64 ] || fail "a start without any variable ended with $code"
echo "ok faults name the variable (78); without any variable: 64"

echo "size of the root: $(cut -f 1 <"$work/size")"
