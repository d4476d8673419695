// electiond as PID 1: one process that forwards signals and reaps, and the daemon below it.
#include <unistd.h>

#include <csignal>
#include <sstream>

#include "daemon_scene.h"
#include "notify_socket.h"

namespace electiond {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// The processes whose parent is `pid`, zombies too. As this namespace numbers them.
std::vector<pid_t> children_of(pid_t pid) {
    const auto number = std::to_string(pid);
    std::istringstream text(cluster::read("/proc/" + number + "/task/" + number + "/children"));
    std::vector<pid_t> children;
    for (pid_t child = 0; text >> child;) children.push_back(child);
    return children;
}

// A program as PID 1 of a PID namespace of its own, which ends with the test.
class FirstProcess {
  public:
    FirstProcess(std::vector<std::string> command, const std::filesystem::path& output)
        : outer_(under_unshare(std::move(command)), output) {
        EXPECT_TRUE(cluster::wait_until([&] {
            const auto children = children_of(outer_.pid());
            if (!children.empty()) pid_ = children.front();
            return pid_ != 0 || !outer_.running();
        }));
    }

    // As this namespace numbers it.
    [[nodiscard]] pid_t pid() const { return pid_; }
    void signal(int signal) const {
        ASSERT_GT(pid_, 0);
        ::kill(pid_, signal);
    }
    [[nodiscard]] bool running() { return outer_.running(); }
    // The exit code, or 128 + the signal that ended it; -1 if it still runs after `limit`.
    [[nodiscard]] int wait(std::chrono::milliseconds limit) {
        return outer_.wait(limit).value_or(-1);  // unshare passes both on
    }
    // Its only child; 0 if there is none, or more than one.
    [[nodiscard]] pid_t daemon() const {
        const auto children = children_of(pid_);
        return children.size() == 1 ? children.front() : 0;
    }

  private:
    static std::vector<std::string> under_unshare(std::vector<std::string> command) {
        command.insert(command.begin(), {"/usr/bin/unshare", "--pid", "--fork"});
        return command;
    }

    cluster::Process outer_;
    pid_t pid_ = 0;
};

class ElectiondAsPid1 : public testing::Test {
  protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root, to make a PID namespace";
    }

    [[nodiscard]] std::unique_ptr<FirstProcess> start(std::vector<std::string> words) const {
        words.insert(words.begin(), ELECTIOND);
        return std::make_unique<FirstProcess>(words, scene.folder / "log");
    }
    [[nodiscard]] std::unique_ptr<FirstProcess> serve() const {
        scene.write_config();
        return start({"--config", scene.config().string()});
    }
    [[nodiscard]] std::unique_ptr<FirstProcess> lead() const {
        auto first = serve();
        EXPECT_TRUE(cluster::wait_until([&] {
            return !first->running() || cluster::ask(scene.api, "GET", "/leader").code == 200;
        })) << scene.log();
        EXPECT_TRUE(first->running()) << scene.log();
        return first;
    }

    DaemonScene scene;
};

TEST_F(ElectiondAsPid1, ReturnsTheExitCode) {
    const std::vector<std::pair<std::vector<std::string>, int>> expected{
        {{"--version"}, 0},
        {{"--no-such-option"}, 64},
        {{"--config=/dev/null/node.yaml"}, 78},
        {{"--config=/dev/null/node.yaml", "--check"}, 78}};
    for (const auto& [words, code] : expected) {
        EXPECT_EQ(start(words)->wait(seconds(20)), code) << words.front() << ": " << scene.log();
    }
    EXPECT_THAT(scene.log(), Not(HasSubstr("was ended by")));
}

// The first process of --daemon ends at once, and the kernel would kill all others with it.
TEST_F(ElectiondAsPid1, RefusesToRunInTheBackground) {
    scene.write_config();
    const auto pidfile = scene.folder / "pid";

    const auto first =
        start({"--config", scene.config().string(), "--daemon", "--pidfile=" + pidfile.string()});

    EXPECT_EQ(first->wait(seconds(20)), 64);
    EXPECT_THAT(scene.log(), AllOf(HasSubstr("--daemon cannot be used as PID 1 of a container"),
                                   HasSubstr("leave --daemon out")));
    EXPECT_FALSE(std::filesystem::exists(pidfile));
}

TEST_F(ElectiondAsPid1, RunsTheDaemonAsItsChild) {
    const auto first = lead();

    const auto daemon = std::to_string(first->daemon());
    EXPECT_EQ(cluster::read("/proc/" + std::to_string(first->pid()) + "/comm"), "electiond-init\n");
    EXPECT_EQ(cluster::read("/proc/" + daemon + "/comm"), "electiond\n");
    EXPECT_THAT(cluster::read("/proc/" + std::to_string(first->pid()) + "/status"),
                HasSubstr("Threads:\t1\n"));
}

TEST_F(ElectiondAsPid1, IsOneProcessElsewhere) {
    const auto process = scene.start_and_lead();
    EXPECT_THAT(children_of(process->pid()), IsEmpty());
}

TEST_F(ElectiondAsPid1, ForwardsSignals) {
    const auto first = lead();

    first->signal(SIGHUP);
    EXPECT_TRUE(scene.logs("configuration read again")) << scene.log();
    first->signal(SIGUSR1);
    EXPECT_TRUE(scene.logs("signal USR1 has no meaning")) << scene.log();
    first->signal(SIGRTMIN + 3);
    EXPECT_TRUE(scene.logs("signal RTMIN+3 has no meaning")) << scene.log();
    first->signal(SIGTERM);
    EXPECT_EQ(first->wait(seconds(10)), 0) << scene.log();
    EXPECT_THAT(scene.log(), AllOf(HasSubstr("reason=shutdown"), HasSubstr("has stopped"),
                                   Not(HasSubstr("was ended by"))));
}

// The daemon stops and goes on by a signal to PID 1: a stop cannot be forwarded, the end of it can.
TEST_F(ElectiondAsPid1, ForwardsContinue) {
    const auto first = lead();
    const auto daemon = first->daemon();
    const auto state = [&] {
        const auto stat = cluster::read("/proc/" + std::to_string(daemon) + "/stat");
        return stat.substr(stat.rfind(')') + 2, 1);
    };
    ASSERT_GT(daemon, 0);
    ::kill(daemon, SIGSTOP);
    ASSERT_TRUE(cluster::wait_until([&] { return state() == "T"; }));
    EXPECT_TRUE(first->running());
    first->signal(SIGCONT);
    EXPECT_TRUE(cluster::wait_until([&] { return state() != "T"; }));
}

TEST_F(ElectiondAsPid1, ReapsWhatOthersLeaveBehind) {
    const auto first = lead();
    const auto daemon = first->daemon();
    // In the namespace of PID 1: a process whose parent ends at once.
    const auto orphaned =
        cluster::run({"/usr/bin/nsenter", "--pid", "--target", std::to_string(first->pid()),
                      "/bin/sh", "-c", "/bin/sleep 1000 >/dev/null 2>&1 &"});
    ASSERT_EQ(orphaned.code, 0) << orphaned.said;
    ASSERT_TRUE(cluster::wait_until([&] { return children_of(first->pid()).size() == 2; }));
    const auto both = children_of(first->pid());
    ASSERT_EQ(both.size(), 2U);
    const auto orphan = both.front() == daemon ? both.back() : both.front();

    ::kill(orphan, SIGKILL);

    // A zombie could still be signalled.
    EXPECT_TRUE(cluster::wait_until([&] { return ::kill(orphan, 0) != 0; }));
    EXPECT_EQ(first->daemon(), daemon);
    EXPECT_EQ(cluster::ask(scene.api, "GET", "/leader").code, 200);
}

TEST_F(ElectiondAsPid1, ReportsASignalThatEndsTheDaemon) {
    const std::map<int, std::string> signals{
        {SIGKILL, "KILL"}, {SIGSEGV, "SEGV"}, {SIGABRT, "ABRT"}};
    for (const auto& [signal, name] : signals) {
        const auto first = lead();
        const auto daemon = first->daemon();
        ASSERT_GT(daemon, 0);
        ::kill(daemon, signal);
        EXPECT_EQ(first->wait(seconds(10)), 128 + signal);
        EXPECT_THAT(scene.log(), HasSubstr("the daemon was ended by the signal " + name));
    }
}

TEST_F(ElectiondAsPid1, TakesTheDaemonWithItWhenItIsKilled) {
    const auto first = lead();
    const auto daemon = first->daemon();
    ASSERT_GT(daemon, 0);
    first->signal(SIGKILL);
    EXPECT_NE(first->wait(seconds(10)), -1);
    EXPECT_TRUE(cluster::wait_until([&] { return ::kill(daemon, 0) != 0; }));
}

// From the moment when PID 1 takes signals, none is lost, and none ends the daemon by default.
TEST_F(ElectiondAsPid1, StopsInOrderAlsoBeforeTheDaemonIsReady) {
    for (int i = 0; i < 20; ++i) {
        const auto first = serve();
        const auto name = "/proc/" + std::to_string(first->pid()) + "/comm";
        ASSERT_TRUE(cluster::wait_until([&] { return cluster::read(name) == "electiond-init\n"; }))
            << i << ": " << scene.log();
        first->signal(SIGTERM);
        EXPECT_EQ(first->wait(seconds(10)), 0) << scene.log();
    }
}

// The manager names PID 1, and the daemon answers for it.
TEST_F(ElectiondAsPid1, ServesTheWatchdogOfItsManager) {
    const NotifySocket socket;
    ::setenv("WATCHDOG_USEC", "1000000", 1);
    ::setenv("WATCHDOG_PID", "1", 1);
    const auto first = serve();
    EXPECT_EQ(socket.next_with("READY=1"), "READY=1") << scene.log();
    EXPECT_THAT(socket.next_with("WATCHDOG=1"), testing::StartsWith("WATCHDOG=1")) << scene.log();
}

}  // namespace
}  // namespace electiond
