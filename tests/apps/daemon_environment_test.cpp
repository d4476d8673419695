// electiond without a configuration file: the environment alone configures the node.
#include "daemon_scene.h"

namespace electiond {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// A node that would run, by variables alone, started in the folder of the scene.
class EnvironmentScene {
  public:
    EnvironmentScene()
        : variables{{"ELECTIOND_NODE_ID", "1"},
                    {"ELECTIOND_NODE_DATA_DIR", "data"},
                    {"ELECTIOND_CLUSTER_NAME", "demo"},
                    {"ELECTIOND_API_LISTEN", "127.0.0.1:" + std::to_string(scene.api)},
                    {"ELECTIOND_TRANSPORT_LISTEN", "127.0.0.1:" + std::to_string(scene.peer)},
                    {"ELECTIOND_DISCOVERY", "[{plugin: file_registry, path: cluster.json}]"},
                    {"ELECTIOND_ELECTION_ELECTION_TIMEOUT", "300ms"}} {}

    [[nodiscard]] std::vector<std::string> command(std::vector<std::string> words) const {
        std::vector<std::string> command{"/usr/bin/env", "-i", "-C", scene.folder.path().string()};
        for (const auto& [name, value] : variables) command.push_back(name + "=" + value);
        command.emplace_back(ELECTIOND);
        command.insert(command.end(), words.begin(), words.end());
        return command;
    }
    [[nodiscard]] cluster::Finished run(const std::vector<std::string>& words) const {
        return cluster::run(command(words));
    }
    [[nodiscard]] std::unique_ptr<cluster::Process> start_and_lead() const {
        auto process = std::make_unique<cluster::Process>(command({}), scene.folder / "log");
        EXPECT_TRUE(cluster::wait_until([&] {
            return !process->running() || cluster::ask(scene.api, "GET", "/leader").code == 200;
        })) << scene.log();
        EXPECT_TRUE(process->running()) << scene.log();
        return process;
    }
    [[nodiscard]] cluster::Finished ctl(std::vector<std::string> words) const {
        words.insert(words.begin(),
                     {ELECTIONCTL, "--endpoint", "127.0.0.1:" + std::to_string(scene.api)});
        return cluster::run(words);
    }

    const DaemonScene scene;
    std::map<std::string, std::string> variables;
};

TEST(EnvironmentAlone, RunsANode) {
    const EnvironmentScene alone;
    const auto process = alone.start_and_lead();

    EXPECT_EQ(cluster::ask(alone.scene.api, "GET", "/status").text("cluster"), "demo");
    EXPECT_TRUE(std::filesystem::exists(alone.scene.folder / "data/state"));
    EXPECT_TRUE(std::filesystem::exists(alone.scene.folder / "cluster.json"));
    process->signal(SIGTERM);
    EXPECT_EQ(process->wait(std::chrono::seconds(10)), 0);
}

TEST(EnvironmentAlone, IsCheckedAndPrinted) {
    const EnvironmentScene alone;

    const auto checked = alone.run({"--check"});
    const auto printed = alone.run({"--print-config"});
    const auto listed = alone.run({"--list-plugins"});

    EXPECT_EQ(checked.code, 0) << checked.said;
    EXPECT_EQ(checked.said, "the environment: no fault found\n");
    EXPECT_EQ(printed.code, 0);
    EXPECT_THAT(printed.said,
                AllOf(HasSubstr("# The environment alone, without a file; after each value"),
                      HasSubstr("data_dir: " + (alone.scene.folder / "data").string() +
                                "  # environment ELECTIOND_NODE_DATA_DIR\n"),
                      HasSubstr("level: info  # default\n")));
    EXPECT_EQ(listed.code, 0);
    EXPECT_THAT(listed.said, HasSubstr("\tfile_registry\t"));
}

// What is printed is a configuration file that does the same.
TEST(EnvironmentAlone, PrintsWhatCouldBeItsFile) {
    const EnvironmentScene alone;
    const auto printed = alone.run({"--print-config"});
    const auto file = alone.scene.folder / "printed.yaml";
    cluster::write(file, printed.said);

    const auto checked = cluster::run({ELECTIOND, "--check", "--config", file.string()});

    EXPECT_EQ(checked.code, 0) << checked.said;
}

TEST(EnvironmentAlone, NamesTheVariableOfEachFault) {
    EnvironmentScene alone;
    alone.variables.erase("ELECTIOND_NODE_ID");
    alone.variables.erase("ELECTIOND_NODE_DATA_DIR");
    alone.variables.erase("ELECTIOND_CLUSTER_NAME");
    alone.variables["ELECTIOND_DISCOVERY"] = "[{plugin: file_registry, pth: x}]";
    alone.variables["ELECTIOND_LOG_LEVEL"] = "loud";
    alone.variables["ELECTIOND_NODE_PRIORITY"] = "";

    for (const auto& words : {std::vector<std::string>{},
                              {"--check"},
                              {"--print-config"},
                              {"--list-plugins"},
                              {"recover"},
                              {"rejoin", "--yes"}}) {
        const auto finished = alone.run(words);

        EXPECT_EQ(finished.code, 78) << finished.said;
        for (const auto* fault :
             {"environment ELECTIOND_NODE_ID: node.id is missing",
              "environment ELECTIOND_NODE_DATA_DIR: node.data_dir is missing",
              "environment ELECTIOND_CLUSTER_NAME: cluster.name is missing",
              "environment ELECTIOND_DISCOVERY", "environment ELECTIOND_LOG_LEVEL: log.level is",
              "environment ELECTIOND_NODE_PRIORITY: node.priority is set but empty"}) {
            EXPECT_THAT(finished.said, HasSubstr(fault));
        }
    }
}

TEST(EnvironmentAlone, NamesTheDiscoveryThatIsMissing) {
    EnvironmentScene alone;
    alone.variables.erase("ELECTIOND_DISCOVERY");

    const auto finished = alone.run({"--check"});

    EXPECT_EQ(finished.code, 78);
    EXPECT_THAT(finished.said, HasSubstr("environment ELECTIOND_DISCOVERY: discovery is missing"));
}

// One key is enough; what Kubernetes and hooks set is none.
TEST(EnvironmentAlone, NeedsAVariableThatIsAKey) {
    EnvironmentScene alone;
    alone.variables = {{"ELECTIOND_NODE_ID", "1"},
                       {"ELECTIOND_EVENT", "leader"},
                       {"ELECTIOND_CLUSTER", "demo"},
                       {"ELECTIOND_NO_SUCH_KEY", "x"},
                       {"ELECTIOND_TRANSPORT_SERVICE_HOST", "10.96.3.7"},
                       {"ELECTIOND_TRANSPORT_PORT", "tcp://10.96.3.7:7401"}};
    for (const auto& words : {std::vector<std::string>{}, {"--check"}, {"recover"}}) {
        const auto finished = alone.run(words);
        EXPECT_EQ(finished.code, 64) << finished.said;
        EXPECT_THAT(
            finished.said,
            AllOf(HasSubstr("--config FILE is missing"),
                  HasSubstr("no variable such as ELECTIOND_NODE_DATA_DIR configures a node")));
    }

    alone.variables["ELECTIOND_NODE_DATA_DIR"] = "data";
    const auto finished = alone.run({"--check"});
    EXPECT_EQ(finished.code, 78);
    EXPECT_THAT(finished.said, AllOf(HasSubstr("ELECTIOND_CLUSTER_NAME: cluster.name is missing"),
                                     Not(HasSubstr("node.id"))));
}

TEST(EnvironmentAlone, GivesWayToAFile) {
    EnvironmentScene alone;
    alone.scene.write_config();
    alone.variables["ELECTIOND_LOG_FORMAT"] = "json";

    const auto printed = alone.run({"--print-config", "--config", "node.yaml"});

    EXPECT_EQ(printed.code, 0);
    EXPECT_THAT(printed.said, AllOf(HasSubstr("node.yaml, merged with the environment"),
                                    HasSubstr("format: json  # environment ELECTIOND_LOG_FORMAT")));
    alone.variables["ELECTIOND_CONFIG"] = "nowhere.yaml";
    const auto missing = alone.run({"--check"});
    EXPECT_EQ(missing.code, 78);
    EXPECT_THAT(missing.said, HasSubstr("nowhere.yaml: the configuration cannot be read"));
}

TEST(EnvironmentAlone, IsReadAgainByAReload) {
    EnvironmentScene alone;
    const auto token = alone.scene.folder / "token";
    cluster::write(token, "secret\n");
    std::filesystem::permissions(token, std::filesystem::perms::owner_read);
    alone.variables["ELECTIOND_API_TOKEN_FILE"] = "token";
    ::setenv("ELECTIONCTL_TOKEN", "secret", 1);
    const auto process = alone.start_and_lead();
    // A file that appears later is not the one that this node was started with.
    alone.scene.write_config();

    const auto same = alone.ctl({"reload"});
    std::filesystem::remove(token);
    const auto refused = alone.ctl({"-o", "json", "reload"});
    ::unsetenv("ELECTIONCTL_TOKEN");

    EXPECT_EQ(same.code, 0) << same.said;
    EXPECT_THAT(same.said, HasSubstr("the environment: nothing differs from what is in use"));
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.said, AllOf(HasSubstr(R"("file":null)"),
                                    HasSubstr("environment ELECTIOND_API_TOKEN_FILE"),
                                    HasSubstr("start the node again")));
    process->signal(SIGHUP);
    EXPECT_TRUE(
        alone.scene.logs("reload failed, keeping the old configuration: environment "
                         "ELECTIOND_API_TOKEN_FILE"))
        << alone.scene.log();
}

TEST(EnvironmentAlone, CountsPathsFromTheFolderOfTheStartInTheBackground) {
    const EnvironmentScene alone;
    const auto pidfile = alone.scene.folder / "pid";

    const auto parent = alone.run({"--daemon", "--pidfile=pid"});
    EXPECT_EQ(parent.code, 0) << parent.said;
    EXPECT_TRUE(cluster::wait_until(
        [&] { return cluster::ask(alone.scene.api, "GET", "/leader").code == 200; }));
    EXPECT_TRUE(std::filesystem::exists(alone.scene.folder / "data/state"));

    const int pid = std::stoi("0" + cluster::read(pidfile));
    ASSERT_GT(pid, 1);
    ASSERT_EQ(::kill(pid, SIGTERM), 0);
    EXPECT_TRUE(cluster::wait_until([&] { return ::kill(pid, 0) != 0; }));
}

// The commands of docs/configuration.md, *Without a file*, with its folders on a tmpfs of the
// test's own.
TEST(EnvironmentAlone, IsCheckedAsThePageShows) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to mount";
    const auto page = cluster::read(ELECTIOND_DOCS_DIR "/configuration.md");
    const auto section = page.find("### Without a file");
    const auto begin = page.find("```sh\n", section) + 6;
    ASSERT_NE(section, std::string::npos);
    const auto commands = page.substr(begin, page.find("```", begin) - begin);

    const auto finished = cluster::run(
        {"/usr/bin/unshare", "--mount", "/bin/sh", "-c",
         "mount -t tmpfs none /srv && mount -t tmpfs none /var/lib && mkdir /srv/shared && "
         "PATH=$(dirname $0):$PATH && eval \"$1\"",
         ELECTIOND, commands});

    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_EQ(finished.said, "the environment: no fault found\n");
}

}  // namespace
}  // namespace electiond
