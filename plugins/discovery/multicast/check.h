// What of this machine's interfaces would keep a group from being heard.
#pragma once

#include <vector>

#include <electiond/finding.h>

#include "multicast/channel.h"

namespace electiond::discovery {

// Looks whether the group's interface is there, up, able to multicast and has an address of the
// group's family. Opens no port. Throws nothing but std::bad_alloc. Any thread.
[[nodiscard]] std::vector<Finding> check_interface(const Group& group);

}  // namespace electiond::discovery
