// One state of the whole system: three elections, their disks, the messages under way, and the
// grants of clients.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "election/election.h"
#include "exploration/post.h"
#include "exploration/renaming.h"

namespace electiond::exploration {

using ActorId = std::uint32_t;
using RealTime = std::int64_t;  // nanoseconds, whole microseconds

inline constexpr Term kTermMax = 7;

// One node in one state; shared by all worlds with this state. Immutable.
struct Actor {
    Election election;
    Durable disk;     // the newest save
    Durable earlier;  // the one before: only a faulty disk shows it again
    // The disk before the step that this node is in the middle of: what it sends first (D1a) has
    // left, and its save is under way until it takes another step.
    std::optional<Durable> saving_over{};

    Instant leads_until = Instant::min();  // a visible leader before then
    FencingToken token = 0;
    bool leading = false;  // role leader
    std::vector<Instant> instants{};
};

// A value; shared objects are referred to by number. Only its Stage can interpret it.
struct World {
    RealTime now = 0;
    std::array<ActorId, kNodes> actors{};
    std::array<RealTime, kNodes> relied{};      // until when clients rely on this node
    std::array<Instant, kNodes> book{};         // the same, as its process knows it (§10)
    std::array<bool, kNodes> open{};            // its grant book
    std::array<NodeIndex, kTermMax + 1> led{};  // who led which term
    FencingToken token_highest = 0;             // of all visible leaders so far
    std::uint8_t crashes = 0;                   // still allowed
    std::uint8_t commands = 0;                  // still allowed
    std::vector<MessageId> post{};              // sorted; each may come any number of times
};

// A crash in the middle of a step: its messages have left, its save is lost.
inline constexpr std::uint32_t kSaveLost = 1;

// An action that is possible next.
struct Action {
    enum class Kind : std::uint8_t { wait, tick, campaign, deliver, ask, crash, command };
    Kind kind = Kind::wait;
    NodeIndex node = 0;       // but for deliver and wait
    std::uint32_t which = 0;  // the message; the command: order and named node; or kSaveLost

    bool operator==(const Action&) const = default;
};

}  // namespace electiond::exploration
