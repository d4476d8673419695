// The values of a configuration that loads: defaults, sections, keys of plugins; and warnings.
#include "settings/settings.h"

#include <gmock/gmock.h>

#include <electiond/options.h>

#include "settings/schema.h"
#include "settings_scene.h"

namespace electiond {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

ListenAddress unix_socket(const std::string& path, mode_t mode = 0660,
                          const std::string& group = "") {
    return io::UnixSocket{.path = path, .mode = mode, .group = group};
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

}  // namespace
}  // namespace electiond
