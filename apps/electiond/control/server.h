// The sockets of the control API: listens, keeps to HTTP, and hands requests to the routes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <electiond/log.h>
#include <electiond/peer.h>
#include <io/listener.h>
#include <io/loop.h>

#include "control/certificates.h"
#include "control/counts.h"
#include "control/routes.h"
#include "control/serving.h"
#include "settings/settings.h"

namespace electiond {

// Owned by the daemon; every call by one thread, except as said. One I/O thread serves all
// connections: each is a coroutine that reads from top to bottom, and waits without a thread.
class ControlServer {
  public:
    // Reads the certificates and binds, so that the real endpoints are known, and does not answer
    // yet. Throws Error (config) naming the file that is wrong, or Error (os) naming the address
    // that cannot be bound. With `tls`, TCP speaks TLS (1.2 or 1.3); Unix sockets never do.
    // `write_limit`: a client that takes no byte of its answer for so long is cut. `silence`: after
    // so long without an event, a stream gets a comment.
    ControlServer(const std::vector<ListenAddress>& listen, const ApiLimits& limits, Log log,
                  const std::optional<Settings::ApiTls>& tls = {},
                  Milliseconds write_limit = io::Stream::kWriteLimit,
                  Milliseconds silence = EventHub::kSilence);
    // [::] takes IPv4, too, unless another address of `listen` does: then true.
    [[nodiscard]] static bool leaves_ipv4_to_others(const ListenAddress& address,
                                                    const std::vector<ListenAddress>& listen);
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    // Those of `listen` that are no Unix sockets, in its order; port 0 is replaced by the real one.
    [[nodiscard]] const std::vector<Endpoint>& endpoints() const { return endpoints_; }

    // Answers from now on. `routes` and its board must outlive stop().
    void start(ControlRoutes& routes);

    // A reload: who may ask, what clients may cost, and the timers, from now on. Connections that
    // are too many now are closed, idle ones first. Requests and streams under way go on. Any
    // thread, between start() and stop(); returns before it counts, but a task that is posted to
    // the I/O thread afterwards, as by the `wake` of a parked answer, comes after it.
    void change(const ControlOptions& options);

    // The files of api.tls may have changed: reads and checks them. They count for connections made
    // from then on; those whose certificate they refuse are cut at once, also event streams and
    // requests under way, and the others stay. Throws Error (config) naming the file that is wrong:
    // then those read before stay in use. Does nothing without TLS. Any thread, one at a time,
    // between start() and stop(); blocks for the files.
    void reload_tls();

    // What is in use now; null without TLS. Any thread.
    [[nodiscard]] std::shared_ptr<const io::TlsContext> tls() const;

    // Frees the addresses, ends parked answers, gives clients 250 ms to take answers under way,
    // cuts the rest and joins. Idempotent.
    void stop() noexcept;

    // How many requests were refused, by reason; of connections, one such for each of `listen`. Any
    // thread.
    [[nodiscard]] const ApiCounts& counts() const { return counts_; }
    [[nodiscard]] const io::ConnectionCounts& counts(std::size_t listener) const {
        return listeners_[listener]->counts();
    }

  private:
    [[nodiscard]] io::Listener::Serve serve_with(const Certificates* certificates);
    void listen_at(const ListenAddress& address, bool v6_only, const Limits& share);
    void end_connections();

    const Log log_;
    const ApiLimits limits_;  // those of the start
    const Milliseconds write_limit_;
    const Milliseconds silence_;
    ApiCounts counts_;
    std::vector<Endpoint> endpoints_;
    std::vector<std::string> addresses_;          // for the log
    std::unique_ptr<Certificates> certificates_;  // null: plain text
    FaultLog failures_;                           // of the loop itself
    io::Loop loop_;
    io::Timer parting_;
    std::unique_ptr<Serving> serving_;
    std::vector<std::unique_ptr<io::Listener>> listeners_;
    StatusBoard::Listening board_;
};

}  // namespace electiond
