"""asking: how fast a leader answers who leads: over one connection, and electiond also over many."""
import re
import time

from suite.parts.part import Part
from suite.parts.tool import ByTool
from suite.subjects.subject import Unsettled

TIMES = 500
MANY = ("100 connections", "1000 connections")


class Asking(Part):
    name = "asking"

    def groups(self, options):
        return [(options.timers, ["1 connection"])]

    def sizes(self, options):
        return options.nodes[:1]

    def trials(self, options):
        return options.rounds

    def can(self, kind, case):
        return hasattr(kind, "ask")

    def seconds(self, kind, timers, options):
        return kind.start_s + 0.5

    def measure(self, cluster, case, add, options):
        leader = cluster.await_settled()
        for _ in range(TIMES):
            begun = time.monotonic()
            if not cluster.ask(leader):
                raise Unsettled(f"{cluster.name}: the leader does not answer")
            add(f"{case}, ms", 1000 * (time.monotonic() - begun))


class AskingByMany(ByTool):
    """The clients must cost less than what answers them, so they are build/bin/asking, for electiond only."""

    name, tool = "throughput", "asking"
    said = re.compile(r"median +([\d.]+) ms +p99 +([\d.]+) ms +max +[\d.]+ ms +([\d.]+) a second")

    def groups(self, options):
        return [(options.timers, list(MANY))]

    def seconds(self, kind, timers, options):
        return kind.start_s + 1 + options.ask_seconds

    def measure(self, cluster, case, add, options):
        median, p99, rate = self.ask(cluster, options, "--connections", case.split()[0],
                                     "--seconds", str(options.ask_seconds))
        add(f"{case}: median, ms", median)
        add(f"{case}: p99, ms", p99)
        add(f"{case}: answers a second", rate)
