// The control API with TLS, its certificates, and clients with certificates.
#pragma once

#include <poll.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <io/tls.h>

#include "../io/shell.h"
#include "control_scene.h"
#include "support/test_ca.h"

namespace electiond::testing {

// A client as above, over TLS. `host`: what the certificate of the server must name.
class SecureClient : public Client {
  public:
    SecureClient(const Endpoint& to, std::shared_ptr<const io::TlsContext> context,
                 const std::string& host = "127.0.0.1")
        : Client(to) {
        socket_.setBlocking(false);
        session_ = context->begin(io::TlsSide::client, descriptor(), host);
        auto step = session_->handshake();
        while (waits(step)) step = session_->handshake();
        if (step != io::TlsSession::Step::done) failure_ = session_->failure();
    }

    // Why there is no connection. In TLS 1.3 a client learns only at its first read that the server
    // refuses its certificate.
    [[nodiscard]] const std::optional<io::TlsFailure>& failure() const { return failure_; }
    [[nodiscard]] const io::TlsSession& session() const { return *session_; }

    [[nodiscard]] bool is_answered(Milliseconds within = 0ms) override {
        return session_->has_pending() || Client::is_answered(within);
    }

  protected:
    using Step = io::TlsSession::Step;

    void write(const std::string& bytes) override {
        std::string_view left = bytes;
        while (!left.empty()) {
            const auto moved = session_->write(left);
            left.remove_prefix(moved.bytes);
            if (moved.step != Step::done && !waits(moved.step)) return;
        }
    }
    std::size_t read(std::span<char> into) override {
        for (;;) {
            const auto moved = session_->read(into);
            if (moved.step == Step::done) return moved.bytes;
            if (waits(moved.step)) continue;
            if (moved.step == Step::failed && !failure_) failure_ = session_->failure();
            return 0;
        }
    }

  private:
    [[nodiscard]] int descriptor() const { return socket_.impl()->sockfd(); }
    // True once the step can be tried again.
    [[nodiscard]] bool waits(Step step) const {
        if (step == Step::wants_turn) return true;
        if (step != Step::wants_read && step != Step::wants_write) return false;
        pollfd asked{.fd = descriptor(),
                     .events = static_cast<short>(step == Step::wants_read ? POLLIN : POLLOUT),
                     .revents = 0};
        return ::poll(&asked, 1, 30'000) > 0;
    }

    std::unique_ptr<io::TlsSession> session_;
    std::optional<io::TlsFailure> failure_;
};

// Node "1" of cluster demo; its API has a certificate of `ca`. Its files are copies in `folder`, so
// that a test can replace them.
class TlsServer : public Server {
  protected:
    void SetUp() override {
        std::string name = ::testing::TempDir() + "electiond-tls-XXXXXX";
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder = name;
        mailbox = [](Event event) {
            std::get<CommandArrived>(event).done({.successor = NodeId("2"), .term = 8});
            return true;
        };
        log = Log([this](LogLine line) {
            if (line.level < LogLevel::warning) return;
            const std::scoped_lock lock(logged_mutex);
            logged.push_back(line.to_string());
        });
        change_faces = [this](ControlDependencies& all) {
            all.cluster = "demo";
            all.clients_need_certificate = !tls->ca.empty();
        };
        tls = Settings::ApiTls{.cert = folder / "api.crt", .key = folder / "api.key"};
        install(server_files());
        auto status = blank();
        status.index = journal.index();
        board.publish(status);
        start({Endpoint{"127.0.0.1", 0}});
    }
    void TearDown() override {
        server.reset();
        std::filesystem::remove_all(folder);
    }

    // Clients need a certificate of `ca` from now on, or of one of `authorities`.
    void need_certificates(const std::vector<std::filesystem::path>& authorities) {
        trust(authorities);
        tls->ca = folder / "ca.crt";
        start({Endpoint{"127.0.0.1", 0}});
    }
    void need_certificates() { need_certificates({ca.file()}); }

    // A change that all event streams and long polls receive.
    void change() {
        auto status = leading();
        journal.note(now, LeaderGained{.leader = {NodeUuid("uuid-1"), NodeId("1"), ++term}});
        status.index = journal.index();
        board.publish(status);
    }

    // Replaces files in place, as an operator does.
    void install(const TestCa::Files& files) const {
        const auto over = std::filesystem::copy_options::overwrite_existing;
        std::filesystem::copy_file(files.cert, tls->cert, over);
        std::filesystem::copy_file(files.key, tls->key, over);
    }
    void trust(const std::vector<std::filesystem::path>& authorities) const {
        std::ofstream bundle(folder / "ca.crt");
        for (const auto& each : authorities) bundle << std::ifstream(each).rdbuf();
    }
    TestCa::Files server_files(const std::vector<std::string>& more = {}) {
        TestCa::Wish wish{.names = {"DNS:localhost", "IP:127.0.0.1"}};
        wish.names.insert(wish.names.end(), more.begin(), more.end());
        return ca.issue(wish);
    }

    // The context of a client that trusts `ca`, with the certificate of `files`, if any. `at`: the
    // time of its clock; nullopt: now.
    std::shared_ptr<const io::TlsContext> client_context(
        const TestCa::Files& files = {}, std::optional<std::chrono::sys_seconds> at = {}) {
        return io::TlsContext::load({.cert = files.cert,
                                     .key = files.key,
                                     .ca = ca.file(),
                                     .tls12 = true,
                                     .at = at,
                                     .section = "client"});
    }
    SecureClient connect_tls(const TestCa::Files& files = {}) {
        return {server->endpoints().front(), client_context(files)};
    }
    // A connection that was served once, and stays open.
    SecureClient kept_tls(const TestCa::Files& files = {}) {
        auto client = connect_tls(files);
        EXPECT_THAT(client.send(request("GET /status")).answer(), StartsWith("HTTP/1.1 200"));
        return client;
    }
    Duration livez_tls(const TestCa::Files& files = {}) {
        const auto asked = read_boot_clock();
        auto client = connect_tls(files);
        EXPECT_THAT(client.send("GET /livez HTTP/1.0\r\n\r\n").all(), StartsWith("HTTP/1.1 200"));
        return read_boot_clock() - asked;
    }
    TestCa::Files operator_files() { return ca.issue({.names = {kOperator}}); }

    [[nodiscard]] std::string url(const std::string& path) const {
        return "https://127.0.0.1:" + std::to_string(server->endpoints().front().port) + path;
    }
    // curl, trusting `ca`; both outputs.
    io::ShellResult curl(const std::string& arguments) const {
        return io::run_in_shell("curl -sS --max-time 60 --cacert " + ca.file().string() + " " +
                                arguments);
    }
    static std::string shown(const TestCa::Files& files) {
        return "--cert " + files.cert.string() + " --key " + files.key.string() + " ";
    }

    std::vector<std::string> log_lines() {
        const std::scoped_lock lock(logged_mutex);
        return logged;
    }
    // Waits until so many clients could not be connected for this reason.
    void await_refusals(io::TlsFault fault, std::uint64_t count) {
        const auto asked = read_boot_clock();
        while (server->counts().of(fault) < count && read_boot_clock() - asked < 30s) {
            std::this_thread::yield();
        }
        EXPECT_EQ(server->counts().of(fault), count) << to_string(fault);
    }

    static inline const std::string kOperator = "URI:electiond://demo/role/operator";
    Term term = 7;
    TestCa ca;
    std::filesystem::path folder;
    std::mutex logged_mutex;
    std::vector<std::string> logged;
};

}  // namespace electiond::testing
