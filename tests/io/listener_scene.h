// A listener whose connections do as their clients say.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <io/listener.h>

#include "scene.h"

namespace electiond::io::scene {

using Event = Stream::Event;

inline constexpr char kRefusal[] = "503 later";

// A listener whose connections do as each byte says: they take the use of that letter and send it
// back, or throw. They end when they are cut or interrupted.
class ListenerTest : public ::testing::Test {
  protected:
    ~ListenerTest() override { stop(); }

    void begin(const Limits& limits, const Endpoint& at = {"127.0.0.1", 0},
               Listener::Serve serve = {}) {
        auto socket = listen_on(at, false, "test");
        port = listens_on(socket).port;
        begin_with(std::move(socket), limits, std::move(serve));
    }
    void begin_with(Descriptor socket, const Limits& limits, Listener::Serve serve = {}) {
        if (!serve) serve = [this](auto connection) { return obey(std::move(connection)); };
        listener.emplace(loop, std::move(socket), limits, std::move(serve), kRefusal);
        listener->start();
        loop.start();
    }
    void stop() {
        loop.stop([this] {
            if (!listener) return;
            listener->close();
            listener->connections().cut_all();
        });
    }

    Async<> obey(std::shared_ptr<Connection> connection) {
        const std::shared_ptr<void> end(nullptr, [this](void*) { ++ended; });
        ++served;
        auto& stream = connection->stream();
        for (;;) {
            const auto event = co_await stream.receive(kNever);
            if (event != Event::bytes) co_return;
            for (const char letter : stream.received()) {
                if (letter == 't') throw std::runtime_error("a bug of who serves");
                const auto at = std::string("-nirSb").find(letter);
                if (at == std::string::npos) continue;
                connection->set_use(static_cast<Use>(at));
                stream.send({&letter, 1});
            }
            stream.consume(stream.received().size());
        }
    }

    // One that is served, and has the use of that letter: stranger (n), idle (i), reading (r),
    // streaming (S), busy (b).
    Client client(char use, const std::string& host = "127.0.0.1") const {
        Client made(host, port);
        become(made, use);
        return made;
    }
    static void become(const Client& who, char use) {
        who.say({&use, 1});
        EXPECT_EQ(who.hear(1), std::string(1, use));
    }
    std::size_t size() {
        std::size_t result = 0;
        on_loop(loop, [&] { result = listener->connections().size(); });
        return result;
    }
    [[nodiscard]] const ConnectionCounts& counts() const { return listener->counts(); }

    std::vector<std::string> failures;  // written on the loop's thread
    Loop loop{[this](const std::exception& error) { failures.emplace_back(error.what()); }};
    std::optional<Listener> listener;
    std::uint16_t port = 0;
    std::atomic<int> served = 0;
    std::atomic<int> ended = 0;
};

}  // namespace electiond::io::scene
