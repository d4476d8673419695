"""instructions: how many a node executes for a heartbeat round, which is less noisy than its time."""
import glob
import os
import re
import shutil
import subprocess
import time

from suite.expectation import Timers
from suite.parts.part import Part
from suite.subjects.subject import Unsettled

PERF = re.compile(r"^(\d+),[^,]*,instructions", re.MULTILINE)
CALLGRIND = re.compile(r"^(?:summary|totals): (\d+)", re.MULTILINE)
EVENT = "instructions:u"
LIMIT_S = 30
UNHURRIED = Timers.of(100, 2000)  # so that a TLS handshake under valgrind is in time
QUIET_S = 3
PIDFD = "pidfd_for_valgrind.so"


def counted_by_perf():
    if not shutil.which("perf"):
        return False
    said = subprocess.run(["perf", "stat", "-x,", "-e", EVENT, "true"], check=False, capture_output=True, text=True)
    return bool(PERF.search(said.stderr))


class Instructions(Part):
    """By the processor's counter (perf). Without it by callgrind, which runs no programs in Go or Java."""

    name = "instructions"
    started = False

    def __init__(self):
        self._perf = None  # nobody has asked yet

    def groups(self, options):
        return [(UNHURRIED, ["one round"])]

    def sizes(self, options):
        return options.nodes[:1]

    def trials(self, options):
        return options.rounds

    def missing(self, options):
        self._perf = counted_by_perf()
        if self._perf:
            return None
        if shutil.which("valgrind") and shutil.which("vgdb"):
            return options.tool_missing(PIDFD)
        return "this machine does not count instructions (perf), and valgrind is not installed"

    def can(self, kind, case):
        return self._perf or kind.native

    def seconds(self, kind, timers, options):
        return 5 * kind.start_s + QUIET_S + options.idle_seconds * (1 if self._perf else 2)

    def measure(self, cluster, case, add, options):
        cluster.stop_all()
        if not self._perf:
            cluster.wrapped = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={cluster.folder}/out.%p",
                               f"--vgdb-prefix={cluster.folder}/vgdb", "--quiet"]
            cluster.environment = {"LD_PRELOAD": options.tool(PIDFD)} if cluster.program == "electiond" else {}
        cluster.prepare()
        cluster.start_all()
        leader = cluster.await_settled()
        time.sleep(QUIET_S)
        follower = next(each for each in cluster.nodes if each != leader)
        for title, node in (("leader", leader), ("follower", follower)):
            count = self._by_perf if self._perf else self._by_callgrind
            rounds = 1000 * options.idle_seconds / cluster.timers.heartbeat
            add(f"{title}: thousand instructions a round", count(cluster, node, options.idle_seconds) / rounds / 1000)

    @staticmethod
    def _by_perf(cluster, node, seconds):
        said = subprocess.run(
            ["perf", "stat", "-x,", "-e", EVENT, "-p", ",".join(map(str, cluster.pids(node))), "sleep", str(seconds)],
            check=False, capture_output=True, text=True)
        found = PERF.search(said.stderr)
        if not found:
            raise Unsettled(f"{cluster.name}: perf failed: {said.stderr[-200:]}")
        return int(found.group(1))

    @staticmethod
    def _by_callgrind(cluster, node, seconds):
        pid = cluster.processes[node][0].pid

        def command(word):
            subprocess.run(["vgdb", f"--vgdb-prefix={cluster.folder}/vgdb", f"--pid={pid}", word], check=True,
                           capture_output=True, timeout=LIMIT_S)

        command("zero")
        time.sleep(seconds)
        command("dump")
        dumps = glob.glob(f"{cluster.folder}/out.{pid}.*")
        if not dumps:
            raise Unsettled(f"{cluster.name}: callgrind wrote nothing")
        with open(max(dumps, key=os.path.getmtime), encoding="utf-8", errors="replace") as file:
            return int(CALLGRIND.search(file.read()).group(1))
