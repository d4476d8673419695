// The outcome of what another thread carries out for a request, and the answer that waits for it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "control/parked.h"

namespace electiond {

// Shared with the thread that carries it out, which may give it long after the client has gone. Any
// thread.
template <class Result>
class Outcome {
  public:
    void give(Result result) {
        const std::lock_guard lock(mutex_);
        result_ = std::move(result);
    }
    [[nodiscard]] std::optional<Result> read() const {
        const std::lock_guard lock(mutex_);
        return result_;
    }

  private:
    mutable std::mutex mutex_;
    std::optional<Result> result_;
};

// Waits for an outcome until `end`. I/O thread only.
template <class Result>
class AwaitedOutcome : public ParkedAnswer {
  public:
    // Makes the response from the outcome; it is given nullopt if none came in time.
    using Tell = std::function<ApiResponse(const std::optional<Result>&)>;

    AwaitedOutcome(std::shared_ptr<const Outcome<Result>> outcome, Tell tell, Instant end,
                   Places::Place place)
        : outcome_(std::move(outcome)),
          tell_(std::move(tell)),
          end_(end),
          place_(std::move(place)) {}

    std::optional<ApiResponse> look(Instant now) override {
        const auto result = outcome_->read();
        return result || now >= end_ ? std::optional(tell_(result)) : std::nullopt;
    }
    [[nodiscard]] Instant deadline() const override { return end_; }
    ApiResponse end(Instant) override { return tell_(outcome_->read()); }

  private:
    const std::shared_ptr<const Outcome<Result>> outcome_;
    const Tell tell_;
    const Instant end_;
    const Places::Place place_;
};

}  // namespace electiond
