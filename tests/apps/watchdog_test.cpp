// The watchdog: runs its checks, reports their exceptions, and ends even if one of them hangs.
#include "watchdog.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

namespace electiond {
namespace {

using std::chrono::seconds;

Deadline in(Milliseconds time) { return std::chrono::steady_clock::now() + time; }

TEST(Watchdog, RunsEachCheckAgainAndAgainWithARisingTime) {
    std::promise<void> enough;
    std::vector<Instant> times;
    int others = 0;
    Watchdog watchdog(Milliseconds{1}, [](const std::exception&) { FAIL(); });
    watchdog.add([&](Instant) { ++others; });
    watchdog.add([&](Instant now) {
        times.push_back(now);
        if (times.size() == 3) enough.set_value();
    });

    watchdog.start();
    ASSERT_EQ(enough.get_future().wait_for(seconds(30)), std::future_status::ready);
    EXPECT_TRUE(watchdog.stop(in(seconds(30))));

    EXPECT_EQ(static_cast<std::size_t>(others), times.size());
    EXPECT_LT(times[0], times[1]);
    EXPECT_LT(times[1], times[2]);
}

TEST(Watchdog, ReportsWhatACheckThrowsAndRunsNoneAfterIt) {
    std::promise<std::string> told;
    int calls = 0;
    Watchdog watchdog(Milliseconds{1},
                      [&](const std::exception& error) { told.set_value(error.what()); });
    watchdog.add([&](Instant) {
        ++calls;
        throw std::runtime_error("the folder is gone");
    });

    watchdog.start();
    EXPECT_EQ(told.get_future().get(), "the folder is gone");
    EXPECT_TRUE(watchdog.stop(in(seconds(30))));

    EXPECT_EQ(calls, 1);
}

TEST(Watchdog, RunsItsChecksAtOnceIfItIsAskedTo) {
    std::promise<void> checked;
    Watchdog watchdog(std::chrono::hours(1), [](const std::exception&) { FAIL(); });
    watchdog.add([&](Instant) { checked.set_value(); });
    watchdog.start();

    watchdog.check_now();

    EXPECT_EQ(checked.get_future().wait_for(seconds(30)), std::future_status::ready);
    EXPECT_TRUE(watchdog.stop(in(seconds(30))));
}

TEST(Watchdog, SleepsWhileThereIsNothingToWatch) {
    std::atomic<int> checks = 0;
    const auto await = [&](int count) {
        for (int now = checks; now < count; now = checks) checks.wait(now);
    };
    Watchdog watchdog(Milliseconds{1}, [](const std::exception&) { FAIL(); });
    watchdog.add_watch([&](Instant) {
        ++checks;
        checks.notify_all();
        return false;
    });
    watchdog.start();
    await(Watchdog::kIdleChecks);
    std::this_thread::sleep_for(Milliseconds{20});  // time for checks that must not come
    EXPECT_EQ(checks, Watchdog::kIdleChecks);

    watchdog.watch();

    await(Watchdog::kIdleChecks + 1);
    EXPECT_TRUE(watchdog.stop(in(seconds(30))));
}

TEST(Watchdog, DoesNotSleepWhileOneOfItsChecksWatches) {
    std::promise<void> enough;
    int checks = 0;
    Watchdog watchdog(Milliseconds{1}, [](const std::exception&) { FAIL(); });
    watchdog.add_watch([&](Instant) { return true; });
    watchdog.add_watch([&](Instant) {
        if (++checks == 2 * Watchdog::kIdleChecks) enough.set_value();
        return false;
    });
    watchdog.start();

    EXPECT_EQ(enough.get_future().wait_for(seconds(30)), std::future_status::ready);
    EXPECT_TRUE(watchdog.stop(in(seconds(30))));
}

TEST(Watchdog, EndsAtOnceWhileItWaitsAndWithoutHavingStarted) {
    Watchdog never(std::chrono::hours(1), {});
    EXPECT_TRUE(never.stop(in(Milliseconds{0})));
    Watchdog watchdog(std::chrono::hours(1), {});
    watchdog.start();

    EXPECT_TRUE(watchdog.stop(in(seconds(30))));
}

TEST(Watchdog, LeavesBehindACheckThatHangs) {
    const auto release = std::make_shared<std::promise<void>>();
    const auto hangs = std::make_shared<std::promise<void>>();
    Watchdog watchdog(Milliseconds{1}, {});
    watchdog.add([released = release->get_future().share(), hangs, first = true](Instant) mutable {
        if (std::exchange(first, false)) hangs->set_value();
        released.wait();
    });
    watchdog.start();
    hangs->get_future().wait();

    EXPECT_FALSE(watchdog.stop(in(Milliseconds{20})));

    release->set_value();
    EXPECT_TRUE(watchdog.stop(in(seconds(30)))) << "it comes back in the end";
}

}  // namespace
}  // namespace electiond
