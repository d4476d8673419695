#!/usr/bin/env bash
# The result of one check of boot.sh or cookbook.sh: tests/service/result.sh OUT CHECK.
set -euo pipefail
out=$1 check=$2
if grep '^skipped: ' "$out" || grep "^skip $check: " "$out"; then exit 77; fi
# What stands between the last verdict before it and its own.
awk -v check="$check" '
    /^(not )?ok / { verdict = $1 == "ok" ? $2 : $3; if (verdict == check) { print text $0; found = $1 == "ok" ? 1 : 2 } text = ""; next }
    { text = text $0 "\n" }
    END { exit found == 1 ? 0 : 1 }' "$out"
