// The heap of all future events, in virtual time.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "election/timing.h"

namespace electiond::sim {

// Real time of the simulated world, from 0. Only a SimClock converts it to the time of a node.
struct RealClock {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<RealClock>;
    static constexpr bool is_steady = true;
};
using Moment = RealClock::time_point;

// Single-threaded. Events at the same moment run in the order in which they were added.
class Schedule {
  public:
    [[nodiscard]] Moment now() const { return now_; }
    [[nodiscard]] std::uint64_t happened() const { return happened_; }

    // An event that would be in the past runs next.
    void at(Moment when, std::function<void()> action);
    void after(Duration wait, std::function<void()> action) { at(now_ + wait, std::move(action)); }

    // Runs the next event; false, with the clock at `limit`, if none is due by then.
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
