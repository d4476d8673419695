// Reads the limits of a listener.
#include <algorithm>
#include <chrono>

#include "settings/read_sections.h"

namespace electiond {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kCountMost = 1'000'000;
constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = kKiB * 1024;

struct Range {
    std::size_t least, most;
};

std::size_t read_size(Section& section, const std::string& key, Range range, std::size_t otherwise,
                      const std::string& origin = "default") {
    const auto given = section.integer(key, static_cast<std::int64_t>(range.least),
                                       static_cast<std::int64_t>(range.most));
    if (given) return static_cast<std::size_t>(*given);
    section.remember_default(key, std::to_string(otherwise), origin);
    return otherwise;
}

// A part of `connections`: never more than the whole.
std::size_t read_share(Section& section, const std::string& key, std::size_t connections,
                       std::size_t otherwise) {
    return read_size(section, key, {1, connections}, std::min(otherwise, connections),
                     otherwise > connections ? "default: all of connections" : "default");
}

void read_common(Section& section, Limits& into, Range body) {
    into.connections = read_size(section, "connections", {16, kCountMost}, into.connections);
    into.connections_per_address = read_share(section, "connections_per_address", into.connections,
                                              into.connections_per_address);
    into.header_bytes = read_size(section, "header_bytes", {kKiB, 256 * kKiB}, into.header_bytes);
    into.body_bytes = read_size(section, "body_bytes", body, into.body_bytes);
    into.waiting_requests =
        read_size(section, "waiting_requests", {16, kCountMost}, into.waiting_requests);
    into.request_time = section.duration("request_time", 100ms, 10min, into.request_time);
    into.idle_time = section.duration("idle_time", 1s, 24h, into.idle_time);
}

}  // namespace

void read_limits(Section& section, ApiLimits& limits) {
    Section own(section, "limits");
    read_common(own, limits, {kKiB, kMiB});
    limits.streams = read_share(own, "streams", limits.connections, limits.streams);
    section.remember("limits", own.take_merged());
}

void read_limits(Section& section, Limits& limits) {
    Section own(section, "limits");
    // Nodes send messages of up to 64 KiB to each other: a lower limit would break a large cluster.
    read_common(own, limits, {64 * kKiB, 16 * kMiB});
    section.remember("limits", own.take_merged());
}

}  // namespace electiond
