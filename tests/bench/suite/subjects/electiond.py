"""A cluster of electiond: electiond[:transport=http][:tls=on][:build=FOLDER]."""
import os
import subprocess

from suite.ask import Http, whole_response
from suite.subjects.subject import Subject, first_line

API, PEERS = 7400, 7401


class Electiond(Subject):
    program = "electiond"
    native = True
    offers = frozenset({"kill", "freeze", "cut", "handover", "restart", "tls", "grants"})
    keys = {"transport": ("tcp", "http"), "tls": ("off", "on"), "build": None}
    rules = "succession"
    main = True
    start_s, loss_s, change_s = 0.2, 0.35, 0.1

    @classmethod
    def version(cls, options, build):
        return first_line(os.path.join(options.get("build", build), "bin", "electiond"), "--version")

    @classmethod
    def missing(cls, options, build):
        program = os.path.join(options.get("build", build), "bin", "electiond")
        return None if os.access(program, os.X_OK) else f"{program} is not built"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.programs = os.path.join(os.path.abspath(self.options.get("build", self.build)), "bin")
        self.apis = {node: Http(self.address(node), API) for node in self.nodes}
        # HEAD gives no grant, for whose end a hand-over would wait; others have nothing like it.
        self.lead = {node: api.request("HEAD", "/leader") for node, api in self.apis.items()}
        self.grant = {node: api.request("GET", "/leader") for node, api in self.apis.items()}

    def commands(self, node):
        return [("electiond", [f"{self.programs}/electiond", "--config", f"{self.folder_of(node)}/node.yaml"])]

    def configure(self):
        if self.tls:
            subprocess.run([f"{self.programs}/electionctl", "tls", "init", "--cluster", "bench",
                            "--dir", f"{self.folder}/tls", "--nodes",
                            *(f"{node}={self.address(node)}" for node in self.nodes)],
                           check=True, stdout=subprocess.DEVNULL)
        voters = ", ".join(f'"{node}"' for node in self.nodes)
        peers = ", ".join(f'"{node}": "{self.address(node)}:{PEERS}"' for node in self.nodes)
        transport = self.options.get("transport", "tcp")
        for node in self.nodes:
            certificates = f"{self.folder}/tls"
            tls = (f", tls: {{cert: {certificates}/{node}.crt, key: {certificates}/{node}.key, "
                   f"ca: {certificates}/ca.crt}}") if self.tls else ""
            with open(f"{self.folder_of(node)}/node.yaml", "w", encoding="ascii") as file:
                file.write(f"""\
node: {{id: "{node}", data_dir: data}}
cluster: {{name: bench, bootstrap: all, voters: [{voters}]}}
api: {{listen: "{self.address(node)}:{API}", insecure: true}}
transport: {{plugin: {transport}, listen: "{self.address(node)}:{PEERS}", insecure: true{tls}}}
discovery: [{{plugin: static_list, peers: {{{peers}}}}}]
election: {{election_timeout: {self.timers.election:g}ms, heartbeat_interval: {self.timers.heartbeat:g}ms}}
log: {{level: info}}
""")

    def ask(self, node):
        """The request of a client; True if it got an answer."""
        return self.apis[node].status(self.grant[node])[0] != 0

    def leads(self, node, grant=False):
        status = self.apis[node].status((self.grant if grant else self.lead)[node])[0]
        return None if status == 0 else status == 200

    def question(self, node):
        return self.apis[node].question(self.lead[node], lambda status, answer: status == 200)

    def agreed(self, leader):
        return all(self.apis[node].get("GET", "/status").get("leaderId") == str(leader) for node in self.nodes)

    def settled(self, leader):
        if not self.agreed(leader):
            return False
        members = self.apis[leader].get("GET", "/members").get("members") or []
        ages = [member.get("lastContactMs") for member in members]
        return len(ages) == len(self.nodes) and all(
            age is not None and age <= self.timers.election / 2 for age in ages)

    def hand_over(self, leader):
        self._stepping = Http(self.address(leader), API, patience=10)
        self._stepping.connection.send(self._stepping.request("POST", "/step-down"))

    def after_hand_over(self, leader):
        self._stepping.connection.receive(whole_response)
        self._stepping.connection.close()
