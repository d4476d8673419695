// How many descriptors this process may have open, and how they are shared out.
#pragma once

#include <sys/resource.h>

#include <cstddef>
#include <optional>
#include <vector>

namespace electiond::io {

// Raises the soft limit of open descriptors (RLIMIT_NOFILE) to the hard one, and returns what holds
// from now on; the present limit if the system refuses. Child gives programs the limit that was in
// force before the first call: some programs close every number up to it, or use select(2). Call it
// before other threads run programs.
std::size_t raise_descriptor_limit() noexcept;

// The soft limit before it was raised; nullopt if it never was. Any thread.
[[nodiscard]] std::optional<rlim_t> original_descriptor_limit() noexcept;

// Shares `available` out: `wanted` unchanged if its sum fits, else each lowered in proportion, but
// to no less than 1.
[[nodiscard]] std::vector<std::size_t> share_out(std::size_t available,
                                                 std::vector<std::size_t> wanted);

}  // namespace electiond::io
