// The client of GET /events: its news, and how it continues if a node disconnects, hangs or has no
// such path.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <deque>
#include <filesystem>
#include <mutex>
#include <thread>

#include "electionctl/event_stream.h"
#include "fake_api.h"

namespace electiond::ctl {
namespace {

using electiond::testing::Canned;
using electiond::testing::dead_url;
using electiond::testing::event;
using electiond::testing::FakeApi;
using electiond::testing::Seen;
using Kind = StreamNews::Kind;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

ApiClient client_of(const std::vector<std::string>& endpoints, const std::string& token = "") {
    return {endpoints, {.token = token}, milliseconds(5000)};
}

// A stream with the news that have come, each in a few words.
class Told {
  public:
    explicit Told(const ApiClient& client, milliseconds silence = EventStream::kSilence)
        : stream(client, silence) {}

    // Waits for the next.
    StreamNews next() {
        const auto deadline = steady_clock::now() + std::chrono::seconds(30);
        while (news_.empty() && steady_clock::now() < deadline) {
            pollfd woken{stream.handle(), POLLIN, 0};
            ::poll(&woken, 1, 1000);
            for (StreamNews& each : stream.take()) news_.push_back(std::move(each));
        }
        if (news_.empty()) {
            ADD_FAILURE() << "there is no news";
            return {};
        }
        StreamNews first = std::move(news_.front());
        news_.pop_front();
        return first;
    }
    // Waits for the next of this kind and drops what comes before.
    StreamNews next(Kind kind) {
        for (int i = 0; i < 1000; ++i) {
            StreamNews news = next();
            if (news.kind == kind || ::testing::Test::HasFailure()) return news;
        }
        ADD_FAILURE() << "too much other news";
        return {};
    }

    EventStream stream;

  private:
    std::deque<StreamNews> news_;
};

void expect_event(const StreamNews& news, const std::string& name, const std::string& data) {
    EXPECT_EQ(news.kind, Kind::event) << news.trouble;
    EXPECT_EQ(news.event.name, name);
    EXPECT_EQ(news.event.data, data);
}

TEST(EventStream, TellsWhatANodeTells) {
    FakeApi api;
    api.stream("retry: 1000\n\n" + event("reset", 5, "{\"index\":5}"));
    Told told(client_of({api.url()}, "s3cret"));

    const auto opened = told.next();
    EXPECT_EQ(opened.kind, Kind::opened);
    EXPECT_EQ(opened.endpoint, api.url());
    expect_event(told.next(), "reset", "{\"index\":5}");
    api.tell(event("leader", 6, "{}") + ":\n" + event("state", 0, "[]"));
    expect_event(told.next(), "leader", "{}");
    const auto last = told.next();
    expect_event(last, "state", "[]");
    EXPECT_EQ(last.event.id, std::nullopt);

    EXPECT_EQ(api.seen().at(0).authorization, "Bearer s3cret");
    EXPECT_EQ(api.seen().at(0).last_event_id, "");
}

TEST(EventStream, IsReadByUnixSocketAndByName) {
    const auto file =
        std::filesystem::path(::testing::TempDir()) / ("ctl-stream-" + std::to_string(getpid()));
    {
        FakeApi api(file);
        api.stream(event("reset", 5, "{}"));
        Told told(client_of({api.url()}));
        EXPECT_EQ(told.next().kind, Kind::opened);
        expect_event(told.next(), "reset", "{}");
    }
    std::filesystem::remove(file);

    FakeApi api;
    api.stream(event("reset", 5, "{}"));
    Told told(client_of(
        {"http://localhost" + api.host_and_port().substr(api.host_and_port().find(':'))}));
    EXPECT_EQ(told.next().kind, Kind::opened);
}

TEST(EventStream, ResumesAtTheSameEndpointAfterItsLastEvent) {
    FakeApi api;
    api.stream([](const Seen& seen) {
        return seen.last_event_id.empty() ? event("reset", 5, "{}") : std::string(":\n");
    });
    Told told(client_of({api.url()}));
    expect_event(told.next(Kind::event), "reset", "{}");
    api.tell(event("leader", 6, "{}") + event("state", 0, "{}"));
    told.next(Kind::event);
    told.next(Kind::event);

    api.break_streams();

    const auto broken = told.next();
    EXPECT_EQ(broken.kind, Kind::broken);
    EXPECT_THAT(broken.trouble, HasSubstr("closed"));
    EXPECT_EQ(told.next().kind, Kind::opened);
    EXPECT_EQ(api.seen().at(1).last_event_id, "6") << "the event without an id changes nothing";
}

// Each node counts for itself, so the index of one would mean something else to another.
TEST(EventStream, TakesNoIndexAlongToAnotherNode) {
    FakeApi first, second;
    first.stream(event("reset", 5, "{}"));
    second.stream(event("reset", 9, "{}"));
    Told told(client_of({first.url(), second.url()}));
    EXPECT_EQ(told.next(Kind::event).endpoint, first.url());

    first.break_streams();
    EXPECT_EQ(told.next(Kind::event).endpoint, second.url());
    second.break_streams();
    EXPECT_EQ(told.next(Kind::event).endpoint, first.url());

    EXPECT_EQ(second.seen().at(0).last_event_id, "");
    EXPECT_EQ(first.seen().at(1).last_event_id, "");
}

TEST(EventStream, GoesOnAtOnceWhenANodeDies) {
    FakeApi first, second;
    first.stream(event("reset", 5, "{}"));
    second.stream(event("reset", 9, "{}"));
    Told told(client_of({first.url(), dead_url(), second.url()}));
    told.next(Kind::event);

    first.die();

    EXPECT_EQ(told.next().kind, Kind::broken);
    const auto opened = told.next();
    EXPECT_EQ(opened.kind, Kind::opened);
    EXPECT_EQ(opened.endpoint, second.url());
}

TEST(EventStream, GivesUpANodeThatFallsSilent) {
    FakeApi silent, other;
    silent.stream(event("reset", 5, "{}"));
    other.stream(event("reset", 9, "{}"));
    Told told(client_of({silent.url(), other.url()}), milliseconds(300));
    told.next(Kind::event);

    const auto broken = told.next();

    EXPECT_EQ(broken.kind, Kind::broken);
    EXPECT_THAT(broken.trouble, HasSubstr("nothing came for 300 ms"));
    EXPECT_EQ(told.next().endpoint, other.url());
}

TEST(EventStream, SaysWhyNoEndpointHasAStream) {
    FakeApi older, full, html, hanging;
    full.on("GET /events", {503, "{}"});
    html.on("GET /events", {200, "<html>"});
    hanging.hang_on("GET /events");
    ApiClient client({older.url(), full.url(), html.url(), hanging.url(), dead_url()}, {},
                     milliseconds(200));
    Told told(client);

    const auto failed = told.next();

    EXPECT_EQ(failed.kind, Kind::failed);
    EXPECT_TRUE(failed.refused);
    EXPECT_THAT(failed.trouble,
                HasSubstr(older.url() + "/events: answered HTTP 404: this electiond "
                                        "is older than electionctl"));
    EXPECT_THAT(failed.trouble, HasSubstr(full.url() + "/events: answered HTTP 503: it has as many "
                                                       "watchers as its api.limits.streams"));
    EXPECT_THAT(failed.trouble,
                HasSubstr(html.url() + "/events: answered with something other than events"));
    EXPECT_THAT(failed.trouble, HasSubstr(hanging.url() + "/events: no answer within 200 ms"));
    EXPECT_THAT(failed.trouble, HasSubstr(dead_url() + "/events: connection refused"));
}

TEST(EventStream, ComesBackAfterFailuresWithoutABusyLoop) {
    FakeApi api;
    std::mutex mutex;
    std::vector<steady_clock::time_point> asked;
    api.on("GET /events", [&](const Seen&) {
        const std::lock_guard lock(mutex);
        asked.push_back(steady_clock::now());
        if (asked.size() == 3) api.stream(event("reset", 5, "{}"));
        return Canned{503, "{}"};
    });
    Told told(client_of({api.url()}));

    EXPECT_EQ(told.next(Kind::opened).endpoint, api.url());

    const std::lock_guard lock(mutex);
    ASSERT_EQ(asked.size(), 3U);
    EXPECT_GE(asked[1] - asked[0], milliseconds(100));
    EXPECT_GE(asked[2] - asked[1], milliseconds(200));
}

TEST(EventStream, ReadsNoFurtherThanIsTaken) {
    FakeApi api;
    api.stream("");
    Told told(client_of({api.url()}));
    EXPECT_EQ(told.next().kind, Kind::opened);
    constexpr std::size_t kAll = 4000;  // 32 MiB
    std::string all;
    for (std::size_t i = 1; i <= kAll; ++i) {
        all += event("peer", static_cast<std::int64_t>(i), std::string(8192, 'x'));
    }

    api.tell(all);
    pollfd begun{told.stream.handle(), POLLIN, 0};
    ASSERT_EQ(::poll(&begun, 1, 30'000), 1);
    // That nothing more is read can't be awaited: this is the time in which it would be.
    std::this_thread::sleep_for(milliseconds(500));

    const auto first = told.stream.take();
    ASSERT_FALSE(first.empty());
    EXPECT_LE(first.size(), 600U) << "4 MiB, and what one read may bring";
    for (std::size_t i = 0; i < first.size(); ++i) {
        ASSERT_EQ(first[i].event.id, std::to_string(i + 1));
    }
    for (std::size_t i = first.size(); i < kAll; ++i) {
        ASSERT_EQ(told.next().event.id, std::to_string(i + 1)) << "nothing is lost";
    }
}

TEST(EventStream, EndsWithAnEventWithoutEnd) {
    FakeApi api;
    api.stream("data: ");
    Told told(client_of({api.url()}));
    EXPECT_EQ(told.next().kind, Kind::opened);

    api.tell(std::string(SseReader::kEventBytes + 1, 'x'));

    const auto broken = told.next();
    EXPECT_EQ(broken.kind, Kind::broken);
    EXPECT_THAT(broken.trouble, HasSubstr("an event of more than 1048576 bytes"));
}

TEST(EventStream, FollowsOtherEndpointsWhenToldTo) {
    FakeApi first, second;
    first.stream(event("reset", 5, "{}"));
    second.stream(event("reset", 9, "{}"));
    Told told(client_of({first.url()}));
    told.next(Kind::event);

    told.stream.use({first.url(), second.url()});  // the same one stays
    told.stream.use({second.url(), first.url()});

    EXPECT_EQ(told.next().kind, Kind::broken);
    EXPECT_EQ(told.next().endpoint, second.url());
    EXPECT_EQ(first.seen().size(), 1U);
}

TEST(EventStream, EndsWhateverHangs) {
    FakeApi hanging;
    hanging.hang_on("GET /events");
    FakeApi open;
    open.stream("");
    const auto begun = steady_clock::now();
    {
        const EventStream first(client_of({hanging.url()}));
        const EventStream second(client_of({open.url()}));
        const EventStream third(client_of({"http://no-such-host.invalid:1"}));
        while (open.streams_open() == 0 || hanging.seen().empty()) std::this_thread::yield();
    }
    EXPECT_LT(steady_clock::now() - begun, std::chrono::seconds(4)) << "the timeout is 5 s";
}

}  // namespace
}  // namespace electiond::ctl
