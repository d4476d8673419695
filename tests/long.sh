#!/usr/bin/env bash
# Long tests that no CI run has the time for, by name: tests/long.sh NAME. Builds what they need.
# Their figures stand in docs/testing.md, each with its command.
set -euo pipefail
cd "$(dirname "$0")/.."

build() {
    [ -f build/build.ninja ] || cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo
    cmake --build build -j "$(nproc)" --target "$@"
}

# Rolling restarts of 3 and 5 nodes, with and without their data, each ROUNDS (10) times through all
# nodes, gated by /readyz alone; there must be a leader within 2 election timeouts of each end.
rolling() {
    build cluster_test
    ELECTIOND_ROLLING_ROUNDS=${ROUNDS:-10} build/bin/cluster_test --gtest_filter='*Rolling*'
}

# Ten storms: 302 h at the lan timers and 200 h at the seed's, 1.2 million election timeouts. Prints
# the last line of each when it has ended; a quarter of an hour on two cores.
storms() {
    build storm
    {
        for seed in 1001 1002 1003 1004 1005 1006; do echo "--seed $seed --nodes 5 --hours 38"; done
        echo "--seed 1007 --nodes 3 --hours 30"
        echo "--seed 1008 --nodes 7 --hours 12"
        echo "--seed 1009 --nodes 5 --hours 32 --mode all"
        echo "--seed 1010 --nodes 5 --hours 200 --timers seed"
    } | xargs -P "$(nproc)" -I{} bash -c 'one_storm {}'
}

# Prints all of what a storm says only if it has found a fault.
one_storm() {
    local said
    if said=$(build/bin/storm "$@" 2>&1); then
        echo "$*: $(tail -n 1 <<<"$said")"
    else
        echo "$*: $said"
        return 1
    fi
}
export -f one_storm

# libFuzzer against the HTTP/1 reader for DURATION (240) seconds on all processors, under ASan
# and UBSan, beginning with the samples of its test and what earlier runs found. Prints the input,
# and where it was saved, if a property is broken.
http1_fuzz() {
    [ -f build-fuzz/build.ninja ] || cmake -S . -B build-fuzz -G Ninja \
        -DCMAKE_CXX_COMPILER=clang++-16 -DCMAKE_BUILD_TYPE=RelWithDebInfo
    cmake --build build-fuzz -j "$(nproc)" --target http1_libfuzzer
    cd build-fuzz
    mkdir -p http1-corpus
    local status=0
    nice bin/http1_libfuzzer http1-corpus -fork="$(nproc)" -max_total_time="${DURATION:-240}" -max_len=20000 \
        -timeout=5 &>http1-fuzz.log || status=$?
    tail -n 3 http1-fuzz.log
    return "$status"
}

# A leader of three nodes at 15/150 ms under 5,000 idle connections, 1,000 long polls, 64 clients that
# send a byte a second, and 10,000 requests a second; over both transports. Up to three rounds each,
# the first that keeps all bars counts. Two minutes a round, on a machine that does nothing else.
load() {
    build load
    local transport
    for transport in http tcp; do
        build/bin/load --transport "$transport" --discovery static_list
    done
}

# 1,000 event streams on each of three nodes at 15/150 ms, then kill -9 of the leader, KILLS (10) times:
# each watcher of a survivor must hear of one new leader. A second and a half each, on a machine that
# does nothing else.
watchers() {
    build watchers
    build/bin/watchers --kills "${KILLS:-10}"
}

# Clients of /events that connect again and again through step-downs, kills and restarts, until each has
# seen CHANGES (1000) changes: none may be missing or come twice.
events() {
    build cluster_test
    ELECTIOND_EVENT_CHANGES=${CHANGES:-1000} build/bin/cluster_test --gtest_filter='EventStreams*'
}

# Each discovery, ROUNDS (20) times: three blank nodes start in the same instant, in each mode; a node moves to another
# address, and is found within 2 x hello_interval after the answer is right. Prints the times.
discovery() {
    build cluster_test
    ELECTIOND_DISCOVERY_ROUNDS=${ROUNDS:-20} build/bin/cluster_test --gtest_filter='*Founding.*:*MovedNode.*'
}

# Three nodes replaced one by one by a next version and back, ROUNDS (10) times, over both transports,
# under a client that asks every millisecond who leads. OTHER is the next version: a daemon with its
# plugins beside it; by default this one with additions (tests/cluster/next).
upgrade() {
    build cluster_test electiond_next
    ELECTIOND_UPGRADE_ROUNDS=${ROUNDS:-10} ELECTIOND_UPGRADE_OTHER=${OTHER:-build/bin/electiond_next} \
        build/bin/cluster_test --gtest_filter='*RollingUpgrade.AndDowngrade*'
}

# The Debian packages, built with Debian's own flags, under the eyes of the tests that CI runs on packages of
# what is built anyway, and through their whole life under systemd.
packages() {
    build packages_test
    config/debian/build-packages build/packages
    ELECTIOND_PACKAGES=build/packages build/bin/packages_test
    tests/packages/life.sh build/packages
}

# Makes a minimal Debian 12 in $minimal, from the mirror that this machine installs from, and the packages if there are
# none. Keeps both for the next time. Needs root and, of Debian, debootstrap and systemd-container.
minimal=build/debian-root
minimal_root() {
    compgen -G 'build/packages/electiond_*.deb' >/dev/null || config/debian/build-packages build/packages
    [ ! -f $minimal/complete ] || return 0
    local mirror
    mirror=$(apt-get indextargets --format "\$(REPO_URI)" "Codename: bookworm" | head -n 1)
    rm -rf $minimal
    debootstrap --variant=minbase --include=systemd,dbus,libnss-systemd,procps,curl bookworm $minimal "$mirror"
    cp -L /etc/resolv.conf $minimal/etc/resolv.conf
    touch $minimal/complete
}

# The same life in that minimal Debian.
debian_root() {
    minimal_root
    local depends
    depends=$(for package in electiond electionctl; do
        dpkg-deb --field build/packages/${package}_*.deb Depends
    done | paste -sd,)
    DEBIAN_FRONTEND=noninteractive chroot $minimal apt-get satisfy -y --no-install-recommends "$depends"
    tests/packages/life.sh build/packages $minimal
}

# docs/plugin-in-ten-minutes.md, followed in that minimal Debian, which has no compiler before.
authors() {
    minimal_root
    LIMIT=1200 tests/packages/authors.sh build/packages $minimal
}

case ${1:-} in
    authors | debian_root | events | load | packages | rolling | storms | http1_fuzz | upgrade | watchers) "$1" ;;
    *)
        echo "usage: tests/long.sh" \
            "authors|debian_root|events|load|packages|rolling|storms|http1_fuzz|upgrade|watchers" >&2
        exit 64
        ;;
esac
