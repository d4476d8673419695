// electiond with a standard error that nobody reads: it starts, leads, fails and ends as usual.
#include <sys/resource.h>

#include "daemon_scene.h"
#include "stalled_pipe.h"

namespace electiond {
namespace {

using cluster::StalledPipe;
using std::chrono::seconds;

TEST(Electiond, EndsWithItsOwnExitCodeAlsoWhereNobodyReadsWhy) {
    StalledPipe pipe;
    pipe.fill();
    DaemonScene scene;
    scene.sections["log"] = "{level: loud}";
    const auto process = scene.start(pipe.writer());
    EXPECT_EQ(process->wait(seconds(10)), 78);
}

TEST(Electiond, EndsWith74WhenItsDiskFailsAlsoWhereNobodyReadsWhy) {
    StalledPipe pipe;
    pipe.fill();
    DaemonScene scene;
    scene.sections["log"] = "{level: debug}";
    const auto process = scene.start_and_lead(pipe.writer());

    // What writes a file now fails; a pipe and a socket are no files.
    const rlimit none{0, 0};
    ASSERT_EQ(::prlimit(process->pid(), RLIMIT_FSIZE, &none, nullptr), 0);
    (void)cluster::ask(scene.api, "POST", "/step-down", "", seconds(5));  // the next term is saved

    EXPECT_EQ(process->wait(seconds(10)), 74);
}

TEST(Electiond, SaysWhyItsDiskFailedBeforeItEnds) {
    StalledPipe pipe;
    DaemonScene scene;
    const auto process = scene.start_and_lead(pipe.writer());
    const rlimit none{0, 0};
    ASSERT_EQ(::prlimit(process->pid(), RLIMIT_FSIZE, &none, nullptr), 0);
    (void)cluster::ask(scene.api, "POST", "/step-down", "", seconds(5));

    EXPECT_EQ(process->wait(seconds(10)), 74);
    EXPECT_THAT(pipe.read_rest(), testing::HasSubstr("File too large"));
}

TEST(Electiond, WritesTheWarningsThatWaitAlsoIfItsStartFails) {
    DaemonScene scene;
    scene.sections["election"] = "{election_timeout: 1s, heartbeat_interval: 300ms}";
    scene.sections["node"] = "{id: \"1\", data_dir: node.yaml}";
    const auto finished = scene.run();
    EXPECT_NE(finished.code, 0);
    EXPECT_THAT(finished.said,
                testing::ContainsRegex("warning .1. .*heartbeat_interval.*\n.*electiond: "));
}

TEST(Electiond, EndsWellOnTermAlsoWhereNobodyReadsItsLog) {
    StalledPipe pipe;
    pipe.fill();
    DaemonScene scene;
    const auto process = scene.start_and_lead(pipe.writer());
    process->signal(SIGTERM);
    EXPECT_EQ(process->wait(seconds(10)), 0);
}

}  // namespace
}  // namespace electiond
