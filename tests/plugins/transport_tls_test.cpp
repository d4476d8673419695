// Which peers a node accepts by TLS, and how both sides learn why not.
#include <gmock/gmock.h>

#include "tls_bench.h"

namespace electiond::bench {
namespace {

using namespace std::string_literals;
using Kind = Response::Kind;
using io::TlsFault;
using std::chrono::hours;
using std::chrono::sys_seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class TransportTls : public ::testing::TestWithParam<const char*> {
  protected:
    // Valid for long, since some ends here use another time.
    static TestCa::Wish wish() {
        return {.names = {"URI:electiond://test/1"}, .from = hours(-100), .until = hours(100)};
    }
    static sys_seconds now() {
        return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    }

    // The end of a peer whose certificate is wrong in one way.
    std::shared_ptr<const io::TlsContext> wrong(TlsFault fault, io::TlsSide side) {
        auto wanted = wish();
        std::optional<sys_seconds> at;
        auto* authority = &ca_;
        if (fault == TlsFault::no_certificate) return context_of({}, ca_.file());
        if (fault == TlsFault::foreign_ca) authority = &foreign_;
        if (fault == TlsFault::expired) {
            wanted.until = hours(-24);
            at = now() - hours(36);
        }
        if (fault == TlsFault::not_yet_valid) {
            wanted.from = hours(24);
            at = now() + hours(36);
        }
        if (fault == TlsFault::wrong_purpose) {
            (side == io::TlsSide::client ? wanted.client : wanted.server) = false;
        }
        const auto issued = authority->issue(wanted);
        wallet_.refuse(
            ca_.revoke({fault == TlsFault::revoked ? issued : ca_.issue(wish())}, hours(100)));
        return context_of(issued, ca_.file(), at);
    }

    // The message of the node that refuses, and that of the side that is refused.
    struct Words {
        TlsFault fault;
        std::string ours, theirs;
    };
    const std::vector<Words> faults_ = {
        {TlsFault::expired, "expired on ", "as expired: renew it"},
        {TlsFault::not_yet_valid, "is valid from ", "compare the clocks"},
        {TlsFault::revoked, "was revoked: ", "as revoked: issue a new one"},
        {TlsFault::foreign_ca, "was signed by CN=foreign CA", "does not trust its authority"},
        {TlsFault::wrong_purpose, "may not be used as a ", "extended key usage"},
        {TlsFault::no_certificate, "it shows no certificate", "it asks for a certificate"},
    };

    const std::string plugin_ = GetParam();
    const std::string plain_ = dialect_of(plugin_);
    TestCa ca_{"our CA"};
    TestCa foreign_{"foreign CA"};
    Wallet wallet_{ca_, wish()};
    Lines lines_;
};

INSTANTIATE_TEST_SUITE_P(Built, TransportTls, ::testing::Values("http_tls", "tcp_tls"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_P(TransportTls, AServerRefusesEachWrongCertificateAndBothSidesSayWhy) {
    for (const auto& [fault, ours, theirs] : faults_) {
        SCOPED_TRACE(to_string(fault));
        const auto context = wrong(fault, io::TlsSide::client);
        Lines lines;
        Node receiver(plugin_, wallet_.files(), lines.log());
        Node peer(plugin_, wallet_.files());

        TlsEnd stranger(receiver.endpoint, context);
        auto refusal = stranger.handshake();
        if (!refusal) {
            stranger.say(bytes_of_hello(plugin_));
            EXPECT_EQ(stranger.hear(), "");
            refusal = stranger.refusal();
        }

        ASSERT_TRUE(refusal);
        EXPECT_EQ(refusal->fault, fault) << refusal->text;
        EXPECT_TRUE(refusal->by_peer);
        EXPECT_THAT(refusal->text, HasSubstr(theirs));
        EXPECT_THAT(lines.warning(to_string(fault)),
                    AllOf(StartsWith("the connection from 127.0.0.1 failed: "), HasSubstr(ours)));
        EXPECT_EQ(receiver.desk.delivered(), 0);
        const auto answer = await(ask(*peer.transport, receiver.endpoint, request("hello")));
        EXPECT_EQ(answer.kind, Kind::ok) << answer.body;
    }
}

TEST_P(TransportTls, AClientRefusesEachWrongCertificateAndBothSidesSayWhy) {
    for (const auto& [fault, ours, theirs] : faults_) {
        if (fault == TlsFault::no_certificate) continue;  // no server is without one
        SCOPED_TRACE(to_string(fault));
        const auto context = wrong(fault, io::TlsSide::server);
        Lines lines;
        Node sender(plugin_, wallet_.files(), lines.log());
        TlsFalsePeer peer;

        auto reply = ask(*sender.transport, peer.endpoint(), request("hello"));
        auto end = peer.accept_tls(context);
        const auto refusal = end.handshake();
        const auto answer = await(std::move(reply));

        ASSERT_TRUE(refusal);
        EXPECT_EQ(refusal->fault, fault) << refusal->text;
        EXPECT_TRUE(refusal->by_peer);
        EXPECT_THAT(refusal->text, HasSubstr(theirs));
        EXPECT_EQ(answer.kind, Kind::unreachable);
        EXPECT_THAT(answer.body, AllOf(StartsWith(peer.endpoint().to_string() + ": its certif"),
                                       HasSubstr(ours)));
        EXPECT_THAT(lines.warning(to_string(fault)),
                    AllOf(StartsWith("the connection to " + peer.endpoint().to_string() +
                                     " failed: its certificate"),
                          HasSubstr(ours)));
    }
}

// In TLS 1.3 a client has ended its handshake when the server refuses its certificate.
TEST_P(TransportTls, ANodeThatIsRefusedSaysWhyInItsReply) {
    Wallet abroad(foreign_, wish());
    abroad.trust({ca_.file(), foreign_.file()});
    const auto lost = ca_.issue(wish());
    Wallet revoked(ca_, wish());
    revoked.put(lost);
    wallet_.refuse(ca_.revoke({lost}));
    for (const auto& [fault, wallet] :
         {std::pair(&faults_[3], &abroad), std::pair(&faults_[2], &revoked)}) {
        Lines lines;
        Lines of_sender;
        Node receiver(plugin_, wallet_.files(), lines.log());
        Node sender(plugin_, wallet->files(), of_sender.log());

        const auto answer = await(ask(*sender.transport, receiver.endpoint, request("hello")));

        EXPECT_EQ(answer.kind, Kind::unreachable);
        EXPECT_TRUE(answer.verified_names.empty());
        EXPECT_THAT(answer.body, AllOf(StartsWith(receiver.endpoint.to_string() +
                                                  ": it refuses our certificate, transport.tls"),
                                       HasSubstr(fault->theirs)));
        EXPECT_THAT(of_sender.warning(to_string(fault->fault)), HasSubstr(fault->theirs));
        EXPECT_THAT(lines.warning(to_string(fault->fault)), HasSubstr(fault->ours));
        EXPECT_EQ(receiver.desk.delivered(), 0);
    }
}

TEST_P(TransportTls, PlainTextToAPortThatSpeaksTlsIsNamedByBothSides) {
    Lines of_receiver;
    Lines of_sender;
    Node receiver(plugin_, wallet_.files(), of_receiver.log());
    Node sender(plain_, wallet_.files(), of_sender.log());

    for (int n = 0; n < 3; ++n) {
        const auto answer = await(ask(*sender.transport, receiver.endpoint, request("hello")));
        EXPECT_EQ(answer.kind, Kind::unreachable);
        EXPECT_THAT(answer.body, AllOf(StartsWith(receiver.endpoint.to_string() + ": "),
                                       HasSubstr("the other side speaks TLS: set transport.tls")));
    }

    EXPECT_THAT(of_sender.warning("plain_text"), HasSubstr("speaks TLS: set transport.tls"));
    EXPECT_THAT(of_receiver.warning("plain_text"),
                AllOf(StartsWith("the connection from 127.0.0.1 failed: "),
                      HasSubstr("it speaks plain text")));
    EXPECT_EQ(receiver.desk.delivered(), 0);
}

TEST_P(TransportTls, TlsToAPortThatSpeaksPlainTextIsNamedByBothSides) {
    Lines of_receiver;
    Lines of_sender;
    Node receiver(plain_, wallet_.files(), of_receiver.log());
    Node sender(plugin_, wallet_.files(), of_sender.log());

    for (int n = 0; n < 3; ++n) {
        const auto answer = await(ask(*sender.transport, receiver.endpoint, request("hello")));
        EXPECT_EQ(answer.kind, Kind::unreachable);
        EXPECT_THAT(answer.body, AllOf(StartsWith(receiver.endpoint.to_string() + ": "),
                                       HasSubstr("it speaks plain text")));
    }

    EXPECT_THAT(of_sender.warning("plain_text"), HasSubstr("it speaks plain text"));
    EXPECT_THAT(of_receiver.warning("plain_text"),
                HasSubstr("it speaks TLS, but transport.tls is not set here"));
    EXPECT_EQ(receiver.desk.delivered(), 0);
}

TEST_P(TransportTls, AStrangerWithPlainTextReadsWhatIsWrong) {
    Node receiver(plugin_, wallet_.files());
    Stranger stranger(receiver.endpoint);

    stranger.say(bytes_of_hello(plugin_));
    const auto heard = stranger.hear_all();

    EXPECT_THAT(heard, HasSubstr(R"({"error":"this port speaks TLS; set transport.tls)"));
    if (plain_ == "http") {
        EXPECT_THAT(heard, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
    }
}

// Any TLS server may answer like this, for example a proxy.
TEST_P(TransportTls, AnAlertInPlainTextIsUnderstood) {
    FalsePeer peer;
    Node sender(plain_);

    auto reply = ask(*sender.transport, peer.endpoint(), request("hello"));
    auto connection = peer.accept();
    connection.say("\x15\x03\x03\0\x02\x02\x46"s);
    connection.end();

    EXPECT_THAT(await(std::move(reply)).body, HasSubstr("speaks TLS: set transport.tls"));
}

// A handshake costs both sides milliseconds, and a leader sends to each peer many times a second.
TEST_P(TransportTls, AFailureThatLastsIsNotTriedAgainForEachRequest) {
    const auto context = wrong(TlsFault::foreign_ca, io::TlsSide::server);
    Node sender(plugin_, wallet_.files());
    TlsFalsePeer peer;
    auto first = ask(*sender.transport, peer.endpoint(), request("hello"));
    auto end = peer.accept_tls(context);
    EXPECT_TRUE(end.handshake());
    const auto reason = await(std::move(first)).body;

    const auto begun = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begun < 500ms) {
        const auto answer = await(ask(*sender.transport, peer.endpoint(), request("hello")));
        EXPECT_EQ(answer.body, reason);
    }
    EXPECT_FALSE(peer.listener.poll(0, Poco::Net::Socket::SELECT_READ));

    auto later = ask(*sender.transport, peer.endpoint(), request("hello"));
    while (!peer.listener.poll(Poco::Timespan(0, 1000), Poco::Net::Socket::SELECT_READ)) {
        if (later.wait_for(0s) != std::future_status::ready) continue;
        later = ask(*sender.transport, peer.endpoint(), request("hello"));
    }
    auto again = peer.accept_tls(context_of(ca_.issue(wish()), ca_.file()));
    EXPECT_FALSE(again.handshake()) << "it is tried again a second later";
}

TEST_P(TransportTls, TheFilesAreReadAtTheStartAndAMissingOneIsNamed) {
    auto files = wallet_.files();
    files.key = "/nonexistent/node.key";
    const auto transport = load(plugin_, {{"listen", "127.0.0.1:0"}}, {}, {}, files);
    Desk desk;

    for (const std::function<void()>& start :
         {std::function<void()>([&] { (void)transport->start(desk); }),
          std::function<void()>([&] { transport->start_sending(); })}) {
        try {
            start();
            ADD_FAILURE() << "it started";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Error::config);
            EXPECT_THAT(error.what(),
                        AllOf(HasSubstr("transport.tls.key"), HasSubstr(files.key.string())));
        }
    }
}

}  // namespace
}  // namespace electiond::bench
