// The daemon under a service manager: what it reports from its start to its end.
#include "daemon_scene.h"
#include "notify_socket.h"

namespace electiond {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

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

}  // namespace
}  // namespace electiond
