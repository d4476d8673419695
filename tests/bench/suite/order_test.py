"""In which order the benchmark measures, how many trials, and how it forecasts the time that is left."""
import contextlib
import io
import sys
import tempfile
import types
import unittest

sys.dont_write_bytecode = True

from suite import options as command_line  # noqa: E402
from suite.progress import Forecast, Progress  # noqa: E402
from suite.report import commands  # noqa: E402
from suite.results import Results  # noqa: E402
from suite.runner import PARTS, Runner, Step  # noqa: E402
from suite.subjects.subject import Unsettled  # noqa: E402

ABOUT = {"timers": {"heartbeat": 15.0, "election": 150.0}}


def runner(*words, trials=None):
    options = command_line.read(list(words))
    results = Results("nowhere", False, dict(ABOUT))
    results.trials.update(trials or {})
    found = Runner(options, results)
    found.subjects, found.parts = options.subjects, [PARTS[name] for name in options.parts]
    return found


class Order(unittest.TestCase):
    def test_what_matters_most_comes_first(self):
        steps = runner("--parts", "failover,idle", "--nodes", "3,5", "--trials", "8", "--rounds", "2", "--subject",
                       "keepalived", "--subject", "etcd", "--subject", "electiond").steps()
        places = [(step.label, step.nodes) for step in steps]
        first = [place for place, (label, nodes) in enumerate(places) if label != "keepalived" and nodes == 3]
        then = [place for place, (label, nodes) in enumerate(places) if label != "keepalived" and nodes == 5]
        last = [place for place, (label, nodes) in enumerate(places) if label == "keepalived" and nodes == 3]
        self.assertLess(max(first), min(then))
        self.assertLess(max(then), min(last))
        # In each round all subjects have their turn.
        self.assertEqual([(step.turn, step.part.name, step.label) for step in steps[:2]],
                         [(1, "failover", "etcd"), (1, "failover", "electiond")])
        self.assertEqual([step.turn for step in steps if step.part.name == "failover"][:4], [1, 1, 2, 2])

    def test_trials_in_all_rounds_together(self):
        steps = runner("--parts", "failover", "--nodes", "3", "--trials", "200", "--rounds", "4", "--subject",
                       "electiond", "--subject", "zookeeper", "--subject", "redis-sentinel").steps()
        due = {step.label: step.due for step in steps if step.turn == 4}
        self.assertEqual(due, {"electiond": 200, "zookeeper": 20, "redis-sentinel": 10})

    def test_what_is_done_is_not_done_again(self):
        words = ["--parts", "failover", "--nodes", "3", "--trials", "200", "--rounds", "4", "--subject", "electiond"]
        done = {("failover", case, 3, "electiond"): count for case, count in (("kill", 60), ("freeze", 200))}
        steps = runner(*words, trials=done).steps()
        self.assertEqual([(step.turn, step.cases) for step in steps],
                         [(1, ["cut"]), (2, ["kill", "cut"]), (3, ["kill", "cut"]), (4, ["kill", "cut"])])
        self.assertAlmostEqual(sum(step.seconds for step in steps),
                               340 * steps[0].choice.kind.loss_s + 4 * steps[0].choice.kind.start_s)

    def test_one_fault_does_not_end_the_rounds(self):
        def fail(cluster, case, add, options):
            self.assertEqual(case, "kill")
            attempts.append(case)
            if len(attempts) in failing:
                raise Unsettled("nobody leads")
            add(case, 1)

        part = types.SimpleNamespace(name="failover", started=False, measure=fail)
        choice = types.SimpleNamespace(label="electiond", cluster=lambda *_: types.SimpleNamespace(stop_all=lambda: None))
        for failing, done, faults in (((2,), 8, 1), ((2, 4), 2, 2)):
            attempts, found = [], runner("--subject", "electiond")
            found.options.scratch = found.options.network = ""
            progress = Progress([("failover", 1)] * 4)
            with contextlib.redirect_stderr(io.StringIO()):
                for turn in range(1, 5):
                    found.step(progress, Step(turn, part, 3, choice, None, ["kill"], 2 * turn))
            self.assertEqual((found.results.done("failover", "kill", 3, "electiond"), len(found.results.faults)),
                             (done, faults))

    def test_pieces_keep_their_commands(self):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/results.json"
            for word in ("one", "two", "two"):
                results = Results(path, True, dict(ABOUT, commands=[word], commits=["a"]))
                results.faults.append(f"fault of {word}")
                results.save()
            about = Results.read(path).about
            self.assertEqual((about["commands"], about["commits"]), (["one", "two"], ["a"]))
            self.assertEqual(about["earlier faults"], ["fault of one", "fault of two"])


    def test_commands_can_be_repeated(self):
        run, subject = "tests/bench/run", " --subject electiond:transport=http"
        self.assertEqual(commands({"commands": [f"{run} --nodes 3{2 * subject}{subject}", f"{run} --nodes 5"]}),
                         [f"{run} --nodes 3{2 * subject} \\", f"   {subject}", f"{run} --continue --nodes 5"])


class TheForecast(unittest.TestCase):
    def test_steps_of_a_kind_take_as_long_as_those_before(self):
        forecast = Forecast([("a", 10), ("a", 10), ("b", 5), ("b", 5)])
        self.assertEqual(forecast.seconds(), 30)
        forecast.done(20)
        self.assertEqual(forecast.seconds(), 40)  # nothing is known of b, so it takes twice as long, too
        forecast.done(20)
        forecast.done(5)
        self.assertEqual(forecast.seconds(), 5)


if __name__ == "__main__":
    unittest.main()
