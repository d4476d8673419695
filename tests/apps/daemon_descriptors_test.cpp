// electiond and the number of files that it may open.
#include "daemon_scene.h"

namespace electiond {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

// Starts it under the limits that `ulimit` sets.
std::unique_ptr<cluster::Process> start_under(const DaemonScene& scene, const std::string& ulimit) {
    scene.write_config();
    return std::make_unique<cluster::Process>(
        std::vector<std::string>{"/bin/sh", "-c", ulimit + "; exec \"$0\" --config \"$1\"",
                                 ELECTIOND, scene.config().string()},
        scene.folder / "log");
}

TEST(Electiond, RaisesItsLimitOfOpenFilesToTheHardOne) {
    const DaemonScene scene;
    const auto process = start_under(scene, "ulimit -Sn 300; ulimit -Hn 900");
    ASSERT_TRUE(scene.logs("takes part")) << scene.log();

    const auto limits = cluster::read("/proc/" + std::to_string(process->pid()) + "/limits");

    EXPECT_THAT(limits, ContainsRegex("Max open files +900 +900 "));
    EXPECT_THAT(scene.log(), HasSubstr("files=900 api=339 transport=339"));
    EXPECT_THAT(scene.log(), testing::Not(HasSubstr("do not fit")));  // nobody chose a number
    process->signal(SIGTERM);
    EXPECT_EQ(process->wait(std::chrono::seconds(10)), 0) << scene.log();
}

}  // namespace
}  // namespace electiond
