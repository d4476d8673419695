// The loop: turns for events and deadlines, stops when told, and ends the process when it must.
#include "node/loop.h"

#include <chrono>
#include <future>

#include "node/clock.h"
#include "stage.h"

namespace electiond {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);

// A Node with a thread, on real time.
struct Engine {
    Script script;
    FakeStore store;
    FakeTransport transport{script};
    StatusBoard board;
    GrantBook grants;
    Journal journal{1, 200ms};
    Mailbox mailbox;
    Node node;
    std::promise<std::string> fatal;
    Loop loop;

    explicit Engine(Durable durable)
        : node(plain(), std::move(durable), Random(1), Identity{.incarnation = "i1"},
               Surroundings{.transport = transport,
                            .store = store,
                            .board = board,
                            .grants = grants,
                            .journal = journal,
                            .post = [this](Event event) { mailbox.post(std::move(event)); },
                            .claim = [](const Claim&) {},
                            .log = {}},
               read_boot_clock()),
          loop(node, mailbox,
               [this](const std::exception& error) { fatal.set_value(error.what()); }) {}
};

TEST(Loop, TurnsByItsDeadlinesAlone) {
    Engine engine(member({1}));

    engine.loop.start();

    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!engine.board.read()->leads_at(read_boot_clock())) {
        ASSERT_LT(std::chrono::steady_clock::now(), end) << "a lone voter leads within moments";
        (void)engine.board.await_after(engine.board.read()->index, 100ms);
    }
    EXPECT_EQ(engine.board.read()->term, 1u);
}

TEST(Loop, TurnsForWhatIsPosted) {
    Engine engine(member({2, 3}));
    engine.loop.start();
    std::promise<void> pong;

    ASSERT_TRUE(engine.mailbox.post(Ping{[&] { pong.set_value(); }}));

    EXPECT_EQ(pong.get_future().wait_for(kPatience), std::future_status::ready);
}

// H2: a promise that began before its heartbeat arrived could end before the sender's lease.
TEST(Loop, ReadsTheClockAfterItHasTakenTheMessage) {
    Engine engine(member({1, 2, 3}));
    engine.loop.start();
    std::promise<void> idle;
    ASSERT_TRUE(engine.mailbox.post(Ping{[&] { idle.set_value(); }}));
    ASSERT_EQ(idle.get_future().wait_for(kPatience), std::future_status::ready);
    std::this_thread::yield();
    const Heartbeat body{.seq = 1, .promise = kE, .number = {0, 1}};
    const Request request{
        .name = "heartbeat",
        .body = wire::encode(PeerRequest{.from = Stage::from(2), .term = 4, .body = body}),
        .source = {}};
    std::promise<void> answered;

    const Instant sent = read_boot_clock();
    engine.mailbox.deliver(request, [&](const Answer&) { answered.set_value(); });

    ASSERT_EQ(answered.get_future().wait_for(kPatience), std::future_status::ready);
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!engine.board.read()->followed) {
        ASSERT_LT(std::chrono::steady_clock::now(), end);
        (void)engine.board.await_after(engine.board.read()->index, 100ms);
    }
    EXPECT_GE(engine.board.read()->followed_until, sent + kE);
}

TEST(Loop, StopsWhenToldAndTakesNothingMore) {
    Engine engine(member({1}));
    engine.loop.start();

    engine.loop.stop();
    engine.loop.stop();

    EXPECT_TRUE(engine.mailbox.closed());
    EXPECT_FALSE(engine.mailbox.post(Ping{[] { FAIL(); }}));
}

TEST(Loop, StopsWithoutHavingStarted) {
    Engine engine(member({1}));

    engine.loop.stop();

    EXPECT_TRUE(engine.script.empty());
}

TEST(Loop, WhoCannotRememberIsFatal) {  // D2
    Engine engine(member({1}));
    engine.store.broken = true;

    engine.loop.start();

    auto fatal = engine.fatal.get_future();
    ASSERT_EQ(fatal.wait_for(kPatience), std::future_status::ready);
    EXPECT_EQ(fatal.get(), "the disk is full");
    EXPECT_FALSE(engine.board.read()->leads_at(read_boot_clock()))
        << "nothing of what it could not store is shown";
}

}  // namespace
}  // namespace electiond
