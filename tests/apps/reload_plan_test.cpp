// What a reload does with each difference.
#include "reload/plan.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "settings/schema.h"
#include "settings_scene.h"

namespace electiond {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// ---- the table

TEST(ReloadTable, HoldsEachKeyOfTheSchemaOnceAndNoOther) {
    std::vector<std::string> keys;
    for (const auto& key : schema()) {
        if (key.shape != Shape::section) keys.emplace_back(key.path);
    }
    std::vector<std::string> rules;
    for (const auto& rule : reload_table()) rules.emplace_back(rule.key);

    EXPECT_THAT(rules, testing::UnorderedElementsAreArray(keys));
}

TEST(ReloadTable, SaysWhyForEachKeyThatNeedsARestart) {
    for (const auto& rule : reload_table()) {
        EXPECT_EQ(rule.why.empty(), rule.what == OnReload::live) << rule.key;
    }
}

// Promises and leases depend on these: a change while the process runs could break one.
TEST(ReloadTable, KeepsWhatALeaseRestsOn) {
    for (const auto* key : {"election.election_timeout", "node.id", "node.data_dir", "cluster.name",
                            "node.observer", "transport.tls.identity", "cluster.bootstrap"}) {
        EXPECT_EQ(reload_rule(key).what, OnReload::restart) << key;
    }
}

TEST(ReloadTable, KnowsTheKeysOfPluginsByTheirSection) {
    EXPECT_EQ(reload_rule("discovery[0].peers.2").key, "discovery");
    EXPECT_EQ(reload_rule("discovery[1].plugin").key, "discovery");
    EXPECT_EQ(reload_rule("transport.queue.length").key, "transport");
    EXPECT_EQ(reload_rule("transport.listen").key, "transport.listen");
    EXPECT_EQ(reload_rule("no.such.key").what, OnReload::restart);
}

TEST(ReloadTable, IsWhatTheReferenceSays) {
    std::ifstream page(std::filesystem::path(ELECTIOND_DOCS_DIR) / "configuration-keys.md");
    const std::regex row(R"(^\| `([a-z_.]+)` \|.*\| (live|live, if|restart) \| .*)");
    std::map<std::string, std::string> marks;
    for (std::string line; std::getline(page, line);) {
        std::smatch found;
        if (std::regex_match(line, found, row)) marks[found[1]] = found[2];
    }
    std::map<std::string, std::string> rules;
    for (const auto& rule : reload_table()) {
        if (rule.key == "transport") continue;  // the keys of a plugin have no row
        const bool conditional = rule.group != ReloadGroup::none;
        rules[std::string(rule.key)] = rule.what == OnReload::restart ? "restart"
                                       : conditional                  ? "live, if"
                                                                      : "live";
    }
    EXPECT_EQ(marks, rules);
}

// ---- the plan

class ReloadPlan : public testing::Test {
  protected:
    using Sections = std::map<std::string, std::string>;

    void token(const std::string& text) {
        scene_.write("token", text);
        std::filesystem::permissions(scene_.folder() / "token", std::filesystem::perms{0600});
    }
    Settings load(const Sections& sections) { return scene_.load(with(sections)); }

    // Reloads from `running` to `fresh`; what applies, as "key", and what waits, as "key: why".
    void plan(Settings running, const Settings& fresh) {
        gates_ = reload_gates(running, fresh);
        const auto before = setting_values(running);
        const auto after = setting_values(fresh);
        const auto changes = plan_reload(before, after, gates_);
        applied_.clear();
        waiting_.clear();
        for (const auto& each : changes) {
            if (each.live) applied_.push_back(each.key);
            if (!each.live) waiting_.push_back(each.key + ": " + each.why);
        }
        values_ = values_after(before, after, changes);
        take_live(running, fresh, gates_);
        effective_ = std::move(running);
        // What waits now still waits at the next reload of the same file; nothing else differs.
        std::vector<std::string> next;
        for (const auto& each : plan_reload(values_, after, gates_)) {
            EXPECT_FALSE(each.live) << each.key;
            next.push_back(each.key + ": " + each.why);
        }
        EXPECT_THAT(next, testing::UnorderedElementsAreArray(waiting_));
    }

    const Scene scene_;
    ReloadGates gates_;
    std::vector<std::string> applied_, waiting_;
    std::vector<SettingValue> values_;
    Settings effective_;
};

TEST_F(ReloadPlan, AppliesWhatIsLiveAndNamesTheRestWithItsReason) {
    plan(load({}), load({{"log", "{level: debug, format: json}"},
                         {"node", "{id: a, data_dir: other, priority: 7}"},
                         {"api", "{hostnames: [b], limits: {streams: 20}}"}}));

    EXPECT_THAT(applied_, UnorderedElementsAre("log.level", "node.priority", "api.hostnames",
                                               "api.limits.streams"));
    EXPECT_THAT(waiting_, UnorderedElementsAre(
                              "log.format: the log format cannot change while the process runs",
                              "node.data_dir: the state file belongs to one node of one cluster"));
    EXPECT_EQ(effective_.log.level, LogLevel::debug);
    EXPECT_EQ(effective_.log.format, LogFormat::text);
    EXPECT_EQ(effective_.node.priority, 7);
    EXPECT_EQ(effective_.api.limits.streams, 20u);
    EXPECT_EQ(effective_.node.data_dir.filename(), "data");
}

TEST_F(ReloadPlan, AppliesTimersUnlessTheElectionTimeoutChanges) {
    plan(load({}), load({{"election", "{dead_after: 40s, heartbeat_interval: 50ms}"}}));
    EXPECT_THAT(applied_,
                UnorderedElementsAre("election.dead_after", "election.heartbeat_interval"));
    EXPECT_EQ(effective_.election.dead_after, std::chrono::seconds(40));

    plan(load({}), load({{"election", "{election_timeout: 2s, dead_after: 40s}"}}));
    EXPECT_THAT(applied_, IsEmpty());
    EXPECT_THAT(waiting_,
                testing::Contains(HasSubstr("election.dead_after: its limits depend on")));
    EXPECT_EQ(effective_.election.dead_after, std::chrono::seconds(30));
    EXPECT_EQ(effective_.election.election_timeout, std::chrono::seconds(1));
}

TEST_F(ReloadPlan, TakesANewTokenAlsoIfTheAddressesWaitForARestart) {
    token("old");
    const auto running = load({{"api", "{token_file: token, listen: \"0.0.0.0:7400\"}"}});
    token("new");
    plan(running, load({{"api", "{token_file: token, listen: \"127.0.0.1:7400\"}"}}));

    EXPECT_THAT(applied_, ElementsAre("api.token_file"));
    EXPECT_THAT(waiting_, ElementsAre(HasSubstr("api.listen: ")));
    EXPECT_EQ(effective_.api.token, "new");
}

// The new file is right by itself: it listens on loopback alone. Until the restart it does not.
TEST_F(ReloadPlan, NeverDropsATokenThatTheAddressesInUseStillNeed) {
    token("old");
    const auto running = load({{"api", "{token_file: token, listen: \"0.0.0.0:7400\"}"}});
    plan(running, load({}));

    EXPECT_THAT(applied_, IsEmpty());
    EXPECT_THAT(waiting_,
                testing::Contains(HasSubstr("api.token_file: until then others reach the API")));
    EXPECT_EQ(effective_.api.token, "old");
}

TEST_F(ReloadPlan, NeverShutsEverybodyOutUntilARestart) {
    const auto running = load({});
    auto fresh = load({});
    fresh.api.reading_needs_token = true;  // by a new api.tls.ca
    EXPECT_THAT(reload_gates(running, fresh).access, HasSubstr("nobody could read"));
}

TEST_F(ReloadPlan, KeepsDiscoveryIfItsGateIsClosed) {
    const auto running = load({{"discovery", "[{plugin: file_registry, path: a.json}]"}});
    const auto fresh = load({{"discovery", "[{plugin: file_registry, path: b.json}]"}});
    const ReloadGates closed{.discovery = "because"};
    const auto changes = plan_reload(setting_values(running), setting_values(fresh), closed);

    ASSERT_EQ(changes.size(), 1u);
    EXPECT_FALSE(changes.front().live);
    EXPECT_EQ(changes.front().why, "because");
    auto effective = running;
    take_live(effective, fresh, closed);
    ASSERT_NE(effective.discovery.front().options.find("path"), nullptr);
    EXPECT_EQ(effective.discovery.front().options.find("path")->text, "a.json");
}

}  // namespace
}  // namespace electiond
