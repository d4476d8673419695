// Requests that are offered at a fixed rate.
#include "offered.h"

#include <algorithm>

namespace electiond::cluster {
namespace {

using namespace std::chrono_literals;

constexpr auto kTurn = std::chrono::microseconds(1000);  // those due are sent so often
constexpr auto kWatch = 50ms;  // connections that are gone are opened again so often

std::chrono::nanoseconds interval(double rate) {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / rate));
}

std::chrono::microseconds turn(std::chrono::nanoseconds each) {
    return std::max(kTurn, std::chrono::duration_cast<std::chrono::microseconds>(each));
}

}  // namespace

KeptRequests::KeptRequests(Clients& clients, const std::string& what, double rate, int connections)
    : clients_(clients),
      request_(clients.request(what)),
      interval_(interval(rate)),
      lines_(static_cast<std::size_t>(connections)) {}

void KeptRequests::start() {
    next_ = io::Clock::now();
    clients_.every(kWatch, [this] { watch(); });
    clients_.every(turn(interval_), [this] { offer(); });
}

void KeptRequests::offer() {
    const auto now = io::Clock::now();
    for (; offering_ && next_ <= now; next_ += interval_) {
        waiting_.push_back(next_);
        ++offered_.due;
        ++outstanding_;
    }
    serve();
}

void KeptRequests::serve() {
    while (!waiting_.empty() && !free_.empty()) {
        auto& line = *free_.front();
        free_.pop_front();
        line.due = waiting_.front();
        line.sent = io::Clock::now();
        waiting_.pop_front();
        line.stream->send(request_);
    }
}

void KeptRequests::watch() {
    const auto too_old = io::Clock::now() - Clients::kPatience;
    for (auto& line : lines_) {
        if (!line.open) {
            line.open = true;
            clients_.spawn(run(line));
        } else if (line.due && line.sent < too_old && line.stream && !line.given_up) {
            line.given_up = true;
            line.stream->cut();
        }
    }
}

io::Async<> KeptRequests::run(Line& line) {
    line.given_up = false;
    line.stream = co_await clients_.connect(offered_.outcomes);
    while (line.stream) {
        free_.push_back(&line);
        serve();
        auto reply = co_await clients_.read(*line.stream, io::kNever);
        if (reply.failure == Reply::Failure::ending) break;  // line.due stays, for figures()
        if (line.given_up) reply.failure = Reply::Failure::silent;
        if (reply && line.due) offered_.latencies.add(io::Clock::now() - *line.due);
        // A server may close a connection on which nothing was asked.
        if (reply || line.due) offered_.outcomes.count(reply);
        if (line.due) {
            line.due.reset();
            --outstanding_;
        } else {
            std::erase(free_, &line);
        }
        if (!reply || !reply.keep_alive) break;
    }
    if (line.stream) line.stream->cut();
    line.stream.reset();
    line.open = false;
}

Offered KeptRequests::figures() const {
    auto all = offered_;
    const auto now = io::Clock::now();
    const auto leave = [&](io::Deadline due) {
        ++all.unserved;
        all.latencies.add(now - due);
    };
    for (const auto due : waiting_) leave(due);
    for (const auto& line : lines_) {
        if (line.due) leave(*line.due);
    }
    return all;
}

FreshRequests::FreshRequests(Clients& clients, const std::string& what, double rate)
    : clients_(clients),
      request_(clients.request(what, "Connection: close\r\n")),
      interval_(interval(rate)) {}

void FreshRequests::start() {
    next_ = io::Clock::now();
    clients_.every(turn(interval_), [this] {
        const auto now = io::Clock::now();
        for (; offering_ && next_ <= now; next_ += interval_) {
            ++offered_.due;
            ++outstanding_;
            clients_.spawn(ask(next_));
        }
    });
}

io::Async<> FreshRequests::ask(io::Deadline due) {
    bool ending = false;
    const auto stream = co_await clients_.connect(offered_.outcomes);
    if (stream) {
        stream->send(request_);
        const auto reply = co_await clients_.read(*stream, offered_.outcomes);
        if (reply) offered_.latencies.add(io::Clock::now() - due);
        ending = reply.failure == Reply::Failure::ending;
        stream->cut();
    } else {
        ending = clients_.ending();
    }
    if (ending) {
        ++offered_.unserved;
        offered_.latencies.add(io::Clock::now() - due);
    }
    --outstanding_;
}

}  // namespace electiond::cluster
