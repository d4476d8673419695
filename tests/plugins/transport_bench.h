// Shared by the tests of transports: a loaded plugin, an inbox that answers, awaited replies.
#pragma once

#include <Poco/Net/NetException.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/StreamSocket.h>
#include <electiond/plugin.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace electiond::bench {

using namespace std::chrono_literals;

inline constexpr auto kLong = 30s;  // no test waits so long unless it fails

// Every built transport, in plain text and by TLS.
inline constexpr std::array kSpoken = {"http", "tcp", "http_tls", "tcp_tls"};

// "http" for both http and http_tls.
std::string dialect_of(const std::string& spoken);
bool is_encrypted(const std::string& spoken);

// The default certificate of every node, and its names.
const TlsFiles& usual_tls();
inline const std::vector<std::string> kUsualNames = {"URI:electiond://test/1", "DNS:1.test"};

// The transport `spoken`, as the daemon would make it of `options`. `tls` is for those that are
// encrypted; nullopt: usual_tls().
std::unique_ptr<Transport> load(const std::string& spoken,
                                std::vector<std::pair<std::string, std::string>> options,
                                Log log = {}, const Limits& limits = {},
                                std::optional<TlsFiles> tls = {});

inline void echo(const Request& request, const Respond& respond) {
    respond({Response::Kind::ok, "echo " + request.body});
}

// Answers requests by a function, or keeps them until the test takes them.
class Desk : public Inbox {
  public:
    using Clerk = std::function<void(Request, Respond)>;

    explicit Desk(Clerk clerk = echo) : clerk_(std::move(clerk)) {}

    void deliver(Request request, Respond respond) noexcept override {
        ++delivered_;
        clerk_(std::move(request), std::move(respond));
    }
    [[nodiscard]] int delivered() const { return delivered_; }

  private:
    const Clerk clerk_;
    std::atomic<int> delivered_ = 0;
};

// Keeps the requests, so that a test can answer them later or never.
class Drawer {
  public:
    [[nodiscard]] Desk::Clerk clerk() {
        return [this](Request request, Respond respond) {
            const std::lock_guard lock(mutex_);
            kept_.emplace_back(std::move(request), std::move(respond));
            changed_.notify_all();
        };
    }
    // The next request; waits for it.
    std::pair<Request, Respond> take() {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, kLong, [this] { return !kept_.empty(); })) {
            throw std::runtime_error("nothing arrived");
        }
        auto first = std::move(kept_.front());
        kept_.pop_front();
        return first;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::pair<Request, Respond>> kept_;
};

// One transport with its own inbox, listening on a free port.
struct Node {
    explicit Node(const std::string& plugin, Desk::Clerk clerk, const std::string& listen,
                  Log log = {})
        : desk(std::move(clerk)),
          transport(load(plugin, {{"listen", listen}}, std::move(log))),
          endpoint(transport->start(desk)) {}
    Node(const std::string& plugin, const Limits& limits)
        : transport(load(plugin, {{"listen", "127.0.0.1:0"}}, {}, limits)),
          endpoint(transport->start(desk)) {}
    explicit Node(const std::string& plugin, const std::string& listen = "127.0.0.1:0")
        : transport(load(plugin, {{"listen", listen}})), endpoint(transport->start(desk)) {}
    Node(const std::string& plugin, const TlsFiles& tls, Log log = {}, Desk::Clerk clerk = echo)
        : desk(std::move(clerk)),
          transport(load(plugin, {{"listen", "127.0.0.1:0"}}, std::move(log), {}, tls)),
          endpoint(transport->start(desk)) {}

    Desk desk;
    std::unique_ptr<Transport> transport;
    Endpoint endpoint;
};

inline Request request(const std::string& name, const std::string& body = "{}") {
    return {.name = name, .body = body, .lane = Lane::election, .source = {}};
}

// The result of one request; a second report fails the test.
inline std::future<Response> ask(Transport& transport, const Endpoint& to, Request what,
                                 std::chrono::milliseconds timeout = kLong) {
    struct Once {
        std::promise<Response> promise;
        std::atomic<int> reports = 0;
    };
    auto once = std::make_shared<Once>();
    auto future = once->promise.get_future();
    transport.send(to, std::move(what), timeout, [once](Response answer) {
        EXPECT_EQ(++once->reports, 1) << "reported again: " << answer.body;
        if (once->reports == 1) once->promise.set_value(std::move(answer));
    });
    return future;
}

inline Response await(std::future<Response> future) {
    if (future.wait_for(kLong + 10s) != std::future_status::ready) {
        throw std::runtime_error("no reply was ever reported");
    }
    return future.get();
}

// True if `condition` becomes true in time.
inline bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kLong;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

// A client with a bare socket, without a transport.
class Stranger {
  public:
    explicit Stranger(const Endpoint& to) : socket_({to.host, to.port}) { prepare(); }
    explicit Stranger(Poco::Net::StreamSocket socket) : socket_(std::move(socket)) { prepare(); }

    void say(std::string_view bytes) {
        while (!bytes.empty()) {
            const int sent = socket_.sendBytes(bytes.data(), static_cast<int>(bytes.size()));
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    void end() { socket_.shutdownSend(); }
    // All bytes until the other side closes.
    std::string hear_all() {
        std::string all;
        while (hear_some(all)) {
        }
        return all;
    }
    // The bytes until there are `count`, or until the other side closes.
    std::string hear(std::size_t count) {
        std::string all;
        while (all.size() < count && hear_some(all)) {
        }
        return all;
    }
    // The bytes up to and including `mark`.
    std::string hear_until(std::string_view mark) {
        std::string all;
        while (all.find(mark) == std::string::npos && hear_some(all)) {
        }
        return all;
    }

  private:
    void prepare() {
        socket_.setReceiveTimeout(Poco::Timespan(30, 0));
        socket_.setNoDelay(true);
    }
    bool hear_some(std::string& to) {
        char bytes[4096];
        try {
            const int count = socket_.receiveBytes(bytes, sizeof bytes);
            to.append(bytes, static_cast<std::size_t>(std::max(count, 0)));
            return count > 0;
        } catch (const Poco::TimeoutException&) {
            throw std::runtime_error("the other side neither speaks nor closes");
        } catch (const Poco::Net::NetException&) {
            return false;  // reset
        }
    }

    Poco::Net::StreamSocket socket_;
};

// A listener whose connections are handled by the test; by default it does nothing with them.
struct FalsePeer {
    explicit FalsePeer(std::string address = "127.0.0.1") : host(std::move(address)) {
        listener.bind(Poco::Net::SocketAddress(host, 0), true, false);
        listener.listen();
    }

    [[nodiscard]] Endpoint endpoint() const { return {host, listener.address().port()}; }
    Stranger accept() {
        if (!listener.poll(Poco::Timespan(30, 0), Poco::Net::Socket::SELECT_READ)) {
            throw std::runtime_error("nobody connects");
        }
        return Stranger(listener.acceptConnection());
    }

    const std::string host;
    Poco::Net::ServerSocket listener;
};

}  // namespace electiond::bench
