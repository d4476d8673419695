// Shared by the tests of TLS: files that change, a log that keeps its lines, and connections
// without a plugin.
#pragma once

#include <fcntl.h>
#include <io/tls.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "support/test_ca.h"
#include "transport_bench.h"

namespace electiond::bench {

// Keeps the lines of a node, from any thread.
class Lines {
  public:
    [[nodiscard]] Log log() {
        return Log([this](LogLine line) {
            const std::lock_guard lock(mutex_);
            lines_.push_back(std::move(line));
        });
    }
    // The warnings with this fault; "": those without a fault.
    [[nodiscard]] std::vector<std::string> warnings(std::string_view fault) const {
        const std::lock_guard lock(mutex_);
        std::vector<std::string> found;
        for (const auto& line : lines_) {
            const auto of = std::ranges::find(line.fields, "fault", &LogField::key);
            if (line.level >= LogLevel::warning &&
                (of == line.fields.end() ? "" : of->value_text()) == fault) {
                found.push_back(line.to_string());
            }
        }
        return found;
    }
    // The only warning of this fault; waits for it.
    [[nodiscard]] std::string warning(std::string_view fault) const {
        if (!eventually([&] { return !warnings(fault).empty(); })) return "no such line";
        const auto found = warnings(fault);
        EXPECT_EQ(found.size(), 1U) << found.back();
        return found.front();
    }
    [[nodiscard]] std::size_t count(LogLevel least) const {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(
            std::ranges::count_if(lines_, [=](const auto& line) { return line.level >= least; }));
    }

  private:
    mutable std::mutex mutex_;
    std::vector<LogLine> lines_;
};

// The files of one node, in a folder of its own, which may be replaced while it runs.
class Wallet {
  public:
    Wallet(TestCa& authority, const TestCa::Wish& wish) : Wallet() {
        put(authority.issue(wish));
        trust({authority.file()});
    }
    ~Wallet() { std::filesystem::remove_all(folder_); }
    Wallet(const Wallet&) = delete;
    Wallet& operator=(const Wallet&) = delete;

    [[nodiscard]] const TlsFiles& files() const { return files_; }
    void put(const TestCa::Files& issued) {
        copy({issued.cert}, files_.cert);
        copy({issued.key}, files_.key);
        std::filesystem::permissions(
            files_.key, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }
    void trust(const std::vector<std::filesystem::path>& authorities) {
        copy(authorities, files_.ca);
    }
    void refuse(const std::filesystem::path& revoked) {
        files_.crl = folder_ / "crl.pem";
        copy({revoked}, files_.crl);
    }

  private:
    Wallet() {
        auto name = (std::filesystem::temp_directory_path() / "electiond-wallet-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        files_ = {.cert = folder_ / "node.crt", .key = folder_ / "node.key", .ca = folder_ / "ca"};
    }
    static void copy(const std::vector<std::filesystem::path>& from,
                     const std::filesystem::path& to) {
        std::ofstream out(to, std::ios::trunc);
        for (const auto& each : from) out << std::ifstream(each).rdbuf();
        if (!out.flush()) throw std::runtime_error("cannot write " + to.string());
    }

    std::filesystem::path folder_;
    TlsFiles files_;
};

// One end of a TLS connection that checks no more of its own files than it must.
class TlsEnd {
  public:
    using Step = io::TlsSession::Step;

    TlsEnd(Poco::Net::StreamSocket socket, const std::shared_ptr<const io::TlsContext>& context,
           io::TlsSide side)
        : socket_(std::move(socket)), session_(context->begin(side, descriptor(), {})) {
        socket_.setBlocking(false);
        socket_.setNoDelay(true);
    }
    TlsEnd(const Endpoint& to, const std::shared_ptr<const io::TlsContext>& context)
        : TlsEnd(Poco::Net::StreamSocket({to.host, to.port}), context, io::TlsSide::client) {}

    // nullopt: it is done.
    std::optional<io::TlsFailure> handshake() {
        for (;;) {
            const auto step = session_->handshake();
            if (step == Step::done) return std::nullopt;
            if (step == Step::failed) return session_->failure();
            wait(step);
        }
    }
    void say(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto [step, taken] = session_->write(bytes);
            bytes.remove_prefix(taken);
            if (step == Step::failed || step == Step::ended) return;
            if (step != Step::done) wait(step);
        }
    }
    // The bytes received until there are so many, or no more arrive.
    std::string hear(std::size_t most = SIZE_MAX) {
        std::string all;
        std::array<char, 4096> bytes{};
        while (all.size() < most) {
            const auto [step, count] = session_->read(bytes);
            all.append(bytes.data(), count);
            if (step == Step::failed) refusal_ = session_->failure();
            if (step == Step::failed || step == Step::ended) break;
            if (step != Step::done) wait(step);
        }
        return all;
    }
    // Why the other side refuses us: in TLS 1.3 a client learns that at its first hear().
    [[nodiscard]] const std::optional<io::TlsFailure>& refusal() const { return refusal_; }
    // Past TLS.
    void say_plainly(std::string_view bytes) {
        ASSERT_EQ(::write(descriptor(), bytes.data(), bytes.size()),
                  static_cast<ssize_t>(bytes.size()));
    }
    void close() { socket_.close(); }

  private:
    [[nodiscard]] int descriptor() const { return socket_.impl()->sockfd(); }
    void wait(Step step) const {
        if (step == Step::wants_turn) return;
        pollfd waits{descriptor(), static_cast<short>(step == Step::wants_write ? POLLOUT : POLLIN),
                     0};
        if (::poll(&waits, 1, 30'000) == 0) throw std::runtime_error("the other side is silent");
    }

    Poco::Net::StreamSocket socket_;
    std::unique_ptr<io::TlsSession> session_;
    std::optional<io::TlsFailure> refusal_;
};

// Loads certificates without the checks by which a node would refuse to start.
inline std::shared_ptr<const io::TlsContext> context_of(
    const TestCa::Files& own, const std::filesystem::path& ca,
    std::optional<std::chrono::sys_seconds> at = {}) {
    return io::TlsContext::load(
        {.cert = own.cert, .key = own.key, .ca = ca, .at = at, .section = "transport.tls"});
}

// Listens, and is asked for each connection.
struct TlsFalsePeer : FalsePeer {
    TlsEnd accept_tls(std::shared_ptr<const io::TlsContext> context) {
        if (!listener.poll(Poco::Timespan(30, 0), Poco::Net::Socket::SELECT_READ)) {
            throw std::runtime_error("nobody connects");
        }
        return {listener.acceptConnection(), std::move(context), io::TlsSide::server};
    }
};

// The bytes of a request, as a client of ours would send them.
inline std::string bytes_of_hello(const std::string& spoken) {
    using namespace std::string_literals;
    if (dialect_of(spoken) == "http") {
        return "POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    }
    return "\0\0\0\x11"s + "\0\0\0\0\0\0\0\x01"s + "\0\5hello{}"s;
}

}  // namespace electiond::bench
