// The discoveries of one node, a scout for each; a reload may replace them.
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

// start, replace and stop by one thread, one after the other; the rest from any.
class Discoveries {
  public:
    // What all scouts are given.
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

    // Why `entries` cannot take the place of those that run; empty if they can. An arbiter stays
    // for the life of a process: a node that asked one and then another could found two clusters.
    [[nodiscard]] std::string gate(const std::vector<Entry>& entries) const;

    // Whether an entry of this text runs.
    [[nodiscard]] bool runs(const std::string& text) const;

    // Has `entries` run from now on. Those that run already go on undisturbed; the others withdraw
    // and end, and their answers no longer count. False if one of them has not ended by `deadline`:
    // its thread is left behind, and the process must end by std::_Exit.
    bool replace(std::vector<Entry> entries, Deadline deadline);

    // Asks the arbiter; ArbiterAnswered is posted. Does nothing without one.
    void claim(const Claim& mine) const;
    // Looks for calls that take too long. Call it about once a second.
    void watch(Instant now) const;
    // In the order of the configuration.
    [[nodiscard]] std::vector<ScoutReport> reports() const;

    // All withdraw and end. False as for replace(). Idempotent.
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
    std::vector<std::shared_ptr<Scout>> left_behind_;  // never destroyed while the process lives
    mutable std::mutex mutex_;
    std::vector<Seat> seats_;  // under mutex_
};

// The entries of these settings, with what was made of them, in the same order.
[[nodiscard]] std::vector<Discoveries::Entry> discovery_entries(
    const Settings& settings, std::vector<LoadedPlugins::Named> discoveries);

}  // namespace electiond
