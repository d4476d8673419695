// After a disaster: recover, rejoin (6.4, 6.5), and how survivors come back (B7 of protocol.md).
#include "election/recovery.h"

#include "bench.h"

namespace electiond {
namespace {

Sender heir(int n) {
    auto from = sender(n, "new");
    from.supersedes = {kCluster};
    return from;
}

TEST(Recovery, GoesOnAloneInANewClusterFarAboveAllOldTerms) {  // 6.5
    auto old = member({1, 2, 3}, 5);
    old.voted_for = uuid(2);
    old.promise = kE;
    old.starts = 8;
    old.config.banned = {uuid(9)};

    const auto next = recovered(old, "fresh");

    EXPECT_EQ(next.cluster_id, "fresh");
    EXPECT_EQ(next.supersedes, std::vector<std::string>{kCluster});
    EXPECT_EQ(next.term, Term{1} << 32);
    EXPECT_EQ(next.config, electorate({1}, {next.term, 1}));
    EXPECT_TRUE(next.voted_for.empty());
    EXPECT_EQ(next.uuid, old.uuid);
    EXPECT_EQ(next.starts, 8u);
    EXPECT_EQ(next.promise, kE) << "what was promised stays promised";
    EXPECT_EQ(recovered(next, "again").term, Term{2} << 32) << "above the old term";
}

TEST(Recovery, WhoRecoveredLeadsOnceItsPromisesHaveRunOut) {  // 6.5, §2
    auto old = member({1, 2, 3}, 5);
    old.promise = kE;
    Bench bench(recovered(old, "fresh"));

    bench.pass(kE - kTick);
    EXPECT_FALSE(bench.leads());
    bench.pass(kTick);

    EXPECT_TRUE(bench.leads());
    EXPECT_GT(bench.node.leader(bench.now)->token, Term{1} << 32);
}

TEST(Recovery, ABlankNodeFoundsInTheSteadOfALostClaim) {  // B1
    const auto next = founded_anew(blank(), "orphan", "fresh");

    EXPECT_EQ(next.cluster_id, "fresh");
    EXPECT_EQ(next.supersedes, std::vector<std::string>{"orphan"});
    EXPECT_EQ(next.term, Term{1} << 32);
    EXPECT_EQ(next.config, electorate({1}, {0, 1}));
}

TEST(Recovery, ARejoinIsANewBlankMember) {  // 6.4
    auto old = member({1, 2, 3}, 5);
    old.promise = kE;
    old.starts = 8;
    old.left = true;

    const auto next = rejoined(old, uuid(77));

    EXPECT_TRUE(next.blank());
    EXPECT_EQ(next.uuid, uuid(77));
    EXPECT_EQ(next.node_id, id(1));
    EXPECT_EQ(next.cluster_name, "demo");
    EXPECT_EQ(next.starts, 8u) << "the index never goes back";
    EXPECT_EQ(next.promise, kE);
    EXPECT_EQ(next.term, 0u);
    EXPECT_FALSE(next.left);
}

TEST(Recovery, ASurvivorGoesOverToTheClusterThatReplacedItsOwn) {  // B7
    Bench bench(member({1, 2, 3}, 5));
    bench.heartbeat(2, 5);

    bench.feed(RequestReceived{{heir(3), Term{1} << 32, Hello{.blank = false}}});

    const auto& durable = bench.node.durable();
    ASSERT_TRUE(bench.out.save);
    EXPECT_EQ(durable.cluster_id, "new");
    EXPECT_EQ(durable.supersedes, std::vector<std::string>{kCluster});
    EXPECT_EQ(durable.config, Electorate{});
    EXPECT_TRUE(durable.voted_for.empty());
    EXPECT_EQ(durable.term, Term{1} << 32) << "the larger term";
    EXPECT_EQ(durable.uuid, uuid(1));
    EXPECT_FALSE(bench.node.followed());
    EXPECT_EQ(bench.reason(), Reason::none) << "and the message is one of its own cluster now";
}

TEST(Recovery, TheOldLeaderStepsDown) {  // B7: lease = none
    Bench bench;
    bench.take_the_lead();

    bench.answer_hello(heir(3), {.blank = false}, {.term = Term{1} << 32});

    EXPECT_TRUE(bench.is<Following>());
    EXPECT_FALSE(bench.node.lease());
    EXPECT_EQ(bench.out.grants, Grants::close);
    EXPECT_EQ(bench.node.durable().cluster_id, "new");
    ASSERT_FALSE(bench.told<LeaderLost>().empty());
    EXPECT_EQ(bench.told<LeaderLost>()[0].reason, Reason::recovered);
}

TEST(Recovery, APreVoteTellsOfATermThatNobodyHasEntered) {  // B7, §3
    Bench bench(member({1, 2, 3}, 5));

    bench.feed(RequestReceived{{heir(3), (Term{1} << 32) + 1, PreVote{}}});

    EXPECT_EQ(bench.node.durable().cluster_id, "new");
    EXPECT_EQ(bench.term(), Term{1} << 32);
}

TEST(Recovery, AnOlderTermIsNotTakenOver) {  // B7: keep the larger term
    Bench bench(member({1, 2, 3}, (Term{3} << 32)));

    bench.feed(RequestReceived{{heir(3), Term{1} << 32, Hello{.blank = false}}});

    EXPECT_EQ(bench.term(), Term{3} << 32);
    EXPECT_EQ(bench.node.durable().cluster_id, "new");
}

TEST(Recovery, AClusterThatSupersedesAnotherOneIsForeign) {  // B7, I1
    Bench bench;
    const auto before = bench.node.durable();
    auto other = sender(3, "new");
    other.supersedes = {"somebody-elses"};
    auto namesake = heir(3);
    namesake.cluster_name = "another";

    for (const auto& from : {other, namesake}) {
        bench.feed(RequestReceived{{from, Term{1} << 32, Hello{.blank = false}}});
        EXPECT_EQ(bench.reason(), Reason::foreign_cluster);
        EXPECT_EQ(bench.node.durable(), before);
    }
}

TEST(Recovery, WhoWaitsToFoundGoesOverToo) {  // B7: blank, the hash of my foundingSet
    const std::vector<Voter> set{voter(1), voter(2)};
    auto durable = blank();
    durable.founding_set = set;
    auto policy = plain(Bootstrap::all);
    policy.founders = {id(1), id(2)};
    Bench bench(durable, policy);
    auto from = sender(2, "new");
    from.supersedes = {founding_hash("demo", set)};

    bench.feed(RequestReceived{{from, Term{1} << 32, Hello{.blank = false}}});

    EXPECT_EQ(bench.node.durable().cluster_id, "new");
    EXPECT_TRUE(bench.node.durable().founding_set.empty());
}

TEST(Recovery, ItVotesAndFollowsInTheNewClusterAlone) {  // B7: go on as observer
    Bench bench;
    bench.feed(RequestReceived{{heir(3), Term{1} << 32, Hello{.blank = false}}});

    bench.ask(2, Term{1} << 33, VoteRequest{.config = {9, 9}});
    EXPECT_EQ(bench.reason(), Reason::foreign_cluster) << "a straggler of the old cluster";
    bench.ask(3, bench.term(), Heartbeat{.seq = 1, .promise = kE}, "new");
    EXPECT_TRUE(std::get<HeartbeatReply>(bench.out.reply->body).accepted);
}

}  // namespace
}  // namespace electiond
