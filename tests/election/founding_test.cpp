// How a cluster begins: claim (B1), all (B4, B5), join (B3) of protocol.md.
#include "election/founding.h"

#include "bench.h"

namespace electiond {
namespace {

Policy all(std::initializer_list<int> ids) {
    auto policy = plain(Bootstrap::all);
    for (const int n : ids) policy.founders.push_back(id(n));
    return policy;
}

Policy expecting(std::size_t n) {
    auto policy = plain(Bootstrap::all);
    policy.expect = n;
    return policy;
}

std::vector<Voter> set_of(std::initializer_list<int> nodes) {
    std::vector<Voter> set;
    for (const int n : nodes) set.push_back(voter(n));
    return set;
}

Sender stranger(int n) { return sender(n, ""); }

void hear(Bench& bench, int n, std::vector<Voter> set = {}, bool wants_vote = true) {
    bench.hello(stranger(n), {.founding_set = std::move(set), .wants_vote = wants_vote});
}

// ---- B1: claim

TEST(Founding, ABlankNodeThatNobodyAnswersForEClaimsTheName) {  // B1
    Bench bench(blank(), plain(Bootstrap::claim));

    bench.pass(kE - kTick);
    EXPECT_FALSE(bench.out.claim);
    bench.pass(kTick);

    ASSERT_TRUE(bench.out.claim);
    EXPECT_EQ(bench.out.claim->uuid, uuid(1));
    EXPECT_FALSE(bench.out.claim->cluster_id.empty());
    EXPECT_TRUE(bench.node.durable().blank()) << "it has founded nothing yet";
}

TEST(Founding, WhoseClaimIsStoredFoundsTheClusterUnderTheStoredId) {  // B1
    Bench bench(blank(), plain(Bootstrap::claim));
    bench.pass(kE);
    ASSERT_TRUE(bench.out.claim);

    bench.feed(ClaimAnswered{Claim{"stored", uuid(1)}});

    ASSERT_TRUE(bench.out.save);
    EXPECT_EQ(bench.node.durable().cluster_id, "stored") << "not the one it offered";
    EXPECT_EQ(bench.node.electorate().voters, set_of({1}));
    bench.pass_until([&] { return bench.leads(); });
    EXPECT_EQ(bench.term(), 1u);
}

TEST(Founding, AnothersClaimMakesItWaitForThatNode) {  // B1: else it joins, whatever the claim says
    Bench bench(blank(), plain(Bootstrap::claim));
    bench.pass(kE);

    bench.feed(ClaimAnswered{Claim{"theirs", uuid(2)}});

    EXPECT_TRUE(bench.node.durable().blank());
    EXPECT_FALSE(bench.out.save);
}

TEST(Founding, AnArbiterThatCannotSayIsAskedAgain) {
    Bench bench(blank(), plain(Bootstrap::claim));
    bench.pass(kE);
    ASSERT_TRUE(bench.out.claim);
    bench.pass(5 * kE);
    EXPECT_FALSE(bench.out.claim) << "not while it has not answered";

    bench.feed(ClaimAnswered{});
    EXPECT_TRUE(bench.node.durable().blank());
    bench.pass(kE);

    EXPECT_TRUE(bench.out.claim);
}

TEST(Founding, WhoHasHeardAMemberLatelyDoesNotClaim) {  // B1: no member for one election timeout
    Bench bench(blank(), plain(Bootstrap::claim));

    for (int n = 0; n < 10; ++n) {
        bench.pass(kE - kTick);
        EXPECT_FALSE(bench.out.claim);
        bench.hello(sender(2), {.blank = false});
    }
    bench.pass(kE);
    EXPECT_TRUE(bench.out.claim);
}

TEST(Founding, AMemberHeardWhileTheArbiterAnswersIsJoinedInstead) {  // B1
    Bench bench(blank(), plain(Bootstrap::claim));
    bench.pass(kE);
    ASSERT_TRUE(bench.out.claim);
    bench.hello(sender(2), {.blank = false});

    bench.feed(ClaimAnswered{Claim{"stored", uuid(1)}});

    EXPECT_TRUE(bench.node.durable().blank());
}

TEST(Founding, WhoWantsNoVoteOrMayNotLeadDoesNotClaim) {  // B1
    auto observer = plain(Bootstrap::claim);
    observer.observer = true;
    auto witness = plain(Bootstrap::claim);
    witness.priority = 0;
    for (const auto& policy : {observer, witness, plain(Bootstrap::join)}) {
        Bench bench(blank(), policy);
        bench.pass(20 * kE);
        EXPECT_FALSE(bench.out.claim);
        EXPECT_TRUE(bench.node.durable().blank());
    }
}

TEST(Founding, AClaimWhoseOwnerNeverAnswersIsReported) {  // B1: claim_orphaned (id, uuid)
    Bench bench(blank(), plain(Bootstrap::claim));
    bench.pass(kE);
    bench.feed(ClaimAnswered{Claim{"theirs", uuid(2)}});

    std::vector<Report> told;
    const Instant end = bench.now + kTiming.dead_after;
    while (bench.now < end) {
        bench.pass(kE);
        for (const auto& each : bench.told<Report>()) told.push_back(each);
        if (bench.out.claim) bench.feed(ClaimAnswered{Claim{"theirs", uuid(2)}});
    }

    ASSERT_EQ(told.size(), 1u) << "once";
    EXPECT_EQ(told[0].reason, Reason::claim_orphaned);
    EXPECT_NE(told[0].detail.find("u2"), std::string::npos);
    EXPECT_TRUE(bench.node.durable().blank());
}

TEST(Founding, AnArbiterThatIsAwayIsNoOrphanedClaim) {  // B1
    Bench bench(blank(), plain(Bootstrap::claim));

    for (int n = 0; n < 50; ++n) {
        bench.pass(kE);
        EXPECT_FALSE(bench.reported(Reason::claim_orphaned));
        if (bench.out.claim) bench.feed(ClaimAnswered{});
    }
}

TEST(Founding, TheLeaderKeepsItsClaimAlive) {  // B1: every 10 E
    Bench bench(member({1}), plain(Bootstrap::claim));
    bench.pass_until([&] { return bench.leads(); });
    ASSERT_TRUE(bench.out.claim);
    EXPECT_EQ(*bench.out.claim, (Claim{kCluster, uuid(1)}));
    bench.feed(ClaimAnswered{Claim{kCluster, uuid(1)}});

    bench.pass(10 * kE - kTick);
    EXPECT_FALSE(bench.out.claim);
    bench.pass(kTick);
    EXPECT_TRUE(bench.out.claim);
}

TEST(Founding, AnotherClustersClaimIsReportedAndNeverObeyed) {  // B1: claim_conflict
    Bench bench(member({1}), plain(Bootstrap::claim));
    bench.pass_until([&] { return bench.leads(); });

    bench.feed(ClaimAnswered{Claim{"theirs", uuid(2)}});

    EXPECT_TRUE(bench.reported(Reason::claim_conflict));
    EXPECT_EQ(bench.node.durable().cluster_id, kCluster);
    EXPECT_TRUE(bench.leads());
}

// ---- B4, B5: all

TEST(Founding, OnceAllListedAreHeardTheSetIsPromisedAndShown) {  // B4
    Bench bench(blank(), all({1, 2, 3}));
    hear(bench, 2);
    EXPECT_TRUE(bench.node.durable().founding_set.empty());
    hear(bench, 3);

    ASSERT_TRUE(bench.out.save) << "fsynced";
    EXPECT_EQ(bench.node.durable().founding_set, set_of({1, 2, 3}));
    ASSERT_FALSE(bench.sent<Hello>().empty()) << "the others wait for it";
    EXPECT_EQ(bench.sent<Hello>()[0].second.founding_set, set_of({1, 2, 3}));
    EXPECT_TRUE(bench.node.durable().blank()) << "nothing is founded by one node's promise";
}

TEST(Founding, WhatIsMissingForTheSet) {  // B4, condition by condition
    {
        Bench bench(blank(), all({1, 2, 3}));
        hear(bench, 2);
        bench.pass(2 * kJ + kTick);
        hear(bench, 3);
        EXPECT_TRUE(bench.node.durable().founding_set.empty()) << "2 J ago is too long ago";
    }
    {
        Bench bench(blank(), all({1, 2, 3}));
        hear(bench, 2);
        hear(bench, 3, {}, false);
        EXPECT_TRUE(bench.node.durable().founding_set.empty()) << "3 wants no vote";
    }
    {
        Bench bench(blank(), all({1, 2, 3}));
        auto twin = stranger(2);
        twin.uuid = uuid(22);
        hear(bench, 2);
        bench.hello(twin);
        hear(bench, 3);
        EXPECT_TRUE(bench.node.durable().founding_set.empty()) << "one uuid each";
    }
    {
        Bench bench(blank(), all({1, 2, 3}));
        bench.hello(sender(9), {.blank = false});
        hear(bench, 2);
        hear(bench, 3);
        EXPECT_TRUE(bench.node.durable().founding_set.empty()) << "there is a cluster already";
    }
    {
        Bench bench(blank(), all({1, 2, 3}));
        hear(bench, 2, set_of({2, 9}));
        hear(bench, 3);
        EXPECT_TRUE(bench.node.durable().founding_set.empty()) << "2 has promised another";
    }
    {
        Bench bench(blank(), all({2, 3}));
        hear(bench, 2);
        hear(bench, 3);
        EXPECT_TRUE(bench.node.durable().founding_set.empty()) << "1 is not one of them";
    }
    {
        Bench bench(blank(), all({1, 2}));
        auto other = stranger(2);
        other.cluster_name = "another";
        bench.hello(other);
        EXPECT_TRUE(bench.node.durable().founding_set.empty()) << "of our name only";
    }
}

TEST(Founding, TheSetIsNeverChanged) {  // B4: once in the life of a uuid
    Bench bench(blank(), all({1, 2}));
    hear(bench, 2);
    ASSERT_EQ(bench.node.durable().founding_set, set_of({1, 2}));

    Bench again(bench.node.durable(), all({1, 3}));
    hear(again, 3);

    EXPECT_EQ(again.node.durable().founding_set, set_of({1, 2}));
}

TEST(Founding, WithAnExpectedNumberTheSetMustStandFor2JAndIsTheSmallestUuids) {  // B4
    Bench bench(blank(), expecting(3));
    for (const int n : {4, 2, 3}) hear(bench, n);
    EXPECT_TRUE(bench.node.durable().founding_set.empty());

    for (Duration passed{0}; passed < 2 * kJ - kH; passed += kH) {
        bench.pass(kH);
        for (const int n : {2, 3, 4}) hear(bench, n);
        EXPECT_TRUE(bench.node.durable().founding_set.empty());
    }
    bench.pass(kH);

    EXPECT_EQ(bench.node.durable().founding_set, set_of({1, 2, 3}));
}

TEST(Founding, ANewcomerAmongTheSmallestBeginsTheWaitAnew) {  // B4: the same for 2 J
    auto durable = blank();
    durable.uuid = uuid(5);
    Bench bench(durable, expecting(3));
    for (Duration passed{0}; passed < 2 * kJ - kH; passed += kH) {
        for (const int n : {6, 7}) hear(bench, n);
        bench.pass(kH);
    }

    for (const int n : {2, 6, 7}) hear(bench, n);
    bench.pass(kH);

    EXPECT_TRUE(bench.node.durable().founding_set.empty());
}

TEST(Founding, ALoneExpectedNodeFoundsAtOnce) {  // B4: N = 1
    Bench bench(blank(), expecting(1));

    bench.pass_until([&] { return bench.leads(); });

    EXPECT_EQ(bench.node.electorate().voters, set_of({1}));
}

TEST(Founding, OnceAllHaveShownTheVerySameSetTheClusterIsFounded) {  // B5
    Bench bench(blank(), all({1, 2, 3}));
    hear(bench, 2);
    hear(bench, 3);
    hear(bench, 2, set_of({1, 2, 3}));
    EXPECT_TRUE(bench.node.durable().blank());

    hear(bench, 3, set_of({1, 2, 3}));

    ASSERT_TRUE(bench.out.save);
    EXPECT_EQ(bench.node.durable().cluster_id, founding_hash("demo", set_of({1, 2, 3})));
    EXPECT_EQ(bench.node.electorate(), electorate({1, 2, 3}));
    EXPECT_EQ(bench.term(), 0u);
}

TEST(Founding, AnswersShowTheSetAsWellAsHellos) {  // B4, B5: "or answers"
    Bench bench(blank(), all({1, 2}));

    bench.answer_hello(stranger(2), {});
    ASSERT_EQ(bench.node.durable().founding_set, set_of({1, 2}));
    bench.answer_hello(stranger(2), {.founding_set = set_of({1, 2})});

    EXPECT_FALSE(bench.node.durable().blank());
}

TEST(Founding, AMemberOfTheClusterTheSetNamesIsProofEnough) {  // B5
    const auto hash = founding_hash("demo", set_of({1, 2, 3}));
    for (const bool leads : {false, true}) {
        Bench bench(blank(), all({1, 2, 3}));
        hear(bench, 2);
        hear(bench, 3);
        ASSERT_FALSE(bench.node.durable().founding_set.empty());

        Says says;
        if (leads) says.hint = LeaderHint{.id = id(2), .uuid = uuid(2), .term = 1};
        bench.answer_hello(sender(2, hash), {.blank = false}, says);

        EXPECT_EQ(bench.node.durable().cluster_id, hash);
        EXPECT_EQ(bench.node.electorate(), electorate({1, 2, 3})) << "with its config";
    }
}

TEST(Founding, ANodeWithAFoundingSetJoinsNoOtherCluster) {  // B5, last sentence
    Bench bench(blank(), all({1, 2}));
    hear(bench, 2);
    ASSERT_FALSE(bench.node.durable().founding_set.empty());

    bench.answer_hello(sender(9, "other"), {.blank = false},
                       {.hint = LeaderHint{.id = id(9), .uuid = uuid(9), .term = 1}});

    EXPECT_TRUE(bench.node.durable().blank());
    EXPECT_TRUE(bench.reported(Reason::founding_sets_differ));
}

TEST(Founding, SetsThatDifferFoundNothingAndAreNamed) {  // 6.2
    Bench bench(blank(), all({1, 2}));
    hear(bench, 2);
    hear(bench, 2, set_of({2, 9}));

    EXPECT_TRUE(bench.reported(Reason::founding_sets_differ));
    EXPECT_TRUE(bench.node.durable().blank());
}

TEST(Founding, FoundersCampaignTenMillisecondsApart) {  // R3
    Bench bench(blank(), all({0, 1}));
    hear(bench, 0);
    hear(bench, 0, {voter(0), voter(1)});
    ASSERT_FALSE(bench.node.durable().blank());
    const Instant founded = bench.now;

    bench.pass_until([&] { return bench.is<PreCandidate>(); });

    EXPECT_EQ(bench.now - founded, 10ms) << "1 is the second of 0 and 1";
}

TEST(Founding,
     EveryoneComputesTheSameClusterIdFromTheSameSet) {  // B5: H(clusterName, sorted uuids)
    const auto hash = founding_hash("demo", set_of({1, 2, 3}));

    EXPECT_EQ(hash.size(), 32u);
    EXPECT_EQ(founding_hash("demo", set_of({3, 1, 2})), hash);
    EXPECT_NE(founding_hash("demo", set_of({1, 2})), hash);
    EXPECT_NE(founding_hash("other", set_of({1, 2, 3})), hash);
}

}  // namespace
}  // namespace electiond
