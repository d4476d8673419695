#!/usr/bin/env bash
# .ci/setup disables only services that its own installation has started, and lets apt remove nothing:
# tests/tidy/setup.sh. The commands that it runs are replaced: nothing is installed. Exit code 77: cannot be checked.
set -euo pipefail
setup=$(cd "$(dirname "$0")/../.." && pwd)/.ci/setup
fail() { echo "not ok $1"; exit 1; }

# .ci/setup asks for this folder, which only systemd makes.
if [ "${1:-}" != inside ]; then
    if ! unshare --mount --map-root-user true 2>/dev/null; then
        echo "skipped: no mount namespace can be made here"
        exit 77
    fi
    exec unshare --mount --map-root-user "$0" inside
fi
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /run/bin /run/units

# A machine whose nginx comes from another package, and on which haproxy is installed and disabled.
touch /run/units/nginx.service
cat >/run/bin/systemctl <<'END'
#!/bin/sh
echo "systemctl $*" >>/run/asked
for unit; do :; done
[ "$2" = disable ] || [ -e "/run/units/$unit" ]
END
cat >/run/bin/apt-get <<'END'
#!/bin/sh
echo "apt-get $*" >>/run/asked
[ "$1" != install ] || touch /run/units/keepalived.service /run/units/cron.service
END
printf '#!/bin/sh\nexit 1\n' >/run/bin/dpkg-query
chmod +x /run/bin/*
PATH=/run/bin:$PATH "$setup" >/run/said || fail "setup ended with $?"

grep -q '^apt-get install .*--no-remove' /run/asked || fail "apt may remove packages of the user"
disabled=$(sed -n 's/^systemctl --quiet disable --now //p' /run/asked | sort | xargs)
[ "$disabled" = "cron.service keepalived.service" ] || fail "disabled: $disabled"
echo "ok a service that was in use before stays"

rm /run/asked
PATH=/run/bin:$PATH "$setup" build >/run/said || fail "setup build ended with $?"
grep -q '^apt-get install .* cmake ' /run/asked || fail "setup build installs no cmake"
! grep -Eq '^apt-get install.* (cron|etcd-server|haproxy|keepalived|nginx)( |$)' /run/asked ||
    fail "setup build installs a server"
echo "ok to build, no server is installed"
