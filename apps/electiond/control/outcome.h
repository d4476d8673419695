// The outcome of work that another thread does for a request, and the answer that waits for it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "control/answers.h"

namespace electiond {

// Shared with the thread that does the work. That thread may set it long after the client has
// disconnected. Any thread.
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
    // Makes the response from the outcome; nullopt: there was none in time.
    using MakeResponse = std::function<ApiResponse(const std::optional<Result>&)>;

    AwaitedOutcome(std::shared_ptr<const Outcome<Result>> outcome, MakeResponse make_response,
                   Instant end, Places::Place place)
        : outcome_(std::move(outcome)),
          make_response_(std::move(make_response)),
          end_(end),
          place_(std::move(place)) {}

    std::optional<ApiResponse> look(Instant now) override {
        const auto result = outcome_->read();
        return result || now >= end_ ? std::optional(make_response_(result)) : std::nullopt;
    }
    [[nodiscard]] Instant deadline() const override { return end_; }
    ApiResponse end(Instant) override { return make_response_(outcome_->read()); }

  private:
    const std::shared_ptr<const Outcome<Result>> outcome_;
    const MakeResponse make_response_;
    const Instant end_;
    const Places::Place place_;
};

// Calls `post` with a function that takes the outcome; `post` passes the command and this function
// to another thread. Waits for the outcome for at most `longest`; the command itself continues. If
// `post` returns false, the command is not carried out, and `refusal` makes the answer. I/O thread
// only.
template <class Result, class Post>
[[nodiscard]] ApiAnswer carry_out(const Call& call, Milliseconds longest, const Post& post,
                                  ApiResponse (*refusal)(),
                                  typename AwaitedOutcome<Result>::MakeResponse make_response) {
    auto place = call.waiting.take();
    if (!place) return too_many_waiting();
    const auto now = call.dependencies.now();
    const auto outcome = std::make_shared<Outcome<Result>>();
    const bool posted = post([outcome, wake = call.wake](const Result& result) {
        outcome->give(result);
        wake();
    });
    if (!posted) return refusal();
    return now_or_later(std::make_unique<AwaitedOutcome<Result>>(outcome, std::move(make_response),
                                                                 now + longest, std::move(*place)),
                        now);
}

}  // namespace electiond
