// Parses the command line of a verb that asks no node: tls, plugin, registry.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace electiond::ctl {

// A subcommand, such as "init" of "tls", and its options, each with a space before and after it.
struct LocalForm {
    std::string_view verb;
    std::string_view valued;      // those with a value
    std::string_view flags = "";  // those without
};

struct LocalWords {
    std::string verb{};  // of one of the forms; empty: the user asks for help
    std::vector<std::string> operands{};
    // In the order of the words; a flag has no value.
    std::vector<std::pair<std::string, std::optional<std::string>>> options{};
};

// `words` are those after `name`. `verbs` lists the verbs for messages: "list or prune". Throws
// UsageError.
[[nodiscard]] LocalWords read_local_words(std::string_view name, std::string_view verbs,
                                          std::span<const LocalForm> forms,
                                          const std::vector<std::string>& words);

}  // namespace electiond::ctl
