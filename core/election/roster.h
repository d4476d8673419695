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
    std::optional<Instant> acked{};  // nullopt: no ack in this lead
    Instant steady_since{};          // since then no gap between acks was longer than E
    std::uint32_t streak = 0;        // acks without such a gap
    std::uint64_t seq = 0;           // of the newest ack
    ConfigNumber config{};           // that it holds
    std::uint64_t view = 0;          // that it holds
    std::optional<Duration> rtt{};   // smoothed
    bool eligible = true;            // until an ack says otherwise
    bool wants_vote = false;         // until an ack says so
    bool leaving = false;
    bool cooling = false;
    std::int64_t priority = 0;
    bool moved_in = false;  // M5: its address is that of a voter with its id

    // When it was last heard, but not before this lead began or it said hello.
    [[nodiscard]] Instant heard() const { return acked.value_or(noted); }
};

// Has it an ack younger than `age`?
[[nodiscard]] inline bool is_fresh(const Follower& follower, Instant now, Duration age) {
    return follower.acked && now - *follower.acked < age;
}

// A value in the role Leading, which ends with it.
class Roster {
  public:
    // For a new lead: contains the voters, without acks of earlier leads (C3).
    Roster(const Electorate& config, const NodeUuid& self, Instant now);

    using Followers = std::map<NodeUuid, Follower>;
    [[nodiscard]] const Followers& all() const { return followers_; }
    [[nodiscard]] const Follower* find(const NodeUuid& uuid) const;

    // By id or uuid, as an operator writes it. If two nodes have the id, the one heard last.
    [[nodiscard]] const Follower* named(const std::string& node) const;

    // Adds a node that said hello: it gets heartbeats from now on. True if it is new.
    bool note(const NodeId& id, const NodeUuid& uuid, Instant now);

    // Notes an accepted ack of the round sent at `sent`; `gap` is E. Ignores unknown nodes.
    void ack(const NodeUuid& from, const HeartbeatReply& reply, Instant sent, Instant now,
             Duration gap);

    // Drops observers that are silent for `dead_after`: those that live say hello again.
    void forget_silent_observers(const Electorate& config, Instant now, Duration dead_after);
    // M5: whether its address is that of the voter whose id it has.
    void set_moved_in(const NodeUuid& uuid, bool moved_in);
    void forget(const NodeUuid& uuid) { followers_.erase(uuid); }

    // L1: the quorum-th newest ack time of the voters; `own` is that of the leader. nullopt if
    // fewer than a quorum have acked.
    [[nodiscard]] std::optional<Instant> quorum_ack(const Electorate& config, const NodeUuid& self,
                                                    Instant own) const;

    // Have a quorum of voters, the leader among them, acked exactly this configuration? (K2)
    [[nodiscard]] bool config_held(const Electorate& config, const NodeUuid& self) const;

    // Has `uuid` an ack younger than `age`?
    [[nodiscard]] bool fresh(const NodeUuid& uuid, Instant now, Duration age) const;

  private:
    static constexpr std::size_t kFew = 4;
    static constexpr std::size_t kUsual = 9;  // voters

    Followers followers_;
};

}  // namespace electiond
