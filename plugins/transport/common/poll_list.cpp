// What the I/O thread waits for in one turn of its loop, and what became of it.
#include "common/poll_list.h"

#include <algorithm>

namespace electiond::transport {

void PollList::wait(Instant until) {
    int milliseconds = -1;
    if (until != Instant::max()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        milliseconds = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
    }
    if (::poll(list_.data(), list_.size(), milliseconds) < 0) {
        for (auto& entry : list_) entry.revents = 0;
    }
}

}  // namespace electiond::transport
