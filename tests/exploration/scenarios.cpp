// What is explored.
#include "exploration/scenarios.h"

#include <algorithm>

#include <electiond/error.h>

namespace electiond::exploration {
namespace {

// H = E/2, so that few rounds stand for many; what policy would wait for lies beyond the horizon. A
// spread of 0 leaves nothing to chance: no two places, no draw.
Timing timing() {
    using std::chrono::hours;
    return {.heartbeat = Milliseconds(50),
            .election_timeout = Milliseconds(100),
            .election_spread = Milliseconds(0),
            .request_timeout = Milliseconds(25),
            .hello = hours(1),
            .stable_after = hours(1),
            .dead_after = hours(1),
            .client_grant = Milliseconds(100)};
}

Rules rules() {
    Rules rules;
    rules.timing = timing();
    return rules;
}

std::vector<Scenario> all() {
    std::vector<Scenario> found;
    found.push_back({"founded", "three voters that have just been founded", rules(), false});
    found.push_back({"led", "three voters, one of them leads", rules(), true});
    found.push_back({"pre-votes", "the same as founded, with real pre-votes", rules(), false});
    found.back().rules.pre_votes = true;
    found.push_back({"hand-over", "a leader is told to step down", rules(), true});
    found.back().rules.orders = {Order::step_down};
    found.back().rules.commands = 1;
    found.back().rules.clients = Clients::ask_at_times;
    found.push_back({"removal", "a leader is told to remove one of three voters", rules(), true});
    found.back().rules.orders = {Order::remove};
    found.back().rules.commands = 1;
    found.push_back({"growth", "two voters, and an observer that is to become one", rules(), true});
    found.back().rules.voters = 2;
    found.push_back({"drift",
                     "a leader whose clock is slow, followers whose clocks are fast and "
                     "right, as far as A4 allows",
                     rules(), true});
    found.back().rules.rates = {990, 1000, 1010};
    return found;
}

}  // namespace

const std::vector<Scenario>& scenarios() {
    static const auto found = all();
    return found;
}

const Scenario& scenario_named(const std::string& name) {
    const auto at = std::ranges::find(scenarios(), name, &Scenario::name);
    if (at == scenarios().end()) throw Error("there is no scenario " + name, Error::refused);
    return *at;
}

World begin(Stage& stage, const Scenario& scenario) {
    return scenario.led ? stage.led() : stage.founded();
}

}  // namespace electiond::exploration
