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

case ${1:-} in
    rolling) "$1" ;;
    *)
        echo "usage: tests/long.sh rolling" >&2
        exit 64
        ;;
esac
