// The answers of the control API about this node, and the rules that all paths share.
#include <Poco/Net/DNS.h>
#include <gmock/gmock.h>

#include "control_bench.h"

namespace electiond::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Control : public ::testing::Test, public ControlBench {
  protected:
    ApiResponse ask(const ApiRequest& request) {
        auto all = dependencies();
        all.token = token;
        all.hostnames = {"node1.example"};
        ControlRoutes routes(std::move(all));
        return answer(routes, request);
    }
    std::string token;
};

TEST_F(Control, ShowsTheStatusOfALeader) {
    counters.campaigns.add(3);
    counters.late_ns.add(2'999'999);
    board.publish(leading());
    reports = {{.plugin = "file_registry",
                .good_at = now - 40ms,
                .last_failure = ScoutFailure{"poll", "the file is gone", now - 90s, false},
                .peers = 2},
               {.plugin = "multicast",
                .fault = "no such interface",
                .faults = {{"poll", "no such interface", now - 7s, false},
                           {"claim", "claim has not answered for 6 s", now - 6s, true}}}};

    const auto answer = ask(get("/status"));

    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.type, "application/json");
    EXPECT_EQ(answer.body,
              R"({"id":"1","port":3001,"state":"LEADER","term":7,"votedFor":"1","leaderId":"1",)"
              R"("peers":[{"id":"2","port":3002,"address":"127.0.0.1:4002"},)"
              R"({"id":"3","port":3003,"address":"127.0.0.1:4003"}],"uptime":90,)"
              R"("cluster":"demo","clusterId":"cluster-id","uuid":"uuid-1",)"
              R"("address":"127.0.0.1:4001","api":"127.0.0.1:3001","role":"voter",)"
              R"("isLeader":true,"fencingToken":7,"leaseRemainingMs":900,"configVersion":3,)"
              R"("configTerm":1,"voters":3,"quorum":2,"priority":100,"eligible":true,)"
              R"("draining":false,"transport":"http",)"
              R"("discovery":[{"plugin":"file_registry","ageMs":40,"peers":2,)"
              R"("lastFailure":{"call":"poll","error":"the file is gone","ageMs":90000,)"
              R"("hung":false}},)"
              R"({"plugin":"multicast","ageMs":null,"peers":0,"error":"no such interface",)"
              R"("failing":[{"call":"poll","error":"no such interface","sinceMs":7000,)"
              R"("hangs":false},{"call":"claim","error":"claim has not answered for 6 s",)"
              R"("sinceMs":6000,"hangs":true}]}],"problems":[],)"
              R"("counters":{"events":0,"lateMs":2,"campaigns":3,"votesGranted":0,)"
              R"("votesRefused":0,"heartbeatsSent":0,"heartbeatsFailed":0,"writes":0,"writeMs":0},)"
              R"("version":"0.1.0","index":4294967297})");
}

TEST_F(Control, ADiscoveryThatAnswersWhileTheStatusIsMadeIsNotOlderThanThat) {
    reports = {{.plugin = "static_list", .good_at = now + 3ms, .peers = 2}};
    EXPECT_THAT(ask(get("/status")).body,
                HasSubstr(R"({"plugin":"static_list","ageMs":0,"peers":2})"));
}

TEST_F(Control, ShowsItsUptimeWithFractionsOfASecond) {
    now += 125ms;
    EXPECT_THAT(ask(get("/status")).body, HasSubstr(R"("uptime":90.125,)"));
}

TEST_F(Control, ShowsNothingOfALeadWhoseLeaseIsOver) {
    board.publish(leading(900ms));
    now += 900ms;

    const auto status = json(ask(get("/status")));

    EXPECT_NE(status->getValue<std::string>("state"), "LEADER");
    EXPECT_FALSE(status->getValue<bool>("isLeader"));
    EXPECT_TRUE(status->isNull("leaderId"));
    EXPECT_EQ(status->getValue<int>("fencingToken"), 0);
    EXPECT_EQ(status->getValue<int>("leaseRemainingMs"), 0);
}

TEST_F(Control, ShowsThePeersPortOfItsTransportWhereItsApiIsUnknown) {
    auto status = blank();
    status.view.peers = {{.id = {}, .addresses = {{"127.0.0.1", 4009}}}};
    board.publish(status);

    const auto peers = json(ask(get("/status")))->getArray("peers");

    EXPECT_EQ(peers->getObject(0)->getValue<int>("port"), 4009);
    EXPECT_EQ(peers->getObject(0)->getValue<std::string>("id"), "127.0.0.1:4009");
}

TEST_F(Control, IsAFollowerOnlyUnderALiveLeader) {
    EXPECT_EQ(ask(get("/follower")).status, 503);

    board.publish(following());
    const auto answer = ask(get("/follower"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"leaderId":"2","isLeader":false,"term":7,"index":4294967297})");

    now += 900ms;
    EXPECT_EQ(ask(get("/follower")).status, 503);

    board.publish(leading());
    EXPECT_EQ(ask(get("/follower")).status, 503);
}

TEST_F(Control, IsReadyWhileItKnowsALeaderAndItsRoleIsConfirmed) {
    board.publish(following());
    EXPECT_EQ(ask(get("/readyz")).body, R"({"ready":true})");

    now += 900ms;
    const auto answer = ask(get("/readyz"));
    EXPECT_EQ(answer.status, 503);
    EXPECT_FALSE(json(answer)->getValue<bool>("ready"));
    EXPECT_THAT(json(answer)->getArray("reasons")->getElement<std::string>(0),
                HasSubstr("2 of 3 voters"));
}

TEST_F(Control, ShowsWhatIsWrongAndLasts) {
    auto status = leading();
    status.view.problems = {{.reason = Reason::voter_silent,
                             .subject = NodeId("3"),
                             .detail = "node 3 is silent",
                             .since = now - 4s},
                            {.reason = Reason::quorum_missing,
                             .subject = {},
                             .detail = "no quorum",
                             .since = now - 5s}};
    board.publish(status);
    EXPECT_THAT(ask(get("/status")).body,
                HasSubstr(R"("problems":[{"reason":"voter_silent","id":"3","detail":)"
                          R"("node 3 is silent","sinceMs":4000},{"reason":"quorum_missing",)"
                          R"("id":null,"detail":"no quorum","sinceMs":5000}])"));
    EXPECT_EQ(ask(get("/readyz")).status, 200) << "a leader that has lost a voter is ready";
}

TEST_F(Control, SaysWhatIsWrongWhereItIsNotReady) {
    auto status = blank();
    status.view.role = MemberRole::joining;
    status.view.problems = {{.reason = Reason::founder_awaited,
                             .subject = NodeId("3"),
                             .detail = "waits for founder 3 (connection refused)",
                             .since = now}};
    board.publish(status);
    const auto reasons = json(ask(get("/readyz")))->getArray("reasons");
    ASSERT_EQ(reasons->size(), 2U);
    EXPECT_EQ(reasons->getElement<std::string>(1), "Waits for founder 3 (connection refused).");
}

TEST_F(Control, SaysWhyItIsNotReady) {
    auto status = blank();
    status.view.role = MemberRole::joining;
    board.publish(status);
    EXPECT_THAT(ask(get("/readyz")).body, HasSubstr("not joined"));
    status.view.why_not_joined = "node-3:1 is of cluster dmeo, not demo as cluster.name says";
    board.publish(status);
    EXPECT_THAT(ask(get("/readyz")).body,
                HasSubstr("This node has not joined a cluster yet: no leader has accepted it "
                          "(node-3:1 is of cluster dmeo, not demo as cluster.name says)."));
    status.view.role = MemberRole::removed;
    board.publish(status);
    EXPECT_THAT(ask(get("/readyz")).body, HasSubstr("removed"));
    status = leading();
    status.leadership.draining = true;
    board.publish(status);
    EXPECT_THAT(ask(get("/readyz")).body, HasSubstr("handing its leadership over"));
}

// What a rolling restart waits for: the node's role is filled again.
TEST_F(Control, IsNotReadyBeforeItsVoteCounts) {
    auto voter = following();
    voter.view.role_confirmed = false;
    board.publish(voter);
    EXPECT_EQ(ask(get("/readyz")).status, 503);
    EXPECT_THAT(ask(get("/readyz")).body, HasSubstr("not confirmed this node as a voter"));

    auto leader = leading();
    leader.view.role_confirmed = false;
    board.publish(leader);
    EXPECT_EQ(ask(get("/readyz")).status, 503);

    auto fresh = following();
    fresh.view.role = MemberRole::observer;
    fresh.view.voters = {{NodeId("2"), NodeUuid("uuid-2")}, {NodeId("3"), NodeUuid("uuid-3")}};
    board.publish(fresh);
    EXPECT_EQ(ask(get("/readyz")).status, 503);
    EXPECT_THAT(ask(get("/readyz")).body, HasSubstr("2000 ms of steady answers"));

    auto removed = following();  // it is sent heartbeats until it knows
    removed.view.role = MemberRole::removed;
    board.publish(removed);
    EXPECT_EQ(ask(get("/readyz")).status, 503);
}

TEST_F(Control, IsNotReadyWhileItsFormerSelfIsAVoter) {
    for (const auto role : {MemberRole::observer, MemberRole::voter}) {
        auto status = following();
        status.view.role = role;
        status.view.uuid = NodeUuid("uuid-new");
        if (status.view.role == MemberRole::voter)
            status.view.voters.push_back({NodeId("1"), status.view.uuid});
        board.publish(status);
        EXPECT_EQ(ask(get("/readyz")).status, 503) << to_string(role);
        EXPECT_THAT(ask(get("/readyz")).body, HasSubstr("(uuid uuid-1)")) << to_string(role);
        EXPECT_THAT(ask(get("/readyz")).body, HasSubstr("2000 ms of silence (30000 ms"))
            << to_string(role);
    }
}

TEST_F(Control, IsReadyWhereItIsNotToVote) {
    auto status = following();
    status.view.voters.erase(status.view.voters.begin());
    status.view.role = MemberRole::observer;
    status.view.role_confirmed = false;
    status.view.observer = true;
    board.publish(status);
    EXPECT_EQ(ask(get("/readyz")).body, R"({"ready":true})");

    status.view.observer = false;
    status.view.role = MemberRole::standby;
    board.publish(status);
    EXPECT_THAT(ask(get("/readyz")).body, HasSubstr("not confirmed this node as a standby"));
    status.view.role_confirmed = true;
    board.publish(status);
    EXPECT_EQ(ask(get("/readyz")).body, R"({"ready":true})");
}

TEST_F(Control, IsAliveWhileTheLoopTurns) {
    EXPECT_EQ(ask(get("/livez")).body, R"({"alive":true})");

    pulse.works_since(now - 999ms);
    EXPECT_EQ(ask(get("/livez")).status, 200);
    pulse.works_since(now - 1000ms);
    EXPECT_EQ(problem(ask(get("/livez")), 503)->getValue<std::string>("title"),
              "The election loop is stuck");

    pulse.sleeps_until(now - 999ms);
    EXPECT_EQ(ask(get("/livez")).status, 200);
    pulse.sleeps_until(now - 1000ms);
    EXPECT_EQ(ask(get("/livez")).status, 503);
}

// All data that these routes need is on the board.
TEST_F(Control, AsksTheElectionNothingToAnswerWhatIsKnown) {
    mailbox = [](const Event&) {
        ADD_FAILURE() << "it was asked";
        return false;
    };
    ControlRoutes routes(dependencies());
    for (const char* path :
         {"/", "/status", "/leader", "/follower", "/livez", "/readyz", "/history"}) {
        EXPECT_FALSE(at_once(routes.answer(get(path), kNobody)).body.empty()) << path;
    }
}

TEST_F(Control, ListsTheChangesOfLeadership) {
    const KnownLeader one{NodeUuid("uuid-1"), NodeId("1"), 7};
    const KnownLeader two{NodeUuid("uuid-2"), NodeId("2"), 8};
    journal.note(now, LeaderGained{.leader = one, .own = true, .reason = Reason::startup});
    journal.note(now, StateChanged{.state = State::leader, .term = 7});
    now += 10s;
    journal.note(now, LeaderLost{one, 7, Reason::election_timeout});
    now += 250ms;
    journal.tick(now);
    now += 1s;
    journal.note(
        now, LeaderGained{
                 .leader = two, .reason = Reason::election_timeout, .before_until = now - 2250ms});

    const auto answer = ask(get("/history"));

    EXPECT_THAT(
        answer.body,
        StartsWith(
            R"({"history":[{"index":4294967297,"at":"2023-11-14T22:13:08.750Z","term":7,)"
            R"("leaderId":"1","previous":null,"reason":"startup","gapMs":0,"electionMs":0},)"
            R"({"index":4294967299,"at":"2023-11-14T22:13:19.000Z","term":7,"leaderId":null,)"
            R"("previous":"1","reason":"election_timeout","gapMs":null,"electionMs":null},)"
            R"({"index":4294967300,"at":"2023-11-14T22:13:20.000Z","term":8,"leaderId":"2",)"
            R"("previous":"1","reason":"election_timeout","gapMs":2250,"electionMs":1250}],)"
            R"("changes":[)"));
    EXPECT_EQ(json(answer)->getArray("changes")->size(), 4U) << "and what is none of it";
    EXPECT_EQ(json(answer)->getValue<Index>("index"), 4294967300U);
}

TEST_F(Control, AnswersWhatIsNotThere) {
    for (const char* path : {"/nothing", "/status/", "/Status", "//status", "/members/a/b",
                             "/members/", "/step-down/2"}) {
        const auto answer = ask(get(path));
        EXPECT_EQ(problem(answer, 404)->getValue<std::string>("title"), "Not found") << path;
    }
    EXPECT_EQ(ask(post("/vote-request", "{}")).status, 404);
}

TEST_F(Control, NamesTheMethodsThatAPathAllows) {
    const auto refused = ask(post("/status"));
    problem(refused, 405);
    EXPECT_EQ(header(refused, "Allow"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(header(ask(get("/step-down")), "Allow"), "POST, OPTIONS");
    EXPECT_EQ(header(ask(get("/members/2")), "Allow"), "DELETE, OPTIONS");
    EXPECT_EQ(ask({.method = "HEAD", .target = "/step-down"}).status, 405);

    for (const char* path : {"/", "/status", "/cluster", "/members", "/history"}) {
        const auto options = ask({.method = "OPTIONS", .target = path});
        EXPECT_EQ(options.status, 204) << path;
        EXPECT_EQ(options.body, "") << path;
        EXPECT_EQ(header(options, "Allow"), "GET, HEAD, OPTIONS") << path;
    }
    EXPECT_EQ(header(ask({.method = "OPTIONS", .target = "*"}), "Allow"),
              "GET, HEAD, POST, DELETE, OPTIONS");
}

// Health checks use the status alone, and some send OPTIONS (HAProxy does by default).
TEST_F(Control, HasOneStatusForHealthChecksWhateverTheyAskBy) {
    const auto unready = [this] {
        auto status = leading();
        status.view.role_confirmed = false;
        return status;
    };
    const Shown states[] = {leading(), following(), blank(), unready()};
    for (const auto& state : states) {
        board.publish(state);
        for (const std::string path : {"/leader", "/follower", "/readyz", "/livez"}) {
            const int wanted = ask(get(path)).status;
            for (const char* query : {"", "?", "?x=1", "?index=4294967297&wait=60s", "?wait=60s"}) {
                for (const char* method : {"HEAD", "OPTIONS"}) {
                    auto request = ApiRequest{.method = method, .target = path + query};
                    EXPECT_EQ(ask(request).status, wanted) << method << " " << request.target;
                    request.body = "anything";
                    EXPECT_EQ(ask(request).status, wanted) << method << " " << request.target;
                }
            }
            const auto options = ask({.method = "OPTIONS", .target = path});
            EXPECT_EQ(header(options, "Allow"), "GET, HEAD, OPTIONS");
            for (const char* method : {"POST", "PUT", "TRACE", "CONNECT", "get", "PROPFIND"}) {
                EXPECT_EQ(ask({.method = method, .target = path}).status, 405) << method;
            }
            EXPECT_EQ(ask({.method = "OPTIONS", .target = path + "/"}).status, 404);
        }
    }
    pulse.stopped();
    EXPECT_EQ(ask({.method = "OPTIONS", .target = "/livez"}).status, 503);
}

TEST_F(Control, GrantsNothingToAHealthCheck) {
    board.publish(leading());
    grants.open();
    for (const char* method : {"HEAD", "OPTIONS"}) {
        const auto answer = ask({.method = method, .target = "/leader"});
        EXPECT_EQ(json(answer)->getValue<int>("validForMs"), 0) << method;
    }
    EXPECT_GT(json(ask(get("/leader")))->getValue<int>("validForMs"), 0);
}

TEST_F(Control, AnswersHeadAsGet) {
    board.publish(following());
    for (const char* path :
         {"/", "/status", "/cluster", "/leader", "/follower", "/readyz", "/members", "/history"}) {
        const auto answer = ask(get(path));
        const auto head = ask({.method = "HEAD", .target = path});
        EXPECT_EQ(head.status, answer.status) << path;
        EXPECT_EQ(head.body, answer.body) << path;
    }
}

TEST_F(Control, ReadsTargetsInEachForm) {
    EXPECT_EQ(ask(get("http://127.0.0.1:3001/status?x=1&y")).status, 200);
    EXPECT_EQ(ask(get("http://localhost")).status, 200);
    EXPECT_EQ(ask(get("http://evil.example/status")).status, 403);
    EXPECT_EQ(ask(get("/%73tatus")).status, 200);
    problem(ask(get("/status%zz")), 400);
    problem(ask(get("status")), 400);
    problem(ask(get("")), 400);
}

TEST_F(Control, ListsItsPaths) {
    const auto answer = ask(get("/"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.type, "application/json");
    EXPECT_THAT(answer.body,
                StartsWith(R"({"name":"","product":"electiond","version":"0.1.0","id":"1",)"
                           R"("read":"open","paths":["GET /status","GET /cluster",)"));
}

// The answer of leader-elector, the retired sidecar of Kubernetes: who leads, or "". Its clients
// compare this text with their own name.
TEST_F(Control, NamesTheLeaderInItsIndex) {
    const auto name = [this] { return json(ask(get("/")))->getValue<std::string>("name"); };
    EXPECT_EQ(name(), "");

    board.publish(leading(900ms));
    EXPECT_EQ(name(), "1");
    now += 900ms;
    EXPECT_EQ(name(), "") << "its lease is over, also if the loop hangs";

    auto draining = leading();
    draining.leadership.draining = true;
    board.publish(draining);
    EXPECT_EQ(name(), "");

    board.publish(following(900ms));
    EXPECT_EQ(name(), "2");
    now += 900ms;
    EXPECT_EQ(name(), "") << "it hears no leader any more";

    auto told = blank();
    told.leadership.hearsay_until = now + 900ms;
    told.view.hearsay = "3";
    board.publish(told);
    EXPECT_EQ(name(), "3") << "others report it, as in leaderId of /leader";
    EXPECT_EQ(json(ask(get("/leader")))->getValue<std::string>("leaderId"), "3");
}

TEST_F(Control, RefusesForeignHosts) {
    const auto by = [&](const std::string& host) {
        auto request = get("/status");
        request.host = host;
        return ask(request).status;
    };
    for (const char* host : {"127.0.0.1:3001", "10.1.2.3", "[::1]:3001", "[::1]", "localhost",
                             "LOCALHOST:3001", "localhost.:3001", "node1.example:3001"}) {
        EXPECT_EQ(by(host), 200) << host;
    }
    for (const char* host :
         {"evil.example", "evil.example:3001", "127.0.0.1.evil.example", "", "localhost:x", "[::1",
          "[::1]evil", "::1", "node2.example", "localhost@evil.example"}) {
        EXPECT_EQ(by(host), 403) << host;
    }
    EXPECT_EQ(by(Poco::Net::DNS::hostName() + ":3001"), 200);
    EXPECT_EQ(ask(get("/status")).status, 200);  // no Host at all: a plain probe
}

TEST_F(Control, RefusesForeignOrigins) {
    auto request = get("/status");
    request.host = "127.0.0.1:3001";
    for (const char* own : {"http://127.0.0.1:3001", "https://127.0.0.1:3001"}) {
        request.origin = own;
        EXPECT_EQ(ask(request).status, 200) << own;
    }
    for (const char* foreign : {"http://evil.example", "null", "", "http://127.0.0.1:3002",
                                "http://127.0.0.1:3001.evil.example"}) {
        request.origin = foreign;
        problem(ask(request), 403);
    }
    request.host = std::nullopt;
    request.origin = "http://127.0.0.1:3001";
    EXPECT_EQ(ask(request).status, 403);
}

TEST_F(Control, LetsOnlyTheTokenChangeThings) {
    token = "secret";
    mailbox = [](Event event) {
        std::get<CommandArrived>(event).done({.refused = Reason::not_leader});
        return true;
    };
    for (const char* path : {"/step-down", "/leave"}) {
        const auto refused = ask(post(path));
        problem(refused, 401);
        EXPECT_EQ(header(refused, "WWW-Authenticate"), "Bearer");
    }
    problem(ask({.method = "DELETE", .target = "/members/2"}), 401);
    auto request = post("/step-down");
    for (const char* wrong : {"Bearer", "Bearer ", "Bearer secre", "Bearer secrets",
                              "Bearer secretsecret", "Basic secret", "secret"}) {
        request.authorization = wrong;
        EXPECT_EQ(ask(request).status, 401) << wrong;
    }
    request.authorization = "bearer secret";
    EXPECT_EQ(ask(request).status, 400);
    request.authorization = "wrong";
    request.trusted = true;  // root, or the same user, over a Unix socket
    EXPECT_EQ(ask(request).status, 400);
    EXPECT_EQ(ask(get("/status")).status, 200);
}

}  // namespace
}  // namespace electiond::testing
