// Code that all parked answers share.
#include "control/parked.h"

#include "control/answers.h"

namespace electiond {

ApiAnswer now_or_later(std::unique_ptr<ParkedAnswer> parked, Instant now) {
    if (auto response = parked->look(now)) return std::move(*response);
    return parked;
}

ApiResponse too_many_waiting() {
    auto refused = answer(
        Problem{503, "Too many requests wait",
                "This node carries out as many commands and surveys as api.limits.waiting_requests "
                "allows; nothing was done, try again in a second."});
    refused.headers.emplace_back("Retry-After", "1");
    return refused;
}

ApiResponse about_to_end() {
    return answer(Problem{503, "Shutting down", "This node is shutting down."});
}

}  // namespace electiond
