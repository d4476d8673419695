// A queue of reloads requested through the control API, for the main thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "reload/plan.h"

namespace electiond {

struct ReloadRequest {
    bool dry_run = false;
    // Called once, by the thread that carries the reload out; must not block.
    std::function<void(const ReloadReport&)> done{};
};

// Any thread. The destructor drops requests that were not taken.
class ReloadQueue {
  public:
    static constexpr std::size_t kMost = 16;

    // `wake` is called after each request that was accepted, by the thread that posts it.
    void on_request(std::function<void()> wake) {
        const std::lock_guard lock(mutex_);
        wake_ = std::move(wake);
    }

    // False if on_request() was not called yet, or if too many requests wait.
    [[nodiscard]] bool post(ReloadRequest request) {
        std::function<void()> wake;
        {
            const std::lock_guard lock(mutex_);
            if (!wake_ || requests_.size() >= kMost) return false;
            requests_.push_back(std::move(request));
            wake = wake_;
        }
        wake();
        return true;
    }

    [[nodiscard]] std::optional<ReloadRequest> take() {
        const std::lock_guard lock(mutex_);
        if (requests_.empty()) return std::nullopt;
        auto first = std::move(requests_.front());
        requests_.pop_front();
        return first;
    }

  private:
    std::mutex mutex_;
    std::function<void()> wake_;
    std::deque<ReloadRequest> requests_;
};

}  // namespace electiond
