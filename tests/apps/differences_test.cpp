// All values of a configuration, and what differs between two.
#include "settings/differences.h"

#include <gmock/gmock.h>

#include "settings_scene.h"

namespace electiond {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> between(const Settings& before, const Settings& after) {
    std::vector<std::string> lines;
    for (const auto& each : differences(setting_values(before), setting_values(after))) {
        lines.push_back(each.key + ": " + each.before.value_or("-") + " > " +
                        each.after.value_or("-"));
    }
    return lines;
}

TEST(Differences, NameEachValueThatIsAnotherNewOrGone) {
    const Scene scene;
    const auto before =
        scene.load(with({{"api", "{hostnames: [a, b]}"},
                         {"discovery", "[{plugin: static_list, peers: {2: \"h:1\"}}]"}}));
    const auto after =
        scene.load(with({{"discovery", "[{plugin: static_list, peers: {3: \"h:1\"}}]"},
                         {"election", "{dead_after: 1m}"},
                         {"log", "{level: debug}"}}));

    EXPECT_THAT(between(before, before), IsEmpty());
    EXPECT_THAT(between(before, after),
                ElementsAre("discovery[0].peers.3: - > h:1", "election.dead_after: 30s > 1m",
                            "log.level: info > debug", "api.hostnames: [a, b] > -",
                            "discovery[0].peers.2: h:1 > -"));
}

// Defaults that follow from a changed key are listed, too.
TEST(Differences, NameDefaultsThatFollowFromAnotherKey) {
    const Scene scene;
    const auto lines =
        between(scene.load(with({})), scene.load(with({{"election", "{election_timeout: 2s}"}})));
    EXPECT_THAT(lines, testing::Contains("election.dead_after: 30s > 1m"));
}

TEST(Differences, OfListsAreNotFooledByTheirPunctuation) {
    const Scene scene;
    const auto hooks = [&](const std::string& list) {
        return scene.load(with({{"hooks", "{on_leader: " + list + "}"}}));
    };
    EXPECT_THAT(between(hooks("[/bin/a, \"b, c\"]"), hooks("[/bin/a, b, c]")),
                ElementsAre("hooks.on_leader: [/bin/a, b, c] > [/bin/a, b, c]"));
}

TEST(Differences, NeverShowASecret) {
    const Scene scene;
    const auto load = [&](const std::string& secret) {
        return scene.load(
            with({{"transport", "{password: " + secret + ", secrets: [" + secret + "]}"},
                  {"discovery", "[{plugin: etcd, url: \"http://u:" + secret + "@host/\"}]"}}));
    };
    const auto lines = between(load("hidden-1"), load("hidden-2"));
    EXPECT_THAT(lines,
                ElementsAre("transport.password: **** > ****", "transport.secrets: [****] > [****]",
                            "discovery[0].url: http://****@host/ > http://****@host/"));
}

TEST(Differences, ShowThatAFileHoldsAnotherTokenButNotWhich) {
    const Scene scene;
    const auto load = [&](const std::string& token) {
        scene.write("token", token);
        std::filesystem::permissions(scene.folder() / "token", std::filesystem::perms{0600});
        return scene.load(with({{"api", "{token_file: token}"}}));
    };
    const auto before = load("hidden-1");
    const auto path = (scene.folder() / "token").string();

    EXPECT_THAT(between(before, load("hidden-1")), IsEmpty());
    EXPECT_THAT(between(before, load("hidden-2")),
                ElementsAre("api.token_file: " + path + " > " + path + " (new content)"));
}

}  // namespace
}  // namespace electiond
