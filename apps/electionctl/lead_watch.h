// Decides which events a watcher of leadership gets, and when: pure, no clock, socket or thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "electionctl/boot_clock.h"

namespace electiond::ctl {

// The leader, as one node reported it.
struct Lead {
    std::string leader{};  // the short id; empty: none is known
    bool own = false;      // the node that answered is the leader
    std::int64_t term = 0, token = 0, index = 0;
    // Until when it counts without a new answer. For the asked node's own lead: the end of the
    // lease, counted from before the request, less the drift of clocks.
    Instant until = kNever;
    std::string endpoint{};  // the endpoint that gave the answer
    std::string json{};      // the answer, unchanged
};

enum class Event { leader, follower, no_leader };

struct LeadChange {
    Event event = Event::no_leader;
    Lead lead{};               // the current one; if it is lost, with the last known term and index
    std::string previous{};    // the leader of the event before; empty: none
    bool unreachable = false;  // no answer in time, so the last reported lead counts as over
};

// Compares the last answer with the last event. A lead that is not confirmed in time counts as
// over, whatever the reason: without an answer anything may have changed.
class LeadWatch {
  public:
    enum class Scope {
        node,    // one node: events about whether it leads itself
        cluster  // all nodes: events about the leader, whichever node reports it
    };
    explicit LeadWatch(Scope scope) : scope_(scope) {}

    void hear(Lead lead);

    // How long a node that follows another may know no leader, as at each hand-over, before that
    // becomes an event. The end of its own lead becomes an event at once.
    static constexpr std::chrono::milliseconds kBetweenLeaders{300};

    // The event that is due at `now`; it then counts as reported. None before the first answer.
    [[nodiscard]] std::optional<LeadChange> next(Instant now);

    // When next() must be called even if no answer comes until then.
    [[nodiscard]] Instant deadline() const;

    // True if the last event was the node's own lead, and it is over at `now`. Reports no event.
    [[nodiscard]] bool lead_lost(Instant now) const;

    // When lead_lost() becomes true if no answer comes; kNever if the last event was not the node's
    // own lead.
    [[nodiscard]] Instant lead_ends() const;

  private:
    [[nodiscard]] LeadChange at(Instant now) const;
    [[nodiscard]] bool already_reported(const LeadChange& change) const;

    Scope scope_;
    std::optional<Lead> heard_;
    std::optional<LeadChange> reported_;
    std::optional<Instant> no_leader_since_;  // held back
};

}  // namespace electiond::ctl
