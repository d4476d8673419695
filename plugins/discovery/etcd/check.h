// Checks the files of the discovery `etcd` for `electiond --check`, without asking etcd.
#pragma once

#include <vector>

#include <electiond/finding.h>

#include "etcd/settings.h"

namespace electiond::discovery::etcd {

// Reads the certificates, the key and the password file of the settings.
[[nodiscard]] std::vector<Finding> check_files(const Settings& settings);

}  // namespace electiond::discovery::etcd
