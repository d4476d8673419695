# shellcheck shell=bash disable=SC2154
# The recipes of docs/cookbook, each tried on the hosts of cookbook.sh: needs_NAME prints why it cannot be tried,
# check_NAME tries it, clean_NAME removes it. To be sourced by cookbook.sh, which has what they share.

needs_haproxy() { missing haproxy; }
check_haproxy() {
    put 4 proxies.md /etc/haproxy/haproxy.cfg
    on 4 "set -e; $(page_commands "$pages/proxies.md" HAProxy)" || return
    within 30 by_leader serves http://192.0.2.4 || return
    each_end_of_a_leader "crash restart unplug" serves http://192.0.2.4
}
clean_haproxy() { on 4 "systemctl stop haproxy"; }

# The node whose service answers through the proxy, and that node says that it leads.
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
    # Its own node says nothing about the leader while it does not run.
    on 4 "systemctl kill -s KILL electiond
        until journalctl --sync && journalctl -q -u nginx-leader | grep reason=unreachable; do sleep 0.1; done" || return
    serves http://192.0.2.4:8000 "$leader"
}
