// The verbs, and the words that explain them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace electiond::ctl {

struct VerbHelp {
    std::string_view name;
    std::string_view usage;    // what follows the verb
    std::string_view summary;  // one line
    std::string_view text;     // the verb's own help, without the lines above
    std::string_view options;  // the options that only some verbs have, each with a space around it
    std::size_t operands_max;
    bool local = false;  // asks no node, so the options of every verb are not its
};

[[nodiscard]] std::span<const VerbHelp> verbs();
[[nodiscard]] const VerbHelp* find_verb(std::string_view name);  // nullptr where there is none

[[nodiscard]] std::string general_help();
[[nodiscard]] std::string verb_help(const VerbHelp& verb);

}  // namespace electiond::ctl
