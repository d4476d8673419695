// What in this machine's files would keep the discovery `etcd` from its work.
#pragma once

#include <vector>

#include <electiond/finding.h>

#include "etcd/settings.h"

namespace electiond::discovery::etcd {

// Reads the files that the settings name, and asks nobody else.
[[nodiscard]] std::vector<Finding> check_files(const Settings& settings);

}  // namespace electiond::discovery::etcd
