// electiond and the number of files that it may open.
#include "daemon_scene.h"

namespace electiond {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

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
    EXPECT_THAT(scene.log(), Not(HasSubstr("do not fit")));  // no number was configured
    process->signal(SIGTERM);
    EXPECT_EQ(process->wait(std::chrono::seconds(10)), 0) << scene.log();
}

// The value of the file applies, but the process may not open so many files: the client of the
// reload must be informed.
TEST(Electiond, TellsTheClientOfAReloadOfLimitsThatAreLowered) {
    DaemonScene scene;
    const auto process = start_under(scene, "ulimit -n 900");
    ASSERT_TRUE(scene.logs("takes part")) << scene.log();
    scene.sections["api"] =
        "{listen: \"127.0.0.1:" + std::to_string(scene.api) + "\", limits: {connections: 5000}}";
    scene.write_config();

    const auto shown = cluster::ask(scene.api, "POST", "/reload?dryRun=true");
    EXPECT_THAT(shown.body, AllOf(HasSubstr("would_apply"), HasSubstr("they are lowered to ")));
    EXPECT_THAT(scene.log(), Not(HasSubstr("they are lowered to ")));

    const auto done = cluster::ask(scene.api, "POST", "/reload");
    EXPECT_THAT(done.body, AllOf(HasSubstr("applied"), HasSubstr("they are lowered to ")));
    ASSERT_TRUE(scene.logs("they are lowered to ")) << scene.log();
    const auto log = scene.log();
    EXPECT_EQ(log.find("they are lowered to "), log.rfind("they are lowered to ")) << log;
}

}  // namespace
}  // namespace electiond
