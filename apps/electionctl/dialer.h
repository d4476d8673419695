// Connects to API endpoints on an event loop: by address, by name or by Unix socket; with TLS if
// the endpoint is https.
#pragma once

#include <io/loop.h>
#include <io/resolver.h>
#include <io/stream.h>
#include <io/timer.h>

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "electionctl/answer.h"
#include "electionctl/credentials.h"
#include "electionctl/endpoint.h"

namespace electiond::ctl {

// Call everything on the loop's thread. Must outlive Loop::stop().
class Dialer {
  public:
    // The connected stream, encrypted if the endpoint is https; or nullptr, and why it failed.
    using Done = std::function<void(std::shared_ptr<io::Stream> stream, const NoAnswer* failure)>;

    // Uses only the TLS context of `credentials`.
    Dialer(io::Loop& loop, const Credentials& credentials);

    // Calls `done` once, later, on the loop's thread; never after close().
    void dial(const std::string& endpoint, std::chrono::milliseconds timeout, Done done);
    // Abandons all calls. The loop can end only after this.
    void close() noexcept;

  private:
    struct Call {
        std::string endpoint{};
        Place place{};
        std::chrono::milliseconds timeout{};
        io::Deadline deadline{};
        Done done{};
    };
    using Calls = std::list<std::shared_ptr<Call>>;

    void begin(const std::shared_ptr<Call>& call);
    void connect_to_socket(const std::shared_ptr<Call>& call);
    void retry();
    [[nodiscard]] io::Async<> connect(std::shared_ptr<Call> call, io::Addresses addresses);
    [[nodiscard]] std::shared_ptr<io::Stream> begin_to_connect(const Call& call,
                                                               const io::Address& address,
                                                               NoAnswer& failure);
    [[nodiscard]] io::Async<std::optional<NoAnswer>> secure(std::shared_ptr<io::Stream> stream,
                                                            std::shared_ptr<Call> call,
                                                            io::Deadline until);
    [[nodiscard]] Calls take_waiting(const std::function<bool(const Call&)>& which);
    void expire();
    void set_timer();

    static void fail(const Call& call, const NoAnswer& failure);

    io::Loop& loop_;
    const std::shared_ptr<const io::TlsContext> tls_;
    const std::string no_tls_;  // why `tls_` is null
    io::Resolver resolver_;
    io::Timer expiry_;
    Calls waiting_;  // for a name look-up
    io::Timer again_;
    Calls full_;  // for room in the queue of a Unix socket
    std::set<std::shared_ptr<io::Stream>> connecting_;
    bool closed_ = false;
};

}  // namespace electiond::ctl
