// Checks the settings of the discovery `dns` for `electiond --check`, without asking a server.
#pragma once

#include <filesystem>
#include <vector>

#include <electiond/finding.h>
#include <electiond/peer.h>

#include "dns/settings.h"

namespace electiond::discovery {

// Reads `resolv_conf` if the settings name no server.
[[nodiscard]] std::vector<Finding> check_dns(
    const DnsSettings& settings, const Peer& self,
    const std::filesystem::path& resolv_conf = "/etc/resolv.conf");

}  // namespace electiond::discovery
