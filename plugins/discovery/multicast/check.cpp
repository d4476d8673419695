// Checks whether this machine's interfaces can receive a group.
#include "multicast/check.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>

#include <memory>
#include <set>
#include <string>

namespace electiond::discovery {
namespace {

struct Interfaces {
    std::set<std::string> names{};
    unsigned flags = 0;  // all three are of the group's interface
    bool there = false;
    bool has_address = false;  // of the group's family
};

Interfaces look(const Group& group) {
    Interfaces found;
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) {  // without the list only its name can be checked
        found.there = found.has_address = ::if_nametoindex(group.interface.c_str()) != 0;
        found.flags = IFF_UP | IFF_MULTICAST;
        return found;
    }
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> all(list, ::freeifaddrs);
    const auto family = group.address.family() == Poco::Net::IPAddress::IPv6 ? AF_INET6 : AF_INET;
    for (const auto* one = all.get(); one != nullptr; one = one->ifa_next) {
        found.names.insert(one->ifa_name);
        if (group.interface != one->ifa_name) continue;
        found.there = true;
        found.flags = one->ifa_flags;
        if (one->ifa_addr != nullptr && one->ifa_addr->sa_family == family) {
            found.has_address = true;
        }
    }
    return found;
}

}  // namespace

std::vector<Finding> check_interface(const Group& group) {
    const auto found = look(group);
    const auto finding = [&](Finding::Weight weight, const std::string& rest) {
        return std::vector<Finding>{{weight, "interface", "is " + group.interface + ", " + rest}};
    };
    if (!found.there) {
        std::string names;
        for (const auto& name : found.names) names += (names.empty() ? "" : ", ") + name;
        return finding(Finding::Weight::fault,
                       "but this machine does not have this interface; those here are: " + names);
    }
    using enum Finding::Weight;
    if ((found.flags & IFF_UP) == 0) return finding(warning, "which is down; bring it up");
    if ((found.flags & (IFF_MULTICAST | IFF_LOOPBACK)) == 0) {
        return finding(warning,
                       "which does not support multicast; choose another, or another discovery");
    }
    if (!found.has_address) {
        const bool v6 = group.address.family() == Poco::Net::IPAddress::IPv6;
        return finding(warning, std::string("which has no ") +
                                    (v6 ? "IPv6 address; give it one, or use an IPv4 group, as in "
                                          "239.255.74.0"
                                        : "IPv4 address; give it one"));
    }
    return {};
}

}  // namespace electiond::discovery
