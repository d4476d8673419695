// The way out: the newest status for everyone, and what is true on the reader's own clock.
#include "node/status_board.h"
#include "support/shown.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace electiond {
namespace {

using namespace std::chrono_literals;

const Instant kNow(1h);

Shown leading(Index index = 1) {
    Shown status;
    status.index = index;
    status.view.id = NodeId("1");
    status.leadership.in_office = true;
    status.leadership.campaigns = true;
    status.leadership.token = 7;
    status.leadership.lease_until = kNow + 100ms;
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

TEST(StatusBoard, CallsItsObserversForANewIndexOnly) {
    StatusBoard board;
    std::vector<Index> seen;
    const auto listening = board.listen([&] { seen.push_back(board.read()->index); });

    board.publish(leading(5), kNow);
    board.publish(leading(5), kNow);
    board.publish(leading(6), kNow);

    EXPECT_EQ(seen, (std::vector<Index>{5, 6})) << "each finds what is new";
}

TEST(StatusBoard, CallsItsObserversWhereTheLeadBeginsOrEndsUnderOneIndex) {
    StatusBoard board;
    board.publish(leading(5), kNow);
    int calls = 0;
    const auto listening = board.listen([&] { ++calls; });

    auto renewed = leading(5);
    renewed.leadership.lease_until += 50ms;
    board.publish(renewed, kNow + 90ms);
    EXPECT_EQ(calls, 0) << "a renewal in time is no change";
    renewed.leadership.lease_until += 200ms;
    board.publish(renewed, kNow + 150ms);
    EXPECT_EQ(calls, 1) << "the lease had run out";
    renewed.leadership.draining = true;
    board.publish(renewed, kNow + 160ms);
    EXPECT_EQ(calls, 2);
}

TEST(StatusBoard, CallsNobodyWhoHasEndedItsListening) {
    StatusBoard board;
    int first = 0;
    int second = 0;
    auto one = board.listen([&] { ++first; });
    auto two = board.listen([&] { ++second; });
    board.publish(leading(1));

    one = StatusBoard::Listening();
    auto moved = std::move(two);
    board.publish(leading(2));

    EXPECT_EQ(first, 1);
    EXPECT_EQ(second, 2);
}

TEST(StatusBoard, AnObserverIsNotRunningOnceItsListeningHasEnded) {
    StatusBoard board;
    std::atomic<bool> over = false;
    std::thread publisher([&] {
        for (Index index = 1; !over; ++index) board.publish(leading(index));
    });

    for (int n = 0; n < 1000; ++n) {
        auto alive = std::make_unique<std::atomic<bool>>(true);
        const auto listening = board.listen([&] { EXPECT_TRUE(*alive); });
    }  // listening ends before `alive` does: a call after that would be a use after free

    over = true;
    publisher.join();
}

TEST(StatusBoard, ManyReadersSeeNoStatusGoBack) {
    StatusBoard board;
    std::vector<std::thread> readers;
    for (int n = 0; n < 3; ++n) {
        readers.emplace_back([&] {
            Index last = 0;
            while (last < 500) {
                const auto seen = board.read()->index;
                EXPECT_GE(seen, last);
                last = seen;
            }
        });
    }

    for (Index index = 1; index <= 500; ++index) board.publish(leading(index));

    for (auto& reader : readers) reader.join();
}

// ---- Status: computed at the moment of asking, never stored (protocol.md §2)

TEST(StatusOfANode, ALeaseRunsOutOnTheReadersClockEvenWhereTheLoopHangs) {
    const Status status = leading();

    EXPECT_TRUE(status.leads_at(kNow));
    EXPECT_EQ(status.leader_at(kNow), "1");
    EXPECT_EQ(status.leadership.state_at(kNow), State::leader);
    EXPECT_EQ(status.leadership.token_at(kNow), 7u);
    EXPECT_EQ(status.leadership.lease_remaining(kNow), 100ms);
    EXPECT_EQ(status.leadership.lease_remaining(kNow + 1ns), 99ms) << "rounded down";

    const Instant end = kNow + 100ms;
    EXPECT_TRUE(status.leads_at(end - 1ns));
    EXPECT_FALSE(status.leads_at(end));
    EXPECT_FALSE(status.leader_at(end));
    EXPECT_EQ(status.leadership.state_at(end), State::candidate);
    EXPECT_EQ(status.leadership.token_at(end), 0u);
    EXPECT_EQ(status.leadership.lease_remaining(end), 0ms);
}

TEST(StatusOfANode, WhoDrainsOrIsNotInOfficeDoesNotLead) {
    auto status = leading();
    status.leadership.draining = true;
    EXPECT_FALSE(status.leadership.leads_at(kNow));

    status = leading();
    status.leadership.in_office = false;
    EXPECT_FALSE(status.leadership.leads_at(kNow));
}

TEST(StatusOfANode, ALeaderIsFollowedWhileThePromiseToItIsLive) {
    Shown status;
    status.view.followed = Followed{NodeUuid("u2"), NodeId("2")};
    status.leadership.followed_until = kNow + 1s;

    EXPECT_EQ(Status(status).leader_at(kNow), "2");
    EXPECT_FALSE(Status(status).leader_at(kNow + 1s));
    EXPECT_EQ(status.leadership.state_at(kNow), State::follower);
    status.view.followed->id = {};
    EXPECT_EQ(Status(status).leader_at(kNow), "u2") << "the uuid where the id is unknown";
}

}  // namespace
}  // namespace electiond
