// Who is let in, who gives way, who is refused and how, and what happens without descriptors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <io/listener.h>

#include "scene.h"
#include "support/test_ca.h"

namespace electiond::io {
namespace {

using namespace scene;
using Event = Stream::Event;

constexpr char kRefusal[] = "503 later";

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

TEST_F(ListenerTest, WhoWasResetBeforeItWasAcceptedIsNoUnixSocket) {
    std::vector<std::string> sources;
    begin({}, {"127.0.0.1", 0}, [&](auto connection) {
        sources.push_back(connection->source() + (connection->user() ? " with a user" : ""));
        return obey(std::move(connection));
    });
    {
        const Pause pause(loop);
        Client gone("127.0.0.1", port);
        gone.say("b");
        gone.reset();
    }
    const auto other = client('b');
    on_loop(loop, [&] {
        ASSERT_EQ(sources.size(), 1U);
        EXPECT_TRUE(sources.front().starts_with("127.0.0.1:")) << sources.front();
        EXPECT_FALSE(sources.front().ends_with(" with a user"));
    });
}

TEST_F(ListenerTest, AUnixSocketTellsWhoConnected) {
    const Folder folder;
    const UnixSocket at{.path = folder / "api.sock"};
    std::string source;
    std::optional<uid_t> user;
    auto socket = listen_on(at, "test");
    SocketFile file(at.path);
    begin_with(std::move(socket), {.connections = 1}, [&](auto connection) {
        source = connection->source();
        user = connection->user();
        return obey(std::move(connection));
    });
    on_loop(loop, [&] { listener->remove_at_close(std::move(file)); });
    const Client one(at);
    become(one, 'b');
    const Client refused(at);
    EXPECT_EQ(refused.hear_all(), kRefusal);
    on_loop(loop, [&] {
        EXPECT_EQ(source, "unix");
        EXPECT_EQ(user, ::getuid());
        listener->close();
    });
    EXPECT_FALSE(std::filesystem::exists(at.path));
}

TEST_F(ListenerTest, AnExceptionOfWhoServesEndsThatConnectionAlone) {
    begin({});
    const auto other = client('b');
    const auto bad = client('b');
    bad.say("t");
    EXPECT_TRUE(bad.is_closed());
    EXPECT_EQ(size(), 1U);
    EXPECT_EQ(ended, 1);
    become(other, 'i');
    const auto later = client('i');
    on_loop(loop, [&] { EXPECT_THAT(failures, ::testing::ElementsAre("a bug of who serves")); });
}

TEST_F(ListenerTest, GoesOnIfServingCannotEvenBegin) {
    bool fails = true;
    begin({}, {"127.0.0.1", 0}, [&](auto connection) {
        if (std::exchange(fails, false)) throw std::runtime_error("no coroutine");
        return obey(std::move(connection));
    });
    const Client unlucky("127.0.0.1", port);
    EXPECT_TRUE(unlucky.is_closed());
    const auto next = client('b');
    EXPECT_EQ(size(), 1U);
    on_loop(loop, [&] { EXPECT_THAT(failures, ::testing::ElementsAre("no coroutine")); });
}

TEST_F(ListenerTest, AFloodDoesNotKeepTheLoopFromItsTimers) {
    begin({});
    constexpr std::size_t kFlood = 600;
    std::deque<Client> flood;
    std::promise<std::uint64_t> accepted_before;
    Timer timer(loop, [&] { accepted_before.set_value(counts().accepted); });
    {
        const Pause pause(loop);
        for (std::size_t n = 0; n < kFlood; ++n) flood.emplace_back("127.0.0.1", port);
        loop.post([&] { timer.set(Clock::now()); });
    }
    EXPECT_LT(accepted_before.get_future().get(), kFlood / 4);
    EXPECT_TRUE(soon([&] { return counts().accepted == kFlood; }));
}

TEST_F(ListenerTest, CloseFreesTheAddressAtOnceAndLeavesTheConnections) {
    begin({});
    const auto stays = client('b');
    on_loop(loop, [&] { listener->close(); });
    const auto again = listen_on({"127.0.0.1", port}, false, "test");
    EXPECT_TRUE(again.open());
    become(stays, 'i');
}

TEST_F(ListenerTest, StopsAtOnceWithManyConnectionsInAllUses) {
    begin({});
    std::deque<Client> clients;
    for (int n = 0; n < 40; ++n) {
        for (const char use : {'n', 'i', 'r', 'S', 'b'}) clients.push_back(client(use));
    }
    const auto begun = Clock::now();
    stop();
    EXPECT_LT(Clock::now() - begun, 5s);
    EXPECT_EQ(ended, 200);
    for (const auto& each : clients) EXPECT_TRUE(each.is_closed());
}

// While it exists, this process can open no more descriptors than it has. UBSan opens a pipe to see
// whether an object may be read, and takes it for a broken one if it can't.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kMayExhaustDescriptors = false;
#else
constexpr bool kMayExhaustDescriptors = true;
#endif
class NoDescriptors {
  public:
    explicit NoDescriptors(std::size_t but = 0) {
        EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
        auto few = before_;
        few.rlim_cur = std::min<rlim_t>(few.rlim_cur, 1000);
        EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
        for (;;) {
            Descriptor one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
            if (!one.open()) break;
            fill_.push_back(std::move(one));
        }
        EXPECT_EQ(errno, EMFILE);
        fill_.resize(fill_.size() - but);
    }
    ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  private:
    rlimit before_{};
    std::vector<Descriptor> fill_;
};

TEST_F(ListenerTest, WithoutDescriptorsItWaitsInsteadOfSpinningAndThenGoesOn) {
    if (!kMayExhaustDescriptors) GTEST_SKIP() << "UBSan needs descriptors of its own";
    begin({});
    const auto busy = client('b');
    const Client waits(Client::socket_for("127.0.0.1"));
    {
        const NoDescriptors none;
        const auto begun = Clock::now();
        waits.connect("127.0.0.1", port);
        waits.say("b");
        EXPECT_TRUE(soon([&] { return counts().no_descriptor >= 4; }));
        EXPECT_GE(Clock::now() - begun, 300ms) << "three pauses";
        EXPECT_TRUE(busy.is_open());
    }
    EXPECT_EQ(waits.hear(1), "b");
    EXPECT_EQ(counts().evicted, 0U);
}

TEST_F(ListenerTest, TheLastDescriptorsAreForRefusals) {
    if (!kMayExhaustDescriptors) GTEST_SKIP() << "UBSan needs descriptors of its own";
    begin({});
    const auto busy = client('b');
    const Client refused(Client::socket_for("127.0.0.1"));
    {
        const NoDescriptors few(Listener::kReserve - 2);
        refused.connect("127.0.0.1", port);
        EXPECT_EQ(refused.hear_all(), kRefusal);
    }
    EXPECT_EQ(counts().no_descriptor, 1U);
    EXPECT_TRUE(busy.is_open());
    const auto next = client('b');
}

// As if the refusals of other listeners had taken the rest already.
TEST_F(ListenerTest, RefusalsDoNotTakeTheVeryLastDescriptors) {
    begin({});
    const auto busy = client('b');
    constexpr std::size_t kFree = Listener::kReserve / 2 - 1;
    std::deque<Client> refused;
    for (std::size_t n = 0; n < 2 * kFree; ++n) {
        refused.emplace_back(Client::socket_for("127.0.0.1"));
    }
    {
        const NoDescriptors few(kFree);
        for (const auto& each : refused) each.connect("127.0.0.1", port);
        for (const auto& each : refused) EXPECT_EQ(each.hear_all(), kRefusal);
        EXPECT_EQ(counts().no_descriptor, refused.size()) << "accept() had one each time";
    }
    EXPECT_TRUE(busy.is_open());
}

TEST_F(ListenerTest, WithoutDescriptorsAnIdleConnectionGivesWay) {
    if (!kMayExhaustDescriptors) GTEST_SKIP() << "UBSan needs descriptors of its own";
    begin({});
    const auto idle = client('i');
    const Client comes(Client::socket_for("127.0.0.1"));
    const NoDescriptors none;
    comes.connect("127.0.0.1", port);
    comes.say("b");
    EXPECT_EQ(comes.hear(1), "b");
    EXPECT_TRUE(idle.is_closed());
    EXPECT_EQ(counts().evicted, 1U);
}

}  // namespace
}  // namespace electiond::io
