#!/usr/bin/env bash
# Checks the unit files without running them: tests/service/units.sh CHECK [ELECTIOND]. Exit code 77: cannot be checked.
set -euo pipefail
units=$(cd "$(dirname "$0")/../../config/systemd" && pwd)
check=${1:?a check}
daemon=${2:-/bin/true}
exposure_max=11 # tenths

if ! command -v systemd-analyze >/dev/null; then
    echo "skipped: systemd-analyze is missing; apt-get install systemd"
    exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# The program must exist for `verify`, and a template is checked by an instance of it.
sed "s#/usr/sbin/electiond#$daemon#" "$units/electiond.service" >"$folder/electiond.service"
sed "s#/usr/sbin/electiond#$daemon#" "$units/electiond@.service" >"$folder/electiond@one.service"

# systemd-analyze finds nothing to complain about. The man pages may not be installed here.
verify() {
    local said
    said=$(systemd-analyze verify --man=no "$folder"/*.service 2>&1)
    # It also complains about units of the machine that ours depend on.
    said=$(grep -F electiond <<<"$said" || true)
    [ -z "$said" ] || { echo "$said"; return 1; }
}

exposure() {
    local unit
    for unit in "$folder"/*.service; do
        systemd-analyze security --offline=true --no-pager --threshold="$exposure_max" "$unit"
    done
}

# The template is the plain unit with an instance's names.
alike() {
    diff <(sed -e 's#/etc/electiond/electiond\.yaml#CONF#; s#Directory=electiond$#Directory=FOLDER#' \
            -e 's#edit electiond)#edit UNIT)#' "$units/electiond.service") \
        <(sed -e 's#/etc/electiond/%i\.yaml#CONF#; s#Directory=electiond-%i$#Directory=FOLDER#' \
            -e 's#edit electiond@NAME)#edit UNIT)#; s#, node %i$##' "$units/electiond@.service")
}

# sysusers.d and tmpfiles.d are applied to an empty root, twice: the second time changes nothing.
user_and_folders() {
    [ "$(id -u)" -eq 0 ] || { echo "skipped: only root can give files to another user"; exit 77; }
    local root=$folder/root round before=
    mkdir -p "$root/etc" "$root/var/lib"
    for round in 1 2; do
        systemd-sysusers --root="$root" "$units/electiond.sysusers" 2>&1
        systemd-tmpfiles --root="$root" --create "$units/electiond.tmpfiles"
        local now
        now=$(cat "$root/etc/passwd" "$root/etc/group"; stat -c '%n %a %u %g' "$root"/etc/electiond "$root"/var/lib/electiond)
        [ "$round" = 1 ] || diff <(echo "$before") <(echo "$now")
        before=$now
    done
    local uid
    uid=$(sed -n 's/^electiond:[^:]*:\([0-9]*\):.*/\1/p' "$root/etc/passwd")
    [ "$(stat -c '%a %u' "$root/var/lib/electiond")" = "700 $uid" ]
    [ "$(stat -c '%a %u' "$root/etc/electiond")" = "755 0" ]
    grep -q '^electiond:.*:/usr/sbin/nologin$' "$root/etc/passwd"
}

# operations.md lists the kinds of change that the journal knows, with their ids.
message_ids() {
    local code page
    code=$(sed -n 's/^ *Kind{"\([a-z_]*\)", "\([0-9a-f]*\)"},$/\1 \2/p' "$units/../../apps/electiond/journal_entry.cpp")
    page=$(sed -n 's/^| .\([a-z_]*\). | .\([0-9a-f]\{32\}\). |.*/\1 \2/p' "$units/../../docs/operations.md")
    [ -n "$code" ] && diff <(echo "$code") <(echo "$page")
}

case $check in
    verify | exposure | alike | user_and_folders | message_ids) "$check" ;;
    *)
        echo "no such check: $check" >&2
        exit 64
        ;;
esac
