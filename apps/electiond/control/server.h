// The socket of the control API: listens, keeps to HTTP, and hands requests to the routes.
#pragma once

#include <memory>
#include <vector>

#include <electiond/log.h>
#include <electiond/peer.h>

#include "control/routes.h"

namespace electiond {

// Owned by the daemon; every call by one thread. A thread serves a connection, from a pool of its
// own for each listener; where all are taken, connections queue, and those beyond are closed.
class ControlServer {
  public:
    // Binds, so that the real endpoints are known, and does not answer yet. Throws Error (os)
    // naming the address that cannot be had.
    // `threads` serve each listener; `request_time` is for a whole request to arrive, and for
    // idling between two.
    ControlServer(const std::vector<Endpoint>& listen, int threads, Log log,
                  Milliseconds request_time = Milliseconds{5000});
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    // In the order of `listen`, with the ports that were given for 0.
    [[nodiscard]] std::vector<Endpoint> endpoints() const;

    // Answers from now on. `routes` must outlive stop().
    void start(ControlRoutes& routes);

    // Closes the routes, ends every connection and joins. Idempotent.
    void stop() noexcept;

    static constexpr int kThreads = 32;

  private:
    class Failures;

    const Log log_;
    const Milliseconds request_time_;
    ControlRoutes* routes_ = nullptr;
    std::unique_ptr<Failures> failures_;
    std::unique_ptr<class Connections> connections_;
    std::vector<std::unique_ptr<class Listener>> listeners_;
};

}  // namespace electiond
