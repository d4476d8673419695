// Answers that are ready later (parked) or never end (event streams), as objects on the I/O thread:
// no thread blocks for them.
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

// Made by ControlRoutes::answer. I/O thread only, also the destructor; must not outlive the routes.
// The code that completes it calls the `wake` passed to ControlRoutes::answer; call look() then,
// and at deadline(). Destroying it drops the answer; a command continues.
class ParkedAnswer {
  public:
    virtual ~ParkedAnswer() = default;

    // The response, if it is ready at `now`. Do not call it again once it has returned one. An
    // exception is a bug.
    [[nodiscard]] virtual std::optional<ApiResponse> look(Instant now) = 0;

    // When (boot clock) look() returns a response at the latest, or when its next step begins. May
    // change with each look().
    [[nodiscard]] virtual Instant deadline() const = 0;

    // True if it waits for a change of the board. Then also call look() when StatusBoard calls its
    // observers, and at ControlRoutes::leads_until if the lease was not renewed.
    [[nodiscard]] virtual bool waits_for_board() const { return false; }

    // The response if the server stops now. An exception is a bug.
    [[nodiscard]] virtual ApiResponse end(Instant now) = 0;
};

// Limits how many long-lasting answers of one kind exist. I/O thread only.
class Places {
  public:
    explicit Places(std::size_t most) : most_(most) {}

    // One taken place; the destructor frees it. Must not outlive the places.
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
    // nullopt if all are taken.
    [[nodiscard]] std::optional<Place> take() {
        if (taken_ < most_) return std::optional<Place>(std::in_place, *this);
        ++refused_;
        return std::nullopt;
    }
    // Changes the limit; places that are taken stay taken.
    void set_most(std::size_t most) { most_ = most; }

    // How many are taken now, and how often take() found none. Any thread.
    [[nodiscard]] std::size_t taken() const { return taken_; }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }

  private:
    std::size_t most_;
    std::atomic<std::size_t> taken_ = 0;
    std::atomic<std::uint64_t> refused_{0};
};

// An answer that begins now and lasts as long as the connection: the events after `last_event_id`.
// Keeps its place for this time.
struct EventStream {
    Places::Place place;
    std::optional<std::string> last_event_id{};  // as the client gave it
};

// A response now, a response later, or an event stream.
using ApiAnswer =
    std::variant<ApiResponse, std::unique_ptr<ParkedAnswer>, std::unique_ptr<EventStream>>;

}  // namespace electiond
