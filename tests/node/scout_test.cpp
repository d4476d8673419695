// One discovery, polled from a thread of its own: what it yields, what its faults cost, how it
// ends.
#include "node/scout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "../election/cast.h"
#include "node/clock.h"

namespace electiond {
namespace {

// What the fake was asked, and what it is to answer. Any thread.
struct Script {
    std::mutex mutex;
    std::condition_variable moved;
    std::vector<std::string> calls;
    std::vector<Peer> peers;
    std::string fault;  // thrown by poll and claim where not empty
    std::string cannot_announce;
    std::string hangs;   // the call that does not answer …
    bool obeys = false;  // … unless it is asked to stop
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
    void list(std::vector<Peer> now) {
        const std::lock_guard lock(mutex);
        peers = std::move(now);
    }
    void hang(const std::string& call, bool obedient = false) {
        const std::lock_guard lock(mutex);
        hangs = call;
        obeys = obedient;
        moved.notify_all();
    }
    void hang_if_told(const std::string& call, const std::stop_token& stop) {
        const std::stop_callback wake(stop, [this] {
            const std::lock_guard lock(mutex);
            moved.notify_all();
        });
        std::unique_lock lock(mutex);
        if (hangs != call) return;
        calls.push_back(call + " hangs");
        moved.notify_all();
        moved.wait(lock, [&] { return hangs != call || (obeys && stop.stop_requested()); });
        if (hangs == call && call != "withdraw") throw std::runtime_error("was stopped");
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

class FakeDiscovery : public Discovery, public Arbiter {
  public:
    explicit FakeDiscovery(Script& script) : script_(script) {}

    void announce(const Peer& self, std::stop_token stop) override {
        script_.note("announce " + self.id.value);
        script_.hang_if_told("announce", stop);
        const std::lock_guard lock(script_.mutex);
        if (!script_.cannot_announce.empty()) throw std::runtime_error(script_.cannot_announce);
    }
    std::vector<Peer> poll(std::stop_token stop) override {
        script_.note("poll");
        script_.hang_if_told("poll", stop);
        const std::lock_guard lock(script_.mutex);
        if (!script_.fault.empty()) throw std::runtime_error(script_.fault);
        return script_.peers;
    }
    void withdraw(std::stop_token stop) noexcept override {
        script_.note("withdraw");
        script_.hang_if_told("withdraw", stop);
    }
    Arbiter* arbiter() noexcept override { return this; }
    Claim claim(const std::string& cluster, const Claim& mine, std::stop_token stop) override {
        script_.note("claim " + cluster);
        script_.hang_if_told("claim", stop);
        const std::lock_guard lock(script_.mutex);
        if (!script_.fault.empty()) throw std::runtime_error(script_.fault);
        if (!script_.stored) script_.stored = mine;
        return *script_.stored;
    }
    void replace_claim(const std::string&, const Claim& mine, std::stop_token) override {
        const std::lock_guard lock(script_.mutex);
        script_.stored = mine;
    }

  private:
    Script& script_;
};

class FakeConstant : public FakeDiscovery, public ConstantDiscovery {
  public:
    using FakeDiscovery::FakeDiscovery;
};

// The scout, and the mailbox it posts to.
struct Camp {
    Script script;
    std::mutex mutex;
    std::condition_variable posted;
    std::deque<Event> events;
    std::vector<std::string> lines;
    std::optional<Scout> scout;

    explicit Camp(Milliseconds interval = 1ms, Milliseconds call_limit = Scout::kCallLimit)
        : Camp([](auto& used) { return std::make_unique<FakeDiscovery>(used); }, interval,
               call_limit) {}
    using Make = std::function<std::unique_ptr<Discovery>(Script&)>;
    Camp(const Make& make, Milliseconds interval, Milliseconds call_limit) {
        scout.emplace(
            3, "fake", make(script), Peer{.id = id(1), .uuid = uuid(1), .addresses = {}, .api = {}},
            "demo", interval,
            [this](Event event) {
                const std::lock_guard lock(mutex);
                events.push_back(std::move(event));
                posted.notify_all();
            },
            Log([this](const LogLine& line) {
                const std::lock_guard lock(mutex);
                lines.push_back(line.to_string());
            }),
            call_limit);
    }
    ~Camp() {
        script.hang("");
        (void)stop();
    }

    bool stop(Milliseconds within = std::chrono::seconds(30)) {
        return scout->stop(std::chrono::steady_clock::now() + within);
    }
    // As the watchdog does.
    void watch_until(const std::string& line) {
        std::unique_lock lock(mutex);
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        const auto said = [&] {
            return std::ranges::any_of(
                lines, [&](const auto& each) { return each.find(line) != std::string::npos; });
        };
        while (!said() && std::chrono::steady_clock::now() < end) {
            lock.unlock();
            scout->watch(read_boot_clock());
            lock.lock();
            (void)posted.wait_for(lock, 1ms);
        }
        EXPECT_TRUE(said()) << line;
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
    // After some more polls, of which the first may have begun before now: nothing new was posted.
    void expect_silence() {
        script.wait_for("poll", script.count("poll") + 5);
        const std::lock_guard lock(mutex);
        EXPECT_TRUE(events.empty());
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
    EXPECT_TRUE(camp.stop());
    EXPECT_EQ(camp.script.calls[0], "announce 1");
    EXPECT_EQ(camp.script.calls[1], "poll");
    const auto report = camp.scout->report();
    EXPECT_EQ(report.plugin, "fake");
    EXPECT_EQ(report.peers, 1u);
    EXPECT_GE(report.polls_ok, 3u);
    EXPECT_EQ(report.polls_failed, 0u);
    EXPECT_TRUE(report.good_at);
    EXPECT_FALSE(report.last_failure);
}

Peer listed(int n) { return {.id = id(n), .uuid = {}, .addresses = {{"host", 1}}, .api = {}}; }

TEST(Scout, PostsNoSnapshotTwice) {
    Camp camp;
    camp.scout->start();
    EXPECT_TRUE(camp.next<PeersPolled>().peers.empty()) << "the first in any case";
    camp.expect_silence();

    for (const auto& peers : {std::vector{listed(2)}, {listed(2), listed(3)}, {listed(3)}, {}}) {
        camp.script.list(peers);
        EXPECT_EQ(camp.next<PeersPolled>().peers, peers);
        camp.expect_silence();
    }
    EXPECT_GE(camp.scout->report().polls_ok, 25u) << "counted all the same";
}

TEST(Scout, PostsAfterAFailureOnlyWhatHasChangedMeanwhile) {
    Camp camp;
    camp.script.peers = {listed(2)};
    camp.scout->start();
    (void)camp.next<PeersPolled>();

    camp.script.fail("away");
    camp.expect_silence();
    camp.script.fail("");
    camp.expect_silence();
    EXPECT_EQ(camp.scout->report().fault, "");

    camp.script.fail("away");
    camp.expect_silence();
    camp.script.list({listed(3)});
    camp.script.fail("");
    EXPECT_EQ(camp.next<PeersPolled>().peers, std::vector{listed(3)});
}

TEST(Scout, AFailingPollKeepsTheLastGoodAnswerInUse) {
    Camp camp;
    camp.script.peers = {Peer{.id = id(2), .uuid = {}, .addresses = {{"two", 1}}, .api = {}}};
    camp.scout->start();
    (void)camp.next<PeersPolled>();

    camp.script.fail("the file is gone");
    const auto before = camp.script.count("poll");
    camp.script.wait_for("poll", before + 3);
    EXPECT_TRUE(camp.stop());

    const auto report = camp.scout->report();
    EXPECT_EQ(report.fault, "the file is gone");
    ASSERT_TRUE(report.last_failure);
    EXPECT_EQ(report.last_failure->call, "poll");
    EXPECT_EQ(report.last_failure->error, "the file is gone");
    EXPECT_FALSE(report.last_failure->hung);
    EXPECT_EQ(report.peers, 1u);
    EXPECT_GE(report.polls_failed, 2u);
    EXPECT_EQ(camp.lines_with("the file is gone"), 1) << "said once";
    for (const auto& event : camp.events) {
        ASSERT_TRUE(std::holds_alternative<PeersPolled>(event));
        EXPECT_EQ(std::get<PeersPolled>(event).peers.size(), 1u) << "never an empty snapshot";
    }
}

// Of 512 addresses and more a transport reaches some no more, perhaps the voters.
TEST(Scout, RefusesASnapshotOfTooManyAddresses) {
    const auto crowd = [](std::size_t addresses) {
        Peer peer{.id = id(2), .uuid = {}, .addresses = {}, .api = {}};
        for (std::size_t port = 1; port <= addresses; ++port) {
            peer.addresses.push_back({"two", static_cast<std::uint16_t>(port)});
        }
        return peer;
    };
    Camp camp;
    camp.script.peers = {crowd(kSnapshotAddressesMax)};
    camp.scout->start();
    (void)camp.next<PeersPolled>();
    EXPECT_EQ(camp.scout->report().fault, "");

    camp.script.list({crowd(kSnapshotAddressesMax), listed(3)});
    camp.expect_silence();
    EXPECT_EQ(camp.scout->report().fault,
              "it returns 257 addresses, but the limit is 256; remove those that do not belong to "
              "this cluster");
}

TEST(Scout, SaysWhenItWorksAgain) {
    Camp camp;
    camp.script.fail("away");
    camp.scout->start();
    camp.script.wait_for("poll", 2);
    camp.script.fail("");

    (void)camp.next<PeersPolled>();
    EXPECT_TRUE(camp.stop());

    EXPECT_EQ(camp.lines_with("works again"), 1);
    EXPECT_EQ(camp.scout->report().fault, "");
    ASSERT_TRUE(camp.scout->report().last_failure) << "why it failed stays visible";
    EXPECT_EQ(camp.scout->report().last_failure->error, "away");
    EXPECT_LE(camp.scout->report().last_failure->at, camp.scout->report().good_at);
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

    EXPECT_TRUE(camp.stop());
    EXPECT_TRUE(camp.stop());

    EXPECT_EQ(camp.script.count("withdraw"), 1);
    EXPECT_EQ(camp.script.calls.back(), "withdraw") << "nothing after it";
}

TEST(Scout, AsksAConstantDiscoveryOnlyUntilItHasAnswered) {
    Camp camp([](auto& script) { return std::make_unique<FakeConstant>(script); }, 1ms,
              Scout::kCallLimit);
    camp.script.fail("not yet");
    camp.scout->start();
    camp.script.wait_for("poll", 3);
    EXPECT_TRUE(camp.scout->watch(read_boot_clock()));
    camp.script.list({listed(2)});
    camp.script.fail("");
    EXPECT_EQ(camp.next<PeersPolled>().peers, std::vector{listed(2)});
    const auto polls = camp.script.count("poll");

    for (int n = 0; n < 20; ++n) {
        camp.scout->claim({"mine", uuid(1)});
        EXPECT_TRUE(camp.next<ArbiterAnswered>().stored) << "it is still there for other calls";
        camp.script.wait_for("claim demo", n + 1);
    }

    EXPECT_EQ(camp.script.count("poll"), polls);
    EXPECT_EQ(camp.script.count("announce 1"), polls);
    EXPECT_FALSE(camp.scout->watch(read_boot_clock())) << "nothing of it can hang any more";
    EXPECT_GE(*camp.scout->report().good_at, read_boot_clock() - 1s) << "as good as new";
    EXPECT_TRUE(camp.stop());
    EXPECT_EQ(camp.script.count("withdraw"), 1);
}

TEST(Scout, PollsAlsoWhereItCannotAnnounce) {
    Camp camp;
    camp.script.cannot_announce = "read only";
    camp.script.peers = {Peer{.id = id(2), .uuid = {}, .addresses = {{"two", 1}}, .api = {}}};

    camp.scout->start();
    EXPECT_EQ(camp.next<PeersPolled>().peers, camp.script.peers);
    camp.script.wait_for("poll", 20);
    EXPECT_TRUE(camp.stop());

    EXPECT_EQ(camp.lines_with("read only"), 1) << "not hidden by the polls that work";
    EXPECT_EQ(camp.lines_with("works again"), 0);
    ASSERT_EQ(camp.scout->report().faults.size(), 1u);
    EXPECT_EQ(camp.scout->report().faults.front().call, "announce");
}

TEST(Scout, SaysOnceThatPollAndAnnounceFailForOneReason) {
    Camp camp;
    camp.script.fail("the folder is missing");
    camp.script.cannot_announce = "the folder is missing";
    camp.scout->start();
    camp.script.wait_for("poll", 20);

    EXPECT_EQ(camp.lines_with("the folder is missing"), 1);
    EXPECT_EQ(camp.lines_with("last good answer"), 0) << "there never was one";
    EXPECT_EQ(camp.scout->report().fault, "the folder is missing");
    EXPECT_EQ(camp.scout->report().faults.size(), 2u);
}

TEST(Scout, ShowsACallThatDoesNotAnswerAtOnceAndSaysSoOnce) {
    Camp camp(1ms, 20ms);
    camp.script.peers = {Peer{.id = id(2), .uuid = {}, .addresses = {{"two", 1}}, .api = {}}};
    camp.scout->start();
    (void)camp.next<PeersPolled>();

    camp.script.hang("poll");
    camp.script.wait_for("poll hangs", 1);
    camp.watch_until(" s, its last good answer stays in use; check the file system");

    const auto report = camp.scout->report();
    ASSERT_EQ(report.faults.size(), 1u);
    EXPECT_EQ(report.faults.front().call, "poll");
    EXPECT_TRUE(report.faults.front().hangs);
    EXPECT_EQ(report.fault.find("poll has not answered for "), 0u) << report.fault;
    ASSERT_TRUE(report.last_failure);
    EXPECT_EQ(report.last_failure->error, report.fault);
    EXPECT_TRUE(report.last_failure->hung);
    camp.scout->watch(read_boot_clock() + 30s);
    EXPECT_EQ(camp.lines_with("not answered"), 1);
    camp.scout->watch(read_boot_clock() + 90s);
    EXPECT_EQ(camp.lines_with("not answered"), 2) << "once a minute while it lasts";

    camp.script.hang("");
    camp.script.wait_for("poll", camp.script.count("poll") + 2);
    EXPECT_EQ(camp.lines_with("works again after"), 1);
    EXPECT_EQ(camp.scout->report().fault, "");
    ASSERT_TRUE(camp.scout->report().last_failure);
    EXPECT_TRUE(camp.scout->report().last_failure->hung) << "it came back, but too late";
}

TEST(Scout, NamesNoLastGoodAnswerWhereThereNeverWasOne) {
    Camp camp(1ms, 20ms);
    camp.script.hang("poll");
    camp.scout->start();
    camp.script.wait_for("poll hangs", 1);

    camp.watch_until(" s, it has not named any node yet; check the file system");

    EXPECT_EQ(camp.lines_with("last good answer"), 0);
}

TEST(Scout, StopsACallThatTakesTooLongAndGoesOn) {
    Camp camp(1ms, 20ms);
    camp.script.hang("announce", true);
    camp.scout->start();
    camp.script.wait_for("announce hangs", 1);

    camp.watch_until("has not answered");

    camp.script.wait_for("poll", 1);
    EXPECT_EQ(camp.lines_with("was stopped"), 0) << "that is our own doing";
    EXPECT_TRUE(camp.stop());
}

TEST(Scout, EndsInTimeAndLeavesBehindWhatDoesNotComeBack) {
    for (const std::string call : {"announce", "poll", "withdraw"}) {
        Camp camp;
        camp.script.hang(call);
        camp.scout->start();
        if (call != "withdraw") camp.script.wait_for(call + " hangs", 1);

        EXPECT_FALSE(camp.stop(700ms)) << call;
        EXPECT_FALSE(camp.stop(0ms)) << call;

        EXPECT_EQ(camp.lines_with("is left behind plugin=fake call=" + call), 1);
        const auto events = camp.events.size();
        camp.script.hang("");
        EXPECT_TRUE(camp.stop()) << "waits for the end of what was left behind";
        EXPECT_EQ(camp.events.size(), events) << "nothing is posted any more";
    }
}

TEST(Scout, StopsWhatIsUnderWayWhenItEndsAndThenWithdraws) {
    for (const std::string call : {"announce", "poll", "withdraw"}) {
        Camp camp;
        camp.script.hang(call, true);
        camp.scout->start();
        if (call != "withdraw") camp.script.wait_for(call + " hangs", 1);

        EXPECT_TRUE(camp.stop(call == "withdraw" ? 700ms : 30s)) << call;

        EXPECT_EQ(camp.script.count("withdraw"), 1);
        EXPECT_EQ(camp.lines_with("was stopped"), 0) << "that is our own doing";
    }
}

TEST(Scout, StopsWithoutHavingStarted) {
    Camp camp;

    EXPECT_TRUE(camp.stop());

    EXPECT_TRUE(camp.script.calls.empty());
}

}  // namespace
}  // namespace electiond
