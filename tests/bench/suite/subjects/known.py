"""Finds a subject by the name that the command line gives it: NAME[:KEY=VALUE]..."""
from suite.subjects.electiond import Electiond
from suite.subjects.etcd import Etcd
from suite.subjects.keepalived import Keepalived
from suite.subjects.raft import Raft
from suite.subjects.redis_sentinel import RedisSentinel
from suite.subjects.zookeeper import ZooKeeper

KNOWN = {kind.program: kind for kind in (Electiond, Etcd, Raft, ZooKeeper, RedisSentinel, Keepalived)}


class Choice:
    """A program with options, of which clusters are made; its label names it in results."""

    def __init__(self, text):
        name, *options = text.replace(",", ":").split(":")
        if name not in KNOWN:
            raise ValueError(f"{name} is no subject; there are: {', '.join(KNOWN)}")
        self.label, self.kind = text, KNOWN[name]
        self.options = dict(option.partition("=")[::2] for option in options)
        for key, value in self.options.items():
            allowed = self.kind.keys.get(key, ())
            if allowed is not None and value not in allowed:
                have = "; ".join(f"{key}={'|'.join(values or ['…'])}" for key, values in self.kind.keys.items())
                raise ValueError(f"{text}: {key}={value} is no option of {name}; there are: {have or 'none'}")

    @property
    def rules(self):
        """By which its expectation is computed; None for another build, since it may have had other rules."""
        return None if "build" in self.options else self.kind.rules

    def cluster(self, timers, network, nodes, folder, build):
        return self.kind(self.label, self.options, timers, network, nodes, folder, build)
