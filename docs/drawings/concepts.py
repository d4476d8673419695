#!/usr/bin/env python3
"""Draws the pictures of docs/concepts.md into FOLDER, or beside this script: concepts.py [FOLDER]."""

import os
import sys

sys.dont_write_bytecode = True  # so that Python writes no files beside the sources

from picture import CANDIDATE, FAINT, FOLLOWER, GONE, HARM, INK, LEADER, PAPER, PROMISE, SOFT, Picture


def node(picture, x, y, name, colours, below):
    picture.circle(x, y, 26, colours)
    picture.text(x, y + 6, name, 17, bold=True)
    picture.text(x, y + 46, below, 12, SOFT)


def quorum():
    p = Picture(760, 290, "A cluster and its quorum",
                "Five voters. A cut network separates three of them from two. The three are a quorum, and their leader "
                "goes on. The other two are no quorum, so neither of them can become the leader.")
    p.text(380, 32, "Five voters: a quorum is three. A cut can leave at most one side with a quorum.", 15, bold=True)
    p.box(30, 56, 410, 210, (PAPER, LEADER[1]), dashed=True)
    p.box(490, 56, 240, 210, (PAPER, GONE[1]), dashed=True)
    for to in (95, 375):
        p.arrow((235 + (25 if to > 235 else -25), 118), (to + (25 if to < 235 else -25), 165), colour=FOLLOWER[1])
    node(p, 235, 106, "1", LEADER, "leader")
    node(p, 95, 178, "2", FOLLOWER, "follower")
    node(p, 375, 178, "3", FOLLOWER, "follower")
    p.text(235, 185, "heartbeats", 12, SOFT)
    node(p, 555, 130, "4", GONE, "no leader")
    node(p, 665, 130, "5", GONE, "no leader")
    p.text(235, 250, "3 of 5: a quorum, so there is a leader", 14, room=390)
    p.text(610, 226, "2 of 5: no quorum,", 14, room=225)
    p.text(610, 246, "so nobody can be elected", 14, room=225)
    p.line(465, 50, 465, 272, HARM[1], 2.5, dashed=True)
    p.cross(465, 161)
    return p


def term():
    p = Picture(760, 330, "Terms and fencing tokens over time",
                "Node 1 leads term 1 with fencing token 1 and crashes. Node 3 is elected for term 2 with token 2. It "
                "hands over to node 2, which leads term 3 with token 3. The number only rises, and no term has two "
                "leaders.")
    p.text(380, 32, "Each leader has a term of its own. The number of the term is the fencing token.", 15, bold=True)
    rows = {"1": 70, "2": 118, "3": 166}
    for name, y in rows.items():
        p.text(30, y + 21, f"node {name}", 14, anchor="start")
        p.line(100, y + 16, 735, y + 16, FAINT)
    bar = 32
    p.label(100, rows["1"], 190, bar, "leads term 1", LEADER)
    p.cross(290, rows["1"] + 16)
    p.text(304, rows["1"] + 11, "crashes", 13, HARM[1], "start")
    p.label(350, rows["3"], 180, bar, "leads term 2", LEADER)
    p.text(522, rows["3"] - 8, "hands over", 13, SOFT, "end")
    p.label(550, rows["2"], 185, bar, "leads term 3", LEADER)
    for x, top in ((290, 108), (350, 198), (530, 198), (550, 150)):
        p.line(x, top, x, 290, FAINT, 1, dashed=True)
    p.text(320, 224, "election", 12, SOFT)
    p.text(30, 262, "token", 14, anchor="start")
    for x1, x2, y, token in ((100, 290, 284, "1"), (350, 530, 264, "2"), (550, 735, 244, "3")):
        p.line(x1, y, x2, y, LEADER[1], 3)
        p.text((x1 + x2) / 2, y - 7, token, 16, bold=True)
    p.arrow((100, 304), (735, 304))
    p.text(735, 322, "time", 12, SOFT, "end")
    return p


def lease():
    p = Picture(760, 380, "Why two leases cannot overlap",
                "Node 1 sends heartbeats. Its lease begins before it sends them, and is 2 percent shorter than the "
                "promises of nodes 2 and 3, which begin when they receive them. So the lease ends before the promises "
                "end. Only then can node 2 be elected, and its own lease begins later still.")
    p.text(380, 32, "A lease begins earlier and is shorter than the promises on which it rests.", 15, bold=True)
    rows = {"1": 84, "2": 158, "3": 232}
    for name, y in rows.items():
        p.text(24, y + 23, f"node {name}", 14, anchor="start")
    sent, received, lease_end, promise_end, new = 100, 128, 470, 516, 584
    p.text(sent, 64, "sends heartbeats", 12, SOFT, "start")
    p.label(sent, rows["1"], lease_end - sent, 36, "lease: node 1 leads", LEADER)
    p.text((lease_end + 750) / 2, rows["1"] + 23, "has stopped leading by itself", 13, SOFT, room=750 - lease_end)
    for name in "23":
        p.arrow((sent, rows["1"] + 36), (received, rows[name]), colour=FOLLOWER[1])
    p.label(received, rows["2"], promise_end - received, 36, "promise: I elect nobody but node 1", PROMISE)
    p.label(received, rows["3"], promise_end - received, 36, "promise: I elect nobody but node 1", PROMISE)
    p.label(promise_end, rows["2"], new - promise_end, 36, "elected", CANDIDATE, size=12)
    p.label(new, rows["2"], 750 - new, 36, "lease: node 2 leads", LEADER)
    for x, words, y, anchor, colour in (
            (lease_end, "lease ends", 300, "end", LEADER[1]), (promise_end, "promises end", 300, "start", FOLLOWER[1]),
            (new, "earliest new lease", 262, "start", LEADER[1])):
        top = rows["1"] + 36 if x == lease_end else rows["2"] + 36
        p.line(x, top, x, y + 6, colour, 1.5, dashed=True)
        p.text(x + (-6 if anchor == "end" else 6), y, words, 13, INK, anchor)
    p.arrow((100, 344), (750, 344))
    p.text(750, 364, "time", 12, SOFT, "end")
    p.text(100, 364, "With the default timers a promise lasts 1000 ms, and a lease 980 ms.", 12, SOFT, "start")
    return p


def life():
    p = Picture(760, 400, "The life of a node",
                "A blank node asks to join and becomes an observer, which follows the leader. When it is stable it is a "
                "standby, then a voter. A voter can become the leader, and then a voter again. A node that leaves or is "
                "removed, or that has lost its data directory, comes back only as a new, blank node.")
    p.text(380, 32, "A node earns its vote. Only a voter can lead.", 15, bold=True)
    w, h = 118, 54
    x = {"joining": 24, "observer": 174, "standby": 324, "voter": 474, "leader": 620}
    y = 96
    p.label(x["joining"], y, w, h, "joining", GONE, bold=True, below="blank")
    p.label(x["observer"], y, w, h, "observer", FOLLOWER, bold=True, below="follows, no vote")
    p.label(x["standby"], y, w, h, "standby", FOLLOWER, bold=True, below="ready, waits")
    p.label(x["voter"], y, w, h, "voter", FOLLOWER, bold=True, below="its vote counts")
    p.label(x["leader"], y, w, h, "leader", LEADER, bold=True, below="one of the voters")
    names = list(x)
    for left, right in zip(names[:3], names[1:4]):
        p.arrow((x[left] + w, y + 27), (x[right], y + 27))
    p.arrow((x["voter"] + w, y + 18), (x["leader"], y + 18))
    p.arrow((x["leader"], y + 36), (x["voter"] + w, y + 36))
    # The reason for each step, below its arrow, because there is space.
    for at, lines in ((158, ("a leader", "admits it")), (308, ("stable for", "2 s")),
                      (458, ("a place", "is free"))):
        p.line(at, y + 32, at, y + 72, FAINT)
        for i, words in enumerate(lines):
            p.text(at, y + 86 + 16 * i, words, 12, SOFT)
    p.line(606, y + 44, 606, y + 72, FAINT)
    p.text(606, y + 86, "wins an election;", 12, SOFT)
    p.text(606, y + 102, "lease ends or hand-over", 12, SOFT)
    # The ways back.
    p.label(474, 262, w, h, "removed", HARM, bold=True, below="permanently")
    p.arrow((510, y + h), (510, 262), colour=HARM[1])
    p.text(520, 244, "leave, remove", 12, SOFT, "start")
    p.arrow((474, 289), (83, 289), (83, y + h))
    p.text(280, 282, "rejoin: a new node with a new uuid", 12, SOFT)
    p.arrow((680, y), (680, 66), (83, 66), (83, y))
    p.text(380, 60, "a node that loses its data directory begins again as a blank node", 12, SOFT)
    p.label(24, 346, 200, 34, "node.observer: true", FOLLOWER, size=13)
    p.text(236, 368, "stays an observer.", 13, SOFT, "start")
    p.text(440, 368, "The founders are voters at once.", 13, SOFT, "start")
    return p


def failover_steps():
    p = Picture(760, 452, "A failover, step by step",
                "Node 1 leads and sends heartbeats. It crashes. For one election timeout nothing happens, because nodes "
                "2 and 3 have promised to elect nobody else. Then node 2 asks for a pre-vote, then for a vote in term 3, "
                "then sends heartbeats of its own. With the first acknowledgements it has a lease and leads.")
    p.text(380, 32, "Wait for the promise to end, ask, vote, lead.", 15, bold=True)
    x = {"1": 130, "2": 380, "3": 630}
    for name, words, colours in (("1", "node 1, leads term 2", LEADER), ("2", "node 2", FOLLOWER),
                                 ("3", "node 3", FOLLOWER)):
        p.label(x[name] - 95, 52, 190, 32, words, colours)
    p.line(130, 84, 130, 134, LEADER[1], 4)
    p.line(380, 84, 380, 436, SOFT)
    p.line(630, 84, 630, 436, SOFT)
    p.arrow((130, 100), (376, 108), colour=FOLLOWER[1])
    p.arrow((380, 110), (626, 116), colour=FOLLOWER[1])
    p.text(250, 96, "heartbeat", 12, SOFT)
    p.cross(130, 134)
    p.text(130, 162, "killed", 13, HARM[1])
    p.box(300, 126, 410, 62, PROMISE)
    p.text(505, 150, "one election timeout (1 s): both keep the promise", 13, room=400)
    p.text(505, 170, "that they gave with the last heartbeat", 13, room=400)
    for y, words, answer in ((212, "pre-vote for term 3?", "yes, nothing changes"),
                             (284, "vote for term 3?", "yes, saved to disk"),
                             (356, "heartbeat of term 3", "accepted, with a promise")):
        p.arrow((380, y), (626, y + 8), colour=CANDIDATE[1])
        p.arrow((630, y + 22), (384, y + 30), colour=CANDIDATE[1])
        p.text(505, y - 4, words, 12, INK)
        p.text(505, y + 43, answer, 12, SOFT)
    p.line(380, 388, 380, 436, LEADER[1], 4)
    p.label(226, 396, 140, 34, "leads term 3", LEADER, bold=True)
    p.text(360, 222, "campaigns", 13, SOFT, "end")
    p.text(360, 294, "saves its vote", 13, SOFT, "end")
    p.text(360, 366, "won the election", 13, SOFT, "end")
    return p


def discovery():
    p = Picture(760, 320, "Discovery is not membership",
                "Discovery returns the addresses of nodes 1, 2 and 4. The membership is the list of voters 1, 2 and 3, on "
                "which a quorum has agreed. Node 4 may ask to join. Discovery no longer returns node 3, but node 3 stays "
                "a voter, so the quorum is still two of three.")
    p.text(380, 32, "Discovery finds addresses of nodes. Only the members decide which nodes vote.", 15, bold=True)
    p.box(30, 56, 240, 190, (PAPER, GONE[1]), dashed=True)
    p.text(150, 80, "discovery: addresses", 14, bold=True, room=230)
    p.text(150, 99, "a file, DNS, etcd, a program …", 12, SOFT)
    p.label(55, 114, 190, 30, "10.0.0.1:7401", GONE)
    p.label(55, 152, 190, 30, "10.0.0.2:7401", GONE)
    p.label(55, 190, 190, 30, "10.0.0.4:7401", GONE)
    p.box(480, 56, 250, 190, (PAPER, LEADER[1]))
    p.text(605, 80, "membership: voters", 14, bold=True, room=240)
    p.text(605, 99, "agreed on by a quorum, on disk", 12, SOFT)
    for y, name in ((114, "1"), (152, "2"), (190, "3")):
        p.label(505, y, 200, 30, f"node {name}: voter", FOLLOWER)
    p.arrow((245, 205), (480, 224), colour=CANDIDATE[1])
    p.text(372, 192, "a new address may", 12)
    p.text(372, 240, "only ask to join", 12)
    p.arrow((245, 130), (502, 130), colour=FOLLOWER[1])
    p.text(374, 122, "how to reach a member", 12)
    p.text(605, 270, "discovery has lost node 3:", 13)
    p.text(605, 288, "it still counts, quorum 2 of 3", 13)
    p.text(150, 270, "may be wrong, late, empty", 13)
    p.text(150, 288, "or down", 13)
    return p


def token():
    p = Picture(760, 400, "What a program does with a fencing token",
                "Program A beside the leader of term 7 sends token 7 with a write, and is then paused. Node 2 becomes the "
                "leader of term 8; program B writes with token 8, and the storage remembers 8. Program A continues, and "
                "its late write with token 7 is refused, because 7 is below 8.")
    p.text(380, 32, "The resource keeps the highest token, and refuses what is lower.", 15, bold=True)
    x = {"a": 130, "s": 380, "b": 630}
    p.label(x["a"] - 105, 52, 210, 44, "program A", FOLLOWER, below="beside node 1")
    p.label(x["s"] - 105, 52, 210, 44, "the resource", GONE, below="a database, a store …")
    p.label(x["b"] - 105, 52, 210, 44, "program B", FOLLOWER, below="beside node 2")
    for at in x.values():
        p.line(at, 96, at, 384, FAINT, 2)
    p.arrow((130, 122), (376, 130), colour=LEADER[1], width=2)
    p.text(250, 118, "write, token 7", 13)
    p.label(390, 118, 130, 28, "highest: 7", LEADER, size=13)
    p.box(62, 150, 136, 130, HARM, dashed=True)
    p.text(130, 206, "paused,", 13)
    p.text(130, 224, "node 1 is cut off", 13, room=134)
    p.label(545, 160, 170, 28, "node 2 leads term 8", LEADER, size=13)
    p.arrow((630, 212), (384, 220), colour=LEADER[1], width=2)
    p.text(505, 208, "write, token 8", 13)
    p.label(240, 208, 130, 28, "highest: 8", LEADER, size=13)
    p.arrow((130, 310), (376, 318), colour=HARM[1], width=2)
    p.text(250, 306, "late write, token 7", 13)
    p.label(390, 304, 190, 30, "7 < 8: refused", HARM, bold=True)
    p.arrow((376, 346), (134, 354), colour=HARM[1], width=2)
    p.text(250, 374, "you are not the leader any more", 13)
    return p


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    for draw in (quorum, term, lease, life, failover_steps, discovery, token):
        with open(os.path.join(folder, draw.__name__.replace("_", "-") + ".svg"), "w", encoding="utf-8") as file:
            file.write(draw().svg())


if __name__ == "__main__":
    main()
