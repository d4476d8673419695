"""How long a fail-over should take by the rules alone: by a formula, and by Monte Carlo.

The leader becomes silent at any moment between two heartbeat rounds, so `(1 - share) * H` of the election timeout has
passed already at the quantile `share`. What follows it are requests and saves of a successful campaign. Rules of
electiond: docs/protocol.md, section 4.3 (C1 to C3), V1 and V4, the lease L1, the timers of section 7 and the order of
section 9. Rules of Raft: timers from E to 2 E, and the first of them that expires asks for votes.

Times are milliseconds. `delay` and `save` are functions of a random generator: one way of a message, one fsync.
"""
import dataclasses
import heapq
import random

LEAST_STEP_MS = 4  # R1


@dataclasses.dataclass(frozen=True)
class Timers:
    heartbeat: float  # H
    election: float  # E
    spread: float  # S

    @classmethod
    def of(cls, heartbeat, election):
        return cls(heartbeat, election, election / 2)


# ---- by formula ------------------------------------------------------------------------------------------------------


def succession_formula(timers, delay, save, share):
    """Place 0 campaigns at E after its last heartbeat, which the leader sent up to H before it became silent.

    Seven messages one after the other: the last heartbeat, pre-vote, vote and first heartbeat with their answers. Four
    saves: the candidate's and the voter's at the same time (D1a); nobody waits for the others (D1b).
    """
    return timers.election - (1 - share) * timers.heartbeat + 7 * delay + save


def raft_formula(timers, nodes, delay, save, share):
    """The first of the survivors' timers; a campaign without pre-vote, and no lease. Split votes are left out."""
    first = timers.election * (1 - (1 - share) ** (1 / (nodes - 1)))
    return timers.election + first - timers.heartbeat / 2 + 3 * delay + 2 * save


def handover_formula(rules, delay, save):
    """T2, T3: /timeout-now, then what succession_formula() says without the last heartbeat and the pre-vote.

    Raft: the same request, then a vote; there is no lease.
    """
    return 5 * delay + save if rules == "succession" else 3 * delay + 2 * save


# ---- by Monte Carlo --------------------------------------------------------------------------------------------------


class Survivor:
    """What a follower knows: of its last heartbeat, of terms and votes, and of its own campaign."""

    def __init__(self, heard):
        self.heard, self.term, self.voted, self.saved = heard, 0, None, 0.0
        self.role, self.votes, self.due = "follower", 0, 0.0


class SilentDeath:
    """One death of a leader at time 0, among `nodes` voters; run() returns when another leads."""

    saves_first = True  # a candidate asks when it has saved its own vote

    def __init__(self, chance, nodes, timers, delay, save):
        self.chance, self.timers, self.quorum = chance, timers, nodes // 2 + 1
        self.delay, self.save = lambda: delay(chance), lambda: save(chance)
        sent = -chance.uniform(0, timers.heartbeat)  # the last round
        self.nodes = [Survivor(sent + self.delay()) for _ in range(nodes - 1)]
        self.events, self.count = [], 0

    def at(self, when, what, *arguments):
        self.count += 1
        heapq.heappush(self.events, (when, self.count, what, arguments))

    def set_timer(self, node, when):
        node.due = when
        self.at(when, self.expire, node, when)

    def run(self):
        for place, node in enumerate(self.nodes):
            self.set_timer(node, self.first_timer(place, node))
        while True:
            now, _, what, arguments = heapq.heappop(self.events)
            elected = what(now, *arguments)
            if elected is not None:
                return elected

    def expire(self, now, node, due):
        if node.due == due:  # else it was set anew
            self.on_timer(now, node)

    def ask(self, now, node, what, term):
        for other in self.nodes:
            if other is not node:
                self.at(now + self.delay(), what, other, node, term)

    def stand(self, now, node):
        """The node votes for itself, saves that, and asks the others."""
        node.term, node.voted, node.role, node.votes = node.term + 1, node, "candidate", 1
        node.saved = now + self.save()
        self.ask(node.saved if self.saves_first else now, node, self.on_vote_request, node.term)

    def refuses(self, other, node, term):  # V3
        return term < other.term or (term == other.term and other.voted not in (None, node))

    def grant(self, now, other, node, term):
        other.term, other.voted, other.role = term, node, "follower"
        self.at(now + self.save() + self.delay(), self.on_vote, node, term)

    def on_vote(self, now, node, term):
        if node.role != "candidate" or node.term != term:
            return None
        node.votes += 1
        return self.win(max(now, node.saved)) if node.votes == self.quorum else None


class Succession(SilentDeath):
    """By the rules of electiond; ordered=False: with random timers, as if the leader had sent no order."""

    saves_first = False  # D1a

    def __init__(self, *arguments, ordered=True):
        super().__init__(*arguments)
        self.ordered = ordered
        self.step = LEAST_STEP_MS + 4 * 2 * max(self.delay() for _ in self.nodes)  # R1

    def random_timer(self):
        return self.timers.election + self.chance.uniform(0, self.timers.spread)

    def first_timer(self, place, node):  # R2
        return node.heard + (self.timers.election + place * self.step if self.ordered else self.random_timer())

    def short_retry(self, now):
        return now + self.timers.election / 4 + self.chance.uniform(0, self.timers.spread)

    def on_timer(self, now, node):  # C1
        node.role, node.votes = "precandidate", 1
        self.set_timer(node, self.short_retry(now))
        self.ask(now, node, self.on_pre_vote, node.term + 1)

    def promised(self, now, other):  # V1
        return now < other.heard + self.timers.election

    def on_pre_vote(self, now, other, node, term):
        if not self.promised(now, other) and not self.refuses(other, node, term):
            self.at(now + self.delay(), self.on_pre_vote_granted, node, term)

    def on_pre_vote_granted(self, now, node, term):  # C2
        if node.role != "precandidate" or term != node.term + 1:
            return
        node.votes += 1
        if node.votes == self.quorum:
            self.set_timer(node, now + self.random_timer())
            self.stand(now, node)

    def on_vote_request(self, now, other, node, term):
        if self.promised(now, other) or self.refuses(other, node, term):
            self.at(now + self.delay(), self.on_refusal, node, term)
        else:
            self.set_timer(other, now + self.random_timer())  # V4
            self.grant(now, other, node, term)

    def on_refusal(self, now, node, term):
        if node.role == "candidate" and node.term == term:
            self.set_timer(node, min(node.due, self.short_retry(now)))

    def win(self, now):
        """The first heartbeat and its acks, for which nobody saves (D1b); then there is a lease."""
        acks = sorted(self.delay() + self.delay() for _ in self.nodes[1:])
        return now + acks[self.quorum - 2]


class Raft(SilentDeath):
    """By the rules of Raft, with timers from E to 2 E that are counted in steps of H, as etcd does."""

    def timer(self, since):
        steps = max(round(self.timers.election / self.timers.heartbeat), 1)
        # The clock of each node ticks by itself, so the first step is shorter than H.
        return since + (self.chance.randrange(steps, 2 * steps) - self.chance.random()) * self.timers.heartbeat

    def first_timer(self, place, node):
        return self.timer(node.heard)

    def on_timer(self, now, node):
        self.set_timer(node, self.timer(now))
        self.stand(now, node)

    def on_vote_request(self, now, other, node, term):
        if not self.refuses(other, node, term):
            self.set_timer(other, self.timer(now))
            self.grant(now, other, node, term)

    def win(self, now):
        return now


class PlannedHandover:
    """From the request to a leader that may hand over at once, until the new leader may answer that it leads."""

    def __init__(self, chance, nodes, delay, save, rules):
        self.nodes, self.rules = nodes, rules
        self.delay, self.save = lambda: delay(chance), lambda: save(chance)

    def round(self, save):
        """Until a quorum has answered, each node after a save. The old leader answers, too."""
        return sorted(self.delay() + save() + self.delay() for _ in range(self.nodes - 1))[self.nodes // 2 - 1]

    def run(self):
        if self.rules != "succession":
            return self.delay() + self.save() + self.round(self.save)
        # The target and its voters save at the same time (D1a); nobody saves for the first heartbeat (D1b).
        return self.delay() + max(self.save(), self.round(self.save)) + self.round(lambda: 0.0)


def monte_carlo(rules, times, seed, *arguments, **more):
    """So many trials. The arguments are those of the class `rules`, but the generator."""
    chance = random.Random(seed)
    return [rules(chance, *arguments, **more).run() for _ in range(times)]
