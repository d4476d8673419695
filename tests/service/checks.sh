# shellcheck shell=bash disable=SC2154
# The promises of the units: each check_NAME stands alone, and writes the configuration that it needs. To be sourced by
# inside.sh, which has what they share.

check_user_and_folders() {
    equals uid "$(getent passwd electiond | cut -d: -f6,7)" /var/lib/electiond:/usr/sbin/nologin || return
    equals "state folder" "$(stat -c '%U %a' /var/lib/electiond)" "electiond 700"
}

# 78: no restart, and the reason with the priority of an error.
check_unconfigured() {
    if systemctl start electiond 2>/dev/null; then echo "it starts"; return 1; fi
    sleep 1.5 # longer than RestartSec
    equals ExecMainStatus "$(show electiond ExecMainStatus)" 78 || return
    equals ActiveState "$(show electiond ActiveState)" failed || return
    equals NRestarts "$(show electiond NRestarts)" 0 || return
    contains journal "$(journal electiond -p err -o cat)" "/etc/electiond/electiond.yaml"
}

# 65: the data directory of another node.
check_foreign_state() {
    start_alone || return
    systemctl stop electiond
    sed -i 's/id: "1"/id: "9"/' "$etc"/electiond.yaml
    systemctl start electiond 2>/dev/null
    sleep 1.5
    equals ExecMainStatus "$(show electiond ExecMainStatus)" 65 || return
    equals NRestarts "$(show electiond NRestarts)" 0
}

# Ready means that the API answers, not that there is a leader.
check_ready_without_quorum() {
    configure electiond 1 7400 "${together[@]}"
    systemctl start electiond || return
    equals livez "$(ask electiond /livez)" '{"alive":true}' || return
    leads electiond && { echo "it leads"; return 1; }
    within 5 shows electiond StatusText "knows no leader*"
}

check_status() {
    start_alone || return
    within 5 shows electiond StatusText "leads, term *; voter; quorum 1 of 1 voter" && return
    show electiond StatusText
    return 1
}

check_socket() {
    start_alone || return
    equals socket "$(stat -c '%a %U:%G' /run/electiond/api.sock)" "660 electiond:electiond" || return
    equals folder "$(stat -c '%a %U:%G' /run/electiond)" "755 electiond:electiond" || return
    within 5 electionctl leader || return
    if setpriv --reuid=nobody --regid=nogroup --clear-groups electionctl leader &>/dev/null; then
        echo "others may connect"
        return 1
    fi
    setpriv --reuid=nobody --regid=nogroup --groups="$(getent group electiond | cut -d: -f3)" electionctl leader
}

# The group of the socket by a drop-in; certificates and tokens can still be read.
check_group_of_the_socket() {
    drop_in electiond <<<$'[Service]\nGroup=games\nSupplementaryGroups=electiond'
    configure electiond 1 7400 "${alone[@]}"
    sed -i 's/socket_group: electiond,//' "$etc"/electiond.yaml
    systemctl start electiond || return
    equals socket "$(stat -c '%a %U:%G' /run/electiond/api.sock)" "660 electiond:games" || return
    equals token "$(stat -c '%a %U:%G' "$etc"/token)" "640 root:electiond"
}

check_journal() {
    start_alone || return
    within 5 leads electiond || return
    within 5 says electiond "node 1 leads" || return
    local line
    line=$(journal electiond -o json | jq -c 'select(.ELECTIOND_CHANGE == "leader")' | head -1)
    # The page lists the kinds with their ids.
    contains operations.md "$(grep -F leader /root/lab/operations.md)" "$(jq -r .MESSAGE_ID <<<"$line")" || return
    equals priority "$(jq -r .PRIORITY <<<"$line")" 6 || return
    equals node "$(jq -r .ELECTIOND_NODE <<<"$line")" 1 || return
    equals leader "$(jq -r .ELECTIOND_LEADER <<<"$line")" 1 || return
    equals transport "$(jq -r ._TRANSPORT <<<"$line")" journal || return
    equals identifier "$(jq -r .SYSLOG_IDENTIFIER <<<"$line")" electiond || return
    contains term "$(jq -r .ELECTIOND_TERM <<<"$line")" "$(jq -r .MESSAGE <<<"$line" | sed -n 's/.*term=\([0-9]*\).*/\1/p')" || return
    lacks "a message" "$(journal electiond -o cat)" '^[0-9]{4}-|\[1\]|change='
}

check_reload() {
    start_alone || return
    local before
    before=$(pid electiond)
    echo "log: {level: debug}" >>"$etc"/electiond.yaml
    systemctl reload electiond || return
    within 5 says electiond "configuration read again" || return
    within 5 shows electiond SubState running || return
    equals "process" "$(pid electiond)" "$before"
}

# The check in ExecReload fails, and the daemon never sees the file.
check_reload_of_a_bad_file() {
    start_alone || return
    local before
    before=$(pid electiond)
    echo "lgo: {level: debug}" >>"$etc"/electiond.yaml
    if systemctl reload electiond 2>/dev/null; then echo "the reload succeeds"; return 1; fi
    contains journal "$(journal electiond -p err -o cat)" "lgo" || return
    lacks journal "$(journal electiond -o cat)" "read again" || return
    equals process "$(pid electiond)" "$before" || return
    is_running electiond && within 5 leads electiond
}

check_stop() {
    start_alone || return
    systemctl stop electiond
    equals Result "$(show electiond Result)" success || return
    equals ExecMainStatus "$(show electiond ExecMainStatus)" 0 || return
    [ ! -e /run/electiond ] || { echo "/run/electiond is left"; return 1; }
    [ -e /var/lib/electiond/state ] || { echo "the state is gone"; return 1; }
    within 5 says electiond "electiond has stopped"
}

# A stop that takes longer than the unit allows for: the daemon asks for the time that it needs. Here its registry hangs
# for good, and is given up after three seconds.
check_slow_stop() {
    drop_in electiond <<<"[Service]
TimeoutStopSec=1s
ReadWritePaths=/srv/registry
Environment=LD_PRELOAD=/usr/lib/lab_preload.so LAB_CONTROL=/var/lib/electiond/page"
    install -d -o electiond -g electiond /srv/registry
    make_page /var/lib/electiond/page
    configure electiond 1 7400 "cluster: {name: lab}" "discovery: [{plugin: file_registry, path: /srv/registry/cluster.json}]"
    systemctl start electiond || return
    within 10 leads electiond || return
    set_page /var/lib/electiond/page 10 '\x01' # registry_hangs
    local begun=$SECONDS
    systemctl stop electiond
    equals Result "$(show electiond Result)" success || return
    equals ExecMainStatus "$(show electiond ExecMainStatus)" 0 || return
    [ $((SECONDS - begun)) -ge 2 ] || { echo "the stop was not slow"; return 1; }
}

check_kill_9() {
    start_alone || return
    within 5 leads electiond || return
    kill -9 "$(pid electiond)"
    within 10 restarted electiond 1 || return
    within 10 leads electiond
}

# The whole process stands still.
check_watchdog_stopped_process() {
    drop_in electiond <<<$'[Service]\nWatchdogSec=2s'
    start_alone || return
    kill -STOP "$(pid electiond)"
    within 15 restarted electiond 1 || return
    contains journal "$(journal electiond -o cat)" "Watchdog timeout" || return
    within 10 leads electiond
}

# Only the election loop stands still, in a write of its state that does not return: the API still answers.
check_watchdog_hanging_loop() {
    drop_in electiond@one <<<"[Service]
WatchdogSec=4s
Environment=LD_PRELOAD=/usr/lib/lab_preload.so LAB_CONTROL=/var/lib/electiond-one/page"
    install -d -o electiond -g electiond -m 700 /var/lib/electiond-one
    make_page /var/lib/electiond-one/page
    start_three witness || return
    # sync_takes_ms: ten minutes. Its vote for the next leader must be saved.
    set_page /var/lib/electiond-one/page 16 '\xc0\x27\x09\x00'
    systemctl restart "$leader"
    within 20 shows electiond@one StatusText "the election loop is stuck*" || { show electiond@one StatusText; return 1; }
    equals livez "$(ask electiond-one /livez | jq -r .status)" 503 || return
    set_page /var/lib/electiond-one/page 16 '\0\0\0\0'
    within 15 restarted electiond@one 1 || return
    contains journal "$(journal electiond@one -o cat)" "Watchdog timeout" || return
    within 20 leader_of_three
}

# An ordinary run is longer than WatchdogSec.
check_watchdog_is_fed() {
    drop_in electiond <<<$'[Service]\nWatchdogSec=1s'
    start_alone || return
    sleep 3
    equals NRestarts "$(show electiond NRestarts)" 0
}

# What the node may be asked to write elsewhere: the message names the drop-in, and the drop-in helps.
check_read_only_registry() {
    install -d -o electiond -g electiond /srv/registry
    configure electiond 1 7400 "cluster: {name: lab}" "discovery: [{plugin: file_registry, path: /srv/registry/cluster.json}]"
    systemctl start electiond || return
    within 10 says electiond "ReadWritePaths=/srv/registry" || return
    drop_in electiond <<<$'[Service]\nReadWritePaths=/srv/registry'
    systemctl restart electiond || return
    within 10 leads electiond || return
    [ -s /srv/registry/cluster.json ]
}

# Except for the data directory, which may be that of another instance: the message names the unit's own.
check_read_only_data_dir() {
    install -d -o electiond -g electiond -m 700 /srv/registry
    start_alone 2>/dev/null
    systemctl stop electiond
    sed -i 's#data_dir: [^}]*#data_dir: /srv/registry#' "$etc"/electiond.yaml
    systemctl start electiond 2>/dev/null
    equals ExecMainStatus "$(show electiond ExecMainStatus)" 74 || return
    within 5 says electiond "this unit's directory is /var/lib/electiond: set node.data_dir to it" || return
    if says electiond "ReadWritePaths="; then echo "it names the drop-in"; return 1; fi
    drop_in electiond <<<$'[Service]\nReadWritePaths=/srv/registry'
    systemctl restart electiond || return
    within 10 leads electiond
}

check_read_only_socket() {
    install -d -o electiond -g electiond /srv/registry
    start_alone 2>/dev/null
    systemctl stop electiond
    sed -i 's#unix:/run/electiond/#unix:/srv/registry/#' "$etc"/electiond.yaml
    systemctl start electiond 2>/dev/null
    equals ExecMainStatus "$(show electiond ExecMainStatus)" 71 || return
    within 5 says electiond "ReadWritePaths=/srv/registry"
}

# chown is refused by the system call filter, and that is an error with a remedy, not the end by a signal.
check_socket_group_of_others() {
    configure electiond 1 7400 "${alone[@]}"
    sed -i 's/socket_group: electiond/socket_group: games/' "$etc"/electiond.yaml
    systemctl start electiond 2>/dev/null
    equals ExecMainStatus "$(show electiond ExecMainStatus)" 78 || return
    contains journal "$(journal electiond -o cat)" "set Group= in a drop-in"
}

check_instances_keep_their_folders() {
    start_three || return
    systemctl stop electiond
    equals sockets "$(echo /run/electiond*/api.sock)" "/run/electiond-one/api.sock /run/electiond-two/api.sock" || return
    systemctl start electiond || return
    systemctl stop electiond@one
    equals sockets "$(echo /run/electiond*/api.sock)" "/run/electiond-two/api.sock /run/electiond/api.sock" || return
    equals folders "$(echo /run/electiond*)" "/run/electiond /run/electiond-two" || return
    [ -s /var/lib/electiond-one/state ] && [ -s /var/lib/electiond/state ]
}

# A stop of the leader is a hand-over: no election timeout passes before there is another.
check_stop_hands_over() {
    start_three || return
    local old=$leader other gap
    systemctl stop "$old"
    for other in "${units[@]}"; do [ "$other" = "$old" ] || break; done
    within 5 knows_leader "$other" || return
    gap=$(ask "$(folder_of "$other")" '/history' | jq '[.history[] | select(.gapMs != null)] | last | .gapMs')
    echo "without a leader for $gap ms"
    [ "${gap%.*}" -lt 500 ] # half an election timeout
}

check_exposure() {
    systemd-analyze security --no-pager --threshold=11 electiond.service | tail -1
    return "${PIPESTATUS[0]}"
}

# A port below 1024 by the drop-in that operations.md names.
check_low_port() {
    drop_in electiond <<<"[Service]
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
PrivateUsers=no"
    configure electiond 1 80 "${alone[@]}"
    systemctl start electiond || return
    equals livez "$(curl -s http://127.0.0.1:80/livez)" '{"alive":true}'
}

check_rights_of_the_process() {
    start_alone || return
    local status
    status=$(cat "/proc/$(pid electiond)/status")
    equals CapBnd "$(sed -n 's/^CapBnd:\t//p' <<<"$status")" 0000000000000000 || return
    equals NoNewPrivs "$(sed -n 's/^NoNewPrivs:\t//p' <<<"$status")" 1 || return
    equals Seccomp "$(sed -n 's/^Seccomp:\t//p' <<<"$status")" 2 || return
    equals Uid "$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' <<<"$status")" "$(id -u electiond)" || return
    # Where even root may not raise its limit, systemd sets what it may.
    local files=32768
    (ulimit -Hn $files) 2>/dev/null || files=$(ulimit -Hn)
    contains limits "$(tr -s ' ' <"/proc/$(pid electiond)/limits")" "Max open files $files $files"
}

# Blocks of LANGUAGE in the section "Under systemd" of operations.md.
blocks() {
    sed -n '/^## Under systemd/,/^## The data directory/p' /root/lab/operations.md |
        awk -v begin="\`\`\`$1" '$0 == begin { on = 1; next } /^```/ { on = 0 } on'
}

# What the page tells an operator to do works, in its order.
check_commands_of_the_page() {
    groupadd -f operators
    install -d -o electiond -g electiond /srv/shared
    configure electiond 1 7400 "${alone[@]}"
    sed -i 's/socket_group: electiond,//' "$etc"/electiond.yaml
    {
        blocks yaml
        printf '%s\n' "cluster: {name: lab2}" "discovery: [{plugin: file_registry, path: /var/lib/electiond-two/cluster.json}]"
    } >"$etc"/two.yaml
    systemctl start electiond@two || return
    contains commands "$(blocks sh)" "systemctl reload electiond" || return
    # An editor would need a terminal.
    bash -exo pipefail <(blocks sh | grep -v '^systemctl edit') </dev/null || return
    equals socket "$(stat -c %G /run/electiond/api.sock)" operators || return
    systemctl disable electiond
}
