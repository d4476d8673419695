#!/usr/bin/env bash
# The pictures of the pages are what their scripts draw: tests/tidy/drawings.sh CHECK. Exit code 77: cannot be checked.
set -euo pipefail
drawings=$(cd "$(dirname "$0")/../../docs/drawings" && pwd)
check=${1:?a check}

if ! command -v python3 >/dev/null; then
    echo "skipped: python3 is missing; apt-get install python3"
    exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Each picture, drawn again, is the committed one; and no picture is without a script.
same() {
    python3 "$drawings/concepts.py" "$folder"
    python3 "$drawings/failover.py" draw "$drawings/failover.json" "$folder/failover.svg"
    diff -r -x '*.py' -x '*.json' "$drawings" "$folder"
}

# For people who do not see a picture it has a title and a description; for dark pages it has a background.
readable() {
    python3 - "$drawings"/*.svg <<'END'
import sys
import xml.etree.ElementTree as xml
SVG = "{http://www.w3.org/2000/svg}"
for name in sys.argv[1:]:
    root = xml.parse(name).getroot()
    parts = list(root)
    assert root.get("role") == "img" and root.get("viewBox"), name
    assert [part.tag for part in parts[:3]] == [SVG + "title", SVG + "desc", SVG + "rect"], name
    assert len(parts[0].text) > 10 and len(parts[1].text) > 60, name
    assert root.get("aria-labelledby") == f"{parts[0].get('id')} {parts[1].get('id')}", name
    width, height = root.get("viewBox").split()[2:]
    assert float(parts[2].get("width")) >= float(width) - 1 and parts[2].get("fill") == "#ffffff", name
    assert float(parts[2].get("height")) >= float(height) - 1, name
print(len(sys.argv) - 1, "pictures")
assert len(sys.argv) > 7
END
}

# A text that leaves its picture or its box, or lies on another, is refused.
fits() {
    local words
    for words in 'p.text(90, 50, "too far")' 'p.text(50, 50, "one"); p.text(55, 55, "two")' \
        'p.label(10, 10, 40, 20, "too long", FOLLOWER)'; do
        if (cd "$drawings" && python3 -B -c "from picture import *; p = Picture(100, 100, 't', 'd'); $words" 2>"$folder/said"); then
            echo "drawn without a complaint: $words"
            exit 1
        fi
        grep -E 'leaves the picture|lies on|needs .* of' "$folder/said"
    done
}

case $check in
    same | readable | fits) "$check" ;;
    *)
        echo "no such check: $check" >&2
        exit 64
        ;;
esac
