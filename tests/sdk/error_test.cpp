// ENSURE: one line and exit code 70, in whatever state standard error is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <electiond/error.h>

#include "forked.h"
#include "stalled_pipe.h"

namespace electiond {
namespace {

using cluster::run_forked;
using cluster::StalledPipe;

void break_an_invariant() { ENSURE(1 + 1 == 3); }

TEST(Ensure, SaysWhatIsBrokenAndEndsWith70) {
    StalledPipe pipe;
    EXPECT_EQ(run_forked(pipe.writer(), break_an_invariant), 70);
    EXPECT_THAT(pipe.read_rest(),
                testing::MatchesRegex(
                    "electiond: broken invariant: 1 \\+ 1 == 3 \\(.*error_test.cpp:[0-9]+\\); this "
                    "is a bug, please report it\n"));
}

TEST(Ensure, EndsWith70WhereNobodyReadsStandardError) {
    StalledPipe pipe;
    pipe.fill();
    EXPECT_EQ(run_forked(pipe.writer(), break_an_invariant), 70);
}

TEST(Ensure, EndsWith70WhereStandardErrorIsGone) {
    StalledPipe pipe;
    pipe.close_reader();
    EXPECT_EQ(run_forked(pipe.writer(), break_an_invariant), 70);
    const auto closed = [] {
        ::close(STDERR_FILENO);
        break_an_invariant();
    };
    EXPECT_EQ(run_forked(pipe.writer(), closed), 70);
}

}  // namespace
}  // namespace electiond
