// electiond and signals: SIGTERM at any moment, SIGHUP, and life in the background.
#include <sstream>

#include "daemon_scene.h"

namespace electiond {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(Electiond, EndsWellOnTermAndOnInterrupt) {
    for (const int signal : {SIGTERM, SIGINT}) {
        DaemonScene scene;
        const auto process = scene.start_and_lead();
        process->signal(signal);
        EXPECT_EQ(process->wait(seconds(5)), 0) << scene.log();
        EXPECT_THAT(scene.log(), HasSubstr("has stopped"));
    }
}

// main has begun: SIGTERM is held back. Where SIGUSR1 is, too, the process is still being loaded.
bool in_main(pid_t pid) {
    const auto text = cluster::read("/proc/" + std::to_string(pid) + "/status");
    const auto at = text.find("SigBlk:");
    const auto mask = at == std::string::npos ? 0 : std::stoul(text.substr(at + 7), nullptr, 16);
    return (mask >> (SIGTERM - 1) & 1) != 0 && (mask >> (SIGUSR1 - 1) & 1) == 0;
}

// From the moment on at which main begins.
TEST(Electiond, EndsWellWhereTermComesWhileItStarts) {
    DaemonScene scene;
    for (int delay_ms = 0; delay_ms < 15; ++delay_ms) {
        std::filesystem::remove(scene.folder / "log");
        const auto process = scene.start();
        // Once it waits for signals it no longer holds them back, so a start may be over unseen.
        while (!in_main(process->pid()) && process->running() &&
               scene.log().find("takes part") == std::string::npos) {
        }
        (void)process->wait(cluster::Milliseconds{delay_ms});
        process->signal(SIGTERM);
        EXPECT_EQ(process->wait(seconds(10)), 0) << "after " << delay_ms << " ms\n" << scene.log();
    }
    EXPECT_NE(scene.start_and_lead(), nullptr);
}

TEST(Electiond, TakesANewLogLevelOnHup) {
    DaemonScene scene;
    const auto process = scene.start_and_lead();
    EXPECT_THAT(scene.log(), Not(HasSubstr(" debug ")));

    scene.sections["log"] = "{level: debug}";
    scene.sections["election"] = "{election_timeout: 400ms}";
    scene.write_config();
    process->signal(SIGHUP);

    EXPECT_TRUE(scene.logs("read again")) << scene.log();
    EXPECT_TRUE(scene.logs("need a restart")) << scene.log();
    EXPECT_THAT(scene.log(), HasSubstr("election.election_timeout"));
    EXPECT_EQ(cluster::ask(scene.api, "GET", "/leader").code, 200);
}

TEST(Electiond, SaysNothingMoreAtInfoOnceTheLevelIsWarning) {
    DaemonScene scene;
    const auto process = scene.start_and_lead();
    scene.sections["log"] = "{level: warning}";
    scene.sections["election"] = "{election_timeout: 400ms}";
    scene.write_config();
    process->signal(SIGHUP);
    ASSERT_TRUE(scene.logs("need a restart")) << scene.log();

    process->signal(SIGTERM);
    EXPECT_EQ(process->wait(seconds(10)), 0);
    EXPECT_THAT(scene.log(), Not(HasSubstr("has stopped")));
}

TEST(Electiond, ChangesNothingOnHupWithABadFile) {
    DaemonScene scene;
    const auto process = scene.start_and_lead();
    const auto before = cluster::ask(scene.api, "GET", "/status");

    scene.sections["log"] = "{level: loud}";
    scene.write_config();
    process->signal(SIGHUP);

    EXPECT_TRUE(scene.logs("nothing is changed")) << scene.log();
    EXPECT_THAT(scene.log(), HasSubstr("loud"));
    const auto after = cluster::ask(scene.api, "GET", "/status");
    EXPECT_EQ(after.text("state"), "LEADER");
    EXPECT_EQ(after.number("term"), before.number("term"));
}

TEST(Electiond, GoesIntoTheBackgroundAndLeavesItsNumber) {
    DaemonScene scene;
    const auto pidfile = scene.folder / "pid";
    scene.write_config();
    cluster::Process parent({ELECTIOND, "--config", scene.config().string(), "--daemon",
                             "--pidfile=" + pidfile.string()},
                            scene.folder / "log");
    EXPECT_EQ(parent.wait(seconds(20)), 0) << scene.log();
    ASSERT_TRUE(cluster::wait_until([&] {
        return cluster::ask(scene.api, "GET", "/leader").code == 200;
    })) << scene.log();

    const int pid = std::stoi("0" + cluster::read(pidfile));
    ASSERT_GT(pid, 1);
    EXPECT_NE(pid, parent.pid());
    ASSERT_EQ(::kill(pid, SIGTERM), 0);
    const bool ended = cluster::wait_until([&] { return ::kill(pid, 0) != 0; });
    EXPECT_TRUE(ended);
    if (!ended) ::kill(pid, SIGKILL);
    EXPECT_FALSE(std::filesystem::exists(pidfile));
}

TEST(Electiond, RefusesABadConfigurationBeforeItGoesIntoTheBackground) {
    DaemonScene scene;
    scene.sections["log"] = "{level: loud}";
    scene.sections["transport"] = "{plugin: pigeon}";

    const auto finished = scene.run({"--daemon"});

    EXPECT_EQ(finished.code, 78);
    EXPECT_THAT(finished.said, AllOf(HasSubstr("loud"), HasSubstr("pigeon")));
    EXPECT_FALSE(std::filesystem::exists(scene.folder / "data"));
}

}  // namespace
}  // namespace electiond
