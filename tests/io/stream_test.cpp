// A connection's bytes on the loop: deadlines, interrupts, slow readers, last words.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <future>
#include <optional>
#include <thread>
#include <vector>

#include <io/listening.h>
#include <io/stream.h>

namespace electiond::io {
namespace {

using namespace std::chrono_literals;
using Event = Stream::Event;

// A loop, and a pair of connected sockets: `stream` on the loop, `other` in the test's hands.
class StreamTest : public ::testing::Test {
  protected:
    StreamTest() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()),
                  0);
        stream = Stream::take(loop, Descriptor(ends[0]), 300ms);
        other = Descriptor(ends[1]);
        loop.start();
    }
    ~StreamTest() override {
        loop.stop([this] { stream->cut(); });
    }

    void say(std::string_view text) const {
        ASSERT_EQ(::send(other.get(), text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }

    // Runs it on the loop, and waits for its end.
    void run(std::function<Async<>()> what) {
        std::promise<void> over;
        loop.post([&] {
            loop.spawn([](std::function<Async<>()> body, std::promise<void>& done) -> Async<> {
                co_await body();
                done.set_value();
            }(std::move(what), over));
        });
        ASSERT_EQ(over.get_future().wait_for(20s), std::future_status::ready);
    }
    // Runs a plain function there.
    void on_loop(const Task& what) {
        std::promise<void> over;
        loop.post([&] {
            what();
            over.set_value();
        });
        over.get_future().wait();
    }

    Loop loop{[](const std::exception& error) { ADD_FAILURE() << error.what(); }};
    std::shared_ptr<Stream> stream;
    Descriptor other;
};

TEST_F(StreamTest, BytesThatCameBeforeTheWaitAreReadAtOnce) {
    say("hello");
    run([&]() -> Async<> {
        EXPECT_EQ(co_await stream->receive(kNever), Event::bytes);
        EXPECT_EQ(stream->received(), "hello");
        stream->consume(3);
        EXPECT_EQ(stream->received(), "lo");
    });
}

TEST_F(StreamTest, TheDeadlineIsAbsoluteHoweverOftenBytesCome) {
    const auto begun = Clock::now();
    run([&]() -> Async<> {
        const auto deadline = begun + 200ms;
        int drips = 0;
        for (;;) {
            say("x");
            const auto event = co_await stream->receive(deadline);
            if (event == Event::late) break;
            EXPECT_EQ(event, Event::bytes);
            ++drips;
            Timer pause(loop, [&] { stream->interrupt(); });
            pause.set(Clock::now() + 20ms);
            const auto second = co_await stream->receive(deadline);
            if (second == Event::late) break;
        }
        EXPECT_GT(drips, 1);
    });
    EXPECT_GE(Clock::now() - begun, 200ms);
}

TEST_F(StreamTest, AnInterruptEndsTheWaitUnderWayOrTheNextOne) {
    run([&]() -> Async<> {
        stream->interrupt();
        EXPECT_EQ(co_await stream->receive(kNever), Event::interrupted);
        Timer soon(loop, [&] { stream->interrupt(); });
        soon.set(Clock::now() + 10ms);
        EXPECT_EQ(co_await stream->receive(kNever), Event::interrupted);
        soon.set(Clock::now() + 10ms);
        EXPECT_EQ(co_await stream->hold(kNever), Event::interrupted);
        say("x");
        EXPECT_EQ(co_await stream->receive(kNever), Event::bytes) << "nothing is left over";
    });
}

TEST_F(StreamTest, HoldReadsNothing) {
    say("waits");
    run([&]() -> Async<> {
        EXPECT_EQ(co_await stream->hold(Clock::now() + 30ms), Event::late);
        EXPECT_TRUE(stream->received().empty());
        EXPECT_EQ(co_await stream->receive(kNever), Event::bytes);
    });
}

TEST_F(StreamTest, TheEndOfTheOtherSideIsSeen) {
    say("bye");
    ::shutdown(other.get(), SHUT_WR);
    run([&]() -> Async<> {
        EXPECT_EQ(co_await stream->receive(kNever), Event::bytes);
        EXPECT_EQ(co_await stream->receive(kNever), Event::ended);
        stream->send("still heard");
    });
    std::array<char, 32> bytes{};
    EXPECT_EQ(::recv(other.get(), bytes.data(), bytes.size(), 0), 11);
}

TEST_F(StreamTest, WhatIsMoreThanTheKernelTakesGoesOutAsTheOtherSideReads) {
    const std::string much(4'000'000, 'm');
    std::size_t drained = 0;
    on_loop([&] {
        stream->on_drained([&] { ++drained; });
        stream->send(much);
        EXPECT_GT(stream->unsent(), 0U);
    });
    std::string got;
    std::vector<char> bytes(65536);
    while (got.size() < much.size()) {
        const auto count = ::recv(other.get(), bytes.data(), bytes.size(), 0);
        if (count > 0) got.append(bytes.data(), static_cast<std::size_t>(count));
    }
    on_loop([&] {
        EXPECT_EQ(stream->unsent(), 0U);
        EXPECT_EQ(drained, 1U);
    });
    EXPECT_EQ(got, much);
}

TEST_F(StreamTest, WhoReadsNothingForTheWriteLimitIsCut) {
    const auto begun = Clock::now();
    run([&]() -> Async<> {
        stream->send(std::string(4'000'000, 'm'));
        EXPECT_EQ(co_await stream->receive(kNever), Event::broken);
    });
    EXPECT_GE(Clock::now() - begun, 300ms);
}

TEST_F(StreamTest, TheLastWordsArriveEvenIfTheOtherSideStillSends) {
    run([&]() -> Async<> {
        say("unread");
        stream->send("refused");
        Timer hang_up(loop, [&] { other = {}; });
        hang_up.set(Clock::now() + 50ms);
        co_await stream->finish(5s);
    });
    EXPECT_TRUE(stream->broken());
}

// Input that never ends would keep the loop from everything else, and no deadline would be seen.
TEST_F(StreamTest, TheLastWordsAreNotWaitedForByWhoSendsWithoutEnd) {
    ASSERT_EQ(::fcntl(other.get(), F_SETFL, 0), 0);
    std::thread flood([this] {
        const std::string block(64 * 1024, 'x');
        while (::send(other.get(), block.data(), block.size(), MSG_NOSIGNAL) > 0) {
        }
    });
    const auto begun = Clock::now();
    run([&]() -> Async<> { co_await stream->finish(15s); });
    EXPECT_LT(Clock::now() - begun, 10s);
    flood.join();
}

TEST_F(StreamTest, ANextTurnComesAfterWhatIsReady) {
    run([&]() -> Async<> {
        std::string order;
        loop.post([&] { order += "task "; });
        co_await loop.next_turn();
        order += "coroutine";
        EXPECT_EQ(order, "task coroutine");
    });
}

TEST_F(StreamTest, ACutEndsTheWait) {
    run([&]() -> Async<> {
        Timer soon(loop, [&] { stream->cut(); });
        soon.set(Clock::now() + 10ms);
        EXPECT_EQ(co_await stream->receive(kNever), Event::broken);
        EXPECT_EQ(co_await stream->hold(kNever), Event::broken);
        stream->send("nobody gets this");
    });
}

TEST_F(StreamTest, WhoSendsWithoutEndDoesNotKeepTheLoopFromItsTasks) {
    const int room = 1 << 20;
    ::setsockopt(other.get(), SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    const std::string piece(16384, 'e');
    std::size_t filled = 0;
    while (::send(other.get(), piece.data(), piece.size(), MSG_NOSIGNAL) > 0) {
        filled += piece.size();
    }
    ASSERT_GT(filled, 150'000U);
    std::size_t before_the_task = 0;
    run([&]() -> Async<> {
        loop.post([&] { before_the_task = stream->received().size(); });
        while (stream->received().size() < filled) {
            EXPECT_EQ(co_await stream->receive(kNever), Event::bytes);
        }
    });
    EXPECT_GT(before_the_task, 0U);
    EXPECT_LE(before_the_task, 65536U);
}

TEST_F(StreamTest, LastWordsEndInTimeWhateverTheOtherSideSends) {
    std::atomic<bool> over = false;
    std::thread flood([&] {
        const std::string piece(16384, 'f');
        while (!over) (void)::send(other.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
    });
    run([&]() -> Async<> { co_await stream->finish(100ms); });
    over = true;
    flood.join();
    EXPECT_TRUE(stream->broken());
}

TEST_F(StreamTest, AnInterruptWhileItDrainsEndsTheNextWait) {
    constexpr std::size_t kMuch = 1'000'000;
    std::size_t got = 0;
    run([&]() -> Async<> {
        stream->send(std::string(kMuch, 'm'));
        std::vector<char> bytes(65536);
        std::optional<Timer> reads;
        reads.emplace(loop, [&] {
            if (got == 0) stream->interrupt();
            const auto count = ::recv(other.get(), bytes.data(), bytes.size(), 0);
            if (count > 0) got += static_cast<std::size_t>(count);
            if (got < kMuch) reads->set(Clock::now());
        });
        reads->set(Clock::now() + 10ms);
        EXPECT_TRUE(co_await stream->drain());
        EXPECT_EQ(co_await stream->receive(Clock::now() + 20s), Event::interrupted);
    });
    EXPECT_GT(got, 0U);
}

// An event that was fetched together with the one that closes its descriptor must not count for
// the descriptor that takes over its place in the reactor.
TEST_F(StreamTest, AnEventOfAClosedDescriptorDoesNotBreakTheNextOne) {
    std::array<int, 2> first{}, second{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, first.data()),
              0);
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, second.data()),
              0);
    std::optional<Descriptor> first_other(first[1]);
    const Descriptor second_other(second[1]);
    run([&]() -> Async<> {
        const auto closed = Stream::take(loop, Descriptor(first[0]));
        EXPECT_EQ(co_await closed->receive(Clock::now()), Event::late);
        loop.post([&] {  // both events are fetched in one turn
            say("x");
            first_other.reset();
        });
        EXPECT_EQ(co_await stream->receive(kNever), Event::bytes);
        closed->cut();
        const auto next = Stream::take(loop, Descriptor(second[0]));
        EXPECT_EQ(co_await next->hold(Clock::now() + 50ms), Event::late);
        next->cut();
    });
}

TEST_F(StreamTest, ABrokenOneHoldsUpNoStop) {
    const auto begun = Clock::now();
    run([&]() -> Async<> {
        stream->send(std::string(4'000'000, 'm'));
        stream->cut();
        EXPECT_EQ(co_await stream->receive(begun + 1h), Event::broken);
        EXPECT_EQ(co_await stream->hold(begun + 1h), Event::broken);
        EXPECT_EQ(co_await stream->connected(begun + 1h), ECANCELED);
        EXPECT_FALSE(co_await stream->drain());
    });
    loop.stop();
    EXPECT_LT(Clock::now() - begun, 20s);
}

TEST(Stream, ConnectsOrSaysWhyNot) {
    Loop loop([](const std::exception& error) { ADD_FAILURE() << error.what(); });
    auto listener = listen_on(Endpoint{"127.0.0.1", 0}, false, "test");
    const auto port = listens_on(listener).port;
    const auto local = *parse_address("127.0.0.1");
    loop.spawn([](Loop& on, Address to, std::uint16_t at, Descriptor& listens) -> Async<> {
        const auto good = Stream::connect(on, to, at);
        EXPECT_EQ(co_await good->connected(Clock::now() + 20s), 0);
        good->cut();
        listens = Descriptor();
        const auto refused = Stream::connect(on, to, at);
        EXPECT_EQ(co_await refused->connected(Clock::now() + 20s), ECONNREFUSED);
        refused->cut();
    }(loop, local, port, listener));
    loop.stop();
}

TEST(Stream, AConnectThatIsNotAnsweredEndsAtItsDeadline) {
    Loop loop([](const std::exception& error) { ADD_FAILURE() << error.what(); });
    const auto listener = listen_on(Endpoint{"127.0.0.1", 0}, false, "test");
    ASSERT_EQ(::listen(listener.get(), 0), 0);
    const auto port = listens_on(listener).port;
    loop.spawn([](Loop& on, std::uint16_t at) -> Async<> {
        std::vector<std::shared_ptr<Stream>> fill;
        int result = 0;
        while (result == 0 && fill.size() < 10) {  // until its queue is full
            fill.push_back(Stream::connect(on, *parse_address("127.0.0.1"), at));
            result = co_await fill.back()->connected(Clock::now() + 200ms);
        }
        EXPECT_EQ(result, ETIMEDOUT);
        for (const auto& each : fill) each->cut();
    }(loop, port));
    loop.stop();
}

TEST(Loop, RefusesTasksOnceItIsStoppedAndRunsThoseBefore) {
    int ran = 0;
    auto loop = std::make_unique<Loop>([](const std::exception&) {});
    const auto poster = loop->poster();
    loop->start();
    for (int n = 0; n < 100; ++n) EXPECT_TRUE(loop->post([&] { ++ran; }));
    loop->stop([&] { ran += 1000; });
    EXPECT_EQ(ran, 1100);
    EXPECT_FALSE(loop->post([&] { ++ran; }));
    loop.reset();
    EXPECT_FALSE(poster.post([&] { ++ran; }));
    EXPECT_EQ(ran, 1100);
}

TEST(Loop, GoesOnAfterAnException) {
    std::promise<std::string> what;
    Loop loop([&](const std::exception& error) { what.set_value(error.what()); });
    loop.start();
    loop.post([] { throw std::runtime_error("a bug"); });
    EXPECT_EQ(what.get_future().get(), "a bug");
    std::promise<void> turned;
    loop.post([&] { turned.set_value(); });
    EXPECT_EQ(turned.get_future().wait_for(20s), std::future_status::ready);
    loop.stop();
}

TEST(Loop, TakesNoMoreTasksThanAsked) {
    Loop loop([](const std::exception&) {});
    EXPECT_TRUE(loop.poster().post([] {}, 2));
    EXPECT_TRUE(loop.poster().post([] {}, 2));
    EXPECT_FALSE(loop.poster().post([] {}, 2));
    loop.stop();
}

TEST(Timer, IsCalledOnceAtTheDeadlineThatWasSetLast) {
    Loop loop([](const std::exception&) {});
    std::vector<Deadline> calls;
    Timer timer(loop, [&] { calls.push_back(Clock::now()); });
    const auto begun = Clock::now();
    timer.set(begun + 10ms);
    timer.set(begun + 60ms);  // later: the kernel's timer stays
    loop.stop();              // returns when it has expired
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_GE(calls.front(), begun + 60ms);
}

TEST(Timer, MayBeCancelledSetAndDestroyedInItsOwnCall) {
    Loop loop([](const std::exception& error) { ADD_FAILURE() << error.what(); });
    int cancelled = 0, again = 0, destroyed = 0;
    std::optional<Timer> one, two, three;
    one.emplace(loop, [&] {
        ++cancelled;
        one->set(Clock::now());
        one->cancel();
    });
    two.emplace(loop, [&] {
        if (++again < 3) two->set(Clock::now());
    });
    three.emplace(loop, [&] {
        three.reset();
        ++destroyed;
    });
    for (auto* each : {&one, &two, &three}) (*each)->set(Clock::now());
    loop.stop();
    EXPECT_EQ(cancelled, 1);
    EXPECT_EQ(again, 3);
    EXPECT_EQ(destroyed, 1);
}

TEST(Timer, ACancelledOneIsNotCalledAndHoldsNobodyUp) {
    Loop loop([](const std::exception&) {});
    Timer timer(loop, [] { ADD_FAILURE() << "it was cancelled"; });
    timer.set(Clock::now() + 1h);
    timer.cancel();
    loop.stop();
}

}  // namespace
}  // namespace electiond::io
