"""The expectation by formula and by Monte Carlo agree, and each of them notices a wrong rule."""
import sys
import unittest

sys.dont_write_bytecode = True

from suite.expectation import (PlannedHandover, Raft, Succession, Timers, handover_formula, monte_carlo,  # noqa: E402
                               raft_formula, succession_formula)
from suite.expectations import by_rules  # noqa: E402
from suite.figures import quantile, ratio, shown, summary  # noqa: E402

DELAY, SAVE, TIMES = 0.2, 1.0, 4000
TIMERS = Timers.of(15, 150)
FIXED = (lambda chance: DELAY, lambda chance: SAVE)


def quantiles(values):
    return quantile(0.5, values), quantile(0.99, values)


class TheSuccession(unittest.TestCase):
    def agree(self, nodes, heartbeat=15, saves=1.0, **more):
        found = quantiles(monte_carlo(Succession, TIMES, nodes, nodes, TIMERS, *FIXED, **more))
        expected = [succession_formula(Timers.of(heartbeat, 150), DELAY, SAVE * saves, share) for share in (0.5, 0.99)]
        return all(abs(one - other) < 0.6 for one, other in zip(found, expected))

    def test_formula_and_monte_carlo_agree(self):
        for nodes in (3, 5, 7):
            self.assertTrue(self.agree(nodes), nodes)

    def test_a_wrong_rule_is_noticed(self):
        self.assertFalse(self.agree(3, heartbeat=20))
        self.assertFalse(self.agree(3, saves=0))  # a save that was forgotten
        self.assertFalse(self.agree(3, saves=2))  # a save too many
        self.assertFalse(self.agree(3, ordered=False))

    def test_it_is_what_the_protocol_simulated(self):
        # docs/protocol.md, section 9: 0.5 to 1 ms one way, E = S = 150 ms, H = 15 ms; median and p99.
        timers = Timers(15, 150, 150)
        network = (lambda chance: chance.uniform(0.5, 1), lambda chance: 0.0)
        for nodes, ordered, at_random in ((3, (150, 156), (198, 292)), (5, (149, 156), (173, 257)),
                                          (7, (149, 156), (166, 224))):
            for expected, order in ((ordered, True), (at_random, False)):
                found = quantiles(monte_carlo(Succession, TIMES, 7, nodes, timers, *network, ordered=order))
                for one, other in zip(found, expected):
                    self.assertLess(abs(one - other), 0.06 * other, (nodes, order, found))

    def test_a_lost_first_place_costs_a_step(self):
        class WithoutFirst(Succession):
            def on_timer(self, now, node):
                if node is not self.nodes[0]:
                    super().on_timer(now, node)

        whole = quantiles(monte_carlo(Succession, TIMES, 1, 5, TIMERS, *FIXED))
        without = quantiles(monte_carlo(WithoutFirst, TIMES, 1, 5, TIMERS, *FIXED))
        for one, other in zip(without, whole):
            self.assertAlmostEqual(one - other, 4 + 8 * DELAY, delta=0.5)


class RaftsTimers(unittest.TestCase):
    def test_formula_and_monte_carlo_agree_on_the_median(self):
        fine = Timers(1, 150, 75)  # steps so fine that it does not matter that they are counted
        for nodes in (3, 5, 7):
            found = quantile(0.5, monte_carlo(Raft, TIMES, nodes, nodes, fine, *FIXED))
            self.assertLess(abs(found - raft_formula(fine, nodes, DELAY, SAVE, 0.5)), 4, nodes)

    def test_a_wrong_number_of_nodes_is_noticed(self):
        found = quantile(0.5, monte_carlo(Raft, TIMES, 1, 3, Timers(1, 150, 75), *FIXED))
        self.assertGreater(abs(found - raft_formula(Timers(1, 150, 75), 7, DELAY, SAVE, 0.5)), 20)


class TheHandover(unittest.TestCase):
    def test_formula_and_monte_carlo_agree(self):
        for rules, other in (("succession", "raft"), ("raft", "succession")):
            for nodes in (3, 5, 7):
                found = quantile(0.5, monte_carlo(PlannedHandover, TIMES, 1, nodes, *FIXED, rules))
                self.assertAlmostEqual(found, handover_formula(rules, DELAY, SAVE))
                self.assertGreater(abs(found - handover_formula(other, DELAY, SAVE)), SAVE / 2)


class TheRulesOfASubject(unittest.TestCase):
    def test_are_those_of_its_program(self):
        self.assertEqual(by_rules(["electiond", "etcd:tls=on", "electiond:transport=http", "redis-sentinel"]),
                         {"succession": ["electiond", "electiond:transport=http"], "raft": ["etcd:tls=on"]})

    def test_of_another_build_are_not_known(self):
        self.assertEqual(by_rules(["electiond:build=../before/build,tls=on", "electiond"]),
                         {"succession": ["electiond"]})


class TheFigures(unittest.TestCase):
    def test_quantiles_are_values_that_were_measured(self):
        self.assertEqual(quantile(0.5, [3, 1, 2]), 2)
        self.assertEqual(quantile(0.99, list(range(1, 101))), 99)
        self.assertEqual(quantile(0.99, list(range(1, 51))), 50)
        self.assertIsNone(quantile(0.5, []))
        self.assertEqual(summary([4, 8]), {"n": 2, "median": 4, "p99": 8, "longest": 8})

    def test_a_ratio_needs_both_sides(self):
        self.assertEqual(ratio(3, 4), 0.75)
        self.assertIsNone(ratio(None, 4))
        self.assertIsNone(ratio(3, 0))

    def test_three_digits_are_shown(self):
        self.assertEqual([shown(value) for value in (None, 0, 0.01234, 1.5, 14.44, 149.6, 12345)],
                         ["–", "0", "0.0123", "1.50", "14.4", "150", "12,345"])


if __name__ == "__main__":
    unittest.main()
