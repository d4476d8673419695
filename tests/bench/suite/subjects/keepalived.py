"""VRRP routers of keepalived at equal timers: each reports its state by a FIFO, so nobody has to ask it."""
import os
import shutil
import signal
import time

from suite.subjects.subject import Subject, first_line

ADDRESS = "10.0.0.200"  # the virtual one


class Keepalived(Subject):
    """A backup waits for three advertisements, and for a skew that depends on its priority. E is the former."""

    program = "keepalived"
    # It has no command that moves the lead: a planned hand-over is the stop of the process.
    offers = frozenset({"kill", "freeze", "cut", "handover", "restart"})
    fewer = 4
    start_s, loss_s, change_s = 0.6, 0.75, 0.8

    @classmethod
    def version(cls, options, build):
        return first_line("keepalived", "--version")

    @classmethod
    def missing(cls, options, build):
        return None if shutil.which("keepalived") else "keepalived is not installed (Debian: keepalived)"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.states = {}  # by node: the last one that it reported; without a report it is a backup
        self.reports, self.changed = {}, time.monotonic()

    def configure(self):
        interval = max(round(self.timers.election / 3 / 10), 1) / 100
        for node in self.nodes:
            fifo = f"{self.folder_of(node)}/states"
            os.mkfifo(fifo)
            self.reports[node] = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
            with open(f"{self.folder_of(node)}/keepalived.conf", "w", encoding="ascii") as file:
                file.write(f"""\
global_defs {{
    router_id node{node}
    vrrp_version 3
    vrrp_notify_fifo {fifo}
}}
vrrp_instance lead {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {100 - node % 100}
    advert_int {interval:g}
    virtual_ipaddress {{
        {ADDRESS}/24
    }}
}}
""")

    def commands(self, node):
        folder = self.folder_of(node)
        return [("keepalived", ["keepalived", "--dont-fork", "--vrrp", "--log-console", "--use-file",
                                f"{folder}/keepalived.conf", "--pid", f"{folder}/pid", "--vrrp_pid",
                                f"{folder}/vrrp_pid"])]

    def start(self, node):
        self.leads(node)  # reads what it said before it ended
        self.states.pop(node, None)
        for name in ("pid", "vrrp_pid"):  # else it believes that it runs already
            if os.path.exists(f"{self.folder_of(node)}/{name}"):
                os.unlink(f"{self.folder_of(node)}/{name}")
        super().start(node)

    def leads(self, node):
        try:
            for line in os.read(self.reports[node], 65536).decode().splitlines():
                self.states[node], self.changed = line.split()[2], time.monotonic()
        except BlockingIOError:
            pass
        # MASTER_RX_LOWER_PRI: a master that has heard a router of lower priority.
        return self.states.get(node, "").startswith("MASTER")

    def agreed(self, leader):
        return True

    def settled(self, leader):
        """Also that an old leader with a higher priority has taken the lead back."""
        return time.monotonic() > self.changed + 2 * self.timers.election / 1000

    def hand_over(self, leader):
        for process in self.processes[leader]:
            process.signal(signal.SIGTERM)

    def after_hand_over(self, leader):
        self.reap(leader)
        self.start(leader)

    def stop_all(self):
        super().stop_all()
        for report in self.reports.values():
            os.close(report)
        self.reports = {}
