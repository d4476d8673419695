// Answers GET /events: begins a stream of all changes.
#include "control/answers.h"

namespace electiond {
namespace {

// When a browser connects again, it sends the header and repeats the query of its first request, so
// the header is the newer one.
std::optional<std::string> last_event_id(const Call& call) {
    if (call.request.last_event_id) return call.request.last_event_id;
    const auto given = call.target.query.find("lastEventId");
    return given == call.target.query.end() ? std::nullopt : std::optional(given->second);
}

}  // namespace

ApiAnswer answer_events(const Call& call) {
    if (auto place = call.streams.take()) {
        return std::make_unique<EventStream>(std::move(*place), last_event_id(call));
    }
    auto refused = answer(Problem{503, "Too many streams",
                                  "This node has as many event streams and long polls as "
                                  "api.limits.streams allows; try again in a second."});
    refused.headers.emplace_back("Retry-After", "1");
    return refused;
}

}  // namespace electiond
