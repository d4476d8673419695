// Scenarios with one known outcome each, over many seeds.
#include <gtest/gtest.h>

#include "over_seeds.h"
#include "support/mischief.h"

namespace electiond::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Scenario : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(, Scenario, ::testing::Range(0, kShares));

SimSettings settings(std::uint64_t seed) {
    SimSettings settings{.seed = seed};
    settings.policy.timing.heartbeat = settings.policy.timing.client_grant = milliseconds(200);
    return settings;
}

std::string hash_of_a_run(std::uint64_t seed) {
    SimCluster cluster(settings(seed));
    cluster.add_and_start(5);
    Mischief mischief(cluster, Harm::all(), milliseconds(500));
    mischief.run(seconds(20));
    return std::to_string(cluster.transcript.hash()) + cluster.transcript.text();
}

// Starts `count` nodes within a moment of each other.
void start_together(SimCluster& cluster, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        auto& node = cluster.add();
        cluster.schedule.after(cluster.random.below(Duration(milliseconds(50))),
                               [&node] { node.start(); });
    }
}

void expect_voters(SimCluster& cluster, std::size_t voters) {
    const auto settled = [&] {
        return std::ranges::all_of(cluster.nodes(), [&](const auto& node) {
            return node->election().electorate().voters.size() == voters;
        });
    };
    cluster.expect(cluster.run_until(settled, seconds(20)),
                   "not everyone knows " + std::to_string(voters) + " voters");
}

TEST_P(Scenario, TheSameSeedIsTheSameRunToTheByte) {
    over_seeds(GetParam(), 20, [](std::uint64_t seed) {
        EXPECT_EQ(hash_of_a_run(seed), hash_of_a_run(seed));
        EXPECT_NE(hash_of_a_run(seed), hash_of_a_run(seed + 1));
    });
}

TEST_P(Scenario, BlankNodesStartTogetherAndOneOfThemNamesTheCluster) {
    over_seeds(GetParam(), 200, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.arbiter_fails = seed % 3 == 0 ? 500 : 0;
        cluster.network.weather.loss = cluster.fair.loss = seed % 2 == 0 ? 200 : 0;
        start_together(cluster, 2 + seed % 4);
        Mischief mischief(cluster, {.crash = 4, .disk = 2, .part = 1, .weather = 1},
                          milliseconds(500));
        mischief.run(seconds(5));
        cluster.fair.loss = 0;
        cluster.settle();
        expect_voters(cluster, (2 + seed % 4) % 2 == 1 ? 2 + seed % 4 : 1 + seed % 4);
    });
}

// B6, 6.1: a blank node that reaches two clusters of its name joins neither, in any order of
// answers.
TEST_P(Scenario, ABlankNodeBetweenTwoClustersOfItsNameJoinsNeither) {
    over_seeds(GetParam(), 200, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(3);
        cluster.settle();
        auto& outsider = split_in_two(cluster);
        if (seed % 3 == 0) cluster.network.set_silent(2, true);
        outsider.start();
        const auto joined = [&] { return !outsider.disk.record()->blank(); };
        cluster.expect(!cluster.run_until(joined, seconds(10)),
                       "a blank node joined one of two clusters of its name");

        cluster.node(0).crash("for good");
        cluster.expect(cluster.run_until(joined, seconds(20)),
                       "the cluster that is left is not joined");
    });
}

TEST_P(Scenario, AllListedNodesFoundTheClusterTogether) {
    over_seeds(GetParam(), 200, [](std::uint64_t seed) {
        const std::size_t count = 1 + seed % 5;
        auto wanted = settings(seed);
        wanted.policy.bootstrap = Bootstrap::all;
        if (seed % 2 == 0) wanted.policy.expect = count;
        for (std::size_t i = 0; i < count && seed % 2 == 1; ++i) {
            wanted.policy.founders.push_back(NodeId(node_name(i)));
        }
        SimCluster cluster(wanted);
        cluster.network.weather.loss = cluster.fair.loss = seed % 3 == 0 ? 200 : 0;
        start_together(cluster, count);
        Mischief mischief(cluster, {.crash = 4, .disk = 2, .part = 1, .weather = 1},
                          milliseconds(500));
        mischief.run(seconds(5));
        cluster.fair.loss = 0;
        cluster.settle();
        expect_voters(cluster, count);
    });
}

TEST_P(Scenario, ALoneNodeReturnsAfterAMinuteAndDisturbsNobody) {
    over_seeds(GetParam(), 60, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(3);
        cluster.settle();
        const auto* leader = cluster.leader();
        const auto lone = (leader->index() + 1 + seed % 2) % 3;
        const Term term = cluster.referee.highest_term();

        switch (seed % 3) {
            case 0:
                cluster.cut_off(lone);
                break;
            case 1:  // it can send, but hears nobody
                for (std::size_t i = 0; i < 3; ++i) cluster.network.cut(i, lone);
                break;
            case 2:  // it has lost its link to the leader alone
                cluster.network.cut(lone, leader->index());
                cluster.network.cut(leader->index(), lone);
        }
        cluster.expect_calm(seconds(60));
        cluster.network.mend_all();
        cluster.expect_calm(seconds(20));

        cluster.expect(cluster.leader() == leader, "the leader changed");
        cluster.expect(cluster.referee.highest_term() == term, "the term rose");
        cluster.expect(
            cluster.node(lone).status()->leader_at(Instant{}) == node_name(leader->index()),
            "the lone node does not follow again");
    });
}

// C4: who lost a campaign comes back with a higher term; the leader re-elects itself in place.
TEST_P(Scenario, AHealthyLeaderOutlivesAHigherTermWithoutAGap) {
    over_seeds(GetParam(), 100, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(3 + 2 * (seed % 2));
        cluster.settle();
        const auto* leader = cluster.leader();
        const auto token = cluster.referee.highest_token();
        auto& loser = cluster.node((leader->index() + 1) % cluster.nodes().size());
        (void)loser.die_in_campaign(1 + seed % 5);
        loser.start();

        cluster.expect(!cluster.run_until([&] { return !leader->leads(); }, seconds(5)),
                       "the leader lost the lead");
        cluster.expect(cluster.referee.highest_token() > token, "the token did not rise");
        cluster.expect_calm(seconds(5));
    });
}

TEST_P(Scenario, AWishedHandOverLeavesNoGapWorthAName) {
    over_seeds(GetParam(), 100, [](std::uint64_t seed) {
        auto wanted = settings(seed);
        wanted.clients = seed % 2 == 0;  // a hand-over waits for their grants
        SimCluster cluster(wanted);
        cluster.add_and_start(3 + 2 * (seed % 2));
        cluster.settle();
        for (int times = 0; times < 4; ++times) {
            auto& old = *cluster.leader();
            StepDown command;
            std::size_t target = old.index();
            while (target == old.index()) target = cluster.random.below(cluster.nodes().size());
            if (times % 2 == 0) command.to = node_name(target);
            const Moment asked = cluster.now();
            old.command(command);
            const auto led_by_another = [&] {
                return cluster.leader() && cluster.leader() != &old;
            };
            cluster.expect(cluster.run_until(led_by_another, seconds(1)), "nobody took over");
            const auto gap = cluster.now() - asked;
            cluster.expect(gap < milliseconds(wanted.clients ? 240 : 40), "it took too long");
            cluster.expect(!command.to || cluster.leader()->index() == target, "another took over");
            cluster.run(seconds(3));
            cluster.expect(!old.oldest_command(), "the command was not answered");
        }
    });
}

// Asked in the worst moment: by a leader that has only just won, that is overtaken, that drains.
TEST_P(Scenario, EveryWishIsAnsweredHoweverBadTheMoment) {
    over_seeds(GetParam(), 100, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(3 + 2 * (seed % 2));
        cluster.expect_leader(seconds(10));
        cluster.run(seconds(3));
        Mischief mischief(cluster, {.crash = 1, .disk = 3, .cut = 3, .weather = 1},
                          milliseconds(1500));
        for (int times = 0; times < 12; ++times) {
            mischief.run(milliseconds(1500));
            const auto leads = [](const auto& node) {
                return node->running() && !node->stopping() &&
                       std::holds_alternative<Leading>(node->election().role());
            };
            const auto before = cluster.referee.leaders_seen();
            cluster.run_until([&] { return cluster.referee.leaders_seen() > before; }, seconds(3));
            const auto at = std::ranges::find_if(cluster.nodes(), leads);
            if (at == cluster.nodes().end()) continue;
            (*at)->command(StepDown{});
            // It may have died of its disk in that very step (D1b).
            if (cluster.random.chance(300) && (*at)->running()) (*at)->stop();
        }
        cluster.settle();
    });
}

TEST_P(Scenario, AGracefulStopHandsTheLeadOver) {
    over_seeds(GetParam(), 100, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(3);
        cluster.settle();
        for (int times = 0; times < 3; ++times) {
            auto& old = *cluster.leader();
            old.stop();
            const auto over = [&] { return !old.running() && cluster.leader(); };
            cluster.expect(cluster.run_until(over, seconds(1)), "no hand-over, or no stop");
            cluster.expect_calm(seconds(10));
            old.start();
            cluster.run(seconds(3));
        }
    });
}

TEST_P(Scenario, ADeadLeaderIsReplacedWithinTwoElectionTimeouts) {
    over_seeds(GetParam(), 100, [](std::uint64_t seed) {
        auto wanted = settings(seed);
        wanted.clock_rate = 100;  // ranks (R2) are closer to each other than 1 % of E
        SimCluster cluster(wanted);
        cluster.add_and_start(3 + 2 * (seed % 3));
        cluster.settle();
        for (int times = 0; times < 4; ++times) {
            auto& old = *cluster.leader();
            old.crash("killed");
            cluster.expect_leader(seconds(2));
            old.start();
            cluster.run(seconds(4));
        }
    });
}

// §11: a leader exists where some node reaches a quorum both ways; it stays, and no term grows.
TEST_P(Scenario, InEveryStandingGraphThatAllowsALeaderOneLeadsForGood) {
    over_seeds(GetParam(), 100, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(3 + seed % 3);
        cluster.settle();
        for (int times = 0; times < 3; ++times) {
            const auto count = cluster.nodes().size();
            cluster.transcript.line(cluster.now(), Transcript::kWorld, "another graph");
            cluster.network.mend_all();
            for (std::size_t link = 0; link < count * count; ++link) {
                if (cluster.random.chance(300)) cluster.network.cut(link / count, link % count);
            }
            cluster.expect_lead_by_links();
        }
        cluster.settle();
    });
}

TEST_P(Scenario, ACalmClusterWritesNothing) {
    over_seeds(GetParam(), 20, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(1 + seed % 5);
        cluster.settle();
        std::uint64_t before = 0;
        std::uint64_t after = 0;
        for (const auto& node : cluster.nodes()) before += node->disk.saves();
        cluster.expect_calm(seconds(60));
        for (const auto& node : cluster.nodes()) after += node->disk.saves();
        EXPECT_EQ(before, after);
    });
}

}  // namespace
}  // namespace electiond::sim
