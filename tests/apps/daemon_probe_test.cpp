// electiond --check --probe: ports, names and other nodes, as one node sees them.
#include "daemon_scene.h"
#include "support/test_ca.h"

namespace electiond {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

std::string at(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

// Node 2 of the same cluster, which knows `first` by a list, and the other way round.
class Probe : public testing::Test {
  protected:
    Probe() {
        for (auto* scene : {&scene_, &other_}) {
            scene->sections["cluster"] = "{name: demo, expect: 2}";
            scene->sections["discovery"] = "[{plugin: static_list, peers: {\"1\": \"" +
                                           at(scene_.peer) + "\", \"2\": \"" + at(other_.peer) +
                                           "\"}}]";
        }
        other_.sections["node"] = "{id: \"2\", data_dir: data}";
    }
    [[nodiscard]] cluster::Finished probe() const { return scene_.run({"--check", "--probe"}); }
    [[nodiscard]] std::unique_ptr<cluster::Process> start_other() const {
        auto process = other_.start();
        EXPECT_TRUE(other_.logs("takes part")) << other_.log();
        return process;
    }

    DaemonScene scene_;
    DaemonScene other_;
};

TEST_F(Probe, SaysThatPortsAreFreeAndAFirstNodeIsAlone) {
    const auto finished = probe();
    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_THAT(
        finished.said,
        AllOf(HasSubstr("no fault found"), HasSubstr("api.listen " + at(scene_.api) + ": free\n"),
              HasSubstr("transport.listen " + at(scene_.peer) + ": free\n"),
              ContainsRegex("node 2 at 127\\.0\\.0\\.1:[0-9]+: warning: not reached: .*"
                            "Connection refused"),
              Not(HasSubstr("node 1 at"))));
    EXPECT_FALSE(std::filesystem::exists(scene_.folder / "data"));
}

TEST_F(Probe, ReachesAnotherNode) {
    const auto running = start_other();
    const auto finished = probe();
    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_THAT(finished.said, HasSubstr("node 2 at " + at(other_.peer) +
                                         ": reachable: node 2, knows no leader, electiond "));
}

TEST_F(Probe, KnowsItsOwnDaemon) {
    const auto running = scene_.start();
    ASSERT_TRUE(scene_.logs("takes part")) << scene_.log();
    const auto finished = probe();
    const auto words =
        ": in use, and this node's own daemon runs (pid " + std::to_string(running->pid()) + ")";
    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_THAT(finished.said,
                AllOf(HasSubstr(at(scene_.api) + words), HasSubstr(at(scene_.peer) + words)));
    EXPECT_TRUE(running->running());
}

TEST_F(Probe, EndsWith71WhereAnotherProgramHasAPort) {
    const auto running = start_other();
    scene_.sections["api"] = "{listen: \"" + at(other_.api) + "\"}";
    const auto finished = probe();
    EXPECT_EQ(finished.code, 71);
    EXPECT_THAT(finished.said,
                HasSubstr("Address already in use; stop the program that listens there"));
}

TEST_F(Probe, EndsWith71WhereAdvertiseDoesNotResolve) {
    scene_.sections["transport"] =
        "{listen: \"" + at(scene_.peer) + "\", advertise: \"nosuch.invalid:1\", insecure: true}";
    const auto finished = probe();
    EXPECT_EQ(finished.code, 71) << finished.said;
    EXPECT_THAT(finished.said, ContainsRegex("transport\\.advertise nosuch\\.invalid:1: .*; "));
}

TEST_F(Probe, EndsWith69WhereANodeIsOfAnotherClusterOrHasAnotherId) {
    other_.sections["cluster"] = "{name: other, expect: 2}";
    const auto running = start_other();
    const auto foreign = probe();
    EXPECT_EQ(foreign.code, 69);
    EXPECT_THAT(foreign.said, HasSubstr("belongs to cluster \"other\", not \"demo\""));

    scene_.sections["cluster"] = "{name: other, expect: 2}";
    scene_.sections["discovery"] =
        "[{plugin: static_list, peers: {\"3\": \"" + at(other_.peer) + "\"}}]";
    const auto wrong = probe();
    EXPECT_EQ(wrong.code, 69);
    EXPECT_THAT(wrong.said, HasSubstr("answers as node 2"));
}

TEST_F(Probe, EndsWith69WhereACertificateDoesNotFit) {
    TestCa ca;
    TestCa foreign;
    const auto use = [](DaemonScene& scene, TestCa& authority, const std::string& id) {
        const auto files = authority.issue(
            {.names = {"DNS:" + id + ".demo"}, .until = std::chrono::hours(24 * 40)});
        scene.sections["transport"] =
            "{listen: \"" + at(scene.peer) + "\", tls: {cert: " + files.cert.string() +
            ", key: " + files.key.string() + ", ca: " + authority.file().string() + "}}";
    };
    use(scene_, ca, "1");
    use(other_, ca, "2");
    const auto running = start_other();
    const auto good = probe();
    EXPECT_EQ(good.code, 0) << good.said;
    EXPECT_THAT(good.said, HasSubstr("reachable: node 2"));

    use(scene_, foreign, "1");
    const auto wrong = probe();
    EXPECT_EQ(wrong.code, 69) << wrong.said;
    EXPECT_THAT(wrong.said, HasSubstr("accepts connections, but cannot be used: "));
}

TEST_F(Probe, TriesNothingWhereTheCheckFindsAFault) {
    cluster::write(scene_.folder / "data", "");
    const auto finished = probe();
    EXPECT_EQ(finished.code, 78);
    EXPECT_THAT(finished.said, Not(HasSubstr("free")));
}

TEST_F(Probe, GoesWithCheckAlone) {
    const auto finished = scene_.run({"--probe"});
    EXPECT_EQ(finished.code, 64);
    EXPECT_THAT(finished.said, HasSubstr("--probe is only for --check"));
}

}  // namespace
}  // namespace electiond
