// What the control API sees of the daemon.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <electiond/transport.h>

#include "node/clock.h"
#include "node/counters.h"
#include "node/event.h"
#include "node/grant_book.h"
#include "node/journal.h"
#include "node/loop_pulse.h"
#include "node/scout.h"
#include "node/status_board.h"
#include "reload/queue.h"

namespace electiond {

// A certificate that this node shows to others.
struct OwnCertificate {
    std::string_view port{};  // where it is shown: "transport" or "api"
    std::chrono::sys_seconds not_after{};
};

// A problem that lasts, of the daemon itself: /status shows it beside those of the node.
struct DaemonProblem {
    std::string reason{};  // its code: "certificate_expiring", "certificate_not_reloaded"
    std::string detail{};  // one sentence
    Instant since{};       // boot clock
};

// The references are borrowed and must outlive the routes; every function is called by the thread
// that uses the routes.
struct ControlDependencies {
    const StatusBoard& board;
    const LoopPulse& pulse;
    GrantBook& grants;
    const Journal& journal;
    const Counters& counters;
    Transport& transport;             // started, and not stopped before the server of these routes
    std::function<bool(Event)> post;  // into the mailbox; false if it is closed
    std::function<std::vector<ScoutReport>()> discoveries;

    Timing timing{};
    Milliseconds hooks_timeout{0};  // not set yet: hooks are not implemented
    std::string transport_plugin{};
    bool certificates_name_nodes = false;  // as in Identity
    std::string version{};
    std::string token{};                   // empty: changes need none
    std::vector<std::string> hostnames{};  // other names by which this API may be asked
    // cluster.name, which certificates of operators must name; empty: none of them counts.
    std::string cluster{};
    bool clients_need_certificate = false;  // api.tls.ca is set
    bool reading_needs_token = false;       // api.read: token
    // Without TLS both return nothing.
    std::function<std::vector<OwnCertificate>()> certificates = [] {
        return std::vector<OwnCertificate>{};
    };
    std::function<std::vector<DaemonProblem>()> problems = [] {
        return std::vector<DaemonProblem>{};
    };

    // Has the configuration read again; false if that is not possible now.
    std::function<bool(ReloadRequest)> reload = [](const ReloadRequest&) { return false; };
    // The keys whose values in the configuration that was read last need a restart.
    std::function<std::vector<std::string>()> pending_restart = [] {
        return std::vector<std::string>{};
    };

    std::function<Instant()> now = read_boot_clock;
    std::function<std::chrono::system_clock::time_point()> wall_now =
        std::chrono::system_clock::now;
};

}  // namespace electiond
