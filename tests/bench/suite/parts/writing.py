"""writing: what a change of leader waits for at the disk: how many syncs of all nodes, and how long each takes."""
import re
import shutil
import signal
import subprocess
import time

from suite.parts.handover import Handover
from suite.parts.part import Part
from suite.subjects.subject import Unsettled

CALL = re.compile(r"(?:fsync|fdatasync)(?:\(| resumed).*= 0 <([\d.]+)>")
CHANGES = 3
ATTACH_S = 10


class Writing(Part):
    """strace sees the calls, and makes each of them slower by about 0.1 ms."""

    name = "writing"

    def groups(self, options):
        return [(options.timers, ["planned"])]

    def sizes(self, options):
        return options.nodes[:1]

    def trials(self, options):
        return options.rounds

    def can(self, kind, case):
        return kind.rules is not None  # the others promise nothing that they would have to save

    def missing(self, options):
        return None if shutil.which("strace") else "strace is not installed"

    def seconds(self, kind, timers, options):
        return CHANGES * kind.change_s + 1

    def measure(self, cluster, case, add, options):
        cluster.await_settled()
        path = f"{cluster.folder}/syncs"
        words = ["strace", "-f", "-T", "-e", "trace=fsync,fdatasync", "-o", path]
        pids = [pid for node in cluster.nodes for pid in cluster.pids(node)]
        tracer = subprocess.Popen(words + [word for pid in pids for word in ("-p", str(pid))],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self._await_attached(cluster, pids)
            for _ in range(CHANGES):
                Handover().measure(cluster, "planned", lambda kind, value: None, options)
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait()
        with open(path, encoding="utf-8", errors="replace") as file:
            taken = [1000 * float(found) for found in CALL.findall(file.read())]
        add("syncs of all nodes for a hand-over", len(taken) / CHANGES)
        for each in taken:
            add("one sync, ms", each)

    @staticmethod
    def _await_attached(cluster, pids):
        end = time.monotonic() + ATTACH_S
        for pid in pids:
            while True:
                with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
                    if "TracerPid:\t0\n" not in file.read():
                        break
                if time.monotonic() > end:
                    raise Unsettled(f"{cluster.name}: strace cannot watch process {pid}")
                time.sleep(0.01)
