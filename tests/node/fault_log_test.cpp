// Which failures become a line: one a minute for each operation, whatever alternates with it.
#include "node/fault_log.h"

#include <gtest/gtest.h>

namespace electiond {
namespace {

using std::chrono::seconds;

Instant at(int second) { return Instant(seconds(1000 + second)); }

TEST(FaultLog, TellsTheFirstFailureAndThenOneAMinuteWithACount) {
    FaultLog log;

    const auto first = log.failed("poll", "gone", at(0));
    ASSERT_TRUE(first);
    EXPECT_EQ(first->suffix(), "");
    for (int second = 1; second < 60; ++second) {
        EXPECT_FALSE(log.failed("poll", "gone", at(second))) << second;
    }

    const auto again = log.failed("poll", "gone", at(60));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->unlogged, 59u);
    EXPECT_EQ(again->suffix(), " (and 59 times since the last such line)");
    EXPECT_FALSE(log.failed("poll", "gone", at(61)));
}

TEST(FaultLog, OtherWordsAreNoNewFault) {
    FaultLog log;
    int lines = 0;

    for (int tenth = 0; tenth < 600; ++tenth) {
        const auto now = at(0) + tenth * Milliseconds{100};
        lines += log.failed("poll", tenth % 2 == 0 ? "no folder" : "no right", now).has_value();
    }

    EXPECT_EQ(lines, 1);
}

TEST(FaultLog, TellsARecoveryOnceAndOnlyOfTheOperationThatFailed) {
    FaultLog log;
    EXPECT_FALSE(log.worked("poll", at(0)));
    (void)log.failed("claim", "garbled", at(1));

    for (int second = 1; second < 300; ++second) EXPECT_FALSE(log.worked("poll", at(second)));

    const auto recovery = log.worked("claim", at(21));
    ASSERT_TRUE(recovery);
    EXPECT_EQ(recovery->away, seconds(20));
    EXPECT_FALSE(log.worked("claim", at(22)));
}

TEST(FaultLog, WritesTwoLinesAMinuteOfWhatFlapsAndEndsWithTheTruth) {
    FaultLog log;
    int failures = 0;
    int recoveries = 0;

    for (int second = 0; second < 600; second += 2) {
        failures += log.failed("poll", "gone", at(second)).has_value();
        recoveries += log.worked("poll", at(second + 1)).has_value();
    }
    EXPECT_EQ(failures, 10);
    EXPECT_EQ(recoveries, 10);

    (void)log.failed("poll", "gone", at(600));
    EXPECT_FALSE(log.worked("poll", at(600)));
    const auto late = log.worked("poll", at(700));
    ASSERT_TRUE(late) << "a failure that had a line gets its end told, if late";
    EXPECT_EQ(late->away, seconds(0)) << "and when it was, not when it is told";
}

TEST(FaultLog, TellsOneCauseOnce) {
    FaultLog log;
    EXPECT_TRUE(log.failed("announce", "no folder", at(0)));

    EXPECT_FALSE(log.failed("poll", "no folder", at(0)));
    EXPECT_TRUE(log.failed("claim", "no right", at(0)));
    (void)log.worked("announce", at(1));

    EXPECT_TRUE(log.failed("poll", "no folder", at(2))) << "it is not over for this one";
}

TEST(FaultLog, ForgetsWhatIsNotTriedAnyMore) {
    FaultLog log;
    (void)log.failed("claim", "garbled", at(0));

    log.forget("claim");

    EXPECT_FALSE(log.worked("claim", at(100)));
}

}  // namespace
}  // namespace electiond
