"""An ensemble of ZooKeeper at equal timers. Its leader is asked by the word srvr, a connection each time."""
import glob
import os
import shutil

from suite.ask import ask_once
from suite.subjects.subject import Subject

CLIENTS, PEERS, ELECTIONS = 2181, 2888, 3888
LIBRARY = "/usr/share/java/zookeeper.jar"
START_S = 10  # within this time followers must have the state of a new leader


class ZooKeeper(Subject):
    """A leader pings its followers every half tick; a side that hears nothing for syncLimit ticks gives up."""

    program = "zookeeper"
    offers = frozenset({"kill", "freeze", "cut", "restart"})  # it has no command that moves the lead
    fewer = 10
    start_s, loss_s, change_s = 3.0, 1.8, 1.8

    @classmethod
    def version(cls, options, build):
        found = glob.glob(LIBRARY.replace(".jar", "-[0-9]*.jar"))
        return os.path.basename(found[0]).removesuffix(".jar") if found else cls.program

    @classmethod
    def missing(cls, options, build):
        there = shutil.which("java") and os.path.exists(LIBRARY)
        return None if there else "ZooKeeper is not installed (Debian: zookeeper)"

    def configure(self):
        tick = 2 * self.timers.heartbeat
        servers = "\n".join(f"server.{node}={self.address(node)}:{PEERS}:{ELECTIONS}" for node in self.nodes)
        for node in self.nodes:
            data = f"{self.folder_of(node)}/data"
            os.makedirs(data)
            with open(f"{data}/myid", "w", encoding="ascii") as file:
                file.write(f"{node}\n")
            with open(f"{self.folder_of(node)}/zoo.cfg", "w", encoding="ascii") as file:
                file.write(f"""\
tickTime={tick:.0f}
syncLimit={max(round(self.timers.election / tick), 1)}
initLimit={round(1000 * START_S / tick)}
dataDir={data}
clientPort={CLIENTS}
clientPortAddress={self.address(node)}
4lw.commands.whitelist=srvr
admin.enableServer=false
{servers}
""")

    def commands(self, node):
        return [("zookeeper", ["java", "-Xmx128m", "-cp", LIBRARY, "-Dzookeeper.jmx.log4j.disable=true",
                               "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                               f"{self.folder_of(node)}/zoo.cfg"])]

    def mode(self, node):
        """leader or follower; empty while it is neither, None if it does not answer."""
        answer = ask_once(self.address(node), CLIENTS, b"srvr")
        if not answer:
            return None
        return next((line[6:].decode() for line in answer.split(b"\n") if line.startswith(b"Mode: ")), "")

    def ask(self, node):
        return self.mode(node) is not None

    def leads(self, node):
        mode = self.mode(node)
        return None if mode is None else mode == "leader"

    def settled(self, leader):
        return all(self.mode(node) == "follower" for node in self.nodes if node != leader)
