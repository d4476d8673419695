// The socket of the control API.
#include "control/server.h"

#include <Poco/Exception.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/TCPServer.h>
#include <Poco/Net/TCPServerConnection.h>
#include <Poco/Net/TCPServerConnectionFactory.h>
#include <Poco/ThreadPool.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "control/connections.h"
#include "control/http_stream.h"

namespace electiond {
namespace {

using Poco::Net::ServerSocket;
using Poco::Net::SocketAddress;
using Poco::Net::StreamSocket;

constexpr std::chrono::seconds kRequestTime{5};  // for a whole request to arrive
constexpr std::chrono::seconds kIdleTime{5};     // a kept connection holds its thread
constexpr int kRequestsMax = 1000;               // on one connection
constexpr int kQueuedMax = 64;                   // connections without a thread
constexpr Milliseconds kPartingTime{250};        // for answers under way when we stop

// What all connections share.
struct Serving {
    ControlRoutes& routes;
    Connections& connections;
    const Log& log;
};

class Connection : public Poco::Net::TCPServerConnection {
  public:
    Connection(const StreamSocket& socket, const Serving& serving)
        : TCPServerConnection(socket), serving_(serving) {}

    void run() override;

  private:
    bool serve(HttpStream& stream);
    ApiResponse answer(RequestHead& head, HttpStream& stream, Instant deadline);

    const Serving serving_;
};

void Connection::run() try {
    const Connections::Entry entry(serving_.connections, socket());
    socket().setSendTimeout(Poco::Timespan(kRequestTime.count(), 0));
    HttpStream stream(socket());
    for (int served = 0; served < kRequestsMax && !serving_.connections.draining(); ++served) {
        if (!stream.await(served == 0 ? kRequestTime : kIdleTime) || !serve(stream)) return;
    }
} catch (const Poco::Exception& error) {
    serving_.log.debug("connection to the control API ended: " + error.displayText());
} catch (const std::exception& error) {
    serving_.log.debug(std::string("connection to the control API ended: ") + error.what());
}

// One request; true where the connection goes on.
bool Connection::serve(HttpStream& stream) {
    const auto deadline = read_boot_clock() + kRequestTime;
    RequestHead head;
    ApiResponse response;
    try {
        const auto text = stream.read_head(deadline);
        if (!text) return false;
        head = parse_head(*text);
        response = answer(head, stream, deadline);
    } catch (const Problem& problem) {
        head.keeps_alive = false;
        response = electiond::answer(problem);
    }
    const bool refused = response.status >= 400 && response.status != 503;
    const bool keep = head.keeps_alive && !refused && !serving_.connections.draining();
    serving_.log.debug("control API answered " + head.request.method + " " + head.request.target +
                       " status=" + std::to_string(response.status));
    stream.send(response, head.request.method == "HEAD", keep);
    if (refused) stream.linger();
    return keep;
}

// Throws Problem where the body does not arrive whole.
ApiResponse Connection::answer(RequestHead& head, HttpStream& stream, Instant deadline) {
    if (head.length) {
        if (head.expects_continue) stream.send_continue();
        head.request.body = stream.read_body(*head.length, deadline);
    }
    head.request.gone = [this] {
        return socket().poll(0, Poco::Net::Socket::SELECT_READ) && socket().available() == 0;
    };
    try {
        return serving_.routes.answer(head.request);
    } catch (const std::exception& error) {
        serving_.log.error(std::string("control API failed: ") + error.what() +
                           " path=" + head.request.target);
    } catch (...) {
        serving_.log.error("control API failed path=" + head.request.target);
    }
    return electiond::answer(
        Problem{500, "Internal error", "This is a bug; the log of the daemon says more."});
}

class Factory : public Poco::Net::TCPServerConnectionFactory {
  public:
    explicit Factory(const Serving& serving) : serving_(serving) {}

    Poco::Net::TCPServerConnection* createConnection(const StreamSocket& socket) override {
        return new Connection(socket, serving_);  // the server deletes it
    }

  private:
    const Serving serving_;
};

// SO_REUSEPORT stays off: with it a second daemon on the same port would start, silently, and take
// half of the connections.
ServerSocket bind(const Endpoint& endpoint, bool v6_only) try {
    ServerSocket socket;
    const SocketAddress address(endpoint.host, endpoint.port);
    if (address.family() == SocketAddress::IPv6) {
        socket.bind6(address, /*reuseAddress=*/true, /*reusePort=*/false, v6_only);
    } else {
        socket.bind(address, /*reuseAddress=*/true, /*reusePort=*/false);
    }
    socket.listen(128);
    return socket;
} catch (const Poco::Exception& error) {
    throw Error("api.listen: cannot listen on " + endpoint.to_string() + ": " +
                    (error.code() != 0 ? std::strerror(error.code()) : error.displayText()) +
                    "; choose another address or stop what uses it",
                Error::os);
}

}  // namespace

struct ControlServer::Listener {
    Listener(const Endpoint& endpoint, bool v6_only, int count)
        : socket(bind(endpoint, v6_only)), threads(count), pool("control", 1, count + kSpare) {}

    // A thread that has just become free is not yet back in the pool.
    static constexpr int kSpare = 4;

    ServerSocket socket;
    int threads;
    Poco::ThreadPool pool;
    std::unique_ptr<Poco::Net::TCPServer> server;
};

ControlServer::ControlServer(const std::vector<Endpoint>& listen, std::size_t threads, Log log)
    : log_(std::move(log)), connections_(std::make_unique<Connections>()) {
    for (const auto& endpoint : listen) {
        // [::] takes IPv4, too, where nobody else does.
        const bool v6_only = std::ranges::any_of(listen, [&](const Endpoint& other) {
            return other.port == endpoint.port && other.host.find(':') == std::string::npos;
        });
        listeners_.push_back(std::make_unique<Listener>(endpoint, v6_only, static_cast<int>(threads)));
    }
}

ControlServer::~ControlServer() { stop(); }

std::vector<Endpoint> ControlServer::endpoints() const {
    std::vector<Endpoint> all;
    for (const auto& listener : listeners_) {
        const auto address = listener->socket.address();
        all.push_back({address.host().toString(), address.port()});
    }
    return all;
}

void ControlServer::start(ControlRoutes& routes) {
    routes_ = &routes;
    for (auto& listener : listeners_) {
        Poco::Net::TCPServerParams::Ptr params = new Poco::Net::TCPServerParams;
        params->setMaxThreads(listener->threads);
        params->setMaxQueued(kQueuedMax);
        listener->server = std::make_unique<Poco::Net::TCPServer>(
            new Factory({routes, *connections_, log_}), listener->pool, listener->socket, params);
        listener->server->start();
        log_.info("control API listens address=" + listener->socket.address().toString());
    }
}

void ControlServer::stop() noexcept {
    if (routes_) routes_->close();
    connections_->drain();
    // stop() first, and the socket at once after it: the kernel would go on accepting.
    for (auto& listener : listeners_) {
        if (listener->server) listener->server->stop();
        listener->socket.close();
    }
    if (!connections_->await_none(kPartingTime)) connections_->cut();
    for (auto& listener : listeners_) listener->pool.joinAll();
    listeners_.clear();
}

}  // namespace electiond
