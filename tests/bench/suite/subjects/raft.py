"""A cluster on libraft, of the small program build/bin/raft_node, at equal timers."""
import os

from suite.ask import Connection, Question
from suite.subjects.subject import Subject, first_line

CONTROL, PEERS, LEADER = 7500, 7501, 3


def whole_line(answer):
    return answer.endswith(b"\n")


class Raft(Subject):
    program = "raft"
    native = True
    offers = frozenset({"kill", "freeze", "cut", "handover", "restart"})
    rules = "raft"
    fewer = 4
    start_s, loss_s, change_s = 0.3, 0.7, 0.1

    @classmethod
    def version(cls, options, build):
        return "libraft " + first_line("pkg-config", "--modversion", "raft")

    @classmethod
    def missing(cls, options, build):
        program = f"{build}/bin/raft_node"
        return None if os.access(program, os.X_OK) else f"{program} is not built (it needs Debian's libraft-dev)"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.node_program = f"{self.build}/bin/raft_node"
        self.controls = {node: Connection(self.address(node), CONTROL) for node in self.nodes}

    def configure(self):
        for node in self.nodes:
            os.makedirs(f"{self.folder_of(node)}/data")

    def commands(self, node):
        return [("raft", [self.node_program, str(node), f"{self.folder_of(node)}/data", str(CONTROL),
                          f"{self.timers.heartbeat:g}", f"{self.timers.election:g}",
                          *(f"{self.address(other)}:{PEERS}" for other in self.nodes)])]

    def state(self, node):
        """(state, leader, last index), or None."""
        answer = self.controls[node].ask(b"state\n", whole_line)
        return tuple(int(word) for word in answer.split()) if answer else None

    def question(self, node):
        return Question(self.controls[node], b"state\n", whole_line, lambda answer: int(answer.split()[0]) == LEADER)

    def ask(self, node):
        return self.state(node) is not None

    def leads(self, node):
        state = self.state(node)
        return None if state is None else state[0] == LEADER

    def settled(self, leader):
        states = [self.state(node) for node in self.nodes]
        return all(state is not None and state[1] == leader and state[2] == states[0][2] for state in states)

    def hand_over(self, leader):
        target = next(node for node in self.nodes if node != leader)
        self._moving = Connection(self.address(leader), CONTROL)
        self._moving.send(b"transfer %d\n" % target)

    def after_hand_over(self, leader):
        self._moving.receive(whole_line)
        self._moving.close()
