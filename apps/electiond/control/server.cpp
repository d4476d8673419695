// The socket of the control API.
#include "control/server.h"

#include <Poco/Exception.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <utility>

#include "control/connections.h"
#include "control/http_stream.h"
#include "control/listener.h"
#include "node/fault_log.h"

namespace electiond {
namespace {

using Poco::Net::StreamSocket;

constexpr int kRequestsMax = 1000;         // on one connection
constexpr Milliseconds kPatience{250};     // for the rest of a request, while others wait
constexpr Milliseconds kPartingTime{250};  // for answers under way when we stop

}  // namespace

// Limits how often failed requests are logged. Any thread.
class ControlServer::Failures {
  public:
    explicit Failures(const Log& log) : log_(log) {}

    void add(const std::string& path, const std::string& what) {
        const std::lock_guard lock(mutex_);
        const auto due = damper_.failed("request", what, read_boot_clock());
        if (due) log_.error("control API failed: " + what + due->suffix(), {{"path", path}});
    }

  private:
    const Log& log_;
    std::mutex mutex_;
    FaultLog damper_;
};

namespace {

// What all connections share.
struct Serving {
    ControlRoutes& routes;
    Connections& connections;
    const Log& log;
    std::function<void(const std::string& path, const std::string& what)> failed;
    Milliseconds request_time;
    const Listener& listener;

    [[nodiscard]] Milliseconds patience() const {
        return listener.has_queue() ? std::min(kPatience, request_time) : request_time;
    }
};

ApiResponse answer(const Serving& serving, StreamSocket& socket, RequestHead& head) {
    head.request.gone = [&socket] {
        return socket.poll(0, Poco::Net::Socket::SELECT_READ) && socket.available() == 0;
    };
    try {
        return serving.routes.answer(head.request);
    } catch (const std::exception& error) {
        serving.failed(head.request.target, error.what());
    } catch (...) {
        serving.failed(head.request.target, "it threw what is no std::exception");
    }
    return answer(
        Problem{500, "Internal error", "This is a bug; the log of the daemon says more."});
}

// One request; true where the connection goes on.
bool serve_one(const Serving& serving, StreamSocket& socket, HttpStream& stream,
               Connections::Entry& entry, bool last) {
    const auto deadline = read_boot_clock() + serving.patience();
    RequestHead head;
    ApiResponse response;
    try {
        const auto text = stream.read_head(deadline);
        if (!text) return false;
        head = parse_head(*text);
        if (head.length) {
            if (head.expects_continue) stream.send_continue();
            head.request.body = stream.read_body(*head.length, deadline);
        }
        entry.has_request();
        response = answer(serving, socket, head);
    } catch (const Problem& problem) {
        head.keeps_alive = false;
        response = electiond::answer(problem);
    }
    // 503 is how a node says that it does not lead: no reason to part.
    const bool refused = response.status >= 400 && response.status != 503;
    const bool keep = !last && head.keeps_alive && !refused && !serving.connections.draining();
    serving.log.debug("control API answered " + head.request.method + " " + head.request.target,
                      {{"status", response.status}});
    stream.send(response, head.request.method == "HEAD", keep);
    if (refused && !serving.listener.has_queue()) stream.linger();
    return keep;
}

void serve(const Serving& serving, StreamSocket& socket) noexcept try {
    Connections::Entry entry(serving.connections, socket);
    socket.setSendTimeout(
        Poco::Timespan(serving.request_time.count() * Poco::Timespan::MILLISECONDS));
    HttpStream stream(socket);
    for (int served = 0; served < kRequestsMax && !serving.connections.draining(); ++served) {
        entry.awaits_request(read_boot_clock());
        if (!stream.await(serving.patience())) return;
        if (!serve_one(serving, socket, stream, entry, served == kRequestsMax - 1)) return;
    }
} catch (const Poco::Exception& error) {
    serving.log.debug("connection to the control API ended: " + error.displayText());
} catch (const std::exception& error) {
    serving.log.debug(std::string("connection to the control API ended: ") + error.what());
}

}  // namespace

ControlServer::ControlServer(const std::vector<Endpoint>& listen, int threads, Log log,
                             Milliseconds request_time)
    : log_(std::move(log)),
      request_time_(request_time),
      failures_(std::make_unique<Failures>(log_)),
      connections_(std::make_unique<Connections>()) {
    for (const auto& endpoint : listen) {
        // [::] takes IPv4, too, where nobody else does.
        const bool v6_only = std::ranges::any_of(listen, [&](const Endpoint& other) {
            return other.port == endpoint.port && other.host.find(':') == std::string::npos;
        });
        listeners_.push_back(std::make_unique<Listener>(endpoint, v6_only, threads));
    }
}

ControlServer::~ControlServer() { stop(); }

std::vector<Endpoint> ControlServer::endpoints() const {
    std::vector<Endpoint> all;
    for (const auto& listener : listeners_) all.push_back(listener->endpoint());
    return all;
}

void ControlServer::start(ControlRoutes& routes) {
    routes_ = &routes;
    for (auto& listener : listeners_) {
        const auto failed = [this](const std::string& path, const std::string& what) {
            failures_->add(path, what);
        };
        const Serving serving{routes, *connections_, log_, failed, request_time_, *listener};
        listener->start([serving](StreamSocket& socket) { serve(serving, socket); },
                        [this](std::size_t waiting) {
                            connections_->make_room(waiting, read_boot_clock() - kPatience);
                        });
        log_.info("control API listens", {{"address", listener->endpoint().to_string()}});
    }
}

void ControlServer::stop() noexcept {
    if (routes_) routes_->close();
    for (auto& listener : listeners_) listener->close();
    connections_->drain();
    if (!connections_->await_none(kPartingTime)) connections_->cut();
    for (auto& listener : listeners_) listener->stop();
}

}  // namespace electiond
