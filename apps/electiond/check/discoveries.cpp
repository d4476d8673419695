// Calls check() of each discovery of a configuration.
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

bool check_discovery(const LoadedPlugins::Named& loaded, const Settings& draft,
                     Findings& findings) try {
    const auto& options = loaded.options;
    const auto found =
        within_limit([&discovery = *loaded.discovery, self = own_peer(draft)](
                         std::stop_token stop) { return discovery.check(self, std::move(stop)); });
    if (found) {
        add(*found, options, findings);
        return true;
    }
    findings.warnings.push_back(options.root.where + ": " + options.name + ": discovery " +
                                loaded.plugin + " has not answered for " +
                                std::to_string(kCallLimit.count()) +
                                " s; check the file system or network that it uses");
    return false;
} catch (const std::exception& error) {
    findings.warnings.push_back(loaded.options.root.where + ": " + loaded.options.name + ": " +
                                error.what());
    return true;
}

bool check_discoveries(const LoadedPlugins& plugins, const Settings& draft, Findings& findings) {
    bool all_ended = true;
    for (const auto& loaded : plugins.discoveries) {
        all_ended = check_discovery(loaded, draft, findings) && all_ended;
    }
    return all_ended;
}

}  // namespace electiond
