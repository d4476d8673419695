// Counts what the control API has refused, by reason, and the events it has sent, since the start.
#pragma once

#include <io/tls.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace electiond {

// Written on the I/O thread, read by any. The listener counts what it refuses itself.
struct ApiCounts {
    using Count = std::atomic<std::uint64_t>;

    static constexpr std::size_t kTlsFaults = static_cast<std::size_t>(io::TlsFault::other) + 1;

    // Failed TLS connections by reason, whichever side refused.
    std::array<Count, kTlsFaults> unsecured{};
    [[nodiscard]] Count& of(io::TlsFault fault) {
        return unsecured[static_cast<std::size_t>(fault)];
    }
    [[nodiscard]] const Count& of(io::TlsFault fault) const {
        return unsecured[static_cast<std::size_t>(fault)];
    }
    Count tls_on_plain{0};      // clients that spoke TLS to a port of plain text
    Count malformed{0};         // 400, 411, 417, 505: the end of the message is unknown
    Count late{0};              // 408: head or body took too long
    Count header_too_large{0};  // 431
    Count body_too_large{0};    // 413
    Count not_taken{0};         // answers that the client did not read, or not in time
    Count failed{0};            // 500
    Count events{0};            // of /events, once for all watchers
    Count watchers_dropped{0};  // of /events: they read too slowly
};

}  // namespace electiond
