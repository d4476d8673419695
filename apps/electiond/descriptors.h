// Fits the limits of connections into the number of files that the process may open.
#pragma once

#include <cstddef>

#include <electiond/log.h>

#include "settings/settings.h"

namespace electiond {

// Reserved beyond all connections, so that the state file can be opened, and a connection beyond
// the limit can be accepted and refused with an answer.
inline constexpr std::size_t kDescriptorReserve = 32;
// Files, logs, plugins and their event descriptors (64), and two connections to each of 63 voters.
inline constexpr std::size_t kDescriptorsOwn = 64 + 2 * 63;

// `limit` is how many descriptors the process may have open. If the connections of both listeners
// do not fit, both are lowered in proportion, with one warning. Logs what is allowed.
void fit_connections(Settings& settings, std::size_t limit, const Log& log);

}  // namespace electiond
