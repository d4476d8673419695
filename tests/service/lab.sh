# shellcheck shell=bash
# Boots systemd in a container whose root is an overlay over that of this machine: seconds, and nothing of the machine
# changes. To be sourced. FOLDER is an empty folder of the caller; FOLDER/root is the container's root.

# Prints why no container can be booted here, or nothing.
lab_obstacle() {
    local tool
    [ "$(id -u)" -eq 0 ] || { echo "only root can boot a container"; return; }
    for tool in systemd-nspawn unshare ip; do
        command -v "$tool" >/dev/null || { echo "$tool is missing; apt-get install systemd-container util-linux iproute2"; return; }
    done
    local folder
    folder=$(mktemp -d)
    lab_mount "$folder" 2>/dev/null || echo "an overlay over / cannot be mounted here"
    lab_remove "$folder"
    rm -rf "$folder"
}

# lab_mount FOLDER
lab_mount() {
    mkdir -p "$1/up" "$1/root"
    mount -t tmpfs lab "$1/up" || return
    mkdir "$1/up/u" "$1/up/w"
    mount -t overlay lab -o "lowerdir=/,upperdir=$1/up/u,workdir=$1/up/w" "$1/root"
}

# lab_install FOLDER BIN: the daemon and its units as the packages install them, but for the plugins and
# electiond-tls.so, which lie beside the program. BIN is the folder with the built programs.
lab_install() {
    local root=$1/root bin=$2 units
    units=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../config/systemd" && pwd)
    install -m 755 "$bin/electiond" "$root/usr/sbin/electiond"
    install -m 755 "$bin/electionctl" "$root/usr/bin/electionctl"
    install -m 755 "$bin/electiond-tls.so" "$root/usr/sbin/electiond-tls.so"
    mkdir -p "$root/usr/sbin/plugins"
    cp "$bin"/plugins/*.so "$root/usr/sbin/plugins"
    install -m 644 "$units/electiond.service" "$units/electiond@.service" "$root/lib/systemd/system/"
    install -D -m 644 "$units/electiond.sysusers" "$root/usr/lib/sysusers.d/electiond.conf"
    install -D -m 644 "$units/electiond.tmpfiles" "$root/usr/lib/tmpfiles.d/electiond.conf"
}

# lab_script FOLDER SCRIPT [ARGUMENT...]: has the container run SCRIPT as its only task, and power off after it. What it
# prints goes to FOLDER/root/root/lab/out.
lab_script() {
    local root=$1/root script=$2
    shift 2
    mkdir -p "$root/root/lab"
    cp "$script" "$root/root/lab/script.sh"
    : >"$root/etc/machine-id"
    # Services of this machine that the container does not need.
    ln -sf /dev/null "$root/etc/systemd/system/timers.target"
    cat >"$root/etc/systemd/system/lab.target" <<UNIT
[Unit]
Requires=basic.target
Wants=lab.service
AllowIsolate=yes
UNIT
    cat >"$root/etc/systemd/system/lab.service" <<UNIT
[Unit]
After=basic.target
[Service]
Type=oneshot
ExecStart=/bin/bash /root/lab/script.sh $*
ExecStopPost=/bin/systemctl poweroff --no-block
StandardOutput=append:/root/lab/out
StandardError=append:/root/lab/out
UNIT
}

# lab_boot FOLDER SECONDS [OPTION...]: boots, and returns when the container has powered off, or kills it after SECONDS.
# It runs in control groups of its own: containers in the same one take each other's services for theirs.
lab_boot() {
    local folder=$1 seconds=$2 name
    shift 2
    name=lab-$$-$(basename "$folder")
    (
        local group
        for group in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
            [ -e "$group/cgroup.procs" ] || continue
            mkdir -p "$group/$name"
            echo "$BASHPID" >"$group/$name/cgroup.procs"
        done
        exec timeout -s KILL "$seconds" systemd-nspawn -q -D "$folder/root" --machine="$name" --register=no --keep-unit \
            --boot "$@" systemd.unit=lab.target
    ) </dev/null &>"$folder/console" || true
    # If the time limit has killed systemd-nspawn, the processes of the container still run.
    find /sys/fs/cgroup/*/"$name" /sys/fs/cgroup/"$name" -name cgroup.procs -exec cat {} + 2>/dev/null |
        sort -u | xargs -r kill -9 2>/dev/null || true
    find /sys/fs/cgroup/*/"$name" /sys/fs/cgroup/"$name" -depth -type d -exec rmdir {} + 2>/dev/null || true
}

# lab_remove FOLDER
lab_remove() {
    umount -l "$1/root" 2>/dev/null || true
    umount -l "$1/up" 2>/dev/null || true
}
