// Families of faults over many seeds: the referee watches every event, and after each storm the
// cluster must come to rest.
#include <gtest/gtest.h>

#include "over_seeds.h"
#include "support/impostor.h"
#include "support/mischief.h"

namespace electiond::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Storm : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(, Storm, ::testing::Range(0, kShares));

// Few heartbeats: they are what the time goes into.
Timing few_heartbeats(Milliseconds e = milliseconds(1000)) {
    Timing timing = Timing::from(e);
    timing.heartbeat = timing.client_grant = e / 5;
    return timing;
}

SimSettings settings(std::uint64_t seed) {
    SimSettings settings{.seed = seed};
    settings.policy.timing = few_heartbeats();
    return settings;
}

std::size_t three_or_five(std::uint64_t seed) { return seed % 2 == 0 ? 3 : 5; }

// Comes up, is harmed, and comes to rest.
void harm(SimCluster& cluster, const Harm& harm, Duration mean = milliseconds(700)) {
    cluster.expect_leader(10 * cluster.election_timeout());
    Mischief mischief(cluster, harm, mean);
    mischief.run(seconds(20));
    cluster.settle();
}

TEST_P(Storm, ProcessesAndMachinesDieAndComeBack) {
    over_seeds(GetParam(), 160, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(three_or_five(seed));
        harm(cluster, {.crash = 6, .restart_all = 1});
    });
}

TEST_P(Storm, PowerFailsAroundEverySave) {
    over_seeds(GetParam(), 160, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(three_or_five(seed));
        harm(cluster, {.crash = 1, .disk = 6, .step_down = 2});
    });
}

TEST_P(Storm, MessagesAreLostRepeatedAndReordered) {
    over_seeds(GetParam(), 160, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.network.weather.loss = cluster.fair.loss = 20 * (seed % 2);
        cluster.add_and_start(three_or_five(seed));
        cluster.expect_leader(10 * cluster.election_timeout());
        Mischief mischief(cluster, {.crash = 1, .weather = 4, .step_down = 1}, milliseconds(1500));
        mischief.run(seconds(25));
        cluster.fair.loss = 0;
        cluster.settle();
    });
}

TEST_P(Storm, TheNetworkFallsIntoParts) {
    over_seeds(GetParam(), 160, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(three_or_five(seed));
        harm(cluster, {.crash = 1, .part = 4}, milliseconds(2000));
    });
}

TEST_P(Storm, LinksAreCutInOneDirection) {
    over_seeds(GetParam(), 160, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(three_or_five(seed));
        harm(cluster, {.cut = 6, .step_down = 1});
    });
}

TEST_P(Storm, ProcessesStandStillForLongerThanALease) {
    over_seeds(GetParam(), 160, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(three_or_five(seed));
        harm(cluster, {.pause = 5, .lag = 3, .step_down = 2});
    });
}

TEST_P(Storm, TheLeadIsHandedOverInBadWeather) {
    over_seeds(GetParam(), 160, [](std::uint64_t seed) {
        auto wanted = settings(seed);
        wanted.policy.has_stop_hooks = seed % 3 == 0;
        wanted.policy.hooks_timeout = milliseconds(400);
        SimCluster cluster(wanted);
        cluster.add_and_start(three_or_five(seed));
        harm(cluster, {.pause = 1, .lag = 1, .weather = 2, .step_down = 8, .stop = 3},
             milliseconds(500));
    });
}

TEST_P(Storm, NodesJoinWhileOthersElect) {
    over_seeds(GetParam(), 120, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(1 + seed % 3);
        harm(cluster, {.crash = 3, .cut = 1, .part = 1, .step_down = 1, .rumours = 1, .join = 4});
        for (const auto& node : cluster.nodes()) {
            cluster.expect(!node->election().durable().blank(),
                           "node " + node_name(node->index()) + " never came in");
        }
    });
}

// The network breaks in the very moment in which the voters change.
TEST_P(Storm, TheVotersChangeWhileTheNetworkBreaks) {
    over_seeds(GetParam(), 160, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(1 + 2 * (seed % 2));
        cluster.expect_leader(10 * cluster.election_timeout());
        cluster.run(seconds(2));
        while (cluster.nodes().size() < 7) {
            cluster.add_and_start(2);
            const auto* leader = cluster.leader();
            const auto version = [&] { return leader->election().electorate().number.version; };
            const auto before = version();
            const auto grows = [&] { return !leader->running() || version() > before; };
            if (leader && cluster.run_until(grows, seconds(5))) {
                cluster.run(cluster.random.below(Duration(milliseconds(6))));
            }
            std::vector<std::size_t> some;
            for (std::size_t i = 0; i < cluster.nodes().size(); ++i) {
                if (cluster.random.chance(500)) some.push_back(i);
            }
            cluster.part(some);
            cluster.run(seconds(5));
            if (cluster.random.chance(300)) {
                cluster.node(cluster.random.below(cluster.nodes().size())).crash("killed");
            }
            cluster.heal();
            cluster.expect_leader(10 * cluster.election_timeout());
        }
        cluster.settle();
    });
}

TEST_P(Storm, EveryoneIsKilledAgainAndAgain) {
    over_seeds(GetParam(), 120, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(three_or_five(seed));
        cluster.expect_leader(10 * cluster.election_timeout());
        for (int times = 0; times < 8; ++times) {
            const auto token = cluster.referee.highest_token();
            for (const auto& node : cluster.nodes()) node->crash("killed");
            cluster.run(cluster.random.below(Duration(seconds(2))));
            cluster.heal();
            cluster.expect_leader(3 * cluster.election_timeout());
            cluster.expect(cluster.referee.highest_token() > token, "the token did not rise");
        }
        cluster.settle();
    });
}

TEST_P(Storm, ClocksRunAsWrongAsTheyMay) {
    over_seeds(GetParam(), 120, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(3);
        for (const auto& node : cluster.nodes()) {
            node->clock =
                SimClock(cluster.random.chance(500) ? SimClock::kRateMax : -SimClock::kRateMax,
                         node->clock.read(cluster.now()).time_since_epoch());
        }
        harm(cluster, {.pause = 3, .part = 3, .step_down = 3});
    });
}

TEST_P(Storm, NodesHaveDifferentTimers) {
    over_seeds(GetParam(), 120, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        for (std::size_t i = 0; i < three_or_five(seed); ++i) {
            Policy policy = cluster.settings_.policy;
            policy.timing =
                few_heartbeats(milliseconds(500 + cluster.random.below(std::uint64_t{1500})));
            cluster.add(policy);
        }
        cluster.add_and_start(0);
        Harm kinds = Harm::all();
        kinds.join = 0;
        harm(cluster, kinds);
    });
}

// P1 to P3. While the cluster rests the impostor goes on; answers of its machine are let through
// then, since a forged one is no answer.
TEST_P(Storm, AMemberSpeaksAsOthers) {
    Impostor::Counts all;
    over_seeds(GetParam(), 160, [&](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(three_or_five(seed));
        cluster.expect_leader(10 * cluster.election_timeout());
        Impostor impostor(cluster, cluster.random.below(cluster.nodes().size()));
        Mischief mischief(cluster, {.crash = 3, .cut = 4, .part = 3, .weather = 1, .step_down = 3},
                          milliseconds(700));
        mischief.run(seconds(20));
        impostor.falsify_answers(false);
        cluster.settle();
        all.requests += impostor.counts().requests;
        all.answers += impostor.counts().answers;
        cluster.expect(impostor.counts().accepted == 0, "a forged request was not refused");
    });
    EXPECT_GT(all.requests, 100u);
    EXPECT_GT(all.answers, 0u);
}

TEST_P(Storm, EverythingHappensAtOnce) {
    over_seeds(GetParam(), 240, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(1 + seed % 5);
        harm(cluster, Harm::all());
    });
}

}  // namespace
}  // namespace electiond::sim
