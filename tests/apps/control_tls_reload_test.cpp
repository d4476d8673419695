// The certificates of the control API are replaced while it serves.
#include <gmock/gmock.h>

#include <thread>

#include "control_tls_scene.h"

namespace electiond::testing {
namespace {

using io::TlsFault;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class TlsReload : public TlsServer {
  protected:
    // An event stream that has begun.
    SecureClient watch(const TestCa::Files& files = {}) {
        auto client = connect_tls(files);
        client.send(request("GET /events"));
        EXPECT_THAT(client.until("event: reset\n"), HasSubstr("event: reset"));
        EXPECT_THAT(client.until("\n\n"), HasSubstr("data: "));
        return client;
    }
    std::vector<std::string> names_shown() { return connect_tls().session().names(); }
    void expect_refused_reload(const std::string& what) {
        try {
            server->reload_tls();
            ADD_FAILURE() << "it was taken";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Error::config);
            EXPECT_THAT(error.what(), HasSubstr(what));
        }
    }
};

TEST_F(TlsReload, ShowsTheNewCertificateAndKeepsOpenConnections) {
    auto stream = watch();
    auto idle = kept_tls();
    EXPECT_THAT(names_shown(), Not(Contains("DNS:new.example")));
    const auto before = server->tls();

    for (int round = 0; round < 2; ++round) {
        const auto name = round == 0 ? "DNS:new.example" : "DNS:newest.example";
        install(server_files({name}));
        server->reload_tls();

        EXPECT_THAT(names_shown(), Contains(name));
        EXPECT_NE(server->tls(), before);
        EXPECT_THAT(server->tls()->own()->names, Contains(name)) << "what /status shows";
        change();
        EXPECT_THAT(stream.until("event: leader\n"), HasSubstr("event: leader"));
        EXPECT_THAT(idle.send(request("GET /status")).answer(), StartsWith("HTTP/1.1 200"));
    }
    EXPECT_TRUE(log_lines().empty());
}

TEST_F(TlsReload, KeepsTheOldFilesIfTheNewAreWrong) {
    install(server_files({"DNS:good.example"}));
    server->reload_tls();
    auto stream = watch();

    std::ofstream(tls->cert) << "nonsense\n";
    expect_refused_reload(tls->cert.string());
    std::filesystem::remove(tls->key);
    expect_refused_reload("api.tls");
    const auto other = server_files();
    std::filesystem::copy_file(server_files().key, tls->key);
    std::filesystem::copy_file(other.cert, tls->cert,
                               std::filesystem::copy_options::overwrite_existing);
    expect_refused_reload("api.tls");  // they do not belong together

    EXPECT_THAT(names_shown(), Contains("DNS:good.example"));
    change();
    EXPECT_THAT(stream.until("event: leader\n"), HasSubstr("event: leader"));

    install(server_files({"DNS:better.example"}));
    server->reload_tls();
    EXPECT_THAT(names_shown(), Contains("DNS:better.example"));
}

TEST_F(TlsReload, CutsConnectionsOfAnAuthorityThatIsRemoved) {
    TestCa other("other CA");
    need_certificates({ca.file(), other.file()});
    const auto stays = ca.issue({.names = {"DNS:stays.example"}});
    const auto goes = other.issue({.names = {"DNS:goes.example"}});
    auto own_stream = watch(stays);
    auto own_idle = kept_tls(stays);
    auto stream = watch(goes);
    auto idle = kept_tls(goes);
    auto poll = connect_tls(goes);
    poll.send(request("GET /leader?wait=60s"));
    auto half = kept_tls(goes);  // its handshake is over, also on the side of the server
    half.send("GET /status HTTP/1.1\r\nHost:");
    while (routes->streams() < 3) std::this_thread::yield();

    trust({ca.file()});
    server->reload_tls();

    const auto begin = read_boot_clock();
    for (auto* each : {&stream, &idle, &poll, &half}) EXPECT_EQ(each->all(), "");
    EXPECT_LT(read_boot_clock() - begin, 4s) << "at once, not at the end of a time limit";
    change();
    EXPECT_THAT(own_stream.until("event: leader\n"), HasSubstr("event: leader"));
    EXPECT_THAT(own_idle.send(request("GET /status")).answer(), StartsWith("HTTP/1.1 200"));
    EXPECT_EQ(routes->streams(), 1U);
    EXPECT_THAT(log_lines(),
                Contains(AllOf(HasSubstr("the certificates were read again"), HasSubstr("from="))));

    EXPECT_EQ(connect_tls(goes).send(request("GET /status")).all(), "");
    await_refusals(TlsFault::foreign_ca, 1);
}

// A connection that a reload cannot check yet, because its handshake is under way.
TEST_F(TlsReload, RefusesAHandshakeThatBeganBeforeIt) {
    TestCa other("other CA");
    need_certificates({ca.file(), other.file()});
    const auto goes = other.issue({});
    std::vector<std::thread> clients;
    std::atomic<int> served = 0;
    std::atomic<bool> reloaded = false;
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back([&] {
            const auto context = client_context(goes);
            while (!reloaded) {
                SecureClient client(server->endpoints().front(), context);
                client.send(request("GET /leader?wait=60s"));
                ++served;
                if (reloaded) {
                    EXPECT_EQ(client.all(), "");
                }
            }
        });
    }
    while (served < 8) std::this_thread::yield();
    trust({ca.file()});
    server->reload_tls();
    reloaded = true;
    for (auto& each : clients) each.join();
    const auto asked = read_boot_clock();
    while (routes->streams() > 0 && read_boot_clock() - asked < 10s) std::this_thread::yield();
    EXPECT_EQ(routes->streams(), 0U) << "nobody of the other authority is left";
}

TEST_F(TlsReload, DoesNothingWithoutTls) {
    tls.reset();
    change_faces = {};
    start({Endpoint{"127.0.0.1", 0}});
    auto client = kept();
    server->reload_tls();
    EXPECT_EQ(server->tls(), nullptr);
    EXPECT_THAT(client.send(request("GET /status")).answer(), StartsWith("HTTP/1.1 200"));
}

}  // namespace
}  // namespace electiond::testing
