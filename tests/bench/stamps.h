// What the preloaded library (stamps.cpp) and the program that reads it (handover.cpp) share.
#pragma once

#include <array>
#include <cstdint>

namespace electiond::stamps {

// The library writes only where this environment variable names a folder: a file for each process.
inline constexpr char kFolder[] = "HANDOVER_STAMPS";
inline constexpr unsigned kStamps = 1U << 17;  // a ring: of so many the oldest are overwritten

enum class Call : std::uint32_t { none, send, receive, sync_begins, sync_ends };

enum class What : std::uint32_t {
    other,
    step_down,
    timeout_now,
    vote_request,
    granted,
    heartbeat,
    acked,
    response
};

struct Stamp {
    std::int64_t ns = 0;  // of the monotonic clock, which all processes share
    Call call = Call::none;
    What what = What::other;
};

}  // namespace electiond::stamps
