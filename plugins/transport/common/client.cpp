// The sending half: carries each request to its peer and reports, once, what became of it.
#include "common/client.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <system_error>
#include <utility>

namespace electiond::transport {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kLinksMax = 512;
constexpr std::size_t kWaitingMax = 128;  // requests of one link that are not on a connection yet
constexpr std::size_t kWaitingBytesMax = std::size_t{1024} * 1024;
constexpr std::size_t kUnsentMax = kBodyMax;  // a connection with more than that gets no request
constexpr auto kIdleFor = 60s;                // shorter than a server keeps an idle connection

}  // namespace

Client::Client(const Dialect& dialect, std::shared_ptr<TaskQueue> tasks)
    : dialect_(dialect),
      resolver_(
          std::move(tasks),
          {.on_failure = [this](const auto& host, const auto& reason) { unresolved(host, reason); },
           .on_addresses = [this](const auto& host, const auto& addresses,
                                  bool doubted) { resolved(host, addresses, doubted); }}) {}

void Client::send(Outgoing outgoing) {
    auto& [to, request, deadline, on_reply] = outgoing;
    const auto refuse = [&](const std::string& reason) {
        if (on_reply) on_reply({Answer::Kind::unreachable, reason});
    };
    if (!is_name(request.name)) return refuse("\"" + request.name + "\" is no name of a request");
    if (request.body.size() > kBodyMax) return refuse("a request is too long to be sent");
    const auto key = std::pair(to, request.lane);
    if (!links_.contains(key) && links_.size() >= kLinksMax) return refuse("too many peers");

    auto& link = links_.try_emplace(key, Link{.to = to}).first->second;
    const auto size = request.body.size();
    while (!link.waiting.empty() &&
           (link.waiting.size() >= kWaitingMax || link.waiting_bytes + size > kWaitingBytesMax)) {
        report(link.waiting.front(), Answer::Kind::unreachable,
               "newer requests to " + to.to_string() + " took its place");
    }
    const auto id = next_id_++;
    exchanges_.emplace(id, Exchange{.link = &link,
                                    .request = std::move(request),
                                    .deadline = deadline,
                                    .on_reply = std::move(on_reply)});
    deadlines_.emplace(deadline, id);
    link.waiting.push_back(id);
    link.waiting_bytes += size;
}

void Client::refresh(const Endpoint& to) {
    for (auto& [key, link] : links_) {
        if (link.to != to) continue;
        for (auto& wire : link.wires) wire.astray = !wire.connecting;
    }
    resolver_.doubt(to.host, Clock::now());
}

void Client::give_up() {
    while (!exchanges_.empty()) {
        report(exchanges_.begin()->first, Answer::Kind::unreachable, "this node's transport stops");
    }
}

void Client::watch(PollList& list) {
    for (auto& [key, link] : links_) {
        for (auto& wire : link.wires) {
            wire.connection.watch(list, !wire.connecting, wire.connecting);
        }
    }
}

Instant Client::deadline() const {
    auto next = resolver_.deadline();
    if (!deadlines_.empty()) next = std::min(next, deadlines_.begin()->first);
    for (const auto& [key, link] : links_) {
        for (const auto& wire : link.wires) {
            if (wire.connecting)
                next = std::min(next, std::min(wire.slow, wire.until));
            else if (wire.under_way.empty())
                next = std::min(next, wire.used + kIdleFor);
        }
    }
    return next;
}

void Client::turn(const PollList& list, Instant now) {
    for (auto& [key, link] : links_) {
        for (auto& wire : link.wires) react(link, wire, list, now);
    }
    expire(now);
    resolver_.turn(now);
    for (auto& [key, link] : links_) {
        bool again = true;
        while (again) {  // what was on a connection that broke goes on another
            hand_over(link, now);
            again = false;
            for (auto& wire : link.wires) {
                if (wire.connecting || wire.dead || wire.connection.flush(now)) continue;
                lost(link, wire, "the connection broke", now);
                again = true;
            }
        }
    }
    tidy(now);
}

// Ends one exchange; the only place where a reply is reported.
void Client::report(Id id, Answer::Kind kind, const std::string& body) {
    const auto node = exchanges_.extract(id);
    const auto& exchange = node.mapped();
    deadlines_.erase({exchange.deadline, id});
    if (exchange.wire != nullptr) {
        std::erase(exchange.wire->under_way, id);
    } else {
        std::erase(exchange.link->waiting, id);
        exchange.link->waiting_bytes -= exchange.request.body.size();
    }
    if (exchange.on_reply) exchange.on_reply({kind, body});
}

void Client::report_waiting(Link& link, const std::string& reason) {
    while (!link.waiting.empty()) {
        report(link.waiting.front(), Answer::Kind::unreachable, reason);
    }
}

void Client::expire(Instant now) {
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        const auto id = deadlines_.begin()->second;
        const auto& exchange = exchanges_.at(id);
        // An answer that still comes must not be taken for another's; and who has said nothing
        // since is likely gone without a word, so the next request tries a new connection.
        if (auto* wire = exchange.wire;
            wire != nullptr && (dialect_.depth() == 1 || wire->heard <= exchange.sent)) {
            wire->retired = true;
            suspect(*exchange.link, wire->address, now);
        }
        const auto& to = exchange.link->to;
        const bool unknown = resolver_.first_look_up_runs(to.host);
        report(id, Answer::Kind::timed_out,
               "no answer from " + to.to_string() + " in time" +
                   (unknown ? ": its name is still being looked up" : ""));
    }
}

void Client::react(Link& link, Wire& wire, const PollList& list, Instant now) {
    if (wire.dead) return;
    const auto events = wire.connection.events(list);
    if (wire.connecting) return react_to_attempt(link, wire, events != 0, now);
    if (events == 0) return;
    if (wire.connection.receive() != Connection::Input::open) {
        return lost(link, wire, "the connection was closed before the answer came", now);
    }
    wire.heard = now;
    read_answers(link, wire, now);
}

void Client::react_to_attempt(Link& link, Wire& wire, bool ended, Instant now) {
    if (ended) {
        const int error = wire.connection.socket().failure();
        if (error != 0) {
            wire.dead = true;
            link.failure = std::generic_category().message(error);
            return suspect(link, wire.address, now);
        }
        for (auto& other : link.wires) other.dead = other.dead || other.connecting;
        wire.dead = wire.connecting = false;
        wire.heard = now;
        link.tried.clear();
        resolver_.worked(link.to.host, wire.address);
    } else if (wire.until <= now) {
        // Waiting requests get a new attempt: the kernel repeats this one at growing intervals.
        wire.dead = true;
        std::erase(link.tried, wire.address);
        suspect(link, wire.address, now);
    } else if (wire.slow <= now) {
        wire.slow = Instant::max();  // from now on the next address does not wait for it
    }
}

void Client::read_answers(Link& link, Wire& wire, Instant now) {
    auto& connection = wire.connection;
    while (connection.received().size() >= wire.needed) {
        auto found = dialect_.read_answer(connection.received());
        if (const auto* refused = std::get_if<Refused>(&found)) {
            return lost(link, wire,
                        "what comes back is no answer (" + refused->reason +
                            "); do both nodes have the same transport.plugin?",
                        now);
        }
        if (const auto* incomplete = std::get_if<Incomplete>(&found)) {
            wire.needed = incomplete->bytes;
            return;
        }
        const auto& arrived = std::get<ArrivedAnswer>(found);
        connection.consume(arrived.size);
        wire.needed = 1;
        wire.proven = true;
        wire.retired = wire.retired || !arrived.keep;
        const auto& ids = wire.under_way;
        const auto id = arrived.id ? std::ranges::find(ids, *arrived.id) : ids.begin();
        if (id != ids.end())
            report(*id, arrived.answer.kind, arrived.answer.body);
        else if (!arrived.id)
            return lost(link, wire, "an answer came to no request", now);
    }
}

// What was under way may not have been read: a peer closes idle connections, and restarts. So it
// goes out once more where this connection has served before and said nothing since.
void Client::lost(Link& link, Wire& wire, const std::string& reason, Instant now) {
    wire.dead = true;
    if (wire.proven)
        resolver_.doubt(link.to.host, now);
    else
        suspect(link, wire.address, now);
    const auto ids = wire.under_way;
    for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
        auto& exchange = exchanges_.at(*id);
        if (!wire.proven || exchange.retried || wire.heard > exchange.sent) {
            report(*id, Answer::Kind::unreachable, link.to.to_string() + ": " + reason);
            continue;
        }
        exchange.retried = true;
        exchange.wire = nullptr;
        std::erase(wire.under_way, *id);
        link.waiting.push_front(*id);
        link.waiting_bytes += exchange.request.body.size();
    }
}

void Client::tidy(Instant now) {
    for (auto& [key, link] : links_) {
        link.wires.remove_if([now](const Wire& wire) {
            const bool idle = !wire.connecting && wire.under_way.empty();
            return wire.dead || (idle && (wire.retired || wire.used + kIdleFor <= now));
        });
    }
    std::erase_if(links_, [](const auto& entry) {
        return entry.second.wires.empty() && entry.second.waiting.empty();
    });
}

void Client::hand_over(Link& link, Instant now) {
    while (!link.waiting.empty()) {
        auto* wire = wire_for_next(link, now);
        if (wire == nullptr) return;
        const auto id = link.waiting.front();
        auto& exchange = exchanges_.at(id);
        link.waiting.pop_front();
        link.waiting_bytes -= exchange.request.body.size();
        exchange.wire = wire;
        exchange.sent = now;
        wire->used = now;
        wire->under_way.push_back(id);
        wire->connection.send(dialect_.encode_request(id, exchange.request, link.to));
    }
}

// The connection for the next request: the one used last, so that the rest may fall idle. Begins
// one more where there is none, one at a time.
Client::Wire* Client::wire_for_next(Link& link, Instant now) {
    Wire* best = nullptr;
    std::size_t living = 0;
    bool attempting = false;
    for (auto& wire : link.wires) {
        if (wire.dead || wire.retired) continue;
        attempting = attempting || (wire.connecting && wire.slow != Instant::max());
        if (wire.connecting) continue;
        ++living;
        if (wire.under_way.size() >= dialect_.depth()) continue;
        if (wire.connection.unsent() >= kUnsentMax) continue;
        if (best == nullptr || best->used < wire.used) best = &wire;
    }
    if (best == nullptr && !attempting && living < dialect_.width()) connect(link, now);
    return best;
}

// Tries the addresses in turn. If one neither answers nor refuses, the next is tried in parallel,
// early enough that each gets its share of the requests' time. When all have failed, the waiting
// requests are answered with the failure.
void Client::connect(Link& link, Instant now) {
    const auto addresses = resolver_.find(link.to.host, now);
    Addresses left;
    std::ranges::remove_copy_if(addresses, std::back_inserter(left), [&](const Address& address) {
        return std::ranges::find(link.tried, address) != link.tried.end();
    });
    for (auto n = left.size(); n > 0 && !link.waiting.empty(); --n) {
        const auto& address = left[left.size() - n];
        link.tried.push_back(address);
        try {
            auto socket = Socket::connect({address, link.to.port});
            const auto until = exchanges_.at(link.waiting.back()).deadline;
            link.wires.push_back({.connection = Connection(std::move(socket)),
                                  .address = address,
                                  .until = until,
                                  .slow = now + (until - now) / static_cast<int>(n),
                                  .used = now});
            return;
        } catch (const std::system_error& error) {
            link.failure = error.code().message();
            suspect(link, address, now);
        }
    }
    if (addresses.empty() || std::ranges::any_of(link.wires, [](const Wire& wire) {
            return wire.connecting && !wire.dead;
        })) {
        return;
    }
    link.tried.clear();
    report_waiting(link, "cannot connect to " + link.to.to_string() + ": " + link.failure);
}

// A connection to this address failed, or brought no answer: other addresses are tried first now,
// and the name may have a new address.
void Client::suspect(const Link& link, const Address& address, Instant now) {
    resolver_.failed(link.to.host, address);
    resolver_.doubt(link.to.host, now);
}

void Client::unresolved(const std::string& host, const std::string& reason) {
    for (auto& [key, link] : links_) {
        if (link.to.host != host) continue;
        report_waiting(link, "cannot find the address of " + host + ": " + reason);
    }
}

// After a doubt no new request goes to connections whose address the name no longer has; without a
// doubt connections that work stay.
void Client::resolved(const std::string& host, const Addresses& addresses, bool doubted) {
    for (auto& [key, link] : links_) {
        if (link.to.host != host) continue;
        for (auto& wire : link.wires) {
            const bool gone = std::ranges::find(addresses, wire.address) == addresses.end();
            if (wire.astray) resolver_.failed(host, wire.address);
            if (wire.connecting && gone) wire.dead = true;
            if (wire.astray || (gone && doubted)) wire.retired = true;
        }
    }
}

}  // namespace electiond::transport
