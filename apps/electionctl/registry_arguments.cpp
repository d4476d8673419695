// Reads and checks the command line after `electionctl registry`.
#include "electionctl/registry_arguments.h"

#include <set>

#include "electionctl/local_words.h"

namespace electiond::ctl {
namespace {

constexpr LocalForm kForms[] = {{"list", " --file --cluster -o --output "},
                                {"prune", " --file --cluster -o --output ", " --dry-run "}};

}  // namespace

RegistryArguments parse_registry_arguments(const std::vector<std::string>& words) {
    const auto given = read_local_words("registry", "list or prune", kForms, words);
    RegistryArguments result{.verb = given.verb};
    if (result.verb.empty()) return result;
    std::set<std::string> seen;
    for (const auto& [name, value] : given.options) {
        if (!value) {
            result.dry_run = true;
            continue;
        }
        const std::string option = name == "-o" ? "--output" : name;
        if (!seen.insert(option).second) {
            throw UsageError(name + " is given twice: give it once");
        }
        if (option == "--file") {
            result.file = *value;
        } else if (option == "--cluster") {
            result.cluster = *value;
        } else {
            result.output = parse_output(*value);
        }
    }
    if (result.file.empty()) {
        throw UsageError("registry " + result.verb +
                         " needs --file FILE, the `path` of the discovery file_registry");
    }
    if (result.verb == "list" && !given.operands.empty()) {
        throw UsageError("registry list takes no argument: it shows all entries");
    }
    for (const auto& node : given.operands) {
        if (node.empty()) throw UsageError("registry prune: an ID or UUID is empty");
    }
    result.nodes = given.operands;
    return result;
}

}  // namespace electiond::ctl
