// top: its view of the API's answers, and its screen.
#include <Poco/JSON/Parser.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <sstream>
#include <thread>

#include "../io/shell.h"
#include "electionctl/record.h"
#include "electionctl/run.h"
#include "electionctl/table.h"
#include "electionctl/top_feed.h"
#include "electionctl/top_frame.h"
#include "electionctl/top_view.h"
#include "fake_api.h"

namespace electiond::ctl {
namespace {

using electiond::testing::dead_url;
using electiond::testing::FakeApi;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

Poco::Dynamic::Var json(const std::string& text) { return Poco::JSON::Parser().parse(text); }

constexpr const char* kMembers =
    R"([{"id":"1","role":"voter","lastContactMs":0},{"id":"2","role":"voter","lastContactMs":42,"rttMs":3},{"id":"3","role":"voter","lastContactMs":7300,"rttMs":900}])";
constexpr const char* kStatus =
    R"({"id":"1","cluster":"demo","isLeader":true,"fencingToken":7,"leaseRemainingMs":500,"uptime":65,"version":"0.1.0"})";

std::string record(const std::string& id, const std::string& state, const std::string& api = "") {
    const bool online = state != "OFFLINE";
    return R"({"id":")" + id + R"(","state":")" + state + R"(","term":7,"leaderId":"1","online":)" +
           (online ? "true" : R"(false,"error":"timed out")") + R"(,"api":")" +
           (api.empty() ? "127.0.0.1:300" + id : api) + R"("})";
}

std::string cluster(const std::string& records, const std::string& rest) {
    return R"({"cluster":[)" + records + R"(],"term":7,"voters":3,"quorum":2)" + rest + "}";
}

View healthy() {
    return make_view({.endpoint = "http://127.0.0.1:3001",
                      .cluster = json(cluster(record("3", "OFFLINE") + "," + record("1", "LEADER") +
                                                  "," + record("2", "FOLLOWER"),
                                              R"(,"canLose":0,"leader":)" + record("1", "LEADER"))),
                      .members = json(kMembers),
                      .status = json(kStatus)});
}

std::string text(const std::vector<Line>& lines) {
    std::string all;
    for (const Line& line : lines) all += plain(line) + "\n";
    return all;
}

TEST(TopView, JoinsClusterMembersAndTheLeadersStatus) {
    const View view = healthy();

    EXPECT_EQ(view.name, "demo");
    EXPECT_EQ(view.leader, "1");
    EXPECT_EQ(view.token, "7");
    EXPECT_EQ(view.quorum, 2);
    EXPECT_EQ(view.uptime_ms, 65'000);
    ASSERT_EQ(view.rows.size(), 3U);
    EXPECT_EQ(view.rows[0].id, "1");
    EXPECT_EQ(view.rows[0].lease_ms, 500);
    EXPECT_EQ(view.rows[0].contact_ms, std::nullopt);
    EXPECT_EQ(view.rows[1].contact_ms, 42);
    EXPECT_EQ(view.rows[1].rtt_ms, 3);
    EXPECT_EQ(view.rows[2].state, "OFFLINE");
    EXPECT_EQ(view.rows[2].role, "voter");
    EXPECT_FALSE(view.rows[2].online);
}

TEST(TopView, SaysInWordsHowMuchMoreMayFail) {
    EXPECT_EQ(healthy().health.text, "at its limit: can lose none; offline: 3");

    const std::string leader = R"(,"leader":)" + record("1", "LEADER");
    const auto health = [&](const std::string& rest) {
        return make_view({.cluster = json(cluster(record("1", "LEADER"), rest))}).health.text;
    };
    EXPECT_EQ(health(R"(,"canLose":1)" + leader), "healthy: can lose 1 more");
    EXPECT_EQ(health(R"(,"canLose":0,"leaders":[{"id":"1"},{"id":"2"}])" + leader),
              "2 nodes claim to lead: 1 2");
}

TEST(TopView, SaysWhyThereIsNoLeader) {
    const auto health = [](const std::string& second) {
        return make_view(
                   {.cluster = json(cluster(
                        record("1", "FOLLOWER") + "," + second + "," + record("3", "OFFLINE"), "")),
                    .members = json(kMembers)})
            .health;
    };

    EXPECT_EQ(health(record("2", "OFFLINE")).text, "no leader: 1 of 3 voters reachable, 2 needed");
    EXPECT_EQ(health(record("2", "OFFLINE")).tint, Tint::bad);
    EXPECT_EQ(health(record("2", "CANDIDATE")).text,
              "no leader: 2 of 3 voters reachable, an election is due");
}

TEST(TopView, SaysThatNobodyMayLeadWhereTheClusterSaysSo) {
    const View view = make_view(
        {.cluster = json(cluster(
             record("1", "OFFLINE") + "," + record("2", "FOLLOWER") + "," + record("3", "FOLLOWER"),
             R"(,"problems":[{"reason":"nobody_may_lead","id":null,"sinceMs":9,"detail":)"
             R"("the voters that answer (2, 3) may not lead: priority 0"}])")),
         .members = json(kMembers)});
    EXPECT_EQ(view.health.text,
              "no leader: the voters that answer (2, 3) may not lead: priority 0");
    EXPECT_EQ(view.health.tint, Tint::bad);
}

TEST(TopView, DoesNotCallALeaderGoneThatOthersStillFollow) {
    const std::string records =
        record("1", "OFFLINE") + "," + record("2", "FOLLOWER") + "," + record("3", "FOLLOWER");

    EXPECT_EQ(
        make_view({.cluster = json(cluster(records, "")), .members = json(kMembers)}).health.text,
        "leader 1 does not answer: 2 of 3 voters reachable, and may elect a new leader");
}

// An old view that a node has kept still has "0 ms" for a dead node.
TEST(TopView, TakesFiguresOnlyFromALeaderThatAnswers) {
    const std::string records = record("1", "OFFLINE") + "," + record("2", "FOLLOWER");
    const std::string leader = R"(,"leader":)" + record("2", "LEADER");
    const std::string kept = std::string(R"({"asOfMs":4200,"members":)") + kMembers + "}";
    const auto row = [&](const std::string& rest, const std::string& members) {
        return make_view({.cluster = json(cluster(records, rest)), .members = json(members)})
            .rows.at(2);
    };

    EXPECT_EQ(row(leader, kMembers).contact_ms, 7300);
    EXPECT_EQ(row(leader, kMembers).rtt_ms, 900);
    EXPECT_EQ(row("", kMembers).contact_ms, std::nullopt) << "nobody leads";
    EXPECT_EQ(row("", kMembers).rtt_ms, std::nullopt);
    EXPECT_EQ(row(leader, kept).contact_ms, std::nullopt) << "the leader did not answer";
    EXPECT_EQ(row(leader, kept).rtt_ms, std::nullopt);
    EXPECT_EQ(row("", kept).role, "voter") << "what is no figure stays";
}

TEST(TopView, TakesVotersAsAListOrAsANumber) {
    const View view =
        make_view({.cluster = json(R"({"cluster":[],"voters":["1","2","3","4","5"]})")});

    EXPECT_EQ(view.voters, 5);
    EXPECT_EQ(view.quorum, 3);
}

TEST(TopView, SurvivesAnswersOfAnyShape) {
    for (
        const char* text :
        {"{}", "[]", "[1,null,\"x\"]", R"({"cluster":7})", R"({"cluster":[null,3,{}]})",
         R"({"cluster":[{"id":5,"term":"x","online":"yes","leaseRemainingMs":1e300}],"leader":[]})"}) {
        const View view =
            make_view({.cluster = json(text), .members = json(text), .status = json(text)});
        EXPECT_FALSE(view.health.text.empty()) << text;
        EXPECT_EQ(frame(view, {}).size(), 24U) << text;
    }
    EXPECT_TRUE(make_view({}).rows.empty());
}

TEST(TopView, OrdersNumbersAsNumbers) {
    const View view = make_view(
        {.cluster = json(cluster(record("10", "FOLLOWER") + "," + record("9", "FOLLOWER") + "," +
                                     record("db", "FOLLOWER"),
                                 ""))});

    EXPECT_EQ(view.rows[0].id, "9");
    EXPECT_EQ(view.rows[1].id, "10");
    EXPECT_EQ(view.rows[2].id, "db");
}

TEST(TopFrame, ShowsARowPerNodeWithinTheScreen) {
    for (const std::size_t width : {200U, 100U, 80U, 40U, 20U, 3U}) {
        for (const std::size_t height : {50U, 24U, 8U, 1U}) {
            const auto lines = frame(healthy(), {.width = width, .height = height});
            EXPECT_LE(lines.size(), height);
            for (const Line& line : lines) EXPECT_LE(width_of(plain(line)), width);
        }
    }
    const std::string wide = text(frame(healthy(), {.width = 120}));
    EXPECT_THAT(wide, HasSubstr("cluster demo   leader 1   term 7   fencing token 7"));
    EXPECT_THAT(wide, HasSubstr("voters 3   quorum 2   up 1 min 5 s"));
    EXPECT_THAT(wide, ContainsRegex(
                          "1 +voter +LEADER +yes +7 +1 +- +- +\\[###   \\] 500ms +127.0.0.1:3001"));
    EXPECT_THAT(wide, ContainsRegex("2 +voter +FOLLOWER +yes +7 +1 +42 ms +3 ms +- "));
    EXPECT_THAT(wide, ContainsRegex("3 +voter +OFFLINE +no .* timed out"));
}

TEST(TopFrame, KeepsTheApiOnEightyColumnsAndTheStateOnForty) {
    EXPECT_THAT(text(frame(healthy(), {.width = 80})), HasSubstr("127.0.0.1:3001"));
    EXPECT_THAT(text(frame(healthy(), {.width = 40})), ContainsRegex("2 .*FOLLOWER"));
    EXPECT_THAT(text(frame(healthy(), {.width = 40})), Not(HasSubstr("API")));
}

TEST(TopFrame, ColoursLeaderCandidateAndOffline) {
    const View view =
        make_view({.cluster = json(cluster(record("1", "LEADER") + "," + record("2", "CANDIDATE") +
                                               "," + record("3", "OFFLINE"),
                                           ""))});
    const auto tint_of = [&view](const std::string& word) {
        for (const Line& line : frame(view, {.width = 100})) {
            for (const Span& span : line) {
                if (span.text == word) return span.tint;
            }
        }
        return Tint::plain;
    };

    EXPECT_EQ(tint_of("LEADER"), Tint::dim) << "the column's head comes first";
    EXPECT_EQ(tint_of("CANDIDATE"), Tint::warn);
    EXPECT_EQ(tint_of("OFFLINE"), Tint::bad);
    const auto leads = frame(view, {.width = 100})[5];
    EXPECT_TRUE(std::ranges::any_of(
        leads, [](const Span& span) { return span.text == "LEADER" && span.tint == Tint::good; }));
}

TEST(TopFrame, MovesThroughMoreNodesThanFit) {
    std::string records;
    for (int i = 1; i <= 40; ++i)
        records += (i > 1 ? "," : "") + record(std::to_string(i), "FOLLOWER");
    const View view = make_view({.cluster = json(cluster(records, ""))});

    const std::string top = text(frame(view, {.height = 24}));
    const std::string bottom = text(frame(view, {.height = 24, .scroll = 39}));

    EXPECT_THAT(top, HasSubstr("nodes 1 to 17 of 40"));
    EXPECT_THAT(bottom, HasSubstr("nodes 24 to 40 of 40"));
}

TEST(TopFrame, ShowsTheAgeOfTheDataAndWhyItGrows) {
    FrameState state{.age = std::chrono::milliseconds(4200), .trouble = "no endpoint answers"};

    const std::string shown = text(frame(healthy(), state));

    EXPECT_THAT(shown, HasSubstr("last answer 4.2 s ago"));
    EXPECT_THAT(shown, HasSubstr("no endpoint answers"));
}

TEST(TopFrame, SaysWhetherChangesShowAtOnce) {
    FrameState state{.width = 120, .age = std::chrono::milliseconds(3100), .live = true};
    EXPECT_THAT(text(frame(healthy(), state)), HasSubstr("live, figures 3.1 s old"));

    state = {.width = 120,
             .age = std::chrono::milliseconds(800),
             .not_live = "GET http://127.0.0.1:3001/events: answered HTTP 404"};
    const std::string shown = text(frame(healthy(), state));
    EXPECT_THAT(shown, HasSubstr("data 800 ms old"));
    EXPECT_THAT(shown, HasSubstr("not live, asked each second: GET http://127.0.0.1:3001/events"));
}

// Values with events are shown as of now, others as of the last answer.
TEST(TopFrame, KeepsTheFiguresOfTheLastAnswerWhileItIsLive) {
    FrameState state{.width = 120, .age = std::chrono::milliseconds(4900), .live = true};
    const std::string shown = text(frame(healthy(), state));
    EXPECT_THAT(shown, HasSubstr("leader 1 "));
    EXPECT_THAT(shown, ContainsRegex("2 +voter +FOLLOWER +yes +7 +1 +42 ms +3 ms"));
    EXPECT_THAT(shown, HasSubstr("500ms"));
}

TEST(TopFrame, KnowsNothingOfAnyNodeWhereNobodyAnswers) {
    for (const FrameState& state :
         {FrameState{.width = 120, .age = std::chrono::milliseconds(150), .trouble = "no answer"},
          FrameState{.width = 120, .age = std::chrono::milliseconds(7100), .live = true},
          FrameState{.width = 120, .age = std::chrono::milliseconds(2100)}}) {
        const auto lines = frame(healthy(), state);
        const std::string shown = text(lines);
        for (std::size_t row = 5; row < 8; ++row) {
            EXPECT_THAT(plain(lines.at(row)),
                        ContainsRegex("^[123] +voter +was [A-Z]+ +[?] +7 +-"));
        }
        EXPECT_THAT(shown, Not(HasSubstr(" yes ")));
        EXPECT_THAT(shown, Not(HasSubstr("42 ms")));
        EXPECT_THAT(shown, HasSubstr("last answer "));
        EXPECT_THAT(shown, HasSubstr("up -"));
    }
}

TEST(TopFrame, SaysWhoAnsweredAlsoWhereThatIsASocket) {
    View view = healthy();
    EXPECT_THAT(text(frame(view, {.width = 120})), HasSubstr("from 127.0.0.1:3001\n"));

    view.endpoint = "unix:/run/electiond/api.sock";
    EXPECT_THAT(text(frame(view, {.width = 120})), HasSubstr("from unix:/run/electiond/api.sock"));
}

TEST(TopFrame, TakesNothingForTrueThatIsOld) {
    View view = healthy();
    ASSERT_EQ(view.leader, "1");
    view.rows.at(0).lease_ms = 900;
    FrameState state{.width = 120, .age = std::chrono::milliseconds(300)};
    EXPECT_THAT(text(frame(view, state)), HasSubstr("600ms"));  // the lease has run on

    state.age = std::chrono::milliseconds(1500);
    EXPECT_THAT(text(frame(view, state)), Not(HasSubstr("[#")));
    EXPECT_THAT(text(frame(view, state)), HasSubstr("leader 1"));

    state.age = std::chrono::milliseconds(2100);
    const std::string old = text(frame(view, state));
    EXPECT_THAT(old, HasSubstr("leader was 1"));
    EXPECT_THAT(old, HasSubstr("fencing token -"));
    EXPECT_THAT(old, HasSubstr("was LEADER"));
    EXPECT_THAT(old, Not(HasSubstr(" yes ")));
}

TEST(TopFeed, GoesOnWithEndpointsLearntFromTheRecords) {
    FakeApi first, second;
    const std::string answer =
        cluster(record("1", "FOLLOWER", first.host_and_port()) + "," +
                    record("2", "LEADER", second.host_and_port()),
                R"(,"leader":)" + record("2", "LEADER", second.host_and_port()));
    first.on("GET /cluster", {200, answer});
    second.on("GET /cluster", {200, answer});
    second.on("GET /status", {200, R"({"id":"2","isLeader":true,"leaseRemainingMs":77})"});
    Fetcher fetcher(ApiClient({first.url()}, {}, std::chrono::seconds(5)));

    const View before = fetcher.fetch();
    first.die();
    const View after = fetcher.fetch();

    EXPECT_EQ(before.endpoint, first.url());
    EXPECT_EQ(before.rows.at(1).lease_ms, 77) << "the leader's own word";
    EXPECT_EQ(after.endpoint, second.url());
}

// True once the condition holds for the feed's news.
bool eventually(const TopFeed& feed, const std::function<bool(const News&)>& condition) {
    for (int i = 0; i < 3000 && !condition(feed.latest()); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return condition(feed.latest());
}

ApiClient client_of(const FakeApi& api) { return {{api.url()}, {}, std::chrono::seconds(5)}; }

TEST(TopFeed, KeepsTheLastViewWhenNobodyAnswersAnyMore) {
    FakeApi api;
    api.stream("");
    api.on("GET /cluster", {200, cluster(record("1", "LEADER", api.host_and_port()), "")});
    const TopFeed feed(client_of(api));
    ASSERT_TRUE(eventually(feed, [](const News& news) { return news.view.rows.size() == 1; }));

    api.die();

    EXPECT_TRUE(eventually(feed, [](const News& news) { return !news.trouble.empty(); }));
    EXPECT_EQ(feed.latest().view.rows.size(), 1U);
    EXPECT_TRUE(eventually(feed, [](const News& news) { return !news.live; }));
}

TEST(TopFeed, AsksAgainWhenAnEventComesAndElseHardlyEver) {
    FakeApi api;
    api.stream("");
    api.on("GET /cluster", {200, cluster(record("1", "LEADER", api.host_and_port()), "")});
    const TopFeed feed(client_of(api));
    ASSERT_TRUE(eventually(feed, [](const News& news) { return news.live && news.at; }));
    const auto before = api.count("/cluster");
    EXPECT_LE(before, 2U) << "at the start, and when the stream is open";

    api.on("GET /cluster", {200, cluster(record("1", "FOLLOWER", api.host_and_port()), "")});
    const auto told = std::chrono::steady_clock::now();
    api.tell(testing::event("no-leader", 6, "{}"));

    EXPECT_TRUE(eventually(feed, [](const News& news) {
        return news.view.rows.size() == 1 && news.view.rows[0].state == "FOLLOWER";
    }));
    const auto took = std::chrono::steady_clock::now() - told;
    EXPECT_LE(api.count("/cluster"),
              before + 2 + static_cast<std::size_t>(took / std::chrono::seconds(5)));
}

TEST(TopFeed, FollowsTheNodeThatAnswersWhereTheOtherHangs) {
    FakeApi hanging, other;
    const std::string answer = cluster(record("1", "FOLLOWER", hanging.host_and_port()) + "," +
                                           record("2", "LEADER", other.host_and_port()),
                                       "");
    for (FakeApi* api : {&hanging, &other}) {
        api->stream("");
        api->on("GET /cluster", {200, answer});
    }
    const TopFeed feed(ApiClient({hanging.url()}, {}, std::chrono::milliseconds(300)));
    ASSERT_TRUE(eventually(feed, [](const News& news) { return news.live && news.at; }));

    hanging.hang_on("GET /cluster");
    hanging.tell(testing::event("peer", 6, "{}"));

    EXPECT_TRUE(eventually(feed, [&](const News& news) {
        return news.live && news.view.endpoint == other.url() && other.streams_open() == 1;
    }));
}

TEST(TopFeed, AsksEachSecondWhereThereIsNoStream) {
    FakeApi older;
    older.on("GET /cluster", {200, cluster(record("1", "LEADER", older.host_and_port()), "")});
    const TopFeed feed(client_of(older));

    EXPECT_TRUE(eventually(feed, [&](const News& news) {
        return older.count("/cluster") >= 3 && !news.live &&
               news.not_live.find("older than electionctl") != std::string::npos;
    }));
    EXPECT_EQ(feed.latest().trouble, "");
}

TEST(Top, PrintsOnePlainFrame) {
    FakeApi api;
    api.on("GET /cluster", {200, cluster(record("1", "LEADER", api.host_and_port()),
                                         R"(,"canLose":1,"leader":)" +
                                             record("1", "LEADER", api.host_and_port()))});
    std::ostringstream out, err;

    EXPECT_EQ(run({"--endpoint", api.url(), "top", "--once"}, out, err), 0) << err.str();
    EXPECT_THAT(out.str(), HasSubstr("healthy: can lose 1 more\n"));
    EXPECT_THAT(out.str(), Not(HasSubstr("\x1b")));
    EXPECT_THAT(out.str(), Not(HasSubstr("q quit")));
    EXPECT_EQ(run({"--endpoint", dead_url(), "top", "--once"}, out, err), 69);
}

TEST(Top, NeedsATerminal) {
    const auto result = io::run_in_shell(ELECTIONCTL " top");

    EXPECT_EQ(result.code, 64);
    EXPECT_THAT(result.output, HasSubstr("top needs a terminal"));
}

}  // namespace
}  // namespace electiond::ctl
