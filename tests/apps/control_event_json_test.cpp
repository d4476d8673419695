// How each kind of change is shown, byte for byte: by /events and by /history.
#include "control/event_json.h"

#include <gmock/gmock.h>

#include "control_bench.h"

namespace electiond::testing {
namespace {

using ::testing::HasSubstr;

constexpr Index kIndex = (1ULL << 32) + 9;

class EventJsonTest : public ::testing::Test, public ControlBench {
  protected:
    // As it was shown a second and a half after it happened.
    std::string shown(const Change& change, const Status& status) {
        return shown({.index = kIndex, .at = now - 1500ms, .change = change}, status);
    }
    std::string shown(const Entry& entry, const Status& status) {
        const auto event = event_json(entry, {.status = status, .now = now, .wall = wall});
        return std::string(event.name) + " " + json_object(event.data).text();
    }
    const KnownLeader two{NodeUuid("uuid-2"), NodeId("2"), 7};
};

constexpr char kBegin[] = R"({"index":4294967305,"at":"2023-11-14T22:13:18.500Z",)";

TEST_F(EventJsonTest, ShowsALeader) {
    const LeaderGained gain{.leader = two, .own = false, .reason = Reason::election_timeout};
    EXPECT_EQ(shown({.index = kIndex,
                     .at = now - 1500ms,
                     .change = gain,
                     .previous = NodeId("1"),
                     .gap = 240ms,
                     .election = 40ms},
                    blank()),
              std::string("leader ") + kBegin +
                  R"("leaderId":"2","uuid":"uuid-2","term":7,"fencingToken":0,"isLeader":false,)"
                  R"("previous":"1","reason":"election_timeout","gapMs":240,"electionMs":40})");
}

TEST_F(EventJsonTest, ShowsThatTheNodeLeadsItself) {
    const LeaderGained gain{.leader = {NodeUuid("uuid-1"), {}, 7}, .own = true};
    EXPECT_EQ(shown(gain, leading()),
              std::string("leader ") + kBegin +
                  R"("leaderId":"uuid-1","uuid":"uuid-1","term":7,"fencingToken":7,)"
                  R"("isLeader":true,"previous":null,"reason":"","gapMs":null,"electionMs":null})");
}

TEST_F(EventJsonTest, ShowsThatNobodyLeads) {
    const LeaderLost loss{.leader = two, .term = 8, .reason = Reason::lease_expired};
    EXPECT_EQ(
        shown({.index = kIndex, .at = now - 1500ms, .change = loss, .previous = two.id}, blank()),
        std::string("no-leader ") + kBegin +
            R"("leaderId":null,"isLeader":false,"previous":"2","term":8,)"
            R"("reason":"lease_expired"})");
}

TEST_F(EventJsonTest, ShowsTheStateOfTheNode) {
    const StateChanged leads{.state = State::leader, .term = 7, .reason = Reason::takeover};
    EXPECT_EQ(shown(leads, leading(900ms)),
              std::string("state ") + kBegin +
                  R"("state":"LEADER","isLeader":true,"term":7,"fencingToken":7,)"
                  R"("leaseRemainingMs":900,"reason":"takeover"})");
    const StateChanged campaigns{.state = State::candidate, .term = 8};
    EXPECT_EQ(shown(campaigns, blank()), std::string("state ") + kBegin +
                                             R"("state":"CANDIDATE","isLeader":false,"term":8,)"
                                             R"("fencingToken":0,"leaseRemainingMs":0,)"
                                             R"("reason":""})");
}

// A lease belongs to one lead: an old entry must not show the lease of a later lead.
TEST_F(EventJsonTest, ShowsNoLeaseOfALeadThatIsOver) {
    const StateChanged before{.state = State::leader, .term = 6};
    EXPECT_THAT(shown(before, leading()), HasSubstr(R"("leaseRemainingMs":0)"));
    EXPECT_THAT(shown(before, blank()), HasSubstr(R"("leaseRemainingMs":0)"));
}

TEST_F(EventJsonTest, ShowsTheVoters) {
    VotersChanged change{.voter = {NodeId("3"), NodeUuid("uuid-3")},
                         .came = true,
                         .config = {.term = 7, .version = 4},
                         .voters = 3,
                         .quorum = 2,
                         .reason = Reason::voter_joined};
    EXPECT_EQ(shown(change, blank()),
              std::string("membership ") + kBegin +
                  R"("change":"joined","id":"3","uuid":"uuid-3","voters":3,"quorum":2,)"
                  R"("configTerm":7,"configVersion":4,"reason":"voter_joined"})");
    change.came = false;
    EXPECT_THAT(shown(change, blank()), HasSubstr(R"("change":"left")"));
}

TEST_F(EventJsonTest, ShowsAPeer) {
    EXPECT_EQ(
        shown(PeerNoted{.id = NodeId("4"), .uuid = NodeUuid("uuid-4"), .term = 7}, blank()),
        std::string("peer ") + kBegin + R"("change":"noted","id":"4","uuid":"uuid-4","term":7})");
}

TEST_F(EventJsonTest, ShowsAProblem) {
    Report report{.reason = Reason::claim_conflict, .term = 7, .detail = "two say so\nhere"};
    EXPECT_EQ(shown(report, blank()),
              std::string("problem ") + kBegin +
                  R"("reason":"claim_conflict","id":null,"detail":"two say so\nhere","term":7})")
        << "one line, whatever is in it";
    report.subject = NodeId("4");
    EXPECT_THAT(shown(report, blank()), HasSubstr(R"("id":"4")"));
}

TEST_F(EventJsonTest, ShowsAVoterThatIsSilentAndItsReturn) {
    const Voter three{NodeId("3"), NodeUuid("uuid-3")};
    const VoterSilent silent{.subject = {three, "connection refused"},
                             .term = 7,
                             .away = 1200ms,
                             .answering = 2,
                             .voters = 3,
                             .can_lose = 0};
    EXPECT_EQ(shown(silent, blank()),
              std::string("peer ") + kBegin +
                  R"("change":"silent","id":"3","uuid":"uuid-3","term":7,)"
                  R"("why":"connection refused","awayMs":1200,"answering":2,"voters":3,)"
                  R"("canLose":0,"reason":"voter_silent"})");
    EXPECT_EQ(shown(VoterBack{.voter = three, .term = 7, .away = 9s}, blank()),
              std::string("peer ") + kBegin +
                  R"("change":"back","id":"3","uuid":"uuid-3","term":7,"awayMs":9000,)"
                  R"("reason":"voter_back"})");
}

TEST_F(EventJsonTest, ShowsATroubleThatLasts) {
    const Voter one{NodeId("1"), NodeUuid("uuid-1")};
    const Voter two_of_them{NodeId("2"), NodeUuid("uuid-2")};
    const QuorumMissing missing{
        .term = 7, .quorum = 2, .answering = {one}, .silent = {{two_of_them, "timed out"}}};
    const auto text = shown(missing, blank());
    EXPECT_THAT(text, HasSubstr(R"(problem )" + std::string(kBegin) +
                                R"("reason":"quorum_missing","id":null,"detail":")"));
    EXPECT_THAT(text, HasSubstr(R"("quorum":2,"answering":["1"],"silent":["2"]})"));
    const NobodyMayLead barred{.term = 7, .answering = {{one, Bar::priority}}};
    EXPECT_THAT(shown(barred, blank()), HasSubstr(R"("reason":"nobody_may_lead")"));
    const FounderAwaited awaited{.id = NodeId("3"), .heard = 2, .founders = 3};
    EXPECT_THAT(shown(awaited, blank()), HasSubstr(R"("id":"3")"));
    EXPECT_THAT(shown(awaited, blank()), HasSubstr(R"("heard":2,"founders":3})"));
}

// ---- /history

class HistoryRoute : public EventJsonTest {};

TEST_F(HistoryRoute, ListsTheLeadershipAndBesideItAllChanges) {
    journal.note(now - 1500ms, LeaderGained{.leader = two, .reason = Reason::startup});
    journal.note(now - 1500ms, StateChanged{.state = State::candidate, .term = 8});
    ControlRoutes routes(dependencies());

    const auto answer = at_once(routes.answer(get("/history"), kNobody));

    EXPECT_EQ(answer.body,
              R"({"history":[{"index":4294967297,"at":"2023-11-14T22:13:18.500Z","term":7,)"
              R"("leaderId":"2","previous":null,"reason":"startup","gapMs":0,"electionMs":0}],)"
              R"("changes":[{"index":4294967297,"at":"2023-11-14T22:13:18.500Z","leaderId":"2",)"
              R"("uuid":"uuid-2","term":7,"fencingToken":0,"isLeader":false,"previous":null,)"
              R"("reason":"startup","gapMs":0,"electionMs":0,"event":"leader"},)"
              R"({"index":4294967298,"at":"2023-11-14T22:13:18.500Z","state":"CANDIDATE",)"
              R"("isLeader":false,"term":8,"fencingToken":0,"leaseRemainingMs":0,"reason":"",)"
              R"("event":"state"}],"index":4294967298})");
}

}  // namespace
}  // namespace electiond::testing
