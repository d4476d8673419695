// Grants: what a client may rely on (L4, G2 and §10 of protocol.md), under many threads.
#include "node/grant_book.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

#include "node/clock.h"
#include "node/status_board.h"
#include "support/shown.h"

namespace electiond {
namespace {

using namespace std::chrono_literals;

const Instant kNow(1h);

Shown leading(Instant until) {
    Shown status;
    status.leadership.in_office = true;
    status.leadership.lease_until = until;
    return status;
}

struct Office {
    StatusBoard board;
    GrantBook book;

    explicit Office(Duration lease = 1s) {
        board.publish(leading(kNow + lease));
        book.open();
    }
};

TEST(GrantBook, StartsClosedAndGrantsNothing) {
    StatusBoard board;
    board.publish(leading(kNow + 1s));
    GrantBook book;

    EXPECT_TRUE(book.closed());
    EXPECT_EQ(book.grant(board, kNow, 100ms), 0ms);
    EXPECT_EQ(book.close(), Instant{});
}

TEST(GrantBook, AGrantIsToldLessTheDriftOfBothClocksAndRoundedDown) {  // G2, L4
    Office office;

    EXPECT_EQ(office.book.grant(office.board, kNow, 100ms), 98ms) << "98.02";
    EXPECT_EQ(office.book.grant(office.board, kNow, 1ms), 0ms);
    EXPECT_EQ(office.book.grant(office.board, kNow, 0ms), 0ms);
}

TEST(GrantBook, TheLeaderWaitsForTheEndBeforeThatFactor) {  // G2, T1
    Office office;
    EXPECT_EQ(office.book.grant(office.board, kNow, 100ms), 98ms);

    EXPECT_EQ(office.book.close(), kNow + 100ms);
}

TEST(GrantBook, TheLeaderWaitsHardlyLongerThanThat) {  // T1
    for (int fraction = 0; fraction < 1000; fraction += 37) {
        Office office;
        const Instant asked = kNow + std::chrono::microseconds(fraction);
        EXPECT_GT(office.book.grant(office.board, asked, 100ms), 0ms);

        const Instant until = office.book.close();

        EXPECT_GE(until, asked + 100ms);
        EXPECT_LT(until, asked + 100ms + 63us);
    }
}

TEST(GrantBook, AClientWhoseClockIsSlowIsStillDoneInTime) {  // G2, A4
    for (int lease = 0; lease < 200; ++lease) {
        Office office{Milliseconds(lease) + 333us};
        const auto told = office.book.grant(office.board, kNow, 100ms);
        const Instant until = office.book.close();
        const auto slowest = Duration(told) * 1010 / 990;
        EXPECT_LE(kNow + slowest, std::max(kNow, until));
        EXPECT_LE(kNow + slowest, kNow + std::min<Duration>(100ms, Milliseconds(lease) + 333us));
    }
}

TEST(GrantBook, NoGrantIsLongerThanTheLease) {  // L4: the end granted ≤ lease.until
    Office office(50ms);

    EXPECT_EQ(office.book.grant(office.board, kNow, 100ms), 49ms);

    EXPECT_LE(office.book.close(), kNow + 50ms + 1ms);
}

TEST(GrantBook, WhoDoesNotLeadOnTheAskersClockGrantsNothing) {
    Office office(50ms);

    EXPECT_EQ(office.book.grant(office.board, kNow + 50ms, 100ms), 0ms);
    auto draining = leading(kNow + 1s);
    draining.leadership.draining = true;
    office.board.publish(draining);
    EXPECT_EQ(office.book.grant(office.board, kNow, 100ms), 0ms);

    EXPECT_EQ(office.book.close(), Instant{}) << "and nothing was noted";
}

TEST(GrantBook, WhatWasGrantedNeverFalls) {  // L4: max
    Office office;
    (void)office.book.grant(office.board, kNow, 100ms);

    (void)office.book.grant(office.board, kNow, 10ms);

    EXPECT_EQ(office.book.close(), kNow + 100ms);
}

TEST(GrantBook, AClosedBookGrantsNothingUntilItIsOpenedAgain) {  // L4: while draining
    Office office;
    (void)office.book.close();
    EXPECT_TRUE(office.book.closed());
    EXPECT_EQ(office.book.grant(office.board, kNow, 100ms), 0ms);

    office.book.open();
    EXPECT_FALSE(office.book.closed());
    EXPECT_EQ(office.book.grant(office.board, kNow, 100ms), 98ms);
}

TEST(GrantBook, ANewLeadTakesOverWhatAFormerOneGranted) {  // §10, trace 5
    Office office;
    (void)office.book.grant(office.board, kNow, 100ms);
    (void)office.book.close();
    office.book.open();

    EXPECT_EQ(office.book.close(), kNow + 100ms) << "it never falls while the process lives";
}

TEST(GrantBook, ManyGenerationsWrapWithoutHarm) {
    Office office;
    for (int lead = 0; lead < 70'000; ++lead) {
        (void)office.book.close();
        office.book.open();
    }

    EXPECT_EQ(office.book.grant(office.board, kNow, 100ms), 98ms);
    EXPECT_EQ(office.book.close(), kNow + 100ms);
}

// Threads ask as fast as they can while leads come and go. What one of them was told before the
// book was closed ends by what close() returned; once it has returned, nobody is told anything.
TEST(GrantBook, NoGrantOutlivesWhatCloseReturnedHoweverManyAsk) {  // §10
    constexpr int kAskers = 3;
    constexpr int kLeads = 100;
    StatusBoard board;
    GrantBook book;
    std::vector<Instant> told(kAskers);  // each asker's own, read between the barriers
    std::atomic<bool> closed{false};
    std::atomic<int> late{0};
    std::barrier phase(kAskers + 1);

    std::vector<std::thread> askers;
    for (std::size_t n = 0; n < kAskers; ++n) {
        askers.emplace_back([&, n] {
            for (int lead = 0; lead < kLeads; ++lead) {
                phase.arrive_and_wait();
                for (bool seen = false; !seen;) {
                    seen = closed.load();
                    const Instant now = read_boot_clock();
                    const auto valid = book.grant(board, now, 20ms);
                    if (valid == 0ms) continue;
                    if (seen) ++late;
                    told[n] = std::max(told[n], now + valid);
                }
                phase.arrive_and_wait();
            }
        });
    }
    for (int lead = 0; lead < kLeads; ++lead) {
        closed = false;
        board.publish(leading(read_boot_clock() + 1h));  // published before the word is opened
        book.open();
        phase.arrive_and_wait();
        std::this_thread::yield();
        const Instant until = book.close();  // closed before the loss is published
        closed = true;
        board.publish({});
        phase.arrive_and_wait();
        for (const Instant end : told) EXPECT_LE(end, until);
    }
    for (auto& asker : askers) asker.join();

    EXPECT_EQ(late, 0);
    EXPECT_GT(*std::ranges::max_element(told), Instant{}) << "somebody was told something";
}

}  // namespace
}  // namespace electiond
