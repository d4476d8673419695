// Deadlines of the boot clock on the loop.
#include <gtest/gtest.h>

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <optional>
#include <vector>

#include <io/boot_timer.h>

namespace electiond::io {
namespace {

using namespace std::chrono_literals;
using Moment = BootTimer::Moment;

Moment now() {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

TEST(BootTimer, IsCalledOnceAtTheDeadlineThatWasSetLast) {
    Loop loop([](const std::exception&) {});
    std::vector<Moment> calls;
    BootTimer timer(loop, [&] { calls.push_back(now()); });
    const auto begun = now();
    timer.set(begun + 10ms);
    timer.set(begun + 60ms);  // later: the kernel's timer stays
    loop.stop();              // returns when it has expired
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_GE(calls.front(), begun + 60ms);
}

TEST(BootTimer, CanBeSetToAnEarlierMoment) {
    Loop loop([](const std::exception&) {});
    std::vector<Moment> calls;
    BootTimer timer(loop, [&] { calls.push_back(now()); });
    const auto begun = now();
    timer.set(begun + 1h);
    timer.set(begun + 20ms);
    loop.stop();
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_GE(calls.front(), begun + 20ms);
    EXPECT_LT(calls.front(), begun + 30s);
}

TEST(BootTimer, IsCalledAtOnceForWhatIsOver) {
    Loop loop([](const std::exception&) {});
    int calls = 0;
    std::optional<BootTimer> past, zero;
    past.emplace(loop, [&] { ++calls; });
    zero.emplace(loop, [&] { ++calls; });
    past->set(now() - 1s);
    zero->set(Moment{0});
    loop.stop();
    EXPECT_EQ(calls, 2);
}

TEST(BootTimer, MayBeCancelledSetAndDestroyedInItsOwnCall) {
    Loop loop([](const std::exception& error) { ADD_FAILURE() << error.what(); });
    int cancelled = 0, again = 0, destroyed = 0;
    std::optional<BootTimer> one, two, three;
    one.emplace(loop, [&] {
        ++cancelled;
        one->set(now());
        one->cancel();
    });
    two.emplace(loop, [&] {
        if (++again < 3) two->set(now());
    });
    three.emplace(loop, [&] {
        three.reset();
        ++destroyed;
    });
    for (auto* each : {&one, &two, &three}) (*each)->set(now());
    loop.stop();
    EXPECT_EQ(cancelled, 1);
    EXPECT_EQ(again, 3);
    EXPECT_EQ(destroyed, 1);
}

TEST(BootTimer, ACancelledOneIsNotCalledAndHoldsNobodyUp) {
    Loop loop([](const std::exception&) {});
    BootTimer timer(loop, [] { ADD_FAILURE() << "it was cancelled"; });
    timer.set(now() + 1h);
    timer.cancel();
    loop.stop();
}

// ---- Which clock it is

// Where the boot clock is 100,000 s ahead of all others, as after a day of suspend: 0 if the timer
// keeps to it, 1 if it is early, 2 if it is late, 3 if there can be no such place here.
int timer_by_a_boot_clock_of_its_own() {
    if (::unshare(CLONE_NEWTIME) != 0) return 3;
    if (!(std::ofstream("/proc/self/timens_offsets") << "boottime 100000 0\n").flush()) return 3;
    const auto child = ::fork();  // the children alone live there
    if (child < 0) return 3;
    int status = 0;
    if (child > 0) {
        if (::waitpid(child, &status, 0) != child) return 3;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
    }
    ::alarm(30);  // a timer by another clock would need a day
    Loop loop([](const std::exception&) {});
    const auto due = now() + 50ms;
    Moment called{};
    BootTimer timer(loop, [&] { called = now(); });
    timer.set(due);
    loop.stop();
    ::_exit(called < due ? 1 : called > due + 20s ? 2 : 0);
}

TEST(BootTimer, GoesByTheBootClockAlone) {
    const auto child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) ::_exit(timer_by_a_boot_clock_of_its_own());
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 3) GTEST_SKIP() << "no time namespaces here";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace electiond::io
