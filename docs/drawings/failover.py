#!/usr/bin/env python3
"""Records a failover of a real cluster, and draws what was recorded.

failover.py record BIN DATA [TIMEOUT]   runs three nodes of BIN/electiond with this election_timeout (1000ms), kills the
                                        leader, starts it again, and writes each event with its time to DATA
failover.py draw DATA PICTURE           draws the events of DATA

All times are from one clock, which is read when a line of `GET /events` arrives from a node. They are rounded to a
millisecond, and no event is added. Needs the standard library only.
"""

import http.client
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True  # so that Python writes no files beside the sources

from picture import CANDIDATE, FAINT, FOLLOWER, GONE, HARM, LEADER, SOFT, Picture

NODES = ("1", "2", "3")
LIMIT_S = 60


# ---- recording -------------------------------------------------------------------------------------------------------

def free_ports(count):
    """Free ports below the range that the system uses for outgoing connections."""
    found = []
    for port in range(24000 + os.getpid() % 4000, 32000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                found.append(port)
            except OSError:
                continue
        if len(found) == count:
            return found
    raise SystemExit("no free ports")


class Node:
    """One electiond, and a thread that follows its events."""

    def __init__(self, name, program, folder, ports, timeout, heard):
        self.name, self.program, self.heard = name, program, heard
        self.api, self.process = ports[name][0], None
        self.file = os.path.join(folder, name + ".yaml")
        self.log = os.path.join(folder, name + ".log")
        peers = ", ".join(f'"{node}": "127.0.0.1:{ports[node][1]}"' for node in NODES)
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(f'node: {{id: "{name}", data_dir: {folder}/data{name}}}\n'
                       f'cluster: {{name: failover, bootstrap: all, voters: {json.dumps(NODES)}}}\n'
                       f'api: {{listen: "127.0.0.1:{self.api}"}}\n'
                       f'transport: {{listen: "127.0.0.1:{ports[name][1]}"}}\n'
                       f'discovery: [{{plugin: static_list, peers: {{{peers}}}}}]\n'
                       f'election: {{election_timeout: {timeout}}}\n')

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.program, "--config", self.file], stdin=subprocess.DEVNULL, stderr=log)
        threading.Thread(target=self.follow, args=(self.process,), daemon=True).start()

    def follow(self, process):
        connection = None
        while connection is None and process.poll() is None:
            try:
                attempt = http.client.HTTPConnection("127.0.0.1", self.api, timeout=LIMIT_S)
                attempt.request("GET", "/events")
                connection = attempt
            except OSError:
                time.sleep(0.005)  # the port is not open yet
        try:
            name = ""
            for line in connection.getresponse():
                now = time.monotonic()
                if line.startswith(b"event: "):
                    name = line[7:].strip().decode()
                elif line.startswith(b"data: "):
                    self.heard.put((now, self.name, name, json.loads(line[6:])))
        except (AttributeError, OSError, http.client.HTTPException):
            pass  # the process has ended

    def ready(self):
        try:
            attempt = http.client.HTTPConnection("127.0.0.1", self.api, timeout=2)
            attempt.request("GET", "/readyz")
            return attempt.getresponse().status == 200
        except OSError:
            return False

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


class Recording:
    def __init__(self):
        self.heard, self.all = queue.Queue(), []

    def note(self, node, event, **data):
        """Records an action of this script."""
        self.all.append((time.monotonic(), node, event, data))

    def take(self, until):
        """Records events until the awaited one arrives, and returns that."""
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            try:
                event = self.heard.get(timeout=0.2)
            except queue.Empty:
                continue
            self.all.append(event)
            if until(*event[1:]):
                return event
        raise SystemExit("it did not happen: the awaited event did not come")


    def leader(self):
        """The node that leads according to the newest events; None if none does."""
        newest = {node: data["isLeader"] for _, node, event, data in self.all if event in ("reset", "state")}
        return next((node for node, leads in newest.items() if leads), None)


def record(program, timeout, path):
    folder = tempfile.mkdtemp()
    free = free_ports(6)
    ports = {name: (free[2 * i], free[2 * i + 1]) for i, name in enumerate(NODES)}
    recording = Recording()
    nodes = {name: Node(name, program, folder, ports, timeout, recording.heard) for name in NODES}
    try:
        for node in nodes.values():
            node.start()
        await_true(lambda: all(node.ready() for node in nodes.values()))
        seconds = duration_s(timeout)
        leader = None
        while leader is None:  # on a busy machine the first leader may be replaced by now
            recording.take(lambda _, event, data: event == "state" and data["isLeader"])
            pause(recording, 0.5 * seconds)
            leader = recording.leader()
        recording.note(leader, "kill")
        nodes[leader].kill()
        recording.take(lambda node, event, data: node != leader and event == "state" and data["isLeader"])
        third = next(name for name in NODES if name not in (leader, recording.all[-1][1]))
        if not any(e[1] == third and e[2] == "leader" and e[3]["leaderId"] not in (None, leader) for e in recording.all):
            recording.take(lambda node, event, data: node == third and event == "leader")
        pause(recording, 0.5 * seconds)
        recording.note(leader, "start")
        nodes[leader].start()
        recording.take(lambda node, event, data: node == leader and event == "leader")
        pause(recording, 0.8 * seconds)
        recording.note("", "end")
    except SystemExit:
        for node in nodes.values():
            sys.stderr.write(open(node.log, encoding="utf-8").read())
        raise
    finally:
        for node in nodes.values():
            node.kill()
        shutil.rmtree(folder)
    write_record(recording, leader, timeout, program, path)


def await_true(condition):
    end = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("it did not happen: the nodes are not ready")
        time.sleep(0.02)


def pause(recording, seconds):
    """Records events for this time, which the picture then shows."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        try:
            recording.all.append(recording.heard.get(timeout=left))
        except queue.Empty:
            return


def duration_s(text):
    return float(text[:-2]) / 1000 if text.endswith("ms") else float(text[:-1])


def write_record(recording, leader, timeout, program, path):
    begin = next(at for at, _, event, _ in recording.all if event == "kill")
    kept = ("state", "isLeader", "term", "leaderId", "fencingToken", "reason", "gapMs", "why")
    events = []
    for at, node, event, data in sorted(recording.all, key=lambda each: each[0]):
        if event in ("reset", "state", "leader", "no-leader", "kill", "start", "end"):
            events.append({"ms": round((at - begin) * 1000), "node": node, "event": event,
                           **{key: data[key] for key in kept if key in data}})
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    lines = ",\n  ".join(json.dumps(event) for event in events)
    head = json.dumps({"electionTimeout": timeout, "version": version, "killed": leader})
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'{head[:-1]}, "events": [\n  {lines}\n]}}\n')


# ---- drawing ---------------------------------------------------------------------------------------------------------

COLOURS = {"LEADER": LEADER, "FOLLOWER": FOLLOWER, "CANDIDATE": CANDIDATE, "down": GONE, "starts": GONE}


def spans(events, node, first, last):
    """The states of the node and their times: (from, until, state, term, leader)."""
    found, state, term, leader, since = [], None, 0, None, first

    def change(at, new):
        nonlocal state, term, leader, since
        if state is not None and at > since and new != (state, term, leader):
            found.append((since, at, state, term, leader))
        if new != (state, term, leader):
            since = max(at, first)
        state, term, leader = new

    for each in events:
        if each["node"] != node:
            continue
        at, event = each["ms"], each["event"]
        if event == "kill":
            change(at, ("down", 0, None))
        elif event == "start":
            change(at, ("starts", 0, None))
        elif event == "reset":
            change(at, (each["state"], each["term"], each["leaderId"]))
        elif event == "state":
            change(at, (each["state"], each["term"], node if each["isLeader"] else leader))
        elif event == "leader":
            change(at, (state, each["term"], each["leaderId"]))
        elif event == "no-leader":
            change(at, (state, each["term"], None))
    found.append((since, last, state, term, leader))
    return found


def marks_of(events, killed):
    """The moments that the picture labels: (ms, words)."""
    after = [each for each in events if each["ms"] >= 0]
    leads = next(e for e in after if e["event"] == "state" and e["isLeader"])
    asks = next((e for e in after if e["event"] == "state" and e["state"] == "CANDIDATE" and e["node"] == leads["node"]),
                None)
    third = next(node for node in NODES if node not in (killed, leads["node"]))
    follows = next(e for e in after if e["node"] == third and e["event"] == "leader")
    start = next(e for e in after if e["event"] == "start")
    back = next(e for e in after if e["node"] == killed and e["event"] == "leader")
    marks = [(0, f"kill -9 of node {killed}, the leader")]
    if asks is not None:
        marks.append((asks["ms"], f"node {asks['node']} asks for votes: CANDIDATE"))
    marks.append((leads["ms"], f"node {leads['node']} is LEADER of term {leads['term']}, fencing token "
                               f"{leads['fencingToken']}"))
    marks.append((follows["ms"], f"node {third} follows node {follows['leaderId']}: FOLLOWER"))
    marks.append((start["ms"], f"node {killed} is started again"))
    marks.append((back["ms"], f"node {killed} follows node {back['leaderId']}: FOLLOWER"))
    return sorted(marks)


def draw(data):
    events, killed = data["events"], data["killed"]
    last = events[-1]["ms"]
    first = -round(last * 0.16)
    marks = marks_of(events, killed)
    left, right, top = 86, 790, 62
    height = top + 3 * 44 + 54 + 22 * len(marks)
    leads = next(e for e in events if e["ms"] >= 0 and e["event"] == "state" and e["isLeader"])
    p = Picture(820, height, "A failover, as it was recorded",
                "Three nodes. " + ". ".join(f"At {ms} ms: {words}" for ms, words in marks) + ".")
    p.text(410, 26, f"The leader dies; {leads['ms']} ms later another one leads", 16, bold=True)
    p.text(410, 46, f"recorded from three real nodes, {data['version']}, election_timeout {data['electionTimeout']}", 12,
           SOFT)

    def x(ms):
        return left + (right - left) * (ms - first) / (last - first)

    bottom = top + 3 * 44
    for ms, _ in marks:
        p.line(x(ms), top - 4, x(ms), bottom + 2, HARM[1] if ms == 0 else SOFT, 1, dashed=True)
    for i, node in enumerate(NODES):
        y = top + 44 * i
        p.text(16, y + 22, f"node {node}", 14, anchor="start")
        for begin, end, state, term, leader in spans(events, node, first, last):
            width = x(end) - x(begin)
            p.box(x(begin), y, width, 32, COLOURS[state], radius=min(5, width / 2), dashed=state in ("down", "starts"))
            words = {"LEADER": f"LEADER, term {term}", "FOLLOWER": f"FOLLOWER of {leader}", "down": "killed",
                     "starts": "starts", "CANDIDATE": "CANDIDATE"}[state]
            if state == "FOLLOWER" and leader is None:
                words = "FOLLOWER"
            fitting = [each for each in (words, words.split(",")[0].split(" of")[0]) if p.fits(each, 13, width - 6)]
            if fitting:
                p.text((x(begin) + x(end)) / 2, y + 21, fitting[0], 13)
    p.cross(x(0), top + 44 * NODES.index(killed) + 16)
    p.arrow((left, bottom + 4), (right, bottom + 4))
    step = next(step for step in (50, 100, 200, 500, 1000, 2000) if (last - first) / step < 9)
    for ms in range(0, last, step):
        p.line(x(ms), bottom + 4, x(ms), bottom + 9, SOFT)
        p.text(x(ms), bottom + 23, f"{ms} ms" if ms else "0", 12, SOFT)
    y = bottom + 54
    for ms, words in marks:
        p.text(150, y, f"{ms} ms", 13, anchor="end", bold=True)
        p.text(166, y, words, 13, anchor="start")
        y += 22
    p.line(30, bottom + 34, 790, bottom + 34, FAINT)
    return p


def main():
    arguments = sys.argv[1:]
    if len(arguments) in (3, 4) and arguments[0] == "record":
        record(os.path.join(os.path.abspath(arguments[1]), "electiond"),
               arguments[3] if len(arguments) == 4 else "1000ms", arguments[2])
    elif len(arguments) == 3 and arguments[0] == "draw":
        with open(arguments[1], encoding="utf-8") as file:
            data = json.load(file)
        with open(arguments[2], "w", encoding="utf-8") as file:
            file.write(draw(data).svg())
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
