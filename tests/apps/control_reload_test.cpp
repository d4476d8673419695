// POST /reload, and what a reload changes of the control API itself.
#include <gmock/gmock.h>

#include "control_scene.h"

namespace electiond::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ReloadRoute : public ::testing::Test, public ControlBench {
  protected:
    // As the main thread would carry it out at once.
    void gives(const ReloadReport& report) {
        reload_ = [this, report](const ReloadRequest& request) {
            asked_.push_back(request.dry_run);
            request.done(report);
            return true;
        };
    }
    ApiResponse ask(const std::string& target = "/reload", const std::string& body = "") {
        auto all = dependencies();
        all.reload = reload_;
        ControlRoutes routes(all);
        return answer(routes, post(target, body));
    }

    std::function<bool(ReloadRequest)> reload_;
    std::vector<bool> asked_;
};

TEST_F(ReloadRoute, TellsEachDifference) {
    gives({.file = "node.yaml",
           .changes = {{"api.hostnames", std::nullopt, "[a]", true, ""},
                       {"log.format", "text", "json", false,
                        "the log format cannot change while the process runs"}},
           .warnings = {"careful"}});

    const auto answer = ask();

    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(
        answer.body,
        R"({"dryRun":false,"file":"node.yaml","changes":[{"key":"api.hostnames","old":null,"new":"[a]","action":"applied","reason":null},{"key":"log.format","old":"text","new":"json","action":"needs_restart","reason":"the log format cannot change while the process runs"}],"warnings":["careful"]})");
    EXPECT_EQ(asked_, std::vector<bool>{false});
}

TEST_F(ReloadRoute, SaysOfADryRunWhatWouldApply) {
    gives({.dry_run = true, .changes = {{"log.level", "info", "debug", true, ""}}});
    EXPECT_THAT(ask("/reload?dryRun=true").body, HasSubstr(R"("action":"would_apply")"));
    EXPECT_EQ(ask("/reload?dryRun=false").status, 200);
    EXPECT_EQ(asked_, (std::vector<bool>{true, false}));
}

TEST_F(ReloadRoute, ListsTheFaultsOfABadFile) {
    gives({.file = "node.yaml", .faults = {"node.yaml:1:2: one", "node.yaml:2:1: two"}});

    const auto refused = problem(ask(), 422);

    EXPECT_EQ(refused->getArray("faults")->size(), 2U);
    EXPECT_EQ(refused->getArray("faults")->getElement<std::string>(0), "node.yaml:1:2: one");
}

// A mistyped dry run must not become a reload.
TEST_F(ReloadRoute, RefusesWhatItDoesNotUnderstand) {
    gives({});
    for (const auto* target : {"/reload?dryrun=true", "/reload?dryRun", "/reload?dryRun=yes",
                               "/reload?dry-run=true", "/reload?x=1"}) {
        problem(ask(target), 400);
    }
    problem(ask("/reload", "{}"), 400);
    EXPECT_TRUE(asked_.empty());
}

TEST_F(ReloadRoute, IsAnsweredWhenItIsDoneOrAfterTenSeconds) {
    std::vector<ReloadRequest> requests;
    auto all = dependencies();
    all.reload = [&](ReloadRequest request) {
        requests.push_back(std::move(request));
        return true;
    };
    ControlRoutes routes(all);
    int woken = 0;
    const auto first = parked(routes.answer(post("/reload"), [&] { ++woken; }));
    const auto second = parked(routes.answer(post("/reload"), [&] { ++woken; }));
    EXPECT_FALSE(first->look(now));

    requests.at(0).done({});

    EXPECT_EQ(woken, 1);
    EXPECT_EQ(first->look(now)->status, 200);
    EXPECT_EQ(second->deadline(), now + 10s);
    problem(*second->look(now + 10s), 503);
}

TEST_F(ReloadRoute, IsRefusedIfTooManyWait) {
    reload_ = [](const ReloadRequest&) { return false; };
    const auto refused = ask();
    problem(refused, 503);
    EXPECT_EQ(header(refused, "Retry-After"), "1");
}

TEST(Reloads, WaitInALineOfLimitedLength) {
    ReloadQueue queue;
    EXPECT_FALSE(queue.post({})) << "nobody would take it";
    std::size_t woken = 0;
    queue.on_request([&] { ++woken; });
    for (std::size_t i = 0; i < ReloadQueue::kMost; ++i) {
        EXPECT_TRUE(queue.post({.dry_run = i == 0}));
    }
    EXPECT_FALSE(queue.post({}));
    EXPECT_EQ(woken, ReloadQueue::kMost);
    EXPECT_TRUE(queue.take()->dry_run);
    EXPECT_TRUE(queue.post({}));
}

TEST_F(ReloadRoute, StatusNamesWhatWaitsForARestart) {
    auto all = dependencies();
    EXPECT_THAT(at_once(ControlRoutes(all).answer(get("/status"), kNobody)).body,
                Not(HasSubstr("pendingRestart")));
    all.pending_restart = [] { return std::vector<std::string>{"api.listen", "log.format"}; };
    EXPECT_THAT(at_once(ControlRoutes(all).answer(get("/status"), kNobody)).body,
                HasSubstr(R"("pendingRestart":["api.listen","log.format"])"));
}

// ---- what it changes of the API, on connections that stay

class ReloadedServer : public Server {
  protected:
    static std::string step_down(const std::string& token) {
        return request("POST /step-down",
                       "Content-Length: 0\r\nAuthorization: Bearer " + token + "\r\n");
    }
    static std::string as(const std::string& host) {
        return "GET /livez HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
    }
};

TEST_F(ReloadedServer, TakesANewTokenInPlaceOfTheOld) {
    mailbox = [](const Event&) { return false; };  // who is let in gets 503
    token = "old";
    start({Endpoint{"127.0.0.1", 0}});
    auto client = kept();
    EXPECT_THAT(client.send(step_down("old")).answer(), StartsWith("HTTP/1.1 503"));

    server->change({.token = "new"});

    EXPECT_THAT(client.send(step_down("old")).answer(), StartsWith("HTTP/1.1 401"));
    EXPECT_THAT(client.send(step_down("new")).answer(), StartsWith("HTTP/1.1 503"));
}

TEST_F(ReloadedServer, TakesNewHostnamesAndWhetherReadingNeedsAToken) {
    auto client = kept();
    EXPECT_THAT(client.send(as("node1.example")).answer(), StartsWith("HTTP/1.1 403"));

    server->change({.token = "t", .hostnames = {"node1.example"}, .reading_needs_token = true});

    EXPECT_THAT(client.send(as("node1.example")).answer(), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(client.send(request("GET /status")).answer(), StartsWith("HTTP/1.1 401"));
}

TEST_F(ReloadedServer, TakesNewLimitsOfRequests) {
    auto client = kept();
    const auto long_one = request("GET /livez", "X: " + std::string(2000, 'x') + "\r\n");
    EXPECT_THAT(client.send(long_one).answer(), StartsWith("HTTP/1.1 200"));

    ApiLimits limits;
    limits.header_bytes = 1024;
    server->change({.limits = limits});

    EXPECT_THAT(connect().send(long_one).all(), StartsWith("HTTP/1.1 431"));
}

TEST_F(ReloadedServer, ClosesIdleConnectionsThatAreTooManyNow) {
    std::vector<Client> clients;
    for (int i = 0; i < 20; ++i) clients.push_back(kept());

    ApiLimits limits;
    limits.connections = 16;
    server->change({.limits = limits});

    for (int i = 0; i < 4; ++i) EXPECT_EQ(clients[i].all(), "") << "closed: idle for longest";
    EXPECT_THAT(clients.back().send(request("GET /livez")).answer(), StartsWith("HTTP/1.1 200"));
}

TEST_F(ReloadedServer, ClosesConnectionsThatAreIdleForTooLongNow) {
    auto idle = kept();
    auto stranger = connect();

    ApiLimits limits;
    limits.idle_time = 50ms;
    server->change({.limits = limits});

    EXPECT_EQ(idle.all(), "");
    EXPECT_EQ(stranger.all(), "");
}

}  // namespace
}  // namespace electiond::testing
