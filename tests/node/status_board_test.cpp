// The way out: the newest status for everyone, and what is true on the reader's own clock.
#include "node/status_board.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace electiond {
namespace {

using namespace std::chrono_literals;

const Instant kNow(1h);

Status leading(Index index = 1) {
    Status status;
    status.index = index;
    status.id = NodeId("1");
    status.in_office = true;
    status.state_without_lease = "CANDIDATE";
    status.lease_token = 7;
    status.lease_until = kNow + 100ms;
    return status;
}

TEST(StatusBoard, IsNeverEmpty) {
    const StatusBoard board;

    ASSERT_TRUE(board.read());
    EXPECT_FALSE(board.read()->leads_at(kNow));
}

TEST(StatusBoard, ShowsTheNewestAndLeavesOlderOnesAsTheyWere) {
    StatusBoard board;
    board.publish(leading(1));
    const auto older = board.read();

    board.publish(leading(2));

    EXPECT_EQ(board.read()->index, 2u);
    EXPECT_EQ(older->index, 1u);
}

TEST(StatusBoard, AwaitReturnsAtOnceWhatIsNewerAlready) {
    StatusBoard board;
    board.publish(leading(5));

    EXPECT_EQ(board.await_after(4, 1h)->index, 5u);
}

TEST(StatusBoard, AwaitReturnsWhatStandsThereWhenItsTimeIsOver) {
    StatusBoard board;
    board.publish(leading(5));

    EXPECT_EQ(board.await_after(5, 10ms)->index, 5u);
    EXPECT_EQ(board.await_after(9, 0ms)->index, 5u);
}

TEST(StatusBoard, AwaitWakesForANewIndexOnly) {
    StatusBoard board;
    board.publish(leading(5));
    std::thread publisher([&] {
        board.publish(leading(5));
        board.publish(leading(6));
    });

    const auto seen = board.await_after(5, 1h);

    publisher.join();
    EXPECT_EQ(seen->index, 6u);
}

TEST(StatusBoard, ClosingEndsEveryWaitNowAndLater) {
    StatusBoard board;
    std::thread waiter([&] { EXPECT_TRUE(board.await_after(99, 1h)); });

    board.close();

    waiter.join();
    EXPECT_TRUE(board.await_after(99, 1h));
}

TEST(StatusBoard, ManyReadersSeeNoStatusGoBack) {
    StatusBoard board;
    std::vector<std::thread> readers;
    for (int n = 0; n < 3; ++n) {
        readers.emplace_back([&] {
            Index last = 0;
            while (last < 500) {
                const auto seen = board.await_after(last, 1h);
                EXPECT_GT(seen->index, last);
                last = seen->index;
            }
        });
    }

    for (Index index = 1; index <= 500; ++index) board.publish(leading(index));

    for (auto& reader : readers) reader.join();
}

// ---- Status: computed at the moment of asking, never stored (protocol.md §2)

TEST(StatusOfANode, ALeaseRunsOutOnTheReadersClockEvenWhereTheLoopHangs) {
    const auto status = leading();

    EXPECT_TRUE(status.leads_at(kNow));
    EXPECT_EQ(status.leader_at(kNow), "1");
    EXPECT_EQ(status.state_at(kNow), "LEADER");
    EXPECT_EQ(status.token_at(kNow), 7u);
    EXPECT_EQ(status.lease_remaining(kNow), 100ms);
    EXPECT_EQ(status.lease_remaining(kNow + 1ns), 99ms) << "rounded down";

    const Instant end = kNow + 100ms;
    EXPECT_TRUE(status.leads_at(end - 1ns));
    EXPECT_FALSE(status.leads_at(end));
    EXPECT_FALSE(status.leader_at(end));
    EXPECT_EQ(status.state_at(end), "CANDIDATE");
    EXPECT_EQ(status.token_at(end), 0u);
    EXPECT_EQ(status.lease_remaining(end), 0ms);
}

TEST(StatusOfANode, WhoDrainsOrIsNotInOfficeDoesNotLead) {
    auto status = leading();
    status.draining = true;
    EXPECT_FALSE(status.leads_at(kNow));

    status = leading();
    status.in_office = false;
    EXPECT_FALSE(status.leads_at(kNow));
}

TEST(StatusOfANode, ALeaderIsFollowedWhileThePromiseToItIsLive) {
    Status status;
    status.state_without_lease = "FOLLOWER";
    status.followed = Followed{NodeUuid("u2"), NodeId("2")};
    status.followed_until = kNow + 1s;

    EXPECT_EQ(status.leader_at(kNow), "2");
    EXPECT_FALSE(status.leader_at(kNow + 1s));
    EXPECT_EQ(status.state_at(kNow), "FOLLOWER");
    status.followed->id = {};
    EXPECT_EQ(status.leader_at(kNow), "u2") << "the uuid where the id is unknown";
}

}  // namespace
}  // namespace electiond
