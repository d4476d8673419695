#!/usr/bin/env bash
# A failover of real nodes, recorded and drawn by docs/drawings/failover.py: failover_drawing.sh BIN.
set -euo pipefail
drawings=$(cd "$(dirname "$0")/../../docs/drawings" && pwd)
bin=$1
if ! command -v python3 >/dev/null; then
    echo "skipped: python3 is missing; apt-get install python3"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$drawings/failover.py" record "$bin" "$work/record.json" 500ms
cat "$work/record.json"
"$drawings/failover.py" draw "$work/record.json" "$work/picture.svg"
python3 - "$work/record.json" "$work/picture.svg" <<'END'
import json
import sys
import xml.etree.ElementTree as xml
record = json.load(open(sys.argv[1], encoding="utf-8"))
events = record["events"]
texts = [part.text for part in xml.parse(sys.argv[2]).getroot().iter("{http://www.w3.org/2000/svg}text")]
kill = next(each for each in events if each["event"] == "kill")
lead = next(each for each in events if each["ms"] > 0 and each["event"] == "state" and each["isLeader"])
# The picture shows the time of the new leader, which fits what that node itself says: its gapMs counts from the last
# heartbeat that it received. A busy machine may be late.
gap = next(each for each in events if each["ms"] > 0 and each["event"] == "leader" and each["node"] == lead["node"])
assert kill["ms"] == 0 and lead["node"] != record["killed"] == kill["node"], record
assert abs(gap["gapMs"] - lead["ms"]) < 1000, (gap, lead)
assert lead["term"] == lead["fencingToken"] >= 2, lead
shown = " ".join(texts)
for words in (f"{lead['ms']} ms later", "LEADER", "FOLLOWER", "CANDIDATE", "killed", f"node {lead['node']} is LEADER of term",
              "election_timeout 500ms"):
    assert words in shown, f"{words}: {texts}"
END
echo "ok"
