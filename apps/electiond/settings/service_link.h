// Environment variables that container platforms add for each service of the network.
#pragma once

#include <string>

#include "settings/environment.h"

namespace electiond {

// True if `name` is a variable that Kubernetes (and Docker before it) sets in every container to
// publish the address of a service: for a service "electiond-transport" ELECTIOND_TRANSPORT_PORT
// and others. Such values are not meant for electiond. Service links are FOO_SERVICE_HOST,
// FOO_SERVICE_PORT, FOO_SERVICE_PORT_WEB, FOO_PORT, FOO_PORT_80_TCP and the last one with _PROTO,
// _PORT or _ADDR, if FOO_PORT is in `env` and holds "tcp://ADDRESS:PORT" (or udp, sctp). These
// platforms always set FOO_PORT; without it the name may be a key of a plugin. Any thread.
[[nodiscard]] bool is_service_link(const std::string& name, const Environment& env);

}  // namespace electiond
