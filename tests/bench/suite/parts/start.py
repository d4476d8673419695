"""start: from the start of all nodes until all of them follow one leader."""
import time

from suite.parts.part import Part
from suite.subjects.subject import Unsettled

BETWEEN_S = 0.0005
LIMIT_S = 60


def await_first(cluster, begun):
    """Milliseconds until a node says that it leads, and until all follow it."""
    led = None
    while time.monotonic() < begun + LIMIT_S:
        cluster.check_running()
        leader = cluster.leader()
        if leader is not None:
            led = led or time.monotonic()
            if cluster.agreed(leader):
                return 1000 * (led - begun), 1000 * (time.monotonic() - begun)
        time.sleep(BETWEEN_S)
    raise Unsettled(f"{cluster.name}: the nodes do not agree after {LIMIT_S} s")


class Start(Part):
    name = "start"
    fewest = 10
    started = False

    def groups(self, options):
        return [(options.timers, ["fresh", "restarted"])]

    def trials(self, options):
        return max(options.trials // 4, 2)

    def can(self, kind, case):
        return "restart" in kind.offers

    def seconds(self, kind, timers, options):
        return kind.start_s

    def measure(self, cluster, case, add, options):
        if case == "fresh":
            cluster.stop_all()
            cluster.prepare()
        else:
            if not cluster.processes:
                cluster.prepare()
                cluster.start_all()
            cluster.await_settled()
            for node in cluster.nodes:
                cluster.kill(node)
            for node in cluster.nodes:
                cluster.reap(node)
        begun = time.monotonic()
        cluster.start_all()
        led, agreed = await_first(cluster, begun)
        add(f"{case}: a node leads", led)
        add(f"{case}: all follow it", agreed)
