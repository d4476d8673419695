// The way in: in order, bounded by its drop rule, awake at the deadline, and silent once closed.
#include "node/mailbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "node/clock.h"

namespace electiond {
namespace {

using namespace std::chrono_literals;

Request request(const std::string& name, Lane lane = Lane::election) {
    return {.name = name, .body = {}, .lane = lane, .source = {}};
}

// A Respond that shows whether it still lives: destroyed uncalled, a transport answers busy.
struct Asker {
    std::shared_ptr<int> token = std::make_shared<int>();
    Respond respond() {
        return [kept = token](const Response&) {};
    }
    [[nodiscard]] bool dropped() const { return token.use_count() == 1; }
};

// The name of the next request; "" for any other event; "nothing" where none waits.
std::string next(Mailbox& mailbox) {
    const auto event = mailbox.take_until(Instant{});
    if (!event) return "nothing";
    const auto* arrived = std::get_if<RequestArrived>(&*event);
    return arrived ? arrived->request.name : "";
}

TEST(Mailbox, GivesEventsInTheOrderOfTheirComing) {
    Mailbox mailbox;
    for (const char* name : {"a", "b", "c"}) mailbox.deliver(request(name), {});

    EXPECT_EQ(next(mailbox), "a");
    EXPECT_EQ(next(mailbox), "b");
    EXPECT_EQ(next(mailbox), "c");
    EXPECT_EQ(next(mailbox), "nothing");
}

TEST(Mailbox, WaitsUntilTheDeadlineOfTheBootClockAndNoLonger) {
    Mailbox mailbox;
    const Instant deadline = read_boot_clock() + 30ms;

    EXPECT_FALSE(mailbox.take_until(deadline));

    EXPECT_GE(read_boot_clock(), deadline);
}

TEST(Mailbox, ADeadlineThatHasPassedDoesNotWait) {
    Mailbox mailbox;

    EXPECT_FALSE(mailbox.take_until(read_boot_clock() - 1h));
    EXPECT_FALSE(mailbox.take_until(Instant{}));
    EXPECT_FALSE(mailbox.take_until(Instant(-1s)));
}

TEST(Mailbox, AnEventIsGivenEvenWhenTheDeadlineHasPassed) {
    Mailbox mailbox;
    mailbox.deliver(request("late"), {});

    EXPECT_EQ(next(mailbox), "late");
}

// Waits, with the alarm set for `deadline`, until another thread posts an event, not before `then`.
void wait_for_event(Mailbox& mailbox, Instant deadline, Instant then = {}) {
    std::thread poster([&] {
        while (read_boot_clock() < then) std::this_thread::yield();
        mailbox.post(HooksFinished{});
    });
    EXPECT_TRUE(mailbox.take_until(deadline));
    poster.join();
}

TEST(Mailbox, APostWakesTheTaker) {
    Mailbox mailbox;

    wait_for_event(mailbox, kNever);
}

TEST(Mailbox, AFormerAlarmDoesNotEndALaterWait) {
    Mailbox mailbox;
    EXPECT_FALSE(mailbox.take_until(read_boot_clock() + 5ms));

    wait_for_event(mailbox, kNever);
}

TEST(Mailbox, ADeadlineThatHasMovedLaterIsKept) {
    Mailbox mailbox;
    const auto begun = read_boot_clock();
    wait_for_event(mailbox, begun + 1s, begun + 10ms);
    EXPECT_FALSE(mailbox.take_until(begun + 1100ms));
    EXPECT_GE(read_boot_clock(), begun + 1100ms);
}

TEST(Mailbox, ADeadlineThatHasMovedEarlierIsKept) {
    Mailbox mailbox;
    const auto begun = read_boot_clock();
    wait_for_event(mailbox, begun + 1h, begun + 10ms);
    EXPECT_FALSE(mailbox.take_until(begun + 50ms));
    EXPECT_GE(read_boot_clock(), begun + 50ms);
    EXPECT_LT(read_boot_clock(), begun + 30min);
}

TEST(Mailbox, WhenFullARequestIsRefusedAndItsAskerHears) {
    Mailbox mailbox(2);
    Asker asker;
    mailbox.deliver(request("a"), {});
    mailbox.deliver(request("b"), {});

    EXPECT_FALSE(mailbox.post(RequestArrived{request("c"), asker.respond()}));

    EXPECT_TRUE(asker.dropped());
    EXPECT_EQ(next(mailbox), "a");
    EXPECT_EQ(next(mailbox), "b");
    EXPECT_EQ(next(mailbox), "nothing");
}

TEST(Mailbox, WhenFullTheOldestQueryMakesRoomForAnElectionMessage) {
    Mailbox mailbox(3);
    Asker older;
    Asker newer;
    mailbox.deliver(request("vote"), {});
    mailbox.deliver(request("query-1", Lane::query), older.respond());
    mailbox.deliver(request("query-2", Lane::query), newer.respond());

    EXPECT_TRUE(mailbox.post(RequestArrived{request("heartbeat"), {}}));

    EXPECT_TRUE(older.dropped());
    EXPECT_FALSE(newer.dropped());
    EXPECT_EQ(next(mailbox), "vote");
    EXPECT_EQ(next(mailbox), "query-2");
    EXPECT_EQ(next(mailbox), "heartbeat");
}

TEST(Mailbox, WhenFullAQueryDisplacesNobody) {
    Mailbox mailbox(2);
    mailbox.deliver(request("query-1", Lane::query), {});
    mailbox.deliver(request("vote"), {});

    EXPECT_FALSE(mailbox.post(RequestArrived{request("query-2", Lane::query), {}}));

    EXPECT_EQ(next(mailbox), "query-1");
    EXPECT_EQ(next(mailbox), "vote");
}

TEST(Mailbox, WhatTheNodeItselfWaitsForIsNeverDropped) {
    Mailbox mailbox(1);
    mailbox.deliver(request("a"), {});

    EXPECT_TRUE(mailbox.post(ReplyArrived{}));
    EXPECT_TRUE(mailbox.post(CommandArrived{.what = Stop{}, .done = {}}));
    EXPECT_TRUE(mailbox.post(ArbiterAnswered{}));

    EXPECT_EQ(next(mailbox), "a");
    for (int n = 0; n < 3; ++n) EXPECT_EQ(next(mailbox), "");
}

TEST(Mailbox, ClosingDropsWhatWaitsAndTakesNothingMore) {
    Mailbox mailbox;
    Asker asker;
    mailbox.deliver(request("a"), asker.respond());

    mailbox.close();

    EXPECT_TRUE(asker.dropped());
    EXPECT_TRUE(mailbox.closed());
    EXPECT_FALSE(mailbox.take_until(kNever)) << "and does not wait";
    EXPECT_FALSE(mailbox.post(HooksFinished{}));
    EXPECT_FALSE(mailbox.take_until(kNever));
}

TEST(Mailbox, ClosingWakesTheTaker) {
    Mailbox mailbox;
    std::thread taker([&] { EXPECT_FALSE(mailbox.take_until(kNever)); });

    mailbox.close();

    taker.join();
}

TEST(Mailbox, ManyPostersLoseNothing) {
    Mailbox mailbox;
    constexpr int kEach = 500;
    std::vector<std::thread> posters;
    for (int n = 0; n < 4; ++n) {
        posters.emplace_back([&] {
            for (int i = 0; i < kEach; ++i) mailbox.post(HooksFinished{});
        });
    }

    for (int taken = 0; taken < 4 * kEach; ++taken) EXPECT_TRUE(mailbox.take_until(kNever));

    for (auto& poster : posters) poster.join();
    EXPECT_EQ(next(mailbox), "nothing");
}

}  // namespace
}  // namespace electiond
