// Heartbeats that the thread which posts them handles, while the loop sleeps in its mailbox.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include <sys/resource.h>

#include "node/clock.h"
#include "node/mailbox.h"

namespace electiond {
namespace {

using namespace std::chrono_literals;

Request heartbeat() { return {.name = "heartbeat", .body = {}, .source = {}}; }

// The loop takes all that waits, then sleeps with this handler.
struct Turns {
    explicit Turns(Mailbox::Handler each)
        : handler(std::move(each)), thread([this] {
              for (;;) {
                  const auto event = mailbox.take_until(kNever, handler);
                  if (mailbox.closed()) return;
                  ++turns;
                  if (!event) continue;
                  ++taken;
                  taken.notify_all();
              }
          }) {}
    ~Turns() {
        mailbox.close();
        thread.join();
    }
    // Until the handler has been called.
    void beat(const std::atomic<int>& calls) {
        for (const int before = calls; calls == before;) {
            mailbox.deliver(heartbeat(), {});
        }
    }

    Mailbox mailbox;
    Mailbox::Handler handler;
    std::atomic<int> taken = 0;  // events
    std::atomic<int> turns = 0;  // with or without one
    std::thread thread;
};

TEST(Mailbox, AHeartbeatIsHandledByTheThreadThatPostsItWhileTheLoopSleeps) {
    std::atomic<int> calls = 0;
    std::thread::id by;
    Turns loop([&](Event&) {
        by = std::this_thread::get_id();
        ++calls;
        return kNever;
    });

    loop.beat(calls);

    EXPECT_EQ(by, std::this_thread::get_id());
}

TEST(Mailbox, AllOtherEventsGoToTheLoop) {
    std::atomic<int> calls = 0;
    Turns loop([&](Event&) {
        ++calls;
        return kNever;
    });
    loop.beat(calls);  // it sleeps now
    const int before = loop.taken;

    loop.mailbox.deliver({.name = "vote-request", .body = {}, .source = {}}, {});
    loop.mailbox.post(HooksFinished{});

    while (loop.taken < before + 2) loop.taken.wait(loop.taken);
    EXPECT_EQ(calls, 1);
}

TEST(Mailbox, WhatTheHandlerRefusesGoesToTheLoop) {
    std::atomic<int> calls = 0;
    Turns loop([&](Event&) -> std::optional<Instant> {
        ++calls;
        return std::nullopt;
    });

    loop.beat(calls);
    const int all = calls;

    while (loop.taken < all) loop.taken.wait(loop.taken);
}

TEST(Mailbox, AnEventThatComesWhileAnotherThreadHandlesOneIsTakenAfterwards) {
    std::atomic<int> calls = 0;
    std::atomic<int> taken_meanwhile = -1;
    Mailbox* used = nullptr;
    const std::atomic<int>* taken = nullptr;
    Turns loop([&](Event&) {
        const int before = *taken;
        used->post(HooksFinished{});
        taken_meanwhile = *taken - before;
        ++calls;
        return kNever;
    });
    used = &loop.mailbox;
    taken = &loop.taken;

    loop.beat(calls);

    EXPECT_EQ(taken_meanwhile, 0);
    for (int now = loop.taken; now == 0; now = loop.taken) loop.taken.wait(now);
}

// D1: what the loop must do at once comes before the next heartbeat.
TEST(Mailbox, NoOtherThreadHandlesAnythingBeforeTheLoopHasComeToADeadlineThatHasPassed) {
    std::atomic<int> calls = 0;
    const std::atomic<int>* turns = nullptr;
    int turn = -1;
    Turns loop([&](Event&) {
        EXPECT_GT(*turns, turn);
        turn = *turns;
        ++calls;
        return read_boot_clock();
    });
    turns = &loop.turns;

    for (int n = 0; n < 200; ++n) loop.beat(calls);

    EXPECT_GE(calls, 200);
}

// The deadline that a handler returns counts, be it earlier or later than the one before.
void expect_deadline(Instant first, Instant second) {
    Mailbox mailbox;
    std::atomic<int> calls = 0;
    std::thread poster([&] {
        while (calls == 0) mailbox.deliver(heartbeat(), {});
    });
    const Mailbox::Handler handler = [&](Event&) {
        ++calls;
        return second;
    };

    while (mailbox.take_until(first, handler)) {
    }
    const Instant woken = read_boot_clock();

    poster.join();
    EXPECT_EQ(calls, 1);
    EXPECT_GE(woken, second);
    EXPECT_LT(woken, second + 30min);
}

TEST(Mailbox, TheHandlerMayMoveTheDeadlineEarlier) {
    const Instant now = read_boot_clock();
    expect_deadline(now + 1h, now + 50ms);
}

TEST(Mailbox, TheHandlerMayMoveTheDeadlineLater) {
    const Instant now = read_boot_clock();
    expect_deadline(now + 1s, now + 1200ms);
}

// How often the loop slept while one heartbeat moved its deadline from 50 ms to an hour, and
// nothing else came for 100 ms; nullopt if the heartbeat came too late for that.
std::optional<long> sleeps_of_quiet_loop() {
    const auto slept = [] {
        rusage used{};
        ::getrusage(RUSAGE_THREAD, &used);
        return used.ru_nvcsw;
    };
    Mailbox mailbox;
    std::atomic<bool> is_moved = false;
    const Mailbox::Handler handler = [&](Event&) {
        is_moved = true;
        return read_boot_clock() + 1h;
    };
    std::thread poster([&] {
        while (!is_moved && !mailbox.closed()) {
            mailbox.deliver(heartbeat(), {});
            std::this_thread::sleep_for(1ms);
        }
        std::this_thread::sleep_for(100ms);
        mailbox.post(HooksFinished{});
    });
    std::optional<Event> taken;
    long before = 0;
    do {
        before = slept();
        taken = mailbox.take_until(read_boot_clock() + 50ms, handler);
    } while (taken && !std::holds_alternative<HooksFinished>(*taken));
    const auto count = slept() - before;
    mailbox.close();
    poster.join();
    return taken ? std::optional(count) : std::nullopt;
}

TEST(Mailbox, AHeartbeatThatMovesTheDeadlineLaterKeepsTheLoopAsleep) {
    for (int tries = 0; tries < 50; ++tries) {
        if (sleeps_of_quiet_loop() == 1) return;  // a thread that holds the lock adds a sleep
    }
    FAIL() << "the alarm rang at the former deadline each time";
}

// Turns with short deadlines until a poster has called `during` once, for 40 ms; the loop must not
// go on meanwhile.
void expect_that_the_loop_waits(Mailbox& mailbox, const std::function<void()>& during) {
    std::atomic<int> turns = 0;
    std::atomic<bool> is_over = false;
    const Mailbox::Handler handler = [&](Event&) {
        const int turn = turns;
        during();
        const Instant end = read_boot_clock() + 40ms;
        while (read_boot_clock() < end) std::this_thread::yield();
        EXPECT_EQ(turns, turn);
        is_over = true;
        return end;
    };
    std::thread poster([&] {
        while (!is_over) mailbox.deliver(heartbeat(), {});
    });
    for (; !is_over; ++turns) (void)mailbox.take_until(read_boot_clock() + 20ms, handler);
    poster.join();
}

TEST(Mailbox, TheLoopWaitsForAHandlerIfItsDeadlineComes) {
    Mailbox mailbox;
    expect_that_the_loop_waits(mailbox, [] {});
}

TEST(Mailbox, TheLoopWaitsForAHandlerIfTheMailboxIsClosed) {
    Mailbox mailbox;
    expect_that_the_loop_waits(mailbox, [&] { mailbox.close(); });
}

}  // namespace
}  // namespace electiond
