// What Discovery::check finds wrong on this machine.
#pragma once

#include <string>

namespace electiond {

// One problem. The host puts "discovery[0].KEY " in front of `text`, as in "is eth9, but this
// machine has no such interface; …". `text` ends with the remedy. If `key` is empty, the host puts
// "discovery[0] " in front.
struct Finding {
    // fault: the plugin cannot work until the operator changes something.
    // warning: it works, or may work, but the operator should check it.
    enum class Weight { warning, fault };
    Weight weight = Weight::warning;
    std::string key;
    std::string text;

    bool operator==(const Finding&) const = default;
};

}  // namespace electiond
