#!/usr/bin/env bash
# What life.sh does inside of its container, as root under systemd. Each step ends the script if it fails.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
trap 'echo "FAILED in line $LINENO: $BASH_COMMAND"; journalctl --no-pager -o cat -u "electiond*" | tail -n 40' ERR
daemon=$(echo electiond_*.deb) client=$(echo electionctl_*.deb)
endpoints=http://127.0.0.1:7501,http://127.0.0.1:7502,http://127.0.0.1:7503

step() { echo "== $*"; }
refuse() { if "$@" >/dev/null 2>&1; then echo "FAILED: should not be so: $*"; exit 1; fi; }
pids() { systemctl show -P MainPID electiond electiond@n1 electiond@n2 electiond@n3 | grep -v '^$'; }
# COMMAND must succeed within 20 s.
await() {
    local tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || { echo "FAILED: not in 20 s: $*"; exit 1; }
        sleep 0.1
    done
}
ready() { curl -fsS "http://127.0.0.1:750$1/readyz"; }
all_ready() { ready 1 && ready 2 && ready 3; }
another_leads() {
    local leader
    leader=$(electionctl --endpoint "$endpoints" leader | awk 'NR == 2 {print $1}')
    [ -n "$leader" ] && [ "$leader" != "$1" ]
}

step "installed, nothing runs, and nothing is configured"
dpkg -i "$daemon" "$client" >/dev/null
refuse systemctl is-active electiond
refuse systemctl is-enabled electiond
[ ! -e /etc/electiond/electiond.yaml ]
[ "$(stat -c '%U %a' /var/lib/electiond)" = "electiond 700" ]
electiond --list-plugins

step "a start without a configuration fails, and says so"
refuse systemctl start electiond
refuse systemctl start electiond@typo
systemctl reset-failed electiond electiond@typo
[ -d /var/lib/electiond-typo ]

step "a plain unit and a cluster of three instances"
cat >/etc/electiond/electiond.yaml <<'YAML'
node: {id: "1", data_dir: /var/lib/electiond}
cluster: {name: alone}
discovery: [{plugin: file_registry, path: /var/lib/electiond/registry.json}]
YAML
for i in 1 2 3; do
    cat >/etc/electiond/n$i.yaml <<YAML
node: {id: "$i", data_dir: /var/lib/electiond-n$i}
cluster: {name: three, bootstrap: all, voters: ["1", "2", "3"]}
api: {listen: 127.0.0.1:750$i}
transport: {listen: 127.0.0.1:760$i}
discovery: [{plugin: static_list, peers: {"1": "127.0.0.1:7601", "2": "127.0.0.1:7602", "3": "127.0.0.1:7603"}}]
YAML
done
systemctl enable --now electiond electiond@n1 electiond@n2 electiond@n3 2>/dev/null
electionctl --endpoint "$endpoints" wait-leader --timeout 20s
electionctl wait-leader --timeout 20s
await all_ready

step "the leader is killed: another leads, and systemd starts it again"
killed=$(electionctl --endpoint "$endpoints" leader | awk 'NR == 2 {print $1}')
systemctl kill -s KILL "electiond@n$killed"
await another_leads "$killed"
await all_ready
[ "$(systemctl show -P NRestarts "electiond@n$killed")" = 1 ]

step "an upgrade restarts all that runs, one after the other, and the leader hands over"
before=$(pids) since=@$(date +%s)
electionctl --endpoint "$endpoints" leader
dpkg -i "$daemon" >/dev/null
[ "$(pids | wc -l)" = 4 ]
[ -z "$(comm -12 <(sort <<<"$before") <(pids | sort))" ]
systemctl is-active electiond electiond@n1 electiond@n2 electiond@n3
await all_ready
electionctl --endpoint "$endpoints" leader
refuse grep -qE 'timed out|did not end in time' <(journalctl --no-pager -o cat -u 'electiond*')
grep -qE 'LEADER.*reason=(shutdown|step_down)' <(journalctl --no-pager -o cat --since "$since" -u 'electiond@*')
times=$(systemctl show -P ExecMainStartTimestampMonotonic electiond@n1 electiond@n2 electiond@n3 | grep .)
[ "$times" = "$(sort -n <<<"$times")" ]

step "a stopped node stays stopped"
systemctl stop electiond@n3
dpkg -i "$daemon" >/dev/null
refuse systemctl is-active electiond@n3

step "removed: nothing runs, state and configuration stay"
dpkg -r electiond >/dev/null
refuse pgrep -x electiond
[ -f /var/lib/electiond/state ] && [ -f /var/lib/electiond-n1/state ]
[ -f /etc/electiond/n1.yaml ]

step "installed again: the node remembers"
dpkg -i "$daemon" >/dev/null
systemctl start electiond@n1 electiond@n2
electionctl --endpoint http://127.0.0.1:7501 wait-leader --timeout 20s

mkdir /var/lib/electiond-registry
echo '{}' >/var/lib/electiond-registry/cluster.json

step "purged: the state is gone; what the operator wrote, and what is no node's, is not"
dpkg -P electiond >/dev/null 2>&1
[ ! -e /var/lib/electiond ] && [ ! -e /var/lib/electiond-n1 ] && [ ! -e /var/lib/electiond-n3 ]
[ ! -e /var/lib/electiond-typo ]
[ -f /var/lib/electiond-registry/cluster.json ]
[ -f /etc/electiond/n1.yaml ]
refuse ls /etc/systemd/system/multi-user.target.wants/electiond@n1.service
getent passwd electiond >/dev/null
rm /etc/electiond/*
dpkg -i "$daemon" >/dev/null
dpkg -P electiond >/dev/null 2>&1
[ ! -e /etc/electiond ]
echo "all steps passed"
