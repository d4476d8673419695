// The newest Status of this node, for any reader, and a call when it changes.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <mutex>

#include "node/status.h"

namespace electiond {

// publish by the thread that uses the node, one at a time; the rest from any thread. Never empty:
// starts with a blank Status.
class StatusBoard {
  public:
    StatusBoard();
    StatusBoard(const StatusBoard&) = delete;
    StatusBoard& operator=(const StatusBoard&) = delete;

    // `now`: the time at which the loop made the status.
    void publish(Status status, Instant now = {});
    [[nodiscard]] std::shared_ptr<const Status> read() const;

    using Observer = std::function<void()>;
    // The observer is called until this object is destroyed; when its destructor returns, no call
    // runs. Must not outlive the board, and the observer itself must not destroy it.
    class Listening {
      public:
        Listening() = default;
        Listening(Listening&& other) noexcept;
        Listening& operator=(Listening&& other) noexcept;
        ~Listening();

      private:
        friend class StatusBoard;
        Listening(const StatusBoard& board, std::list<Observer>::iterator place)
            : board_(&board), place_(place) {}

        const StatusBoard* board_ = nullptr;
        std::list<Observer>::iterator place_{};
    };
    // publish() calls `observer` after each status that moved the index, or that changed
    // whether this node leads at its `now` (a lease that ran out may be renewed without a new
    // index). It must neither block nor throw, nor call listen().
    [[nodiscard]] Listening listen(Observer observer) const;

  private:
    mutable std::mutex mutex_;  // of the status
    std::shared_ptr<const Status> status_;
    mutable std::mutex observing_;  // of the observers, held while they are called
    mutable std::list<Observer> observers_;
};

}  // namespace electiond
