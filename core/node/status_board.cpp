// The newest Status of this node, and a call when it changes.
#include "node/status_board.h"

#include <utility>

namespace electiond {

StatusBoard::StatusBoard() : status_(std::make_shared<const Status>()) {}

void StatusBoard::publish(Status status, Instant now) {
    if (status == *status_) return;  // read without the mutex: only publish() writes it
    auto next = std::make_shared<const Status>(std::move(status));
    bool news = false;
    {
        const std::lock_guard lock(mutex_);
        news = next->index != status_->index || next->leads_at(now) != status_->leads_at(now);
        status_.swap(next);
    }
    if (!news) return;
    const std::lock_guard lock(observing_);
    for (const auto& observer : observers_) observer();
}

std::shared_ptr<const Status> StatusBoard::read() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

StatusBoard::Listening StatusBoard::listen(Observer observer) const {
    const std::lock_guard lock(observing_);
    return {*this, observers_.insert(observers_.end(), std::move(observer))};
}

StatusBoard::Listening::Listening(Listening&& other) noexcept
    : board_(std::exchange(other.board_, nullptr)), place_(other.place_) {}

StatusBoard::Listening& StatusBoard::Listening::operator=(Listening&& other) noexcept {
    std::swap(board_, other.board_);
    std::swap(place_, other.place_);
    return *this;
}

StatusBoard::Listening::~Listening() {
    if (!board_) return;
    const std::lock_guard lock(board_->observing_);
    board_->observers_.erase(place_);
}

}  // namespace electiond
