// GET /events over real sockets: many and slow watchers, their limits, and what ends a stream.
#include <gmock/gmock.h>
#include <io/descriptor_limit.h>

#include <deque>
#include <thread>

#include "control_events_scene.h"

namespace electiond::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// ---- Many, and slow ones

TEST_F(Events, TellAThousandWatchersAndAreWrittenOnce) {
    constexpr std::size_t kWatchers = 1000;
    if (io::raise_descriptor_limit() < 2 * kWatchers + 200)
        GTEST_SKIP() << "too few descriptors here";
    std::deque<Watching> streams;
    for (std::size_t i = 0; i < kWatchers; ++i) {
        EXPECT_EQ(streams.emplace_back(watch()).next().name, "reset");
    }
    EXPECT_EQ(routes->streams(), kWatchers);
    const auto before = server->counts().events.load();

    happens(1);

    for (auto& stream : streams) EXPECT_EQ(stream.next().index(), kFirst);
    EXPECT_EQ(server->counts().events, before + 1);
    EXPECT_EQ(server->counts().watchers_dropped, 0U);
    streams.clear();
    while (routes->streams() > 0) std::this_thread::yield();
}

TEST_F(Events, DropWhoDoesNotReadAndGoOnForTheOthers) {
    auto slow = connect();
    slow.send(request("GET /events"));
    auto reads = watch();
    reads.next();
    const Report report{.reason = Reason::claim_conflict, .detail = std::string(4096, 'x')};

    int changes = 0;
    while (server->counts().watchers_dropped == 0 && changes < 4000) {
        happens(Change(report));
        ++changes;
        ASSERT_EQ(reads.next().index(), journal.index());
    }

    EXPECT_EQ(server->counts().watchers_dropped, 1U);
    EXPECT_LT(changes, 1000) << "64 KiB and what the kernel holds of both sides";
    while (routes->streams() > 1) std::this_thread::yield();
    const auto got = slow.all();
    EXPECT_THAT(got, HasSubstr("event: reset"));
    EXPECT_LT(got.size(), static_cast<std::size_t>(changes) * 4096) << "it was cut";
    happens(1);
    EXPECT_EQ(reads.next().index(), journal.index());
}

// The beginning of a stream may be larger than the later limit of unsent bytes.
TEST_F(Events, LetAWatcherReadWhatItMissed) {
    happens(1);
    const Report report{.reason = Reason::claim_conflict, .detail = std::string(1000, 'x')};
    for (int i = 0; i < 1000; ++i) happens(Change(report));
    auto late = connect();
    late.send(request("GET /events", "Last-Event-ID: " + std::to_string(kFirst) + "\r\n"));
    while (routes->streams() == 0) std::this_thread::yield();
    happens(5);
    settle();
    settle();
    late.until(kRetry);
    for (Index index = kFirst + 1; index <= journal.index(); ++index) {
        ASSERT_THAT(late.until("\n\n"), HasSubstr("id: " + std::to_string(index) + "\n"));
    }
    EXPECT_EQ(server->counts().watchers_dropped, 0U);
}

TEST_F(Events, BreakTheirSilenceWithAComment) {
    silence = 50ms;
    start({Endpoint{"127.0.0.1", 0}});
    auto stream = watch();
    stream.next();
    const auto begun = read_boot_clock();
    EXPECT_EQ(stream.text(), ":\n\n");
    EXPECT_EQ(stream.text(), ":\n\n");
    EXPECT_GE(read_boot_clock() - begun, 50ms);
    happens(1);
    EXPECT_EQ(stream.next().index(), kFirst);
    EXPECT_EQ(stream.text(), ":\n\n");
}

// ---- Limits and ends

TEST_F(Events, GiveHeadTheHeadAlone) {
    const auto head = told(request("HEAD /events"));
    auto expected = watch().head;
    const auto without_date = [](std::string text) {
        const auto at = text.find("Date: ");
        return text.erase(at, text.find("\r\n", at) - at);
    };
    EXPECT_EQ(without_date(head), without_date(expected));
    EXPECT_THAT(connect().send(request("OPTIONS /events")).answer(),
                AllOf(StartsWith("HTTP/1.1 204"), HasSubstr("\r\nAllow: GET, HEAD, OPTIONS\r\n")));
    EXPECT_THAT(told(request("POST /events", "Content-Length: 0\r\nConnection: close\r\n")),
                AllOf(StartsWith("HTTP/1.1 405"), HasSubstr("\r\nAllow: GET, HEAD, OPTIONS\r\n")));
    EXPECT_THAT(told(request("GET /", "Connection: close\r\n")), HasSubstr("\"GET /events\""));
    EXPECT_THAT(
        told(request("GET /events", "Origin: http://evil.example\r\nConnection: close\r\n")),
        StartsWith("HTTP/1.1 403"));
}

TEST_F(Events, ShareTheirPlacesWithLongPolls) {
    restart([](auto& limits) { limits.streams = 2; });
    auto poll = connect();
    poll.send(request("GET /leader?wait=60s"));
    while (routes->streams() < 1) std::this_thread::yield();
    {
        auto stream = watch();
        EXPECT_EQ(stream.next().name, "reset");

        auto third = connect();
        for (const char* method : {"GET", "HEAD"}) {
            const auto refused =
                third.send(request(std::string(method) + " /events")).answer(*method == 'G');
            EXPECT_THAT(refused,
                        AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("\r\nRetry-After: 1\r\n")));
        }
        EXPECT_EQ(routes->streams_refused(), 2U);
        EXPECT_THAT(third.send(request("GET /leader?wait=60s")).answer(),
                    StartsWith("HTTP/1.1 503"));  // at once
    }
    // The stream is closed, and its place free again.
    while (routes->streams() > 1) std::this_thread::yield();
    EXPECT_EQ(watch().next().name, "reset");
    EXPECT_FALSE(poll.is_answered());
}

TEST_F(Events, NoticeAClientThatHungUp) {
    for (int i = 0; i < 8; ++i) watch();
    while (routes->streams() > 0) std::this_thread::yield();
    happens(1);
    settle();
}

TEST_F(Events, EndForAClientThatTalksWithoutEnd) {
    auto stream = watch();
    stream.next();
    for (int i = 0; i < 40; ++i) stream.client().send(std::string(1024, 'x'));
    EXPECT_EQ(stream.text(), "");
    while (routes->streams() > 0) std::this_thread::yield();
}

TEST_F(Events, EndWhenTheServerStops) {
    std::deque<Watching> streams;
    for (int i = 0; i < 20; ++i) EXPECT_EQ(streams.emplace_back(watch()).next().name, "reset");
    happens(1);

    const auto begun = std::chrono::steady_clock::now();
    server->stop();

    EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s) << "250 ms are its limit";
    for (auto& stream : streams) {
        const auto rest = stream.client().all();
        EXPECT_TRUE(rest.empty() || rest.ends_with("\n\n")) << rest;
    }
}

TEST_F(Events, MakeA500OfABug) {
    auto all = dependencies();
    all.discoveries = []() -> std::vector<ScoutReport> { throw std::runtime_error("broken"); };
    ControlRoutes broken(all);
    server = std::make_unique<ControlServer>(std::vector<ListenAddress>{Endpoint{"127.0.0.1", 0}},
                                             ApiLimits(), Log{});
    server->start(broken);
    auto client = connect();
    EXPECT_THAT(client.send(request("GET /events")).answer(), StartsWith("HTTP/1.1 500"));
    EXPECT_THAT(client.send(request("GET /leader")).answer(), StartsWith("HTTP/1.1 503"));
    EXPECT_EQ(broken.streams(), 0U);
    server.reset();
}

// If the thread was paused for longer than the journal reaches back, all streams get a reset.
TEST_F(Events, BeginAnewWhereTheServerItselfMissedSomething) {
    auto stream = watch();
    stream.next();
    for (int i = 0; i < static_cast<int>(Journal::kKept) + 10; ++i) {
        journal.note(read_boot_clock(), noted(i));
    }
    show(blank());
    const auto reset = stream.next();
    EXPECT_EQ(reset.name, "reset");
    EXPECT_EQ(reset.object()->getValue<std::string>("why"), "gap");
    EXPECT_EQ(reset.index(), journal.index());
    happens(1);
    EXPECT_EQ(stream.next().index(), journal.index());
}

}  // namespace
}  // namespace electiond::testing
