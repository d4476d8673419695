// One function per path returns its answer; the files are named below.
#pragma once

#include <functional>

#include "control/dependencies.h"
#include "control/exchange.h"
#include "control/parked.h"
#include "control/target.h"

namespace electiond {

// One request while its answer is made. Exists only during the call; a parked answer copies what it
// needs. `dependencies` and the places outlive every parked answer.
struct Call {
    const ControlDependencies& dependencies;
    const ApiRequest& request;
    const Target& target;
    Places& streams;  // long polls and event streams
    Places& waiting;  // commands and surveys
    const std::function<void()>& wake;
};

// The response, if `parked` has it already; else `parked`.
[[nodiscard]] ApiAnswer now_or_later(std::unique_ptr<ParkedAnswer> parked, Instant now);

// Refuses a command or a survey if no place is free.
[[nodiscard]] ApiResponse too_many_waiting();

// The response of a parked answer that is not ready when the server stops.
[[nodiscard]] ApiResponse about_to_end();

// answer_status.cpp: the state of this node
[[nodiscard]] ApiAnswer answer_status(const Call& call);
// The object of GET /status.
[[nodiscard]] JsonFields status_fields(const ControlDependencies& dependencies,
                                       const Status& status, Instant now);
[[nodiscard]] ApiAnswer answer_follower(const Call& call);
[[nodiscard]] ApiAnswer answer_livez(const Call& call);
[[nodiscard]] ApiAnswer answer_readyz(const Call& call);

// answer_leader.cpp: the leader, the time left of its lease, and the wait for a change
[[nodiscard]] ApiAnswer answer_leader(const Call& call);

// answer_cluster.cpp, answer_members.cpp: asks the other nodes, or the leader
[[nodiscard]] ApiAnswer answer_cluster(const Call& call);
[[nodiscard]] ApiAnswer answer_members(const Call& call);

// answer_history.cpp, answer_events.cpp: past changes, and changes from now on
[[nodiscard]] ApiAnswer answer_history(const Call& call);
[[nodiscard]] ApiAnswer answer_events(const Call& call);

// answer_commands.cpp: commands of operators
[[nodiscard]] ApiAnswer answer_step_down(const Call& call);
[[nodiscard]] ApiAnswer answer_remove_member(const Call& call);
[[nodiscard]] ApiAnswer answer_may_remove_member(const Call& call);
[[nodiscard]] ApiAnswer answer_leave(const Call& call);

// answer_reload.cpp: reads the configuration again
[[nodiscard]] ApiAnswer answer_reload(const Call& call);

}  // namespace electiond
