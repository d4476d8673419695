"""What a program of build/bin measures with a cluster of electiond of its own, because clients in Python cost too much."""
import os
import subprocess

from suite.parts.part import Part
from suite.subjects.subject import Unsettled


class ByTool(Part):
    """`tool` is the program, and the groups of `said` are the figures in what it prints."""

    started = False
    tool, said = None, None

    def sizes(self, options):
        return options.nodes[:1]

    def trials(self, options):
        return options.rounds

    def can(self, kind, case):
        return kind.program == "electiond"

    def missing(self, options):
        return options.tool_missing(self.tool)

    def ask(self, cluster, options, *words):
        """Runs the program, and returns the figures."""
        ran = subprocess.run([options.tool(self.tool), *words, *self.options_for(cluster)],
                             check=False, capture_output=True, text=True)
        found = self.said.search(ran.stdout)
        if not found or ran.returncode:
            raise Unsettled(f"{cluster.name}: {self.tool} failed: {(ran.stdout + ran.stderr)[-300:]}")
        return map(float, found.groups())

    @staticmethod
    def options_for(cluster):
        words = ["--daemon", os.path.join(cluster.programs, "electiond"), "--nodes", str(len(cluster.nodes)),
                 "--transport", cluster.options.get("transport", "tcp"),
                 "--election-timeout", f"{cluster.timers.election:g}ms",
                 "--heartbeat", f"{cluster.timers.heartbeat:g}ms"]
        return words + (["--tls"] if cluster.tls else [])
