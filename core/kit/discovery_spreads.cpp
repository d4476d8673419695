// Cases of a discovery whose instances find each other, as they do if announce makes a node known.
#include <algorithm>
#include <deque>
#include <functional>
#include <utility>

#include "kit/discovery_node.h"

namespace electiond::kit {
namespace {

constexpr Milliseconds kToSpread{8000};

// Two nodes, each of which announces itself before it polls.
struct Pair {
    explicit Pair(Trial& tested)
        : trial(tested), a(tested, {.node_id = "a"}), b(tested, {.node_id = "b"}) {}

    [[nodiscard]] bool meet(Milliseconds limit = kToSpread) {
        return trial.eventually("two nodes look for each other", limit, [&] {
            a.announce(self_a);
            b.announce(self_b);
            return b.knows_id("a") && a.knows_id("b");
        });
    }

    Trial& trial;
    Peer self_a = peer("a", 1), self_b = peer("b", 2);
    DiscoveryNode a, b;
};

void met(Pair& pair) {
    expect(pair.meet(), "two nodes that announce themselves have not found each other within " +
                            in_words(kToSpread));
}

void spreads(Trial& trial) {
    Pair pair(trial);
    if (!pair.meet(Milliseconds(4000))) {
        throw Skipped{"a node does not find what another node announces"};
    }
}

void spreads_all(Trial& trial) {
    Pair pair(trial);
    pair.self_a.addresses = {{"127.0.0.1", 4001}, {"::1", 4002}, {"node-a.example", 4003}};
    met(pair);
    const auto found = trial.eventually("poll", kToSpread, [&] {
        pair.a.announce(pair.self_a);
        return pair.b.knows(pair.self_a);
    });
    if (found) return;
    for (const auto& each : pair.b.poll()) {
        if (each.id != pair.self_a.id) continue;
        throw Failed{"another node finds " + in_words(each) + ", uuid " +
                     (each.uuid ? each.uuid->value : "none") + ", api \"" + each.api +
                     "\", where " + in_words(pair.self_a) + ", uuid " + pair.self_a.uuid->value +
                     ", api \"" + pair.self_a.api + "\" was announced"};
    }
    throw Failed{"a node that was found is not found any more"};
}

void spreads_changes(Trial& trial) {
    Pair pair(trial);
    met(pair);
    const auto old = pair.self_a;
    pair.self_a.addresses = {{"127.0.0.2", 4711}, {"::1", 4712}};
    expect(trial.eventually("poll", kToSpread,
                            [&] {
                                pair.a.announce(pair.self_a);
                                return pair.b.knows(pair.self_a) && !pair.b.knows(old);
                            }),
           "another node does not find the new address of a node");
}

void spreads_withdrawal(Trial& trial) {
    Pair pair(trial);
    met(pair);
    pair.a.withdraw();
    expect(trial.eventually("poll", kToSpread,
                            [&] {
                                pair.b.announce(pair.self_b);
                                return !pair.b.knows_id("a");
                            }),
           "another node still finds a node that has withdrawn");
}

// Later announcements of other nodes might restore what withdraw has removed, so b makes none.
void withdraws_itself_alone(Trial& trial) {
    Pair pair(trial);
    met(pair);
    DiscoveryNode c(trial, {.node_id = "c"});
    const auto c_sees = [&](const std::function<bool()>& condition) {
        return trial.eventually("poll", kToSpread, [&] {
            c.announce(peer("c", 3));
            return condition();
        });
    };
    expect(c_sees([&] {
               pair.a.announce(pair.self_a);
               pair.b.announce(pair.self_b);
               return c.knows_id("a") && c.knows_id("b");
           }),
           "a third node does not find the others");
    pair.a.withdraw();
    expect(c_sees([&] { return !c.knows_id("a"); }),
           "another node still finds a node that has withdrawn");
    expect(c.knows_id("b"), "withdraw of one node removes another one, too");
}

void keeps_clusters_apart(Trial& trial) {
    DiscoveryNode other_a(trial, {.cluster = "kit2", .node_id = "x"});
    DiscoveryNode other_b(trial, {.cluster = "kit2", .node_id = "y"});
    Pair pair(trial);
    const auto ready = trial.eventually("poll", kToSpread, [&] {
        other_a.announce(peer("x", 7));
        other_b.announce(peer("y", 8));
        pair.a.announce(pair.self_a);
        pair.b.announce(pair.self_b);
        return other_a.knows_id("y") && other_b.knows_id("x") && pair.a.knows_id("b");
    });
    expect(ready, "two clusters with the same options do not find their nodes");
    for (const auto* id : {"x", "y"}) {
        expect(!pair.a.knows_id(id), "a node of another cluster is found");
    }
    expect(!other_a.knows_id("a") && !other_b.knows_id("b"), "a node of another cluster is found");
}

void spreads_to_many(Trial& trial) {
    constexpr int kNodes = 12;
    std::deque<DiscoveryNode> nodes;
    for (int number = 1; number <= kNodes; ++number) {
        nodes.emplace_back(trial, Setup{.node_id = "n" + std::to_string(number)});
    }
    const auto all_known = [&] {
        for (int number = 1; number <= kNodes; ++number) {
            nodes[static_cast<std::size_t>(number - 1)].announce(
                peer("n" + std::to_string(number), number));
        }
        return std::ranges::all_of(nodes, [&](DiscoveryNode& node) {
            const auto known = node.poll();
            for (int number = 1; number <= kNodes; ++number) {
                // It need not list itself.
                const auto& own = nodes[static_cast<std::size_t>(number - 1)];
                if (&own == &node) continue;
                if (std::ranges::find(known, peer("n" + std::to_string(number), number)) ==
                    known.end()) {
                    return false;
                }
            }
            return true;
        });
    };
    expect(trial.eventually("poll", kToSpread, all_known),
           "not all of " + std::to_string(kNodes) + " nodes find all others");
}

void keeps_order(Trial& trial) {
    Pair pair(trial);
    met(pair);
    std::vector<Peer> last;
    const auto stands = trial.eventually("poll", kToSpread, [&] {
        pair.a.announce(pair.self_a);
        pair.b.announce(pair.self_b);
        const auto now = pair.a.poll();
        return std::exchange(last, now) == now;
    });
    expect(stands, "poll never returns the same snapshot twice in a row, although nothing changes");
    for (int round = 0; round < 20; ++round) {
        pair.b.announce(pair.self_b);
        pair.a.announce(pair.self_a);
        expect(pair.a.poll() == last,
               "with two nodes, poll returns another snapshot, or another "
               "order, although nothing has changed");
    }
}

// Another node with the same id (a copied data directory) may remove the entry.
void repairs(Trial& trial) {
    Pair pair(trial);
    met(pair);
    {
        DiscoveryNode twin(trial, {.node_id = "a"});
        twin.announce(pair.self_a);
        twin.withdraw();
    }
    expect(trial.eventually("poll", kToSpread,
                            [&] {
                                pair.a.announce(pair.self_a);
                                pair.b.announce(pair.self_b);
                                return pair.b.knows_id("a");
                            }),
           "announce does not restore an entry that has vanished");
}

void refuses_unreadable(Trial& trial) {
    Pair pair(trial);
    met(pair);
    auto odd = pair.self_a;
    odd.id = NodeId("a b\"}\n");
    (void)trial.error_of("announce of an invalid id", [&] { pair.a.object().announce(odd); });
    const auto known = pair.b.poll();
    expect(std::ranges::none_of(known,
                                [](const Peer& each) {
                                    return each.id.value.find_first_of(" \"}\n") !=
                                           std::string::npos;
                                }),
           "an invalid id reaches other nodes");
    pair.a.announce(pair.self_a);
    expect(trial.eventually("poll", kToSpread,
                            [&] {
                                pair.a.announce(pair.self_a);
                                return pair.b.knows_id("a");
                            }),
           "after an announce that was refused, a node is not found any more");
}

void sees_a_restart(Trial& trial) {
    Pair pair(trial);
    met(pair);
    pair.a.destroy();  // as if its process had been killed
    DiscoveryNode again(trial, {.node_id = "a"});
    auto self = pair.self_a;
    self.addresses = {{"127.0.0.1", 4999}};
    expect(trial.eventually("poll", kToSpread,
                            [&] {
                                again.announce(self);
                                pair.b.announce(pair.self_b);
                                return pair.b.knows(self);
                            }),
           "a node that has restarted with another address is not found there");
}

constexpr Case kCases[] = {
    {"spreads", "poll", "A node finds what another node announces (a discovery need not do this).",
     spreads},
    {"spreads_all", "spreads",
     "Id, uuid, all addresses in their order, and the API address arrive.", spreads_all},
    {"spreads_changes", "spreads", "A changed address replaces the old one.", spreads_changes},
    {"spreads_withdrawal", "spreads", "A node that has withdrawn is not found any more.",
     spreads_withdrawal},
    {"spreads_to_many", "spreads", "Twelve nodes find each other.", spreads_to_many},
    {"spreads_in_order", "spreads",
     "While nothing changes, the snapshot of several nodes stays the same.", keeps_order},
    {"spreads_in_one_cluster", "spreads",
     "Clusters with the same options do not find each other's nodes.", keeps_clusters_apart},
    {"withdraw_itself_alone", "spreads_withdrawal", "withdraw removes only the node's own entry.",
     withdraws_itself_alone},
    {"announce_repairs", "spreads", "announce restores the node's own entry if it has vanished.",
     repairs},
    {"announce_refuses_unreadable", "spreads", "An invalid id never reaches other nodes.",
     refuses_unreadable},
    {"announce_after_restart", "spreads", "A restarted node is found at its new address.",
     sees_a_restart},
};

}  // namespace

std::span<const Case> discovery_spreads() { return kCases; }

}  // namespace electiond::kit
