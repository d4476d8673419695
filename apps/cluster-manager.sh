#!/usr/bin/env bash
# Runs a local cluster of electiond, to watch it, break it and see it recover. `help` lists the verbs.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(realpath -m "${BUILD_DIR:-$root/build}")
cluster=$(realpath -m "${CLUSTER_DIR:-$root/.cluster}")
api_base=${API_BASE:-3000}
peer_base=${PEER_BASE:-4000}
transport=${TRANSPORT:-http}
discovery=${DISCOVERY:-file_registry}
electiond=$build/bin/electiond
electionctl=$build/bin/electionctl
registry=$cluster/registry # a folder of its own, so that registry and claim are removed together
certs=$cluster/tls
limit_s=20                 # the longest wait for any condition

usage() {
    cat <<END
Usage: apps/cluster-manager.sh VERB

  demo           a leader dies and is replaced, in under a minute; resets the cluster first
  start [N]      nodes 1 to N; without N all existing ones, at least 3; with the data they have
  stop           stops all nodes; keeps their data
  reset          stops all nodes and removes their data: the next start founds a new cluster
  status         the state of each node
  monitor        the whole cluster on one screen, live
  kill-leader    kills the leader's process (kill -9)
  step-down      asks the leader to hand leadership over
  add [ID]       starts one more node
  restart ID     stops a node, if it runs, and starts it
  logs [ID]      the log of one node, or of all, as it grows

A node's API listens on $api_base + its id, its peers' port is $peer_base + its id. From the environment:
  TRANSPORT=http|tcp   DISCOVERY=file_registry|static_list|multicast   ELECTION_TIMEOUT=1000ms
  API_BASE=3000   PEER_BASE=4000   CLUSTER_DIR=.cluster   BUILD_DIR=build
  TLS=1 encrypts everything, with certificates in CLUSTER_DIR/tls; only start and demo need it
END
}

# ---- output --------------------------------------------------------------------------------------

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' green=$'\e[32m' yellow=$'\e[33m' red=$'\e[31m' dim=$'\e[2m' plain=$'\e[0m'
else
    bold='' green='' yellow='' red='' dim='' plain=''
fi

say() { printf '%s\n' "$*"; }
warn() { printf '%s%s%s\n' "$yellow" "$*" "$plain" >&2; }
fail() {
    printf '%scluster-manager: %s%s\n' "$red" "$*" "$plain" >&2
    exit 1
}
bad_usage() {
    printf 'cluster-manager: %s; see apps/cluster-manager.sh help\n' "$*" >&2
    exit 64
}

# ---- nodes ---------------------------------------------------------------------------------------

api_of() { printf '127.0.0.1:%d' $((api_base + $1)); }
url_of() { if [ "$tls" = 1 ]; then printf 'https://%s' "$(api_of "$1")"; else printf 'http://%s' "$(api_of "$1")"; fi; }
peer_of() { printf '127.0.0.1:%d' $((peer_base + $1)); }
folder_of() { printf '%s/%s' "$cluster" "$1"; }
log_of() { printf '%s/%s/electiond.log' "$cluster" "$1"; }
now_ms() { printf '%s' $((${EPOCHREALTIME/[.,]/} / 1000)); }

check_id() {
    case $1 in '' | *[!0-9]* | 0*) bad_usage "a node's id is a number from 1: '$1'" ;; esac
    if [ "$1" -gt 900 ]; then bad_usage "ids end at 900, so that ports stay apart"; fi
}

# The ids of all nodes that have a folder, in order.
ids() {
    local folder
    for folder in "$cluster"/*/electiond.yaml; do
        if [ -e "$folder" ]; then basename "$(dirname "$folder")"; fi
    done | sort -n
}

# Prints the process id of a node. Ignores a pid file whose process has ended or is another program.
pid_of() {
    local file pid
    file=$(folder_of "$1")/pid
    [ -e "$file" ] && read -r pid <"$file" && [ -n "$pid" ] || return 1
    kill -0 "$pid" 2>/dev/null || return 1
    tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF "$(folder_of "$1")/electiond.yaml" || return 1
    printf '%s' "$pid"
}

running_ids() {
    local id
    for id in $(ids); do pid_of "$id" >/dev/null && say "$id"; done
    return 0
}

endpoints() {
    local id list=''
    for id in $(running_ids); do list+=${list:+,}$(url_of "$id"); done
    printf '%s' "$list"
}

require_running() {
    [ -n "$(running_ids)" ] || fail "no node runs; apps/cluster-manager.sh start starts some"
}

# ask NODE PATH OPTIONS...: sends a request by curl, with the operator's certificate if the cluster is encrypted.
ask() {
    local url
    url=$(url_of "$1")$2
    shift 2
    if [ "$tls" = 1 ]; then set -- "$@" --cacert "$certs/ca.crt" --cert "$certs/operator.crt" --key "$certs/operator.key"; fi
    curl -s --noproxy '*' "$@" "$url"
}

# get NODE PATH: prints the body of the answer, whatever its status; fails if the node does not answer.
get() { ask "$1" "$2" --max-time 2; }

# Prints the id of the node that reports that it leads.
leader() {
    local id
    for id in $(running_ids); do
        if [ "$(get "$id" /leader | jq -r '.isLeader // false' 2>/dev/null)" = true ]; then
            printf '%s' "$id"
            return
        fi
    done
    return 1
}

# await SECONDS COMMAND...: repeats the command until it succeeds; fails after that time.
await() {
    local until=$(($(now_ms) + $1 * 1000))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(now_ms)" -lt "$until" ] || return 1
        sleep 0.05
    done
}

# ---- configuration -------------------------------------------------------------------------------

# The founding ids of this cluster, fixed when it was first started: static_list and multicast name
# them as voters.
founders() { cat "$cluster/founders"; }

discovery_yaml() {
    local id list=''
    case $discovery in
        file_registry) say "  - {plugin: file_registry, path: \"$registry/cluster.json\"}" ;;
        multicast) say "  - {plugin: multicast, group: 239.255.74.0, port: $((peer_base + 999)), interface: lo, ttl: 1}" ;;
        static_list)
            for id in $(printf '%s\n' "$@" | sort -nu); do list+=${list:+, }"\"$id\": \"$(peer_of "$id")\""; done
            say "  - {plugin: static_list, peers: {$list}}"
            ;;
    esac
}

# bootstrap_yaml ID: only the founders found the cluster; with a file registry the claim decides.
bootstrap_yaml() {
    local voters
    case $discovery in
        file_registry)
            say "  bootstrap: claim"
            return
            ;;
    esac
    if ! founders | grep -qxF "$1"; then
        say "  bootstrap: join"
        return
    fi
    case $discovery in
        multicast) say "  bootstrap: all"$'\n'"  expect: $(founders | wc -l)" ;;
        static_list)
            voters=$(founders | sed 's/.*/"&"/' | paste -sd,)
            say "  bootstrap: all"$'\n'"  voters: [$voters]"
            ;;
    esac
}

# Prints 1 if the cluster's configuration encrypts it, else 0, so that verbs after start need no TLS=1.
tls_of_cluster() { if grep -qs '^  tls: ' "$cluster"/*/electiond.yaml; then say 1; else say 0; fi; }

# make_certificates ID...: for the nodes that have none yet.
make_certificates() {
    local id missing=()
    if [ "$tls" != 1 ]; then return; fi
    for id in "$@"; do [ -e "$certs/$id.crt" ] || missing+=("$id"); done
    if [ ${#missing[@]} = 0 ]; then return; fi
    if [ -e "$certs/ca.crt" ]; then
        "$electionctl" tls add "${missing[@]}" --dir "$certs" >/dev/null
    else
        "$electionctl" tls init --cluster demo --nodes "${missing[@]}" --dir "$certs" >/dev/null
    fi
}

# tls_yaml ID: prints the key tls for the sections api and transport if the cluster is encrypted.
tls_yaml() {
    if [ "$tls" = 1 ]; then
        printf '\n  tls: {cert: "%s", key: "%s", ca: "%s"}' "$certs/$1.crt" "$certs/$1.key" "$certs/ca.crt"
    fi
}

# write_config ID ALL-IDS...
write_config() {
    local id=$1 folder
    folder=$(folder_of "$id")
    mkdir -p "$folder" "$registry"
    make_certificates "$id"
    shift
    cat >"$folder/electiond.yaml" <<END
# Written by cluster-manager.sh at each start; changes here are lost.
node:
  id: "$id"
  data_dir: "$folder/data"
cluster:
  name: demo
$(bootstrap_yaml "$id")
api:
  listen: $(api_of "$id")$(tls_yaml "$id")
transport:
  plugin: $transport
  listen: $(peer_of "$id")$(tls_yaml "$id")
discovery:
$(discovery_yaml "$@")
election:
  election_timeout: ${ELECTION_TIMEOUT:-1000ms}
END
}

# ---- building ------------------------------------------------------------------------------------

build() {
    local log=$build/cluster-manager.log targets=()
    if [ -x "$electiond" ] && [ -x "$electionctl" ] && [ -d "$build/bin/plugins" ]; then return; fi
    say "${dim}installing what the build needs, if it is missing (.ci/setup build)$plain"
    "$root/.ci/setup" build
    mkdir -p "$build"
    if [ ! -e "$build/CMakeCache.txt" ]; then
        say "${dim}configuring $build$plain"
        cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo >"$log" 2>&1 || build_failed
    fi
    # Builds no tests, if the generator is Ninja: only Ninja can build by folder.
    if [ -e "$build/build.ninja" ]; then targets=(--target apps/all plugins/all); fi
    say "building electiond; the first time takes some minutes"
    if [ -t 1 ]; then
        cmake --build "$build" -j "$(nproc)" "${targets[@]}" || fail "the build failed"
    else
        cmake --build "$build" -j "$(nproc)" "${targets[@]}" >"$log" 2>&1 || build_failed
    fi
}

build_failed() {
    tail -n 40 "$log" >&2
    fail "the build failed; its whole output is in $log"
}

# ---- starting and stopping -----------------------------------------------------------------------

alive() { [ "$(ask "$1" /livez -o /dev/null -w '%{http_code}' --max-time 2)" = 200 ]; }

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

show_log_end() {
    warn "the last lines of $(log_of "$1"):"
    tail -n 15 "$(log_of "$1")" >&2 || true
}

# require_free_ports ID: fails if another program uses a port of the node.
require_free_ports() {
    local id=$1 port
    for port in $((api_base + id)) $((peer_base + id)); do
        if port_taken "$port"; then
            fail "node $id: port $port is in use by something else; see ss -ltnp 'sport = :$port', or choose others with API_BASE and PEER_BASE"
        fi
    done
}

# launch ID: starts the node's process, and does not wait until the node is up.
launch() {
    local id=$1 folder
    folder=$(folder_of "$id")
    if [ -e "$folder/pid" ]; then
        warn "node $id: it did not stop cleanly the last time; its stale pid file is removed"
        rm -f "$folder/pid"
    fi
    require_free_ports "$id"
    setsid nohup "$electiond" --config "$folder/electiond.yaml" </dev/null >>"$folder/electiond.log" 2>&1 &
    printf '%s\n' $! >"$folder/pid"
    # Until the process executes electiond, it looks like this script, and pid_of does not find it.
    await 5 launched "$id" $! || true
    disown
}

launched() { pid_of "$1" || ended "$2"; }

up_or_dead() { alive "$1" || ! pid_of "$1"; }

# await_up ID: waits until the node's election loop runs; fails at once if its process ends.
await_up() {
    if await "$limit_s" up_or_dead "$1" && pid_of "$1" >/dev/null && alive "$1"; then return; fi
    show_log_end "$1"
    if pid_of "$1" >/dev/null; then fail "node $1 does not answer on $(url_of "$1")/livez after $limit_s s"; fi
    rm -f "$(folder_of "$1")/pid"
    fail "node $1 has ended by itself"
}

# start_nodes ID...: starts the nodes that do not run yet, in this order, each after the one before is up.
start_nodes() {
    local id all begun=()
    trap 'warn "interrupted; the nodes just started are stopped"; stop_nodes "${begun[@]}"; exit 130' INT TERM
    mapfile -t all < <(printf '%s\n' "$(ids)" "$@" | grep . | sort -nu)
    if [ -n "$(ids)" ] && [ "$tls" != "$(tls_of_cluster)" ]; then
        if [ -n "$(running_ids)" ]; then
            fail "the running nodes were started with TLS=$(tls_of_cluster), and a cluster is encrypted as a whole or not at all; stop them first"
        fi
        for id in $(ids); do write_config "$id" "${all[@]}"; done
    fi
    [ -e "$cluster/founders" ] || printf '%s\n' "$@" >"$cluster/founders"
    for id in "$@"; do
        if pid_of "$id" >/dev/null; then
            say "node $id runs already"
            continue
        fi
        write_config "$id" "${all[@]}"
        begun+=("$id")
        launch "$id"
        await_up "$id"
        say "node $id is up: API $(url_of "$id"), peers $(peer_of "$id")"
    done
    trap - INT TERM
}

# stop_nodes ID...: stops all in parallel, and kills those that do not end in time.
stop_nodes() {
    local id pid gone=1
    local -A pids=()
    for id in "$@"; do
        if pid=$(pid_of "$id"); then
            pids[$id]=$pid
            kill -TERM "$pid" 2>/dev/null || true
        else
            rm -f "$(folder_of "$id")/pid"
        fi
    done
    for id in "${!pids[@]}"; do
        if ! await 10 ended "${pids[$id]}"; then
            warn "node $id does not stop within 10 s and is killed"
            kill -KILL "${pids[$id]}" 2>/dev/null || true
            await 5 ended "${pids[$id]}" || gone=0
        fi
        rm -f "$(folder_of "$id")/pid"
    done
    [ $gone = 1 ] || fail "a node could not be killed"
}

# True for a zombie, too: it has ended, but its parent has not collected it yet.
ended() {
    local state
    state=$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) || return 0
    [ "$state" = Z ] || [ -z "$state" ]
}

# ---- verbs ---------------------------------------------------------------------------------------

has_leader() { leader; }

start() {
    local count=${1:-3} list=()
    check_id "$count"
    mapfile -t list < <({ seq "$count" && if [ $# = 0 ]; then ids; fi; } | sort -nu)
    build
    mkdir -p "$cluster"
    start_nodes "${list[@]}"
    if await "$limit_s" has_leader; then
        say "${green}node $(leader) leads$plain; apps/cluster-manager.sh monitor shows it live"
    else
        warn "no node leads: $(get "${list[0]}" /readyz | jq -r '.reasons | join(" ")' 2>/dev/null)"
        fail "start starts all existing nodes, reset deletes them all"
    fi
}

stop() {
    local running
    running=$(running_ids)
    # shellcheck disable=SC2046  # ids are numbers
    stop_nodes $(ids)
    if [ -n "$running" ]; then say "stopped: ${running//$'\n'/ }; the data stays in $cluster"; else say "no node ran"; fi
}

reset() {
    # shellcheck disable=SC2046  # ids are numbers
    stop_nodes $(ids)
    forget_all
    say "the data of all nodes in $cluster is removed"
}

status() {
    local id line
    [ -n "$(ids)" ] || fail "there is no cluster in $cluster; apps/cluster-manager.sh start creates one"
    for id in $(ids); do
        if pid_of "$id" >/dev/null; then
            line=$(get "$id" /status | jq -r '"\(.state), term \(.term), leader \(.leaderId // "none")"' 2>/dev/null) ||
                line="runs, but does not answer"
        elif [ -e "$(folder_of "$id")/pid" ]; then
            line="dead (killed, or it crashed); restart $id starts it again"
        else
            line="stopped"
        fi
        say "node $id  $(url_of "$id")  $line"
    done
    if [ -n "$(running_ids)" ]; then
        say
        "$electionctl" --endpoint "$(endpoints)" cluster
    fi
}

kill_leader() {
    local id pid
    require_running
    id=$(leader) || fail "no node leads right now"
    pid=$(pid_of "$id") || fail "node $id has just ended"
    kill -KILL "$pid"
    await 5 ended "$pid" || fail "process $pid does not end"
    say "killed node $id, the leader (process $pid, kill -9)"
}

step_down() {
    require_running
    "$electionctl" --endpoint "$(endpoints)" step-down
}

add() {
    local id=${1:-}
    if [ -z "$id" ]; then id=$(($(ids | tail -n 1) + 1)); fi
    check_id "$id"
    if pid_of "$id" >/dev/null; then fail "node $id runs already"; fi
    build
    mkdir -p "$cluster"
    start_nodes "$id"
}

restart() {
    [ $# = 1 ] || bad_usage "restart needs the id of a node"
    check_id "$1"
    [ -e "$(folder_of "$1")/electiond.yaml" ] || fail "there is no node $1; add $1 creates it"
    build
    stop_nodes "$1"
    start_nodes "$1"
}

logs() {
    local id files=()
    if [ $# -gt 0 ]; then check_id "$1"; fi
    for id in ${1:-$(ids)}; do
        [ -e "$(log_of "$id")" ] || fail "node $id has no log"
        files+=("$(log_of "$id")")
    done
    [ ${#files[@]} -gt 0 ] || fail "there is no cluster in $cluster"
    if [ -t 1 ]; then exec tail -n 50 -F "${files[@]}"; else exec tail -n 200 "${files[@]}"; fi
}

monitor() {
    require_running
    exec "$electionctl" --endpoint "$(endpoints)" top
}

# ---- the demo ------------------------------------------------------------------------------------

step() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
came_true() { printf '%s  %s%s\n' "$green" "$*" "$plain"; }
came_not_true() {
    for id in $(running_ids); do show_log_end "$id"; done
    fail "the demo ends here: $* (waited $limit_s s)"
}

table() { "$electionctl" --endpoint "$(endpoints)" cluster | sed 's/^/  /'; }

follows() { [ "$(get "$1" /status | jq -r '.state + " " + .leaderId')" = "FOLLOWER $2" ]; }
voters_are() {
    local id
    id=$(leader) && [ "$(get "$id" /cluster | jq '.voters | if type == "array" then length else . end')" = "$1" ]
}

# await_new_leader TERM ID...: asks the nodes without pause until one leads in a higher term.
await_new_leader() {
    local old_term=$1 until=$(($(now_ms) + limit_s * 1000)) id answer
    shift
    while [ "$(now_ms)" -lt "$until" ]; do
        for id in "$@"; do
            answer=$(ask "$id" /leader --max-time 1) || continue
            if [[ $answer == *'"isLeader":true'* ]]; then
                new_leader=$id new_term=$(jq -r .term <<<"$answer")
                if [ "$new_term" -gt "$old_term" ]; then return; fi
            fi
        done
    done
    return 1
}

# Removes only files of this script: the folder may hold others.
forget_all() {
    local id
    for id in $(ids); do rm -rf "$(folder_of "$id")"; done
    rm -rf "$registry" "$cluster/founders" "$certs"
    mkdir -p "$cluster"
}

demo() {
    local id pid began old_leader old_term new_leader='' new_term='' survivors
    build
    if [ -n "$(running_ids)" ]; then stop; fi
    for id in 1 2 3; do require_free_ports "$id"; done  # before anything is removed
    forget_all
    printf '%s\n' 1 2 3 >"$cluster/founders"
    trap 'trap - EXIT; stop_all_quietly' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM

    if [ "$tls" = 1 ]; then
        step "0. An authority and certificates are created (electionctl tls init), for three nodes and an operator."
        make_certificates 1 2 3
        "$electionctl" tls show "$certs/1.crt" --ca "$certs/ca.crt" --key "$certs/1.key" | sed 's/^/  /'
        came_true "nodes speak to each other and to clients by TLS alone, and know each other by certificate"
    fi
    case $discovery in
        file_registry) step "1. Three nodes start. The first finds no other node and founds the cluster; the others join it." ;;
        *) step "1. Three nodes start. As soon as they have met, they found the cluster together." ;;
    esac
    for id in 1 2 3; do
        write_config "$id" 1 2 3
        launch "$id"
        await_up "$id"
        say "  node $id is up: $(url_of "$id")"
        if [ "$id" = 1 ] && [ "$discovery" = file_registry ]; then
            await "$limit_s" has_leader || came_not_true "node 1 does not lead alone"
            came_true "node 1 leads, alone"
        fi
    done
    await "$limit_s" has_leader || came_not_true "no node leads"
    await "$limit_s" voters_are 3 || came_not_true "there are not three voters"
    old_leader=$(leader)
    came_true "node $old_leader leads; all three vote"

    step "2. All nodes agree: which node leads, and in which term."
    for id in 1 2 3; do
        [ "$id" = "$old_leader" ] || await "$limit_s" follows "$id" "$old_leader" || came_not_true "node $id does not follow"
    done
    table
    old_term=$(get "$old_leader" /leader | jq -r .term)

    step "3. The leader's process is killed (kill -9). No node is informed; the other two of three are a majority and elect a new leader."
    survivors=$(running_ids | grep -vx "$old_leader" || true)
    pid=$(pid_of "$old_leader") || came_not_true "the process of node $old_leader has ended"
    began=$(now_ms)
    kill -KILL "$pid"
    say "  node $old_leader (process $pid) is dead"
    # shellcheck disable=SC2086  # ids are numbers
    await_new_leader "$old_term" $survivors || came_not_true "no node took over"
    came_true "$(($(now_ms) - began)) ms later node $new_leader leads in term $new_term (before: node $old_leader, term $old_term)"
    say "  ${dim}The term is the fencing token: it only rises, so late messages of the dead leader are recognized as old.$plain"

    step "4. The dead node comes back. It does not lead again; it follows."
    rm -f "$(folder_of "$old_leader")/pid"
    write_config "$old_leader" 1 2 3
    launch "$old_leader"
    await_up "$old_leader"
    await "$limit_s" follows "$old_leader" "$new_leader" || came_not_true "node $old_leader does not follow node $new_leader"
    came_true "node $old_leader follows node $new_leader"

    step "5. Two more nodes join. The leader extends the quorum in steps: 3 voters, then 5."
    for id in 4 5; do
        write_config "$id" 1 2 3 4 5
        launch "$id"
    done
    for id in 4 5; do await_up "$id"; done
    await "$limit_s" voters_are 5 || came_not_true "there are not five voters"
    came_true "five voters: three are a majority, so any two may die"
    table

    step "6. The leader is stopped cleanly. It hands over first, so no node waits for a timeout."
    old_leader=$(leader) || came_not_true "no node leads"
    old_term=$(get "$old_leader" /leader | jq -r .term)
    survivors=$(running_ids | grep -vx "$old_leader" || true)
    began=$(now_ms)
    kill -TERM "$(pid_of "$old_leader")"
    # shellcheck disable=SC2086  # ids are numbers
    await_new_leader "$old_term" $survivors || came_not_true "no node took over"
    came_true "$(($(now_ms) - began)) ms later node $new_leader leads in term $new_term"

    step "7. All stop."
    trap - EXIT INT TERM
    stop | sed 's/^/  /'
    if [ "$tls" = 1 ]; then say_environment; fi
    step "Next: apps/cluster-manager.sh start brings them back; then monitor in another terminal, and kill-leader here."
}

say_environment() {
    say "  To ask the nodes yourself:"
    say "    export ELECTIONCTL_CACERT=$certs/ca.crt ELECTIONCTL_CERT=$certs/operator.crt ELECTIONCTL_KEY=$certs/operator.key"
    say "    $electionctl --endpoint $(url_of 1) cluster"
    say "    curl --cacert $certs/ca.crt --cert $certs/operator.crt --key $certs/operator.key $(url_of 1)/leader"
}

stop_all_quietly() {
    # shellcheck disable=SC2046  # ids are numbers
    stop_nodes $(running_ids) >/dev/null 2>&1 || true
    say "${dim}stopped all nodes; their logs stay in $cluster$plain"
}

# ---- main ----------------------------------------------------------------------------------------

case $transport in http | tcp) ;; *) bad_usage "TRANSPORT is http or tcp, not '$transport'" ;; esac
case $discovery in file_registry | static_list | multicast) ;; *) bad_usage "DISCOVERY is file_registry, static_list or multicast, not '$discovery'" ;; esac
for number in "$api_base" "$peer_base"; do
    case $number in '' | *[!0-9]*) bad_usage "API_BASE and PEER_BASE are numbers, not '$number'" ;; esac
done

case ${TLS:-} in '' | 0 | 1) ;; *) bad_usage "TLS is 0 or 1, not '$TLS'" ;; esac

for tool in curl jq; do
    command -v $tool >/dev/null || "$root/.ci/setup" build
done

verb=${1:-help}
shift || true
# The demo resets the cluster; all other verbs find out how it was started.
if [ "$verb" = demo ]; then tls=${TLS:-0}; else tls=${TLS:-$(tls_of_cluster)}; fi
if [ "$tls" = 1 ]; then
    export ELECTIONCTL_CACERT=$certs/ca.crt ELECTIONCTL_CERT=$certs/operator.crt ELECTIONCTL_KEY=$certs/operator.key
fi
case $verb in
    start | stop | reset | status | logs | demo | add | restart | monitor) "$verb" "$@" ;;
    kill-leader) kill_leader ;;
    step-down) step_down ;;
    help | --help | -h) usage ;;
    *) bad_usage "unknown verb '$verb'" ;;
esac
