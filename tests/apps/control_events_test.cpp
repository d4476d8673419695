// GET /events over real sockets: what a stream begins with, what follows, and what ends it.
#include <gmock/gmock.h>
#include <io/descriptor_limit.h>

#include <atomic>
#include <deque>
#include <thread>

#include "control_scene.h"

namespace electiond::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr Index kFirst = (1ULL << 32) + 1;  // the journal's first entry
constexpr char kRetry[] = "retry: 1000\n\n";

struct StreamEvent {
    std::string name;
    std::string id;  // empty: it has none
    std::string data;

    [[nodiscard]] Index index() const { return id.empty() ? 0 : std::stoull(id); }
    [[nodiscard]] Poco::JSON::Object::Ptr object() const { return json(data); }
};

// One client of the stream.
class Watching {
  public:
    Watching(Client client, const std::string& fields, const std::string& query)
        : client_(std::move(client)) {
        client_.send(request("GET /events" + query, fields));
        head = client_.until("\r\n\r\n");
        retry = client_.until("\n\n");
    }

    // The next event or comment; empty at the end of the stream.
    std::string text() { return client_.until("\n\n"); }
    // Skips comments. The name is empty at the end.
    StreamEvent next() {
        for (;;) {
            const auto block = text();
            if (block == ":\n\n") continue;
            return {line(block, "event: "), line(block, "id: "), line(block, "data: ")};
        }
    }
    [[nodiscard]] bool is_told(Milliseconds within = 0ms) { return client_.is_answered(within); }
    Client& client() { return client_; }

    std::string head, retry;

  private:
    static std::string line(const std::string& block, const std::string& begin) {
        const auto at = block.find(begin);
        if (at == std::string::npos) return "";
        return block.substr(at + begin.size(), block.find('\n', at) - at - begin.size());
    }

    Client client_;
};

class Events : public Server {
  protected:
    void SetUp() override {
        now = read_boot_clock();
        show(blank());
        Server::SetUp();
    }

    // The board shows this, and the newest entry of the journal.
    void show(Shown status) {
        status.index = journal.index();
        board.publish(status, read_boot_clock());
    }
    void happens(const Change& change, Shown status) {
        journal.note(read_boot_clock(), change);
        show(std::move(status));
    }
    void happens(const Change& change) { happens(change, blank()); }
    [[nodiscard]] Shown leading_for(Duration length) const {
        auto status = leading();
        status.leadership.lease_until = read_boot_clock() + length;
        return status;
    }
    void happens(int times) {
        for (int i = 0; i < times; ++i) happens(Change(noted(i)));
    }
    static PeerNoted noted(int n) {
        const auto id = std::to_string(n);
        return {.id = NodeId(id), .uuid = NodeUuid("uuid-" + id), .term = 7};
    }

    Watching watch(const std::string& fields = "", const std::string& query = "") {
        return {connect(), fields, query};
    }
    Watching resume(Index after) {
        return watch("Last-Event-ID: " + std::to_string(after) + "\r\n");
    }
    // Why the first event of a stream with this id is a reset; empty if it is none.
    std::string why(const std::string& id) {
        const auto first = watch("Last-Event-ID: " + id + "\r\n").next();
        return first.name == "reset" ? first.object()->getValue<std::string>("why") : "";
    }
};

// ---- Beginnings

TEST_F(Events, BeginWithTheWholeState) {
    auto stream = watch();

    EXPECT_THAT(stream.head, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(stream.head, HasSubstr("\r\nContent-Type: text/event-stream\r\n"));
    EXPECT_THAT(stream.head, HasSubstr("\r\nCache-Control: no-store\r\n"));
    EXPECT_THAT(stream.head, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_THAT(stream.head, Not(HasSubstr("Content-Length")));
    EXPECT_EQ(stream.retry, kRetry);
    const auto reset = stream.next();
    EXPECT_EQ(reset.name, "reset");
    EXPECT_EQ(reset.index(), journal.index());
    auto state = reset.object();
    EXPECT_EQ(state->getValue<std::string>("why"), "begin");
    EXPECT_EQ(state->getValue<Index>("index"), reset.index());
    state->remove("why");
    const auto status = json(body_of(connect().send(request("GET /status")).answer()));
    EXPECT_EQ(state->getNames(), status->getNames());
}

TEST_F(Events, FollowTheirBeginning) {
    auto stream = watch();
    EXPECT_EQ(stream.next().name, "reset");
    happens(3);
    for (Index i = 0; i < 3; ++i) {
        const auto event = stream.next();
        EXPECT_EQ(event.name, "peer");
        EXPECT_EQ(event.index(), kFirst + i);
        EXPECT_EQ(event.object()->getValue<Index>("index"), kFirst + i);
    }
}

TEST_F(Events, ResumeWithoutGapOrRepeat) {
    happens(5);
    for (auto* how : {"header", "query", "both"}) {
        SCOPED_TRACE(how);
        const auto id = std::to_string(kFirst + 1);
        // A browser repeats the query of its first request; its header is newer.
        auto stream = *how == 'h'   ? resume(kFirst + 1)
                      : *how == 'q' ? watch("", "?lastEventId=" + id)
                                    : watch("Last-Event-ID: " + id + "\r\n", "?lastEventId=1");
        happens(1);
        const auto last = journal.index();
        for (Index index = kFirst + 2; index <= last; ++index) {
            EXPECT_EQ(stream.next().index(), index);
        }
        settle();
        EXPECT_FALSE(stream.is_told());
    }
}

TEST_F(Events, BeginWithACommentWhereNothingIsNew) {
    happens(2);
    auto stream = resume(journal.index());
    EXPECT_EQ(stream.retry, kRetry);
    EXPECT_EQ(stream.text(), ":\n\n");
    settle();
    EXPECT_FALSE(stream.is_told());
    happens(1);
    EXPECT_EQ(stream.next().index(), kFirst + 2);
}

TEST_F(Events, SayWhyTheyDoNotResume) {
    happens(static_cast<int>(Journal::kKept) + 10);
    EXPECT_EQ(why(std::to_string(kFirst)), "gap");
    EXPECT_EQ(why(std::to_string(kFirst + 8)), "gap") << "the last that is not kept";
    EXPECT_EQ(why(std::to_string(kFirst + 9)), "") << "all after it are kept";
    for (const char* id : {"x", "-1", "1x", "+1", "99999999999999999999999"}) {
        EXPECT_EQ(why(id), "gap") << id;
    }
    EXPECT_EQ(why("17"), "restart") << "of a life before";
    EXPECT_EQ(why(std::to_string((2ULL << 32) + 5)), "restart");
    EXPECT_EQ(why(std::to_string(journal.index() + 1)), "restart") << "before the data was lost";
    EXPECT_EQ(why(""), "begin");
}

// The state and the index of a reset belong together, and each later entry follows once, however
// the beginning of a stream and the changes fall together.
TEST_F(Events, MissNothingAndRepeatNothingWhileTheyBegin) {
    constexpr int kChanges = 400;
    std::atomic<bool> over = false;
    std::thread changes([&] {
        for (int i = 0; i < kChanges; ++i) {
            happens(Change(noted(i)));
            if (i % 3 == 0) std::this_thread::yield();
        }
        over = true;
    });
    std::deque<Watching> streams;
    std::vector<Index> places;
    for (int i = 0; i < 60 || !over; ++i) {
        if (i % 2 == 0 || places.empty()) {
            auto& stream = streams.emplace_back(watch());
            const auto reset = stream.next();
            EXPECT_EQ(reset.object()->getValue<Index>("index"), reset.index());
            places.push_back(reset.index());
        } else {
            streams.push_back(resume(places.back()));
            places.push_back(places.back());
        }
        if (streams.size() > 200) break;
    }
    changes.join();
    const auto last = journal.index();
    for (std::size_t i = 0; i < streams.size(); ++i) {
        for (auto index = places[i] + 1; index <= last; ++index) {
            ASSERT_EQ(streams[i].next().index(), index) << "stream " << i;
        }
    }
    settle();
    for (auto& stream : streams) EXPECT_FALSE(stream.is_told());
}

// ---- The end of a lease

// The loop hangs: nothing is recorded and nothing published.
TEST_F(Events, TellTheEndOfALeaseWhileTheLoopHangs) {
    const auto status = leading_for(300ms);
    happens(StateChanged{.state = State::leader, .term = 7}, status);
    auto stream = watch();
    EXPECT_TRUE(stream.next().object()->getValue<bool>("isLeader"));

    const auto end = stream.next();

    EXPECT_GE(read_boot_clock(), status.leadership.lease_until);
    EXPECT_EQ(end.name, "state");
    EXPECT_EQ(end.id, "") << "the client keeps the last index that it has";
    const auto told = end.object();
    EXPECT_FALSE(told->has("index"));
    EXPECT_FALSE(told->getValue<bool>("isLeader"));
    EXPECT_NE(told->getValue<std::string>("state"), "LEADER");
    EXPECT_EQ(told->getValue<int>("fencingToken"), 0);
    EXPECT_EQ(told->getValue<int>("leaseRemainingMs"), 0);
    EXPECT_EQ(told->getValue<std::string>("reason"), "lease_expired");
    EXPECT_EQ(told->getValue<std::string>("at").size(), 24U);

    // The loop runs again: the journal's own entry has its index.
    happens(StateChanged{.state = State::follower, .term = 7, .reason = Reason::lease_expired});
    EXPECT_EQ(stream.next().index(), journal.index());
    settle();
    EXPECT_FALSE(stream.is_told());
}

// The same lease is renewed, so no entry says that this node leads again.
TEST_F(Events, TellTheReturnOfALeaseThatNoEntryTells) {
    happens(StateChanged{.state = State::leader, .term = 7}, leading_for(100ms));
    auto stream = resume(journal.index());
    EXPECT_FALSE(stream.next().object()->getValue<bool>("isLeader"));

    // A client that resumes at the last index has not received it.
    auto another = resume(journal.index());
    const auto told = another.next();
    EXPECT_EQ(told.id, "");
    EXPECT_EQ(told.object()->getValue<std::string>("reason"), "lease_expired");

    show(leading(1h));
    for (auto* each : {&stream, &another}) {
        const auto again = each->next();
        EXPECT_EQ(again.name, "state");
        EXPECT_EQ(again.id, "");
        EXPECT_TRUE(again.object()->getValue<bool>("isLeader"));
        EXPECT_EQ(again.object()->getValue<int>("fencingToken"), 7);
        EXPECT_GT(again.object()->getValue<int>("leaseRemainingMs"), 1000);
    }
    EXPECT_TRUE(resume(journal.index()).next().object()->getValue<bool>("isLeader"));
}

// A lead that ends by a command is on the board a moment before its entry: the event comes with the
// entry.
TEST_F(Events, LeaveALeadThatEndsOnPurposeToItsEntry) {
    happens(StateChanged{.state = State::leader, .term = 7}, leading(1h));
    auto stream = watch();
    stream.next();
    auto status = leading(1h);
    status.leadership.draining = true;
    show(status);
    settle();
    EXPECT_FALSE(stream.is_told());
    happens(StateChanged{.state = State::follower, .term = 7, .reason = Reason::step_down}, status);
    EXPECT_EQ(stream.next().object()->getValue<std::string>("reason"), "step_down");
}

// A quorum of more voters may need an older answer.
TEST_F(Events, SeeALeaseThatEndsSoonerThanBefore) {
    happens(StateChanged{.state = State::leader, .term = 7}, leading_for(1h));
    auto stream = watch();
    stream.next();
    happens(VotersChanged{.voter = {NodeId("4"), NodeUuid("uuid-4")}, .came = true},
            leading_for(100ms));
    EXPECT_EQ(stream.next().name, "membership");
    EXPECT_EQ(stream.next().object()->getValue<std::string>("reason"), "lease_expired");
}

TEST_F(Events, WatchEachLeaseAnew) {
    for (int lease = 0; lease < 3; ++lease) {
        happens(StateChanged{.state = State::leader, .term = 7}, leading_for(60ms));
        EXPECT_EQ(watch().next().name, "reset");
        auto stream = resume(journal.index());
        EXPECT_EQ(stream.next().id, "");
    }
}

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
