// electionctl plugin: makes a project for a new plugin, and checks whether a plugin follows the
// rules.
#include "electionctl/plugin_verbs.h"

#include <ostream>

#include "electionctl/exit_code.h"
#include "electionctl/help.h"
#include "electionctl/plugin_arguments.h"
#include "electionctl/plugin_check.h"
#include "electionctl/plugin_new.h"

namespace electiond::ctl {

int plugin(const std::vector<std::string>& words, std::ostream& out) {
    const auto arguments = parse_plugin_arguments(words);
    if (arguments.verb == "check") return check_plugin(arguments, out);
    if (arguments.verb == "cases") return list_plugin_cases(arguments, out);
    if (arguments.verb == "new") return new_plugin(arguments, out);
    out << verb_help(*find_verb("plugin"));
    return kDone;
}

}  // namespace electiond::ctl
