// Every wrong value or key of a configuration gets a message with its place and its rule.
#include <gmock/gmock.h>

#include "settings/settings.h"
#include "settings_scene.h"

namespace electiond {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using testing::UnorderedElementsAre;

struct Bad {
    const char* section;
    const char* body;
    const char* fault;  // begins with its place
};

TEST(SettingsFaults, NameValueRuleAndPlaceOfEveryWrongValue) {
    const Scene scene;
    const std::vector<Bad> cases = {
        {"node", "{data_dir: d}", "node.yaml:1:7: node.id is missing, but required"},
        {"node", "{id: , data_dir: d}", "node.yaml:1:8: node.id is missing, but required"},
        {"node", "{id: \"\", data_dir: d}", "node.yaml:1:12: node.id is \"\", but must be"},
        {"node", "{id: a b, data_dir: d}",
         "node.yaml:1:12: node.id is \"a b\", but must be 1 to 64"},
        {"node", "{id: [a], data_dir: d}",
         "node.yaml:1:12: node.id is a list, but must be a non-empty "
         "string"},
        {"node", "{id: a}", "node.yaml:1:7: node.data_dir is missing, but required"},
        {"node", "{id: a, data_dir: {b: c}}",
         "node.yaml:1:25: node.data_dir is a map, but must be"},
        {"node", "{id: a, data_dir: d, priority: -1}",
         "node.yaml:1:38: node.priority is \"-1\", but must be a whole number from 0 to 1000000"},
        {"node", "{id: a, data_dir: d, priority: 010}",
         "node.yaml:1:38: node.priority is \"010\", but must be a whole number from 0 to 1000000, "
         "without leading zeros"},
        {"node", "{id: a, data_dir: d, priority: 1000001}", "node.yaml:1:38: node.priority is"},
        {"node", "{id: a, data_dir: d, priority: 1.0}", "node.yaml:1:38: node.priority is"},
        {"node", "{id: a, data_dir: d, observer: yes}",
         "node.yaml:1:38: node.observer is \"yes\", but must be true or false"},
        {"node", "[a]", "node.yaml:1:7: node is a list, but must be a map"},
        {"cluster", "{}", "node.yaml:2:10: cluster.name is missing, but required"},
        {"cluster", "{name: a/b}", "node.yaml:2:17: cluster.name is \"a/b\", but must be 1 to 64"},
        {"cluster", "{name: c, bootstrap: any}",
         "node.yaml:2:31: cluster.bootstrap is \"any\", but must be claim, all or join"},
        {"cluster", "{name: c, bootstrap: all}",
         "node.yaml:2:31: cluster.bootstrap is \"all\", which needs cluster.voters"},
        {"cluster", "{name: c, voters: [b, c], expect: 2}",
         "node.yaml:2:44: cluster.expect and cluster.voters are both given; keep one"},
        {"cluster", "{name: c, voters: [b, b]}",
         "node.yaml:2:28: cluster.voters names \"b\" twice"},
        {"cluster", "{name: c, voters: []}", "node.yaml:2:28: cluster.voters is empty"},
        {"cluster", "{name: c, voters: [a, , b]}",
         "node.yaml:2:32: cluster.voters has an empty item"},
        {"cluster", "{name: c, voters: [\"?\"]}", "node.yaml:2:28: cluster.voters holds \"?\""},
        {"cluster", "{name: c, voters: 1}",
         "node.yaml:2:28: cluster.voters is \"1\", but must be a "
         "list"},
        {"cluster", "{name: c, expect: 0}",
         "node.yaml:2:28: cluster.expect is \"0\", but must be a "
         "whole number from 1 to 63"},
        {"cluster", "{name: c, max_voters: 64}", "node.yaml:2:32: cluster.max_voters is \"64\""},
        {"discovery", "", "node.yaml:3:1: discovery is missing, but required; list one plugin"},
        {"discovery", "[]", "node.yaml:3:12: discovery is empty; list one plugin"},
        {"discovery", "{plugin: x}", "node.yaml:3:12: discovery must be a list; list one plugin"},
        {"discovery", "[x]", "node.yaml:3:13: discovery[0] is \"x\", but must be a map"},
        {"discovery", "[{path: x}]",
         "node.yaml:3:13: discovery[0].plugin is missing, but required"},
        {"discovery", "[{plugin: ../x.so}]",
         "node.yaml:3:22: discovery[0].plugin is \"../x.so\", but must be a plugin's name"},
        {"api", "{listen: 7400}", "node.yaml:4:15: api.listen is \"7400\", but must be host:port"},
        {"api", "{listen: \"127.1:80\"}",
         "node.yaml:4:15: api.listen is \"127.1:80\", but must be"},
        {"api", "{listen: 127.0.0.1:65536}", "node.yaml:4:15: api.listen is \"127.0.0.1:65536\""},
        {"api", "{listen: []}", "node.yaml:4:15: api.listen is an empty list"},
        {"api", "{listen: [127.0.0.1:1, x]}",
         "node.yaml:4:15: api.listen holds \"x\", but must be"},
        {"api", "{listen: [127.0.0.1:1, 127.0.0.1:1]}",
         "node.yaml:4:15: api.listen names 127.0.0.1:1 twice"},
        {"api", "{listen: \"unix:api.sock\"}",
         "node.yaml:4:15: api.listen is \"unix:api.sock\", but the path of a socket must be "
         "absolute and name a file, as in unix:/run/electiond/api.sock"},
        {"api", "{listen: \"unix:\"}", "node.yaml:4:15: api.listen is \"unix:\", but the path"},
        {"api", "{listen: unix:/run/}",
         "node.yaml:4:15: api.listen is \"unix:/run/\", but the path"},
        {"api", "{listen: \"unix:/run/a\\0b\"}",
         "node.yaml:4:15: api.listen is a path with a zero byte"},
        {"api", "{listen: [127.0.0.1:1, unix:a]}",
         "node.yaml:4:15: api.listen holds \"unix:a\", but the path"},
        {"api", "{listen: [unix:/a, \"unix:/./a\"]}",
         "node.yaml:4:15: api.listen names unix:/./a twice; name it once"},
        {"api", "{socket_mode: rw}",
         "node.yaml:4:20: api.socket_mode is \"rw\", but must be an octal mode that lets the owner "
         "read and write, as in \"0660\""},
        {"api", "{socket_mode: 0060}", "node.yaml:4:20: api.socket_mode is \"0060\", but must be"},
        {"api", "{socket_mode: 0968}", "node.yaml:4:20: api.socket_mode is \"0968\", but must be"},
        {"api", "{socket_mode: 4660}", "node.yaml:4:20: api.socket_mode is \"4660\", but must be"},
        {"api", "{socket_group: no-such-group}",
         "node.yaml:4:21: api.socket_group is \"no-such-group\", but this machine has no group of "
         "that name; create it (groupadd)"},
        {"api", "{limits: {connections: 15}}",
         "node.yaml:4:29: api.limits.connections is \"15\", but must be a whole number from 16 to "
         "1000000"},
        {"api", "{limits: {connections: 50, connections_per_address: 51}}",
         "node.yaml:4:58: api.limits.connections_per_address is \"51\", but must be a whole number "
         "from 1 to 50"},
        {"api", "{limits: {streams: 0}}",
         "node.yaml:4:25: api.limits.streams is \"0\", but must be a whole number from 1 to 10000"},
        {"api", "{limits: {header_bytes: 1k}}",
         "node.yaml:4:30: api.limits.header_bytes is \"1k\", but must be a whole number from 1024 "
         "to 262144"},
        {"api", "{limits: {body_bytes: 2000000}}",
         "node.yaml:4:28: api.limits.body_bytes is \"2000000\", but must be a whole number from "
         "1024 to 1048576"},
        {"api", "{limits: {waiting_requests: 1}}",
         "node.yaml:4:34: api.limits.waiting_requests is \"1\", but must be a whole number from "
         "16"},
        {"api", "{limits: {request_time: 99ms}}",
         "node.yaml:4:30: api.limits.request_time is \"99ms\", but must be from 100ms to 10m"},
        {"api", "{limits: {idle_time: 60}}",
         "node.yaml:4:27: api.limits.idle_time is \"60\", but must be a duration"},
        {"api", "{limits: 5}", "node.yaml:4:15: api.limits is \"5\", but must be a map"},
        {"api", "{limits: {sterams: 1}}",
         "node.yaml:4:16: unknown key api.limits.sterams; expected connections, "},
        {"transport", "{limits: {body_bytes: 65535}}",
         "node.yaml:4:34: transport.limits.body_bytes is \"65535\", but must be a whole number "
         "from 65536 to 16777216"},
        {"transport", "{limits: {streams: 1}}",
         "node.yaml:4:22: unknown key transport.limits.streams; expected connections, "},
        {"transport", "{tls: {crt: a, cert: a, key: b, ca: c}}",
         "node.yaml:4:19: unknown key transport.tls.crt; expected cert, key, ca, crl or identity; "
         "did you mean cert?"},
        {"transport", "{tls: {cert: a, key: b}}",
         "node.yaml:4:18: transport.tls.ca is missing, but required; name the file of the "
         "authority"},
        {"transport", "{tls: {cert: a, ca: b}}",
         "node.yaml:4:18: transport.tls.key is missing, but required; name the file of the "
         "certificate's private key (PEM)"},
        {"transport", "{tls: {key: a, ca: b}}",
         "node.yaml:4:18: transport.tls.cert is missing, but required; name the file of this "
         "node's certificate (PEM)"},
        {"transport", "{tls: {cert: a, key: b, ca: c, identity: any}}",
         "node.yaml:4:53: transport.tls.identity is \"any\", but must be node or ca"},
        {"api", "{tls: {key: a, ca: b}}",
         "node.yaml:4:12: api.tls.cert is missing, but required; name the file of the API's "
         "certificate (PEM)"},
        {"api", "{tls: {cert: a}}",
         "node.yaml:4:12: api.tls.key is missing, but required; name the file of the "
         "certificate's private key (PEM)"},
        {"api", "{tls: {cert: a, key: b, crl: c}}",
         "node.yaml:4:30: unknown key api.tls.crl; expected cert, key or ca; did you mean"},
        {"api", "{tls: node.crt}", "node.yaml:4:12: api.tls is \"node.crt\", but must be a map"},
        {"api", "{read: all}", "node.yaml:4:13: api.read is \"all\", but must be open or token"},
        {"transport", "{listen: 127.0.0.1:7400}",
         "node.yaml:4:21: transport.listen is 127.0.0.1:7400, as is api.listen"},
        {"api", "{hostnames: [\"a:80\"]}", "node.yaml:4:18: api.hostnames holds \"a:80\""},
        {"transport", "{plugin: a/b}",
         "node.yaml:4:21: transport.plugin is \"a/b\", but must be a "
         "plugin's name"},
        {"transport", "{listen: here}",
         "node.yaml:4:21: transport.listen is \"here\", but must be"},
        {"transport", "{advertise: \"[::]:7401\"}",
         "node.yaml:4:24: transport.advertise is [::]:7401, which no peer can connect to"},
        {"transport", "{advertise: localhost:0}",
         "node.yaml:4:24: transport.advertise is localhost:0, which no peer can connect to"},
        {"plugins", "{directories: lib}",
         "node.yaml:4:24: plugins.directories is \"lib\", but must "
         "be a list"},
        {"hooks", "{on_leader: /bin/true}",
         "node.yaml:4:20: hooks.on_leader is \"/bin/true\", but "
         "must be a list"},
        {"hooks", "{on_leader: []}",
         "node.yaml:4:20: hooks.on_leader is a list, but must be a "
         "command"},
        {"hooks", "{timeout: 1}", "node.yaml:4:18: hooks.timeout is \"1\", but must be a duration"},
        {"log", "{level: loud}", "node.yaml:4:14: log.level is \"loud\", but must be debug, info"},
        {"log", "{format: xml}",
         "node.yaml:4:15: log.format is \"xml\", but must be text, json or "
         "logfmt"},
        {"election", "{health: {}}",
         "node.yaml:4:20: election.health.command and "
         "election.health.url are both missing"},
        {"election", "{health: {command: [a], url: \"http://x\"}}",
         "node.yaml:4:30: election.health.command and election.health.url are both given"},
        {"election", "{health: {url: ftp://x}}", "node.yaml:4:26: election.health.url is"},
        {"election", "{health: {command: [a], rise: 0}}",
         "node.yaml:4:41: election.health.rise is"},
        {"election", "{when_none_eligible: any}",
         "node.yaml:4:32: election.when_none_eligible is \"any\", but must be nobody or stay"},
    };

    for (const auto& [section, body, fault] : cases) {
        EXPECT_THAT(scene.faults(with({{section, body}})), ElementsAre(StartsWith(fault)))
            << section << ": " << body;
    }
}

TEST(SettingsFaults, RefuseADurationWithoutItsUnit) {
    const Scene scene;

    for (const auto* text : {"100", "\"100\"", "0", "1.5s", "100 ms", "-1s", "1d", "s",
                             "99999999999999999999s", "~ms", "1e3ms"}) {
        EXPECT_THAT(scene.faults(with({{"election", std::string("{dead_after: ") + text + "}"}})),
                    ElementsAre(AllOf(StartsWith("node.yaml:4:24: election.dead_after is \""),
                                      HasSubstr("a whole number and a unit (ms, s, m or h)"))))
            << text;
    }
}

TEST(SettingsFaults, NameTheRuleThatATimerBreaks) {
    const Scene scene;
    const std::vector<Bad> cases = {
        {"election", "{election_timeout: 49ms}", "is \"49ms\", but must be from 50ms to 1h"},
        {"election", "{election_timeout: 2h}", "is \"2h\", but must be from 50ms to 1h"},
        {"election", "{election_timeout: 500ms, heartbeat_interval: 200ms}",
         "is 500ms, but must be at least 2 x heartbeat_interval + request_timeout (525ms)"},
        {"election", "{heartbeat_interval: 495ms, request_timeout: 5ms}",
         "is 495ms, but twice that must be below the lease, 99/101 of election_timeout (980ms)"},
        {"election", "{client_grant: 981ms}", "is 981ms, but must be at most the lease"},
        {"election", "{stable_after: 1999ms}",
         "is 1999ms, but must be at least 2 x election_timeout (2s)"},
        {"election", "{dead_after: 9s}", "is 9s, but must be at least 10 x election_timeout (10s)"},
        {"election", "{election_spread: 9ms}", "is \"9ms\", but must be from 10ms"},
    };

    for (const auto& [section, body, fault] : cases) {
        EXPECT_THAT(scene.faults(with({{section, body}})),
                    ElementsAre(AllOf(StartsWith("node.yaml:4:"), HasSubstr(fault))))
            << body;
    }
}

TEST(SettingsFaults, NameTheNearestKnownKey) {
    const Scene scene;

    EXPECT_THAT(scene.faults(with({{"node", "{id: a, data_dri: d, data_dir: d}"}})),
                ElementsAre("node.yaml:1:15: unknown key node.data_dri; expected id, data_dir, "
                            "priority or observer; did you mean data_dir?"));
    EXPECT_THAT(scene.faults(with({{"loog", "{}"}})),
                ElementsAre(AllOf(StartsWith("node.yaml:4:1: unknown key loog; expected node, "),
                                  HasSubstr("did you mean log?"))));
    EXPECT_THAT(scene.faults(with({{"node", "{id: a, data_dir: d, name: c}"}})),
                ElementsAre(HasSubstr("did you mean cluster.name?")));
    EXPECT_THAT(scene.faults(with({{"election", "{health: {command: [a], raise: 1}}"}})),
                ElementsAre(HasSubstr("unknown key election.health.raise; expected command, url, "
                                      "interval, timeout, rise or fall; did you mean rise?")));
}

TEST(SettingsFaults, RefuseDuplicateKeysEverywhere) {
    const Scene scene;

    EXPECT_THAT(scene.faults(with({{"node", "{id: a, data_dir: d, id: b}"}})),
                ElementsAre("node.yaml:1:28: duplicate key node.id; it is first given at "
                            "node.yaml:1:8: keep one of the two"));
    EXPECT_THAT(scene.faults(with({{"discovery", "[{plugin: x, peers: {1: a, \"1\": b}}]"}})),
                ElementsAre(StartsWith("node.yaml:3:39: duplicate key discovery[0].peers.1;")));
    EXPECT_THAT(scene.faults(with({}) + "node: {id: b}\n"),
                ElementsAre(StartsWith("node.yaml:4:1: duplicate key node;")));
}

// A rule between timers is skipped if one of them has its own fault, and only then.
TEST(SettingsFaults, OfOneTimerHideNoneOfTheOthers) {
    const Scene scene;

    EXPECT_THAT(
        scene.faults(with({{"election",
                            "{hello_interval: 1ms, client_grant: 2s, stable_after: 1ms, "
                            "dead_after: 5s}"}})),
        testing::UnorderedElementsAre(HasSubstr("hello_interval is"), HasSubstr("client_grant is"),
                                      HasSubstr("stable_after is"), HasSubstr("dead_after is")));
    EXPECT_THAT(scene.faults(with({{"election", "{election_timeout: 1ms, dead_after: 5s}"}})),
                ElementsAre(HasSubstr("election_timeout is")));
}

TEST(SettingsFaults, AreAllReportedAtOnceOneALine) {
    const Scene scene;

    const auto faults =
        scene.faults(with({{"node", "{id: \"a\\nb\", priority: x, priority: 2}"},
                           {"cluster", "{nmae: demo, bootstrap: [x]}"},
                           {"discovery", "[{plugin: x, path: \"${SETTINGS_TEST_UNSET}\"}, {}]"},
                           {"election", "{election_timeout: 5, dead_after: 1s}"},
                           {"transport", "{listen: 0.0.0.0:1, advertise: &x nowhere}"},
                           {"log", "{level: 3}"}}),
                     {{"ELECTIOND_NODE_OBSERVER", "maybe"}});

    EXPECT_THAT(
        faults,
        UnorderedElementsAre(
            HasSubstr("duplicate key node.priority"), HasSubstr("the anchor &x"),
            HasSubstr("needs the environment variable SETTINGS_TEST_UNSET, which is not set"),
            HasSubstr("unknown key cluster.nmae"), HasSubstr("node.id is \"a b\""),
            HasSubstr("node.data_dir is missing"), HasSubstr("node.priority is \"x\""),
            "environment ELECTIOND_NODE_OBSERVER: node.observer is \"maybe\", but must be true or "
            "false",
            HasSubstr("cluster.name is missing"), HasSubstr("cluster.bootstrap is a list"),
            HasSubstr("transport.advertise is \"nowhere\""),
            HasSubstr("discovery[1].plugin is missing"),
            HasSubstr("election.election_timeout is \"5\""), HasSubstr("log.level is \"3\"")));
}

TEST(SettingsFaults, RefuseAnObserverAmongTheFounders) {
    const Scene scene;

    EXPECT_THAT(scene.faults(with({{"node", "{id: a, data_dir: d, observer: true}"},
                                   {"cluster", "{name: demo, voters: [a, b, c]}"}})),
                ElementsAre(HasSubstr("the cluster would never form")));
}

}  // namespace
}  // namespace electiond
