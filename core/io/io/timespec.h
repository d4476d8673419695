// A length of time as the kernel wants it.
#pragma once

#include <chrono>
#include <ctime>

namespace electiond::io {

// `length` must not be negative.
[[nodiscard]] inline timespec timespec_of(std::chrono::nanoseconds length) noexcept {
    const auto whole = std::chrono::floor<std::chrono::seconds>(length);
    return {.tv_sec = whole.count(), .tv_nsec = (length - whole).count()};
}

}  // namespace electiond::io
