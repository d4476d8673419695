// What a plugin finds out about its surroundings before it runs.
#pragma once

#include <string>

namespace electiond {

// One problem. `text` continues "discovery[0].KEY ": "is eth9, but this machine has no such
// interface; …", with the remedy. `key` may be empty: then it continues "discovery[0] ".
struct Finding {
    // fault: as things are, the plugin cannot do its work, and somebody must change something.
    // warning: it can, or perhaps can; worth a look.
    enum class Weight { warning, fault };
    Weight weight = Weight::warning;
    std::string key;
    std::string text;

    bool operator==(const Finding&) const = default;
};

}  // namespace electiond
