#!/usr/bin/env bash
# Compares what two builds cost and how fast they are, in one run and by turns, and one of them with
# etcd if that is installed: tests/bench/compare.sh BEFORE AFTER, both build folders. The programs
# that measure are those of AFTER. Half an hour with these defaults:
#   ROUNDS=3 IDLE=30 KILLS=60 ASK=5 TRANSPORTS="http tcp" PARTS="idle failover asking etcd"
# IDLE and ASK are seconds each; KILLS are made in all, for each build and transport. Options of the
# programs for one side alone: BEFORE_OPTIONS="" AFTER_OPTIONS="--tls" with the same build twice
# shows what encryption costs.
set -euo pipefail
[ $# = 2 ] || { sed -n '2,8s/^# //p' "$0" >&2; exit 64; }
declare -A build=([before]=$1 [after]=$2)
declare -A options=([before]=${BEFORE_OPTIONS:-} [after]=${AFTER_OPTIONS:-})
rounds=${ROUNDS:-3} idle_seconds=${IDLE:-30} kills=${KILLS:-60} ask_seconds=${ASK:-5}
transports=${TRANSPORTS:-http tcp} parts=${PARTS:-idle failover asking etcd}
programs=$2/bin
results=$(mktemp)
etcd_folder=$(mktemp -d)
etcd_members=()
end() {
    [ ${#etcd_members[@]} = 0 ] || kill -9 "${etcd_members[@]}" 2>/dev/null || true
    rm -rf "$results" "$etcd_folder"
}
trap end EXIT

# result BUILD TRANSPORT WHAT NUMBER
result() { echo "$@" >>"$results"; }

# quantile SHARE BUILD TRANSPORT WHAT: of all results of that kind; "-" if there is none.
quantile() {
    awk -v build="$2" -v transport="$3" -v what="$4" \
        '$1 == build && $2 == transport && $3 == what { print $4 }' "$results" | sort -g |
        awk -v share="$1" '{ value[NR] = $1 }
            END { if (NR == 0) print "-"; else {
                at = share * NR; whole = int(at); if (whole < at) whole++
                print value[whole < 1 ? 1 : whole] } }'
}

measure_idle() { # BUILD TRANSPORT
    local said
    # shellcheck disable=SC2086 # several options are several words
    said=$("$programs/idle" --daemon "${build[$1]}/bin/electiond" --transport "$2" ${options[$1]} \
        --discovery static_list --heartbeat 100ms --seconds "$idle_seconds")
    result "$1" "$2" cpu "$(awk '/^  node/ { sum += $4 } END { print sum }' <<<"$said")"
    result "$1" "$2" memory "$(awk '/^  node/ { sum += $9; n++ } END { printf "%.1f", sum / n }' <<<"$said")"
    result "$1" "$2" wake_ups "$(awk '/^  node/ { sum += $12; n++ } END { printf "%.1f", sum / n }' <<<"$said")"
}

measure_failover() { # BUILD TRANSPORT
    local gap
    # shellcheck disable=SC2086
    "$programs/failover" --daemon "${build[$1]}/bin/electiond" --transport "$2" ${options[$1]} \
        --discovery static_list --election-timeout 150ms --heartbeat 15ms \
        --kills $(((kills + rounds - 1) / rounds)) --list |
        while read -r word gap _; do
            [ "$word" != gap ] || result "$1" "$2" gap "$gap"
        done
}

measure_asking() { # BUILD TRANSPORT
    local connections said
    for connections in 1 100 1000; do
        # shellcheck disable=SC2086
        said=$("$programs/asking" --daemon "${build[$1]}/bin/electiond" --transport "$2" ${options[$1]} \
            --discovery static_list --connections "$connections" --seconds "$ask_seconds")
        result "$1" "$2" "median_$connections" "$(awk '/^  median/ { print $2 }' <<<"$said")"
        result "$1" "$2" "p99_$connections" "$(awk '/^  median/ { print $5 }' <<<"$said")"
        result "$1" "$2" "rate_$connections" "$(awk '/^  median/ { print $10 }' <<<"$said")"
        result "$1" "$2" "errors_$connections" "$(awk '/^  socket/ { print $3 }' <<<"$said")"
    done
}

# Clock ticks of the processor that all members have used.
etcd_ticks() {
    local member
    for member in "${etcd_members[@]}"; do awk '{ print $14 + $15 }' "/proc/$member/stat"; done |
        awk '{ sum += $1 } END { print sum }'
}

# Three members, idle, with the same heartbeats, each of a port for peers and one for clients.
measure_etcd() {
    local member cluster="" from
    for member in 1 2 3; do cluster+="${cluster:+,}n$member=http://127.0.0.1:2380$member"; done
    rm -rf "${etcd_folder:?}"/*
    for member in 1 2 3; do
        etcd --name "n$member" --data-dir "$etcd_folder/n$member" \
            --listen-peer-urls "http://127.0.0.1:2380$member" \
            --initial-advertise-peer-urls "http://127.0.0.1:2380$member" \
            --listen-client-urls "http://127.0.0.1:2379$member" \
            --advertise-client-urls "http://127.0.0.1:2379$member" \
            --initial-cluster "$cluster" --initial-cluster-state new \
            --heartbeat-interval 100 --election-timeout 1000 >"$etcd_folder/log$member" 2>&1 &
        etcd_members+=($!)
    done
    for member in 1 2 3; do
        timeout 30 sh -c "until grep -q 'ready to serve client' '$etcd_folder/log$member'; do sleep 0.1; done"
    done
    sleep 3 # past its start
    from=$(etcd_ticks)
    sleep "$idle_seconds"
    result etcd - cpu "$(awk -v ticks=$(($(etcd_ticks) - from)) -v hz="$(getconf CLK_TCK)" \
        -v seconds="$idle_seconds" 'BEGIN { print 100 * ticks / hz / seconds }')"
    kill -9 "${etcd_members[@]}"
    wait "${etcd_members[@]}" 2>/dev/null || true
    etcd_members=()
}

row() { # TITLE UNIT SHARE WHAT
    local transport before after
    printf '%-46s' "$1, $2"
    for transport in $transports; do
        before=$(quantile "$3" before "$transport" "$4")
        after=$(quantile "$3" after "$transport" "$4")
        printf ' |%15s%10s%8s' "$before" "$after" "$(awk -v before="$before" -v after="$after" \
            'BEGIN { if (before + 0 > 0) printf "%.2f", after / before; else print "-" }')"
    done
    echo
}

for ((round = 1; round <= rounds; ++round)); do
    for part in $parts; do
        echo "round $round of $rounds: $part" >&2
        if [ "$part" = etcd ]; then
            if command -v etcd >/dev/null; then measure_etcd; fi
            continue
        fi
        for transport in $transports; do
            for which in before after; do "measure_$part" "$which" "$transport"; done
        done
    done
done

printf '%-46s' "three nodes; median of $rounds rounds"
for transport in $transports; do printf ' |%15s%10s%8s' "$transport: before" after ratio; done
echo
row "idle, all three nodes" "% of a core" 0.5 cpu
row "idle, a node" "MB resident" 0.5 memory
row "idle, a node" "wake-ups a second" 0.5 wake_ups
row "fail-over at 15/150 ms, median of $kills" ms 0.5 gap
row "fail-over, p99" ms 0.99 gap
row "GET /leader, 1 connection, median" ms 0.5 median_1
row "GET /leader, 1 connection" "a second" 0.5 rate_1
for connections in 100 1000; do
    row "GET /leader, $connections connections, p99" ms 0.5 "p99_$connections"
    row "GET /leader, $connections connections" "a second" 0.5 "rate_$connections"
    row "GET /leader, $connections connections" "socket errors" 0.5 "errors_$connections"
done
if etcd=$(quantile 0.5 etcd - cpu) && [ "$etcd" != - ]; then
    for transport in $transports; do
        awk -v ours="$(quantile 0.5 after "$transport" cpu)" -v etcd="$etcd" -v name="$transport" \
            'BEGIN { printf "idle, three nodes after over %s: %.2f x three etcd members (%.2f %% of a core)\n",
                name, ours / etcd, etcd }'
    done
else
    echo "etcd is not installed (Debian: etcd-server), so there is no ratio to it"
fi
