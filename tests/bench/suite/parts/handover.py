"""hand-over: how long nobody leads if an operator moves the lead, and how long that takes in all."""
import time

from suite.observer import LIMIT_S
from suite.parts.failover import await_ready
from suite.parts.part import Part
from suite.subjects.subject import Unsettled

BETWEEN_S = 0.0005


class Handover(Part):
    name = "handover"
    fewest = 10

    def groups(self, options):
        return [(options.timers, ["planned", "planned, granted"])]

    def can(self, kind, case):
        return "handover" in kind.offers and (case == "planned" or "grants" in kind.offers)

    def seconds(self, kind, timers, options):
        return kind.change_s

    def measure(self, cluster, case, add, options):
        more = {"grant": True} if case == "planned, granted" else {}
        leader = await_ready(cluster, 2 * cluster.timers.heartbeat)
        others = [node for node in cluster.nodes if node != leader]
        cluster.before_hand_over(leader)
        begun = last = time.monotonic()
        cluster.hand_over(leader)
        leads = True
        while True:
            # The old one is asked only until it leads no more: it cannot lead again so soon.
            if leads:
                leads = cluster.leads(leader, **more)
                if leads:
                    last = time.monotonic()
            if any(cluster.leads(node, **more) for node in others):
                break
            if time.monotonic() > begun + LIMIT_S:
                raise Unsettled(f"{cluster.name}: nobody takes over")
            time.sleep(BETWEEN_S)
        now = time.monotonic()
        cluster.after_hand_over(leader)
        add(f"{case}: gap", 1000 * (now - last))
        add(f"{case}: in all", 1000 * (now - begun))
        cluster.await_settled()
