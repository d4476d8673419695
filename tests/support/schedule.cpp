// The heap of what is still to happen.
#include "support/schedule.h"

#include <algorithm>
#include <utility>

namespace electiond::sim {

void Schedule::at(Moment when, std::function<void()> action) {
    heap_.push_back({std::max(when, now_), ++entered_, std::move(action)});
    std::ranges::push_heap(heap_, later);
}

bool Schedule::step(Moment limit) {
    if (heap_.empty() || heap_.front().when > limit) {
        now_ = std::max(now_, limit);
        return false;
    }
    std::ranges::pop_heap(heap_, later);
    const Item item = std::move(heap_.back());
    heap_.pop_back();
    now_ = item.when;
    ++happened_;
    item.action();
    return true;
}

}  // namespace electiond::sim
