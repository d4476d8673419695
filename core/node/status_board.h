// The way out: the newest Status, to read or to await.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "node/status.h"

namespace electiond {

// publish by the loop thread; the rest from any thread. Never empty: starts with a blank Status.
class StatusBoard {
  public:
    StatusBoard();

    void publish(Status status);
    [[nodiscard]] std::shared_ptr<const Status> read() const;

    // The first status seen whose index is above `after`; whatever stands there when `wait` is over
    // or close() was called. Blocks the caller.
    [[nodiscard]] std::shared_ptr<const Status> await_after(Index after, Duration wait) const;

    // Ends every wait, now and later.
    void close();

  private:
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::shared_ptr<const Status> status_;
    bool closed_ = false;
};

}  // namespace electiond
