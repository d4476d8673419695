// What the control API changes, and how each outcome is told.
#include <gmock/gmock.h>

#include <thread>

#include "control_bench.h"

namespace electiond::testing {
namespace {

class StepDownRoute : public ::testing::Test, public ControlBench {
  protected:
    // What the election says to the wish.
    void ends(const Done& done) {
        mailbox = [this, done](Event event) {
            auto& wish = std::get<Wish>(event);
            wished = std::get<StepDown>(wish.what);
            wish.done(done);
            return true;
        };
    }
    ApiResponse ask(const std::string& body = "") {
        return ControlRoutes(faces(), 4).answer(post("/step-down", body));
    }
    std::optional<StepDown> wished;
};

TEST_F(StepDownRoute, NamesTheSuccessor) {
    ends({.successor = NodeId("2"), .term = 8});

    const auto answer = ask();

    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"message":"Stepped down successfully","successor":"2","term":8})");
    EXPECT_FALSE(wished->to);
}

TEST_F(StepDownRoute, SucceedsWithoutASuccessor) {
    ends({.term = 7});
    EXPECT_EQ(ask().body, R"({"message":"Stepped down successfully","successor":null,"term":7})");
}

TEST_F(StepDownRoute, PassesTheTargetOn) {
    ends({.successor = NodeId("3"), .term = 8});
    EXPECT_EQ(ask(R"({"to":"3"})").status, 200);
    EXPECT_EQ(wished->to, "3");
    EXPECT_EQ(ask("{}").status, 200);
    EXPECT_FALSE(wished->to);
}

TEST_F(StepDownRoute, TellsEachRefusal) {
    const auto refused = [this](Reason reason, int status) {
        ends({.refused = reason, .term = 7});
        return problem(ask(R"({"to":"9"})"), status);
    };
    EXPECT_EQ(refused(Reason::not_leader, 400)->getValue<std::string>("error"),
              "Not currently leader");
    EXPECT_EQ(refused(Reason::unknown_node, 404)->getValue<std::string>("reason"), "unknown_node");
    EXPECT_EQ(refused(Reason::not_eligible, 409)->getValue<std::string>("reason"), "not_eligible");
    EXPECT_EQ(refused(Reason::draining, 409)->getValue<std::string>("reason"), "draining");
    EXPECT_EQ(refused(Reason::higher_term, 409)->getValue<std::string>("reason"), "higher_term");
}

TEST_F(StepDownRoute, RefusesABodyThatItDoesNotUnderstand) {
    mailbox = [](const Event&) {
        ADD_FAILURE() << "a malformed wish must not be posted";
        return false;
    };
    for (const char* body : {"{", "nonsense", " ", "null", "[]", "\"2\"", "2", R"({"to":2})",
                             R"({"to":null})", R"({"to":true})", R"({"to":{}})", R"({"too":"2"})",
                             R"({"to":"2"} x)", "{\"to\":\"\xff\"}", "{\"to\":\"2\0\"}"}) {
        EXPECT_EQ(problem(ask(body), 400)->getValue<std::string>("reason"), "malformed") << body;
    }
}

TEST_F(StepDownRoute, SaysThatTheNodeIsAboutToEnd) {
    mailbox = [](const Event&) { return false; };
    problem(ask(), 503);
}

TEST_F(StepDownRoute, DoesNotWaitForEver) {
    auto impatient = faces();
    impatient.timing = Timing::from(10ms);
    problem(ControlRoutes(impatient, 4).answer(post("/step-down")), 503);
}

TEST_F(StepDownRoute, EndsItsWaitWhenTheRoutesClose) {
    ControlRoutes routes(faces(), 4);
    routes.close();
    EXPECT_EQ(routes.answer(post("/step-down")).status, 503);
}

TEST_F(StepDownRoute, OutlivesAnOutcomeThatComesTooLate) {
    std::vector<Wish> wishes;
    mailbox = [&](Event event) {
        wishes.push_back(std::move(std::get<Wish>(event)));
        return true;
    };
    {
        ControlRoutes routes(faces(), 4);
        routes.close();
        EXPECT_EQ(routes.answer(post("/step-down")).status, 503);
    }
    ASSERT_EQ(wishes.size(), 1U);
    wishes.front().done({.term = 8});
}

// How each outcome of a removal or a leave is answered.
TEST_F(StepDownRoute, AnswersARemovalAndALeaveByTheirOutcome) {
    const std::pair<Reason, int> outcomes[] = {
        {Reason::none, 200},         {Reason::unknown_node, 404},      {Reason::not_leader, 421},
        {Reason::not_eligible, 409}, {Reason::would_lose_quorum, 409}, {Reason::draining, 409},
        {Reason::not_a_voter, 409}};
    for (const auto& [refused, code] : outcomes) {
        std::vector<Wanted> wanted;
        mailbox = [&, why = refused](Event event) {
            auto& wish = std::get<Wish>(event);
            wanted.push_back(wish.what);
            wish.done({.refused = why, .term = 8});
            return true;
        };
        ControlRoutes routes(faces(), 4);

        const auto removal = routes.answer({.method = "DELETE", .target = "/members/2"});
        const auto leave = routes.answer(post("/leave"));

        EXPECT_EQ(removal.status, code) << to_string(refused);
        EXPECT_EQ(leave.status, code) << to_string(refused);
        EXPECT_EQ(leave.body.find("leaderId") != std::string::npos, code == 421) << leave.body;
        ASSERT_EQ(wanted.size(), 2U);
        EXPECT_EQ(std::get<Remove>(wanted[0]).who, "2");
        EXPECT_TRUE(std::holds_alternative<Leave>(wanted[1]));
    }
}

TEST_F(StepDownRoute, NobodyGoesForABodyThatIsNotUnderstood) {
    mailbox = [](const Event&) {
        ADD_FAILURE() << "what cannot be undone must not be done by mistake";
        return false;
    };
    ControlRoutes routes(faces(), 4);
    for (const char* body : {"nonsense", "[]", R"({"to":"2"})", R"({"dryRun":true})"}) {
        problem(routes.answer(post("/leave", body)), 400);
        problem(routes.answer({.method = "DELETE", .target = "/members/2", .body = body}), 400);
    }
}

}  // namespace
}  // namespace electiond::testing
