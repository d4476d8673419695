// The sockets of the control API: listens, speaks HTTP, and passes requests to the routes.
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

// Owned by the daemon; all calls by one thread, except as noted. One I/O thread serves all
// connections; each is a coroutine.
class ControlServer {
  public:
    // Reads the certificates and binds, so that the real endpoints are known. Answers only after
    // start(). Throws Error (config) naming the file that is wrong, or Error (os) naming the
    // address that cannot be bound. With `tls`, TCP speaks TLS (1.2 or 1.3); Unix sockets never do.
    // `write_limit`: a client that reads no byte of its answer for this time is cut. `silence`:
    // after this time without an event, a stream gets a comment.
    ControlServer(const std::vector<ListenAddress>& listen, const ApiLimits& limits, Log log,
                  const std::optional<Settings::ApiTls>& tls = {},
                  Milliseconds write_limit = io::Stream::kWriteLimit,
                  Milliseconds silence = EventHub::kSilence);
    // True if another address of `listen` takes IPv4 on the same port, so that [::] must not.
    [[nodiscard]] static bool leaves_ipv4_to_others(const ListenAddress& address,
                                                    const std::vector<ListenAddress>& listen);
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    // The addresses of `listen` without the Unix sockets, in the same order; port 0 is replaced by
    // the real port.
    [[nodiscard]] const std::vector<Endpoint>& endpoints() const { return endpoints_; }

    // Answers from now on. `routes` and its board must outlive stop().
    void start(ControlRoutes& routes);

    // A reload: access, limits and timers. Connections beyond the new limits are closed, idle ones
    // first. Requests and streams under way continue. Any thread, between start() and stop().
    // Returns before it takes effect, but a task posted to the I/O thread afterwards, as by the
    // `wake` of a parked answer, runs after it.
    void change(const ControlOptions& options);

    // The files of api.tls may have changed: reads and checks them. New connections use them. Open
    // connections whose certificate they do not accept are cut at once, also event streams and
    // requests under way; the others stay. Throws Error (config) naming the file that is wrong, and
    // then keeps the old files in use. Does nothing without TLS. Any thread, one at a time, between
    // start() and stop(); blocks for the files.
    void reload_tls();

    // What is in use now; null without TLS. Any thread.
    [[nodiscard]] std::shared_ptr<const io::TlsContext> tls() const;

    // Frees the addresses, ends parked answers, gives clients 250 ms to take answers under way,
    // cuts the rest and joins. Idempotent.
    void stop() noexcept;

    // How many requests were refused, by reason, and how many connections, for each address of
    // `listen`. Any thread.
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
