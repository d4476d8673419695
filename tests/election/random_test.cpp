// Chance from a seed: the same on every machine, within its bounds.
#include "election/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace electiond {
namespace {

TEST(Chance, IsTheSameOnEveryMachine) {  // xoshiro256** and splitmix64 as published
    Random known(Random::Seed{1, 2, 3, 4});
    for (const std::uint64_t expected :
         {std::uint64_t{11520}, std::uint64_t{0}, std::uint64_t{1509978240},
          std::uint64_t{1215971899390074240}}) {
        EXPECT_EQ(known.next(), expected);
    }

    Random seeded(1);
    EXPECT_EQ(seeded.next(), 0xb3f2af6d0fc710c5u);
    EXPECT_EQ(seeded.next(), 0x853b559647364ceau);
    EXPECT_EQ(seeded.next(), 0x92f89756082a4514u);
}

TEST(Chance, AllZeroIsNoSeedItCouldNeverLeave) {
    Random random(Random::Seed{});

    EXPECT_NE(random.next() | random.next() | random.next() | random.next(), 0u);
}

TEST(Chance, StaysBelowItsBoundAndReachesAllOfIt) {
    Random random(7);
    std::set<std::uint64_t> seen;
    for (int n = 0; n < 1000; ++n) seen.insert(random.below(std::uint64_t{10}));

    EXPECT_EQ(seen.size(), 10u);
    EXPECT_EQ(*seen.rbegin(), 9u);
    EXPECT_EQ(random.below(std::uint64_t{0}), 0u);
    EXPECT_EQ(random.below(Duration{0}), Duration{0}) << "a spread of nothing is allowed";
    EXPECT_EQ(random.below(Duration{1}), Duration{0});
}

TEST(Chance, IsSpreadOverALength) {
    Random random(7);
    Duration sum{0};
    for (int n = 0; n < 10'000; ++n) {
        const auto drawn = random.below(Duration{1'000'000});
        EXPECT_GE(drawn, Duration{0});
        EXPECT_LT(drawn, Duration{1'000'000});
        sum += drawn;
    }

    EXPECT_NEAR(static_cast<double>(sum.count()) / 10'000, 500'000, 20'000);
}

TEST(Chance, PerMilleIsPerMille) {
    Random random(7);
    int hits = 0;
    for (int n = 0; n < 100'000; ++n) hits += random.chance(100) ? 1 : 0;

    EXPECT_NEAR(hits, 10'000, 500);
    EXPECT_FALSE(random.chance(0));
    EXPECT_TRUE(random.chance(1000));
}

TEST(Chance, AnIdentityIs32HexadecimalDigitsAndNeverTheSameTwice) {
    Random random(7);
    std::set<std::string> seen;
    for (int n = 0; n < 1000; ++n) {
        const auto identity = random.identity();
        EXPECT_EQ(identity.size(), 32u);
        EXPECT_EQ(identity.find_first_not_of("0123456789abcdef"), std::string::npos);
        EXPECT_TRUE(seen.insert(identity).second);
    }
}

}  // namespace
}  // namespace electiond
