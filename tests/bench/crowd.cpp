// Idle connections, long polls, and clients that send a byte a second.
#include "crowd.h"

#include <string>
#include <string_view>

namespace electiond::cluster {
namespace {

using namespace std::chrono_literals;
using Event = io::Stream::Event;

// 2,000 connections a second at most: it is a crowd, not a flood.
constexpr auto kPace = 20ms;
constexpr int kOpenedAtATime = 40;
constexpr auto kAfterRefusal = 1s;

}  // namespace

void Crowd::start() {
    clients_.every(kPace, [this] { open_some(); });
}

void Crowd::open_some() {
    for (int opened = 0; opened < kOpenedAtATime;) {
        const int before = opened;
        opened += open_one(idle_, plan_.idle, figures_.idle, &Crowd::stay_idle) ? 1 : 0;
        opened += open_one(polls_, plan_.polls, figures_.polls, &Crowd::poll) ? 1 : 0;
        opened += open_one(drippers_, plan_.drippers, figures_.drippers, &Crowd::drip) ? 1 : 0;
        if (opened == before) return;
    }
}

bool Crowd::open_one(Kind& kind, int wanted, Outcomes& outcomes, Life life) {
    if (kind.begun >= wanted) return false;
    ++kind.begun;
    clients_.spawn(live(kind, outcomes, life));
    return true;
}

io::Async<> Crowd::live(Kind& kind, Outcomes& outcomes, Life life) {
    const auto stream = co_await clients_.connect(outcomes);
    if (stream) {
        const Standing standing(kind);
        co_await (this->*life)(stream);
        stream->cut();
    }
    --kind.begun;
}

io::Async<> Crowd::stay_idle(std::shared_ptr<io::Stream> stream) {
    if (++turns_ % 2 == 0) {
        stream->send(clients_.request("GET /livez"));
        const auto reply = co_await clients_.read(*stream, figures_.idle);
        if (!reply || !reply.keep_alive) co_return;
    }
    const auto reply = co_await clients_.read(*stream, io::kNever);
    if (reply)
        figures_.idle.count(reply);
    else if (!clients_.ending())
        ++figures_.idle_closed;
}

io::Async<> Crowd::poll(std::shared_ptr<io::Stream> stream) {
    std::string what = "GET /leader";
    auto wait = 0s;
    std::uint64_t index = 0;
    for (;;) {
        const auto due = io::Clock::now() + wait;  // the server begins to count no sooner
        stream->send(clients_.request(what));
        const auto reply = co_await clients_.read(*stream, due + Clients::kPatience);
        const auto late = io::Clock::now() - due;
        figures_.polls.count(reply);
        if (!reply) co_return;
        const auto now = reply.number("index");  // 0: refused
        const bool early = wait > 0s && now == index && late < 0s;
        if (wait > 0s && now != 0 && late >= 0s) figures_.polls_late.add(late);
        if (now != 0 && early) ++figures_.polls_early;
        if (now == 0 || early) (void)co_await stream->hold(io::Clock::now() + kAfterRefusal);
        if (clients_.ending() || stream->broken() || !reply.keep_alive) co_return;
        if (now == 0) continue;
        index = now;
        wait = plan_.poll_wait;
        what = "GET /leader?index=" + std::to_string(index) +
               "&wait=" + std::to_string(wait.count()) + "s";
    }
}

// Every second one drips a body instead of a head: of a command, which would be refused if it ever
// were complete, since it is no JSON.
io::Async<> Crowd::drip(std::shared_ptr<io::Stream> stream) {
    std::string text = clients_.request("GET /livez", "Accept: */*\r\n");
    if (++turns_ % 2 == 0) {
        stream->send(clients_.request(
            "POST /step-down", "Content-Type: application/json\r\nContent-Length: 1000\r\n"));
        text = std::string(1000, 'x');
    }
    for (const char byte : text) {
        stream->send(std::string_view(&byte, 1));
        const auto event = co_await stream->receive(io::Clock::now() + 1s);
        if (event != Event::late) break;
    }
    (void)co_await clients_.read(*stream, figures_.drippers);
}

}  // namespace electiond::cluster
