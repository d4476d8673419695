# shellcheck shell=bash
# A machine of one's own for a test of the packages: an overlay of the root of another one. To be sourced.

# make_overlay ROOT PACKAGES: makes the folder $work, with the machine in $work/root and the files electiond*.deb and
# electionctl*.deb of PACKAGES in its /root/packages. Nothing of it stays when the script ends. Ends the script with 77
# if that cannot be made here.
make_overlay() {
    local root=$1 packages=$2
    if [ "$(id -u)" -ne 0 ] || ! command -v systemd-nspawn >/dev/null; then
        echo "skipped: needs root and systemd-nspawn"
        exit 77
    fi
    work=$(mktemp -d)
    trap 'umount -l "$work/root" "$work/disk" 2>/dev/null; rm -rf --one-file-system "$work"' EXIT
    mkdir "$work/disk" "$work/root"
    if ! mount -t tmpfs none "$work/disk"; then
        echo "skipped: may not mount"
        exit 77
    fi
    mkdir "$work/disk/upper" "$work/disk/work"
    mount -t overlay none -o "lowerdir=$root,upperdir=$work/disk/upper,workdir=$work/disk/work" "$work/root"
    : >"$work/root/etc/machine-id"
    # Whatever this machine has of electiond itself is not there.
    rm -rf "$work"/root/etc/electiond "$work"/root/var/lib/electiond* "$work"/root/usr/sbin/policy-rc.d
    # Debian's installer makes this file, debootstrap does not.
    [ -e "$work/root/etc/hosts" ] || echo "127.0.0.1 localhost" >"$work/root/etc/hosts"
    mkdir "$work/root/root/packages"
    cp "$packages"/electiond_*.deb "$packages"/electionctl_*.deb "$packages"/electiond-dev_*.deb \
        "$work/root/root/packages/"
}
