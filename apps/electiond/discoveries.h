// The discoveries of one node, with a scout for each; a reload may replace them.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <electiond/discovery.h>
#include <electiond/log.h>

#include "assembly.h"
#include "node/scout.h"

namespace electiond {

// Call start, replace and stop from one thread at a time; the rest from any thread.
class Discoveries {
  public:
    // The arguments of all scouts.
    struct Setup {
        Peer self{};
        std::string cluster{};
        Milliseconds interval{};
        std::function<void(Event)> post{};
        Log log{};
    };
    // One entry of the configuration. Two entries of the same `text` are the same.
    struct Entry {
        std::string plugin{};
        std::string text{};  // plugin and options, to compare
        std::unique_ptr<Discovery> discovery{};
    };

    explicit Discoveries(Setup setup) : setup_(std::move(setup)) {}

    void start(std::vector<Entry> entries);

    // Why `entries` cannot replace the running ones; empty if they can. An arbiter cannot be
    // replaced while the process runs: a node that asks first one arbiter and then another could
    // found two clusters.
    [[nodiscard]] std::string gate(const std::vector<Entry>& entries) const;

    // True if an entry with this text runs.
    [[nodiscard]] bool runs(const std::string& text) const;

    // Replaces the running entries by `entries`. Entries that run already continue undisturbed; the
    // others withdraw and end, and their later answers are ignored. False if one of them has not
    // ended by `deadline`: then its thread is left behind, and the process must end by std::_Exit.
    bool replace(std::vector<Entry> entries, Deadline deadline);

    // Asks the arbiter; ArbiterAnswered is posted. Does nothing without one.
    void claim(const Claim& mine) const;
    // Looks for calls that take too long. Call it about once a second. False: as Scout::watch().
    bool watch(Instant now) const;
    // In the order of the configuration.
    [[nodiscard]] std::vector<ScoutReport> reports() const;

    // All entries withdraw and end. Returns as replace(). Idempotent.
    [[nodiscard]] bool stop(Deadline deadline) noexcept;

  private:
    struct Seat {
        std::string text{};
        bool arbiter = false;
        std::size_t source = 0;
        std::shared_ptr<Scout> scout{};
    };

    [[nodiscard]] Seat begin(Entry entry);
    [[nodiscard]] std::vector<Seat> seats() const;

    const Setup setup_;
    std::size_t next_source_ = 0;
    std::vector<std::shared_ptr<Scout>> left_behind_;  // never destroyed while the process runs
    mutable std::mutex mutex_;
    std::vector<Seat> seats_;  // under mutex_
};

// Pairs the entries of these settings with the discoveries made from them, in the same order.
[[nodiscard]] std::vector<Discoveries::Entry> discovery_entries(
    const Settings& settings, std::vector<LoadedPlugins::Named> discoveries);

}  // namespace electiond
