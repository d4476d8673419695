// What a transport plugin does: it carries opaque requests to other nodes, and their responses
// back.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <electiond/error.h>
#include <electiond/limits.h>
#include <electiond/peer.h>

namespace electiond {

// Election messages must not wait behind queries: a query uses another connection, waits if it
// must, and is dropped first when a queue is full. The lane is sent with the request: the receiver
// delivers it in the lane that the sender chose.
enum class Lane { election, query };

struct Request {
    std::string name;  // "vote-request"; over HTTP the path without its slash
    std::string body;  // JSON text; a transport never looks inside
    Lane lane = Lane::election;
    std::string source;  // "ip:port" as the receiver saw it, only for logs; may be empty
    // The receiving transport sets it: the names that the sender's certificate proves, exactly as
    // in its SAN ("URI:electiond://cluster/1", "DNS:1.cluster"). Empty without TLS.
    std::vector<std::string> verified_names{};
};

struct Response {
    // The other side sends ok, malformed, unknown or busy (over HTTP 200, 400, 404, 503; over TCP
    // one byte of the response frame). The sender itself reports timed_out and unreachable.
    enum class Kind { ok, malformed, unknown, busy, timed_out, unreachable };
    Kind kind = Kind::unreachable;
    std::string body;  // JSON text of the other side; of timed_out and unreachable the reason
    // The transport of the sender sets it: the names that the certificate of the node that
    // responded proves, as in Request. Empty without TLS.
    std::vector<std::string> verified_names{};
};

// Sends the response to one delivered request. Any thread may call it, at most once, also inside of
// deliver() (so hold no lock there that it takes), and after stop() of the transport; it never
// blocks. If it is destroyed without a call, the transport sends
// busy.
using Respond = std::function<void(Response)>;

// Reports the outcome of one sent request. The transport calls it exactly once, also after a
// timeout and in stop(), from any thread, also inside of send(): so hold no lock there that it
// takes. It must not block and must not throw.
using OnResponse = std::function<void(Response)>;

// A transport delivers here each request that arrives. Any thread may call it; it never blocks.
class ELECTIOND_EXPORT Inbox {
  public:
    virtual ~Inbox() = default;
    virtual void deliver(Request request, Respond respond) noexcept = 0;
};

// Threads: one thread calls start and stop, once each; any thread may call send between them.
//
// The network may lose, delay, repeat and reorder messages. So a transport may give up on a
// request, but it must report that (OnResponse), limit its memory, and let no slow or dead peer
// delay messages to other peers.
//
// The factory reads the options and does nothing else: no thread, no descriptor, no event loop. The
// process may fork between the factory and start().
class ELECTIOND_EXPORT Transport {
  public:
    virtual ~Transport() = default;

    // Binds the address and begins to deliver. Returns the real endpoint (port 0 works). Throws
    // Error (code os) that names the address if it cannot be bound. `inbox` stays valid until
    // stop() has returned.
    virtual Endpoint start(Inbox& inbox) = 0;

    // Called instead of start() by programs that only send: begins to send without listening.
    // Throws Error (code refused) if the transport does not support it.
    virtual void start_sending() {
        throw Error("this transport plugin cannot send without listening", Error::refused);
    }

    // True if the transport keeps PluginSetup::limits. If not, and the configuration sets
    // transport.limits, the host logs one warning.
    [[nodiscard]] virtual bool keeps_limits() const noexcept { return false; }

    // After a reload of the configuration: `limits` apply from now on to new messages and
    // connections. If too many connections are open then, closes some, idle ones first; requests
    // under way go on. Called only if keeps_limits() is true, by one thread, between start and
    // stop; must not block.
    virtual void set_limits(const Limits& limits) { (void)limits; }

    // True if the transport encrypts and fills verified_names as PluginSetup::tls says. If not, and
    // the configuration sets transport.tls, the host refuses to start.
    [[nodiscard]] virtual bool can_authenticate() const noexcept { return false; }

    // The files of PluginSetup::tls may have changed: reads and checks them. If they are right,
    // uses them for every new connection, closes the connections whose certificate they refuse, and
    // keeps the others. If they are wrong, throws Error (code config) that names file, fault and
    // remedy; the files that were read before stay in use. Called by one thread at a time, between
    // start and stop, not from an OnResponse or the Inbox. Blocks until the files are in use.
    virtual void reload_tls() {}

    // Sends `request` to `to`, and calls `on_response` exactly once, at the latest `timeout` from
    // now (plus the delay of scheduling). Any thread may call it; it never blocks.
    virtual void send(const Endpoint& to, Request request, std::chrono::milliseconds timeout,
                      OnResponse on_response) noexcept = 0;

    // The addresses known for `to` may be out of date: another node responded there, or the node
    // has restarted. A transport that keeps resolved names resolves this one again (at most once a
    // second), opens new connections to the result, and sends no more requests on the old ones. For
    // an IP address it does nothing. Any thread may call it; it never blocks. If a connection is
    // refused, times out or breaks, a transport must do the same without this call.
    virtual void refresh(const Endpoint& to) noexcept { (void)to; }

    // Joins the threads of the transport. Before it returns, each OnResponse that was not called
    // yet is called with unreachable; afterwards nothing is delivered. A second call does nothing.
    // The destructor calls it.
    virtual void stop() noexcept = 0;
};

}  // namespace electiond
