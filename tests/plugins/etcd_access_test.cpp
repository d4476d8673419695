// The discovery `etcd` on a server with certificates, or with users and passwords.
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>

#include <thread>

#include "discovery/etcd_scene.h"

namespace electiond::bench {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

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

}  // namespace
}  // namespace electiond::bench
