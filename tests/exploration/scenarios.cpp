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
    const auto add = [&](const char* name, const char* what, Beginning beginning) -> Rules& {
        return found.emplace_back(Scenario{name, what, rules(), beginning}).rules;
    };
    add("founded", "three voters that have just been founded", Beginning::founded);
    add("pre-votes", "the same, with real pre-votes", Beginning::founded).pre_votes = true;
    add("led", "three voters, one of them leads", Beginning::led);
    add("overtaken", "a leader, and a voter that has campaigned in the next term (C4)",
        Beginning::overtaken)
        .terms = 3;
    Rules& hand_over = add("hand-over", "a leader may be told to step down", Beginning::led);
    hand_over.orders = {Order::step_down};
    hand_over.commands = 1;
    hand_over.clients = Clients::ask_at_times;
    Rules& removal = add("removal", "a leader may be told to remove a voter", Beginning::led);
    removal.orders = {Order::remove};
    removal.commands = 1;
    Rules& removals = add("removals", "a leader may be told to remove one voter, and then another",
                          Beginning::led);
    removals.orders = {Order::remove};
    removals.commands = 2;
    add("growth", "two voters, and an observer that is to become one", Beginning::led).voters = 2;
    add("from-one", "one voter, and two observers that are to become voters, one after the other",
        Beginning::led)
        .voters = 1;
    add("drift", "a leader whose clock is 1 % slow; the others' are right, and 1 % fast",
        Beginning::led)
        .rates = {990, 1000, 1010};
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
    switch (scenario.beginning) {
        case Beginning::founded:
            return stage.founded();
        case Beginning::led:
            return stage.led();
        case Beginning::overtaken:
            return stage.overtaken();
    }
    throw Error("no such beginning", Error::refused);
}

}  // namespace electiond::exploration
