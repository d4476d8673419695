"""The command line of the benchmark."""
import argparse
import os
import re

from suite.expectation import Timers
from suite.subjects.known import KNOWN, Choice

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
PARTS = ("calibration", "failover", "handover", "start", "idle", "asking", "throughput", "watchers", "writing",
         "instructions")
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}


def milliseconds(text):
    found = DURATION.fullmatch(text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text} is no duration, such as 15ms, 2s or 4m")
    return float(found.group(1)) * UNITS[found.group(2)]


def numbers(text):
    try:
        return sorted({int(word) for word in text.split(",")})
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no list of numbers, such as 3,5,7") from None


def parts(text):
    words = text.split(",")
    for word in words:
        if word not in PARTS:
            raise argparse.ArgumentTypeError(f"{word} is no part; there are: {', '.join(PARTS)}")
    return [part for part in PARTS if part in words]


def choice(text):
    try:
        return Choice(text)
    except ValueError as fault:
        raise argparse.ArgumentTypeError(str(fault)) from None


def read(words):
    parser = argparse.ArgumentParser(
        prog="tests/bench/run", description="Measures electiond and its peers side by side, by turns, and writes "
        "results.json, report.md and plots. Needs root, or the right to make user namespaces.")
    parser.add_argument("--quick", action="store_true", help="few trials of three nodes, to see that it works")
    parser.add_argument("--parts", type=parts, default=list(PARTS), help=f"some of {','.join(PARTS)}")
    parser.add_argument("--subject", type=choice, action="append", dest="subjects", metavar="NAME[:KEY=VALUE]",
                        help=f"what is measured; repeat it for several ({', '.join(KNOWN)}). electiond:transport=http, "
                             "electiond:tls=on, electiond:build=FOLDER, etcd:tls=on. Default: electiond and all that "
                             "are installed")
    parser.add_argument("--reference", help="the subject to which ratios are made; default: etcd, else the first")
    parser.add_argument("--nodes", type=numbers, help="cluster sizes; default 3,5,7")
    parser.add_argument("--trials", type=int, help="of each fail-over and hand-over; other parts do fewer; default 200")
    parser.add_argument("--rounds", type=int, help="in each round all subjects have their turn; default 4")
    parser.add_argument("--heartbeat", type=milliseconds, default=15.0, help="default 15ms")
    parser.add_argument("--election-timeout", type=milliseconds, default=150.0, help="default 150ms")
    parser.add_argument("--for", type=milliseconds, dest="limit", help="begins nothing new after this time, e.g. 4m")
    parser.add_argument("--plan", action="store_true", help="measures nothing: what it would measure, in which order, "
                                                            "and about how long that takes")
    parser.add_argument("--continue", action="store_true", dest="proceed", help="adds to the results in --output")
    parser.add_argument("--output", default="bench-results", help="a folder for the results; default bench-results")
    parser.add_argument("--data", help="where the nodes' data are, whose disk counts; default: in --output")
    parser.add_argument("--report", action="store_true", help="measures nothing: report and plots of --output again")
    parser.add_argument("--write-docs", action="store_true", help="also puts report and plots into docs/performance.md")
    options = parser.parse_args(words)
    few = options.quick
    options.nodes = options.nodes or ([3] if few else [3, 5, 7])
    options.trials = options.trials or (6 if few else 200)
    options.rounds = options.rounds or (1 if few else 4)
    options.idle_seconds, options.ask_seconds, options.watchers = (2, 1, 100) if few else (8, 4, 1000)
    options.timers = Timers.of(options.heartbeat, options.election_timeout)
    if options.election_timeout < 3 * options.heartbeat:
        parser.error("--election-timeout must be at least 3 times --heartbeat")
    if min(options.nodes) < 2 or max(options.nodes) > 200:
        parser.error("--nodes must be from 2 to 200")
    options.build = os.path.abspath(os.environ.get("BENCH_BUILD", os.path.join(ROOT, "build")))
    options.output = os.path.abspath(options.output)
    options.data = os.path.abspath(options.data or options.output)
    options.root = ROOT
    options.explicit = options.subjects is not None
    options.subjects = options.subjects or [Choice(name) for name in KNOWN]
    options.tool = lambda name: os.path.join(options.build, "bin", name)
    options.tool_missing = lambda name: None if os.access(options.tool(name), os.X_OK) else (
        f"{options.tool(name)} is not built")
    return options
