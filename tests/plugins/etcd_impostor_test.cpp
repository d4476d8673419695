// The discovery `etcd` on servers that are not etcd, or answer as etcd does not.
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>

#include <functional>
#include <mutex>
#include <sstream>

#include "discovery/etcd_scene.h"

namespace electiond::bench {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Answers as the test says, or each request with the same status and body.
class Liar {
  public:
    struct Answer {
        int status = 200;
        std::string body;
    };
    // Called by several threads.
    using Act = std::function<Answer(const std::string& path, const std::string& body)>;

    explicit Liar(Act act)
        : act_(std::move(act)),
          socket_(Poco::Net::SocketAddress("127.0.0.1", 0)),
          server_(new Factory(*this), socket_, new Poco::Net::HTTPServerParams) {
        server_.start();
    }
    Liar(int status, const std::string& body)
        : Liar([status, body](const std::string&, const std::string&) {
              return Answer{status, body};
          }) {}
    ~Liar() { server_.stopAll(true); }

    [[nodiscard]] std::string endpoint(const std::string& host = "127.0.0.1") const {
        return "http://" + host + ":" + std::to_string(socket_.address().port());
    }

  private:
    class Handler : public Poco::Net::HTTPRequestHandler {
      public:
        explicit Handler(const Liar& liar) : liar_(liar) {}
        void handleRequest(Poco::Net::HTTPServerRequest& request,
                           Poco::Net::HTTPServerResponse& response) override {
            std::ostringstream body;
            body << request.stream().rdbuf();
            const auto answer = liar_.act_(request.getURI(), body.str());
            response.setStatus(static_cast<Poco::Net::HTTPResponse::HTTPStatus>(answer.status));
            response.set("Location", "http://127.0.0.1:1/");
            response.sendBuffer(answer.body.data(), answer.body.size());
        }

      private:
        const Liar& liar_;
    };
    class Factory : public Poco::Net::HTTPRequestHandlerFactory {
      public:
        explicit Factory(const Liar& liar) : liar_(liar) {}
        Poco::Net::HTTPRequestHandler* createRequestHandler(
            const Poco::Net::HTTPServerRequest&) override {
            return new Handler(liar_);
        }

      private:
        const Liar& liar_;
    };

    const Act act_;
    Poco::Net::ServerSocket socket_;
    Poco::Net::HTTPServer server_;
};

TEST(WhatIsNoEtcd, IsNamed) {
    struct Lie {
        int status;
        std::string body;
        std::string words;
    };
    const std::vector<Lie> lies = {
        {404, "Not Found", "it does not know /v3/kv/range: etcd 3.4 or later is needed"},
        {500, "<html>\nmore", "it answers with status 500, \"<html>\""},
        {302, "", "it answers with status 302"},
        {200, "<html>", "sent an answer that is not etcd's"},
        {200, "", "sent an answer that is not etcd's"},
        {200, "{}", "sent an answer that is not etcd's"},
        {200, "[]", "sent an answer that is not etcd's"},
        {200, R"({"header":{"revision":"x"}})", "sent an answer that is not etcd's"},
        {200, R"({"header":{"revision":"1"},"kvs":[7]})", "sent an answer that is not etcd's"},
        {200, R"({"header":{"revision":"1"},"kvs":[{"key":"%%%"}]})", "not etcd's"},
        {200, std::string(100'000, '['), "sent an answer that is not etcd's"},
        {200, std::string(5'000'000, ' '), "its answer is longer than 4 MiB"},
        {503, R"({"error":"etcdserver: no leader","code":14})",
         R"(it answers "etcdserver: no leader")"},
        {400, R"({"error":"odd\nline","code":3})", "refuses /v3/kv/range: odd line"}};
    for (const auto& lie : lies) {
        const Liar liar(lie.status, lie.body);
        const auto a = make("etcd", at_endpoint(liar.endpoint()));

        EXPECT_THAT(fault([&] { (void)a->poll(); }), HasSubstr(lie.words))
            << lie.body.substr(0, 99);
        EXPECT_NE(fault([&] { a->announce(node("a", 1)); }), "");
        EXPECT_NE(fault([&] { (void)a->arbiter()->claim("demo", claim_of("a")); }), "");
    }
}

// What is between quotes after `"name":`.
std::string field(const std::string& json, const std::string& name) {
    const auto key = '"' + name + "\":\"";
    const auto begin = json.find(key) + key.size();
    return json.substr(begin, json.find('"', begin) - begin);
}

TEST(WhatIsNoEtcd, ThatStoresAClaimAndLosesTheAnswerFoundsOneClusterAllTheSame) {
    std::mutex mutex;
    std::string stored;
    int tries = 0;
    // A member whose reads are out of date, so that the transaction decides.
    const Liar server([&](const std::string& path, const std::string& body) -> Liar::Answer {
        if (path == "/v3/kv/range") return {200, R"({"header":{"revision":"1"}})"};
        const std::lock_guard lock(mutex);
        ++tries;
        if (stored.empty()) {
            stored = field(body, "value");
            return {503, R"({"error":"etcdserver: request timed out","code":14})"};
        }
        return {200,
                R"({"responses":[{"response_range":{"kvs":[{"value":")" + stored + R"("}]}}]})"};
    });
    const auto made = [&](std::vector<std::string> endpoints) {
        return make("etcd", {{"endpoints", list(std::move(endpoints))}});
    };

    EXPECT_NE(
        fault([&] { (void)made({server.endpoint()})->arbiter()->claim("demo", claim_of("a")); }),
        "");
    const auto a = made({server.endpoint()});
    const auto b = made({server.endpoint()});
    EXPECT_EQ(b->arbiter()->claim("demo", claim_of("b")), claim_of("a"));
    EXPECT_EQ(a->arbiter()->claim("demo", claim_of("a")), claim_of("a"));

    {
        const std::lock_guard lock(mutex);
        stored.clear();
        tries = 0;
    }
    const auto twice = made({server.endpoint(), server.endpoint("localhost")});
    EXPECT_EQ(twice->arbiter()->claim("demo", claim_of("c")), claim_of("c"));
    const std::lock_guard lock(mutex);
    EXPECT_EQ(tries, 2) << "the second endpoint finds what the first one has stored";
}

TEST(WhatIsNoEtcd, AndRepeatsThePasswordDoesNotBringItIntoTheLog) {
    Folder folder;
    write(folder / "password", "geheim\n");
    std::filesystem::permissions(folder / "password", std::filesystem::perms(0600));
    const Liar echo([](const std::string&, const std::string& body) {
        return Liar::Answer{500, body};
    });
    const auto a = make(
        "etcd",
        at_endpoint(echo.endpoint(), {{"user", text("u")}, {"password_file", text("password")}}),
        "demo", folder.path());

    EXPECT_THAT(fault([&] { (void)a->poll(); }),
                AllOf(HasSubstr("it answers with status 500"), Not(HasSubstr("geheim"))));
}

// As some proxies do; a member of etcd says that 0 s are left.
TEST(WhatIsNoEtcd, AndRefusesToRenewALeaseThatIsGoneGetsANewOne) {
    std::mutex mutex;
    int grants = 0;
    const Liar server([&](const std::string& path, const std::string&) -> Liar::Answer {
        const std::lock_guard lock(mutex);
        if (path == "/v3/lease/grant") {
            ++grants;
            return {200, R"({"ID":"7","TTL":"1"})"};
        }
        if (path == "/v3/lease/keepalive")
            return {404, R"({"error":"etcdserver: requested lease not found","code":5})"};
        return {200, R"({"header":{"revision":"1"}})"};
    });
    const auto a = make("etcd", at_endpoint(server.endpoint()));

    EXPECT_TRUE(eventually([&] {
        a->announce(node("a", 1));
        const std::lock_guard lock(mutex);
        return grants >= 3;
    }));
}

// A server that confirms no watch, as behind a proxy that holds streams back.
TEST(WhatIsNoEtcd, ThatWatchesNothingIsAskedEachTime) {
    const std::string empty = R"({"header":{"revision":"1"}})";
    const Liar liar(200, empty);
    const auto a = make("etcd", at_endpoint(liar.endpoint()));

    for (int round = 0; round < 50; ++round) EXPECT_THAT(a->poll(), IsEmpty());
}

}  // namespace
}  // namespace electiond::bench
