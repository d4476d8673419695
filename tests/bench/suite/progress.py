"""Says on standard error what is measured now, how far that is, and how long the rest may take."""
import sys
import time


class Progress:
    def __init__(self, steps):
        self.steps, self.done, self.begun = steps, 0, time.monotonic()

    def step(self, text):
        self.done += 1
        past = time.monotonic() - self.begun
        left = ""
        if self.done > 1:
            left = f", about {self._words(past / (self.done - 1) * (self.steps - self.done + 1))} left"
        print(f"[{self.done:3}/{self.steps}] {text}{left}", file=sys.stderr, flush=True)

    @staticmethod
    def note(text):
        print(f"          {text}", file=sys.stderr, flush=True)

    @staticmethod
    def _words(seconds):
        return f"{seconds / 60:.0f} min" if seconds > 90 else f"{seconds:.0f} s"
