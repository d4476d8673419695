// One conformance case: what a plugin must do, and the function that checks it.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace electiond::kit {

class Trial;

// Thrown by a case: the plugin breaks the contract. `reason` is one sentence without a full stop.
struct Failed {
    std::string reason;
};

// Thrown by a case: the plugin does not support what the case checks, and need not.
struct Skipped {
    std::string reason;
};

struct Case {
    std::string_view name;      // unique within a kind; snake_case
    std::string_view needs;     // the case that must have passed before; empty: none
    std::string_view expected;  // one sentence
    void (*run)(Trial& trial);
};

inline void expect(bool holds, const std::string& otherwise) {
    if (!holds) throw Failed{otherwise};
}

// Groups, in the order in which they are run. Each case comes after the one that it needs.
[[nodiscard]] std::span<const Case> factory_cases();       // of both kinds
[[nodiscard]] std::span<const Case> discovery_calls();     // one instance
[[nodiscard]] std::span<const Case> discovery_stops();     // stop tokens, threads, leftovers
[[nodiscard]] std::span<const Case> discovery_spreads();   // several instances that find each other
[[nodiscard]] std::span<const Case> discovery_claims();    // arbiters
[[nodiscard]] std::span<const Case> transport_starts();    // start and stop
[[nodiscard]] std::span<const Case> transport_sends();     // requests and their responses
[[nodiscard]] std::span<const Case> transport_troubles();  // dead peers, strangers, load
[[nodiscard]] std::span<const Case> transport_limits();    // those that keep limits
[[nodiscard]] std::span<const Case> transport_tls();       // those that can authenticate

}  // namespace electiond::kit
