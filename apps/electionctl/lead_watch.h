// Which events a watcher of leadership is told, and when: pure, so no clock, socket or thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "electionctl/boot_clock.h"

namespace electiond::ctl {

// Who leads, as one node said it.
struct Lead {
    std::string leader{};  // the short id; empty: none is known
    bool own = false;      // the node that said it leads itself
    std::int64_t term = 0, token = 0, index = 0;
    // Until when it may be relied on without being heard again: of an own lead the end of the
    // lease, counted from before the node was asked, less the drift of clocks.
    Instant until = kNever;
    std::string endpoint{};  // whose answer it is
    std::string json{};      // as it came
};

enum class Event { leader, follower, no_leader };

struct LeadChange {
    Event event = Event::no_leader;
    Lead lead{};             // as it is now; where it is lost, term and index are those heard last
    std::string previous{};  // the leader told before; empty: none
    bool unreachable = false;  // nobody has said anything in time, so the lead told last is over
};

// Compares what was heard last with what was told last. A lead that is not confirmed in time is
// over, whatever the reason: a lost source is no reason to believe that nothing has changed.
class LeadWatch {
  public:
    enum class Scope {
        node,    // of one node: whether it leads itself is what matters
        cluster  // of all: who leads is what matters, whoever says so
    };
    explicit LeadWatch(Scope scope) : scope_(scope) {}

    void hear(Lead lead);

    // What must be told at `now`; it counts as told then. Nothing before anything was heard.
    [[nodiscard]] std::optional<LeadChange> next(Instant now);

    // When next() must be asked even though nothing is heard until then.
    [[nodiscard]] Instant deadline() const;

    // Was the node's own lead told last, and is it over at `now`? next() is not told yet.
    [[nodiscard]] bool lead_lost(Instant now) const;

    // When that becomes so if nothing is heard until then; never while no own lead is told.
    [[nodiscard]] Instant lead_ends() const;

  private:
    [[nodiscard]] LeadChange at(Instant now) const;
    [[nodiscard]] bool told_already(const LeadChange& change) const;

    Scope scope_;
    std::optional<Lead> heard_;
    std::optional<LeadChange> told_;
};

}  // namespace electiond::ctl
