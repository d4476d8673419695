// electiond --pidfile: written by the process that serves; no other file is touched.
#include "daemon_scene.h"

namespace electiond {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;

class PidFileOption : public testing::Test {
  protected:
    // Starts it with --pidfile, and waits until it leads.
    std::unique_ptr<cluster::Process> start(const std::vector<std::string>& more = {}) {
        scene_.write_config();
        std::vector<std::string> command{ELECTIOND, "--config", scene_.config().string(), option()};
        command.insert(command.end(), more.begin(), more.end());
        auto process = std::make_unique<cluster::Process>(command, scene_.folder / "log");
        EXPECT_TRUE(cluster::wait_until([&] {
            return !process->running() || cluster::ask(scene_.api, "GET", "/leader").code == 200;
        })) << scene_.log();
        return process;
    }
    [[nodiscard]] std::string option() const { return "--pidfile=" + file_.string(); }
    [[nodiscard]] std::string held() const { return cluster::read(file_); }
    static std::string line(const cluster::Process& process) {
        return std::to_string(process.pid()) + "\n";
    }

    DaemonScene scene_;
    fs::path file_ = scene_.folder / "pid";
};

TEST_F(PidFileOption, HoldsTheNumberWhileItRuns) {
    const auto process = start();
    EXPECT_EQ(held(), line(*process));
    process->signal(SIGTERM);
    EXPECT_EQ(process->wait(seconds(10)), 0);
    EXPECT_FALSE(fs::exists(file_));
}

TEST_F(PidFileOption, IsWrittenByNothingThatDoesNotServe) {
    for (const auto& text : {std::string(), std::string("4711\n"), std::string("my notes\n")}) {
        if (!text.empty()) cluster::write(file_, text);
        for (const auto* action : {"--check", "--print-config", "--list-plugins", "--version"}) {
            EXPECT_EQ(scene_.run({option(), action}).code, 0) << action;
            EXPECT_EQ(fs::exists(file_), !text.empty()) << action;
            EXPECT_EQ(held(), text) << action;
        }
    }
}

TEST_F(PidFileOption, StaysWithTheRunningOneWhenASecondIsRefused) {
    const auto first = start();
    const auto second = scene_.run({option()});
    EXPECT_EQ(second.code, 65) << second.said;
    EXPECT_EQ(held(), line(*first));

    // A node of its own, with the same file by mistake.
    scene_.sections["node"] = "{id: \"2\", data_dir: other}";
    scene_.sections["api"] = scene_.sections["transport"] = "{listen: \"127.0.0.1:0\"}";
    const auto third = scene_.run({option()});
    EXPECT_EQ(third.code, 71);
    EXPECT_THAT(third.said,
                AllOf(HasSubstr(file_.string()), HasSubstr("pid " + std::to_string(first->pid())),
                      HasSubstr("a file of its own"), testing::Not(HasSubstr("takes part"))));
    EXPECT_EQ(held(), line(*first));
    for (const auto& entry : fs::directory_iterator(scene_.folder.path())) {
        EXPECT_FALSE(entry.path().filename().string().starts_with("pid.")) << entry.path();
    }
}

TEST_F(PidFileOption, IsNotWrittenWhereAPortIsTaken) {
    const auto running = scene_.start_and_lead();  // without a pid file
    scene_.sections["node"] = "{id: \"2\", data_dir: other}";
    EXPECT_EQ(scene_.run({option()}).code, 71);
    EXPECT_FALSE(fs::exists(file_));
}

TEST_F(PidFileOption, OverwritesTheNumberOfADeadProcess) {
    const auto first = start();
    first->kill9();
    EXPECT_EQ(held(), line(*first));
    const auto second = start();
    EXPECT_EQ(held(), line(*second));
}

TEST_F(PidFileOption, HasTheModeThatTheUmaskLeaves) {
    const auto process = start({"--umask=027"});
    EXPECT_EQ(fs::status(file_).permissions(), fs::perms(0640));
}

// After a reboot any process may have the number in an old file.
TEST_F(PidFileOption, OverwritesTheNumberOfAnotherProgram) {
    cluster::write(file_, std::to_string(::getpid()) + "\n");
    const auto process = start();
    EXPECT_EQ(held(), line(*process));
}

TEST_F(PidFileOption, RemovesOnlyWhatHoldsItsOwnNumber) {
    const auto process = start();
    cluster::write(file_, "4711\n");
    process->signal(SIGTERM);
    EXPECT_EQ(process->wait(seconds(10)), 0);
    EXPECT_EQ(held(), "4711\n");
}

TEST_F(PidFileOption, LeavesAFileAloneThatHoldsSomethingElse) {
    for (const auto& text : {std::string("node: {id: 1}\n"), std::string("12 34"),
                             std::string("-1"), std::string(100, '7')}) {
        cluster::write(file_, text);
        const auto finished = scene_.run({option()});
        EXPECT_EQ(finished.code, 78);
        EXPECT_THAT(finished.said,
                    AllOf(HasSubstr(file_.string()), HasSubstr("name another file")));
        EXPECT_EQ(held(), text);
    }
    EXPECT_FALSE(fs::exists(scene_.folder / "data")) << "refused before it touches anything";
}

TEST_F(PidFileOption, LeavesAloneWhatIsNoFile) {
    fs::create_directory(file_);
    EXPECT_EQ(scene_.run({option()}).code, 78);
    fs::remove(file_);
    cluster::write(scene_.folder / "target", "1\n");
    fs::create_symlink(scene_.folder / "target", file_);
    EXPECT_EQ(scene_.run({option()}).code, 78);
    EXPECT_TRUE(fs::is_symlink(file_));
    EXPECT_EQ(scene_.run({"--pidfile=/dev/null"}).code, 78);
    EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(PidFileOption, SaysWhichFolderIsMissing) {
    file_ = scene_.folder / "none/pid";
    for (const auto& more : {std::vector<std::string>{option()}, {option(), "--daemon"}}) {
        const auto finished = scene_.run(more);
        EXPECT_EQ(finished.code, 71);
        EXPECT_THAT(finished.said,
                    AllOf(HasSubstr(file_.string()), HasSubstr("create its directory")));
    }
    EXPECT_FALSE(fs::exists(scene_.folder / "data"));
}

TEST_F(PidFileOption, CountsFromTheFolderInWhichItWasGivenAlsoInTheBackground) {
    scene_.write_config();
    const auto parent =
        cluster::run({"/bin/sh", "-c", "cd $0 && exec $1 --config node.yaml --pidfile=pid --daemon",
                      scene_.folder.path().string(), ELECTIOND});
    EXPECT_EQ(parent.code, 0) << parent.said;
    ASSERT_TRUE(cluster::wait_until([&] { return fs::exists(file_); }));
    const int pid = std::stoi(held());
    ASSERT_EQ(::kill(pid, SIGTERM), 0);
    EXPECT_TRUE(cluster::wait_until([&] { return ::kill(pid, 0) != 0; }));
    EXPECT_FALSE(fs::exists(file_));
}

}  // namespace
}  // namespace electiond
