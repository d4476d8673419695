// A thread that may be left behind: its end is awaited for a limited time only.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace electiond {

// The moment by which something must have ended.
using Deadline = std::chrono::steady_clock::time_point;

// For code that can hang in a call that cannot be interrupted: a file system that does not answer,
// a name look-up, a plugin. One thread uses the object. The object may be destroyed while the
// thread still runs, so `run` must own, or share, all that it uses. If a thread was left behind,
// the process must end by std::_Exit: no destructor of what that thread still uses may run.
class AbandonableThread {
  public:
    AbandonableThread() = default;
    // Starts at once. `run` must not throw; it is destroyed on the thread. Throws
    // std::system_error if no thread can be started.
    explicit AbandonableThread(std::function<void()> run);
    AbandonableThread(AbandonableThread&&) = default;
    AbandonableThread& operator=(AbandonableThread&&) = default;
    ~AbandonableThread() {
        if (thread_.joinable()) thread_.detach();
    }

    // True as soon as the thread has ended, or if there is none to wait for.
    [[nodiscard]] bool ended_by(Deadline deadline) const noexcept;

    // Joins; false if the thread has not ended by then: it is left behind for good.
    bool join_until(Deadline deadline) noexcept;

  private:
    struct End {
        std::mutex mutex;
        std::condition_variable reached;
        bool is_reached = false;
    };

    std::shared_ptr<End> end_;
    std::thread thread_;
};

}  // namespace electiond
