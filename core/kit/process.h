// What this process owns at the moment, as the kernel lists it: threads, descriptors, memory.
// Children: io/children.h.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace electiond::kit {

// Whether this build uses memory in ways of its own: then nothing is said about a plugin's.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

[[nodiscard]] std::set<std::string> threads_now();      // by number
[[nodiscard]] std::set<std::string> descriptors_now();  // "7 socket:[123]"
// The numbers of those that a program started by this process would inherit.
[[nodiscard]] std::set<std::string> inheritable_now();
[[nodiscard]] std::size_t resident_bytes();
[[nodiscard]] bool is_traced_now();  // by a debugger, in which it may stand still for any time
// Each signal, with how this process handles it.
[[nodiscard]] std::set<std::string> dispositions_now();

// "3 and 5" of those in `now` that are not in `before`; empty: none.
[[nodiscard]] std::string added(const std::set<std::string>& before,
                                const std::set<std::string>& now);

// pause() between two looks at a condition that nothing announces.
void wait_a_moment();

}  // namespace electiond::kit
