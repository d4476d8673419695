// The log's queue and writer: no caller waits, lines stay complete and in order, losses are logged.
#include "log_output.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <regex>
#include <sstream>
#include <thread>
#include <vector>

#include "folder.h"
#include "forked.h"
#include "local_cluster.h"
#include "stalled_pipe.h"

namespace electiond {
namespace {

using cluster::StalledPipe;
using cluster::wait_until;
using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using Clock = std::chrono::steady_clock;

constexpr auto kStopsWithin = LogOutput::kStopLimit + std::chrono::seconds(4);  // a loaded machine
constexpr int kMany = 10'000;

LogOutput output_to(int descriptor, LogLevel level = LogLevel::info) {
    return LogOutput(level, LogFormat::text, "n1", descriptor);
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

// The sum of all lines "N lines lost"; every other line must be whole.
std::uint64_t told_lost(const std::string& text) {
    static const std::regex whole(R"(^\d{4}-\d\d-\d\dT[0-9:.]+Z (info|warning) \[n1\] .*$)");
    static const std::regex lost(R"(warning \[n1\] (\d+) lines? lost: .* lost=(\d+)$)");
    std::uint64_t sum = 0;
    for (const auto& line : lines_of(text)) {
        EXPECT_TRUE(std::regex_match(line, whole)) << line;
        std::smatch found;
        if (!std::regex_search(line, found, lost)) continue;
        EXPECT_EQ(found[1], found[2]);
        sum += std::stoull(found[1]);
    }
    return sum;
}

TEST(LogOutput, WritesWhatIsAtOrAboveTheLevel) {
    StalledPipe pipe;
    auto output = output_to(pipe.writer(), LogLevel::warning);
    output.start();

    output.log().info("too little");
    output.log().warning("just enough");
    output.set_level(LogLevel::debug);
    output.log().debug("now this, too");
    output.stop();

    const auto said = pipe.read_rest();
    EXPECT_THAT(said, Not(HasSubstr("too little")));
    EXPECT_THAT(said, HasSubstr("Z warning [n1] just enough\n"));
    EXPECT_THAT(said, EndsWith("Z debug [n1] now this, too\n"));
    EXPECT_EQ(output.lost(), 0);
}

TEST(LogOutput, LinesWaitForTheStartWithTheTimeAtWhichTheyWereLogged) {
    StalledPipe pipe;
    auto output = output_to(pipe.writer());
    output.log().info("early");
    output.set_level(LogLevel::error);  // queued lines stay
    const auto logged = std::chrono::system_clock::now();
    EXPECT_EQ(pipe.read_rest(), "");
    ASSERT_TRUE(wait_until([&] {  // so that the two times differ in what is printed
        return std::chrono::system_clock::now() > logged + std::chrono::milliseconds(50);
    }));

    output.start();

    const auto said = pipe.read_until([](const auto& all) { return all.ends_with('\n'); });
    EXPECT_THAT(said, EndsWith(" info [n1] early\n"));
    std::tm at{};
    double second = 0;
    ASSERT_EQ(std::sscanf(said.c_str(), "%d-%d-%dT%d:%d:%lfZ", &at.tm_year, &at.tm_mon, &at.tm_mday,
                          &at.tm_hour, &at.tm_min, &second),
              6);
    const auto since = std::chrono::duration<double>(logged.time_since_epoch()).count();
    EXPECT_LE(at.tm_min * 60 + second, std::fmod(since, 3600) + 0.001);
}

TEST(LogOutput, StopWritesWhatWaitsEvenWithoutAStart) {
    StalledPipe pipe;
    output_to(pipe.writer()).log().info("the start failed");
    EXPECT_THAT(pipe.read_rest(), EndsWith("the start failed\n"));
}

TEST(LogOutput, AFullPipeHoldsUpNobodyAndItsReaderLearnsWhatIsMissing) {
    StalledPipe pipe;
    pipe.fill();
    auto output = output_to(pipe.writer());
    output.start();
    for (int i = 0; i < kMany; ++i) output.log().info("line", {{"number", i}});
    EXPECT_GE(output.lost(), kMany - LogQueue::kLines);
    const auto before = output.lost();
    output.log().warning("there is room for this one");
    EXPECT_EQ(output.lost(), before);

    // A count that was told while lines were still being lost has a second one after it.
    const auto said = pipe.read_until([&](const auto& all) {
        return all.find("room for this one") != all.npos && all.ends_with('\n') &&
               told_lost(all) == before;
    });

    EXPECT_EQ(told_lost(said), before);
    EXPECT_THAT(said, HasSubstr(" lines lost: nobody read them in time lost="));
    const auto written =
        static_cast<std::uint64_t>(std::ranges::count_if(lines_of(said), [](const auto& line) {
            return line.find("info [n1] line number=") != line.npos;
        }));
    EXPECT_EQ(written + before, kMany);
    EXPECT_THAT(said, HasSubstr("number=0\n"));
    EXPECT_THAT(said, Not(HasSubstr("number=" + std::to_string(kMany - 1) + "\n")));
}

TEST(LogOutput, BytesAreBoundedToo) {
    StalledPipe pipe;
    pipe.fill();
    auto output = output_to(pipe.writer());
    output.start();
    const std::string large(LogQueue::kBytes / 8, 'x');
    for (int i = 0; i < 20; ++i) output.log().error(large);
    EXPECT_GE(output.lost(), 12);
    output.log().error("small");
    EXPECT_LE(output.lost(), 13);
}

TEST(LogOutput, WhileLinesAreLostAllTheTimeEachCountIsToldOnce) {
    StalledPipe pipe;
    auto output = output_to(pipe.writer());
    output.start();
    std::atomic<bool> enough = false;
    std::thread logging([&] {
        while (!enough) output.log().info(std::string(200, 'x'));
    });
    std::string said, notices;
    const auto read_on = [&] {
        said += pipe.read_until([](const auto& all) { return all.size() > 50'000; },
                                std::chrono::milliseconds(50));
        const auto whole = said.rfind('\n') + 1;
        for (const auto& line : lines_of(said.substr(0, whole))) {
            if (line.find(" lost=") != line.npos) notices += line + "\n";
        }
        said.erase(0, whole);
    };
    EXPECT_TRUE(wait_until([&] {
        read_on();
        return std::ranges::count(notices, '\n') >= 2;
    }));
    enough = true;
    logging.join();
    EXPECT_TRUE(wait_until([&] {
        read_on();
        return told_lost(notices) == output.lost();
    })) << notices
        << output.lost();
}

TEST(LogOutput, StopWaitsOnlyShortlyForAReaderThatDoesNotRead) {
    StalledPipe pipe;
    pipe.fill();
    auto output = output_to(pipe.writer());
    output.start();
    for (int i = 0; i < 100; ++i) output.log().info("unread");
    const auto begin = Clock::now();
    output.stop();
    EXPECT_LT(Clock::now() - begin, kStopsWithin);
    EXPECT_GE(Clock::now() - begin, LogOutput::kStopLimit);
    EXPECT_EQ(output.lost(), 100);
    output.stop();
    output.start();
    output.log().info("too late");
    EXPECT_EQ(output.lost(), 101);
}

TEST(LogOutput, StopHasAllWrittenIfTheReaderReads) {
    StalledPipe pipe;
    auto output = output_to(pipe.writer());
    for (int i = 0; i < 2000; ++i) output.log().info("line", {{"number", i}});
    std::string said;
    std::thread reading(
        [&] { said = pipe.read_until([](const auto& all) { return all.ends_with("=1999\n"); }); });
    output.stop();
    reading.join();
    EXPECT_EQ(lines_of(said).size(), 2000);
    EXPECT_EQ(output.lost(), 0);
}

TEST(LogOutput, ADeadReaderAFullDiskAndAClosedDescriptorCostLinesAndNothingElse) {
    StalledPipe unread;
    unread.close_reader();
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    const int closed = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::close(closed);
    for (const int descriptor : {unread.writer(), full, closed}) {
        auto output = output_to(descriptor);
        output.start();
        for (int i = 0; i < 100; ++i) output.log().info("lost");
        EXPECT_TRUE(wait_until([&] { return output.lost() == 100; })) << output.lost();
    }
    ::close(full);
}

// A line that is torn by an error counts as lost, and the next one begins on a line of its own. The
// limit on file sizes stands for a disk that is full and then has room again.
TEST(LogOutput, WhenWritingWorksAgainTheCountIsToldAndNoLineIsGluedToATornOne) {
    const cluster::Folder folder;
    const auto file = folder / "log";
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    auto output = output_to(descriptor);
    output.start();
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const rlimit small{100, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    for (int i = 0; i < 5; ++i) output.log().info(std::string(30, 'x'));
    EXPECT_TRUE(wait_until([&] { return output.lost() == 4; })) << output.lost();
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    output.log().info("it works again");
    output.stop();
    ::close(descriptor);

    const auto lines = lines_of(cluster::read(file));
    ASSERT_EQ(lines.size(), 4);
    EXPECT_THAT(lines[0], EndsWith("xxx"));
    EXPECT_EQ(lines[0].size() + 1 + lines[1].size(), 100);
    EXPECT_THAT(lines[2], EndsWith("info [n1] it works again"));
    EXPECT_THAT(lines[3], EndsWith("warning [n1] 4 lines lost: File too large lost=4"));
}

// If standard error is closed and its number is used again, the log still goes to the old file.
TEST(LogOutput, AFileThatTakesTheDescriptorsNumberReceivesNothing) {
    const cluster::Folder folder;
    StalledPipe pipe;
    const int number = ::dup(pipe.writer());
    auto output = output_to(number);
    output.start();
    ::close(number);
    const auto file = folder / "state";
    ASSERT_EQ(::open(file.c_str(), O_WRONLY | O_CREAT, 0600), number);
    output.log().info("where to?");
    output.stop();
    ::close(number);
    EXPECT_EQ(cluster::read(file), "");
    EXPECT_THAT(pipe.read_rest(), EndsWith("where to?\n"));
}

TEST(LogOutput, WaitsForRoomInANonBlockingPipe) {
    StalledPipe pipe;
    pipe.fill();
    ASSERT_EQ(::fcntl(pipe.writer(), F_SETFL, O_NONBLOCK), 0);
    auto output = output_to(pipe.writer());
    output.start();
    output.log().info("in the end");
    EXPECT_THAT(pipe.read_until([](const auto& all) { return !all.empty(); }),
                EndsWith("in the end\n"));
    EXPECT_EQ(output.lost(), 0);
}

// As journald's are: write(2) would wait, and poll(2) knows less than for a pipe.
TEST(LogOutput, ASocketThatNobodyReadsHoldsUpNobody) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    auto output = output_to(ends[0]);
    output.start();
    const std::string large(5000, 'x');
    for (int i = 0; i < 1000; ++i) output.log().info(large);
    EXPECT_TRUE(wait_until([&] { return output.lost() > 0; }));
    EXPECT_EQ(::fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
    const auto begin = Clock::now();
    output.stop();
    EXPECT_LT(Clock::now() - begin, kStopsWithin);
    ::close(ends[0]);
    ::close(ends[1]);
}

// A terminal that is held by Ctrl-S: poll(2) says that there is room, and write(2) waits for more.
TEST(LogOutput, StopLeavesAWriterBehindThatHangsInTheOperatingSystem) {
    int master = -1, terminal = -1;
    ASSERT_EQ(::openpty(&master, &terminal, nullptr, nullptr, nullptr), 0);
    ASSERT_EQ(::fcntl(terminal, F_SETFL, O_NONBLOCK), 0);
    const std::string filler(1000, 'x');
    while (::write(terminal, filler.data(), filler.size()) > 0) {
    }
    ASSERT_EQ(::fcntl(terminal, F_SETFL, 0), 0);
    std::array<char, 4000> read{};
    pollfd room{terminal, POLLOUT, 0};
    while (::poll(&room, 1, 0) == 0) ASSERT_GT(::read(master, read.data(), read.size()), 0);
    auto output = std::make_unique<LogOutput>(LogLevel::info, LogFormat::text, "n1", terminal);
    output->start();
    for (int i = 0; i < 20; ++i) output->log().info(std::string(4000, 'x'));

    const auto begin = Clock::now();
    output.reset();

    EXPECT_LT(Clock::now() - begin, kStopsWithin);
    EXPECT_GE(Clock::now() - begin, LogOutput::kStopLimit);
    ::close(master);  // now the writer's call returns
    ::close(terminal);
}

TEST(LogOutput, ALineLongerThanThePipeComesWhole) {
    StalledPipe pipe;
    auto output = output_to(pipe.writer());
    output.start();
    const std::string large(50'000, 'x');
    output.log().info(large);
    const auto said = pipe.read_until([](const auto& all) { return all.ends_with('\n'); });
    EXPECT_THAT(said, EndsWith("Z info [n1] " + large + "\n"));
}

TEST(LogOutput, LinesOfOneThreadStayInOrder) {
    constexpr int kThreads = 8, kEach = 300;
    StalledPipe pipe;
    auto output = output_to(pipe.writer());
    output.start();
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < kThreads; ++t) {
            threads.emplace_back([t, log = output.log()] {
                for (int i = 0; i < kEach; ++i) log.info("by", {{"thread", t}, {"number", i}});
            });
        }
    }
    const auto said = pipe.read_until(
        [](const auto& all) { return std::ranges::count(all, '\n') == kThreads * kEach; });
    std::map<int, int> next;
    for (const auto& line : lines_of(said)) {
        int t = -1, number = -1;
        const auto at = line.find("thread=");
        ASSERT_EQ(std::sscanf(line.c_str() + at, "thread=%d number=%d", &t, &number), 2) << line;
        EXPECT_EQ(number, next[t]++);
    }
    EXPECT_EQ(next.size(), kThreads);
}

TEST(LogOutput, AForkedChildCanStartAWriterOfItsOwnAndSoCanItsParent) {
    StalledPipe pipe;
    auto output = output_to(pipe.writer());
    output.log().info("from before");
    const auto child = [&] {
        output.start();
        output.log().info("from the child");
        output.stop();
    };
    EXPECT_EQ(cluster::run_forked(STDERR_FILENO, child), 0);
    EXPECT_THAT(pipe.read_rest(), ContainsRegex("from before\n.*from the child\n$"));

    output.start();
    output.log().info("from the parent");
    output.stop();
    EXPECT_THAT(pipe.read_rest(), ContainsRegex("from before\n.*from the parent\n$"));
}

TEST(LogOutput, ALogMayOutliveIt) {
    StalledPipe pipe;
    const auto log = output_to(pipe.writer()).log();
    log.info("nobody is there any more");
    EXPECT_EQ(pipe.read_rest(), "");
}

}  // namespace
}  // namespace electiond
