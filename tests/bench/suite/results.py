"""What was measured, in one JSON file: it is written after each step, and a later run can continue it."""
import json
import os


ADDED = ("commands", "commits", "versions", "not measured")  # of all runs that have measured, each once


class Results:
    """values: by part, kind, nodes and subject; trials: how many of a case are done; faults: what could not be done."""

    def __init__(self, path, proceed, about):
        self.path, self.values, self.trials, self.faults, self.about = path, {}, {}, [], about
        if proceed and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                stored = json.load(file)
            if stored["about"]["timers"] != about["timers"]:
                raise ValueError(f"{path} was measured with other timers: {stored['about']['timers']}")
            self.values = {tuple(entry["of"]): entry["values"] for entry in stored["values"]}
            self.trials = {tuple(entry["of"]): entry["done"] for entry in stored["trials"]}
            self.about = dict(stored["about"], **about)
            for key in ADDED:
                self.about[key] = list(dict.fromkeys(stored["about"].get(key, []) + about.get(key, [])))
            self.about["earlier faults"] = list(dict.fromkeys(self.about.get("earlier faults", []) + stored["faults"]))

    @classmethod
    def read(cls, path):
        with open(path, encoding="utf-8") as file:
            stored = json.load(file)
        return cls(path, True, stored["about"])

    def add(self, part, kind, nodes, subject, value):
        self.values.setdefault((part, kind, nodes, subject), []).append(round(value, 6))

    def done(self, part, case, nodes, subject):
        return self.trials.get((part, case, nodes, subject), 0)

    def count(self, part, case, nodes, subject):
        key = (part, case, nodes, subject)
        self.trials[key] = self.trials.get(key, 0) + 1

    def of(self, part, kind, nodes, subject):
        return self.values.get((part, kind, nodes, subject), [])

    def kinds(self, part):
        """In the order of measurement."""
        return list(dict.fromkeys(kind for its, kind, _, _ in self.values if its == part))

    def sizes(self, part, kind):
        return sorted({nodes for its, has, nodes, _ in self.values if (its, has) == (part, kind)})

    def subjects(self, part=None):
        return list(dict.fromkeys(subject for its, _, _, subject in self.values if part in (None, its)))

    def save(self):
        text = json.dumps({
            "about": self.about, "faults": self.faults,
            "trials": [{"of": list(key), "done": done} for key, done in self.trials.items()],
            "values": [{"of": list(key), "values": values} for key, values in self.values.items()]},
            ensure_ascii=False, indent=None, separators=(",", ":")).replace('{"of"', '\n{"of"')
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            file.write(text + "\n")
        os.replace(self.path + ".new", self.path)
