// Many nodes asked at once: answers in order, and a call when the last is there.
#include "node/survey.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>

#include "../election/cast.h"
#include "wire/codec.h"

namespace electiond {
namespace {

// Answers by the host's name: at once, later from a thread of its own, never, or wrongly.
class AskedTransport : public Transport {
  public:
    Endpoint start(Inbox&) override { return {}; }
    void stop() noexcept override {}
    void send(const Endpoint& to, Request request, Milliseconds timeout,
              OnResponse on_response) noexcept override {
        requests.push_back(request);
        timeouts.push_back(timeout);
        if (to.host == "dead") {
            kept.push_back(std::move(on_response));
        } else if (to.host == "unreachable") {
            on_response({Response::Kind::unreachable, "connection refused"});
        } else if (to.host == "babbler") {
            on_response({Response::Kind::ok, "hello?"});
        } else if (to.host == "impostor") {
            on_response(status("a", "b"));
        } else if (to.host == "namesake") {
            on_response(status("b", "b", 1));
        } else if (to.host == "late") {
            threads.emplace_back([on_response] { on_response(status("late")); });
        } else {
            on_response(status(to.host));
        }
    }
    static Response status(const std::string& name) { return status(name, name); }
    // By the certificate of another, or with the uuid of another.
    static Response status(const std::string& name, const std::string& certificate, int of = 2) {
        auto from = sender(of);
        from.id = NodeId(name);
        return {Response::Kind::ok,
                wire::encode(PeerReply{.from = from,
                                       .body = StatusReply{.state = State::follower,
                                                           .role = MemberRole::voter,
                                                           .version = "1"}}),
                {"DNS:" + certificate + ".demo"}};
    }

    std::vector<Request> requests;
    std::vector<Milliseconds> timeouts;
    std::vector<OnResponse> kept;
    std::vector<std::jthread> threads;
};

Endpoint at(const std::string& host) { return {host, 1}; }

TEST(Survey, AnswersStandInTheOrderOfTheTargets) {
    AskedTransport transport;
    std::promise<void> over;

    const auto survey =
        Survey::start(transport, {at("late"), at("a"), at("unreachable"), at("babbler"), at("b")},
                      true, {}, std::chrono::seconds(30), [&] { over.set_value(); });

    ASSERT_EQ(over.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
    EXPECT_TRUE(survey->done());
    const auto answers = survey->answers();
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

TEST(Survey, ShowsWhatIsThereBeforeTheLastAnswerIs) {
    AskedTransport transport;
    int calls = 0;

    auto survey = Survey::start(transport, {at("dead"), at("a"), at("dead")}, false, {},
                                std::chrono::seconds(30), [&] { ++calls; });

    EXPECT_FALSE(survey->done());
    EXPECT_TRUE(survey->answers()[1].reply);
    EXPECT_EQ(survey->answers()[0].error, "no answer in time");
    ASSERT_EQ(transport.kept.size(), 2u);
    transport.kept[0](AskedTransport::status("1"));
    EXPECT_FALSE(survey->done());
    EXPECT_EQ(calls, 0);
    survey.reset();  // the asker is gone
    transport.kept[1](AskedTransport::status("2"));
    EXPECT_EQ(calls, 1);
}

TEST(Survey, AsksAsAQueryWithTheTimeoutGiven) {
    AskedTransport transport;

    (void)Survey::start(transport, {at("a")}, true, {}, 70ms, [] {});

    ASSERT_EQ(transport.requests.size(), 1u);
    EXPECT_EQ(transport.requests[0].name, "status");
    EXPECT_EQ(transport.requests[0].lane, Lane::query) << "never before an election message";
    EXPECT_EQ(transport.timeouts[0], 70ms);
    const auto decoded = wire::decode_request("status", transport.requests[0].body);
    EXPECT_TRUE(std::get<StatusQuery>(std::get<PeerRequest>(decoded).body).members);
}

TEST(Survey, AnswersByAnotherNodeThanTheyClaimAreErrors) {  // P1, P2
    AskedTransport transport;
    const std::vector<Endpoint> targets{at("a"), at("impostor"), at("namesake")};
    NodeView own;
    own.id = id(1);
    own.uuid = uuid(1);
    own.cluster = "demo";

    const auto survey =
        Survey::start(transport, targets, false, survey_check(true, own), 1s, [] {});
    const auto all = Survey::start(transport, targets, false, survey_check(false, own), 1s, [] {});

    const auto answers = survey->answers();
    EXPECT_TRUE(answers[0].reply);
    EXPECT_FALSE(answers[1].reply);
    EXPECT_EQ(answers[1].error,
              "what answers there claims to be node a, but its certificate is for DNS:b.demo");
    EXPECT_FALSE(answers[2].reply);
    EXPECT_EQ(answers[2].error,
              "what answers there claims to be node b with the uuid of node 1, u1; its "
              "certificate is for DNS:b.demo");
    for (const auto& each : all->answers()) EXPECT_TRUE(each.reply);
}

TEST(Survey, OfNobodyIsDoneAtOnceAndCallsNobody) {
    AskedTransport transport;

    const auto survey =
        Survey::start(transport, {}, false, {}, std::chrono::hours(1), [] { FAIL() << "called"; });

    EXPECT_TRUE(survey->done());
    EXPECT_TRUE(survey->answers().empty());
}

}  // namespace
}  // namespace electiond
