// Problems of a node that cannot join: its id is in use, or two clusters have one name. They last
// as long as hellos bring them again.
#include "bench.h"
#include "election/troubles.h"

namespace electiond {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// For how long a problem lasts after the last hello that brought it.
constexpr Duration kLasts = 2 * 5 * kE + kTiming.request_timeout;

// The problems that are reports, with their node.
std::vector<std::pair<Reason, NodeId>> problems(const Bench& bench) {
    std::vector<std::pair<Reason, NodeId>> all;
    for (const auto& trouble : bench.node.troubles()) {
        const auto* report = std::get_if<Report>(&trouble.change);
        if (report) all.emplace_back(report->reason, report->subject);
    }
    return all;
}

std::string detail(const Bench& bench) {
    return std::get<Report>(bench.node.troubles().at(0).change).detail;
}

// A blank node with the id of voter `n`.
Sender namesake(int n, int its_uuid) {
    auto from = sender(n, "");
    from.uuid = uuid(its_uuid);
    return from;
}

void refuse(Bench& bench, int leader, Reason reason = Reason::id_in_use) {
    bench.answer_hello(sender(leader), {.blank = false},
                       {.hint = LeaderHint{.id = id(leader), .uuid = uuid(leader)}}, reason);
}

// ---- the node that is refused

TEST(NotJoined, ANodeWhoseIdIsInUseHasThatProblemWhileItIsRefused) {
    Bench bench(blank());
    const auto began = bench.now;
    const auto before = bench.node.troubles_revision();

    refuse(bench, 2);

    EXPECT_THAT(problems(bench), ElementsAre(std::pair(Reason::id_in_use, id(2))));
    EXPECT_THAT(detail(bench), HasSubstr("another node has the id 1"));
    EXPECT_NE(bench.node.troubles_revision(), before);

    const auto shown = bench.node.troubles_revision();
    for (int round = 0; round < 20; ++round) {
        bench.pass(kE);
        refuse(bench, 2);
        EXPECT_FALSE(bench.reported(Reason::id_in_use)) << "published once";
    }
    EXPECT_EQ(bench.node.troubles_revision(), shown) << "the same problem";
    EXPECT_EQ(bench.node.troubles().at(0).since, began);
}

TEST(NotJoined, TheProblemEndsIfNoLeaderRefusesTheNodeAnyMore) {
    Bench bench(blank());
    refuse(bench, 2);
    const auto shown = bench.node.troubles_revision();

    bench.pass(kLasts - kTick);
    EXPECT_EQ(problems(bench).size(), 1U);
    bench.pass(kJ);

    EXPECT_THAT(problems(bench), IsEmpty());
    EXPECT_NE(bench.node.troubles_revision(), shown);
}

TEST(NotJoined, TheProblemEndsWhenTheNodeJoins) {
    Bench bench(blank());
    refuse(bench, 2);

    refuse(bench, 2, Reason::none);

    EXPECT_FALSE(bench.node.durable().blank());
    EXPECT_THAT(problems(bench), IsEmpty());
}

TEST(NotJoined, TheNextLeaderOfTheClusterTakesThePlaceOfTheLastOne) {
    Bench bench(blank());
    const auto began = bench.now;
    refuse(bench, 2);
    bench.pass(kE);

    refuse(bench, 3);

    EXPECT_THAT(problems(bench), ElementsAre(std::pair(Reason::id_in_use, id(3))));
    EXPECT_EQ(bench.node.troubles().at(0).since, began);
}

TEST(NotJoined, OtherRefusalsAreNoProblem) {
    Bench bench(blank());

    refuse(bench, 2, Reason::banned);

    EXPECT_TRUE(bench.reported(Reason::banned));
    EXPECT_THAT(problems(bench), IsEmpty());
}

// A member whose place another node has taken, for example because its machine was off for long.
TEST(NotJoined, AMemberThatIsNotAdmittedAnyMoreHasThatProblemUntilALeaderIsHeard) {
    Bench bench(member({1, 2, 3}));
    const auto answer = [&] {
        bench.answer_hello(sender(2), {.blank = false},
                           {.hint = LeaderHint{.id = id(2), .uuid = uuid(2)}}, Reason::id_in_use);
    };
    answer();
    EXPECT_THAT(problems(bench), ElementsAre(std::pair(Reason::id_in_use, id(2))));
    EXPECT_TRUE(bench.reported(Reason::id_in_use));

    bench.pass(kE);
    answer();
    EXPECT_EQ(problems(bench).size(), 1U);

    bench.heartbeat(2, 1);
    EXPECT_THAT(problems(bench), IsEmpty());
}

// ---- two clusters

TEST(NotJoined, TwoClustersOfOneNameAreAProblemWhileBothAnswer) {
    Bench bench(blank());
    const auto began = bench.now;
    for (int round = 0; round < 20; ++round) {
        bench.answer_hello(sender(3, "other"), {.blank = false});
        refuse(bench, 2, Reason::none);
        ASSERT_TRUE(bench.node.durable().blank());
        EXPECT_THAT(problems(bench), ElementsAre(std::pair(Reason::two_clusters, NodeId())));
        EXPECT_THAT(detail(bench), HasSubstr("cluster id other (node 3)"));
        EXPECT_EQ(bench.node.troubles().at(0).since, began);
        bench.pass(kJ);
    }

    bench.pass(10 * kJ);  // cluster `other` is silent
    refuse(bench, 2, Reason::none);

    EXPECT_FALSE(bench.node.durable().blank());
    EXPECT_THAT(problems(bench), IsEmpty());
}

TEST(NotJoined, TwoClustersThatBothFallSilentAreNoProblemAnyMore) {
    Bench bench(blank());
    bench.answer_hello(sender(3, "other"), {.blank = false});
    refuse(bench, 2, Reason::none);
    ASSERT_EQ(problems(bench).size(), 1U);

    bench.pass(kLasts + kJ);

    EXPECT_THAT(problems(bench), IsEmpty());
}

// ---- the leader

TEST(NotJoined, TheLeaderHasTheProblemForEachNodeThatItRefuses) {
    Bench bench;
    bench.take_the_lead();
    bench.hello(namesake(2, 22));
    bench.hello(namesake(3, 33));

    EXPECT_THAT(problems(bench), ElementsAre(std::pair(Reason::id_in_use, id(2)),
                                             std::pair(Reason::id_in_use, id(3))));
    EXPECT_THAT(detail(bench), HasSubstr("uuid u22 is not admitted"));

    bench.lead_on(kLasts - kH);
    bench.hello(namesake(3, 33));
    bench.lead_on(2 * kH);

    EXPECT_THAT(problems(bench), ElementsAre(std::pair(Reason::id_in_use, id(3))))
        << "node 2 asks no more";
}

TEST(NotJoined, TheProblemOfTheLeaderEndsWhenItAdmitsTheNodeUnderAnotherId) {
    Bench bench;
    bench.take_the_lead();
    bench.hello(namesake(2, 22));
    ASSERT_EQ(problems(bench).size(), 1U);

    bench.hello(namesake(9, 22));

    EXPECT_THAT(problems(bench), IsEmpty());
}

TEST(NotJoined, TheProblemOfTheLeaderEndsWithItsLead) {
    Bench bench;
    bench.take_the_lead();
    bench.hello(namesake(2, 22));
    ASSERT_EQ(problems(bench).size(), 1U);

    bench.heartbeat(2, bench.term() + 1);

    ASSERT_FALSE(bench.is<Leading>());
    EXPECT_THAT(problems(bench), IsEmpty());
}

TEST(NotJoined, AStrangerWithManyUuidsMakesOnlyAFewProblems) {
    Bench bench;
    bench.take_the_lead();
    for (int n = 100; n < 200; ++n) bench.hello(namesake(2, n));

    EXPECT_EQ(problems(bench).size(), RepeatedReports::kCountMax);
}

}  // namespace
}  // namespace electiond
