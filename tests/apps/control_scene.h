// The control API behind real sockets, over the board and the journal of a ControlBench; and a
// client of it.
#pragma once

#include <Poco/Exception.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/StreamSocket.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "control/server.h"
#include "control_bench.h"

namespace electiond::testing {

using ::testing::StartsWith;

// A client that parses HTTP only to find the end of an answer. In plain text; others derive from
// it.
class Client {
  public:
    virtual ~Client() = default;
    Client(Client&&) = default;
    Client& operator=(Client&&) = default;
    explicit Client(const Endpoint& to) : Client(Poco::Net::SocketAddress(to.host, to.port)) {}
    explicit Client(const Poco::Net::SocketAddress& to) : socket_(to) {
        socket_.setReceiveTimeout(Poco::Timespan(30, 0));
    }

    Client& send(const std::string& bytes) {
        write(bytes);
        return *this;
    }
    Client& send_no_more() {
        socket_.shutdownSend();
        return *this;
    }

    // True if an answer, or the end, has arrived.
    [[nodiscard]] virtual bool is_answered(Milliseconds within = 0ms) {
        return socket_.poll(Poco::Timespan(within.count() * Poco::Timespan::MILLISECONDS),
                            Poco::Net::Socket::SELECT_READ);
    }

    // One answer with its head, and its body unless it has none (HEAD).
    std::string answer(bool has_body = true) {
        while (got_.find("\r\n\r\n") == std::string::npos && receive()) {
        }
        const auto end = std::min(got_.find("\r\n\r\n"), got_.size() - 4) + 4;
        const auto field = got_.find("Content-Length: ");
        const auto length = has_body && field < end ? std::stoul(got_.substr(field + 16)) : 0;
        while (got_.size() < end + length && receive()) {
        }
        const auto whole = got_.substr(0, end + length);
        got_.erase(0, whole.size());
        return whole;
    }
    // All up to the end of `mark`; less if the server closes before.
    std::string until(const std::string& mark) {
        auto at = got_.find(mark);
        while (at == std::string::npos && receive()) at = got_.find(mark);
        const auto text = got_.substr(0, at == std::string::npos ? at : at + mark.size());
        got_.erase(0, text.size());
        return text;
    }
    // All bytes until the server closes.
    std::string all() {
        while (receive()) {
        }
        return std::exchange(got_, "");
    }

  protected:
    virtual void write(const std::string& bytes) {
        try {
            for (std::size_t sent = 0; sent < bytes.size();) {
                sent += static_cast<std::size_t>(socket_.sendBytes(
                    bytes.data() + sent, static_cast<int>(bytes.size() - sent), MSG_NOSIGNAL));
            }
        } catch (const Poco::Exception&) {  // the other side reads no more
        }
    }
    // 0: the end.
    virtual std::size_t read(std::span<char> into) {
        try {
            return static_cast<std::size_t>(
                std::max(0, socket_.receiveBytes(into.data(), static_cast<int>(into.size()))));
        } catch (const Poco::Net::ConnectionResetException&) {  // the end, too
            return 0;
        }
    }
    Poco::Net::StreamSocket socket_;

  private:
    bool receive() {
        char bytes[4096];
        const auto count = read(bytes);
        got_.append(bytes, count);
        return count > 0;
    }

    std::string got_;
};

inline std::string body_of(const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

// A request in the form of common programs.
inline std::string request(const std::string& line, const std::string& rest = "") {
    return line + " HTTP/1.1\r\nHost: localhost\r\n" + rest + "\r\n";
}

// A refusal is a complete answer and forbids caching.
inline void expect_refusal(const std::string& answer, int status) {
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::to_string(status) + " "));
    EXPECT_THAT(answer, ::testing::HasSubstr("\r\nCache-Control: no-store\r\n"));
    EXPECT_THAT(answer, ::testing::HasSubstr("\r\nContent-Type: application/problem+json\r\n"));
    ASSERT_THAT(answer, ::testing::EndsWith("}"));
    EXPECT_EQ(json(body_of(answer))->getValue<int>("status"), status);
}
// It also ends the connection, since the beginning of the next request is unknown.
inline void expect_end(const std::string& answer, int status) {
    expect_refusal(answer, status);
    EXPECT_THAT(answer, ::testing::HasSubstr("\r\nConnection: close\r\n"));
}

class Server : public ::testing::Test, public ControlBench {
  protected:
    void SetUp() override { start({Endpoint{"127.0.0.1", 0}}); }

    void start(const std::vector<ListenAddress>& listen, const ApiLimits& limits = {}) {
        server.reset();
        auto all = dependencies();
        all.now = read_boot_clock;
        all.token = token;
        if (change_faces) change_faces(all);
        routes = std::make_unique<ControlRoutes>(all, limits);
        server = std::make_unique<ControlServer>(listen, limits, log, tls, write_limit, silence);
        server->start(*routes);
    }
    void restart(const std::function<void(ApiLimits&)>& change) {
        start({Endpoint{"127.0.0.1", 0}}, with(change));
    }
    Client connect() { return Client(server->endpoints().front()); }
    // The server's answer to these bytes, until it closes.
    std::string told(const std::string& bytes) { return connect().send(bytes).all(); }
    // A connection that was served once, and stays open.
    Client kept() {
        auto client = connect();
        EXPECT_THAT(client.send(request("GET /status")).answer(), StartsWith("HTTP/1.1 200"));
        return client;
    }
    // The time from the request to the answer.
    Duration livez() {
        const auto asked = read_boot_clock();
        EXPECT_THAT(told("GET /livez HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200"));
        return read_boot_clock() - asked;
    }
    // Waits for the answer to one quick request: then everything sent before it has been read.
    void settle() { livez(); }

    std::string token;
    std::function<void(ControlDependencies&)> change_faces;
    std::optional<Settings::ApiTls> tls;
    Log log;
    Milliseconds write_limit = io::Stream::kWriteLimit;
    Milliseconds silence = EventHub::kSilence;
    std::unique_ptr<ControlRoutes> routes;
    std::unique_ptr<ControlServer> server;
};

}  // namespace electiond::testing
