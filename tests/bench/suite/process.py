"""Starts programs in a node's namespace, ends them, and reads what they have used."""
import glob
import os
import signal
import subprocess
import time


class Process:
    def __init__(self, command, log, network=None, node=None, environment=None, folder=None):
        self.command = command
        with open(log, "ab") as output:
            self._child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder,
                env=dict(os.environ, **(environment or {})), start_new_session=True,
                preexec_fn=(lambda: network.enter(node)) if network else None)
        self.pid = self._child.pid

    def running(self):
        return self._child.poll() is None

    def signal(self, number):
        """To all processes of its session that are in its group; none is no error."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            pass

    def kill(self):
        self.signal(signal.SIGKILL)
        self._child.wait()
        try:
            while True:  # its own children have become ours, the first process of the namespace
                os.waitpid(-self.pid, 0)
        except ChildProcessError:
            pass

    def pids(self):
        """Its own and those of its descendants."""
        found = [self.pid]
        for pid in found:
            for path in glob.glob(f"/proc/{pid}/task/*/children"):
                try:
                    with open(path, encoding="ascii") as file:
                        found += [int(word) for word in file.read().split()]
                except OSError:
                    pass  # it has ended
        return found


def processor_seconds(pid):
    try:
        return time.clock_gettime((~pid << 3) | 2)  # the clock of that process, with its ended threads
    except OSError:
        return 0.0


def _sum_of(path, key):
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith(key + ":"))
    except OSError:
        return 0


def usage(pids):
    """Of all these together: seconds of a processor, wake-ups, RSS and PSS in MB."""
    return {
        "seconds": sum(processor_seconds(pid) for pid in pids),
        "wake_ups": sum(_sum_of(path, "voluntary_ctxt_switches")
                        for pid in pids for path in glob.glob(f"/proc/{pid}/task/*/status")),
        "rss_mb": sum(_sum_of(f"/proc/{pid}/status", "VmRSS") for pid in pids) / 1024,
        "pss_mb": sum(_sum_of(f"/proc/{pid}/smaps_rollup", "Pss") for pid in pids) / 1024,
    }
