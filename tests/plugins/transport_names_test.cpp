// Every transport plugin handles names with several addresses, and names that change, hang or are
// wrong.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "../names/name_service.h"
#include "transport_bench.h"

namespace electiond::bench {
namespace {

using Kind = Response::Kind;
using std::chrono::steady_clock;

constexpr auto kSoon = 10s;  // well below the 30 s for which a good answer is taken for fresh

// One for this process: look-ups that hang outlive the test that caused them.
names::NameService& service() {
    static struct Home {
        static std::filesystem::path make() {
            auto path = std::filesystem::temp_directory_path() /
                        ("electiond-names-" + std::to_string(::getpid()));
            std::filesystem::create_directories(path);
            ::setenv(names::kVariable, (path / "names").c_str(), 1);
            return path;
        }
        ~Home() { std::filesystem::remove_all(folder); }

        const std::filesystem::path folder = make();
        names::NameService service{folder / "names"};
    } home;
    return home.service;
}

// Accepts no connection: an attempt is neither accepted nor refused.
class BlackHole {
  public:
    explicit BlackHole(const std::string& host, std::uint16_t port = 0) {
        listener_.bind(Poco::Net::SocketAddress(host, port), true, false);
        listener_.listen(0);
        endpoint_ = {host, listener_.address().port()};
        bool full = false;
        while (!full) {  // its queue
            Poco::Net::StreamSocket caller;
            caller.connectNB({host, endpoint_.port});
            full = !caller.poll(Poco::Timespan(0, 200'000), Poco::Net::Socket::SELECT_WRITE);
            callers_.push_back(caller);
        }
    }
    [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

  private:
    Poco::Net::ServerSocket listener_;
    Endpoint endpoint_;
    std::vector<Poco::Net::StreamSocket> callers_;
};

class TransportNames : public ::testing::TestWithParam<const char*> {
  protected:
    TransportNames() { (void)service(); }

    // The n-th address of this process alone.
    static std::string address(int n) {
        return "127." + std::to_string(100 + n) + "." + std::to_string(::getpid() / 250 % 250) +
               "." + std::to_string(1 + ::getpid() % 250);
    }
    [[nodiscard]] std::string name(const std::string& what) const {
        return what + "-" + plugin_ + ".test";
    }
    [[nodiscard]] std::unique_ptr<Node> node_at(int n, std::uint16_t port) const {
        const auto clerk = [n](const Request&, const Respond& respond) {
            respond({Kind::ok, std::to_string(n)});
        };
        return std::make_unique<Node>(plugin_, clerk, Endpoint{address(n), port}.to_string());
    }
    // The number of the node that answers under this name; 0 if none does.
    int who_answers(const Endpoint& to, std::chrono::milliseconds timeout = 200ms) {
        const auto answer = await(ask(*sender_.transport, to, request("heartbeat"), timeout));
        return answer.kind == Kind::ok ? std::stoi(answer.body) : 0;
    }
    bool soon(const std::function<bool()>& condition) {
        const auto end = steady_clock::now() + kSoon;
        while (!condition()) {
            if (steady_clock::now() > end) return false;
            std::this_thread::sleep_for(10ms);
        }
        return true;
    }

    const std::string plugin_ = GetParam();
    Node sender_{plugin_};
};

INSTANTIATE_TEST_SUITE_P(Built, TransportNames, ::testing::Values("http", "tcp", "tcp_tls"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_P(TransportNames, FollowsAPeerThatMovesAndRefusesWhereItWas) {
    auto peer = node_at(1, 0);
    const Endpoint named{name("moves"), peer->endpoint.port};
    service().set(named.host, {address(1)});
    ASSERT_EQ(who_answers(named, kLong), 1);

    for (int n = 2; n <= 5; ++n) {
        peer.reset();
        peer = node_at(n, named.port);
        service().set(named.host, {address(n)});

        EXPECT_TRUE(soon([&] { return who_answers(named) == n; })) << n;
    }
}

TEST_P(TransportNames, FollowsAPeerThatMovesAndWhoseOldAddressIsSilent) {
    const BlackHole old(address(1));
    const Endpoint named{name("blackhole"), old.endpoint().port};
    service().set(named.host, {address(1)});
    ASSERT_EQ(who_answers(named), 0);

    const auto peer = node_at(2, named.port);
    service().set(named.host, {address(2)});

    EXPECT_TRUE(soon([&] { return who_answers(named) == 2; }));
}

TEST_P(TransportNames, LeavesAKeptConnectionThatCarriesNoAnswerMore) {
    std::atomic<bool> silent = false;
    Drawer drawer;
    const auto clerk = [&, keep = drawer.clerk()](const Request& what, const Respond& respond) {
        if (silent) return keep(what, respond);
        respond({Kind::ok, "1"});
    };
    Node old(plugin_, clerk, address(1) + ":0");
    const Endpoint named{name("falls-silent"), old.endpoint.port};
    service().set(named.host, {address(1)});
    ASSERT_EQ(who_answers(named, kLong), 1);

    silent = true;
    const auto peer = node_at(2, named.port);
    service().set(named.host, {address(2)});

    EXPECT_TRUE(soon([&] { return who_answers(named) == 2; }));
}

TEST_P(TransportNames, LeavesAnotherNodeThatAnswersUnderTheNameWhenToldSo) {
    const auto wrong = node_at(1, 0);
    const Endpoint named{name("astray"), wrong->endpoint.port};
    service().set(named.host, {address(1)});
    ASSERT_EQ(who_answers(named, kLong), 1);
    const auto right = node_at(2, named.port);
    service().set(named.host, {address(2)});
    ASSERT_EQ(who_answers(named, kLong), 1) << "it answers, and nobody has complained";

    sender_.transport->refresh(named);

    EXPECT_TRUE(soon([&] { return who_answers(named) == 2; }));
}

TEST_P(TransportNames, TriesTheOtherAddressWhenToldThatAnotherNodeAnswersAtTheFirst) {
    const auto wrong = node_at(1, 0);
    const auto right = node_at(2, wrong->endpoint.port);
    const Endpoint named{name("two-nodes"), wrong->endpoint.port};
    service().set(named.host, {address(1), address(2)});
    ASSERT_EQ(who_answers(named, kLong), 1);

    sender_.transport->refresh(named);

    EXPECT_TRUE(soon([&] { return who_answers(named) == 2; }));
    EXPECT_EQ(who_answers(named, kLong), 2) << "and it is kept";
}

TEST_P(TransportNames, TriesEachAddressWithinTheTimeOfOneRequest) {
    const BlackHole silent(address(1));
    const auto port = silent.endpoint().port;
    const auto peer = node_at(3, port);  // at address 2 nobody listens
    const std::vector<std::vector<std::string>> orders = {
        {address(2), address(3)},
        {address(1), address(3)},
        {"2001:db8::1", address(3)},  // no way there, or a silent one
        {"2001:db8::1", address(2), address(1), address(3)},
    };

    for (std::size_t n = 0; n < orders.size(); ++n) {
        const Endpoint named{name("several-" + std::to_string(n)), port};
        service().set(named.host, orders[n]);

        EXPECT_EQ(who_answers(named, 2s), 3) << n;
        const auto before = steady_clock::now();
        EXPECT_EQ(who_answers(named, 2s), 3) << n;
        EXPECT_LT(steady_clock::now() - before, 500ms) << "the one that worked is kept";
    }
}

TEST_P(TransportNames, ReportsAtOnceWhenAllAddressesRefuse) {
    const auto elsewhere = node_at(3, 0);
    const Endpoint named{name("all-refuse"), elsewhere->endpoint.port};
    service().set(named.host, {address(1), address(2)});

    const auto answer = await(ask(*sender_.transport, named, request("hello"), kLong));

    EXPECT_EQ(answer.kind, Kind::unreachable);
    EXPECT_NE(answer.body.find(named.to_string()), std::string::npos) << answer.body;
}

TEST_P(TransportNames, ReachesANameThatIsMadeLater) {
    const auto peer = node_at(1, 0);
    const Endpoint named{name("later"), peer->endpoint.port};
    service().set(named.host, {});
    EXPECT_EQ(await(ask(*sender_.transport, named, request("hello"))).kind, Kind::unreachable);

    service().set(named.host, {address(1)});

    EXPECT_TRUE(soon([&] { return who_answers(named) == 1; }));
}

TEST_P(TransportNames, KeepsTheKnownAddressWhileTheNameIsGone) {
    auto peer = node_at(1, 0);
    const Endpoint named{name("vanishes"), peer->endpoint.port};
    service().set(named.host, {address(1)});
    ASSERT_EQ(who_answers(named, kLong), 1);
    service().set(named.host, {});
    peer.reset();
    ASSERT_TRUE(soon([&] { return who_answers(named) == 0 && service().asked(named.host) >= 2; }));

    peer = node_at(1, named.port);

    EXPECT_TRUE(soon([&] { return who_answers(named) == 1; }));
}

TEST_P(TransportNames, ResolvesADeadNameAtMostOnceASecond) {
    const auto elsewhere = node_at(2, 0);
    const Endpoint named{name("dead"), elsewhere->endpoint.port};
    service().set(named.host, {address(1)});

    const auto begun = steady_clock::now();
    while (steady_clock::now() - begun < 2500ms) {
        EXPECT_EQ(who_answers(named), 0);
        sender_.transport->refresh(named);
    }

    EXPECT_GE(service().asked(named.host), 2);
    EXPECT_LE(service().asked(named.host), 1 + (steady_clock::now() - begun) / 1s);
}

// An address counts as connected when the TLS handshake is done: until then the next one is tried
// in parallel.
TEST_P(TransportNames, TriesTheNextAddressIfTheFirstMakesNoHandshake) {
    const auto spoken = dialect_of(plugin_) + "_tls";
    FalsePeer silent(address(1));
    Node peer(spoken, Endpoint{address(2), silent.endpoint().port}.to_string());
    const Endpoint named{name("silent"), peer.endpoint.port};
    service().set(named.host, {address(1), address(2)});
    Node sender(spoken);

    const auto answer = await(ask(*sender.transport, named, request("hello"), 2s));

    EXPECT_EQ(answer.kind, Kind::ok) << answer.body;
    auto first = silent.accept();
    EXPECT_THAT(first.hear(1), testing::StartsWith("\x16"));
}

TEST_P(TransportNames, ALookUpThatHangsDelaysNeitherOtherNamesNorTheEnd) {
    const auto peer = node_at(1, 0);
    const Endpoint hangs{name("hangs"), peer->endpoint.port};
    const Endpoint named{name("beside"), peer->endpoint.port};
    service().hang(hangs.host);
    service().set(named.host, {address(1)});
    Node sender(plugin_);

    const auto silent = await(ask(*sender.transport, hangs, request("hello"), 50ms));
    EXPECT_EQ(silent.kind, Kind::timed_out);
    EXPECT_NE(silent.body.find("still being looked up"), std::string::npos) << silent.body;
    auto owed = ask(*sender.transport, hangs, request("hello"), kLong);
    EXPECT_EQ(await(ask(*sender.transport, named, request("hello"))).kind, Kind::ok);
    const auto before = steady_clock::now();
    sender.transport->stop();

    EXPECT_LT(steady_clock::now() - before, 5s);
    EXPECT_EQ(await(std::move(owed)).kind, Kind::unreachable);
}

TEST_P(TransportNames, AHangingLookUpThatReturnsServesWhoWaits) {
    const auto peer = node_at(1, 0);
    const Endpoint named{name("wakes"), peer->endpoint.port};
    service().hang(named.host);
    auto waits = ask(*sender_.transport, named, request("hello"));
    ASSERT_TRUE(soon([&] { return service().asked(named.host) == 1; }));

    service().set(named.host, {address(1)});

    EXPECT_EQ(await(std::move(waits)).kind, Kind::ok);
}

}  // namespace
}  // namespace electiond::bench
