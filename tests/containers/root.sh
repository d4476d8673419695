#!/usr/bin/env bash
# The root of the image is complete, small, and has nothing else in it; and the files that the Containerfile copies are
# enough to configure a build: root.sh BUILD.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$1
source=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "not ok $1"; exit 1; }

(umask 077 && "$source/config/container/make-root" "$build" "$work/root" >/dev/null)
closed=$(find "$work/root" ! -path "$work/root/var/lib/electiond" ! -type l ! -perm -444 -printf '%P ')
[ -z "$closed" ] || fail "the root has files that its user cannot read, because of the umask of the build: $closed"
# Each library that the loader needs is in the root.
while IFS= read -r file; do
    for library in $(objdump -p "$file" | sed -n 's/^ *NEEDED *//p'); do
        [ -n "$(find "$work/root/usr" -name "$library")" ] || fail "$file needs $library"
    done
done < <(find "$work/root/usr" -type f \( -name '*.so*' -o -perm -100 \))
expected='bin|sbin|lib|lib64|etc/(passwd|group|nsswitch.conf|ssl/certs/ca-certificates.crt)'
expected+='|usr/sbin/electiond|usr/bin/electionctl|usr/lib/ssl/cert.pem|usr/share/terminfo/.*'
expected+='|usr/lib(64)?/([a-z0-9_-]+/)?([^/]*\.so[.0-9]*|electiond/plugins/[a-z_]+\.so)'
unexpected=$(find "$work/root" ! -type d -printf '%P\n' | grep -Evx "$expected" || true)
[ -z "$unexpected" ] || fail "the root has: $unexpected"
[ ! -e "$(find "$work/root" -name etcd.so)" ] || fail "etcd is there without being asked for"
size=$(du -sm --apparent-size "$work/root" | cut -f 1)
[ "$size" -le 32 ] || fail "the root has $size MB"
echo "ok the root is complete, and has $size MB"

if "$source/config/container/make-root" "$build" "$work/root" 2>/dev/null; then
    fail "a folder that is in use is overwritten"
fi
echo "ok a folder that is not empty is refused"

# A root that is not complete never has the name of one, so it cannot be taken for it.
mkdir "$work/empty"
for target in "$work/new" "$work/empty"; do
    if "$source/config/container/make-root" "$build" "$target" http no_such_plugin >/dev/null 2>&1; then
        fail "a plugin that does not exist is no fault"
    fi
    left=$(find "$work" -path "$target*" ! -path "$work/empty" -printf '%P ')
    [ -z "$left" ] || fail "a failure leaves: $left"
    "$source/config/container/make-root" "$build" "$target/" http >/dev/null || fail "the next run fails in $target"
    [ -x "$target/usr/sbin/electiond" ] || fail "the next run makes nothing in $target"
    [ "$(stat -c %a "$target")" = 755 ] || fail "the root has the mode $(stat -c %a "$target")"
    rm -r "$target"
done
echo "ok a failure leaves nothing, and does not disturb the next run"

mapfile -t copied < <(sed -n 's/^COPY \([^- ][^ ]*\) \/source\/.*$/\1/p' "$source/config/container/Containerfile")
[ "${#copied[@]}" -ge 5 ] || fail "the Containerfile copies only ${copied[*]}"
mkdir "$work/source"
for each in "${copied[@]}"; do cp -R "$source/$each" "$work/source/"; done
cmake -S "$work/source" -B "$work/build" -DCMAKE_BUILD_TYPE=Release -DELECTIOND_TESTS=OFF >"$work/log" 2>&1 ||
    { cat "$work/log"; fail "what the Containerfile copies cannot be configured"; }
mapfile -t installed < <(sed -n '/apt-get install/,/[^\\]$/p' "$source/config/container/Containerfile" |
    grep -Eo '(^| )(lib[^ ]+|g\+\+|cmake|ninja-build|pkg-config|ca-certificates)' | tr -d ' ')
[ "${#installed[@]}" -ge 10 ] || fail "the Containerfile installs only ${installed[*]}"
for package in "${installed[@]}"; do
    grep -qw -- "$package" "$source/.ci/packages" || fail "$package is installed, which the checks do not use"
done
echo "ok what the Containerfile copies and installs is enough to configure a build"
