// Puts the rooms together as the settings say.
#include "assembly.h"

#include <cerrno>
#include <cstring>
#include <functional>

#include <sys/random.h>

namespace electiond {

std::filesystem::path own_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

std::vector<std::filesystem::path> plugin_directories(const Settings& settings) {
    if (!settings.plugins.directories.empty()) return settings.plugins.directories;
    return {own_program().parent_path() / "plugins", ELECTIOND_PLUGIN_DIR};
}

Guests make_guests(PluginHost& host, const Settings& settings, Log log) {
    Guests guests;
    std::string faults;
    const auto attempt = [&](const std::function<void()>& make) {
        try {
            make();
        } catch (const Error& error) {
            if (error.code() != Error::config) throw;
            faults += (faults.empty() ? "" : "\n") + std::string(error.what());
        }
    };
    const auto setup = [&](const Options& options) {
        return PluginSetup{options, settings.cluster.name, settings.node.id.value, log};
    };
    attempt([&] {
        guests.transport =
            host.make_transport(settings.transport.plugin, setup(settings.transport.options));
    });
    std::size_t arbiters = 0;
    for (const auto& wanted : settings.discovery) {
        attempt([&] {
            auto discovery = host.make_discovery(wanted.plugin, setup(wanted.options));
            arbiters += discovery->can_claim() ? 1 : 0;
            guests.discoveries.push_back({wanted.plugin, std::move(discovery)});
        });
    }
    // Only where all were made is it known how many of them can claim.
    if (faults.empty()) attempt([&] { guests.bootstrap = resolve_bootstrap(settings, arbiters); });
    if (!faults.empty()) throw Error(faults, Error::config);
    return guests;
}

Timing timing_of(const Settings& settings) {
    const auto& election = settings.election;
    return {.heartbeat = election.heartbeat_interval,
            .election_timeout = election.election_timeout,
            .election_spread = election.election_spread,
            .request_timeout = election.request_timeout,
            .hello = election.hello_interval,
            .stable_after = election.stable_after,
            .dead_after = election.dead_after,
            .client_grant = election.client_grant};
}

Policy policy_of(const Settings& settings, Bootstrap bootstrap) {
    Policy policy;
    policy.timing = timing_of(settings);
    policy.priority = settings.node.priority;
    policy.observer = settings.node.observer;
    policy.bootstrap = bootstrap;
    policy.founders = settings.cluster.voters;
    policy.expect = settings.cluster.expect.value_or(0);
    policy.max_voters = settings.cluster.max_voters;
    policy.when_none_eligible = settings.election.when_none_eligible;
    return policy;
}

Random real_random() {
    Random::Seed seed{};
    if (::getrandom(seed.data(), sizeof seed, 0) != static_cast<ssize_t>(sizeof seed)) {
        throw Error(std::string("the system gives no random numbers: ") + std::strerror(errno),
                    Error::os);
    }
    return Random(seed);
}

}  // namespace electiond
