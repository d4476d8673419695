// The changes that a simulated cluster reports: gaps, silent voters, what an election lacks.
#include <gtest/gtest.h>

#include "node/change_text.h"
#include "over_seeds.h"

namespace electiond::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class Told : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(, Told, ::testing::Range(0, kShares));

constexpr milliseconds kRound{200};  // H
constexpr milliseconds kTrip{60};    // more than a message takes, and a clock is wrong

SimSettings settings(std::uint64_t seed) {
    SimSettings settings{.seed = seed};
    settings.policy.timing.heartbeat = settings.policy.timing.client_grant = kRound;
    return settings;
}

template <class Kind>
std::vector<std::pair<Kind, Entry>> told(const SimNode& node) {
    std::vector<std::pair<Kind, Entry>> all;
    for (const auto& entry : node.journal().after(0, Journal::kKept)) {
        if (const auto* kind = std::get_if<Kind>(&entry->change)) all.emplace_back(*kind, *entry);
    }
    return all;
}

Entry newest_lead(const SimNode& node) { return told<LeaderGained>(node).back().second; }

std::string in_ms(Duration length) {
    return std::to_string(std::chrono::duration_cast<milliseconds>(length).count()) + " ms";
}

void expect_between(SimCluster& cluster, const SimNode& node, Duration value, Duration least,
                    Duration most) {
    cluster.expect(value >= least && value <= most, "node " + node_name(node.index()) + " tells " +
                                                        in_ms(value) + ", not " + in_ms(least) +
                                                        " to " + in_ms(most));
}

// Until another leads; how long nobody did. Ends at the moment when it does.
Duration without_leader(SimCluster& cluster, const SimNode& old, Duration limit) {
    const Moment since = cluster.now();
    cluster.expect(
        cluster.run_until([&] { return cluster.leader() && cluster.leader() != &old; }, limit),
        "nobody took over");
    return cluster.now() - since;
}

// ---- gapMs, electionMs

TEST_P(Told, SurvivorsTellHowLongClientsWaitedWhenTheLeaderDies) {
    over_seeds(GetParam(), 60, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(3 + 2 * (seed % 2));
        cluster.settle();
        auto& old = *cluster.leader();
        old.crash("for the test");
        const auto waited = without_leader(cluster, old, seconds(10));
        cluster.run(2 * kRound);

        for (const auto& node : cluster.nodes()) {
            if (!node->running()) continue;
            const auto entry = newest_lead(*node);
            // The last heartbeat came up to a round before the leader died, the first of the new
            // one a moment before its lease.
            expect_between(cluster, *node, *entry.gap, waited - kTrip, waited + kRound + kTrip);
            // Nobody else can be elected before the promise to the old one ends.
            const auto promised = cluster.election_timeout();
            expect_between(cluster, *node, *entry.election, Duration{0},
                           waited + kRound + kTrip - promised);
        }
    });
}

TEST_P(Told, AnOldLeaderThatWasPausedTellsTheGapFromTheEndOfItsLease) {
    over_seeds(GetParam(), 60, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(3);
        cluster.settle();
        auto& old = *cluster.leader();
        const Moment paused = cluster.now();
        old.pause();
        const auto waited = without_leader(cluster, old, seconds(10));
        cluster.run(seconds(5));
        old.resume();
        cluster.expect(cluster.run_until(
                           [&] {
                               return std::get<LeaderGained>(newest_lead(old).change).leader.uuid !=
                                      old.election().durable().uuid;
                           },
                           seconds(2)),
                       "it does not tell of the new leader");

        // Its lease ended up to E after the pause began; it hears of the new leader only now.
        const auto away = cluster.now() - paused;
        expect_between(cluster, old, *newest_lead(old).gap,
                       away - cluster.election_timeout() - kTrip, away);
        for (const auto& node : cluster.nodes()) {
            if (node.get() == &old) continue;
            expect_between(cluster, *node, *newest_lead(*node).gap, waited - kTrip,
                           waited + kRound + kTrip);
        }
    });
}

TEST_P(Told, AHandOverMakesAGapOfARoundAtMost) {
    over_seeds(GetParam(), 60, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(3);
        cluster.settle();
        auto& old = *cluster.leader();
        const Moment asked = cluster.now();
        old.command(StepDown{});
        without_leader(cluster, old, seconds(2));
        const auto took = cluster.now() - asked;
        cluster.run(2 * kRound);

        for (const auto& node : cluster.nodes()) {
            const auto entry = newest_lead(*node);
            // The others last heard of the old one by its newest heartbeat.
            const auto most = took + (node.get() == &old ? Duration(kTrip) : kRound + kTrip);
            expect_between(cluster, *node, *entry.gap, Duration{0}, most);
            expect_between(cluster, *node, *entry.election, Duration{0}, *entry.gap);
        }
    });
}

TEST_P(Told, AReElectionInPlaceIsNoGap) {
    over_seeds(GetParam(), 60, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(3 + 2 * (seed % 2));
        cluster.settle();
        const auto& leader = *cluster.leader();
        const auto token = leader.token();
        auto& loser = cluster.node((leader.index() + 1) % cluster.nodes().size());
        (void)loser.die_in_campaign(1 + seed % 5);
        loser.start();
        cluster.expect(cluster.run_until([&] { return leader.token() > token; }, seconds(5)),
                       "nothing was re-elected");
        cluster.run(3 * kRound);

        for (const auto& node : cluster.nodes()) {
            if (node.get() == &loser) continue;  // it has only just started
            const auto entry = newest_lead(*node);
            const auto& gained = std::get<LeaderGained>(entry.change);
            cluster.expect(gained.leader.token == leader.token() &&
                               gained.reason == Reason::re_elected_in_place,
                           "node " + node_name(node->index()) + " does not tell of it");
            expect_between(cluster, *node, *entry.gap, Duration{0}, Duration{0});
        }
    });
}

// ---- troubles

template <class... Kinds>
std::size_t count(const SimCluster& cluster) {
    std::size_t sum = 0;
    for (const auto& node : cluster.nodes()) {
        if (node->running()) sum += (told<Kinds>(*node).size() + ...);
    }
    return sum;
}

TEST_P(Told, AClusterThatIsWellTellsOfNoTrouble) {
    over_seeds(GetParam(), 40, [](std::uint64_t seed) {
        auto wanted = settings(seed);
        if (seed % 2 == 0) {
            wanted.policy.bootstrap = Bootstrap::all;
            wanted.policy.expect = 3;
        }
        SimCluster cluster(wanted);
        cluster.add_and_start(3);
        cluster.expect_leader(seconds(10));
        cluster.run(seconds(10));
        cluster.leader()->command(StepDown{});
        cluster.run(seconds(10));
        cluster.expect(count<VoterSilent, VoterBack, QuorumMissing, NobodyMayLead, FounderAwaited>(
                           cluster) == 0,
                       "it tells of a trouble");
    });
}

TEST_P(Told, SurvivorsNameExactlyTheDeadThatAreMissingForAQuorum) {
    over_seeds(GetParam(), 60, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(5);
        cluster.settle();
        cluster.run_until(
            [&] { return cluster.leader()->election().electorate().voters.size() == 5; },
            seconds(20));
        const auto first = cluster.random.below(std::uint64_t{5});
        std::vector<NodeId> dead;
        for (std::size_t i = 0; i < 3; ++i) {
            auto& node = cluster.node((first + i) % 5);
            node.crash("for the test");
            dead.emplace_back(node_name(node.index()));
        }
        std::ranges::sort(dead);
        // Two timeouts without a leader, and the campaign that fails after that.
        cluster.run(4 * cluster.election_timeout());

        for (const auto& node : cluster.nodes()) {
            if (!node->running()) continue;
            const auto all = told<QuorumMissing>(*node);
            cluster.expect(all.size() == 1, "node " + node_name(node->index()) + " tells " +
                                                std::to_string(all.size()) + " times");
            std::vector<NodeId> named;
            for (const auto& each : all.front().first.silent) named.push_back(each.voter.id);
            cluster.expect(named == dead, "others are named: " + sentence(all.front().first));
        }
    });
}

TEST_P(Told, AVoterThatComesAndGoesIsToldAtMostOnceAMinute) {
    over_seeds(GetParam(), 20, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(3);
        cluster.settle();
        const auto& leader = *cluster.leader();
        const auto flapping = (leader.index() + 1) % 3;
        const Moment began = cluster.now();
        while (cluster.now() < began + minutes(4)) {
            cluster.cut_off(flapping);
            cluster.run(seconds(2));
            cluster.heal();
            cluster.run(seconds(2));
        }
        cluster.expect(leader.leads(), "the leader has changed");
        const auto silences = told<VoterSilent>(leader).size();
        const auto returns = told<VoterBack>(leader).size();
        cluster.expect(silences >= 4 && silences <= 5 && returns >= 4 && returns <= 5,
                       std::to_string(silences) + " silences, " + std::to_string(returns) +
                           " returns in four minutes");
    });
}

}  // namespace
}  // namespace electiond::sim
