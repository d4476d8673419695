// Where requests wait: a bounded number at once, and all of them end when the room closes.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "election/timing.h"

namespace electiond {

// Any thread. Seats are for long polls, so that they never take every thread of the server.
class WaitingRoom {
  public:
    explicit WaitingRoom(std::size_t seats) : free_(static_cast<std::ptrdiff_t>(seats)) {}

    // Given back when it is destroyed; must not outlive the room.
    class Seat {
      public:
        explicit Seat(std::atomic<std::ptrdiff_t>& free) : free_(&free) {}
        Seat(Seat&& other) noexcept : free_(std::exchange(other.free_, nullptr)) {}
        Seat& operator=(Seat&&) = delete;
        ~Seat() {
            if (free_) ++*free_;
        }

      private:
        std::atomic<std::ptrdiff_t>* free_;
    };
    // Nothing where all are taken.
    [[nodiscard]] std::optional<Seat> take_seat() {
        if (--free_ >= 0) return Seat(free_);
        ++free_;
        return std::nullopt;
    }

    void close() { closing_.request_stop(); }
    [[nodiscard]] bool closed() const { return closing_.stop_requested(); }
    [[nodiscard]] std::stop_token closing() const { return closing_.get_token(); }

  private:
    std::atomic<std::ptrdiff_t> free_;
    std::stop_source closing_;
};

// A word that another thread gives, perhaps long after the asker has gone: share it.
template <class Word>
class Awaited {
  public:
    void give(Word word) {
        {
            const std::lock_guard lock(mutex_);
            word_ = std::move(word);
        }
        given_.notify_all();
    }

    // Nothing where it was not given in time, or the room closed.
    [[nodiscard]] std::optional<Word> wait(Duration longest, const WaitingRoom& room) {
        std::unique_lock lock(mutex_);
        given_.wait_for(lock, room.closing(), longest, [&] { return word_.has_value(); });
        return word_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable_any given_;
    std::optional<Word> word_;
};

}  // namespace electiond
