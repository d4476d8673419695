// What a leader knows of the nodes that follow it, by their acks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "election/electorate.h"
#include "election/message.h"
#include "election/timing.h"

namespace electiond {

// One voter or observer as its newest ack of this lead shows it. All times are send times of the
// heartbeats that were acked, never arrival times (L1).
struct Follower {
    NodeId id{};
    NodeUuid uuid{};
    Instant noted{};                 // when the lead was won, or the observer said hello
    std::optional<Instant> acked{};  // nothing: no ack in this lead
    Instant steady_since{};          // acked without a gap longer than E since
    std::uint32_t streak = 0;        // acks without such a gap
    std::uint64_t seq = 0;           // of the newest ack
    ConfigNumber config{};           // that it holds
    std::uint64_t view = 0;          // that it holds
    std::optional<Duration> rtt{};   // smoothed
    bool eligible = true;            // until it says otherwise
    bool wants_vote = false;         // until it says so
    bool leaving = false;
    bool cooling = false;
    std::int64_t priority = 0;
    bool moved_in = false;  // M5: speaks from the address of a voter with its id

    // When it was last heard, at the earliest the beginning of this lead.
    [[nodiscard]] Instant heard() const { return acked.value_or(noted); }
};

// A value inside the role Leader; forgotten with it.
class Roster {
  public:
    // A new lead: the voters are known by name, their acks are forgotten (C3).
    Roster(const Electorate& config, const NodeUuid& self, Instant now);

    [[nodiscard]] const std::map<NodeUuid, Follower>& all() const { return followers_; }
    [[nodiscard]] const Follower* find(const NodeUuid& uuid) const;

    // By id or uuid, as an operator writes it; an id that two have names the one heard last.
    [[nodiscard]] const Follower* named(const std::string& who) const;

    // A node that said hello gets heartbeats from now on; true where it is new.
    bool note(const NodeId& id, const NodeUuid& uuid, Instant now);

    // Takes one accepted ack of the round sent at `sent`; `gap` is E. Nothing where unknown.
    void ack(const NodeUuid& from, const HeartbeatReply& reply, Instant sent, Instant now,
             Duration gap);

    // Drops observers that are silent for `dead_after`: they say hello again.
    void forget_silent_observers(const Electorate& config, Instant now, Duration dead_after);
    // M5: whether it speaks from the address of the voter whose id it has.
    void set_moved_in(const NodeUuid& uuid, bool moved_in);
    void forget(const NodeUuid& uuid) { followers_.erase(uuid); }

    // The quorum-th newest ack time of the voters, `own` being the leader's; nothing where fewer
    // than a quorum have acked (L1).
    [[nodiscard]] std::optional<Instant> quorum_ack(const Electorate& config, const NodeUuid& self,
                                                    Instant own) const;

    // Have a quorum of voters, the leader among them, acked exactly this configuration? (K2)
    [[nodiscard]] bool config_held(const Electorate& config, const NodeUuid& self) const;

    // Has `uuid` an ack younger than `age`?
    [[nodiscard]] bool fresh(const NodeUuid& uuid, Instant now, Duration age) const;

  private:
    std::map<NodeUuid, Follower> followers_;
};

}  // namespace electiond
