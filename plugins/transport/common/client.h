// The sending half: sends each request to its peer and reports its response or failure exactly
// once.
#pragma once

#include <io/resolver.h>
#include <io/stream.h>
#include <io/tls.h>

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <electiond/log.h>
#include <electiond/transport.h>

#include "common/dialect.h"
#include "common/tls_log.h"

namespace electiond::transport {

struct Outgoing {
    Endpoint to;
    Request request;
    io::Deadline deadline;
    OnResponse on_response;
};

// Lives on the loop's thread. Each peer has a link per lane, with its own queue and connections:
// a link never waits for another. Each connection is a coroutine that connects and then reads
// answers until the connection ends.
class Client {
  public:
    // Null for `tls`: plain text.
    Client(const Dialect& dialect, io::Loop& loop, Log log,
           std::shared_ptr<const io::TlsContext> tls);

    void send(Outgoing&& outgoing);
    // The connections to `to` may lead to the wrong node: looks the name up again. Connections to
    // addresses that the name no longer has get no new requests.
    void refresh(const Endpoint& to);
    // From now on new connections use `fresh`; those whose certificate it refuses are cut.
    void use(std::shared_ptr<const io::TlsContext> fresh);
    // Reports every request that is still under way as unreachable, and ends every connection.
    void close();

  private:
    using Id = std::uint64_t;  // of an exchange

    // One connection to a peer. Its coroutine removes it.
    struct Wire {
        std::shared_ptr<io::Stream> stream;
        io::Address address;
        // While connecting, including the TLS handshake: when this attempt is given up
        io::Deadline until;
        io::Deadline slow;  // and when the next address is tried in parallel
        io::Deadline used;  // when a request was last put on it
        io::Deadline heard{};
        bool connecting = true;
        bool securing = false;  // connecting, and in the TLS handshake
        bool astray = false;    // it may lead to the wrong node: see refresh()
        bool proven = false;    // it has brought a response before
        bool retired = false;   // no new requests; ends when none is under way
        bool dead = false;      // ends as soon as its coroutine runs
        std::size_t needed = 1;
        std::vector<Id> under_way = {};
    };
    struct Link {
        Endpoint to;
        std::deque<Id> waiting = {};
        std::size_t waiting_bytes = 0;
        std::list<Wire> wires = {};
        io::Addresses tried = {};  // since a connection succeeded, or all addresses had failed
        std::string failure = {};  // of the attempt that failed last, with its address
        // After a TLS failure that only an operator can repair: until this time requests get that
        // failure at once, without another handshake, which costs both sides milliseconds.
        io::Deadline held = {};
    };
    struct Exchange {
        Link* link;
        Request request;
        io::Deadline deadline;
        OnResponse on_response;
        Wire* wire = nullptr;  // none while it waits
        io::Deadline sent{};
        bool retried = false;
    };
    using Exchanges = std::map<Id, Exchange>;
    using Deadlines = std::set<std::pair<io::Deadline, Id>>;
    // The memory of an exchange that has ended, for the next one: the thread that sends seldom
    // frees what it has allocated, so the allocator would have to fetch it from the other thread.
    struct Spare {
        Exchanges::node_type exchange;
        Deadlines::node_type deadline;
    };
    struct LinkOrder {
        using is_transparent = void;
        template <class One, class Other>
        bool operator()(const One& one, const Other& other) const {
            return std::tie(one.first, one.second) < std::tie(other.first, other.second);
        }
    };
    [[nodiscard]] Link* link_to(const Endpoint& to, Lane lane);
    void add(Id id, Exchange exchange);
    void keep_spare(Exchanges::node_type exchange, Deadlines::node_type deadline);
    void report(Id id, Response response);
    void report_waiting(Link& link, const std::string& reason);
    void expire();

    [[nodiscard]] io::Async<> run(Link& link, std::list<Wire>::iterator wire);
    [[nodiscard]] io::Async<bool> connected(Link& link, Wire& wire);
    [[nodiscard]] io::Async<bool> secured(Link& link, Wire& wire);
    void established(Link& link, Wire& wire);
    void attempt_failed(Link& link, const Wire& wire, const std::string& failure);
    void read_responses(Link& link, Wire& wire);
    void ended(Link& link, Wire& wire);
    void refused(Link& link, Wire& wire, const io::TlsFailure& failure);
    [[nodiscard]] std::string tls_failed(const Link& link, const io::TlsFailure& failure);
    static void hold(Link& link);
    void lost(Link& link, Wire& wire, const std::string& reason);
    static void kill(Wire& wire);
    static void retire(Wire& wire);

    void hand_over(Link& link);
    [[nodiscard]] Wire* wire_for_next(Link& link);
    void connect(Link& link);
    void suspect(const Link& link, const io::Address& address);
    void unresolved(const std::string& host, const std::string& reason);
    void resolved(const std::string& host, const io::Addresses& addresses, bool doubted);

    const Dialect& dialect_;
    io::Loop& loop_;
    std::shared_ptr<const io::TlsContext> tls_;
    TlsLog tls_log_;
    io::Resolver resolver_;
    io::Timer expiry_;
    std::map<std::pair<Endpoint, Lane>, Link, LinkOrder> links_;
    Exchanges exchanges_;
    Deadlines deadlines_;
    std::vector<Spare> spares_;
    Id next_id_ = 1;
    bool closed_ = false;
};

}  // namespace electiond::transport
