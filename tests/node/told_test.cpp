// A node reports the problems that its election notices, with their causes, in log and status.
#include "node/change_text.h"
#include "stage.h"

namespace electiond {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// ---- why an address does not answer

const Endpoint kThird{"node-3", 1};

TEST(FailedAddresses, SayWhatFailedLast) {
    FailedAddresses faults;
    EXPECT_EQ(faults.why({kThird}), "");

    faults.failed(kThird, {Response::Kind::unreachable, "connection refused"});
    EXPECT_EQ(faults.why({kThird}), "node-3:1: connection refused");
    faults.failed(kThird, {Response::Kind::timed_out, "no answer from node-3:1 in time"});
    EXPECT_EQ(faults.why({kThird}), "no answer from node-3:1 in time") << "named once";
    faults.wrong(kThird, "is of cluster uu, not u");
    EXPECT_EQ(faults.why({kThird}), "node-3:1 is of cluster uu, not u");
    EXPECT_EQ(faults.why(), "node-3:1 is of cluster uu, not u");

    faults.answered(kThird);
    EXPECT_EQ(faults.why({kThird}), "");
}

TEST(FailedAddresses, MoveOnlyWithWhatTheySay) {
    FailedAddresses faults;
    faults.answered(kThird);
    EXPECT_EQ(faults.revision(), 0u);
    faults.failed(kThird, {Response::Kind::timed_out, ""});
    const auto first = faults.revision();
    EXPECT_NE(first, 0u);
    faults.failed(kThird, {Response::Kind::timed_out, ""});
    EXPECT_EQ(faults.revision(), first);
}

TEST(FailedAddresses, SayOneShortLine) {
    FailedAddresses faults;
    faults.failed(kThird, {Response::Kind::unreachable, "first\nsecond"});
    EXPECT_EQ(faults.why({kThird}), "node-3:1: first");
    faults.failed(kThird, {Response::Kind::unreachable, std::string(5000, 'x')});
    EXPECT_LT(faults.why({kThird}).size(), 300u);
    std::vector<Endpoint> many;
    for (std::uint16_t port = 1; port <= 9; ++port) {
        many.push_back({"h", port});
        faults.failed(many.back(), {Response::Kind::timed_out, ""});
    }
    EXPECT_EQ(faults.why(many),
              "h:1: no answer in time; h:2: no answer in time; h:3: no answer in time");
}

// ---- sentences

TEST(Sentence, OfASilentVoter) {
    VoterSilent told{.subject = {voter(2), "connection refused"},
                     .term = 3,
                     .away = 1040ms,
                     .answering = 2,
                     .voters = 3};
    EXPECT_EQ(sentence(told),
              "node 2 has been silent for 1.0 s (connection refused); 2 of 3 voters left, can "
              "lose none");
    EXPECT_EQ(standing_sentence(told), "node 2 is silent (connection refused)");
    told.subject.why.clear();
    told.can_lose = 1;
    told.unpublished = 4;
    EXPECT_EQ(sentence(told),
              "node 2 has been silent for 1.0 s; 2 of 3 voters left, can lose 1 more (and it fell "
              "silent 4 times since the last such line)");
    EXPECT_EQ(sentence(VoterBack{.voter = voter(2), .away = 16'240ms}),
              "node 2 answers again after 16.2 s");
}

TEST(Sentence, OfAnOutage) {
    EXPECT_EQ(sentence(QuorumMissing{
                  .quorum = 3,
                  .answering = {voter(1), voter(2)},
                  .silent = {{voter(3), "no answer in time"}, {voter(4), ""}, {voter(5), ""}}}),
              "no quorum: 2 of 5 voters answer (1, 2), a leader needs 3; silent: 3 (no answer in "
              "time), 4, 5");
    EXPECT_EQ(
        sentence(QuorumMissing{.quorum = 2, .answering = {voter(1)}, .silent = {{voter(2), ""}}}),
        "no quorum: 1 of 2 voters answers (1), a leader needs 2; silent: 2");
    EXPECT_EQ(sentence(NobodyMayLead{
                  .answering = {{voter(2), Bar::priority}, {voter(3), Bar::priority}}}),
              "the voters that answer (2, 3) may not lead: priority 0");
    EXPECT_EQ(
        sentence(NobodyMayLead{.answering = {{voter(2), Bar::priority}, {voter(3), Bar::cooling}},
                               .silent = {{voter(1), "connection refused"}}}),
        "the voters that answer (2, 3) may not lead: 2: priority 0, 3: it has just stepped "
        "down; silent: 1 (connection refused)");
}

TEST(Sentence, OfFounders) {
    EXPECT_EQ(sentence(FounderAwaited{
                  .id = id(3), .why = "connection refused", .heard = 2, .founders = 3}),
              "waits for founder 3 (connection refused); has heard 2 of 3 founders");
    EXPECT_EQ(sentence(FounderAwaited{.heard = 2, .founders = 3}),
              "has heard 2 of 3 founders, waits for the others");
}

TEST(Sentence, OfVotersThatComeAndGo) {
    VotersChanged told{.voter = voter(3), .came = true, .voters = 3, .quorum = 2};
    EXPECT_EQ(sentence(told), "voters changed: node 3 joined, 3 voters, quorum 2");
    told.came = false;
    told.voters = 1;
    told.quorum = 1;
    EXPECT_EQ(sentence(told), "voters changed: node 3 left, 1 voter, quorum 1");
}

// ---- a node

struct Troubled : Stage {
    using Stage::Stage;

    void fail(int n, const std::string& name, const Response& how) {
        for (auto each = transport.sent.rbegin(); each != transport.sent.rend(); ++each) {
            if (each->request.name != name || each->to != address_of(n)) continue;
            each->on_response(how);
            return deliver_replies();
        }
        ADD_FAILURE() << "node " << n << " was sent no " << name;
    }
    [[nodiscard]] std::vector<std::string> lines_with(const std::string& text) const {
        std::vector<std::string> found;
        std::ranges::copy_if(lines, std::back_inserter(found), [&](const auto& line) {
            return line.find(text) != std::string::npos;
        });
        return found;
    }
    [[nodiscard]] std::vector<std::string> problems() const {
        std::vector<std::string> all;
        for (const auto& problem : board.read()->view->problems) all.push_back(problem.detail);
        return all;
    }
};

const Response kRefused{Response::Kind::unreachable, "connection refused"};

TEST(Told, ALeaderSaysWhyAVoterIsSilentAndWhenItIsBack) {
    Troubled stage;
    stage.take_the_lead();
    const auto lead = [&](Duration length, bool third) {
        for (const Instant end = stage.now + length; stage.now < end;) {
            stage.pass(kH);
            stage.ack(2);
            third ? stage.ack(3) : stage.fail(3, "heartbeat", kRefused);
        }
    };
    lead(2 * kE, false);

    ASSERT_EQ(stage.lines_with("silent").size(), 1u);
    EXPECT_THAT(stage.lines_with("silent").front(),
                HasSubstr("node 3 has been silent for 1.0 s (node-3:1: connection refused); 2 of 3 "
                          "voters left, can lose none uuid=u3 term=1 reason=voter_silent"));
    EXPECT_THAT(stage.problems(), ElementsAre("node 3 is silent (node-3:1: connection refused)"));
    const auto problem = stage.board.read()->view->problems.front();
    EXPECT_EQ(problem.reason, Reason::voter_silent);
    EXPECT_EQ(problem.subject, id(3));
    EXPECT_GE(stage.now - problem.since, kE);
    const auto newest = stage.journal.after(0, 1).back();
    EXPECT_EQ(std::get<VoterSilent>(newest->change).subject.why, "node-3:1: connection refused")
        << "everybody is told the same";

    stage.fail(3, "heartbeat", {Response::Kind::timed_out, ""});
    EXPECT_THAT(stage.problems(), ElementsAre("node 3 is silent (node-3:1: no answer in time)"))
        << "as it is now";
    lead(kE, true);
    EXPECT_EQ(stage.lines_with("node 3 answers again after").size(), 1u);
    EXPECT_THAT(stage.problems(), IsEmpty());
}

TEST(Told, ASurvivorSaysWhyThereIsNoQuorum) {
    Troubled stage;
    for (const int n : {2, 3}) stage.ask(n, 0, Hello{.blank = false, .config = {0, 1}});
    stage.heartbeat(2, 4);
    for (int times = 0; times < 40; ++times) {
        stage.pass(kH);
        if (!std::holds_alternative<PreCandidate>(stage.node.election().role())) continue;
        for (const int n : {2, 3}) stage.fail(n, "pre-vote", kRefused);
    }
    ASSERT_EQ(stage.lines_with("no quorum").size(), 1u);
    EXPECT_THAT(stage.lines_with("no quorum").front(),
                HasSubstr("no quorum: 1 of 3 voters answers (1), a leader needs 2; silent: 2 "
                          "(node-2:1: connection refused), 3 (node-3:1: connection refused)"));
    ASSERT_EQ(stage.problems().size(), 1u);
}

TEST(Told, ANodeThatJoinsNamesTheOtherClusterAndTheKey) {
    Troubled stage{blank(), plain(Bootstrap::join)};
    const Peer third{.id = id(3), .uuid = {}, .addresses = {Stage::address_of(3)}, .api = {}};
    stage.node.handle(stage.now, PeersPolled{0, {third}});
    stage.pass_until_sent("hello", 3);
    auto stranger = Stage::from(3, "another-id");
    stranger.cluster_name = "dmeo";

    stage.answer_by(stranger, Stage::address_of(3), "hello", HelloReply{}, Reason::foreign_cluster);

    ASSERT_EQ(stage.lines_with("foreign_cluster").size(), 1u);
    EXPECT_THAT(stage.lines_with("foreign_cluster").front(),
                HasSubstr("message refused: hello to node 3 at node-3:1: it is of cluster dmeo, "
                          "not demo; correct cluster.name, or the addresses that discovery lists"));
    EXPECT_EQ(stage.board.read()->view->why_not_joined,
              "node-3:1 is of cluster dmeo, not demo as cluster.name says");

    stage.fail(3, "hello", kRefused);
    EXPECT_EQ(stage.board.read()->view->why_not_joined, "node-3:1: connection refused")
        << "as it is now";
}

TEST(Told, AMemberNamesTheOtherClusterOfTheSameNameByItsId) {
    Troubled stage;
    stage.take_the_lead();

    stage.answer_by(Stage::from(3, "another-id"), Stage::address_of(3), "heartbeat",
                    HeartbeatReply{}, Reason::foreign_cluster);

    ASSERT_EQ(stage.lines_with("foreign_cluster").size(), 1u);
    EXPECT_THAT(stage.lines_with("foreign_cluster").front(),
                HasSubstr("heartbeat to node 3 at node-3:1: it is of another cluster of the same "
                          "name, with cluster id another-id; this is normal once after electiond "
                          "recover, else"));
    EXPECT_EQ(stage.board.read()->view->why_not_joined, "") << "it has joined";
}

TEST(Told, ARemovedNodeSaysOnceWhatToDo) {
    Troubled stage;
    auto without_us = electorate({2, 3}, {4, 1});
    without_us.banned = {uuid(1)};
    const Heartbeat heartbeat{
        .seq = 1, .promise = kE, .number = without_us.number, .config = without_us};
    EXPECT_EQ(stage.lines_with("reason=removed").size(), 0u);

    for (int times = 0; times < 2; ++times) stage.ask(2, 4, heartbeat);

    ASSERT_EQ(stage.lines_with("reason=removed").size(), 1u);
    EXPECT_THAT(stage.lines_with("reason=removed").front(),
                HasSubstr("this node is no longer a member of cluster demo: it left, or it was "
                          "removed for good; stop it, and to let it join again as a new member "
                          "run electiond rejoin before the next start term=4"));
}

TEST(Told, ARemovedNodeSaysItAgainAtItsNextStart) {
    auto durable = member({2, 3});
    durable.left = true;
    Troubled stage{durable};
    EXPECT_EQ(stage.lines_with("reason=removed").size(), 1u);
}

struct Founder : testing::Test {
    Founder() {
        const auto at = [](int n) {
            return Peer{.id = id(n), .uuid = {}, .addresses = {Stage::address_of(n)}, .api = {}};
        };
        stage.node.handle(stage.now, PeersPolled{0, {at(2), at(3)}});
    }
    static Policy policy() {
        auto policy = plain(Bootstrap::all);
        policy.founders = {id(1), id(2), id(3)};
        return policy;
    }
    // Hellos of 2 come, those to 3 end like this.
    template <class End>
    void wait(const End& end) {
        for (int times = 0; times < 60; ++times) {
            stage.ask(2, 0, Hello{}, "");
            end();
            stage.pass(100ms);
        }
    }

    Troubled stage{blank(), policy()};
};

TEST_F(Founder, SaysForWhomItWaitsAndWhy) {
    stage.pass(kJ);
    wait([&] { stage.fail(3, "hello", kRefused); });
    ASSERT_EQ(stage.lines_with("founder").size(), 1u);
    EXPECT_THAT(stage.lines_with("founder").front(),
                HasSubstr("waits for founder 3 (node-3:1: connection refused); has heard 2 of 3 "
                          "founders"));
    EXPECT_THAT(stage.problems(),
                ElementsAre("waits for founder 3 (node-3:1: connection refused); has heard 2 of 3 "
                            "founders"));
    EXPECT_EQ(stage.board.read()->view->problems.front().reason, Reason::founder_awaited);
}

TEST_F(Founder, SaysThatItsAddressIsOfAnotherCluster) {
    stage.pass(kJ);
    auto stranger = Stage::from(3, "");
    stranger.cluster_name = "dmeo";
    wait([&] {
        stage.answer_by(stranger, Stage::address_of(3), "hello", HelloReply{},
                        Reason::foreign_cluster);
    });
    ASSERT_EQ(stage.lines_with("waits for founder").size(), 1u);
    EXPECT_THAT(stage.lines_with("waits for founder").front(),
                HasSubstr("waits for founder 3 (node-3:1 is of cluster dmeo, not demo as "
                          "cluster.name says)"));
}

TEST_F(Founder, SaysThatItsAddressIsOfAnotherNode) {
    stage.pass(kJ);
    wait([&] { stage.answer_by(Stage::from(4, ""), Stage::address_of(3), "hello", HelloReply{}); });
    ASSERT_EQ(stage.lines_with("waits for founder").size(), 1u);
    EXPECT_THAT(stage.lines_with("waits for founder").front(),
                HasSubstr("waits for founder 3 (node-3:1 is node 4 with uuid u4)"));
}

}  // namespace
}  // namespace electiond
