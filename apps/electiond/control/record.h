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

// What `status` would answer if this node were asked over its transport.
[[nodiscard]] PeerReply own_reply(const Status& status, Instant now, const std::string& version);

// A node that answered, itself included; it was asked at `asked`.
[[nodiscard]] Json online_record(const PeerReply& reply, const Endpoint& asked);
// A node that did not; of its role only a vote is known without it.
[[nodiscard]] Json offline_record(const PeerStatus& peer, bool voter, const std::string& error);

// The problems that last, of the node and of the daemon: [{reason, id, detail, sinceMs}].
[[nodiscard]] Json problem_list(const NodeView& view, const std::vector<DaemonProblem>& more,
                                Instant now);

// The short id; the address where only that is known.
[[nodiscard]] std::string shown_id(const PeerStatus& peer);
// Of the transport; nothing where none is known.
[[nodiscard]] std::optional<Endpoint> shown_address(const std::vector<Endpoint>& addresses);
// Where an API listens on every address, it is reached at that of the transport. Nothing where it
// is not known.
[[nodiscard]] std::optional<Endpoint> shown_api(const std::string& api,
                                                const std::optional<Endpoint>& transport);
[[nodiscard]] std::optional<std::uint16_t> port_of(const std::optional<Endpoint>& endpoint);

}  // namespace electiond
