// What the control API sees of the daemon.
#pragma once

#include <chrono>
#include <functional>
#include <string>
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

namespace electiond {

// The references are borrowed and must outlive the routes; every function is called by the thread
// that uses the routes.
struct ControlFaces {
    const StatusBoard& board;
    const LoopPulse& pulse;
    GrantBook& grants;
    const Journal& journal;
    const Counters& counters;
    Transport& transport;             // started, and not stopped before the server of these routes
    std::function<bool(Event)> post;  // into the mailbox; false if it is closed
    std::function<std::vector<ScoutReport>()> discoveries;

    Timing timing{};
    Milliseconds hooks_timeout{0};  // 0: a hand-over waits for no hook
    std::string transport_plugin{};
    std::string version{};
    std::string token{};                   // empty: changes need none
    std::vector<std::string> hostnames{};  // other names by which this API may be asked

    std::function<Instant()> now = read_boot_clock;
    std::function<std::chrono::system_clock::time_point()> wall_now =
        std::chrono::system_clock::now;
};

}  // namespace electiond
