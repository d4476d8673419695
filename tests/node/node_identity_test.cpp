// A node is who its certificate says: what Node refuses, and what it must not refuse.
#include "node/node.h"
#include "stage.h"

namespace electiond {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

// Node 1 of voters 1, 2, 3; discovery and hellos have told it where they are.
struct Named : testing::Test {
    Stage stage{member({1, 2, 3}, 5), plain(), true};

    // Node `as` speaks with the uuid of node `of`, by the certificate of node `by`.
    static Sender speaker(int as, int of) {
        auto from = Stage::from(as);
        from.uuid = uuid(of);
        return from;
    }
    PeerReply ask(int by, int as, int of, const RequestBody& body, Term term = 9) {
        return stage.ask(speaker(as, of), Stage::names_of(id(by)), term, body);
    }
    bool refused(int by, int as, int of) {
        return ask(by, as, of, Hello{.blank = false, .config = {0, 1}}).reason ==
               Reason::wrong_identity;
    }
    std::uint64_t rejected() {
        const auto& all = stage.board.read()->view->rejected;
        return all.contains("wrong_identity") ? all.at("wrong_identity") : 0;
    }
    [[nodiscard]] static Heartbeat beat() {
        return {.seq = 7, .promise = kE, .number = {0, 1}, .view = 1};
    }
};

// ---- requests

TEST_F(Named, ARefusalHasTheShapeOfItsKindAndMovesNoTerm) {
    const auto before = stage.node.election().durable();
    const RequestBody all[] = {PreVote{.config = {0, 1}}, VoteRequest{.config = {0, 1}}, beat(),
                               TimeoutNow{}, Hello{.blank = false, .config = {0, 1}}};

    for (const auto& body : all) {
        const auto reply = ask(3, 2, 2, body);

        EXPECT_EQ(reply.reason, Reason::wrong_identity) << wire::name_of(body);
        EXPECT_EQ(reply.term, 0u) << "nothing that the other side could take over";
        EXPECT_EQ(reply.request_term, 9u);
        EXPECT_EQ(reply.from.uuid, uuid(1));
    }

    EXPECT_FALSE(std::get<VoteReply>(ask(3, 2, 2, VoteRequest{}).body).granted);
    EXPECT_FALSE(std::get<HeartbeatReply>(ask(3, 2, 2, beat()).body).accepted);
    EXPECT_EQ(std::get<HeartbeatReply>(ask(3, 2, 2, beat()).body).seq, 7u);
    EXPECT_EQ(stage.node.election().durable(), before);
    EXPECT_FALSE(stage.node.election().followed());
    EXPECT_EQ(rejected(), 8u) << "shown at once";
    EXPECT_TRUE(stage.script.end() == std::ranges::find(stage.script, "save"));
}

TEST_F(Named, ItIsLoggedOnceAMinuteWithSourceClaimAndNames) {
    for (int times = 0; times < 30; ++times) (void)ask(3, 2, 2, beat());

    const auto lines = [&] {
        return std::ranges::count_if(stage.lines, [](const auto& line) {
            return line.find("reason=wrong_identity") != std::string::npos;
        });
    };
    EXPECT_EQ(lines(), 1);
    EXPECT_THAT(stage.lines,
                Contains(HasSubstr("heartbeat from peer:9 claims to be node 2, but its certificate "
                                   "is for URI:electiond://demo/3; give node 2 a certificate for "
                                   "URI:electiond://demo/2 or DNS:2.demo")));
    stage.now += 61s;
    (void)ask(3, 2, 2, beat());
    EXPECT_EQ(lines(), 2);
    EXPECT_THAT(stage.lines, Contains(HasSubstr("and 29 times since the last such line")));
}

TEST_F(Named, WhatIsRefusedTellsTheAddressBookNothing) {
    ASSERT_FALSE(refused(2, 2, 2));
    auto from = speaker(2, 2);
    from.address = Endpoint{"evil", 1};
    from.incarnation = "another";

    (void)stage.ask(from, Stage::names_of(id(3)), 9, beat());

    EXPECT_TRUE(stage.transport.refreshed.empty());
    const auto& peers = stage.board.read()->view->peers;
    const auto two = std::ranges::find(peers, uuid(2), &PeerStatus::uuid);
    ASSERT_NE(two, peers.end());
    EXPECT_THAT(two->addresses, testing::ElementsAre(Stage::address_of(2)));
}

TEST_F(Named, TheUuidOfAVoterIsItsOwn) {  // even if that was never heard
    EXPECT_TRUE(refused(3, 3, 2));
    EXPECT_FALSE(refused(2, 2, 2));
    EXPECT_FALSE(refused(3, 3, 3));
}

TEST_F(Named, OurOwnUuidIsOurs) {
    EXPECT_TRUE(refused(3, 3, 1));
    EXPECT_TRUE(refused(3, 1, 1));
    EXPECT_FALSE(refused(1, 1, 1)) << "our own greeting, come back";
}

TEST_F(Named, TheUuidOfANodeThatHasSpokenIsItsOwn) {
    ASSERT_FALSE(refused(7, 7, 7));

    EXPECT_TRUE(refused(3, 3, 7));
    EXPECT_FALSE(refused(7, 7, 7));
}

TEST_F(Named, TheUuidOfANodeThatALeaderListsIsItsOwn) {
    auto list = beat();
    list.members = std::vector{Member{.id = id(7), .uuid = uuid(7)}};
    list.succession = Succession{};
    ASSERT_EQ(ask(2, 2, 2, list).reason, Reason::none);

    EXPECT_TRUE(refused(3, 3, 7));
    EXPECT_FALSE(refused(7, 7, 7));
}

TEST_F(Named, AHeartbeatThatIsNotAcceptedBindsNobody) {
    auto list = beat();
    list.members = std::vector{Member{.id = id(7), .uuid = uuid(8)}};
    list.succession = Succession{};
    ASSERT_EQ(ask(2, 2, 2, list, 1).reason, Reason::old_term);

    EXPECT_FALSE(refused(8, 8, 8));
}

TEST_F(Named, DiscoveryBindsNobody) {
    stage.node.handle(
        stage.now,
        PeersPolled{0,
                    {Peer{.id = id(9), .uuid = uuid(7), .addresses = {{"x", 1}}, .api = {}},
                     Peer{.id = id(9), .uuid = uuid(2), .addresses = {{"y", 1}}, .api = {}}}});

    EXPECT_FALSE(refused(7, 7, 7));
    EXPECT_FALSE(refused(2, 2, 2));
}

TEST_F(Named, AHintBindsNobody) {
    ASSERT_FALSE(refused(2, 2, 2));
    stage.pass(2 * kE);
    PreVoteReply no;
    no.hint = LeaderHint{.id = id(9), .uuid = uuid(7), .term = 5, .address = Endpoint{"x", 1}};
    stage.answer(2, "pre-vote", no, Reason::promised);

    EXPECT_FALSE(refused(7, 7, 7));
}

TEST_F(Named, ANodeWhoseDataWasLostComesBackWithANewUuid) {
    ASSERT_FALSE(refused(2, 2, 2));

    EXPECT_FALSE(refused(2, 2, 20));
    EXPECT_TRUE(refused(3, 3, 20));
}

TEST_F(Named, TheConfigurationBeatsWhatAnotherHasSaidBefore) {
    ASSERT_FALSE(refused(3, 3, 7)) << "nobody knows better";
    ASSERT_TRUE(refused(7, 7, 7));
    auto news = beat();
    news.number = {9, 2};
    news.config = electorate({1, 2, 3, 7}, {9, 2});
    ASSERT_TRUE(std::get<HeartbeatReply>(ask(2, 2, 2, news).body).accepted);

    EXPECT_TRUE(refused(3, 3, 7));
    EXPECT_FALSE(refused(7, 7, 7));
}

TEST_F(Named, TheUuidOfAFormerVoterStaysItsOwn) {  // even if that was never heard
    auto news = beat();
    news.number = {9, 2};
    news.config = electorate({1, 2, 4}, {9, 2});
    ASSERT_TRUE(std::get<HeartbeatReply>(ask(2, 2, 2, news).body).accepted);

    EXPECT_TRUE(refused(2, 2, 3));
    EXPECT_FALSE(refused(3, 3, 3));
}

TEST_F(Named, ASenderWithoutIdIsNobody) {
    auto from = speaker(2, 2);
    from.id = {};
    EXPECT_EQ(stage.ask(from, Stage::names_of(id(2)), 9, Hello{}).reason, Reason::wrong_identity);
}

TEST_F(Named, AStatusQueryOfAnyoneIsAnswered) {
    const auto query = wire::encode(PeerRequest{.body = StatusQuery{}});
    const auto answer = stage.ask("status", query, {"URI:electiond://demo/role/operator"});
    EXPECT_EQ(wire::decode_reply("status", answer.body).reason, Reason::none);
    EXPECT_EQ(stage.ask("vote-request", R"({"term":9,"candidateId":"2"})").body,
              R"({"term":5,"voteGranted":false,"reason":"no_cluster_id"})");
    EXPECT_EQ(rejected(), 0u);
}

TEST(NodeIdentity, ABlankNodeKnowsItsFounders) {
    auto durable = blank();
    durable.founding_set = {voter(1), voter(2), voter(3)};
    Stage stage(durable, plain(Bootstrap::all), true);
    auto from = Stage::from(3, "");
    from.uuid = uuid(2);

    EXPECT_EQ(stage.ask(from, Stage::names_of(id(3)), 0, Hello{}).reason, Reason::wrong_identity);
    EXPECT_EQ(stage.ask(2, 0, Hello{}, "").reason, Reason::none);
}

TEST(NodeIdentity, WithoutTheCheckNothingIsRefused) {
    Stage stage;
    auto from = Stage::from(3);
    from.uuid = uuid(2);
    EXPECT_EQ(stage.ask(from, {}, 9, Hello{.blank = false}).reason, Reason::none);
    EXPECT_EQ(stage.ask(Stage::from(2), Stage::names_of(id(3)), 9, Hello{}).reason, Reason::none);
    EXPECT_TRUE(stage.board.read()->view->rejected.empty());
}

// ---- answers

TEST_F(Named, AWrongAnswerIsNoAnswer) {
    for (const int n : {2, 3}) ASSERT_FALSE(refused(n, n, n));
    stage.pass_until_sent("pre-vote", 3);
    const auto term = stage.node.election().term();
    PreVoteReply yes;
    yes.granted = true;

    const auto three = Stage::address_of(3);
    stage.answer_with(Stage::names_of(id(3)), Stage::from(2), three, "pre-vote", yes);
    stage.answer_with(Stage::names_of(id(3)), speaker(3, 2), three, "pre-vote", yes);
    stage.answer_with({}, Stage::from(2), three, "pre-vote", yes, Reason::none, 99);

    EXPECT_TRUE(std::holds_alternative<PreCandidate>(stage.node.election().role()));
    EXPECT_EQ(stage.node.election().term(), term);
    EXPECT_EQ(rejected(), 3u);
    EXPECT_THAT(stage.lines, Contains(HasSubstr("answer to pre-vote from node-3:1 claims to be "
                                                "node 2, but its certificate is for "
                                                "URI:electiond://demo/3")));
    EXPECT_THAT(stage.transport.refreshed, Contains(three)) << "its name may mean another by now";

    stage.answer(3, "pre-vote", yes);
    EXPECT_TRUE(std::holds_alternative<Candidate>(stage.node.election().role()));
}

TEST_F(Named, ASilentVotersWrongAnswersAreItsCause) {
    stage.take_the_lead();
    const auto failed = stage.counters.heartbeats_failed.value();
    for (int times = 0; times < 30; ++times) {
        stage.pass(kH);
        stage.ack(2);
        stage.answer_with({"DNS:3.prod"}, Stage::from(3), Stage::address_of(3), "heartbeat",
                          HeartbeatReply{.accepted = true, .seq = 1});
    }

    EXPECT_THAT(stage.lines, Contains(testing::AllOf(
                                 HasSubstr("voter_silent"),
                                 HasSubstr("node-3:1 claims to be node 3, but its certificate is "
                                           "for DNS:3.prod"))));
    EXPECT_EQ(stage.counters.heartbeats_failed.value(), failed + 30);
    EXPECT_TRUE(stage.leads());
}

TEST_F(Named, ANodeThatOthersRefuseLogsItAndKeepsItsTerm) {
    stage.take_the_lead();
    const auto term = stage.node.election().term();

    stage.answer_with(Stage::names_of(id(3)), Stage::from(3), Stage::address_of(3), "heartbeat",
                      HeartbeatReply{.accepted = false}, Reason::wrong_identity, term + 50);

    EXPECT_EQ(stage.node.election().term(), term);
    EXPECT_EQ(rejected(), 1u);
    EXPECT_THAT(stage.lines,
                Contains(HasSubstr("heartbeat to node 3 at node-3:1: it does not accept this node "
                                   "as node 1 of cluster demo; the certificate of this node must "
                                   "be for URI:electiond://demo/1 or DNS:1.demo")));
}

// B6: an address that only a wrong node answers is not waited for.
TEST(NodeIdentity, ABlankNodeJoinsBesideAnAddressThatAWrongNodeHas) {
    Stage stage(blank(), plain(), true);
    const auto at = [](int n) {
        return Peer{.id = id(n), .uuid = {}, .addresses = {Stage::address_of(n)}, .api = {}};
    };
    stage.node.handle(stage.now, PeersPolled{0, {at(2), at(3)}});
    const HelloReply lead{.self = {.blank = false, .config = {0, 1}},
                          .hint = LeaderHint{.id = id(2), .uuid = uuid(2)},
                          .config = std::nullopt};
    stage.answer_with(Stage::names_of(id(9)), Stage::from(3, "another"), Stage::address_of(3),
                      "hello", lead);
    for (const auto& each : stage.transport.sent) {
        if (each.to == Stage::address_of(2))
            each.on_response({Response::Kind::unreachable, "refused"});
    }
    stage.deliver_replies();
    ASSERT_TRUE(stage.node.election().durable().blank());
    stage.pass(kTiming.hello);  // both are asked again

    stage.answer(2, "hello", lead);

    EXPECT_EQ(stage.node.election().durable().cluster_id, kCluster);
}

}  // namespace
}  // namespace electiond
