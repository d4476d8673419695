// The order of what leaves a node (architecture.md, section 4): nothing before it is durable, and
// nobody hears of a loss before the node itself knows.
#include "node/node.h"

#include "stage.h"

namespace electiond {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::size_t place(const Script& script, const std::string& what) {
    return static_cast<std::size_t>(std::ranges::find(script, what) - script.begin());
}

TEST(Node, SavesTheVoteBeforeItReplies) {  // D1
    Stage stage;
    stage.now += kE;

    const auto reply = stage.ask(2, 7, VoteRequest{.config = {0, 1}});

    EXPECT_TRUE(std::get<VoteReply>(reply.body).granted);
    EXPECT_LT(place(stage.script, "save"), place(stage.script, "answer"));
    EXPECT_EQ(place(stage.script, "sync_twin"), stage.script.size());
    EXPECT_EQ(stage.store.record->term, 7u);
    EXPECT_EQ(stage.store.record->voted_for, uuid(2));
}

TEST(Node, WritesTheTwinWhenNothingWasSavedForAWhile) {
    Stage stage;
    stage.now += kE;
    stage.ask(2, 7, VoteRequest{.config = {0, 1}});
    stage.now += kE / 4;
    stage.ask(2, 8, VoteRequest{.config = {0, 1}, .transfer = true});
    stage.script.clear();

    EXPECT_LE(stage.node.deadline(), stage.now + kE / 2);
    stage.pass(kE / 2 - kTick);
    EXPECT_EQ(place(stage.script, "sync_twin"), stage.script.size());
    stage.pass(kTick);
    EXPECT_EQ(std::ranges::count(stage.script, "sync_twin"), 1);

    stage.pass(kE);
    stage.node.finish();
    EXPECT_EQ(std::ranges::count(stage.script, "sync_twin"), 1) << "it is up to date";
}

TEST(Node, WritesTheTwinAtTheLatestWhenItEnds) {
    Stage stage;
    stage.now += kE;
    stage.ask(2, 7, VoteRequest{.config = {0, 1}});

    stage.node.finish();

    EXPECT_EQ(stage.script.back(), "sync_twin");
}

TEST(Node, AsksForVotesWhileItSavesItsOwn) {  // D1a, C2
    Stage stage;
    for (const int n : {2, 3}) stage.ask(n, 0, Hello{.blank = false, .config = {0, 1}});
    stage.pass(kE);
    stage.script.clear();
    PreVoteReply yes;
    yes.granted = true;

    stage.answer(2, "pre-vote", yes);

    EXPECT_THAT(stage.script, ElementsAre("send vote-request", "send vote-request", "save"));
    EXPECT_EQ(stage.store.record->voted_for, uuid(1));
}

TEST(Node, WhereTheStoreFailsNothingLeaves) {  // D2
    Stage stage;
    stage.now += kE;
    stage.pass(0ms);
    stage.script.clear();
    stage.store.broken = true;
    const auto body = wire::encode(
        PeerRequest{.from = Stage::from(2), .term = 7, .body = VoteRequest{.config = {0, 1}}});
    const Request request{.name = "vote-request", .body = body, .source = {}};

    EXPECT_THROW(
        stage.node.handle(stage.now, RequestArrived{request, [](const Response&) { FAIL(); }}),
        Error);

    EXPECT_TRUE(stage.script.empty());
}

TEST(Node, SteadyStateSavesNothing) {
    Stage stage;
    stage.heartbeat(2, 1);
    stage.script.clear();

    for (int n = 0; n < 10; ++n) stage.heartbeat(2, 1);

    EXPECT_EQ(place(stage.script, "save"), stage.script.size());
}

TEST(Node, ClosesTheBookAndPublishesALostLeadBeforeItReplies) {  // §10, trace 6
    Stage stage;
    stage.take_the_lead();
    EXPECT_GT(stage.grants.grant(stage.board, stage.now, 100ms), 0ms);
    bool checked = false;
    stage.on_answer = [&] {
        checked = true;
        EXPECT_FALSE(stage.leads());
        EXPECT_TRUE(stage.grants.closed());
        EXPECT_EQ(stage.store.record->term, 9u);
    };

    const auto reply = stage.heartbeat(2, 9);

    EXPECT_TRUE(std::get<HeartbeatReply>(reply.body).accepted);
    EXPECT_TRUE(checked);
    EXPECT_EQ(stage.grants.grant(stage.board, stage.now, 100ms), 0ms);
}

TEST(Node, ClosesTheBookAndPublishesADrainBeforeAnyoneElseCanHearOfIt) {  // T1, trace 6
    Stage stage;
    stage.take_the_lead();
    ASSERT_GT(stage.grants.grant(stage.board, stage.now, 100ms), 0ms);
    const Instant granted = stage.now + 100ms;
    int timeout_nows = 0;
    stage.transport.on_send = [&] {
        if (stage.transport.sent.back().request.name != "timeout-now") return;
        ++timeout_nows;
        EXPECT_FALSE(stage.leads());
        EXPECT_TRUE(stage.grants.closed());
        EXPECT_GE(stage.now, granted) << "never before the last grant has run out";
    };
    std::vector<Done> done;

    stage.node.handle(stage.now,
                      CommandArrived{.what = StepDown{"2"},
                                     .done = [&](const Done& each) { done.push_back(each); }});
    EXPECT_FALSE(stage.leads());
    EXPECT_TRUE(stage.board.read()->leadership.draining);
    EXPECT_TRUE(stage.grants.closed());
    EXPECT_EQ(timeout_nows, 0);
    stage.pass(101ms);
    EXPECT_GE(timeout_nows, 1);
    EXPECT_TRUE(done.empty());

    stage.heartbeat(2, 2);
    ASSERT_EQ(done.size(), 1u);
    EXPECT_EQ(done[0].successor, id(2));
}

TEST(Node, PublishesANewLeadBeforeItOpensTheBook) {  // §10
    Stage stage(member({1}));
    EXPECT_TRUE(stage.grants.closed());

    stage.pass(0ms);

    EXPECT_TRUE(stage.leads());
    EXPECT_FALSE(stage.grants.closed());
    EXPECT_EQ(stage.grants.grant(stage.board, stage.now, 100ms), 98ms);
}

TEST(Node, ANewLeadKnowsWhatAFormerOneGranted) {  // §10, trace 5
    Stage stage(member({1}));
    stage.pass(0ms);
    ASSERT_GT(stage.grants.grant(stage.board, stage.now, 900ms), 0ms);
    const Instant granted = stage.now + 900ms;
    stage.ask(2, 9, VoteRequest{.config = {1, 1}, .transfer = true});
    ASSERT_FALSE(stage.leads());
    stage.now += kE;

    EXPECT_GE(stage.grants.close(), granted);
}

TEST(Node, StaysInOfficeWithItsBookOpenWhileItReElectsItselfInPlace) {  // §10, C4
    Stage stage;
    stage.take_the_lead();
    const auto before = stage.board.read()->leadership.token;

    auto refusal = HeartbeatReply{.accepted = false};
    const auto& sent = stage.transport.sent.back();
    sent.on_response(
        {Response::Kind::ok, wire::encode(PeerReply{.from = Stage::from(3),
                                                    .term = 6,
                                                    .request_term = stage.node.election().term(),
                                                    .reason = Reason::old_term,
                                                    .body = [&] {
                                                        refusal.seq = 1;
                                                        return refusal;
                                                    }()})});
    stage.deliver_replies();

    EXPECT_EQ(stage.node.election().term(), 7u);
    EXPECT_TRUE(stage.leads());
    EXPECT_EQ(stage.board.read()->leadership.token, before);
    EXPECT_FALSE(stage.grants.closed());
}

}  // namespace
}  // namespace electiond
