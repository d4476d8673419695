// The families of simulations among which a hunt takes turns.
#include "families.h"

#include <algorithm>

#include "election/recovery.h"
#include "support/impostor.h"
#include "support/mischief.h"

namespace electiond::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Few heartbeats, and grants as long as the lease.
Timing timing(Milliseconds e = milliseconds(1000)) {
    Timing timing = Timing::from(e);
    timing.heartbeat = e / 5;
    timing.client_grant = e;
    return timing;
}

SimCluster& three_or_five(Stage& stage) {
    auto& cluster = stage.build();
    cluster.add_and_start(stage.turn() % 2 == 0 ? 3 : 5);
    cluster.expect_leader(10 * cluster.election_timeout());
    return cluster;
}

// As many nodes, at rest.
SimCluster& settled(Stage& stage, std::size_t nodes) {
    stage.settings.policy.timing = timing();
    auto& cluster = stage.build();
    cluster.add_and_start(nodes);
    cluster.settle();
    return cluster;
}

// Comes up, is harmed, and comes to rest.
void harm(SimCluster& cluster, const Harm& harm, Duration mean) {
    Mischief mischief(cluster, harm, mean);
    mischief.run(20 * Duration(cluster.election_timeout()));
    cluster.settle();
}

void everything_at_once(Stage& stage) {
    stage.settings.policy.timing = timing();
    harm(three_or_five(stage), Harm::all(), milliseconds(700));
}

void fast_timers(Stage& stage) {
    stage.settings.policy.timing = timing(milliseconds(150));
    harm(three_or_five(stage), Harm::all(), milliseconds(100));
}

// Old messages come again, and the lead changes hands all the time.
void hand_overs_in_bad_weather(Stage& stage) {
    stage.settings.policy.timing = timing();
    auto& cluster = stage.build();
    cluster.fair = {.loss = 100,
                    .repeat = 300,
                    .echo = 300,
                    .echo_max = seconds(5),
                    .spike = 200,
                    .spike_max = milliseconds(150)};
    cluster.network.weather = cluster.fair;
    cluster.add_and_start(stage.turn() % 2 == 0 ? 3 : 5);
    cluster.expect_leader(10 * cluster.election_timeout());
    Mischief mischief(
        cluster, {.crash = 1, .lag = 1, .cut = 3, .weather = 4, .step_down = 6, .lost_campaign = 4},
        milliseconds(500));
    mischief.run(seconds(20));
    cluster.fair = {};
    cluster.settle();
}

// The leader loses one of two followers after the other, and both find each other: what the first
// promised has run out by then, what the last one promised has not.
void lose_followers(SimCluster& cluster) {
    for (int times = 0; times < 5; ++times) {
        cluster.expect_leader(seconds(20));
        cluster.run(2 * cluster.election_timeout());
        const auto* leader = cluster.leader();
        if (!leader) continue;
        const auto first = cluster.random.below(std::size_t{2});
        for (const auto skip : {first, 1 - first}) {
            const auto follower = (leader->index() + 1 + skip) % 3;
            cluster.network.cut(leader->index(), follower);
            if (cluster.random.chance(700)) cluster.network.cut(follower, leader->index());
            cluster.run(cluster.election_timeout() * 3 / 2 +
                        cluster.random.below(Duration(seconds(1))));
        }
        cluster.run(2 * cluster.election_timeout());
        cluster.heal();
    }
    cluster.settle();
}

void different_timers(Stage& stage) {
    auto& cluster = stage.build();
    for (std::size_t i = 0; i < 3; ++i) {
        Policy policy = cluster.settings_.policy;
        policy.timing = timing(milliseconds(300 + cluster.random.below(std::uint64_t{2000})));
        cluster.add(policy);
    }
    cluster.add_and_start(0);
    lose_followers(cluster);
}

// The clocks' rates are as far apart as they may be.
void wrong_clocks(Stage& stage) {
    stage.settings.policy.timing = timing();
    auto& cluster = stage.build();
    cluster.add_and_start(3);
    for (const auto& node : cluster.nodes()) {
        node->clock =
            SimClock(cluster.random.chance(500) ? SimClock::kRateMax : -SimClock::kRateMax,
                     node->clock.read(cluster.now()).time_since_epoch());
    }
    cluster.expect_leader(10 * cluster.election_timeout());
    harm(cluster, {.pause = 3, .part = 4, .step_down = 3}, milliseconds(700));
}

// Some answers take long, and are the last.
void slow_links(Stage& stage) {
    stage.settings.policy.timing = timing();
    auto& cluster = stage.build();
    cluster.network.weather = cluster.fair = {.spike = 250, .spike_max = milliseconds(240)};
    cluster.add_and_start(3);
    lose_followers(cluster);
}

// A hand-over waits for the configuration of its target, and meanwhile a higher term comes along.
void interrupted_hand_overs(Stage& stage) {
    auto& cluster = settled(stage, 3);
    for (int times = 0; times < 2; ++times) {
        auto& leader = *cluster.leader();
        auto& loser = cluster.node((leader.index() + 1) % 3);
        const auto target = (leader.index() + 2) % cluster.nodes().size();
        (void)loser.die_in_campaign(2);
        for (int i = 0; i < 2; ++i) cluster.add().start();
        const auto version = [&] { return leader.election().electorate().number.version; };
        const auto before = version();
        cluster.network.swallow = [&](std::size_t, std::size_t to, std::string_view name) {
            return to == target && name == "heartbeat" && version() > before;
        };
        const auto grows = [&] { return !leader.running() || version() > before; };
        if (cluster.run_until(grows, seconds(5)) && leader.leads()) {
            leader.command(StepDown{node_name(target)});
        }
        cluster.network.swallow = nullptr;
        if (!loser.running()) loser.start();
        cluster.run(seconds(3));
        cluster.heal();
        cluster.settle();
    }
}

// The network breaks, or the leader dies, in the very moment in which the voters change.
void voters_change(Stage& stage) {
    stage.settings.policy.timing = timing();
    auto& cluster = stage.build();
    cluster.add_and_start(1 + 2 * (stage.turn() % 2));
    cluster.expect_leader(10 * cluster.election_timeout());
    cluster.run(seconds(2));
    while (cluster.nodes().size() < 7) {
        for (int i = 0; i < 3; ++i) cluster.add().start();
        auto* leader = cluster.leader();
        const auto version = [&] { return leader->election().electorate().number.version; };
        const auto before = version();
        const auto grows = [&] { return !leader->running() || version() > before; };
        if (leader && cluster.run_until(grows, seconds(5))) {
            cluster.run(cluster.random.below(Duration(milliseconds(6))));
        }
        if (leader && cluster.random.chance(500)) leader->crash("killed");
        std::vector<std::size_t> some;
        for (std::size_t i = 0; i < cluster.nodes().size(); ++i) {
            if (cluster.random.chance(500)) some.push_back(i);
        }
        if (cluster.random.chance(700)) cluster.part(some);
        cluster.run(seconds(5));
        cluster.heal();
        cluster.expect_leader(10 * cluster.election_timeout());
    }
    cluster.settle();
}

// Two of three voters are parted from the leader while the voters become five; one of them missed
// all of it, and its greetings, which would tell it, are lost.
void left_behind(Stage& stage) {
    auto& cluster = settled(stage, 3);
    const auto leader = cluster.leader()->index();
    const auto behind = (leader + 1 + stage.turn() % 2) % 3;
    const auto other = 3 - leader - behind;
    cluster.network.swallow = [](std::size_t, std::size_t, std::string_view name) {
        return name == "hello";
    };
    cluster.cut_off(behind);
    for (int i = 0; i < 2; ++i) cluster.add().start();
    cluster.network.swallow = [&](std::size_t from, std::size_t, std::string_view name) {
        return name == "hello" && from == behind;
    };
    const auto grown = [&] {
        return cluster.node(leader).election().electorate().voters.size() == 5;
    };
    cluster.run_until(grown, seconds(8));
    cluster.run(cluster.random.below(Duration(milliseconds(3))));
    cluster.part({other});
    cluster.run(milliseconds(900) + cluster.random.below(Duration(milliseconds(500))));
    cluster.network.mend(behind, other);
    cluster.network.mend(other, behind);
    cluster.run(seconds(4));
    cluster.network.swallow = nullptr;
    cluster.settle();
}

// The leader dies over the last voter that it takes in: when one of the others has learnt of it,
// but cannot tell, or nobody has.
void half_told(Stage& stage) {
    auto& cluster = settled(stage, 3);
    const auto leader = cluster.leader()->index();
    const bool one_knows = stage.turn() % 2 == 0;
    const std::size_t voters = one_knows ? 7 : 5;
    const std::size_t told = one_knows ? (leader + 1) % 3 : Transcript::kWorld;
    const auto grown = [&] {
        const auto& node = cluster.node(leader);
        return node.running() && node.election().electorate().voters.size() == voters;
    };
    cluster.network.swallow = [&](std::size_t from, std::size_t to, std::string_view name) {
        if (name == "pre-vote" || name == "hello") return from == told || to == told;
        return name == "heartbeat" && from == leader && to != told && grown();
    };
    for (int i = 0; i < 4; ++i) cluster.add().start();
    if (cluster.run_until(grown, seconds(10))) {
        cluster.run(milliseconds(3));
        cluster.node(leader).crash("killed");
    }
    cluster.run(seconds(4));
    cluster.network.swallow = nullptr;
    cluster.settle();
}

// Of three, two go on alone, each as a cluster of its own: foreign to each other, whatever they
// say.
void two_recoveries(Stage& stage) {
    auto& cluster = settled(stage, 3);
    for (const auto& node : cluster.nodes()) node->crash("for good, it seems");
    cluster.run(seconds(2));
    cluster.referee.one_cluster = false;
    cluster.referee.many_leaders = true;
    for (std::size_t i = 0; i < 2; ++i) {
        auto& node = cluster.node(i);
        node.disk.rewrite(recovered(*node.disk.record(), cluster.random.identity()));
        node.start();
        cluster.run(seconds(2));
    }
    Mischief mischief(cluster, {.crash = 2, .cut = 1, .weather = 1}, seconds(1));
    mischief.run(seconds(8));
    cluster.settle();
}

void between_two_clusters(Stage& stage) {
    auto& cluster = settled(stage, 3);
    auto& outsider = split_in_two(cluster);
    outsider.start();
    cluster.expect(!cluster.run_until([&] { return !outsider.disk.record()->blank(); }, seconds(5)),
                   "a blank node joined one of two clusters of its name");
}

// A voter's disk is lost, and before anyone can be sure of it, the leader is asked to remove
// another.
void removal_beside_a_loss(Stage& stage) {
    auto& cluster = settled(stage, 3);
    auto& leader = *cluster.leader();
    const auto first = cluster.random.below(std::size_t{2});
    auto& lost = cluster.node((leader.index() + 1 + first) % 3);
    auto& removed = cluster.node((leader.index() + 2 - first) % 3);
    lost.lose_disk();
    cluster.run(2 * leader.policy().timing.heartbeat +
                cluster.random.below(Duration(cluster.election_timeout())));
    if (leader.leads()) leader.command(Remove{node_name(removed.index())});
    cluster.settle();
}

void disks_are_lost(Stage& stage) {
    stage.settings.policy.timing = timing();
    harm(three_or_five(stage), {.crash = 3, .cut = 3, .part = 3, .step_down = 2, .lose_disk = 8},
         milliseconds(700));
}

// Blank nodes found one cluster, by a claim or all together, while not everyone hears the two whose
// uuids are the smallest.
void founding(Stage& stage) {
    auto& policy = stage.settings.policy;
    policy.timing = timing();
    const bool all = stage.turn() % 2 == 0;
    if (all) policy.bootstrap = Bootstrap::all, policy.expect = 3;
    auto& cluster = stage.build();
    cluster.arbiter_fails = stage.turn() % 3 == 0 ? 500 : 0;
    cluster.network.weather.loss = cluster.fair.loss = 150;
    cluster.add_and_start(5);
    const auto uuid = [&](std::size_t node) { return cluster.node(node).disk.record()->uuid; };
    std::vector<std::size_t> order{0, 1, 2, 3, 4};
    std::ranges::sort(order, {}, uuid);
    for (const std::size_t place : {2, 3, 4}) {  // one-way: the first two hear the others
        cluster.network.cut(order[0], order[place]);
        if (cluster.random.chance(800)) cluster.network.cut(order[1], order[place]);
    }
    cluster.run(seconds(4));
    Mischief mischief(cluster, {.crash = 3, .disk = 2, .part = 1, .weather = 1}, milliseconds(500));
    mischief.run(seconds(6));
    cluster.fair.loss = 0;
    cluster.heal();
    cluster.run(seconds(10));
    // Founding sets may differ: the operator's to mend then.
    const auto blank = [](const auto& node) { return node->election().durable().blank(); };
    if (!all || !std::ranges::all_of(cluster.nodes(), blank)) cluster.settle();
}

// Some links stand, others do not: a leader exists where some node reaches a quorum both ways.
void standing_graphs(Stage& stage) {
    stage.settings.policy.timing = timing();
    auto& cluster = three_or_five(stage);
    cluster.settle();
    for (int times = 0; times < 3; ++times) {
        const auto count = cluster.nodes().size();
        cluster.network.mend_all();
        const bool deaf = cluster.random.chance(300) && cluster.leader();
        for (std::size_t link = 0; link < count * count && !deaf; ++link) {
            if (cluster.random.chance(300)) cluster.network.cut(link / count, link % count);
        }
        for (std::size_t from = 0; from < count && deaf; ++from) {
            cluster.network.cut(from, cluster.leader()->index());
        }
        cluster.expect_lead_by_links();
    }
    cluster.settle();
}

// A healthy leader outlives a higher term without a gap.
void higher_terms(Stage& stage) {
    stage.settings.policy.timing = timing();
    auto& cluster = three_or_five(stage);
    cluster.settle();
    const auto* leader = cluster.leader();
    auto& loser = cluster.node((leader->index() + 1) % cluster.nodes().size());
    (void)loser.die_in_campaign(1 + stage.turn() % 5);
    loser.start();
    cluster.expect(!cluster.run_until([&] { return !leader->leads(); }, seconds(5)),
                   "the leader lost the lead to a higher term");
    cluster.expect_calm(seconds(5));
}

// A leader that has just been re-elected in place is cut off, and somebody waits for just that.
void cut_off_after_re_election(Stage& stage) {
    auto& cluster = settled(stage, 5);
    auto& leader = *cluster.leader();
    auto& waiting = cluster.node((leader.index() + 1) % 5);
    auto& loser = cluster.node((leader.index() + 2) % 5);
    cluster.network.cut(leader.index(), waiting.index());
    cluster.network.cut(waiting.index(), leader.index());
    cluster.run(seconds(2));
    const Term term = loser.die_in_campaign(3);
    loser.start();
    const auto re_elected = [&] { return leader.leads() && leader.token() > term; };
    if (cluster.run_until(re_elected, seconds(2))) {
        cluster.run(cluster.random.below(Duration(milliseconds(100))));
        cluster.cut_off(leader.index());
        cluster.run(seconds(2));
    }
    cluster.heal();
    cluster.settle();
}

// Somebody speaks as others with the certificate of one of the nodes (P1, P2).
void an_impostor(Stage& stage) {
    stage.settings.policy.timing = timing();
    auto& cluster = three_or_five(stage);
    Impostor impostor(cluster, cluster.random.below(cluster.nodes().size()));
    Mischief mischief(cluster, {.crash = 2, .cut = 4, .part = 3, .step_down = 3},
                      milliseconds(700));
    mischief.run(20 * Duration(cluster.election_timeout()));
    impostor.falsify_answers(false);
    cluster.settle();
}

constexpr Family kFamilies[] = {{"everything at once", everything_at_once},
                                {"fast timers", fast_timers},
                                {"hand-overs in bad weather", hand_overs_in_bad_weather},
                                {"different timers", different_timers},
                                {"wrong clocks", wrong_clocks},
                                {"slow links", slow_links},
                                {"interrupted hand-overs", interrupted_hand_overs},
                                {"voters change", voters_change},
                                {"left behind", left_behind},
                                {"half told", half_told},
                                {"two recoveries", two_recoveries},
                                {"between two clusters", between_two_clusters},
                                {"a removal beside a loss", removal_beside_a_loss},
                                {"disks are lost", disks_are_lost},
                                {"founding", founding},
                                {"standing graphs", standing_graphs},
                                {"higher terms", higher_terms},
                                {"cut off after a re-election", cut_off_after_re_election},
                                {"an impostor", an_impostor}};

}  // namespace

std::uint64_t Stage::turn() const { return seed / std::size(kFamilies); }

std::span<const Family> families() { return kFamilies; }

}  // namespace electiond::sim
