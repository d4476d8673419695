// Which of the addresses that were asked by a hello have not answered yet.
#include "node/open_hellos.h"

#include <algorithm>

namespace electiond {

void OpenHellos::sent(Instant now, const Endpoint& to) {
    std::erase_if(asked_, [&](const auto& entry) {
        return entry.second.open == 0 && !failed_lately(entry.second, now);
    });
    ++asked_[to].open;
}

void OpenHellos::answered(const Endpoint& by) {
    const auto at = asked_.find(by);
    if (at == asked_.end()) return;
    at->second.failed_at.reset();
    if (at->second.open > 0) --at->second.open;
}

void OpenHellos::failed(Instant now, const Endpoint& by) {
    const auto at = asked_.find(by);
    if (at == asked_.end()) return;
    at->second.failed_at = now;
    if (at->second.open > 0) --at->second.open;
}

bool OpenHellos::any(Instant now) const {
    return std::ranges::any_of(asked_, [&](const auto& entry) {
        return entry.second.open > 0 && !failed_lately(entry.second, now);
    });
}

}  // namespace electiond
