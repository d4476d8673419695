#!/usr/bin/env bash
# Checks docs/containers.md as far as that is possible without an engine: page.sh DOCS BIN. BIN is the folder with the
# built programs.
set -euo pipefail
page=$1/containers.md
bin=$2
config=$(cd "$1/../config/container" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "not ok $1"; exit 1; }

# The file of variables, with folders here instead of /etc/electiond and /var/lib/electiond.
mkdir "$work/volume"
"$bin/electionctl" tls init --cluster demo --nodes 1 2 3 --dir "$work/authority" >/dev/null
mkdir "$work/tls"
cp "$work/authority/1.crt" "$work/tls/node.crt"
cp "$work/authority/1.key" "$work/tls/node.key"
cp "$work/authority/ca.crt" "$work/tls/ca.crt"
awk '/^...ini$/ {on = 1; next} /^...$/ {on = 0} on' "$page" |
    sed "s|/etc/electiond/tls|$work/tls|;s|/var/lib/electiond|$work/volume|" >"$work/node.env"
mapfile -t variables <"$work/node.env"
[ "${#variables[@]}" -ge 8 ] || fail "the page shows only ${#variables[@]} variables"
said=$(env -i "${variables[@]}" "$bin/electiond" --check 2>&1) || fail "electiond --check refuses the variables: $said"
[ "$said" = "the environment: no fault found" ] || fail "electiond --check says: $said"
grep -qxF "$said" "$page" || fail "the page shows another answer"
echo "ok the variables of the page are accepted without a warning"

# The files that the commands name exist, and the options are those that the page must have.
while IFS= read -r file; do
    [ -e "$config/../../$file" ] || fail "the page names $file, which is not there"
done < <(grep -o 'config/container/[A-Za-z.-]*' "$page" | sed 's/\.$//' | sort -u)
for word in --read-only '--cap-drop all' no-new-privileges '--stop-timeout 30'; do
    grep -qF -- "$word" "$page" || fail "the page lacks $word"
done
echo "ok the files that the page names are there"

# The electionctl commands of the page are commands of electionctl.
while IFS= read -r verb; do
    "$bin/electionctl" --help | grep -q "^ *$verb" || fail "electionctl has no verb $verb"
done < <(grep -o 'electionctl [a-z-]*' "$page" | cut -d ' ' -f 2 | sort -u)
echo "ok the verbs of the page are verbs of electionctl"
