// Writes the requests that electionctl sends.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "electionctl/answer.h"

namespace electiond::ctl {

// The whole request to `endpoint`; the connection closes after the answer. `accept`: the media type
// that the answer should have. An empty token is not sent.
[[nodiscard]] std::string api_request(const std::string& endpoint, const Question& question,
                                      std::string_view accept, const std::string& token,
                                      const std::optional<std::string>& last_event_id = {});

}  // namespace electiond::ctl
