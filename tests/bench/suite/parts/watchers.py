"""watchers: how much later than the first of many event streams the others report a new leader; electiond only."""
import re
import subprocess

from suite.parts.asking import tool_options
from suite.parts.part import Part
from suite.subjects.subject import Unsettled

SAID = re.compile(r"all: p50 ([\d.]+), p99 ([\d.]+), max ([\d.]+) ms after the first, which was ([\d.]+) ms")


class Watchers(Part):
    name = "watchers"
    started = False

    def groups(self, options):
        return [(options.timers, [f"{options.watchers} at each node"])]

    def sizes(self, options):
        return options.nodes[:1]

    def trials(self, options):
        return options.rounds

    def can(self, kind, case):
        return kind.program == "electiond"

    def missing(self, options):
        return options.tool_missing("watchers")

    def measure(self, cluster, case, add, options):
        said = subprocess.run([options.tool("watchers"), "--kills", "1", "--watchers", str(options.watchers),
                               *tool_options(cluster)], check=False, capture_output=True, text=True)
        found = SAID.search(said.stdout)
        if not found or said.returncode:
            raise Unsettled(f"{cluster.name}: watchers failed: {(said.stdout + said.stderr)[-300:]}")
        for key, value in zip(("p50", "p99", "longest"), map(float, found.groups())):
            add(f"{case}: {key} after the first, ms", value)
        add(f"{case}: the first after the kill, ms", float(found.group(4)))
