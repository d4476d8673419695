// Hello, and how a node comes into a cluster: §6, B3, B6, I2 of protocol.md.
#include "bench.h"

namespace electiond {
namespace {

LeaderHint leader_hint(int n) { return {.id = id(n), .uuid = uuid(n), .term = 1}; }

// How many hellos to everyone in `length`.
std::size_t hellos(Bench& bench, Duration length) {
    bench.pass(length);
    return bench.sent<Hello>().size();
}

TEST(Joining, ABlankNodeGreetsAllItKnowsEveryJ) {  // §6
    Bench bench(blank());

    bench.pass(kJ);
    ASSERT_GE(bench.sent<Hello>().size(), 1u) << "the first after uniform(0, J)";
    const auto hello = bench.sent<Hello>()[0].second;
    EXPECT_TRUE(hello.blank);
    EXPECT_TRUE(hello.wants_vote);
    EXPECT_EQ(hello.config, ConfigNumber{});
    EXPECT_EQ(std::get<Everyone>(bench.out.send[0].to).except, std::vector{uuid(1)});

    EXPECT_EQ(hellos(bench, 8 * kJ), 8u);
}

TEST(Joining, TheFirstHelloComesAtARandomMomentOfJ) {  // §6
    Duration least = kJ;
    Duration most{0};
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        Bench bench(blank(), plain(), seed);
        const Instant start = bench.now;
        bench.pass_until([&] { return !bench.sent<Hello>().empty(); });
        least = std::min(least, bench.now - start);
        most = std::max(most, bench.now - start);
    }

    EXPECT_LT(most, kJ);
    EXPECT_GT(most - least, kJ / 2);
}

TEST(Joining, WhoHearsHeartbeatsSaysNoHello) {  // §6: a quiet cluster says almost nothing
    Bench bench;
    for (int n = 0; n < 100; ++n) {
        bench.heartbeat(2, 1);
        bench.pass(kH);
        EXPECT_TRUE(bench.sent<Hello>().empty());
    }

    EXPECT_EQ(hellos(bench, kE - kH - kTick), 0u);
    EXPECT_GE(hellos(bench, kJ), 1u) << "none for E";
}

TEST(Joining, AMemberThatHasHeardNoneSinceItsStartSaysHello) {  // §6
    Bench bench(member({2, 3}));

    EXPECT_GE(hellos(bench, 2 * kJ), 2u);
}

TEST(Joining, WhoCannotFoundGreetsSeldomAfter10E) {  // §6: only every 5 E
    for (const auto& durable : {member({2, 3}), blank()}) {
        Bench bench(durable);
        EXPECT_NEAR(static_cast<double>(hellos(bench, 10 * kE)), 20, 1);
        bench.pass(5 * kE);
        EXPECT_EQ(hellos(bench, 50 * kE), 10u);
    }

    Bench founder(blank(), plain(Bootstrap::claim));
    founder.pass(15 * kE);
    EXPECT_EQ(hellos(founder, 10 * kE), 20u) << "one that may found goes on";
}

TEST(Joining, NewAddressesAreGreetedAtOnce) {
    Bench bench(blank());
    bench.pass(20 * kE);

    bench.feed(PeersFound{});

    EXPECT_EQ(bench.sent<Hello>().size(), 1u);
}

TEST(Joining, ALeaderGreetsEvery5EThoseWhoDoNotAck) {  // §6, B7
    Bench bench;
    bench.take_the_lead();

    bench.lead_on(5 * kE - kH, {2});
    std::size_t count = 0;
    for (int n = 0; n < 60; ++n) {
        bench.pass(kH);
        for (const auto& outgoing : bench.out.send) {
            if (!std::get_if<Hello>(&outgoing.body)) continue;
            ++count;
            EXPECT_EQ(std::get<Everyone>(outgoing.to).except, (std::vector{uuid(1), uuid(2)}));
        }
        bench.ack(2);
    }

    EXPECT_EQ(count, 2u);
}

TEST(Joining, WhoLostTheLeadGreetsSoon) {  // §6: who does not lead, every J
    Bench bench;
    bench.take_the_lead();
    bench.pass_until([&] { return bench.is<Following>(); });

    EXPECT_GE(hellos(bench, kJ), 1u);
}

TEST(Joining, WhoWasRemovedSaysNoHello) {  // 6.4
    auto durable = member({2, 3});
    durable.left = true;
    Bench bench(durable);

    EXPECT_EQ(hellos(bench, 60 * kE), 0u);
}

// ---- B6: the one who joins

TEST(Joining, ABlankNodeTakesTheClusterFromTheLeaderItself) {  // B6
    Bench bench(blank());
    auto leader = sender(2);
    leader.supersedes = {"old"};

    bench.answer_hello(leader, {.blank = false}, {.hint = leader_hint(2)});

    ASSERT_TRUE(bench.out.save);
    EXPECT_EQ(bench.node.durable().cluster_id, kCluster);
    EXPECT_EQ(bench.node.durable().supersedes, std::vector<std::string>{"old"});
    EXPECT_TRUE(bench.node.electorate().voters.empty()) << "an observer";
    EXPECT_TRUE(bench.heartbeat(2, 3).accepted);
}

TEST(Joining, NotFromAMemberThatOnlyKnowsWhoLeadsButItAsksThere) {  // B6
    Bench bench(blank());

    bench.answer_hello(sender(3), {.blank = false}, {.hint = leader_hint(2)});

    EXPECT_TRUE(bench.node.durable().blank());
    EXPECT_TRUE(bench.sent_to<Hello>(2));
}

TEST(Joining, NotFromAMemberThatKnowsNoLeaderNorFromAnotherBlankNode) {  // B6
    Bench bench(blank());

    bench.answer_hello(sender(3), {.blank = false});
    bench.answer_hello(sender(4, ""), {});

    EXPECT_TRUE(bench.node.durable().blank());
    EXPECT_FALSE(bench.out.save);
}

TEST(Joining, NotFromAClusterOfAnotherName) {  // B6, I1
    Bench bench(blank());
    auto other = sender(2);
    other.cluster_name = "another";

    bench.answer_hello(other, {.blank = false}, {.hint = leader_hint(2)});

    EXPECT_TRUE(bench.node.durable().blank());
}

TEST(Joining, ARefusalIsReportedAndNotJoined) {  // B6 id_in_use
    Bench bench(blank());

    bench.answer_hello(sender(2), {.blank = false}, {.hint = leader_hint(2)}, Reason::id_in_use);

    EXPECT_TRUE(bench.node.durable().blank());
    EXPECT_TRUE(bench.reported(Reason::id_in_use));
}

TEST(Joining, MembersOfTwoClustersOfOneNameAreJoinedByNobody) {  // B3
    Bench bench(blank());
    bench.answer_hello(sender(3, "other"), {.blank = false});

    bench.answer_hello(sender(2), {.blank = false}, {.hint = leader_hint(2)});

    EXPECT_TRUE(bench.node.durable().blank());
    EXPECT_TRUE(bench.reported(Reason::two_clusters));
}

// ---- B6: a node that has asked several addresses waits for all of them

// A leader of our cluster's name has answered; others that were asked have not.
Bench half_answered() {
    Bench bench(blank());
    bench.answer_hello(sender(2), {.blank = false}, {.hint = leader_hint(2)}, Reason::none, true);
    return bench;
}

TEST(Joining, WaitsForEveryoneWhoWasAsked) {  // B6
    auto bench = half_answered();
    EXPECT_TRUE(bench.node.durable().blank());

    bench.feed(NoReply{.hellos_open = true});
    EXPECT_TRUE(bench.node.durable().blank()) << "a third one was asked, too";

    bench.feed(NoReply{.hellos_open = false});
    EXPECT_EQ(bench.node.durable().cluster_id, kCluster);
    EXPECT_TRUE(bench.out.save);
}

TEST(Joining, WaitsNoLongerThanARequestMayTake) {  // B6: at most R
    auto bench = half_answered();

    bench.pass(kTiming.request_timeout - 1ms);
    EXPECT_TRUE(bench.node.durable().blank());

    bench.pass(1ms);
    EXPECT_EQ(bench.node.durable().cluster_id, kCluster);
}

TEST(Joining, AnotherClusterThatAnswersLaterIsNotTooLate) {  // B6, 6.1
    auto bench = half_answered();

    bench.answer_hello(sender(3, "other"), {.blank = false});

    EXPECT_TRUE(bench.node.durable().blank());
    ASSERT_TRUE(bench.reported(Reason::two_clusters));
    const auto detail = bench.told<Report>().front().detail;
    EXPECT_THAT(detail, testing::HasSubstr("cluster id other (node 3)"));
    EXPECT_THAT(detail, testing::HasSubstr("cluster id " + std::string(kCluster) + " (node 2)"));
    bench.pass(kTiming.request_timeout);
    EXPECT_TRUE(bench.node.durable().blank());
}

TEST(Joining, TheLeaderThatAnsweredLastIsFollowedAfterTheWait) {  // B6
    auto bench = half_answered();
    auto next = sender(3);
    next.supersedes = {"before"};

    bench.answer_hello(next, {.blank = false}, {.hint = leader_hint(3)});

    EXPECT_EQ(bench.node.durable().supersedes, next.supersedes);
}

TEST(Joining, UnlessTheOneReplacedTheOther) {  // B3: of which neither supersedes the other
    Bench bench(blank());
    bench.answer_hello(sender(3, "old"), {.blank = false});
    auto heir = sender(2);
    heir.supersedes = {"old"};

    bench.answer_hello(heir, {.blank = false}, {.hint = leader_hint(2)});

    EXPECT_EQ(bench.node.durable().cluster_id, kCluster);
}

// ---- B6: those who are asked

TEST(Joining, TheLeaderNotesAnObserverAndSendsItHeartbeatsAtOnce) {  // B6
    Bench bench;
    bench.take_the_lead();

    const auto reply = bench.hello(sender(9, ""));

    EXPECT_FALSE(reply.self.blank);
    ASSERT_TRUE(reply.hint);
    EXPECT_EQ(reply.hint->uuid, uuid(1));
    const auto beat = bench.sent_to<Heartbeat>(9);
    ASSERT_TRUE(beat);
    EXPECT_TRUE(beat->config);
    EXPECT_TRUE(beat->members);
    ASSERT_EQ(bench.told<PeerNoted>().size(), 1u);

    bench.hello(sender(9, ""));
    EXPECT_TRUE(bench.told<PeerNoted>().empty()) << "once";
    EXPECT_TRUE(bench.sent<Heartbeat>().empty());
}

TEST(Joining, AFollowerNamesTheLeader) {  // B6
    Bench bench;
    bench.heartbeat(2, 1);

    const auto reply = bench.hello(sender(9, ""));

    ASSERT_TRUE(reply.hint);
    EXPECT_EQ(reply.hint->uuid, uuid(2));
    EXPECT_TRUE(bench.out.send.empty());
    EXPECT_EQ(bench.reason(), Reason::none);
}

TEST(Joining, TheIdOfALivingVoterIsRefusedToAnother) {  // B6, M5: id_in_use
    Bench bench;
    bench.take_the_lead();
    auto twin = sender(2, "");
    twin.uuid = uuid(22);

    bench.hello(twin);

    EXPECT_EQ(bench.reason(), Reason::id_in_use);
    EXPECT_TRUE(bench.reported(Reason::id_in_use));
    EXPECT_EQ(bench.lead().roster.find(uuid(22)), nullptr);
    bench.hello(twin);
    EXPECT_FALSE(bench.reported(Reason::id_in_use)) << "said once";
}

TEST(Joining, TwoThatAreRefusedInTurnsAreNamedOnceEach) {
    Bench bench;
    bench.take_the_lead();
    for (const int round : {1, 2}) {
        for (const int n : {2, 3}) {
            auto twin = sender(n, "");
            twin.uuid = uuid(10 * n + n);
            bench.hello(twin);
            EXPECT_EQ(bench.reported(Reason::id_in_use), round == 1) << n;
        }
    }
}

TEST(Joining, ForeignersAreRefusedAndLearnNothing) {  // I1, B6
    Bench bench;
    bench.take_the_lead();
    auto other_name = sender(9, "");
    other_name.cluster_name = "another";

    const auto reply = bench.hello(other_name);
    EXPECT_EQ(bench.reason(), Reason::foreign_cluster);
    EXPECT_FALSE(reply.hint);
    bench.hello(sender(9, "other"), {.blank = false});
    EXPECT_EQ(bench.reason(), Reason::foreign_cluster);
    EXPECT_EQ(bench.lead().roster.find(uuid(9)), nullptr);
}

TEST(Joining, AnOlderConfigIsAnsweredWithTheNewerOne) {  // B6, last sentence
    auto durable = member({1, 2, 3});
    durable.config.banned = {uuid(9)};
    Bench bench(durable);

    EXPECT_TRUE(bench.hello(sender(2), {.blank = false, .config = {0, 0}}).config);
    EXPECT_FALSE(bench.hello(sender(2), {.blank = false, .config = {0, 1}}).config);
    EXPECT_TRUE(bench.hello(sender(9), {.blank = false, .config = {0, 0}}).config)
        << "banned or not";
    EXPECT_FALSE(bench.hello(sender(8, "")).config) << "not to a blank one";
}

TEST(Joining, AnAnswerOfTheOwnClusterIsTakenAsInC4AndC5) {  // B6, I2
    Bench bench;

    bench.answer_hello(sender(9), {.blank = false},
                       {.term = 7, .config = electorate({1, 2, 3, 4}, {7, 2})});

    EXPECT_EQ(bench.term(), 7u);
    EXPECT_EQ(bench.node.electorate(), electorate({1, 2, 3, 4}, {7, 2}));
}

TEST(Joining, AnAnswerOfAnotherClusterIsNot) {  // I1, trace 4
    Bench bench;
    const auto before = bench.node.durable();

    bench.answer_hello(sender(9, "other"), {.blank = false},
                       {.term = 7, .config = electorate({9}, {7, 2})});

    EXPECT_EQ(bench.node.durable(), before);
}

TEST(Joining, ItsOwnGreetingComeBackIsNobodysGreeting) {
    Bench leader(member({1}));
    leader.campaign();
    leader.hello(sender(1));
    EXPECT_TRUE(leader.lead().roster.all().empty());

    Bench lonely(blank(), [] {
        auto policy = plain(Bootstrap::all);
        policy.expect = 2;
        return policy;
    }());
    for (int n = 0; n < 50; ++n) {
        lonely.pass(kH);
        lonely.hello(sender(1, ""));
        lonely.answer_hello(sender(1, ""), {});
    }
    EXPECT_TRUE(lonely.node.durable().founding_set.empty());
}

TEST(Joining, ObserversAreForgottenWhenSilentForDeadAfterAndMayComeBack) {  // B6
    Bench bench;
    bench.take_the_lead();
    bench.hello(sender(9));

    bench.lead_on(kTiming.dead_after - kH);
    EXPECT_TRUE(bench.lead().roster.find(uuid(9)));
    bench.lead_on(2 * kH);
    EXPECT_FALSE(bench.lead().roster.find(uuid(9)));

    bench.hello(sender(9));
    EXPECT_TRUE(bench.lead().roster.find(uuid(9)));
}

}  // namespace
}  // namespace electiond
