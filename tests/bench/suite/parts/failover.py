"""fail-over: how long nobody leads if the leader's process is killed, frozen, or cut off from the network."""
import random
import time

from suite.parts.part import Part
from suite.subjects.subject import Unsettled

BETWEEN_S = 0.0005
LIMIT_S = 30
CHANCE = random.Random()


def rest(cluster):
    """So that what follows falls anywhere between two heartbeats."""
    time.sleep(CHANCE.uniform(0.5, 1.0) * cluster.timers.election / 1000)


def connected(cluster, nodes):
    for node in nodes:
        if cluster.leads(node) is None:
            raise Unsettled(f"{cluster.name}: node {node} does not answer")


def await_lead(cluster, nodes, begun):
    """Milliseconds from `begun` until one of these says that it leads."""
    while True:
        for node in nodes:
            if cluster.leads(node):
                return 1000 * (time.monotonic() - begun)
        if time.monotonic() > begun + LIMIT_S:
            raise Unsettled(f"{cluster.name}: nobody leads after {LIMIT_S} s")
        time.sleep(BETWEEN_S)


class Failover(Part):
    name = "failover"

    def groups(self, options):
        return [(options.timers, ["kill", "freeze", "cut"])]

    def can(self, kind, case):
        return case in kind.offers

    def measure(self, cluster, case, add, options):
        leader = cluster.await_settled()
        rest(cluster)
        others = [node for node in cluster.nodes if node != leader]
        connected(cluster, others)
        strike = {"kill": cluster.kill, "freeze": cluster.freeze, "cut": cluster.network.cut}[case]
        begun = time.monotonic()
        strike(leader)
        try:
            taken = await_lead(cluster, others, begun)
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
        cluster.await_settled()
