// The way out.
#include "node/status_board.h"

#include <utility>

namespace electiond {

StatusBoard::StatusBoard() : status_(std::make_shared<const Status>()) {}

void StatusBoard::publish(Status status) {
    auto next = std::make_shared<const Status>(std::move(status));
    bool news = false;
    {
        const std::lock_guard lock(mutex_);
        news = next->index != status_->index;
        status_.swap(next);
    }
    if (news) changed_.notify_all();
}

std::shared_ptr<const Status> StatusBoard::read() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

std::shared_ptr<const Status> StatusBoard::await_after(Index after, Duration wait) const {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, wait, [&] { return closed_ || status_->index > after; });
    return status_;
}

void StatusBoard::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    changed_.notify_all();
}

}  // namespace electiond
