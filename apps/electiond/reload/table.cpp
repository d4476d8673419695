// What a reload does with each key of the configuration.
#include "reload/table.h"

#include <algorithm>
#include <array>

namespace electiond {
namespace {

using enum OnReload;
using enum ReloadGroup;

constexpr char kIdentity[] = "the state file belongs to one node of one cluster";
constexpr char kFounding[] = "how a cluster is founded cannot change while the process runs";
constexpr char kSockets[] = "the addresses are bound at the start";
constexpr char kTls[] =
    "the paths cannot change while the process runs; new content of the files is used at once";
constexpr char kPlugin[] = "a transport reads its section at the start";
constexpr char kNotBuilt[] = "not built yet: it has no effect";
constexpr char kLease[] =
    "promises and leases depend on it, so it cannot change while the process runs";
constexpr char kStop[] = "the longest time of a stop, and of a hand-over, is set at the start";
constexpr char kHello[] = "the threads of discovery keep the interval that they started with";

constexpr std::array kTable = std::to_array<ReloadRule>({
    {"node.id", restart, kIdentity},
    {"node.data_dir", restart, kIdentity},
    {"node.priority", live, ""},
    {"node.observer", restart, "a node changes its role in the cluster only at a start"},
    {"cluster.name", restart, kIdentity},
    {"cluster.bootstrap", restart, kFounding},
    {"cluster.voters", restart, kFounding},
    {"cluster.expect", restart, kFounding},
    {"cluster.max_voters", live, ""},
    {"api.listen", restart, kSockets},
    {"api.token_file", live, "", access},
    {"api.read", live, "", access},
    {"api.insecure", live, "", access},
    {"api.hostnames", live, ""},
    {"api.socket_mode", restart, kSockets},
    {"api.socket_group", restart, kSockets},
    {"api.tls.cert", restart, kTls},
    {"api.tls.key", restart, kTls},
    {"api.tls.ca", restart, kTls},
    {"api.limits.connections", live, ""},
    {"api.limits.connections_per_address", live, ""},
    {"api.limits.streams", live, ""},
    {"api.limits.header_bytes", live, ""},
    {"api.limits.body_bytes", live, ""},
    {"api.limits.waiting_requests", live, ""},
    {"api.limits.request_time", live, ""},
    {"api.limits.idle_time", live, ""},
    {"transport", restart, kPlugin},
    {"transport.plugin", restart, kPlugin},
    {"transport.listen", restart, kSockets},
    {"transport.advertise", restart,
     "the other nodes keep the address that this node had at its start"},
    {"transport.insecure", restart, "what it allows is decided at the start"},
    {"transport.tls.cert", restart, kTls},
    {"transport.tls.key", restart, kTls},
    {"transport.tls.ca", restart, kTls},
    {"transport.tls.crl", restart, kTls},
    {"transport.tls.identity", restart, "how a peer is identified must not change during a lease"},
    {"transport.limits.connections", live, ""},
    {"transport.limits.connections_per_address", live, ""},
    {"transport.limits.header_bytes", live, ""},
    {"transport.limits.body_bytes", live, ""},
    {"transport.limits.waiting_requests", live, ""},
    {"transport.limits.request_time", live, ""},
    {"transport.limits.idle_time", live, ""},
    {"discovery", live, "", discovery},
    {"plugins.directories", restart, "plugins are searched for at the start"},
    {"election.election_timeout", restart, kLease},
    {"election.heartbeat_interval", live, "", timers},
    {"election.election_spread", live, "", timers},
    {"election.request_timeout", live, "", timers},
    {"election.hello_interval", restart, kHello},
    {"election.client_grant", restart, kStop},
    {"election.stable_after", live, "", timers},
    {"election.dead_after", live, "", timers},
    {"election.when_none_eligible", restart, kNotBuilt},
    {"election.health.command", restart, kNotBuilt},
    {"election.health.url", restart, kNotBuilt},
    {"election.health.interval", restart, kNotBuilt},
    {"election.health.timeout", restart, kNotBuilt},
    {"election.health.rise", restart, kNotBuilt},
    {"election.health.fall", restart, kNotBuilt},
    {"hooks.on_leader", restart, kNotBuilt},
    {"hooks.on_follower", restart, kNotBuilt},
    {"hooks.on_no_leader", restart, kNotBuilt},
    {"hooks.timeout", restart, kNotBuilt},
    {"log.level", live, ""},
    {"log.format", restart, "the log format cannot change while the process runs"},
});

}  // namespace

std::span<const ReloadRule> reload_table() { return kTable; }

const ReloadRule& reload_rule(std::string_view key) {
    // The schema refuses other keys, so only a bug leads here; it must not end the daemon.
    static constexpr ReloadRule kUnknown{"", restart, "it is not known how to apply it"};
    while (!key.empty()) {
        const auto found = std::ranges::find(kTable, key, &ReloadRule::key);
        if (found != kTable.end()) return *found;
        const auto end = key.find_last_of(".[");
        key = key.substr(0, end == std::string_view::npos ? 0 : end);
    }
    return kUnknown;
}

}  // namespace electiond
