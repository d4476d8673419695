#!/bin/sh
# Copies files of SOURCE to TREE and adds what a next version may: make.sh SOURCE TREE FILE…
set -eu
source=$1
tree=$2
shift 2
rm -rf "$tree"
for file; do
    mkdir -p "$(dirname "$tree/$file")"
    cp "$source/$file" "$tree/$file"
done
patch -s -p1 --no-backup-if-mismatch -r - -d "$tree" -i "$source/tests/cluster/next/additions.patch" || {
    echo "tests/cluster/next/additions.patch does not fit the code any more: make its changes anew" >&2
    exit 1
}
