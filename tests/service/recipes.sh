# shellcheck shell=bash disable=SC2154
# Tries each recipe of docs/cookbook on the hosts of cookbook.sh: needs_NAME prints the reason if it cannot be tried,
# check_NAME tries it, clean_NAME removes it. cookbook.sh sources this file, and has the functions that they share.

needs_haproxy() { missing haproxy; }
check_haproxy() {
    put 4 proxies.md /etc/haproxy/haproxy.cfg
    on 4 "set -e; $(page_commands "$pages/proxies.md" HAProxy)" || return
    within 30 by_leader serves http://192.0.2.4 || return
    each_end_of_a_leader "crash restart unplug" serves http://192.0.2.4
}
clean_haproxy() { on 4 "systemctl stop haproxy"; }

# Succeeds if a service answers through the proxy, and the node on its machine leads.
served_by_who_leads() {
    local name
    name=$(client curl -s -m 1 "$1")
    [ -n "$name" ] && on "${name#node}" "electionctl is-leader"
}

needs_haproxy_tls() { missing haproxy; }
check_haproxy_tls() {
    local n words folder
    words=$(grep '^check-ssl' "$pages/proxies.md")
    "$bin/electionctl" tls init --cluster shop --dir "$work/ca" --nodes 1=192.0.2.1,node1.example \
        2=192.0.2.2,node2.example 3=192.0.2.3,node3.example || return
    put 4 proxies.md /etc/haproxy/haproxy.cfg || return
    for n in 1 2 3; do
        folder=$work/$n/root/etc/electiond
        cp "$work/ca/ca.crt" "$work/ca/$n.crt" "$work/ca/$n.key" "$folder"
        cp "$folder/electiond.yaml" "$folder/plain.yaml"
        sed -i "s#^  token_file#  tls: {cert: $n.crt, key: $n.key, ca: ca.crt}\n&#" "$folder/electiond.yaml"
        sed -i "s#^    server node$n .*#& ${words//node1/node$n} crt /etc/haproxy/operator.pem#" \
            "$work/4/root/etc/haproxy/haproxy.cfg"
    done
    cp "$work/ca/ca.crt" "$work/4/root/etc/haproxy/electiond-ca.crt"
    cat "$work/ca/operator.crt" "$work/ca/operator.key" >"$work/4/root/etc/haproxy/operator.pem"
    on_nodes "chgrp electiond /etc/electiond/*.key; chmod 640 /etc/electiond/*.key; systemctl restart electiond" || return
    on 4 "set -e; $(page_commands "$pages/proxies.md" HAProxy)" || return
    within 30 served_by_who_leads http://192.0.2.4
}
clean_haproxy_tls() {
    on 4 "systemctl stop haproxy"
    on_nodes "mv /etc/electiond/plain.yaml /etc/electiond/electiond.yaml; systemctl restart electiond"
}

needs_nginx() { missing nginx; }
check_nginx() {
    local page=proxies.md
    put 4 $page /etc/electiond/electiond.yaml || return
    put 4 $page /etc/nginx/conf.d/shop.conf || return
    put 4 $page /usr/local/sbin/nginx-leader 755 || return
    put 4 $page /etc/systemd/system/nginx-leader.service || return
    on 4 "set -e; systemctl restart electiond; systemd-analyze verify /etc/systemd/system/nginx-leader.service
        $(page_commands "$pages/$page" nginx)" || return
    within 30 by_leader serves http://192.0.2.4:8000 || return
    each_end_of_a_leader "crash restart" serves http://192.0.2.4:8000 || return
    # If the proxy's own node is away for longer than electionctl relies on its last answer, the leader is unknown, and
    # nginx keeps the last one.
    on 4 "systemctl stop electiond
        until journalctl --sync && journalctl -q -u nginx-leader | grep reason=unreachable; do sleep 0.1; done" || return
    serves http://192.0.2.4:8000 "$leader" || return
    on 4 "systemctl start electiond"
}
clean_nginx() { on 4 "systemctl disable --now nginx-leader; systemctl stop nginx electiond"; }
# The hosts that have the address.
holders() {
    local n
    for n in 1 2 3; do
        if ip -n "$net-$n" address show dev eth0 | grep -qF ' 192.0.2.100/'; then echo "$n"; fi
    done
}
held_by() { [ "$(holders)" = "$1" ]; }
has_address() { held_by "$1" && serves http://192.0.2.100:8080 "$1"; }

needs_address() { missing arping; }
check_address() {
    local page=addresses.md node
    put_on_nodes $page /usr/local/sbin/leader-address 755 || return
    put_on_nodes $page /etc/systemd/system/leader-address.service || return
    on_nodes "set -e; systemd-analyze verify /etc/systemd/system/leader-address.service
        $(page_commands "$pages/$page" "A virtual IP address by electionctl")" || return
    within 30 by_leader held_by || return
    each_end_of_a_leader "crash restart unplug" has_address || return
    plug_all_in
    # The whole unit is killed: ExecStopPost removes even an address without a limit, and the restart adds it again.
    node=$leader
    on "$node" "sed -i 's/ valid_lft 5 preferred_lft 5//' /usr/local/sbin/leader-address
        systemctl restart leader-address" || return
    within 30 held_by "$node" || return
    timeout 60 ip -n "$net-$node" monitor address >"$work/addresses" 2>&1 &
    on "$node" "systemctl kill -s KILL leader-address" || return
    within 30 grep 'Deleted.*192.0.2.100/' "$work/addresses" || return
    put "$node" $page /usr/local/sbin/leader-address 755 || return
    on "$node" "systemctl restart leader-address" || return
    within 30 by_leader held_by || return
    # For a while the script cannot ask the node.
    on "$leader" "mount --bind /bin/false /usr/bin/electionctl" || return
    within 30 held_by "" || return
    on "$leader" "umount /usr/bin/electionctl" || return
    within 30 by_leader held_by || return
    # The whole unit hangs: the kernel removes the address.
    node=$leader
    on "$node" "systemctl kill -s STOP leader-address" || return
    within 30 held_by "" || return
    on "$node" "systemctl kill -s CONT leader-address" || return
    within 30 by_leader held_by || return
    on_nodes "systemctl stop leader-address" || return
    equals "the holders" "$(holders)" ""
}
clean_address() { on_nodes "systemctl disable --now leader-address"; }

needs_keepalived() { missing keepalived; }
check_keepalived() {
    put_on_nodes addresses.md /etc/keepalived/keepalived.conf || return
    on_nodes "set -e; $(page_commands "$pages/addresses.md" keepalived)" || return
    within 30 by_leader held_by || return
    each_end_of_a_leader "crash unplug" has_address
}
clean_keepalived() { on_nodes "systemctl disable --now keepalived"; }

# The nodes on which the job ran.
reports() {
    local n
    for n in 1 2 3; do
        if [ -s "$work/$n/root/var/log/report" ]; then echo "$n"; fi
    done
}

needs_cron() { missing crontab; }
check_cron() {
    local name line
    put_on_nodes jobs.md /usr/local/sbin/report 755 || return
    for name in report report-fenced; do
        put_on_nodes jobs.md "/etc/cron.d/$name" || return
        # A crontab of a user has no column for the user.
        sed 's/  root  / /' "$work/1/root/etc/cron.d/$name" | crontab -n - || return
        line=$(sed -n 's#^\*/5 \* \* \* \*  root  ##p' "$work/1/root/etc/cron.d/$name")
        contains "the line" "$line" /usr/local/sbin/report || return
        on_nodes "rm -f /var/log/report
            env -i PATH=/usr/bin:/bin HOME=/root sh -c '${line//\'/\'\\\'\'}'; true" || return
        equals "the nodes that ran it" "$(reports)" "$leader" || return
    done
    contains report "$(cat "$work/$leader/root/var/log/report")" \
        "token=$(asks "$leader" /leader | jq .fencingToken) on" || return
    # The job ends when leadership ends.
    printf '%s\n' '#!/bin/sh' 'exec sleep 600' >"$work/$leader/root/usr/local/sbin/report"
    on "$leader" "systemd-run --quiet --unit=running sh -c '${line//\'/\'\\\'\'}'
        until pgrep -fx \"sleep 600\"; do sleep 0.1; done; systemctl kill -s KILL electiond
        until ! systemctl is-active running; do sleep 0.1; done; ! pgrep -fx \"sleep 600\""
}
clean_cron() { on_nodes "rm -f /etc/cron.d/report* /var/log/report"; }

needs_timer() { missing systemctl; }
check_timer() {
    local n
    put_on_nodes jobs.md /usr/local/sbin/report 755 || return
    put_on_nodes jobs.md /etc/systemd/system/report.service || return
    put_on_nodes jobs.md /etc/systemd/system/report.timer || return
    on_nodes "set -e; systemd-analyze verify /etc/systemd/system/report.timer
        $(page_commands "$pages/jobs.md" "A systemd timer")" || return
    equals "the nodes that ran it" "$(reports)" "$leader" || return
    for n in 1 2 3; do
        contains "the result on node $n" "$(on "$n" "systemctl show -P Result report.service")" \
            "$([ "$n" = "$leader" ] && echo success || echo exec-condition)" || return
    done
}
clean_timer() { on_nodes "systemctl disable --now report.timer; rm -f /var/log/report"; }

# Succeeds if the service runs on this node, with the token of the leader, and on no other node.
acts_on() {
    local n
    for n in 1 2 3; do
        equals "node $n" "$(on "$n" "systemctl is-active app")" "$([ "$n" = "$1" ] && echo active || echo inactive)" || return
    done
    contains journal "$(on "$1" "journalctl --sync; journalctl -q -u app -o cat")" \
        "acts with token $(on "$1" "curl -s --unix-socket /run/electiond/api.sock http://localhost/leader" | jq .fencingToken)"
}

needs_services() { missing systemctl; }
check_services() {
    local file
    for file in leader.target leader-target.service app.service; do
        put_on_nodes jobs.md "/etc/systemd/system/$file" || return
    done
    put_on_nodes jobs.md /usr/local/sbin/leader-target 755 || return
    on_nodes "set -e; systemd-analyze verify /etc/systemd/system/{leader-target,app}.service
        $(page_commands "$pages/jobs.md" "Services that follow the leader")" || return
    within 30 by_leader acts_on || return
    each_end_of_a_leader "crash restart" acts_on || return
    calm || return
    # If electionctl watch is killed, the service stops.
    on "$leader" "since=\$(date +@%s.%6N); systemctl kill -s KILL leader-target
        until journalctl --sync && journalctl -q --since \$since -u leader.target | grep Stopped; do sleep 0.1; done" || return
    within 30 by_leader acts_on || return
    on "$leader" "systemctl stop leader-target; ! systemctl is-active app"
}
clean_services() { on_nodes "systemctl disable --now leader-target app; systemctl stop leader.target"; }
