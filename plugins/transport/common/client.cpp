// The sending half: sends each request to its peer and reports its response or failure exactly
// once.
#include "common/client.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/verified_names.h"

namespace electiond::transport {

using namespace std::chrono_literals;
using io::Clock;
using io::Deadline;
using io::kNever;

namespace {

// One for each address and lane. Enough for eight discoveries of kSnapshotAddressesMax addresses.
constexpr std::size_t kLinksMax = 2048;
constexpr std::size_t kWaitingMax = 128;  // requests of one link that wait for a connection
constexpr std::size_t kWaitingBytesMax = std::size_t{1024} * 1024;
constexpr std::size_t kUnsentMax =
    std::size_t{64} * 1024;  // a connection with more than that gets no request
constexpr std::size_t kSparesMax = 32;
constexpr std::size_t kSpareBytesMax = 4096;  // of the body that a spare keeps
constexpr auto kIdleFor = 60s;                // shorter than a server keeps an idle connection

io::TlsFailure speaks_tls() {
    return {.fault = io::TlsFault::plain_text,
            .by_peer = true,
            .text = "the other side speaks TLS: set transport.tls here too, or remove it there"};
}

}  // namespace

Client::Client(const Dialect& dialect, io::Loop& loop, Log log,
               std::shared_ptr<const io::TlsContext> tls)
    : dialect_(dialect),
      loop_(loop),
      tls_(std::move(tls)),
      tls_log_(std::move(log)),
      resolver_(
          loop,
          {.on_failure = [this](const auto& host, const auto& reason) { unresolved(host, reason); },
           .on_addresses = [this](const auto& host, const auto& addresses,
                                  bool doubted) { resolved(host, addresses, doubted); }}),
      expiry_(loop, [this] { expire(); }) {
    spares_.reserve(kSparesMax);
}

void Client::send(Outgoing&& outgoing) {
    auto& [to, request, deadline, on_response] = outgoing;
    const auto refuse = [&](const std::string& reason) {
        if (on_response) on_response({Response::Kind::unreachable, reason});
    };
    if (closed_) return refuse("this node's transport stops");
    if (!is_name(request.name))
        return refuse("\"" + request.name + "\" is not a name of a request");
    if (request.body.size() > dialect_.body_max())
        return refuse("a request is too long to be sent");
    auto* const found = link_to(to, request.lane);
    if (found == nullptr) return refuse("too many peers");
    auto& link = *found;
    const auto size = request.body.size();
    while (!link.waiting.empty() &&
           (link.waiting.size() >= kWaitingMax || link.waiting_bytes + size > kWaitingBytesMax)) {
        report(link.waiting.front(), {Response::Kind::unreachable,
                                      "it was replaced by newer requests to " + to.to_string()});
    }
    const auto id = next_id_++;
    add(id, Exchange{.link = &link,
                     .request = std::move(request),
                     .deadline = deadline,
                     .on_response = std::move(on_response)});
    link.waiting.push_back(id);
    link.waiting_bytes += size;
    expiry_.set(deadlines_.begin()->first);
    hand_over(link);
}

void Client::add(Id id, Exchange exchange) {
    const auto deadline = exchange.deadline;
    if (spares_.empty()) {
        exchanges_.emplace_hint(exchanges_.end(), id, std::move(exchange));
        deadlines_.emplace(deadline, id);
        return;
    }
    auto [node, place] = std::move(spares_.back());
    spares_.pop_back();
    node.key() = id;
    node.mapped() = std::move(exchange);
    exchanges_.insert(exchanges_.end(), std::move(node));
    place.value() = {deadline, id};
    deadlines_.insert(deadlines_.end(), std::move(place));
}

// The memory of the body is kept, too.
void Client::keep_spare(Exchanges::node_type exchange, Deadlines::node_type deadline) {
    if (spares_.size() >= kSparesMax || !exchange || !deadline) return;
    auto& body = exchange.mapped().request.body;
    if (body.capacity() > kSpareBytesMax) std::string().swap(body);
    exchange.mapped().on_response = nullptr;
    spares_.push_back({std::move(exchange), std::move(deadline)});
}

// Adds it if it is missing. nullptr if there are too many that are in use.
Client::Link* Client::link_to(const Endpoint& to, Lane lane) {
    const auto at = links_.find(std::pair<const Endpoint&, Lane>(to, lane));
    if (at != links_.end()) return &at->second;
    if (links_.size() >= kLinksMax) {
        std::erase_if(links_, [](const auto& entry) {
            return entry.second.wires.empty() && entry.second.waiting.empty();
        });
        if (links_.size() >= kLinksMax) return nullptr;
    }
    return &links_.try_emplace({to, lane}, Link{.to = to}).first->second;
}

void Client::refresh(const Endpoint& to) {
    for (auto& [key, link] : links_) {
        if (link.to != to) continue;
        for (auto& wire : link.wires) wire.astray = !wire.connecting;
        link.held = {};
    }
    resolver_.doubt(to.host);
}

void Client::use(std::shared_ptr<const io::TlsContext> fresh) {
    tls_ = std::move(fresh);
    for (auto& [key, link] : links_) {
        link.held = {};
        for (auto& wire : link.wires) {
            if (wire.dead || wire.connecting) continue;
            if (const auto failure = tls_->refuses(*wire.stream->tls())) {
                (void)tls_failed(link, *failure);
                lost(link, wire, failure->text);
            }
        }
    }
}

void Client::close() {
    closed_ = true;
    while (!exchanges_.empty()) {
        report(exchanges_.begin()->first,
               {Response::Kind::unreachable, "this node's transport stops"});
    }
    for (auto& [key, link] : links_) {
        for (auto& wire : link.wires) kill(wire);
    }
    resolver_.close();
    expiry_.cancel();
}

// Ends one exchange; the only place where a response is reported.
void Client::report(Id id, Response response) {
    auto node = exchanges_.extract(id);
    auto& exchange = node.mapped();
    auto place = deadlines_.extract({exchange.deadline, id});
    if (auto* wire = exchange.wire) {
        std::erase(wire->under_way, id);
        // The connection's coroutine must notice that no request is under way any more.
        if (wire->under_way.empty() &&
            (wire->retired || response.kind == Response::Kind::timed_out)) {
            wire->stream->interrupt();
        }
    } else {
        std::erase(exchange.link->waiting, id);
        exchange.link->waiting_bytes -= exchange.request.body.size();
    }
    auto call = std::move(exchange.on_response);
    keep_spare(std::move(node), std::move(place));
    if (!call) return;
    // It may wake a thread that sends the next message at once.
    loop_.after_turn([call = std::move(call), response = std::move(response)]() mutable {
        call(std::move(response));
    });
}

void Client::report_waiting(Link& link, const std::string& reason) {
    while (!link.waiting.empty()) {
        report(link.waiting.front(), {Response::Kind::unreachable, reason});
    }
}

void Client::expire() {
    const auto now = Clock::now();
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        const auto id = deadlines_.begin()->second;
        const auto& exchange = exchanges_.at(id);
        // A late response must not be mistaken for the response to another request. And a peer that
        // has sent nothing since is probably gone, so the next request uses a new connection.
        if (auto* wire = exchange.wire;
            wire != nullptr && (dialect_.depth() == 1 || wire->heard <= exchange.sent)) {
            wire->retired = true;
            suspect(*exchange.link, wire->address);
        }
        auto& link = *exchange.link;
        const auto& to = link.to;
        auto reason = "no answer from " + to.to_string() + " in time";
        if (resolver_.first_look_up_runs(to.host)) {
            reason += ": its name is still being looked up";
        } else if (std::ranges::any_of(link.wires, &Wire::securing)) {
            reason += ": it accepts connections, but does not do a TLS handshake";
        }
        report(id, {Response::Kind::timed_out, std::move(reason)});
        hand_over(link);
    }
    if (!deadlines_.empty()) expiry_.set(deadlines_.begin()->first);
}

// Runs one connection from connect to close. Requests that wait for it move to another one when it
// ends.
io::Async<> Client::run(Link& link, std::list<Wire>::iterator wire) {
    const auto stream = wire->stream;
    const bool is_connected = co_await connected(link, *wire);
    if (is_connected) {
        stream->on_drained([this, &link] { hand_over(link); });
        hand_over(link);
        while (!wire->dead) {
            const bool idle = wire->under_way.empty();
            if (idle && (wire->retired || wire->used + kIdleFor <= Clock::now())) break;
            const auto deadline = idle ? wire->used + kIdleFor : kNever;
            const auto event = co_await stream->receive(deadline);
            if (event == io::Stream::Event::bytes) {
                wire->heard = Clock::now();
                read_responses(link, *wire);
                hand_over(link);
            } else if (event == io::Stream::Event::ended || event == io::Stream::Event::broken) {
                if (!wire->dead) ended(link, *wire);
            }
        }
    }
    stream->cut();
    stream->on_drained({});
    link.wires.erase(wire);
    hand_over(link);
}

void Client::read_responses(Link& link, Wire& wire) {
    auto& stream = *wire.stream;
    while (stream.received().size() >= wire.needed) {
        auto found = dialect_.read_response(stream.received());
        if (const auto* none = std::get_if<Refused>(&found)) {
            if (tls_ == nullptr && (none->encrypted || io::is_tls_alert(stream.received()))) {
                return refused(link, wire, speaks_tls());
            }
            return lost(link, wire,
                        "received something that is not an answer (" + none->reason +
                            "); do both nodes have the same transport.plugin?");
        }
        if (const auto* incomplete = std::get_if<Incomplete>(&found)) {
            wire.needed = incomplete->bytes;
            return;
        }
        auto& arrived = std::get<ArrivedResponse>(found);
        stream.consume(arrived.size);
        wire.needed = 1;
        wire.proven = true;
        wire.retired = wire.retired || !arrived.keep;
        const auto& ids = wire.under_way;
        const auto id = arrived.id ? std::ranges::find(ids, *arrived.id) : ids.begin();
        if (id != ids.end()) {
            arrived.response.verified_names = verified_names(stream);
            report(*id, std::move(arrived.response));
        } else if (!arrived.id) {
            return lost(link, wire, "an answer came without a request");
        }
    }
}

// In TLS 1.3 a server refuses our certificate only after the handshake has ended for us.
void Client::ended(Link& link, Wire& wire) {
    const auto& failure = wire.stream->tls_failure();
    if (failure && failure->fault != io::TlsFault::closed) return refused(link, wire, *failure);
    lost(link, wire, "the connection was closed before the answer came");
}

void Client::refused(Link& link, Wire& wire, const io::TlsFailure& failure) {
    link.failure = tls_failed(link, failure);
    if (!wire.proven) hold(link);
    lost(link, wire, failure.text);
}

// The peer may not have read the requests under way, since it closes idle connections and may
// restart. So a request is sent once more if this connection brought responses before, but nothing
// since the request was sent.
void Client::lost(Link& link, Wire& wire, const std::string& reason) {
    kill(wire);
    if (wire.proven)
        resolver_.doubt(link.to.host);
    else
        suspect(link, wire.address);
    const auto ids = wire.under_way;
    for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
        auto& exchange = exchanges_.at(*id);
        if (!wire.proven || exchange.retried || wire.heard > exchange.sent) {
            report(*id, {Response::Kind::unreachable, link.to.to_string() + ": " + reason});
            continue;
        }
        exchange.retried = true;
        exchange.wire = nullptr;
        std::erase(wire.under_way, *id);
        link.waiting.push_front(*id);
        link.waiting_bytes += exchange.request.body.size();
    }
}

// The connection gets no more requests, and its coroutine ends as soon as it runs.
void Client::kill(Wire& wire) {
    wire.dead = true;
    wire.stream->cut();
}

void Client::retire(Wire& wire) {
    wire.retired = true;
    if (wire.under_way.empty() && !wire.connecting) wire.stream->interrupt();
}

void Client::hand_over(Link& link) {
    if (closed_) return;
    while (!link.waiting.empty()) {
        auto* wire = wire_for_next(link);
        if (wire == nullptr) return;
        const auto id = link.waiting.front();
        auto& exchange = exchanges_.at(id);
        link.waiting.pop_front();
        link.waiting_bytes -= exchange.request.body.size();
        exchange.wire = wire;
        exchange.sent = wire->used = Clock::now();
        wire->under_way.push_back(id);
        wire->stream->send(dialect_.encode_request(id, exchange.request, link.to));
    }
}

// The connection for the next request: the one used last, so that the others become idle and close.
// If none is free, begins a new one, one at a time.
Client::Wire* Client::wire_for_next(Link& link) {
    Wire* best = nullptr;
    std::size_t living = 0;
    bool attempting = false;
    for (auto& wire : link.wires) {
        if (wire.dead || wire.retired || wire.stream->broken()) continue;
        attempting = attempting || (wire.connecting && wire.slow != kNever);
        if (wire.connecting) continue;
        ++living;
        if (wire.under_way.size() >= dialect_.depth()) continue;
        if (wire.stream->unsent() >= kUnsentMax) continue;
        if (best == nullptr || best->used < wire.used) best = &wire;
    }
    if (best == nullptr && !attempting && living < dialect_.width()) connect(link);
    return best;
}

}  // namespace electiond::transport
