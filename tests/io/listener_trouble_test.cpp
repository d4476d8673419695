// A listener among resets, exceptions and floods, when it ends, and without descriptors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <deque>
#include <string>
#include <vector>

#include "listener_scene.h"

namespace electiond::io {
namespace {

using namespace scene;

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
