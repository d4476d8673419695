// A thread that may be left behind.
#include "node/abandonable_thread.h"

#include <utility>

namespace electiond {

AbandonableThread::AbandonableThread(std::function<void()> run)
    : end_(std::make_shared<End>()), thread_([end = end_, run = std::move(run)]() mutable noexcept {
          std::exchange(run, nullptr)();
          {
              const std::lock_guard lock(end->mutex);
              end->is_reached = true;
          }
          end->reached.notify_all();
      }) {}

bool AbandonableThread::ended_by(Deadline deadline) const noexcept {
    if (!end_) return true;
    std::unique_lock lock(end_->mutex);
    return end_->reached.wait_until(lock, deadline, [this] { return end_->is_reached; });
}

bool AbandonableThread::join_until(Deadline deadline) noexcept {
    const bool ended = ended_by(deadline);
    if (thread_.joinable()) {
        if (ended) {
            thread_.join();
        } else {
            thread_.detach();
        }
    }
    return ended;
}

}  // namespace electiond
