// TLS on the loop: handshakes that succeed, and each way in which one fails, told on both sides.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <electiond/error.h>
#include <io/stream.h>

#include "scene.h"
#include "support/test_ca.h"
#include "support/tls_flood.h"

namespace electiond::io {
namespace {

using namespace std::chrono_literals;
using scene::kLong;
using scene::soon;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Event = Stream::Event;
using Failure = std::optional<TlsFailure>;
using Wish = TestCa::Wish;

const std::vector<std::string> kNode{"URI:electiond://lab/1"};

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

std::string show(const Failure& failure) {
    if (!failure) return "accepted";
    return std::string(failure->by_peer ? "told " : "found ") +
           std::string(to_string(failure->fault)) + ": " + failure->text;
}

TEST_F(TlsTest, BothSidesLearnTheNamesThatTheOtherProves) {
    const auto theirs = context(ca, {.names = {"URI:electiond://lab/1", "DNS:1.lab", "IP:::1"}});
    const auto ours = context(ca, {.names = {"URI:electiond://lab/2"}, .by_intermediate = true});
    const auto outcome = handshake(theirs, ours);
    EXPECT_EQ(show(outcome.server), "accepted");
    EXPECT_EQ(show(outcome.client), "accepted");
    EXPECT_THAT(client->tls()->names(),
                ElementsAre("URI:electiond://lab/1", "DNS:1.lab", "IP:::1"));
    EXPECT_THAT(server->tls()->names(), ElementsAre("URI:electiond://lab/2"));
    EXPECT_EQ(client->tls()->version(), "TLSv1.3");
}

TEST_F(TlsTest, BytesFlowInBothDirectionsAtOnce) {
    const auto node = context(ca, {.names = kNode});
    const std::string much(3'000'000, 'x');
    const auto exchange = [&](std::shared_ptr<Stream> stream, TlsSide side) -> Async<> {
        const auto failure = co_await stream->secure(node, side, Clock::now() + kLong);
        EXPECT_FALSE(failure) << show(failure);
        stream->send(much);
        std::size_t got = 0;
        while (got < much.size()) {
            const auto event = co_await stream->receive(Clock::now() + kLong);
            EXPECT_EQ(event, Event::bytes);
            if (event != Event::bytes) co_return;
            got += stream->received().size();
            stream->consume(stream->received().size());
        }
        const bool drained = co_await stream->drain();
        EXPECT_TRUE(drained);
        EXPECT_EQ(got, much.size());
        co_await stream->finish(1s);
    };
    both([&] { return exchange(server, TlsSide::server); },
         [&] { return exchange(client, TlsSide::client); });
}

TEST_F(TlsTest, TheEndOfTheOtherSideIsAnEnd) {
    const auto node = context(ca, {.names = kNode});
    both(
        [&]() -> Async<> {
            const auto failure = co_await server->secure(node, TlsSide::server, kNever);
            EXPECT_FALSE(failure);
            server->send("last words");
            co_await server->finish(10s);
        },
        [&]() -> Async<> {
            const auto failure = co_await client->secure(node, TlsSide::client, kNever);
            EXPECT_FALSE(failure);
            auto event = co_await client->receive(Clock::now() + kLong);
            EXPECT_EQ(event, Event::bytes);
            EXPECT_EQ(client->received(), "last words");
            event = co_await client->receive(Clock::now() + kLong);
            EXPECT_EQ(event, Event::ended);
            client->cut();
        });
}

TEST_F(TlsTest, ForeignAuthoritiesAreNamedOnBothSides) {
    TestCa foreign("another CA");
    const auto outcome =
        handshake(context(foreign, {.names = kNode}), context(ca, {.names = kNode}));
    EXPECT_THAT(show(outcome.client),
                ::testing::AllOf(HasSubstr("found foreign_ca: its certificate (CN=node, serial "),
                                 HasSubstr("was signed by CN=another CA, which is not in "
                                           "transport.tls.ca ("),
                                 HasSubstr("use certificates of one authority, or add that one")));
    EXPECT_THAT(
        show(outcome.server),
        HasSubstr("told foreign_ca: it refuses our certificate, transport.tls.cert, because "
                  "it does not trust its authority"));
}

TEST_F(TlsTest, AClientOfAForeignAuthorityIsNamedOnBothSides) {
    TestCa foreign("another CA");
    const auto files = foreign.issue({.names = kNode});
    const auto ours = TlsContext::load(
        {.cert = files.cert, .key = files.key, .ca = ca.file(), .section = "transport.tls"});
    const auto outcome = handshake(context(ca, {.names = kNode}), ours);
    EXPECT_THAT(show(outcome.server), HasSubstr("found foreign_ca: its certificate"));
    EXPECT_THAT(show(outcome.client), HasSubstr("told foreign_ca: it refuses our certificate"));
}

TEST_F(TlsTest, WhatAStrangerWritesIntoItsCertificateFillsNoLog) {
    TestCa foreign(std::string(60, 'a'));
    const auto files = foreign.issue({.names = {kNode[0] + std::string(30'000, 'x')},
                                      .subject = std::string(60, 's'),
                                      .serial_bytes = 30'000});
    const auto ours = TlsContext::load(
        {.cert = files.cert, .key = files.key, .ca = ca.file(), .section = "transport.tls"});
    const auto outcome = handshake(context(ca, {.names = kNode}), ours);
    EXPECT_THAT(show(outcome.server), HasSubstr("found foreign_ca: its certificate"));
    EXPECT_LT(show(outcome.server).size(), 600U);
}

TEST_F(TlsTest, AClientWithoutCertificateIsRefused) {
    const auto ours = TlsContext::load({.ca = ca.file(), .section = "--"});
    const auto outcome = handshake(context(ca, {.names = kNode}), ours);
    EXPECT_EQ(show(outcome.server),
              "found no_certificate: it shows no certificate: give it one of the authorities in "
              "transport.tls.ca");
    EXPECT_EQ(show(outcome.client),
              "told no_certificate: it asks for a certificate: set --cert and --key");
}

TEST_F(TlsTest, ARevokedCertificateIsRefused) {
    const auto files = ca.issue({.names = kNode});
    const auto theirs = context(ca, {.names = kNode}, ca.revoke({files}));
    const auto ours = TlsContext::load(
        {.cert = files.cert, .key = files.key, .ca = ca.file(), .section = "transport.tls"});
    const auto outcome = handshake(theirs, ours);
    EXPECT_THAT(show(outcome.server), HasSubstr(" was revoked: issue a new one there, or correct "
                                                "transport.tls.crl ("));
    EXPECT_EQ(
        show(outcome.client),
        "told revoked: it refuses our certificate, transport.tls.cert, as revoked: issue a new "
        "one");
}

TEST_F(TlsTest, ACertificateForServersAloneIsOfNoUseAsAClient) {
    const auto ours = context(ca, {.names = kNode, .client = false});
    const auto outcome = handshake(context(ca, {.names = kNode}), ours);
    EXPECT_THAT(show(outcome.server), HasSubstr("found wrong_purpose: its certificate"));
    EXPECT_THAT(show(outcome.server), HasSubstr("may not be used as a client (clientAuth)"));
    EXPECT_THAT(show(outcome.client), HasSubstr("told wrong_purpose: it refuses our certificate"));
}

// One that judges by another clock.
TEST_F(TlsTest, ACertificateIsValidFromAndUntil) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto ours = context(ca, {.names = kNode, .from = -48h, .until = 48h});
    const auto judging_at = [&](std::chrono::sys_seconds at) {
        const auto files = ca.issue({.names = kNode, .from = -200h, .until = 200h});
        return TlsContext::load({.cert = files.cert,
                                 .key = files.key,
                                 .ca = ca.file(),
                                 .at = at,
                                 .section = "transport.tls"});
    };
    auto outcome = handshake(judging_at(now + 49h), ours);
    EXPECT_THAT(show(outcome.server),
                HasSubstr("found expired: its certificate (CN=node, serial "));
    const auto day_at = [](std::chrono::sys_seconds at) {
        const auto seconds = static_cast<std::time_t>(at.time_since_epoch().count());
        std::array<char, 16> text{};
        std::strftime(text.data(), text.size(), "%Y-%m-%d", std::gmtime(&seconds));
        return std::string(text.data());
    };
    EXPECT_THAT(
        show(outcome.server),
        HasSubstr(": renew it there, or correct this machine's clock, if it is wrong (it is " +
                  day_at(now + 49h) + " here)"));
    EXPECT_EQ(show(outcome.client),
              "told expired: it refuses our certificate, transport.tls.cert, as expired: renew it, "
              "or, if it has not expired, correct the clock there");
    renew();
    outcome = handshake(judging_at(now - 49h), ours);
    EXPECT_THAT(show(outcome.server), HasSubstr("found not_yet_valid: its certificate (CN=node, "));
    EXPECT_THAT(show(outcome.server),
                HasSubstr("only: compare the clocks of both machines (it is " + day_at(now - 49h) +
                          " here)"));
    EXPECT_THAT(show(outcome.client), HasSubstr("told not_yet_valid: it refuses our certificate, "
                                                "transport.tls.cert, as bad; most often it is not "
                                                "yet valid there: compare the clocks"));
}

TEST_F(TlsTest, TheHostThatWasAskedForMustBeNamed) {
    const Wish api{.names = {"DNS:node1.example", "IP:10.0.0.1"}};
    const auto ours = TlsContext::load({.ca = ca.file(), .section = "--"});
    const auto files = ca.issue(api);
    const auto theirs = TlsContext::load(
        {.cert = files.cert, .key = files.key, .tls12 = true, .section = "api.tls"});
    const auto outcome = handshake(theirs, ours, "node2.example");
    EXPECT_THAT(show(outcome.client),
                HasSubstr("names DNS:node1.example, IP:10.0.0.1, not node2.example: ask by a name "
                          "that it has, or issue one with this name"));
    EXPECT_THAT(show(outcome.server), HasSubstr("told wrong_name: "));
}

TEST_F(TlsTest, TheHostMayBeANameOrAnAddress) {
    const auto files = ca.issue({.names = {"DNS:node1.example", "IP:10.0.0.1"}});
    const auto theirs = TlsContext::load(
        {.cert = files.cert, .key = files.key, .tls12 = true, .section = "api.tls"});
    const auto outcome =
        handshake(theirs, TlsContext::load({.ca = ca.file(), .section = "--"}), "10.0.0.1");
    EXPECT_EQ(show(outcome.client), "accepted");
    EXPECT_TRUE(server->tls()->names().empty());
}

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

TEST_F(TlsTest, AFreshContextRefusesWhatItsFilesRefuse) {
    const auto files = ca.issue({.names = kNode});
    const auto ours = TlsContext::load(
        {.cert = files.cert, .key = files.key, .ca = ca.file(), .section = "transport.tls"});
    const auto theirs = context(ca, {.names = kNode});
    const auto outcome = handshake(theirs, ours);
    ASSERT_EQ(show(outcome.server), "accepted");

    EXPECT_EQ(show(context(ca, {.names = kNode})->refuses(*server->tls())), "accepted");
    const auto other = ca.issue({.names = kNode});
    EXPECT_EQ(show(context(ca, {.names = kNode}, ca.revoke({other}))->refuses(*server->tls())),
              "accepted");
    EXPECT_THAT(show(context(ca, {.names = kNode}, ca.revoke({files}))->refuses(*server->tls())),
                HasSubstr("found revoked: "));
    TestCa foreign;
    EXPECT_THAT(show(context(foreign, {.names = kNode})->refuses(*server->tls())),
                HasSubstr("found foreign_ca: "));
    EXPECT_THAT(show(context(foreign, {.names = kNode})->refuses(*client->tls())),
                HasSubstr("found foreign_ca: "));
}

}  // namespace
}  // namespace electiond::io
