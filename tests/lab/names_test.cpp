// A node that is known by name comes back under another address, and the old one is a black hole.
#include "lab_test.h"

namespace electiond::lab {
namespace {

class MovedBehindABlackHole : public LabTest, public testing::WithParamInterface<std::string> {};

TEST_P(MovedBehindABlackHole, AFollowerIsHeardAgainAtOnceEachTime) {
    JudgedLab lab({.election_timeout = kSteady,
                   .look_every = Milliseconds{20},
                   .transport = GetParam(),
                   .by_name = true});
    lab.start_all();
    const int leader = lab.await_agreement();
    ASSERT_NE(leader, 0);
    const int follower = leader % 3 + 1;
    const auto token = lab.newest_token();
    std::string here = lab.host(follower);

    for (int move = 1; move <= 5; ++move) {
        const auto next = lab.give_address(follower);
        // Its first address stays: its API has it, too. There nothing refuses in words, either.
        if (here != lab.host(follower)) lab.black_hole(here);
        lab.kill9(follower);
        lab.move(follower, next);
        here = next;
        lab.start(follower);
        ASSERT_TRUE(lab.await_up(follower));
        const auto follows = [&] { return lab.get(follower, "/follower").code == 200; };
        EXPECT_TRUE(cluster::wait_until(follows, 2 * (kSteady + std::chrono::seconds(1))))
            << "move " << move;
    }
    EXPECT_EQ(lab.await_agreement(), leader);
    EXPECT_EQ(lab.newest_token(), token);
}

INSTANTIATE_TEST_SUITE_P(Over, MovedBehindABlackHole, testing::Values("http", "tcp"),
                         [](const auto& its) { return its.param; });

}  // namespace
}  // namespace electiond::lab
