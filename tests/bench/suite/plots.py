"""Draws the plots of a report as SVG, if matplotlib is there."""
import math
import os
import sys

from suite.figures import quantile
from suite.parts.failover import OBSERVER
from suite.runner import MACHINE

COLOURS = ("#0969da", "#cf222e", "#1a7f37", "#9a6700", "#8250df", "#57606a", "#bc4c00", "#1b7c83")
COSTS = ("all nodes, % of a core", "leader, packets sent a second", "a node, MB PSS")
SPREAD = 4  # from this ratio on an axis is logarithmic
DENSE = 12  # up to this ratio it has more marks
LEAST_MS = 0.1  # where a logarithmic axis begins at the earliest
STYLES = ("-", "--", "-.", ":")  # lines that lie on each other are all seen
MARKERS = "osD^vP*X"


def draw(folder, results, expected):
    """The pictures by part, each as (file, what it shows); {} if there is no matplotlib, which is said."""
    try:
        import matplotlib
    except ImportError:
        print("no plots: matplotlib is not installed (Debian: python3-matplotlib)", file=sys.stderr)
        return {}
    matplotlib.use("svg")
    # The same results give the same file; text stays text, in the font of the reader.
    matplotlib.rcParams.update({"svg.hashsalt": "electiond", "svg.fonttype": "none", "font.size": 9,
                                "font.family": "sans-serif", "axes.spines.top": False, "axes.spines.right": False,
                                "legend.frameon": False, "lines.linewidth": 1.4})
    drawing = _Drawing(folder, results, expected)
    pictures = {"failover": drawing.distributions("failover", "How long nobody led after an unplanned loss"),
                "handover": drawing.distributions("handover", "How long nobody led in a planned hand-over"),
                "start": drawing.distributions("start", "How long a start took")}
    pictures["failover"] += drawing.sizes("failover", "Fail-over against cluster size",
                                          ["kill", "freeze", "cut"], "ms, median")
    costs = [f"100/1000 ms: {figure}" for figure in COSTS]
    pictures["idle"] = drawing.sizes("idle", "Cost of an idle cluster against its size", costs, "")
    return {part: names for part, names in pictures.items() if names}


class _Drawing:
    def __init__(self, folder, results, expected):
        self.folder, self.results, self.expected = folder, results, expected
        subjects = [subject for subject in results.subjects() if subject != MACHINE]
        self.colours = {subject: COLOURS[place % len(COLOURS)] for place, subject in enumerate(subjects)}
        # Those that share a colour have another style and another marker.
        turns = {subject: place + place // len(COLOURS) for place, subject in enumerate(subjects)}
        self.styles = {subject: STYLES[turn % len(STYLES)] for subject, turn in turns.items()}
        self.markers = {subject: MARKERS[turn % len(MARKERS)] for subject, turn in turns.items()}

    def _panels(self, count, title):
        from matplotlib import pyplot
        figure, axes = pyplot.subplots(1, count, figsize=(3.1 * count + 0.4, 3.2), squeeze=False)
        figure.suptitle(title, fontsize=10)
        return pyplot, figure, list(axes[0])

    def _save(self, pyplot, figure, axes, name, title):
        handles = dict(pair for axis in axes for pair in zip(*reversed(axis.get_legend_handles_labels())))
        figure.legend(handles.values(), handles.keys(), loc="lower center", ncol=4)
        lines = -(-len(handles) // 4)
        figure.tight_layout(rect=(0, 0.03 + 0.055 * lines, 1, 1))
        figure.savefig(os.path.join(self.folder, name), facecolor="white",
                       metadata={"Date": None, "Title": title, "Creator": None})
        pyplot.close(figure)
        return [(name, title)]

    def _compared(self, part):
        """The kinds of figures of a part; if there are several subjects, those that several of them have."""
        least = min(2, len(self.results.subjects(part)))
        by_kind = {}
        for its, kind, _, subject in self.results.values:
            if its == part and kind != OBSERVER:
                by_kind.setdefault(kind, set()).add(subject)
        return [kind for kind, subjects in by_kind.items() if len(subjects) >= least]

    def distributions(self, part, title):
        """For the smallest cluster: which share of all trials took at most so long."""
        from matplotlib.ticker import LogLocator, NullLocator, PercentFormatter
        kinds = self._compared(part)
        if not kinds:
            return []
        nodes = min(size for kind in kinds for size in self.results.sizes(part, kind))
        title = f"{title}: share of trials, {nodes} nodes"
        pyplot, figure, axes = self._panels(len(kinds), title)
        for axis, kind in zip(axes, kinds):
            shortest, longest = math.inf, 0
            for subject in self.results.subjects(part):
                values = sorted(self.results.of(part, kind, nodes, subject))
                if not values:
                    continue
                shares = [(place + 1) / len(values) for place in range(len(values))]
                axis.step([values[0], *values], [0, *shares], where="post", color=self.colours[subject],
                          linestyle=self.styles[subject], label=subject)
                shortest, longest = min(shortest, values[0]), max(longest, values[-1])
            if part == "failover":
                self._expected(axis, nodes)
            axis.set_title(kind, fontsize=9)
            axis.set_xlabel("ms")
            shortest = max(shortest, LEAST_MS)
            if longest > SPREAD * shortest:
                axis.set_xscale("log", subs=())
                axis.set_xlabel("ms, logarithmic")
                dense = longest < DENSE * shortest
                axis.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7) if dense else (1, 2, 5)))
                axis.xaxis.set_major_formatter("{x:g}")
                axis.xaxis.set_minor_locator(NullLocator())
                axis.set_xlim(shortest / 1.2, longest * 1.2)
            else:
                axis.set_xlim(max(shortest - 0.1 * (longest - shortest), 0), longest + 0.05 * (longest - shortest))
            axis.set_ylim(0, 1.02)
            axis.yaxis.set_major_formatter(PercentFormatter(1))
            axis.grid(color="#d0d7de", linewidth=0.5)
        return self._save(pyplot, figure, axes, f"{part}.svg", title)

    def _expected(self, axis, nodes):
        for each in self.expected:
            if (each["part"], each["nodes"]) == ("failover", nodes):
                colour = self.colours[each["subjects"][0]]
                axis.plot([each["monte carlo"]["median"], each["monte carlo"]["p99"]], [0.5, 0.99], "x", color=colour,
                          markersize=7, markeredgewidth=1.6, label=f"{each['subjects'][0]}: expected median, p99")

    def sizes(self, part, title, kinds, unit):
        kinds = [kind for kind in kinds if len(self.results.sizes(part, kind)) > 1]
        if not kinds:
            return []
        pyplot, figure, axes = self._panels(len(kinds), title)
        for axis, kind in zip(axes, kinds):
            sizes = self.results.sizes(part, kind)
            for subject in self.results.subjects(part):
                points = [(nodes, quantile(0.5, self.results.of(part, kind, nodes, subject))) for nodes in sizes]
                points = [point for point in points if point[1] is not None]
                if points:
                    axis.plot(*zip(*points), linestyle=self.styles[subject], marker=self.markers[subject], markersize=4,
                              color=self.colours[subject], label=subject)
            axis.set_title(kind, fontsize=9)
            axis.set_xlabel("nodes")
            axis.set_ylabel(unit)
            axis.set_xticks(sizes)
            axis.set_ylim(0, axis.dataLim.y1 * 1.1)
            axis.grid(color="#d0d7de", linewidth=0.5)
        return self._save(pyplot, figure, axes, f"{part}-sizes.svg", title)
