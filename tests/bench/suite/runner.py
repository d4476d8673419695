"""Runs the parts: in each round every part, with every size, and in it every subject has its turn."""
import os
import subprocess
import time

from suite.figures import quantile, shown
from suite.parts.asking import Asking, AskingByMany
from suite.parts.calibration import Calibration
from suite.parts.failover import Failover
from suite.parts.handover import Handover
from suite.parts.idle import Idle
from suite.parts.instructions import Instructions
from suite.parts.start import Start
from suite.parts.watchers import Watchers
from suite.parts.writing import Writing
from suite.progress import Progress
from suite.subjects.subject import Unsettled

PARTS = {part.name: part for part in (Calibration(), Failover(), Handover(), Start(), Idle(), Asking(), AskingByMany(),
                                      Watchers(), Writing(), Instructions())}
MACHINE = "machine"
SHOWN = 3  # so many figures of a step in the progress


class Runner:
    def __init__(self, options, results):
        self.options, self.results = options, results
        self.parts, self.subjects, self.end = [], [], None
        self.given_up = set()

    def fault(self, text):
        self.results.faults.append(text)
        Progress.note(text)

    def choose(self):
        """What can be measured here. A subject that was asked for and cannot be measured is a fault."""
        versions = {}
        for choice in self.options.subjects:
            why = choice.kind.missing(choice.options, self.options.build)
            if why is None:
                self.subjects.append(choice)
                versions.setdefault(choice.kind.program, choice.kind.version(choice.options, self.options.build))
            elif self.options.explicit:
                self.fault(f"{choice.label} is not measured: {why}")
            else:
                Progress.note(f"{choice.label} is not measured: {why}")
        self.results.about["versions"] = list(versions.values())
        for name in self.options.parts:
            why = PARTS[name].missing(self.options)
            if why is None:
                self.parts.append(PARTS[name])
            else:
                note = f"{name} is not measured: {why}"
                self.results.about.setdefault("not measured", []).append(note)
                Progress.note(note)

    def steps(self):
        """(round, part, nodes, choice, timers, cases, how many trials are to be done after it)."""
        rounds = self.options.rounds
        for turn in range(1, rounds + 1):
            for part in self.parts:
                sizes = [0] if part.by_machine else part.sizes(self.options)
                for nodes in sizes:
                    for timers, cases in part.groups(self.options):
                        for choice in [None] if part.by_machine else self.subjects:
                            able = [case for case in cases if choice is None or part.can(choice.kind, case)]
                            label = choice.label if choice else MACHINE
                            trials = part.trials(self.options)
                            if choice and choice.kind.most:
                                trials = min(trials, choice.kind.most)
                            due = -(-trials * turn // rounds)  # rounded up
                            left = [case for case in able
                                    if self.results.done(part.name, case, nodes, label) < due]
                            if left and (choice is None or choice.kind.fits(nodes)):
                                yield turn, part, nodes, choice, timers, left, due

    def run(self):
        """True if all that was begun could be measured."""
        self.choose()
        if self.options.limit:
            self.end = time.monotonic() + self.options.limit / 1000
        steps = list(self.steps())
        progress = Progress(len(steps))
        try:
            for number, step in enumerate(steps):
                if self.late():
                    Progress.note(f"the time is over; {len(steps) - number} steps are left for --continue")
                    break
                self.step(progress, *step)
                self.results.save()
        finally:
            self.results.save()  # also what was measured before a signal
        return not self.results.faults

    def late(self):
        return self.end is not None and time.monotonic() > self.end

    def step(self, progress, turn, part, nodes, choice, timers, cases, due):
        label = choice.label if choice else MACHINE
        what = f"round {turn}: {part.name}, {label}" + (f", {nodes} nodes" if nodes else "")
        if (part.name, nodes, label) in self.given_up:
            progress.step(f"{what}: left out after the fault before")
            return
        progress.step(what)
        cluster = None
        try:
            if choice:
                folder = os.path.join(self.options.scratch, "cluster")
                cluster = choice.cluster(timers, self.options.network, nodes, folder, self.options.build)
                if part.started:
                    cluster.prepare()
                    cluster.start_all()
                    cluster.await_settled()
            for case in cases:
                self.measure(part, case, nodes, label, cluster, due)
        except (Unsettled, OSError, subprocess.SubprocessError) as why:
            self.fault(f"{part.name}, {nodes} nodes: {why}")
            self.given_up.add((part.name, nodes, label))
        finally:
            if cluster:
                cluster.stop_all()

    def measure(self, part, case, nodes, label, cluster, due):
        fresh = {}

        def add(kind, value):
            fresh.setdefault(kind, []).append(value)
            self.results.add(part.name, kind, nodes, label, value)

        while self.results.done(part.name, case, nodes, label) < due and not self.late():
            part.measure(cluster, case, add, self.options)
            self.results.count(part.name, case, nodes, label)
        if not fresh:
            return
        Progress.note("; ".join(f"{kind}: {shown(quantile(0.5, values))} (N = {len(values)})"
                                for kind, values in list(fresh.items())[:SHOWN]))
