// /cluster and /members: the answers of other nodes, and what is shown without them.
#include <gmock/gmock.h>

#include "control_bench.h"

namespace electiond::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Cluster : public ::testing::Test, public ControlBench {
  protected:
    Poco::JSON::Object::Ptr ask(const std::string& path) {
        ControlRoutes routes(dependencies());
        const auto told = answer(routes, get(path));
        EXPECT_EQ(told.status, 200);
        return json(told);
    }
    // Of each record in the list: one of its texts.
    static std::vector<std::string> each(const Poco::JSON::Object::Ptr& body, const char* list,
                                         const char* key) {
        std::vector<std::string> texts;
        for (const auto& item : *body->getArray(list)) {
            texts.push_back(item.extract<Poco::JSON::Object::Ptr>()->getValue<std::string>(key));
        }
        return texts;
    }
};

TEST_F(Cluster, ShowsEveryNode) {
    board.publish(leading());
    transport.answers("127.0.0.1:4002", reply("2"));

    const auto body = ask("/cluster");

    EXPECT_THAT(each(body, "cluster", "id"), ElementsAre("1", "2", "3"));
    EXPECT_THAT(each(body, "cluster", "state"), ElementsAre("LEADER", "FOLLOWER", "OFFLINE"));
    EXPECT_THAT(each(body, "cluster", "address"),
                ElementsAre("127.0.0.1:4001", "127.0.0.1:4002", "127.0.0.1:4003"));
    EXPECT_THAT(each(body, "cluster", "api"),
                ElementsAre("127.0.0.1:3001", "127.0.0.1:3002", "127.0.0.1:3003"));
    EXPECT_THAT(each(body, "cluster", "port"), ElementsAre("3001", "3002", "3003"));
    const auto offline = body->getArray("cluster")->getObject(2);
    EXPECT_FALSE(offline->getValue<bool>("online"));
    EXPECT_EQ(offline->getValue<std::string>("error"), "connection refused");
    EXPECT_EQ(offline->getValue<std::string>("role"), "voter");
    EXPECT_EQ(body->getObject("leader")->getValue<std::string>("id"), "1");
    EXPECT_EQ(body->getObject("leader")->getValue<int>("leaseRemainingMs"), 900);
    EXPECT_THAT(each(body, "leaders", "id"), ElementsAre("1"));
    EXPECT_EQ(body->getValue<int>("term"), 7);
    EXPECT_EQ(body->getValue<int>("voters"), 3);
    EXPECT_EQ(body->getValue<int>("quorum"), 2);
    EXPECT_EQ(body->getValue<int>("canLose"), 0);
    EXPECT_EQ(body->getValue<int>("configVersion"), 3);
}

TEST_F(Cluster, HasNoLeaderKeyWhereNobodyLeads) {
    transport.answers("127.0.0.1:4002", reply("2"));
    transport.answers("127.0.0.1:4003", reply("3"));
    const auto body = ask("/cluster");
    EXPECT_FALSE(body->has("leader"));
    EXPECT_EQ(body->getArray("leaders")->size(), 0U);
    EXPECT_EQ(body->getValue<int>("canLose"), 1);
}

TEST_F(Cluster, NeverSaysThatLessThanNothingCanBeLost) {
    EXPECT_EQ(ask("/cluster")->getValue<int>("canLose"), 0);
}

TEST_F(Cluster, CountsWhatCanBeLostByWhoMayLead) {
    transport.answers("127.0.0.1:4002", reply("2"));
    transport.answers("127.0.0.1:4003", reply("3"));
    auto status = leading();
    status.view.eligible = true;
    for (const int other : {1, 2}) {
        status.members.list[static_cast<std::size_t>(other)].last_ack = 20ms;
        status.members.list[static_cast<std::size_t>(other)].eligible = false;
    }
    board.publish(status);
    EXPECT_EQ(ask("/cluster")->getValue<int>("canLose"), 0) << "only this node may lead";

    status.members.list[2].eligible = true;
    board.publish(status);
    EXPECT_EQ(ask("/cluster")->getValue<int>("canLose"), 1);
    status.members.list[2].eligible = false;
    status.members.list[2].last_ack.reset();
    board.publish(status);
    EXPECT_EQ(ask("/cluster")->getValue<int>("canLose"), 1) << "it has said nothing of itself yet";
}

TEST_F(Cluster, ShowsWhatIsWrongAsThisNodeSeesIt) {
    auto status = blank();
    status.view.problems = {{.reason = Reason::nobody_may_lead,
                             .subject = {},
                             .detail = "the voters that answer (1, 2) may not lead: priority 0",
                             .since = now}};
    board.publish(status);
    EXPECT_THAT(each(ask("/cluster"), "problems", "reason"), ElementsAre("nobody_may_lead"));
}

TEST_F(Cluster, WaitsForTheSilentNoLongerThanForOne) {
    transport.is_silent("127.0.0.1:4002");
    transport.is_silent("127.0.0.1:4003");
    transport.answers("127.0.0.1:4004", reply("4"));
    auto status = blank();
    status.view.peers.push_back({.addresses = {{"127.0.0.1", 4004}}});
    board.publish(status);

    const auto body = ask("/cluster");

    EXPECT_THAT(each(body, "cluster", "state"),
                ElementsAre("FOLLOWER", "OFFLINE", "OFFLINE", "FOLLOWER"));
    EXPECT_EQ(body->getArray("cluster")->getObject(1)->getValue<std::string>("error"),
              "no answer in time");
}

TEST_F(Cluster, IsAnsweredWhenTheLastAnswerIsThere) {
    transport.is_silent("127.0.0.1:4002");
    transport.is_silent("127.0.0.1:4003");
    ControlRoutes routes(dependencies());
    int woken = 0;
    const auto later = parked(routes.answer(get("/cluster"), [&] { ++woken; }));
    EXPECT_FALSE(later->waits_for_board());
    EXPECT_EQ(later->deadline(), now + 250ms);
    EXPECT_FALSE(later->look(now));

    transport.answers_late("127.0.0.1:4002", reply("2"));
    EXPECT_EQ(woken, 0);
    EXPECT_FALSE(later->look(now + 249ms));
    transport.answers_late("127.0.0.1:4003", reply("3"));
    EXPECT_EQ(woken, 1);

    const auto response = later->look(now + 249ms);
    ASSERT_TRUE(response);
    EXPECT_THAT(each(json(*response), "cluster", "online"), ElementsAre("true", "true", "true"));
}

TEST_F(Cluster, AsksTheSecondTimeWithATimeOutOfItsOwn) {
    transport.answers("127.0.0.1:4002", reply("2", "LEADER"));
    transport.is_silent("127.0.0.1:4003");
    board.publish(leading());
    ControlRoutes routes(dependencies());
    const auto later = parked(routes.answer(get("/cluster"), kNobody));

    now += 250ms;
    EXPECT_FALSE(later->look(now)) << "two lead: they are asked again";
    EXPECT_EQ(later->deadline(), now + 250ms);
    now += 250ms;
    const auto response = later->look(now);

    ASSERT_TRUE(response);
    EXPECT_EQ(transport.asked["127.0.0.1:4002"].size(), 2U);
    EXPECT_THAT(each(json(*response), "leaders", "id"), ElementsAre("1", "2"));
}

TEST_F(Cluster, IsToldOfTheEndAndOutlivesAnswersThatComeTooLate) {
    for (const char* address : {"127.0.0.1:4002", "127.0.0.1:4003"}) transport.is_silent(address);
    ControlRoutes routes(dependencies());
    problem(parked(routes.answer(get("/cluster"), kNobody))->end(now), 503);
    board.publish(following());
    problem(parked(routes.answer(get("/members"), kNobody))->end(now), 503);
    transport.stop();  // answers all that it owes
}

TEST_F(Cluster, IsRefusedWhereTooManyAskAtOnce) {
    transport.is_silent("127.0.0.1:4002");
    board.publish(following());
    ControlRoutes routes(dependencies(), with([](auto& limits) { limits.waiting_requests = 2; }));
    auto first = parked(routes.answer(get("/cluster"), kNobody));
    const auto second = parked(routes.answer(get("/members"), kNobody));
    const auto questions = transport.asked["127.0.0.1:4002"].size();

    for (const char* path : {"/cluster", "/members"}) {
        const auto refused = at_once(routes.answer(get(path), kNobody));
        problem(refused, 503);
        EXPECT_EQ(header(refused, "Retry-After"), "1");
    }
    EXPECT_EQ(transport.asked["127.0.0.1:4002"].size(), questions) << "nobody was asked";
    first.reset();
    EXPECT_TRUE(parked(routes.answer(get("/cluster"), kNobody)));
}

TEST_F(Cluster, ShowsBothWhoAnswerByOneId) {
    auto twin = reply("2");
    twin.from.uuid = NodeUuid("uuid-twin");
    auto status = blank();
    status.view.peers.push_back({.id = NodeId("2"), .addresses = {{"127.0.0.1", 4009}}});
    board.publish(status);
    transport.answers("127.0.0.1:4002", reply("2"));
    transport.answers("127.0.0.1:4009", twin);

    EXPECT_THAT(each(ask("/cluster"), "cluster", "id"), ElementsAre("1", "2", "2", "3"));
}

TEST_F(Cluster, ShowsOneNodeOnceHoweverOftenItIsReached) {
    auto status = blank();
    status.view.peers[0].addresses = {{"10.0.0.2", 4002}, {"127.0.0.1", 4002}};
    status.view.peers.push_back({.addresses = {{"127.0.0.1", 4001}}});  // ourselves
    board.publish(status);
    transport.answers("127.0.0.1:4002", reply("2"));
    transport.answers("127.0.0.1:4001", reply("1"));

    const auto body = ask("/cluster");

    EXPECT_THAT(each(body, "cluster", "id"), ElementsAre("1", "2", "3"));
    EXPECT_THAT(each(body, "cluster", "online"), ElementsAre("true", "true", "false"));
}

TEST_F(Cluster, ShowsWhomItReachesOnlyBehindADeadAddress) {
    auto status = blank();
    status.view.peers = {{.addresses = {{"10.0.0.4", 4004}, {"127.0.0.1", 4004}}}};
    board.publish(status);
    transport.answers("127.0.0.1:4004", reply("4"));

    EXPECT_THAT(each(ask("/cluster"), "cluster", "id"), ElementsAre("1", "4"));
}

TEST_F(Cluster, DoesNotTakeOneNodeForAnotherThatHadItsAddress) {
    transport.answers("127.0.0.1:4002", reply("4"));

    const auto body = ask("/cluster");

    EXPECT_THAT(each(body, "cluster", "id"), ElementsAre("1", "2", "3", "4"));
    EXPECT_THAT(each(body, "cluster", "online"), ElementsAre("true", "false", "false", "true"));
    EXPECT_EQ(body->getArray("cluster")->getObject(1)->getValue<std::string>("error"),
              "another node answers there: 4");
}

TEST_F(Cluster, AsksAgainBeforeItShowsTwoLeaders) {
    board.publish(following());
    transport.answers_in_turn("127.0.0.1:4002", {reply("2", "LEADER"), reply("2")});
    transport.answers("127.0.0.1:4003", reply("3", "LEADER"));

    EXPECT_THAT(each(ask("/cluster"), "leaders", "id"), ElementsAre("3"));
}

TEST_F(Cluster, ShowsAllWhoClaimAndTheNewestOfThemAsLeader) {
    auto newer = reply("3", "LEADER");
    newer.term = 8;
    transport.answers("127.0.0.1:4002", reply("2", "LEADER"));
    transport.answers("127.0.0.1:4003", newer);

    const auto body = ask("/cluster");

    EXPECT_THAT(each(body, "leaders", "id"), ElementsAre("2", "3"));
    EXPECT_EQ(body->getObject("leader")->getValue<std::string>("id"), "3");
}

TEST_F(Cluster, DoesNotTakeAnotherClustersNodeForItsOwn) {
    auto foreign = reply("2", "LEADER");
    foreign.from.cluster_name = "other";
    transport.answers("127.0.0.1:4002", foreign);

    const auto body = ask("/cluster");

    EXPECT_FALSE(body->has("leader"));
    EXPECT_THAT(body->getArray("cluster")->getObject(1)->getValue<std::string>("error"),
                HasSubstr("other"));
}

TEST_F(Cluster, ListsALeaderOfAnotherClusterOfItsNameAndDoesNotFollowIt) {
    auto foreign = reply("2", "LEADER");
    foreign.from.cluster_id = "another-id";
    board.publish(blank());
    transport.answers("127.0.0.1:4002", foreign);

    const auto body = ask("/cluster");

    EXPECT_THAT(each(body, "leaders", "id"), ElementsAre("2"));
    EXPECT_FALSE(body->has("leader"));
}

TEST_F(Cluster, ShowsASilentVoterBesideTheOneWhoAnswersByItsId) {
    auto newcomer = reply("2");
    newcomer.from.uuid = NodeUuid("uuid-new");
    auto status = blank();
    status.view.peers.push_back({.id = NodeId("2"), .addresses = {{"127.0.0.1", 4009}}});
    board.publish(status);
    transport.answers("127.0.0.1:4009", newcomer);

    const auto body = ask("/cluster");

    EXPECT_THAT(each(body, "cluster", "id"), ElementsAre("1", "2", "2", "3"));
    EXPECT_THAT(each(body, "cluster", "online"), ElementsAre("true", "true", "false", "false"));
}

TEST_F(Cluster, ReplacesAWildcardByTheHostOfTheTransport) {
    auto status = leading();
    status.view.api = "0.0.0.0:3001";
    board.publish(status);
    auto wide = reply("2");
    wide.from.api = "[::]:3002";
    transport.answers("127.0.0.1:4002", wide);

    EXPECT_THAT(each(ask("/cluster"), "cluster", "api"),
                ElementsAre("127.0.0.1:3001", "127.0.0.1:3002", "127.0.0.1:3003"));
}

TEST_F(Cluster, ShowsAnOfflineNodeWithoutWhatNobodyKnows) {
    auto status = blank();
    status.view.peers = {{.id = NodeId("2")}};
    board.publish(status);

    const auto record = ask("/cluster")->getArray("cluster")->getObject(1);

    for (const char* key : {"port", "address", "api", "uuid"}) EXPECT_TRUE(record->isNull(key));
}

TEST_F(Cluster, KeepsToUtf8WhateverAPeerSays) {
    transport.answers("127.0.0.1:4002", Response{Response::Kind::busy, "caf\xc3"});
    transport.answers("127.0.0.1:4003", Response{Response::Kind::ok, "\xff\xfe"});
    const auto body = ask("/cluster");  // Poco's parser refuses bad UTF-8
    EXPECT_EQ(body->getArray("cluster")->getObject(1)->getValue<std::string>("error"), "caf?");
}

TEST_F(Cluster, LeaderListsMembersWithAgesOfNow) {
    board.publish(leading());
    now += 30ms;

    const auto body = ask("/members");

    EXPECT_THAT(each(body, "members", "id"), ElementsAre("1", "2", "3"));
    EXPECT_THAT(each(body, "members", "state"), ElementsAre("LEADER", "FOLLOWER", "OFFLINE"));
    EXPECT_FALSE(body->has("asOfMs"));
    const auto second = body->getArray("members")->getObject(1);
    EXPECT_EQ(second->getValue<int>("lastContactMs"), 50);
    EXPECT_DOUBLE_EQ(second->getValue<double>("rttMs"), 0.35);
    EXPECT_EQ(second->getValue<std::string>("uuid"), "uuid-2");
    EXPECT_EQ(second->getValue<std::string>("address"), "127.0.0.1:4002");
    EXPECT_EQ(second->getValue<std::string>("api"), "127.0.0.1:3002");
    EXPECT_EQ(second->getValue<std::string>("role"), "voter");
    EXPECT_EQ(second->getValue<int>("priority"), 100);
    EXPECT_TRUE(second->getValue<bool>("eligible"));
    EXPECT_TRUE(body->getArray("members")->getObject(2)->isNull("lastContactMs"));
}

TEST_F(Cluster, FollowerAsksTheLeaderForItsMembers) {
    board.publish(following());
    auto leader = reply("2", "LEADER");
    std::get<StatusReply>(leader.body).members = {member("2", 0ms), member("1", 5ms)};
    transport.answers("127.0.0.1:4002", leader);

    const auto body = ask("/members");

    EXPECT_THAT(transport.asked["127.0.0.1:4002"], ElementsAre(HasSubstr(R"("members":true)")));
    EXPECT_THAT(each(body, "members", "id"), ElementsAre("2", "1"));
    EXPECT_THAT(each(body, "members", "state"), ElementsAre("LEADER", "FOLLOWER"));
    EXPECT_EQ(body->getValue<std::string>("leaderId"), "2");
    EXPECT_FALSE(body->has("asOfMs"));
}

TEST_F(Cluster, FollowerShowsItsLastViewWhereTheLeaderIsSilent) {
    auto status = following();
    status.members.list = {member("1", 5ms), member("2", 0ms)};
    status.members.at = now - 700ms;
    board.publish(status);

    const auto body = ask("/members");

    EXPECT_THAT(each(body, "members", "id"), ElementsAre("1", "2"));
    EXPECT_EQ(body->getValue<int>("asOfMs"), 700);
}

TEST_F(Cluster, ShowsTheVotersWhereNoLeaderWasEverHeard) {
    const auto body = ask("/members");
    EXPECT_THAT(each(body, "members", "id"), ElementsAre("1", "2", "3"));
    EXPECT_THAT(each(body, "members", "state"), ElementsAre("FOLLOWER", "OFFLINE", "OFFLINE"))
        << "the asked node runs";
    EXPECT_THAT(each(body, "members", "api"),
                ElementsAre("127.0.0.1:3001", "127.0.0.1:3002", "127.0.0.1:3003"));
    EXPECT_TRUE(body->isNull("asOfMs"));
    EXPECT_TRUE(body->has("asOfMs"));
}

}  // namespace
}  // namespace electiond::testing
