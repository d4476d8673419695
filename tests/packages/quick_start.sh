#!/usr/bin/env bash
# Plays docs/quick-start.md on three hosts: quick_start.sh PACKAGES. PACKAGES is the folder with the .deb files. Each host
# is a container with systemd, and with the address that the page gives to it. Exit code 77: that cannot be made here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/service/lab.sh
. "$here/../service/lab.sh"
page=$here/../../docs/quick-start.md
packages=$(cd "$1" && pwd)
net=quick$$
work=$(mktemp -d)

obstacle=$(lab_obstacle)
if [ -n "$obstacle" ]; then echo "skipped: $obstacle"; exit 77; fi

remove() {
    local n
    for n in 1 2 3; do touch "$work/$n/root/root/lab/end" 2>/dev/null || true; done
    wait
    for n in 1 2 3; do
        ip netns del "$net-$n" 2>/dev/null || true
        lab_remove "$work/$n"
    done
    ip netns del "$net" 2>/dev/null || true
    rm -rf "$work"
}
trap remove EXIT

ip netns add "$net"
ip -n "$net" link add bridge type bridge
ip -n "$net" link set bridge up
for n in 1 2 3; do
    ip netns add "$net-$n"
    ip -n "$net" link add "wire$n" type veth peer name host0 netns "$net-$n"
    ip -n "$net" link set "wire$n" master bridge up
    ip -n "$net-$n" addr add "10.0.0.$n/24" dev host0
    ip -n "$net-$n" link set host0 up
    ip -n "$net-$n" link set lo up
done

# What a host does: runs the commands that appear in the file `do`; what they say, and then their code, is read outside.
cat >"$work/host.sh" <<'HOST'
export DEBIAN_FRONTEND=noninteractive
cd /root/packages
until [ -e ../lab/end ]; do
    if [ -e ../lab/do ]; then
        mv ../lab/do ../lab/doing
        bash -e ../lab/doing >../lab/said 2>&1
        echo $? >../lab/code.new
        mv ../lab/code.new ../lab/code
    fi
    sleep 0.05
done
HOST
for n in 1 2 3; do
    mkdir "$work/$n"
    lab_mount "$work/$n"
    # Nothing of electiond is there yet.
    rm -rf "$work/$n"/root/etc/electiond "$work/$n"/root/var/lib/electiond* "$work/$n/root/usr/sbin/policy-rc.d"
    # What apt-get would do besides, and what takes long: the index of all man pages, and a call of PackageKit.
    rm -f "$work/$n/root/var/lib/man-db/auto-update" "$work/$n/root/etc/apt/apt.conf.d/20packagekit"
    mkdir "$work/$n/root/root/packages"
    cp "$packages"/electiond_*.deb "$packages"/electionctl_*.deb "$work/$n/root/root/packages"
    lab_script "$work/$n" "$work/host.sh"
    lab_boot "$work/$n" 280 --network-namespace-path="/run/netns/$net-$n" &
done

fail() {
    echo "$1"
    for n in 1 2 3; do
        echo "--- host $n"
        tail -n 20 "$work/$n/console" "$work/$n/root/root/lab/said" || true
    done
    exit 1
}
# begin HOST COMMANDS, then end HOST: $said is what they said. They must succeed.
begin() {
    local lab=$work/$1/root/root/lab
    rm -f "$lab/code"
    printf '%s\n' "$2" >"$lab/do.new"
    mv "$lab/do.new" "$lab/do"
}
end() {
    local lab=$work/$1/root/root/lab limit=$((SECONDS + 150))
    until [ -e "$lab/code" ]; do
        [ $SECONDS -lt $limit ] || fail "host $1 does not end"
        sleep 0.05
    done
    said=$(cat "$lab/said")
    [ "$(cat "$lab/code")" = 0 ] || fail "host $1: exit code $(cat "$lab/code")"
}
on() { begin "$1" "$2"; end "$1"; }

# blocks LANGUAGE SECTION
blocks() { awk -v begin="\`\`\`$1" -v section="## $2" '/^## / { in_section = $0 == section }
    /^```/ { on = in_section && $0 == begin; next } on' "$page"; }
leads() { ip netns exec "$net-$1" curl -sf -m 2 -o /dev/null http://127.0.0.1:7400/leader; }
# The host that leads, once one does, in $leader.
await_leader() {
    local n limit=$((SECONDS + 60))
    while [ $SECONDS -lt $limit ]; do
        for n in 1 2 3; do if leads "$n"; then leader=$n; return; fi; done
        sleep 0.05
    done
    fail "nobody leads"
}
await_ready() {
    local n limit=$((SECONDS + 60))
    for n in 1 2 3; do
        until ip netns exec "$net-$n" curl -sf -m 2 -o /dev/null http://127.0.0.1:7400/readyz; do
            [ $SECONDS -lt $limit ] || fail "host $n is not ready"
            sleep 0.1
        done
    done
}
# play SECTION: its consoles. The machine `leader` is the one that leads then, `follower` another one, `stopped` the last
# one that was the leader here. All that they say goes to $all.
play() {
    local line host n=0
    all=
    while IFS= read -r line; do
        [[ $line =~ ^(node1|leader|follower|stopped)#\ (.*)$ ]] || continue
        local machine=${BASH_REMATCH[1]} command=${BASH_REMATCH[2]}
        case $machine in
            node1) host=1 ;;
            leader) await_leader; stopped=$leader host=$leader ;;
            follower) await_leader; host=$((6 - leader - stopped)) ;;
            stopped) host=$stopped ;;
        esac
        on "$host" "$command"
        all+="$machine ($host): $command"$'\n'"$said"$'\n'
        n=$((n + 1))
    done < <(blocks console "$1")
    [ "$n" -gt 0 ] || fail "no console in $1"
    printf '%s' "$all"
}
says() { grep -qE -- "$1" <<<"$all" || fail "nothing says: $1"; }

install=$(blocks sh "Install and configure")
[[ $install == n=1* ]] || fail "the page does not begin with n=1"
for n in 1 2 3; do begin "$n" "n=$n${install#n=1}"; done
for n in 1 2 3; do
    end "$n"
    all=$said
    says 'no fault found'
done

await_leader
play "See the leader"
says 'node [123] leads in term [0-9]+'
says 'can lose 1 more'
says "$([ "$leader" = 1 ] && echo '^200$' || echo 'this node does not lead')"

old=$leader
play "Kill the leader"
says 'election_timeout'
await_leader
[ "$leader" != "$old" ] || fail "host $old leads again"
await_ready

play "Lose a machine"
says 'can lose none'
says '\{"ready":true\}'
await_ready
play "Use it"
says 'the job runs'
echo "ok"
