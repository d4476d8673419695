// Cases of an arbiter: "the first one names the cluster", stored once, atomically and durably.
#include <mutex>
#include <stop_token>
#include <thread>

#include "kit/discovery_node.h"

namespace electiond::kit {
namespace {

Claim claim_of(const std::string& name) {
    return {.cluster_id = "cluster-of-" + name, .uuid = NodeUuid("uuid-of-" + name)};
}

std::string in_words(const Claim& claim) { return claim.cluster_id + " of " + claim.uuid.value; }

void expect_same(const Claim& found, const Claim& expected, const std::string& where) {
    expect(found == expected,
           where + " returns " + in_words(found) + " instead of " + in_words(expected));
}

void is_arbiter(Trial& trial) {
    DiscoveryNode node(trial);
    const bool first = node.is_arbiter();
    node.announce(peer("1", 1));
    DiscoveryNode other(trial);
    expect(node.is_arbiter() == first && other.is_arbiter() == first,
           "the plugin is sometimes an arbiter and sometimes not");
    if (!first) throw Skipped{"it is not an arbiter"};
}

void first_counts(Trial& trial) {
    DiscoveryNode node(trial);
    expect_same(node.claim(claim_of("a")), claim_of("a"), "the first claim");
}

void second_gets_first(Trial& trial) {
    DiscoveryNode a(trial), b(trial, {.node_id = "2"});
    (void)a.claim(claim_of("a"));
    expect_same(b.claim(claim_of("b")), claim_of("a"), "the claim of a second node");
    expect_same(a.claim(claim_of("a")), claim_of("a"), "a claim that is repeated");
    expect_same(a.claim(claim_of("c")), claim_of("a"), "a second claim of the first node");
}

void lasts(Trial& trial) {
    {
        DiscoveryNode node(trial);
        (void)node.claim(claim_of("a"));
        node.withdraw();
    }
    DiscoveryNode other(trial, {.node_id = "2"});
    expect_same(other.claim(claim_of("b")), claim_of("a"),
                "a claim after the first node has withdrawn and ended");
}

void lasts_beside_announcements(Trial& trial) {
    DiscoveryNode a(trial, {.node_id = "a"}), b(trial, {.node_id = "b"});
    (void)a.claim(claim_of("a"));
    for (int round = 0; round < 10; ++round) {
        a.announce(peer("a", 1));
        b.announce(peer("b", 2 + round));
        (void)a.poll();
    }
    a.withdraw();
    expect_same(b.claim(claim_of("b")), claim_of("a"), "a claim after announcements");
}

void clusters_are_apart(Trial& trial) {
    DiscoveryNode node(trial);
    (void)node.claim(claim_of("a"), "kit");
    expect_same(node.claim(claim_of("b"), "kit2"), claim_of("b"), "the claim for another cluster");
    expect_same(node.claim(claim_of("c"), "kit"), claim_of("a"), "the claim for the first cluster");
}

void one_wins(Trial& trial) {
    constexpr int kNodes = 8;
    for (int round = 0; round < 10; ++round) {
        const auto cluster = "race" + std::to_string(round);
        std::mutex mutex;
        std::vector<Claim> found;
        {
            std::vector<std::jthread> threads;
            for (int number = 0; number < kNodes; ++number) {
                threads.emplace_back([&, number] {
                    const auto id = std::to_string(number);
                    try {
                        DiscoveryNode node(trial, {.node_id = id});
                        const auto stored = node.claim(claim_of(id), cluster);
                        const std::lock_guard lock(mutex);
                        found.push_back(stored);
                    } catch (const Failed&) {
                        // A claim that cannot be decided may throw.
                    } catch (const std::exception& error) {
                        trial.note_fault(std::string("in a thread of its own: ") + error.what());
                    }
                });
            }
        }
        expect(!found.empty(), "each of eight claims at once throws");
        for (const auto& each : found)
            expect_same(each, found.front(), "one of eight claims at once");
        DiscoveryNode late(trial);
        expect_same(late.claim(claim_of("late"), cluster), found.front(), "a later claim");
    }
}

void replaces(Trial& trial) {
    DiscoveryNode a(trial), b(trial, {.node_id = "2"});
    (void)a.claim(claim_of("a"));
    b.replace_claim(claim_of("b"));
    expect_same(a.claim(claim_of("a")), claim_of("b"), "a claim after replace_claim");
}

void replaces_nothing(Trial& trial) {
    DiscoveryNode node(trial);
    node.replace_claim(claim_of("a"));
    expect_same(node.claim(claim_of("b")), claim_of("a"), "a claim after replace_claim");
}

void stops(Trial& trial) {
    std::stop_source source;
    source.request_stop();
    DiscoveryNode node(trial);
    trial.in_time("claim with a requested stop", Milliseconds(500),
                  [&] { (void)node.claim_or_throw(claim_of("a"), source.get_token()); });
    const auto stored = node.claim(claim_of("b"));
    expect(stored == claim_of("a") || stored == claim_of("b"),
           "after a claim that was stopped, a claim of nobody is stored: " + in_words(stored));
}

constexpr Case kCases[] = {
    {"arbiter", "poll", "It is always an arbiter, or never (a discovery need not be one).",
     is_arbiter},
    {"claim_first_counts", "arbiter", "The first claim is stored and returned.", first_counts},
    {"claim_second_gets_first", "arbiter", "Every later claim returns the first one.",
     second_gets_first},
    {"claim_lasts", "arbiter", "A claim stays stored after its node has withdrawn and ended.",
     lasts},
    {"claim_beside_announcements", "arbiter",
     "Announcements and withdrawals do not change a claim.", lasts_beside_announcements},
    {"claim_per_cluster", "arbiter", "Each cluster has a claim of its own.", clusters_are_apart},
    {"claim_at_once", "arbiter",
     "Of eight claims at the same time one is stored, and all eight return it.", one_wins},
    {"claim_replaced", "arbiter", "replace_claim replaces what is stored.", replaces},
    {"claim_replaced_unset", "arbiter", "replace_claim works if nothing is stored.",
     replaces_nothing},
    {"claim_stops", "arbiter", "claim ends within 0.5 s if its stop is requested.", stops},
};

}  // namespace

std::span<const Case> discovery_claims() { return kCases; }

}  // namespace electiond::kit
