"""What the rules alone let us expect of what was measured, with the delays of this machine."""
from suite.expectation import (PlannedHandover, Raft, Succession, Timers, handover_formula, monte_carlo, raft_formula,
                               succession_formula)
from suite.figures import quantile
from suite.parts.calibration import ROUND_TRIP, SAVE
from suite.runner import MACHINE
from suite.subjects.known import Choice

TIMES, SEED = 4000, 21
RULES = {"succession": Succession, "raft": Raft}


def expectations(results):
    """[{part, nodes, rules, subjects, formula, monte carlo}, …]; empty if the machine was not measured."""
    round_trips = results.of("calibration", ROUND_TRIP, 0, MACHINE)
    saves = results.of("calibration", SAVE, 0, MACHINE)
    if not round_trips or not saves:
        return []
    timers = Timers.of(results.about["timers"]["heartbeat"], results.about["timers"]["election"])
    delays = [each / 2 for each in round_trips]
    chances = (lambda chance: chance.choice(delays), lambda chance: chance.choice(saves))
    medians = quantile(0.5, delays), quantile(0.5, saves)
    found = []
    for part in ("failover", "handover"):
        for nodes in sorted({nodes for its, _, nodes, _ in results.values if its == part}):
            for rules, subjects in by_rules(results.subjects(part)).items():
                if part == "failover":
                    values = monte_carlo(RULES[rules], TIMES, SEED, nodes, timers, *chances)
                    by_formula = [formula(rules, timers, nodes, *medians, share) for share in (0.5, 0.99)]
                else:
                    values = monte_carlo(PlannedHandover, TIMES, SEED, nodes, *chances, rules)
                    by_formula = [handover_formula(rules, *medians), None]
                found.append({"part": part, "nodes": nodes, "rules": rules, "subjects": subjects,
                              "formula": dict(zip(("median", "p99"), by_formula)),
                              "monte carlo": {"median": quantile(0.5, values), "p99": quantile(0.99, values)}})
    return found


def by_rules(subjects):
    """The subjects for whose rules there is an expectation."""
    found = {}
    for subject in subjects:
        rules = Choice(subject).rules
        if rules is not None:
            found.setdefault(rules, []).append(subject)
    return found


def formula(rules, timers, nodes, delay, save, share):
    if rules == "succession":
        return succession_formula(timers, delay, save, share)
    return raft_formula(timers, nodes, delay, save, share)
