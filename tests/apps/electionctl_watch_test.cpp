// electionctl watch --exec beside real daemons that are killed or stopped, and its command when it
// is ended itself.
#include <signal.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster_test.h"

namespace electiond::cluster {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

// electionctl watch --exec at one node, with a command that records its events.
class Watcher {
  public:
    // `through`: a shell command that runs it with "$@".
    Watcher(LocalCluster& cluster, int node, const std::string& more = "",
            const std::string& through = "exec \"$@\"")
        : process_(
              {"/bin/sh", "-c", through, "sh", ELECTIONCTL, "--endpoint",
               cluster.host(node) + ":" + std::to_string(cluster.api_port(node)), "watch", "--exec",
               "echo $ELECTIOND_EVENT $ELECTIOND_REASON >> " + told_.string() + more},
              folder_ / "said") {}

    [[nodiscard]] bool is_told(const std::string& events) const {
        return wait_until([&] { return read(told_) == events; });
    }
    [[nodiscard]] std::string told() const { return read(told_) + read(folder_ / "said"); }
    [[nodiscard]] Process& process() { return process_; }
    // To electionctl alone, not to its group: its command must not get it by itself.
    void signal(int number) const { ::kill(process_.pid(), number); }

  private:
    const Folder folder_;
    const std::filesystem::path told_ = folder_ / "told";
    Process process_;
};

// The lease has run out after an election timeout; the rest is for a busy machine.
void expect_told_in_time(ShownCluster& cluster, const Watcher& watcher,
                         steady_clock::time_point gone) {
    ASSERT_TRUE(watcher.is_told("leader\nno-leader unreachable\n")) << watcher.told();
    EXPECT_LE(steady_clock::now() - gone, cluster.plan().election_timeout + seconds(3));
}

TEST(Watch, TellsTheLossOfTheLeadWhenTheDaemonIsKilled) {
    ShownCluster cluster;
    cluster.start_all();
    const int leader = cluster.await_leader(3);
    ASSERT_NE(leader, 0);
    const Watcher watcher(cluster, leader);
    ASSERT_TRUE(watcher.is_told("leader\n")) << watcher.told();

    cluster.kill9(leader);

    expect_told_in_time(cluster, watcher, steady_clock::now());
    ASSERT_TRUE(wait_until([&] { return cluster.leader().has_value(); }));
    cluster.start(leader);
    EXPECT_TRUE(wait_until([&] { return watcher.told().find("follower") != std::string::npos; }))
        << watcher.told();
}

// It must not delay the event that ends the reason for it.
TEST(Watch, EndsACommandThatStillRunsForALeadThatIsOver) {
    ShownCluster cluster({.nodes = 1});
    cluster.start_all();
    ASSERT_EQ(cluster.await_leader(), 1);
    const Watcher watcher(cluster, 1, "; [ $ELECTIOND_EVENT != leader ] || exec sleep 3600");
    ASSERT_TRUE(watcher.is_told("leader\n")) << watcher.told();

    cluster.kill9(1);

    expect_told_in_time(cluster, watcher, steady_clock::now());
}

// If the reader of its lines has died, or does not read, the command for the end of the lead must
// still run.
class WatchWithoutReader : public testing::TestWithParam<std::string> {};

TEST_P(WatchWithoutReader, RunsItsCommandAtEachEvent) {
    ShownCluster cluster({.nodes = 1});
    cluster.start_all();
    ASSERT_EQ(cluster.await_leader(), 1);
    const Watcher watcher(cluster, 1, "", GetParam());
    ASSERT_TRUE(watcher.is_told("leader\n")) << watcher.told();

    cluster.kill9(1);

    expect_told_in_time(cluster, watcher, steady_clock::now());
}

INSTANTIATE_TEST_SUITE_P(Of, WatchWithoutReader,
                         testing::Values("exec \"$@\" > /dev/full", "exec \"$@\" | true",
                                         "exec \"$@\" >&-"));

TEST(Watch, TellsTheLossOfTheLeadWhenTheDaemonIsStoppedAndItsReturn) {
    ShownCluster cluster({.nodes = 1});
    cluster.start_all();
    ASSERT_EQ(cluster.await_leader(), 1);
    const Watcher watcher(cluster, 1);
    ASSERT_TRUE(watcher.is_told("leader\n")) << watcher.told();

    cluster.signal(1, SIGSTOP);
    expect_told_in_time(cluster, watcher, steady_clock::now());
    cluster.signal(1, SIGCONT);

    EXPECT_TRUE(wait_until([&] {
        const auto told = watcher.told();
        return told.rfind("leader\n") > told.find("unreachable") &&
               told.rfind("leader\n") != std::string::npos;
    })) << watcher.told();
}

TEST(Watch, TellsNothingWhileTheLeadIsRenewed) {
    ShownCluster cluster({.nodes = 1, .election_timeout = Milliseconds{500}});
    cluster.start_all();
    ASSERT_EQ(cluster.await_leader(), 1);
    const Watcher watcher(cluster, 1);
    ASSERT_TRUE(watcher.is_told("leader\n")) << watcher.told();

    EXPECT_FALSE(wait_until([&] { return watcher.told().find("no-leader") != std::string::npos; },
                            6 * cluster.plan().election_timeout))
        << watcher.told();
}

// A daemon to watch, a command that goes on, and the number of a process that it has started.
class WatchCommand : public testing::Test {
  protected:
    WatchCommand() {
        cluster_.start_all();
        EXPECT_EQ(cluster_.await_leader(), 1);
    }
    [[nodiscard]] static pid_t number_in(const std::filesystem::path& file) {
        std::string text;
        EXPECT_TRUE(wait_until([&] { return (text = read(file)).ends_with("\n"); }));
        return text.empty() ? 0 : std::stoi(text);
    }
    [[nodiscard]] static bool gone(pid_t process) {
        return wait_until([&] {
            const auto stat = read("/proc/" + std::to_string(process) + "/stat");
            return stat.empty() || stat.at(stat.rfind(')') + 2) == 'Z';
        });
    }

    ShownCluster cluster_{Plan{.nodes = 1}};
    const Folder folder_;
    const std::string number_ = (folder_ / "number").string();
};

TEST_F(WatchCommand, EndsWithElectionctlAndAllThatItHasStarted) {
    for (const auto* command : {"exec sleep 1000", "sleep 1000 & wait"}) {
        std::filesystem::remove(number_);
        Watcher watcher(cluster_, 1, std::string("; echo $$ > ") + number_ + "; " + command);
        const pid_t running = number_in(number_);
        ASSERT_GT(running, 0);

        watcher.signal(SIGTERM);

        EXPECT_EQ(watcher.process().wait(seconds(30)), 128 + SIGTERM) << watcher.told();
        EXPECT_TRUE(gone(running)) << command;
        EXPECT_EQ(::kill(-running, 0), -1) << command;
    }
}

TEST_F(WatchCommand, IsGivenTheSignalAndTimeToTidyUp) {
    Watcher watcher(cluster_, 1,
                    "; trap 'sleep 0.3; echo tidied >> " + number_ + ".end; exit' INT; echo $$ > " +
                        number_ + "; while :; do sleep 0.01; done");
    ASSERT_GT(number_in(number_), 0);

    watcher.signal(SIGINT);

    EXPECT_EQ(watcher.process().wait(seconds(30)), 128 + SIGINT) << watcher.told();
    EXPECT_EQ(read(number_ + ".end"), "tidied\n");
}

TEST_F(WatchCommand, IsKilledWhereItIgnoresTheSignal) {
    Watcher watcher(cluster_, 1,
                    "; trap '' TERM; echo $$ > " + number_ + "; while :; do sleep 1; done");
    const pid_t running = number_in(number_);

    watcher.signal(SIGTERM);

    EXPECT_EQ(watcher.process().wait(seconds(30)), 128 + SIGTERM) << watcher.told();
    EXPECT_TRUE(gone(running));
}

TEST_F(WatchCommand, DiesWhenElectionctlIsKilled) {
    Watcher watcher(cluster_, 1, "; echo $$ > " + number_ + "; exec sleep 1000");
    const pid_t running = number_in(number_);
    ASSERT_NE(::getpgid(running), watcher.process().pid());

    watcher.signal(SIGKILL);

    EXPECT_TRUE(gone(running));
}

}  // namespace
}  // namespace electiond::cluster
