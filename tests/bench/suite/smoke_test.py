"""The whole command with a few trials: what it measures, writes and refuses. Needs BENCH_BUILD, and namespaces."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

RUN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "run")
E_MS, H_MS, SKIPPED, FAULT, USAGE = 600, 60, 77, 70, 2
BASE = ["--quick", "--trials", "2", "--rounds", "1", "--heartbeat", f"{H_MS}ms", "--election-timeout", f"{E_MS}ms"]


class Smoke(unittest.TestCase):
    def run_it(self, folder, *words):
        said = subprocess.run([RUN, *BASE, "--output", folder, *words], check=False, capture_output=True, text=True)
        if said.returncode == SKIPPED:
            print(said.stderr, file=sys.stderr)
            os._exit(SKIPPED)
        return said

    def test_it_measures_writes_and_continues(self):
        with tempfile.TemporaryDirectory() as folder:
            words = ["--parts", "calibration,failover,handover,start,idle,asking", "--subject", "electiond"]
            said = self.run_it(folder, *words)
            self.assertEqual(said.returncode, 0, said.stderr)
            results = self.read(folder)
            values = {(entry["of"][0], entry["of"][1]): entry["values"] for entry in results["values"]}
            # A leader is silent for E less a heartbeat before others may lead (V1); it takes no second E here.
            for kind in ("kill", "freeze", "cut"):
                self.assertEqual(len(values["failover", kind]), 2)
                for value in values["failover", kind]:
                    self.assertGreater(value, E_MS - H_MS - 1, kind)
                    self.assertLess(value, 2 * E_MS, kind)
            for value in values["handover", "planned: gap"]:
                self.assertLess(value, E_MS / 2)
            self.assertGreaterEqual(min(values["handover", "planned: in all"]), min(values["handover", "planned: gap"]))
            self.assertGreater(values["idle", "100/1000 ms: leader, packets sent a second"][0], 15)
            self.assertGreater(values["idle", "100/1000 ms: a node, MB RSS"][0], 1)
            self.assertEqual(len(values["start", "restarted: all follow it"]), 2)
            self.assertEqual(results["about"]["expectation"][0]["subjects"], ["electiond"])
            with open(os.path.join(folder, "report.md"), encoding="utf-8") as file:
                report = file.read()
            self.assertIn("| kill | 3 | electiond | 2 |", report)
            self.assertEqual(os.listdir(folder).count("results.json"), 1)
            self.assertFalse([name for name in os.listdir(folder) if name.startswith("nodes-")])

            again = self.run_it(folder, *words, "--continue", "--parts", "calibration,failover", "--trials", "3")
            self.assertEqual(again.returncode, 0, again.stderr)
            more = {tuple(entry["of"]): entry["values"] for entry in self.read(folder)["values"]}
            kills = more["failover", "kill", 3, "electiond"]
            self.assertEqual((len(kills), kills[:2]), (3, values["failover", "kill"]))
            self.assertEqual(len(more["handover", "planned: gap", 3, "electiond"]), 2)

    def test_what_cannot_be_measured_is_a_fault(self):
        with tempfile.TemporaryDirectory() as folder:
            said = self.run_it(folder, "--parts", "failover", "--subject", "electiond:build=/nowhere")
            self.assertEqual(said.returncode, FAULT)
            self.assertEqual(self.read(folder)["faults"],
                             ["electiond:build=/nowhere is not measured: /nowhere/bin/electiond is not built"])

    def test_wrong_words_are_refused(self):
        for words, why in ((["--subject", "consul"], "consul is no subject"),
                           (["--subject", "electiond:tls=maybe"], "tls=maybe is no option"),
                           (["--parts", "speed"], "speed is no part"),
                           (["--heartbeat", "15"], "15 is no duration"),
                           (["--heartbeat", "300ms"], "at least 3 times")):
            said = subprocess.run([RUN, *BASE, *words], check=False, capture_output=True, text=True)
            self.assertEqual((said.returncode, why in said.stderr), (USAGE, True), said.stderr)

    @staticmethod
    def read(folder):
        with open(os.path.join(folder, "results.json"), encoding="utf-8") as file:
            return json.load(file)


if __name__ == "__main__":
    unittest.main()
