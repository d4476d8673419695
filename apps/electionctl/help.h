// The verbs, and their help texts.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace electiond::ctl {

struct VerbHelp {
    std::string_view name;
    std::string_view usage;    // the words after the verb
    std::string_view summary;  // one line
    std::string_view text;     // the verb's own help, without the lines above
    std::string_view options;  // the options that only some verbs have, each with a space around it
    std::size_t operands_max;
    bool local = false;  // asks no node, so the common options do not apply
};

[[nodiscard]] std::span<const VerbHelp> verbs();
[[nodiscard]] const VerbHelp* find_verb(std::string_view name);  // nullptr if there is none

[[nodiscard]] std::string general_help();
[[nodiscard]] std::string verb_help(const VerbHelp& verb);

}  // namespace electiond::ctl
