// The passive node: what it takes for a message, what it tells, and whom.
#include "node/node.h"

#include <set>

#include "stage.h"

namespace electiond {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// ---- what is no message

TEST(Node, AMalformedMessageIsAnsweredMalformedWithItsFault) {
    Stage stage;
    const auto before = stage.node.election().durable();

    const auto answer = stage.ask("vote-request", R"({"clusterId":"c","term":"seven"})");

    EXPECT_EQ(answer.kind, Response::Kind::malformed);
    EXPECT_THAT(answer.body, HasSubstr("malformed"));
    EXPECT_EQ(stage.node.election().durable(), before);
    EXPECT_EQ(stage.ask("heartbeat", "not json").kind, Response::Kind::malformed);
    EXPECT_EQ(stage.board.read()->view->rejected.at("malformed"), 2u) << "shown at once";
    EXPECT_EQ(std::ranges::count_if(
                  stage.lines,
                  [](const auto& line) { return line.find("malformed") != std::string::npos; }),
              1)
        << "said once, counted always";
}

TEST(Node, AnUnknownMessageIsAnsweredUnknown) {
    Stage stage;

    EXPECT_EQ(stage.ask("append-entries", "{}").kind, Response::Kind::unknown);

    EXPECT_EQ(stage.board.read()->view->rejected.at("unknown"), 1u) << "shown at once";
    EXPECT_EQ(stage.node.election().term(), 0u);
}

TEST(Node, ASeedMessageGetsTheSeedsShapeAndChangesNothing) {  // §3
    Stage stage(member({1, 2, 3}, 5));
    const auto before = stage.node.election().durable();

    EXPECT_EQ(stage.ask("vote-request", R"({"term":9,"candidateId":"2"})").body,
              R"({"term":5,"voteGranted":false,"reason":"no_cluster_id"})");
    EXPECT_EQ(stage.ask("heartbeat", R"({"term":9,"leaderId":"2","port":4002})").body,
              R"({"received":true,"accepted":false,"term":5,"reason":"no_cluster_id"})");

    EXPECT_EQ(stage.board.read()->view->rejected.at("no_cluster_id"), 2u) << "shown at once";
    EXPECT_EQ(stage.node.election().durable(), before);
    EXPECT_FALSE(stage.node.election().followed());
}

TEST(Node, AnswersThatAreNoMessagesAreNoAnswers) {
    Stage stage;
    for (const int n : {2, 3}) stage.ask(n, 0, Hello{.blank = false, .config = {0, 1}});
    stage.pass(kE);
    const auto before = stage.node.election().durable();

    for (const auto& each : stage.transport.sent) each.on_response({Response::Kind::ok, "{}"});
    for (const auto& each : stage.transport.sent) each.on_response({Response::Kind::timed_out, ""});
    stage.deliver_replies();

    EXPECT_EQ(stage.node.election().durable(), before);
}

// ---- B6: a blank node waits for all addresses that it has asked

struct Newcomer : testing::Test {
    Newcomer() {
        const auto at = [](int n) {
            return Peer{.id = id(n), .uuid = {}, .addresses = {Stage::address_of(n)}, .api = {}};
        };
        stage.node.handle(stage.now, PeersPolled{0, {at(2), at(3), at(4)}});
    }
    // Of the newest hello to node n.
    void fail(int n) {
        for (auto each = stage.transport.sent.rbegin(); each != stage.transport.sent.rend();
             ++each) {
            if (each->request.name != "hello" || each->to != Stage::address_of(n)) continue;
            each->on_response({Response::Kind::unreachable, "connection refused"});
            return stage.deliver_replies();
        }
        ADD_FAILURE() << "node " << n << " was sent no hello";
    }
    void lead(int n) {
        stage.answer(n, "hello",
                     HelloReply{.self = {.blank = false, .config = {0, 1}},
                                .hint = LeaderHint{.id = id(n), .uuid = uuid(n)},
                                .config = std::nullopt});
    }
    [[nodiscard]] bool blank() const { return stage.node.election().durable().blank(); }

    Stage stage{[] {
        Durable durable;
        durable.uuid = uuid(1);
        durable.node_id = id(1);
        durable.cluster_name = "demo";
        return durable;
    }()};
};

TEST_F(Newcomer, JoinsWhenTheLastOneHasAnsweredOrFailed) {
    lead(2);
    EXPECT_TRUE(blank());
    fail(3);
    EXPECT_TRUE(blank());

    fail(4);

    EXPECT_FALSE(blank());
}

TEST_F(Newcomer, DoesNotWaitForAnAddressThatHasJustFailed) {
    for (const int n : {2, 3, 4}) fail(n);
    stage.pass(kTiming.hello);

    lead(2);

    EXPECT_FALSE(blank());
}

// ---- who speaks

TEST(Node, EveryMessageCarriesWhoSpeaks) {  // §3 common fields
    Stage stage;

    const auto reply = stage.heartbeat(2, 4);

    EXPECT_EQ(reply.from.cluster_id, kCluster);
    EXPECT_EQ(reply.from.cluster_name, "demo");
    EXPECT_EQ(reply.from.uuid, uuid(1));
    EXPECT_EQ(reply.from.id, id(1));
    EXPECT_EQ(reply.from.incarnation, "i1");
    EXPECT_EQ(reply.from.address, (Endpoint{"one", 1}));
    EXPECT_EQ(reply.from.api, "one:80");
    EXPECT_EQ(reply.term, 4u);
    EXPECT_EQ(reply.request_term, 4u);
}

TEST(Node, AnswersGoToWhereTheAskerSpeaksFrom) {
    Stage stage;
    stage.ask(2, 0, Hello{.blank = false, .config = {0, 1}});

    stage.pass(kE);

    ASSERT_FALSE(stage.transport.sent.empty());
    for (const auto& each : stage.transport.sent) {
        EXPECT_EQ(each.to, Stage::address_of(2));
        EXPECT_EQ(each.request.lane, Lane::election);
    }
}

// ---- names that mean another address by now

TEST(Node, AnAnswerOfAnotherNodeThanTheAskedHasItsNameResolvedAgain) {
    Stage stage;
    for (const int n : {2, 3}) stage.ask(n, 0, Hello{.blank = false, .config = {0, 1}});
    stage.pass(kE);
    PreVoteReply no;
    no.granted = false;
    stage.answer(2, "pre-vote", no);
    ASSERT_THAT(stage.transport.refreshed, testing::IsEmpty()) << "it is who was asked";

    stage.answer_by(Stage::from(2), Stage::address_of(3), "pre-vote", no);

    EXPECT_THAT(stage.transport.refreshed, ElementsAre(Stage::address_of(3)));
}

TEST(Node, AnAnswerOfAnotherNodeThanDiscoveryListsHasItsNameResolvedAgain) {
    Stage stage(blank());
    const Endpoint two{"two.example", 1};
    const Endpoint any{"any.example", 1};
    Peer with_id;
    with_id.id = id(2);
    with_id.addresses = {two};
    Peer without_id;
    without_id.addresses = {any};
    stage.node.handle(stage.now, PeersPolled{0, {with_id, without_id}});
    stage.pass(kE);
    HelloReply hello;
    stage.answer_by(Stage::from(2), two, "hello", hello);
    stage.answer_by(Stage::from(3), any, "hello", hello);
    ASSERT_THAT(stage.transport.refreshed, testing::IsEmpty());

    stage.answer_by(Stage::from(3), two, "hello", hello);

    EXPECT_THAT(stage.transport.refreshed, ElementsAre(two));
}

TEST(Node, ANodeThatRestartedHasItsNamesResolvedAgain) {
    Stage stage;
    const Endpoint listed{"listed.example", 1};
    Peer two;
    two.uuid = uuid(2);
    two.addresses = {listed};
    stage.node.handle(stage.now, PeersPolled{0, {two}});
    const auto hello = [&](const std::string& incarnation) {
        auto from = Stage::from(2);
        from.incarnation = incarnation;
        (void)stage.ask("hello",
                        wire::encode(PeerRequest{.from = from, .body = Hello{.config = {0, 1}}}));
    };
    hello("first");
    hello("first");
    ASSERT_THAT(stage.transport.refreshed, testing::IsEmpty());

    hello("second");

    EXPECT_THAT(stage.transport.refreshed,
                testing::UnorderedElementsAre(Stage::address_of(2), listed));
}

TEST(Node, AnotherProcessOnACopyOfADataDirectoryIsReported) {  // I4
    Stage stage;
    for (const char* incarnation : {"a", "b", "a", "b"}) {
        auto from = Stage::from(2);
        from.incarnation = incarnation;
        stage.ask("hello", wire::encode(PeerRequest{.from = from, .body = Hello{.blank = false}}));
    }
    stage.pass(0ms);

    EXPECT_GE(stage.board.read()->view->rejected.at("duplicate_uuid"), 1u);
}

TEST(Node, AJoinerThatKnowsOneMemberFindsTheLeaderByItsHint) {  // B6
    Stage stage(blank());
    stage.node.handle(
        stage.now,
        PeersPolled{0,
                    {Peer{.id = {}, .uuid = {}, .addresses = {Stage::address_of(2)}, .api = {}}}});
    stage.pass(kJ);
    for (auto& each : stage.transport.sent) {
        if (&each != &stage.transport.sent.back())
            each.on_response({Response::Kind::timed_out, ""});
    }
    stage.deliver_replies();

    stage.answer(
        2, "hello",
        HelloReply{.self = {.blank = false},
                   .hint = LeaderHint{
                       .id = id(3), .uuid = uuid(3), .term = 1, .address = Stage::address_of(3)}});

    ASSERT_EQ(stage.transport.sent.back().to, Stage::address_of(3));
    EXPECT_EQ(stage.transport.sent.back().request.name, "hello");
    stage.answer(3, "hello",
                 HelloReply{.self = {.blank = false},
                            .hint = LeaderHint{.id = id(3), .uuid = uuid(3), .term = 1}});
    ASSERT_TRUE(stage.store.record);
    EXPECT_EQ(stage.store.record->cluster_id, kCluster);
}

TEST(Node, AHintIsGivenWithTheLeadersAddress) {  // §3 leaderHint
    Stage stage;
    stage.heartbeat(2, 1);

    const auto reply = stage.ask(3, 2, PreVote{{0, 1}});

    const auto hint = std::get<PreVoteReply>(reply.body).hint;
    ASSERT_TRUE(hint);
    EXPECT_EQ(hint->address, Stage::address_of(2));
}

TEST(Node, TheLeadersMembersGoOutWithTheirAddresses) {  // §3 members
    Stage stage;
    stage.take_the_lead();
    for (const auto& each : stage.transport.sent) {
        if (each.request.name != "heartbeat") continue;
        const auto request =
            std::get<PeerRequest>(wire::decode_request("heartbeat", each.request.body));
        const auto& beat = std::get<Heartbeat>(request.body);
        ASSERT_TRUE(beat.members) << "the first round brings them";
        EXPECT_THAT((*beat.members)[0].addresses, ElementsAre(Endpoint{"one", 1}));
        EXPECT_THAT((*beat.members)[1].addresses, ElementsAre(Stage::address_of(2)));
        break;
    }
}

TEST(Node, ALostLeadLeavesItsOwnViewOfTheMembers) {  // GET /members, asOfMs
    Stage stage;
    stage.take_the_lead();
    ASSERT_TRUE(stage.board.read()->leadership.in_office);
    const auto lost_at = stage.now;

    stage.now += Milliseconds(1);
    stage.ask(2, 9, Heartbeat{.seq = 1, .promise = kE, .number = {0, 1}, .view = 1});

    const auto status = stage.board.read();
    ASSERT_FALSE(status->leadership.in_office);
    EXPECT_EQ(status->members->list->size(), 3u);
    EXPECT_EQ(status->members->at, lost_at);
}

TEST(Node, AForeignSenderIsNoPeer) {  // I1
    Stage stage;
    stage.ask(9, 1, Heartbeat{.seq = 1, .promise = kE, .number = {0, 1}, .view = 1}, "other");
    for (const auto& peer : stage.board.read()->view->peers) EXPECT_NE(peer.id, id(9));
}

TEST(Node, AFollowerShowsTheLeadersMembersAndARefusedOneChangesNothing) {
    Stage stage;
    const auto beat = [](int n) {
        return Heartbeat{.seq = 1,
                         .promise = kE,
                         .number = {0, 1},
                         .view = 1,
                         .members = std::vector{Member{.id = id(n),
                                                       .uuid = uuid(n),
                                                       .addresses = {Stage::address_of(n)},
                                                       .role = MemberRole::voter}},
                         .succession = Succession{}};
    };
    stage.ask(2, 3, beat(5));
    ASSERT_EQ(stage.board.read()->members->list->size(), 1u);
    EXPECT_EQ(stage.board.read()->members->list->front().id, id(5));
    EXPECT_EQ(stage.board.read()->members->at, stage.now);

    stage.ask(2, 2, beat(6));

    EXPECT_EQ(stage.board.read()->members->list->front().id, id(5))
        << "a late one of a former term";
}

// A role counts as confirmed when a leader that hears this process has had a quorum hold it.
TEST(Node, ItsRoleIsConfirmedByAHeartbeatThatBringsNothing) {
    Stage stage;
    const auto confirmed = [&] { return stage.board.read()->view->role_confirmed; };
    Heartbeat beat{.seq = 1, .promise = kE, .number = {0, 1}, .view = 1};
    stage.ask(2, 3, beat);
    EXPECT_FALSE(confirmed()) << "its view is known to the process that ran before";
    auto brings = beat;
    brings.members = std::vector{Member{.id = id(1), .uuid = uuid(1), .role = MemberRole::voter}};
    brings.succession = Succession{};
    stage.ask(2, 3, brings);
    EXPECT_FALSE(confirmed()) << "no ack of it has arrived";
    auto pending = beat;
    pending.config_pending = true;
    stage.ask(2, 3, pending);
    EXPECT_FALSE(confirmed()) << "no quorum holds the configuration";
    auto newer = beat;
    newer.number = {3, 2};
    stage.ask(2, 3, newer);
    EXPECT_FALSE(confirmed()) << "the leader has another configuration";
    stage.ask(2, 2, beat);
    EXPECT_FALSE(confirmed()) << "refused: of a former term";

    stage.ask(2, 3, beat);
    EXPECT_TRUE(confirmed());

    stage.ask(3, 4, Heartbeat{.seq = 1, .promise = kE, .number = {0, 1}, .view = 7});
    EXPECT_TRUE(confirmed()) << "later leaders have that configuration, or one made from it";
    Heartbeat without{.seq = 2, .promise = kE, .number = {4, 2}, .view = 7};
    without.config = electorate({2, 3}, {4, 2});
    stage.ask(3, 4, without);
    EXPECT_EQ(stage.board.read()->view->role, MemberRole::observer);
    EXPECT_FALSE(confirmed());
    without.number = {4, 3};
    without.config = electorate({1, 2, 3}, {4, 3});
    stage.ask(3, 4, without);
    EXPECT_EQ(stage.board.read()->view->role, MemberRole::voter);
    EXPECT_FALSE(confirmed()) << "anew";
}

TEST(Node, ALeadersRoleIsConfirmedOnceAQuorumHoldsItsConfiguration) {
    Stage stage;
    EXPECT_FALSE(stage.board.read()->view->role_confirmed);
    stage.take_the_lead();
    EXPECT_TRUE(stage.board.read()->view->role_confirmed);
}

}  // namespace
}  // namespace electiond
