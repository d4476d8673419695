// The verbs that send one request.
#pragma once

#include <chrono>
#include <iosfwd>
#include <optional>
#include <string>

#include "electionctl/api_client.h"
#include "electionctl/arguments.h"

namespace electiond::ctl {

// How long one request may take, without --timeout.
constexpr std::chrono::milliseconds kAskTimeout{3000};
constexpr std::chrono::milliseconds kChangeTimeout{15'000};  // a hand-over waits for grants, hooks

// The environment of a verb; all references outlive it.
struct Session {
    const Arguments& arguments;
    const ApiClient& client;
    std::ostream& out;
    std::ostream& err;
};

// Each returns the exit code, and throws Unreachable.
int status(const Session& session);
int cluster(const Session& session);
int leader(const Session& session);
int is_leader(const Session& session);
int history(const Session& session);
int members(const Session& session);
// With several endpoints these find the leader and send the request only to it. `expected`: the id
// that the leader must have.
int step_down(const Session& session);
int step_down(const Session& session, const std::optional<std::string>& expected);
int remove_member(const Session& session);
int leave(const Session& session);
// reload.cpp: makes the asked node read its configuration again.
int reload(const Session& session);

// Waiting verbs.
int wait_leader(const Session& session);
int watch(const Session& session);

// Prints a refusal with its remedy; returns its exit code. `remedy` may be empty.
int refused(const Session& session, const Answer& answer, const std::string& remedy = "");

}  // namespace electiond::ctl
