// What the discoveries of a configuration find wrong around them.
#include "check/discoveries.h"

#include "time_limit.h"

namespace electiond {
namespace {

void add(const std::vector<Finding>& found, const Options& options, Findings& findings) {
    for (const auto& [weight, key, text] : found) {
        auto sentence = options.where(key) + ": " + options.section() +
                        (key.empty() ? "" : "." + key) + " " + text;
        (weight == Finding::Weight::fault ? findings.faults : findings.warnings)
            .push_back(std::move(sentence));
    }
}

}  // namespace

Peer own_peer(const Settings& settings) {
    const auto address = settings.transport.advertise.value_or(settings.transport.listen);
    Peer self{.id = settings.node.id, .uuid = std::nullopt, .addresses = {}, .api = {}};
    if (address.port != 0) self.addresses.push_back(address);
    return self;
}

bool check_discoveries(const Guests& guests, const Settings& draft, Findings& findings) {
    bool all_ended = true;
    for (const auto& [plugin, discovery, options] : guests.discoveries) {
        try {
            const auto found = within_limit(
                [&discovery = *discovery, self = own_peer(draft)](std::stop_token stop) {
                    return discovery.check(self, std::move(stop));
                });
            if (found) {
                add(*found, options, findings);
            } else {
                all_ended = false;
                findings.warnings.push_back(
                    options.where() + ": " + options.section() + ": discovery " + plugin +
                    " has not answered for " + std::to_string(kCallLimit.count()) +
                    " s; look after the file system or network that it uses");
            }
        } catch (const std::exception& error) {
            findings.warnings.push_back(options.where() + ": " + options.section() + ": " +
                                        error.what());
        }
    }
    return all_ended;
}

}  // namespace electiond
