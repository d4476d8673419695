// A request to the control API and its answer, as plain values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/json.h"
#include "election/reason.h"

namespace electiond {

struct ApiRequest {
    std::string method = "GET";
    std::string target = "/";  // as it was sent: path and query, still escaped
    std::optional<std::string> host{};
    std::optional<std::string> origin{};
    std::optional<std::string> authorization{};
    std::optional<std::string> last_event_id{};  // of an event stream that resumes
    std::string body{};
    bool trusted = false;  // may change things without a token: it came from root or the same user
    // The names in the client's certificate, as in its SAN ("URI:…"). Empty without a certificate.
    std::vector<std::string> certificate_names{};
    // With TLS: the names in our own certificate. A browser compares them with the host.
    std::vector<std::string> own_names{};
};

// `body` is that of a GET, also if the method is HEAD; the server then sends only its length.
struct ApiResponse {
    int status = 200;
    std::string body{};
    std::string type = "application/json";
    std::vector<std::pair<std::string, std::string>> headers{};
};

[[nodiscard]] inline ApiResponse answer(int status, const Json& body) {
    return {.status = status, .body = body.text()};
}

// What went wrong, as application/problem+json. `detail` is a whole sentence that names the remedy
// if there is one.
struct Problem {
    int status;
    std::string_view title;
    std::string detail;
    Reason reason = Reason::none;
    std::optional<std::string> leader{};  // `leaderId`; 421 always has this key, null if unknown
};
[[nodiscard]] ApiResponse answer(const Problem& problem);

}  // namespace electiond
