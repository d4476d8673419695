// Counting votes: each uuid once, voters of the configuration alone.
#include "election/tally.h"

#include "bench.h"

namespace electiond {
namespace {

TEST(Tally, WinsWithMoreThanHalf) {
    const auto five = electorate({1, 2, 3, 4, 5});
    Tally tally;

    tally.count(five, uuid(1));
    tally.count(five, uuid(2));
    EXPECT_FALSE(tally.won(five));
    tally.count(five, uuid(3));
    EXPECT_TRUE(tally.won(five));
}

TEST(Tally, CountsEachUuidOnce) {
    const auto three = electorate({1, 2, 3});
    Tally tally;

    tally.count(three, uuid(2));
    tally.count(three, uuid(2));

    EXPECT_EQ(tally.votes(), 1u);
    EXPECT_FALSE(tally.won(three));
    EXPECT_TRUE(tally.has(uuid(2)));
    EXPECT_FALSE(tally.has(uuid(3)));
}

TEST(Tally, CountsNobodyWhoIsNoVoter) {
    const auto three = electorate({1, 2, 3});
    Tally tally;

    for (const int n : {7, 8, 9}) tally.count(three, uuid(n));

    EXPECT_EQ(tally.votes(), 0u);
    EXPECT_FALSE(tally.won(three));
}

TEST(Tally, NobodyWinsAnElectorateWithoutVoters) {
    Tally tally;
    tally.count({}, uuid(1));
    EXPECT_FALSE(tally.won({}));
}

}  // namespace
}  // namespace electiond
