"""watchers: how much later than the first of many event streams the others report a new leader; electiond only."""
import re

from suite.parts.tool import ByTool


class Watchers(ByTool):
    name = tool = "watchers"
    said = re.compile(r"all: p50 ([\d.]+), p99 ([\d.]+), max ([\d.]+) ms after the first, which was ([\d.]+) ms")

    def groups(self, options):
        return [(options.timers, [f"{options.watchers} at each node"])]

    def seconds(self, kind, timers, options):
        return kind.start_s + 5 + options.watchers / 500

    def measure(self, cluster, case, add, options):
        *after, first = self.ask(cluster, options, "--kills", "1", "--watchers", str(options.watchers))
        for key, value in zip(("p50", "p99", "longest"), after):
            add(f"{case}: {key} after the first, ms", value)
        add(f"{case}: the first after the kill, ms", first)
