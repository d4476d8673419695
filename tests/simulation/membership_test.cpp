// Voters come, go, are lost and replaced, and lead by priority, under faults.
#include <algorithm>

#include <gtest/gtest.h>

#include "election/recovery.h"
#include "over_seeds.h"
#include "support/mischief.h"
#include "support/overlooked_voters.h"

namespace electiond::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Membership : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(, Membership, ::testing::Range(0, kShares));

SimSettings settings(std::uint64_t seed) {
    SimSettings settings{.seed = seed};
    auto& timing = settings.policy.timing;
    timing.heartbeat = timing.client_grant = milliseconds(200);
    timing.dead_after = seconds(10);
    return settings;
}

const Electorate& electorate(const SimNode& node) { return node.disk.record()->config; }

// Everyone who runs knows the same voters, and they are just those for whom `votes` holds.
void expect_voters(SimCluster& cluster, Duration limit,
                   const std::function<bool(const SimNode&)>& votes) {
    const auto agreed = [&] {
        const auto* leader = cluster.leader();
        if (!leader) return false;
        const auto& config = electorate(*leader);
        std::size_t wanted = 0;
        for (const auto& node : cluster.nodes()) {
            const bool voter = votes(*node);
            wanted += voter ? 1 : 0;
            if (voter != config.has(node->disk.record()->uuid)) return false;
        }
        return config.voters.size() == wanted;
    };
    cluster.expect(cluster.run_until(agreed, limit), "the voters are not those they should be");
}

TEST_P(Membership, ALostDiskIsReplacedByItsNextLife) {
    over_seeds(GetParam(), 100, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(3 + 2 * (seed % 2));
        cluster.settle();
        Mischief mischief(cluster, {.crash = 2, .pause = 1, .cut = 2, .part = 1, .step_down = 1},
                          milliseconds(800));
        for (int times = 0; times < 3; ++times) {
            cluster.node(cluster.random.below(cluster.nodes().size())).lose_disk();
            if (cluster.random.chance(700)) {
                mischief.run(cluster.random.below(Duration(seconds(15))));
            }
            cluster.heal();
            expect_voters(cluster, seconds(40), [](const SimNode&) { return true; });
        }
        cluster.settle();
    });
}

TEST_P(Membership, ADeadVoterIsReplacedByAStandby) {
    over_seeds(GetParam(), 60, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(3);
        cluster.settle();
        auto& standby = cluster.add();
        standby.start();
        cluster.run(seconds(5));
        for (int times = 0; times < 2; ++times) {
            const auto& config = electorate(*cluster.leader());
            const auto dead = std::ranges::find_if(cluster.nodes(), [&](const auto& node) {
                return node->running() && node.get() != cluster.leader() &&
                       config.has(node->disk.record()->uuid);
            });
            (*dead)->crash("for good");
            expect_voters(cluster, seconds(30),
                          [&](const SimNode& node) { return &node != dead->get(); });
            (*dead)->start();
            cluster.run(seconds(5));
        }
        cluster.settle();
    });
}

TEST_P(Membership, NodesLeaveAndAreRemovedUnderFaults) {
    over_seeds(GetParam(), 80, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(5);
        cluster.settle();
        Mischief mischief(cluster, {.crash = 2, .disk = 1, .cut = 2, .part = 1, .step_down = 1},
                          milliseconds(1500));
        for (int times = 0; times < 2; ++times) {
            cluster.add().start();
            auto& node = cluster.node(cluster.random.below(cluster.nodes().size()));
            if (cluster.random.chance(700)) mischief.run(seconds(3));
            if (node.running() && cluster.random.chance(500)) {
                node.command(Leave{});
            } else if (auto* leader = cluster.leader()) {
                leader->command(Remove{node_name(node.index())});
            }
            if (cluster.random.chance(700)) mischief.run(seconds(6));
            cluster.settle();
        }
        const auto& config = electorate(*cluster.leader());
        for (const auto& node : cluster.nodes()) {
            cluster.expect(!config.has(node->disk.record()->uuid) || !node->disk.record()->left,
                           "who has left is a voter");
        }
    });
}

TEST_P(Membership, AnObserverNeverVotesAndNeverLeads) {
    over_seeds(GetParam(), 40, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(3);
        Policy watcher = cluster.settings_.policy;
        watcher.observer = true;
        for (int i = 0; i < 2; ++i) cluster.add(watcher);
        cluster.add_and_start(0);
        cluster.expect_leader(seconds(10));
        Mischief mischief(cluster, Harm{.crash = 3, .pause = 1, .part = 1}, milliseconds(800));
        mischief.run(seconds(10));
        cluster.settle();
        expect_voters(cluster, seconds(20),
                      [](const SimNode& node) { return !node.policy().observer; });
    });
}

TEST_P(Membership, TheVoterOfHighestPriorityLeadsInTheEnd) {
    over_seeds(GetParam(), 60, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        for (std::size_t i = 0; i < 3 + 2 * (seed % 2); ++i) {
            Policy policy = cluster.settings_.policy;
            policy.priority = static_cast<std::int64_t>(50 * cluster.random.below(std::size_t{4}));
            cluster.add(policy);
        }
        cluster.node(0).policy_.priority = 100;  // somebody may lead
        cluster.add_and_start(0);
        cluster.expect_leader(seconds(30));
        Mischief mischief(cluster, {.crash = 3, .pause = 1, .part = 1, .step_down = 2},
                          milliseconds(1500));
        mischief.run(seconds(15));
        cluster.settle(160);  // a favourite that flapped is waited for for up to 64 × stable_after
        std::int64_t highest = 0;
        for (const auto& node : cluster.nodes()) {
            if (electorate(*cluster.leader()).has(node->disk.record()->uuid)) {
                highest = std::max(highest, node->policy().priority);
            }
        }
        cluster.expect(cluster.leader()->policy().priority == highest, "a lower priority leads");
    });
}

// A reload: the operator moves the favourite about while all nodes run, under faults.
TEST_P(Membership, APriorityThatChangesWhileNodesRunMovesTheLead) {
    over_seeds(GetParam(), 60, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(3 + 2 * (seed % 2));
        cluster.settle();
        Mischief mischief(cluster, {.crash = 1, .pause = 1, .part = 1, .step_down = 1},
                          milliseconds(1500));
        SimNode* favourite = nullptr;
        for (int times = 0; times < 3; ++times) {
            favourite = &cluster.node(cluster.random.below(cluster.nodes().size()));
            for (const auto& node : cluster.nodes()) {
                node->policy_.priority = node.get() == favourite ? 200 : 50;
                if (node->running()) node->post(unchanged(node->policy_));
            }
            mischief.run(seconds(5));
            cluster.heal();
        }
        cluster.settle(160);
        cluster.expect(cluster.leader() == favourite, "another than the favourite leads");
    });
}

// §6.5, B7: the survivor goes on alone, and whoever was taken for lost comes back to it.
TEST_P(Membership, AfterADisasterTheSurvivorLeadsAndTheLostComeBack) {
    over_seeds(GetParam(), 60, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(3);
        cluster.settle();
        auto& survivor = cluster.node(cluster.random.below(std::size_t{3}));
        for (const auto& node : cluster.nodes()) node->crash("for good, it seems");
        cluster.run(seconds(2));
        cluster.referee.one_cluster = false;
        const auto token = cluster.referee.highest_token();
        survivor.disk.rewrite(recovered(*survivor.disk.record(), cluster.random.identity()));
        survivor.start();
        cluster.expect_leader(seconds(5));
        cluster.expect(cluster.referee.highest_token() > token, "the token did not rise");

        for (const auto& node : cluster.nodes()) {
            if (!node->running()) node->start();
        }
        cluster.run(seconds(3));
        Mischief mischief(cluster, {.crash = 2, .part = 1, .step_down = 1}, milliseconds(1500));
        mischief.run(seconds(5));
        cluster.settle();
        expect_voters(cluster, seconds(20), [](const SimNode&) { return true; });
        for (const auto& node : cluster.nodes()) {
            cluster.expect(node->disk.record()->cluster_id == survivor.disk.record()->cluster_id,
                           "somebody stayed in the old cluster");
        }
    });
}

}  // namespace
}  // namespace electiond::sim
