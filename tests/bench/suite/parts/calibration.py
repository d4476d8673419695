"""calibration: what this machine itself adds to every figure: late timers, wake-ups, the network, the disk."""
import os
import socket
import subprocess
import time

from suite.parts.part import Part

TIMES = 200
ECHO = 7399
SLOT = 8192  # as electiond's state file has two of
BETWEEN_WRITES_S = 0.01
LATE, ROUND_TRIP, SAVE = "a sleep of 1 ms is late by", "a round trip over the switch", "a write of 8 KiB and fdatasync"
HEARTBEAT_MS = 100
HEARTBEATS = 40
BARE = "processor time of a round of three processes that only exchange heartbeats, at 100 ms"


def late_timers(add):
    for _ in range(TIMES):
        begun = time.monotonic()
        time.sleep(0.001)
        add(LATE, 1000 * (time.monotonic() - begun) - 1)


def bare_heartbeats(add, build):
    """What no cluster of three can fall below: there is no election, and no code of its own."""
    program = os.path.join(build, "bin", "bare_heartbeats")
    if not os.path.exists(program):
        return
    run = subprocess.run([program, str(HEARTBEAT_MS), str(HEARTBEATS)], check=True, capture_output=True, text=True)
    add(BARE, float(run.stdout))


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
        return TIMES * (0.002 + BETWEEN_WRITES_S + 0.001) + HEARTBEATS * HEARTBEAT_MS / 1000

    def measure(self, cluster, case, add, options):
        late_timers(add)
        bare_heartbeats(add, options.build)
        round_trips(add, options.network)
        disk(add, options.scratch)
