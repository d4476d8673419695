// Clients of an HTTP server on one loop.
#include "clients.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace electiond::cluster {
namespace {

using Event = io::Stream::Event;

// A bug of ours, which would spoil the figures.
void fail(const std::exception& error) {
    std::cerr << "a client failed: " << error.what() << std::endl;
    std::abort();
}

// The complete response at the beginning of `text`, and its length; nullopt if more must come.
std::optional<std::pair<Reply, std::size_t>> first_response(std::string_view text) {
    const auto head_end = text.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return std::nullopt;
    const auto head = text.substr(0, head_end + 2);
    const auto length = head.find("\r\nContent-Length: ");
    const auto body =
        length == std::string_view::npos ? 0 : std::strtoul(head.data() + length + 18, nullptr, 10);
    if (text.size() < head_end + 4 + body) return std::nullopt;
    return std::pair{Reply{.status = head.size() > 12 ? std::atoi(head.data() + 9) : 0,
                           .keep_alive = head.find("\r\nConnection: close") == head.npos &&
                                         head.find("\r\nConnection: Close") == head.npos,
                           .body = std::string(text.substr(head_end + 4, body))},
                     head_end + 4 + body};
}

}  // namespace

std::uint64_t Reply::number(const std::string& key) const {
    const auto at = body.find("\"" + key + "\":");
    return at == std::string::npos ? 0
                                   : std::strtoull(body.c_str() + at + key.size() + 3, nullptr, 10);
}

void Outcomes::count(const Reply& reply) {
    switch (reply.failure) {
        case Reply::Failure::none:
            ++by_status[reply.status];
            break;
        case Reply::Failure::reset:
            ++reset;
            break;
        case Reply::Failure::closed:
            ++closed;
            break;
        case Reply::Failure::silent:
            ++silent;
            break;
        case Reply::Failure::ending:
            break;
    }
}

Clients::Clients(std::uint16_t port) : port_(port), loop_(fail) {}

void Clients::end() {
    loop_.stop([this] {
        ending_ = true;
        for (auto& pace : paces_) pace.timer->cancel();
        for (const auto& weak : streams_) {
            if (const auto stream = weak.lock()) stream->cut();
        }
    });
}

void Clients::every(std::chrono::microseconds pace, io::Task task) {
    auto& its = paces_.emplace_back(Pace{.pace = pace, .due = io::Clock::now(), .timer = nullptr});
    its.timer = std::make_unique<io::Timer>(loop_, [this, &its, task = std::move(task)] {
        if (ending_) return;
        task();
        its.due = std::max(its.due + its.pace, io::Clock::now());  // after a delay just once
        its.timer->set(its.due);
    });
    its.timer->set(its.due);
}

io::Async<std::shared_ptr<io::Stream>> Clients::connect(Outcomes& outcomes) {
    if (ending_) co_return nullptr;
    static const auto kLoopback = *io::parse_address("127.0.0.1");
    std::shared_ptr<io::Stream> stream;
    try {
        stream = io::Stream::connect(loop_, kLoopback, port_, kPatience);
    } catch (const std::system_error&) {
        ++outcomes.refused;
        co_return nullptr;
    }
    if (streams_.size() >= streams_max_) {
        std::erase_if(streams_, [](const auto& each) { return each.expired(); });
        streams_max_ = 2 * streams_.size() + 1024;
    }
    streams_.push_back(stream);
    const int failure = co_await stream->connected(io::Clock::now() + kPatience);
    if (failure == 0) co_return stream;
    if (!ending_) ++outcomes.refused;
    stream->cut();
    co_return nullptr;
}

io::Async<Reply> Clients::read(io::Stream& stream, io::Deadline deadline) const {
    using Failure = Reply::Failure;
    for (;;) {
        if (auto response = first_response(stream.received())) {
            stream.consume(response->second);
            co_return std::move(response->first);
        }
        const auto event = co_await stream.receive(deadline);
        if (event == Event::bytes || event == Event::interrupted) continue;
        co_return Reply{.failure = ending_                  ? Failure::ending
                                   : event == Event::ended  ? Failure::closed
                                   : event == Event::broken ? Failure::reset
                                                            : Failure::silent};
    }
}

io::Async<Reply> Clients::read(io::Stream& stream, Outcomes& outcomes) const {
    auto reply = co_await read(stream, io::Clock::now() + kPatience);
    outcomes.count(reply);
    co_return reply;
}

std::string Clients::request(const std::string& what, const std::string& fields) const {
    return what + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + fields + "\r\n";
}

}  // namespace electiond::cluster
