#!/usr/bin/env bash
# Runs the checks of checks.sh under systemd as PID 1, as root in the container that boot.sh boots: all, or those named.
# Prints for each `ok NAME`, or `not ok NAME` after what it saw. Holds what the checks share.
set -uo pipefail
export LC_ALL=C

etc=/etc/electiond
units=(electiond electiond@one electiond@two)

# Until the command succeeds: within SECONDS, else the check fails.
within() {
    local seconds=$1 end
    shift
    end=$((SECONDS + seconds))
    until "$@" &>/dev/null; do
        if [ $SECONDS -ge $end ]; then
            echo "not within $seconds s: $*"
            return 1
        fi
        sleep 0.05
    done
}
equals() { [ "$2" = "$3" ] || { echo "$1 is '$2', not '$3'"; return 1; }; }
contains() { grep -qF -- "$3" <<<"$2" || { printf '%s lacks "%s":\n%s\n' "$1" "$3" "$2"; return 1; }; }
lacks() { ! grep -qE -- "$3" <<<"$2" || { printf '%s has "%s":\n%s\n' "$1" "$3" "$2"; return 1; }; }
show() { systemctl show -P "$2" "$1"; }
# The third is a pattern.
# shellcheck disable=SC2053
shows() { [[ "$(show "$1" "$2")" == $3 ]]; }
pid() { show "$1" MainPID; }
is_running() { shows "$1" ActiveState active && [ "$(pid "$1")" != 0 ]; }
restarted() { [ "$(show "$1" NRestarts)" -ge "$2" ] && is_running "$1"; }
# The journal of the unit since mark() was called; options of journalctl may follow.
# Not by --after-cursor, which skips the first line that matches if the one at the cursor does not.
mark() { since=$(date +@%s.%6N); }
journal() {
    local unit=$1
    shift
    journalctl --sync
    journalctl -q --no-pager --since "$since" -u "$unit" "$@"
}
says() { journal "$1" -o cat | grep -qF -- "$2"; }
ask() { curl -s -m 2 --unix-socket "/run/$1/api.sock" "http://localhost$2"; }
folder_of() { [ "$1" = electiond ] && echo electiond || echo "electiond-${1#electiond@}"; }
answers() { curl -sf -m 2 --unix-socket "/run/$(folder_of "$1")/api.sock" "http://localhost$2" >/dev/null; }
leads() { answers "$1" /leader; }
knows_leader() { answers "$1" /leader || answers "$1" /follower; }
drop_in() { # UNIT, lines on stdin
    mkdir -p "/run/systemd/system/$1.service.d"
    cat >"/run/systemd/system/$1.service.d/test.conf"
    systemctl daemon-reload
}

# The page by which lab_preload.so is told what hangs (tests/lab/control.h): set_page FILE BYTE VALUE.
make_page() {
    head -c 24 /dev/zero >"$1"
    chown electiond: "$1"
}
set_page() { printf '%b' "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }

# One node that leads alone: configure UNIT ID PORT [a line of YAML…]
configure() {
    local unit=$1 id=$2 port=$3 name=electiond line
    [ "$unit" = electiond ] || name=${unit#electiond@}
    shift 3
    {
        echo "node: {id: \"$id\", data_dir: /var/lib/$(folder_of "$unit")}"
        echo "transport: {listen: \"127.0.0.1:$((port + 1))\"}"
        echo "api: {listen: [\"unix:/run/$(folder_of "$unit")/api.sock\", \"127.0.0.1:$port\"], socket_group: electiond," \
            "token_file: token}"
        echo "election: {election_timeout: 1s}"
        for line in "$@"; do echo "$line"; done
    } >"$etc/$name.yaml"
}
alone=("cluster: {name: lab}" "discovery: [{plugin: file_registry, path: /var/lib/electiond/cluster.json}]")
together=("cluster: {name: lab3, bootstrap: all, expect: 3}"
    'discovery: [{plugin: static_list, peers: {"1": "127.0.0.1:7401", "2": "127.0.0.1:7411", "3": "127.0.0.1:7421"}}]')

reset() {
    systemctl kill -s KILL "${units[@]}" 2>/dev/null
    systemctl stop "${units[@]}" 2>/dev/null
    systemctl reset-failed 2>/dev/null
    rm -rf /run/systemd/system/electiond*.d /etc/systemd/system/electiond*.d /var/lib/electiond* /srv/registry "$etc"
    systemctl daemon-reload
    systemd-tmpfiles --create /usr/lib/tmpfiles.d/electiond.conf
    install -m 640 -g electiond /dev/null "$etc/token"
    echo secret-token >"$etc/token"
}
start_alone() {
    configure electiond 1 7400 "${alone[@]}"
    systemctl start electiond
}
start_three() {
    configure electiond 1 7400 "${together[@]}"
    configure electiond@one 2 7410 "${together[@]}"
    configure electiond@two 3 7420 "${together[@]}"
    # It votes, but never leads.
    [ "${1:-}" != witness ] || sed -i 's/data_dir:/priority: 0, data_dir:/' $etc/one.yaml
    systemctl start "${units[@]}" || return
    within 20 leader_of_three
}
leader_of_three() {
    local unit
    leader=
    for unit in "${units[@]}"; do
        contains status "$(ask "$(folder_of "$unit")" /status)" '"role":"voter"' || return
        leads "$unit" && leader=$unit
    done
    [ -n "$leader" ]
}

# shellcheck source=tests/service/checks.sh
. "$(dirname "$0")/checks.sh"

run() {
    local name=$1 said begun=$SECONDS
    reset
    mark
    if said=$("check_$name" 2>&1); then
        echo "ok $name ($((SECONDS - begun)) s)"
    else
        echo "$said"
        for unit in "${units[@]}"; do journal "$unit" -n 40; done
        echo "not ok $name ($((SECONDS - begun)) s)"
    fi
}

systemd-sysusers /usr/lib/sysusers.d/electiond.conf
names=("$@")
[ $# -gt 0 ] || mapfile -t names < <(sed -n 's/^check_\([a-z0-9_]*\)() {$/\1/p' "$(dirname "$0")/checks.sh")
for name in "${names[@]}"; do run "$name"; done
reset
