// The messages and exit codes of electionctl if TLS fails, each kind with its remedy.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/TCPServer.h>
#include <Poco/Net/TCPServerConnection.h>
#include <Poco/Net/TCPServerConnectionFactory.h>
#include <Poco/ThreadPool.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "../io/shell.h"
#include "electionctl_scene.h"
#include "fake_api.h"
#include "support/test_ca.h"
#include "tls_front.h"

namespace electiond::ctl {
namespace {

using namespace std::chrono_literals;
using electiond::testing::dead_url;
using electiond::testing::FakeApi;
using electiond::testing::TlsFront;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Answers the first bytes of each client with always the same ones, and closes.
class Says {
  public:
    explicit Says(std::string bytes) : bytes_(std::move(bytes)) {
        socket_.bind(Poco::Net::SocketAddress("127.0.0.1", 0), true, false);
        socket_.listen(8);
        server_ = std::make_unique<Poco::Net::TCPServer>(new Factory(bytes_), threads_, socket_);
        server_->start();
    }
    ~Says() {
        server_->stop();
        threads_.joinAll();
    }
    Says(const Says&) = delete;
    Says& operator=(const Says&) = delete;

    [[nodiscard]] std::string host_and_port() const { return socket_.address().toString(); }

  private:
    struct Connection : Poco::Net::TCPServerConnection {
        Connection(const Poco::Net::StreamSocket& socket, const std::string& bytes_in)
            : TCPServerConnection(socket), bytes(bytes_in) {}
        void run() override {
            std::array<char, 4096> buffer{};
            socket().receiveBytes(buffer.data(), static_cast<int>(buffer.size()));
            socket().sendBytes(bytes.data(), static_cast<int>(bytes.size()));
        }
        const std::string& bytes;
    };
    struct Factory : Poco::Net::TCPServerConnectionFactory {
        explicit Factory(const std::string& bytes_in) : bytes(bytes_in) {}
        Poco::Net::TCPServerConnection* createConnection(
            const Poco::Net::StreamSocket& socket) override {
            return new Connection(socket, bytes);  // Poco deletes it
        }
        const std::string& bytes;
    };

    const std::string bytes_;
    Poco::Net::ServerSocket socket_;
    Poco::ThreadPool threads_;
    std::unique_ptr<Poco::Net::TCPServer> server_;
};

class TlsFaults : public ::testing::Test {
  protected:
    TlsFaults() {
        api_.on("GET /status", {200, kStatus});
        api_.on("GET /leader", {200, kLeads});
        api_.on("POST /step-down", {200, R"({"successor":"2","term":8})"});
    }

    // The program, with `options`, against `endpoint`; both outputs are one text.
    static io::ShellResult run(const std::string& endpoint, const std::string& options,
                               const std::string& verb = "status") {
        return io::run_in_shell("exec " ELECTIONCTL " --endpoint " + endpoint + " " + options +
                                " " + verb);
    }
    [[nodiscard]] std::string trusting() const { return "--cacert " + ca_.file().string(); }
    [[nodiscard]] std::string as(const TestCa::Files& files) const {
        return trusting() + " --cert " + files.cert.string() + " --key " + files.key.string();
    }

    // Of a server with this certificate; with `clients`, it asks for one of them, too.
    [[nodiscard]] static io::TlsSetup with(const TestCa::Files& files,
                                           const TestCa* clients = nullptr) {
        return {.cert = files.cert,
                .key = files.key,
                .ca = clients != nullptr ? clients->file() : "",
                .section = "api.tls"};
    }
    [[nodiscard]] TestCa::Files server_files() {
        return ca_.issue({.names = {"IP:127.0.0.1"}, .subject = "server"});
    }
    [[nodiscard]] std::string file(const std::string& name, const std::string& text,
                                   std::filesystem::perms mode = std::filesystem::perms(0600)) {
        const auto path = ca_.file().parent_path() / name;
        std::ofstream(path) << text;
        std::filesystem::permissions(path, mode);
        return path.string();
    }

    TestCa ca_;
    FakeApi api_;
    const std::chrono::sys_seconds now_ =
        std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
};

TEST_F(TlsFaults, AServerOfAForeignAuthority) {
    const TlsFront front(api_.host_and_port(), with(server_files()));
    const auto by_system = run(front.url(), "");
    EXPECT_EQ(by_system.code, 69);
    EXPECT_THAT(by_system.output,
                AllOf(HasSubstr("GET " + front.url() + "/status: its certificate (CN=server, "),
                      HasSubstr("CN=test CA, which this system does not trust"),
                      HasSubstr("with --cacert"), Not(HasSubstr("is electiond running there?"))));

    const TestCa other("another CA");
    const auto by_file = run(front.url(), "--cacert " + other.file().string());
    EXPECT_EQ(by_file.code, 69);
    EXPECT_THAT(by_file.output, HasSubstr("is not in --cacert (" + other.file().string() + ")"));
    EXPECT_EQ(run(front.url(), "", "is-leader").code, 2);
    EXPECT_EQ(run(front.url(), "", "watch").code, 69);
    EXPECT_EQ(run(front.url(), "", "top --once").code, 69);
    EXPECT_THAT(api_.seen(), IsEmpty());
}

TEST_F(TlsFaults, TheAuthoritiesOfTheSystemCountWithoutCacert) {
    const TlsFront front(api_.host_and_port(), with(server_files()));
    const auto result =
        io::run_in_shell("SSL_CERT_FILE=" + ca_.file().string() +
                         " exec " ELECTIONCTL " --endpoint " + front.url() + " status");
    EXPECT_EQ(result.code, 0) << result.output;
}

TEST_F(TlsFaults, AServerThatDoesNotHaveTheNameThatWasAskedFor) {
    const auto files = ca_.issue({.names = {"DNS:node1.example", "IP:10.0.0.1"}});
    const TlsFront front(api_.host_and_port(), with(files));
    const auto result = run(front.url(), trusting());
    EXPECT_EQ(result.code, 69);
    EXPECT_THAT(result.output, HasSubstr("names DNS:node1.example, IP:10.0.0.1, not 127.0.0.1: ask "
                                         "by a name that it has"));
    const auto by_name = run("https://localhost:" + std::to_string(front.port()), trusting());
    EXPECT_THAT(by_name.output, HasSubstr("IP:10.0.0.1, not localhost"));
}

TEST_F(TlsFaults, AServerWhoseCertificateExpiredOrIsNotYetValid) {
    const auto judged_by_another_clock = [&](TestCa::Wish wish, std::chrono::hours clock) {
        wish.names = {"IP:127.0.0.1"};
        auto setup = with(ca_.issue(wish));
        setup.at = now_ + clock;
        const TlsFront front(api_.host_and_port(), setup);
        return run(front.url(), trusting());
    };
    const auto expired = judged_by_another_clock({.from = -49h, .until = -47h}, -48h);
    EXPECT_EQ(expired.code, 69);
    EXPECT_THAT(expired.output, AllOf(HasSubstr(" expired on 20"), HasSubstr(": renew it there")));
    const auto early = judged_by_another_clock({.from = 47h, .until = 49h}, 48h);
    EXPECT_EQ(early.code, 69);
    EXPECT_THAT(early.output, HasSubstr("only: compare the clocks of both machines"));
}

TEST_F(TlsFaults, ACertificateThatMayNotBeUsedAsAServer) {
    const TlsFront front(api_.host_and_port(),
                         with(ca_.issue({.names = {"IP:127.0.0.1"}, .server = false})));
    const auto result = run(front.url(), trusting());
    EXPECT_EQ(result.code, 69);
    EXPECT_THAT(result.output, HasSubstr("may not be used as a server (serverAuth)"));
}

// In TLS 1.3 the client has sent its request when it learns this, but the server has not read it:
// so the request was certainly not carried out.
TEST_F(TlsFaults, AServerThatAsksForACertificate) {
    const TlsFront front(api_.host_and_port(), with(server_files(), &ca_));
    const auto none = run(front.url(), trusting(), "step-down");
    EXPECT_EQ(none.code, 69);
    EXPECT_THAT(none.output, AllOf(HasSubstr("it asks for a certificate: set --cert and --key"),
                                   Not(HasSubstr("not known"))));
    EXPECT_EQ(run(front.url(), trusting(), "watch").code, 69);

    TestCa other("another CA");
    const auto foreign = run(front.url(), as(other.issue({})), "step-down");
    EXPECT_EQ(foreign.code, 69);
    EXPECT_THAT(foreign.output,
                AllOf(HasSubstr("it refuses our certificate, --cert, because it does not trust its "
                                "authority"),
                      Not(HasSubstr("not known"))));
    const auto server_only = run(front.url(), as(ca_.issue({.client = false})), "is-leader");
    EXPECT_EQ(server_only.code, 2);
    EXPECT_THAT(server_only.output,
                HasSubstr("it refuses our certificate, --cert, because it may not be used so"));
    EXPECT_THAT(api_.seen(), IsEmpty());
}

TEST_F(TlsFaults, OurCertificateExpiredByTheClockOfTheServer) {
    auto setup = with(ca_.issue({.names = {"IP:127.0.0.1"}, .until = 200h}), &ca_);
    setup.at = now_ + 100h;
    const TlsFront front(api_.host_and_port(), setup);
    const auto result = run(front.url(), as(ca_.issue({.until = 50h})));
    EXPECT_EQ(result.code, 69);
    EXPECT_THAT(result.output, HasSubstr("our certificate, --cert, as expired: renew it"));
}

TEST_F(TlsFaults, PlainTextToTls) {
    const TlsFront front(api_.host_and_port(), with(server_files()));
    const auto address = front.host_and_port();
    const std::string advice = "speaks TLS: use https://" + address;
    for (const auto* verb : {"status", "step-down", "watch", "top --once", "wait-leader"}) {
        const auto result = run("http://" + address, "--timeout 2s", verb);
        EXPECT_EQ(result.code, verb == std::string("wait-leader") ? 75 : 69) << verb;
        EXPECT_THAT(result.output, AllOf(HasSubstr(advice), Not(HasSubstr("not known")))) << verb;
    }
    EXPECT_EQ(run(address, "", "is-leader").code, 2);
    EXPECT_THAT(run("http://" + address + "," + api_.url(), "", "step-down").output,
                HasSubstr("stepped down"));
}

// What other servers answer: nginx, one in Go, one that sends an alert.
TEST_F(TlsFaults, PlainTextToTheTlsOfOtherServers) {
    FakeApi nginx, go;
    nginx.on("GET /status", {400, "<h1>The plain HTTP request was sent to HTTPS port</h1>"});
    go.on("GET /status", {400, "Client sent an HTTP request to an HTTPS server.\n"});
    for (const auto* each : {&nginx, &go}) {
        EXPECT_THAT(run(each->url(), "").output,
                    HasSubstr("speaks TLS: use https://" + each->host_and_port()));
    }
    const Says alert({"\x15\x03\x01\x00\x02\x02\x46", 7});
    EXPECT_THAT(run("http://" + alert.host_and_port(), "").output,
                HasSubstr("speaks TLS: use https://" + alert.host_and_port()));
    // Only a refusal means that.
    FakeApi page;
    page.on("GET /status", {200, "it was sent to HTTPS port"});
    EXPECT_THAT(run(page.url(), "").output, HasSubstr("answered HTTP 200, but not with JSON"));
}

TEST_F(TlsFaults, TlsToPlainText) {
    // As the control API answers TLS on a plain port.
    const Says plain("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    const auto https = "https://" + plain.host_and_port();
    for (const auto* verb : {"status", "step-down", "watch"}) {
        const auto result = run(https, trusting(), verb);
        EXPECT_EQ(result.code, 69) << verb;
        EXPECT_THAT(result.output,
                    AllOf(HasSubstr("it speaks plain text"),
                          HasSubstr("; http://" + plain.host_and_port() + " asks it in plain text"),
                          Not(HasSubstr("not known"))))
            << verb;
    }
}

TEST_F(TlsFaults, AServerThatHangsInTheHandshake) {
    Poco::Net::ServerSocket socket;
    socket.bind(Poco::Net::SocketAddress("127.0.0.1", 0), true, false);
    socket.listen(8);
    const auto https = "https://" + socket.address().toString();
    const auto result = run(https, "--timeout 300ms", "step-down");
    EXPECT_EQ(result.code, 75);
    EXPECT_THAT(result.output, AllOf(HasSubstr("did not end the TLS handshake in time"),
                                     Not(HasSubstr("not known"))));

    const TlsFront front(api_.host_and_port(), with(server_files()));
    EXPECT_EQ(run(https + "," + front.url(), trusting() + " --timeout 2s", "status").code, 0)
        << "the next endpoint is asked";
}

TEST_F(TlsFaults, NobodyListens) {
    const auto result = run("https://" + dead_url().substr(7), trusting());
    EXPECT_EQ(result.code, 69);
    EXPECT_THAT(result.output,
                AllOf(HasSubstr("connection refused"), HasSubstr("is electiond running there?")));
}

// As a token file that cannot be read: bad usage, before anything is asked.
TEST_F(TlsFaults, FilesThatAreWrong) {
    const TlsFront front(api_.host_and_port(), with(server_files(), &ca_));
    const auto one = ca_.issue({}), two = ca_.issue({});
    const auto cert = "--cert " + one.cert.string(), key = " --key " + one.key.string();
    const auto refuses = [&](const std::string& options, const std::string& says) {
        const auto result = run(front.url(), options);
        EXPECT_EQ(result.code, 64) << options;
        EXPECT_THAT(result.output, HasSubstr("electionctl: " + says)) << options;
    };
    refuses("--cacert /nowhere/ca.crt", "--cacert is \"/nowhere/ca.crt\", which cannot be read");
    const auto no_pem = file("no.pem", "no PEM\n");
    refuses("--cacert " + no_pem, "--cacert is \"" + no_pem + "\", which holds no certificate");
    refuses(cert, "--key is missing");
    refuses("--key " + one.key.string(), "--key (or ELECTIONCTL_KEY) names the key of a");
    refuses(cert + " --key " + two.key.string(),
            "--key is \"" + two.key.string() + "\", which is not the key of --cert");
    std::ifstream in(one.key);
    const auto open =
        file("open.key", {std::istreambuf_iterator<char>(in), {}}, std::filesystem::perms(0644));
    refuses(cert + " --key " + open, "--key is \"" + open + "\", which everyone may read");
    const auto expired = ca_.issue({.from = -48h, .until = -1h});
    refuses("--cert " + expired.cert.string() + " --key " + expired.key.string(),
            "--cert is \"" + expired.cert.string() + "\", which expired on ");
    EXPECT_EQ(run(front.url(), trusting() + " " + cert + key).code, 0);
    EXPECT_EQ(api_.count("/status"), 1U);
}

}  // namespace
}  // namespace electiond::ctl
