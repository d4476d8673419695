// A discovery that does as a script says, polled by a scout whose mailbox a test reads.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "../election/cast.h"
#include "node/clock.h"
#include "node/scout.h"

namespace electiond {

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

}  // namespace electiond
