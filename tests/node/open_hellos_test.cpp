// Which addresses a blank node still waits for.
#include "node/open_hellos.h"

#include <gtest/gtest.h>

namespace electiond {
namespace {

using namespace std::chrono_literals;

constexpr Instant kNow{1h};
const Endpoint kOne{"10.0.0.1", 7401};
const Endpoint kTwo{"10.0.0.2", 7401};

struct OpenHellosTest : testing::Test {
    OpenHellos open{5s};
};

TEST_F(OpenHellosTest, NobodyAskedIsNobodyWaitedFor) { EXPECT_FALSE(open.any(kNow)); }

TEST_F(OpenHellosTest, EndsWithTheLastAnswerOrFailure) {
    open.sent(kNow, kOne);
    open.sent(kNow, kTwo);

    open.answered(kOne);
    EXPECT_TRUE(open.any(kNow));

    open.failed(kNow, kTwo);
    EXPECT_FALSE(open.any(kNow));
}

TEST_F(OpenHellosTest, TwoRequestsToOneAddressHaveTwoOutcomes) {
    open.sent(kNow, kOne);
    open.sent(kNow, kOne);

    open.answered(kOne);
    EXPECT_TRUE(open.any(kNow));

    open.answered(kOne);
    EXPECT_FALSE(open.any(kNow));
}

TEST_F(OpenHellosTest, WhoFailedLatelyIsNotWaitedFor) {
    open.sent(kNow, kOne);
    open.failed(kNow, kOne);

    open.sent(kNow + 4s, kOne);
    EXPECT_FALSE(open.any(kNow + 4s));
    open.failed(kNow + 4s, kOne);

    open.sent(kNow + 10s, kOne);
    EXPECT_TRUE(open.any(kNow + 10s));
}

TEST_F(OpenHellosTest, WhoAnswersAgainIsWaitedForAgain) {
    open.sent(kNow, kOne);
    open.failed(kNow, kOne);
    open.sent(kNow + 1s, kOne);
    open.answered(kOne);

    open.sent(kNow + 2s, kOne);

    EXPECT_TRUE(open.any(kNow + 2s));
}

TEST_F(OpenHellosTest, AnOutcomeNobodyAskedForChangesNothing) {
    open.answered(kOne);
    open.failed(kNow, kTwo);

    EXPECT_FALSE(open.any(kNow));
}

}  // namespace
}  // namespace electiond
