// Writes the GET requests that electionctl sends on an event loop.
#include "electionctl/get_request.h"

#include <io/http1.h>

#include <vector>

#include "electionctl/endpoint.h"

namespace electiond::ctl {

std::string get_request(const std::string& endpoint, std::string_view path, std::string_view accept,
                        const std::string& token, const std::optional<std::string>& last_event_id) {
    const Place place = place_of(endpoint);
    const std::string authorization = "Bearer " + token;
    std::vector<io::HttpField> fields{{"Accept", accept}, {"Connection", "close"}};
    if (!token.empty()) fields.push_back({"Authorization", authorization});
    if (last_event_id) fields.push_back({"Last-Event-ID", *last_event_id});
    return io::write_request_head("GET", place.path + std::string(path), place.host_field, "", 0,
                                  fields);
}

}  // namespace electiond::ctl
