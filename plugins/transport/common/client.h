// The sending half: carries each request to its peer and reports, once, what became of it.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <electiond/transport.h>

#include "common/connection.h"
#include "common/dialect.h"
#include "common/poll_list.h"
#include "common/resolver.h"
#include "common/task_queue.h"

namespace electiond::transport {

struct Outgoing {
    Endpoint to;
    Request request;
    Instant deadline;
    OnReply on_reply;
};

// Lives on the I/O thread. Each peer has a link per lane, with its own queue and connections: what
// one link waits for, no other does.
class Client {
  public:
    Client(const Dialect& dialect, std::shared_ptr<TaskQueue> tasks);

    void send(Outgoing outgoing);
    // The connections to `to` may lead to the wrong node: its name is looked up again, and then
    // they get no new requests.
    void refresh(const Endpoint& to);
    // Reports every request that is still under way as unreachable.
    void give_up();

    void watch(PollList& list);
    [[nodiscard]] Instant deadline() const;
    void turn(const PollList& list, Instant now);

  private:
    using Id = std::uint64_t;  // of an exchange

    // One connection to a peer.
    struct Wire {
        Connection connection;
        Address address;
        Instant until;  // while connecting: when this attempt is given up …
        Instant slow;   // … and when the next address is tried beside it
        Instant used;   // when last a request was put on it
        Instant heard{};
        bool connecting = true;
        bool astray = false;   // it may lead to the wrong node: see refresh()
        bool proven = false;   // it has brought an answer before
        bool retired = false;  // no new requests; goes when none is under way
        bool dead = false;     // goes at the end of this turn
        std::size_t needed = 1;
        std::vector<Id> under_way = {};
    };
    struct Link {
        Endpoint to;
        std::deque<Id> waiting = {};
        std::size_t waiting_bytes = 0;
        std::list<Wire> wires = {};
        Addresses tried = {};      // since a connection succeeded, or all addresses had failed
        std::string failure = {};  // of the attempt that failed last
    };
    struct Exchange {
        Link* link;
        Request request;
        Instant deadline;
        OnReply on_reply;
        Wire* wire = nullptr;  // none while it waits
        Instant sent{};
        bool retried = false;
    };
    void report(Id id, Answer::Kind kind, const std::string& body);
    void report_waiting(Link& link, const std::string& reason);
    void expire(Instant now);

    void react(Link& link, Wire& wire, const PollList& list, Instant now);
    void react_to_attempt(Link& link, Wire& wire, bool ended, Instant now);
    void read_answers(Link& link, Wire& wire, Instant now);
    void lost(Link& link, Wire& wire, const std::string& reason, Instant now);
    void tidy(Instant now);

    void hand_over(Link& link, Instant now);
    [[nodiscard]] Wire* wire_for_next(Link& link, Instant now);
    void connect(Link& link, Instant now);
    void suspect(const Link& link, const Address& address, Instant now);
    void unresolved(const std::string& host, const std::string& reason);
    void resolved(const std::string& host, const Addresses& addresses, bool doubted);

    const Dialect& dialect_;
    Resolver resolver_;
    std::map<std::pair<Endpoint, Lane>, Link> links_;
    std::map<Id, Exchange> exchanges_;
    std::set<std::pair<Instant, Id>> deadlines_;
    Id next_id_ = 1;
};

}  // namespace electiond::transport
