// The receiving half: accepts connections, delivers their requests, and sends the responses back.
#include "common/server.h"

#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <utility>

#include "common/verified_names.h"

namespace electiond::transport {

using namespace std::chrono_literals;
using io::Clock;
using io::Deadline;

namespace {

constexpr std::size_t kUnsentMax =
    std::size_t{64} * 1024;           // with more than that, nothing more is read
constexpr auto kResponseWithin = 2s;  // the node's time to respond; then the response is `busy`
constexpr auto kLingerFor = 2s;       // after a refusal, so that it can be read
constexpr auto kComplainEvery = 60s;

// Responds once: at the latest when its last copy is destroyed.
class Ticket {
  public:
    explicit Ticket(std::function<void(Response)> post) : post_(std::move(post)) {}
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket() { use({Response::Kind::busy, R"({"error":"busy"})"}); }

    void use(Response response) {
        if (!used_.exchange(true)) post_(std::move(response));
    }

  private:
    const std::function<void(Response)> post_;
    std::atomic<bool> used_ = false;
};

}  // namespace

// One accepted connection. Its coroutine owns it; responses reach it while it exists.
struct Server::Session {
    struct Pending {
        std::uint64_t id;  // as the response must repeat it
        bool keep;
        Deadline until;
    };

    Session(std::shared_ptr<io::Connection> accepted, std::size_t& waiting_in_all)
        : connection(std::move(accepted)), stream(connection->stream()), waiting(waiting_in_all) {}
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() { waiting -= pending.size(); }

    const std::shared_ptr<io::Connection> connection;
    io::Stream& stream;
    std::size_t& waiting;                      // of the server: `pending` of all sessions
    Deadline began = Clock::now();             // the present message; without one, idling
    std::size_t needed = 1;                    // bytes before it is worth reading again
    std::map<std::uint64_t, Pending> pending;  // delivered and not answered, oldest first
    bool known = false;                        // has brought a valid message
    bool ended = false;                        // the other side sends no more
    bool finishing = false;                    // we read no more

    // While `depth` requests wait for their responses, at most one more message is read.
    [[nodiscard]] bool wants_input(std::size_t depth) const {
        if (ended || finishing || stream.unsent() >= kUnsentMax) return false;
        return pending.size() < depth || stream.received().size() < needed;
    }

    [[nodiscard]] Deadline deadline(const Limits& limits) const {
        if (!pending.empty()) return pending.begin()->second.until;
        return began + (stream.received().empty() ? limits.idle_time : limits.request_time);
    }

    // A connection counts as a stranger until it has sent a valid message.
    void show_use() const {
        if (!pending.empty())
            connection->set_use(io::Use::busy);
        else if (!known)
            connection->set_use(io::Use::stranger);
        else
            connection->set_use(stream.received().empty() ? io::Use::idle : io::Use::reading);
    }
};

Server::Server(const Dialect& dialect, Inbox& inbox, io::Loop& loop, Log log,
               io::Descriptor listener, const Limits& limits,
               std::shared_ptr<const io::TlsContext> tls)
    : dialect_(dialect),
      inbox_(inbox),
      loop_(loop),
      poster_(loop.poster()),
      log_(std::move(log)),
      limits_(limits),
      tls_(std::move(tls)),
      tls_log_(log_),
      listener_(
          loop, std::move(listener), limits,
          [this](auto connection) { return serve(std::move(connection)); },
          // Plain text would make a TLS client report that this port does not speak TLS.
          tls_ ? std::string() : dialect.farewell(Farewell::full)) {}

void Server::close() noexcept {
    listener_.close();
    listener_.connections().cut_all();
}

void Server::set_limits(const Limits& limits) {
    limits_ = limits;
    listener_.connections().set_limits(limits);
}

void Server::use(std::shared_ptr<const io::TlsContext> fresh) {
    tls_ = std::move(fresh);
    listener_.connections().recheck(
        *tls_, [this](const io::Connection& connection, const io::TlsFailure& failure) {
            tls_failed(connection, failure);
        });
}

// False if the connection ends here. Creates no session yet, so half-open handshakes are cheap.
io::Async<bool> Server::secure(io::Connection& connection) {
    auto& stream = connection.stream();
    const auto context = tls_;
    auto failure = co_await connection.secure(context);
    if (!failure && context != tls_) failure = tls_->refuses(*stream.tls());
    if (!failure) co_return true;
    tls_failed(connection, *failure);
    if (!needs_operator(*failure)) co_return false;
    if (failure->fault == io::TlsFault::plain_text) {
        stream.send(dialect_.farewell(Farewell::encrypted));
    }
    co_await stream.finish(kLingerFor);  // so that the other side can read why
    co_return false;
}

void Server::tls_failed(const io::Connection& connection, const io::TlsFailure& failure) {
    const auto source = Endpoint::parse(connection.source());
    const auto host = source ? source->host : connection.source();
    tls_log_.failed("the connection from " + host + " failed", host, failure);
}

io::Async<> Server::serve(std::shared_ptr<io::Connection> connection) {
    if (tls_) {
        const bool secured = co_await secure(*connection);
        if (!secured) co_return;
    }
    const auto session = std::make_shared<Session>(std::move(connection), waiting_);
    auto& stream = session->stream;
    stream.on_drained([&stream] { stream.interrupt(); });
    for (;;) {
        if (read_requests(session)) {
            co_await loop_.next_turn();
            if (stream.broken()) co_return;  // evicted, or the transport stops
            continue;
        }
        if (session->finishing && session->pending.empty()) break;
        const auto deadline = session->deadline(limits_);
        io::Stream::Event event{};
        if (session->wants_input(dialect_.depth()))
            event = co_await stream.receive(deadline);
        else
            event = co_await stream.hold(deadline);
        if (!take_in(*session, event)) co_return;
    }
    if (session->ended)
        (void)co_await stream.drain();
    else
        co_await stream.finish(kLingerFor);
}

// False if the connection ends here.
bool Server::take_in(Session& session, io::Stream::Event event) {
    using Event = io::Stream::Event;
    switch (event) {
        case Event::bytes:
            return true;
        case Event::ended:
            session.ended = true;
            return true;
        case Event::interrupted:
            return true;
        case Event::late: {
            const auto now = Clock::now();
            respond_to_late_ones(session, now);
            if (now < session.deadline(limits_)) return true;
            if (session.stream.received().empty()) return false;
            session.stream.send(dialect_.farewell(Farewell::late));
            session.finishing = true;
            return true;
        }
        case Event::broken:
            if (const auto& failure = session.stream.tls_failure()) {
                tls_failed(*session.connection, *failure);
            }
            break;
    }
    return false;
}

// True if more may be read in the next turn of the loop. A peer that sends without end would
// otherwise block the loop. Strangers get fewer requests per turn than peers.
bool Server::read_requests(const std::shared_ptr<Session>& session) {
    auto& stream = session->stream;
    const auto share = session->known ? dialect_.depth() : 1;
    for (std::size_t delivered = 0; !session->finishing; ++delivered) {
        if (session->pending.size() >= dialect_.depth() || stream.unsent() >= kUnsentMax) {
            return false;
        }
        if (delivered == share && !stream.received().empty()) return true;
        if (stream.received().size() < session->needed) break;

        auto found = dialect_.read_request(stream.received());
        if (const auto* refused = std::get_if<Refused>(&found)) {
            refuse(*session, *refused);
            return false;
        }
        if (const auto* incomplete = std::get_if<Incomplete>(&found)) {
            if (session->needed == 1) {  // the first part of a message
                session->began = Clock::now();
                if (session->known) session->show_use();
            }
            session->needed = incomplete->bytes;
            stream.send(incomplete->interim);
            break;
        }
        deliver(session, std::get<ArrivedRequest>(std::move(found)));
    }
    if (!session->ended || session->finishing) return false;
    if (!stream.received().empty()) stream.send(dialect_.farewell(Farewell::cut_short));
    session->finishing = true;
    return false;
}

void Server::deliver(const std::shared_ptr<Session>& session, ArrivedRequest arrived) {
    session->stream.consume(arrived.size);
    session->needed = 1;
    session->began = Clock::now();
    session->finishing = !arrived.keep;
    const auto number = next_ticket_++;
    session->pending.emplace(number, Session::Pending{.id = arrived.id,
                                                      .keep = arrived.keep,
                                                      .until = session->began + kResponseWithin});
    session->show_use();
    // Half of the places are reserved for connections that have sent a valid message.
    const auto places =
        session->known ? limits_.waiting_requests : (limits_.waiting_requests + 1) / 2;
    if (++waiting_ > places) {
        return respond(*session, number, {Response::Kind::busy, R"({"error":"busy"})"});
    }
    auto ticket = std::make_shared<Ticket>([this, asked = std::weak_ptr(session), number,
                                            poster = poster_](Response response) {
        (void)poster.run_or_post([this, asked, number, response = std::move(response)]() mutable {
            if (const auto living = asked.lock()) {
                respond(*living, number, std::move(response));
            }
        });
    });
    // It may wake a thread that responds at once, or do so itself.
    loop_.after_turn(
        [this, ticket = std::move(ticket),
         request = Request{.name = std::move(arrived.name),
                           .body = std::move(arrived.body),
                           .lane = arrived.lane,
                           .source = session->connection->source(),
                           .verified_names = verified_names(session->stream)}]() mutable {
            inbox_.deliver(std::move(request),
                           [ticket](Response response) { ticket->use(std::move(response)); });
        });
}

void Server::refuse(Session& session, const Refused& refused) {
    session.finishing = true;
    if (tls_ || !io::begins_tls(session.stream.received())) {
        complain(session, refused.reason);
        return session.stream.send(refused.farewell);
    }
    tls_failed(*session.connection,
               {.fault = io::TlsFault::plain_text,
                .by_peer = true,
                .text = "it speaks TLS, but transport.tls is not set here: set it here too, or "
                        "remove it there"});
    session.stream.send(dialect_.farewell(Farewell::plain));
}

void Server::respond_to_late_ones(Session& session, Deadline now) {
    while (!session.pending.empty() && session.pending.begin()->second.until <= now) {
        respond(session, session.pending.begin()->first,
                {Response::Kind::busy, R"({"error":"no answer in time"})"});
    }
}

void Server::respond(Session& session, std::uint64_t ticket, Response response) {
    const auto pending = session.pending.find(ticket);
    if (pending == session.pending.end()) return;
    if (response.kind == Response::Kind::timed_out ||
        response.kind == Response::Kind::unreachable) {
        response.kind = Response::Kind::busy;
    }
    if (response.body.size() > dialect_.body_max()) {
        log_.error("an answer is too long to be sent", {{"bytes", response.body.size()}});
        response = {Response::Kind::busy, R"({"error":"answer too long"})"};
    }
    const auto [bytes, keep] =
        dialect_.encode_response(pending->second.id, response, pending->second.keep);
    session.known = session.known || response.kind == Response::Kind::ok;
    session.pending.erase(pending);
    --waiting_;
    session.finishing = session.finishing || !keep;
    session.stream.send(bytes);
    session.show_use();
    // Wakes the waiting coroutine: it may have waited for this response.
    if (session.finishing || session.ended || !session.stream.received().empty()) {
        session.stream.interrupt();
    }
}

void Server::complain(const Session& session, const std::string& reason) {
    const auto now = Clock::now();
    ++refusals_;
    if (complained_ && now - *complained_ < kComplainEvery) return;
    complained_ = now;
    log_.warning("received data that is not a request (" + reason +
                     "); if one of your nodes sends it, set the same transport.plugin on all nodes",
                 {{"from", session.connection->source()}, {"refused", refusals_}});
}

}  // namespace electiond::transport
