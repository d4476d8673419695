"""calibration: what this machine itself adds to every figure: late timers, wake-ups, the network, the disk."""
import os
import socket
import time

from suite.parts.part import Part

TIMES = 200
ECHO = 7399
SLOT = 8192  # as electiond's state file has two of
BETWEEN_WRITES_S = 0.01
LATE, ROUND_TRIP, SAVE = "a sleep of 1 ms is late by", "a round trip over the switch", "a write of 8 KiB and fdatasync"
NAPS = 40
NAP_S = 0.1
NAP = "processor time of a sleep of 100 ms"  # of the operating system, whose code has left the caches meanwhile


def late_timers(add):
    for _ in range(TIMES):
        begun = time.monotonic()
        time.sleep(0.001)
        add(LATE, 1000 * (time.monotonic() - begun) - 1)


def naps(add):
    for _ in range(NAPS):
        begun = time.thread_time()
        time.sleep(NAP_S)
        add(NAP, 1000 * (time.thread_time() - begun))


def echo(network, port):
    """A process in the namespace of node 1 that answers each byte."""
    child = os.fork()
    if child:
        return child
    try:
        network.enter(1)
        with socket.create_server((network.address(1), port)) as listening:
            connection, _ = listening.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while connection.recv(16):
                connection.send(b"x")
    finally:
        os._exit(0)


def round_trips(add, network):
    network.add(1)
    child = echo(network, ECHO)
    end = time.monotonic() + 10
    while True:
        try:
            connection = socket.create_connection((network.address(1), ECHO), 1)
            break
        except OSError:
            if time.monotonic() > end:
                raise
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(TIMES):
            begun = time.monotonic()
            connection.send(b"x")
            connection.recv(16)
            add(ROUND_TRIP, 1000 * (time.monotonic() - begun))
    os.waitpid(child, 0)


def disk(add, folder):
    path = os.path.join(folder, "disk")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.pwrite(descriptor, bytes(2 * SLOT), 0)
    os.fsync(descriptor)
    for time_ in range(TIMES):
        text = bytes([time_ % 256]) * SLOT
        time.sleep(BETWEEN_WRITES_S)  # as votes come; one after the other, disks may delay them
        begun = time.monotonic()
        os.pwrite(descriptor, text, SLOT * (time_ % 2))
        os.fdatasync(descriptor)
        add(SAVE, 1000 * (time.monotonic() - begun))
    os.close(descriptor)
    os.unlink(path)


class Calibration(Part):
    name = "calibration"
    by_machine = True

    def groups(self, options):
        return [(options.timers, ["machine"])]

    def trials(self, options):
        return options.rounds

    def seconds(self, kind, timers, options):
        return TIMES * (0.002 + BETWEEN_WRITES_S + 0.001) + NAPS * NAP_S

    def measure(self, cluster, case, add, options):
        late_timers(add)
        naps(add)
        round_trips(add, options.network)
        disk(add, options.scratch)
