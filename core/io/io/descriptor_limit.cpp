// How many descriptors this process may have open, and how they are shared out.
#include "io/descriptor_limit.h"

#include <algorithm>
#include <atomic>
#include <numeric>

namespace electiond::io {
namespace {

// A soft limit without bound is never raised, so it stands for "not raised".
constexpr rlim_t kNotRaised = RLIM_INFINITY;
std::atomic<rlim_t> original{kNotRaised};

}  // namespace

std::size_t raise_descriptor_limit() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (before == limit.rlim_max || ::setrlimit(RLIMIT_NOFILE, &limit) != 0) return before;
    rlim_t expected = kNotRaised;
    original.compare_exchange_strong(expected, before);
    return limit.rlim_cur;
}

std::optional<rlim_t> original_descriptor_limit() noexcept {
    const rlim_t limit = original;
    return limit == kNotRaised ? std::nullopt : std::optional(limit);
}

std::vector<std::size_t> share_out(std::size_t available, std::vector<std::size_t> wanted) {
    const auto sum = std::accumulate(wanted.begin(), wanted.end(), std::size_t{0});
    if (sum <= available) return wanted;
    for (auto& each : wanted) each = std::max<std::size_t>(each * available / sum, 1);
    return wanted;
}

}  // namespace electiond::io
