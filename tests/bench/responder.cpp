// A server that does nothing but answer.
#include "responder.h"

#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

#include <io/listener.h>
#include <io/listening.h>

namespace electiond::cluster {
namespace {

using namespace std::chrono_literals;
using Event = io::Stream::Event;

constexpr auto kRequestTime = 5s;
constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"index\":1}";
constexpr std::string_view kTooSlow =
    "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

// The length of the request at the beginning of `text`; 0 if more must come.
std::size_t request_length(std::string_view text) {
    const auto head = text.find("\r\n\r\n");
    if (head == std::string_view::npos) return 0;
    const auto field = text.substr(0, head).find("\r\nContent-Length: ");
    const auto body =
        field == std::string_view::npos ? 0 : std::strtoul(text.data() + field + 18, nullptr, 10);
    return text.size() < head + 4 + body ? 0 : head + 4 + body;
}

std::chrono::seconds wait_of(std::string_view request) {
    const auto line = request.substr(0, request.find("\r\n"));
    const auto at = line.find("wait=");
    return std::chrono::seconds(
        at == std::string_view::npos ? 0 : std::strtol(line.data() + at + 5, nullptr, 10));
}

io::Async<> serve(std::shared_ptr<io::Connection> connection) {
    auto& stream = connection->stream();
    auto deadline = io::kNever;
    for (;;) {
        const auto length = request_length(stream.received());
        if (length == 0) {
            if (!stream.received().empty() && deadline == io::kNever)
                deadline = io::Clock::now() + kRequestTime;
            const auto event = co_await stream.receive(deadline);
            if (event == Event::bytes) continue;
            if (event != Event::late) co_return;
            stream.send(kTooSlow);
            co_await stream.finish(1s);
            co_return;
        }
        deadline = io::kNever;
        const auto wait = wait_of(stream.received());
        const bool last = stream.received().find("\r\nConnection: close\r\n") != std::string::npos;
        stream.consume(length);
        connection->set_use(io::Use::busy);
        if (wait > 0s) {
            const auto event = co_await stream.hold(io::Clock::now() + wait);
            if (event != Event::late) co_return;
        }
        stream.send(kAnswer);
        connection->set_use(io::Use::idle);
        if (last) co_return co_await stream.finish(1s);
    }
}

}  // namespace

void respond_at(std::uint16_t port) {
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop, nullptr);
    io::Loop loop([](const std::exception& error) { std::cerr << error.what() << std::endl; });
    const Limits limits{.connections = 15'000};
    io::Listener listener(loop, io::listen_on(Endpoint{"127.0.0.1", port}, false, "the responder"),
                          limits, serve);
    listener.start();
    loop.start();
    int signal = 0;
    sigwait(&stop, &signal);
    loop.stop([&] {
        listener.close();
        listener.connections().cut_all();
    });
}

}  // namespace electiond::cluster
