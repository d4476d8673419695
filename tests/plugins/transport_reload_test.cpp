// New certificates for a running transport: no request is lost, and peers that they refuse are cut
// at once.
#include <gmock/gmock.h>

#include "tls_bench.h"

namespace electiond::bench {
namespace {

using Kind = Response::Kind;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::StartsWith;

class TransportReload : public ::testing::TestWithParam<const char*> {
  protected:
    static TestCa::Wish wish(const std::string& id) {
        return {.names = {"URI:electiond://test/" + id}, .subject = id};
    }
    static std::string fault(const std::function<void()>& act) {
        try {
            act();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Error::config);
            return error.what();
        }
        return "no error";
    }
    // Answers with the source of the request, which differs for each connection.
    static void source(const Request& request, const Respond& respond) {
        respond({Kind::ok, request.source});
    }
    static std::string hello(Node& from, const Node& to) {
        const auto answer = await(ask(*from.transport, to.endpoint, request("hello")));
        return (answer.kind == Kind::ok ? "" : "refused: ") + answer.body;
    }

    const std::string plugin_ = GetParam();
    TestCa ca_{"first CA"};
};

INSTANTIATE_TEST_SUITE_P(Built, TransportReload, ::testing::Values("http_tls", "tcp_tls"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_P(TransportReload, ABadFileKeepsTheOldOnesAndIsNamed) {
    Wallet wallet(ca_, wish("1"));
    Wallet of_peer(ca_, wish("2"));
    Node node(plugin_, wallet.files(), {}, source);
    Node peer(plugin_, of_peer.files());
    const auto before = hello(peer, node);

    std::ofstream(wallet.files().cert, std::ios::trunc) << "no certificate\n";
    const auto sentence = fault([&] { node.transport->reload_tls(); });

    EXPECT_THAT(sentence,
                AllOf(HasSubstr("transport.tls.cert"), HasSubstr(wallet.files().cert.string())));
    EXPECT_EQ(hello(peer, node), before) << "the connection that was there stays";
    Node late(plugin_, of_peer.files());
    EXPECT_THAT(hello(late, node), StartsWith("127.0.0.1:"));
}

TEST_P(TransportReload, AnUnchangedCertificateKeepsEveryConnection) {
    Wallet wallet(ca_, wish("1"));
    Wallet of_peer(ca_, wish("2"));
    Node node(plugin_, wallet.files(), {}, source);
    Node peer(plugin_, of_peer.files());
    const auto before = hello(peer, node);

    node.transport->reload_tls();
    peer.transport->reload_tls();

    EXPECT_EQ(hello(peer, node), before);
}

TEST_P(TransportReload, ARevokedPeerIsCutAtOnceAndTheOthersStay) {
    Lines lines;
    Wallet wallet(ca_, wish("1"));
    wallet.refuse(ca_.revoke({}));
    Node node(plugin_, wallet.files(), lines.log(), source);
    std::vector<std::unique_ptr<Wallet>> wallets;
    std::vector<std::unique_ptr<Node>> peers;
    std::vector<std::string> before;
    const auto lost = ca_.issue(wish("2"));
    for (int n = 0; n < 4; ++n) {
        wallets.push_back(std::make_unique<Wallet>(ca_, wish(std::to_string(2 + n))));
        if (n == 0) wallets.back()->put(lost);
        peers.push_back(std::make_unique<Node>(plugin_, wallets.back()->files()));
        before.push_back(hello(*peers.back(), node));
    }
    TlsEnd stolen(node.endpoint, context_of(lost, ca_.file()));
    ASSERT_FALSE(stolen.handshake());
    stolen.say(bytes_of_hello(plugin_));
    ASSERT_NE(stolen.hear(1), "");

    wallet.refuse(ca_.revoke({lost}));
    node.transport->reload_tls();

    EXPECT_EQ(stolen.hear(), "") << "it was idle, and is cut all the same";
    EXPECT_THAT(lines.warning("revoked"),
                AllOf(HasSubstr("CN=2"), HasSubstr(wallet.files().crl.string())));
    for (std::size_t n = 1; n < peers.size(); ++n) {
        EXPECT_EQ(hello(*peers[n], node), before[n]) << "its connection stays";
    }
    EXPECT_THAT(hello(*peers[0], node), HasSubstr("as revoked: issue a new one"));
    EXPECT_EQ(node.desk.delivered(), 4 + 1 + 3);
}

TEST_P(TransportReload, AServerThatIsRevokedIsCutByItsClients) {
    Lines lines;
    Wallet wallet(ca_, wish("1"));
    wallet.refuse(ca_.revoke({}));
    const auto lost = ca_.issue(wish("2"));
    Wallet of_lost(ca_, wish("2"));
    of_lost.put(lost);
    Wallet of_other(ca_, wish("3"));
    Node node(plugin_, wallet.files(), lines.log());
    Drawer drawer;
    Node revoked(plugin_, of_lost.files(), {}, drawer.clerk());
    Node other(plugin_, of_other.files(), {}, source);
    const auto before = hello(node, other);
    auto owed = ask(*node.transport, revoked.endpoint, request("hello"));
    const auto arrived = drawer.take();

    wallet.refuse(ca_.revoke({lost}));
    node.transport->reload_tls();

    const auto answer = await(std::move(owed));
    EXPECT_EQ(answer.kind, Kind::unreachable);
    EXPECT_THAT(answer.body, HasSubstr("was revoked"));
    EXPECT_THAT(lines.warning("revoked"), HasSubstr(revoked.endpoint.to_string()));
    EXPECT_THAT(hello(node, revoked), HasSubstr("was revoked"));
    EXPECT_EQ(hello(node, other), before);
}

// As an operator replaces an authority: both are trusted first, then certificates change, then the
// old one goes.
TEST_P(TransportReload, AllCertificatesMayBeReplacedWhileRequestsGoOn) {
    constexpr int kNodes = 3;
    std::vector<std::unique_ptr<Wallet>> wallets;
    std::vector<std::unique_ptr<Node>> nodes;
    for (int n = 0; n < kNodes; ++n) {
        wallets.push_back(std::make_unique<Wallet>(ca_, wish(std::to_string(n))));
        nodes.push_back(std::make_unique<Node>(plugin_, wallets.back()->files()));
    }
    std::mutex mutex;
    std::vector<std::string> lost;
    std::atomic<int> answered = 0;
    std::vector<std::jthread> senders;
    for (int from = 0; from < kNodes; ++from) {
        senders.emplace_back([&, from](const std::stop_token& stop) {
            const auto to = (from + 1) % kNodes;
            while (!stop.stop_requested()) {
                auto reply = ask(*nodes[from]->transport, nodes[to]->endpoint, request("hello"));
                const auto answer = await(std::move(reply));
                if (answer.kind == Kind::ok) {
                    ++answered;
                    continue;
                }
                const std::lock_guard lock(mutex);
                lost.push_back(answer.body);
            }
        });
    }
    const auto reload_all = [&] {
        for (const auto& node : nodes) {
            node->transport->reload_tls();
            const int so_far = answered;
            EXPECT_TRUE(eventually([&] { return answered > so_far + 2 * kNodes; }));
        }
    };

    std::vector<std::unique_ptr<TestCa>> authorities;
    auto* old = &ca_;
    for (int round = 0; round < 2; ++round) {
        authorities.push_back(std::make_unique<TestCa>("next CA"));
        auto& next = *authorities.back();
        for (const auto& wallet : wallets) wallet->trust({old->file(), next.file()});
        reload_all();
        for (int n = 0; n < kNodes; ++n) wallets[n]->put(next.issue(wish(std::to_string(n))));
        reload_all();
        for (const auto& wallet : wallets) wallet->trust({next.file()});
        reload_all();
        old = &next;
    }
    senders.clear();

    EXPECT_THAT(lost, testing::IsEmpty());
    Wallet outdated(ca_, wish("9"));
    outdated.trust({ca_.file(), old->file()});
    Node late(plugin_, outdated.files());
    EXPECT_THAT(hello(late, *nodes[0]), HasSubstr("does not trust its authority"));
}

TEST_P(TransportReload, EndsWithTheTransport) {
    Wallet wallet(ca_, wish("1"));
    for (int round = 0; round < 5; ++round) {
        Node node(plugin_, wallet.files());
        std::jthread reloads([&] {
            for (int n = 0; n < 6; ++n) node.transport->reload_tls();
        });
        node.transport->stop();
        node.transport->reload_tls();
    }
    const auto sender = load(plugin_, {{"listen", "127.0.0.1:0"}}, {}, {}, wallet.files());
    sender->start_sending();
    sender->reload_tls();
    sender->stop();
    Node plain(dialect_of(plugin_));
    plain.transport->reload_tls();
}

}  // namespace
}  // namespace electiond::bench
