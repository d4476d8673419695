// Answers that come later (parked) or have no end (event streams), as objects on the I/O thread:
// no thread waits for them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "control/exchange.h"
#include "election/timing.h"

namespace electiond {

// Made by ControlRoutes::answer. I/O thread only, as the destructor; must not outlive the routes.
// What completes it calls the `wake` that was given to ControlRoutes::answer; then, and at
// deadline(), look() is due. Destroying it gives up the answer, never the command behind it.
class ParkedAnswer {
  public:
    virtual ~ParkedAnswer() = default;

    // The response, if it is there at `now`. Not called again once it has returned one. Throws only
    // what is a bug.
    [[nodiscard]] virtual std::optional<ApiResponse> look(Instant now) = 0;

    // The moment (boot clock) at which look() returns a response at the latest, or at which the
    // next part begins: ask again after each look().
    [[nodiscard]] virtual Instant deadline() const = 0;

    // Does it wait for a change of the board? Then look() is also due when StatusBoard calls its
    // observers, and when ControlRoutes::leads_until has come without a new lease.
    [[nodiscard]] virtual bool waits_for_board() const { return false; }

    // The response if the server stops now. Throws only what is a bug.
    [[nodiscard]] virtual ApiResponse end(Instant now) = 0;
};

// Limits how many long-lasting answers of one kind exist. I/O thread only.
class Places {
  public:
    explicit Places(std::size_t most) : most_(most) {}

    // One taken place, given back when it is destroyed. Must not outlive the places.
    class Place {
      public:
        explicit Place(Places& all) : all_(&all) { ++all.taken_; }
        Place(Place&& other) noexcept : all_(std::exchange(other.all_, nullptr)) {}
        Place& operator=(Place&&) = delete;
        ~Place() {
            if (all_) --all_->taken_;
        }

      private:
        Places* all_;
    };
    // Nothing if all are taken.
    [[nodiscard]] std::optional<Place> take() {
        if (taken_ < most_) return std::optional<Place>(std::in_place, *this);
        ++refused_;
        return std::nullopt;
    }
    // From now on; places that are taken stay taken.
    void set_most(std::size_t most) { most_ = most; }

    // How many are taken now, and how often one more was wanted. Any thread.
    [[nodiscard]] std::size_t taken() const { return taken_; }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }

  private:
    std::size_t most_;
    std::atomic<std::size_t> taken_ = 0;
    std::atomic<std::uint64_t> refused_{0};
};

// An answer that begins now and lasts as long as the connection: the events after `last_event_id`.
// Holds its place while it exists.
struct EventStream {
    Places::Place place;
    std::optional<std::string> last_event_id{};  // as the client gave it
};

// A response now, a response later, or an event stream.
using ApiAnswer =
    std::variant<ApiResponse, std::unique_ptr<ParkedAnswer>, std::unique_ptr<EventStream>>;

}  // namespace electiond
