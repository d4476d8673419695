// What a transport plugin does: carry opaque requests to other nodes and bring their responses
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

// Election messages must not wait behind queries: a query uses a connection of its own, waits, and
// is dropped first when a queue is full. The lane travels with the request: the receiver delivers
// it in the lane that its sender chose.
enum class Lane { election, query };

struct Request {
    std::string name;  // "vote-request"; over HTTP the path without its slash
    std::string body;  // JSON text; a transport never looks inside
    Lane lane = Lane::election;
    std::string source;  // "ip:port" as the receiver saw it, for logs alone; may be empty
    // Set by the receiving transport: the names that the sender's certificate proves, as they stand
    // in its SAN ("URI:electiond://cluster/1", "DNS:1.cluster"). Empty without TLS.
    std::vector<std::string> verified_names{};
};

struct Response {
    // ok, malformed, unknown, busy come from the other side (over HTTP 200, 400, 404, 503; over TCP
    // one byte of the response frame); timed_out and unreachable are the sender's own findings.
    enum class Kind { ok, malformed, unknown, busy, timed_out, unreachable };
    Kind kind = Kind::unreachable;
    std::string
        body;  // JSON text of the other side; for the sender's own findings a reason in words
    // Set by the transport that brings the response: the names that the certificate of the node
    // that responded proves, as in Request. Empty without TLS.
    std::vector<std::string> verified_names{};
};

// Sends the response to one delivered request. Any thread, never blocks, at most once, harmless
// after the transport's stop(). Destroyed uncalled, it responds busy.
using Respond = std::function<void(Response)>;

// Brings the outcome of one sent request: exactly once, also at time-out and at stop(). Any thread;
// must not block and must not throw.
using OnResponse = std::function<void(Response)>;

// Where a transport puts what arrives. Any thread, never blocks.
class ELECTIOND_EXPORT Inbox {
  public:
    virtual ~Inbox() = default;
    virtual void deliver(Request request, Respond respond) noexcept = 0;
};

// Thread rule: start and stop are called once each, by one thread; send from any thread between
// them. The network may lose, delay, repeat and reorder: nothing about it is promised, so a
// transport may give up, but it must say so (OnResponse), stay bounded in memory, and keep one slow
// or dead peer from delaying what goes to the others. The factory checks options and touches
// nothing else: no thread, no descriptor, no event loop. A process may fork between the factory and
// start().
class ELECTIOND_EXPORT Transport {
  public:
    virtual ~Transport() = default;

    // Binds and begins to deliver. Returns the real endpoint (port 0 works). Throws Error (code os)
    // naming the address where it cannot be bound. `inbox` must outlive stop().
    virtual Endpoint start(Inbox& inbox) = 0;

    // Instead of start(): begins to send without listening, for programs that only ask. Throws
    // Error (code refused) if the transport does not support it.
    virtual void start_sending() {
        throw Error("this transport plugin cannot send without listening", Error::refused);
    }

    // True if the transport keeps PluginSetup::limits. If not, and the configuration sets
    // transport.limits, the host logs one warning.
    [[nodiscard]] virtual bool keeps_limits() const noexcept { return false; }

    // The configuration was read again: `limits` count from now on, for messages and connections
    // that come. Connections that are too many now are closed, idle ones first; requests under way
    // go on. Called only if keeps_limits() is true, by one thread, between start and stop; must not
    // block.
    virtual void set_limits(const Limits& limits) { (void)limits; }

    // True if the transport encrypts and fills verified_names as PluginSetup::tls says. If not, and
    // the configuration sets transport.tls, the host refuses to start.
    [[nodiscard]] virtual bool can_authenticate() const noexcept { return false; }

    // The files of PluginSetup::tls may have changed: reads and checks them, and uses them for
    // every connection from then on; ends those whose certificate they refuse, and keeps the
    // others. Throws Error (code config) that names file, fault and remedy if they are wrong: then
    // the ones read before stay in use. By one thread at a time, between start and stop, not from
    // an OnResponse or the Inbox; blocks until the files are in use.
    virtual void reload_tls() {}

    // Sends `request` to `to` and reports once by `on_response`, at the latest `timeout` from now
    // (and a little scheduling). Any thread, never blocks.
    virtual void send(const Endpoint& to, Request request, std::chrono::milliseconds timeout,
                      OnResponse on_response) noexcept = 0;

    // The addresses known for `to` may be out of date: another node responded there, or the node
    // has restarted. A transport that keeps resolved names resolves this one again (at most once a
    // second), opens new connections by the result, and puts no more requests on the old ones. Does
    // nothing for an IP address. Any thread, never blocks. After failures of its own (refused,
    // timed out, broken) a transport must do the same without this call.
    virtual void refresh(const Endpoint& to) noexcept { (void)to; }

    // Joins its threads; every OnResponse still owed is called (unreachable) before it returns, and
    // nothing is delivered after. Idempotent; the destructor calls it.
    virtual void stop() noexcept = 0;
};

}  // namespace electiond
