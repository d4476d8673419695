// What the I/O thread waits for in one turn of its loop, and what became of it.
#pragma once

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <limits>
#include <vector>

namespace electiond::transport {

using Clock = std::chrono::steady_clock;
using Instant = Clock::time_point;

// Filled anew each turn: add() what is to be watched, wait(), then ask events() by slot.
class PollList {
  public:
    static constexpr std::size_t kNoSlot = std::numeric_limits<std::size_t>::max();

    void clear() { list_.clear(); }
    [[nodiscard]] std::size_t add(int fd, short wanted) {
        list_.push_back({.fd = fd, .events = wanted, .revents = 0});
        return list_.size() - 1;
    }
    // Returns when something happened or `until` has come; Instant::max() waits for ever.
    void wait(Instant until);
    [[nodiscard]] short events(std::size_t slot) const {
        return slot < list_.size() ? list_[slot].revents : short{0};
    }

  private:
    std::vector<pollfd> list_;
};

}  // namespace electiond::transport
