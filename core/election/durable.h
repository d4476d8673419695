// The record that must survive a crash, and the store that keeps it (protocol.md section 2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "election/electorate.h"
#include "election/term.h"
#include "election/timing.h"

namespace electiond {

struct Durable {
    NodeUuid uuid{};                        // identity of this data directory
    NodeId node_id{};                       // as at the first start
    std::string cluster_name{};             // as at the first start
    std::string cluster_id{};               // empty: a blank node
    std::vector<std::string> supersedes{};  // cluster ids that this one replaced (§6.5)
    std::uint64_t starts = 0;               // raised at each start; part of each journal index
    Term term = 0;
    NodeUuid voted_for{};  // in `term`; empty: nobody
    Electorate config{};
    Milliseconds promise{0};            // the longest promise ever given, to others or to itself
    std::vector<Voter> founding_set{};  // mode *all*: the one set ever promised (§6.2)
    bool left = false;                  // this uuid was removed for good

    [[nodiscard]] bool blank() const { return cluster_id.empty(); }
    bool operator==(const Durable&) const = default;
};

// True if `after` is `before` with its configuration under the number of a later term (C3), and
// nothing else has changed.
[[nodiscard]] inline bool only_renamed(const Durable& before, const Durable& after) {
    if (before.config.number.term >= after.config.number.term) return false;
    Durable renamed = before;
    renamed.config.number.term = after.config.number.term;
    return renamed == after;
}

// Where Node keeps its Durable. Only the loop thread calls it.
// Every call throws Error (code data or disk) if it fails. The process must then end: a node that
// can't save its votes must not vote (D2, D3).
class DurableStore {
  public:
    virtual ~DurableStore() = default;

    // Returns the newest record; nullopt if this data directory was never used. Throws if there is
    // a record that cannot be read.
    [[nodiscard]] virtual std::optional<Durable> load() = 0;

    // The record is durable when it returns (D1).
    virtual void save(const Durable& record) = 0;

    // Brings the twin slot up to date, if it is not. Called when nothing has been saved for a
    // while, so that no message waits for it.
    virtual void sync_twin() = 0;
};

}  // namespace electiond
