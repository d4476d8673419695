"""Asks nodes who leads, again and again, and notes when the first of them answers that it leads.

The observer works on the machine that it measures, so it must not ask much, and a node that answers slowly must not
delay what it sees of the others: it then asks the next one, too, and reads whichever answer comes first.
"""
import collections
import os
import select
import time

from suite.subjects.subject import Unsettled

BETWEEN_S = 0.0003  # from an answer to the next question, to whichever node
PATIENCE_S = 0.001  # then it asks the next one, too
LIMIT_S = 30


def prefer():
    """Runs this process before the nodes, so that it does not wait for a processor. True if that is allowed."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
        return True
    except OSError:
        return False


def await_lead(cluster, nodes, begun):
    """Milliseconds from `begun` until one of these says that it leads, and how much of it may be the observer's."""
    questions = {node: cluster.question(node) for node in nodes}
    if all(questions.values()):
        return _together(cluster, questions, begun)
    return _by_turns(cluster, nodes, begun)


def _figures(begun, denied):
    now = time.monotonic()
    return 1000 * (now - begun), 1000 * (now - denied)


def _over(cluster, begun):
    if time.monotonic() > begun + LIMIT_S:
        raise Unsettled(f"{cluster.name}: nobody leads after {LIMIT_S} s")


def _together(cluster, questions, begun):
    turns = collections.deque(questions)  # who is not asked at the moment, in the order of the next questions
    asked = {}  # when, by node
    denied = dict.fromkeys(questions, begun)  # when the question was sent to which the node said no
    due = begun
    while True:
        now = time.monotonic()
        if turns and now >= due:
            node = turns.popleft()
            if questions[node].send():
                asked[node], due = now, now + PATIENCE_S
            else:
                turns.append(node)
                due = now + BETWEEN_S
        wait = max(due - time.monotonic(), 0) if turns else PATIENCE_S
        by_socket = {questions[node].connection: node for node in asked}
        for connection in select.select(list(by_socket), [], [], wait)[0]:
            node = by_socket[connection]
            leads = questions[node].answer()
            if leads:
                return _figures(begun, denied[node])
            if leads is not None:
                denied[node] = asked.pop(node)
                turns.append(node)
                due = time.monotonic() + BETWEEN_S
        _over(cluster, begun)


def _by_turns(cluster, nodes, begun):
    denied = dict.fromkeys(nodes, begun)
    while True:
        for node in nodes:
            sent = time.monotonic()
            if cluster.leads(node):
                return _figures(begun, denied[node])
            denied[node] = sent
        time.sleep(BETWEEN_S * len(nodes))
        _over(cluster, begun)
