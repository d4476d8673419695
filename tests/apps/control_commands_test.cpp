// The commands of the control API, and the answer for each outcome.
#include <gmock/gmock.h>

#include "control_bench.h"

namespace electiond::testing {
namespace {

class StepDownRoute : public ::testing::Test, public ControlBench {
  protected:
    // What the election says to the command.
    void ends(const Done& done) {
        mailbox = [this, done](Event event) {
            auto& command = std::get<CommandArrived>(event);
            step_down = std::get<StepDown>(command.what);
            command.done(done);
            return true;
        };
    }
    ApiResponse ask(const std::string& body = "") {
        ControlRoutes routes(dependencies());
        return answer(routes, post("/step-down", body));
    }
    // What is posted stays where it is.
    void is_slow() {
        mailbox = [this](Event event) {
            commands.push_back(std::move(std::get<CommandArrived>(event)));
            return true;
        };
    }
    std::optional<StepDown> step_down;
    std::vector<CommandArrived> commands;
};

TEST_F(StepDownRoute, NamesTheSuccessor) {
    ends({.successor = NodeId("2"), .term = 8});

    const auto answer = ask();

    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"message":"Stepped down successfully","successor":"2","term":8})");
    EXPECT_FALSE(step_down->to);
}

TEST_F(StepDownRoute, SucceedsWithoutASuccessor) {
    ends({.term = 7});
    EXPECT_EQ(ask().body, R"({"message":"Stepped down successfully","successor":null,"term":7})");
}

TEST_F(StepDownRoute, PassesTheTargetOn) {
    ends({.successor = NodeId("3"), .term = 8});
    EXPECT_EQ(ask(R"({"to":"3"})").status, 200);
    EXPECT_EQ(step_down->to, "3");
    EXPECT_EQ(ask("{}").status, 200);
    EXPECT_FALSE(step_down->to);
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
        ADD_FAILURE() << "a malformed command must not be posted";
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

TEST_F(StepDownRoute, IsAnsweredWhenTheOutcomeIsThere) {
    is_slow();
    ControlRoutes routes(dependencies());
    int woken = 0;
    const auto later = parked(routes.answer(post("/step-down"), [&] { ++woken; }));
    EXPECT_FALSE(later->waits_for_board());
    EXPECT_FALSE(later->look(now));

    ASSERT_EQ(commands.size(), 1U);
    commands.front().done({.successor = NodeId("2"), .term = 8});

    EXPECT_EQ(woken, 1);
    EXPECT_EQ(later->look(now)->status, 200);
}

TEST_F(StepDownRoute, DoesNotWaitForEver) {
    is_slow();
    ControlRoutes routes(dependencies());
    const std::pair<ApiRequest, Duration> limits[] = {
        {post("/step-down"), 100ms + 3 * 1000ms + 1000ms},
        {post("/leave"), 6 * 1000ms + 1000ms},
        {{.method = "DELETE", .target = "/members/2"}, 6 * 1000ms + 1000ms},
        {get("/removal/2"), 6 * 1000ms + 1000ms}};
    for (const auto& [request, limit] : limits) {
        const auto later = parked(routes.answer(request, kNobody));
        EXPECT_EQ(later->deadline(), now + limit) << request.target;
        EXPECT_FALSE(later->look(now + limit - 1ns));
        problem(*later->look(now + limit), 503);
    }
}

TEST_F(StepDownRoute, IsToldWhereTheServerStopsAndOutlivesAnOutcomeThatComesTooLate) {
    is_slow();
    std::function<void()> wake;
    {
        ControlRoutes routes(dependencies());
        auto later = parked(routes.answer(post("/step-down"), [&] { wake(); }));
        problem(later->end(now), 503);
        problem(parked(routes.answer(post("/leave"), [&] { wake(); }))->end(now), 503);
    }
    int woken = 0;
    wake = [&] { ++woken; };
    ASSERT_EQ(commands.size(), 2U);
    for (const auto& command : commands) command.done({.term = 8});
    EXPECT_EQ(woken, 2) << "it does no harm";
}

// The client has disconnected: its answer is dropped, the command continues.
TEST_F(StepDownRoute, GoesOnWithoutItsClient) {
    is_slow();
    ControlRoutes routes(dependencies(), with([](auto& limits) { limits.waiting_requests = 1; }));
    parked(routes.answer(post("/step-down"), kNobody)).reset();
    ASSERT_EQ(commands.size(), 1U);
    commands.front().done({.term = 8});
    EXPECT_TRUE(parked(routes.answer(post("/step-down"), kNobody))) << "its place is free again";
}

TEST_F(StepDownRoute, IsRefusedBeforeItIsPostedWhereTooManyWait) {
    is_slow();
    ControlRoutes routes(dependencies(), with([](auto& limits) { limits.waiting_requests = 1; }));
    const auto first = parked(routes.answer(post("/step-down"), kNobody));
    for (const auto& request : {post("/step-down"), post("/leave"),
                                ApiRequest{.method = "DELETE", .target = "/members/2"}}) {
        const auto refused = at_once(routes.answer(request, kNobody));
        problem(refused, 503);
        EXPECT_EQ(header(refused, "Retry-After"), "1");
    }
    EXPECT_EQ(commands.size(), 1U);
}

// How each outcome of a removal or a leave is answered.
TEST_F(StepDownRoute, AnswersARemovalAndALeaveByTheirOutcome) {
    const std::pair<Reason, int> outcomes[] = {
        {Reason::none, 200},         {Reason::unknown_node, 404},      {Reason::not_leader, 421},
        {Reason::not_eligible, 409}, {Reason::would_lose_quorum, 409}, {Reason::draining, 409},
        {Reason::not_a_voter, 409}};
    for (const auto& [refused, code] : outcomes) {
        std::vector<CommandBody> wanted;
        mailbox = [&, why = refused](Event event) {
            auto& command = std::get<CommandArrived>(event);
            wanted.push_back(command.what);
            command.done({.refused = why, .term = 8});
            return true;
        };
        ControlRoutes routes(dependencies());

        const auto removal = answer(routes, {.method = "DELETE", .target = "/members/2"});
        const auto leave = answer(routes, post("/leave"));

        EXPECT_EQ(removal.status, code) << to_string(refused);
        EXPECT_EQ(leave.status, code) << to_string(refused);
        EXPECT_EQ(leave.body.find("leaderId") != std::string::npos, code == 421) << leave.body;
        ASSERT_EQ(wanted.size(), 2U);
        EXPECT_EQ(std::get<Remove>(wanted[0]).node, "2");
        EXPECT_TRUE(std::holds_alternative<Leave>(wanted[1]));
    }
}

class RemovalRoute : public ::testing::Test, public ControlBench {
  protected:
    RemovalRoute() {
        board.publish(leading());
        mailbox = [this](Event event) {
            auto& command = std::get<CommandArrived>(event);
            asked.push_back(std::get<Remove>(command.what));
            command.done({.refused = refused, .term = 8});
            return true;
        };
    }
    ApiResponse ask(const std::string& method, const std::string& target) {
        ControlRoutes routes(dependencies());
        return answer(routes, {.method = method, .target = target});
    }
    // Node 2 has lost its disk: its former life is still a voter.
    void has_two_of_id_2() {
        auto status = leading();
        status.members.list.push_back({.id = NodeId("2"), .uuid = NodeUuid("uuid-2-new")});
        board.publish(status);
    }

    Reason refused = Reason::none;
    std::vector<Remove> asked;
};

TEST_F(RemovalRoute, TakesAnIdOrAUuid) {
    for (const auto* who : {"2", "uuid-2"}) {
        const auto removed = ask("DELETE", std::string("/members/") + who);

        EXPECT_EQ(removed.status, 200);
        EXPECT_EQ(
            removed.body,
            R"({"message":"Removed for good","id":"2","uuid":"uuid-2","role":"voter","term":8})");
        EXPECT_EQ(asked.back().node, "uuid-2");
        EXPECT_FALSE(asked.back().dry_run);
    }
}

TEST_F(RemovalRoute, SaysByGetWhetherItIsPossible) {
    const auto possible = ask("GET", "/removal/3");
    EXPECT_EQ(possible.body,
              R"({"message":"Can be removed","id":"3","uuid":"uuid-3","role":"voter","term":8})");
    EXPECT_TRUE(asked.back().dry_run);

    refused = Reason::would_lose_quorum;
    problem(ask("GET", "/removal/3"), 409);
    EXPECT_EQ(ask("HEAD", "/removal/3").status, 409);
    EXPECT_EQ(asked.size(), 3U);
    EXPECT_TRUE(std::ranges::all_of(asked, &Remove::dry_run));
}

TEST_F(RemovalRoute, RefusesAQuery) {
    for (const auto* query : {"?dryRun=true", "?x"}) {
        problem(ask("DELETE", std::string("/members/2") + query), 400);
        problem(ask("GET", std::string("/removal/2") + query), 400);
    }
    EXPECT_TRUE(asked.empty()) << "a client that wants a dry run must not remove";
}

TEST_F(RemovalRoute, RefusesAnIdThatTwoMembersHave) {
    has_two_of_id_2();

    for (const auto& answer : {ask("DELETE", "/members/2"), ask("GET", "/removal/2")}) {
        const auto why = problem(answer, 409);
        EXPECT_EQ(why->getValue<std::string>("reason"), "ambiguous_id");
        EXPECT_THAT(why->getValue<std::string>("detail"),
                    ::testing::HasSubstr("uuid-2, uuid-2-new"));
    }
    EXPECT_TRUE(asked.empty());

    EXPECT_EQ(ask("DELETE", "/members/uuid-2").status, 200);
    EXPECT_EQ(asked.back().node, "uuid-2");
}

TEST_F(RemovalRoute, LeavesTheNameToTheLeaderIfThisNodeDoesNotLead) {
    board.publish(following());
    refused = Reason::not_leader;

    problem(ask("DELETE", "/members/2"), 421);
    EXPECT_EQ(asked.back().node, "2");
}

TEST_F(RemovalRoute, SaysThatANodeWhichOnlyDiscoveryListsIsNoMember) {
    auto status = leading();
    status.view.peers.push_back(
        {.id = NodeId("9"), .uuid = NodeUuid("uuid-9"), .addresses = {{"127.0.0.1", 4009}}});
    board.publish(status);
    refused = Reason::unknown_node;

    for (const auto* who : {"9", "uuid-9"}) {
        const auto why = problem(ask("DELETE", std::string("/members/") + who), 404);
        EXPECT_THAT(why->getValue<std::string>("detail"),
                    ::testing::AllOf(::testing::HasSubstr("not a member of the cluster"),
                                     ::testing::HasSubstr("lists it at 127.0.0.1:4009"),
                                     ::testing::HasSubstr("electionctl registry prune")));
    }
    EXPECT_THAT(problem(ask("DELETE", "/members/77"), 404)->getValue<std::string>("detail"),
                ::testing::HasSubstr("has no node 77"));
}

TEST_F(StepDownRoute, NobodyGoesForABodyThatIsNotUnderstood) {
    mailbox = [](const Event&) {
        ADD_FAILURE() << "what cannot be undone must not be done by mistake";
        return false;
    };
    ControlRoutes routes(dependencies());
    for (const char* body : {"nonsense", "[]", R"({"to":"2"})", R"({"dryRun":true})"}) {
        problem(answer(routes, post("/leave", body)), 400);
        problem(answer(routes, {.method = "DELETE", .target = "/members/2", .body = body}), 400);
    }
}

}  // namespace
}  // namespace electiond::testing
