// Faults that older wordings of the protocol allowed (§11), each made to happen to real Nodes; and
// some that the simulation found.
#include <functional>

#include <gtest/gtest.h>

#include "node/grant_book.h"
#include "node/peer_identity.h"
#include "node/status_board.h"
#include "over_seeds.h"
#include "support/shown.h"
#include "support/sim_cluster.h"
#include "wire/codec.h"

namespace electiond::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kSeeds = 20 * kShares;

SimSettings settings(std::uint64_t seed) {
    SimSettings settings{.seed = seed};
    settings.policy.timing.heartbeat = milliseconds(200);
    settings.policy.timing.client_grant = milliseconds(1000);  // as long as the lease
    settings.clients = false;
    return settings;
}

// How `node` speaks of itself.
Sender sender(const SimNode& node) {
    const auto& durable = node.election().durable();
    return {.cluster_id = durable.cluster_id,
            .cluster_name = durable.cluster_name,
            .uuid = durable.uuid,
            .id = durable.node_id,
            .incarnation = "forged",
            .address = std::nullopt,
            .api = {},
            .supersedes = {}};
}

std::vector<std::string> certificate(const Sender& from) {
    return {names_of_node(from.cluster_name, from.id.value).uri};
}

// A message that was under way for a long time reaches `to` now; returns what `to` answers.
PeerReply say(SimNode& to, const Sender& from, Term term, RequestBody body) {
    const auto name = wire::name_of(body);
    const auto text =
        wire::encode(PeerRequest{.from = from, .term = term, .body = std::move(body)});
    std::optional<PeerReply> reply;
    to.post(RequestArrived{
        {.name = name, .body = text, .source = {}, .verified_names = certificate(from)},
        [&](const Response& answer) { reply = wire::decode_reply(name, answer.body); }});
    return reply.value();
}

void answer(SimNode& to, const std::string& name, const PeerReply& reply) {
    to.post(ReplyArrived{reply.from.uuid,
                         {},
                         name,
                         {Response::Kind::ok, wire::encode(reply), certificate(reply.from)}});
}

SimNode& other_than(SimCluster& cluster, const SimNode& one, std::size_t skip = 0) {
    for (const auto& node : cluster.nodes()) {
        if (node->index() != one.index() && skip-- == 0) return *node;
    }
    throw std::logic_error("no such node");
}

// What `node` tells a client now; the referee sees to it that it is kept.
Duration grant(SimCluster& cluster, SimNode& node) {
    const auto valid = node.grant();
    if (valid.count() > 0) cluster.referee.saw_grant(node, cluster.now() + valid);
    return valid;
}

// Plays on three settled nodes, one of which leads, for every seed.
void among_three(const std::function<void(SimCluster&, SimNode&)>& play) {
    over_seeds(0, kSeeds, [&](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(3);
        cluster.settle();
        play(cluster, *cluster.leader());
    });
}

TEST(Trace, TheFirstLeadersPromiseToItselfOutlivesACrash) {
    over_seeds(0, kSeeds, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(1);
        cluster.expect_leader(seconds(5));
        cluster.add_and_start(2);
        cluster.settle();
        auto& founder = cluster.node(0);
        cluster.expect(founder.leads() && !founder.election().heard_heartbeat(),
                       "the founder has followed somebody");

        // Node 1 has not heard it for long: only the others' promises hold it back.
        cluster.network.cut(0, 1);
        cluster.run(seconds(3));
        cluster.expect(grant(cluster, founder) > milliseconds(700), "no grant");
        founder.crash("killed");
        founder.start();
        cluster.network.mend_all();

        cluster.expect(
            founder.election().promise().binds(founder.clock.read(cluster.now()),
                                               cluster.node(1).election().durable().uuid),
            "the founder has forgotten its own promise");
        cluster.expect_leader(seconds(10));
    });
}

TEST(Trace, ALateTimeoutNowOfAnEarlierLeaderIsIgnored) {
    over_seeds(0, kSeeds, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.add_and_start(3);
        cluster.settle();
        auto& old = *cluster.leader();
        const auto before = cluster.referee.leaders_seen();
        cluster.cut_off(old.index());
        cluster.network.swallow = [](std::size_t, std::size_t, std::string_view name) {
            return name == "heartbeat";
        };
        const auto next_won = [&] { return cluster.referee.leaders_seen() > before; };
        cluster.expect(cluster.run_until(next_won, seconds(10)), "nobody won");
        auto& first = other_than(cluster, old, 0);
        auto& voter = std::holds_alternative<Leading>(first.election().role())
                          ? other_than(cluster, old, 1)
                          : first;
        const Term term = voter.election().term();

        const auto reply = say(voter, sender(old), term, TimeoutNow{});

        EXPECT_FALSE(std::get<TimeoutNowReply>(reply.body).accepted);
        EXPECT_EQ(voter.election().term(), term);
    });
}

TEST(Trace, APromiseIsNeverShortenedForWhomItWasGivenTo) {
    among_three([](SimCluster& cluster, SimNode& leader) {
        auto& voter = other_than(cluster, leader);
        const Term term = leader.election().term();
        const auto promised = voter.election().promise().until;
        const Heartbeat late{.seq = 1,
                             .promise = milliseconds(1),
                             .number = leader.election().electorate().number,
                             .view = 1};

        say(voter, sender(leader), term, late);
        EXPECT_EQ(voter.election().promise().until, promised);

        say(voter, sender(leader), term + 1, late);  // after a re-election in place
        EXPECT_EQ(voter.election().promise().until, promised);
    });
}

TEST(Trace, TheTermInAForeignAnswerDoesNotCount) {
    among_three([](SimCluster& cluster, SimNode& leader) {
        const Term term = leader.election().term();
        PeerReply foreign{.from = sender(other_than(cluster, leader)),
                          .term = Term{1} << 32,
                          .request_term = term,
                          .reason = Reason::none,
                          .body = HeartbeatReply{.accepted = false, .seq = 1}};
        foreign.from.cluster_id = "another";

        answer(leader, "heartbeat", foreign);
        foreign.body = HelloReply{};
        answer(leader, "hello", foreign);

        cluster.expect_calm(seconds(5));
        EXPECT_EQ(cluster.referee.highest_term(), term);
    });
}

// A Node cannot win again within the lease that it lost (its timer restarts), so the book is asked.
TEST(Trace, ANewLeadTakesOverWhatWasGrantedInTheOneBefore) {
    StatusBoard board;
    GrantBook book;
    const Instant now{seconds(1000)};
    Shown status;
    status.leadership.in_office = true;
    status.leadership.lease_until = now + seconds(1);
    board.publish(status);
    book.open();
    ASSERT_GT(book.grant(board, now, milliseconds(900)).count(), 0);
    book.close();

    book.open();

    EXPECT_GE(book.close(), now + milliseconds(900));
}

// Messages take no time at all here: the referee looks at the board when timeout-now leaves.
TEST(Trace, WhoHandsOverIsNotALeaderAnyMoreWhenItSaysSo) {
    over_seeds(0, kSeeds, [](std::uint64_t seed) {
        SimCluster cluster(settings(seed));
        cluster.network.weather =
            cluster.fair = {.delay_min = Duration(0), .delay_max = Duration(1)};
        cluster.add_and_start(3);
        cluster.settle();
        for (int times = 0; times < 4; ++times) {
            auto& old = *cluster.leader();
            const auto until = cluster.now() + grant(cluster, old);
            old.command(StepDown{});
            const auto led_by_another = [&] {
                return cluster.leader() && cluster.leader() != &old;
            };
            cluster.expect(cluster.run_until(led_by_another, seconds(2)), "nobody took over");
            EXPECT_GE(cluster.now(), until);
            cluster.run(seconds(3));
        }
    });
}

// L1: an ack is worth what its heartbeat was worth when it was sent, however late it comes.
TEST(Trace, ALateAckDoesNotLengthenTheLease) {
    among_three([](SimCluster& cluster, SimNode& leader) {
        const auto& election = leader.election();
        cluster.run(milliseconds(100));  // every heartbeat sent so far is answered
        const auto seq = std::get<Leading>(election.role()).rounds.newest();
        const auto until = election.lease()->until;
        cluster.network.swallow = [](std::size_t, std::size_t, std::string_view name) {
            return name == "heartbeat";
        };
        cluster.run(milliseconds(700));

        answer(leader, "heartbeat",
               {.from = sender(other_than(cluster, leader)),
                .term = election.term(),
                .request_term = election.term(),
                .reason = Reason::none,
                .body = HeartbeatReply{
                    .accepted = true, .seq = seq, .config = election.electorate().number}});

        cluster.expect(election.lease()->until <= until, "the lease grew");
        cluster.network.swallow = nullptr;
        cluster.settle();
    });
}

// V2: two steps apart, quorums need not meet: {0, 1, 2} and {0, …, 4}.
TEST(Trace, AnOutdatedConfigurationElectsNobody) {
    among_three([](SimCluster& cluster, SimNode& leader) {
        const auto version = [&] { return leader.election().electorate().number.version; };
        const auto old = version();
        const auto first = other_than(cluster, leader, 0).index();   // misses both steps
        const auto second = other_than(cluster, leader, 1).index();  // misses the second
        const auto is_cut = [&](std::size_t node) {
            return (node == first && version() > old) || (node == second && version() > old + 1);
        };
        const auto one_of_both = [&](std::size_t node) { return node == first || node == second; };
        cluster.network.swallow = [&](std::size_t from, std::size_t to, std::string_view name) {
            // A greeting would bring the newer configuration.
            if (one_of_both(from) && one_of_both(to) && version() > old) return name == "hello";
            return one_of_both(from) != one_of_both(to) && (is_cut(from) || is_cut(to));
        };
        cluster.add_and_start(2);
        const auto grown = [&] { return version() == old + 2; };
        cluster.expect(cluster.run_until(grown, seconds(10)), "the voters do not become five");

        cluster.expect_calm(seconds(20));
        cluster.network.swallow = nullptr;
        cluster.settle();
    });
}

// T1: a hand-over that waits for its target's configuration, and a term that rises meanwhile.
TEST(Trace, AHandOverThatAReelectionInterruptsIsStillAnswered) {
    among_three([](SimCluster& cluster, SimNode& leader) {
        const auto& election = leader.election();
        cluster.add_and_start(2);
        const auto version = election.electorate().number.version;
        const auto grows = [&] { return election.electorate().number.version > version; };
        cluster.expect(cluster.run_until(grows, seconds(10)), "nobody is promoted");

        leader.command(StepDown{});
        cluster.expect(!election.draining(), "the hand-over does not wait for the configuration");
        answer(leader, "heartbeat",
               {.from = sender(other_than(cluster, leader)),
                .term = election.term() + 1,
                .request_term = election.term(),
                .reason = Reason::none,
                .body = HeartbeatReply{.accepted = false,
                                       .seq = std::get<Leading>(election.role()).rounds.newest()}});
        cluster.run(seconds(6));

        cluster.expect(!leader.oldest_command(), "the command was never answered");
    });
}

}  // namespace
}  // namespace electiond::sim
