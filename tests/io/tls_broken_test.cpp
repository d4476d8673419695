// TLS on the loop with a peer that speaks plain text, is silent, ends, or sends garbage or floods.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <thread>

#include "support/tls_flood.h"
#include "tls_scene.h"

namespace electiond::io {
namespace {

using namespace std::chrono_literals;
using namespace scene;

TEST_F(TlsTest, PlainTextToTlsIsFoundAndMayBeAnsweredInPlainText) {
    const auto node = context(ca, {.names = kNode});
    both(
        [&]() -> Async<> {
            const auto failure = co_await server->secure(node, TlsSide::server, kNever);
            EXPECT_EQ(show(failure).substr(0, 17), "found plain_text:");
            server->send("use TLS");
            co_await server->finish(1s);
        },
        [&]() -> Async<> {
            client->send("GET / HTTP/1.1\r\n");
            const auto event = co_await client->receive(Clock::now() + kLong);
            EXPECT_EQ(event, Event::bytes);
            EXPECT_EQ(client->received(), "use TLS");
            client->cut();
        });
}

TEST_F(TlsTest, TlsToPlainTextIsFoundOnBothSides) {
    const auto node = context(ca, {.names = kNode});
    both(
        [&]() -> Async<> {
            const auto event = co_await server->receive(Clock::now() + kLong);
            EXPECT_EQ(event, Event::bytes);
            EXPECT_TRUE(begins_tls(server->received()));
            server->send("HTTP/1.1 400 Bad Request\r\n\r\n");
            co_await server->finish(1s);
        },
        [&]() -> Async<> {
            const auto failure = co_await client->secure(node, TlsSide::client, kNever);
            EXPECT_EQ(show(failure).substr(0, 17), "found plain_text:");
            client->cut();
        });
}

// A listener without a free place answers before it has read anything.
TEST_F(TlsTest, PlainTextIsFoundAlsoIfItComesFirst) {
    const auto node = context(ca, {.names = kNode});
    for (const std::string& words :
         {std::string("HTTP/1.1 503 Service Unavailable\r\n\r\n"), std::string(30, '\0')}) {
        run({[&]() -> Async<> {
            server->send(words);
            const auto failure = co_await client->secure(node, TlsSide::client, kNever);
            EXPECT_EQ(show(failure).substr(0, 17), "found plain_text:");
        }});
        renew();
    }
}

TEST_F(TlsTest, AHandshakeThatDoesNotGoOnEndsAtItsDeadline) {
    const auto node = context(ca, {.names = kNode});
    run({[&]() -> Async<> {
        const auto failure = co_await server->secure(node, TlsSide::server, Clock::now() + 30ms);
        EXPECT_EQ(show(failure).substr(0, 16), "found timed_out:");
        client->send("\x16\x03\x01");
        const auto second = co_await server->secure(node, TlsSide::server, Clock::now() + 30ms);
        EXPECT_EQ(show(second).substr(0, 16), "found timed_out:");
    }});
}

TEST_F(TlsTest, AConnectionThatEndsDuringTheHandshakeIsNamed) {
    const auto node = context(ca, {.names = kNode});
    both(
        [&]() -> Async<> {
            const auto failure = co_await server->secure(node, TlsSide::server, kNever);
            EXPECT_EQ(show(failure).substr(0, 13), "found closed:");
            server->cut();
        },
        [&]() -> Async<> {
            client->send("\x16\x03\x01");
            co_await loop.next_turn();
            client->cut();
        });
}

TEST_F(TlsTest, GarbageInsideTlsBreaksTheConnection) {
    const auto node = context(ca, {.names = kNode});
    both(
        [&]() -> Async<> {
            auto failure = co_await server->secure(node, TlsSide::server, kNever);
            EXPECT_FALSE(failure);
            const auto event = co_await server->receive(Clock::now() + kLong);
            EXPECT_EQ(event, Event::broken);
            EXPECT_TRUE(server->tls_failure());
        },
        [&]() -> Async<> {
            const auto failure = co_await client->secure(node, TlsSide::client, kNever);
            EXPECT_FALSE(failure);
            const std::string garbage("\x17\x03\x03\x00\x20" + std::string(32, 'g'));
            EXPECT_GT(::send(client->descriptor(), garbage.data(), garbage.size(), MSG_NOSIGNAL),
                      0);
            const auto event = co_await client->receive(Clock::now() + kLong);
            EXPECT_NE(event, Event::bytes);
            client->cut();
        });
}

// OpenSSL would read them all in one call, as long as they come.
TEST_F(TlsTest, MessagesOfTlsWithoutDataKeepTheLoopFromNothingAndEndTheConnection) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    ASSERT_EQ(::fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    const Descriptor theirs(ends[1]);
    const auto files = ca.issue({.names = kNode});
    std::jthread stranger([&] { flood_with_key_updates(theirs.get(), files, 1'000'000); });
    const auto node = context(ca, {.names = kNode});
    int turns = 0;
    bool secured = false;
    bool over = false;
    both(
        [&]() -> Async<> {
            const auto flooded = Stream::take(loop, Descriptor(ends[0]));
            const auto failure =
                co_await flooded->secure(node, TlsSide::server, Clock::now() + kLong);
            EXPECT_EQ(show(failure), "accepted");
            secured = true;
            const auto event = co_await flooded->receive(Clock::now() + kLong);
            EXPECT_EQ(event, Event::broken);
            EXPECT_EQ(show(flooded->tls_failure()),
                      "found other: it sends TLS messages endlessly, but no data");
            over = true;
        },
        [&]() -> Async<> {
            while (!over) {
                co_await loop.next_turn();
                if (secured && !over) ++turns;
            }
        });
    EXPECT_GE(turns, 3);
}

TEST_F(TlsTest, AHandshakeInManySmallRecordsKeepsTheLoopFromNothing) {
    using namespace std::string_literals;
    std::string records;
    for (const char byte : "\x01\x01\xff\x00\x03\x03"s + std::string(16'000, 'a')) {
        records += "\x16\x03\x01\x00\x01"s + byte;
    }
    ASSERT_EQ(::send(client->descriptor(), records.data(), records.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(records.size()));
    scene::on_loop(loop, [this] { client->cut(); });
    const auto node = context(ca, {.names = kNode});
    int turns = 0;
    bool over = false;
    both(
        [&]() -> Async<> {
            const auto failure =
                co_await server->secure(node, TlsSide::server, Clock::now() + kLong);
            EXPECT_EQ(show(failure).substr(0, 13), "found closed:");
            over = true;
        },
        [&]() -> Async<> {
            while (!over) {
                co_await loop.next_turn();
                ++turns;
            }
        });
    EXPECT_GE(turns, 15) << "at most 4 KiB in each";
}

}  // namespace
}  // namespace electiond::io
