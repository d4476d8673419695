"""Says on standard error what is measured now, how far that is, and about how long the rest takes."""
import sys
import time


class Forecast:
    """How long steps take: first by what their parts expect, then by what steps of the same kind have taken."""

    def __init__(self, steps):
        self._left = list(steps)  # (kind, expected seconds) of each step that is not done
        self._past = {}  # by kind: (seconds expected, seconds taken)

    def done(self, seconds):
        kind, expected = self._left.pop(0)
        for key in (kind, None):
            before = self._past.get(key, (0, 0))
            self._past[key] = before[0] + expected, before[1] + seconds

    def seconds(self):
        """Of all steps that are left."""
        return sum(expected * self._factor(kind) for kind, expected in self._left)

    def _factor(self, kind):
        expected, taken = self._past.get(kind, self._past.get(None, (0, 0)))
        return taken / expected if expected else 1


class Progress:
    def __init__(self, steps):
        self.forecast, self.steps, self.number = Forecast(steps), len(steps), 0
        self.begun = None

    def step(self, text):
        now = time.monotonic()
        if self.begun is not None:
            self.forecast.done(now - self.begun)
        self.begun, self.number = now, self.number + 1
        print(f"[{self.number:3}/{self.steps}] {text}; about {in_words(self.forecast.seconds())} left", file=sys.stderr,
              flush=True)

    @staticmethod
    def note(text):
        print(f"          {text}", file=sys.stderr, flush=True)


def in_words(seconds):
    return f"{seconds / 60:.0f} min" if seconds > 90 else f"{seconds:.0f} s"
