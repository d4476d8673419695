// /leader: who may rely on its answer, for how long, and how it waits for a change.
#include <gmock/gmock.h>

#include <future>

#include "control_bench.h"

namespace electiond::testing {
namespace {

constexpr Index kIndex = (1ULL << 32) + 1;

class LeaderRoute : public ::testing::Test, public ControlBench {
  protected:
    ControlRoutes routes{faces(), 2};

    Poco::JSON::Object::Ptr ask(const std::string& target, int status) {
        const auto answer = routes.answer(get(target));
        EXPECT_EQ(answer.status, status) << target;
        return json(answer);
    }
    // Nothing of the node's own time is simulated where an answer waits.
    static void by_the_real_clock(ControlFaces& all) { all.now = read_boot_clock; }
};

TEST_F(LeaderRoute, GrantsWhereThisNodeLeads) {
    board.publish(leading(900ms));
    grants.open();

    const auto answer = routes.answer(get("/leader"));

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
    const auto answer = routes.answer(get("/leader"));
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.type, "application/json");
    EXPECT_EQ(answer.body,
              R"({"leaderId":"2","isLeader":false,"term":7,"fencingToken":0,"validForMs":0,)"
              R"("leaseRemainingMs":0,"index":4294967297})");
}

TEST_F(LeaderRoute, TellsThatNobodyLeads) { EXPECT_TRUE(ask("/leader", 503)->isNull("leaderId")); }

TEST_F(LeaderRoute, GrantsNothingWhereItDrains) {
    auto status = leading();
    status.draining = true;
    board.publish(status);
    grants.open();
    EXPECT_EQ(ask("/leader", 503)->getValue<int>("validForMs"), 0);
    EXPECT_EQ(grants.close(), Instant{});
}

TEST_F(LeaderRoute, CountsNeitherHeadNorAWaitAsAGrant) {
    board.publish(leading());
    grants.open();
    EXPECT_EQ(routes.answer({.method = "HEAD", .target = "/leader"}).status, 200);
    EXPECT_EQ(ask("/leader?index=0&wait=30s", 200)->getValue<int>("validForMs"), 0);
    EXPECT_EQ(ask("/leader?index=" + std::to_string(kIndex) + "&wait=0s", 200)
                  ->getValue<int>("validForMs"),
              0);
    EXPECT_EQ(grants.close(), Instant{});
}

TEST_F(LeaderRoute, RefusesAQueryThatItDoesNotUnderstand) {
    for (const char* query : {"index=x", "index=", "index=-1", "index=1x", "wait=30", "wait=s",
                              "wait=", "wait=1h", "wait=-1s", "index=99999999999999999999"}) {
        problem(routes.answer(get(std::string("/leader?") + query)), 400);
    }
}

TEST_F(LeaderRoute, WaitsForAChange) {
    auto all = faces();
    by_the_real_clock(all);
    ControlRoutes waiting(all, 2);
    board.publish(blank());

    auto answer = std::async(std::launch::async, [&] {
        return waiting.answer(get("/leader?index=" + std::to_string(kIndex) + "&wait=60s"));
    });
    EXPECT_EQ(answer.wait_for(150ms), std::future_status::timeout);
    auto status = blank();
    status.index = kIndex + 1;
    board.publish(status);

    EXPECT_EQ(json(answer.get())->getValue<Index>("index"), kIndex + 1);
}

TEST_F(LeaderRoute, AnswersWhenTheWaitIsOver) {
    auto all = faces();
    by_the_real_clock(all);
    ControlRoutes waiting(all, 2);
    const auto begin = read_boot_clock();
    const auto answer = waiting.answer(get("/leader?wait=120ms"));
    EXPECT_GE(read_boot_clock() - begin, 120ms);
    EXPECT_EQ(json(answer)->getValue<Index>("index"), kIndex);
}

TEST_F(LeaderRoute, SeesALeaseRunOutWhileItWaits) {
    auto all = faces();
    by_the_real_clock(all);
    ControlRoutes waiting(all, 2);
    auto status = leading();
    status.lease_until = read_boot_clock() + 200ms;
    board.publish(status);
    // The loop hangs: nobody publishes. The client must not believe in the lead for a minute.
    EXPECT_EQ(waiting.answer(get("/leader?wait=60s")).status, 503);
}

TEST_F(LeaderRoute, EndsEveryWaitWhenItCloses) {
    auto all = faces();
    by_the_real_clock(all);
    ControlRoutes waiting(all, 2);
    auto answer =
        std::async(std::launch::async, [&] { return waiting.answer(get("/leader?wait=60s")); });
    EXPECT_EQ(answer.wait_for(50ms), std::future_status::timeout);
    waiting.close();
    EXPECT_EQ(answer.get().status, 503);
}

TEST_F(LeaderRoute, EndsEveryWaitWhenTheBoardCloses) {
    auto all = faces();
    by_the_real_clock(all);
    ControlRoutes waiting(all, 2);
    board.close();
    EXPECT_EQ(waiting.answer(get("/leader?wait=60s")).status, 503);
}

TEST_F(LeaderRoute, DoesNotWaitForAClientThatHungUp) {
    auto all = faces();
    by_the_real_clock(all);
    ControlRoutes waiting(all, 2);
    auto request = get("/leader?wait=60s");
    request.gone = [] { return true; };
    EXPECT_EQ(waiting.answer(request).status, 503);
}

TEST_F(LeaderRoute, AnswersAtOnceWhereAllSeatsAreTaken) {
    auto all = faces();
    by_the_real_clock(all);
    ControlRoutes waiting(all, 2);
    const auto wait = [&] { return waiting.answer(get("/leader?wait=60s")); };
    std::vector<std::future<ApiResponse>> seated;
    // One of three is sent away, whichever comes last.
    for (int i = 0; i < 3; ++i) seated.push_back(std::async(std::launch::async, wait));
    const auto over = [](auto& each) { return each.wait_for(0s) == std::future_status::ready; };
    while (std::ranges::none_of(seated, over)) std::this_thread::yield();
    EXPECT_EQ(std::ranges::count_if(seated, over), 1);

    waiting.close();
    for (auto& each : seated) EXPECT_EQ(each.get().status, 503);
}

TEST(WaitingRoom, GivesASeatBack) {
    WaitingRoom room(1);
    {
        const auto seat = room.take_seat();
        EXPECT_TRUE(seat);
        EXPECT_FALSE(room.take_seat());
    }
    EXPECT_TRUE(room.take_seat());
}

}  // namespace
}  // namespace electiond::testing
