// Environment variables that container platforms add for each service of the network.
#pragma once

#include <string>

#include "settings/environment.h"

namespace electiond {

// True if `name` is one of the variables by which Kubernetes, and Docker before it, tell every
// container where a service is: for a service "electiond-transport" ELECTIOND_TRANSPORT_PORT and
// others. Nobody has chosen their values for electiond. FOO_SERVICE_HOST, FOO_SERVICE_PORT,
// FOO_SERVICE_PORT_WEB, FOO_PORT, FOO_PORT_80_TCP and the last one with _PROTO, _PORT or _ADDR
// count if FOO_PORT is in `env` and holds "tcp://ADDRESS:PORT" (or udp, sctp), as it then always
// does: without that they may be keys of a plugin. Any thread.
[[nodiscard]] bool is_service_link(const std::string& name, const Environment& env);

}  // namespace electiond
