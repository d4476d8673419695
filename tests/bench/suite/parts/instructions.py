"""instructions: how many a node executes for a heartbeat round, which is less noisy than its time."""
import re
import shutil
import subprocess
import time

from suite.expectation import Timers
from suite.parts.part import Part
from suite.subjects.subject import Unsettled

COUNT = re.compile(r"^(\d+),[^,]*,instructions", re.MULTILINE)
EVENT = "instructions:u"


class Instructions(Part):
    name = "instructions"

    def groups(self, options):
        return [(Timers.of(100, 1000), ["one round"])]

    def sizes(self, options):
        return options.nodes[:1]

    def trials(self, options):
        return options.rounds

    def missing(self, options):
        if not shutil.which("perf"):
            return "perf is not installed (Debian: linux-perf)"
        said = subprocess.run(["perf", "stat", "-x,", "-e", EVENT, "true"], check=False, capture_output=True, text=True)
        return None if COUNT.search(said.stderr) else "this machine does not count instructions (perf stat)"

    def measure(self, cluster, case, add, options):
        leader = cluster.await_settled()
        time.sleep(3 * cluster.timers.election / 1000)
        for title, node in (("leader", leader), ("follower", next(each for each in cluster.nodes if each != leader))):
            said = subprocess.run(
                ["perf", "stat", "-x,", "-e", EVENT, "-p", ",".join(map(str, cluster.pids(node))),
                 "sleep", str(options.idle_seconds)], check=False, capture_output=True, text=True)
            found = COUNT.search(said.stderr)
            if not found:
                raise Unsettled(f"{cluster.name}: perf failed: {said.stderr[-300:]}")
            rounds = 1000 * options.idle_seconds / cluster.timers.heartbeat
            add(f"{title}: thousand instructions a round", int(found.group(1)) / rounds / 1000)
