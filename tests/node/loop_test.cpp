// The loop: turns for events and deadlines, stops when told, and ends the process when it must.
#include "node/loop.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>

#include "node/clock.h"
#include "stage.h"

namespace electiond {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);

// A Node with a thread, on real time.
struct Engine {
    Script script;
    FakeStore store{&script};
    FakeTransport transport{script};
    StatusBoard board;
    GrantBook grants;
    Journal journal{1, 200ms};
    Counters counters;
    Mailbox mailbox;
    LoopPulse pulse;
    Node node;
    std::promise<std::string> fatal;
    Loop loop;

    explicit Engine(Durable durable)
        : node(plain(), std::move(durable), Random(1), Identity{.incarnation = "i1"},
               NodeDependencies{.transport = transport,
                                .store = store,
                                .board = board,
                                .grants = grants,
                                .journal = journal,
                                .counters = counters,
                                .post = [this](Event event) { mailbox.post(std::move(event)); },
                                .claim = [](const Claim&) {},
                                .log = {}},
               read_boot_clock()),
          loop(node, mailbox, pulse, counters,
               [this](const std::exception& error) { fatal.set_value(error.what()); }) {}

    // Until the loop has published that, woken by each change.
    void await(const std::function<bool(const Status&)>& wanted) {
        std::mutex mutex;
        std::condition_variable changed;
        const auto listening = board.listen([&] {
            const std::lock_guard lock(mutex);
            changed.notify_all();
        });
        std::unique_lock lock(mutex);
        ASSERT_TRUE(changed.wait_for(lock, kPatience, [&] { return wanted(*board.read()); }));
    }
    // Until the loop has come to what is posted now, and handles it.
    [[nodiscard]] bool turns() {
        std::promise<void> done;
        return mailbox.post(
                   CommandArrived{StepDown{"9"}, [&](const Done&) { done.set_value(); }}) &&
               done.get_future().wait_for(kPatience) == std::future_status::ready;
    }
};

TEST(Loop, TurnsByItsDeadlinesAlone) {
    Engine engine(member({1}));

    engine.loop.start();

    // A lone voter leads within moments.
    engine.await([](const Status& status) { return status.leads_at(read_boot_clock()); });
    EXPECT_EQ(engine.board.read()->term, 1u);
}

TEST(Loop, TurnsForWhatIsPosted) {
    Engine engine(member({2, 3}));
    engine.loop.start();

    EXPECT_TRUE(engine.turns());
}

// H2: a promise that began before its heartbeat arrived could end before the sender's lease.
TEST(Loop, ReadsTheClockAfterItHasTakenTheMessage) {
    Engine engine(member({1, 2, 3}));
    engine.loop.start();
    ASSERT_TRUE(engine.turns());
    std::this_thread::yield();
    const Heartbeat body{.seq = 1, .promise = kE, .number = {0, 1}};
    const Request request{
        .name = "heartbeat",
        .body = wire::encode(PeerRequest{.from = Stage::from(2), .term = 4, .body = body}),
        .source = {}};
    std::promise<void> answered;

    const Instant sent = read_boot_clock();
    engine.mailbox.deliver(request, [&](const Response&) { answered.set_value(); });

    ASSERT_EQ(answered.get_future().wait_for(kPatience), std::future_status::ready);
    engine.await([](const Status& status) { return status.view->followed.has_value(); });
    EXPECT_GE(engine.board.read()->leadership.followed_until, sent + kE);
}

// Delivers a heartbeat of node 2; returns the thread that answered it.
std::thread::id beat(Engine& engine, const Heartbeat& heartbeat) {
    const auto answered = std::make_shared<std::promise<std::thread::id>>();
    engine.mailbox.deliver(
        Request{
            .name = "heartbeat",
            .body = wire::encode(PeerRequest{.from = Stage::from(2), .term = 4, .body = heartbeat}),
            .source = {}},
        [answered](const Response&) { answered->set_value(std::this_thread::get_id()); });
    auto answer = answered->get_future();
    return answer.wait_for(kPatience) == std::future_status::ready ? answer.get()
                                                                   : std::thread::id{};
}

// Until the loop sleeps, and this thread handles a heartbeat. Returns how many there were.
std::uint64_t beat_until_handled_here(Engine& engine) {
    const Instant end = read_boot_clock() + kPatience;
    std::uint64_t seq = 1;
    while (beat(engine, {.seq = seq, .promise = kE, .number = {0, 1}}) !=
           std::this_thread::get_id()) {
        ++seq;
        if (read_boot_clock() >= end) ADD_FAILURE() << "it was never handled here";
        if (read_boot_clock() >= end) break;
    }
    return seq;
}

TEST(Loop, SleepsOnWhileTheThreadThatBringsAHeartbeatHandlesIt) {
    Engine engine(member({1, 2, 3}));
    engine.loop.start();

    const auto beats = beat_until_handled_here(engine);

    EXPECT_GT(beats, 1u) << "the first one of a leader is for the loop";
    ASSERT_TRUE(engine.turns());
    EXPECT_EQ(engine.board.read()->term, 4u);
    EXPECT_GE(engine.counters.events.value(), beats);
}

TEST(Loop, DoesItselfWhatFollowsFromAHeartbeatAndMustBeSaved) {
    Engine engine(member({1, 2, 3}));
    engine.loop.start();
    const auto seq = beat_until_handled_here(engine);
    Heartbeat heartbeat{.seq = seq + 1, .promise = kE, .number = {0, 2}};
    heartbeat.config = electorate({1, 2}, {0, 2});

    const auto by = beat(engine, heartbeat);

    EXPECT_NE(by, std::this_thread::get_id());
    EXPECT_NE(by, std::thread::id{});
    ASSERT_TRUE(engine.store.record);
    EXPECT_EQ(engine.store.record->config.number, (ConfigNumber{0, 2}));
}

TEST(Loop, SavesWhatFollowsFromAHeartbeatBeforeItAnswersTheNext) {  // D1
    for (int round = 0; round < 20; ++round) {
        Engine engine(member({1, 2, 3}));
        engine.loop.start();
        auto seq = beat_until_handled_here(engine);
        std::atomic<int> answers = 0;
        std::promise<ConfigNumber> saved_at_second;
        const auto deliver = [&](ConfigNumber number, Electorate config, Respond respond) {
            Heartbeat heartbeat{.seq = ++seq, .promise = kE, .number = number};
            heartbeat.config = std::move(config);
            engine.mailbox.deliver(
                Request{.name = "heartbeat",
                        .body = wire::encode(
                            PeerRequest{.from = Stage::from(2), .term = 4, .body = heartbeat}),
                        .source = {}},
                std::move(respond));
        };

        deliver({0, 2}, electorate({1, 2}, {0, 2}), [&](const Response&) { ++answers; });
        deliver({0, 3}, electorate({1, 2, 3}, {0, 3}), [&](const Response&) {
            EXPECT_EQ(++answers, 2) << "each is answered, the first one first";
            saved_at_second.set_value(engine.store.record->config.number);
        });

        auto saved = saved_at_second.get_future();
        ASSERT_EQ(saved.wait_for(kPatience), std::future_status::ready);
        EXPECT_EQ(saved.get(), (ConfigNumber{0, 3}));
    }
}

TEST(Loop, WhoCannotRememberAfterAHeartbeatIsFatal) {  // D2
    Engine engine(member({1, 2, 3}));
    engine.loop.start();
    const auto seq = beat_until_handled_here(engine);
    Heartbeat heartbeat{.seq = seq + 1, .promise = kE, .number = {0, 2}};
    heartbeat.config = electorate({1, 2}, {0, 2});
    engine.store.broken = true;

    engine.mailbox.deliver(Request{.name = "heartbeat",
                                   .body = wire::encode(PeerRequest{
                                       .from = Stage::from(2), .term = 4, .body = heartbeat}),
                                   .source = {}},
                           [](const Response&) { ADD_FAILURE() << "it has answered"; });

    auto fatal = engine.fatal.get_future();
    ASSERT_EQ(fatal.wait_for(kPatience), std::future_status::ready);
    EXPECT_EQ(fatal.get(), "the disk is full");
}

TEST(Loop, StopsWhenToldAndTakesNothingMore) {
    Engine engine(member({1}));
    engine.loop.start();

    engine.loop.stop();
    engine.loop.stop();

    EXPECT_TRUE(engine.mailbox.closed());
    EXPECT_FALSE(engine.mailbox.post(HooksFinished{}));
}

TEST(Loop, WritesTheTwinWhenItStops) {
    Engine engine(member({1}));
    engine.loop.start();
    engine.await([](const Status& status) { return status.leads_at(read_boot_clock()); });

    engine.loop.stop();

    ASSERT_FALSE(engine.script.empty());
    EXPECT_EQ(engine.script.back(), "sync_twin");
}

TEST(Loop, StopsWithoutHavingStarted) {
    Engine engine(member({1}));

    engine.loop.stop();

    EXPECT_TRUE(engine.script.empty());
}

// ---- The pulse: what /livez is answered by

TEST(LoopPulse, BeatsUntilTheLoopIsLateByASecond) {
    LoopPulse pulse;
    const Instant now(std::chrono::hours(5));
    EXPECT_FALSE(pulse.beats(now)) << "the loop was not started";

    pulse.works_since(now);
    EXPECT_EQ(pulse.late(now), 0ms);
    EXPECT_TRUE(pulse.beats(now + 999ms));
    EXPECT_FALSE(pulse.beats(now + 1s)) << "busy with one event for a second";

    pulse.sleeps_until(now + 10s);
    EXPECT_TRUE(pulse.beats(now + 9s)) << "it sleeps, as it should";
    EXPECT_TRUE(pulse.beats(now + 10s + 999ms));
    EXPECT_FALSE(pulse.beats(now + 11s)) << "it did not wake";

    pulse.sleeps_until(kNever);
    EXPECT_TRUE(pulse.beats(now + std::chrono::hours(1'000'000)));
    EXPECT_EQ(pulse.late(now), 0ms);
}

// A save that does not return holds the loop up.
TEST(LoopPulse, IsLateWhileOneEventHoldsTheLoopUp) {
    Engine engine(member({1}));
    std::promise<void> release;
    std::promise<void> held;
    engine.loop.start();
    engine.await([](const Status& status) { return status.leads_at(read_boot_clock()); });
    EXPECT_TRUE(engine.pulse.beats(read_boot_clock()));

    const Instant posted = read_boot_clock();
    ASSERT_TRUE(engine.mailbox.post(CommandArrived{StepDown{"9"}, [&](const Done&) {
                                                       held.set_value();
                                                       release.get_future().wait();
                                                   }}));
    held.get_future().wait();

    const Instant later = posted + std::chrono::hours(1);
    EXPECT_FALSE(engine.pulse.beats(later));
    EXPECT_LE(engine.pulse.late(later), later - posted);
    release.set_value();
    EXPECT_TRUE(engine.turns());
    EXPECT_TRUE(engine.pulse.beats(read_boot_clock()));
    engine.loop.stop();
    EXPECT_FALSE(engine.pulse.beats(read_boot_clock())) << "it has ended";
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
