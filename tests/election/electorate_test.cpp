// One configuration: K1, K2 and the size of a quorum.
#include "election/electorate.h"

#include "bench.h"

namespace electiond {
namespace {

TEST(Electorate, ConfigurationsAreOrderedByTermThenVersion) {  // K1
    EXPECT_LT((ConfigNumber{1, 9}), (ConfigNumber{2, 0}));
    EXPECT_LT((ConfigNumber{1, 1}), (ConfigNumber{1, 2}));
    EXPECT_EQ((ConfigNumber{1, 1}), (ConfigNumber{1, 1}));
    EXPECT_LT(ConfigNumber{}, (ConfigNumber{0, 1})) << "none is older than anyone's";
}

TEST(Electorate, AQuorumIsMoreThanHalfOfItsVoters) {
    EXPECT_EQ(electorate({1}).quorum(), 1u);
    EXPECT_EQ(electorate({1, 2}).quorum(), 2u);
    EXPECT_EQ(electorate({1, 2, 3}).quorum(), 2u);
    EXPECT_EQ(electorate({1, 2, 3, 4}).quorum(), 3u);
    EXPECT_EQ(electorate({1, 2, 3, 4, 5}).quorum(), 3u);
    EXPECT_EQ(Electorate{}.quorum(), 1u) << "which nobody can reach";
}

TEST(Electorate, AnyTwoQuorumsOfNeighboursMeet) {  // K2: one voter at a time, thesis 4.1
    const auto small = electorate({1, 2, 3, 4});
    const auto large = small.with(voter(5), 1);

    EXPECT_GT(small.quorum() + large.quorum(), large.voters.size());
    EXPECT_GT(small.quorum() + small.without(uuid(1), 1).quorum(), small.voters.size());
}

TEST(Electorate, AStepMakesANewOneUnderTheLeadersTermAndTheNextVersion) {  // K2
    const auto config = electorate({1, 2}, {3, 7});

    const auto more = config.with(voter(3), 5);
    EXPECT_EQ(more.number, (ConfigNumber{5, 8}));
    EXPECT_EQ(more.voters, electorate({1, 2, 3}).voters);

    const auto less = config.without(uuid(1), 5);
    EXPECT_EQ(less.number, (ConfigNumber{5, 8}));
    EXPECT_EQ(less.voters, electorate({2}).voters);
    EXPECT_EQ(config, electorate({1, 2}, {3, 7})) << "the old one is as it was";
}

TEST(Electorate, WhoIsTakenInIsBannedNoLonger) {  // 6.4: a config that lists it clears `left`
    auto config = electorate({1, 2});
    config.banned = {uuid(3), uuid(4)};

    const auto next = config.with(voter(3), 1);

    EXPECT_FALSE(next.bans(uuid(3)));
    EXPECT_TRUE(next.bans(uuid(4)));
}

TEST(Electorate, AVoterIsFoundByUuidAndById) {
    const auto config = electorate({1, 2, 3});

    EXPECT_EQ(config.find(uuid(2))->id, id(2));
    EXPECT_EQ(config.find(id(3))->uuid, uuid(3));
    EXPECT_EQ(config.find(uuid(9)), nullptr);
    EXPECT_EQ(config.find(NodeId("u1")), nullptr) << "an id is no uuid";
    EXPECT_EQ(config.place(uuid(1)), 0u);
    EXPECT_EQ(config.place(uuid(3)), 2u);
    EXPECT_EQ(config.place(uuid(9)), 3u);
}

}  // namespace
}  // namespace electiond
