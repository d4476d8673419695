"""A cluster of etcd at equal timers: etcd[:tls=on]. Its leader is asked by the HTTP gateway of the client port."""
import shutil
import subprocess

from suite.ask import Http, parsed, whole_response
from suite.subjects.subject import Subject, first_line

CLIENTS, PEERS = 2379, 2380


class Etcd(Subject):
    program = "etcd"
    offers = frozenset({"kill", "freeze", "cut", "handover", "restart", "tls"})
    keys = {"tls": ("off", "on")}
    rules = "raft"
    main = True
    start_s, loss_s, change_s = 1.2, 0.45, 0.1

    @classmethod
    def version(cls, options, build):
        return first_line("etcd", "--version")

    @classmethod
    def missing(cls, options, build):
        return None if shutil.which("etcd") else "etcd is not installed (Debian: etcd-server)"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.clients = {node: Http(self.address(node), CLIENTS) for node in self.nodes}
        self.question_of = {node: client.request("POST", "/v3/maintenance/status", {})
                         for node, client in self.clients.items()}
        self._scheme = "https" if self.tls else "http"

    def configure(self):
        if self.tls:
            subprocess.run([f"{self.build}/bin/electionctl", "tls", "init", "--cluster", "bench",
                            "--dir", f"{self.folder}/tls", "--nodes",
                            *(f"{node}={self.address(node)}" for node in self.nodes)],
                           check=True, stdout=subprocess.DEVNULL)

    def commands(self, node):
        peers = f"{self._scheme}://{self.address(node)}:{PEERS}"
        clients = f"http://{self.address(node)}:{CLIENTS}"
        cluster = ",".join(f"n{other}={self._scheme}://{self.address(other)}:{PEERS}" for other in self.nodes)
        words = ["etcd", "--name", f"n{node}", "--data-dir", f"{self.folder_of(node)}/data",
                 "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers,
                 "--listen-client-urls", clients, "--advertise-client-urls", clients,
                 "--initial-cluster", cluster, "--initial-cluster-state", "new",
                 "--heartbeat-interval", f"{self.timers.heartbeat:g}",
                 "--election-timeout", f"{self.timers.election:g}"]
        if self.tls:
            certificates = f"{self.folder}/tls"
            words += ["--peer-client-cert-auth", "--peer-cert-file", f"{certificates}/{node}.crt",
                      "--peer-key-file", f"{certificates}/{node}.key",
                      "--peer-trusted-ca-file", f"{certificates}/ca.crt"]
        return [("etcd", words)]

    def status(self, node):
        return parsed(self.clients[node].status(self.question_of[node])[1])

    def ask(self, node):
        return self.clients[node].status(self.question_of[node])[0] == 200

    def leads(self, node):
        status = self.status(node)
        return self.is_leader(status) if status else None

    @staticmethod
    def is_leader(status):
        leader = status.get("leader")
        return leader is not None and leader == status.get("header", {}).get("member_id")

    def question(self, node):
        return self.clients[node].question(self.question_of[node],
                                           lambda status, answer: self.is_leader(parsed(answer)))

    def settled(self, leader):
        states = {node: self.status(node) for node in self.nodes}
        lead = states[leader].get("leader")
        # All have the same log, too, so that each of them can take over.
        return lead is not None and all(
            state.get("leader") == lead and state.get("raftIndex") == states[leader].get("raftIndex")
            for state in states.values())

    def hand_over(self, leader):
        target = next(node for node in self.nodes if node != leader)
        member = self._members[target]
        self._moving = Http(self.address(leader), CLIENTS, patience=10)
        self._moving.connection.send(
            self._moving.request("POST", "/v3/maintenance/transfer-leadership", {"targetID": member}))

    def before_hand_over(self, leader):
        self._members = {node: self.status(node)["header"]["member_id"] for node in self.nodes}

    def after_hand_over(self, leader):
        self._moving.connection.receive(whole_response)
        self._moving.connection.close()
