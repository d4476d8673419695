// The rows of figure 16 of the Raft paper, and what its text says of them.
#pragma once

#include <array>
#include <chrono>
#include <cstdio>
#include <string>

#include "latencies.h"

namespace electiond::cluster {

// Timeouts are drawn between `timeout` and `timeout` + `spread`.
struct Figure16Row {
    std::chrono::milliseconds timeout;
    std::chrono::milliseconds spread;
    const char* paper = "";  // the figures in section 9.3 of its extended version

    // Half of what the paper has, since E must be at least 2 H + R (protocol.md, section 7).
    [[nodiscard]] std::chrono::milliseconds heartbeat() const { return timeout / 4; }
    [[nodiscard]] std::chrono::milliseconds request_timeout() const { return timeout / 2; }
    [[nodiscard]] std::string name() const {
        return std::to_string(timeout.count()) + "-" + std::to_string((timeout + spread).count());
    }
};

using std::chrono_literals::operator""ms;

inline constexpr std::array kFigure16 = {Figure16Row{150ms, 0ms, "all above 10,000"},
                                         Figure16Row{150ms, 1ms},
                                         Figure16Row{150ms, 5ms, "median 287"},
                                         Figure16Row{150ms, 25ms},
                                         Figure16Row{150ms, 50ms, "longest 513"},
                                         Figure16Row{150ms, 150ms},
                                         Figure16Row{100ms, 100ms},
                                         Figure16Row{50ms, 50ms},
                                         Figure16Row{25ms, 25ms},
                                         Figure16Row{12ms, 12ms, "mean 35, longest 152"}};

inline constexpr char kFigure16Head[] =
    "timeout (ms)    N     min    mean  median     p99  longest   the paper (ms)      ";

// Without an end of line.
inline void print_row(const Figure16Row& row, const Latencies& times) {
    std::printf("%-12s %4zu %7.1f %7.1f %7.1f %7.1f %8.1f   %-20s", row.name().c_str(),
                times.size(), times.quantile(0), times.mean(), times.median(), times.p99(),
                times.max(), row.paper);
}

}  // namespace electiond::cluster
