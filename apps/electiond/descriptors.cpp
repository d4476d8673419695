// Fits the limits of connections into the number of files that the process may open.
#include "descriptors.h"

#include <algorithm>
#include <string>

#include <io/descriptor_limit.h>

namespace electiond {
namespace {

constexpr std::size_t kLeast = 16;  // that may be configured

void lower(Limits& limits, std::size_t connections) {
    limits.connections = connections;
    limits.connections_per_address = std::min(limits.connections_per_address, connections);
}

}  // namespace

void fit_connections(Settings& settings, std::size_t limit, const Log& log) {
    auto& api = settings.api.limits;
    auto& transport = settings.transport.limits;
    const auto own = kDescriptorReserve + kDescriptorsOwn;
    const auto wanted_api = api.connections, wanted_transport = transport.connections;
    const auto shares =
        io::share_out(limit > own ? limit - own : 0, {wanted_api, wanted_transport});
    lower(api, shares.at(0));
    api.streams = std::min(api.streams, api.connections);
    lower(transport, shares.at(1));
    // Warns if the operator chose the limits (many systems do not allow for the defaults), or if so
    // few are left that some clients could take all connections.
    const bool chosen =
        wanted_api != ApiLimits{}.connections || wanted_transport != Limits{}.connections;
    const bool few = std::min(api.connections, transport.connections) < kLeast;
    if ((chosen || few) &&
        (api.connections != wanted_api || transport.connections != wanted_transport)) {
        const auto number = [](std::size_t value) { return std::to_string(value); };
        log.warning("api.limits.connections (" + number(wanted_api) +
                    ") and transport.limits.connections (" + number(wanted_transport) +
                    ") do not fit into the " + number(limit) +
                    " files that this process may open, of which it needs " + number(own) +
                    " itself: they are lowered to " + number(api.connections) + " and " +
                    number(transport.connections) +
                    "; raise the hard limit of open files (LimitNOFILE in a systemd unit, ulimit "
                    "-Hn), or lower these keys");
    }
    log.info("the limit of open files allows for these connections",
             {{"files", limit}, {"api", api.connections}, {"transport", transport.connections}});
}

}  // namespace electiond
