// The printed form of a configuration: where each value comes from, loads again, masks secrets.
#include <gmock/gmock.h>

#include <electiond/options.h>

#include "settings/differences.h"
#include "settings/settings.h"
#include "settings_scene.h"

namespace electiond {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

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
