// Calls a function that may hang, and waits for its end for a limited time.
#pragma once

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <utility>

#include "node/abandonable_thread.h"

namespace electiond {

inline constexpr std::chrono::seconds kCallLimit{5};
inline constexpr std::chrono::seconds kCallGrace{1};  // after a stop of the call was requested

// Runs `call(std::stop_token)` on a thread of its own and returns its result, or throws its
// exception (a std::runtime_error if that is not a std::exception). Requests a stop after
// kCallLimit, and returns nullopt if the call has not ended kCallGrace later. Then the thread is
// left behind: `call` must own, or share, everything it uses, and the process must end by
// std::_Exit.
template <class Call>
[[nodiscard]] auto within_limit(Call call)
    -> std::optional<decltype(call(std::declval<std::stop_token>()))> {
    using Result = decltype(call(std::declval<std::stop_token>()));
    std::stop_source stop;
    const auto answer = std::make_shared<std::promise<Result>>();
    auto result = answer->get_future();
    AbandonableThread thread([call = std::move(call), answer, token = stop.get_token()] {
        try {
            answer->set_value(call(token));
        } catch (const std::exception&) {
            answer->set_exception(std::current_exception());
        } catch (...) {  // by a plugin
            answer->set_exception(std::make_exception_ptr(
                std::runtime_error("it threw something that is not a std::exception")));
        }
    });
    const auto deadline = std::chrono::steady_clock::now() + kCallLimit;
    if (!thread.ended_by(deadline)) stop.request_stop();
    if (!thread.join_until(deadline + kCallGrace)) return std::nullopt;
    return result.get();
}

}  // namespace electiond
