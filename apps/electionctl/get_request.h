// Writes the GET requests that electionctl sends on an event loop.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace electiond::ctl {

// The whole request for `path` ("/leader") at `endpoint`; the connection closes after the answer.
// An empty token is not sent.
[[nodiscard]] std::string get_request(const std::string& endpoint, std::string_view path,
                                      std::string_view accept, const std::string& token,
                                      const std::optional<std::string>& last_event_id = {});

}  // namespace electiond::ctl
