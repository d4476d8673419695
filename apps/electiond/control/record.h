// One node as /cluster and /status show it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/dependencies.h"
#include "control/json.h"
#include "election/message.h"
#include "node/status.h"

namespace electiond {

// This node's own answer to the request `status` of the transport.
[[nodiscard]] PeerReply own_reply(const Status& status, Instant now, const std::string& version);

// A node that answered, itself included; it was asked at `asked`.
[[nodiscard]] Json online_record(const PeerReply& reply, const Endpoint& asked);
// A node that did not answer: of its role only whether it is a voter is known.
[[nodiscard]] Json offline_record(const PeerStatus& peer, bool voter, const std::string& error);

// The problems that last, of the node and of the daemon: [{reason, id, detail, sinceMs}].
[[nodiscard]] Json problem_list(const NodeView& view, const std::vector<DaemonProblem>& more,
                                Instant now);

// The short id; the address if the id is unknown.
[[nodiscard]] std::string shown_id(const PeerStatus& peer);
// The address of the transport; nullopt if none is known.
[[nodiscard]] std::optional<Endpoint> shown_address(const std::vector<Endpoint>& addresses);
// The address of an API. If it listens on all addresses, that of the transport counts. nullopt if
// unknown.
[[nodiscard]] std::optional<Endpoint> shown_api(const std::string& api,
                                                const std::optional<Endpoint>& transport);
[[nodiscard]] std::optional<std::uint16_t> port_of(const std::optional<Endpoint>& endpoint);

}  // namespace electiond
