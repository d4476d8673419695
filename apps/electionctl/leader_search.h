// Finds the leader by asking all endpoints at once, so that none that hangs delays or hides it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "electionctl/api_client.h"

namespace electiond::ctl {

// The leader as a node names it. A leader whose API listens on Unix sockets alone has no endpoint:
// only its own machine can ask it.
struct KnownLeader {
    std::string id{};
    std::optional<std::string> endpoint{};
};

struct Found {
    // Whom to ask: it answered just now that it leads. nullopt: nobody did.
    std::optional<KnownLeader> leader{};
    // Whom a node names as the leader, where nobody answered that it leads.
    std::optional<KnownLeader> named{};
    std::vector<std::string> said{};  // where there is no `leader`: a line for each endpoint
    bool anyone_answered = false;
    bool all_timed_out = true;
};

// Returns as soon as one endpoint answers that it leads, or as soon as the leader that a node names
// does so itself; else when all endpoints have answered or failed. Each step of an endpoint (the
// node, its cluster, the leader that it names) may take the client's timeout.
[[nodiscard]] Found find_leader(const ApiClient& client);

}  // namespace electiond::ctl
