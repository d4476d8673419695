"""What the rules alone let us expect of the fail-overs that were measured, with the delays of this machine."""
from suite.expectation import Raft, Succession, Timers, monte_carlo, raft_formula, succession_formula
from suite.figures import quantile
from suite.parts.calibration import ROUND_TRIP, SAVE
from suite.runner import MACHINE
from suite.subjects.known import Choice

TIMES, SEED = 4000, 21
RULES = {"succession": Succession, "raft": Raft}


def expectations(results):
    """[{nodes, rules, subjects, formula, monte carlo}, …]; empty if the machine was not measured."""
    round_trips = results.of("calibration", ROUND_TRIP, 0, MACHINE)
    saves = results.of("calibration", SAVE, 0, MACHINE)
    if not round_trips or not saves:
        return []
    timers = Timers.of(results.about["timers"]["heartbeat"], results.about["timers"]["election"])
    found = []
    sizes = sorted({nodes for part, _, nodes, _ in results.values if part == "failover"})
    by_rules = {}
    for subject in results.subjects("failover"):
        by_rules.setdefault(Choice(subject).kind.rules, []).append(subject)
    for nodes in sizes:
        for rules, subjects in by_rules.items():
            if rules is None:
                continue
            values = monte_carlo(RULES[rules], TIMES, SEED, nodes, timers,
                                 lambda chance: chance.choice(round_trips) / 2, lambda chance: chance.choice(saves))
            delay, save = quantile(0.5, round_trips) / 2, quantile(0.5, saves)
            found.append({
                "nodes": nodes, "rules": rules, "subjects": subjects,
                "formula": {key: formula(rules, timers, nodes, delay, save, share)
                            for key, share in (("median", 0.5), ("p99", 0.99))},
                "monte carlo": {"median": quantile(0.5, values), "p99": quantile(0.99, values)}})
    return found


def formula(rules, timers, nodes, delay, save, share):
    if rules == "succession":
        return succession_formula(timers, delay, save, share)
    return raft_formula(timers, nodes, delay, save, share)
