#!/usr/bin/env bash
# Four hosts, each a container with systemd and a network of its own, try the recipes of docs/cookbook: three nodes and a
# proxy. The files and commands are those of the pages: tests/service/cookbook.sh BIN OUT [CHECK...]. BIN is the folder
# with the built programs; the results go to the file OUT. Exit code 77: no container can be booted here.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/service/lab.sh
. "$here/lab.sh"
# shellcheck source=tests/service/page.sh
. "$here/page.sh"
bin=$1 out=$2
shift 2
pages=$here/../../docs/cookbook
net=cook$$
hosts=(1 2 3 4)
calls=() answers=() # descriptors

obstacle=$(lab_obstacle)
if [ -n "$obstacle" ]; then
    echo "skipped: $obstacle" | tee "$out"
    exit 77
fi
work=$(mktemp -d)
: >"$out"

remove() {
    local n
    for n in "${!calls[@]}"; do echo end >&"${calls[n]}"; done
    wait
    for n in "${hosts[@]}"; do
        ip netns del "$net-$n" 2>/dev/null
        lab_remove "$work/$n"
    done
    ip netns del "$net" 2>/dev/null
    rm -rf "$work"
}
trap remove EXIT

# A bridge in its own network namespace, where the client runs, with a veth pair to each host.
ip netns add "$net"
ip -n "$net" link add bridge type bridge
ip -n "$net" addr add 192.0.2.254/24 dev bridge
ip -n "$net" link set bridge up
for n in "${hosts[@]}"; do
    ip netns add "$net-$n"
    ip -n "$net" link add "wire$n" type veth peer name eth0 netns "$net-$n"
    ip -n "$net" link set "wire$n" master bridge up
    ip -n "$net-$n" addr add "192.0.2.$n/24" dev eth0
    ip -n "$net-$n" link set eth0 up
    ip -n "$net-$n" link set lo up
done

# The script of a host: at each call it runs the commands in the file `do`, and returns their exit code.
cat >"$work/host.sh" <<'HOST'
systemd-sysusers /usr/lib/sysusers.d/electiond.conf
systemd-tmpfiles --create /usr/lib/tmpfiles.d/electiond.conf
install -m 640 -g electiond /dev/null /etc/electiond/token
echo secret-token >/etc/electiond/token
systemctl start electiond
cd /root/lab
systemd-run --quiet --unit=service python3 /root/lab/service.py
while read -r call && [ "$call" = run ]; do
    timeout -k 5 100 bash ./do >said 2>&1 </dev/null
    echo $? >&4
done 3<>calls 4<>answers <&3
HOST
# The service: returns the name of its node.
cat >"$work/service.py" <<'SERVICE'
import http.server, socket

class Service(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        said = open("/root/lab/name").read().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Service).serve_forever()
SERVICE
for n in "${hosts[@]}"; do
    mkdir "$work/$n"
    lab_mount "$work/$n"
    lab_install "$work/$n" "$bin"
    lab_script "$work/$n" "$work/host.sh"
    cp "$work/service.py" "$work/$n/root/root/lab/"
    echo "node$n" >"$work/$n/root/root/lab/name"
    mkfifo "$work/$n/root/root/lab/calls" "$work/$n/root/root/lab/answers"
    exec {descriptor}<>"$work/$n/root/root/lab/calls"
    calls[n]=$descriptor
    exec {descriptor}<>"$work/$n/root/root/lab/answers"
    answers[n]=$descriptor
    mkdir -p "$work/$n/root/etc/electiond"
    page_file "$pages/README.md" /etc/electiond/electiond.yaml |
        sed "1s/\"1\"/\"$n\"/; /listen/s/192\\.0\\.2\\.1/192.0.2.$n/" >"$work/$n/root/etc/electiond/electiond.yaml"
    if [ "$n" = 4 ]; then
        page_file "$pages/proxies.md" /etc/electiond/electiond.yaml >"$work/$n/root/etc/electiond/electiond.yaml"
    fi
    lab_boot "$work/$n" 840 --network-namespace-path="/run/netns/$net-$n" --capability=CAP_NET_ADMIN &
done

equals() { [ "$2" = "$3" ] || { echo "$1: '$2', not '$3'"; return 1; }; }
contains() { grep -qF -- "$3" <<<"$2" || { printf '%s lacks "%s":\n%s\n' "$1" "$3" "$2"; return 1; }; }
# within SECONDS COMMAND...: repeats COMMAND until it succeeds; fails after SECONDS.
within() {
    local seconds=$1 end
    shift
    end=$((SECONDS + seconds))
    until "$@" &>/dev/null; do
        if [ $SECONDS -ge $end ]; then
            echo "not within $seconds s: $*"
            return 1
        fi
        sleep 0.1
    done
}
# on HOST COMMANDS: runs COMMANDS on the host, prints their output, and fails if they fail.
on() {
    local folder=$work/$1/root/root/lab code
    echo "$2" >"$folder/do"
    echo run >&"${calls[$1]}"
    read -r -t 120 code <&"${answers[$1]}" || { echo "host $1 does not answer"; return 1; }
    cat "$folder/said"
    [ "$code" = 0 ]
}
on_nodes() {
    local n nodes=()
    for n in 1 2 3; do
        on "$n" "$1" &
        nodes+=($!)
    done
    for n in "${nodes[@]}"; do wait "$n" || return; done
}
# put HOST PAGE PATH [MODE]: writes the file PATH of the page on the host.
put() {
    mkdir -p "$(dirname "$work/$1/root$3")"
    page_file "$pages/$2" "$3" >"$work/$1/root$3"
    chmod "${4:-644}" "$work/$1/root$3"
}
put_on_nodes() {
    local n
    for n in 1 2 3; do put "$n" "$@" || return; done
}
client() { ip netns exec "$net" "$@"; }
asks() { client curl -sf -m 1 "http://192.0.2.$1:7400$2"; }
leads() { asks "$1" /leader >/dev/null; }
# leader_among NODE...: sets $leader to the one that leads; fails if none does.
leader_among() {
    local n
    for n in "$@"; do
        if leads "$n"; then
            leader=$n
            return
        fi
    done
    return 1
}
new_leader() {
    local n others=()
    for n in 1 2 3; do [ "$n" = "$1" ] || others+=("$n"); done
    within 30 leader_among "${others[@]}"
}
all_ready() { asks 1 /readyz >/dev/null && asks 2 /readyz >/dev/null && asks 3 /readyz >/dev/null; }
calm() { within 60 all_ready && within 30 leader_among 1 2 3; }
serves() { [ "$(client curl -s -m 1 "$1")" = "node$2" ]; }
# by_leader COMMAND...: runs COMMAND with the number of the present leader as its last argument.
by_leader() { leader_among 1 2 3 && "$@" "$leader"; }

# Three ways to end the leader NODE. Each sets $leader to the next leader.
crash() { on "$1" 'systemctl kill -s KILL electiond' && new_leader "$1"; }
restart() { on "$1" 'systemctl restart --no-block electiond' && new_leader "$1"; }
unplug() { ip -n "$net" link set "wire$1" down && new_leader "$1"; }
plug_in() { ip -n "$net" link set "wire$1" up; }
plug_all_in() {
    local n
    for n in 1 2 3; do plug_in "$n"; done
}

# each_end_of_a_leader ENDS COMMAND...: ends the present leader in each of these ways. After each end, COMMAND with the
# number of the new leader as its last argument must soon succeed.
each_end_of_a_leader() {
    local end begun ends
    read -ra ends <<<"$1"
    shift
    for end in "${ends[@]}"; do
        calm || return
        begun=${EPOCHREALTIME/./}
        "$end" "$leader" || return
        within 30 by_leader "$@" || return
        echo "$end of the leader: the next one acts after $(((${EPOCHREALTIME/./} - begun) / 1000)) ms" >>"$out"
    done
}

# missing PROGRAM...: prints the first one that is not installed; fails if all are.
missing() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || { echo "$program is missing"; return; }
    done
    return 1
}

# shellcheck source=tests/service/recipes.sh
. "$here/recipes.sh"

run() {
    local name=$1 said begun=$SECONDS reason n
    if reason=$("needs_$name"); then
        echo "skip $name: $reason" >>"$out"
        return
    fi
    if said=$({ calm && "check_$name"; } 2>&1); then
        [ -z "${VERBOSE:-}" ] || echo "$said"
        echo "ok $name ($((SECONDS - begun)) s)" >>"$out"
    else
        {
            echo "$said"
            for n in "${hosts[@]}"; do
                echo "--- host $n"
                on "$n" "journalctl -q --no-pager -n 30 -o short-precise" || tail -n 5 "$work/$n/console"
            done
            echo "not ok $name ($((SECONDS - begun)) s)"
        } >>"$out"
    fi
    plug_all_in
    "clean_$name" >/dev/null
}
names=("$@")
[ $# -gt 0 ] || mapfile -t names < <(sed -n 's/^check_\([a-z0-9_]*\)() {$/\1/p' "$here/recipes.sh")
for name in "${names[@]}"; do run "$name"; done
cat "$out"
