// One discovery, polled from a thread of its own: what it yields, what its faults cost, how it
// ends.
#include "node/scout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "../election/cast.h"

namespace electiond {
namespace {

// What the fake was asked, and what it is to answer. Any thread.
struct Script {
    std::mutex mutex;
    std::condition_variable moved;
    std::vector<std::string> calls;
    std::vector<Peer> peers;
    std::string fault;  // thrown by poll and claim where not empty
    std::optional<Claim> stored;

    void note(const std::string& call) {
        const std::lock_guard lock(mutex);
        calls.push_back(call);
        moved.notify_all();
    }
    void fail(const std::string& what) {
        const std::lock_guard lock(mutex);
        fault = what;
    }
    long count(const std::string& call) {
        const std::lock_guard lock(mutex);
        return std::ranges::count(calls, call);
    }
    void wait_for(const std::string& call, long times) {
        std::unique_lock lock(mutex);
        ASSERT_TRUE(moved.wait_for(lock, std::chrono::seconds(30), [&] {
            return std::ranges::count(calls, call) >= times;
        })) << call;
    }
};

class FakeDiscovery : public Discovery {
  public:
    explicit FakeDiscovery(Script& script) : script_(script) {}

    void announce(const Peer& self, std::stop_token) override {
        script_.note("announce " + self.id.value);
    }
    std::vector<Peer> poll(std::stop_token) override {
        script_.note("poll");
        const std::lock_guard lock(script_.mutex);
        if (!script_.fault.empty()) throw std::runtime_error(script_.fault);
        return script_.peers;
    }
    void withdraw(std::stop_token) noexcept override { script_.note("withdraw"); }
    bool can_claim() const noexcept override { return true; }
    Claim claim(const std::string& cluster, const Claim& mine, std::stop_token) override {
        script_.note("claim " + cluster);
        const std::lock_guard lock(script_.mutex);
        if (!script_.fault.empty()) throw std::runtime_error(script_.fault);
        if (!script_.stored) script_.stored = mine;
        return *script_.stored;
    }

  private:
    Script& script_;
};

// The scout, and the mailbox it posts to.
struct Camp {
    Script script;
    std::mutex mutex;
    std::condition_variable posted;
    std::deque<Event> events;
    std::vector<std::string> lines;
    std::optional<Scout> scout;

    explicit Camp(Milliseconds interval = 1ms) {
        scout.emplace(
            3, "fake", std::make_unique<FakeDiscovery>(script),
            Peer{.id = id(1), .uuid = uuid(1), .addresses = {}, .api = {}}, "demo", interval,
            [this](Event event) {
                const std::lock_guard lock(mutex);
                events.push_back(std::move(event));
                posted.notify_all();
            },
            Log([this](const LogLine& line) {
                const std::lock_guard lock(mutex);
                lines.push_back(line.to_string());
            }));
    }

    template <class Kind>
    Kind next() {
        std::unique_lock lock(mutex);
        const auto has = [&] {
            while (!events.empty() && !std::holds_alternative<Kind>(events.front())) {
                events.pop_front();
            }
            return !events.empty();
        };
        if (!posted.wait_for(lock, std::chrono::seconds(30), has)) {
            ADD_FAILURE() << "nothing was posted";
            return {};
        }
        auto kind = std::get<Kind>(std::move(events.front()));
        events.pop_front();
        return kind;
    }
    long lines_with(const std::string& words) {
        const std::lock_guard lock(mutex);
        return std::ranges::count_if(
            lines, [&](const auto& line) { return line.find(words) != std::string::npos; });
    }
};

TEST(Scout, AnnouncesBeforeEachPollAndPostsWhatItFinds) {
    Camp camp;
    camp.script.peers = {Peer{.id = id(2), .uuid = {}, .addresses = {{"two", 1}}, .api = {}}};

    camp.scout->start();
    const auto polled = camp.next<PeersPolled>();

    EXPECT_EQ(polled.source, 3u);
    EXPECT_EQ(polled.peers, camp.script.peers);
    camp.script.wait_for("poll", 3);
    camp.scout->stop();
    EXPECT_EQ(camp.script.calls[0], "announce 1");
    EXPECT_EQ(camp.script.calls[1], "poll");
    const auto report = camp.scout->report();
    EXPECT_EQ(report.plugin, "fake");
    EXPECT_EQ(report.peers, 1u);
    EXPECT_GE(report.polls_ok, 3u);
    EXPECT_EQ(report.polls_failed, 0u);
    EXPECT_TRUE(report.good_at);
}

TEST(Scout, AFailingPollKeepsTheLastGoodAnswerInUse) {
    Camp camp;
    camp.script.peers = {Peer{.id = id(2), .uuid = {}, .addresses = {{"two", 1}}, .api = {}}};
    camp.scout->start();
    (void)camp.next<PeersPolled>();

    camp.script.fail("the file is gone");
    const auto before = camp.script.count("poll");
    camp.script.wait_for("poll", before + 3);
    camp.scout->stop();

    const auto report = camp.scout->report();
    EXPECT_EQ(report.fault, "the file is gone");
    EXPECT_EQ(report.peers, 1u);
    EXPECT_GE(report.polls_failed, 2u);
    EXPECT_EQ(camp.lines_with("the file is gone"), 1) << "said once";
    for (const auto& event : camp.events) {
        ASSERT_TRUE(std::holds_alternative<PeersPolled>(event));
        EXPECT_EQ(std::get<PeersPolled>(event).peers.size(), 1u) << "never an empty snapshot";
    }
}

TEST(Scout, SaysWhenItWorksAgain) {
    Camp camp;
    camp.script.fail("away");
    camp.scout->start();
    camp.script.wait_for("poll", 2);
    camp.script.fail("");

    (void)camp.next<PeersPolled>();
    camp.scout->stop();

    EXPECT_EQ(camp.lines_with("works again"), 1);
    EXPECT_EQ(camp.scout->report().fault, "");
}

TEST(Scout, AClaimGoesToTheArbiterAndItsWordComesBack) {
    Camp camp(std::chrono::hours(1));
    camp.scout->start();
    camp.script.wait_for("poll", 1);

    camp.scout->claim({"mine", uuid(1)});

    EXPECT_EQ(camp.next<ArbiterAnswered>().stored, (Claim{"mine", uuid(1)}));
    camp.scout->claim({"another", uuid(2)});
    EXPECT_EQ(camp.next<ArbiterAnswered>().stored, (Claim{"mine", uuid(1)}));
    EXPECT_EQ(camp.script.count("claim demo"), 2);
}

TEST(Scout, AnArbiterThatCannotSayAnswersNothingAndIsNotForgotten) {
    Camp camp(std::chrono::hours(1));
    camp.scout->start();
    camp.script.wait_for("poll", 1);
    camp.script.fail("disk full");

    camp.scout->claim({"mine", uuid(1)});

    EXPECT_FALSE(camp.next<ArbiterAnswered>().stored) << "posted all the same: somebody waits";
    EXPECT_EQ(camp.scout->report().fault, "disk full");
}

TEST(Scout, WithdrawsOnceWhenItStops) {
    Camp camp(std::chrono::hours(1));
    camp.scout->start();
    camp.script.wait_for("poll", 1);
    EXPECT_EQ(camp.script.count("withdraw"), 0);

    camp.scout->stop();
    camp.scout->stop();

    EXPECT_EQ(camp.script.count("withdraw"), 1);
    EXPECT_EQ(camp.script.calls.back(), "withdraw") << "nothing after it";
}

TEST(Scout, StopsWithoutHavingStarted) {
    Camp camp;

    camp.scout->stop();

    EXPECT_TRUE(camp.script.calls.empty());
}

}  // namespace
}  // namespace electiond
