// The names that the other side of a connection has proven, for Request and Response.
#pragma once

#include <io/stream.h>

#include <string>
#include <vector>

namespace electiond::transport {

// Empty without TLS.
[[nodiscard]] inline std::vector<std::string> verified_names(const io::Stream& stream) {
    const auto* tls = stream.tls();
    return tls != nullptr ? tls->names() : std::vector<std::string>{};
}

}  // namespace electiond::transport
