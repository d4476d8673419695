// Asks many nodes for their status at once, over the transport's query lane.
#pragma once

#include <string>
#include <vector>

#include <electiond/transport.h>

#include "election/message.h"

namespace electiond {

struct SurveyAnswer {
    std::optional<PeerReply> reply{};  // holds a StatusReply
    std::string error{};               // why there is none
};

// Any thread; blocks the caller until all have answered or `timeout` is over, however many are
// dead. Answers stand in the order of `targets`. `members` asks for the leader's view, too.
[[nodiscard]] std::vector<SurveyAnswer> survey(Transport& transport,
                                               const std::vector<Endpoint>& targets, bool members,
                                               Milliseconds timeout);

}  // namespace electiond
