"""asking: how fast a leader answers who leads: over one connection, and electiond also over many."""
import os
import re
import subprocess
import time

from suite.parts.part import Part
from suite.subjects.subject import Unsettled

TIMES = 500
MANY = ("100 connections", "1000 connections")
SAID = re.compile(r"median +([\d.]+) ms +p99 +([\d.]+) ms +max +[\d.]+ ms +([\d.]+) a second")


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

    def measure(self, cluster, case, add, options):
        leader = cluster.await_settled()
        for _ in range(TIMES):
            begun = time.monotonic()
            if not cluster.ask(leader):
                raise Unsettled(f"{cluster.name}: the leader does not answer")
            add(f"{case}, ms", 1000 * (time.monotonic() - begun))


class AskingByMany(Part):
    """The clients must cost less than what answers them, so they are build/bin/asking, for electiond only."""

    name = "throughput"
    started = False

    def groups(self, options):
        return [(options.timers, list(MANY))]

    def sizes(self, options):
        return options.nodes[:1]

    def trials(self, options):
        return options.rounds

    def can(self, kind, case):
        return kind.program == "electiond"

    def missing(self, options):
        return options.tool_missing("asking")

    def measure(self, cluster, case, add, options):
        said = subprocess.run(
            [options.tool("asking"), "--connections", case.split()[0], "--seconds", str(options.ask_seconds),
             *tool_options(cluster)], check=False, capture_output=True, text=True)
        found = SAID.search(said.stdout)
        if not found:
            raise Unsettled(f"{cluster.name}: asking failed: {(said.stderr or said.stdout)[-300:]}")
        median, p99, rate = map(float, found.groups())
        add(f"{case}: median, ms", median)
        add(f"{case}: p99, ms", p99)
        add(f"{case}: answers a second", rate)


def tool_options(cluster):
    """For the programs of build/bin that measure a cluster of electiond of their own."""
    words = ["--daemon", os.path.join(cluster.programs, "electiond"), "--nodes", str(len(cluster.nodes)),
             "--transport", cluster.options.get("transport", "tcp"),
             "--election-timeout", f"{cluster.timers.election:g}ms", "--heartbeat", f"{cluster.timers.heartbeat:g}ms"]
    return words + (["--tls"] if cluster.tls else [])
