// Who is let in, who gives way, and who is refused and how.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ifaddrs.h>
#include <net/if.h>

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "listener_scene.h"
#include "support/test_ca.h"

namespace electiond::io {
namespace {

using namespace scene;

// An address of this machine that is not loopback; empty if it has none.
std::string own_address() {
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return {};
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owned(list, ::freeifaddrs);
    for (const auto* each = list; each != nullptr; each = each->ifa_next) {
        if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET) continue;
        if ((each->ifa_flags & IFF_LOOPBACK) != 0 || (each->ifa_flags & IFF_UP) == 0) continue;
        std::array<char, INET_ADDRSTRLEN> text{};
        const auto* v4 = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
        if (::inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size()) != nullptr) {
            return text.data();
        }
    }
    return {};
}

TEST_F(ListenerTest, StrangersGiveWayFirstThenIdleOnesThenWhoIsReadingNeverWhoIsBusy) {
    begin({.connections = 5});
    const auto idle = client('i');
    const auto reading = client('r');
    const auto busy = client('b');
    const auto streaming = client('S');
    const auto stranger = client('n');

    const auto first = client('b');
    EXPECT_TRUE(stranger.is_closed());
    const auto second = client('b');
    EXPECT_TRUE(idle.is_closed());
    const auto third = client('b');
    EXPECT_TRUE(reading.is_closed());
    const Client refused("127.0.0.1", port);
    EXPECT_EQ(refused.hear_all(), kRefusal);

    for (const auto* each : {&busy, &streaming, &first, &second, &third}) {
        EXPECT_TRUE(each->is_open());
    }
    EXPECT_EQ(counts().accepted, 8U);
    EXPECT_EQ(counts().evicted, 3U);
    EXPECT_EQ(counts().refused_full, 1U);
    EXPECT_TRUE(soon([&] { return ended == 3; })) << "those that gave way come to their end";
    EXPECT_EQ(size(), 5U);
}

TEST_F(ListenerTest, HalfOpenHandshakesGiveWayToEachOtherAndToEverybody) {
    TestCa ca;
    const auto files = ca.issue({.names = {"DNS:1.lab"}});
    const auto context =
        TlsContext::load({.cert = files.cert, .key = files.key, .section = "test"});
    begin({}, {"127.0.0.1", 0}, [&, this](std::shared_ptr<Connection> connection) -> Async<> {
        const auto failure = co_await connection->secure(context);
        if (!failure) ++served;
        const std::string shown = failure ? "no" : "yes";
        connection->stream().send(shown);
        co_await connection->stream().finish(1s);
    });
    std::vector<Client> half_open;
    for (std::size_t n = 0; n < kHandshakesMax + 20; ++n) half_open.emplace_back("127.0.0.1", port);
    ASSERT_TRUE(soon([&] { return counts().evicted == 20; }));
    EXPECT_EQ(size(), kHandshakesMax);
    EXPECT_TRUE(half_open.front().is_closed());
    EXPECT_TRUE(half_open.back().is_open());

    const auto ours = TlsContext::load({.ca = ca.file(), .section = "test"});
    std::promise<std::string> heard;
    loop.post([&] {
        loop.spawn([](Loop& on, std::uint16_t to, std::shared_ptr<const TlsContext> with,
                      std::promise<std::string>& said) -> Async<> {
            const auto peer = Stream::connect(on, boost::asio::ip::make_address("127.0.0.1"), to);
            const int error = co_await peer->connected(kNever);
            EXPECT_EQ(error, 0);
            const auto failure = co_await peer->secure(with, TlsSide::client, kNever);
            EXPECT_FALSE(failure);
            (void)co_await peer->receive(kNever);
            said.set_value(std::string(peer->received()));
            peer->cut();
        }(loop, port, ours, heard));
    });
    EXPECT_EQ(heard.get_future().get(), "yes") << "a peer is served beside them";
}

TEST_F(ListenerTest, AnAddressHasItsShareOfTheHandshakes) {
    const auto host = own_address();
    if (host.empty()) GTEST_SKIP() << "this machine has no address but loopback";
    TestCa ca;
    const auto files = ca.issue({.names = {"DNS:1.lab"}});
    const auto context =
        TlsContext::load({.cert = files.cert, .key = files.key, .section = "test"});
    begin({}, {"0.0.0.0", 0}, [&](std::shared_ptr<Connection> connection) -> Async<> {
        const auto failure = co_await connection->secure(context);
        EXPECT_TRUE(failure);
    });
    const Client elsewhere("127.0.0.1", port);
    std::vector<Client> half_open;
    for (auto n = 0; n < kHandshakesPerAddress + 5; ++n) half_open.emplace_back(host, port);
    ASSERT_TRUE(soon([&] { return counts().evicted == 5; }));
    EXPECT_EQ(size(), kHandshakesPerAddress + 1);
    EXPECT_TRUE(elsewhere.is_open());
    EXPECT_TRUE(half_open.front().is_closed());
}

TEST_F(ListenerTest, OfThoseWithTheSameUseTheLongestGivesWayFirst) {
    begin({.connections = 3});
    const auto a = client('i');
    const auto b = client('i');
    const auto c = client('i');
    become(a, 'b');
    become(a, 'i');  // now the newest

    const auto d = client('b');
    EXPECT_TRUE(b.is_closed());
    EXPECT_TRUE(a.is_open() && c.is_open());
    const auto e = client('b');
    EXPECT_TRUE(c.is_closed());
    EXPECT_TRUE(a.is_open());
}

TEST_F(ListenerTest, AConnectionThatEndsFreesItsPlace) {
    begin({.connections = 1});
    for (int n = 0; n < 5; ++n) {
        { const auto only = client('b'); }
        ASSERT_TRUE(soon([&] { return size() == 0; }));
    }
    EXPECT_EQ(served, 5);
    EXPECT_EQ(counts().refused_full, 0U);
}

TEST_F(ListenerTest, EachOfManyRefusedReadsItThoughItHasSentItsRequestBefore) {
    begin({.connections = 1});
    const auto only = client('b');
    std::deque<Client> refused;
    {
        const Pause pause(loop);
        for (std::size_t n = 0; n < 3 * Listener::kReserve; ++n) {
            refused.emplace_back("127.0.0.1", port).say(std::string(3000, 'q'));
        }
    }
    for (const auto& each : refused) EXPECT_EQ(each.hear_all(), kRefusal);
    EXPECT_EQ(counts().refused_full, refused.size());
    EXPECT_TRUE(only.is_open());
}

TEST_F(ListenerTest, AFewWhoAreRefusedCanSendForAWhile) {
    begin({.connections = 1});
    const auto only = client('b');
    const Client refused("127.0.0.1", port);
    EXPECT_EQ(refused.hear(sizeof kRefusal - 1), kRefusal);
    refused.say("a request that was on its way");
    EXPECT_EQ(refused.hear_all(), "");
}

TEST_F(ListenerTest, ThoseWhoAreRefusedDoNotHoldUpTheEnd) {
    begin({.connections = 1});
    const auto only = client('b');
    const auto before = open_descriptors();
    std::deque<Client> refused;
    for (int n = 0; n < 5; ++n) {
        EXPECT_EQ(refused.emplace_back("127.0.0.1", port).hear(sizeof kRefusal - 1), kRefusal);
    }
    EXPECT_EQ(open_descriptors(), before + 2 * refused.size());
    on_loop(loop, [&] { listener->close(); });
    EXPECT_EQ(open_descriptors(), before + refused.size() - 1) << "its own are closed";
}

TEST_F(ListenerTest, AnAddressHasItsShareAndItsOwnConnectionsGiveWay) {
    const auto own = own_address();
    if (own.empty()) GTEST_SKIP() << "this machine has loopback alone";
    begin({.connections = 10, .connections_per_address = 2}, {"0.0.0.0", 0});
    const auto elsewhere = client('n');
    const auto a = client('i', own);
    const auto b = client('b', own);
    const auto c = client('b', own);
    EXPECT_TRUE(a.is_closed());
    const Client refused(own, port);
    EXPECT_EQ(refused.hear_all(), kRefusal);
    EXPECT_TRUE(b.is_open() && c.is_open() && elsewhere.is_open());
    EXPECT_EQ(counts().refused_address, 1U);
    EXPECT_EQ(counts().evicted, 1U);
    EXPECT_EQ(counts().refused_full, 0U);
}

TEST_F(ListenerTest, WhoHasItsShareCostsNobodyElseItsPlace) {
    const auto own = own_address();
    if (own.empty()) GTEST_SKIP() << "this machine has loopback alone";
    begin({.connections = 3, .connections_per_address = 2}, {"0.0.0.0", 0});
    const auto elsewhere = client('n');
    const auto a = client('b', own);
    const auto b = client('b', own);
    const Client refused(own, port);
    EXPECT_EQ(refused.hear_all(), kRefusal);
    EXPECT_TRUE(elsewhere.is_open());
    EXPECT_EQ(counts().evicted, 0U);
}

TEST_F(ListenerTest, LoopbackHasOnlyTheTotal) {
    begin({.connections = 10, .connections_per_address = 1});
    const auto a = client('i');
    const auto b = client('i');
    EXPECT_TRUE(a.is_open());
    EXPECT_EQ(size(), 2U);
}

TEST(LimitedAs, AnIpv4AddressOrAnIpv6NetworkAndNobodyFromLoopback) {
    const auto text = [](const char* address) {
        const auto limited = limited_as(*parse_address(address));
        return limited ? limited->to_string() : "unlimited";
    };
    EXPECT_EQ(text("127.0.0.1"), "unlimited");
    EXPECT_EQ(text("127.8.8.8"), "unlimited");
    EXPECT_EQ(text("::1"), "unlimited");
    EXPECT_EQ(text("192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(text("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    EXPECT_EQ(text("2001:db8:1:2:ffff::"), "2001:db8:1:2::");
    EXPECT_EQ(text("fe80::1%1"), parse_address("fe80::1%1")->to_string());
    EXPECT_NE(limited_as(*parse_address("fe80::1%1")), limited_as(*parse_address("fe80::2%1")))
        << "neighbours on one link are different hosts";
}

}  // namespace
}  // namespace electiond::io
