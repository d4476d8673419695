// TLS on the loop: handshakes that succeed, and each certificate that is refused, on both sides.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tls_scene.h"

namespace electiond::io {
namespace {

using namespace std::chrono_literals;
using namespace scene;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

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
