// electiond reads its configuration again: by SIGHUP and by electionctl reload, without a restart.
#include "daemon_scene.h"

namespace electiond {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ElectiondReload : public testing::Test {
  protected:
    // Each with the token, if there is one.
    [[nodiscard]] cluster::Finished ctl(std::vector<std::string> words,
                                        const std::string& token = "") {
        std::vector<std::string> command{ELECTIONCTL, "--endpoint", endpoint_};
        if (!token.empty()) {
            cluster::write(scene_.folder / "client-token", token);
            command.insert(command.end(),
                           {"--token-file", (scene_.folder / "client-token").string()});
        }
        command.insert(command.end(), words.begin(), words.end());
        return cluster::run(command);
    }
    void put_token(const std::string& token) const {
        cluster::write(scene_.folder / "token", token);
        fs::permissions(scene_.folder / "token", fs::perms(0600));
    }
    void api(const std::string& more) {
        scene_.sections["api"] =
            "{listen: \"127.0.0.1:" + std::to_string(scene_.api) + "\", " + more + "}";
    }
    void hup(cluster::Process& process) const {
        fs::resize_file(scene_.folder / "log", 0);
        scene_.write_config();
        process.signal(SIGHUP);
        EXPECT_TRUE(cluster::wait_until([&] {
            const auto log = scene_.log();
            return log.find("configuration read again") != std::string::npos ||
                   log.find("reload failed") != std::string::npos;
        })) << scene_.log();
    }
    [[nodiscard]] cluster::Answer status() const {
        return cluster::ask(scene_.api, "GET", "/status");
    }
    void expect_the_same_lead(std::int64_t term) const {
        EXPECT_EQ(cluster::ask(scene_.api, "GET", "/leader").code, 200);
        EXPECT_EQ(status().number("term"), term);
    }

    DaemonScene scene_;
    const std::string endpoint_ = "http://127.0.0.1:" + std::to_string(scene_.api);
};

// A leaked token must be invalid from the reload on.
TEST_F(ElectiondReload, RotatesTheTokenAtHup) {
    put_token("old");
    api("token_file: token");
    const auto process = scene_.start_and_lead();
    const auto term = status().number("term");
    EXPECT_EQ(ctl({"reload", "--dry-run"}, "old").code, 0);

    put_token("new");
    hup(*process);

    EXPECT_TRUE(cluster::wait_until([&] {
        return ctl({"reload", "--dry-run"}, "new").code == 0;
    })) << scene_.log();
    const auto refused = ctl({"reload", "--dry-run"}, "old");
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.said, HasSubstr("HTTP 401"));
    EXPECT_TRUE(scene_.logs("(new content)")) << scene_.log();
    EXPECT_THAT(scene_.log(), AllOf(HasSubstr("api.token_file"), Not(HasSubstr("need a restart"))));
    expect_the_same_lead(term);
}

TEST_F(ElectiondReload, TheClientThatRotatesTheTokenIsRefusedByItsOldOneFromThenOn) {
    put_token("old");
    api("token_file: token");
    const auto process = scene_.start_and_lead();
    put_token("new");

    const auto done = ctl({"reload"}, "old");

    EXPECT_EQ(done.code, 0) << done.said;
    EXPECT_THAT(done.said, AllOf(HasSubstr("api.token_file"), HasSubstr("applied"),
                                 Not(HasSubstr(" old")), Not(HasSubstr(" new\n"))));
    EXPECT_EQ(ctl({"reload"}, "old").code, 1);
    EXPECT_EQ(ctl({"reload"}, "new").code, 0);
}

TEST_F(ElectiondReload, AppliesWhatMayChangeLiveAndNamesTheRest) {
    const auto process = scene_.start_and_lead();
    const auto term = status().number("term");
    EXPECT_EQ(status().number("priority"), 100);

    scene_.sections["node"] = "{id: \"1\", data_dir: data, priority: 7}";
    scene_.sections["log"] = "{level: debug, format: json}";
    scene_.sections["discovery"] =
        "[{plugin: file_registry, path: cluster.json}, {plugin: static_list, peers: {2: "
        "\"127.0.0.1:1\"}}]";
    scene_.sections["election"] = "{election_timeout: 300ms, dead_after: 20s}";
    api("hostnames: [node1.example], limits: {header_bytes: 2048}");
    scene_.sections["transport"] =
        "{listen: \"127.0.0.1:" + std::to_string(scene_.peer) + "\", limits: {connections: 100}}";
    scene_.write_config();
    const auto done = ctl({"reload"});

    EXPECT_EQ(done.code, 0) << done.said;
    EXPECT_THAT(
        done.said,
        AllOf(HasSubstr("node.priority"), HasSubstr("log.level"), HasSubstr("api.hostnames"),
              HasSubstr("api.limits.header_bytes"), HasSubstr("transport.limits.connections"),
              HasSubstr("discovery[1].peers.2"), HasSubstr("election.dead_after"),
              HasSubstr("needs a restart: the log format cannot change while the process runs")));
    EXPECT_TRUE(cluster::wait_until([&] { return status().number("priority") == 7; }));
    EXPECT_TRUE(cluster::wait_until(
        [&] { return status().body.find(R"({"plugin":"static_list")") != std::string::npos; }));
    EXPECT_THAT(status().body, HasSubstr(R"("pendingRestart":["log.format"])"));
    expect_the_same_lead(term);
    // A second reload finds only the changes that need a restart.
    const auto again = ctl({"reload"});
    EXPECT_THAT(again.said, AllOf(HasSubstr("log.format"), Not(HasSubstr("applied"))));
}

TEST_F(ElectiondReload, TakesNewPeersInPlaceOfTheOld) {
    scene_.sections["discovery"] =
        "[{plugin: file_registry, path: cluster.json}, {plugin: static_list, peers: {2: "
        "\"127.0.0.1:1\"}}]";
    const auto process = scene_.start_and_lead();
    const auto peers = [&](const std::string& count) {
        return cluster::wait_until([&] { return status().body.find(count) != std::string::npos; });
    };
    EXPECT_TRUE(peers(R"("peers":1})")) << status().body;

    scene_.sections["discovery"] =
        "[{plugin: file_registry, path: cluster.json}, {plugin: static_list, peers: {2: "
        "\"127.0.0.1:1\", 3: \"127.0.0.1:2\", 4: \"127.0.0.1:3\"}}]";
    hup(*process);
    EXPECT_TRUE(peers(R"("peers":3})")) << status().body;

    scene_.sections["discovery"] = "[{plugin: file_registry, path: cluster.json}]";
    hup(*process);
    EXPECT_TRUE(cluster::wait_until(
        [&] { return status().body.find("static_list") == std::string::npos; }));
    EXPECT_EQ(cluster::ask(scene_.api, "GET", "/leader").code, 200);
}

// The registry founds the cluster: another one could found another.
TEST_F(ElectiondReload, KeepsItsRegistryUntilARestart) {
    const auto process = scene_.start_and_lead();
    scene_.sections["discovery"] = "[{plugin: file_registry, path: other.json}]";
    hup(*process);

    EXPECT_TRUE(scene_.logs("these changes need a restart: discovery[0].path")) << scene_.log();
    EXPECT_FALSE(fs::exists(scene_.folder / "other.json"));
}

TEST_F(ElectiondReload, OfABadFileChangesNothingAndListsEachFaultWithItsPlace) {
    const auto process = scene_.start_and_lead();
    const auto term = status().number("term");
    scene_.sections["node"] = "{id: \"1\", data_dir: data, priority: 7}";
    scene_.sections["log"] = "{level: loud}";
    scene_.sections["discovery"] = "[{plugin: static_lisst}]";
    scene_.sections["zone"] = "{}";
    scene_.write_config();

    for (const auto* dry : {"", "--dry-run"}) {
        std::vector<std::string> words{"reload"};
        if (*dry != '\0') words.emplace_back(dry);
        const auto refused = ctl(words);
        EXPECT_EQ(refused.code, 1);
        EXPECT_THAT(refused.said, AllOf(HasSubstr("nothing was changed"), HasSubstr("node.yaml:5:"),
                                        HasSubstr("loud"), HasSubstr("unknown key zone"),
                                        HasSubstr("static_lisst")));
    }
    hup(*process);
    EXPECT_TRUE(scene_.logs("static_lisst")) << scene_.log();  // the last of them
    EXPECT_THAT(scene_.log(), AllOf(HasSubstr("reload failed, keeping the old configuration"),
                                    HasSubstr("node.yaml:5:"), Not(HasSubstr("read again"))));
    EXPECT_EQ(status().number("priority"), 100);
    EXPECT_THAT(status().body, Not(HasSubstr("pendingRestart")));
    expect_the_same_lead(term);
}

// It would take the place of one that works.
TEST_F(ElectiondReload, RefusesANewDiscoveryThatCannotWork) {
    scene_.sections["discovery"] =
        "[{plugin: file_registry, path: cluster.json}, {plugin: static_list, peers: {2: "
        "\"127.0.0.1:1\"}}]";
    const auto process = scene_.start_and_lead();
    scene_.sections["discovery"] =
        "[{plugin: file_registry, path: cluster.json}, {plugin: multicast, group: 239.255.74.1, "
        "port: 7402, interface: nowhere0}]";
    scene_.write_config();

    for (const auto* dry : {"", "--dry-run"}) {
        std::vector<std::string> words{"reload"};
        if (*dry != '\0') words.emplace_back(dry);
        const auto refused = ctl(words);
        EXPECT_EQ(refused.code, 1) << refused.said;
        EXPECT_THAT(refused.said,
                    AllOf(HasSubstr("nothing was changed"), HasSubstr("node.yaml:3:"),
                          HasSubstr("discovery[1].interface"), HasSubstr("nowhere0")));
    }
    EXPECT_THAT(status().body,
                AllOf(HasSubstr(R"({"plugin":"static_list")"), Not(HasSubstr("multicast"))));
}

// A fault since the start must not prevent other changes.
TEST_F(ElectiondReload, AppliesTheRestWhileADiscoveryThatRunsIsBroken) {
    scene_.sections["discovery"] = "[{plugin: file_registry, path: shared/cluster.json}]";
    fs::create_directory(scene_.folder / "shared");
    const auto process = scene_.start_and_lead();
    fs::rename(scene_.folder / "shared", scene_.folder / "gone");
    scene_.sections["node"] = "{id: \"1\", data_dir: data, priority: 7}";
    scene_.write_config();

    const auto done = ctl({"reload"});

    EXPECT_EQ(done.code, 0) << done.said;
    EXPECT_THAT(done.said, AllOf(HasSubstr("node.priority"), HasSubstr("applied")));
}

TEST_F(ElectiondReload, OfAFileThatIsGoneChangesNothing) {
    const auto process = scene_.start_and_lead();
    fs::rename(scene_.config(), scene_.folder / "away.yaml");

    const auto refused = ctl({"reload"});

    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.said, HasSubstr("cannot be read"));
}

TEST_F(ElectiondReload, OfADryRunShowsEverythingAndChangesNothing) {
    const auto process = scene_.start_and_lead();
    scene_.sections["node"] = "{id: \"1\", data_dir: data, priority: 7}";
    scene_.sections["log"] = "{format: json}";
    scene_.write_config();

    const auto shown = ctl({"reload", "--dry-run"});

    EXPECT_EQ(shown.code, 0);
    EXPECT_THAT(shown.said, AllOf(HasSubstr("node.priority  100"), HasSubstr("would apply"),
                                  HasSubstr("needs a restart")));
    EXPECT_EQ(status().number("priority"), 100);
    EXPECT_THAT(status().body, Not(HasSubstr("pendingRestart")));
    EXPECT_THAT(scene_.log(), AllOf(Not(HasSubstr("read again")), Not(HasSubstr("need a restart")),
                                    Not(HasSubstr("applied without"))));
    const auto json = ctl({"-o", "json", "reload", "--dry-run"});
    EXPECT_THAT(json.said, HasSubstr(R"("action":"would_apply")"));
}

// A timer that follows from D waits with it: the rules between them hold at every moment.
TEST_F(ElectiondReload, KeepsTheTimersTogether) {
    const auto process = scene_.start_and_lead();
    scene_.sections["election"] = "{election_timeout: 600ms}";
    scene_.write_config();

    const auto done = ctl({"reload"});

    EXPECT_THAT(done.said, AllOf(HasSubstr("election.election_timeout"),
                                 HasSubstr("election.dead_after"), Not(HasSubstr("applied"))));
    EXPECT_EQ(cluster::ask(scene_.api, "GET", "/leader").code, 200);
}

TEST_F(ElectiondReload, OftenAndAtOnceDoesNoHarm) {
    const auto process = scene_.start_and_lead();
    const auto term = status().number("term");
    for (int i = 0; i < 10; ++i) {
        scene_.sections["node"] =
            "{id: \"1\", data_dir: data, priority: " + std::to_string(100 + i) + "}";
        scene_.sections["discovery"] =
            "[{plugin: file_registry, path: cluster.json}, {plugin: static_list, peers: {2: "
            "\"127.0.0.1:" +
            std::to_string(i + 1) + "\"}}]";
        scene_.write_config();
        process->signal(SIGHUP);
        EXPECT_EQ(ctl({"reload"}).code, 0);
    }
    EXPECT_TRUE(cluster::wait_until([&] { return status().number("priority") == 109; }));
    expect_the_same_lead(term);
    process->signal(SIGTERM);
    EXPECT_EQ(process->wait(std::chrono::seconds(10)), 0) << scene_.log();
}

}  // namespace
}  // namespace electiond
