"""The observer sees a new leader in time, also if another node is slow, and says how late it may be."""
import socket
import sys
import threading
import time
import unittest

sys.dont_write_bytecode = True

from suite import observer  # noqa: E402
from suite.ask import Connection, Question  # noqa: E402
from suite.subjects.subject import Unsettled  # noqa: E402

LEADS_AFTER_S, SLOW_S, LATE_MS = 0.1, 0.4, 100  # machines stand still now and then


class Node:
    """Answers each question after `delay` seconds: yes from a moment on, if there is one."""

    def __init__(self, delay, leads_at=None):
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.connection = Connection("127.0.0.1", self._listening.getsockname()[1])
        self._delay, self._leads_at, self.asked = delay, leads_at, 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with self._listening, self._listening.accept()[0] as connection:
            while connection.recv(1):
                self.asked += 1
                time.sleep(self._delay)
                leads = self._leads_at is not None and time.monotonic() >= self._leads_at
                try:
                    connection.sendall(b"yes\n" if leads else b"no\n")
                except OSError:
                    return  # nobody asks any more


class Cluster:
    """Of nodes that can be asked at the same time, or of such that cannot."""

    name = "nodes"

    def __init__(self, nodes, together):
        self.nodes, self._together = nodes, together

    def question(self, node):
        return Question(self.nodes[node].connection, b"?", lambda text: text.endswith(b"\n"),
                        lambda text: text == b"yes\n") if self._together else None

    def leads(self, node):
        return self.nodes[node].connection.ask(b"?", lambda text: text.endswith(b"\n")) == b"yes\n"


class TheObserver(unittest.TestCase):
    def see(self, together, *delays, leads=True):
        begun = time.monotonic()
        leads_at = begun + LEADS_AFTER_S if leads else None
        nodes = {number: Node(delay) for number, delay in enumerate(delays, 1)}
        nodes[len(nodes) + 1] = Node(0, leads_at)
        taken, own = observer.await_lead(Cluster(nodes, together), list(nodes), begun)
        self.assertGreaterEqual(taken, 1000 * LEADS_AFTER_S)
        return taken - 1000 * LEADS_AFTER_S, own, nodes

    def test_it_sees_the_new_leader_at_once(self):
        for together in (True, False):
            late, own, nodes = self.see(together, 0, 0)
            self.assertLess(late, LATE_MS)
            self.assertGreaterEqual(own, late)  # it is late by what it says at most
            self.assertGreater(min(node.asked for node in nodes.values()), 5)

    def test_a_slow_node_does_not_delay_the_others(self):
        self.assertLess(self.see(True, SLOW_S, SLOW_S)[0], LATE_MS)
        self.assertGreater(self.see(False, SLOW_S, 0)[0], LATE_MS)  # by turns it does, so the test can fail

    def test_it_gives_up(self):
        limit, observer.LIMIT_S = observer.LIMIT_S, 0.2
        try:
            for together in (True, False):
                with self.assertRaises(Unsettled):
                    self.see(together, 0, leads=False)
        finally:
            observer.LIMIT_S = limit


if __name__ == "__main__":
    unittest.main()
