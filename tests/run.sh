#!/usr/bin/env bash
# Sets up, builds and passes all tests; the same command a reader of the README pastes.
# SANITIZE=address,undefined builds and runs them under sanitizers, in a folder of their own, by clang, which compiles
# them in half of the time that GCC needs.
# CI=true makes every warning an error and, without sanitizers, has the simulation storm for days.
set -euo pipefail
cd "$(dirname "$0")/.."
.ci/setup
build=build${SANITIZE:+-${SANITIZE//,/-}}
type=RelWithDebInfo
storms=OFF
of=tests
if [ -n "${SANITIZE:-}" ]; then type=Debug of=all; elif [ -n "${CI:-}" ]; then storms=ON; fi
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=$type \
    ${CI:+-DELECTIOND_WERROR=ON -DELECTIOND_PCH=$of -DELECTIOND_UNITY=$of} \
    ${CI:+-DCMAKE_CXX_FLAGS_RELWITHDEBINFO="-O2 -g1 -DNDEBUG"} \
    -DELECTIOND_LONG_STORMS=$storms \
    ${SANITIZE:+-DELECTIOND_SANITIZE=$SANITIZE -DCMAKE_CXX_COMPILER=clang++-16} >/dev/null
cmake --build "$build" -j "$(nproc)"
# One more than there are cores: most tests wait for processes and timers.
result=0
ctest --test-dir "$build" --output-on-failure -j "$(($(nproc) + 1))" "$@" || result=$?
[ $result -ne 0 ] && [ -n "${CI:-}" ] || exit $result

# Tests run against the real clock, and a machine that stands still for seconds breaks one of them now and then. So that
# this does not hide all other results, at most three get a second try, one at a time; docs/testing.md says what follows
# from it. What a sanitizer reported gets none.
logs=$build/Testing/Temporary
again=$(wc -l <"$logs/LastTestsFailed.log")
if [ "$again" -gt 3 ] || grep -qE '(Thread|Address|Leak)Sanitizer|runtime error:' "$logs/LastTest.log"; then
    exit $result
fi
echo "A second try, one at a time, for what failed:" && cat "$logs/LastTestsFailed.log"
ctest --test-dir "$build" --output-on-failure --rerun-failed
