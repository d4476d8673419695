// Checks whether this machine's interfaces can receive a group.
#pragma once

#include <vector>

#include <electiond/finding.h>

#include "multicast/channel.h"

namespace electiond::discovery {

// Checks whether the group's interface exists, is up, supports multicast and has an address of the
// group's family. Opens no port. Throws nothing but std::bad_alloc. Any thread.
[[nodiscard]] std::vector<Finding> check_interface(const Group& group);

}  // namespace electiond::discovery
