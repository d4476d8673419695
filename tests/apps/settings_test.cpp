// The result of loading a configuration: values, defaults, the environment, and the printed form.
#include "settings/settings.h"

#include <gmock/gmock.h>

#include <electiond/options.h>

#include "settings/differences.h"
#include "settings/schema.h"
#include "settings_scene.h"

namespace electiond {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

ListenAddress tcp(const std::string& host, std::uint16_t port) { return Endpoint{host, port}; }

ListenAddress unix_socket(const std::string& path, mode_t mode = 0660,
                          const std::string& group = "") {
    return io::UnixSocket{.path = path, .mode = mode, .group = group};
}

// The setup from which the first discovery, and the transport, read their options.
Options own(const Settings& settings) {
    return Options(PluginKind::discovery, settings.discovery.at(0).options);
}
Options transport_options(const Settings& settings) {
    return Options(PluginKind::transport, settings.transport.options);
}

// What the host throws once the factory has returned; empty if nothing.
std::string faults(Options& options) {
    options.refuse_unread();
    try {
        options.throw_faults();
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

TEST(Settings, FillsInEveryDefault) {
    const Scene scene;

    const auto settings = scene.load(with({}));

    EXPECT_EQ(settings.node.id, NodeId("a"));
    EXPECT_EQ(settings.node.priority, 100);
    EXPECT_FALSE(settings.node.observer);
    EXPECT_EQ(settings.cluster.name, "demo");
    EXPECT_EQ(settings.cluster.bootstrap, std::nullopt);
    EXPECT_EQ(settings.cluster.max_voters, 7U);
    EXPECT_THAT(settings.api.listen, ElementsAre(tcp("127.0.0.1", 7400)));
    EXPECT_EQ(settings.api.token, "");
    EXPECT_EQ(settings.api.limits, ApiLimits{});
    EXPECT_EQ(settings.api.limits.streams, 2000U);
    EXPECT_EQ(settings.api.limits.body_bytes, 16U * 1024);
    EXPECT_EQ(settings.api.limits.idle_time, 60s);
    EXPECT_EQ(settings.transport.limits, Limits{});
    EXPECT_FALSE(settings.transport.limits_set);
    EXPECT_EQ(settings.transport.tls, std::nullopt);
    EXPECT_EQ(settings.transport.plugin, "http");
    EXPECT_EQ(settings.transport.listen, (Endpoint{"127.0.0.1", 7401}));
    EXPECT_EQ(settings.transport.advertise, std::nullopt);
    EXPECT_THAT(settings.plugins.directories, IsEmpty());
    EXPECT_EQ(settings.hooks.timeout, 10s);
    EXPECT_EQ(settings.log.level, LogLevel::info);
    EXPECT_EQ(settings.log.format, LogFormat::text);
    EXPECT_THAT(settings.warnings, IsEmpty());
}

TEST(Settings, DerivesEveryTimerFromTheElectionTimeout) {
    const Scene scene;

    const auto usual = scene.load(with({})).election;
    const auto slow = scene.load(with({{"election", "{election_timeout: 5s}"}})).election;

    EXPECT_EQ(usual.election_timeout, 1000ms);
    EXPECT_EQ(usual.heartbeat_interval, 100ms);
    EXPECT_EQ(usual.election_spread, 500ms);
    EXPECT_EQ(usual.request_timeout, 250ms);
    EXPECT_EQ(usual.hello_interval, 500ms);
    EXPECT_EQ(usual.client_grant, 100ms);
    EXPECT_EQ(usual.stable_after, 2s);
    EXPECT_EQ(usual.dead_after, 30s);
    EXPECT_EQ(slow.heartbeat_interval, 500ms);
    EXPECT_EQ(slow.election_spread, 2500ms);
    EXPECT_EQ(slow.request_timeout, 1250ms);
    EXPECT_EQ(slow.hello_interval, 2500ms);
    EXPECT_EQ(slow.client_grant, 500ms);
    EXPECT_EQ(slow.stable_after, 10s);
    EXPECT_EQ(slow.dead_after, 150s);
}

TEST(Settings, AllowsTheShortestAndTheLongestElectionTimeout) {
    const Scene scene;

    for (const auto* timeout : {"50ms", "1h"}) {
        const std::string section = std::string("{election_timeout: ") + timeout + "}";
        EXPECT_THAT(scene.faults(with({{"election", section}})), IsEmpty()) << timeout;
    }
}

TEST(Settings, TakesTheSeedsTimers) {
    const Scene scene;

    EXPECT_THAT(scene.faults(with(
                    {{"election",
                      "{election_timeout: 5000ms, heartbeat_interval: 2000ms, election_spread: "
                      "3000ms, request_timeout: 1000ms, hello_interval: 1000ms, stable_after: 10s, "
                      "dead_after: 60s}"}})),
                IsEmpty());
}

TEST(Settings, TakesAnIdWithOrWithoutQuotes) {
    const Scene scene;

    EXPECT_EQ(scene.load(with({{"node", "{id: 1, data_dir: d}"}})).node.id, NodeId("1"));
    EXPECT_EQ(scene.load(with({{"node", "{id: \"1\", data_dir: d}"}})).node.id, NodeId("1"));
    EXPECT_EQ(scene.load(with({{"node", "{id: 010, data_dir: d}"}})).node.id, NodeId("010"));
}

TEST(Settings, CountsRelativePathsFromTheFilesFolder) {
    const Scene scene;
    scene.write("token", "sesame\n");
    std::filesystem::permissions(scene.folder() / "token", std::filesystem::perms{0600});

    const auto settings =
        scene.load(with({{"node", "{id: a, data_dir: ../data}"},
                         {"api", "{token_file: token}"},
                         {"plugins", "{directories: [lib/plugins, /opt/plugins]}"},
                         {"hooks", "{on_leader: [./promote, now], on_follower: [demote]}"}}));

    EXPECT_EQ(settings.node.data_dir, scene.folder().parent_path() / "data");
    EXPECT_EQ(settings.api.token_file, scene.folder() / "token");
    EXPECT_EQ(settings.api.token, "sesame");
    EXPECT_THAT(settings.plugins.directories,
                ElementsAre(scene.folder() / "lib/plugins", "/opt/plugins"));
    EXPECT_EQ(own(settings).path("path"), scene.folder() / "cluster.json");
    EXPECT_THAT(settings.hooks.on_leader,
                ElementsAre((scene.folder() / "promote").string(), "now"));
    EXPECT_THAT(settings.hooks.on_follower, ElementsAre("demote"));
}

TEST(Settings, GivesAPluginItsOwnKeysWithTheirPlaces) {
    const Scene scene;

    const auto settings = scene.load(
        with({{"transport", "{plugin: pigeon, listen: 127.0.0.1:1, insecure: true, loft: [a, b]}"},
              {"discovery", "[{plugin: static_list, peers: {1: 127.0.0.1:4001, b: x}, gone: }]"}}));

    EXPECT_EQ(settings.transport.plugin, "pigeon");
    auto transport = transport_options(settings);
    EXPECT_EQ(transport.section(), "transport");
    EXPECT_THAT(transport.list("loft"), ElementsAre("a", "b"));
    EXPECT_EQ(faults(transport), "");
    auto peers = own(settings);
    EXPECT_EQ(settings.discovery.at(0).plugin, "static_list");
    EXPECT_EQ(peers.section(), "discovery[0]");
    EXPECT_EQ(peers.where(), scene.file().string() + ":3:13");
    EXPECT_THAT(peers.table("peers"),
                ElementsAre(std::pair("1", "127.0.0.1:4001"), std::pair("b", "x")));
    EXPECT_FALSE(peers.has("gone"));
    EXPECT_EQ(faults(peers), "");
    EXPECT_EQ(peers.integer("peers", 0, 1), 0);
    EXPECT_THAT(faults(peers), StartsWith(scene.file().string() + ":3:42: discovery[0].peers"));
}

TEST(Settings, LeavesNoUnknownKeyOfAPluginOutNotEvenOneWithoutAValue) {
    const Scene scene;

    auto options = own(scene.load(with({{"discovery", "[{plugin: x, pth: , path: a}]"}})));

    EXPECT_EQ(options.path("path"), scene.folder() / "a");
    EXPECT_EQ(faults(options), scene.file().string() +
                                   ":3:25: unknown key discovery[0].pth; expected path, plugin; "
                                   "did you mean path?");
}

TEST(Settings, ListensInSeveralPlaces) {
    const Scene scene;

    const auto settings = scene.load(
        with({{"api", "{listen: [127.0.0.1:7400, \"[::1]:7400\", localhost:0, localhost:0]}"}}));

    EXPECT_THAT(settings.api.listen, ElementsAre(tcp("127.0.0.1", 7400), tcp("::1", 7400),
                                                 tcp("localhost", 0), tcp("localhost", 0)));
}

TEST(Settings, ListensOnUnixSocketsBesidePorts) {
    const Scene scene;
    const std::string longest = "/" + std::string(io::UnixSocket::kPathMax - 1, 'x');

    EXPECT_THAT(scene.load(with({{"api", "{listen: unix:/run/electiond/api.sock}"}})).api.listen,
                ElementsAre(unix_socket("/run/electiond/api.sock")));
    EXPECT_THAT(
        scene
            .load(with({{"api", "{listen: [\"unix:/run//a.sock\", 127.0.0.1:7400, unix:" + longest +
                                    "], socket_mode: 0600, socket_group: root}"}}))
            .api.listen,
        ElementsAre(unix_socket("/run/a.sock", 0600, "root"), tcp("127.0.0.1", 7400),
                    unix_socket(longest, 0600, "root")));
    EXPECT_THAT(scene
                    .load(with({}), {{"ELECTIOND_API_LISTEN", "unix:/run/a.sock"},
                                     {"ELECTIOND_API_SOCKET_MODE", "666"}})
                    .api.listen,
                ElementsAre(unix_socket("/run/a.sock", 0666)));
}

TEST(Settings, SpellsAnAddressAsTheFileDoes) {
    EXPECT_EQ(to_string(tcp("::1", 7400)), "[::1]:7400");
    EXPECT_EQ(to_string(unix_socket("/run/a.sock")), "unix:/run/a.sock");
}

TEST(Settings, ReadsTheLimitsOfBothDoors) {
    const Scene scene;

    const auto settings = scene.load(
        with({{"api",
               "{limits: {connections: 100, connections_per_address: 10, streams: 20, "
               "header_bytes: 4096, body_bytes: 1024, waiting_requests: 50, request_time: 1s, "
               "idle_time: 10s}}"},
              {"transport", "{limits: {body_bytes: 131072, idle_time: 2m}}"}}),
        {{"ELECTIOND_TRANSPORT_LIMITS_CONNECTIONS", "5000"}});

    ApiLimits api;
    api.connections = 100;
    api.connections_per_address = 10;
    api.streams = 20;
    api.header_bytes = 4096;
    api.body_bytes = 1024;
    api.waiting_requests = 50;
    api.request_time = 1s;
    api.idle_time = 10s;
    EXPECT_EQ(settings.api.limits, api);
    Limits transport;
    transport.connections = 5000;
    transport.body_bytes = 131072;
    transport.idle_time = 2min;
    EXPECT_EQ(settings.transport.limits, transport);
    EXPECT_TRUE(settings.transport.limits_set);
}

TEST(Settings, CountsNoMoreOfAKindThanConnectionsInAll) {
    const Scene scene;

    const auto settings = scene.load(with({{"api", "{limits: {connections: 100}}"}}));

    EXPECT_EQ(settings.api.limits.connections_per_address, 100U);
    EXPECT_EQ(settings.api.limits.streams, 100U);
    EXPECT_THAT(print_settings(settings),
                HasSubstr("streams: 100  # default: all of connections\n"));
}

TEST(Settings, ReadsTheFilesOfTls) {
    const Scene scene;
    const auto read = [&](const std::string& more) {
        return scene
            .load(with({{"transport",
                         "{listen: 10.0.0.1:7401, tls: {cert: node.crt, key: "
                         "/etc/node.key, ca: tls/ca.crt" +
                             more + "}}"}}))
            .transport;
    };

    const auto usual = read("");
    const auto other = read(", crl: ca.crl, identity: ca");

    const TlsFiles files{.cert = scene.folder() / "node.crt",
                         .key = "/etc/node.key",
                         .ca = scene.folder() / "tls/ca.crt"};
    EXPECT_EQ(usual.tls, files);
    EXPECT_EQ(usual.tls_places.section, scene.file().string() + ":4:41");
    ASSERT_TRUE(other.tls);
    EXPECT_EQ(other.tls->crl, scene.folder() / "ca.crl");
    EXPECT_EQ(other.tls->identity, TlsFiles::Identity::ca);
}

TEST(Settings, ReadsTheFilesOfTlsOfTheApi) {
    const Scene scene;

    const auto plain = scene.load(with({{"api", "{}"}})).api;
    const auto usual = scene
                           .load(with({{"api", "{tls: {cert: api.crt, key: /etc/api.key}}"}}),
                                 {{"ELECTIOND_API_TLS_CERT", "other.crt"}})
                           .api;
    const auto other = scene
                           .load(with({{"api",
                                        "{listen: 10.0.0.1:7400, read: token, tls: {cert: a, "
                                        "key: b, ca: tls/ca.crt}}"}}))
                           .api;

    EXPECT_EQ(plain.tls, std::nullopt);
    EXPECT_FALSE(plain.reading_needs_token);
    EXPECT_EQ(usual.tls,
              (Settings::ApiTls{.cert = scene.folder() / "other.crt", .key = "/etc/api.key"}));
    EXPECT_EQ(usual.tls_places.cert, "environment ELECTIOND_API_TLS_CERT");
    EXPECT_EQ(usual.tls_places.key, scene.file().string() + ":4:33");
    EXPECT_EQ(usual.tls_places.ca, usual.tls_places.section);
    ASSERT_TRUE(other.tls);
    EXPECT_EQ(other.tls->ca, scene.folder() / "tls/ca.crt");
    EXPECT_TRUE(other.reading_needs_token);
}

// What other machines can reach in plain text, with the section that makes it so.
TEST(Settings, WarnsAtEachStartOfWhatLeavesTheMachineInPlainText) {
    const Scene scene;
    scene.write("token", "sesame");
    std::filesystem::permissions(scene.folder() / "token", std::filesystem::perms{0600});
    const auto warnings = [&](const std::string& section, const std::string& body) {
        return scene.load(with({{section, body}})).warnings;
    };
    const std::string tls = "tls: {cert: a, key: b, ca: c}";

    EXPECT_THAT(warnings("transport", "{listen: 10.0.0.1:7401, insecure: true}"),
                ElementsAre(AllOf(HasSubstr("transport.insecure: true lets peers talk in plain "
                                            "text on transport.listen (10.0.0.1:7401)"),
                                  HasSubstr("set transport.tls"))));
    EXPECT_THAT(warnings("transport", "{advertise: node1.example:7401, insecure: true}"),
                ElementsAre(HasSubstr("on transport.advertise (node1.example:7401)")));
    EXPECT_THAT(warnings("transport", "{insecure: true}"), IsEmpty());
    EXPECT_THAT(warnings("transport", "{listen: 10.0.0.1:7401, insecure: true, " + tls + "}"),
                IsEmpty());

    EXPECT_THAT(warnings("api", "{listen: 0.0.0.0:7400, insecure: true}"),
                ElementsAre(AllOf(HasSubstr("api.insecure: true lets everybody who reaches "
                                            "api.listen (0.0.0.0:7400) change the cluster, in "
                                            "plain text; set api.tls"))));
    EXPECT_THAT(warnings("api", "{listen: 0.0.0.0:7400, insecure: true, tls: {cert: a, key: b}}"),
                ElementsAre(HasSubstr("(0.0.0.0:7400) change the cluster; set api.tls")));
    for (const auto* insecure : {"", ", insecure: true"}) {
        const std::string begin = std::string("{listen: 0.0.0.0:7400") + insecure;
        EXPECT_THAT(warnings("api", begin + ", token_file: token}"),
                    ElementsAre(HasSubstr("clients send the token in plain text to api.listen "
                                          "(0.0.0.0:7400)")));
        EXPECT_THAT(warnings("api", begin + ", token_file: token, tls: {cert: a, key: b}}"),
                    IsEmpty());
        EXPECT_THAT(warnings("api", begin + ", " + tls + "}"), IsEmpty());
    }
    EXPECT_THAT(warnings("api", "{insecure: true}"), IsEmpty());
    EXPECT_THAT(warnings("api", "{listen: unix:/run/a.sock, insecure: true}"), IsEmpty());
    EXPECT_THAT(
        warnings("api", "{listen: unix:/run/a.sock, " + tls + "}"),
        ElementsAre(HasSubstr("api.tls has no effect: api.listen names only Unix sockets")));
}

TEST(Settings, KeepsTheHostsOwnKeysFromThePlugin) {
    const Scene scene;

    const auto settings =
        scene.load(with({{"transport",
                          "{advertise: localhost:1, insecure: true, tls: {cert: a, key: b, ca: c}, "
                          "limits: {connections: 100}, loft: x}"}}));

    auto options = transport_options(settings);
    EXPECT_EQ(options.text("loft"), "x");
    EXPECT_EQ(faults(options), "");
    for (const auto key : kTransportHostKeys) {
        EXPECT_THROW((void)options.has(std::string(key)), Error) << key;
    }
}

TEST(Settings, KnowsTheSameKeysOfElectiondInATransportAsTheSdk) {
    std::vector<std::string_view> keys;
    for (const auto& key : schema()) {
        const auto dot = key.path.rfind('.');
        if (key.path.substr(0, dot) == "transport" && dot != key.path.npos) {
            keys.push_back(key.path.substr(dot + 1));
        }
    }

    EXPECT_THAT(keys, testing::UnorderedElementsAreArray(kTransportHostKeys));
}

TEST(Settings, CountsAnEvenMaximumAsTheOddOneBelow) {
    const Scene scene;

    const auto settings = scene.load(with({{"cluster", "{name: demo, max_voters: 4}"}}));

    EXPECT_EQ(settings.cluster.max_voters, 3U);
    EXPECT_THAT(settings.warnings, ElementsAre(HasSubstr("max_voters: 4 counts as 3")));
}

TEST(Settings, WarnsOfWhatIsNotBuiltYet) {
    const Scene scene;

    const auto settings =
        scene.load(with({{"hooks", "{on_leader: [/bin/true]}"},
                         {"election", "{health: {url: \"http://127.0.0.1:1/healthz\"}}"}}));

    EXPECT_THAT(settings.warnings, ElementsAre(StartsWith("election.health is not built yet"),
                                               StartsWith("hooks is not built yet")));
}

TEST(Settings, WarnsOfFewHeartbeatsATimeout) {
    const Scene scene;

    EXPECT_THAT(scene.load(with({{"election", "{heartbeat_interval: 300ms}"}})).warnings,
                ElementsAre(HasSubstr("5 x heartbeat_interval (1500ms)")));
}

TEST(Settings, ReadsAByteOrderMarkAndWindowsLines) {
    const Scene scene;

    const auto settings = scene.load(
        "\xEF\xBB\xBFnode:\r\n  id: a\r\n  data_dir: d\r\ncluster:\r\n  name: demo\r\n"
        "discovery:\r\n  - plugin: x\r\n");

    EXPECT_EQ(settings.node.id, NodeId("a"));
    EXPECT_EQ(settings.cluster.name, "demo");
}

// --- ${NAME} and the environment ---

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

// --- founding ---

TEST(Bootstrap, ClaimsWithExactlyOneArbiterWhereNothingIsSaid) {
    const Scene scene;
    const auto bare = scene.load(with({}));
    const auto listed = scene.load(with({{"cluster", "{name: demo, voters: [a, b, c]}"}}));
    const auto counted = scene.load(with({{"cluster", "{name: demo, expect: 3}"}}));

    EXPECT_EQ(resolve_bootstrap(bare, 1), Bootstrap::claim);
    EXPECT_EQ(resolve_bootstrap(listed, 1), Bootstrap::claim);
    EXPECT_EQ(resolve_bootstrap(listed, 0), Bootstrap::all);
    EXPECT_EQ(resolve_bootstrap(counted, 2), Bootstrap::all);
    EXPECT_THROW((void)resolve_bootstrap(bare, 0), Error);
    EXPECT_THROW((void)resolve_bootstrap(bare, 2), Error);
}

TEST(Bootstrap, IsRefusedWhereThePluginsCannotDoIt) {
    const Scene scene;
    const auto claim = scene.load(with({{"cluster", "{name: demo, bootstrap: claim}"}}));
    const auto all = scene.load(with({{"cluster", "{name: demo, bootstrap: all, expect: 3}"}}));
    const auto join = scene.load(with({{"cluster", "{name: demo, bootstrap: join}"}}));

    EXPECT_EQ(resolve_bootstrap(claim, 1), Bootstrap::claim);
    EXPECT_EQ(resolve_bootstrap(all, 1), Bootstrap::all);
    EXPECT_EQ(resolve_bootstrap(join, 0), Bootstrap::join);
    for (const std::size_t arbiters : {0U, 2U}) {
        try {
            (void)resolve_bootstrap(claim, arbiters);
            ADD_FAILURE() << arbiters;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Error::config);
            EXPECT_THAT(error.what(), StartsWith(scene.file().string() + ":2:34: cluster.bootstrap "
                                                                         "is \"claim\""));
        }
    }
}

TEST(Bootstrap, WarnsOfUnwiseFounders) {
    const Scene scene;
    const auto warnings = [&](const std::string& cluster, Bootstrap mode) {
        const std::string peers = "[{plugin: static_list, peers: {a: x, b: x, c: x, d: x, e: x}}]";
        return founding_warnings(
            scene.load(with({{"cluster", "{name: demo, " + cluster + "}"}, {"discovery", peers}})),
            mode);
    };

    EXPECT_THAT(warnings("voters: [a, b, c]", Bootstrap::all), IsEmpty());
    EXPECT_THAT(warnings("expect: 3", Bootstrap::all), IsEmpty());
    EXPECT_THAT(warnings("expect: 4", Bootstrap::all), ElementsAre(HasSubstr("even number")));
    EXPECT_THAT(warnings("expect: 2", Bootstrap::all),
                ElementsAre(HasSubstr("even number"), HasSubstr("not more than half of the 5")));
    EXPECT_THAT(warnings("voters: [b, c, d]", Bootstrap::all),
                ElementsAre(HasSubstr("does not name \"a\", this node")));
    EXPECT_THAT(warnings("expect: 9", Bootstrap::all),
                ElementsAre(HasSubstr("more than cluster.max_voters (7)")));
    EXPECT_THAT(warnings("expect: 3", Bootstrap::claim), ElementsAre(HasSubstr("is ignored")));
    EXPECT_THAT(warnings("max_voters: 7", Bootstrap::join), IsEmpty());
    EXPECT_THAT(founding_warnings(scene.load(with({{"cluster", "{name: demo, expect: 1}"}})),
                                  Bootstrap::all),
                ElementsAre(StartsWith("cluster.expect: 1 lets every blank node found")));
}

// --- shown ---

TEST(PrintSettings, SaysWhereEachValueComesFrom) {
    const Scene scene;
    const auto settings =
        scene.load(with({{"election", "{election_timeout: 2s}"},
                         {"plugins", "{directories: [\"${DIR}\"]}"},
                         {"log", "\n  level: ${LEVEL}"}}),
                   {{"ELECTIOND_NODE_ID", "7"}, {"DIR", "/opt"}, {"LEVEL", "debug"}});

    const auto shown = print_settings(settings);

    const auto file = scene.file().string();
    EXPECT_THAT(shown, HasSubstr("\n  id: \"7\"  # environment ELECTIOND_NODE_ID\n"));
    EXPECT_THAT(shown, HasSubstr("\n  data_dir: " + (scene.folder() / "data").string() + "  # " +
                                 file + ":1\n"));
    EXPECT_THAT(shown, HasSubstr("\n  priority: 100  # default\n"));
    EXPECT_THAT(shown, HasSubstr("\n  election_timeout: 2s  # " + file + ":4\n"));
    EXPECT_THAT(shown, HasSubstr("\n  request_timeout: 500ms  # default: election_timeout / 4\n"));
    EXPECT_THAT(shown,
                HasSubstr("\n  level: debug  # " + file + ":6, with LEVEL from the environment\n"));
    EXPECT_THAT(shown, HasSubstr("\n  - plugin: file_registry  # " + file + ":3\n    path: "));
}

TEST(PrintSettings, LoadsAgainToTheSame) {
    const Scene scene;
    const auto settings = scene.load(with(
        {{"cluster", "{name: demo, voters: [\"1\", a], max_voters: 5}"},
         {"api",
          "{listen: [127.0.0.1:7400, \"[::1]:7400\", unix:/run/a.sock], socket_mode: 0600, "
          "socket_group: root, hostnames: [Node1.Example], limits: {streams: 7}, read: token, "
          "tls: {cert: a, key: b, ca: c}}"},
         {"transport",
          "{advertise: localhost:7401, tls: {cert: a, key: b, ca: c, identity: ca}, "
          "limits: {connections: 99}, nested: {a: [{b: c}, [d, e], []], f: {}}}"},
         {"discovery",
          "[{plugin: x, peers: {1: \"a: b\", \"k: y\": \"\\\"q\\\\ \\n$${N}\"}}, {plugin: y}]"},
         {"election", "{election_timeout: 900ms, health: {command: [run, \"#1\"]}}"},
         {"hooks", "{on_leader: [/bin/sh, -c, \"exit 0 # done\", \"~\", \"null\"]}"}}));

    const auto again = scene.load(print_settings(settings));

    EXPECT_THAT(differences(setting_values(settings), setting_values(again)), IsEmpty());
    EXPECT_EQ(again.api.listen, settings.api.listen);
    EXPECT_EQ(again.api.limits, settings.api.limits);
    EXPECT_EQ(again.api.tls, settings.api.tls);
    EXPECT_TRUE(again.api.reading_needs_token);
    EXPECT_EQ(again.transport.limits, settings.transport.limits);
    EXPECT_EQ(again.transport.tls, settings.transport.tls);
    EXPECT_EQ(own(again).table("peers").at(1).second, "\"q\\ \n${N}");
    EXPECT_EQ(again.hooks.on_leader, settings.hooks.on_leader);
    EXPECT_EQ(again.election.health->command, settings.election.health->command);
    EXPECT_EQ(again.cluster.voters, settings.cluster.voters);
}

TEST(PrintSettings, MasksSecrets) {
    const Scene scene;
    scene.write("token", "hidden-1");
    std::filesystem::permissions(scene.folder() / "token", std::filesystem::perms{0640});
    const auto settings = scene.load(
        with({{"api", "{token_file: token}"},
              {"transport", "{Password: hidden-2, api_key: hidden-3, secrets: {a: [hidden-4]}}"},
              {"discovery",
               "[{plugin: etcd, url: \"http://user:hidden-5@host/\", auth-token: hidden-6}]"}}));

    const auto shown = print_settings(settings);

    EXPECT_THAT(shown, Not(HasSubstr("hidden")));
    EXPECT_THAT(shown, HasSubstr("Password: \"****\""));
    EXPECT_THAT(shown, HasSubstr("http://****@host/"));
    EXPECT_THAT(shown, HasSubstr("token_file: " + (scene.folder() / "token").string()));
    EXPECT_EQ(own(settings).text("url"), "http://user:hidden-5@host/");
}

}  // namespace
}  // namespace electiond
