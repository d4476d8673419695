// Clients and servers that are no transports: bare TCP sockets.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <electiond/peer.h>
#include <io/descriptor.h>

#include "kit/trial.h"

namespace electiond::kit {

// A connection to a listener. Throws Skipped if nothing there listens by TCP.
class Stranger {
  public:
    explicit Stranger(const Endpoint& to);

    // False if the other side has closed meanwhile.
    bool say(std::string_view bytes);
    void end();  // sends no more
    // All bytes until the other side closes; nullopt if it has not closed within `limit`.
    [[nodiscard]] std::optional<std::string> hear_all(Milliseconds limit);

  private:
    io::Descriptor socket_;
};

// Whether something listens there by TCP.
[[nodiscard]] bool accepts(const Endpoint& to);

// Throws Skipped if this machine does not know localhost, as a small container may not.
void require_localhost();

// A port of 127.0.0.1. By default the kernel accepts connections, and nothing is ever read.
class FalsePeer {
  public:
    // refusing: bound, but does not listen, so that a connection is refused.
    enum class Mode { silent, refusing };
    explicit FalsePeer(Mode mode = Mode::silent);
    ~FalsePeer();
    FalsePeer(const FalsePeer&) = delete;
    FalsePeer& operator=(const FalsePeer&) = delete;

    [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
    // From now on accepts each connection, reads for a moment, sends what `response` returns for
    // what was read, and closes it.
    void respond_with(std::function<std::string(const std::string& heard)> response);

  private:
    io::Descriptor socket_;
    Endpoint endpoint_;
    std::jthread thread_;
};

}  // namespace electiond::kit
