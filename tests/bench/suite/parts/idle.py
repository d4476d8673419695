"""idle: what a quiet cluster costs: processor, memory, wake-ups, packets and bytes."""
import time

from suite.expectation import Timers
from suite.parts.part import Part
from suite.process import usage

USUAL = Timers.of(100, 1000)


class Idle(Part):
    name = "idle"

    def groups(self, options):
        timers = {options.timers: None, USUAL: None}
        return [(each, [f"{each.heartbeat:g}/{each.election:g} ms"]) for each in timers]

    def trials(self, options):
        return options.rounds

    def seconds(self, kind, timers, options):
        return 3 * timers.election / 1000 + options.idle_seconds

    def measure(self, cluster, case, add, options):
        time.sleep(3 * cluster.timers.election / 1000)  # past what starting cost
        pids = {node: cluster.pids(node) for node in cluster.nodes}
        before = {node: (usage(pids[node]), cluster.network.sent(node)) for node in cluster.nodes}
        begun = time.monotonic()
        time.sleep(options.idle_seconds)
        seconds = time.monotonic() - begun
        after = {node: (usage(pids[node]), cluster.network.sent(node)) for node in cluster.nodes}
        add(f"{case}: all nodes, % of a core",
            sum(100 * (after[node][0]["seconds"] - before[node][0]["seconds"]) / seconds for node in cluster.nodes))
        leader = cluster.leader()
        for name, nodes in (("leader", [leader]), ("follower", [node for node in cluster.nodes if node != leader])):
            def mean(figure, nodes=nodes):
                return sum(figure(node) for node in nodes) / len(nodes)

            def rate(which, nodes=nodes):
                return mean(lambda node: (which(after[node]) - which(before[node])) / seconds, nodes)

            if leader is None or not nodes:
                continue
            add(f"{case}: {name}, % of a core", 100 * rate(lambda its: its[0]["seconds"]))
            add(f"{case}: {name}, wake-ups a second", rate(lambda its: its[0]["wake_ups"]))
            add(f"{case}: {name}, packets sent a second", rate(lambda its: its[1][0]))
            add(f"{case}: {name}, bytes sent a second", rate(lambda its: its[1][1]))
        for key, title in (("rss_mb", "RSS"), ("pss_mb", "PSS")):
            add(f"{case}: a node, MB {title}", sum(its[0][key] for its in after.values()) / len(after))
