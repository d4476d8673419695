// Writes to standard error other than the log, if nobody reads it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "bounded_write.h"
#include "forked.h"
#include "stalled_pipe.h"

namespace electiond {
namespace {

using cluster::run_forked;
using cluster::StalledPipe;
using std::chrono::milliseconds;

TEST(BoundedWrite, WritesAllOfALongTextWhileItIsRead) {
    StalledPipe pipe;
    const std::string text(100'000, 'x');
    std::string read;
    std::thread reader([&] {
        read = pipe.read_until([&](const auto& all) { return all.size() == text.size(); });
    });
    EXPECT_TRUE(write_within(pipe.writer(), text, std::chrono::seconds(20)));
    reader.join();
    EXPECT_EQ(read, text);
}

TEST(BoundedWrite, GivesUpOnAFullPipeAndOnOneWithoutReaders) {
    StalledPipe pipe;
    pipe.fill();
    EXPECT_EQ(write_some(pipe.writer(), "x"), -1);
    EXPECT_EQ(errno, EAGAIN);
    EXPECT_FALSE(write_within(pipe.writer(), "x", milliseconds{20}));
    EXPECT_EQ(write_some(-1, "x"), -1);
    EXPECT_EQ(errno, EBADF);
}

// Ten texts take one wait, not ten.
TEST(BoundedErrors, ComplainingToAFullPipeEnds) {
    StalledPipe pipe;
    pipe.fill();
    const auto begin = std::chrono::steady_clock::now();
    const auto complain = [] {
        const BoundedErrors errors;
        for (int i = 0; i < 10; ++i) std::cerr << "electiond: fault " << i << std::endl;
        std::clog << "and more" << std::endl;
    };
    EXPECT_EQ(run_forked(pipe.writer(), complain), 0);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(BoundedErrors, SaysAgainWhatIsSaidOnceThePipeIsRead) {
    StalledPipe pipe;
    pipe.fill();
    const auto complain = [&] {
        const BoundedErrors errors;
        std::cerr << "unread" << std::endl;
        pipe.read_rest();
        std::cerr << "read " << 7 << std::endl;
    };
    EXPECT_EQ(run_forked(pipe.writer(), complain), 0);
    EXPECT_EQ(pipe.read_rest(), "read 7\n");
}

TEST(BoundedTerminate, SaysWhatNobodyCaughtAndAborts) {
    const auto die = [] {
        bound_terminate();
        std::thread([] { throw std::runtime_error("the reason"); }).join();
    };
    StalledPipe pipe;
    EXPECT_EQ(run_forked(pipe.writer(), die), 128 + SIGABRT);
    EXPECT_EQ(pipe.read_rest(),
              "electiond: uncaught exception: the reason; this is a bug, please "
              "report it\n");

    pipe.fill();
    EXPECT_EQ(run_forked(pipe.writer(), die), 128 + SIGABRT);
}

}  // namespace
}  // namespace electiond
