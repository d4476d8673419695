// The daemon under a service manager: what it reports from its start to its end.
#include "daemon_scene.h"
#include "notify_socket.h"

#include <sys/stat.h>

#include <cstdlib>

namespace electiond {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// While it exists, electiond finds a libsystemd that cannot be loaded.
class BrokenLibsystemd {
  public:
    explicit BrokenLibsystemd(const cluster::Folder& directory) {
        cluster::write(directory / "libsystemd.so.0", "no library");
        ::setenv("LD_LIBRARY_PATH", directory.path().c_str(), 1);
    }
    BrokenLibsystemd(const BrokenLibsystemd&) = delete;
    BrokenLibsystemd& operator=(const BrokenLibsystemd&) = delete;
    ~BrokenLibsystemd() { ::unsetenv("LD_LIBRARY_PATH"); }
};

TEST(DaemonService, IsReadyWhenTheApiAnswersAlthoughThereIsNoQuorum) {
    const NotifySocket socket;
    DaemonScene scene;
    scene.sections["cluster"] = R"({name: demo, bootstrap: all, voters: ["1", "2", "3"]})";
    const auto daemon = scene.start();

    EXPECT_EQ(socket.next(), "READY=1") << scene.log();

    EXPECT_EQ(cluster::ask(scene.api, "GET", "/livez").code, 200);
    EXPECT_EQ(cluster::ask(scene.api, "GET", "/leader").code, 503);
    EXPECT_THAT(socket.next_with("STATUS="), HasSubstr("STATUS=knows no leader"));
}

TEST(DaemonService, ReportsLeadershipReloadAndStop) {
    const NotifySocket socket;
    const DaemonScene scene;
    const auto daemon = scene.start();
    EXPECT_THAT(socket.next_with("STATUS=leads"),
                HasSubstr("STATUS=leads, term 1; voter; quorum 1 of 1 voter"));

    daemon->signal(SIGHUP);
    EXPECT_THAT(socket.next_with("RELOADING=1"), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
    EXPECT_EQ(socket.next_with("READY=1"), "READY=1");
    EXPECT_TRUE(scene.logs("configuration read again")) << scene.log();

    daemon->signal(SIGTERM);
    EXPECT_THAT(socket.next_with("STOPPING=1"), HasSubstr("EXTEND_TIMEOUT_USEC=70"));
    EXPECT_EQ(daemon->wait(std::chrono::seconds(30)), 0);
}

TEST(DaemonService, DoesNotStartIfItCannotReport) {
    const NotifySocket socket;
    const DaemonScene scene;
    const BrokenLibsystemd broken(scene.folder);

    const auto finished = scene.run();

    EXPECT_EQ(finished.code, 71);
    EXPECT_THAT(finished.said, HasSubstr("NOTIFY_SOCKET is set"));
    EXPECT_THAT(finished.said, HasSubstr("libsystemd.so.0"));
    EXPECT_FALSE(std::filesystem::exists(scene.folder / "data"));
}

// JOURNAL_STREAM says that standard error leads to the journal. With libsystemd the entries would
// go to the journal's socket, and none to standard error.
TEST(DaemonService, WritesTextIfTheJournalCannotGetEntries) {
    const DaemonScene scene;
    const BrokenLibsystemd broken(scene.folder);
    cluster::write(scene.folder / "log", "");
    struct stat log {};
    ASSERT_EQ(::stat((scene.folder / "log").c_str(), &log), 0);
    const auto numbers = std::to_string(log.st_dev) + ":" + std::to_string(log.st_ino);
    ::setenv("JOURNAL_STREAM", numbers.c_str(), 1);

    const auto daemon = scene.start();

    EXPECT_TRUE(scene.logs("takes part"));
    EXPECT_THAT(scene.log(), HasSubstr("<6>"));
    EXPECT_THAT(scene.log(), testing::ContainsRegex("<4>.*libsystemd.so.0"));
    ::unsetenv("JOURNAL_STREAM");
}

}  // namespace
}  // namespace electiond
