// Many nodes asked at once: in order, and no longer than the time-out however many are dead.
#include "node/survey.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "../election/cast.h"
#include "wire/codec.h"

namespace electiond {
namespace {

// Answers by the host's name: at once, later from a thread of its own, never, or wrongly.
class FakeTransport : public Transport {
  public:
    Endpoint start(Inbox&) override { return {}; }
    void stop() noexcept override {}
    void send(const Endpoint& to, Request request, Milliseconds timeout,
              OnReply on_reply) noexcept override {
        requests.push_back(request);
        timeouts.push_back(timeout);
        if (to.host == "dead") {
            kept.push_back(std::move(on_reply));
        } else if (to.host == "unreachable") {
            on_reply({Answer::Kind::unreachable, "connection refused"});
        } else if (to.host == "babbler") {
            on_reply({Answer::Kind::ok, "hello?"});
        } else if (to.host == "late") {
            threads.emplace_back([on_reply] { on_reply(status("late")); });
        } else {
            on_reply(status(to.host));
        }
    }
    static Answer status(const std::string& name) {
        auto from = sender(2);
        from.id = NodeId(name);
        return {Answer::Kind::ok,
                wire::encode(PeerReply{
                    .from = from,
                    .body = StatusReply{.state = "FOLLOWER", .role = "voter", .version = "1"}})};
    }

    std::vector<Request> requests;
    std::vector<Milliseconds> timeouts;
    std::vector<OnReply> kept;
    std::vector<std::jthread> threads;
};

Endpoint at(const std::string& host) { return {host, 1}; }

TEST(Survey, AnswersStandInTheOrderOfTheTargets) {
    FakeTransport transport;

    const auto answers =
        survey(transport, {at("late"), at("a"), at("unreachable"), at("babbler"), at("b")}, true,
               std::chrono::seconds(30));

    ASSERT_EQ(answers.size(), 5u);
    ASSERT_TRUE(answers[0].reply);
    EXPECT_EQ(answers[0].reply->from.id, NodeId("late"));
    EXPECT_EQ(answers[1].reply->from.id, NodeId("a"));
    EXPECT_FALSE(answers[2].reply);
    EXPECT_EQ(answers[2].error, "connection refused");
    EXPECT_FALSE(answers[3].reply);
    EXPECT_FALSE(answers[3].error.empty());
    EXPECT_EQ(answers[4].reply->from.id, NodeId("b"));
}

TEST(Survey, TheDeadDelayNobodyBeyondTheTimeout) {
    FakeTransport transport;
    std::vector<Endpoint> targets(50, at("dead"));
    targets.push_back(at("a"));
    const auto start = std::chrono::steady_clock::now();

    const auto answers = survey(transport, targets, false, 50ms);

    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_GE(took, 50ms);
    EXPECT_LT(took, 50 * 50ms) << "one time-out for all, not one each";
    EXPECT_TRUE(answers.back().reply);
    EXPECT_EQ(answers.front().error, "no answer in time");
    for (const auto& late : transport.kept) late(FakeTransport::status("too late"));
}

TEST(Survey, AsksAsAQueryWithTheTimeoutGiven) {
    FakeTransport transport;

    (void)survey(transport, {at("a")}, true, 70ms);

    ASSERT_EQ(transport.requests.size(), 1u);
    EXPECT_EQ(transport.requests[0].name, "status");
    EXPECT_EQ(transport.requests[0].lane, Lane::query) << "never before an election message";
    EXPECT_EQ(transport.timeouts[0], 70ms);
    const auto decoded = wire::decode_request("status", transport.requests[0].body);
    EXPECT_TRUE(std::get<StatusQuery>(std::get<PeerRequest>(decoded).body).members);
}

TEST(Survey, OfNobodyIsEmptyAtOnce) {
    FakeTransport transport;

    EXPECT_TRUE(survey(transport, {}, false, std::chrono::hours(1)).empty());
}

}  // namespace
}  // namespace electiond
