// ${NAME} in a configuration, and environment variables that set keys or are service links.
#include <gmock/gmock.h>
#include <stdlib.h>

#include "settings/differences.h"
#include "settings/environment.h"
#include "settings/schema.h"
#include "settings/settings.h"
#include "settings_scene.h"

namespace electiond {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

TEST(Environment, FillsInNamesAndDefaults) {
    const Scene scene;

    const auto settings = scene.load(
        with({{"node", "{id: \"n-${N}\", data_dir: \"${ROOT:-/var/lib}/${N}\"}"},
              {"discovery", "[{plugin: x, path: ${ROOT:-/srv}/${N}, note: $${N} costs $5}]"}}),
        {{"N", "7"}, {"ROOT", ""}});

    EXPECT_EQ(settings.node.id, NodeId("n-7"));
    EXPECT_EQ(settings.node.data_dir, "/var/lib/7");
    EXPECT_EQ(own(settings).text("path"), "/srv/7");
    EXPECT_EQ(own(settings).text("note"), "${N} costs $5");
}

TEST(Environment, CannotBringInNewKeys) {
    const Scene scene;

    const auto settings = scene.load(with({{"discovery", "[{plugin: x, path: \"${P}\"}]"}}),
                                     {{"P", "a, b: c\nd: e"}});

    auto options = own(settings);
    EXPECT_EQ(options.text("path"), "a, b: c\nd: e");
    EXPECT_EQ(faults(options), "");
}

TEST(Environment, CountsAnEmptyDefaultAsMissing) {
    const Scene scene;

    EXPECT_EQ(scene.load(with({{"api", "{token_file: \"${TOKEN_FILE:-}\"}"}})).api.token_file,
              std::nullopt);
}

TEST(Environment, OverridesATextAListAndAMap) {
    const Scene scene;

    const auto settings =
        scene.load(with({{"api", "{listen: 127.0.0.1:1}"}}),
                   {{"ELECTIOND_NODE_ID", "b"},
                    {"ELECTIOND_API_LISTEN", "[127.0.0.1:2, \"[::1]:2\"]"},
                    {"ELECTIOND_CLUSTER_VOTERS", "[1, \"2\", b]"},
                    {"ELECTIOND_DISCOVERY", "[{plugin: multicast, port: 7402}, {plugin: x}]"},
                    {"ELECTIOND_ELECTION_HEALTH", "{command: [/bin/true], rise: 5}"},
                    {"ELECTIOND_ELECTION_HEALTH_FALL", "9"},
                    {"ELECTIOND_TRANSPORT_LOFT_HEIGHT", "12"},
                    {"ELECTIOND_LOG", "{level: debug}"},
                    {"ELECTIOND_LOG_FORMAT", "json"}});

    EXPECT_EQ(settings.node.id, NodeId("b"));
    EXPECT_THAT(settings.api.listen, ElementsAre(tcp("127.0.0.1", 2), tcp("::1", 2)));
    EXPECT_THAT(settings.cluster.voters, ElementsAre(NodeId("1"), NodeId("2"), NodeId("b")));
    ASSERT_EQ(settings.discovery.size(), 2U);
    EXPECT_EQ(own(settings).integer("port", 1, 65535), 7402);
    ASSERT_TRUE(settings.election.health);
    EXPECT_EQ(settings.election.health->rise, 5);
    EXPECT_EQ(settings.election.health->fall, 9);
    EXPECT_EQ(transport_options(settings).integer("loft_height", 0, 20), 12);
    EXPECT_EQ(settings.log.level, LogLevel::debug);
    EXPECT_EQ(settings.log.format, LogFormat::json);
}

TEST(Environment, TakesAnIpv6AddressForNoList) {
    const Scene scene;

    EXPECT_THAT(scene.load(with({}), {{"ELECTIOND_API_LISTEN", "[::1]:7400"}}).api.listen,
                ElementsAre(tcp("::1", 7400)));
}

TEST(Environment, CanBeAllThereIs) {
    const Scene scene;

    const auto settings =
        scene.load("# nothing here\n", {{"ELECTIOND_NODE_ID", "1"},
                                        {"ELECTIOND_NODE_DATA_DIR", "d"},
                                        {"ELECTIOND_CLUSTER_NAME", "demo"},
                                        {"ELECTIOND_DISCOVERY", "[{plugin: x}]"}});

    EXPECT_EQ(settings.node.data_dir, scene.folder() / "d");
}

TEST(Environment, NeedsNoFile) {
    const Scene scene;
    const ConfigSource alone{{}, scene.folder()};
    const Environment env{{"ELECTIOND_NODE", "{id: '1', data_dir: d}"},
                          {"ELECTIOND_CLUSTER_NAME", "demo"},
                          {"ELECTIOND_DISCOVERY", "[{plugin: x, path: ${HOME}/r.json}]"},
                          {"HOME", "/h"}};

    const auto settings = load_settings(alone, env);

    EXPECT_EQ(settings.node.data_dir, scene.folder() / "d");
    EXPECT_EQ(own(settings).path("path"), "/h/r.json");
    EXPECT_TRUE(settings.file.empty());
    EXPECT_THAT(print_settings(settings), StartsWith("# The environment alone"));
}

// A key that nobody gave has no place in a file: the variable that would give it is named.
TEST(Environment, NamesTheVariableOfAKeyThatIsMissing) {
    const Scene scene;
    const ConfigSource alone{{}, scene.folder()};

    const auto draft = read_settings(alone, {{"ELECTIOND_NODE", "{dta_dir: d}"},
                                             {"ELECTIOND_TRANSPORT_LISTEN", "0.0.0.0:7401"},
                                             {"ELECTIOND_TRANSPORT_TLS_CERT", "c.pem"},
                                             {"ELECTIOND_DISCOVERY", "[{path: r.json}]"}});

    for (const auto* fault :
         {"environment ELECTIOND_NODE: unknown key node.dta_dir",
          "environment ELECTIOND_NODE_ID: node.id is missing",
          "environment ELECTIOND_NODE_DATA_DIR: node.data_dir is missing",
          "environment ELECTIOND_CLUSTER_NAME: cluster.name is missing",
          "environment ELECTIOND_TRANSPORT_TLS_KEY: transport.tls.key is missing",
          "environment ELECTIOND_DISCOVERY: discovery[0].plugin is missing"}) {
        EXPECT_THAT(draft.faults, Contains(StartsWith(fault)));
    }
    for (const auto& fault : draft.faults) EXPECT_THAT(fault, StartsWith("environment ELECTIOND_"));
}

TEST(Environment, ConfiguresANodeOnlyIfItSetsAKey) {
    for (const Environment& env : {Environment{},
                                   {{"ELECTIOND_NODE_ID", "1"}},
                                   {{"ELECTIOND_CLUSTER", "demo"}},
                                   {{"ELECTIOND_CONFIG", "/x"}},
                                   {{"ELECTIOND_EVENT", "leader"}},
                                   {{"NODE_DATA_DIR", "d"}},
                                   {{"ELECTIOND_NODE_DATADIR", "d"}}}) {
        EXPECT_FALSE(sets_a_key(env));
    }
    for (const Environment& env : {Environment{{"ELECTIOND_NODE_DATA_DIR", "d"}},
                                   {{"ELECTIOND_CLUSTER", "{name: demo}"}},
                                   {{"ELECTIOND_LOG", ""}},
                                   {{"ELECTIOND_DISCOVERY", "[]"}}}) {
        EXPECT_TRUE(sets_a_key(env));
    }
}

TEST(Environment, NeverMistakesAHooksVariablesForKeys) {
    const Scene scene;

    const auto settings = scene.load(with({}), {{"ELECTIOND_EVENT", "leader"},
                                                {"ELECTIOND_CONFIG", "/etc/x.yaml"},
                                                {"ELECTIOND_CLUSTER", "other"},
                                                {"ELECTIOND_LEADER_ID", "1"},
                                                {"ELECTIOND_PREVIOUS_LEADER_ID", ""},
                                                {"ELECTIOND_TERM", "3"},
                                                {"ELECTIOND_FENCING_TOKEN", "3"},
                                                {"ELECTIOND_REASON", "startup"},
                                                {"ELECTIOND_INDEX", "9"},
                                                {"ELECTIOND_PEER", "{}"}});

    EXPECT_EQ(settings.cluster.name, "demo");
    EXPECT_THAT(settings.warnings, IsEmpty());
}

TEST(Environment, WarnsOfAVariableThatOverridesNothing) {
    const Scene scene;

    EXPECT_THAT(scene.load(with({}), {{"ELECTIOND_NODE_DATADIR", "x"}}).warnings,
                ElementsAre("the environment variable ELECTIOND_NODE_DATADIR overrides no key and "
                            "is ignored; did you mean ELECTIOND_NODE_DATA_DIR?"));
}

// What Kubernetes 1.29 puts into each container for a service of two ports.
Environment links_of(const std::string& service) {
    Environment links{{service + "_SERVICE_HOST", "10.96.3.7"},
                      {service + "_SERVICE_PORT", "7401"},
                      {service + "_SERVICE_PORT_PEERS", "7401"},
                      {service + "_PORT", "tcp://10.96.3.7:7401"}};
    for (const std::string port : {"7401_TCP", "7402_UDP"}) {
        const auto name = service + "_PORT_" + port;
        links[name] = "tcp://10.96.3.7:" + port.substr(0, 4);
        links[name + "_PROTO"] = "tcp";
        links[name + "_PORT"] = port.substr(0, 4);
        links[name + "_ADDR"] = "10.96.3.7";
    }
    return links;
}

TEST(Environment, LeavesOutServiceLinks) {
    const Scene scene;
    for (const std::string service :
         {"ELECTIOND", "ELECTIOND_TRANSPORT", "ELECTIOND_API", "ELECTIOND_API_PORT",
          "ELECTIOND_TRANSPORT_SERVICE", "ELECTIOND_NODE_1"}) {
        const auto settings = scene.load(with({}), links_of(service));
        EXPECT_THAT(settings.warnings, IsEmpty()) << service;
        EXPECT_FALSE(sets_a_key(links_of(service))) << service;
        for (const auto& [name, value] : links_of(service)) {
            const auto key = name.substr(name.find('_') + 1);
            EXPECT_FALSE(transport_options(settings).has(key)) << name;
        }
        EXPECT_THAT(differences(setting_values(scene.load(with({}))), setting_values(settings)),
                    IsEmpty())
            << service;
    }
}

TEST(Environment, TakesKeysOfAPluginThatOnlyLookLikeServiceLinks) {
    const auto settings = Scene().load(with({}), {{"ELECTIOND_TRANSPORT_PORT", "7401"},
                                                  {"ELECTIOND_TRANSPORT_SERVICE_HOST", "loft"},
                                                  {"ELECTIOND_TRANSPORT_PORT_80_TCP_ADDR", "x"}});
    EXPECT_EQ(transport_options(settings).text("port"), "7401");
    EXPECT_EQ(transport_options(settings).text("service_host"), "loft");
    EXPECT_EQ(transport_options(settings).text("port_80_tcp_addr"), "x");
}

// Beside the links of a service, a key of its own still counts.
TEST(Environment, TakesAKeyBesideServiceLinks) {
    auto env = links_of("ELECTIOND_TRANSPORT");
    env["ELECTIOND_TRANSPORT_LISTEN"] = "127.0.0.1:9";
    env["ELECTIOND_TRANSPORT_PORTS"] = "3";
    const auto settings = Scene().load(with({}), env);
    EXPECT_EQ(settings.transport.listen.port, 9);
    EXPECT_EQ(transport_options(settings).text("ports"), "3");
}

TEST(Environment, FillsInAServiceLinkThatIsAskedForByName) {
    const auto settings =
        Scene().load(with({{"cluster", "{name: \"${ELECTIOND_API_SERVICE_PORT}\"}"}}),
                     links_of("ELECTIOND_API"));
    EXPECT_EQ(settings.cluster.name, "7401");
}

TEST(Environment, IsReadFromTheProcess) {
    ::setenv("SETTINGS_TEST_NAME", "a=b", 1);

    EXPECT_EQ(process_environment().at("SETTINGS_TEST_NAME"), "a=b");
}

}  // namespace
}  // namespace electiond
