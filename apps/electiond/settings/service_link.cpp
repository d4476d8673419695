// Environment variables that container platforms add for each service of the network.
#include "settings/service_link.h"

#include <regex>

namespace electiond {

bool is_service_link(const std::string& name, const Environment& env) {
    static const std::regex kRest(
        "SERVICE_HOST|SERVICE_PORT(_.+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?");
    static const std::regex kAddress("(tcp|udp|sctp)://.+:[0-9]+");
    // A service may itself be called "…-port", so every underscore may be the end of its name.
    for (auto end = name.find('_'); end != std::string::npos; end = name.find('_', end + 1)) {
        if (!std::regex_match(name.begin() + static_cast<std::ptrdiff_t>(end) + 1, name.end(),
                              kRest)) {
            continue;
        }
        const auto marker = env.find(name.substr(0, end) + "_PORT");
        if (marker != env.end() && std::regex_match(marker->second, kAddress)) return true;
    }
    return false;
}

}  // namespace electiond
