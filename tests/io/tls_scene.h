// Two streams that make a TLS handshake with each other, with certificates of a test's authority.
#pragma once

#include <gtest/gtest.h>

#include <sys/socket.h>

#include <array>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <electiond/error.h>
#include <io/stream.h>

#include "scene.h"
#include "support/test_ca.h"

namespace electiond::io::scene {

using Event = Stream::Event;
using Failure = std::optional<TlsFailure>;
using Wish = TestCa::Wish;

inline const std::vector<std::string> kNode{"URI:electiond://lab/1"};

// Two connected streams on one loop, each in a coroutine of its own.
class TlsTest : public ::testing::Test {
  protected:
    TlsTest() {
        connect();
        loop.start();
    }
    void connect() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()),
                  0);
        server = Stream::take(loop, Descriptor(ends[0]));
        client = Stream::take(loop, Descriptor(ends[1]));
    }
    // Another pair in their place.
    void renew() {
        scene::on_loop(loop, [this] {
            server->cut();
            client->cut();
            connect();
        });
    }
    ~TlsTest() override {
        loop.stop([this] {
            server->cut();
            client->cut();
        });
    }

    using Body = std::function<Async<>()>;

    // Runs all at the same time, from one turn of the loop on, and waits for all.
    void run(const std::vector<Body>& all) {
        std::vector<std::future<void>> running;
        scene::on_loop(loop, [&] {
            for (const auto& each : all) {
                auto over = std::make_shared<std::promise<void>>();
                running.push_back(over->get_future());
                loop.spawn([](Body body, std::shared_ptr<std::promise<void>> done) -> Async<> {
                    co_await body();
                    done->set_value();
                }(each, over));
            }
        });
        for (const auto& each : running) {
            ASSERT_EQ(each.wait_for(kLong), std::future_status::ready);
        }
    }
    void both(Body of_server, Body of_client) { run({std::move(of_server), std::move(of_client)}); }

    static std::shared_ptr<const TlsContext> context(TestCa& ca, const Wish& wish,
                                                     const std::filesystem::path& crl = {}) {
        const auto files = ca.issue(wish);
        return TlsContext::load({.cert = files.cert,
                                 .key = files.key,
                                 .ca = ca.file(),
                                 .crl = crl,
                                 .section = "transport.tls"});
    }

    // Both sides make the handshake; the client then reads, since only that shows whether it was
    // accepted.
    struct Outcome {
        Failure server, client;
    };
    Outcome handshake(const std::shared_ptr<const TlsContext>& theirs,
                      const std::shared_ptr<const TlsContext>& ours, const std::string& host = {}) {
        Outcome outcome;
        both(
            [&]() -> Async<> {
                outcome.server =
                    co_await server->secure(theirs, TlsSide::server, Clock::now() + kLong);
                if (!outcome.server) {
                    server->send("welcome");
                    const auto event = co_await server->receive(Clock::now() + kLong);
                    if (event == Event::broken) outcome.server = server->tls_failure();
                }
                co_await server->finish(1s);
            },
            [&]() -> Async<> {
                outcome.client =
                    co_await client->secure(ours, TlsSide::client, Clock::now() + kLong, host);
                if (!outcome.client) {
                    const auto event = co_await client->receive(Clock::now() + kLong);
                    if (event == Event::broken) outcome.client = client->tls_failure();
                }
                co_await client->finish(1s);
            });
        return outcome;
    }

    Loop loop{[](const std::exception& error) { ADD_FAILURE() << error.what(); }};
    std::shared_ptr<Stream> server;
    std::shared_ptr<Stream> client;
    TestCa ca;
};

inline std::string show(const Failure& failure) {
    if (!failure) return "accepted";
    return std::string(failure->by_peer ? "told " : "found ") +
           std::string(to_string(failure->fault)) + ": " + failure->text;
}

}  // namespace electiond::io::scene
