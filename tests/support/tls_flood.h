// A TLS client that sends messages of TLS itself, and no data.
#pragma once

#include <cstddef>

#include "support/test_ca.h"

namespace electiond {

// On a connected, blocking socket, which it borrows: makes the handshake with this certificate, and
// then sends updates of its keys, `bytes` in all, as fast as the other side takes them. Returns
// when they are sent, or once the other side takes no more. Throws std::runtime_error if the
// handshake fails.
void flood_with_key_updates(int socket, const TestCa::Files& files, std::size_t bytes);

}  // namespace electiond
