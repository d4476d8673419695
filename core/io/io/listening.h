// Sockets that listen: on an address, or as a Unix socket in the file system.
#pragma once

#include <electiond/peer.h>

#include <io/descriptor.h>
#include <io/unix_socket.h>

namespace electiond::io {

// Binds and listens; non-blocking. A name is resolved, which may block, so that this belongs to the
// start. `v6_only`: "::" takes no IPv4. SO_REUSEPORT stays off: with it a second daemon on the same
// port would start, silently, and take half of the connections.
// Throws Error (os) "cannot listen on ADDRESS (KEY): reason; remedy"; `key` is where the
// configuration names it.
[[nodiscard]] Descriptor listen_on(const Endpoint& endpoint, bool v6_only, const std::string& key);
// A socket that was left over is removed, after a connect to it was refused; anything else that
// stands there is an error.
[[nodiscard]] Descriptor listen_on(const UnixSocket& socket, const std::string& key);

// Where a listener of the first kind really listens: port 0 has been replaced.
[[nodiscard]] Endpoint listens_on(const Descriptor& listener);

}  // namespace electiond::io
