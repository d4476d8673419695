// Finds the leader by asking all endpoints at once, so that one that hangs delays nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "electionctl/api_client.h"

namespace electiond::ctl {

// A leader, as itself or another node reports it. It has no endpoint if its API listens only on
// Unix sockets: then only programs on its machine can ask it. Until it has confirmed that it leads,
// its endpoint may lead to another node: a loopback address does on every other machine.
struct KnownLeader {
    std::string id{};
    std::optional<std::string> endpoint{};
};

struct Found {
    // The node that has just answered that it leads; nullopt: none has.
    std::optional<KnownLeader> leader{};
    // Without `leader`: the node that another one reports as the leader.
    std::optional<KnownLeader> named{};
    std::vector<std::string> said{};  // without `leader`: one line for each endpoint
    bool anyone_answered = false;
    bool none_known = false;  // an endpoint answered that it knows no leader
    bool all_timed_out = true;
    bool no_trust = true;  // every endpoint was reached, and only TLS failed
};

// Returns as soon as a node answers that it leads: an endpoint, or a node that an endpoint reports
// as the leader. Else returns when all endpoints have answered or failed. For each endpoint there
// are up to three requests in turn (/leader, /cluster, /leader of the reported node), and /status
// for a Unix socket; each may take the client's timeout.
[[nodiscard]] Found find_leader(const ApiClient& client);

}  // namespace electiond::ctl
