// The one heap of everything that is still to happen, in virtual time.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "election/timing.h"

namespace electiond::sim {

// Real time of the simulated world, from 0. Only a SimClock turns it into what a node sees.
struct RealClock {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<RealClock>;
    static constexpr bool is_steady = true;
};
using Moment = RealClock::time_point;

// Single-threaded. What stands at one moment happens in the order in which it was entered.
class Schedule {
  public:
    [[nodiscard]] Moment now() const { return now_; }
    [[nodiscard]] std::uint64_t happened() const { return happened_; }

    // Never in the past: what is due already happens next.
    void at(Moment when, std::function<void()> action);
    void after(Duration wait, std::function<void()> action) { at(now_ + wait, std::move(action)); }

    // Lets the next thing happen; false, with the clock at `limit`, where none is due by then.
    bool step(Moment limit);

  private:
    struct Item {
        Moment when;
        std::uint64_t order;
        std::function<void()> action;
    };
    static bool later(const Item& a, const Item& b) {
        return a.when != b.when ? a.when > b.when : a.order > b.order;
    }

    std::vector<Item> heap_;
    std::uint64_t entered_ = 0;
    std::uint64_t happened_ = 0;
    Moment now_{};
};

}  // namespace electiond::sim
