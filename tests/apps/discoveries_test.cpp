// Discoveries that a reload replaces while they run.
#include "discoveries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <thread>

#include "check/discoveries.h"

namespace electiond {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

// The states of the discoveries of one test.
struct Fate {
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::string, int> polled, withdrawn, destroyed;
    bool hang = false;   // the next poll shall, until this is false again
    bool hangs = false;  // and does

    template <class Ready>
    bool wait(const Ready& ready) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, 20s, ready);
    }
    void count(std::map<std::string, int>& what, const std::string& name) {
        const std::lock_guard lock(mutex);
        ++what[name];
        changed.notify_all();
    }
};

class Played : public Discovery, public Arbiter {
  public:
    Played(std::shared_ptr<Fate> fate, std::string name, bool arbiter)
        : fate_(std::move(fate)), name_(std::move(name)), arbiter_(arbiter) {}
    ~Played() override { fate_->count(fate_->destroyed, name_); }

    void announce(const Peer&, std::stop_token) override {}
    std::vector<Peer> poll(std::stop_token) override {
        fate_->count(fate_->polled, name_);
        std::unique_lock lock(fate_->mutex);
        fate_->hangs = fate_->hang;
        fate_->changed.notify_all();
        fate_->changed.wait(lock, [&] { return !fate_->hang; });
        return {Peer{NodeId(name_), {}, {}, {}}};
    }
    void withdraw(std::stop_token) noexcept override { fate_->count(fate_->withdrawn, name_); }
    [[nodiscard]] Arbiter* arbiter() noexcept override { return arbiter_ ? this : nullptr; }
    [[nodiscard]] Claim claim(const std::string&, const Claim& mine, std::stop_token) override {
        return mine;
    }
    void replace_claim(const std::string&, const Claim&, std::stop_token) override {}

  private:
    const std::shared_ptr<Fate> fate_;
    const std::string name_;
    const bool arbiter_;
};

class DiscoveriesTest : public testing::Test {
  protected:
    // "a" is a discovery of that name, "A" one that can arbitrate.
    std::vector<Discoveries::Entry> entries(const std::string& names) {
        std::vector<Discoveries::Entry> all;
        for (const char c : names) {
            const std::string name(1, c);
            all.push_back(
                {"played", name, std::make_unique<Played>(fate_, name, c >= 'A' && c <= 'Z')});
        }
        return all;
    }
    [[nodiscard]] static Deadline within(Milliseconds limit) {
        return std::chrono::steady_clock::now() + limit;
    }
    void start(const std::string& names) {
        discoveries_.start(entries(names));
        for (const char c : names) await_poll(std::string(1, c));
    }
    void await_poll(const std::string& name) {
        EXPECT_TRUE(fate_->wait([&] { return fate_->polled[name] > 0; })) << name;
    }
    // The peers of each source, as the node knows them.
    [[nodiscard]] std::map<std::size_t, std::string> known() {
        const std::lock_guard lock(fate_->mutex);
        return known_;
    }
    void note(const Event& event) {
        const auto& polled = std::get<PeersPolled>(event);
        const std::lock_guard lock(fate_->mutex);
        auto& names = known_[polled.source];
        names.clear();
        for (const auto& peer : polled.peers) names += peer.id.value;
        fate_->changed.notify_all();
    }
    bool await_known(const std::map<std::size_t, std::string>& wanted) {
        return fate_->wait([&] { return known_ == wanted; });
    }

    const std::shared_ptr<Fate> fate_ = std::make_shared<Fate>();
    std::map<std::size_t, std::string> known_;
    Discoveries discoveries_{Discoveries::Setup{
        .cluster = "demo", .interval = 10ms, .post = [this](const Event& event) { note(event); }}};
};

TEST_F(DiscoveriesTest, ReplacesThoseThatChangedAndLeavesTheOthersAlone) {
    start("Aab");
    EXPECT_TRUE(await_known({{0, "A"}, {1, "a"}, {2, "b"}}));

    EXPECT_TRUE(discoveries_.replace(entries("Abc"), within(5s)));

    EXPECT_TRUE(await_known({{0, "A"}, {1, ""}, {2, "b"}, {3, "c"}}));
    EXPECT_EQ(discoveries_.reports().size(), 3u);
    EXPECT_EQ(fate_->withdrawn["a"], 1);
    EXPECT_EQ(fate_->withdrawn["A"] + fate_->withdrawn["b"] + fate_->withdrawn["c"], 0);
    EXPECT_TRUE(discoveries_.stop(within(5s)));
    EXPECT_EQ(fate_->withdrawn["A"] + fate_->withdrawn["b"] + fate_->withdrawn["c"], 3);
}

TEST_F(DiscoveriesTest, TwoOfOneTextAreTwo) {
    start("aa");
    EXPECT_TRUE(discoveries_.replace(entries("a"), within(5s)));
    EXPECT_EQ(discoveries_.reports().size(), 1u);
    EXPECT_EQ(fate_->withdrawn["a"], 1);
    EXPECT_TRUE(discoveries_.stop(within(5s)));
}

TEST_F(DiscoveriesTest, AnArbiterStays) {
    start("Aa");
    EXPECT_EQ(discoveries_.gate(entries("A")), "");
    EXPECT_EQ(discoveries_.gate(entries("bA")), "");
    for (const auto* others : {"a", "B", "AB"}) {
        EXPECT_THAT(discoveries_.gate(entries(others)), HasSubstr("cannot change while")) << others;
    }
    EXPECT_TRUE(discoveries_.stop(within(5s)));
}

// A reload must not hang with it, and the rest goes on.
TEST_F(DiscoveriesTest, OneThatHangsIsLeftBehind) {
    start("a");
    {
        const std::lock_guard lock(fate_->mutex);
        fate_->hang = true;
    }
    ASSERT_TRUE(fate_->wait([&] { return fate_->hangs; }));

    EXPECT_FALSE(discoveries_.replace(entries("b"), within(100ms)));

    EXPECT_EQ(discoveries_.reports().size(), 1u);
    {
        const std::lock_guard lock(fate_->mutex);
        fate_->hang = false;
        fate_->changed.notify_all();
    }
    await_poll("b");
    EXPECT_FALSE(discoveries_.stop(within(5s))) << "the process must not run destructors";
    // For this test alone: nothing that the thread uses may go before it.
    EXPECT_TRUE(fate_->wait([&] { return fate_->destroyed["a"] > 0; }));
}

// Throws an unexpected type.
class Thrower : public Discovery {
  public:
    void announce(const Peer&, std::stop_token) override {}
    std::vector<Peer> poll(std::stop_token) override { return {}; }
    void withdraw(std::stop_token) noexcept override {}
    [[nodiscard]] std::vector<Finding> check(const Peer&, std::stop_token) const override {
        throw 7;
    }
};

TEST(CheckDiscovery, WarnsOfACheckThatThrowsANumber) {
    LoadedPlugins::Named guest{"thrower", std::make_unique<Thrower>(), {"discovery[0]", {}, {}}};
    guest.options.root.where = "node.yaml:7:5";
    Findings findings;

    EXPECT_TRUE(check_discovery(guest, {}, findings));

    EXPECT_THAT(findings.faults, testing::IsEmpty());
    EXPECT_THAT(
        findings.warnings,
        ElementsAre(
            "node.yaml:7:5: discovery[0]: it threw something that is not a std::exception"));
}

}  // namespace
}  // namespace electiond
