// What comes into a Node by its mailbox.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <electiond/peer.h>
#include <electiond/transport.h>

#include "election/step.h"

namespace electiond {

// A transport delivered a request.
struct RequestArrived {
    Request request;
    Respond respond;
};

// The outcome of one request that this node has sent.
struct ReplyArrived {
    NodeUuid to;       // empty if only the address was known
    Endpoint address;  // that was asked
    std::string name;  // of the request
    Response answer;
};

// One discovery's newest snapshot, in use until the next one; `source` counts the discoveries
// from 0. Posted when it differs from the last one.
struct PeersPolled {
    std::size_t source = 0;
    std::vector<Peer> peers;
};

// What the arbiter stores; nullopt if it could not find out.
struct ArbiterAnswered {
    std::optional<Claim> stored;
};

struct HooksFinished {};

struct HealthReported {
    bool healthy = true;
};

// A command of an operator, or of the process itself. `done` is called once, by the loop thread; it
// must not block.
struct CommandArrived {
    CommandBody what;
    std::function<void(const Done&)> done;
};

// PolicyChange (step.h) goes to the election as it is.
using Event = std::variant<RequestArrived, ReplyArrived, PeersPolled, ArbiterAnswered,
                           HooksFinished, HealthReported, PolicyChange, CommandArrived>;

}  // namespace electiond
