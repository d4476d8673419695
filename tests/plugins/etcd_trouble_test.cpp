// The discovery `etcd` while its server is dead, paused, compacted, full, not trusted or not etcd.
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>
#include <sys/socket.h>

#include "discovery/etcd_scene.h"

namespace electiond::bench {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr milliseconds kToStop{500};

class EtcdTrouble : public EtcdScene {};

// The message of a poll once it fails; "" if it never does.
std::string trouble_of(Discovery& discovery) {
    std::string sentence;
    (void)eventually([&] {
        sentence = fault([&] { (void)discovery.poll(); });
        return !sentence.empty();
    });
    return sentence;
}

TEST_F(EtcdTrouble, KilledAndStartedAgainItIsFoundAgain) {
    const auto a = etcd();
    const auto b = etcd();
    a->announce(node("a", 1));
    b->announce(node("b", 2));
    ASSERT_THAT(ids(*a), ElementsAre("a", "b"));

    for (int round = 0; round < 3; ++round) {
        server().kill9();
        EXPECT_THAT(trouble_of(*a),
                    AllOf(HasSubstr("no endpoint of etcd answers"),
                          HasSubstr(server().endpoint() + ": Connection refused"),
                          HasSubstr("start etcd, or correct discovery[0].endpoints")));
        EXPECT_LT(time_of([&] { (void)a->poll(); }), seconds(1)) << "no timeout is waited for";
        server().start();
        EXPECT_TRUE(eventually([&] {
            try {
                a->announce(node("a", 1));
                b->announce(node("b", static_cast<std::uint16_t>(2 + round)));
                return knows(*a, node("b", static_cast<std::uint16_t>(2 + round))) &&
                       knows(*b, node("a", 1));
            } catch (const Error&) {
                return false;
            }
        }));
    }
    EXPECT_THAT(lines_.all(), IsEmpty()) << "the host logs what a call throws";
}

TEST_F(EtcdTrouble, StartedAnewWithoutItsDataItIsFilledAgain) {
    const auto a = etcd({{"timeout", text("500ms")}});
    a->announce(node("a", 1));
    ASSERT_THAT(ids(*a), ElementsAre("a"));

    server().control({"del", "--prefix", ""});
    server().control({"lease", "revoke",
                      server()
                          .control({"lease", "list"})
                          .substr(server().control({"lease", "list"}).find('\n') + 1, 16)});

    EXPECT_TRUE(eventually([&] {
        (void)a->poll();
        a->announce(node("a", 1));
        return knows(*a, node("a", 1)) && value(kKey) != "";
    }));
}

TEST_F(EtcdTrouble, PausedItIsNamedInTime) {
    const auto a = etcd({{"timeout", text("1s")}});
    a->announce(node("a", 1));
    ASSERT_THAT(ids(*a), ElementsAre("a"));

    server().pause();

    const auto sentence = trouble_of(*a);
    EXPECT_THAT(sentence, HasSubstr(server().endpoint() + ": no answer within 1 s"));
    EXPECT_LT(time_of([&] { (void)a->poll(); }), seconds(2));
    EXPECT_EQ(fault([&] { (void)a->poll(); }), sentence) << "one cause, one text";
    EXPECT_LT(time_of([&] { a->withdraw(); }), seconds(3));
    server().resume();
    EXPECT_TRUE(eventually(
        [&] { return fault([&] { a->announce(node("a", 1)); }).empty() && ids(*a).size() == 1; }));
}

TEST_F(EtcdTrouble, PausedItHoldsNoCallBeyondItsStop) {
    const auto a = etcd({{"timeout", text("4s")}});
    server().pause();

    const std::vector<std::function<void(std::stop_token)>> calls = {
        [&](std::stop_token stop) { a->announce(node("a", 1), stop); },
        [&](std::stop_token stop) { (void)a->poll(stop); },
        [&](std::stop_token stop) { (void)a->arbiter()->claim("demo", claim_of("a"), stop); },
        [&](std::stop_token stop) { a->arbiter()->replace_claim("demo", claim_of("a"), stop); }};
    for (const auto& call : calls) {
        std::stop_source stop;
        Clock::time_point requested;
        std::string sentence;
        {
            const std::jthread stopper([&] {
                std::this_thread::sleep_for(milliseconds(200));
                requested = Clock::now();
                stop.request_stop();
            });
            sentence = fault([&] { call(stop.get_token()); });
        }
        EXPECT_LT(Clock::now() - requested, kToStop);
        EXPECT_THAT(sentence, HasSubstr("stopped before etcd answered"));
    }
    server().resume();
}

TEST_F(EtcdTrouble, WithSeveralDeadEndpointsNoCallTakesLongerThanTheHostAllows) {
    std::vector<std::string> endpoints;
    std::vector<std::unique_ptr<Poco::Net::ServerSocket>> silent;
    for (int i = 0; i < 8; ++i) {
        silent.push_back(
            std::make_unique<Poco::Net::ServerSocket>(Poco::Net::SocketAddress("127.0.0.1", 0), 8));
        endpoints.push_back("http://" + silent.back()->address().toString());
    }
    const auto a = make("etcd", {{"endpoints", list(endpoints)}, {"timeout", text("1s")}});

    EXPECT_LT(time_of([&] { (void)a->poll(); }), seconds(5));

    // All endpoints are tried, and the message names the asked ones in the order of the file.
    (void)time_of([&] { (void)a->poll(); });
    const auto sentence = fault([&] { (void)a->poll(); });
    std::size_t at = 0;
    for (const auto& each : endpoints) {
        EXPECT_NE(sentence.find(each), std::string::npos) << sentence;
        EXPECT_LE(at, sentence.find(each));
        at = sentence.find(each);
    }
}

TEST_F(EtcdTrouble, CompactedItsWatchGoesOn) {
    const auto a = etcd();
    const auto b = etcd();
    a->announce(node("a", 1));
    ASSERT_THAT(ids(*a), ElementsAre("a"));

    for (std::uint16_t round = 0; round < 5; ++round) {
        for (std::uint16_t i = 0; i < 5; ++i)
            b->announce(node("b", static_cast<std::uint16_t>(10 * (round + 1) + i)));
        const auto fields = server().control({"get", kKey, "--write-out=fields"});
        const auto revision = fields.substr(fields.find("\"Revision\" : ") + 13);
        server().control({"compact", revision.substr(0, revision.find('\n'))});
        EXPECT_TRUE(eventually([&] {
            return knows(*a, node("b", static_cast<std::uint16_t>(10 * (round + 1) + 4)));
        }));
    }
    EXPECT_THAT(lines_.all(), IsEmpty());
}

// ---- out of space -------------------------------------------------------------------------------

class FullEtcd : public EtcdScene {
  protected:
    void start_server() override {
        EtcdServer::Setup setup;
        setup.more = {"--quota-backend-bytes=4194304"};
        server_ = std::make_unique<EtcdServer>(std::move(setup));
    }

    // Until etcd raises its alarm. `meanwhile` is called between two steps.
    void fill(const std::function<void()>& meanwhile) {
        const std::string block(120'000, 'x');
        for (int i = 0; i < 200; ++i) {
            meanwhile();
            if (server().ctl({"put", "ballast", block}).code != 0) break;
        }
        ASSERT_THAT(server().control({"alarm", "list"}), HasSubstr("NOSPACE"));
    }
    void make_room() {
        const auto fields = server().control({"get", "x", "--write-out=fields"});
        const auto revision = fields.substr(fields.find("\"Revision\" : ") + 13);
        server().control({"compact", revision.substr(0, revision.find('\n'))});
        server().control({"defrag"});
        server().control({"alarm", "disarm"});
    }
};

TEST_F(FullEtcd, ServesWhatItHasAndNamesTheRemedy) {
    const auto a = etcd({{"ttl", text("10s")}});
    const auto late = etcd();
    a->announce(node("a", 1));
    ASSERT_EQ(a->arbiter()->claim("demo", claim_of("a")), claim_of("a"));
    ASSERT_THAT(ids(*a), ElementsAre("a"));
    fill([&] { a->announce(node("a", 1)); });

    EXPECT_EQ(late->arbiter()->claim("demo", claim_of("b")), claim_of("a"));
    EXPECT_THAT(ids(*late), ElementsAre("a"));
    for (const auto& refused : {fault([&] { late->announce(node("b", 2)); }), fault([&] {
                                    (void)late->arbiter()->claim("other", claim_of("b"));
                                })}) {
        EXPECT_THAT(refused,
                    AllOf(HasSubstr("etcd has no space left"), HasSubstr("etcdctl alarm disarm")));
    }
    const auto end = Clock::now() + seconds(13);
    while (Clock::now() < end) {
        a->announce(node("a", 1));  // keeps its lease alive
        std::this_thread::sleep_for(milliseconds(200));
    }
    EXPECT_THAT(ids(*late), ElementsAre("a"));

    make_room();
    late->announce(node("b", 2));
    EXPECT_EQ(late->arbiter()->claim("other", claim_of("b")), claim_of("b"));
    EXPECT_TRUE(eventually([&] { return ids(*a).size() == 2; }));
    EXPECT_THAT(lines_.all(), IsEmpty());
}

// ---- certificates -------------------------------------------------------------------------------

class EncryptedEtcd : public EtcdScene {
  protected:
    void start_server() override { serve({.names = {"DNS:localhost", "IP:127.0.0.1"}}); }

    void serve(const TestCa::Wish& wish, bool clients_too = false) {
        server_.reset();
        EtcdServer::Setup setup;
        setup.certificate = ca_.issue(wish);
        setup.authority = ca_.file();
        if (clients_too) setup.client_authority = ca_.file();
        server_ = std::make_unique<EtcdServer>(std::move(setup));
    }
    // The sentence of a poll by these options.
    [[nodiscard]] std::string poll(OptionMap more, const std::string& host = "localhost") {
        const auto a = make("etcd", at_endpoint(server().endpoint(host), std::move(more)), "demo",
                            folder_.path());
        return fault([&] { (void)a->poll(); });
    }
    [[nodiscard]] OptionMap trusting(const TestCa& ca) const {
        return {{"ca", text(ca.file().string())}};
    }
    [[nodiscard]] OptionMap proving(const TestCa::Files& files) const {
        auto options = trusting(ca_);
        options.push_back({"cert", text(files.cert.string())});
        options.push_back({"key", text(files.key.string())});
        return options;
    }

    TestCa ca_;
};

TEST_F(EncryptedEtcd, IsUsedIfItsCertificateIsOfTheAuthority) {
    const auto a = etcd(trusting(ca_));
    const auto b = etcd(trusting(ca_));
    a->announce(node("a", 1));
    b->announce(node("b", 2));
    EXPECT_THAT(ids(*a), ElementsAre("a", "b"));
    EXPECT_EQ(a->arbiter()->claim("demo", claim_of("a")), claim_of("a"));
    b->withdraw();
    EXPECT_TRUE(eventually([&] { return ids(*a).size() == 1; }));
    EXPECT_EQ(poll(trusting(ca_)), "");
    EXPECT_EQ(poll(trusting(ca_), "127.0.0.1"), "");
}

TEST_F(EncryptedEtcd, IsRefusedIfItsCertificateIsOfAnother) {
    const TestCa other("another CA");
    EXPECT_THAT(poll(trusting(other)),
                AllOf(HasSubstr("its certificate is not accepted"), HasSubstr("discovery[0].ca")));
    EXPECT_THAT(poll({}), HasSubstr("its certificate is not accepted")) << "by the system's";
}

TEST_F(EncryptedEtcd, IsRefusedUnderAnotherName) {
    serve({.names = {"DNS:etcd.example", "IP:127.0.0.1"}});
    EXPECT_THAT(poll(trusting(ca_)),
                AllOf(HasSubstr("its certificate is for another host"), HasSubstr("endpoints")));
}

TEST_F(EncryptedEtcd, NamesFilesOfOursThatAreWrong) {
    EXPECT_THAT(poll({{"ca", text("nowhere.crt")}}),
                AllOf(HasSubstr("discovery[0].ca"), HasSubstr("nowhere.crt")));
    write(folder_ / "garbage.crt", "garbage");
    EXPECT_THAT(poll({{"ca", text("garbage.crt")}}),
                AllOf(HasSubstr("discovery[0].ca"), HasSubstr("garbage.crt")));
}

TEST_F(EncryptedEtcd, IsNotMistakenForPlainTextNorTheOtherWayRound) {
    const auto encrypted = server().endpoint();
    const auto plain = "http" + encrypted.substr(encrypted.find(':'));
    EXPECT_THAT(fault([&] { (void)make("etcd", at_endpoint(plain))->poll(); }),
                HasSubstr("if it needs TLS, write https://"));
    server_ = std::make_unique<EtcdServer>();
    EXPECT_THAT(
        fault([&] {
            const auto port = server().endpoint().substr(server().endpoint().rfind(':'));
            (void)make("etcd", at_endpoint("https://127.0.0.1" + port, trusting(ca_)))->poll();
        }),
        HasSubstr("it breaks off the TLS handshake; if it does not use TLS, write http://"));
}

// What the plugin says of a server that reads `size` bytes of the handshake, sends `says`, and ends
// the connection.
class BrokenHandshake : public EncryptedEtcd {
  protected:
    enum class End { close, reset };
    std::string message(std::size_t size, const std::string& says, End end) {
        Poco::Net::ServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0));
        const auto endpoint = "https://127.0.0.1:" + std::to_string(socket.address().port());
        std::jthread server([&] {
            auto connection = socket.acceptConnection();
            std::string hello(size, '\0');
            if (size > 0) (void)connection.receiveBytes(hello.data(), static_cast<int>(size));
            if (!says.empty())
                (void)connection.sendBytes(says.data(), static_cast<int>(says.size()));
            connection.setLinger(end == End::reset, 0);
        });
        return fault([&] { (void)make("etcd", at_endpoint(endpoint, trusting(ca_)))->poll(); });
    }
    static constexpr char kRemedy[] =
        "it breaks off the TLS handshake; if it does not use TLS, write http://";
};

TEST_F(BrokenHandshake, HasTheSameMessageHoweverItEnds) {
    for (const std::string says : {"", "HTTP/1.0 400 Bad Request\r\n\r\n"}) {
        for (const std::size_t size : {0, 1, 100'000}) {
            EXPECT_THAT(message(size, says, End::close), HasSubstr(kRemedy)) << size << says;
            EXPECT_THAT(message(size, says, End::reset), HasSubstr(kRemedy)) << size << says;
        }
    }
}

// The reset may arrive before libcurl has noticed that it is connected: in some of these rounds.
TEST_F(BrokenHandshake, HasTheSameMessageIfItEndsAtOnce) {
    for (int round = 0; round < 100; ++round)
        EXPECT_THAT(message(0, "", End::reset), HasSubstr(kRemedy));
}

TEST_F(EncryptedEtcd, AsksForACertificateOfItsAuthority) {
    serve({.names = {"DNS:localhost", "IP:127.0.0.1"}}, true);
    TestCa other("another CA");

    EXPECT_EQ(poll(proving(ca_.issue({}))), "");
    for (const auto& options : {trusting(ca_), proving(other.issue({}))}) {
        EXPECT_THAT(poll(options), AllOf(HasSubstr("it refuses this node's certificate"),
                                         HasSubstr("discovery[0].cert")));
    }
    EXPECT_THAT(
        poll(proving(ca_.issue({.from = std::chrono::hours(-2), .until = std::chrono::hours(-1)}))),
        HasSubstr("expired"));
}

// ---- users --------------------------------------------------------------------------------------

class GuardedEtcd : public EtcdScene {
  protected:
    void start_server() override {
        EtcdServer::Setup setup;
        setup.more = {"--auth-token-ttl=1"};
        server_ = std::make_unique<EtcdServer>(std::move(setup));
        server().control({"role", "add", "electiond"});
        server().control(
            {"role", "grant-permission", "electiond", "--prefix=true", "readwrite", "/electiond/"});
        server().control({"user", "add", "nodes:geheim"});
        server().control({"user", "grant-role", "nodes", "electiond"});
        write_password("geheim");
    }
    void write_password(const std::string& password) {
        write(folder_ / "password", password + "\n");
        std::filesystem::permissions(folder_ / "password", std::filesystem::perms(0600));
    }
    [[nodiscard]] std::unique_ptr<Discovery> guarded(const std::string& user = "nodes") {
        return etcd({{"user", text(user)}, {"password_file", text("password")}});
    }
};

TEST_F(GuardedEtcd, IsUsedWithUserAndPassword) {
    server().demand_passwords();
    const auto a = guarded();
    const auto b = guarded();
    a->announce(node("a", 1));
    EXPECT_THAT(ids(*a), ElementsAre("a"));
    EXPECT_EQ(a->arbiter()->claim("demo", claim_of("a")), claim_of("a"));
    for (std::uint16_t number = 2; number < 5; ++number) {
        std::this_thread::sleep_for(milliseconds(2500));  // longer than a token lasts
        b->announce(node("b", number));
        EXPECT_TRUE(eventually([&] { return knows(*a, node("b", number)); }));
    }
    server().kill9();
    server().start();
    EXPECT_EQ(b->arbiter()->claim("demo", claim_of("b")), claim_of("a"));
    a->withdraw();
    EXPECT_TRUE(eventually([&] { return ids(*b) == std::vector<std::string>{"b"}; }));
    EXPECT_THAT(lines_.all(), IsEmpty());
}

TEST_F(GuardedEtcd, IsUsedWhileItsAuthenticationIsSwitchedOnAndOff) {
    const auto a = guarded();
    a->announce(node("a", 1));
    EXPECT_THAT(ids(*a), ElementsAre("a"));
    server().demand_passwords();
    a->announce(node("a", 2));
    EXPECT_TRUE(eventually([&] { return knows(*a, node("a", 2)); }));
    server().control({"auth", "disable"});
    a->announce(node("a", 3));
    EXPECT_TRUE(eventually([&] { return knows(*a, node("a", 3)); }));
}

// The new etcd has not reached the raft index in the token of the old one, and would not answer.
TEST_F(GuardedEtcd, StartedAnewWithoutItsDataItIsUsedAgain) {
    server().demand_passwords();
    const auto a = etcd(
        {{"user", text("nodes")}, {"password_file", text("password")}, {"timeout", text("500ms")}});
    a->announce(node("a", 1));
    ASSERT_THAT(ids(*a), ElementsAre("a"));

    server().start_without_data();

    EXPECT_TRUE(eventually([&] {
        try {
            a->announce(node("a", 1));
            return knows(*a, node("a", 1)) && value(kKey) != "";
        } catch (const Error&) {
            return false;
        }
    }));
}

TEST_F(GuardedEtcd, NamesUserAndFileOfAWrongPasswordButNotThePassword) {
    server().demand_passwords();
    write_password("verraten");
    const auto a = guarded();

    const auto sentence = fault([&] { a->announce(node("a", 1)); });

    EXPECT_THAT(sentence, AllOf(HasSubstr("etcd refuses the user \"nodes\""),
                                HasSubstr((folder_ / "password").string()),
                                HasSubstr("discovery[0].user"), Not(HasSubstr("verraten"))));
    EXPECT_EQ(fault([&] { (void)a->poll(); }), sentence);
    const int before = server().answered("Authenticate");
    for (int round = 0; round < 20; ++round) (void)fault([&] { (void)a->poll(); });
    EXPECT_LE(server().answered("Authenticate"), before + 1) << "a password costs etcd much";

    write_password("geheim");
    EXPECT_TRUE(eventually([&] { return fault([&] { a->announce(node("a", 1)); }).empty(); }));
}

TEST_F(GuardedEtcd, NamesWhatToSetAndWhatToPermit) {
    server().control({"user", "add", "stranger:geheim"});
    server().demand_passwords();

    EXPECT_THAT(fault([&] { (void)etcd()->poll(); }),
                AllOf(HasSubstr("etcd requires a user and a password"),
                      HasSubstr("discovery[0].user"), HasSubstr("password_file")));
    EXPECT_THAT(fault([&] { (void)guarded("stranger")->poll(); }),
                AllOf(HasSubstr("denies permission to the user \"stranger\""),
                      HasSubstr("etcdctl role grant-permission"), HasSubstr("/electiond/")));
}

// ---- other servers ------------------------------------------------------------------------------

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
