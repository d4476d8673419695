// The hunt for a planted bug by exploration.
#include "orders.h"

#include "exploration/scenarios.h"
#include "flaws.h"

namespace electiond::exploration {

Report explore_flaw(std::string_view flaw, const std::string& scenario, const Limits& limits) {
    const sim::Planted planted(flaw);
    const Scenario& chosen = scenario_named(scenario);
    Stage stage(chosen.rules);
    const World start = begin(stage, chosen);
    return explore(stage, start, limits);
}

}  // namespace electiond::exploration
