// /leader: who may rely on its answer, for how long, and how it waits for a change.
#include <gmock/gmock.h>

#include "control_bench.h"

namespace electiond::testing {
namespace {

constexpr Index kIndex = (1ULL << 32) + 1;

class LeaderRoute : public ::testing::Test, public ControlBench {
  protected:
    ControlRoutes routes{dependencies(), with([](auto& limits) { limits.streams = 2; })};

    ApiResponse told(const ApiRequest& request) { return at_once(routes.answer(request, kNobody)); }
    Poco::JSON::Object::Ptr ask(const std::string& target, int status) {
        const auto answer = told(get(target));
        EXPECT_EQ(answer.status, status) << target;
        return json(answer);
    }
    std::unique_ptr<ParkedAnswer> poll(const std::string& query = "wait=60s") {
        return parked(routes.answer(get("/leader?" + query), kNobody));
    }
};

TEST_F(LeaderRoute, GrantsWhereThisNodeLeads) {
    board.publish(leading(900ms));
    grants.open();

    const auto answer = told(get("/leader"));

    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body,
              R"({"leaderId":"1","isLeader":true,"term":7,"fencingToken":7,"validForMs":98,)"
              R"("leaseRemainingMs":900,"index":4294967297})");
    EXPECT_EQ(grants.close(), now + 100ms);  // what a hand-over waits for
}

TEST_F(LeaderRoute, NeverGrantsMoreThanTheLease) {
    board.publish(leading(40ms));
    grants.open();
    const auto told = ask("/leader", 200);
    EXPECT_GT(told->getValue<int>("validForMs"), 0);
    EXPECT_LE(told->getValue<int>("validForMs"), told->getValue<int>("leaseRemainingMs"));
    now += 40ms;
    EXPECT_EQ(ask("/leader", 503)->getValue<int>("validForMs"), 0);
}

TEST_F(LeaderRoute, TellsWhoLeadsElsewhere) {
    board.publish(following());
    const auto answer = told(get("/leader"));
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.type, "application/json");
    EXPECT_EQ(answer.body,
              R"({"leaderId":"2","isLeader":false,"term":7,"fencingToken":0,"validForMs":0,)"
              R"("leaseRemainingMs":0,"index":4294967297})");
}

TEST_F(LeaderRoute, TellsThatNobodyLeads) { EXPECT_TRUE(ask("/leader", 503)->isNull("leaderId")); }

TEST_F(LeaderRoute, GrantsNothingWhereItDrains) {
    auto status = leading();
    status.leadership.draining = true;
    board.publish(status);
    grants.open();
    EXPECT_EQ(ask("/leader", 503)->getValue<int>("validForMs"), 0);
    EXPECT_EQ(grants.close(), Instant{});
}

TEST_F(LeaderRoute, CountsNeitherHeadNorAWaitAsAGrant) {
    board.publish(leading());
    grants.open();
    EXPECT_EQ(told({.method = "HEAD", .target = "/leader"}).status, 200);
    EXPECT_EQ(ask("/leader?index=0&wait=30s", 200)->getValue<int>("validForMs"), 0);
    EXPECT_EQ(ask("/leader?index=" + std::to_string(kIndex) + "&wait=0s", 200)
                  ->getValue<int>("validForMs"),
              0);
    EXPECT_EQ(grants.close(), Instant{});
}

TEST_F(LeaderRoute, RefusesAQueryThatItDoesNotUnderstand) {
    for (const char* query : {"index=x", "index=", "index=-1", "index=1x", "wait=30", "wait=s",
                              "wait=", "wait=1h", "wait=-1s", "index=99999999999999999999"}) {
        problem(told(get(std::string("/leader?") + query)), 400);
    }
}

TEST_F(LeaderRoute, WaitsForAChange) {
    const auto later = poll("index=" + std::to_string(kIndex) + "&wait=60s");
    EXPECT_TRUE(later->waits_for_board());
    EXPECT_FALSE(later->look(now + 59s));

    auto status = blank();
    status.index = kIndex + 1;
    board.publish(status);

    EXPECT_EQ(json(*later->look(now))->getValue<Index>("index"), kIndex + 1);
}

TEST_F(LeaderRoute, DoesNotWaitForWhatHasHappened) {
    EXPECT_EQ(ask("/leader?index=0&wait=60s", 503)->getValue<Index>("index"), kIndex);
}

TEST_F(LeaderRoute, AnswersWhenTheWaitIsOver) {
    const auto later = poll("wait=120ms");
    EXPECT_EQ(later->deadline(), now + 120ms);
    EXPECT_FALSE(later->look(now + 119ms));
    EXPECT_EQ(json(*later->look(now + 120ms))->getValue<Index>("index"), kIndex);
    EXPECT_EQ(poll("wait=9m")->deadline(), now + 60s);
    EXPECT_EQ(poll("index=" + std::to_string(kIndex))->deadline(), now + 30s);
}

// The loop hangs and publishes nothing. The client must not rely on the lead for a minute.
TEST_F(LeaderRoute, SeesALeaseRunOutWhileItWaits) {
    board.publish(leading(200ms));
    const auto later = poll();
    EXPECT_EQ(routes.leads_until(now), now + 200ms) << "when the server must look again";
    EXPECT_FALSE(later->look(now + 199ms));
    now += 200ms;
    EXPECT_EQ(routes.leads_until(now), kNever);
    EXPECT_EQ(later->look(now)->status, 503);
}

TEST_F(LeaderRoute, WaitsOnWhileTheLeaseIsRenewed) {
    board.publish(leading(200ms));
    const auto later = poll();
    now += 150ms;
    board.publish(leading(200ms));
    now += 50ms;
    EXPECT_EQ(routes.leads_until(now), now + 150ms) << "looked at once a lease, not once a renewal";
    EXPECT_FALSE(later->look(now));
}

// A lease that has ended is renewed with the same token: no index changes.
TEST_F(LeaderRoute, SeesALeadReturnWhileItWaits) {
    board.publish(leading(200ms));
    now += 200ms;
    const auto later = poll();
    EXPECT_FALSE(later->look(now));
    board.publish(leading(200ms), now);
    EXPECT_EQ(later->look(now)->status, 200);
}

TEST_F(LeaderRoute, SeesThatThisNodeBeginsToDrain) {
    board.publish(leading());
    const auto later = poll();
    auto status = leading();
    status.leadership.draining = true;
    board.publish(status, now);
    EXPECT_EQ(later->look(now)->status, 503);
}

TEST_F(LeaderRoute, AnswersWithThePresentStateWhereTheServerStops) {
    board.publish(leading());
    grants.open();
    const auto answer = poll()->end(now);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(json(answer)->getValue<int>("validForMs"), 0);
    EXPECT_EQ(grants.close(), Instant{});
}

TEST_F(LeaderRoute, AnswersAtOnceWhereAllPlacesAreTaken) {
    auto first = poll();
    const auto second = poll();
    EXPECT_EQ(ask("/leader?wait=60s", 503)->getValue<Index>("index"), kIndex);
    first.reset();
    EXPECT_TRUE(poll()) << "a place that is given back is taken again";
}

}  // namespace
}  // namespace electiond::testing
