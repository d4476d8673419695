// The receiving half: accepts connections, delivers their requests, and sends the answers back.
#include "common/server.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <utility>

namespace electiond::transport {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kSessionsMax = 256;
constexpr std::size_t kUnsentMax = kBodyMax;  // more than that, and nothing more is read
constexpr int kAcceptsPerTurn = 16;           // so that a flood of them cannot starve the rest
constexpr auto kAnswerWithin = 2s;            // of whoever was delivered a request, else busy
constexpr auto kMessageWithin = 5s;           // from its first byte to its last
constexpr auto kTakeWithin = 5s;              // without a byte of an answer being taken
constexpr auto kIdleFor = 90s;                // longer than a client keeps an idle connection
constexpr auto kLingerFor = 2s;               // after a refusal, so that it can be read
constexpr auto kPauseFor = 100ms;
constexpr auto kComplainEvery = 60s;

// Answers at most once, at the latest when its last copy goes.
class Ticket {
  public:
    explicit Ticket(std::function<void(Answer)> post) : post_(std::move(post)) {}
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket() { use({Answer::Kind::busy, R"({"error":"busy"})"}); }

    void use(Answer answer) {
        if (!used_.exchange(true)) post_(std::move(answer));
    }

  private:
    const std::function<void(Answer)> post_;
    std::atomic<bool> used_ = false;
};

}  // namespace

// One accepted connection.
struct Server::Session {
    struct Pending {
        std::uint64_t id;  // as the sender numbered it
        bool keep;
        Instant until;
    };

    Session(Socket socket, std::string from, Instant now)
        : connection(std::move(socket)), source(std::move(from)), accepted(now) {}

    Connection connection;
    const std::string source;
    const Instant accepted;
    Instant served = Instant::min();           // when its last whole request came
    Instant began{};                           // when the message came of which a part is here
    std::size_t needed = 1;                    // bytes before it is worth reading again
    std::map<std::uint64_t, Pending> pending;  // delivered and not answered, oldest first
    bool ended = false;                        // the other side sends no more
    bool finishing = false;                    // we read no more
    std::optional<Instant> lingers_until;      // all is said; what still comes is thrown away

    [[nodiscard]] bool wants_input(std::size_t depth) const {
        if (lingers_until) return !ended;
        return !ended && !finishing && pending.size() < depth && connection.unsent() < kUnsentMax;
    }

    [[nodiscard]] Instant closes_at() const {
        if (lingers_until) return *lingers_until;
        if (connection.unsent() > 0) return connection.stalled_since() + kTakeWithin;
        if (!pending.empty()) return Instant::max();
        if (!connection.received().empty()) return began + kMessageWithin;
        return std::max(accepted, served) + kIdleFor;
    }
};

Server::Server(const Dialect& dialect, Inbox& inbox, std::shared_ptr<TaskQueue> tasks, Log log,
               Socket listener)
    : dialect_(dialect),
      inbox_(inbox),
      tasks_(std::move(tasks)),
      log_(std::move(log)),
      listener_(std::move(listener)) {}

Server::~Server() = default;

void Server::watch(PollList& list) {
    listener_slot_ = paused_until_ ? PollList::kNoSlot : list.add(listener_.fd(), POLLIN);
    for (auto& [id, session] : sessions_) {
        session->connection.watch(list, session->wants_input(dialect_.depth()));
    }
}

Instant Server::deadline() const {
    auto next = paused_until_.value_or(Instant::max());
    for (const auto& [id, session] : sessions_) {
        next = std::min(next, session->closes_at());
        if (session->pending.empty()) continue;
        next = std::min(next, session->pending.begin()->second.until);
    }
    return next;
}

void Server::turn(const PollList& list, Instant now) {
    if (paused_until_ && *paused_until_ <= now) paused_until_.reset();
    if (list.events(listener_slot_) != 0) accept(now);
    std::erase_if(sessions_,
                  [&](auto& entry) { return !serve(entry.first, *entry.second, list, now); });
}

void Server::accept(Instant now) {
    for (int n = 0; n < kAcceptsPerTurn; ++n) {
        Poco::Net::SocketAddress from;
        auto socket = listener_.accept(from);
        if (!socket) {
            if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) return;
            if (make_room()) continue;
            paused_until_ = now + kPauseFor;
            return;
        }
        if (sessions_.size() >= kSessionsMax && !make_room()) continue;
        sessions_.emplace(next_session_++,
                          std::make_unique<Session>(std::move(socket), from.toString(), now));
    }
}

// Closes the connection of least use: one that never brought a whole request, else the one whose
// last request is longest ago. None that waits for an answer.
bool Server::make_room() {
    auto least = sessions_.end();
    for (auto it = sessions_.begin(); it != sessions_.end(); ++it) {
        if (!it->second->pending.empty()) continue;
        if (least == sessions_.end() || it->second->served < least->second->served) least = it;
    }
    if (least == sessions_.end()) return false;
    sessions_.erase(least);
    return true;
}

bool Server::serve(std::uint64_t id, Session& session, const PollList& list, Instant now) {
    auto& connection = session.connection;
    const auto events = connection.events(list);
    if ((events & (POLLERR | POLLHUP)) != 0) return false;
    if ((events & POLLIN) != 0) {
        if (connection.received().empty()) session.began = now;
        switch (connection.receive()) {
            case Connection::Input::open:
                break;
            case Connection::Input::ended:
                session.ended = true;
                break;
            case Connection::Input::broken:
                return false;
        }
    }
    if (session.lingers_until) {
        connection.consume(connection.received().size());
        return !session.ended && now < *session.lingers_until;
    }

    while (!session.pending.empty() && session.pending.begin()->second.until <= now) {
        answer(session, session.pending.begin()->first,
               {Answer::Kind::busy, R"({"error":"no answer in time"})"});
    }
    read_requests(id, session, now);
    if (!connection.flush(now)) return false;

    if (session.finishing && session.pending.empty() && connection.unsent() == 0) {
        if (session.ended) return false;
        connection.socket().end_output();
        session.lingers_until = now + kLingerFor;
    }
    return now < session.closes_at();
}

void Server::read_requests(std::uint64_t id, Session& session, Instant now) {
    auto& connection = session.connection;
    while (!session.finishing) {
        if (session.pending.size() >= dialect_.depth() || connection.unsent() >= kUnsentMax) return;
        if (connection.received().size() < session.needed) break;

        auto found = dialect_.read_request(connection.received());
        if (const auto* refused = std::get_if<Refused>(&found)) {
            complain(session, refused->reason, now);
            connection.send(refused->farewell);
            session.finishing = true;
            return;
        }
        if (const auto* incomplete = std::get_if<Incomplete>(&found)) {
            session.needed = incomplete->bytes;
            connection.send(incomplete->interim);
            break;
        }
        deliver(id, session, std::get<ArrivedRequest>(std::move(found)), now);
    }
    if (!session.ended || session.finishing) return;
    if (!connection.received().empty()) connection.send(dialect_.farewell_when_cut_short());
    session.finishing = true;
}

void Server::deliver(std::uint64_t id, Session& session, ArrivedRequest arrived, Instant now) {
    session.connection.consume(arrived.size);
    session.needed = 1;
    session.served = session.began = now;
    session.finishing = !arrived.keep;
    const auto number = next_ticket_++;
    session.pending.emplace(
        number,
        Session::Pending{.id = arrived.id, .keep = arrived.keep, .until = now + kAnswerWithin});

    const auto lane = lane_of(arrived.name);
    auto ticket = std::make_shared<Ticket>([this, id, number, tasks = tasks_](Answer answer) {
        (void)tasks->post([this, id, number, answer = std::move(answer)]() mutable {
            this->answer(id, number, std::move(answer));
        });
    });
    inbox_.deliver({.name = std::move(arrived.name),
                    .body = std::move(arrived.body),
                    .lane = lane,
                    .source = session.source},
                   [ticket](Answer answer) { ticket->use(std::move(answer)); });
}

void Server::complain(const Session& session, const std::string& reason, Instant now) {
    ++refusals_;
    if (complained_ && now - *complained_ < kComplainEvery) return;
    complained_ = now;
    log_.warning("something sends what is no request (" + reason +
                     "); if it is a node of yours, give all nodes the same transport.plugin",
                 {{"from", session.source}, {"refused", refusals_}});
}

void Server::answer(std::uint64_t id, std::uint64_t ticket, Answer answer) {
    const auto session = sessions_.find(id);
    if (session != sessions_.end()) this->answer(*session->second, ticket, std::move(answer));
}

void Server::answer(Session& session, std::uint64_t ticket, Answer answer) {
    const auto pending = session.pending.find(ticket);
    if (pending == session.pending.end()) return;
    if (answer.kind == Answer::Kind::timed_out || answer.kind == Answer::Kind::unreachable) {
        answer.kind = Answer::Kind::busy;
    }
    if (answer.body.size() > kBodyMax) {
        log_.error("an answer is too long to be sent", {{"bytes", answer.body.size()}});
        answer = {Answer::Kind::busy, R"({"error":"answer too long"})"};
    }
    const auto [bytes, keep] =
        dialect_.encode_answer(pending->second.id, answer, pending->second.keep);
    session.pending.erase(pending);
    session.connection.send(bytes);
    session.finishing = session.finishing || !keep;
}

}  // namespace electiond::transport
