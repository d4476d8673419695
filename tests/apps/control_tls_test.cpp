// The control API over TLS, asked by curl, openssl and clients of our own, right and wrong.
#include <gmock/gmock.h>

#include <thread>

#include "control_tls_scene.h"
#include "support/child_prints.h"

namespace electiond::testing {
namespace {

using io::TlsFault;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

using std::chrono::hours;
using std::chrono::minutes;

TEST_F(TlsServer, ServesCurlOnAConnectionThatIsKept) {
    const auto asked =
        curl("-o /dev/null -w '%{http_code} %{num_connects} %{http_version};' " + url("/status") +
             " -o /dev/null " + url("/livez") + " -o /dev/null " + url("/leader"));
    EXPECT_EQ(asked.code, 0) << asked.output;
    EXPECT_EQ(asked.output, "200 1 1.1;200 0 1.1;503 0 1.1;");

    const auto changed = curl("-d '{\"to\":\"2\"}' " + url("/step-down"));
    EXPECT_THAT(changed.output, HasSubstr(R"("successor":"2")"));
    const auto as_named =
        curl("https://localhost:" + std::to_string(server->endpoints().front().port) + "/livez");
    EXPECT_EQ(as_named.output, R"({"alive":true})");
}

TEST_F(TlsServer, SpeaksTls12And13AndNothingOlder) {
    EXPECT_EQ(connect_tls().session().version(), "TLSv1.3");
    const auto old = curl("-v --tls-max 1.2 " + url("/livez"));
    EXPECT_THAT(old.output, AllOf(HasSubstr("TLSv1.2"), HasSubstr(R"({"alive":true})")));
    const auto older =
        curl("--tlsv1.0 --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0 " + url("/livez"));
    EXPECT_NE(older.code, 0);
    EXPECT_THAT(older.output, Not(HasSubstr("alive")));
}

TEST_F(TlsServer, IsAnsweredOverTlsAsInPlainText) {
    auto client = connect_tls();
    client.send(request("GET /leader") + request("HEAD /status") + request("OPTIONS /status") +
                request("GET https://localhost/livez") +
                request("GET /status", "Origin: https://localhost\r\n") +
                request("GET /status", "Origin: https://evil.example\r\n"));
    EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 503"));
    EXPECT_THAT(client.answer(false), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 204"));
    EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 403"));
    EXPECT_THAT(client.send("nonsense\r\n\r\n").all(), StartsWith("HTTP/1.1 400"));
}

TEST_F(TlsServer, MayBeAskedByEachNameOfItsCertificate) {
    const auto status_of = [](const std::string& host) {
        return request("GET https://" + host + "/status");
    };
    auto before = connect_tls();
    EXPECT_THAT(before.send(status_of("node1.example")).answer(), StartsWith("HTTP/1.1 403"));

    install(server_files({"DNS:Node1.example", "URI:electiond://demo/1"}));
    server->reload_tls();
    auto client = connect_tls();
    client.send(status_of("node1.EXAMPLE:7400") + status_of("node1.example.") +
                status_of("node2.example") + status_of("electiond"));
    EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 403"));
    EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 403"));
    EXPECT_THAT(before.send(status_of("node1.example")).answer(), StartsWith("HTTP/1.1 403"))
        << "it has not seen that certificate";
}

TEST_F(TlsServer, TakesARequestInSingleBytes) {
    auto client = connect_tls();
    for (const char byte : request("POST /step-down", "Content-Length: 10\r\n") + R"({"to":"2"})") {
        client.send(std::string(1, byte));
    }
    EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 200"));
}

TEST_F(TlsServer, LeavesAUnixSocketPlainAndTrusted) {
    need_certificates();
    start({Endpoint{"127.0.0.1", 0}, io::UnixSocket{.path = folder / "api.sock"}});
    Client local(Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL,
                                          (folder / "api.sock").string()));
    EXPECT_THAT(local.send(request("POST /step-down", "Content-Length: 0\r\n")).answer(),
                StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(connect().send(request("GET /status")).all(), StartsWith("HTTP/1.1 400"));
}

TEST_F(TlsServer, RefusesToStartWithFilesThatAreWrong) {
    const auto fails = [&](const Settings::ApiTls& files, const std::string& what) {
        try {
            const ControlServer wrong({Endpoint{"203.0.113.1", 0}}, {}, Log{}, files);
            ADD_FAILURE() << "it started";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Error::config) << "before it tries to listen";
            EXPECT_THAT(error.what(), HasSubstr(what));
        }
    };
    fails({folder / "none.crt", tls->key, {}}, "none.crt");
    fails({tls->cert, tls->cert, {}}, "api.tls.key");
    fails({tls->cert, tls->key, folder / "none-ca.crt"}, "none-ca.crt");
    fails({server_files().cert, server_files().key, {}}, "api.tls");
}

// ---- Events

TEST_F(TlsServer, StreamsEventsToCurl) {
    io::Child curl({.command = {"/usr/bin/env", "curl", "-sSN", "--max-time", "60", "--cacert",
                                ca.file().string(), url("/events")},
                    .out = io::Output::captured(),
                    .err = io::Output::captured()});
    EXPECT_TRUE(prints(curl, "event: reset\n")) << curl.output();
    change();
    EXPECT_TRUE(prints(curl, "event: leader\n")) << curl.output();
    server->stop();
    EXPECT_TRUE(curl.wait(30s)) << "the stream ended with the server";
}

// ---- Certificates of clients

TEST_F(TlsServer, NeedsACertificateOfItsAuthorityWhereConfigured) {
    need_certificates();
    const auto good = ca.issue({.names = {"DNS:watcher.example"}});
    EXPECT_EQ(curl(shown(good) + url("/livez")).output, R"({"alive":true})");

    EXPECT_NE(curl(url("/livez")).code, 0);
    await_refusals(TlsFault::no_certificate, 1);

    TestCa other;
    EXPECT_NE(curl(shown(other.issue({.names = {kOperator}})) + url("/livez")).code, 0);
    await_refusals(TlsFault::foreign_ca, 1);

    EXPECT_NE(curl(shown(ca.issue({.from = -hours(2), .until = -hours(1)})) + url("/livez")).code,
              0);
    await_refusals(TlsFault::expired, 1);

    EXPECT_NE(curl(shown(ca.issue({.from = hours(1), .until = hours(2)})) + url("/livez")).code, 0);
    await_refusals(TlsFault::not_yet_valid, 1);

    EXPECT_NE(curl(shown(ca.issue({.client = false})) + url("/livez")).code, 0);
    await_refusals(TlsFault::wrong_purpose, 1);

    EXPECT_THAT(log_lines(), SizeIs(5));
    EXPECT_THAT(log_lines(), Each(AllOf(StartsWith("the control API refused the TLS connection"),
                                        HasSubstr("from=127.0.0.1:"))));
}

// Each reason is logged once a minute, however many clients there are.
TEST_F(TlsServer, LogsEachReasonOnce) {
    need_certificates();
    for (int i = 0; i < 5; ++i) (void)connect_tls().send(request("GET /livez")).all();
    await_refusals(TlsFault::no_certificate, 5);
    EXPECT_THAT(log_lines(), SizeIs(1));
    (void)connect_tls(TestCa().issue({})).send(request("GET /livez")).all();
    await_refusals(TlsFault::foreign_ca, 1);
    EXPECT_THAT(log_lines(), SizeIs(2));
}

TEST_F(TlsServer, TellsAClientWhyItsCertificateIsRefused) {
    need_certificates();
    TestCa other("other CA");
    // No client loads a certificate that has expired, but one may keep it in use for too long.
    const auto earlier =
        std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) - minutes(20);
    for (const auto& [files, fault] :
         {std::pair(TestCa::Files{}, TlsFault::no_certificate),
          std::pair(other.issue({}), TlsFault::foreign_ca),
          std::pair(ca.issue({.from = -minutes(30), .until = -minutes(10)}), TlsFault::expired)}) {
        SecureClient client(server->endpoints().front(), client_context(files, earlier));
        EXPECT_EQ(client.send(request("GET /livez")).all(), "");
        ASSERT_TRUE(client.failure());
        EXPECT_TRUE(client.failure()->by_peer);
        EXPECT_EQ(client.failure()->fault, fault) << client.failure()->text;
    }
}

TEST_F(TlsServer, LetsAnOperatorChangeThingsWithoutAToken) {
    need_certificates();
    const auto step_down = "-d '' " + url("/step-down");
    EXPECT_THAT(curl(shown(operator_files()) + step_down).output, HasSubstr("Stepped down"));
    const auto node = shown(ca.issue({.names = {"URI:electiond://demo/1"}}));
    EXPECT_THAT(curl(node + step_down).output,
                AllOf(HasSubstr(R"("status":403)"), HasSubstr(kOperator)));
    EXPECT_THAT(curl(node + url("/status")).output, HasSubstr(R"("id":"1")"));

    token = "secret";
    start({Endpoint{"127.0.0.1", 0}});
    const auto again = "-d '' " + url("/step-down");
    EXPECT_THAT(curl(shown(operator_files()) + again).output, HasSubstr("Stepped down"));
    EXPECT_THAT(curl(node + again).output, HasSubstr(R"("status":401)"));
    EXPECT_THAT(curl(node + "-H 'Authorization: Bearer secret' " + again).output,
                HasSubstr("Stepped down"));
}

// ---- The other side speaks something else, or does not trust us

TEST_F(TlsServer, AnswersPlainTextInPlainText) {
    for (const auto& bytes : {request("GET /status"), std::string("HEAD / HTTP/1.0\r\n\r\n")}) {
        const auto answer = told(bytes);
        EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 400 "),
                                  HasSubstr("\r\nContent-Type: application/problem+json\r\n"),
                                  HasSubstr("\r\nConnection: close\r\n"),
                                  HasSubstr("This port speaks TLS: use https://")));
    }
    const auto asked = io::run_in_shell("curl -sS --max-time 60 http://127.0.0.1:" +
                                        std::to_string(server->endpoints().front().port) + "/");
    EXPECT_EQ(asked.code, 0);
    EXPECT_THAT(asked.output, HasSubstr("https://"));
    await_refusals(TlsFault::plain_text, 3);
    EXPECT_THAT(log_lines(), SizeIs(1));
}

TEST_F(TlsServer, AnswersTlsOnAPlainPortAtOnce) {
    tls.reset();
    change_faces = {};
    start({Endpoint{"127.0.0.1", 0}});
    // Only the beginning of a ClientHello: it is enough.
    const auto answer = told(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
    EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("plain HTTP"),
                              HasSubstr("http://"), HasSubstr("api.tls")));
    const auto client = connect_tls();
    EXPECT_TRUE(client.failure());
    EXPECT_NE(curl(url("/livez")).code, 0);
    EXPECT_EQ(server->counts().tls_on_plain, 3U);
    EXPECT_EQ(server->counts().malformed, 3U);
    EXPECT_EQ(server->counts().late, 0U);
    EXPECT_THAT(log_lines(), ElementsAre(HasSubstr("set api.tls")));
}

TEST_F(TlsServer, NamesClientsThatDoNotTrustIt) {
    TestCa other("other");
    const SecureClient client(server->endpoints().front(),
                              io::TlsContext::load({.ca = other.file(), .section = "client"}));
    ASSERT_TRUE(client.failure());
    EXPECT_EQ(client.failure()->fault, TlsFault::foreign_ca);
    EXPECT_FALSE(client.failure()->by_peer);
    await_refusals(TlsFault::foreign_ca, 1);
    const SecureClient wrong_name(server->endpoints().front(), client_context(), "node2.example");
    ASSERT_TRUE(wrong_name.failure());
    EXPECT_EQ(wrong_name.failure()->fault, TlsFault::wrong_name);
    EXPECT_THAT(log_lines(),
                Contains(StartsWith("a client of the control API refused the TLS connection")));
}

TEST_F(TlsServer, RefusesRenegotiation) {
    const auto port = std::to_string(server->endpoints().front().port);
    // R asks for one. The pipe stays open: at the end of its input openssl would end itself.
    const auto pipe = (folder / "input").string();
    const auto asked = io::run_in_shell(
        "mkfifo " + pipe + "; timeout 60 openssl s_client -tls1_2 -connect 127.0.0.1:" + port +
        " -CAfile " + ca.file().string() + " < " + pipe + " & exec 3> " + pipe +
        "; echo R >&3; wait");
    EXPECT_THAT(asked.output, HasSubstr("RENEGOTIATING"));
    EXPECT_THAT(asked.output, HasSubstr("no renegotiation"));
    livez_tls();
}

// ---- Limits

// A half-open handshake has its own limit and its own deadline.
TEST_F(TlsServer, IsNotDelayedByHalfOpenHandshakes) {
    std::vector<Client> half_open;
    for (int i = 0; i < 300; ++i) {
        half_open.push_back(connect());
        if (i % 2 == 0) half_open.back().send(std::string("\x16\x03\x01\x02\x00\x01\x00", 7));
    }
    Duration quickest = livez_tls();
    for (int i = 0; i < 4; ++i) quickest = std::min(quickest, livez_tls());
    EXPECT_LT(quickest, 200ms);
    EXPECT_EQ(half_open.front().all(), "") << "the oldest gives way to those beyond the limit";

    auto kept = kept_tls();
    for (int i = 0; i < 300; ++i) half_open.push_back(connect());
    EXPECT_THAT(kept.send(request("GET /livez")).answer(), StartsWith("HTTP/1.1 200"))
        << "it gave way to none of them";
}

TEST_F(TlsServer, StopsInTimeWithConnectionsInEachState) {
    std::vector<Client> half_open;
    std::vector<SecureClient> secure;
    for (int i = 0; i < 20; ++i) {
        half_open.push_back(connect());
        half_open.back().send(std::string("\x16\x03\x01\x02\x00\x01\x00", 7));
        secure.push_back(kept_tls());
        secure.push_back(connect_tls());
        secure.push_back(connect_tls());
        secure.back().send(request("GET /leader?wait=60s"));
    }
    while (routes->streams() < 20) std::this_thread::yield();

    const auto begin = std::chrono::steady_clock::now();
    server->stop();

    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s) << "250 ms are its limit";
    for (std::size_t i = 2; i < secure.size(); i += 3) {
        EXPECT_THAT(secure[i].all(), StartsWith("HTTP/1.1 503"));
    }
}

class LargeAnswers : public TlsServer {
  protected:
    LargeAnswers() {
        for (term = 1; term <= Journal::kKept; ++term) {  // some 150 KB for each answer
            journal.note(now, LeaderGained{.leader = {NodeUuid("uuid-1"), NodeId("1"), term}});
        }
    }
};

TEST_F(LargeAnswers, ReachASlowReaderWhole) {
    const auto wanted = body_of(connect_tls().send("GET /history HTTP/1.0\r\n\r\n").all());
    ASSERT_GT(wanted.size(), 100'000U);
    auto client = connect_tls();
    constexpr int kAnswers = 50;
    for (int i = 0; i < kAnswers; ++i) client.send(request("GET /history"));
    EXPECT_TRUE(client.is_answered(30s));
    livez_tls();  // the server has tried to send all of them
    for (int i = 0; i < kAnswers; ++i) {
        const auto body = body_of(client.answer());
        EXPECT_EQ(body.size(), wanted.size());
        EXPECT_EQ(json(body)->getArray("changes")->size(), Journal::kKept) << "whole, and in order";
    }
    EXPECT_EQ(server->counts().not_taken, 0U);
}

TEST_F(LargeAnswers, AreCutForAClientThatReadsNone) {
    write_limit = 200ms;
    start({Endpoint{"127.0.0.1", 0}});
    auto client = connect_tls();
    for (int i = 0; i < 100; ++i) client.send(request("GET /history"));

    const auto asked = read_boot_clock();
    while (server->counts().not_taken == 0 && read_boot_clock() - asked < 30s) livez_tls();

    EXPECT_EQ(server->counts().not_taken, 1U);
}

}  // namespace
}  // namespace electiond::testing
