"""Writes the report: tables in Markdown, beside them plots if matplotlib is there, and both into the documentation."""
import os
import shutil
import sys
import textwrap

from suite import plots
from suite.expectations import expectations
from suite.figures import quantile, ratio, shown, summary
from suite.parts.failover import OBSERVER
from suite.runner import MACHINE

BEGIN, END = "<!-- tests/bench/run --write-docs: begin -->", "<!-- tests/bench/run --write-docs: end -->"
TITLES = {
    "calibration": "The machine itself (ms)",
    "failover": "Unplanned fail-over (ms)",
    "handover": "Planned hand-over (ms)",
    "start": "Start (ms)",
    "idle": "Idle",
    "asking": "Asking for the leader",
    "throughput": "Asking over many connections",
    "watchers": "Watchers",
    "writing": "Writing",
    "instructions": "Instructions",
}
EXPECTED = {"failover": ("kill", "freeze", "cut"), "handover": ("planned: in all",)}
COMMAND_COLUMNS = 110
LONG = ("failover", "handover", "start", "calibration", "asking")  # a row for each subject, with quantiles


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head),
            *("| " + " | ".join(row) + " |" for row in rows), ""]


def compared(value, reference, is_reference):
    found = None if is_reference else ratio(value, reference)
    return "" if found is None else f"{shown(found)} ×"


def long_table(part, results, reference, expected):
    rows = []
    for kind in sorted(results.kinds(part), key=lambda kind: kind == OBSERVER):
        for nodes in results.sizes(part, kind):
            base = summary(results.of(part, kind, nodes, reference))
            for subject in results.subjects(part):
                values = results.of(part, kind, nodes, subject)
                if not values:
                    continue
                its = summary(values)
                own = subject == reference or kind == OBSERVER
                rows.append([kind, str(nodes) if nodes else "–", subject if subject != MACHINE else "–", str(its["n"]),
                             shown(its["median"]), shown(its["p99"]), shown(its["longest"]),
                             compared(its["median"], base["median"], own), compared(its["p99"], base["p99"], own)]
                            + (expected_cells(expected, part, kind, nodes, subject) if part in EXPECTED else []))
    head = ["", "nodes", "subject", "N", "median", "p99", "longest", f"median : {reference}", f"p99 : {reference}"]
    if part in EXPECTED:
        head += ["expected median; p99, by formula", "by Monte Carlo"]
    return table(head, rows) if rows else []


def expected_cells(expected, part, kind, nodes, subject):
    its = next((each for each in expected
                if (each["part"], each["nodes"]) == (part, nodes) and subject in each["subjects"]), None)
    if kind not in EXPECTED[part]:
        its = None
    if its is None:
        return ["", ""]
    return [f"{shown(its[how]['median'])}; {shown(its[how]['p99'])}" for how in ("formula", "monte carlo")]


def wide_table(part, results, reference):
    """A row for each figure, a column for each subject: the median, and its ratio."""
    subjects, rows = results.subjects(part), []
    for kind in results.kinds(part):
        for nodes in results.sizes(part, kind):
            base = quantile(0.5, results.of(part, kind, nodes, reference))
            cells = []
            for subject in subjects:
                value = quantile(0.5, results.of(part, kind, nodes, subject))
                found = compared(value, base, subject == reference)
                cells.append(shown(value) + (f" ({found})" if found else ""))
            rows.append([kind, str(nodes), *cells])
    head = f"median; ratio to {reference}" if reference in subjects and len(subjects) > 1 else "median"
    return table([head, "nodes", *subjects], rows) if rows else []


def reference_of(options, results):
    subjects = [subject for subject in results.subjects() if subject != MACHINE]
    if options.reference:
        return options.reference
    return "etcd" if "etcd" in subjects else next(iter(subjects), MACHINE)


def commands(about):
    """As lines, broken before an option; those after the first add to its results."""
    lines = []
    for place, words in enumerate(about["commands"]):
        first, *options = words.split(" --")
        lines.append(first)
        for option in ["continue"] * bool(place) + options:
            if len(lines[-1]) + len(option) > COMMAND_COLUMNS:
                lines[-1] += " \\"
                lines.append("   ")
            lines[-1] += f" --{option}"
    return lines


def pages(options, results, expected, pictures, folder):
    about, reference = results.about, reference_of(options, results)
    its = about["machine"]
    head = (f"Measured on {about['measured']} at commit {', '.join(about['commits'])}, on {its['cores']} cores "
            f"({its['processor']}, Linux {its['kernel']}, load {its['load'][0]} at the start), with {', '.join(about['versions'])}; "
            f"heartbeat {about['timers']['heartbeat']:g} ms, election timeout {about['timers']['election']:g} ms:")
    lines = [*textwrap.wrap(head, 120), "", "```sh", *commands(about), "```", ""]
    for part, title in TITLES.items():
        rows = (long_table(part, results, reference, expected) if part in LONG
                else wide_table(part, results, reference))
        if rows:
            lines += [f"### {title}", "", *rows]
            lines += [line for name, text in pictures.get(part, []) for line in (f"![{text}]({folder}{name})", "")]
    notes = about.get("not measured", []) + about.get("earlier faults", []) + results.faults
    lines += [line for note in dict.fromkeys(notes) for line in textwrap.wrap(f"- {note}", 120, subsequent_indent="  ")]
    return "\n".join(lines).rstrip() + "\n"


def write(options, results):
    expected = expectations(results)
    results.about["expectation"] = expected
    results.save()
    pictures = plots.draw(options.output, results, expected)
    text = pages(options, results, expected, pictures, "")
    with open(os.path.join(options.output, "report.md"), "w", encoding="utf-8") as file:
        file.write(text)
    print(text)
    print(f"written: {options.output}/results.json and report.md", file=sys.stderr)
    if options.write_docs:
        write_docs(options, pages(options, results, expected, pictures, "performance/"), pictures)


def write_docs(options, text, pictures):
    page = os.path.join(options.root, "docs", "performance.md")
    with open(page, encoding="utf-8") as file:
        old = file.read()
    if old.count(BEGIN) != 1 or old.count(END) != 1 or old.index(BEGIN) > old.index(END):
        raise SystemExit(f"{page}: the lines '{BEGIN}' and '{END}' must be there once each")
    head, rest = old.split(BEGIN)
    with open(page, "w", encoding="utf-8") as file:
        file.write(head + BEGIN + "\n\n" + text + "\n" + END + rest.split(END)[1])
    folder = os.path.join(options.root, "docs", "performance")
    shutil.rmtree(folder, ignore_errors=True)
    names = [name for its in pictures.values() for name, _ in its]
    if names:
        os.makedirs(folder)
    for name in names:
        shutil.copy(os.path.join(options.output, name), folder)
