// What this process has now, as the kernel lists it: threads, descriptors, memory.
// Children: io/children.h.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace electiond::kit {

// True if a sanitizer changes how this build uses memory: then a plugin's use is not checked.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

[[nodiscard]] std::set<std::string> threads_now();      // by number
[[nodiscard]] std::set<std::string> descriptors_now();  // "7 socket:[123]"
// The numbers of the descriptors that a program started by this process would inherit.
[[nodiscard]] std::set<std::string> inheritable_now();
[[nodiscard]] std::size_t resident_bytes();
[[nodiscard]] bool is_traced_now();  // by a debugger, which may stop it for any time
// Each signal, with how this process handles it.
[[nodiscard]] std::set<std::string> dispositions_now();

// "3 and 5" of those in `now` that are not in `before`; empty: none.
[[nodiscard]] std::string added(const std::set<std::string>& before,
                                const std::set<std::string>& now);

// Sleeps a moment between two checks of a condition that cannot be awaited.
void wait_a_moment();

}  // namespace electiond::kit
