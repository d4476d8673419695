"""What the command does, in order: options, namespaces, measurements by turns, report."""
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time

from suite import options as command_line
from suite import observer, report, sandbox
from suite.network import Network
from suite.results import Results
from suite.runner import Runner

SOFTWARE = 70  # sysexits.h: EX_SOFTWARE; something could not be measured


def machine():
    """What readers must know of the machine to judge the figures."""
    model = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
    return {"processor": model, "cores": os.cpu_count(), "kernel": platform.release(),
            "load": [round(each, 2) for each in os.getloadavg()]}


def commit(root):
    said = subprocess.run(["git", "-C", root, "describe", "--always", "--dirty"], check=False, capture_output=True,
                          text=True)
    return said.stdout.strip() or "unknown"


def command(words):
    """What others have to type for the same: without what only says where it is done here, and in which pieces."""
    kept, skip = [], False
    for word in words:
        name, equals, _ = word.partition("=")
        if skip:
            skip = False
        elif name in ("--output", "--data", "--for"):
            skip = not equals
        elif name not in ("--write-docs", "--continue"):
            kept.append(word)
    return " ".join(["tests/bench/run", *kept])


def about(argv, options):
    return {"commands": [command(argv[1:])], "commits": [commit(options.root)], "machine": machine(),
            "measured": time.strftime("%Y-%m-%d", time.gmtime()),
            "timers": {"heartbeat": options.heartbeat, "election": options.election_timeout}}


def end(number, frame):
    sys.exit(128 + number)


def main(argv):
    options = command_line.read(argv[1:])
    path = os.path.join(options.output, "results.json")
    if options.report:
        return written(options, Results.read(path))
    if options.plan:
        Runner(options, Results(path, options.proceed, about(argv, options))).plan()
        return 0
    if not sandbox.inside():
        print(f"{argv[0]}: {sandbox.enter(argv)}", file=sys.stderr)  # returns only if that failed
        return sandbox.SKIPPED
    signal.signal(signal.SIGTERM, end)
    os.makedirs(options.output, exist_ok=True)
    results = Results(path, options.proceed, about(argv, options))
    with tempfile.TemporaryDirectory(prefix="nodes-", dir=options.data) as scratch:
        options.network, options.scratch = Network(), scratch
        if not observer.prefer():
            results.about.setdefault("not measured", []).append(
                "The observer may not run before the nodes here: its figures contain what it waited for a processor.")
        complete = Runner(options, results).run()
    return written(options, results) or (0 if complete else SOFTWARE)


def written(options, results):
    report.write(options, results)
    return 0
