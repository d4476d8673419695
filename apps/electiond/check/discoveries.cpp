// What the discoveries of a configuration find wrong around them.
#include "check/discoveries.h"

#include "time_limit.h"

namespace electiond {
namespace {

void add(const std::vector<Finding>& found, const OptionSection& options, Findings& findings) {
    for (const auto& [weight, key, text] : found) {
        auto sentence =
            options.where(key) + ": " + options.name + (key.empty() ? "" : "." + key) + " " + text;
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

bool check_discovery(const Guests::Named& guest, const Settings& draft, Findings& findings) try {
    const auto& options = guest.options;
    const auto found =
        within_limit([&discovery = *guest.discovery, self = own_peer(draft)](std::stop_token stop) {
            return discovery.check(self, std::move(stop));
        });
    if (found) {
        add(*found, options, findings);
        return true;
    }
    findings.warnings.push_back(options.root.where + ": " + options.name + ": discovery " +
                                guest.plugin + " has not answered for " +
                                std::to_string(kCallLimit.count()) +
                                " s; check the file system or network that it uses");
    return false;
} catch (const std::exception& error) {
    findings.warnings.push_back(guest.options.root.where + ": " + guest.options.name + ": " +
                                error.what());
    return true;
}

bool check_discoveries(const Guests& guests, const Settings& draft, Findings& findings) {
    bool all_ended = true;
    for (const auto& guest : guests.discoveries) {
        all_ended = check_discovery(guest, draft, findings) && all_ended;
    }
    return all_ended;
}

}  // namespace electiond
