// Writes the requests that electionctl sends.
#include "electionctl/api_request.h"

#include <io/http1.h>

#include <vector>

#include "electionctl/endpoint.h"

namespace electiond::ctl {

std::string api_request(const std::string& endpoint, const Question& question,
                        std::string_view accept, const std::string& token,
                        const std::optional<std::string>& last_event_id) {
    const Place place = place_of(endpoint);
    const std::string authorization = "Bearer " + token;
    std::vector<io::HttpField> fields{{"Accept", accept}, {"Connection", "close"}};
    if (!token.empty()) fields.push_back({"Authorization", authorization});
    if (last_event_id) fields.push_back({"Last-Event-ID", *last_event_id});
    return io::write_request_head(question.method, place.path + question.path, place.host_field,
                                  question.body.empty() ? "" : "application/json",
                                  question.body.size(), fields) +
           question.body;
}

}  // namespace electiond::ctl
