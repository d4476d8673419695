"""Runs the parts: in each round every part, with every size, and in it every subject has its turn."""
import collections
import dataclasses
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
from suite.progress import Progress, in_words
from suite.subjects.subject import Unsettled

PARTS = {part.name: part for part in (Calibration(), Failover(), Handover(), Start(), Idle(), Asking(), AskingByMany(),
                                      Watchers(), Writing(), Instructions())}
MACHINE = "machine"
FAULTS = 2  # so many, and no more rounds; after the first one the next round does what is missing, too
SHOWN = 3  # so many figures of a step in the progress


@dataclasses.dataclass
class Step:
    """Trials with one cluster."""

    turn: int
    part: object
    nodes: int
    choice: object  # None: the machine itself
    timers: object
    cases: list
    due: int  # trials of each case that are done after it
    seconds: float = 0.0  # about

    @property
    def label(self):
        return self.choice.label if self.choice else MACHINE

    def __str__(self):
        return f"round {self.turn}: {self.part.name}, {self.label}" + (f", {self.nodes} nodes" if self.nodes else "")


class Runner:
    def __init__(self, options, results):
        self.options, self.results = options, results
        self.parts, self.subjects, self.end = [], [], None
        self.failed = collections.Counter()  # faults of a part, a size and a subject

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
        known = self.results.about.setdefault("versions", [])
        known += [version for version in versions.values() if version not in known]
        for name in self.options.parts:
            why = PARTS[name].missing(self.options)
            if why is None:
                self.parts.append(PARTS[name])
            else:
                note = f"{name} is not measured: {why}"
                self.results.about.setdefault("not measured", []).append(note)
                Progress.note(note)

    def steps(self):
        """What matters most comes first, since the time may be limited: then the larger clusters, then other peers."""
        least = min(self.options.nodes)
        return sorted(self._steps(), key=lambda step: (
            step.choice is not None and not step.choice.kind.main, step.nodes > least))

    def _steps(self):
        """All that is not done yet, in rounds, so that a slow hour of the machine does not hit one subject alone."""
        planned = dict(self.results.trials)
        for turn in range(1, self.options.rounds + 1):
            for part in self.parts:
                for nodes in [0] if part.by_machine else part.sizes(self.options):
                    for timers, cases in part.groups(self.options):
                        for choice in [None] if part.by_machine else self.subjects:
                            if choice and not choice.kind.fits(nodes):
                                continue
                            step = Step(turn, part, nodes, choice, timers, [], self._due(part, choice, turn))
                            count = 0
                            for case in cases:
                                key = part.name, case, nodes, step.label
                                left = step.due - planned.get(key, 0)
                                if left > 0 and (choice is None or part.can(choice.kind, case)):
                                    step.cases.append(case)
                                    planned[key], count = step.due, count + left
                            if step.cases:
                                kind = choice.kind if choice else None
                                started = kind.start_s if kind and part.started else 0
                                step.seconds = started + count * part.seconds(kind, timers, self.options)
                                yield step

    def _due(self, part, choice, turn):
        trials = part.trials(self.options)
        if choice:
            trials = max(trials // choice.kind.fewer, min(trials, part.fewest))
        return -(-trials * turn // self.options.rounds)  # rounded up

    def plan(self):
        """Prints what run() would do, and about how long it takes."""
        self.choose()
        sums = {}
        for step in self.steps():
            what = f"{step.part.name}, {step.label}" + (f", {step.nodes} nodes" if step.nodes else "")
            sums[what] = sums.get(what, 0) + step.seconds
        for what, seconds in sums.items():
            print(f"{in_words(seconds):>8}  {what}")
        print(f"{in_words(sum(sums.values())):>8}  in all")

    def run(self):
        """True if all that was begun could be measured."""
        self.choose()
        if self.options.limit:
            self.end = time.monotonic() + self.options.limit / 1000
        steps = self.steps()
        progress = Progress([((step.part.name, step.label), step.seconds) for step in steps])
        try:
            for number, step in enumerate(steps):
                if self.late():
                    Progress.note(f"the time is over; {len(steps) - number} steps are left for --continue")
                    break
                self.step(progress, step)
                self.results.save()
        finally:
            self.results.save()  # also what was measured before a signal
        return not self.results.faults

    def late(self):
        return self.end is not None and time.monotonic() > self.end

    def step(self, progress, step):
        part, nodes = step.part, step.nodes
        key = part.name, nodes, step.label
        if self.failed[key] >= FAULTS:
            progress.step(f"{step}: left out after the faults before")
            return
        progress.step(str(step))
        cluster = None
        try:
            if step.choice:
                folder = os.path.join(self.options.scratch, "cluster")
                cluster = step.choice.cluster(step.timers, self.options.network, nodes, folder, self.options.build)
                if part.started:
                    cluster.prepare()
                    cluster.start_all()
                    cluster.await_settled()
            for case in step.cases:
                self.measure(step, case, cluster)
        except (Unsettled, OSError, subprocess.SubprocessError) as why:
            self.fault(f"{part.name}, {nodes} nodes: {why}")
            self.failed[key] += 1
        finally:
            if cluster:
                cluster.stop_all()

    def measure(self, step, case, cluster):
        fresh = {}
        part, key = step.part, (step.part.name, case, step.nodes, step.label)

        def add(kind, value):
            fresh.setdefault(kind, []).append(value)
            self.results.add(part.name, kind, step.nodes, step.label, value)

        while self.results.done(*key) < step.due and not self.late():
            part.measure(cluster, case, add, self.options)
            self.results.count(*key)
        if not fresh:
            return
        Progress.note("; ".join(f"{kind}: {shown(quantile(0.5, values))} (N = {len(values)})"
                                for kind, values in list(fresh.items())[:SHOWN]))
