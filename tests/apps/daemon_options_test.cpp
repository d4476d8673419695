// electiond's command line: what it prints, and how it ends.
#include "daemon_scene.h"
#include "support/test_ca.h"

#include <unistd.h>

namespace electiond {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

cluster::Finished electiond(std::vector<std::string> words) {
    words.insert(words.begin(), ELECTIOND);
    return cluster::run(words);
}

TEST(Electiond, TellsItsVersion) {
    const auto finished = electiond({"--version"});
    EXPECT_EQ(finished.code, 0);
    EXPECT_THAT(finished.said, testing::MatchesRegex("electiond [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(Electiond, TellsItsOptions) {
    const auto finished = electiond({"--help"});
    EXPECT_EQ(finished.code, 0);
    for (const auto* word : {"--config", "--check", "--print-config", "--list-plugins", "--daemon",
                             "--pidfile", "--version", "--help", "--probe", "--force"}) {
        EXPECT_THAT(finished.said, HasSubstr(word));
    }
    for (const auto* word : {"recover:", "With --claim:", "rejoin:", "ELECTIOND_CONFIG",
                             "/etc/electiond/electiond.yaml"}) {
        EXPECT_THAT(finished.said, HasSubstr(word));
    }
    for (const auto* code : {"0", "1", "64", "65", "69", "70", "71", "74", "78"}) {
        EXPECT_THAT(finished.said, ContainsRegex("[ ;\n]" + std::string(code) + "[ \n]"));
    }
}

TEST(Electiond, RefusesAnOptionThatItDoesNotKnow) {
    for (const std::vector<std::string>& words : {std::vector<std::string>{"--colour"},
                                                  {"--config"},
                                                  {"--check=maybe"},
                                                  {"x"},
                                                  {""},
                                                  {"-"},
                                                  {"--"},
                                                  {"--="},
                                                  {"-c"},
                                                  {"-c", ""},
                                                  {"--config="},
                                                  {"--config", ""},
                                                  {"--config=a", "--config=b"},
                                                  {"--help", "--config="},
                                                  {"--pidfile"},
                                                  {"--pidfile="},
                                                  {"--umask="},
                                                  {"--umask=rwx"},
                                                  {"--umask=8"},
                                                  {"--umask=00027"},
                                                  {"--daemon", "--version"},
                                                  {"--daemon", "--check"},
                                                  {"--check", "--list-plugins"},
                                                  {"--list-plugins", "--print-config"},
                                                  {"--print-config", "--version"},
                                                  {"--check", "--print-config", "--version"},
                                                  {"recover", "rejoin", "--config", "none.yaml"}}) {
        const auto finished = electiond(words);
        EXPECT_EQ(finished.code, 64) << words.front() << ": " << finished.said;
        EXPECT_THAT(finished.said, HasSubstr("--help"));
    }
}

TEST(Electiond, RefusesAConfigurationThatIsNoFile) {
    for (const auto& name : {std::string("/tmp"), std::string("/dev/null/node.yaml"),
                             std::string(5000, 'x'), std::string("a\nb")}) {
        const auto finished = electiond({"--config=" + name});
        EXPECT_EQ(finished.code, 78) << finished.said;
        EXPECT_THAT(finished.said, HasSubstr("cannot be read"));
    }
}

TEST(Electiond, SaysThatItsWorkingDirectoryHasGone) {
    const cluster::Folder folder;
    const auto gone = folder / "gone";
    const auto finished = cluster::run(
        {"/bin/sh", "-c", "mkdir $0 && cd $0 && rmdir $0 && exec $1 --config node.yaml",
         gone.string(), ELECTIOND});
    EXPECT_EQ(finished.code, 71);
    EXPECT_THAT(finished.said, HasSubstr("working directory"));
}

TEST(Electiond, NeedsAConfiguration) {
    const auto finished = electiond({});
    EXPECT_EQ(finished.code, 64);
    EXPECT_THAT(finished.said, HasSubstr("--config"));
    EXPECT_EQ(electiond({"--check"}).code, 64);
    EXPECT_EQ(electiond({"--daemon"}).code, 64);  // while the terminal still shows the reason
}

TEST(Electiond, TakesTheConfigurationThatTheEnvironmentNames) {
    DaemonScene scene;
    scene.write_config();
    ::setenv("ELECTIOND_CONFIG", scene.config().c_str(), 1);
    const auto checked = electiond({"--check"});
    const auto printed = electiond({"--print-config"});
    const auto other = electiond({"--check", "--config=/dev/null/other.yaml"});
    ::setenv("ELECTIOND_CONFIG", "", 1);
    const auto empty = electiond({"--check"});
    ::unsetenv("ELECTIOND_CONFIG");

    EXPECT_EQ(checked.code, 0) << checked.said;
    EXPECT_THAT(checked.said, HasSubstr(scene.config().string() + ": no fault found"));
    EXPECT_THAT(checked.said, Not(HasSubstr("ELECTIOND_CONFIG")));  // it is no key, and no slip
    EXPECT_THAT(printed.said, HasSubstr("# " + scene.config().string()));
    EXPECT_EQ(other.code, 78);  // the option counts first
    EXPECT_THAT(other.said, HasSubstr("/dev/null/other.yaml"));
    EXPECT_EQ(empty.code, 64) << empty.said;
}

TEST(Electiond, CountsTheConfigurationOfTheEnvironmentFromItsOwnFolder) {
    DaemonScene scene;
    scene.write_config();
    const auto finished =
        cluster::run({"/bin/sh", "-c", "cd $0 && ELECTIOND_CONFIG=node.yaml exec $1 --check",
                      scene.folder.path().string(), ELECTIOND});
    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_THAT(finished.said, HasSubstr(scene.config().string()));
}

// In a mount namespace of the test's own, with nothing in /etc but the usual configuration.
TEST(Electiond, TakesTheUsualConfiguration) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to mount";
    DaemonScene scene;
    scene.write_config();
    const std::string mount = "mount -t tmpfs none /etc && mkdir /etc/electiond && ";
    const auto run = [&](const std::string& script) {
        return cluster::run({"/usr/bin/unshare", "--mount", "/bin/sh", "-c", mount + script,
                             scene.config().string(), ELECTIOND});
    };
    const auto there = run("cp $0 /etc/electiond/electiond.yaml && exec $1 --check");
    const auto missing = run("exec $1 --check");
    const auto unreadable = run("mkdir /etc/electiond/electiond.yaml && exec $1 --check");

    EXPECT_EQ(there.code, 0) << there.said;
    EXPECT_THAT(there.said, HasSubstr("/etc/electiond/electiond.yaml: no fault found"));
    EXPECT_EQ(missing.code, 64);
    EXPECT_THAT(missing.said, AllOf(HasSubstr("--config"), HasSubstr("ELECTIOND_CONFIG"),
                                    HasSubstr("/etc/electiond/electiond.yaml does not exist")));
    EXPECT_EQ(unreadable.code, 78);
    EXPECT_THAT(unreadable.said, HasSubstr("cannot be read"));
}

TEST(Electiond, ListsThePlugins) {
    const auto finished = electiond({"--list-plugins"});
    EXPECT_EQ(finished.code, 0) << finished.said;
    for (const auto* name :
         {"exec", "file_registry", "static_list", "multicast", "dns", "etcd", "http", "tcp"}) {
        EXPECT_THAT(finished.said, HasSubstr(std::string("\t") + name + "\t"));
    }
}

TEST(Electiond, ListsWhatIsWrongWithAPluginBesideTheGoodOnes) {
    DaemonScene scene;
    const auto folder = scene.folder / "guests";
    std::filesystem::create_directory(folder);
    std::filesystem::copy_file(std::filesystem::path(ELECTIOND).parent_path() / "plugins/tcp.so",
                               folder / "tcp.so");
    cluster::write(folder / "torn.so", "no library");
    scene.sections["plugins"] = "{directories: [guests]}";

    const auto finished = scene.run({"--list-plugins"});

    EXPECT_EQ(finished.code, 78);
    EXPECT_THAT(finished.said, HasSubstr("\ttcp\t"));
    EXPECT_THAT(finished.said, HasSubstr("torn.so"));
}

TEST(Electiond, StaysInTheForegroundForAServiceManagerThatWaits) {
    DaemonScene scene;
    ::setenv("NOTIFY_SOCKET", "/nowhere", 1);
    for (const auto& more :
         {std::string("--daemon"), "--pidfile=" + (scene.folder / "pid").string()}) {
        const auto finished = scene.run({more});
        EXPECT_EQ(finished.code, 64);
        EXPECT_THAT(finished.said, HasSubstr("NOTIFY_SOCKET"));
    }
    ::unsetenv("NOTIFY_SOCKET");
}

TEST(Electiond, ChecksAGoodConfigurationWithoutTouchingAnything) {
    DaemonScene scene;
    const auto running = scene.start_and_lead();  // its ports are taken, and that is no fault
    scene.sections["node"] = "{id: \"1\", data_dir: another}";

    const auto finished = scene.run({"--check"});

    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_THAT(finished.said, HasSubstr("no fault found"));
    EXPECT_FALSE(std::filesystem::exists(scene.folder / "another"));
}

TEST(Electiond, NamesAllFaultsOfAConfigurationAtOnce) {
    DaemonScene scene;
    scene.sections["node"] = "{id: \"a b\", dta_dir: data}";
    scene.sections["election"] = "{election_timeout: 300}";
    scene.sections["log"] = "{level: loud}";

    for (const auto& more : {std::vector<std::string>{"--check"}, {}, {"--print-config"}}) {
        const auto finished = scene.run(more);
        EXPECT_EQ(finished.code, 78);
        for (const auto* fault : {"node.id", "dta_dir", "data_dir", "election_timeout", "loud"}) {
            EXPECT_THAT(finished.said, HasSubstr(fault));
        }
        EXPECT_THAT(finished.said, ContainsRegex("node\\.yaml:[0-9]+:[0-9]+"));
    }
}

TEST(Electiond, NamesTheFaultsOfPluginsInTheCheck) {
    DaemonScene scene;
    scene.sections["transport"] = "{plugin: pigeon, listen: \"127.0.0.1:0\"}";
    scene.sections["discovery"] = "[{plugin: file_registry, pth: x}, {plugin: oracle}]";

    const auto finished = scene.run({"--check"});

    EXPECT_EQ(finished.code, 78);
    EXPECT_THAT(finished.said, AllOf(HasSubstr("pigeon"), HasSubstr("pth"), HasSubstr("oracle")));
}

TEST(Electiond, NamesTheFaultsOfPluginsBesideThoseOfSections) {
    DaemonScene scene;
    scene.sections["node"] = "{id: \"a b\", data_dir: data}";
    scene.sections["transport"] = "{plugin: tcp, listen: nowhere, lstn: 1, prt: 2}";
    scene.sections["discovery"] =
        "[{plugin: file_registry, pth: x}, {plugin: static_list, peers: \"${UNSET_HERE}\"}]";

    for (const auto& more : {std::vector<std::string>{"--check"}, {}}) {
        const auto finished = scene.run(more);

        EXPECT_EQ(finished.code, 78);
        for (const auto* fault :
             {"node.id", "transport.listen", "lstn", "prt", "pth", "UNSET_HERE"}) {
            EXPECT_THAT(finished.said, HasSubstr(fault));
        }
        EXPECT_THAT(finished.said, Not(HasSubstr("peers is missing")));
    }
}

TEST(Electiond, SortsTheFaultsOfPluginsAndSectionsByPlace) {
    const DaemonScene scene;
    cluster::write(scene.config(), R"(transport:
  plugin: tpc
discovery:
  - plugin: static_list
    peers: {"1": "127.0.0.1", "a b": "127.0.0.1:1"}
  - plugin: multicast
    prot: 1
    ttl: 256
  - plugin: http
cluster: {name: a/b}
node: {id: n1, data_dir: data}
)");
    for (const auto& more : {std::vector<std::string>{"--check"}, {}}) {
        auto command = std::vector<std::string>{ELECTIOND, "--config", scene.config().string()};
        command.insert(command.end(), more.begin(), more.end());

        const auto finished = cluster::run(command);

        EXPECT_EQ(finished.code, 78);
        const std::string file = scene.config().string();
        std::size_t at = 0;
        for (const auto* fault :
             {":2:11: transport.plugin is \"tpc\": there is no transport plugin tpc: ",
              ":5:18: discovery[0].peers gives peer \"1\" \"127.0.0.1\", but",
              ":5:31: discovery[0].peers names the peer \"a b\", but",
              ":6:5: discovery[1].interface is missing, but required; name one",
              ":7:5: unknown key discovery[1].prot; expected group, port, interface, ttl, plugin; "
              "did you mean port?",
              ":8:10: discovery[1].ttl is \"256\", but must be a whole number from 0 to 255",
              ":9:13: discovery[2].plugin is \"http\": ",
              ":10:17: cluster.name is \"a/b\", but must be"}) {
            const auto found = finished.said.find(file + fault, at);
            EXPECT_NE(found, std::string::npos) << fault << " in\n" << finished.said;
            if (found != std::string::npos) at = found;
        }
        EXPECT_THAT(finished.said, HasSubstr("transport plugins there: http, tcp; did you mean "
                                             "tcp?"));
    }
}

TEST(Electiond, LooksForNoPluginWhereItIsNotKnownWhereTheyLie) {
    DaemonScene scene;
    scene.sections["plugins"] = "{directories: {a: b}}";

    const auto finished = scene.run({"--check"});

    EXPECT_EQ(finished.code, 78);
    EXPECT_THAT(finished.said, AllOf(HasSubstr("plugins.directories"), Not(HasSubstr("http"))));
}

TEST(Electiond, RefusesAPluginOfTheOtherKind) {
    DaemonScene scene;
    scene.sections["transport"] = "{plugin: multicast, listen: \"127.0.0.1:0\"}";
    const auto finished = scene.run();
    EXPECT_EQ(finished.code, 78);
    EXPECT_THAT(finished.said, AllOf(HasSubstr("multicast"), HasSubstr("discovery")));
}

TEST(Electiond, SaysWhereItsConfigurationNamesAnUnknownPlugin) {
    DaemonScene scene;
    scene.sections["transport"] = "{plugin: htp, listen: \"127.0.0.1:0\"}";
    scene.sections["discovery"] = "[{plugin: staticlist}]";
    for (const auto& more : {std::vector<std::string>{}, {"--check"}}) {
        const auto finished = scene.run(more);
        EXPECT_EQ(finished.code, 78);
        EXPECT_THAT(
            finished.said,
            AllOf(ContainsRegex("node\\.yaml:[0-9]+:[0-9]+: discovery\\[0\\]\\.plugin is "
                                "\"staticlist\": there is no discovery plugin [^\n]*"
                                "did you mean static_list\\?"),
                  ContainsRegex("node\\.yaml:[0-9]+:[0-9]+: transport\\.plugin is \"htp\": there "
                                "is no transport plugin [^\n]*did you mean http\\?")));
    }
}

// good_transport supports neither limits nor encryption; strict_transport supports both.
void use_transport(DaemonScene& scene, const std::string& plugin, const std::string& more) {
    const auto folder = scene.folder / "guests";
    std::filesystem::create_directory(folder);
    const std::filesystem::path own = std::filesystem::path(ELECTIOND).parent_path() / "plugins";
    std::filesystem::copy_file(std::filesystem::path(GUESTS) / (plugin + ".so"),
                               folder / (plugin + ".so"));
    std::filesystem::copy_file(own / "file_registry.so", folder / "file_registry.so");
    scene.sections["plugins"] = "{directories: [guests]}";
    scene.sections["transport"] = "{plugin: " + plugin + more + "}";
}

TEST(Electiond, RefusesTlsRatherThanSpeakPlainly) {
    DaemonScene scene;
    use_transport(scene, "good_transport", ", tls: {cert: a.pem, key: b.pem, ca: c.pem}");
    for (const auto& more : {std::vector<std::string>{}, {"--check"}}) {
        const auto finished = scene.run(more);
        EXPECT_EQ(finished.code, 78);
        EXPECT_THAT(finished.said,
                    ContainsRegex("node\\.yaml:[0-9]+:[0-9]+: transport\\.tls is set, but the "
                                  "transport plugin \"good_transport\" cannot encrypt; choose"));
    }
}

TEST(Electiond, WarnsOfLimitsThatItsTransportDoesNotKeep) {
    DaemonScene scene;
    use_transport(scene, "good_transport", ", limits: {connections: 100}");
    const auto finished = scene.run({"--check"});
    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_THAT(finished.said, HasSubstr("warning: transport.limits has no effect: the transport "
                                         "plugin \"good_transport\" does not support limits"));

    scene.sections["transport"] = "{plugin: good_transport}";
    EXPECT_THAT(scene.run({"--check"}).said, Not(HasSubstr("limits")));
}

TEST(Electiond, HandsLimitsAndTlsFilesToItsTransport) {
    DaemonScene scene;
    TestCa ca;
    const auto files = ca.issue({.names = {"DNS:1.demo"}, .until = std::chrono::hours(24 * 40)});
    use_transport(scene, "strict_transport",
                  ", limits: {connections: 100}, tls: {cert: " + files.cert.string() +
                      ", key: " + files.key.string() + ", ca: " + ca.file().string() + "}");
    const auto finished = scene.run({"--check"});
    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_THAT(finished.said,
                HasSubstr("strict transport connections=100 cert=" + files.cert.string()));
    EXPECT_THAT(finished.said, Not(HasSubstr("warning")));
}

TEST(Electiond, PrintsWhereEachValueComesFrom) {
    DaemonScene scene;
    ::setenv("ELECTIOND_LOG_LEVEL", "warning", 1);
    const auto finished = scene.run({"--print-config"});
    ::unsetenv("ELECTIOND_LOG_LEVEL");

    EXPECT_EQ(finished.code, 0);
    EXPECT_THAT(finished.said, HasSubstr("level: warning  # environment ELECTIOND_LOG_LEVEL"));
    EXPECT_THAT(finished.said, ContainsRegex("election_timeout: 300ms  # .*node\\.yaml:[0-9]+"));
    EXPECT_THAT(finished.said,
                HasSubstr("heartbeat_interval: 30ms  # default: election_timeout / 10"));
}

TEST(Electiond, PrintsWhatFollowsFromOtherValues) {
    DaemonScene scene;
    const auto finished = scene.run({"--print-config"});

    const auto peer = "127.0.0.1:" + std::to_string(scene.peer);
    EXPECT_THAT(finished.said, HasSubstr("\n  name: \"demo\"  # "));
    EXPECT_THAT(finished.said, HasSubstr("\n  bootstrap: claim  # derived: discovery file_registry "
                                         "can arbitrate\n"));
    EXPECT_THAT(finished.said,
                HasSubstr("\n  advertise: " + peer + "  # derived: transport.listen\n"));
    EXPECT_THAT(finished.said,
                HasSubstr("\n  directories: [" +
                          std::filesystem::path(ELECTIOND).parent_path().string() + "/plugins, "));

    scene.sections["discovery"] = "[{plugin: static_list, peers: {\"2\": \"127.0.0.1:9\"}}]";
    scene.sections["cluster"] = "{name: demo, expect: 3}";
    scene.sections["transport"] = "{listen: \"127.0.0.1:0\"}";
    const auto other = scene.run({"--print-config"});
    EXPECT_THAT(other.said, HasSubstr("\n  bootstrap: all  # derived: cluster.expect is given"));
    EXPECT_THAT(other.said, Not(HasSubstr("advertise")));  // the port is chosen at start

    scene.sections["cluster"] = "{name: demo, bootstrap: join}";
    scene.sections["transport"] = "{listen: \"127.0.0.1:7\", advertise: \"127.0.0.2:7\"}";
    const auto given = scene.run({"--print-config"});
    EXPECT_THAT(given.said, ContainsRegex("bootstrap: join  # .*node\\.yaml:2\n"));
    EXPECT_THAT(given.said, ContainsRegex("advertise: 127\\.0\\.0\\.2:7  # .*node\\.yaml:"));
    EXPECT_THAT(given.said, Not(HasSubstr("derived")));
}

// The plugins are not what was asked about.
TEST(Electiond, PrintsTheConfigurationOfAPluginThatIsWrong) {
    DaemonScene scene;
    scene.sections["discovery"] = "[{plugin: oracle}]";
    const auto finished = scene.run({"--print-config"});
    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_THAT(finished.said,
                AllOf(HasSubstr("plugin: oracle"), Not(HasSubstr("bootstrap:")),
                      HasSubstr("# cluster.bootstrap is not set and cannot be derived")));
}

TEST(Electiond, PrintsAndChecksInOneCall) {
    DaemonScene scene;
    scene.write_config();
    const auto config = scene.config().string();
    const auto run = [&](const std::string& streams) {
        return cluster::run({"/bin/sh", "-c",
                             "exec $0 --print-config --check --config $1 " + streams, ELECTIOND,
                             config});
    };
    const auto printed = run("2>/dev/null");
    const auto told = run(">/dev/null");
    EXPECT_EQ(printed.code, 0);
    EXPECT_THAT(printed.said, AllOf(HasSubstr("bootstrap: claim"), Not(HasSubstr("no fault"))));
    EXPECT_EQ(told.said, config + ": no fault found\n");

    cluster::write(scene.folder / "data", "");
    const auto wrong = scene.run({"--check", "--print-config"});
    EXPECT_EQ(wrong.code, 78);
    EXPECT_THAT(wrong.said, AllOf(HasSubstr("is not a directory"), Not(HasSubstr("bootstrap:"))));
}

// The output is a configuration with the same meaning.
TEST(Electiond, ReadsWhatItPrints) {
    DaemonScene scene;
    const auto first = scene.run({"--print-config"});
    cluster::write(scene.folder / "printed.yaml", first.said);

    const auto finished =
        electiond({"--config", (scene.folder / "printed.yaml").string(), "--check"});

    EXPECT_EQ(finished.code, 0) << finished.said;
    EXPECT_THAT(finished.said, Not(HasSubstr("warning")));
}

}  // namespace
}  // namespace electiond
