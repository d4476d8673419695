#!/bin/sh
# Copies the rooms that simulation and exploration play into TREE and plants every bug of this
# folder in the copy, each behind its switch: plant.sh SOURCE TREE. What has not changed is left
# alone, so that only what has is compiled anew. Also writes TREE/known.inc: name and sentence of
# each.
set -eu
source=$1
tree=$2
new=$tree.new
rm -rf "$new"
mkdir -p "$new/core" "$new/tests"
for room in core/election core/wire core/node tests/support tests/exploration; do
    cp -R "$source/$room" "$new/$room"
done

for patch in "$source"/tests/flaws/*.patch; do
    name=$(basename "$patch" .patch)
    sentence=$(sed -n 1p "$patch")
    grep -q "planted(\"$name\")" "$patch" || {
        echo "tests/flaws/$name.patch does not ask planted(\"$name\")" >&2
        exit 1
    }
    # Fuzz 1: the line beside it may have a bug of its own. A bug that lands elsewhere is not found.
    patch -s -p1 -F1 --no-backup-if-mismatch -r - -d "$new" -i "$patch" || {
        echo "tests/flaws/$name.patch does not fit the code any more." >&2
        echo "To refresh it: plant its bug in the clean code by hand, then" >&2
        echo "  (sed '/^diff\|^---/,\$d' tests/flaws/$name.patch; git diff -U1) > /tmp/fresh" >&2
        echo "  git restore core tests/support" >&2
        echo "  mv /tmp/fresh tests/flaws/$name.patch" >&2
        exit 1
    }
    printf '{"%s", "%s"},\n' "$name" "$sentence" >>"$new/known.inc"
done

cd "$new"
find . -type f | while read -r file; do
    cmp -s "$file" "$tree/$file" && continue
    mkdir -p "$(dirname "$tree/$file")"
    cp "$file" "$tree/$file"
done
cd "$tree"
rm -rf "$new"
