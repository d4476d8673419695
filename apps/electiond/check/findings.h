// The results of a check: faults and warnings.
#pragma once

#include <string>
#include <vector>

#include "settings/settings.h"

namespace electiond {

// Whole sentences, each with place or path, value and remedy.
struct Findings {
    std::vector<std::string> faults;    // the node would not start, or would not work
    std::vector<std::string> warnings;  // the node would start and work
};

// "node.yaml:7: api.listen", "environment ELECTIOND_API_LISTEN: api.listen"; the bare key if its
// value is a default. For messages about the key "SECTION.KEY".
[[nodiscard]] std::string key_with_place(const Settings& settings, const std::string& section,
                                         const std::string& key);

}  // namespace electiond
