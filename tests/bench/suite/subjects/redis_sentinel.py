"""Redis servers, and Sentinels beside them, which promote a replica: the leader is the server that is master."""
import os
import shutil
import time

from suite.ask import Connection, Question
from suite.subjects.subject import Subject, first_line

REDIS, SENTINEL, NAME = 6379, 26379, "lead"
FOLLOW_S = 5  # within this time a node that is there again should obey


def words(*text):
    """A command in the protocol of Redis."""
    return b"*%d\r\n" % len(text) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in text)


def whole(answer):
    """Whether it is a whole reply, read as far as is needed here: no nested arrays but of bulk strings."""
    return reply(answer) is not None


def reply(answer):
    """A reply as text or as a (nested) list; None if there is more to come."""
    found = _read(answer, 0)
    return None if found is None else found[0]


def _read(answer, at):
    end = answer.find(b"\r\n", at)
    if end < 0:
        return None
    kind, text, at = answer[at:at + 1], answer[at + 1:end].decode(), end + 2
    if kind == b"$":
        size = int(text)
        if size < 0:
            return "", at
        return (answer[at:at + size].decode(), at + size + 2) if len(answer) >= at + size + 2 else None
    if kind == b"*":
        items = []
        for _ in range(int(text)):
            found = _read(answer, at)
            if found is None:
                return None
            items.append(found[0])
            at = found[1]
        return items, at
    return text, at


class RedisSentinel(Subject):
    """down-after-milliseconds is E. A killed node has lost its server and its Sentinel; it returns as a replica.

    At a start the first server is the master by its configuration, so there is no election to be measured.
    """

    program = "redis-sentinel"
    offers = frozenset({"kill", "freeze", "cut", "handover"})
    # Sentinels need 10 to 20 s until they know the roles of all servers again.
    settle_limit_s = 100
    fewer = 20
    start_s, loss_s, change_s = 12.0, 8.0, 15.0

    @classmethod
    def version(cls, options, build):
        return first_line("redis-server", "--version")

    @classmethod
    def missing(cls, options, build):
        there = shutil.which("redis-server") and shutil.which("redis-sentinel")
        return None if there else "Redis Sentinel is not installed (Debian: redis-server, redis-sentinel)"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.servers = {node: Connection(self.address(node), REDIS) for node in self.nodes}
        self.sentinels = {node: Connection(self.address(node), SENTINEL) for node in self.nodes}
        self.master = 1

    def configure(self):
        self.master = 1
        for node in self.nodes:
            with open(f"{self.folder_of(node)}/sentinel.conf", "w", encoding="ascii") as file:
                file.write(f"""\
bind {self.address(node)}
port {SENTINEL}
protected-mode no
dir {self.folder_of(node)}
sentinel monitor {NAME} {self.address(1)} {REDIS} {len(self.nodes) // 2 + 1}
sentinel down-after-milliseconds {NAME} {self.timers.election:.0f}
sentinel failover-timeout {NAME} {10 * self.timers.election:.0f}
""")

    def commands(self, node):
        replica = [] if node == self.master else ["--replicaof", self.address(self.master), str(REDIS)]
        return [("redis", ["redis-server", "--bind", self.address(node), "--port", str(REDIS), "--protected-mode", "no",
                           "--dir", self.folder_of(node), "--save", "", "--appendonly", "no",
                           "--repl-diskless-sync-delay", "0", *replica]),
                ("sentinel", ["redis-sentinel", f"{self.folder_of(node)}/sentinel.conf"])]

    def start(self, node):
        """As a replica of the leader that there is now."""
        self.master = next((other for other in self.processes if self.leads(other)), self.master)
        super().start(node)

    def thaw(self, node):
        super().thaw(node)
        self.follow(node)

    def mended(self, node):
        self.follow(node)

    def follow(self, node):
        """What Sentinels would do after 10 s: the old master becomes a replica of the new one."""
        end = time.monotonic() + FOLLOW_S
        while time.monotonic() < end:
            self.servers[node].close()
            master = next((other for other in self.nodes if other != node and self.leads(other)), None)
            if master is not None and self.command(
                    self.servers[node], "replicaof", self.address(master), str(REDIS)) == "OK":
                return
            time.sleep(0.01)

    @staticmethod
    def command(connection, *text):
        answer = connection.ask(words(*text), whole)
        return reply(answer) if answer else None

    def ask(self, node):
        return bool(self.command(self.servers[node], "role"))

    def question(self, node):
        return Question(self.servers[node], words("role"), whole, lambda answer: reply(answer)[0] == "master")

    def leads(self, node):
        role = self.command(self.servers[node], "role")
        return role[0] == "master" if role else None

    def agreed(self, leader):
        return all(self.command(self.sentinels[node], "sentinel", "get-master-addr-by-name", NAME)
                   == [self.address(leader), str(REDIS)] for node in self.nodes)

    def settled(self, leader):
        """Every Sentinel has heard all servers and Sentinels in their roles, so each replica may be promoted."""
        if not self.agreed(leader):
            time.sleep(0.1)
            return False
        for node in self.nodes:
            master = self._fields(self.command(self.sentinels[node], "sentinel", "master", NAME))
            replicas = self.command(self.sentinels[node], "sentinel", "replicas", NAME) or []
            if master.get("flags") != "master" or master.get("num-other-sentinels") != str(len(self.nodes) - 1):
                return False
            if len(replicas) != len(self.nodes) - 1:
                return False
            for each in map(self._fields, replicas):
                if (each["flags"], each["master-link-status"], each["master-host"]) != (
                        "slave", "ok", self.address(leader)):
                    return False
        return True

    @staticmethod
    def _fields(flat):
        return dict(zip(flat[::2], flat[1::2])) if isinstance(flat, list) else {}

    def hand_over(self, leader):
        sentinel = next(node for node in self.nodes if node != leader)
        self._moving = Connection(self.address(sentinel), SENTINEL)
        self._moving.send(words("sentinel", "failover", NAME))

    def after_hand_over(self, leader):
        self._moving.receive(whole)
        self._moving.close()
        self.follow(leader)
