// What each path answers: one function a path, by topic in the files named here.
#pragma once

#include "control/exchange.h"
#include "control/faces.h"
#include "control/target.h"
#include "control/waiting_room.h"

namespace electiond {

// One request on its way through the routes. Lives as long as the call.
struct Call {
    const ControlFaces& faces;
    const ApiRequest& request;
    const Target& target;
    WaitingRoom& room;
};

// answer_status.cpp: this node, as it knows itself
[[nodiscard]] ApiResponse answer_status(const Call& call);
[[nodiscard]] ApiResponse answer_follower(const Call& call);
[[nodiscard]] ApiResponse answer_livez(const Call& call);
[[nodiscard]] ApiResponse answer_readyz(const Call& call);

// answer_leader.cpp: who leads, for how long, and the wait for a change
[[nodiscard]] ApiResponse answer_leader(const Call& call);

// answer_cluster.cpp, answer_members.cpp: what others say of themselves, what the leader says
[[nodiscard]] ApiResponse answer_cluster(const Call& call);
[[nodiscard]] ApiResponse answer_members(const Call& call);

// answer_history.cpp
[[nodiscard]] ApiResponse answer_history(const Call& call);

// answer_commands.cpp: what changes something
[[nodiscard]] ApiResponse answer_step_down(const Call& call);
[[nodiscard]] ApiResponse answer_remove_member(const Call& call);
[[nodiscard]] ApiResponse answer_leave(const Call& call);

}  // namespace electiond
