// What a transport plugin does: carry opaque requests to other nodes and bring their answers back.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include <electiond/error.h>
#include <electiond/peer.h>

namespace electiond {

// Election messages must not wait behind queries: a query goes its own connection, waits, and is
// dropped first when a queue is full.
enum class Lane { election, query };

struct Request {
    std::string name;  // "vote-request"; over HTTP the path without its slash
    std::string body;  // JSON text; a transport never looks inside
    Lane lane = Lane::election;
    std::string source;  // "ip:port" as the receiver saw it, for logs alone; may be empty
};

struct Answer {
    // ok, malformed, unknown, busy come from the other side (over HTTP 200, 400, 404, 503; over TCP
    // one byte of the reply frame); timed_out and unreachable are the sender's own findings.
    enum class Kind { ok, malformed, unknown, busy, timed_out, unreachable };
    Kind kind = Kind::unreachable;
    std::string
        body;  // JSON text of the other side; for the sender's own findings a reason in words
};

// Gives the answer to one delivered request. Any thread, never blocks, at most once, harmless after
// the transport's stop(). Destroyed uncalled, it answers busy.
using Respond = std::function<void(Answer)>;

// Brings the outcome of one sent request: exactly once, also at time-out and at stop(). Any thread;
// must not block and must not throw.
using OnReply = std::function<void(Answer)>;

// Where a transport puts what arrives. Any thread, never blocks.
class ELECTIOND_EXPORT Inbox {
  public:
    virtual ~Inbox() = default;
    virtual void deliver(Request request, Respond respond) noexcept = 0;
};

// Thread rule: start and stop are called once each, by one thread; send from any thread between
// them. The network may lose, delay, repeat and reorder: nothing about it is promised, so a
// transport may give up, but it must say so (OnReply), stay bounded in memory, and keep one slow or
// dead peer from delaying what goes to the others.
// The factory checks options and touches nothing else; start() binds.
class ELECTIOND_EXPORT Transport {
  public:
    virtual ~Transport() = default;

    // Binds and begins to deliver. Returns the real endpoint (port 0 works). Throws Error (code os)
    // naming the address where it cannot be bound. `inbox` must outlive stop().
    virtual Endpoint start(Inbox& inbox) = 0;

    // Sends `request` to `to` and reports once by `on_reply`, at the latest `timeout` from now (and
    // a little scheduling). Any thread, never blocks.
    virtual void send(const Endpoint& to, Request request, std::chrono::milliseconds timeout,
                      OnReply on_reply) noexcept = 0;

    // Joins its threads; every OnReply still owed is called (unreachable) before it returns, and
    // nothing is delivered after. Idempotent; the destructor calls it.
    virtual void stop() noexcept = 0;
};

}  // namespace electiond
