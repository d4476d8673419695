// The loop itself: tasks, deadlines, turns, and that it sleeps while nothing happens.
#include <gtest/gtest.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <io/stream.h>
#include <io/timer.h>

#include "scene.h"

namespace electiond::io {
namespace {

using namespace std::chrono_literals;
using scene::kLong;
using scene::on_loop;

void nothing_fails(const std::exception& error) { ADD_FAILURE() << error.what(); }

// Of the calling thread.
std::chrono::nanoseconds processor_time() {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}
long wake_ups() {
    rusage used{};
    ::getrusage(RUSAGE_THREAD, &used);
    return used.ru_nvcsw;
}

// ---- Tasks

TEST(Loop, EachTaskWakesALoopThatSleeps) {
    Loop loop(nothing_fails);
    loop.start();
    for (int n = 0; n < 500; ++n) on_loop(loop, [] {});
}

TEST(Loop, RunsTasksInTheOrderOfPosting) {
    Loop loop(nothing_fails);
    std::vector<int> order;
    loop.start();
    std::vector<std::thread> posters;
    for (int who = 0; who < 3; ++who) {
        posters.emplace_back([&, who] {
            for (int n = 0; n < 1000; ++n)
                loop.post([&order, who, n] { order.push_back(who * 1000 + n); });
        });
    }
    for (auto& each : posters) each.join();
    loop.stop();
    ASSERT_EQ(order.size(), 3000U);
    std::array<int, 3> next{0, 1000, 2000};
    for (const int each : order) EXPECT_EQ(each, next.at(static_cast<std::size_t>(each / 1000))++);
}

// True once `loop` sleeps. A test that is too early for that has another try.
bool runs_here(Loop& loop) {
    std::thread::id where;
    std::promise<void> over;
    EXPECT_TRUE(loop.poster().run_or_post([&] {
        where = std::this_thread::get_id();
        over.set_value();
    }));
    over.get_future().wait();
    return where == std::this_thread::get_id();
}

TEST(Loop, RunsATaskOnTheCallingThreadIfItSleeps) {
    std::atomic<bool> ran = false;  // outlives the loop, whose last turn sets it
    Loop loop(nothing_fails);
    loop.start();
    EXPECT_TRUE(scene::soon([&] { return runs_here(loop); }));
    const scene::Pause pause(loop);
    EXPECT_TRUE(loop.poster().run_or_post([&] { ran = true; }));
    EXPECT_FALSE(ran) << "the loop is at work";
}

TEST(Loop, RunsTasksOfAllThreadsOneAtATimeAndInOrder) {
    Loop loop(nothing_fails);
    static constexpr int kEach = 5000;
    std::vector<int> order;  // without a lock
    loop.start();
    std::vector<std::thread> posters;
    for (int who = 0; who < 3; ++who) {
        posters.emplace_back([&, who] {
            for (int n = 0; n < kEach; ++n) {
                const auto task = [&order, who, n] { order.push_back(who * kEach + n); };
                ASSERT_TRUE(n % 3 == 0 ? loop.post(task) : loop.poster().run_or_post(task));
            }
        });
    }
    for (auto& each : posters) each.join();
    loop.stop();
    ASSERT_EQ(order.size(), std::size_t{3} * kEach);
    std::array<int, 3> next{0, kEach, 2 * kEach};
    for (const int each : order) EXPECT_EQ(each, next.at(static_cast<std::size_t>(each / kEach))++);
}

TEST(Loop, WakesForWhatATaskOnAnotherThreadHasBegun) {
    Loop loop(nothing_fails);
    Timer far(loop, [] {});
    far.set(Clock::now() + 1h);
    loop.start();
    const auto try_until_here = [&](const Task& what) {
        return scene::soon([&] {
            const auto where = std::make_shared<std::thread::id>();
            const auto over = std::make_shared<std::promise<void>>();
            EXPECT_TRUE(loop.poster().run_or_post([=] {
                what();
                *where = std::this_thread::get_id();
                over->set_value();
            }));
            over->get_future().wait();
            return *where == std::this_thread::get_id();
        });
    };
    const auto count = std::make_shared<std::atomic<int>>(0);
    EXPECT_TRUE(try_until_here([&] {
        loop.spawn([](std::shared_ptr<std::atomic<int>> ran) -> Async<> {
            ++*ran;
            co_return;
        }(count));
    }));
    EXPECT_TRUE(scene::soon([&] { return *count > 0; })) << "a coroutine";
    std::atomic<bool> called = false;
    std::optional<Timer> timer;
    on_loop(loop, [&] { timer.emplace(loop, [&] { called = true; }); });
    EXPECT_TRUE(try_until_here([&] { timer->set(Clock::now() + 1ms); }));
    EXPECT_TRUE(scene::soon([&] { return called.load(); })) << "an earlier deadline";
    std::atomic<bool> ran = false;
    EXPECT_TRUE(try_until_here([&] { loop.post([&] { ran = true; }); }));
    EXPECT_TRUE(scene::soon([&] { return ran.load(); })) << "another task";
    loop.stop([&] {
        timer.reset();
        far.cancel();
    });
}

TEST(Loop, RefusesTasksForAnyThreadOnceItIsStopped) {
    Loop loop(nothing_fails);
    const auto poster = loop.poster();
    loop.start();
    EXPECT_TRUE(scene::soon([&] { return runs_here(loop); }));
    loop.stop();
    EXPECT_FALSE(poster.run_or_post([] { ADD_FAILURE(); }));
}

TEST(Loop, MayBeStoppedWhileOtherThreadsRunTasks) {
    for (int n = 0; n < 50; ++n) {
        std::optional<Loop> loop;
        loop.emplace(nothing_fails);
        const auto poster = loop->poster();
        std::atomic<int> ran = 0;
        loop->start();
        std::thread other([&] {
            while (poster.run_or_post([&] { ++ran; })) {
            }
        });
        EXPECT_TRUE(scene::soon([&] { return ran > 3; }));
        loop->stop();
        loop.reset();
        other.join();
    }
}

TEST(Loop, GoesOnAfterTasksTimersAndCoroutinesThatThrow) {
    std::vector<std::string> failures;
    Loop loop([&](const std::exception& error) { failures.emplace_back(error.what()); });
    Timer timer(loop, [] { throw std::runtime_error("timer"); });
    timer.set(Clock::now());
    loop.spawn([]() -> Async<> {
        throw std::runtime_error("coroutine");
        co_return;
    }());
    int ran = 0;
    loop.post([] { throw std::runtime_error("task"); });
    loop.post([] { throw 1; });
    loop.post([&] { ++ran; });
    loop.stop();
    EXPECT_EQ(ran, 1);
    EXPECT_EQ(failures, (std::vector<std::string>{"coroutine", "task",
                                                  "it threw something that is not a std::exception",
                                                  "timer"}));
}

TEST(Loop, NextTurnLeavesTasksAndTimersTheirTurn) {
    Loop loop(nothing_fails);
    bool task = false, timer = false;
    int turns = 0;
    Timer soon(loop, [&] { timer = true; });
    loop.spawn([](Loop& on, const bool& one, const bool& other, int& count) -> Async<> {
        while (!one || !other) {
            co_await on.next_turn();
            ++count;
        }
    }(loop, task, timer, turns));
    soon.set(Clock::now() + 5ms);
    loop.start();
    loop.post([&] { task = true; });
    loop.stop();
    EXPECT_TRUE(task && timer);
    EXPECT_GE(turns, 1);
}

// ---- Deadlines

TEST(Timer, ThoseOfALoopAreCalledInTheOrderOfTheirDeadlines) {
    Loop loop(nothing_fails);
    std::string calls;
    Timer a(loop, [&] { calls += 'a'; }), b(loop, [&] { calls += 'b'; }),
        c(loop, [&] { calls += 'c'; });
    const auto begun = Clock::now();
    a.set(begun + 10ms);
    b.set(begun + 20ms);
    c.set(begun + 90ms);
    a.set(begun + 60ms);  // later
    c.set(begun + 40ms);  // earlier
    loop.stop();
    EXPECT_EQ(calls, "bca");
    EXPECT_GE(Clock::now(), begun + 60ms);
}

TEST(Timer, MayBeCancelledSetAndDestroyedInItsOwnCallAndByOthers) {
    Loop loop(nothing_fails);
    int again = 0, destroyed = 0;
    std::optional<Timer> one, two, three, four;
    one.emplace(loop, [&] { two.reset(); });
    two.emplace(loop, [] { ADD_FAILURE() << "it was destroyed before its turn"; });
    three.emplace(loop, [&] {
        if (++again < 3) three->set(Clock::now());
    });
    four.emplace(loop, [&] {
        four.reset();
        ++destroyed;
    });
    const auto due = Clock::now();
    one->set(due);
    for (auto* each : {&two, &three, &four}) (*each)->set(due + 1us);
    loop.stop();
    EXPECT_EQ(again, 3);
    EXPECT_EQ(destroyed, 1);
}

TEST(Timer, OneThatIsAlwaysDueLeavesOthersTheirTurn) {
    Loop loop(nothing_fails);
    bool task = false;
    std::optional<Timer> always;
    always.emplace(loop, [&] {
        if (!task) always->set(Deadline{});
    });
    always->set(Deadline{});
    loop.start();
    on_loop(loop, [&] { task = true; });
    loop.stop();
}

TEST(Timer, OneWithoutADeadlineHoldsNobodyUp) {
    Loop loop(nothing_fails);
    Timer never(loop, [] { ADD_FAILURE(); }), cancelled(loop, [] { ADD_FAILURE(); });
    never.set(Clock::now() + 1h);
    never.set(kNever);
    cancelled.set(Clock::now() + 1h);
    cancelled.cancel();
    loop.stop();
}

TEST(Timer, TheLoopDoesNotWakeForADeadlineThatHasMoved) {
    Loop loop(nothing_fails);
    long before = 0, after = 0;
    Timer moves(loop, [] { ADD_FAILURE(); });
    Timer ends(loop, [&] {
        after = wake_ups();
        moves.cancel();
    });
    loop.post([&] {
        const auto now = Clock::now();
        for (int n = 1; n <= 50; ++n) moves.set(now + n * 1ms);
        moves.set(now + 1h);
        ends.set(now + 100ms);
        before = wake_ups();
    });
    loop.stop();
    EXPECT_LE(after - before, 1);
}

// Where epoll_pwait2() fails as in a container whose filter does not know it: 0 if a timer works
// there.
int timer_without_epoll_pwait2() {
    std::array filter{
        sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_epoll_pwait2, 0, 1),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{.len = filter.size(), .filter = filter.data()};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 3;
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return 3;
    ::alarm(30);
    Loop loop([](const std::exception&) { ::_exit(2); });
    const auto due = Clock::now() + 20ms + 300us;
    Deadline called{};
    Timer timer(loop, [&] { called = Clock::now(); });
    timer.set(due);
    loop.stop();
    return called < due ? 1 : 0;
}

TEST(Timer, WorksWhereThereIsNoEpollPwait2) {
    const auto child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) ::_exit(timer_without_epoll_pwait2());
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 3) GTEST_SKIP() << "no filters of system calls here";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

// ---- Sockets

// A coroutine that owns one end of a connection; the test has the other.
class SocketTest : public ::testing::Test {
  protected:
    SocketTest() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()),
                  0);
        stream = Stream::take(loop, Descriptor(ends[0]));
        other = Descriptor(ends[1]);
        loop.start();
    }
    ~SocketTest() override {
        loop.stop([this] { stream->cut(); });
    }

    // Awaits `body` on the loop.
    void run(std::function<Async<>()> body) {
        std::promise<void> over;
        loop.post([&] {
            loop.spawn([](std::function<Async<>()> what, std::promise<void>& done) -> Async<> {
                co_await what();
                done.set_value();
            }(std::move(body), over));
        });
        ASSERT_EQ(over.get_future().wait_for(kLong), std::future_status::ready);
    }

    // How much processor time the loop needs for 100 ms in which this coroutine waits for
    // something else. A loop that is woken again and again would need most of it.
    static constexpr auto kIdle = 20ms;
    Async<std::chrono::nanoseconds> hundred_milliseconds() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()),
                  0);
        const Descriptor silent(ends[1]);
        const auto pause = Stream::take(loop, Descriptor(ends[0]));
        const auto before = processor_time();
        EXPECT_EQ(co_await pause->receive(Clock::now() + 100ms), Stream::Event::late);
        pause->cut();
        co_return processor_time() - before;
    }
    void say(std::string_view text) const {
        ASSERT_EQ(::send(other.get(), text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }

    Loop loop{nothing_fails};
    std::shared_ptr<Stream> stream;
    Descriptor other;
};

TEST_F(SocketTest, TheLoopSleepsWhileInputIsNotRead) {
    run([&]() -> Async<> {
        say("one");
        EXPECT_EQ(co_await stream->receive(kNever), Stream::Event::bytes);
        EXPECT_EQ(co_await stream->receive(Clock::now() + 1ms), Stream::Event::late);
        say("two");
        const auto elsewhere = co_await hundred_milliseconds();
        EXPECT_LT(elsewhere, kIdle) << "nobody waits";
        const auto before = processor_time();
        EXPECT_EQ(co_await stream->hold(Clock::now() + 100ms), Stream::Event::late);
        EXPECT_LT(processor_time() - before, kIdle) << "input is not waited for";
        EXPECT_EQ(co_await stream->receive(kNever), Stream::Event::bytes);
        EXPECT_EQ(stream->received(), "onetwo");
    });
}

TEST_F(SocketTest, TheLoopSleepsWhileNobodyLooksAtAConnectionThatHasEnded) {
    run([&]() -> Async<> {
        EXPECT_EQ(co_await stream->receive(Clock::now() + 1ms), Stream::Event::late);
        other = Descriptor();
        const auto elsewhere = co_await hundred_milliseconds();
        EXPECT_LT(elsewhere, kIdle);
        EXPECT_EQ(co_await stream->receive(kNever), Stream::Event::ended);
    });
}

TEST(Loop, OtherThreadsMayMakeAndEndSocketsWhileItSleeps) {
    Loop loop(nothing_fails);
    loop.start();
    for (int n = 0; n < 2000; ++n) {
        std::array<int, 2> ends{};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()),
                  0);
        const Descriptor other(ends[1]);
        const auto over = std::make_shared<std::promise<void>>();
        const auto socket = std::make_shared<Descriptor>(ends[0]);
        const auto watched = std::make_shared<std::unique_ptr<Readiness::Socket>>();
        loop.poster().run_or_post([&loop, watched, socket] {
            *watched = std::make_unique<Readiness::Socket>(loop.readiness(), socket->get(), [] {});
            (*watched)->call(Readiness::For::reading);
        });
        // Its event is found, or about to be, when the socket ends.
        ASSERT_EQ(::send(other.get(), "x", 1, MSG_NOSIGNAL), 1);
        loop.poster().run_or_post([watched, over] {
            watched->reset();
            over->set_value();
        });
        over->get_future().wait();
    }
}

TEST_F(SocketTest, TheLoopSleepsOnceAllOutputIsTaken) {
    run([&]() -> Async<> {
        const std::string much(std::size_t{1024} * 1024, 'x');
        stream->send(much);
        EXPECT_GT(stream->unsent(), 0U);
        std::thread reader([this, size = much.size()] {
            std::array<char, 65536> bytes{};
            for (std::size_t read = 0; read < size;) {
                const auto count = ::recv(other.get(), bytes.data(), bytes.size(), 0);
                if (count > 0) read += static_cast<std::size_t>(count);
            }
        });
        const bool drained = co_await stream->drain();
        EXPECT_TRUE(drained);
        reader.join();
        const auto elsewhere = co_await hundred_milliseconds();
        EXPECT_LT(elsewhere, kIdle);
        const auto before = processor_time();
        EXPECT_EQ(co_await stream->receive(Clock::now() + 100ms), Stream::Event::late);
        EXPECT_LT(processor_time() - before, kIdle);
    });
}

}  // namespace
}  // namespace electiond::io
