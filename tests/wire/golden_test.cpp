// The exact texts on the wire, and what stands for a field that is missing.
#include <gtest/gtest.h>

#include "wire/codec.h"

namespace electiond::wire {
namespace {

Sender sender() {
    return {.cluster_id = "c1",
            .cluster_name = "demo",
            .uuid = NodeUuid("u1"),
            .id = NodeId("1"),
            .incarnation = "i1",
            .address = Endpoint{"127.0.0.1", 4001},
            .api = "127.0.0.1:3001"};
}

const std::string kSender =
    R"({"v":1,"clusterId":"c1","clusterName":"demo","from":"u1","fromId":"1","incarnation":"i1",)"
    R"("address":"127.0.0.1:4001","api":"127.0.0.1:3001",)";
const std::string kLeast = R"({"clusterId":"c1","from":"u1","term":7)";

template <class Body>
Body request_body(std::string_view name, const std::string& text) {
    return std::get<Body>(std::get<PeerRequest>(decode_request(name, text)).body);
}

template <class Body>
Body reply_body(std::string_view name, const std::string& text) {
    return std::get<Body>(decode_reply(name, text).body);
}

TEST(Golden, WritesEveryRequest) {
    const std::pair<RequestBody, std::string> cases[] = {
        {PreVote{{3, 4}}, R"("term":7,"candidateId":"1","configTerm":3,"configVersion":4})"},
        {VoteRequest{{3, 4}, true, Reason::step_down},
         R"("term":7,"candidateId":"1","configTerm":3,"configVersion":4,"transfer":true,"reason":"step_down"})"},
        {Heartbeat{.seq = 9, .promise = Milliseconds(1000), .number = {3, 4}, .view = 2},
         R"("term":7,"leaderId":"1","seq":9,"promiseMs":1000,"configTerm":3,"configVersion":4,"view":2})"},
        {Heartbeat{.seq = 9, .number = {3, 4}, .config_pending = true, .view = 2},
         R"("term":7,"leaderId":"1","seq":9,"configTerm":3,"configVersion":4,"view":2,"configPending":true})"},
        {TimeoutNow{}, R"("term":7,"leaderId":"1"})"},
        {Hello{false, {}, true, 100, {3, 4}},
         R"("term":7,"id":"1","blank":false,"wantsVote":true,"priority":100,"configTerm":3,"configVersion":4})"},
        {Hello{true, {{NodeId("1"), NodeUuid("u1")}}, true, 100, {}},
         R"("term":7,"id":"1","blank":true,"foundingSet":[{"id":"1","uuid":"u1"}],"wantsVote":true,"priority":100,"configTerm":0,"configVersion":0})"},
        {StatusQuery{}, R"("term":7})"},
        {StatusQuery{true}, R"("term":7,"members":true})"},
    };
    for (const auto& [body, text] : cases)
        EXPECT_EQ(encode(PeerRequest{sender(), 7, body}), kSender + text);
}

TEST(Golden, WritesWhatAHeartbeatBringsToWhoLacksIt) {
    const Voter one{NodeId("1"), NodeUuid("u1")};
    const Member member{.id = one.id,
                        .uuid = one.uuid,
                        .addresses = {{"::1", 4001}},
                        .api = "h:1",
                        .role = MemberRole::voter,
                        .eligible = true,
                        .priority = 100};
    auto heard = member;
    heard.last_ack = Milliseconds(5);
    heard.rtt = std::chrono::microseconds(250);
    const Heartbeat beat{.seq = 1,
                         .number = {3, 4},
                         .config = Electorate{{3, 4}, {one}, {NodeUuid("u9")}},
                         .view = 2,
                         .members = {{member, heard}},
                         .succession = Succession{{NodeUuid("u2")}, Milliseconds(6)}};

    EXPECT_EQ(
        encode(PeerRequest{sender(), 7, beat}),
        kSender +
            R"("term":7,"leaderId":"1","seq":1,"configTerm":3,"configVersion":4,"view":2,)"
            R"("config":{"term":3,"version":4,"voters":[{"id":"1","uuid":"u1"}],"banned":["u9"]},)"
            R"("succession":{"order":["u2"],"stepMs":6},"members":[)"
            R"({"id":"1","uuid":"u1","addresses":["[::1]:4001"],"api":"h:1","role":"voter",)"
            R"("lastAckMs":null,"eligible":true,"priority":100},)"
            R"({"id":"1","uuid":"u1","addresses":["[::1]:4001"],"api":"h:1","role":"voter",)"
            R"("lastAckMs":5,"rttUs":250,"eligible":true,"priority":100}]})");
}

TEST(Golden, WritesEveryReply) {
    const VoteReply refusal{
        false, LeaderHint{NodeId("2"), NodeUuid("u2"), 6, Endpoint{"h", 1}, Milliseconds(40)}, {}};
    const std::string refused =
        R"("term":7,"requestTerm":8,"reason":"promised","voteGranted":false,"leaderHint":)"
        R"({"id":"2","uuid":"u2","term":6,"address":"h:1","ageMs":40}})";
    const std::pair<PeerReply, std::string> cases[] = {
        {{sender(), 7, 8, Reason::promised, PreVoteReply{refusal}}, refused},
        {{sender(), 7, 8, Reason::promised, refusal}, refused},
        {{sender(), 7, 7, Reason::none, VoteReply{true, {}, {}}},
         R"("term":7,"requestTerm":7,"voteGranted":true})"},
        {{sender(), 7, 7, Reason::none,
          HeartbeatReply{true, 9, {3, 4}, 2, true, 100, true, false, false}},
         R"("term":7,"requestTerm":7,"received":true,"accepted":true,"seq":9,"configTerm":3,)"
         R"("configVersion":4,"view":2,"eligible":true,"priority":100,"wantsVote":true,"leaving":false,"cooling":false})"},
        {{sender(), 7, 7, Reason::none, TimeoutNowReply{true}},
         R"("term":7,"requestTerm":7,"accepted":true})"},
        {{sender(), 7, 0, Reason::none, HelloReply{Hello{false, {}, true, 100, {3, 4}}, {}, {}}},
         R"("term":7,"requestTerm":0,"id":"1","blank":false,"wantsVote":true,"priority":100,"configTerm":3,"configVersion":4})"},
        {{sender(), 7, 0, Reason::none,
          StatusReply{.port = 3001,
                      .state = State::follower,
                      .role = MemberRole::voter,
                      .voted_for = "2",
                      .config = {3, 4},
                      .voters = 3,
                      .version = "0.1.0"}},
         R"("term":7,"requestTerm":0,"id":"1","uuid":"u1","port":3001,"state":"FOLLOWER","role":"voter","leaderId":null,)"
         R"("isLeader":false,"leaseRemainingMs":0,"uptime":0,"votedFor":"2","configTerm":3,"configVersion":4,"voters":3,"version":"0.1.0"})"},
    };
    for (const auto& [reply, text] : cases) EXPECT_EQ(encode(reply), kSender + text);
}

TEST(Golden, EscapesWhatJsonCannotHold) {
    auto from = sender();
    from.cluster_name =
        "a\"b\\c\n\x01"
        "Z\xc3\xbc/";

    EXPECT_NE(encode(PeerRequest{from, 7, TimeoutNow{}})
                  .find(R"("clusterName":"a\"b\\c\u000a\u0001Z)"
                        "\xc3\xbc/\","),
              std::string::npos);
}

TEST(Golden, AnswersWhatIsNoMessageWithItsFault) {
    EXPECT_EQ(encode_malformed(DecodeError("term: expected a number, found \"7\"")),
              R"({"error":"term: expected a number, found \"7\"","reason":"malformed"})");
}

TEST(Golden, TakesTheDefaultsOfMissingFields) {
    const auto vote = request_body<VoteRequest>("vote-request", kLeast + R"(,"candidateId":"1"})");
    const auto beat = request_body<Heartbeat>("heartbeat", kLeast + R"(,"leaderId":"1","seq":2})");
    const auto hello = request_body<Hello>("hello", kLeast + "}");
    const auto blank =
        request_body<Hello>("hello", R"({"clusterId":"","clusterName":"x","from":"u","term":0})");
    const auto ack =
        reply_body<HeartbeatReply>("heartbeat", kLeast + R"(,"accepted":true,"seq":2})");

    EXPECT_EQ(vote, VoteRequest{});
    EXPECT_EQ(beat, (Heartbeat{.seq = 2, .number = {}}));
    EXPECT_FALSE(hello.blank);
    EXPECT_TRUE(blank.blank);
    EXPECT_TRUE(ack.wants_vote);
    EXPECT_FALSE(ack.leaving || ack.cooling || ack.eligible);
}

TEST(Golden, TakesTheSeedsFieldForTheIdOfTheSender) {
    const auto decoded = decode_request("heartbeat", kLeast + R"(,"leaderId":"n-1","seq":2})");

    EXPECT_EQ(std::get<PeerRequest>(decoded).from.id, NodeId("n-1"));
}

TEST(Golden, IgnoresFieldsItDoesNotKnow) {
    const auto decoded =
        decode_request("timeout-now", kLeast + R"(,"leaderId":"1","next":{"x":[1.5,null]}})");

    EXPECT_EQ(std::get<TimeoutNow>(std::get<PeerRequest>(decoded).body), TimeoutNow{});
}

TEST(Golden, TakesAReasonOfANewerPeerForNone) {
    const auto text = kLeast + R"(,"voteGranted":false,"reason":"tired"})";

    EXPECT_EQ(decode_reply("vote-request", text).reason, Reason::none);
}

TEST(Golden, AnswersAStatusQueryWithoutBodyOrSender) {
    for (const auto* text : {"", "{}", R"({"term":0})"}) {
        const auto decoded = decode_request("status", text);

        EXPECT_EQ(std::get<PeerRequest>(decoded), (PeerRequest{{}, 0, StatusQuery{}})) << text;
    }
    EXPECT_TRUE(request_body<StatusQuery>("status", R"({"members":true})").members);
}

TEST(Seed, IsEveryOtherMessageWithoutClusterId) {
    for (const auto* name : {"pre-vote", "vote-request", "heartbeat", "timeout-now", "hello"}) {
        const auto decoded = decode_request(name, R"({"term":3,"candidateId":1,"leaderId":1})");

        EXPECT_EQ(std::get<SeedRequest>(decoded), (SeedRequest{name, 3}));
    }
}

TEST(Seed, GetsItsOwnAnswerShape) {
    EXPECT_EQ(encode_seed_reply({"vote-request", 3}, 7),
              R"({"term":7,"voteGranted":false,"reason":"no_cluster_id"})");
    EXPECT_EQ(encode_seed_reply({"heartbeat", 3}, 7),
              R"({"received":true,"accepted":false,"term":7,"reason":"no_cluster_id"})");
}

TEST(Names, AreKnownByTheirBodies) {
    EXPECT_EQ(name_of(PreVote{}), "pre-vote");
    EXPECT_EQ(name_of(VoteRequest{}), "vote-request");
    EXPECT_EQ(name_of(Heartbeat{}), "heartbeat");
    EXPECT_EQ(name_of(TimeoutNow{}), "timeout-now");
    EXPECT_EQ(name_of(Hello{}), "hello");
    EXPECT_EQ(name_of(StatusQuery{}), "status");
    EXPECT_TRUE(known_request("status"));
    EXPECT_FALSE(known_request("append"));
    EXPECT_FALSE(known_request(""));
}

}  // namespace
}  // namespace electiond::wire
