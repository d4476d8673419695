// Who may read and who may change things: the token, and the certificate of an operator.
#include <gmock/gmock.h>

#include <functional>

#include "control_bench.h"

namespace electiond::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kOperator = "URI:electiond://demo/role/operator";

class ControlAccess : public ::testing::Test, public ControlBench {
  protected:
    ControlAccess() {
        mailbox = [](Event event) {
            std::get<CommandArrived>(event).done({.successor = NodeId("2"), .term = 8});
            return true;
        };
    }
    ApiResponse ask(const ApiRequest& request) {
        auto all = dependencies();
        all.cluster = "demo";
        all.token = token;
        all.clients_need_certificate = ca;
        all.reading_needs_token = read;
        ControlRoutes routes(std::move(all));
        return answer(routes, request);
    }
    // The `detail` of a refusal with this status.
    std::string refusal(const ApiRequest& request, int status) {
        return problem(ask(request), status)->getValue<std::string>("detail");
    }
    static ApiRequest with_token(ApiRequest request, const std::string& secret = "secret") {
        request.authorization = "Bearer " + secret;
        return request;
    }
    static ApiRequest with_names(ApiRequest request, const std::vector<std::string>& names) {
        request.certificate_names = names;
        return request;
    }

    std::string token;
    bool ca = false;
    bool read = false;
    const ApiRequest change = post("/step-down");
};

TEST_F(ControlAccess, NeedsNothingWithoutTokenAndAuthority) { EXPECT_EQ(ask(change).status, 200); }

TEST_F(ControlAccess, TakesTheCertificateOfAnOperatorForAToken) {
    ca = true;
    for (const char* each : {"", "secret"}) {
        token = each;
        EXPECT_EQ(ask(with_names(change, {"DNS:desk.example", kOperator})).status, 200);
        EXPECT_NE(ask(with_names(change, {"URI:electiond://demo/1"})).status, 200);
    }
    EXPECT_EQ(ask(with_token(with_names(change, {"URI:electiond://demo/1"}))).status, 200);
}

// Names are compared byte by byte: a similar name proves nothing.
TEST_F(ControlAccess, ComparesTheRoleByteByByte) {
    ca = true;
    for (const auto& other :
         {std::string("URI:electiond://other/role/operator"),
          std::string("URI:electiond://Demo/role/operator"),
          std::string("URI:ELECTIOND://demo/role/operator"),
          std::string("URI:electiond://demo/role/operator/"),
          std::string("URI:electiond://demo/role/operator?"),
          std::string("URI:electiond://*/role/operator"),
          std::string("URI:electiond://demo/role/Operator"),
          std::string("URI:electiond://demo/role/operato"),
          std::string("URI:electiond://demo/operator"),
          std::string("DNS:electiond://demo/role/operator"),
          std::string("electiond://demo/role/operator"), std::string("DNS:operator.demo"),
          kOperator + std::string(1, '\0'), kOperator + std::string("\0x", 2), std::string()}) {
        SCOPED_TRACE(other);
        EXPECT_THAT(refusal(with_names(change, {other}), 403),
                    AllOf(HasSubstr(kOperator), HasSubstr("api.token_file")));
    }
}

TEST_F(ControlAccess, KnowsNoOperatorsWithoutTheNameOfTheCluster) {
    auto all = dependencies();
    all.clients_need_certificate = true;
    ControlRoutes routes(std::move(all));
    for (const char* name : {"URI:electiond:///role/operator", ""}) {
        EXPECT_EQ(answer(routes, with_names(change, {name})).status, 403);
    }
}

// All clients that reach the API have a certificate of the CA, so without a token that alone must
// not be enough.
TEST_F(ControlAccess, RefusesOtherCertificatesWhereThereIsNoToken) {
    ca = true;
    const auto node = with_names(change, {"URI:electiond://demo/2"});
    const auto refused = ask(node);
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(header(refused, "WWW-Authenticate"), "") << "no header could help";
    EXPECT_THAT(refusal(node, 403), HasSubstr("that of this client does not"));
    EXPECT_THAT(refusal(change, 403), HasSubstr("has sent none"));
    EXPECT_EQ(ask(get("/status")).status, 200);

    auto local = change;
    local.trusted = true;
    EXPECT_EQ(ask(local).status, 200) << "root, over a Unix socket";
}

TEST_F(ControlAccess, SaysWhatIsWrongWithTheToken) {
    token = "secret";
    EXPECT_THAT(refusal(change, 401),
                AllOf(HasSubstr("Bearer TOKEN"), HasSubstr("does not have this header")));
    EXPECT_EQ(header(ask(change), "WWW-Authenticate"), "Bearer");

    const auto wrong = with_token(change, "stale");
    EXPECT_THAT(refusal(wrong, 401), AllOf(HasSubstr("is not the one in api.token_file"),
                                           Not(HasSubstr("stale")), Not(HasSubstr("secret"))));
    EXPECT_EQ(header(ask(wrong), "WWW-Authenticate"), "Bearer error=\"invalid_token\"");

    auto basic = change;
    basic.authorization = "Basic c2VjcmV0";
    EXPECT_THAT(refusal(basic, 401), HasSubstr("does not have this form"));

    EXPECT_THAT(refusal(change, 401), Not(HasSubstr("certificate")));
    ca = true;
    EXPECT_THAT(refusal(change, 401), HasSubstr(kOperator));
}

TEST_F(ControlAccess, NeedsAProofForReadingWhereConfigured) {
    token = "secret";
    for (const char* path : {"/", "/status", "/cluster", "/members", "/history", "/events"}) {
        for (const char* method : {"GET", "HEAD"}) {
            SCOPED_TRACE(std::string(method) + path);
            const ApiRequest request{.method = method, .target = path};
            read = false;
            if (std::string_view(path) != "/events") {
                EXPECT_EQ(ask(request).status, 200);
            }
            read = true;
            const auto refused = ask(request);
            problem(refused, 401);
            EXPECT_EQ(header(refused, "WWW-Authenticate"), "Bearer");
            EXPECT_EQ(ask(with_token(request, "stale")).status, 401);
            if (std::string_view(path) == "/events") continue;
            EXPECT_EQ(ask(with_token(request)).status, 200);
            EXPECT_EQ(ask(with_names(request, {kOperator})).status, 200);
            EXPECT_EQ(ask(with_names(request, {"URI:electiond://demo/1"})).status, 401);
            auto local = request;
            local.trusted = true;
            EXPECT_EQ(ask(local).status, 200);
        }
    }
    EXPECT_EQ(ask(get("/status?token=secret")).status, 401);
    EXPECT_EQ(ask(get("http://localhost/status")).status, 401);
    EXPECT_EQ(ask(get("/%73tatus")).status, 401);
}

TEST_F(ControlAccess, BeginsNoEventStreamWithoutAProof) {
    token = "secret";
    read = true;
    auto all = dependencies();
    all.token = token;
    all.reading_needs_token = true;
    ControlRoutes routes(std::move(all));
    EXPECT_EQ(at_once(routes.answer(get("/events?lastEventId=1"), kNobody)).status, 401);
    EXPECT_EQ(routes.streams(), 0U);
    auto begun = routes.answer(with_token(get("/events")), kNobody);
    EXPECT_TRUE(std::holds_alternative<std::unique_ptr<EventStream>>(begun));
}

// Load balancers send no token, with any method.
TEST_F(ControlAccess, LeavesHealthChecksOpen) {
    token = "secret";
    board.publish(leading());
    for (const bool closed : {false, true}) {
        read = closed;
        for (const char* method : {"GET", "HEAD", "OPTIONS"}) {
            SCOPED_TRACE(method);
            const auto status = [&](const char* path) {
                return ask({.method = method, .target = path}).status;
            };
            EXPECT_EQ(status("/leader"), 200);
            EXPECT_EQ(status("/livez"), 200);
            EXPECT_EQ(status("/readyz"), 200);
            EXPECT_EQ(status("/follower"), 503);
        }
    }
    EXPECT_EQ(ask(get("/leader?index=1&wait=1ms")).status, 200);
    EXPECT_EQ(ask({.method = "OPTIONS", .target = "/status"}).status, 204);
}

TEST_F(ControlAccess, ListsInTheIndexWhatReadingNeeds) {
    token = "secret";
    EXPECT_EQ(json(ask(get("/")))->getValue<std::string>("read"), "open");
    read = true;
    EXPECT_EQ(json(ask(with_token(get("/"))))->getValue<std::string>("read"), "token");
}

// Without a token only an operator, or root over a Unix socket, may change something.
TEST_F(ControlAccess, NeedsAnOperatorForReadingWhereThereIsNoToken) {
    ca = read = true;
    EXPECT_EQ(ask(with_names(get("/status"), {kOperator})).status, 200);
    EXPECT_THAT(refusal(with_names(get("/status"), {"URI:electiond://demo/1"}), 403),
                HasSubstr("Reading"));
    EXPECT_EQ(ask(get("/leader")).status, 503);
}

// ---- What /status shows of certificates

TEST_F(ControlAccess, ShowsUntilWhenCertificatesAreValid) {
    using namespace std::chrono;
    auto all = dependencies();
    EXPECT_FALSE(json(answer(*std::make_unique<ControlRoutes>(all), get("/status")))->has("tls"));

    const auto today = floor<seconds>(wall);  // 2023-11-14T22:13:20Z
    all.certificates = [&] {
        return std::vector<OwnCertificate>{
            {"transport", today + 30 * 24h}, {"api", today + 48h - 1s}, {"older", today - 1s}};
    };
    ControlRoutes routes(std::move(all));
    const auto shown = json(answer(routes, get("/status")))->getObject("tls");

    EXPECT_EQ(shown->getObject("transport")->getValue<std::string>("expires"),
              "2023-12-14T22:13:20Z");
    EXPECT_EQ(shown->getObject("transport")->getValue<int>("daysLeft"), 30);
    EXPECT_EQ(shown->getObject("api")->getValue<int>("daysLeft"), 1);
    EXPECT_EQ(shown->getObject("older")->getValue<int>("daysLeft"), -1) << "it has expired";
}

TEST_F(ControlAccess, ShowsProblemsOfTheDaemonBesideThoseOfTheNode) {
    auto status = leading();
    status.view.problems = {{.reason = Reason::voter_silent,
                             .subject = NodeId("3"),
                             .detail = "node 3 is silent",
                             .since = now - 1s}};
    board.publish(status);
    auto all = dependencies();
    all.problems = [&] {
        return std::vector<DaemonProblem>{
            {"certificate_expiring", "api.tls.cert (a.crt) expires in 3 days", now - 2s}};
    };
    ControlRoutes routes(std::move(all));
    for (const char* path : {"/status", "/cluster"}) {
        const auto problems = json(answer(routes, get(path)))->getArray("problems");
        ASSERT_EQ(problems->size(), 2U);
        EXPECT_EQ(problems->getObject(0)->getValue<std::string>("reason"), "voter_silent");
        const auto own = problems->getObject(1);
        EXPECT_EQ(own->getValue<std::string>("reason"), "certificate_expiring");
        EXPECT_TRUE(own->isNull("id"));
        EXPECT_EQ(own->getValue<std::string>("detail"), "api.tls.cert (a.crt) expires in 3 days");
        EXPECT_EQ(own->getValue<int>("sinceMs"), 2000);
    }
    EXPECT_EQ(answer(routes, get("/readyz")).status, 200) << "it is no reason to wait";
}

}  // namespace
}  // namespace electiond::testing
