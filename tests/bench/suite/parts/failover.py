"""fail-over: how long nobody leads if the leader's process is killed, frozen, or cut off from the network."""
import random
import time

from suite.observer import await_lead
from suite.parts.part import Part
from suite.subjects.subject import Unsettled

OBSERVER = "of it the observer's, at most"
ATTEMPTS = 20
CHANCE = random.Random()


def await_ready(cluster, quiet_ms):
    """The leader, at a random moment between two heartbeats, so long after all have settled.

    At that moment each node has a connection to the observer already, and says what it should.
    """
    for _ in range(ATTEMPTS):
        leader = cluster.await_settled()
        time.sleep((quiet_ms + CHANCE.uniform(0, cluster.timers.heartbeat)) / 1000)
        if all(cluster.leads(node) is (node == leader) for node in cluster.nodes):
            return leader
    raise Unsettled(f"{cluster.name}: the lead moves, or a node does not answer, before anything is done to it")


class Failover(Part):
    name = "failover"
    fewest = 10

    def groups(self, options):
        return [(options.timers, ["kill", "freeze", "cut"])]

    def can(self, kind, case):
        return case in kind.offers

    def seconds(self, kind, timers, options):
        return kind.loss_s

    def measure(self, cluster, case, add, options):
        # A node that was cut off has round trips of many ms at first, for which the succession allows longer steps.
        leader = await_ready(cluster, cluster.timers.election)
        others = [node for node in cluster.nodes if node != leader]
        strike = {"kill": cluster.kill, "freeze": cluster.freeze, "cut": cluster.network.cut}[case]
        begun = time.monotonic()
        strike(leader)
        try:
            taken, observer = await_lead(cluster, others, begun)
        finally:
            if case == "kill":
                cluster.reap(leader)
                cluster.start(leader)
            elif case == "freeze":
                cluster.thaw(leader)
            else:
                cluster.network.mend(leader)
                cluster.mended(leader)
        add(case, taken)
        add(OBSERVER, observer)
        cluster.await_settled()
