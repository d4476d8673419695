"""What the parts need of a cluster, whichever program it is made of."""
import os
import re
import shutil
import signal
import subprocess
import time

from suite.process import Process


SETTLING_S = 0.004  # between two looks whether it has settled


class Unsettled(Exception):
    """A cluster did not do what was awaited; the text says which, and what."""


def first_line(*command):
    """Of what the program prints, in short."""
    said = subprocess.run(command, check=False, capture_output=True, text=True)
    line = next(iter((said.stdout or said.stderr).splitlines()), "?")
    return re.split(r" \(| sha=", line)[0].strip()


class Subject:
    """A cluster of `nodes` nodes, numbered from 1, each in a namespace of the network. A subclass says how."""

    program = ""  # its name, without options
    offers = frozenset()  # of: kill, freeze, cut, handover, restart, tls
    native = False  # whether valgrind can run it
    keys = {}  # options in the name, and their values; None: any
    settle_limit_s = 40
    main = False  # measured before all others
    fewer = 1  # one of so many trials, because it is no reference, or one takes long
    # For the forecast, until something was measured: seconds until a started cluster has settled, of a lost leader and
    # of a planned change until it has settled again. At 15/150 ms; they need not be exact.
    start_s, loss_s, change_s = 1.0, 1.0, 1.0
    rules = None  # which expectation counts for a silent death: succession, raft

    def __init__(self, name, options, timers, network, nodes, folder, build):
        self.name, self.options, self.timers, self.network = name, options, timers, network
        self.nodes, self.folder, self.build = range(1, nodes + 1), folder, build
        self.processes = {}  # by node: a list
        self.wrapped = []  # words before each command, such as those of a tool that counts
        self.environment = {}  # of each command, beside that of this process
        for node in self.nodes:
            network.add(node)

    # ---- what a subclass defines ---------------------------------------------------------------------------------

    @classmethod
    def fits(cls, nodes):
        """Whether a cluster may have so many nodes."""
        return True

    @classmethod
    def version(cls, options, build):
        """Its name and version, as it says itself."""
        raise NotImplementedError

    @classmethod
    def missing(cls, options, build):
        """Why it cannot be measured here, or None."""
        raise NotImplementedError

    def commands(self, node):
        """The programs of a node, each as (name, words)."""
        raise NotImplementedError

    def configure(self):
        """Writes what the programs need; each node has a folder already."""

    def leads(self, node):
        """True if the node says that it leads, False if it says that it does not, None if it does not answer."""
        raise NotImplementedError

    def question(self, node):
        """The same as a question, so that several nodes can be asked at the same time; None if that is not possible."""
        return None

    def settled(self, leader):
        """True if all nodes follow this leader."""
        raise NotImplementedError

    def agreed(self, leader):
        """True if all nodes name this leader; that is less than settled."""
        return self.settled(leader)

    def before_hand_over(self, leader):
        """What must be known for the request, so that it takes no time then."""

    def hand_over(self, leader):
        """Sends the request, without waiting for its answer."""
        raise NotImplementedError

    def after_hand_over(self, leader):
        """Reads the answer, or starts again what had to be stopped."""

    # ---- the same for all ----------------------------------------------------------------------------------------

    @property
    def tls(self):
        return self.options.get("tls") == "on"

    def folder_of(self, node):
        return os.path.join(self.folder, str(node))

    def address(self, node):
        return self.network.address(node)

    def prepare(self):
        """Fresh nodes: nothing of an earlier cluster is left."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for node in self.nodes:
            os.makedirs(self.folder_of(node))
        self.configure()

    def start(self, node):
        self.processes[node] = [
            Process(self.wrapped + words, os.path.join(self.folder, f"{name}{node}.log"), self.network, node,
                    self.environment, self.folder_of(node))
            for name, words in self.commands(node)]

    def start_all(self):
        for node in self.nodes:
            self.start(node)

    def _signal(self, node, number):
        for process in self.processes.get(node, []):
            process.signal(number)

    def kill(self, node):
        self._signal(node, signal.SIGKILL)

    def freeze(self, node):
        self._signal(node, signal.SIGSTOP)

    def thaw(self, node):
        self._signal(node, signal.SIGCONT)

    def mended(self, node):
        """Its network is whole again: what an operator would have to do then."""

    def reap(self, node):
        for process in self.processes.pop(node, []):
            process.kill()

    def stop_all(self):
        for node in list(self.processes):
            self.reap(node)

    def pids(self, node):
        return [pid for process in self.processes.get(node, []) for pid in process.pids()]

    def leader(self):
        """The only node that says that it leads, or None."""
        found = [node for node in self.nodes if self.leads(node)]
        return found[0] if len(found) == 1 else None

    def await_settled(self):
        """The leader that all nodes follow."""
        end = time.monotonic() + self.settle_limit_s
        while time.monotonic() < end:
            self.check_running()
            leader = self.leader()
            if leader is not None and self.settled(leader):
                return leader
            time.sleep(SETTLING_S)
        raise Unsettled(f"{self.name}: not settled after {self.settle_limit_s} s: {self.last_line(self.nodes[0])}")

    def check_running(self):
        for node, processes in self.processes.items():
            if not all(process.running() for process in processes):
                raise Unsettled(f"{self.name}: node {node} ended: {self.last_line(node)}")

    def last_line(self, node):
        for name, _ in self.commands(node):
            try:
                with open(os.path.join(self.folder, f"{name}{node}.log"), encoding="utf-8", errors="replace") as file:
                    lines = file.read().split("\n")
                return next((line for line in reversed(lines) if line.strip()), "")[:200]
            except OSError:
                pass
        return ""
