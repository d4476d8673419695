// Clusters in which nobody reads the log of one node: only log lines are lost.
#include <Poco/Net/NetException.h>
#include <Poco/Net/StreamSocket.h>
#include <fcntl.h>

#include <array>
#include <regex>
#include <sstream>

#include "cluster_test.h"
#include "stalled_pipe.h"

namespace electiond::cluster {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr int kStalled = 3;  // the node in question

// Standard errors that take nothing.
class NoLog {
  public:
    explicit NoLog(const std::string& kind) {
        if (kind == "FullPipe") pipe_.fill();
        if (kind == "DeadReader") pipe_.close_reader();
        if (kind == "FullDisk") full_ = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
        descriptor_ = kind == "FullDisk" ? full_
                      : kind == "Closed" ? Process::kClosed
                                         : pipe_.writer();
    }
    ~NoLog() {
        if (full_ >= 0) ::close(full_);
    }
    [[nodiscard]] int descriptor() const { return descriptor_; }
    [[nodiscard]] const StalledPipe& pipe() const { return pipe_; }

  private:
    StalledPipe pipe_;
    int full_ = -1;
    int descriptor_ = -1;
};

// Three nodes that log all they can.
class StalledLog : public testing::TestWithParam<std::string> {
  protected:
    // All are voters, and `leader` leads.
    void found(int leader) {
        cluster_.direct_errors(kStalled, no_log_.descriptor());
        cluster_.start_all();
        const int first = cluster_.await_leader(3);
        ASSERT_NE(first, 0);
        if (first == leader) return;
        const auto to = "{\"to\":\"" + std::to_string(leader) + "\"}";
        ASSERT_EQ(cluster_.post(first, "/step-down", to).code, 200);
        ASSERT_EQ(cluster_.await_leader(3), leader);
    }

    // Each such request is a long line at level debug.
    void make_it_log(int lines) {
        const auto path = "/status?" + std::string(4000, 'x');
        for (int i = 0; i < lines; ++i) (void)cluster_.get(kStalled, path);
    }

    NoLog no_log_{GetParam()};
    ShownCluster cluster_{{.election_timeout = Milliseconds{1500}, .log_level = "debug"}};
};

// What is no request, at both of its ports.
void send_garbage(const std::string& host, std::uint16_t port) try {
    Poco::Net::StreamSocket socket(Poco::Net::SocketAddress(host, port));
    const std::string garbage = "\x16\x03\x01 what is this\r\n\r\n";
    socket.sendBytes(garbage.data(), static_cast<int>(garbage.size()));
    socket.shutdownSend();
    socket.setReceiveTimeout(Poco::Timespan(2, 0));
    std::array<char, 512> answer;
    while (socket.receiveBytes(answer.data(), static_cast<int>(answer.size())) > 0) {
    }
} catch (const Poco::Exception&) {  // it may hang up as it likes
}

TEST_P(StalledLog, ItsNodeElectsTheNextLeaderAndEndsInTime) {
    ASSERT_NO_FATAL_FAILURE(found(1));
    make_it_log(20);

    cluster_.kill9(1);
    const auto killed = steady_clock::now();
    ASSERT_TRUE(wait_until([&] { return cluster_.leader().has_value(); }));
    EXPECT_LE(steady_clock::now() - killed, 2 * cluster_.plan().election_timeout);
    EXPECT_NE(cluster_.await_leader(), 0);
    EXPECT_EQ(cluster_.get(kStalled, "/livez").code, 200);

    cluster_.signal(kStalled, SIGTERM);
    EXPECT_EQ(cluster_.process(kStalled).wait(seconds(8)), 0);
}

class StalledLogOfALeader : public StalledLog {};

TEST_P(StalledLogOfALeader, GoesOnLeadingUnderStrangersGarbageAndWithAFollowerLess) {
    ASSERT_NO_FATAL_FAILURE(found(kStalled));
    const auto term = cluster_.term(kStalled);

    cluster_.kill9(1);
    const auto end = steady_clock::now() + 2 * cluster_.plan().election_timeout;
    while (steady_clock::now() < end) {
        send_garbage(cluster_.host(kStalled), cluster_.peer_port(kStalled));
        send_garbage(cluster_.host(kStalled), cluster_.api_port(kStalled));
        make_it_log(5);
        ASSERT_EQ(cluster_.get(kStalled, "/leader").code, 200);
    }
    EXPECT_EQ(cluster_.term(kStalled), term);
    EXPECT_EQ(cluster_.get(kStalled, "/livez").code, 200);
    EXPECT_EQ(cluster_.await_leader(), kStalled);

    cluster_.signal(kStalled, SIGTERM);
    EXPECT_EQ(cluster_.process(kStalled).wait(seconds(8)), 0);
}

INSTANTIATE_TEST_SUITE_P(With, StalledLogOfALeader, testing::Values("FullPipe", "FullDisk"),
                         [](const auto& its) { return its.param; });

INSTANTIATE_TEST_SUITE_P(With, StalledLog,
                         testing::Values("FullPipe", "DeadReader", "FullDisk", "Closed"),
                         [](const auto& its) { return its.param; });

TEST(Cluster, TellsTheReaderOfALogHowMuchOfItIsMissing) {
    StalledPipe pipe;
    pipe.fill();
    ShownCluster cluster({.nodes = 1, .election_timeout = Milliseconds{500}, .log_level = "debug"});
    cluster.direct_errors(1, pipe.writer());
    cluster.start_all();
    ASSERT_EQ(cluster.await_leader(1), 1);
    const auto path = "/status?" + std::string(8000, 'x');
    for (int i = 0; i < 200; ++i) ASSERT_EQ(cluster.get(1, path).code, 200);

    const auto said = pipe.read_until([](const auto& all) {
        return all.find(" lines lost: ") != all.npos && all.ends_with('\n');
    });

    std::istringstream lines(said);
    std::string first;
    std::int64_t lost = 0;
    for (std::string line; std::getline(lines, line);) {
        EXPECT_TRUE(std::regex_search(line, std::regex("^[0-9-]+T[0-9:.]+Z [a-z]+ \\[1\\] ")))
            << line.substr(0, 100);
        if (first.empty()) first = line;
        if (const auto at = line.find(" lost="); at != line.npos)
            lost += std::stoi(line.substr(at + 6));
    }
    EXPECT_THAT(first, testing::Not(testing::HasSubstr("lost")));
    EXPECT_GT(lost, 0);
    EXPECT_LT(lost, 200);
}

}  // namespace
}  // namespace electiond::cluster
