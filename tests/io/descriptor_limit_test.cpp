// The limit of open descriptors: raised for us, given back to programs, shared out.
#include "io/descriptor_limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <io/child.h>

namespace electiond::io {
namespace {

using ::testing::ElementsAre;

rlimit present() {
    rlimit limit{};
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    return limit;
}

TEST(DescriptorLimit, IsRaisedForUsAndGivenBackToPrograms) {
    constexpr rlim_t kLow = 200;
    const rlimit low{kLow, present().rlim_max};
    ASSERT_GT(low.rlim_max, kLow);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);

    const auto raised = raise_descriptor_limit();

    EXPECT_EQ(raised, low.rlim_max);
    EXPECT_EQ(present().rlim_cur, low.rlim_max);
    EXPECT_EQ(original_descriptor_limit(), kLow);
    Child child(
        {.command = {"/bin/sh", "-c", "ulimit -Sn; ulimit -Hn"}, .out = Output::captured()});
    ASSERT_TRUE(child.wait(std::chrono::seconds(30)));
    EXPECT_EQ(child.output(), "200\n" + std::to_string(low.rlim_max) + "\n");

    EXPECT_EQ(raise_descriptor_limit(), low.rlim_max);  // and once more changes nothing
    EXPECT_EQ(original_descriptor_limit(), kLow);
}

TEST(ShareOut, ChangesNothingThatFits) {
    EXPECT_THAT(share_out(30, {10, 20}), ElementsAre(10, 20));
    EXPECT_THAT(share_out(0, {}), ElementsAre());
}

TEST(ShareOut, LowersEachInProportion) {
    EXPECT_THAT(share_out(29, {10, 20}), ElementsAre(9, 19));
    EXPECT_THAT(share_out(300, {100, 900}), ElementsAre(30, 270));
    EXPECT_THAT(share_out(1'000'000, {1'000'000, 1'000'000}), ElementsAre(500'000, 500'000));
}

TEST(ShareOut, LeavesSomethingToEach) {
    EXPECT_THAT(share_out(0, {10, 20}), ElementsAre(1, 1));
    EXPECT_THAT(share_out(5, {1, 1000}), ElementsAre(1, 4));
}

}  // namespace
}  // namespace electiond::io
